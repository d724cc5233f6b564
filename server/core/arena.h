/* arena.h -- memory that lives as long as one batch and goes all at once.
 * A failed allocation returns NULL and marks the arena; ask arena_ok() once.
 */
#ifndef ARENA_H
#define ARENA_H

#include "bytes.h"

struct arena {
    struct arena_chunk *chunks; /* opaque */
    bool failed;
};

void *arena_take(struct arena *, size_t bytes); /* zeroed, 16-aligned */
struct span arena_copy(struct arena *, struct span);
void arena_reset(struct arena *); /* keeps one chunk */
void arena_free(struct arena *);

static inline bool arena_ok(const struct arena *a)
{
    return !a->failed;
}

#endif
