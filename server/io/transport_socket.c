#include "transport_peer.h"

#include "clock.h"
#include "log.h"
#include "pack.h"
#include "transport_answer.h"
#include "transport_check.h"

#include <stdlib.h>
#include <strings.h>

enum { PING_BYTES = 4 };

/* What RFC 6455 asks of a handshake, and we of its sender. 0, or the status. */
static int check_handshake(struct transport *t, struct lws *wsi)
{
    char text[256];
    char *path;
    int path_len;

    if (lws_http_get_uri_and_method(wsi, &path, &path_len) != LWSHUMETH_GET)
        return HTTP_STATUS_METHOD_NOT_ALLOWED;
    if (strcmp(path, t->options.post_path) != 0)
        return HTTP_STATUS_NOT_FOUND;
    if (!request_header(wsi, WSI_TOKEN_HTTP, text, sizeof(text)) ||
        strcmp(text, "HTTP/1.1") != 0)
        return HTTP_STATUS_BAD_REQUEST;
    if (!request_header(wsi, WSI_TOKEN_CONNECTION, text, sizeof(text)) ||
        !transport_check_token(text, "upgrade"))
        return HTTP_STATUS_BAD_REQUEST;
    if (!request_header(wsi, WSI_TOKEN_VERSION, text, sizeof(text)) ||
        strcmp(text, "13") != 0)
        return 426;
    if (!request_header(wsi, WSI_TOKEN_KEY, text, sizeof(text)) ||
        !transport_check_key(text))
        return HTTP_STATUS_BAD_REQUEST;
    if (!request_header(wsi, WSI_TOKEN_PROTOCOL, text, 128) ||
        !transport_check_token(text, t->options.subprotocol))
        return HTTP_STATUS_BAD_REQUEST;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return HTTP_STATUS_BAD_REQUEST;
    return request_check_source(t, wsi);
}

/* CVE-2025-11677: after an upgrade to an unknown protocol the library calls
 * this with a pointer to headers that it has freed. So only what is copied from
 * headers that are still there counts, and the pointer is never looked at. */
int socket_confirm(struct transport *t, struct lws *wsi)
{
    char upgrade[16];

    if (!request_header(wsi, WSI_TOKEN_UPGRADE, upgrade, sizeof(upgrade)) ||
        strcasecmp(upgrade, "websocket") != 0)
        return -1;
    int status = check_handshake(t, wsi);
    if (!status && (t->drain_ms || t->peers_count >= t->options.peers_max ||
                    !peer_has_room(t, t->options.message_bytes)))
        status = HTTP_STATUS_SERVICE_UNAVAILABLE;
    if (!status)
        return 0;
    answer_refuse(t, wsi, status);
    return -1;
}

/* The same again, where the library documents it: no way may lead around. */
int socket_filter(struct transport *t, struct lws *wsi)
{
    return check_handshake(t, wsi) ? -1 : 0;
}

int socket_opened(struct transport *t, struct lws *wsi)
{
    struct peer *peer = peer_begin(t, wsi, PEER_SOCKET);

    if (!peer)
        return -1;
    peer->is_known =
        t->events.opened(t->events.context, peer, false, &peer->user);
    if (!peer->is_known)
        peer_close(peer, CLOSE_LATER);
    return 0;
}

static void deliver(struct peer *peer, struct span message)
{
    struct transport *t = peer->transport;

    peer->in_message = false;
    t->events.message(t->events.context, peer, peer->user, message);
    peer_forget(peer);
    if (!peer->is_paused && peer->out_bytes > t->options.queue_bytes / 2) {
        peer->is_paused = true;
        lws_rx_flow_control(peer->wsi, 0);
    }
}

/* Refused: what has come is worth nothing any more. */
static void refuse(struct peer *peer, int code)
{
    log_warn("peer_refused", log_text("address", transport_address(peer)),
             log_number("code", code));
    peer_forget(peer);
    socket_drop_queue(peer);
    peer_close(peer, code);
}

