#include "text.h"

#include "text_walk.h"

/* ---- Reading: only what PROTOCOL.md section 7 calls canonical. ---- */

struct reading {
    struct text_pen pen;
    enum { AT_START, KEPT, INSERTED, DROPPED } last;
    uint32_t old_chars; /* kept and dropped so far */
    uint32_t new_chars; /* inserted so far */
};

static enum err read_insert(struct reading *r, struct span text)
{
    size_t chars = text_chars(text);

    if (chars == 0 || chars > TEXT_CHARS_MAX - r->new_chars)
        return ERR_BAD_DELTA;
    if (r->last == INSERTED || r->last == DROPPED)
        return ERR_BAD_DELTA;
    r->last = INSERTED;
    r->new_chars += (uint32_t)chars;
    text_pen_insert(&r->pen, text, (uint32_t)chars);
    return ERR_OK;
}

static enum err read_count(struct reading *r, int64_t count)
{
    int64_t most = TEXT_CHARS_MAX - r->old_chars;

    if (count == 0 || count > most || count < -most)
        return ERR_BAD_DELTA;
    if (r->last == (count > 0 ? KEPT : DROPPED))
        return ERR_BAD_DELTA;
    if (count > 0) {
        r->last = KEPT;
        r->old_chars += (uint32_t)count;
        text_pen_keep(&r->pen, (uint64_t)count);
    } else {
        r->last = DROPPED;
        r->old_chars += (uint32_t)-count;
        text_pen_drop(&r->pen, (uint64_t)-count);
    }
    return ERR_OK;
}

enum err text_delta_read(struct items steps, struct text_delta *out)
{
    struct reading r = {.pen = text_pen_start(out)};

    while (items_ok(&steps)) {
        enum err err = ERR_BAD_DELTA;
        enum pack_kind kind = items_kind(&steps);
        if (kind == PACK_NONE)
            break;
        if (kind == PACK_TEXT)
            err = read_insert(&r, items_text(&steps));
        else if (kind == PACK_INT)
            err = read_count(&r, items_int(&steps));
        if (err)
            return err;
    }
    if (!items_ok(&steps) || r.last == KEPT)
        return ERR_BAD_DELTA;
    return text_pen_finish(&r.pen);
}

/* ---- Writing. ---- */

/* Steps on the wire: the pieces of one insert are one. */
static uint32_t wire_steps(const struct text_delta *d)
{
    uint32_t count = d->count;

    for (uint32_t i = 1; i < d->count; i++)
        count -= d->steps[i].count == 0 && d->steps[i - 1].count == 0;
    return count;
}

/* Pack the insert that begins at step i; returns the step after it. */
static uint32_t pack_insert(const struct text_delta *d, uint32_t i,
                            struct buf *out)
{
    uint32_t end = i + 1;

    while (end < d->count && d->steps[end].count == 0)
        end++;
    if (end == i + 1) {
        pack_text(out, d->steps[i].text);
        return end;
    }
    struct buf whole = {0};
    for (; i < end; i++)
        buf_put(&whole, d->steps[i].text.at, d->steps[i].text.len);
    if (buf_ok(&whole))
        pack_text(out, buf_span(&whole));
    else
        out->failed = true;
    buf_free(&whole);
    return end;
}

void text_delta_pack(const struct text_delta *d, struct buf *out)
{
    pack_array(out, wire_steps(d));
    for (uint32_t i = 0; i < d->count;) {
        if (d->steps[i].count == 0)
            i = pack_insert(d, i, out);
        else
            pack_int(out, d->steps[i++].count);
    }
}
