#include "transport_answer.h"

#include "clock.h"
#include "log.h"
#include "transport_check.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    int status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

enum { RETRY_S = 5 /* after 503 */ };

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Other";
}

__attribute__((format(printf, 2, 3))) static void line(struct buf *head,
                                                       const char *format, ...)
{
    char text[1024]; /* a policy with the longest host fits */
    va_list values;

    va_start(values, format);
    int len = vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (len < 0 || (size_t)len >= sizeof(text)) {
        head->failed = true;
        return;
    }
    buf_put(head, text, (size_t)len);
    buf_put(head, "\r\n", 2);
}

/* The same for every answer: a page may load from here, and nowhere else. */
static void put_policy(struct transport *t, struct lws *wsi, struct buf *head)
{
    char host[256];
    bool https = request_is_https(wsi);

    request_host(t, wsi, host, sizeof(host));
    /* Safari before 15.4 does not take 'self' to cover WebSockets. */
    line(head,
         "content-security-policy: default-src 'none'; script-src 'self'; "
         "style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
         "connect-src 'self'%s%s; manifest-src 'self'; worker-src 'self'; "
         "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
         "require-trusted-types-for 'script'; trusted-types tidemark-sw",
         !host[0] ? ""
         : https  ? " wss://"
                  : " ws://",
         host);
    line(head, "x-content-type-options: nosniff");
    line(head, "referrer-policy: no-referrer");
    line(head, "cross-origin-opener-policy: same-origin");
    line(head, "cross-origin-resource-policy: same-origin");
    line(head, "permissions-policy: camera=(self), microphone=(), "
               "geolocation=(), accelerometer=(), gyroscope=(), "
               "magnetometer=(), payment=(), usb=(), serial=(), hid=(), "
               "midi=(), display-capture=(), "
               "publickey-credentials-get=()");
    if (https)
        line(head, "strict-transport-security: max-age=31536000");
}

static void put_head(struct transport *t, struct lws *wsi, struct buf *head,
                     const struct outline *o)
{
    line(head, "HTTP/1.1 %d %s", o->status, reason_of(o->status));
    if (o->content_type)
        line(head, "content-type: %s", o->content_type);
    if (o->status != 304)
        line(head, "content-length: %zu", o->length);
    line(head, "cache-control: %s", o->cache ? o->cache : "no-store");
    if (o->etag)
        line(head, "etag: %s", o->etag);
    if (o->coding)
        line(head, "content-encoding: %s", o->coding);
    if (o->varies)
        line(head, "vary: accept-encoding");
    if (o->status == 405)
        line(head, "allow: GET, HEAD, POST");
    if (o->status == 426)
        line(head, "upgrade: websocket\r\nsec-websocket-version: 13");
    if (o->status == 503)
        line(head, "retry-after: %d", RETRY_S);
    if (o->closes || o->status == 426)
        line(head, "connection: %s%s", o->status == 426 ? "upgrade" : "",
             !o->closes         ? ""
             : o->status == 426 ? ", close"
                                : "close");
    put_policy(t, wsi, head);
    line(head, "%s", "");
}

void answer_refuse(struct transport *t, struct lws *wsi, int status)
{
    struct buf whole = {0};
    const char *text = reason_of(status);

    put_head(t, wsi, &whole,
             &(struct outline){.status = status,
                               .content_type = "text/plain; charset=utf-8",
                               .length = strlen(text),
                               .closes = true});
    buf_put(&whole, text, strlen(text));
    /* It goes out in one piece or not at all: the connection ends anyway. */
    if (buf_ok(&whole) &&
        lws_write(wsi, whole.at, whole.len, LWS_WRITE_HTTP_HEADERS) < 0)
        log_warn("answer_lost", log_number("status", status));
    buf_free(&whole);
}

int answer_begin(struct peer *peer, struct outline *o, struct span body)
{
    struct answer *a = peer->answer;

    a->status = o->status;
    a->is_ready = true;
    a->is_closer = o->closes;
    a->body = a->omits_body ? (struct span){0} : body;
    o->length = body.len;
    put_head(peer->transport, peer->wsi, &a->head, o);
    peer->moved_ms = peer->began_ms = clock_monotonic_ms();
    if (!buf_ok(&a->head))
        return -1;
    lws_set_timeout(peer->wsi, NO_PENDING_TIMEOUT, 0); /* the sweep has it */
    lws_callback_on_writable(peer->wsi);
    return 0;
}

int answer_status(struct peer *peer, int status)
{
    struct outline o = {.status = status,
                        .content_type = "text/plain; charset=utf-8",
                        .closes = peer->awaits_body || status == 400 ||
                                  status == 503};

    return answer_begin(peer, &o, span_of(reason_of(status)));
}

int answer_file(struct peer *peer, const struct transport_file *file)
{
    char accepted[256], known[512];
    const struct transport_file_form *form = &file->plain;
    struct outline o = {
        .status = 200,
        .content_type = file->content_type,
        .cache = file->is_immutable ? "public, max-age=31536000, immutable"
                                    : "no-cache",
        .varies = file->gzip.at || file->brotli.at,
    };

    if (!request_header(peer->wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, accepted,
                        sizeof(accepted)))
        accepted[0] = '\0';
    if (file->brotli.at && transport_check_coding(accepted, "br")) {
        form = &file->brotli;
        o.coding = "br";
    } else if (file->gzip.at && transport_check_coding(accepted, "gzip")) {
        form = &file->gzip;
        o.coding = "gzip";
    }
    o.etag = form->etag;
    if (request_header(peer->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, known,
                       sizeof(known)) &&
        transport_check_etag(known, form->etag)) {
        o.status = 304;
        o.content_type = o.coding = NULL;
        return answer_begin(peer, &o, (struct span){0});
    }
    return answer_begin(peer, &o, (struct span){form->at, form->len});
}

/* The next bytes of head and body, in one piece. */
static size_t gather(const struct answer *a, uint8_t *to, size_t cap)
{
    size_t len = 0;

    if (a->sent < a->head.len) {
        len = a->head.len - a->sent;
        if (len > cap)
            len = cap;
        memcpy(to, a->head.at + a->sent, len);
    }
    size_t body = a->sent + len - a->head.len; /* meaningful at its end only */
    if (a->sent + len >= a->head.len && body < a->body.len) {
        size_t more = a->body.len - body;
        if (more > cap - len)
            more = cap - len;
        memcpy(to + len, a->body.at + body, more);
        len += more;
    }
    return len;
}

enum answer_progress answer_write(struct peer *peer)
{
    struct answer *a = peer->answer;
    uint8_t *at = peer->transport->scratch + LWS_PRE;
    size_t total = a->head.len + a->body.len;
    size_t burst = 0;

    peer->moved_ms = clock_monotonic_ms();
    while (a->sent < total && burst < PEER_BURST_BYTES &&
           !lws_partial_buffered(peer->wsi)) {
        size_t len = gather(a, at, PEER_SCRATCH_BYTES);

        if (lws_write(peer->wsi, at, len, LWS_WRITE_HTTP) < 0)
            return ANSWER_FAILED;
        a->sent += len;
        burst += len;
    }
    if (a->sent < total || lws_partial_buffered(peer->wsi))
        return ANSWER_GOES_ON;
    return ANSWER_SENT;
}