int socket_received(struct peer *peer, uint8_t *at, size_t len)
{
    size_t cap = peer->transport->options.message_bytes;
    size_t left = lws_remaining_packet_payload(peer->wsi);
    bool is_final = lws_is_final_fragment(peer->wsi);

    peer_heard(peer);
    if (peer->close_code)
        return 0;
    if (!lws_frame_is_binary(peer->wsi)) {
        refuse(peer, CLOSE_UNWANTED);
        return 0;
    }
    if (!peer->in_message) {
        peer->in_message = true;
        peer->began_ms = peer->heard_ms;
        peer->fragments = 0;
    }
    /* A frame says its length, up to 2^63: refuse before waiting for it. */
    if (len > cap - peer->in.len || left > cap - peer->in.len - len) {
        refuse(peer, CLOSE_TOO_BIG);
        return 0;
    }
    if (left == 0 && ++peer->fragments > TRANSPORT_FRAGMENTS_MAX) {
        refuse(peer, CLOSE_POLICY);
        return 0;
    }
    if (is_final && peer->in.len == 0) {
        deliver(peer, (struct span){at, len});
    } else if (!peer_take(peer, at, len)) {
        refuse(peer, CLOSE_LATER);
    } else if (is_final) {
        deliver(peer, buf_span(&peer->in));
    }
    return 0;
}

int socket_leaving(struct peer *peer, const uint8_t *at, size_t len)
{
    unsigned code = len >= 2 ? (unsigned)(at[0] << 8 | at[1]) : 0;
    bool is_ours = code >= 3000 && code <= 4999;
    bool is_standard =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011);
    size_t chars;

    peer->close_code = CLOSE_NORMAL; /* nothing more is sent */
    peer->close_ms = peer->transport->now_ms;
    if (len == 0)
        return 0;
    if (!is_ours && !is_standard)
        return -1;
    return utf8_check((struct span){at + 2, len - 2}, &chars) ? 0 : -1;
}

static void free_chunks(struct chunk *chunk)
{
    while (chunk) {
        struct chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
}

static void forget_from(struct peer *peer, struct chunk **first)
{
    size_t dropped = 0;

    for (struct chunk *chunk = *first; chunk; chunk = chunk->next)
        dropped += chunk->len;
    free_chunks(*first);
    *first = NULL;
    peer->out_end = NULL;
    for (struct chunk *chunk = peer->out; chunk; chunk = chunk->next)
        peer->out_end = chunk;
    peer->out_bytes -= dropped;
    peer_release(peer->transport, dropped);
}

void socket_drop_queue(struct peer *peer)
{
    struct chunk **keep = &peer->out;

    /* A message that has begun to go out must end: its fragments stay. */
    if (peer->out && !peer->out->is_first) {
        while (!(*keep)->is_last)
            keep = &(*keep)->next;
        keep = &(*keep)->next;
    }
    forget_from(peer, keep);
}

void socket_free_queue(struct peer *peer)
{
    forget_from(peer, &peer->out);
    peer_release(peer->transport, peer->given_bytes);
}

static void copy_parts(struct chunk *chunk, const struct span *parts,
                       size_t count, size_t skip)
{
    uint8_t *to = chunk->bytes + LWS_PRE;
    size_t left = chunk->len;

    for (size_t i = 0; i < count && left; i++) {
        if (skip >= parts[i].len) {
            skip -= parts[i].len;
            continue;
        }
        size_t len = parts[i].len - skip;
        if (len > left)
            len = left;
        memcpy(to, parts[i].at + skip, len);
        to += len;
        left -= len;
        skip = 0;
    }
}

/* The message in fragments, so that its parts that the network does not take
 * at once, which the library copies, are small. */
static struct chunk *cut(const struct span *parts, size_t count, size_t total)
{
    struct chunk *first = NULL;
    struct chunk **end = &first;
    size_t done = 0;

    do {
        size_t len = total - done;
        if (len > PEER_FRAME_BYTES)
            len = PEER_FRAME_BYTES;
        struct chunk *chunk = malloc(sizeof(*chunk) + LWS_PRE + len);
        if (!chunk) {
            free_chunks(first);
            return NULL;
        }
        *chunk = (struct chunk){.len = (uint32_t)len,
                                .is_first = done == 0,
                                .is_last = done + len == total};
        copy_parts(chunk, parts, count, done);
        *end = chunk;
        end = &chunk->next;
        done += len;
    } while (done < total);
    return first;
}

bool socket_send(struct peer *peer, const struct span *parts, size_t count)
{
    struct transport *t = peer->transport;
    size_t cap = t->options.queue_bytes;
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > cap - total)
            return false;
        total += parts[i].len;
    }
    if (peer->out_bytes > cap - total || !peer_has_room(t, total))
        return false;
    struct chunk *chunk = cut(parts, count, total);
    if (!chunk)
        return false;
    if (!peer->out_bytes)
        peer->moved_ms = clock_monotonic_ms();
    if (peer->out)
        peer->out_end->next = chunk;
    else
        peer->out = chunk;
    while (chunk->next)
        chunk = chunk->next;
    peer->out_end = chunk;
    peer->out_bytes += total;
    t->held_bytes += total;
    lws_callback_on_writable(peer->wsi);
    return true;
}

