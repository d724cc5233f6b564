/* History keeps an older text as the delta that makes it from the next newer
 * one; walking from new to old, each is applied to the one before. */
#include "store_sqlite.h"

#include "text.h"

#include <stdlib.h>

enum err unroll_open(struct unroll *u)
{
    *u = (struct unroll){0};
    u->newer = calloc(SCHEMA_FIELDS_MAX, sizeof *u->newer);
    if (!u->newer)
        return ERR_NOMEM;
    return pack_open(&u->pack);
}

void unroll_close(struct unroll *u)
{
    for (size_t i = 0; u->newer && i < SCHEMA_FIELDS_MAX; i++)
        buf_free(&u->newer[i]);
    free(u->newer);
    buf_free(&u->whole);
    pack_close(u->pack);
    *u = (struct unroll){0};
}

void unroll_begin(struct unroll *u)
{
    for (size_t i = 0; i < SCHEMA_FIELDS_MAX; i++)
        buf_clear(&u->newer[i]);
}

static enum err apply(struct unroll *u, struct span newer, struct span packed)
{
    struct text_delta delta = {0};
    struct items in;
    enum err err = pack_parse(u->pack, packed, &in);

    if (!err)
        err = text_delta_read(in, &delta);
    buf_clear(&u->whole);
    if (!err)
        err = text_apply(newer, &delta, &u->whole);
    text_delta_free(&delta);
    if (!err && !buf_ok(&u->whole))
        err = ERR_NOMEM;
    return err && err != ERR_NOMEM ? ERR_CORRUPT : err;
}

enum err unroll_row(struct unroll *u, struct row *row)
{
    struct buf *newer;

    if (row->field >= SCHEMA_FIELDS_MAX)
        return ERR_CORRUPT;
    if (row->outcome != OUTCOME_APPLIED && row->outcome != OUTCOME_MERGED)
        return row->flags & ROW_REVERSE ? ERR_CORRUPT : ERR_OK;
    newer = &u->newer[row->field];
    if (!(row->flags & ROW_REVERSE)) {
        buf_clear(newer);
        if (row->value.kind == VALUE_TEXT)
            buf_put(newer, row->value.bytes.at, row->value.bytes.len);
        return buf_ok(newer) ? ERR_OK : ERR_NOMEM;
    }
    enum err err = apply(u, buf_span(newer), row->value.bytes);
    if (err)
        return err;
    struct buf spare = *newer;
    *newer = u->whole;
    u->whole = spare;
    row->flags &= (uint8_t)~ROW_REVERSE;
    row->value = (struct value){.kind = newer->len ? VALUE_TEXT : VALUE_NIL,
                                .bytes = buf_span(newer)};
    return ERR_OK;
}
