/* merge.h -- how one edit meets one field. The rules of the product.
 *
 * An edit is *concurrent* when the field's version is greater than its `seen`
 * and does not come from the same replica's own chain. Then:
 *
 *   rule     field empty   not concurrent   concurrent, equal   concurrent
 *   latest   applied       applied          agreed     later `at`: applied,
 *                                                      else overtaken
 *   once     applied       the same value: agreed; another: held (once)
 *   rank     applied       applied          agreed     further along: applied,
 *                                                      else overtaken
 *   ask      applied       applied          agreed     conflict
 *   set      each element by itself; a concurrent add beats a remove:
 *            applied, merged when concurrent, agreed when nothing moves
 *   text     applied       applied          merged     merged by words
 *                                                      (text.h); the same
 *                                                      words: check wording
 *
 * and for field 0, a record's existence:
 *
 *   create   of a record that is there: agreed
 *   delete   not concurrent with any field of the record: applied;
 *            else overtaken: the record lives
 *   restore  applied
 *
 * *Applied* and *merged* move the field: the edit becomes its state, what was
 * there goes to history. All others leave it and go to history themselves.
 *
 * Pure: no I/O, no clock. All memory is the arena's or the caller's.
 */
#ifndef MERGE_H
#define MERGE_H

#include "arena.h"
#include "change.h"
#include "row.h"
#include "schema.h"
#include "text.h"
#include "value.h"

/* A version of a field below its state, newest first. */
struct merge_past {
    struct row row;
    struct merge_past *next;
};

/* One field of one record: as claimed, then as merged so far. */
struct merge_cell {
    const struct field *field; /* NULL: field 0 */
    bool found;
    struct row now;
    struct merge_past *past; /* only what was once the state */
};

/* An edit, decoded and checked against the schema. */
struct merge_edit {
    enum change_op op;
    const struct field *field; /* NULL: field 0 */
    uint64_t seen;
    struct value value;       /* SET; of a text too */
    struct elements elements; /* ADD, REMOVE; SET of a set */
    struct text_delta delta;  /* TEXT; freed by merge_edit_free() */
};

/* Decode. ERR_UNKNOWN_FIELD, ERR_BAD_OP, ERR_BAD_VALUE, ERR_BAD_DELTA,
 * ERR_NOMEM. */
MUST_USE enum err merge_edit_read(const struct type *, struct change_edit *,
                                  struct arena *, struct merge_edit *out);
void merge_edit_free(struct merge_edit *);

struct merge_context {
    struct arena *arena;
    struct pack *pack; /* trees of what the store kept beside the values */
};

struct merge_result {
    enum outcome outcome;
    enum err reason; /* HELD */
    bool moved;      /* the cell's state is now this edit's */
    struct row past; /* for history: what was the state before (moved and
                      * cell was found), or the edit itself (not moved) */
    bool has_past;
};

/* Let the edit meet the cell. `stamp` brings all of the row but its value:
 * who, when, which version. A refusal (the change as a whole is then held):
 * ERR_BAD_DELTA, ERR_BAD_SEEN, ERR_TOO_BIG, ERR_NOMEM; the cell is then as it
 * was. `record_version`: for DELETE, the greatest version of the record's
 * fields that does not come from the same replica. */
MUST_USE enum err merge_apply(const struct merge_context *,
                              const struct merge_edit *,
                              const struct row *stamp, uint64_t record_version,
                              struct merge_cell *, struct merge_result *out);

#endif
