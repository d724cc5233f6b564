/* pack.h -- MessagePack, written and read; msgpack-c behind one small face.
 *
 * Writing goes to a struct buf, which remembers a failed growth.
 *
 * Reading: pack_parse() checks the bytes against PROTOCOL.md section 1 first,
 * without allocating (depth, counts against the bytes left, shortest integers,
 * UTF-8, no map, ext, float32, NaN), and only then builds the tree. A struct
 * items walks one array of the tree. It is *sticky*: an item missing or of
 * another kind marks it failed and yields 0 or an empty span from then on; ask
 * items_ok() once, at the end. Items left over are fine: that is how messages
 * grow.
 *
 * Spans and items borrow from the bytes given to pack_parse() and from the
 * struct pack, and live as long as both. Any thread; no shared state.
 */
#ifndef PACK_H
#define PACK_H

#include "bytes.h"
#include "err.h"
#include "id.h"

enum { /* in one array that is parsed */
       PACK_DEPTH_MAX = 8,
       PACK_ITEMS_MAX = 131072,
};

/* Integers on the wire are those that JavaScript holds exactly. */
#define PACK_INT_MAX ((INT64_C(1) << 53) - 1)

/* ---- Writing ---- */
void pack_array(struct buf *, uint32_t count);
void pack_nil(struct buf *);
void pack_bool(struct buf *, bool);
void pack_int(struct buf *, int64_t); /* within PACK_INT_MAX either way */
void pack_uint(struct buf *, uint64_t);
void pack_real(struct buf *, double); /* a whole number goes as an int, as
                                       * JavaScript's does; never NaN */
void pack_text(struct buf *, struct span utf8);
void pack_bin(struct buf *, struct span);
void pack_bin_head(struct buf *, size_t len); /* the bytes follow elsewhere */
void pack_id(struct buf *, struct id); /* bin of 16; nil when id_none() */

/* ---- Reading ---- */

/* Check one array at the front of the bytes; *len is where it ends. Allocates
 * nothing. ERR_MALFORMED, ERR_TOO_DEEP, ERR_TOO_BIG (items). */
MUST_USE enum err pack_check(struct span bytes, size_t *len);

struct pack; /* opaque: the tree's memory, reusable */

MUST_USE enum err pack_open(struct pack **out); /* ERR_NOMEM */
void pack_close(struct pack *);                 /* takes NULL */

struct items {
    const void *at; /* opaque */
    uint32_t left;
    bool failed;
};

/* Read one array that fills the bytes exactly; what this pack held before is
 * gone. ERR_MALFORMED, ERR_TOO_DEEP, ERR_TOO_BIG (items), ERR_NOMEM. */
MUST_USE enum err pack_parse(struct pack *, struct span bytes,
                             struct items *out);

/* The same, for a run of arrays: reads one from the front of *bytes and takes
 * it off. Several trees live side by side until the next pack_parse() or
 * pack_reset(); after an error *bytes is as it was. */
MUST_USE enum err pack_parse_next(struct pack *, struct span *bytes,
                                  struct items *out);
void pack_reset(struct pack *); /* every tree is gone; keeps some memory */

enum pack_kind {
    PACK_NONE, /* no item left */
    PACK_NIL,
    PACK_BOOL,
    PACK_INT,
    PACK_REAL,
    PACK_TEXT,
    PACK_BIN,
    PACK_ARRAY,
};

static inline bool items_ok(const struct items *i)
{
    return !i->failed;
}

static inline enum err items_err(const struct items *i)
{
    return i->failed ? ERR_MALFORMED : ERR_OK;
}

enum pack_kind items_kind(const struct items *); /* of the next item */

/* Each takes the next item; nil where the comment says so. */
void items_skip(struct items *);
bool items_nil(struct items *); /* takes it only if it is nil */
bool items_bool(struct items *);
int64_t items_int(struct items *);   /* fits int64 or fails */
uint64_t items_uint(struct items *); /* not negative or fails */
uint32_t items_uint32(struct items *);
double items_real(struct items *); /* an int is fine too */
struct span items_text(struct items *);
struct span items_bin(struct items *);
struct id items_id(struct items *);        /* bin of 16, not all zero */
struct id items_id_or_nil(struct items *); /* nil: id_none() */
struct items items_array(struct items *);  /* fails by itself, too: ask both */

/* Is this valid UTF-8 without U+0000? *chars: its code points. */
bool utf8_check(struct span, size_t *chars);

#endif
