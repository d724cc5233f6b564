/* json_line.h -- one line of JSON, read and written as JavaScript's JSON.parse
 * and JSON.stringify would. For the tools of this folder.
 *
 * jsmn finds the tokens; it is lenient, so json_valid() goes first. A struct
 * json_line owns its tokens and the decoded strings; both live until the next
 * json_read() or json_free().
 */
#ifndef JSON_LINE_H
#define JSON_LINE_H

#include "bytes.h"
#include "err.h"
#include "pack.h"

#include <stdlib.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#include <jsmn.h>
#pragma GCC diagnostic pop

struct json_line {
    const char *text;
    jsmntok_t *tokens;
    int count;
    int cap;
    struct buf strings; /* room for all of the line's strings, never moved */
};

/* ---- Is it JSON at all? ---- */

struct json_scan {
    const char *at, *end;
};

static inline void json_space(struct json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' ||
                              *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static inline bool json_eat(struct json_scan *s, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

static inline bool json_digits(struct json_scan *s)
{
    const char *start = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > start;
}

static inline bool json_number(struct json_scan *s)
{
    (void)json_eat(s, "-");
    if (!json_eat(s, "0") && !json_digits(s))
        return false;
    if (json_eat(s, ".") && !json_digits(s))
        return false;
    if (json_eat(s, "e") || json_eat(s, "E")) {
        if (!json_eat(s, "+"))
            (void)json_eat(s, "-");
        return json_digits(s);
    }
    return true;
}

static inline int json_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After the opening quote. */
static inline bool json_string(struct json_scan *s)
{
    while (s->at < s->end) {
        char c = *s->at++;
        if (c == '"')
            return true;
        if ((unsigned char)c < 0x20)
            return false;
        if (c != '\\')
            continue;
        if (s->at == s->end)
            return false;
        c = *s->at++;
        if (c == 'u') {
            for (int i = 0; i < 4; i++)
                if (s->at == s->end || json_hex(*s->at++) < 0)
                    return false;
        } else if (!strchr("\"\\/bfnrt", c) || c == '\0') {
            return false;
        }
    }
    return false;
}

/* A value up to its end, or to the first thing inside it. */
static inline bool json_value(struct json_scan *s, struct buf *open)
{
    if (json_eat(s, "{") || json_eat(s, "[")) {
        buf_byte(open, (uint8_t)s->at[-1]);
        return true;
    }
    if (json_eat(s, "\""))
        return json_string(s);
    return json_eat(s, "true") || json_eat(s, "false") || json_eat(s, "null") ||
           json_number(s);
}

static inline bool json_key(struct json_scan *s)
{
    json_space(s);
    if (!json_eat(s, "\"") || !json_string(s))
        return false;
    json_space(s);
    return json_eat(s, ":");
}

/* After a value, or just inside a container (`fresh`): close what ends here
 * and stand before the next value. */
static inline bool json_onward(struct json_scan *s, struct buf *open,
                               bool fresh)
{
    while (open->len) {
        bool object = open->at[open->len - 1] == '{';
        json_space(s);
        if (json_eat(s, object ? "}" : "]")) {
            open->len--;
            fresh = false;
            continue;
        }
        if (!fresh && !json_eat(s, ","))
            return false;
        return !object || json_key(s);
    }
    return true;
}

static inline bool json_valid(const char *text, size_t len)
{
    struct json_scan s = {text, text + len};
    struct buf open = {0};
    bool ok;

    do {
        size_t depth = open.len;
        json_space(&s);
        ok = json_value(&s, &open) &&
             json_onward(&s, &open, open.len > depth) && buf_ok(&open);
    } while (ok && open.len);
    json_space(&s);
    buf_free(&open);
    return ok && s.at == s.end;
}

/* ---- Reading. ---- */

static inline void json_free(struct json_line *j)
{
    free(j->tokens);
    buf_free(&j->strings);
    *j = (struct json_line){0};
}

static inline enum err json_tokens(struct json_line *j, size_t len)
{
    jsmn_parser parser;

    jsmn_init(&parser);
    int need = jsmn_parse(&parser, j->text, len, NULL, 0);
    if (need < 1)
        return ERR_MALFORMED;
    if (need > j->cap) {
        jsmntok_t *tokens = realloc(j->tokens, (size_t)need * sizeof *tokens);
        if (!tokens)
            return ERR_NOMEM;
        j->tokens = tokens;
        j->cap = need;
    }
    jsmn_init(&parser);
    j->count = jsmn_parse(&parser, j->text, len, j->tokens, (unsigned)need);
    return j->count < 1 ? ERR_MALFORMED : ERR_OK;
}

/* `text` is ended by a zero that does not count. ERR_MALFORMED, ERR_NOMEM. */
static inline enum err json_read(struct json_line *j, const char *text,
                                 size_t len)
{
    j->text = text;
    j->count = 0;
    buf_clear(&j->strings);
    if (len == 0 || len > INT32_MAX / 2 || !json_valid(text, len) ||
        !utf8_check((struct span){(const uint8_t *)text, len}, &(size_t){0}))
        return ERR_MALFORMED;
    if (!buf_room(&j->strings, len))
        return ERR_NOMEM;
    return json_tokens(j, len);
}

static inline int json_kind(const struct json_line *j, int token)
{
    return token < j->count ? (int)j->tokens[token].type : JSMN_UNDEFINED;
}

/* The token after this one and all that it holds. */
static inline int json_after(const struct json_line *j, int token)
{
    int next = token + 1;

    while (next < j->count && j->tokens[next].start < j->tokens[token].end)
        next++;
    return next;
}

static inline uint32_t json_unit(const char *hex)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (uint32_t)json_hex(hex[i]);
    return unit;
}

/* A \u escape whose digits begin at *at; moves *at past it and its partner.
 * 0: a lone surrogate, or U+0000: no code point that a text may hold. */
static inline uint32_t json_code(const char **at)
{
    uint32_t code = json_unit(*at);

    *at += 4;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    if (code > 0xdbff || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0;
    uint32_t low = json_unit(*at + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

static inline void json_put_code(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_byte(out, (uint8_t)code);
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    buf_byte(out, (uint8_t)(0xff00u >> (more + 1) | code >> (6 * more)));
    while (more--)
        buf_byte(out, (uint8_t)(0x80 | (code >> (6 * more) & 0x3f)));
}

/* Decode a string token. False: lone surrogates or U+0000. */
static inline bool json_text(struct json_line *j, int token, struct span *out)
{
    static const char names[] = "bfnrt";
    static const char codes[] = "\b\f\n\r\t";
    const char *at = j->text + j->tokens[token].start;
    const char *end = j->text + j->tokens[token].end;
    size_t start = j->strings.len;

    while (at < end) {
        if (*at != '\\') {
            buf_byte(&j->strings, (uint8_t)*at++);
            continue;
        }
        const char *name = strchr(names, at[1]);
        at += 2;
        if (at[-1] != 'u') {
            char c = name ? codes[name - names] : at[-1];
            buf_byte(&j->strings, (uint8_t)c);
            continue;
        }
        uint32_t code = json_code(&at);
        if (code == 0)
            return false;
        json_put_code(&j->strings, code);
    }
    *out = (struct span){j->strings.at + start, j->strings.len - start};
    return true;
}

/* The value of a key of the object on this line, or -1. Of keys that come
 * twice the last counts. */
static inline int json_find(struct json_line *j, const char *key)
{
    int found = -1;

    if (json_kind(j, 0) != JSMN_OBJECT)
        return -1;
    for (int i = 1; i < j->count; i = json_after(j, i + 1)) {
        size_t mark = j->strings.len;
        struct span name;
        if (json_text(j, i, &name) && span_equal(name, span_of(key)))
            found = i + 1;
        j->strings.len = mark;
    }
    return found;
}

/* ---- Writing. ---- */

static inline void json_put(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

/* A part of a string, without the quotes around it. */
static inline void json_put_part(struct buf *out, struct span text)
{
    static const char names[] = "btnvfr"; /* 8 to 13; 11 has no name */

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '"' || c == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, c);
        } else if (c >= 8 && c <= 13 && c != 11) {
            buf_byte(out, '\\');
            buf_byte(out, (uint8_t)names[c - 8]);
        } else if (c < 0x20) {
            json_put(out, "\\u00");
            buf_byte(out, (uint8_t) "0123456789abcdef"[c >> 4]);
            buf_byte(out, (uint8_t) "0123456789abcdef"[c & 15]);
        } else {
            buf_byte(out, c);
        }
    }
}

static inline void json_put_text(struct buf *out, struct span text)
{
    buf_byte(out, '"');
    json_put_part(out, text);
    buf_byte(out, '"');
}

#endif
