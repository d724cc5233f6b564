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

void pack_bin_head(struct buf *b, size_t len)
{
    msgpack_packer p = packer(b);
    msgpack_pack_bin(&p, len);
}

void pack_bin(struct buf *b, struct span s)
{
    pack_bin_head(b, s.len);
    buf_put(b, s.at, s.len);
}

void pack_id(struct buf *b, struct id id)
{
    if (id_none(id))
        pack_nil(b);
    else
        pack_bin(b, (struct span){id.bytes, ID_BYTES});
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
    enum err err = pack_check(*bytes, &len);
    if (err)
        return err;
    /* Past the check only memory can fail; msgpack-c does not always say so. */
    if (msgpack_unpack((const char *)bytes->at, len, &read, &p->zone, &root) !=
        MSGPACK_UNPACK_SUCCESS)
        return ERR_NOMEM;
    assert(read == len && root.type == MSGPACK_OBJECT_ARRAY);
    *out =
        (struct items){.at = root.via.array.ptr, .left = root.via.array.size};
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
