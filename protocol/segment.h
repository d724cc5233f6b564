/* segment.h -- the body of a segment: the fields of one bucket that changed
 * (PROTOCOL.md, section 4). A run of groups, each the rows of one record that
 * one person saved together:
 *
 *     group = [record, type, author, at, base, row, …]
 *     row   = [field, step, value]
 *           | [field, step, value, flags, author, at, prev]
 *
 * Writing: the caller has the rows of a group at hand, with their values
 * already encoded, and calls segment_group_write(); base, steps and which form
 * a row takes follow from them.
 *
 * Reading:
 *
 *     enum err err = segment_plain(&segment, &plain, &body);
 *     while (!err && body.len > 0) {
 *         err = segment_group_next(pack, &body, &group);
 *         while (!err && segment_row_next(&group, &row))
 *             …
 *     }
 *
 * Everything read borrows from the body and from the struct pack until the
 * next segment_group_next(). Pure; any thread.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "message.h"

enum { SEGMENT_BYTES_MAX = 1 << 20 }; /* plain, and inflated */

enum {                    /* row flags on the wire */
       SEGMENT_DELTA = 1, /* value is a text delta on version prev */
       SEGMENT_CHECK_WORDING = 2,
       SEGMENT_CONFLICT = 4,
       SEGMENT_MERGED = 8,
};

struct segment_row {
    uint32_t field;
    uint64_t version;
    struct span value; /* written: the value's MessagePack; empty: nil */
    struct items item; /* read: stands before the value */
    uint32_t flags;
    struct id author; /* none: the server */
    int64_t at;
    uint64_t prev; /* with SEGMENT_DELTA; else 0 */
};

struct segment_group {
    struct id record;
    uint32_t type;
    struct id author; /* of the rows that say nothing else */
    int64_t at;
    uint64_t base;     /* read */
    struct items rows; /* read */
};

/* Append one group of `count` >= 1 rows. */
void segment_group_write(struct buf *, const struct segment_group *,
                         const struct segment_row *rows, size_t count);

/* The body's plain bytes: as they are, or inflated into `plain` (cleared
 * first). ERR_MALFORMED, ERR_TOO_BIG, ERR_NOMEM. */
MUST_USE enum err segment_plain(const struct message_segment *,
                                struct buf *plain, struct span *body);

/* Take one group off the front of a body that is not empty. The group is
 * checked whole; the rows' walk then cannot fail. ERR_MALFORMED, ERR_TOO_DEEP,
 * ERR_TOO_BIG, ERR_NOMEM. */
MUST_USE enum err segment_group_next(struct pack *, struct span *body,
                                     struct segment_group *out);
bool segment_row_next(struct segment_group *, struct segment_row *out);

#endif
