/* vector.h -- reads tests/vectors/…: JSON lines, of which a C test needs only
 * members that are plain strings. No escapes inside them.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>

enum { VECTOR_LINE_MAX = 1 << 16 };

/* The string member `key` of the line; false when it has none. */
static inline bool vector_text(const char *line, const char *key,
                               struct span *out)
{
    char pattern[40];

    (void)snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    const char *at = strstr(line, pattern);
    if (!at)
        return false;
    at += strlen(pattern);
    *out = (struct span){(const uint8_t *)at, strcspn(at, "\"")};
    return true;
}

static inline int vector_digit(uint8_t c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Hex digits as bytes, in place of what the buf held. */
static inline struct span vector_unhex(struct span hex, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i + 1 < hex.len; i += 2)
        buf_byte(out, (uint8_t)(vector_digit(hex.at[i]) << 4 |
                                vector_digit(hex.at[i + 1])));
    return buf_span(out);
}

static inline bool vector_hex(const char *line, const char *key,
                              struct buf *out)
{
    struct span hex;

    if (!vector_text(line, key, &hex))
        return false;
    vector_unhex(hex, out);
    return true;
}

/* The part of a list before the next comma; takes it off. */
static inline struct span vector_part(struct span *list)
{
    const uint8_t *comma = memchr(list->at, ',', list->len);
    struct span part = *list;

    if (comma)
        part.len = (size_t)(comma - list->at);
    size_t gone = comma ? part.len + 1 : part.len;
    list->at += gone;
    list->len -= gone;
    return part;
}

/* Call `each` for every line; how many there were, 0 when there is no file. */
static inline int vector_each(const char *path, void (*each)(const char *line))
{
    static char line[VECTOR_LINE_MAX];
    FILE *f = fopen(path, "r");
    int count = 0;

    if (!f)
        return 0;
    while (fgets(line, sizeof line, f)) {
        each(line);
        count++;
    }
    (void)fclose(f);
    return count;
}

#endif
