/* text_walk.h -- a delta read and written piece by piece. For the text_*.c
 * files and the text tool; everybody else uses text.h.
 *
 * A walk yields the pieces of a delta, cut as small as the reader needs; after
 * the last step it yields an endless keep. A pen takes pieces in any order
 * that makes sense at one place and leaves canonical steps: no empty ones,
 * neighbours joined, inserts before the drop, no keep at the end.
 *
 * In memory an insert may lie in several pieces, one step each, because the
 * steps borrow their text; text_delta_pack() joins them.
 */
#ifndef TEXT_WALK_H
#define TEXT_WALK_H

#include "text.h"

enum text_kind { TEXT_KEEP, TEXT_INSERT, TEXT_DROP };

struct text_piece {
    enum text_kind kind;
    uint32_t chars;
    struct span text; /* INSERT only */
};

struct text_walk {
    const struct text_step *next;
    const struct text_step *end;
    struct text_piece now;
    bool at_end; /* past the last step: everything left is kept */
};

struct text_walk text_walk_start(const struct text_delta *);
void text_walk_next(struct text_walk *);

/* Take `chars` code points off the current piece; at most now.chars. */
struct text_piece text_walk_take(struct text_walk *, uint32_t chars);

struct text_pen {
    struct text_delta *out;
    uint64_t keep; /* waiting for something to follow */
    uint64_t drop; /* waiting for the next keep */
    enum err err;  /* sticky: NOMEM, or BAD_DELTA when a count overflows */
};

/* Clears `out` but keeps its memory. */
struct text_pen text_pen_start(struct text_delta *out);
void text_pen_keep(struct text_pen *, uint64_t chars);
void text_pen_drop(struct text_pen *, uint64_t chars);
void text_pen_insert(struct text_pen *, struct span text, uint32_t chars);
MUST_USE enum err text_pen_finish(struct text_pen *);

/* Code points in valid UTF-8, and the bytes that the first `chars` of them
 * take. text_bytes() sets *chars to what is missing when there are fewer. */
size_t text_chars(struct span);
size_t text_bytes(struct span, size_t *chars);

#endif
