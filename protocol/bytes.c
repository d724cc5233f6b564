#include "bytes.h"

#include <assert.h>
#include <stdlib.h>

static bool grow(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : 64;

    if (more > SIZE_MAX / 2 - b->len)
        return false;
    while (cap < b->len + more)
        cap *= 2;
    uint8_t *at = realloc(b->at, cap);
    if (!at)
        return false;
    b->at = at;
    b->cap = cap;
    return true;
}

uint8_t *buf_room(struct buf *b, size_t more)
{
    if (b->failed)
        return NULL;
    if (b->cap - b->len < more && !grow(b, more)) {
        b->failed = true;
        return NULL;
    }
    return b->at + b->len;
}

void buf_put(struct buf *b, const void *at, size_t len)
{
    assert(at || len == 0);
    if (len == 0)
        return;
    uint8_t *to = buf_room(b, len);
    if (!to)
        return;
    memcpy(to, at, len);
    b->len += len;
}

void buf_byte(struct buf *b, uint8_t byte)
{
    buf_put(b, &byte, 1);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

void buf_free(struct buf *b)
{
    free(b->at);
    *b = (struct buf){0};
}
