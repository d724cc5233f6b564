#include "segment.h"

#include "zip.h"

static bool like_group(const struct segment_group *g,
                       const struct segment_row *r)
{
    return r->flags == 0 && r->at == g->at && id_equal(r->author, g->author);
}

static void put_row(struct buf *b, const struct segment_group *g, uint64_t base,
                    const struct segment_row *r)
{
    bool delta = r->flags & SEGMENT_DELTA;
    bool brief = like_group(g, r);

    pack_array(b, brief ? 3 : delta ? 7 : 6);
    pack_uint(b, r->field);
    pack_uint(b, r->version - base);
    if (r->value.len > 0)
        buf_put(b, r->value.at, r->value.len);
    else
        pack_nil(b);
    if (brief)
        return;
    pack_uint(b, r->flags);
    pack_id(b, r->author);
    pack_int(b, r->at);
    if (delta)
        pack_uint(b, r->prev);
}

void segment_group_write(struct buf *b, const struct segment_group *g,
                         const struct segment_row *rows, size_t count)
{
    uint64_t base = UINT64_MAX;

    for (size_t n = 0; n < count; n++)
        if (rows[n].version < base)
            base = rows[n].version;
    pack_array(b, (uint32_t)(5 + count));
    pack_id(b, g->record);
    pack_uint(b, g->type);
    pack_id(b, g->author);
    pack_int(b, g->at);
    pack_uint(b, base);
    for (size_t n = 0; n < count; n++)
        put_row(b, g, base, &rows[n]);
}

enum err segment_plain(const struct message_segment *s, struct buf *plain,
                       struct span *body)
{
    *body = s->body;
    if (s->codec == MESSAGE_PLAIN)
        return s->body.len > SEGMENT_BYTES_MAX ? ERR_TOO_BIG : ERR_OK;
    buf_clear(plain);
    enum err err = zip_inflate_most(s->body, SEGMENT_BYTES_MAX, plain);
    *body = buf_span(plain);
    return err;
}

bool segment_row_next(struct segment_group *g, struct segment_row *out)
{
    if (g->rows.left == 0)
        return false;
    struct items in = items_array(&g->rows);
    *out = (struct segment_row){.field = items_uint32(&in)};
    out->version = g->base + items_uint(&in);
    out->item = in;
    out->author = g->author;
    out->at = g->at;
    items_skip(&in);
    if (in.left > 0) {
        out->flags = items_uint32(&in);
        out->author = items_id_or_nil(&in);
        out->at = items_int(&in);
    }
    if (out->flags & SEGMENT_DELTA)
        out->prev = items_uint(&in);
    if (!items_ok(&in) || out->version > (uint64_t)PACK_INT_MAX)
        g->rows.failed = true;
    return items_ok(&g->rows);
}

enum err segment_group_next(struct pack *pack, struct span *body,
                            struct segment_group *out)
{
    struct segment_row row;
    struct items in;

    pack_reset(pack);
    enum err err = pack_parse_next(pack, body, &in);
    if (err)
        return err;
    *out = (struct segment_group){.record = items_id(&in)};
    out->type = items_uint32(&in);
    out->author = items_id_or_nil(&in);
    out->at = items_int(&in);
    out->base = items_uint(&in);
    out->rows = in;
    struct segment_group walk = *out;
    while (segment_row_next(&walk, &row))
        ;
    return items_ok(&walk.rows) ? ERR_OK : ERR_MALFORMED;
}
