/* batch_work.h -- one run of a batch, from the inside. For batch*.c alone.
 *
 *     batch.c         the course of the run, the commit, the segments
 *     batch_cells.c   which fields are touched; claiming them
 *     batch_change.c  one change: checked, merged, or held
 *     batch_edit.c    one edit of it, by its field's rule
 *     batch_after.c   what follows: conflicts, late changes, signatures and
 *                     notices, written as changes of the server's own
 *
 * A run has stages, all in one transaction: first the devices' changes, then
 * the server's own that follow from them, until nothing follows.
 */
#ifndef BATCH_WORK_H
#define BATCH_WORK_H

#include "batch.h"
#include "merge_ask.h"

enum { BATCH_STAGES_MAX = 4 };

struct entry { /* one change of one push */
    struct batch_push *push;
    uint64_t seq;
    struct span bytes;
    enum err unreadable; /* ERR_OK: change is valid */
    struct change change;
};

struct key { /* which field, and how much of its past */
    uint32_t bucket, field;
    struct id record;
    uint64_t since; /* with chain, as in struct claim */
    bool chain;
};

struct cell {
    struct key key;
    bool was_found;       /* in the store … */
    uint64_t was_version; /* … and as this version */
    struct merge_cell at;
    bool dirty;
    /* Not found: the types that it may be born with in this batch, one bit a
     * type. */
    uint8_t births[SCHEMA_TYPES_MAX / 8];
};

struct undo {
    struct cell *cell;
    struct cell was;
};

/* Something that the server has to write because of what was merged. */
struct after {
    enum after_kind {
        AFTER_CONFLICT, /* of a unit: opened, changed or closed */
        AFTER_HELD,     /* a change that a person has to decide about */
        AFTER_DECISION, /* they have */
        AFTER_SIGNOFF,
        AFTER_SHARED, /* a signed record's state went on to shared */
        AFTER_RESTORED,
        AFTER_LATE,
        AFTER_BIRTH, /* of a type in which two may be the same thing */
    } kind;
    uint32_t bucket;
    struct id record;
    const struct type *type;
    const struct field *field; /* CONFLICT: one of the unit */
    uint64_t open, closed;     /* CONFLICT */
    const struct held *held;   /* HELD */
    uint64_t seen;             /* SIGNOFF: what the signer had */
    uint32_t author, replica;
    role_set roles; /* SIGNOFF */
    int64_t at;
};

struct work {
    struct batch *batch;
    struct ledger *ledger;
    struct store *store;
    struct arena *arena;
    struct merge_context merge;
    int64_t now_ms;
    uint64_t head;

    struct entry *entries; /* of this stage */
    size_t entry_count, entry_cap;
    size_t edit_count, touch_count;

    struct cell **cells; /* sorted by (bucket, record, field) */
    size_t cell_count;

    struct store_bucket *born_buckets; /* named in this batch */
    size_t born_bucket_count;
    uint32_t next_bucket;

    struct row *history;
    size_t history_count;
    struct held *held;
    size_t held_count;
    struct id *born; /* ids of records created here, ascending */
    size_t born_count;

    struct after *after;
    size_t after_count;

    /* of the change at hand */
    struct id newborn[CHANGE_TOUCHES_MAX];
    size_t newborn_count;
    struct undo *undo;
    size_t undo_count, undo_cap;
};

/* One touch of one change, and what is known about its record. */
struct scene {
    struct entry *entry;
    uint32_t bucket;
    struct id record;
    const struct type *type;
    struct cell *existence;
    role_set roles;
    bool reached; /* its author has a role in the bucket */
    bool creates;
    bool newborn; /* and it was not there before */
    bool late;    /* access had ended when it came */
    bool moved;   /* a field of it has changed */
    struct row stamp;
    struct merge_edit *edits; /* all of the touch */
    uint32_t edit_count;
};

/* ---- batch_cells.c ---- */

/* Find every field that the entries touch and claim it. */
MUST_USE enum err cells_claim(struct work *);
/* NULL: it was not claimed. */
struct cell *cells_find(struct work *, uint32_t bucket, struct id record,
                        uint32_t field);
/* Those of one record, by ascending field. */
struct cell **cells_of_record(struct work *, uint32_t bucket, struct id record,
                              size_t *count);
/* The number of the touch's bucket; 0 when it has none. */
uint32_t cells_bucket(struct work *, const struct change_touch *);
struct span cells_bucket_name(const struct work *, uint32_t no);
/* The type of the record touched; NULL when it is not known. */
const struct type *cells_type(struct work *, uint32_t bucket,
                              const struct change_touch *);
bool cells_ref(struct value, struct id *out);
/* The ref to the record whose state and people count for this one's; NULL. */
const struct field *cells_above(const struct type *);

/* ---- batch_change.c ---- */

/* Consume one change. Only ERR_NOMEM, ERR_STORE, ERR_CORRUPT come back. */
MUST_USE enum err change_consume(struct work *, struct entry *);
void change_remember(struct work *, struct cell *);
void change_after(struct work *, struct after);

/* ---- batch_edit.c ---- */

/* Has the record, or the one that it is signed with, been signed? */
bool edit_is_closed(struct work *, const struct scene *);
/* Does the touch lift it back to being written (a reopening)? */
bool edit_reopens(struct work *, const struct scene *);
/* Let one edit of the scene meet its field; `index` counts through the change.
 * Refusals as merge_apply(). */
MUST_USE enum err edit_make(struct work *, struct scene *,
                            const struct merge_edit *, int32_t index);
void edit_tell(struct entry *, int32_t index, enum outcome, enum err reason);
/* Bring a deleted record back because it was edited. */
MUST_USE enum err edit_revive(struct work *, struct scene *);
/* ROLE_LEAD and ROLE_SIGNER, as the record (or the one above it) says. */
role_set edit_lead(struct work *, const struct scene *);

/* ---- batch_after.c ---- */

/* Turn what follows into the next stage's entries; none: entry_count is 0. */
MUST_USE enum err after_entries(struct work *);

#endif
