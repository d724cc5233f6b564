#include "arena.h"

#include <assert.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, cap;
    _Alignas(16) uint8_t bytes[];
};

static struct arena_chunk *chunk_new(size_t bytes)
{
    size_t cap = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct arena_chunk *c = malloc(sizeof *c + cap);

    if (c)
        *c = (struct arena_chunk){.cap = cap};
    return c;
}

void *arena_take(struct arena *a, size_t bytes)
{
    struct arena_chunk *c = a->chunks;

    assert(bytes < SIZE_MAX / 2);
    bytes = (bytes + 15) & ~(size_t)15;
    if (a->failed)
        return NULL;
    if (!c || c->cap - c->used < bytes) {
        c = chunk_new(bytes);
        if (!c) {
            a->failed = true;
            return NULL;
        }
        c->next = a->chunks;
        a->chunks = c;
    }
    void *at = c->bytes + c->used;
    c->used += bytes;
    memset(at, 0, bytes);
    return at;
}

struct span arena_copy(struct arena *a, struct span s)
{
    uint8_t *to = arena_take(a, s.len);

    if (!to || s.len == 0)
        return (struct span){0};
    memcpy(to, s.at, s.len);
    return (struct span){to, s.len};
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = NULL;

    while (a->chunks) {
        struct arena_chunk *c = a->chunks;
        a->chunks = c->next;
        if (!keep && c->cap == CHUNK_BYTES)
            keep = c;
        else
            free(c);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    a->chunks = keep;
    a->failed = false;
}

void arena_free(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *c = a->chunks;
        a->chunks = c->next;
        free(c);
    }
    *a = (struct arena){0};
}
