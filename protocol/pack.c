#include "pack.h"

#include <assert.h>
#include <stdlib.h>

#include <msgpack.h>

enum { ZONE_BYTES = 64 * 1024 };

/* ---- Writing ---- */

static int to_buf(void *data, const char *at, size_t len)
{
    struct buf *b = data;

    buf_put(b, at, len);
    return b->failed ? -1 : 0;
}

/* A failure stays in the buf, so the packer's own results need no look. */
static msgpack_packer packer(struct buf *b)
{
    msgpack_packer p;

    msgpack_packer_init(&p, b, to_buf);
    return p;
}

void pack_array(struct buf *b, uint32_t count)
{
    msgpack_packer p = packer(b);
    msgpack_pack_array(&p, count);
}

void pack_nil(struct buf *b)
{
    msgpack_packer p = packer(b);
    msgpack_pack_nil(&p);
}

void pack_bool(struct buf *b, bool v)
{
    msgpack_packer p = packer(b);
    if (v)
        msgpack_pack_true(&p);
    else
        msgpack_pack_false(&p);
}

void pack_int(struct buf *b, int64_t v)
{
    msgpack_packer p = packer(b);
    msgpack_pack_int64(&p, v);
}

void pack_uint(struct buf *b, uint64_t v)
{
    msgpack_packer p = packer(b);
    msgpack_pack_uint64(&p, v);
}

void pack_real(struct buf *b, double v)
{
    const double most = (double)PACK_INT_MAX;

    assert(v - v == 0.0); /* neither NaN nor infinite */
    if (v >= -most && v <= most && (double)(int64_t)v == v) {
        pack_int(b, (int64_t)v);
        return;
    }
    msgpack_packer p = packer(b);
    msgpack_pack_double(&p, v);
}

void pack_text(struct buf *b, struct span s)
{
    msgpack_packer p = packer(b);
    msgpack_pack_str(&p, s.len);
    buf_put(b, s.at, s.len);
}

void pack_bin(struct buf *b, struct span s)
{
    msgpack_packer p = packer(b);
    msgpack_pack_bin(&p, s.len);
    buf_put(b, s.at, s.len);
}

void pack_id(struct buf *b, struct id id)
{
    if (id_none(id))
        pack_nil(b);
    else
        pack_bin(b, (struct span){id.bytes, ID_BYTES});
}

/* ---- Checking: every byte is looked at before anything is built ---- */

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

/* Check one array at the front of the bytes; *len is where it ends. */
static enum err check_tree(struct span bytes, size_t *len)
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

/* ---- Reading ---- */

struct pack {
    msgpack_zone zone;
};

enum err pack_open(struct pack **out)
{
    struct pack *p = malloc(sizeof *p);

    *out = NULL;
    if (!p)
        return ERR_NOMEM;
    if (!msgpack_zone_init(&p->zone, ZONE_BYTES)) {
        free(p);
        return ERR_NOMEM;
    }
    *out = p;
    return ERR_OK;
}

void pack_close(struct pack *p)
{
    if (!p)
        return;
    msgpack_zone_destroy(&p->zone);
    free(p);
}

void pack_reset(struct pack *p)
{
    msgpack_zone_clear(&p->zone);
}

enum err pack_parse_next(struct pack *p, struct span *bytes, struct items *out)
{
    msgpack_object root;
    size_t len, read = 0;

    *out = (struct items){.failed = true};
    enum err err = check_tree(*bytes, &len);
    if (err)
        return err;
    switch (msgpack_unpack((const char *)bytes->at, len, &read, &p->zone,
                           &root)) {
    case MSGPACK_UNPACK_SUCCESS: break;
    case MSGPACK_UNPACK_NOMEM_ERROR: return ERR_NOMEM;
    case MSGPACK_UNPACK_EXTRA_BYTES:
    case MSGPACK_UNPACK_CONTINUE:
    case MSGPACK_UNPACK_PARSE_ERROR: return ERR_MALFORMED;
    }
    assert(read == len && root.type == MSGPACK_OBJECT_ARRAY);
    *out = (struct items){.at = root.via.array.ptr,
                          .left = root.via.array.size};
    bytes->at += len;
    bytes->len -= len;
    return ERR_OK;
}

