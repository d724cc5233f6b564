#include "batch_work.h"

#include <assert.h>

static struct value value_of(struct work *w, uint32_t bucket, struct id record,
                             const struct field *f)
{
    const struct cell *c = f ? cells_find(w, bucket, record, f->id) : NULL;

    return c && c->at.found ? c->at.now.value : (struct value){0};
}

/* ---- Signed records ---- */

static long place_in(const struct field *f, struct span value)
{
    for (long i = 0; f->order[i]; i++)
        if (span_equal(span_of(f->order[i]), value))
            return i;
    return -1;
}

static bool is_signed(const struct field *state, struct value v)
{
    return v.kind == VALUE_TEXT &&
           place_in(state, v.bytes) >= place_in(state, span_of("signed_off"));
}

/* As it is, or as the touch that begins the record says. */
static bool parent_of(struct work *w, const struct scene *s, struct id *out)
{
    const struct field *above = cells_above(s->type);

    if (cells_ref(value_of(w, s->bucket, s->record, above), out))
        return true;
    for (uint32_t i = 0; s->newborn && above && i < s->edit_count; i++)
        if (s->edits[i].field == above && s->edits[i].op == CHANGE_SET)
            return cells_ref(s->edits[i].value, out);
    return false;
}

static const struct type *type_of(struct work *w, uint32_t bucket,
                                  struct id record)
{
    const struct cell *c = cells_find(w, bucket, record, 0);

    return c && c->at.found ? schema_type(w->ledger->schema, c->at.now.type)
                            : NULL;
}

bool edit_is_closed(struct work *w, const struct scene *s)
{
    struct id parent;

    if (s->type->state &&
        is_signed(s->type->state,
                  value_of(w, s->bucket, s->record, s->type->state)))
        return true;
    if (!s->type->signed_with || !parent_of(w, s, &parent))
        return false;
    const struct type *t = type_of(w, s->bucket, parent);
    return t && t->state &&
           is_signed(t->state, value_of(w, s->bucket, parent, t->state));
}

/* Does an edit of the touch raise the field that reopens this one? */
static bool raises(struct work *w, const struct scene *s,
                   const struct field *reopened)
{
    const struct field *by = reopened->reopened_by;
    struct value now =
        by ? value_of(w, s->bucket, s->record, by) : (struct value){0};
    int64_t round = now.kind == VALUE_INT ? now.integer : 0;

    for (uint32_t i = 0; by && i < s->edit_count; i++)
        if (s->edits[i].field == by && s->edits[i].value.kind == VALUE_INT &&
            s->edits[i].value.integer > round)
            return true;
    return false;
}

bool edit_reopens(struct work *w, const struct scene *s)
{
    return s->type->state && raises(w, s, s->type->state);
}

static bool leads(struct work *w, uint32_t bucket, struct id record,
                  const struct type *t, struct id person)
{
    struct id lead;

    return cells_ref(value_of(w, bucket, record, t->lead), &lead) &&
           id_equal(lead, person);
}

role_set edit_lead(struct work *w, const struct scene *s)
{
    struct id person = access_person(w->ledger->access, s->entry->push->person);
    role_set more = 0;
    struct id parent;

    if (leads(w, s->bucket, s->record, s->type, person))
        more |= ROLE_LEAD;
    if (!parent_of(w, s, &parent))
        return more;
    const struct type *t = type_of(w, s->bucket, parent);
    if (!t)
        return more;
    if (leads(w, s->bucket, parent, t, person))
        more |= ROLE_LEAD;
    if (access_may(t, NULL, ACCESS_SIGN, s->roles | more))
        more |= ROLE_SIGNER;
    return more;
}

/* ---- One edit ---- */

void edit_tell(struct entry *entry, int32_t index, enum outcome outcome,
               enum err reason)
{
    struct batch_push *p = entry->push;

