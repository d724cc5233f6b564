/* text_side.h -- one author's edit, as text_merge.c sees it: where the text
 * was changed, widened to whole words.
 *
 * A *hunk* is what the delta changes in one place: base from .. to became at ..
 * end of the author's text. A *region* is one hunk or more, widened until both
 * its edges may be cut in base and in the author's text:
 *
 *     base    Adaptation is inconsistent.
 *     delta   [14, -2]                           hunk 14..16 -> 14..14
 *     text    Adaptation is consistent.          region 14..26 -> 14..24
 *
 * Regions are in order and do not overlap; they may touch.
 */
#ifndef TEXT_SIDE_H
#define TEXT_SIDE_H

#include "text.h"
#include "text_word.h"

struct text_hunk {
    uint32_t from, to; /* in base */
    uint32_t at, end;  /* in the author's text */
};

struct text_region {
    struct text_hunk span;
    uint32_t first, last; /* its hunks: first .. last - 1 */
};

struct text_side {
    struct text_glyphs text; /* the author's; bytes borrowed from the caller */
    struct text_hunk *hunks;
    struct text_region *regions;
    uint32_t hunk_count;
    uint32_t region_count;
};

/* `text` is base with `delta` applied. ERR_NOMEM. */
MUST_USE enum err text_side_open(const struct text_glyphs *base,
                                 struct span text,
                                 const struct text_delta *delta,
                                 struct text_side *out);
void text_side_close(struct text_side *);

/* Where base position `at` lies in the author's text, when the regions before
 * number `region` end at or before it and that one begins at or after it. */
static inline uint32_t text_side_place(const struct text_side *s,
                                       uint32_t region, uint32_t at)
{
    if (region == 0)
        return at;
    const struct text_hunk *r = &s->regions[region - 1].span;
    return at - r->to + r->end;
}

#endif
