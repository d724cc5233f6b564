/* ledger.h -- what the writer knows without reading the store: the head, the
 * buckets, how far each replica's changes are consumed, who may do what.
 *
 * Loaded once, then kept in step with every commit. It belongs to whoever
 * commits (one thread); others get copies of what changed.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "access.h"
#include "store.h"

struct ledger {
    const struct schema *schema;
    struct access *access;
    uint64_t head;
    struct store_bucket *buckets;   /* by number; [0] unused; names owned */
    uint32_t bucket_count;          /* the highest number + 1 */
    struct store_replica *replicas; /* by number; [0] unused */
    uint32_t replica_count;
};

/* Takes the access over. ERR_NOMEM. */
MUST_USE enum err ledger_init(struct ledger *, const struct schema *,
                              const struct store_directory *, struct access *);
void ledger_fini(struct ledger *);

const struct store_bucket *ledger_bucket(const struct ledger *, uint32_t no);
const struct store_bucket *ledger_bucket_named(const struct ledger *,
                                               struct span name);

/* Make room for all that the commit brings, so that putting cannot fail once
 * it is durable. ERR_NOMEM. */
struct commit;
MUST_USE enum err ledger_room(struct ledger *, const struct commit *);
/* Insert or replace; room was made. */
void ledger_put_bucket(struct ledger *, const struct store_bucket *);
void ledger_put_replica(struct ledger *, const struct store_replica *);

#endif
