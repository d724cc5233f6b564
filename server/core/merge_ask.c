#include "merge_ask.h"

#include "merge_text.h"

#include <assert.h>

static bool is_judged(const struct merge_cell *c)
{
    return c->field && c->field->rule == RULE_ASK;
}

/* Where rivals stand: beside the first judged field that has a state. */
static struct merge_cell *anchor(const struct merge_unit *u)
{
    for (size_t i = 0; i < u->count; i++)
        if (is_judged(u->cells[i]) && u->cells[i]->found)
            return u->cells[i];
    return NULL;
}

/* ---- Rivals in row.aux: [opened, [field, replica, author, at, seen, version,
 * value], …] ---- */

static struct value read_value(struct items *in)
{
    struct value v = {0};

    switch (items_kind(in)) {
    case PACK_INT:
        v.kind = VALUE_INT;
        v.integer = items_int(in);
        break;
    case PACK_REAL:
        v.kind = VALUE_REAL;
        v.real = items_real(in);
        break;
    case PACK_TEXT:
        v.kind = VALUE_TEXT;
        v.bytes = items_text(in);
        break;
    case PACK_BIN:
        v.kind = VALUE_BLOB;
        v.bytes = items_bin(in);
        break;
    case PACK_NIL:
    case PACK_BOOL:
    case PACK_ARRAY:
    case PACK_NONE: items_skip(in); break;
    }
    return v;
}

static void write_value(struct buf *b, struct value v)
{
    switch (v.kind) {
    case VALUE_NIL: pack_nil(b); return;
    case VALUE_INT: pack_int(b, v.integer); return;
    case VALUE_REAL: pack_real(b, v.real); return;
    case VALUE_TEXT: pack_text(b, v.bytes); return;
    case VALUE_BLOB: pack_bin(b, v.bytes); return;
    }
}

static struct merge_rival read_rival(struct items in, bool *ok)
{
    struct merge_rival r = {.field = (uint32_t)items_uint(&in)};

    r.replica = (uint32_t)items_uint(&in);
    r.author = (uint32_t)items_uint(&in);
    r.at = items_int(&in);
    r.seen = items_uint(&in);
    r.version = items_uint(&in);
    r.value = read_value(&in);
    *ok &= items_ok(&in);
    return r;
}

enum err merge_rivals(const struct merge_context *x, const struct merge_unit *u,
                      struct merge_rivals *out)
{
    const struct merge_cell *a = anchor(u);
    struct span aux = a ? a->now.aux : (struct span){0};
    struct items in;
    bool ok = true;

    *out = (struct merge_rivals){0};
    if (aux.len) {
        enum err err = pack_parse_next(x->pack, &aux, &in);
        if (err)
            return err == ERR_NOMEM ? err : ERR_CORRUPT;
        out->opened = items_uint(&in);
        ok = items_ok(&in);
    } else {
        in = (struct items){0};
    }
    /* Room for two more: that is the most that one edit adds. */
    out->list = arena_take(x->arena, (in.left + 2) * sizeof *out->list);
    if (!out->list)
        return ERR_NOMEM;
    while (ok && in.left)
        out->list[out->count++] = read_rival(items_array(&in), &ok);
    return ok ? ERR_OK : ERR_CORRUPT;
}

static enum err keep_rivals(const struct merge_context *x,
                            const struct merge_rivals *r, struct merge_cell *to)
{
    struct buf b = {0};

    pack_array(&b, 1 + r->count);
    pack_uint(&b, r->opened);
    for (uint32_t i = 0; i < r->count; i++) {
        const struct merge_rival *m = &r->list[i];
        pack_array(&b, 7);
        pack_uint(&b, m->field);
        pack_uint(&b, m->replica);
        pack_uint(&b, m->author);
        pack_int(&b, m->at);
        pack_uint(&b, m->seen);
        pack_uint(&b, m->version);
        write_value(&b, m->value);
    }
    bool grown = buf_ok(&b);
    if (grown)
        to->now.aux =
            r->count ? arena_copy(x->arena, buf_span(&b)) : (struct span){0};
    buf_free(&b);
    if (r->opened)
        to->now.flags |= ROW_CONFLICT;
    else
        to->now.flags &= (uint8_t)~ROW_CONFLICT;
    return grown && arena_ok(x->arena) ? ERR_OK : ERR_NOMEM;
}

static void drop(struct merge_rivals *r, uint32_t at)
{
    memmove(&r->list[at], &r->list[at + 1],
            (r->count - at - 1) * sizeof *r->list);
    r->count--;
}

static struct merge_rival *rival_of(const struct merge_rivals *r,
                                    uint32_t replica, uint32_t field)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->list[i].replica == replica && r->list[i].field == field)
            return &r->list[i];
    return NULL;
}

static bool is_rival(const struct merge_rivals *r, uint32_t replica)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->list[i].replica == replica && r->list[i].field)
            return true;
    return false;
}

static bool any_rival(const struct merge_rivals *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->list[i].field)
            return true;
    return false;
}

