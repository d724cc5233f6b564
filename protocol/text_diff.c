#include "text.h"

#include "text_walk.h"
#include "text_word.h"

#include <stdlib.h>

/* Above this many changed tokens two texts have little in common: what differs
 * becomes one replacement. Bounds the time (tokens x this) and the memory. */
#define EDITS_MAX 512u

/* A token is a word, or one space, joiner or break by itself. */
struct token {
    uint32_t at; /* code points */
    uint32_t byte;
    uint32_t print; /* differs: the tokens do */
};

struct tokens {
    struct text_glyphs text;
    struct token *all; /* count of them, and one more for the end */
    uint32_t count;
};

/* What differs: tokens a .. a_end of the old became b .. b_end of the new. */
struct hunk {
    uint32_t a, a_end, b, b_end;
};

struct diffing {
    struct tokens from, to;
    uint32_t start; /* tokens that both begin with */
    uint32_t a, b;  /* tokens between the common start and end */
    struct hunk *hunks;
    uint32_t hunk_count;
};

/* ---- Tokens. ---- */

static void read_tokens(struct tokens *t)
{
    const uint8_t *bytes = t->text.text.at;
    uint32_t byte = 0;

    for (uint32_t i = 0; i < t->text.count; i++) {
        if (i == 0 || !text_glued(&t->text, i))
            t->all[t->count++] = (struct token){i, byte, 2166136261u};
        struct token *last = &t->all[t->count - 1];
        uint32_t end = t->text.starts ? t->text.starts[i + 1] : i + 1;
        for (; byte < end; byte++)
            last->print = (last->print ^ bytes[byte]) * 16777619u; /* FNV */
    }
    t->all[t->count] = (struct token){t->text.count, byte, 0};
}

static enum err tokens_open(struct span text, struct tokens *out)
{
    enum err err = text_glyphs_open(text, &out->text);

    if (err)
        return err;
    out->all = malloc(((size_t)out->text.count + 1) * sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    read_tokens(out);
    return ERR_OK;
}

static void tokens_close(struct tokens *t)
{
    text_glyphs_close(&t->text);
    free(t->all);
}

static bool same_token(const struct diffing *d, uint32_t i, uint32_t j)
{
    const struct token *a = &d->from.all[i];
    const struct token *b = &d->to.all[j];
    uint32_t bytes = a[1].byte - a->byte;

    return a->print == b->print && bytes == b[1].byte - b->byte &&
           !memcmp(d->from.text.text.at + a->byte, d->to.text.text.at + b->byte,
                   bytes);
}

static void trim(struct diffing *d)
{
    uint32_t a = d->from.count;
    uint32_t b = d->to.count;

    while (d->start < a && d->start < b && same_token(d, d->start, d->start))
        d->start++;
    while (a > d->start && b > d->start && same_token(d, a - 1, b - 1)) {
        a--;
        b--;
    }
    d->a = a - d->start;
    d->b = b - d->start;
}

/* ---- Myers: rows[d][i] is how far into the old text d changes reach on the
 * diagonal k = 2i - d; rows lie one after the other, row d at d(d + 1)/2. ----
 */

struct search {
    uint32_t *rows;
    size_t cap;
    uint32_t changes; /* the last row */
};

static size_t row_at(uint32_t changes)
{
    return (size_t)changes * (changes + 1) / 2;
}

/* Does place i of the row after `row` come by an insert (from the diagonal
 * above) or by a drop? */
static bool by_insert(const uint32_t *row, uint32_t i, uint32_t changes)
{
    return i == 0 || (i < changes && row[i - 1] < row[i]);
}

static uint32_t reach(const struct diffing *d, uint32_t x, int64_t k)
{
    while (x < d->a && x - k < d->b &&
           same_token(d, d->start + x, (uint32_t)(d->start + x - k)))
        x++;
    return x;
}

/* Fill row s->changes; true when it reaches the end of both. */
static bool fill_row(const struct diffing *d, struct search *s)
{
    uint32_t changes = s->changes;
    uint32_t *row = s->rows + row_at(changes);
    const uint32_t *before = changes ? row - changes : row;

    for (uint32_t i = 0; i <= changes; i++) {
        int64_t k = 2 * (int64_t)i - changes;
        uint32_t x = 0;
        if (changes)
            x = by_insert(before, i, changes) ? before[i] : before[i - 1] + 1;
        row[i] = reach(d, x, k);
        if (row[i] >= d->a && row[i] - k >= d->b)
            return true;
    }
    return false;
}

static enum err search_run(const struct diffing *d, struct search *s,
                           bool *found)
{
    for (; s->changes <= EDITS_MAX; s->changes++) {
        size_t need = row_at(s->changes + 1);
        if (need > s->cap) {
            size_t cap = 2 * need;
            uint32_t *rows = realloc(s->rows, cap * sizeof *rows);
            if (!rows)
                return ERR_NOMEM;
            s->rows = rows;
            s->cap = cap;
        }
        if (fill_row(d, s)) {
            *found = true;
            return ERR_OK;
        }
    }
    return ERR_OK;
}

/* Put one changed token in front of the hunks, which grow towards the start;
 * at a, b in the trimmed texts. */
static void add_change(struct diffing *d, uint32_t a, uint32_t b, bool insert)
{
    struct hunk h = {a, insert ? a : a + 1, b, insert ? b + 1 : b};
    struct hunk *last = d->hunk_count ? &d->hunks[d->hunk_count - 1] : NULL;

    if (last && last->a == h.a_end && last->b == h.b_end) {
        last->a = h.a;
        last->b = h.b;
    } else {
        d->hunks[d->hunk_count++] = h;
    }
}

/* Walk the rows back from the end. */
static void trace_back(struct diffing *d, const struct search *s)
{
    int64_t k = (int64_t)d->a - d->b;

    for (uint32_t changes = s->changes; changes > 0; changes--) {
        const uint32_t *before = s->rows + row_at(changes - 1);
        uint32_t i = (uint32_t)((k + changes) / 2);
        bool insert = by_insert(before, i, changes);
        uint32_t a = insert ? before[i] : before[i - 1];
        k += insert ? 1 : -1;
        add_change(d, a, (uint32_t)(a - k), insert);
    }
}

static enum err find_hunks(struct diffing *d)
{
    struct search s = {0};
    bool found = false;

