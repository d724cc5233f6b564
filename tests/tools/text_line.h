/* text_line.h -- the text tool's requests: one line of JSON in, one out. For
 * tidemark-text.c and text_test.c.
 *
 * JSON Lines in, JSON Lines out, one for one; client-js/tools/text.js is its
 * twin, byte for byte:
 *
 *     {"apply": TEXT, "delta": DELTA}                      {"text": TEXT}
 *     {"compose": [DELTA, ...], "on": TEXT}                {"delta": DELTA}
 *     {"diff": [OLD, NEW]}                                 {"delta": DELTA}
 *     {"merge": BASE, "theirs": DELTA, "mine": DELTA}
 *         {"text": TEXT, "delta": DELTA, "overlap": [[from, to, T, M], ...]}
 *     anything refused                                     {"error": NAME}
 *
 * NAME is `malformed` (not JSON, or not one of these), `bad_value` (a text
 * with a lone surrogate or U+0000) or `bad_delta`. Deltas are read generously
 * (steps in any order at one place, a keep at the end), and written canonical.
 */
#ifndef TEXT_LINE_H
#define TEXT_LINE_H

#include "json_line.h"
#include "text_walk.h"

#include <stdio.h>

/* A delta as it was read. */
struct edit {
    struct text_delta delta;
    uint64_t reach;    /* code points of the old text that it walks */
    uint64_t inserted; /* and adds */
    uint64_t dropped;  /* and takes away */
};

static enum err read_text(struct json_line *j, int token, struct span *out)
{
    if (token < 0 || json_kind(j, token) != JSMN_STRING)
        return ERR_MALFORMED;
    return json_text(j, token, out) ? ERR_OK : ERR_BAD_VALUE;
}

static enum err read_insert(struct json_line *j, int token, struct edit *e,
                            struct text_pen *pen)
{
    struct span text;

    if (!json_text(j, token, &text) || text.len == 0)
        return ERR_BAD_DELTA;
    size_t chars = text_chars(text);
    e->inserted += chars;
    text_pen_insert(pen, text, (uint32_t)chars);
    return ERR_OK;
}

static enum err read_count(struct json_line *j, int token, struct edit *e,
                           struct text_pen *pen)
{
    const char *digits = j->text + j->tokens[token].start;
    double count = 0;

    if (*digits == '-' || (*digits >= '0' && *digits <= '9'))
        count = strtod(digits, NULL);
    if (!(count >= -INT32_MAX && count <= INT32_MAX))
        return ERR_BAD_DELTA;
    int64_t whole = (int64_t)count;
    if (whole == 0 || (double)whole != count)
        return ERR_BAD_DELTA;
    uint64_t chars = (uint64_t)(whole > 0 ? whole : -whole);
    e->reach += chars;
    if (whole > 0) {
        text_pen_keep(pen, chars);
    } else {
        text_pen_drop(pen, chars);
        e->dropped += chars;
    }
    return e->reach > INT32_MAX ? ERR_BAD_DELTA : ERR_OK;
}

/* What it borrows lives as long as the line. */
static enum err read_edit(struct json_line *j, int token, struct edit *e)
{
    struct text_pen pen = text_pen_start(&e->delta);
    enum err err = ERR_OK;

    if (token < 0 || json_kind(j, token) != JSMN_ARRAY)
        return ERR_BAD_DELTA;
    int end = json_after(j, token);
    for (int i = token + 1; i < end && !err; i++) {
        int kind = json_kind(j, i);
        if (kind == JSMN_STRING)
            err = read_insert(j, i, e, &pen);
        else if (kind == JSMN_PRIMITIVE)
            err = read_count(j, i, e, &pen);
        else
            err = ERR_BAD_DELTA;
    }
    return err ? err : text_pen_finish(&pen);
}

static void put_delta(struct buf *out, const struct text_delta *d)
{
    char digits[16];

    buf_byte(out, '[');
    for (uint32_t i = 0; i < d->count; i++) {
        const struct text_step *s = &d->steps[i];
        bool more = i > 0 && s->count == 0 && d->steps[i - 1].count == 0;
        if (more)
            out->len--; /* the same insert goes on: reopen the string */
        else if (i > 0)
            buf_byte(out, ',');
        if (s->count) {
            (void)snprintf(digits, sizeof digits, "%d", s->count);
            json_put(out, digits);
            continue;
        }
        if (!more)
            buf_byte(out, '"');
        json_put_part(out, s->text);
        buf_byte(out, '"');
    }
    buf_byte(out, ']');
}

static enum err do_apply(struct json_line *j, int token, struct buf *out)
{
    struct span text;
    struct edit e = {0};
    struct buf result = {0};
    enum err err = read_text(j, token, &text);

    if (!err)
        err = read_edit(j, json_find(j, "delta"), &e);
    if (!err && e.reach > text_chars(text))
        err = ERR_BAD_DELTA;
    if (!err)
        err = text_apply(text, &e.delta, &result);
    if (!err) {
        json_put(out, "{\"text\":");
        json_put_text(out, buf_span(&result));
        json_put(out, "}");
    }
    buf_free(&result);
    text_delta_free(&e.delta);
    return err;
}

/* Read count deltas; when `bound`, the first is on a text of `chars`. */
static enum err read_edits(struct json_line *j, int token, bool bound,
                           uint64_t chars, struct text_delta *all)
{
    int end = json_after(j, token);

    for (int i = token + 1; i < end; i = json_after(j, i)) {
        struct edit e = {0};
        enum err err = read_edit(j, i, &e);
        *all++ = e.delta;
        if (err)
            return err;
        if (bound && e.reach > chars)
            return ERR_BAD_DELTA;
        chars = chars + e.inserted - e.dropped;
    }
    return ERR_OK;
}