enum err pack_parse(struct pack *p, struct span bytes, struct items *out)
{
    pack_reset(p);
    enum err err = pack_parse_next(p, &bytes, out);
    if (!err && bytes.len > 0) {
        *out = (struct items){.failed = true};
        return ERR_MALFORMED;
    }
    return err;
}

static const msgpack_object *peek(const struct items *i)
{
    return i->failed || i->left == 0 ? NULL : i->at;
}

static void advance(struct items *i)
{
    i->at = (const msgpack_object *)i->at + 1;
    i->left--;
}

/* The next item if it is of this type; else the failure. */
static const msgpack_object *take(struct items *i, msgpack_object_type type)
{
    const msgpack_object *o = peek(i);

    if (!o || o->type != type) {
        i->failed = true;
        return NULL;
    }
    advance(i);
    return o;
}

enum pack_kind items_kind(const struct items *i)
{
    const msgpack_object *o = peek(i);

    if (!o)
        return PACK_NONE;
    switch (o->type) {
    case MSGPACK_OBJECT_NIL: return PACK_NIL;
    case MSGPACK_OBJECT_BOOLEAN: return PACK_BOOL;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return PACK_INT;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return PACK_REAL;
    case MSGPACK_OBJECT_STR: return PACK_TEXT;
    case MSGPACK_OBJECT_BIN: return PACK_BIN;
    case MSGPACK_OBJECT_ARRAY: return PACK_ARRAY;
    case MSGPACK_OBJECT_MAP:
    case MSGPACK_OBJECT_EXT: break; /* the check lets none in */
    }
    return PACK_NONE;
}

void items_skip(struct items *i)
{
    if (peek(i))
        advance(i);
    else
        i->failed = true;
}

bool items_nil(struct items *i)
{
    if (items_kind(i) != PACK_NIL)
        return false;
    advance(i);
    return true;
}

bool items_bool(struct items *i)
{
    const msgpack_object *o = take(i, MSGPACK_OBJECT_BOOLEAN);
    return o && o->via.boolean;
}

int64_t items_int(struct items *i)
{
    const msgpack_object *o = peek(i);

    if (o && o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        advance(i);
        return o->via.i64;
    }
    return (int64_t)items_uint(i); /* the check keeps it in PACK_INT_MAX */
}

uint64_t items_uint(struct items *i)
{
    const msgpack_object *o = take(i, MSGPACK_OBJECT_POSITIVE_INTEGER);
    return o ? o->via.u64 : 0;
}

uint32_t items_uint32(struct items *i)
{
    uint64_t v = items_uint(i);

    if (v > UINT32_MAX) {
        i->failed = true;
        return 0;
    }
    return (uint32_t)v;
}

double items_real(struct items *i)
{
    if (items_kind(i) == PACK_INT)
        return (double)items_int(i);
    const msgpack_object *o = take(i, MSGPACK_OBJECT_FLOAT64);
    return o ? o->via.f64 : 0;
}

struct span items_text(struct items *i)
{
    const msgpack_object *o = take(i, MSGPACK_OBJECT_STR);

    if (!o)
        return (struct span){0};
    return (struct span){(const uint8_t *)o->via.str.ptr, o->via.str.size};
}

struct span items_bin(struct items *i)
{
    const msgpack_object *o = take(i, MSGPACK_OBJECT_BIN);

    if (!o)
        return (struct span){0};
    return (struct span){(const uint8_t *)o->via.bin.ptr, o->via.bin.size};
}

struct id items_id(struct items *i)
{
    struct span s = items_bin(i);
    struct id id = {{0}};

    if (s.len == ID_BYTES)
        memcpy(id.bytes, s.at, ID_BYTES);
    if (id_none(id))
        i->failed = true;
    return id;
}

struct id items_id_or_nil(struct items *i)
{
    return items_nil(i) ? (struct id){{0}} : items_id(i);
}

struct items items_array(struct items *i)
{
    const msgpack_object *o = take(i, MSGPACK_OBJECT_ARRAY);

    if (!o)
        return (struct items){.failed = true};
    return (struct items){.at = o->via.array.ptr, .left = o->via.array.size};
}
