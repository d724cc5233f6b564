#include "json.h"

#include "pack.h"

#include <stdlib.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

struct json_node {
    enum json_kind kind;
    uint32_t from, to; /* offsets in the text, without quotes */
    uint32_t count;    /* members */
    uint32_t end;      /* the first node after its subtree */
};

static enum json_kind kind_of(struct span text, const jsmntok_t *t)
{
    switch (t->type) {
    case JSMN_OBJECT: return JSON_OBJECT;
    case JSMN_ARRAY: return JSON_ARRAY;
    case JSMN_STRING: return JSON_STRING;
    default: break;
    }
    switch (text.at[t->start]) {
    case 't':
    case 'f': return JSON_BOOL;
    case 'n': return JSON_NULL;
    default: return JSON_NUMBER;
    }
}

static uint32_t line_of(struct span text, size_t offset)
{
    uint32_t line = 1;

    for (size_t i = 0; i < offset && i < text.len; i++)
        line += text.at[i] == '\n';
    return line;
}

static bool word_is(struct span s, const char *word)
{
    return span_equal(s, span_of(word));
}

static size_t digits(struct span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.len && s.at[at + n] >= '0' && s.at[at + n] <= '9')
        n++;
    return n;
}

/* -12.5e+3: a sign, digits without a leading zero, a fraction, an exponent. */
static bool number_ok(struct span s)
{
    size_t at = s.len && s.at[0] == '-', n = digits(s, at);

    if (n == 0 || (n > 1 && s.at[at] == '0'))
        return false;
    at += n;
    if (at < s.len && s.at[at] == '.') {
        n = digits(s, at + 1);
        if (n == 0)
            return false;
        at += 1 + n;
    }
    if (at < s.len && (s.at[at] | 32) == 'e') {
        at++;
        at += at < s.len && (s.at[at] == '+' || s.at[at] == '-');
        n = digits(s, at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == s.len;
}

/* jsmn only looks at a primitive's first letter. */
static bool primitive_ok(struct span s)
{
    return word_is(s, "true") || word_is(s, "false") || word_is(s, "null") ||
           number_ok(s);
}

/* Between two tokens stands exactly what the grammar wants: nothing after an
 * opening bracket, a colon after a key, a comma after a member. */
static bool gap_ok(struct span text, size_t from, size_t to, char wanted)
{
    char seen = 0;

    for (size_t i = from; i < to; i++) {
        char c = (char)text.at[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        if (seen || c != wanted)
            return false;
        seen = c;
    }
    return seen == wanted;
}

static size_t outer_from(const struct json_node *n)
{
    return n->kind == JSON_STRING ? n->from - 1 : n->from;
}

static size_t outer_to(const struct json_node *n)
{
    return n->kind == JSON_STRING ? n->to + 1 : n->to;
}

static bool same_key(const struct json *j, uint32_t a, uint32_t b)
{
    const struct json_node *x = &j->nodes[a], *y = &j->nodes[b];

    return span_equal((struct span){j->text.at + x->from, x->to - x->from},
                      (struct span){j->text.at + y->from, y->to - y->from});
}

/* Checks one object or array whose members have been checked; sets `end`. */
static const char *close_node(struct json *j, uint32_t at)
{
    struct json_node *n = &j->nodes[at];
    size_t from = n->from + 1;
    uint32_t member = at + 1;

    for (uint32_t i = 0; i < n->count; i++) {
        if (member >= j->count || j->nodes[member].from >= n->to)
            return "this is not JSON";
        struct json_node *m = &j->nodes[member];
        if (!gap_ok(j->text, from, outer_from(m), i ? ',' : 0))
            return "a comma is missing or too many";
        from = outer_to(m);
        if (n->kind == JSON_OBJECT) {
            if (m->kind != JSON_STRING || m->count != 1 ||
                member + 1 >= j->count)
                return "a comma is missing, or a key has not one value";
            for (uint32_t k = at + 1; k != member; k = j->nodes[k + 1].end)
                if (same_key(j, k, member))
                    return "this key stands twice in one object";
            m = &j->nodes[member + 1];
            if (!gap_ok(j->text, from, outer_from(m), ':'))
                return "a colon is missing";
            from = outer_to(m);
            member++;
        }
        member = j->nodes[member].end;
    }
    if (!gap_ok(j->text, from, n->to - 1u, 0))
        return "a comma is too many, or this is not JSON";
    n->end = member;
    return NULL;
}

/* From the last node to the first, so that members come before their parent. */
static enum err check(struct json *j, uint32_t *line, const char **why)
{
    for (uint32_t i = j->count; i-- > 0;) {
        struct json_node *n = &j->nodes[i];
        const char *fault = NULL;
        n->end = i + 1;
        if (n->kind == JSON_OBJECT || n->kind == JSON_ARRAY)
            fault = close_node(j, i);
        else if (n->kind != JSON_STRING &&
                 !primitive_ok(
                     (struct span){j->text.at + n->from, n->to - n->from}))
            fault = "neither a number, true, false nor null";
        if (fault) {
            *line = line_of(j->text, n->from);
            *why = fault;
            return ERR_SCHEMA;
        }
    }
    const struct json_node *root = &j->nodes[0];
    if (root->end == j->count && gap_ok(j->text, 0, outer_from(root), 0) &&
        gap_ok(j->text, outer_to(root), j->text.len, 0))
        return ERR_OK;
    *line = line_of(j->text, root->to);
    *why = "more than one JSON value";
    return ERR_SCHEMA;
}

static enum err build(struct json *j, jsmntok_t *tokens, uint32_t *line,
                      const char **why)
{
    jsmn_parser p;

    jsmn_init(&p);
    int n =
        jsmn_parse(&p, (const char *)j->text.at, j->text.len, tokens, j->count);
    if (n != (int)j->count) {
        *line = line_of(j->text, p.pos);
        *why = "this is not JSON";
        return ERR_SCHEMA;
    }
    for (uint32_t i = 0; i < j->count; i++)
        j->nodes[i] = (struct json_node){.kind = kind_of(j->text, &tokens[i]),
                                         .from = (uint32_t)tokens[i].start,
                                         .to = (uint32_t)tokens[i].end,
                                         .count = (uint32_t)tokens[i].size};
    return check(j, line, why);
}

enum err json_open(struct span text, struct json *out, uint32_t *line,
                   const char **why)
{
    jsmn_parser p;

    *out = (struct json){.text = text};
    *line = 0;
    *why = "the file is empty or too long";
    if (text.len == 0 || text.len > JSON_BYTES_MAX)
        return ERR_SCHEMA;
    jsmn_init(&p);
    int count = jsmn_parse(&p, (const char *)text.at, text.len, NULL, 0);
    if (count <= 0) {
        *line = line_of(text, p.pos);
        *why = "this is not JSON";
        return ERR_SCHEMA;
    }
    out->count = (uint32_t)count;
    out->nodes = calloc((size_t)count, sizeof *out->nodes);
    jsmntok_t *tokens = calloc((size_t)count, sizeof *tokens);
    enum err err =
        out->nodes && tokens ? build(out, tokens, line, why) : ERR_NOMEM;
    free(tokens);
    if (err)
        json_close(out);
    return err;
}

void json_close(struct json *j)
{
    free(j->nodes);
    *j = (struct json){0};
}

enum json_kind json_kind(const struct json *j, uint32_t node)
{
    return node < j->count ? j->nodes[node].kind : JSON_NULL;
}

uint32_t json_line(const struct json *j, uint32_t node)
{
    return node < j->count ? line_of(j->text, j->nodes[node].from) : 0;
}

uint32_t json_count(const struct json *j, uint32_t node)
{
    enum json_kind kind = json_kind(j, node);

    if (kind != JSON_ARRAY && kind != JSON_OBJECT)
        return 0;
    return j->nodes[node].count;
}

uint32_t json_first(const struct json *j, uint32_t node)
{
    return json_count(j, node) ? node + 1 : JSON_NONE;
}

uint32_t json_next(const struct json *j, uint32_t parent, uint32_t node)
{
    uint32_t after = j->nodes[node].end;

    if (json_kind(j, parent) == JSON_OBJECT)
        after = j->nodes[node + 1].end;
    return after < j->nodes[parent].end ? after : JSON_NONE;
}

uint32_t json_value(const struct json *j, uint32_t key)
{
    return key < j->count ? key + 1 : JSON_NONE;
}

uint32_t json_member(const struct json *j, uint32_t object, const char *key)
{
    if (json_kind(j, object) != JSON_OBJECT)
        return JSON_NONE;
    for (uint32_t k = json_first(j, object); k != JSON_NONE;
         k = json_next(j, object, k))
        if (json_is(j, k, key))
            return json_value(j, k);
    return JSON_NONE;
}

struct span json_text(const struct json *j, uint32_t node)
{
    if (node >= j->count)
        return (struct span){0};
    const struct json_node *n = &j->nodes[node];
    size_t from = outer_from(n);
    return (struct span){j->text.at + from, outer_to(n) - from};
}

bool json_is(const struct json *j, uint32_t node, const char *text)
{
    if (json_kind(j, node) != JSON_STRING)
        return false;
    const struct json_node *n = &j->nodes[node];
    return word_is((struct span){j->text.at + n->from, n->to - n->from}, text);
}

bool json_true(const struct json *j, uint32_t node)
{
    return json_kind(j, node) == JSON_BOOL &&
           j->text.at[j->nodes[node].from] == 't';
}

bool json_uint(const struct json *j, uint32_t node, uint32_t *out)
{
    if (json_kind(j, node) != JSON_NUMBER)
        return false;
    struct span s = json_text(j, node);
    if (s.len > 9 || digits(s, 0) != s.len)
        return false;
    *out = 0;
    for (uint32_t i = j->nodes[node].from; i < j->nodes[node].to; i++)
        *out = *out * 10 + (j->text.at[i] - '0');
    return true;
}

static void put_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_byte(out, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        buf_byte(out, (uint8_t)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        buf_byte(out, (uint8_t)(0xe0 | c >> 12));
        buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
    } else {
        buf_byte(out, (uint8_t)(0xf0 | c >> 18));
        buf_byte(out, (uint8_t)(0x80 | (c >> 12 & 63)));
        buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
    }
    buf_byte(out, (uint8_t)(0x80 | (c & 63)));
}

/* Four hex digits; jsmn has checked that they are there. */
static uint32_t hex4(const uint8_t *at)
{
    uint32_t v = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t c = at[i];
        v = v << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

/* at[0] is the u after the backslash; returns the bytes used, 0: refused. */
static size_t put_escaped(const uint8_t *at, size_t left, struct buf *out)
{
    uint32_t c = left >= 5 ? hex4(at + 1) : 0;

    if (c == 0 || (c >= 0xdc00 && c <= 0xdfff))
        return 0;
    if (c < 0xd800 || c > 0xdbff) {
        put_utf8(out, c);
        return 5;
    }
    if (left < 11 || at[5] != '\\' || at[6] != 'u')
        return 0;
    uint32_t low = hex4(at + 7);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    put_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
    return 11;
}

bool json_string(const struct json *j, uint32_t node, struct buf *out)
{
    if (json_kind(j, node) != JSON_STRING)
        return false;
    const uint8_t *at = j->text.at + j->nodes[node].from;
    const uint8_t *end = j->text.at + j->nodes[node].to;
    size_t start = out->len, chars;

    while (at < end) {
        if (*at != '\\') {
            buf_byte(out, *at++);
            continue;
        }
        at++;
        size_t used = 1;
        switch (*at) {
        case 'b': buf_byte(out, '\b'); break;
        case 'f': buf_byte(out, '\f'); break;
        case 'n': buf_byte(out, '\n'); break;
        case 'r': buf_byte(out, '\r'); break;
        case 't': buf_byte(out, '\t'); break;
        case 'u': used = put_escaped(at, (size_t)(end - at), out); break;
        default: buf_byte(out, *at); break;
        }
        if (used == 0)
            return false;
        at += used;
    }
    return !buf_ok(out) ||
           utf8_check((struct span){out->at + start, out->len - start}, &chars);
}
