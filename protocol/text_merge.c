#include "text.h"

#include "text_side.h"
#include "text_walk.h"

#include <stdlib.h>

enum { THEIRS, MINE, SIDES };

/* What stands in the result for a group of regions. */
enum meeting {
    ALONE,    /* one side's only: its wording */
    AGREED,   /* both wanted the same: the wording of `shown` */
    FOLLOWED, /* two inserts at one place: both, theirs first, no question */
    REWORDED, /* both wordings whole, theirs first; reported */
};

/* Regions that stand or fall together, from .. to in base. */
struct group {
    uint32_t from, to;
    uint32_t first[SIDES], last[SIDES]; /* regions first .. last - 1 */
    uint32_t at[SIDES], end[SIDES];     /* the wordings, in the sides' texts */
    enum meeting meeting;
    int shown;       /* ALONE, AGREED: whose wording */
    bool space;      /* between the two wordings */
    uint8_t tail[2]; /* classes of the last two of the result so far */
};

struct merging {
    struct text_glyphs base;
    struct text_side side[SIDES];
    struct group *groups; /* a stack: the result so far */
    uint32_t count;
};

/* ---- What becomes of one group. ---- */

static struct span wording(const struct merging *m, const struct group *g,
                           int side)
{
    return text_glyphs_slice(&m->side[side].text, g->at[side], g->end[side]);
}

static bool has_letter(const struct merging *m, const struct group *g, int side)
{
    const uint8_t *classes = m->side[side].text.classes;

    for (uint32_t i = g->at[side]; i < g->end[side]; i++)
        if (classes[i] == TEXT_LETTER)
            return true;
    return false;
}

static bool only_drops(const struct merging *m, const struct group *g, int side)
{
    const struct text_side *s = &m->side[side];

    for (uint32_t r = g->first[side]; r < g->last[side]; r++)
        for (uint32_t h = s->regions[r].first; h < s->regions[r].last; h++)
            if (s->hunks[h].end > s->hunks[h].at)
                return false;
    return true;
}

static uint8_t last_class(const struct merging *m, const struct group *g)
{
    return m->side[THEIRS].text.classes[(int64_t)g->end[THEIRS] - 1];
}

static uint8_t first_class(const struct merging *m, const struct group *g)
{
    return m->side[MINE].text.classes[g->at[MINE]];
}

static bool spaced(const struct merging *m, const struct group *g)
{
    return last_class(m, g) != TEXT_SPACE && first_class(m, g) != TEXT_SPACE &&
           has_letter(m, g, THEIRS) && has_letter(m, g, MINE);
}

static bool run_together(const struct merging *m, const struct group *g)
{
    return g->end[THEIRS] > g->at[THEIRS] && g->end[MINE] > g->at[MINE] &&
           last_class(m, g) == TEXT_LETTER && first_class(m, g) == TEXT_LETTER;
}

static uint32_t length(const struct group *g, int side)
{
    return g->end[side] - g->at[side];
}

static void agree(struct group *g, int shown)
{
    g->meeting = AGREED;
    g->shown = shown;
}

static void resolve_both(const struct merging *m, struct group *g)
{
    if (span_equal(wording(m, g, THEIRS), wording(m, g, MINE))) {
        agree(g, THEIRS);
        return;
    }
    if (!has_letter(m, g, THEIRS) && !has_letter(m, g, MINE) &&
        only_drops(m, g, THEIRS) && only_drops(m, g, MINE)) {
        agree(g, length(g, MINE) < length(g, THEIRS) ? MINE : THEIRS);
        return;
    }
    bool same_place = g->from == g->to;
    g->meeting = same_place && !run_together(m, g) ? FOLLOWED : REWORDED;
    g->space = spaced(m, g);
}

/* The group's range and regions are known: fill in the rest. */
static void resolve(const struct merging *m, struct group *g)
{
    g->space = false;
    g->shown = THEIRS;
    for (int s = 0; s < SIDES; s++) {
        g->at[s] = text_side_place(&m->side[s], g->first[s], g->from);
        g->end[s] = text_side_place(&m->side[s], g->last[s], g->to);
    }
    g->meeting = ALONE;
    if (g->first[THEIRS] == g->last[THEIRS])
        g->shown = MINE;
    else if (g->first[MINE] < g->last[MINE])
        resolve_both(m, g);
}

static bool shows(const struct group *g, int side)
{
    bool both = g->meeting == FOLLOWED || g->meeting == REWORDED;

    return both || g->shown == side;
}

/* ---- Would words run together at a group's edges? ---- */

/* Let a run of classes pass by; the last two stay in the window. */
static void pass(uint8_t window[2], const uint8_t *classes, uint32_t count)
{
    for (uint32_t i = count > 2 ? count - 2 : 0; i < count; i++) {
        window[0] = window[1];
        window[1] = classes[i];
    }
}

