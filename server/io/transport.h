/* transport.h -- the only file that knows libwebsockets: WebSocket, POST and
 * static files on one port.
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
 * to be sent to one peer is capped (send fails then, and the caller closes it).
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "bytes.h"
#include "err.h"

struct transport;
struct peer;

enum { /* close codes, RFC 6455 and ours */
    CLOSE_NORMAL = 1000,
    CLOSE_GOING = 1001,
    CLOSE_TOO_BIG = 1009,
    CLOSE_ERROR = 4000, /* an ERROR message said why */
    CLOSE_SLOW = 4001,  /* did not read what was sent */
};

/* An answer to a GET that the program makes itself. */
struct transport_page {
    int status; /* 0: not mine, look among the files */
    const char *content_type;
    struct buf body; /* freed by the transport */
};

struct transport_events {
    void *context;
    /* false refuses (503). *user is handed to the others. */
    bool (*opened)(void *context, struct peer *, bool is_post, void **user);
    void (*message)(void *context, struct peer *, void *user, struct span);
    /* The send queue has emptied. */
    void (*drained)(void *context, struct peer *, void *user);
    /* Always the last one for a peer; after it the peer is gone. */
    void (*closed)(void *context, struct peer *, void *user);
    void (*woken)(void *context); /* after one or more transport_wake() */
    void (*tick)(void *context);  /* every 250 ms */
    struct transport_page (*get)(void *context, const char *path);
};

struct transport_options {
    const char *address; /* "127.0.0.1", "::", NULL: all */
    int port;            /* 0: any free one, see transport_port() */
    const char *files;   /* folder of static files; NULL: none */
    const char *subprotocol; /* "tidemark.1" */
    const char *post_path;   /* "/sync" */
    const char *certificate, *key; /* PEM files; NULL: plain */
    size_t message_bytes;
    size_t queue_bytes; /* per peer */
    unsigned message_ms;
    unsigned idle_ms; /* no byte from the peer for so long: gone */
    unsigned peers_max;
};

/* ERR_USAGE: the port is taken or the files cannot be read; ERR_NOMEM. */
MUST_USE enum err transport_open(const struct transport_options *,
                                 const struct transport_events *,
                                 struct transport **out);
int transport_port(const struct transport *);
void transport_run(struct transport *); /* until transport_stop() */
void transport_close(struct transport *);

void transport_wake(struct transport *); /* any thread, signal handler */
void transport_stop(struct transport *); /* any thread, signal handler */

/* Queue one message made of parts, in order; they are copied. false: over
 * queue_bytes or out of memory; nothing was queued. */
bool transport_send(struct peer *, const struct span *parts, size_t count);
size_t transport_queued(const struct peer *); /* bytes waiting */
/* WebSocket: close once the queue is sent. POST: send the answer. */
void transport_finish(struct peer *, int close_code);
const char *transport_address(const struct peer *); /* for the log */

#endif
