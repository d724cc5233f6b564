#include "text.h"

#include "text_walk.h"

#include <stdlib.h>

void text_delta_free(struct text_delta *d)
{
    free(d->steps);
    *d = (struct text_delta){0};
}

enum err text_apply(struct span text, const struct text_delta *delta,
                    struct buf *out)
{
    struct text_walk w = text_walk_start(delta);

    while (!w.at_end) {
        struct text_piece p = w.now;
        text_walk_next(&w);
        if (p.kind == TEXT_INSERT) {
            buf_put(out, p.text.at, p.text.len);
            continue;
        }
        size_t missing = p.chars;
        size_t bytes = text_bytes(text, &missing);
        if (missing)
            return ERR_BAD_DELTA;
        if (p.kind == TEXT_KEEP)
            buf_put(out, text.at, bytes);
        if (bytes) {
            text.at += bytes;
            text.len -= bytes;
        }
    }
    buf_put(out, text.at, text.len);
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void compose_piece(struct text_pen *pen, struct text_piece made,
                          struct text_piece then)
{
    bool drops = then.kind == TEXT_DROP;

    if (made.kind == TEXT_INSERT) {
        if (!drops) /* else it came and went: it never was */
            text_pen_insert(pen, made.text, made.chars);
    } else if (drops) {
        text_pen_drop(pen, made.chars);
    } else {
        text_pen_keep(pen, made.chars);
    }
}

enum err text_compose(const struct text_delta *first,
                      const struct text_delta *second, struct text_delta *out)
{
    struct text_walk a = text_walk_start(first);
    struct text_walk b = text_walk_start(second);
    struct text_pen pen = text_pen_start(out);

    while (!a.at_end || !b.at_end) {
        if (a.now.kind == TEXT_DROP) {
            text_pen_drop(&pen, a.now.chars);
            text_walk_next(&a);
        } else if (b.now.kind == TEXT_INSERT) {
            text_pen_insert(&pen, b.now.text, b.now.chars);
            text_walk_next(&b);
        } else {
            uint32_t chars = least(a.now.chars, b.now.chars);
            struct text_piece made = text_walk_take(&a, chars);
            struct text_piece then = text_walk_take(&b, chars);
            compose_piece(&pen, made, then);
        }
    }
    return text_pen_finish(&pen);
}

enum err text_invert(struct span text, const struct text_delta *delta,
                     struct text_delta *out)
{
    struct text_walk w = text_walk_start(delta);
    struct text_pen pen = text_pen_start(out);

    while (!w.at_end) {
        struct text_piece p = w.now;
        text_walk_next(&w);
        if (p.kind == TEXT_INSERT) {
            text_pen_drop(&pen, p.chars);
            continue;
        }
        size_t missing = p.chars;
        struct span old = {text.at, text_bytes(text, &missing)};
        if (missing) /* also when the text is empty: no null + 0 below */
            return ERR_BAD_DELTA;
        if (p.kind == TEXT_KEEP)
            text_pen_keep(&pen, p.chars);
        else
            text_pen_insert(&pen, old, p.chars);
        text = (struct span){old.at + old.len, text.len - old.len};
    }
    return text_pen_finish(&pen);
}
