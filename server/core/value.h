/* value.h -- a field's value between the wire (PROTOCOL.md, section 3) and the
 * store (row.h), checked against the schema on its way in.
 *
 * A set is handled as its elements in text form (choice codes, UUIDs), sorted
 * by bytes; in the store it is a JSON array of them, for people who open the
 * file. Elements hold no character that JSON would escape.
 *
 * Pure. Results borrow from the message or live in the arena.
 */
#ifndef VALUE_H
#define VALUE_H

#include "arena.h"
#include "change.h"
#include "err.h"
#include "pack.h"
#include "row.h"
#include "schema.h"

enum { STRING_CHARS_MAX = 2000 };

struct elements {
    struct span *list; /* sorted, no two equal */
    uint32_t count;
};

/* Take the next item as a value of the field (not a set). ERR_BAD_VALUE,
 * ERR_NOMEM. */
MUST_USE enum err value_read(const struct field *, struct items *,
                             struct arena *, struct value *out);

/* Take the next item as an array of elements of a set field. */
MUST_USE enum err value_read_elements(const struct field *, struct items *,
                                      struct arena *, struct elements *out);

/* A stored set's elements, and back. A nil value is the empty set, and the
 * empty set is stored as nil. */
MUST_USE enum err value_elements(struct value stored, struct arena *,
                                 struct elements *out);
struct value value_of_elements(struct elements, struct arena *);

/* Append a stored value as it goes on the wire. field NULL: field 0. */
void value_pack(const struct field *, struct value, struct buf *out);

static inline bool kind_is_set(enum kind kind)
{
    return kind == KIND_CHOICES || kind == KIND_REFS;
}

#endif