    d->hunks = malloc((EDITS_MAX + 1) * sizeof *d->hunks);
    if (!d->hunks)
        return ERR_NOMEM;
    if (d->a == 0 || d->b == 0) {
        if (d->a || d->b)
            d->hunks[d->hunk_count++] = (struct hunk){0, d->a, 0, d->b};
        return ERR_OK;
    }
    enum err err = search_run(d, &s, &found);
    if (!err && found)
        trace_back(d, &s);
    else if (!err)
        d->hunks[d->hunk_count++] = (struct hunk){0, d->a, 0, d->b};
    free(s.rows);
    return err;
}

/* ---- Writing. ---- */

static bool replaces(const struct hunk *h)
{
    return h->a < h->a_end && h->b < h->b_end;
}

/* No word is kept between the two hunks. */
static bool wordless(const struct diffing *d, const struct hunk *h,
                     const struct hunk *next)
{
    uint32_t at = d->from.all[d->start + h->a_end].at;
    uint32_t end = d->from.all[d->start + next->a].at;

    for (; at < end; at++)
        if (d->from.text.classes[at] == TEXT_LETTER)
            return false;
    return true;
}

static void write_hunk(const struct diffing *d, struct hunk h, uint32_t *done,
                       struct text_pen *pen)
{
    const struct token *a = d->from.all + d->start;
    const struct token *b = d->to.all + d->start;
    uint32_t chars = b[h.b_end].at - b[h.b].at;
    struct span text = text_glyphs_slice(&d->to.text, b[h.b].at, b[h.b_end].at);

    text_pen_keep(pen, a[h.a].at - *done);
    text_pen_insert(pen, text, chars);
    text_pen_drop(pen, a[h.a_end].at - a[h.a].at);
    *done = a[h.a_end].at;
}

/* The hunks are in order from the end. Neighbouring words that were reworded
 * are one rewording, with the space between them. */
static enum err write_hunks(const struct diffing *d, struct text_delta *out)
{
    struct text_pen pen = text_pen_start(out);
    uint32_t done = 0;

    for (uint32_t i = d->hunk_count; i > 0;) {
        struct hunk h = d->hunks[--i];
        while (i > 0 && replaces(&h) && replaces(&d->hunks[i - 1]) &&
               wordless(d, &h, &d->hunks[i - 1])) {
            i--;
            h.a_end = d->hunks[i].a_end;
            h.b_end = d->hunks[i].b_end;
        }
        write_hunk(d, h, &done, &pen);
    }
    return text_pen_finish(&pen);
}

enum err text_diff(struct span from, struct span to, struct text_delta *out)
{
    struct diffing d = {0};
    enum err err = tokens_open(from, &d.from);

    if (!err)
        err = tokens_open(to, &d.to);
    if (!err) {
        trim(&d);
        err = find_hunks(&d);
    }
    if (!err)
        err = write_hunks(&d, out);
    free(d.hunks);
    tokens_close(&d.to);
    tokens_close(&d.from);
    return err;
}
