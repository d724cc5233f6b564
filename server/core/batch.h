/* batch.h -- the pushes of all devices that came while the last commit was
 * being written, taken through as one:
 *
 *     gather (batch_push) -> batch_run: claim -> merge -> commit -> segments
 *
 * A change is consumed in any case: applied whole, edit by edit by merge.h, or
 * held whole with a reason. Nobody is told anything before batch_run() has
 * returned ERR_OK, which means durable.
 *
 * The batch owns the bytes of its pushes and, after the run, its results, all
 * until batch_free(). It moves between threads as a whole: the loop gathers
 * it, the committer runs it, the loop publishes it.
 */
#ifndef BATCH_H
#define BATCH_H

#include "ledger.h"
#include "message.h"

enum {
    BATCH_CHANGES_MAX = 1500,
    BATCH_BYTES_MAX = 2 << 20,
    BATCH_EXCEPTIONS_MAX = 2000,    /* told to one device; the rest it reads */
    BATCH_SEGMENT_MAX = 512 * 1024, /* a longer one is pulled, not sent */
};

struct batch_push {
    /* in */
    struct buf bytes;     /* owned; the changes borrow from it */
    struct span *changes; /* owned */
    uint32_t count;
    uint64_t first;               /* seq of changes[0] */
    struct store_replica replica; /* as known when it is not in the ledger */
    uint32_t person;
    int64_t skew; /* the device's clock minus ours */
    bool trusted; /* made by the server itself: nobody's roles are asked */
    bool own;     /* and not numbered: it follows from others' changes */
    struct batch_push *next;
    /* out */
    struct store_replica after; /* the replica, with these consumed */
    uint64_t last;              /* highest seq consumed; first - 1: none */
    struct message_exception *exceptions;
    size_t exception_count;
};

/* What one commit changed in one bucket, ready for the wire. */
struct batch_segment {
    uint32_t bucket;
    uint64_t from; /* the bucket's version before */
    bool too_long; /* no body: let devices pull */
    struct buf plain;
    struct buf zipped; /* empty when not worth it */
};

struct batch {
    struct batch_push *pushes; /* in order of arrival */
    struct batch_push **tail;
    uint32_t change_count;
    size_t byte_count;
    /* out */
    uint64_t head;
    int64_t received_ms;
    struct batch_segment *segments; /* by ascending bucket */
    size_t segment_count;
    struct store_bucket *buckets; /* as they are now: those that changed */
    size_t bucket_count;
    bool roster_moved; /* people, schools or roles changed: build anew */
    struct arena arena;
};

MUST_USE enum err batch_open(struct batch **out); /* ERR_NOMEM */
void batch_free(struct batch *);                  /* takes NULL */

/* Add one; takes it over. */
void batch_push(struct batch *, struct batch_push *);
void batch_push_free(struct batch_push *); /* one that was not added */
bool batch_is_full(const struct batch *);

/* Run it. On ERR_OK it is durable and the ledger has moved on. ERR_FULL: run
 * the same batch again later. ERR_STORE, ERR_CORRUPT, ERR_NOMEM: neither the
 * store nor the ledger has moved. */
MUST_USE enum err batch_run(struct batch *, struct ledger *, struct store *,
                            int64_t now_ms);

#endif