/* Neighbours by twos, then by fours ...: what comes out is the same, and many
 * small deltas do not each pay for the long one. */
static enum err compose_all(struct text_delta *all, size_t count)
{
    for (size_t gap = 1; gap < count; gap *= 2) {
        for (size_t i = 0; i + gap < count; i += 2 * gap) {
            struct text_delta both = {0};
            enum err err = text_compose(&all[i], &all[i + gap], &both);
            text_delta_free(&all[i]);
            text_delta_free(&all[i + gap]);
            all[i] = both;
            if (err)
                return err;
        }
    }
    return ERR_OK;
}

static enum err do_compose(struct json_line *j, int token, struct buf *out)
{
    struct span on = {0};
    int bound = json_find(j, "on");
    enum err err = bound < 0 ? ERR_OK : read_text(j, bound, &on);

    if (err)
        return err;
    if (json_kind(j, token) != JSMN_ARRAY)
        return ERR_MALFORMED;
    size_t count = (size_t)j->tokens[token].size;
    struct text_delta *all = calloc(count + 1, sizeof *all);
    if (!all)
        return ERR_NOMEM;
    err = read_edits(j, token, bound >= 0, text_chars(on), all);
    if (!err)
        err = compose_all(all, count);
    if (!err) {
        json_put(out, "{\"delta\":");
        put_delta(out, &all[0]);
        json_put(out, "}");
    }
    for (size_t i = 0; i < count; i++)
        text_delta_free(&all[i]);
    free(all);
    return err;
}

static enum err do_diff(struct json_line *j, int token, struct buf *out)
{
    struct span from, to;
    struct text_delta delta = {0};

    if (json_kind(j, token) != JSMN_ARRAY || j->tokens[token].size != 2)
        return ERR_MALFORMED;
    enum err err = read_text(j, token + 1, &from);
    if (!err)
        err = read_text(j, json_after(j, token + 1), &to);
    if (!err)
        err = text_diff(from, to, &delta);
    if (!err) {
        json_put(out, "{\"delta\":");
        put_delta(out, &delta);
        json_put(out, "}");
    }
    text_delta_free(&delta);
    return err;
}

static void put_overlaps(struct buf *out, const struct text_merged *merged)
{
    char digits[40];

    for (uint32_t i = 0; i < merged->overlap_count; i++) {
        const struct text_overlap *o = &merged->overlaps[i];
        (void)snprintf(digits, sizeof digits, "%s[%u,%u,", i ? "," : "",
                       o->from, o->to);
        json_put(out, digits);
        json_put_text(out, o->theirs);
        json_put(out, ",");
        json_put_text(out, o->mine);
        json_put(out, "]");
    }
}

static enum err put_merge(struct span base, const struct text_delta *theirs,
                          const struct text_merged *merged, struct buf *out)
{
    struct buf shown = {0};
    struct buf text = {0};
    enum err err = text_apply(base, theirs, &shown);

    if (!err)
        err = text_apply(buf_span(&shown), &merged->delta, &text);
    if (!err) {
        json_put(out, "{\"text\":");
        json_put_text(out, buf_span(&text));
        json_put(out, ",\"delta\":");
        put_delta(out, &merged->delta);
        json_put(out, ",\"overlap\":[");
        put_overlaps(out, merged);
        json_put(out, "]}");
    }
    buf_free(&text);
    buf_free(&shown);
    return err;
}

static enum err do_merge(struct json_line *j, int token, struct buf *out)
{
    struct span base;
    struct edit theirs = {0};
    struct edit mine = {0};
    struct text_merged merged = {0};
    enum err err = read_text(j, token, &base);

    if (!err)
        err = read_edit(j, json_find(j, "theirs"), &theirs);
    if (!err)
        err = read_edit(j, json_find(j, "mine"), &mine);
    size_t chars = err ? 0 : text_chars(base);
    if (!err && (theirs.reach > chars || mine.reach > chars))
        err = ERR_BAD_DELTA;
    if (!err)
        err = text_merge(base, &theirs.delta, &mine.delta, &merged);
    if (!err)
        err = put_merge(base, &theirs.delta, &merged, out);
    text_merged_free(&merged);
    text_delta_free(&mine.delta);
    text_delta_free(&theirs.delta);
    return err;
}

static enum err run_request(struct json_line *j, const char *line, size_t len,
                            struct buf *out)
{
    static const struct {
        const char *key;
        enum err (*run)(struct json_line *, int, struct buf *);
    } requests[] = {{"apply", do_apply},
                    {"compose", do_compose},
                    {"diff", do_diff},
                    {"merge", do_merge}};
    enum err err = json_read(j, line, len);

    if (err)
        return err;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int token = json_find(j, requests[i].key);
        if (token < 0)
            continue;
        err = requests[i].run(j, token, out);
        return err || buf_ok(out) ? err : ERR_NOMEM;
    }
    return ERR_MALFORMED;
}

/* Append the answer to one line, which is ended by a zero that is not counted.
 * What is refused is answered too; ask buf_ok(out). */
static void text_line_answer(struct json_line *j, const char *line, size_t len,
                             struct buf *out)
{
    size_t start = out->len;
    enum err err = run_request(j, line, len, out);

    if (!err)
        return;
    out->len = start;
    json_put(out, "{\"error\":");
    json_put_text(out, span_of(err_name(err)));
    json_put(out, "}");
}

#endif
