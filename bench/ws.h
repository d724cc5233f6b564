/* ws.h -- a WebSocket client connection for the bench: non-blocking, no more
 * of RFC 6455 than the server asks for. A long message comes in fragments.
 *
 * It counts every byte that goes through the socket, the handshake too. After
 * ws_open() poll its descriptor: POLLOUT while ws_wants_out(), and call
 * ws_flush() and ws_fill(); then take messages with ws_next().
 */
#ifndef BENCH_WS_H
#define BENCH_WS_H

#include "bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum ws_state { WS_CLOSED, WS_GREETING, WS_OPEN };

struct ws {
    int fd;
    enum ws_state state;
    struct buf in, out;
    struct buf whole;   /* the fragments of one message, put together */
    bool done;          /* … which has been handed out */
    size_t taken, sent; /* of in, of out */
    uint64_t up, down;  /* bytes on the wire */
    uint64_t turns;     /* times that something came after something went */
    uint32_t mask;
    bool said;
};

static inline void ws_close(struct ws *w)
{
    if (w->state != WS_CLOSED)
        close(w->fd);
    w->state = WS_CLOSED;
    buf_free(&w->in);
    buf_free(&w->out);
    buf_free(&w->whole);
    w->taken = w->sent = 0;
}

static inline bool ws_wants_out(const struct ws *w)
{
    return w->state != WS_CLOSED && w->sent < w->out.len;
}

/* false: the connection is gone. */
static inline bool ws_flush(struct ws *w)
{
    while (w->sent < w->out.len) {
        ssize_t n = send(w->fd, w->out.at + w->sent, w->out.len - w->sent,
                         MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
            return true;
        if (n <= 0)
            return false;
        w->sent += (size_t)n;
        w->up += (uint64_t)n;
        w->said = true;
    }
    buf_clear(&w->out);
    w->sent = 0;
    return true;
}

static inline bool ws_open(struct ws *w, int port)
{
    static const char hello[] =
        "GET /sync HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: tidemark.1\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char text[400];
    int one = 1;

    ws_close(w);
    *w = (struct ws){.mask = 0x5ad1f00du + (uint32_t)(uintptr_t)w};
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (w->fd < 0)
        return false;
    (void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    w->state = WS_GREETING;
    if (connect(w->fd, (struct sockaddr *)&to, sizeof to) &&
        errno != EINPROGRESS) {
        ws_close(w);
        return false;
    }
    int n = snprintf(text, sizeof text, hello, port);
    buf_put(&w->out, text, (size_t)n);
    return true;
}

static inline void ws_mask(uint8_t *at, size_t len, const uint8_t key[4])
{
    uint32_t word, k;

    memcpy(&k, key, sizeof k);
    for (; len >= 4; len -= 4, at += 4) {
        memcpy(&word, at, sizeof word);
        word ^= k;
        memcpy(at, &word, sizeof word);
    }
    for (size_t i = 0; i < len; i++)
        at[i] ^= key[i];
}

/* Queue one binary message; it goes with the next ws_flush(). */
static inline void ws_put(struct ws *w, struct span m)
{
    uint8_t head[14] = {0x82};
    size_t n = 2;

    if (m.len < 126) {
        head[1] = (uint8_t)(0x80 | m.len);
    } else if (m.len < 65536) {
        head[1] = 0x80 | 126;
        head[n++] = (uint8_t)(m.len >> 8);
        head[n++] = (uint8_t)m.len;
    } else {
        head[1] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            head[n++] = (uint8_t)((uint64_t)m.len >> shift);
    }
    w->mask = w->mask * 1664525u + 1013904223u;
    memcpy(head + n, &w->mask, 4);
    buf_put(&w->out, head, n + 4);
    size_t start = w->out.len;
    buf_put(&w->out, m.at, m.len);
    if (buf_ok(&w->out))
        ws_mask(w->out.at + start, m.len, head + n);
}

/* Read what is there. false: the connection is gone. */
static inline bool ws_fill(struct ws *w)
{
    enum { CHUNK = 256 * 1024 };

    if (w->taken == w->in.len) {
        buf_clear(&w->in);
        w->taken = 0;
    } else if (w->taken > CHUNK) {
        memmove(w->in.at, w->in.at + w->taken, w->in.len - w->taken);
        w->in.len -= w->taken;
        w->taken = 0;
    }
    uint8_t *room = buf_room(&w->in, CHUNK);
    ssize_t n = room ? recv(w->fd, room, CHUNK, 0) : -1;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return false;
    w->in.len += (size_t)n;
    w->down += (uint64_t)n;
    w->turns += w->said;
    w->said = false;
    return true;
}

static inline bool ws_greeted(struct ws *w)
{
    const uint8_t *at = w->in.at + w->taken;
    size_t len = w->in.len - w->taken;
    const uint8_t *end = len ? memmem(at, len, "\r\n\r\n", 4) : NULL;

    if (!end)
        return false;
    w->state = memmem(at, len, " 101 ", 5) ? WS_OPEN : WS_CLOSED;
    if (w->state == WS_CLOSED)
        close(w->fd);
    w->taken += (size_t)(end + 4 - at);
    return true;
}

static inline size_t ws_length(const uint8_t *at, size_t bytes)
{
    size_t len = 0;

    for (size_t i = 0; i < bytes; i++)
        len = len << 8 | at[i];
    return len;
}

/* Take one frame. false: there is none that is whole. */
static inline bool ws_frame(struct ws *w, uint8_t *first, struct span *body)
{
    const uint8_t *at = w->in.at + w->taken;
    size_t have = w->in.len - w->taken, head = 2;

    if (w->state != WS_OPEN || have < head)
        return false;
    size_t len = at[1] & 0x7f;
    if (len >= 126) {
        size_t wide = len == 126 ? 2 : 8;
        if (have < head + wide)
            return false;
        len = ws_length(at + 2, wide);
        head += wide;
    }
    if (have < head + len)
        return false;
    w->taken += head + len;
    *first = at[0];
    *body = (struct span){at + head, len};
    return true;
}

/* Take one message; it lives until the next call. Pings stay unanswered: any
 * message of ours tells the server as much. false: there is none. */
static inline bool ws_next(struct ws *w, struct span *message)
{
    enum { FIN = 0x80, MORE = 0, BINARY = 2 };
    uint8_t first;

    if (w->state == WS_GREETING)
        (void)ws_greeted(w);
    if (w->done)
        buf_clear(&w->whole);
    w->done = false;
    while (ws_frame(w, &first, message)) {
        int code = first & 0x0f;
        if (code == BINARY && (first & FIN))
            return true;
        if (code != BINARY && code != MORE)
            continue;
        buf_put(&w->whole, message->at, message->len);
        if (first & FIN) {
            *message = buf_span(&w->whole);
            w->done = true;
            return buf_ok(&w->whole);
        }
    }
    return false;
}

#endif
