/* batch_own.h -- a change of the server's own, being written: one record, by
 * field names of the schema. A field that the schema has not got is left out,
 * and so is the whole change when its type is not known.
 *
 *     own_begin(&o, w, "notice", id)
 *     own_ref(&o, "record", record) …
 *     own_end(&o, bucket)          one more entry of the next stage
 *
 * Memory is the work's arena; what could not grow fails the work. For
 * batch_*.c alone.
 */
#ifndef BATCH_OWN_H
#define BATCH_OWN_H

#include "batch_work.h"

struct own {
    struct work *work;
    const struct type *type; /* NULL: nothing is written */
    struct id record;
    bool creates;
    uint32_t author, replica; /* in whose name; 0: the server's */
    int64_t at;
    struct buf edits;
    uint32_t count;
};

/* A record to create (or, once there, to add to). */
void own_begin(struct own *, struct work *, const char *type, struct id);
/* A record that is there. */
void own_edit(struct own *, struct work *, const struct type *, struct id);

void own_text(struct own *, const char *field, struct span);
void own_int(struct own *, const char *field, int64_t);
void own_ref(struct own *, const char *field, struct id); /* none: left out */
void own_refs(struct own *, const char *field, const struct id *, size_t);

MUST_USE enum err own_end(struct own *, uint32_t bucket);
MUST_USE enum err own_end_named(struct own *, struct span bucket);

/* Put ready bytes on the next stage, in somebody's name. */
MUST_USE enum err own_entry(struct work *, struct span change, uint32_t author,
                            uint32_t replica, uint32_t seq);

/* An id made of words: two runs make the same. */
struct id own_id(const char *type, struct id record, const char *word,
                 uint64_t number);

/* One field as it is in the store now. */
MUST_USE enum err own_read(struct work *, uint32_t bucket, struct id record,
                           uint32_t field, struct value *out);

/* What the signature of a record covers, and what came of it (batch_sign.c). */
MUST_USE enum err own_signoff(struct work *, const struct after *);
MUST_USE enum err own_share(struct work *, const struct after *);

#endif
