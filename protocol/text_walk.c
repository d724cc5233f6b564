#include "text_walk.h"

#include <assert.h>
#include <stdlib.h>

#define HIGH_BITS 0x8080808080808080u

/* Eight ASCII bytes at once: notes are mostly that. */
static bool eight_ascii(const uint8_t *at)
{
    uint64_t eight;

    memcpy(&eight, at, sizeof eight);
    return (eight & HIGH_BITS) == 0;
}

static bool starts_char(uint8_t byte)
{
    return (byte & 0xc0) != 0x80;
}

size_t text_chars(struct span s)
{
    size_t chars = 0;

    for (size_t i = 0; i < s.len;) {
        if (s.len - i >= 8 && eight_ascii(s.at + i)) {
            chars += 8;
            i += 8;
        } else {
            chars += starts_char(s.at[i++]);
        }
    }
    return chars;
}

size_t text_bytes(struct span s, size_t *chars)
{
    size_t i = 0;

    while (*chars && i < s.len) {
        if (*chars >= 8 && s.len - i >= 8 && eight_ascii(s.at + i)) {
            *chars -= 8;
            i += 8;
            continue;
        }
        for (i++; i < s.len && !starts_char(s.at[i]); i++)
            ;
        --*chars;
    }
    return i;
}

void text_walk_next(struct text_walk *w)
{
    if (w->next == w->end) {
        w->at_end = true;
        w->now = (struct text_piece){TEXT_KEEP, UINT32_MAX, {NULL, 0}};
        return;
    }
    const struct text_step *s = w->next++;
    if (s->count == 0)
        w->now = (struct text_piece){TEXT_INSERT, s->chars, s->text};
    else if (s->count > 0)
        w->now = (struct text_piece){TEXT_KEEP, (uint32_t)s->count, {NULL, 0}};
    else
        w->now = (struct text_piece){TEXT_DROP, (uint32_t)-s->count, {NULL, 0}};
}

struct text_walk text_walk_start(const struct text_delta *d)
{
    struct text_walk w = {.next = d->steps, .end = d->steps};

    if (d->count)
        w.end += d->count;
    text_walk_next(&w);
    return w;
}

struct text_piece text_walk_take(struct text_walk *w, uint32_t chars)
{
    struct text_piece got = w->now;

    assert(chars <= got.chars);
    got.chars = chars;
    if (w->at_end)
        return got;
    if (chars == w->now.chars) {
        text_walk_next(w);
        return got;
    }
    if (got.kind == TEXT_INSERT) {
        size_t missing = chars;
        bool ascii = w->now.chars == got.text.len;

        got.text.len = ascii ? chars : text_bytes(got.text, &missing);
        w->now.text.at += got.text.len;
        w->now.text.len -= got.text.len;
    }
    w->now.chars -= chars;
    return got;
}

struct text_pen text_pen_start(struct text_delta *out)
{
    out->count = 0;
    return (struct text_pen){.out = out};
}

static bool grow(struct text_delta *d)
{
    uint32_t cap = d->cap ? d->cap * 2 : 8;

    if (cap < d->cap)
        return false;
    struct text_step *steps = realloc(d->steps, cap * sizeof *steps);
    if (!steps)
        return false;
    d->steps = steps;
    d->cap = cap;
    return true;
}

static void pen_step(struct text_pen *p, struct text_step step)
{
    struct text_delta *d = p->out;

    if (!p->err && d->count == d->cap && !grow(d))
        p->err = ERR_NOMEM;
    if (!p->err)
        d->steps[d->count++] = step;
}

static void pen_flush_keep(struct text_pen *p)
{
    if (p->keep == 0)
        return;
    if (p->keep > INT32_MAX)
        p->err = ERR_BAD_DELTA;
    else
        pen_step(p, (struct text_step){.count = (int32_t)p->keep});
    p->keep = 0;
}

static void pen_flush_drop(struct text_pen *p)
{
    if (p->drop == 0)
        return;
    if (p->drop > INT32_MAX)
        p->err = ERR_BAD_DELTA;
    else
        pen_step(p, (struct text_step){.count = -(int32_t)p->drop});
    p->drop = 0;
}

void text_pen_keep(struct text_pen *p, uint64_t chars)
{
    if (chars)
        pen_flush_drop(p);
    p->keep += chars;
}

void text_pen_drop(struct text_pen *p, uint64_t chars)
{
    if (chars)
        pen_flush_keep(p);
    p->drop += chars;
}

void text_pen_insert(struct text_pen *p, struct span text, uint32_t chars)
{
    if (chars == 0)
        return;
    pen_flush_keep(p);

    struct text_delta *d = p->out;
    struct text_step *last = d->count ? &d->steps[d->count - 1] : NULL;
    if (last && last->count == 0 && last->text.at + last->text.len == text.at &&
        last->chars <= UINT32_MAX - chars) {
        last->text.len += text.len;
        last->chars += chars;
        return;
    }
    pen_step(p, (struct text_step){.chars = chars, .text = text});
}

enum err text_pen_finish(struct text_pen *p)
{
    pen_flush_drop(p); /* a keep still waiting is the tail: it goes unsaid */
    return p->err;
}
