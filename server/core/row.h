/* row.h -- one version of one field of one record, as the merge and the store
 * hand it around.
 *
 * The *state* holds the newest merged version of each field; the *history* all
 * others: superseded, overtaken, in conflict. Together with *held* changes
 * they use each version number exactly once.
 *
 * Spans borrow from whoever made the row (an arena, a statement); the row
 * itself is a value.
 */
#ifndef ROW_H
#define ROW_H

#include "id.h"

enum outcome { /* PROTOCOL.md, section 3 */
               OUTCOME_APPLIED = 0,
               OUTCOME_MERGED = 1,
               OUTCOME_OVERTAKEN = 2,
               OUTCOME_CONFLICT = 3,
               OUTCOME_HELD = 4,
               OUTCOME_AGREED =
                   5, /* the value was there already: a row of history that
                       * was never the state; *merged* on the wire */
};

enum { /* row.flags; PROTOCOL.md, section 4, but for the first */
       ROW_REVERSE = 1, /* history: value is the delta (MessagePack) that makes
                         * this text from the next newer state of the field */
       ROW_CHECK_WORDING = 2,
       ROW_CONFLICT = 4,
       ROW_MERGED = 8,
};

enum value_kind { VALUE_NIL, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

/* SQLite's own types. By kind in the schema: string, text, choice, date,
 * document: TEXT; datetime, int, bool: INT; decimal: REAL or INT; ref: BLOB of
 * 16; choices and refs: TEXT, a JSON array of strings in ascending order
 * (refs as UUID text). Field 0: INT, 1 alive or 0 deleted. */
struct value {
    enum value_kind kind;
    int64_t integer;
    double real;
    struct span bytes; /* TEXT, BLOB */
};

struct row {
    uint32_t bucket;
    uint32_t type;
    uint32_t field;
    struct id record;
    uint64_t version;
    uint64_t seen;
    int64_t at;       /* corrected, ms */
    int64_t skew;     /* what the device's clock said, minus at */
    uint32_t author;  /* number of a person; 0: the server */
    uint32_t replica; /* number of a device's incarnation; 0: the server */
    uint32_t seq;
    uint8_t outcome;
    uint8_t flags;
    struct value value;
    struct span aux; /* what the field's rule keeps beside the value */
};

static inline bool value_equal(struct value a, struct value b)
{
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VALUE_NIL: return true;
    case VALUE_INT: return a.integer == b.integer;
    case VALUE_REAL: return !(a.real < b.real) && !(a.real > b.real);
    case VALUE_TEXT:
    case VALUE_BLOB: return span_equal(a.bytes, b.bytes);
    }
    return false;
}

#endif
