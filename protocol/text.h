/* text.h -- edits to a long text, and how two edits meet (PROTOCOL.md,
 * section 7).
 *
 * A delta walks the old text: keep n, insert s, drop n; what follows the last
 * step stays. On the wire and in the store it is one MessagePack array of
 * ints and strs; here it is parsed once into steps.
 *
 * Two deltas made on one text are merged by words, never by letters: each is
 * widened to the words that it touches; regions of the two that overlap or
 * touch are kept whole, one after the other (theirs, the server's, first), and
 * reported. See text_merge().
 *
 * Pure: no clock, no I/O, no state between calls; safe from any thread.
 * Inputs are borrowed for the call; outputs are appended to bufs that the
 * caller owns. Texts are valid UTF-8. All are linear in texts and deltas.
 */
#ifndef TEXT_H
#define TEXT_H

#include "bytes.h"
#include "err.h"
#include "pack.h"

#define TEXT_CHARS_MAX 100000u

struct text_step {
    int32_t count;    /* > 0 keep, < 0 drop, 0 insert */
    uint32_t chars;   /* INSERT: its code points */
    struct span text; /* INSERT only */
};

struct text_delta {
    struct text_step *steps; /* owned; the insert texts are borrowed */
    uint32_t count;
    uint32_t cap;
};

/* All zero is the empty delta. */
void text_delta_free(struct text_delta *);

/* Read a delta from the wire. Its inserts borrow from what `steps` borrows.
 * ERR_BAD_DELTA: not canonical or over a limit; ERR_NOMEM. */
MUST_USE enum err text_delta_read(struct items steps, struct text_delta *out);

/* Append the delta as one MessagePack array. */
void text_delta_pack(const struct text_delta *, struct buf *out);

/* Append the text that results. ERR_BAD_DELTA: reaches past the end. */
MUST_USE enum err text_apply(struct span text, const struct text_delta *,
                             struct buf *out);

/* One delta that does what `first` and then `second` do. Inserts borrow from
 * both. ERR_NOMEM; ERR_BAD_DELTA never, unless over TEXT_CHARS_MAX. */
MUST_USE enum err text_compose(const struct text_delta *first,
                               const struct text_delta *second,
                               struct text_delta *out);

/* The delta that undoes `delta`, which was made on `text`: applied to the
 * result it gives `text` back. Inserts borrow from `text`. */
MUST_USE enum err text_invert(struct span text, const struct text_delta *,
                              struct text_delta *out);

/* A small delta by words from one text to another. Inserts borrow from `to`.
 * Source: Myers, An O(ND) Difference Algorithm (1986), over words; bounded, so
 * that hopeless pairs become one replacement of what differs. */
MUST_USE enum err text_diff(struct span from, struct span to,
                            struct text_delta *out);

/* Where both reworded the same place. Positions count code points of base. */
struct text_overlap {
    uint32_t from, to;
    struct span theirs, mine; /* each wording whole; borrow from out->memory */
};

struct text_merged {
    struct text_delta delta;       /* on base + theirs */
    struct text_overlap *overlaps; /* owned */
    uint32_t overlap_count;
    struct buf memory; /* holds the inserts and wordings */
};

void text_merged_free(struct text_merged *);

/* Merge `mine` with `theirs`, both made on `base`.
 * Errors: ERR_BAD_DELTA (either does not fit base), ERR_NOMEM. */
MUST_USE enum err text_merge(struct span base, const struct text_delta *theirs,
                             const struct text_delta *mine,
                             struct text_merged *out);

#endif