static void pass_group(const struct merging *m, const struct group *g,
                       uint8_t window[2])
{
    static const uint8_t space[] = {TEXT_SPACE};

    for (int s = 0; s < SIDES; s++) {
        if (s == MINE && g->space)
            pass(window, space, 1);
        if (shows(g, s))
            pass(window, m->side[s].text.classes + g->at[s], length(g, s));
    }
}

/* The first two classes of the result from the group's start on, as long as
 * base follows it. */
static void look_ahead(const struct merging *m, const struct group *g,
                       uint8_t ahead[2])
{
    uint32_t count = 0;

    for (int s = 0; s < SIDES; s++) {
        if (s == MINE && g->space && count < 2)
            ahead[count++] = TEXT_SPACE;
        for (uint32_t i = g->at[s]; shows(g, s) && i < g->end[s]; i++) {
            if (count == 2)
                return;
            ahead[count++] = m->side[s].text.classes[i];
        }
    }
    for (uint32_t i = g->to; count < 2; i++)
        ahead[count++] = m->base.classes[i];
}

/* The classes before the group: the tail of the one below it and what base
 * keeps between them. */
static void look_back(const struct merging *m, const struct group *below,
                      const struct group *g, uint8_t back[2])
{
    uint32_t from = below ? below->to : 0;

    back[0] = below ? below->tail[0] : TEXT_BREAK;
    back[1] = below ? below->tail[1] : TEXT_BREAK;
    pass(back, m->base.classes + from, g->from - from);
}

/* Neither author's text is glued at its regions' edges; theirs beside mine may
 * be, when they touch or only a joiner stands between them. */
static bool runs_into(const struct merging *m, const struct group *below,
                      const struct group *g)
{
    uint8_t window[4];
    const uint8_t *after = m->base.classes + g->to;

    if (g->from - below->to > 1)
        return false;
    look_back(m, below, g, window);
    look_ahead(m, g, window + 2);
    if (text_glue(window))
        return true;
    pass_group(m, g, window);
    window[2] = after[0];
    window[3] = after[1];
    return text_glue(window);
}

/* ---- Gathering regions into groups, left to right. ---- */

static bool one_sided(const struct group *g, int side)
{
    int other = side == MINE ? THEIRS : MINE;

    return g->first[side] < g->last[side] && g->first[other] == g->last[other];
}

/* Two inserts at one place. */
static bool meet_in_one_place(const struct group *below, const struct group *g)
{
    return below->from == g->to && one_sided(below, THEIRS) &&
           one_sided(g, MINE);
}

static struct group join(const struct group *below, const struct group *g)
{
    struct group both = *below;

    both.to = below->to > g->to ? below->to : g->to;
    both.last[THEIRS] = g->last[THEIRS];
    both.last[MINE] = g->last[MINE];
    return both;
}

/* Which region comes next: by its start; at one place an insert before what
 * is dropped there, and theirs before mine. */
static int next_side(const struct merging *m, const uint32_t next[SIDES])
{
    for (int s = 0; s < SIDES; s++)
        if (next[s] == m->side[s].region_count)
            return s == THEIRS ? MINE : THEIRS;

    const struct text_hunk *t = &m->side[THEIRS].regions[next[THEIRS]].span;
    const struct text_hunk *o = &m->side[MINE].regions[next[MINE]].span;
    if (t->from != o->from)
        return t->from < o->from ? THEIRS : MINE;
    return o->to == o->from && t->to > t->from ? MINE : THEIRS;
}

static struct group next_group(const struct merging *m, uint32_t next[SIDES])
{
    int s = next_side(m, next);
    struct group g = {.first = {next[THEIRS], next[MINE]}};
    const struct text_hunk *r = &m->side[s].regions[next[s]++].span;

    g.from = r->from;
    g.to = r->to;
    g.last[THEIRS] = next[THEIRS];
    g.last[MINE] = next[MINE];
    return g;
}

/* First what overlaps, or inserts in one place. */
static enum err gather(struct merging *m)
{
    uint32_t next[SIDES] = {0, 0};
    size_t total =
        (size_t)m->side[THEIRS].region_count + m->side[MINE].region_count;

    m->groups = calloc(total + 1, sizeof *m->groups);
    if (!m->groups)
        return ERR_NOMEM;
    for (size_t i = 0; i < total; i++) {
        struct group g = next_group(m, next);
        struct group *below = m->count ? &m->groups[m->count - 1] : NULL;
        if (below && (g.from < below->to || meet_in_one_place(below, &g)))
            *below = join(below, &g);
        else
            m->groups[m->count++] = g;
    }
    return ERR_OK;
}

/* Then, now that no group will grow by overlap, what would run into one word.
 * The array becomes a stack of what is done, in place. */
