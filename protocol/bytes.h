/* bytes.h -- borrowed bytes, owned bytes.
 *
 * struct span borrows: it never frees, and is valid until its owner changes.
 * struct buf owns: it grows by itself and remembers a failed growth, so that
 * an encoder writes one thing after another and asks buf_ok() once at the end.
 * Both start all zero.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *at;
    size_t len;
};

struct buf {
    uint8_t *at;
    size_t len;
    size_t cap;
    bool failed; /* out of memory once: later writes do nothing */
};

static inline struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || !memcmp(a.at, b.at, a.len));
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->at, b->len};
}

static inline bool buf_ok(const struct buf *b)
{
    return !b->failed;
}

void buf_put(struct buf *, const void *at, size_t len);
void buf_byte(struct buf *, uint8_t);
void buf_clear(struct buf *); /* len = 0, failed = false; keeps the memory */
void buf_free(struct buf *);  /* back to all zero; fine on an all-zero buf */

/* Room for `more` bytes at b->at + b->len, or NULL (and failed). The caller
 * writes there and adds what it wrote to b->len. */
uint8_t *buf_room(struct buf *, size_t more);

#endif