static int write_ping(struct peer *peer)
{
    /* Not empty: the library does not tell us of an empty pong. */
    uint8_t ping[LWS_PRE + PING_BYTES] = {0};

    peer->owes_ping = false;
    return lws_write(peer->wsi, ping + LWS_PRE, PING_BYTES, LWS_WRITE_PING);
}

static int write_first(struct peer *peer)
{
    struct chunk *chunk = peer->out;
    int how = chunk->is_first ? LWS_WRITE_BINARY : LWS_WRITE_CONTINUATION;

    if (!chunk->is_last)
        how |= LWS_WRITE_NO_FIN;
    int written = lws_write(peer->wsi, chunk->bytes + LWS_PRE, chunk->len,
                            (enum lws_write_protocol)how);
    peer->out = chunk->next;
    peer->given_bytes += chunk->len;
    free(chunk);
    return written;
}

/* The library holds nothing of ours: what it was given is on the wire. */
static void settle(struct peer *peer)
{
    peer->out_bytes -= peer->given_bytes;
    peer_release(peer->transport, peer->given_bytes);
    peer->given_bytes = 0;
    peer->moved_ms = clock_monotonic_ms();
}

static void after_writing(struct peer *peer, bool had_queue)
{
    struct transport *t = peer->transport;

    if (peer->is_paused && peer->out_bytes < t->options.queue_bytes / 4) {
        peer->is_paused = false;
        peer_heard(peer); /* it could not be heard until now */
        if (peer->in_message)
            peer->began_ms = peer->heard_ms;
        lws_rx_flow_control(peer->wsi, 1);
    }
    if (peer->out_bytes)
        lws_callback_on_writable(peer->wsi);
    else if (had_queue && !peer->close_code && peer->is_known)
        t->events.drained(t->events.context, peer, peer->user);
}

int socket_writable(struct peer *peer)
{
    bool had_queue = peer->out_bytes > 0;
    size_t burst = 0;

    settle(peer); /* we are only called when nothing is left in the library */
    if (peer->owes_ping && write_ping(peer) < 0)
        return -1;
    while (peer->out && burst < PEER_BURST_BYTES &&
           !lws_partial_buffered(peer->wsi)) {
        burst += peer->out->len + LWS_PRE;
        if (write_first(peer) < 0)
            return -1;
    }
    if (!lws_partial_buffered(peer->wsi)) {
        settle(peer);
        if (!peer->out && peer->close_code) {
            lws_close_reason(peer->wsi, peer->close_code, NULL, 0);
            return -1;
        }
    }
    after_writing(peer, had_queue);
    return 0;
}

void socket_sweep(struct peer *peer)
{
    const struct transport_options *options = &peer->transport->options;
    uint64_t now_ms = peer->transport->now_ms;
    uint64_t silent_ms = now_ms - peer->heard_ms;

    if (peer->close_code) {
        if (now_ms - peer->close_ms > TRANSPORT_CLOSE_MS)
            peer_kill(peer);
    } else if (peer->out_bytes && now_ms - peer->moved_ms > options->idle_ms) {
        transport_finish(peer, CLOSE_SLOW);
    } else if (peer->is_paused) {
        return; /* not read from: its silence says nothing */
    } else if (peer->in_message &&
               now_ms - peer->began_ms > options->message_ms) {
        refuse(peer, CLOSE_POLICY);
    } else if (silent_ms > options->idle_ms) {
        log_warn("peer_silent", log_text("address", transport_address(peer)));
        peer_kill(peer);
    } else if (silent_ms > options->idle_ms / 2 && !peer->is_pinged) {
        peer->is_pinged = true;
        peer->owes_ping = true;
        lws_callback_on_writable(peer->wsi);
    }
}