    if (outcome == OUTCOME_APPLIED || !p->exceptions ||
        p->exception_count == BATCH_EXCEPTIONS_MAX)
        return;
    if (outcome == OUTCOME_AGREED)
        outcome = OUTCOME_MERGED;
    p->exceptions[p->exception_count++] = (struct message_exception){
        entry->seq, index, (uint32_t)outcome, (uint32_t)reason};
}

static uint64_t foreign_version(struct work *w, const struct scene *s)
{
    uint64_t most = 0;
    size_t count;
    struct cell **c = cells_of_record(w, s->bucket, s->record, &count);

    for (size_t i = 0; i < count; i++)
        if (c[i]->at.found && c[i]->at.now.replica != s->stamp.replica &&
            c[i]->at.now.version > most)
            most = c[i]->at.now.version;
    return most;
}

static void write_down(struct work *w, struct cell *c,
                       const struct merge_result *r)
{
    if (r->has_past)
        w->history[w->history_count++] = r->past;
    c->dirty |= r->moved;
}

/* Has somebody else raised the round since the edit's author looked? Whoever
 * has seen the rank that came with the raise has seen the raise. */
static bool reopened_since(const struct scene *s, const struct merge_edit *e,
                           const struct row *rank, const struct row *round)
{
    bool together = rank->replica == round->replica && rank->seq == round->seq;
    uint64_t raised = together && rank->version < round->version
                          ? rank->version
                          : round->version;

    return raised > e->seen && round->replica != s->stamp.replica &&
           round->seen > 0; /* 0: as it was created */
}

/* A rank goes back only on purpose: together with what reopens it. And what
 * was written in an earlier round does not count in a later one. */
static bool goes_back_unasked(struct work *w, const struct scene *s,
                              const struct merge_edit *e, const struct cell *c)
{
    const struct field *f = e->field;

    if (!f || !f->reopened_by || !c->at.found || e->op != CHANGE_SET)
        return false;
    if (raises(w, s, f))
        return false;
    if (e->value.kind != VALUE_TEXT || c->at.now.value.kind != VALUE_TEXT)
        return false;
    const struct cell *by =
        cells_find(w, s->bucket, s->record, f->reopened_by->id);
    if (by && by->at.found && reopened_since(s, e, &c->at.now, &by->at.now))
        return true;
    return place_in(f, e->value.bytes) < place_in(f, c->at.now.value.bytes);
}

static void unit_of(struct work *w, const struct scene *s,
                    const struct field *f, struct merge_unit *u,
                    struct cell *cells[MERGE_UNIT_MAX])
{
    u->count = 0;
    for (uint32_t i = 0; i < s->type->field_count; i++) {
        const struct field *g = &s->type->fields[i];
        struct cell *c = g->unit == f->unit && u->count < MERGE_UNIT_MAX
                             ? cells_find(w, s->bucket, s->record, g->id)
                             : NULL;
        if (!c)
            continue;
        c->at.field = g;
        cells[u->count] = c;
        u->cells[u->count++] = &c->at;
    }
}

/* Is there a judged field in this one's unit? */
static bool is_asked(const struct scene *s, const struct field *f)
{
    if (!f || f->rule == RULE_ASK)
        return f != NULL;
    for (uint32_t i = 0; f->grouped && i < s->type->field_count; i++)
        if (s->type->fields[i].unit == f->unit &&
            s->type->fields[i].rule == RULE_ASK)
            return true;
    return false;
}

static bool decides(struct work *w, const struct scene *s,
                    const struct merge_edit *e)
{
    const char *who = e->field->resolver;
    const struct schema *schema = w->ledger->schema;
    const struct role *centre = schema_role_named(schema, "central_admin");
    const struct role *role = who ? schema_role_named(schema, who) : NULL;

    if (s->entry->push->trusted || !who || (centre && s->roles & centre->bit))
        return true;
    return role ? (s->roles & role->bit) != 0
                : (edit_lead(w, s) & ROLE_LEAD) != 0; /* "lead reviewer" */
}

