#include "document.h"

static void put(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

void document_text(struct buf *b, struct span s)
{
    static const char hex[] = "0123456789abcdef";

    buf_byte(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c == '"' || c == '\\') {
            buf_byte(b, '\\');
            buf_byte(b, c);
        } else if (c == '\n') {
            put(b, "\\n");
        } else if (c < 0x20) {
            put(b, "\\u00");
            buf_byte(b, (uint8_t)hex[c >> 4]);
            buf_byte(b, (uint8_t)hex[c & 15]);
        } else {
            buf_byte(b, c);
        }
    }
    buf_byte(b, '"');
}

void document_key(struct buf *b, const char *key)
{
    document_text(b, span_of(key));
    buf_byte(b, ':');
}

void document_int(struct buf *b, int64_t n)
{
    char digits[20];
    size_t count = 0;
    uint64_t left = n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;

    if (n < 0)
        buf_byte(b, '-');
    do
        digits[count++] = (char)('0' + left % 10);
    while (left /= 10);
    while (count)
        buf_byte(b, (uint8_t)digits[--count]);
}

void document_id(struct buf *b, struct id id)
{
    char text[ID_TEXT_BYTES + 1];

    if (id_none(id)) {
        put(b, "null");
        return;
    }
    id_text(id, text);
    document_text(b, span_of(text));
}

/* Thousandths are enough for figures that people compare. */
static void put_real(struct buf *b, double real)
{
    double size = real < 0 ? -real : real;

    if (real < 0)
        buf_byte(b, '-');
    if (size > 9e15) {
        put(b, "9e15");
        return;
    }
    int64_t thousandths = (int64_t)(size * 1000 + 0.5);
    document_int(b, thousandths / 1000);
    if (thousandths % 1000 == 0)
        return;
    buf_byte(b, '.');
    for (int64_t unit = 100; unit && thousandths % (unit * 10); unit /= 10)
        buf_byte(b, (uint8_t)('0' + thousandths / unit % 10));
}

void document_value(struct buf *b, const struct field *f, struct value v)
{
    struct id id;

    switch (v.kind) {
    case VALUE_NIL: put(b, "null"); return;
    case VALUE_INT:
        if (!f || f->kind == KIND_BOOL)
            put(b, v.integer ? "true" : "false");
        else
            document_int(b, v.integer);
        return;
    case VALUE_REAL: put_real(b, v.real); return;
    case VALUE_TEXT:
        /* Sets and documents are JSON already. */
        if (f && (f->rule == RULE_SET || f->kind == KIND_DOCUMENT))
            buf_put(b, v.bytes.at, v.bytes.len);
        else
            document_text(b, v.bytes);
        return;
    case VALUE_BLOB:
        id = (struct id){{0}};
        if (v.bytes.len == ID_BYTES)
            memcpy(id.bytes, v.bytes.at, ID_BYTES);
        document_id(b, id);
        return;
    }
}
