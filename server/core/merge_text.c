#include "merge_text.h"

#include <assert.h>

/* What the edit was made on, and what has happened since. */
struct ground {
    struct span base;
    struct text_delta since; /* base to the text of now */
    bool moved;              /* since is not empty, and not the author's own */
};

/* The edit meets the text of now: what comes of it. */
struct meeting {
    struct span now;
    struct span text;       /* the result */
    struct text_delta back; /* from the result to now */
    enum outcome outcome;
    uint8_t flags;
    struct span aux;
};

static struct span text_of(struct value v)
{
    return v.kind == VALUE_TEXT ? v.bytes : (struct span){0};
}

static struct value value_of(struct span text)
{
    if (text.len == 0)
        return (struct value){0};
    return (struct value){.kind = VALUE_TEXT, .bytes = text};
}

/* Move a buf's bytes into the arena. */
static struct span keep(const struct merge_context *x, struct buf *b)
{
    struct span kept = {0};

    if (buf_ok(b))
        kept = arena_copy(x->arena, buf_span(b));
    else
        x->arena->failed = true;
    buf_free(b);
    return kept;
}

static enum err read_delta(const struct merge_context *x, struct span packed,
                           struct text_delta *out)
{
    struct items in;
    enum err err = pack_parse_next(x->pack, &packed, &in);

    if (!err)
        err = text_delta_read(in, out);
    return err == ERR_NOMEM || !err ? err : ERR_CORRUPT;
}

static enum err apply(const struct merge_context *x, struct span text,
                      const struct text_delta *delta, struct span *out)
{
    struct buf b = {0};
    enum err err = text_apply(text, delta, &b);

    if (err) {
        buf_free(&b);
        return err;
    }
    *out = keep(x, &b);
    return arena_ok(x->arena) ? ERR_OK : ERR_NOMEM;
}

/* Put `next` behind *all: first *all, then `next`. Takes both. */
static enum err follow(struct text_delta *all, struct text_delta *next)
{
    struct text_delta both = {0};
    enum err err = text_compose(all, next, &both);

    text_delta_free(all);
    text_delta_free(next);
    *all = both;
    return err;
}

/* Walk back from the state to the newest version that the author knew: one
 * that was seen, or one of the replica's own. *known: NULL when there is none
 * (the author began on an empty field). *back leads from now to its text. */
static enum err walk_back(const struct merge_context *x,
                          const struct merge_cell *c,
                          const struct merge_edit *e, uint32_t replica,
                          const struct row **known, struct text_delta *back)
{
    const struct row *at = &c->now;

    for (const struct merge_past *p = c->past;; p = p->next) {
        if (at->version <= e->seen || at->replica == replica) {
            *known = at;
            return ERR_OK;
        }
        if (!p)
            break;
        struct text_delta step = {0};
        if (!(p->row.flags & ROW_REVERSE))
            return ERR_CORRUPT;
        enum err err = read_delta(x, p->row.value.bytes, &step);
        if (err)
            return err;
        err = follow(back, &step);
        if (err)
            return err;
        at = &p->row;
    }
    *known = NULL;
    return e->seen ? ERR_BAD_SEEN : ERR_OK;
}

/* The author's own merged edit: on the device its text still reads as in aux.
 */
static enum err own_ground(const struct merge_context *x, const struct row *own,
                           struct text_delta *since, struct ground *out)
{
    struct span aux = own->aux;
    struct items in;
    struct text_delta bridge = {0};
    enum err err = pack_parse_next(x->pack, &aux, &in);

    if (err)
        return err == ERR_NOMEM ? err : ERR_CORRUPT;
    out->base = items_text(&in);
    struct items steps = items_array(&in);
    err = items_ok(&in) ? text_delta_read(steps, &bridge) : ERR_CORRUPT;
    if (!err)
        err = follow(&bridge, since);
    out->since = bridge;
    return err;
}

static enum err find_ground(const struct merge_context *x,
                            const struct merge_cell *c,
                            const struct merge_edit *e, uint32_t replica,
                            struct ground *out)
{
    struct span now = c->found ? text_of(c->now.value) : (struct span){0};
    struct text_delta back = {0}, since = {0};
    const struct row *known = NULL;
    enum err err = ERR_OK;

