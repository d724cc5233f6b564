/* twin.h -- a tablet, in C: what client-js/src/replica.js is in JavaScript, by
 * PROTOCOL.md alone. What it keeps is durable at once; what belongs to a
 * connection is gone with it.
 *
 *     cells     the newest version of each field that it may see
 *     outbox    its own changes, from the last that is back to the last made
 *     buckets   cursor, count and sum of each
 */
#ifndef TWIN_H
#define TWIN_H

#include "change.h"
#include "message.h"
#include "segment.h"

struct link;

enum { TWIN_BUCKETS = 24, TWIN_EDITS = 8, TWIN_OUTBOX = 256 };

struct cell {
    struct id record;
    uint32_t field, type, bucket;
    uint64_t version;
    bool came; /* while its bucket is being fetched again */
    char kind; /* n nil, t text, p packed */
    struct buf value;
};

struct cells {
    struct cell *list;
    size_t count, cap;
    uint32_t *slots;
    uint32_t mask;
};

struct own_edit {
    struct id record;
    uint32_t field;
    bool back; /* its field has come since it was consumed */
};

struct pending {
    uint64_t seq, version; /* version 0: not known to be consumed */
    struct buf bytes;
    bool sealed, by_outcome, held, cleared;
    size_t made;     /* its number in sim.changes */
    uint32_t bucket; /* 0: by name */
    char name[BUCKET_NAME_MAX + 1];
    struct own_edit edits[TWIN_EDITS];
    uint32_t edit_count;
    uint32_t text_field; /* of a text edit, 0: none */
    struct id text_record;
    uint64_t text_seen;
    struct buf text; /* on the screen after it */
    uint32_t marker;
};

struct twin_bucket {
    uint32_t no;
    char name[BUCKET_NAME_MAX + 1];
    uint64_t cursor, count;
    struct hash64 sum;
    /* of this connection */
    bool caught_up, healing, heal_started;
};

enum twin_state { TWIN_CLOSED, TWIN_GREETING, TWIN_CATCHING, TWIN_LIVE };

struct twin {
    unsigned no, person;
    struct id device;
    uint8_t token[MESSAGE_TOKEN_BYTES];
    int64_t skew;
    bool silent_person; /* it only reads */
    /* durable */
    uint64_t incarnation, made, consumed, acked;
    uint8_t chain[HASH_CHAIN_BYTES];
    struct id timeline;
    struct pending *outbox; /* seq acked + 1 … made */
    struct twin_bucket buckets[TWIN_BUCKETS];
    size_t bucket_count;
    struct cells cells;
    bool was_rolled_back, is_damaged;
    struct twin *before; /* its storage as it was some time ago */
    /* of this connection */
    struct link *link;
    enum twin_state state;
    struct id nonce;
    uint64_t sent, sealed_before, gap;
    uint64_t heard_ms, said_ms, retry_at_ms;
    uint32_t replica;
    unsigned heals;
    bool up_to_date, stuck;
};

void twin_init(struct twin *, unsigned no, unsigned person);
void twin_fini(struct twin *);
void twin_connect(struct twin *, bool is_post);
void twin_closed(struct twin *); /* the connection is gone */
void twin_receive(struct twin *, struct span message);
void twin_pump(struct twin *); /* send what may go */
void twin_ask(struct twin *);  /* PULL what it has */
void twin_beat(struct twin *);
bool twin_is_at_rest(const struct twin *);
void twin_keep(struct twin *);      /* a copy of its storage */
void twin_roll_back(struct twin *); /* to that copy */
void twin_damage(struct twin *);    /* one cell is lost */

/* A change is complete in `p` (bytes, edits, text): number it. */
void twin_save(struct twin *, struct pending *p, uint32_t edits,
               uint32_t touches);
struct cell *twin_cell(const struct twin *, struct id record, uint32_t field);
const struct twin_bucket *twin_bucket(const struct twin *, uint32_t no);
const struct twin_bucket *twin_bucket_named(const struct twin *, const char *);
/* The newest own change of that text that is still shown on top; or NULL. */
const struct pending *twin_pending_text(const struct twin *, struct id record,
                                        uint32_t field);

#endif
