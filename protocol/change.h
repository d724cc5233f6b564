/* change.h -- one save by a person: the bytes inside a PUSH, read and written
 * (PROTOCOL.md, section 3).
 *
 *     change = [at, [touch, …]]
 *     touch  = [bucket, record, [edit, …]]
 *     edit   = [op, field, seen, value]
 *
 * change_read() checks the form of the whole change: limits, ops, where a
 * create may stand. It knows no schema: whether the field exists, the value is
 * of its kind or the delta fits is the merge's affair. What it passed can then
 * be walked without failing:
 *
 *     while (change_touch_next(&change, &touch))
 *         while (change_edit_next(&touch, &edit))
 *             …
 *
 * Spans and items borrow from the bytes and from the struct pack. Trees of
 * several changes live side by side in one pack until pack_reset() or
 * pack_parse(). Pure; any thread.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "pack.h"

enum {
    CHANGE_BYTES_MAX = 512 * 1024,
    CHANGE_TOUCHES_MAX = 64, /* at least one */
    CHANGE_EDITS_MAX = 512,  /* in the whole change; at least one a touch */
    SET_ELEMENTS_MAX = 256,
};

enum change_op {
    CHANGE_CREATE = 0,
    CHANGE_SET = 1,
    CHANGE_TEXT = 2,
    CHANGE_ADD = 3,
    CHANGE_REMOVE = 4,
    CHANGE_DELETE = 5,
    CHANGE_RESTORE = 6,
};

struct change {
    int64_t at;
    uint32_t touch_count;
    uint32_t edit_count; /* of all touches */
    struct items touches;
};

struct change_touch {
    uint32_t bucket;  /* its number; 0: by name */
    struct span name; /* the bucket's, only in a touch that creates */
    struct id record;
    uint32_t edit_count;
    struct items edits;
};

struct change_edit {
    enum change_op op;
    uint32_t field; /* 0: the record's existence */
    uint64_t seen;
    uint32_t type;      /* CREATE: the record type's number */
    struct items value; /* stands before the value: exactly one item; for
                         * TEXT, ADD and REMOVE it is an array */
};

/* ERR_UNREADABLE (whatever is wrong with it), ERR_NOMEM. */
MUST_USE enum err change_read(struct pack *, struct span bytes,
                              struct change *out);
bool change_touch_next(struct change *, struct change_touch *out);
bool change_edit_next(struct change_touch *, struct change_edit *out);

/* Writing: the start, then each touch's start, then for each of its edits the
 * start and one value (pack_text(), pack_array() and elements, …). */
void change_begin(struct buf *, int64_t at, uint32_t touches);
void change_touch_begin(struct buf *, uint32_t bucket, struct id record,
                        uint32_t edits);
void change_touch_begin_named(struct buf *, struct span bucket,
                              struct id record, uint32_t edits);
void change_edit_begin(struct buf *, enum change_op, uint32_t field,
                       uint64_t seen);
/* A whole edit: the record's birth. */
void change_create(struct buf *, uint32_t type);

#endif