/* *by_text: it was not for this rule to say. */
static enum err ask(struct work *w, struct scene *s, const struct merge_edit *e,
                    struct cell *c, struct merge_result *r, bool *by_text)
{
    struct cell *cells[MERGE_UNIT_MAX];
    struct merge_unit unit;
    struct merge_asked asked;

    unit_of(w, s, e->field, &unit, cells);
    for (size_t i = 0; i < unit.count; i++)
        change_remember(w, cells[i]);
    enum err err = merge_ask(&w->merge, e, &s->stamp, decides(w, s, e), &unit,
                             &c->at, r, &asked);
    *by_text = asked.by_text;
    if (err || asked.by_text || !asked.moved)
        return err;
    for (size_t i = 0; i < unit.count; i++)
        cells[i]->dirty |= cells[i]->at.found;
    if (asked.open || asked.closed)
        change_after(w, (struct after){.kind = AFTER_CONFLICT,
                                       .bucket = s->bucket,
                                       .record = s->record,
                                       .type = s->type,
                                       .field = e->field,
                                       .open = asked.open,
                                       .closed = asked.closed,
                                       .author = s->stamp.author,
                                       .at = s->stamp.at});
    return ERR_OK;
}

enum err edit_make(struct work *w, struct scene *s, const struct merge_edit *e,
                   int32_t index)
{
    struct cell *c =
        cells_find(w, s->bucket, s->record, e->field ? e->field->id : 0);
    struct merge_result r = {0};
    bool by_rule = true;
    enum err err = ERR_OK;

    assert(c);
    /* Nobody has seen what is not committed. */
    if (!s->entry->push->trusted && e->seen > w->ledger->head)
        return ERR_BAD_SEEN;
    change_remember(w, c);
    c->at.field = e->field;
    s->stamp.version = ++w->head;
    s->stamp.field = c->key.field;
    s->stamp.seen = e->seen;
    if (is_asked(s, e->field)) {
        err = ask(w, s, e, c, &r, &by_rule);
    } else if (goes_back_unasked(w, s, e, c)) {
        by_rule = false;
        r = (struct merge_result){
            .outcome = OUTCOME_OVERTAKEN, .has_past = true, .past = s->stamp};
        r.past.outcome = OUTCOME_OVERTAKEN;
        r.past.value = e->value;
    }
    if (!err && by_rule) {
        uint64_t most = e->op == CHANGE_DELETE ? foreign_version(w, s) : 0;
        struct merge_edit asked = *e;
        /* Whoever raised the round may set any rank. */
        if (e->field && e->field->reopened_by && raises(w, s, e->field))
            asked.seen = c->at.found ? c->at.now.version : 0;
        err = merge_apply(&w->merge, &asked, &s->stamp, most, &c->at, &r);
    }
    if (err)
        return err;
    if (s->entry->push->own && r.outcome == OUTCOME_AGREED) {
        w->head--; /* the server said so before: nothing happened */
        return ERR_OK;
    }
    write_down(w, c, &r);
    s->moved |= r.moved && e->field;
    edit_tell(s->entry, index, r.outcome, r.reason);
    return ERR_OK;
}

enum err edit_revive(struct work *w, struct scene *s)
{
    static const struct merge_edit restore = {.op = CHANGE_RESTORE};
    struct row stamp = s->stamp;
    struct merge_result r;
    struct cell *c = s->existence;

    if (!s->moved || c->at.now.value.integer)
        return ERR_OK;
    change_after(w, (struct after){.kind = AFTER_RESTORED,
                                   .bucket = s->bucket,
                                   .record = s->record,
                                   .type = s->type,
                                   .author = s->stamp.author,
                                   .replica = c->at.now.author,
                                   .at = s->stamp.at});
    change_remember(w, c);
    stamp.version = ++w->head;
    stamp.field = 0;
    stamp.author = stamp.replica = 0;
    enum err err = merge_apply(&w->merge, &restore, &stamp, 0, &c->at, &r);
    if (!err)
        write_down(w, c, &r);
    return err;
}
