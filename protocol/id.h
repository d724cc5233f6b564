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

#endif
