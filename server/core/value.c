#include "value.h"

#include "text.h"

#include <stdlib.h>

static struct value text_value(struct span s)
{
    return (struct value){.kind = VALUE_TEXT, .bytes = s};
}

static struct value int_value(int64_t n)
{
    return (struct value){.kind = VALUE_INT, .integer = n};
}

static bool is_choice(const struct field *f, struct span code)
{
    for (const char *const *c = f->choices; c && *c; c++)
        if (span_equal(span_of(*c), code))
            return true;
    return false;
}

static unsigned digits(const uint8_t *at, size_t count, bool *ok)
{
    unsigned n = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            *ok = false;
        n = n * 10 + (unsigned)(at[i] - '0');
    }
    return n;
}

static bool is_date(struct span s)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    bool ok = s.len == 10 && s.at[4] == '-' && s.at[7] == '-';

    if (!ok)
        return false;
    unsigned year = digits(s.at, 4, &ok);
    unsigned month = digits(s.at + 5, 2, &ok);
    unsigned day = digits(s.at + 8, 2, &ok);
    if (!ok || month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day < 29 || leap;
}

static bool fits_text(const struct field *f, struct span s)
{
    uint32_t limit = f->kind == KIND_STRING ? STRING_CHARS_MAX : TEXT_CHARS_MAX;
    size_t chars;

    if (f->kind == KIND_STRING && f->max)
        limit = f->max;
    return utf8_check(s, &chars) && chars <= limit;
}

enum err value_read(const struct field *f, struct items *in,
                    struct arena *arena, struct value *out)
{
    *out = (struct value){0};
    if (items_nil(in))
        return ERR_OK;

    bool fits = false;
    switch (f->kind) {
    case KIND_STRING:
    case KIND_TEXT:
    case KIND_DOCUMENT:
        *out = text_value(items_text(in));
        fits = fits_text(f, out->bytes);
        break;
    case KIND_CHOICE:
        *out = text_value(items_text(in));
        fits = is_choice(f, out->bytes);
        break;
    case KIND_DATE:
        *out = text_value(items_text(in));
        fits = is_date(out->bytes);
        break;
    case KIND_DATETIME:
    case KIND_INT:
        *out = int_value(items_int(in));
        fits = true;
        break;
    case KIND_DECIMAL:
        if (items_kind(in) == PACK_INT)
            *out = int_value(items_int(in));
        else
            *out = (struct value){.kind = VALUE_REAL, .real = items_real(in)};
        fits = true;
        break;
    case KIND_BOOL:
        *out = int_value(items_bool(in));
        fits = true;
        break;
    case KIND_REF: {
        struct id id = items_id(in);
        struct span kept = arena_copy(arena, (struct span){id.bytes, ID_BYTES});
        if (!arena_ok(arena))
            return ERR_NOMEM;
        *out = (struct value){.kind = VALUE_BLOB, .bytes = kept};
        fits = !id_none(id);
        break;
    }
    case KIND_CHOICES:
    case KIND_REFS: break; /* sets are read by their elements */
    }
    return items_ok(in) && fits ? ERR_OK : ERR_BAD_VALUE;
}

static int by_bytes(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    int order = memcmp(a->at, b->at, a->len < b->len ? a->len : b->len);

    if (order)
        return order;
    return (a->len > b->len) - (a->len < b->len);
}

static void sort_unique(struct elements *e)
{
    uint32_t kept = 0;

    if (e->count)
        qsort(e->list, e->count, sizeof *e->list, by_bytes);
    for (uint32_t i = 0; i < e->count; i++)
        if (kept == 0 || !span_equal(e->list[kept - 1], e->list[i]))
            e->list[kept++] = e->list[i];
    e->count = kept;
}

static struct span read_element(const struct field *f, struct items *in,
                                struct arena *arena)
{
    char text[ID_TEXT_BYTES + 1];

