#include "pack.h"

/* Every byte is looked at before anything is built of it. */

struct check {
    const uint8_t *at, *end;
    uint32_t items;
    uint32_t depth;
    uint32_t open[PACK_DEPTH_MAX]; /* items still to come, per open array */
};

static size_t left(const struct check *c)
{
    return (size_t)(c->end - c->at);
}

static bool take_be(struct check *c, unsigned bytes, uint64_t *v)
{
    if (left(c) < bytes)
        return false;
    *v = 0;
    for (unsigned i = 0; i < bytes; i++)
        *v = *v << 8 | c->at[i];
    c->at += bytes;
    return true;
}

static enum err check_uint(struct check *c, unsigned bytes, uint64_t least)
{
    uint64_t v;

    if (!take_be(c, bytes, &v) || v < least || v > (uint64_t)PACK_INT_MAX)
        return ERR_MALFORMED;
    return ERR_OK;
}

/* A negative int: signed tags never hold a value that an unsigned one or a
 * shorter one could. */
static enum err check_int(struct check *c, unsigned bytes, int64_t most)
{
    uint64_t v;

    if (!take_be(c, bytes, &v))
        return ERR_MALFORMED;
    int64_t n = (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
    if (n > most || n < -PACK_INT_MAX)
        return ERR_MALFORMED;
    return ERR_OK;
}

static enum err check_real(struct check *c)
{
    uint64_t bits;

    if (!take_be(c, 8, &bits) || (bits >> 52 & 0x7ff) == 0x7ff)
        return ERR_MALFORMED;
    return ERR_OK;
}

static enum err check_bytes(struct check *c, uint64_t len, bool text)
{
    if (len > left(c))
        return ERR_MALFORMED;
    if (text && !utf8_check((struct span){c->at, (size_t)len}, NULL))
        return ERR_MALFORMED;
    c->at += len;
    return ERR_OK;
}

static enum err check_array(struct check *c, uint64_t count)
{
    if (count > left(c))
        return ERR_MALFORMED;
    if (count > PACK_ITEMS_MAX - c->items)
        return ERR_TOO_BIG;
    if (c->depth == PACK_DEPTH_MAX)
        return ERR_TOO_DEEP;
    c->items += (uint32_t)count;
    c->open[c->depth++] = (uint32_t)count;
    return ERR_OK;
}

static enum err check_sized(struct check *c, unsigned bytes, bool text)
{
    uint64_t len;

    if (!take_be(c, bytes, &len))
        return ERR_MALFORMED;
    return check_bytes(c, len, text);
}

static enum err check_item(struct check *c)
{
    uint64_t count;

    if (c->at == c->end)
        return ERR_MALFORMED;
    uint8_t tag = *c->at++;
    if (tag <= 0x7f || tag >= 0xe0)
        return ERR_OK;
    if (tag >= 0xa0 && tag <= 0xbf)
        return check_bytes(c, tag & 0x1f, true);
    if (tag >= 0x90 && tag <= 0x9f)
        return check_array(c, tag & 0x0f);
    switch (tag) {
    case 0xc0: /* nil */
    case 0xc2: /* false */
    case 0xc3: return ERR_OK;
    case 0xc4: return check_sized(c, 1, false);
    case 0xc5: return check_sized(c, 2, false);
    case 0xc6: return check_sized(c, 4, false);
    case 0xcb: return check_real(c);
    case 0xcc: return check_uint(c, 1, 0x80);
    case 0xcd: return check_uint(c, 2, 0x100);
    case 0xce: return check_uint(c, 4, 0x10000);
    case 0xcf: return check_uint(c, 8, UINT64_C(0x100000000));
    case 0xd0: return check_int(c, 1, -33);
    case 0xd1: return check_int(c, 2, -129);
    case 0xd2: return check_int(c, 4, -32769);
    case 0xd3: return check_int(c, 8, INT64_C(-2147483649));
    case 0xd9: return check_sized(c, 1, true);
    case 0xda: return check_sized(c, 2, true);
    case 0xdb: return check_sized(c, 4, true);
    case 0xdc:
        return take_be(c, 2, &count) ? check_array(c, count) : ERR_MALFORMED;
    case 0xdd:
        return take_be(c, 4, &count) ? check_array(c, count) : ERR_MALFORMED;
    }
    return ERR_MALFORMED; /* map, ext, float32, unused */
}

enum err pack_check(struct span bytes, size_t *len)
{
    struct check c = {.at = bytes.at, .end = bytes.at + bytes.len};

    do {
        enum err err = check_item(&c);
        if (err)
            return err;
        if (c.depth == 0)
            return ERR_MALFORMED; /* the first item is no array */
        while (c.depth > 0 && c.open[c.depth - 1] == 0)
            c.depth--;
        if (c.depth > 0)
            c.open[c.depth - 1]--;
        else
            break;
    } while (true);
    *len = (size_t)(c.at - bytes.at);
    return ERR_OK;
}
