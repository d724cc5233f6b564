#include "merge.h"

#include "merge_set.h"
#include "merge_text.h"

#include <assert.h>

/* ---- Reading ---- */

static enum err read_existence(const struct change_edit *in)
{
    switch (in->op) {
    case CHANGE_CREATE:
    case CHANGE_DELETE:
    case CHANGE_RESTORE: return ERR_OK;
    case CHANGE_SET:
    case CHANGE_TEXT:
    case CHANGE_ADD:
    case CHANGE_REMOVE: break;
    }
    return ERR_BAD_OP;
}

static enum err read_set(const struct field *f, struct change_edit *in,
                         struct arena *arena, struct merge_edit *out)
{
    if (kind_is_set(f->kind))
        return value_read_elements(f, &in->value, arena, &out->elements);
    return value_read(f, &in->value, arena, &out->value);
}

enum err merge_edit_read(const struct type *type, struct change_edit *in,
                         struct arena *arena, struct merge_edit *out)
{
    *out = (struct merge_edit){.op = in->op, .seen = in->seen};
    if (in->field == 0)
        return read_existence(in);

    const struct field *f = out->field = type_field(type, in->field);
    if (!f)
        return ERR_UNKNOWN_FIELD;
    switch (in->op) {
    case CHANGE_SET: return read_set(f, in, arena, out);
    case CHANGE_TEXT:
        if (f->kind != KIND_TEXT || f->rule != RULE_TEXT)
            return ERR_BAD_OP;
        return text_delta_read(items_array(&in->value), &out->delta);
    case CHANGE_ADD:
    case CHANGE_REMOVE:
        if (!kind_is_set(f->kind))
            return ERR_BAD_OP;
        return value_read_elements(f, &in->value, arena, &out->elements);
    case CHANGE_CREATE:
    case CHANGE_DELETE:
    case CHANGE_RESTORE: break;
    }
    return ERR_BAD_OP;
}

void merge_edit_free(struct merge_edit *e)
{
    text_delta_free(&e->delta);
}

/* ---- The rules for single values ---- */

static bool concurrent(const struct merge_cell *c, const struct merge_edit *e,
                       const struct row *stamp)
{
    return c->found && c->now.version > e->seen &&
           c->now.replica != stamp->replica;
}

static long place_in(const char *const *order, struct value v)
{
    for (long i = 0; v.kind == VALUE_TEXT && order[i]; i++)
        if (span_equal(span_of(order[i]), v.bytes))
            return i;
    return -1;
}

/* Is a further along the field's order than b? */
static bool further(const struct field *f, struct value a, struct value b)
{
    if (b.kind == VALUE_NIL || a.kind == VALUE_NIL)
        return a.kind != VALUE_NIL;
    if (a.kind == VALUE_TEXT && f->order)
        return place_in(f->order, a) > place_in(f->order, b);
    if (a.kind == VALUE_REAL || b.kind == VALUE_REAL) {
        double x = a.kind == VALUE_REAL ? a.real : (double)a.integer;
        double y = b.kind == VALUE_REAL ? b.real : (double)b.integer;
        return x > y;
    }
    return a.integer > b.integer;
}

/* Two people wrote at once, and wrote different things. */
static enum outcome meet(const struct merge_cell *c, struct value value,
                         const struct row *stamp)
{
    switch (c->field->rule) {
    case RULE_ASK: return OUTCOME_CONFLICT;
    case RULE_RANK:
        return further(c->field, value, c->now.value) ? OUTCOME_APPLIED
                                                      : OUTCOME_OVERTAKEN;
    case RULE_LATEST:
    case RULE_TEXT:
    case RULE_SET:
    case RULE_ONCE: break;
    }
    /* The tie goes to the higher version: to the one that comes now. */
    return stamp->at >= c->now.at ? OUTCOME_APPLIED : OUTCOME_OVERTAKEN;
}

static enum outcome decide(const struct merge_cell *c,
                           const struct merge_edit *e, const struct row *stamp)
{
    bool same = c->found && value_equal(c->now.value, e->value);

    if (!c->found)
        return OUTCOME_APPLIED;
    if (c->field->rule == RULE_ONCE && c->now.value.kind != VALUE_NIL)
        return same ? OUTCOME_AGREED : OUTCOME_HELD;
    if (!concurrent(c, e, stamp))
        return OUTCOME_APPLIED;
    return same ? OUTCOME_AGREED : meet(c, e->value, stamp);
}

/* ---- Field 0 ---- */

static enum outcome decide_existence(const struct merge_cell *c,
                                     const struct merge_edit *e,
                                     uint64_t record_version)
{
    if (e->op == CHANGE_CREATE)
        return c->found ? OUTCOME_AGREED : OUTCOME_APPLIED;
    if (e->op == CHANGE_DELETE && record_version > e->seen)
        return OUTCOME_OVERTAKEN;
    return OUTCOME_APPLIED;
}

/* ---- All of them ---- */

static bool moves(enum outcome o)
{
    return o == OUTCOME_APPLIED || o == OUTCOME_MERGED;
}

/* The new row becomes the state, or goes to history by itself. */
static void settle(struct merge_cell *c, struct row row,
                   struct merge_result *out)
{
    out->moved = moves(out->outcome);
    row.outcome = (uint8_t)out->outcome;
    if (!out->moved) {
        out->past = row;
        out->has_past = true;
        return;
    }
    out->has_past = c->found;
    out->past = c->now;
    c->now = row;
    c->found = true;
}

enum err merge_apply(const struct merge_context *x, const struct merge_edit *e,
                     const struct row *stamp, uint64_t record_version,
                     struct merge_cell *c, struct merge_result *out)
{
    struct row row = *stamp;

    *out = (struct merge_result){0};
    if (c->found && e->seen > c->now.version && e->field && !e->field->grouped)
        return ERR_BAD_SEEN;

    if (!e->field) {
        out->outcome = decide_existence(c, e, record_version);
        row.value = (struct value){.kind = VALUE_INT,
                                   .integer = e->op != CHANGE_DELETE};
    } else if (kind_is_set(e->field->kind)) {
        enum err err = merge_set(x, e, c, &row, &out->outcome);
        if (err)
            return err;
    } else if (e->field->rule == RULE_TEXT) {
        enum err err = merge_text(x, e, c, &row, &out->outcome);
        if (err)
            return err;
    } else {
        out->outcome = decide(c, e, stamp);
        out->reason = out->outcome == OUTCOME_HELD ? ERR_ONCE : ERR_OK;
        row.value = e->value;
    }
    struct merge_past *below = NULL;
    if (moves(out->outcome) && c->found) {
        below = arena_take(x->arena, sizeof *below);
        if (!below)
            return ERR_NOMEM;
    }
    settle(c, row, out);
    if (below) {
        *below = (struct merge_past){out->past, c->past};
        c->past = below;
    }
    return ERR_OK;
}
