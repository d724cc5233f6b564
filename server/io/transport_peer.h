/* transport_peer.h -- what the transport*.c share: the transport, and the peer.
 *
 *             transport.c: context, callbacks, timer (transport_*)
 *                 |                               |
 *   transport_socket.c: frames     transport_request.c: requests, answers
 *             (socket_*)                    (request_*)
 *                 |                               |
 *             transport_peer.c: the peer's life (peer_*)
 *
 * A peer is the opaque user data of its wsi. It is made when a WebSocket
 * stands or a request has come, and ends with peer_end(): when its answer is
 * out, or when libwebsockets says that the connection is gone.
 *
 * Nothing closes a connection in the middle of another's callback: peer_close()
 * asks for it and the peer's own writable callback does it, or, when it never
 * becomes writable, the sweep kills it.
 */
#ifndef TRANSPORT_PEER_H
#define TRANSPORT_PEER_H

#include "transport.h"
#include "transport_files.h"

#include <libwebsockets.h>
#include <stdatomic.h>

enum {
    PEER_FRAME_BYTES = 128 << 10,  /* of one outgoing fragment */
    PEER_BURST_BYTES = 1 << 20,    /* written before others get their turn */
    PEER_SCRATCH_BYTES = 64 << 10, /* of one write of an answer */
};

enum peer_kind {
    PEER_SOCKET, /* a WebSocket */
    PEER_POST,   /* a POST that the program answers */
    PEER_PAGE,   /* any other request; the program never sees it */
};

/* One outgoing frame: LWS_PRE bytes of room, then len bytes. */
struct chunk {
    struct chunk *next;
    uint32_t len;
    bool is_first, is_last; /* of its message */
    uint8_t bytes[];
};

/* The answer to a request: a head, and a body that is owned or borrowed. */
struct answer {
    struct buf head;
    struct buf owned;
    struct span body;
    size_t sent; /* of head and body together */
    int status;
    bool is_ready;   /* all of it is here: send it */
    bool is_closer;  /* the connection ends with it */
    bool is_sent;    /* lingering: the rest of the request is thrown away */
    bool omits_body; /* HEAD */
};

struct peer {
    struct transport *transport;
    struct lws *wsi;
    struct peer *next, *before; /* in transport->peers */
    void *user;
    struct buf in; /* the message, or the body, so far */
    struct chunk *out, *out_end;
    size_t out_bytes;      /* queued, and not known to be on the wire */
    size_t given_bytes;    /* of them, what libwebsockets still holds */
    uint64_t heard_ms;     /* the last byte came */
    uint64_t moved_ms;     /* the queue last moved */
    uint64_t began_ms;     /* the message began; the request's state began */
    uint64_t close_ms;     /* the close was asked for */
    struct answer *answer; /* NULL: a WebSocket */
    unsigned fragments;
    uint16_t close_code; /* 0: open */
    uint8_t kind;        /* enum peer_kind */
    bool is_known;       /* the program has opened it */
    bool in_message;     /* some of a message has come */
    bool is_pinged;      /* since it was last heard */
    bool owes_ping;
    bool is_paused; /* not read from */
    bool has_body;  /* of a request: all of it has come */
    bool awaits_body;
};

struct transport {
    struct transport_options options;
    struct transport_events events;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws_protocols protocols[2];
    struct transport_files *files;
    lws_sorted_usec_list_t timer;
    struct peer *peers;
    unsigned peers_count;
    size_t held_bytes; /* in all peers' in and out */
    uint64_t now_ms;   /* monotonic, as of the last callback that asked */
    uint64_t drain_ms; /* the drain began; 0: not draining */
    atomic_bool is_woken, is_stopped;
    char address[64];
    uint8_t scratch[LWS_PRE + PEER_SCRATCH_BYTES];
};

/* NULL: out of memory. */
struct peer *peer_begin(struct transport *, struct lws *, enum peer_kind);
void peer_end(struct peer *); /* closed() comes from here; NULL is fine */
struct peer *peer_of(struct lws *);
void peer_close(struct peer *, int code);
void peer_kill(struct peer *); /* soon, without a word */
void peer_heard(struct peer *);

/* Append to peer->in within the transport's own cap. */
bool peer_take(struct peer *, const void *at, size_t len);
void peer_forget(struct peer *); /* frees peer->in */
bool peer_has_room(const struct transport *, size_t more);
void peer_release(struct transport *, size_t bytes);

/* transport_socket.c: the callbacks of a WebSocket; what they return is for
 * libwebsockets. */
int socket_confirm(struct transport *, struct lws *);
int socket_filter(struct transport *, struct lws *);
int socket_opened(struct transport *, struct lws *);
int socket_received(struct peer *, uint8_t *at, size_t len);
int socket_writable(struct peer *);
int socket_leaving(struct peer *, const uint8_t *at, size_t len);
bool socket_send(struct peer *, const struct span *parts, size_t count);
void socket_drop_queue(struct peer *); /* but for a message half sent */
void socket_free_queue(struct peer *);
void socket_sweep(struct peer *); /* its timers */

/* transport_request.c: the same of a request. */
int request_came(struct transport *, struct lws *, const char *path,
                 size_t len);
int request_body(struct peer *, const void *at, size_t len);
int request_complete(struct peer *);
int request_writable(struct peer *);
bool request_send(struct peer *, const struct span *parts, size_t count);
void request_finish(struct peer *, int code);
void request_sweep(struct peer *);
/* A header as text; false: too long, or not a text. "" when absent. */
bool request_header(struct lws *, enum lws_token_indexes, char *to, size_t cap);
/* Host and Origin, for a WebSocket and a request alike. 0, or the status. */
int request_check_source(struct transport *, struct lws *);
bool request_is_https(struct lws *);
/* "" when the request has no Host that may be repeated in an answer. */
void request_host(struct transport *, struct lws *, char *to, size_t cap);

#endif
