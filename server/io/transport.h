/* transport.h -- WebSocket, POST and static files on one port. Only this room's
 * transport*.c know libwebsockets.
 *
 * One loop thread runs it; every callback is called there, and every function
 * is called from there, but for transport_wake() and transport_stop().
 *
 * A *peer* is one WebSocket or one POST. WebSocket: `message` comes once per
 * whole binary message. POST /sync: `message` comes once, with the whole body;
 * what is sent until transport_finish() becomes the body of the answer.
 *
 * Bounds: messages over message_bytes close with 1009 (POST: 413) before they
 * are buffered whole; a message must be complete within message_ms; what waits
 * to be sent to one peer is capped (send fails then, and the caller closes it),
 * and so is all that waits in either direction (TRANSPORT_HELD_MAX: newcomers
 * are told to come back). A peer that sends and does not read is not read from
 * while half its queue is full; one whose queue does not move for idle_ms is
 * closed as slow.
 *
 * A WebSocket peer is pinged once it has been silent for idle_ms / 2, and gone
 * at idle_ms: the pong of a living one counts as heard.
 *
 * Who may speak: the Host must be given, and be one of `hosts`; an Origin, when
 * there is one, must be this very scheme and host (behind a proxy that ends
 * TLS, X-Forwarded-Proto: https makes the scheme https).
 *
 * Static files are read once, at transport_open() (transport_files.h).
 *
 * libwebsockets 4.1.6 itself decides, and cannot be told otherwise: frames that
 * are not masked are accepted; pings that arrive together are answered once; a
 * NUL or a space before the colon of a header is let pass; an unknown method or
 * a path above the root is answered 403 and closed.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "bytes.h"
#include "err.h"

struct transport;
struct peer;

/* Close codes, RFC 6455 and ours. */
enum {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING = 1001,
    CLOSE_UNWANTED = 1003, /* a text frame */
    CLOSE_POLICY = 1008,   /* too slow a message, or in too many fragments */
    CLOSE_TOO_BIG = 1009,
    CLOSE_LATER = 1013, /* no room now: come back */
    CLOSE_ERROR = 4000, /* an ERROR message said why */
    CLOSE_SLOW = 4001,  /* did not read what was sent */
};

enum {
    TRANSPORT_HELD_MAX = 128 << 20,  /* bytes waiting, all peers, both ways */
    TRANSPORT_FRAGMENTS_MAX = 1024,  /* of one message */
    TRANSPORT_CLOSE_MS = 5 * 1000,   /* a peer's time to take its leave */
    TRANSPORT_ANSWER_MS = 60 * 1000, /* the program's time to answer a POST */
};

/* An answer to a GET that the program makes itself. */
struct transport_page {
    int status; /* 0: not mine, look among the files */
    const char *content_type;
    struct buf body; /* freed by the transport */
};

struct transport_events {
    void *context;
    /* false refuses (POST: 503; WebSocket: closed with 1013), and is the last
     * that is heard of the peer. *user is handed to the others. */
    bool (*opened)(void *context, struct peer *, bool is_post, void **user);
    void (*message)(void *context, struct peer *, void *user, struct span);
    /* The send queue has emptied. */
    void (*drained)(void *context, struct peer *, void *user);
    /* Always the last one for a peer; after it the peer is gone. */
    void (*closed)(void *context, struct peer *, void *user);
    void (*woken)(void *context); /* after one or more transport_wake() */
    void (*tick)(void *context);  /* every 250 ms */
    /* A GET or HEAD of this path; NULL: there are only files. */
    struct transport_page (*get)(void *context, const char *path);
};

/* The strings are borrowed until transport_close(). */
struct transport_options {
    const char *address;           /* "127.0.0.1", "::", NULL: all */
    int port;                      /* 0: any free one, see transport_port() */
    const char *files;             /* folder of static files; NULL: none */
    const char *subprotocol;       /* "tidemark.1" */
    const char *post_path;         /* "/sync", of the WebSocket too */
    const char *const *hosts;      /* allowed in Host, NULL-ended; NULL: any */
    const char *certificate, *key; /* PEM files; NULL: plain */
    size_t message_bytes;
    size_t queue_bytes; /* per peer */
    unsigned message_ms;
    unsigned idle_ms; /* no byte from the peer for so long: gone */
    unsigned peers_max;
};

/* ERR_USAGE: the port is taken, or the files or the certificate cannot be read
 * (a log line says which); ERR_NOMEM. */
MUST_USE enum err transport_open(const struct transport_options *,
                                 const struct transport_events *,
                                 struct transport **out);
int transport_port(const struct transport *);

/* Until transport_stop(); then every peer gets what is queued for it and is
 * closed with 1001 (POST: 503), within TRANSPORT_CLOSE_MS. */
void transport_run(struct transport *);
void transport_close(struct transport *);

void transport_wake(struct transport *); /* any thread, signal handler */
void transport_stop(struct transport *); /* any thread, signal handler */

/* Queue one message made of parts, in order; they are copied. false: over
 * queue_bytes, out of memory or finished; nothing was queued. */
bool transport_send(struct peer *, const struct span *parts, size_t count);
size_t transport_queued(const struct peer *); /* bytes waiting */
/* WebSocket: close once the queue is sent (CLOSE_SLOW: at once, the queue is
 * dropped). POST: send the answer: 200, or, when nothing was sent and the code
 * is not CLOSE_NORMAL, 413 (CLOSE_TOO_BIG) or 503. Nothing more is read. */
void transport_finish(struct peer *, int close_code);
/* For the log; valid until the next call. */
const char *transport_address(const struct peer *);

#endif
