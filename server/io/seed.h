/* seed.h -- records written by the server itself: the demo trust, and the
 * first people of a real one. They go through the same merge as all others.
 *
 * A sample file has records {type, id, bucket, by, at, fields}. Its ids are
 * words; each becomes the UUID that id_named() makes of it, or that its type's
 * natural key makes, so that two offline makers still meet in one record.
 * Dates are moved by the whole weeks between the file's "today" and ours.
 */
#ifndef SEED_H
#define SEED_H

#include "ledger.h"

struct seed { /* what a trusted writer needs */
    const struct schema *schema;
    struct store *store;
    struct reader *reader;
    struct ledger *ledger;
    int64_t now_ms;
};

struct seed_fault {
    uint32_t line;
    char text[200];
};

/* ERR_USAGE: see *fault; the store's errors. */
MUST_USE enum err seed_sample(const struct seed *, const char *path,
                              struct seed_fault *fault);

/* A person's record, their place in the directory, and one role. scope as in
 * access.h. ERR_USAGE: no such role; the store's errors. */
MUST_USE enum err seed_person(const struct seed *, const char *name,
                              const char *role, const char *scope,
                              struct store_person *out);

/* The replica through which a person's seeded records come. */
MUST_USE enum err seed_replica(const struct seed *, struct id person_id,
                               const char *name, struct store_replica *out,
                               uint32_t *person);

/* Run one trusted change. */
MUST_USE enum err seed_change(const struct seed *, struct store_replica *,
                              uint32_t person, struct span change);

#endif