    if (c->found)
        err = walk_back(x, c, e, replica, &known, &back);
    if (!err && known)
        err = text_invert(now, &back, &since);
    if (!err && known && known->version > e->seen && known->aux.len) {
        err = own_ground(x, known, &since, out);
    } else if (!err && known) {
        err = apply(x, now, &back, &out->base);
        out->since = since;
        since = (struct text_delta){0};
    } else if (!err) {
        err = text_diff((struct span){0}, now, &out->since);
    }
    out->moved = out->since.count > 0;
    text_delta_free(&back);
    text_delta_free(&since);
    return err;
}

/* Beside a merged text: what its author saw, and the way from there. */
static struct span pack_aux(const struct merge_context *x, struct span seen,
                            struct span text, enum err *err)
{
    struct text_delta bridge = {0};
    struct buf b = {0};

    *err = text_diff(seen, text, &bridge);
    pack_array(&b, 2);
    pack_text(&b, seen);
    text_delta_pack(&bridge, &b);
    text_delta_free(&bridge);
    return keep(x, &b);
}

static enum err merge_words(const struct merge_context *x,
                            const struct ground *g,
                            const struct text_delta *mine, struct meeting *w)
{
    struct text_merged m = {0};
    struct span seen = {0};
    enum err err = text_merge(g->base, &g->since, mine, &m);

    if (!err)
        err = apply(x, w->now, &m.delta, &w->text);
    if (!err)
        err = apply(x, g->base, mine, &seen);
    if (!err)
        err = text_invert(w->now, &m.delta, &w->back);
    /* Also when both wrote the same: the author may go on from here, and what
     * they then write is made on these words of theirs. */
    if (!err) {
        w->outcome = OUTCOME_MERGED;
        w->flags = ROW_MERGED | (m.overlap_count ? ROW_CHECK_WORDING : 0);
        w->aux = pack_aux(x, seen, w->text, &err);
    }
    text_merged_free(&m);
    return err;
}

static enum err put_directly(const struct merge_context *x,
                             const struct text_delta *mine, struct meeting *w)
{
    enum err err = apply(x, w->now, mine, &w->text);

    return err ? err : text_invert(w->now, mine, &w->back);
}

/* The state goes to history as the way back to it from its successor. */
static enum err turn_round(const struct merge_context *x, struct merge_cell *c,
                           const struct text_delta *back)
{
    struct buf b = {0};

    text_delta_pack(back, &b);
    struct span packed = keep(x, &b);
    if (!arena_ok(x->arena))
        return ERR_NOMEM;
    c->now.value = (struct value){.kind = VALUE_BLOB, .bytes = packed};
    c->now.flags |= ROW_REVERSE;
    return ERR_OK;
}

static bool is_too_long(struct span text)
{
    size_t chars;

    return !utf8_check(text, &chars) || chars > TEXT_CHARS_MAX;
}

enum err merge_text(const struct merge_context *x, const struct merge_edit *e,
                    struct merge_cell *c, struct row *row,
                    enum outcome *outcome)
{
    struct ground g = {0};
    struct text_delta whole = {0};
    const struct text_delta *mine = &e->delta;
    struct meeting w = {.outcome = OUTCOME_APPLIED};
    enum err err = find_ground(x, c, e, row->replica, &g);

    w.now = c->found ? text_of(c->now.value) : (struct span){0};
    if (!err && e->op == CHANGE_SET) {
        err = text_diff(g.base, text_of(e->value), &whole);
        mine = &whole;
    }
    if (!err)
        err =
            g.moved ? merge_words(x, &g, mine, &w) : put_directly(x, mine, &w);
    if (!err && is_too_long(w.text))
        err = ERR_TOO_BIG;
    if (!err && c->found)
        err = turn_round(x, c, &w.back);
    row->value = value_of(w.text);
    row->flags |= w.flags;
    row->aux = w.aux;
    *outcome = w.outcome;
    text_delta_free(&w.back);
    text_delta_free(&whole);
    text_delta_free(&g.since);
    return err;
}

enum err merge_text_own(const struct merge_context *x,
                        const struct merge_edit *e, const struct merge_cell *c,
                        uint32_t replica, const struct value *before,
                        struct span *text)
{
    struct ground g = {0};
    enum err err = ERR_OK;

    if (e->op == CHANGE_SET) {
        *text = text_of(e->value);
        return ERR_OK;
    }
    if (before)
        g.base = text_of(*before);
    else
        err = find_ground(x, c, e, replica, &g);
    if (!err)
        err = apply(x, g.base, &e->delta, text);
    text_delta_free(&g.since);
    return err;
}
