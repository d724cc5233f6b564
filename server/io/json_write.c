#include "json_write.h"

#include <stdio.h>
#include <stdlib.h>

static void put(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

/* A value after another value needs a comma; after a bracket or a key, not. */
static void begin(struct buf *b)
{
    uint8_t last = b->len ? b->at[b->len - 1] : '[';

    if (last != '[' && last != '{' && last != ':' && last != '\n')
        buf_byte(b, ',');
}

void json_write_open(struct buf *b, char bracket)
{
    begin(b);
    buf_byte(b, (uint8_t)bracket);
}

void json_write_close(struct buf *b, char bracket)
{
    buf_byte(b, (uint8_t)bracket);
}

void json_write_key(struct buf *b, const char *name)
{
    json_write_text(b, span_of(name));
    buf_byte(b, ':');
}

void json_write_null(struct buf *b)
{
    begin(b);
    put(b, "null");
}

void json_write_bool(struct buf *b, bool v)
{
    begin(b);
    put(b, v ? "true" : "false");
}

void json_write_int(struct buf *b, int64_t v)
{
    char text[24];

    begin(b);
    snprintf(text, sizeof text, "%lld", (long long)v);
    put(b, text);
}

void json_write_real(struct buf *b, double v)
{
    char text[32];

    begin(b);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        double back = strtod(text, NULL);
        if (!(back < v) && !(back > v))
            break;
    }
    put(b, text);
}

void json_write_text(struct buf *b, struct span s)
{
    static const char digits[] = "0123456789abcdef";

    begin(b);
    buf_byte(b, '"');
    for (size_t i = 0, from = 0; i <= s.len; i++) {
        uint8_t c = i < s.len ? s.at[i] : '"';
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        buf_put(b, s.at + from, i - from);
        from = i + 1;
        if (i == s.len)
            break;
        if (c == '"' || c == '\\') {
            buf_byte(b, '\\');
            buf_byte(b, c);
        } else if (c == '\n') {
            put(b, "\\n");
        } else {
            put(b, "\\u00");
            buf_byte(b, (uint8_t)digits[c >> 4]);
            buf_byte(b, (uint8_t)digits[c & 15]);
        }
    }
    buf_byte(b, '"');
}

void json_write_id(struct buf *b, struct id id)
{
    char text[ID_TEXT_BYTES + 1];

    if (id_none(id)) {
        json_write_null(b);
        return;
    }
    id_text(id, text);
    json_write_text(b, span_of(text));
}

void json_write_hex(struct buf *b, struct span s)
{
    static const char digits[] = "0123456789abcdef";

    begin(b);
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        buf_byte(b, (uint8_t)digits[s.at[i] >> 4]);
        buf_byte(b, (uint8_t)digits[s.at[i] & 15]);
    }
    buf_byte(b, '"');
}

void json_write_raw(struct buf *b, struct span s)
{
    begin(b);
    buf_put(b, s.at, s.len);
}
