#include "text_side.h"

#include "text_walk.h"

#include <stdlib.h>

/* The steps between two keeps make one hunk. */
static void read_hunks(const struct text_delta *delta, struct text_side *s)
{
    struct text_hunk h = {0};
    bool open = false;

    for (uint32_t i = 0; i < delta->count; i++) {
        const struct text_step *step = &delta->steps[i];
        if (step->count > 0) {
            if (open)
                s->hunks[s->hunk_count++] = h;
            open = false;
            h.from = h.to += (uint32_t)step->count;
            h.at = h.end += (uint32_t)step->count;
            continue;
        }
        open = true;
        if (step->count < 0)
            h.to += (uint32_t)-step->count;
        else
            h.end += step->chars;
    }
    if (open)
        s->hunks[s->hunk_count++] = h;
}

struct widening {
    const struct text_glyphs *base;
    const struct text_side *side;
};

static bool glued(const struct widening *w, uint32_t in_base, uint32_t in_text)
{
    return text_glued(w->base, in_base) || text_glued(&w->side->text, in_text);
}

/* The region's left edge. It never passes the region before, whose right edge
 * may be cut, nor the start, before which all is cut. */
static void widen_left(const struct widening *w, struct text_hunk *r)
{
    while (glued(w, r->from, r->at)) {
        r->from--;
        r->at--;
    }
}

/* The right edge; takes in the hunks that it meets. Past the end all is cut. */
static void widen_right(const struct widening *w, struct text_region *r)
{
    const struct text_side *s = w->side;

    while (glued(w, r->span.to, r->span.end)) {
        if (r->last < s->hunk_count && s->hunks[r->last].from == r->span.to) {
            r->span.to = s->hunks[r->last].to;
            r->span.end = s->hunks[r->last].end;
            r->last++;
        } else {
            r->span.to++;
            r->span.end++;
        }
    }
}

static void make_regions(const struct text_glyphs *base, struct text_side *s)
{
    struct widening w = {base, s};

    for (uint32_t i = 0; i < s->hunk_count;) {
        struct text_region r = {s->hunks[i], i, i + 1};
        widen_left(&w, &r.span);
        widen_right(&w, &r);
        s->regions[s->region_count++] = r;
        i = r.last;
    }
}

enum err text_side_open(const struct text_glyphs *base, struct span text,
                        const struct text_delta *delta, struct text_side *out)
{
    size_t most = (size_t)delta->count + 1;

    *out = (struct text_side){0};
    enum err err = text_glyphs_open(text, &out->text);
    if (err)
        return err;
    out->hunks = malloc(most * sizeof *out->hunks);
    out->regions = malloc(most * sizeof *out->regions);
    if (!out->hunks || !out->regions)
        return ERR_NOMEM;
    read_hunks(delta, out);
    make_regions(base, out);
    return ERR_OK;
}

void text_side_close(struct text_side *s)
{
    text_glyphs_close(&s->text);
    free(s->hunks);
    free(s->regions);
    *s = (struct text_side){0};
}