static void settle(struct merging *m)
{
    uint32_t done = 0;

    for (uint32_t i = 0; i < m->count; i++) {
        struct group g = m->groups[i];
        resolve(m, &g);
        while (done && runs_into(m, &m->groups[done - 1], &g)) {
            g = join(&m->groups[--done], &g);
            resolve(m, &g);
        }
        look_back(m, done ? &m->groups[done - 1] : NULL, &g, g.tail);
        pass_group(m, &g, g.tail);
        m->groups[done++] = g;
    }
    m->count = done;
}

/* ---- Writing what mine adds to theirs. ---- */

static const uint8_t one_space[] = {' '};

/* Mine alone: its hunks as they were made, on text that theirs kept. */
static void write_hunks(const struct merging *m, const struct group *g,
                        struct text_pen *pen)
{
    const struct text_side *mine = &m->side[MINE];
    uint32_t done = g->from;
    uint32_t last = mine->regions[g->last[MINE] - 1].last;

    for (uint32_t i = mine->regions[g->first[MINE]].first; i < last; i++) {
        const struct text_hunk *h = &mine->hunks[i];
        struct span text = text_glyphs_slice(&mine->text, h->at, h->end);
        text_pen_keep(pen, h->from - done);
        text_pen_insert(pen, text, h->end - h->at);
        text_pen_drop(pen, h->to - h->from);
        done = h->to;
    }
    text_pen_keep(pen, g->to - done);
}

static void write_group(const struct merging *m, const struct group *g,
                        struct text_pen *pen)
{
    if (!shows(g, MINE)) {
        text_pen_keep(pen, length(g, THEIRS));
        return;
    }
    if (g->meeting == ALONE) {
        write_hunks(m, g, pen);
        return;
    }
    if (shows(g, THEIRS))
        text_pen_keep(pen, length(g, THEIRS));
    if (g->space)
        text_pen_insert(pen, (struct span){one_space, 1}, 1);
    text_pen_insert(pen, wording(m, g, MINE), length(g, MINE));
    if (!shows(g, THEIRS))
        text_pen_drop(pen, length(g, THEIRS));
}

static enum err write_result(const struct merging *m, struct text_merged *out)
{
    struct text_pen pen = text_pen_start(&out->delta);
    uint32_t done = 0;
    uint32_t overlaps = 0;

    for (uint32_t i = 0; i < m->count; i++)
        overlaps += m->groups[i].meeting == REWORDED;
    if (overlaps) {
        out->overlaps = malloc(overlaps * sizeof *out->overlaps);
        if (!out->overlaps)
            return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < m->count; i++) {
        const struct group *g = &m->groups[i];
        text_pen_keep(&pen, g->from - done);
        write_group(m, g, &pen);
        done = g->to;
        if (g->meeting == REWORDED)
            out->overlaps[out->overlap_count++] = (struct text_overlap){
                g->from, g->to, wording(m, g, THEIRS), wording(m, g, MINE)};
    }
    return text_pen_finish(&pen);
}

/* ---- The whole. ---- */

void text_merged_free(struct text_merged *merged)
{
    text_delta_free(&merged->delta);
    free(merged->overlaps);
    buf_free(&merged->memory);
    *merged = (struct text_merged){0};
}

/* Both authors' texts, one after the other: everything that the result
 * borrows. *theirs: how long the first is. */
static enum err write_texts(struct span base, const struct text_delta *theirs,
                            const struct text_delta *mine,
                            struct text_merged *out, size_t *theirs_bytes)
{
    enum err err = text_apply(base, theirs, &out->memory);

    *theirs_bytes = out->memory.len;
    return err ? err : text_apply(base, mine, &out->memory);
}

enum err text_merge(struct span base, const struct text_delta *theirs,
                    const struct text_delta *mine, struct text_merged *out)
{
    struct merging m = {0};
    size_t bytes;

    *out = (struct text_merged){0};
    enum err err = write_texts(base, theirs, mine, out, &bytes);
    if (err)
        goto done;
    struct span first = {out->memory.at, bytes};
    struct span second = {out->memory.at, out->memory.len - bytes};
    if (second.len)
        second.at += bytes;
    err = text_glyphs_open(base, &m.base);
    if (!err)
        err = text_side_open(&m.base, first, theirs, &m.side[THEIRS]);
    if (!err)
        err = text_side_open(&m.base, second, mine, &m.side[MINE]);
    if (!err)
        err = gather(&m);
    if (!err) {
        settle(&m);
        err = write_result(&m, out);
    }
done:
    free(m.groups);
    text_side_close(&m.side[MINE]);
    text_side_close(&m.side[THEIRS]);
    text_glyphs_close(&m.base);
    if (err)
        text_merged_free(out);
    return err;
}
