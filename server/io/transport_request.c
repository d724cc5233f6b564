#include "transport_peer.h"

#include "clock.h"
#include "log.h"
#include "transport_answer.h"
#include "transport_check.h"

#include <poll.h>
#include <strings.h>

enum {
    LINGER_MS = 2 * 1000, /* for a refused body to be read, so that the
                           * answer is not lost in a reset */
    PARK_MS = 300,        /* without a move */
};

bool request_header(struct lws *wsi, enum lws_token_indexes which, char *to,
                    size_t cap)
{
    to[0] = '\0';
    if (!lws_hdr_total_length(wsi, which))
        return true;
    int len = lws_hdr_copy(wsi, to, (int)cap, which);
    return len >= 0 && strlen(to) == (size_t)len;
}

bool request_is_https(struct lws *wsi)
{
    static const char name[] = "x-forwarded-proto:";
    char value[8];

    if (lws_is_ssl(wsi))
        return true;
    int len = lws_hdr_custom_copy(wsi, value, sizeof(value), name,
                                  (int)sizeof(name) - 1);
    return len == 5 && !strcmp(value, "https");
}

void request_host(struct transport *t, struct lws *wsi, char *to, size_t cap)
{
    if (!request_header(wsi, WSI_TOKEN_HOST, to, cap) ||
        !transport_check_host(to, t->options.hosts))
        to[0] = '\0';
}

int request_check_source(struct transport *t, struct lws *wsi)
{
    char host[256], origin[300];

    request_host(t, wsi, host, sizeof(host));
    if (!host[0])
        return lws_hdr_total_length(wsi, WSI_TOKEN_HOST) ? 421 : 400;
    if (!request_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) ||
        !transport_check_origin(origin,
                                request_is_https(wsi) ? "https" : "http", host))
        return HTTP_STATUS_FORBIDDEN;
    return 0;
}

static int answer_get(struct peer *peer, const char *path)
{
    struct transport *t = peer->transport;
    struct transport_page page = {0};

    if (!strcmp(path, t->options.post_path))
        return answer_status(peer, 426);
    if (t->events.get)
        page = t->events.get(t->events.context, path);
    if (page.status) {
        struct outline o = {.status = page.status,
                            .content_type = page.content_type};

        peer->answer->owned = page.body;
        return answer_begin(peer, &o, buf_span(&page.body));
    }
    buf_free(&page.body);
    const struct transport_file *file =
        t->files ? transport_files_find(t->files, path) : NULL;
    return file ? answer_file(peer, file) : answer_status(peer, 404);
}

/* 0, or the status with which a POST is refused. */
static int check_post(struct transport *t, struct lws *wsi, const char *path,
                      bool has_length, size_t length)
{
    char type[128];
    int status = request_check_source(t, wsi);

    if (status)
        return status;
    if (strcmp(path, t->options.post_path) != 0)
        return 404;
    if (!request_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof(type)))
        return 415;
    /* No form on another site can send this type without asking first. */
    type[strcspn(type, "; ")] = '\0';
    if (strcasecmp(type, "application/octet-stream") != 0)
        return 415;
    if (!has_length)
        return 411;
    if (length > t->options.message_bytes)
        return 413;
    if (t->drain_ms || t->peers_count > t->options.peers_max ||
        !peer_has_room(t, length))
        return 503;
    return 0;
}

static int check_get(struct transport *t, struct lws *wsi, bool has_body)
{
    char host[256];

    request_host(t, wsi, host, sizeof(host));
    if (!host[0])
        return lws_hdr_total_length(wsi, WSI_TOKEN_HOST) ? 421 : 400;
    return has_body ? 400 : t->drain_ms ? 503 : 0;
}

static int begin_post(struct peer *peer)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct transport *t = peer->transport;
    char expected[32];
    unsigned char text[LWS_PRE + sizeof(go_on)];

    peer->kind = PEER_POST;
    peer->is_known =
        t->events.opened(t->events.context, peer, true, &peer->user);
    if (!peer->is_known)
        return answer_status(peer, 503);
    if (!request_header(peer->wsi, WSI_TOKEN_HTTP_EXPECT, expected,
                        sizeof(expected)) ||
        strcasecmp(expected, "100-continue") != 0)
        return 0;
    memcpy(text + LWS_PRE, go_on, sizeof(go_on));
    return lws_write(peer->wsi, text + LWS_PRE, sizeof(go_on) - 1,
                     LWS_WRITE_HTTP_HEADERS) < 0
               ? -1
               : 0;
}

