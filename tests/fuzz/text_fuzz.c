/* text_fuzz.c -- libFuzzer over all that text.h reads. The first byte chooses:
 * the rest is a text and two deltas that meet, what the algebra promises being
 * asserted; or a packed delta; or a request to the text tool.
 */
#include "tools/text_line.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

/* A text and a delta from bytes: each byte a letter, a space, a step. */
static struct span some_text(const uint8_t *at, size_t len, struct buf *out)
{
    static const char *const pieces[] = {"a", "b", " ",      "-",         "'",
                                         ".", "(", "\u00e9", "\U0001F600"};

    for (size_t i = 0; i < len; i++)
        json_put(out, pieces[at[i] % 9]);
    return buf_span(out);
}

static void some_delta(const uint8_t *at, size_t len, size_t chars,
                       struct text_delta *out)
{
    static const char letters[] = "ab (-.";
    struct text_pen pen = text_pen_start(out);

    for (size_t i = 0; i < len; i++) {
        size_t n = at[i] >> 2 & 7;
        n = n < chars ? n : chars;
        if ((at[i] & 3) == 0) {
            struct span s = {(const uint8_t *)letters + at[i] % 6, 1};
            text_pen_insert(&pen, s, 1);
            continue;
        }
        if (at[i] & 1)
            text_pen_keep(&pen, n);
        else
            text_pen_drop(&pen, n);
        chars -= n;
    }
    assert(text_pen_finish(&pen) == ERR_OK);
}

static void meet(const uint8_t *at, size_t len)
{
    size_t third = len / 3;
    struct buf base = {0}, shown = {0}, result = {0}, back = {0};
    struct text_delta theirs = {0}, mine = {0}, undo = {0}, all = {0};
    struct text_merged m;
    struct span text = some_text(at, third, &base);

    some_delta(at + third, third, third, &theirs);
    some_delta(at + 2 * third, len - 2 * third, third, &mine);
    assert(text_apply(text, &theirs, &shown) == ERR_OK);
    assert(text_merge(text, &theirs, &mine, &m) == ERR_OK);
    assert(text_apply(buf_span(&shown), &m.delta, &result) == ERR_OK);
    assert(text_compose(&theirs, &m.delta, &all) == ERR_OK);
    assert(text_invert(text, &all, &undo) == ERR_OK);
    assert(text_apply(buf_span(&result), &undo, &back) == ERR_OK);
    assert(span_equal(buf_span(&back), text));
    text_delta_free(&undo);
    assert(text_diff(text, buf_span(&result), &undo) == ERR_OK);
    buf_clear(&back);
    assert(text_apply(text, &undo, &back) == ERR_OK);
    assert(span_equal(buf_span(&back), buf_span(&result)));

    text_merged_free(&m);
    text_delta_free(&theirs);
    text_delta_free(&mine);
    text_delta_free(&undo);
    text_delta_free(&all);
    buf_free(&base);
    buf_free(&shown);
    buf_free(&result);
    buf_free(&back);
}

static void read_packed(struct span packed)
{
    struct pack *pack = NULL;
    struct items steps;
    struct text_delta delta = {0};
    struct buf again = {0};

    if (pack_open(&pack) != ERR_OK)
        return;
    if (!pack_parse(pack, packed, &steps) && !text_delta_read(steps, &delta)) {
        text_delta_pack(&delta, &again);
        assert(again.len <= packed.len);
    }
    buf_free(&again);
    text_delta_free(&delta);
    pack_close(pack);
}

static void ask(const uint8_t *at, size_t len)
{
    struct json_line json = {0};
    struct buf line = {0}, out = {0};

    buf_put(&line, at, len);
    buf_byte(&line, 0);
    text_line_answer(&json, (const char *)line.at, len, &out);
    assert(buf_ok(&out));
    assert(json_valid((const char *)out.at, out.len));
    buf_free(&line);
    buf_free(&out);
    json_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (len == 0)
        return 0;
    switch (*at % 3) {
    case 0: meet(at + 1, len - 1); break;
    case 1: read_packed((struct span){at + 1, len - 1}); break;
    case 2: ask(at + 1, len - 1); break;
    }
    return 0;
}