    if (f->kind == KIND_CHOICES) {
        struct span code = items_text(in);
        if (!is_choice(f, code))
            in->failed = true;
        return code;
    }
    id_text(items_id(in), text);
    return arena_copy(arena, span_of(text));
}

enum err value_read_elements(const struct field *f, struct items *in,
                             struct arena *arena, struct elements *out)
{
    *out = (struct elements){0};
    if (items_nil(in))
        return ERR_OK;
    struct items list = items_array(in);
    if (!items_ok(in) || list.left > SET_ELEMENTS_MAX)
        return ERR_BAD_VALUE;
    out->list = arena_take(arena, (list.left + 1) * sizeof *out->list);
    if (!out->list)
        return ERR_NOMEM;
    while (list.left && items_ok(&list))
        out->list[out->count++] = read_element(f, &list, arena);
    if (!arena_ok(arena))
        return ERR_NOMEM;
    if (!items_ok(&list))
        return ERR_BAD_VALUE;
    sort_unique(out);
    return ERR_OK;
}

enum err value_elements(struct value stored, struct arena *arena,
                        struct elements *out)
{
    struct span json = stored.bytes;

    *out = (struct elements){0};
    if (stored.kind != VALUE_TEXT)
        return ERR_OK;
    out->list = arena_take(arena, (json.len / 2 + 1) * sizeof *out->list);
    if (!out->list)
        return ERR_NOMEM;
    for (size_t i = 0, start = 0, quotes = 0; i < json.len; i++) {
        if (json.at[i] != '"')
            continue;
        if (quotes++ % 2 == 0)
            start = i + 1;
        else
            out->list[out->count++] = (struct span){json.at + start, i - start};
    }
    return ERR_OK;
}

struct value value_of_elements(struct elements e, struct arena *arena)
{
    size_t len = 1;

    if (e.count == 0)
        return (struct value){0};
    for (uint32_t i = 0; i < e.count; i++)
        len += e.list[i].len + 3;
    uint8_t *json = arena_take(arena, len);
    if (!json)
        return (struct value){0};
    size_t at = 0;
    for (uint32_t i = 0; i < e.count; i++) {
        json[at++] = i ? ',' : '[';
        json[at++] = '"';
        memcpy(json + at, e.list[i].at, e.list[i].len);
        at += e.list[i].len;
        json[at++] = '"';
    }
    json[at++] = ']';
    return text_value((struct span){json, at});
}

/* Stored elements are as long as they are valid: count, then write. */
static void pack_elements(const struct field *f, struct span json,
                          struct buf *out)
{
    uint32_t quotes = 0;

    for (size_t i = 0; i < json.len; i++)
        quotes += json.at[i] == '"';
    pack_array(out, quotes / 2);
    quotes = 0;
    for (size_t i = 0, start = 0; i < json.len; i++) {
        if (json.at[i] != '"')
            continue;
        if (quotes++ % 2 == 0) {
            start = i + 1;
            continue;
        }
        struct span element = {json.at + start, i - start};
        struct id id = {{0}};
        if (f->kind == KIND_REFS && id_parse(element, &id))
            pack_id(out, id);
        else
            pack_text(out, element);
    }
}

void value_pack(const struct field *f, struct value v, struct buf *out)
{
    bool boolean = !f || f->kind == KIND_BOOL;

    switch (v.kind) {
    case VALUE_NIL:
        if (f && kind_is_set(f->kind))
            pack_array(out, 0);
        else
            pack_nil(out);
        return;
    case VALUE_INT:
        if (boolean)
            pack_bool(out, v.integer != 0);
        else
            pack_int(out, v.integer);
        return;
    case VALUE_REAL: pack_real(out, v.real); return;
    case VALUE_TEXT:
        if (f && kind_is_set(f->kind))
            pack_elements(f, v.bytes, out);
        else
            pack_text(out, v.bytes);
        return;
    case VALUE_BLOB: pack_bin(out, v.bytes); return;
    }
}