int request_came(struct transport *t, struct lws *wsi, const char *path,
                 size_t len)
{
    struct peer *peer = peer_begin(t, wsi, PEER_PAGE);
    char text[32];
    char *same_path;
    int path_len, status;
    size_t length = 0;

    if (!peer)
        return -1;
    int method = lws_http_get_uri_and_method(wsi, &same_path, &path_len);
    bool is_post = method == LWSHUMETH_POST;
    bool has_length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    bool is_chunked =
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
    bool is_sound = strlen(path) == len &&
                    request_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text,
                                   sizeof(text)) &&
                    (!has_length || transport_check_length(text, &length));
    bool is_get = method == LWSHUMETH_GET || method == LWSHUMETH_HEAD;

    peer->answer->omits_body = method == LWSHUMETH_HEAD;
    /* As the library will do: a POST, PUT or PATCH without a length has one
     * without an end. Only while there is a body does it read, so only then
     * may we linger. */
    bool has_endless_body =
        is_post || method == LWSHUMETH_PUT || method == LWSHUMETH_PATCH;
    peer->awaits_body =
        is_sound && (length > 0 || (has_endless_body && !has_length));
    if (!is_sound)
        status = 400;
    else if (is_chunked)
        status = 411;
    else if (is_post)
        status = check_post(t, wsi, path, has_length, length);
    else if (is_get)
        status = check_get(t, wsi, length > 0);
    else
        status = 405;
    if (status) {
        log_warn("request_refused",
                 log_text("address", transport_address(peer)),
                 log_number("status", status));
        return answer_status(peer, status);
    }
    return is_post ? begin_post(peer) : answer_get(peer, path);
}

int request_body(struct peer *peer, const void *at, size_t len)
{
    if (!peer)
        return -1;
    peer_heard(peer);
    if (peer->answer->is_ready || peer->kind != PEER_POST)
        return 0; /* refused already: thrown away */
    if (len > peer->transport->options.message_bytes - peer->in.len)
        return -1;
    return peer_take(peer, at, len) ? 0 : answer_status(peer, 503);
}

int request_complete(struct peer *peer)
{
    if (!peer || peer->has_body)
        return -1; /* more than one request's bytes while one is answered */
    struct transport *t = peer->transport;

    peer->has_body = true;
    if (peer->answer->is_sent)
        return -1;
    if (peer->answer->is_ready)
        return 0;
    lws_set_timeout(peer->wsi, NO_PENDING_TIMEOUT, 0); /* the sweep has it */
    peer->began_ms = clock_monotonic_ms();
    t->events.message(t->events.context, peer, peer->user, buf_span(&peer->in));
    peer_forget(peer);
    return 0;
}

bool request_send(struct peer *peer, const struct span *parts, size_t count)
{
    struct transport *t = peer->transport;
    struct buf *body = &peer->answer->owned;
    size_t start = body->len;

    if (peer->answer->is_ready)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len <= t->options.queue_bytes - body->len)
            buf_put(body, parts[i].at, parts[i].len);
        else
            body->failed = true;
    }
    size_t more = body->len - start;
    if (!buf_ok(body) || !peer_has_room(t, more)) {
        body->len = start;
        body->failed = false;
        return false;
    }
    t->held_bytes += more;
    return true;
}

void request_finish(struct peer *peer, int code)
{
    struct answer *a = peer->answer;
    struct outline o = {.status = 200,
                        .content_type = "application/octet-stream",
                        .closes = !peer->has_body};
    int failed;

    if (a->is_ready)
        return;
    if (a->owned.len || code == CLOSE_NORMAL)
        failed = answer_begin(peer, &o, buf_span(&a->owned));
    else
        failed = answer_status(peer, code == CLOSE_TOO_BIG ? 413 : 503);
    if (failed)
        peer_kill(peer);
}

static int after_answer(struct peer *peer)
{
    struct lws *wsi = peer->wsi;
    struct answer *a = peer->answer;

    if (a->is_closer && peer->awaits_body && !peer->has_body) {
        a->is_sent = true;
        peer->began_ms = clock_monotonic_ms();
        return 0;
    }
    if (a->is_closer)
        return -1;
    peer_end(peer);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

int request_writable(struct peer *peer)
{
    if (!peer || !peer->answer->is_ready || peer->answer->is_sent)
        return 0;
    switch (answer_write(peer)) {
    case ANSWER_FAILED: return -1;
    case ANSWER_SENT: return after_answer(peer);
    case ANSWER_GOES_ON: break;
    }
    lws_callback_on_writable(peer->wsi);
    return 0;
}

/* While a page goes out the library does not read; if there is something to
 * read, or it has read ahead, its loop does not sleep. So a page that does not
 * move is parked: taken out of the loop until its socket takes more. */
static void park(struct peer *peer)
{
    struct pollfd socket = {.fd = lws_get_socket_fd(peer->wsi),
                            .events = POLLOUT};

    if (!peer->is_paused) {
        peer->is_paused = true;
        lws_rx_flow_control(peer->wsi, 0);
    } else if (poll(&socket, 1, 0) != 0) {
        peer->is_paused = false;
        lws_rx_flow_control(peer->wsi, 1);
        lws_callback_on_writable(peer->wsi);
    }
}

void request_sweep(struct peer *peer)
{
    const struct transport_options *options = &peer->transport->options;
    const struct answer *a = peer->answer;
    uint64_t now_ms = peer->transport->now_ms;
    uint64_t lasted_ms = now_ms - peer->began_ms;

    if (a->is_sent) {
        if (lasted_ms > LINGER_MS)
            peer_kill(peer);
    } else if (a->is_ready) {
        if (now_ms - peer->moved_ms > options->idle_ms)
            peer_kill(peer);
        else if (!peer->awaits_body && now_ms - peer->moved_ms > PARK_MS)
            park(peer);
    } else if (!peer->has_body) {
        if (lasted_ms > options->message_ms)
            peer_kill(peer);
    } else if (lasted_ms > TRANSPORT_ANSWER_MS) {
        request_finish(peer, CLOSE_GOING);
    }
}
