/* text_word.h -- what a word is (PROTOCOL.md, section 7). For text_merge.c and
 * text_diff.c.
 *
 * Each code point is a letter, a joiner, a space or a break; the table is the
 * protocol's own, so that C and JavaScript agree for ever, whatever Unicode
 * they know. Between two code points a text is either *glued* (inside a word)
 * or may be cut:
 *
 *     letter|letter     glued            inc|onsistent
 *     letter|joiner     glued, if a letter follows      don|'t   3|.5
 *     joiner|letter     glued, if a letter came before  well-|known
 *     all others        a place to cut   clear|.   |(a|)
 *
 * Struct glyphs owns two arrays over a text that it borrows.
 */
#ifndef TEXT_WORD_H
#define TEXT_WORD_H

#include "bytes.h"
#include "err.h"

enum text_class { TEXT_BREAK, TEXT_SPACE, TEXT_JOINER, TEXT_LETTER };

enum text_class text_class_of(uint32_t code);

struct text_glyphs {
    struct span text;
    uint32_t count;   /* code points */
    uint8_t *classes; /* count of them, with two breaks at either side */
    uint32_t *starts; /* byte offsets, count + 1; NULL: all ASCII */
    uint8_t *memory;
};

/* The text is valid UTF-8 of less than 2^31 bytes. ERR_NOMEM. */
MUST_USE enum err text_glyphs_open(struct span text, struct text_glyphs *out);
void text_glyphs_close(struct text_glyphs *); /* fine on all zero */

/* The code points from .. to. */
struct span text_glyphs_slice(const struct text_glyphs *, uint32_t from,
                              uint32_t to);

/* Four classes: two before the place, two after it. */
static inline bool text_glue(const uint8_t c[4])
{
    if (c[1] == TEXT_LETTER)
        return c[2] == TEXT_LETTER ||
               (c[2] == TEXT_JOINER && c[3] == TEXT_LETTER);
    return c[1] == TEXT_JOINER && c[0] == TEXT_LETTER && c[2] == TEXT_LETTER;
}

/* Is the text glued between at - 1 and at? 0 <= at <= count. */
static inline bool text_glued(const struct text_glyphs *g, uint32_t at)
{
    return text_glue(g->classes + at - 2);
}

#endif
