/* batch_work.h -- one run of a batch, from the inside. For batch*.c alone.
 *
 *     batch.c         the course of the run, the commit, the segments
 *     batch_cells.c   which fields are touched; claiming them
 *     batch_change.c  one change: checked, merged, or held
 */
#ifndef BATCH_WORK_H
#define BATCH_WORK_H

#include "batch.h"
#include "merge.h"

struct entry { /* one change of one push */
    struct batch_push *push;
    uint64_t seq;
    struct span bytes;
    enum err unreadable; /* ERR_OK: change is valid */
    struct change change;
};

struct cell { /* cells and claims run side by side */
    struct merge_cell at;
    uint32_t bucket;
    struct id record;
    uint32_t field;
    bool dirty;
};

struct undo {
    struct cell *cell;
    struct cell was;
};

struct work {
    struct batch *batch;
    struct ledger *ledger;
    struct store *store;
    struct arena *arena;
    struct merge_context merge;
    int64_t now_ms;
    uint64_t head;

    struct entry *entries;
    size_t entry_count;
    size_t edit_count;

    struct claim *claims; /* sorted by (bucket, record, field) */
    struct cell *cells;
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

    struct id newborn[CHANGE_TOUCHES_MAX]; /* by the change at hand */
    size_t newborn_count;

    struct undo *undo; /* of the change at hand */
    size_t undo_count;
};

/* ---- batch_cells.c ---- */

/* Find every field that the entries touch and claim it. */
MUST_USE enum err cells_claim(struct work *);
/* NULL only for what cells_claim() was not told about. */
struct cell *cells_find(struct work *, uint32_t bucket, struct id record,
                        uint32_t field);
/* The number of the touch's bucket; 0 when it has none. */
uint32_t cells_bucket(struct work *, const struct change_touch *);
struct span cells_bucket_name(const struct work *, uint32_t no);

/* ---- batch_change.c ---- */

/* Consume one change. Only ERR_NOMEM, ERR_STORE, ERR_CORRUPT come back. */
MUST_USE enum err change_consume(struct work *, struct entry *);

#endif
