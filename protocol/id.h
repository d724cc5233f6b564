/* id.h -- 128-bit names made on any device without asking (PROTOCOL.md,
 * sections 3 and 5). All zero is no id. Text form: lower-case UUID.
 */
#ifndef ID_H
#define ID_H

#include "bytes.h"

#define ID_BYTES      16
#define ID_TEXT_BYTES 36

struct id {
    uint8_t bytes[ID_BYTES];
};

static inline bool id_equal(struct id a, struct id b)
{
    return !memcmp(a.bytes, b.bytes, ID_BYTES);
}

static inline bool id_none(struct id a)
{
    return id_equal(a, (struct id){{0}});
}

void id_text(struct id, char out[ID_TEXT_BYTES + 1]);
bool id_parse(struct span text, struct id *out); /* false: not a UUID */

/* UUID version 7: sorted by the time of making. Pure: the caller brings the
 * time and ten random bytes. */
struct id id_new(int64_t now_ms, const uint8_t random[10]);

/* The id of a thing with a natural key: two makers, one id (UUID version 8,
 * SHA-256; PROTOCOL.md, section 5). id_none(): out of memory. */
struct id id_natural(const char *type, const struct span *parts, size_t count);
struct id id_named(struct span name); /* of type "name": tests and demos */

#endif