static void put_rival(struct merge_rivals *r, const struct row *stamp,
                      uint32_t field, struct value value)
{
    struct merge_rival *m = rival_of(r, stamp->replica, field);

    if (!m)
        m = &r->list[r->count++];
    *m = (struct merge_rival){field,     stamp->replica, stamp->author,
                              stamp->at, stamp->seen,    stamp->version,
                              value};
    if (field && !r->opened)
        r->opened = stamp->version;
}

/* ---- What the author had not seen ---- */

static uint64_t newest_judgement(const struct merge_unit *u, uint32_t replica)
{
    uint64_t most = 0;

    for (size_t i = 0; i < u->count; i++) {
        const struct merge_cell *c = u->cells[i];
        if (is_judged(c) && c->found && c->now.replica != replica &&
            c->now.version > most)
            most = c->now.version;
    }
    return most;
}

static uint64_t newest_rival(const struct merge_rivals *r, uint32_t replica)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < r->count; i++)
        if (r->list[i].field && r->list[i].replica != replica &&
            r->list[i].version > most)
            most = r->list[i].version;
    return most;
}

/* ---- Going to history, or becoming the state ---- */

static enum err settle(const struct merge_context *x, struct merge_cell *c,
                       const struct row *row, struct merge_result *out)
{
    struct merge_past *below;

    out->moved = out->outcome == OUTCOME_APPLIED;
    out->has_past = !out->moved || c->found;
    out->past = *row;
    out->past.outcome = (uint8_t)out->outcome;
    if (!out->moved)
        return ERR_OK;
    if (c->found) {
        below = arena_take(x->arena, sizeof *below);
        if (!below)
            return ERR_NOMEM;
        out->past = c->now;
        *below = (struct merge_past){c->now, c->past};
        c->past = below;
    }
    c->now = *row;
    c->now.outcome = OUTCOME_APPLIED;
    c->found = true;
    return ERR_OK;
}

static enum err judge(const struct merge_context *x, const struct merge_edit *e,
                      const struct row *stamp, bool decides,
                      const struct merge_unit *u, struct merge_cell *c,
                      struct merge_rivals *r, struct merge_result *out,
                      struct merge_asked *asked)
{
    struct row row = *stamp;
    uint64_t rival = newest_rival(r, stamp->replica);
    bool blind =
        newest_judgement(u, stamp->replica) > e->seen || rival > e->seen;
    bool own = c->found && c->now.replica == stamp->replica;
    bool same = c->found && value_equal(c->now.value, e->value);
    struct merge_rival *mine = rival_of(r, stamp->replica, e->field->id);

    row.value = e->value;
    out->outcome = OUTCOME_APPLIED;
    if (!blind && any_rival(r) && (decides || !rival)) {
        asked->closed = r->opened;
        *r = (struct merge_rivals){.list = r->list};
    } else if (!blind && !any_rival(r)) {
        r->count = 0; /* who agreed with what was before matters no more */
    } else if (same && (blind || any_rival(r))) {
        out->outcome = OUTCOME_AGREED;
        if (mine)
            drop(r, (uint32_t)(mine - r->list));
        put_rival(r, stamp, 0, (struct value){0});
        if (!any_rival(r)) {
            asked->closed = r->opened;
            r->opened = 0;
        }
    } else if ((blind || any_rival(r)) && !own && anchor(u)) {
        out->outcome = OUTCOME_CONFLICT;
        put_rival(r, stamp, e->field->id, e->value);
    }
    asked->moved = out->outcome != OUTCOME_APPLIED || asked->closed;
    return settle(x, c, &row, out);
}

/* The text beside a grade, as its author wrote it. */
static enum err write_aside(const struct merge_context *x,
                            const struct merge_edit *e, const struct row *stamp,
                            struct merge_cell *c, struct merge_rivals *r,
                            struct merge_result *out)
{
    struct row row = *stamp;
    struct merge_rival *mine = rival_of(r, stamp->replica, e->field->id);
    struct span text;
    enum err err = merge_text_own(x, e, c, stamp->replica,
                                  mine ? &mine->value : NULL, &text);

    if (err)
        return err;
    row.value = (struct value){.kind = text.len ? VALUE_TEXT : VALUE_NIL,
                               .bytes = text};
    out->outcome = OUTCOME_CONFLICT;
    put_rival(r, stamp, e->field->id, row.value);
    return settle(x, c, &row, out);
}

enum err merge_ask(const struct merge_context *x, const struct merge_edit *e,
                   const struct row *stamp, bool decides,
                   const struct merge_unit *u, struct merge_cell *c,
                   struct merge_result *out, struct merge_asked *asked)
{
    struct merge_rivals r;
    enum err err = merge_rivals(x, u, &r);

    *asked = (struct merge_asked){0};
    *out = (struct merge_result){0};
    if (err)
        return err;
    if (is_judged(c)) {
        err = judge(x, e, stamp, decides, u, c, &r, out, asked);
    } else if (is_rival(&r, stamp->replica) ||
               (newest_judgement(u, stamp->replica) > e->seen &&
                !rival_of(&r, stamp->replica, 0))) {
        err = write_aside(x, e, stamp, c, &r, out);
        asked->moved = true;
    } else {
        asked->by_text = true;
        return ERR_OK;
    }
    asked->open = r.opened;
    struct merge_cell *a = anchor(u);
    return err || !a ? err : keep_rivals(x, &r, a);
}
