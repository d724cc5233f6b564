/* text.h -- edits to a long text, and how two edits meet (PROTOCOL.md,
 * section 7).
 *
 * A delta walks the old text: keep n, insert s, drop n; what follows the last
 * step stays. On the wire and in the store it is one MessagePack array of
 * ints and strs; here it is parsed once into steps.
 *
 * Two deltas made on one text are merged by words, never by letters: each is
 * widened to the words that it touches; regions of the two that overlap, or
 * would run into one word, are kept whole, one after the other (theirs, the
 * server's, first), and reported. See text_merge().
 *
 * Pure: no clock, no I/O, no state between calls; safe from any thread.
 * Inputs are borrowed for the call; outputs are appended to bufs, or replace
 * what was in deltas, that the caller owns and frees, also after an error.
 * Texts are valid UTF-8 of less than 2^31 bytes. All but text_diff() are linear
 * in texts and deltas.
 *
 * Only text_delta_read() holds to TEXT_CHARS_MAX. What apply and merge make may
 * be longer than both: the caller checks the result, as it checks a text that
 * is set.
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

/* All zero is the empty delta. In memory an insert may lie in several steps,
 * one after the other, because they borrow; text_delta_pack() joins them. */
void text_delta_free(struct text_delta *);

/* Read a delta from the wire. Its inserts borrow from what `steps` borrows.
 * ERR_BAD_DELTA: not canonical or over a limit; ERR_NOMEM. */
MUST_USE enum err text_delta_read(struct items steps, struct text_delta *out);

/* Append the delta as one MessagePack array. */
void text_delta_pack(const struct text_delta *, struct buf *out);

/* Append the text that results. ERR_BAD_DELTA: reaches past the end (part of
 * it may have been appended); ERR_NOMEM. */
MUST_USE enum err text_apply(struct span text, const struct text_delta *,
                             struct buf *out);

/* One delta that does what `first` and then `second` do. Inserts borrow from
 * both; `out` is neither of them. Associative: many deltas are best composed
 * by twos. ERR_NOMEM; ERR_BAD_DELTA only when a count passes 2^31 - 1. */
MUST_USE enum err text_compose(const struct text_delta *first,
                               const struct text_delta *second,
                               struct text_delta *out);

/* The delta that undoes `delta`, which was made on `text`: applied to the
 * result it gives `text` back. Inserts borrow from `text`. ERR_BAD_DELTA: it
 * reaches past the end; ERR_NOMEM. */
MUST_USE enum err text_invert(struct span text, const struct text_delta *,
                              struct text_delta *out);

/* A small delta by words from one text to another. Inserts borrow from `to`.
 * Source: Myers, An O(ND) Difference Algorithm (1986), over words; bounded, so
 * that hopeless pairs become one replacement of what differs. ERR_NOMEM. */
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
 *
 *   theirs              mine                     result             reported
 *   ------------------  -----------------------  -----------------  --------
 *   change some words   change others            both               no
 *   insert a sentence   insert one there too     theirs, then mine  no
 *   a word -> x         the same word -> y       x y                yes
 *   a word -> x         the same word -> x       x                  no
 *   a word -> x         insert beside it         both               no
 *   insert in a word    insert in it elsewhere   both words whole   yes
 *   delete a word       delete it and a space    deleted            no
 *   delete a sentence   reword or insert in it   mine's, whole      yes
 *   reword in it        delete a sentence        theirs', whole     yes
 *   delete a sentence   delete a word of it      mine's, whole      yes
 *   delete A B          delete B C               C A                yes
 *
 * To delete a part of what the other deletes whole is to reword it: what one
 * author still wants to read is not lost without a question.
 *
 * Errors: ERR_BAD_DELTA (either does not fit base), ERR_NOMEM. */
MUST_USE enum err text_merge(struct span base, const struct text_delta *theirs,
                             const struct text_delta *mine,
                             struct text_merged *out);

#endif
