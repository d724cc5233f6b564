#include "batch_work.h"

#include <assert.h>

void change_remember(struct work *w, struct cell *c)
{
    assert(w->undo_count < w->undo_cap);
    w->undo[w->undo_count++] = (struct undo){c, *c};
}

void change_after(struct work *w, struct after a)
{
    w->after[w->after_count++] = a;
}

/* ---- May this be done? ---- */

/* Written while access lasted, received when it had ended, but not longer ago
 * than a tablet may lie in a drawer. */
static role_set late_roles(const struct work *w, const struct scene *s,
                           const struct id *person)
{
    static const int64_t late_max_ms = 14 * 24 * 60 * 60 * INT64_C(1000);
    const struct access *access = w->ledger->access;
    struct span name = cells_bucket_name(w, s->bucket);
    int64_t latest = w->now_ms - late_max_ms;

    if (s->stamp.at < latest && !access_roles(access, person, name, latest))
        return 0;
    return access_roles(access, person, name, s->stamp.at);
}

static void roles_here(struct work *w, struct scene *s)
{
    const struct access *access = w->ledger->access;
    struct batch_push *p = s->entry->push;
    struct id person = access_person(access, p->person);
    struct span name = cells_bucket_name(w, s->bucket);

    if (p->trusted) {
        s->roles = ~(role_set)0;
        s->reached = true;
        return;
    }
    s->roles = access_roles(access, &person, name, w->now_ms);
    if (!s->roles) {
        s->roles = late_roles(w, s, &person);
        s->late = s->roles != 0;
    }
    s->reached = s->roles != 0;
    if (s->existence->at.found && s->existence->at.now.author == p->person)
        s->roles |= ROLE_AUTHOR;
}

static bool born_before(const struct work *w, struct id record, size_t *place)
{
    size_t low = 0, high = w->born_count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        int by = memcmp(&w->born[mid], &record, ID_BYTES);
        if (by == 0)
            return true;
        if (by < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *place = low;
    return false;
}

/* A record id belongs to one bucket for ever. */
static enum err give_birth(struct work *w, const struct scene *s)
{
    uint32_t bucket = 0;
    size_t place = 0;
    enum err err = store_record_bucket(w->store, s->record, &bucket);

    if (err)
        return err;
    if (bucket || born_before(w, s->record, &place))
        return ERR_EXISTS;
    memmove(&w->born[place + 1], &w->born[place],
            (w->born_count - place) * sizeof *w->born);
    w->born[place] = s->record;
    w->born_count++;
    assert(w->newborn_count < CHANGE_TOUCHES_MAX);
    w->newborn[w->newborn_count++] = s->record;
    return ERR_OK;
}

static enum err find_type(struct work *w, const struct change_touch *touch,
                          struct scene *s)
{
    struct change_touch t = *touch;
    struct change_edit first;

    if (!change_edit_next(&t, &first))
        return ERR_UNREADABLE;
    s->creates = first.op == CHANGE_CREATE;
    s->newborn = s->creates && !s->existence->at.found;
    if (!s->creates && !s->existence->at.found)
        return ERR_UNKNOWN_RECORD;
    uint32_t number = s->creates ? first.type : s->existence->at.now.type;
    s->type = schema_type(w->ledger->schema, number);
    if (!s->type)
        return ERR_UNKNOWN_TYPE;
    if (s->existence->at.found && s->existence->at.now.type != number)
        return ERR_EXISTS;
    return ERR_OK;
}

static enum err no_access(struct work *w, const struct scene *s)
{
    struct id person = access_person(w->ledger->access, s->entry->push->person);
    bool once = access_ended(w->ledger->access, &person,
                             cells_bucket_name(w, s->bucket), w->now_ms);

    return once ? ERR_ACCESS_ENDED : ERR_DENIED;
}

/* Who has nothing to do with the bucket learns nothing about what is in it. */
static enum err enter(struct work *w, const struct change_touch *touch,
                      struct scene *s)
{
    s->bucket = cells_bucket(w, touch);
    s->record = touch->record;
    if (!s->bucket)
        return ERR_UNKNOWN_BUCKET;
    s->existence = cells_find(w, s->bucket, s->record, 0);
    assert(s->existence);
    roles_here(w, s);
    if (!s->reached)
        return no_access(w, s);
    enum err err = find_type(w, touch, s);
    if (err)
        return err;
    return ERR_OK;
}

/* What the person is to this record, and may it be created? */
static enum err admit(struct work *w, struct scene *s)
{
    s->roles |= s->newborn ? ROLE_AUTHOR : 0;
    s->roles |= edit_lead(w, s);
    if (!s->creates)
        return ERR_OK;
    if (!s->entry->push->trusted &&
        !access_may(s->type, NULL, ACCESS_CREATE, s->roles))
        return ERR_DENIED;
    if (!access_bucket_fits(s->type, cells_bucket_name(w, s->bucket),
                            &s->record))
        return ERR_UNKNOWN_BUCKET;
    return s->newborn ? give_birth(w, s) : ERR_OK;
}

/* Only a signature makes a record signed, and only what is signed is shared. */
static bool signs_by_hand(struct work *w, const struct scene *s,
                          const struct merge_edit *e)
{
    const struct type *signoff =
        schema_type_named(w->ledger->schema, "signoff");
    const struct field *target =
        signoff ? type_field_named(signoff, "record") : NULL;

    if (!target || !e->field || e->field != s->type->state ||
        !strstr(target->target, s->type->name) || e->value.kind != VALUE_TEXT)
        return false;
    if (span_equal(e->value.bytes, span_of("shared")))
        return !edit_is_closed(w, s);
    return span_equal(e->value.bytes, span_of("signed_off"));
}

static bool may_edit(struct work *w, const struct scene *s,
                     const struct merge_edit *e)
{
    if (s->entry->push->trusted)
        return true;
    switch (e->op) {
    case CHANGE_CREATE: return true; /* asked on entering */
    case CHANGE_DELETE:
    case CHANGE_RESTORE:
        return access_may(s->type, NULL, ACCESS_DELETE, s->roles);
    case CHANGE_SET:
    case CHANGE_TEXT:
    case CHANGE_ADD:
    case CHANGE_REMOVE: break;
    }
    if (signs_by_hand(w, s, e))
        return false;
    /* Whoever may create a record may fill it as it is created. */
    if (s->newborn && !e->field->write)
        return true;
    return access_may(s->type, e->field, ACCESS_WRITE, s->roles);
}

/* From signed off to shared, and nothing else. */
static bool only_shares(const struct scene *s)
{
    const struct merge_edit *e = s->edits;

    return s->edit_count == 1 && e->field && e->field == s->type->state &&
           e->value.kind == VALUE_TEXT &&
           span_equal(e->value.bytes, span_of("shared"));
}

/* Signed words do not change: what arrives is held as an amendment, unless it
 * opens the record again, which is for those who may sign it. */
static enum err past_signature(struct work *w, const struct scene *s)
{
    if (s->entry->push->trusted || !edit_is_closed(w, s))
        return ERR_OK;
    if (!edit_reopens(w, s) && !only_shares(s))
        return ERR_AFTER_SIGNOFF;
    return access_may(s->type, NULL, ACCESS_SIGN, s->roles) ? ERR_OK
                                                            : ERR_DENIED;
}

/* ---- One touch ---- */

static enum err read_edits(struct work *w, struct scene *s,
                           struct change_touch *t)
{
    struct change_edit in;
    enum err err = ERR_OK;

    s->edits = arena_take(w->arena, (t->edit_count + 1) * sizeof *s->edits);
    if (!s->edits)
        return ERR_NOMEM;
    while (!err && change_edit_next(t, &in)) {
        struct merge_edit *e = &s->edits[s->edit_count++];
        err = merge_edit_read(s->type, &in, w->arena, e);
    }
    return err;
}

/* What was judged comes before the words about it. */
static bool waits(const struct merge_edit *e)
{
    return e->field && e->field->grouped && e->field->rule == RULE_TEXT;
}

static enum err make_edits(struct work *w, struct scene *s, int32_t base)
{
    enum err err = past_signature(w, s);

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < s->edit_count && !err; i++) {
            const struct merge_edit *e = &s->edits[i];
            if (waits(e) != (pass == 1))
                continue;
            err = may_edit(w, s, e) ? edit_make(w, s, e, base + (int32_t)i)
                                    : ERR_DENIED;
        }
    return err ? err : edit_revive(w, s);
}

/* A signature that somebody let in late is still its signer's alone: it counts
 * by what its signer may do, not by who let it in. */
static role_set roles_of_signer(struct work *w, const struct scene *s)
{
    const struct access *access = w->ledger->access;
    struct id person = access_person(access, s->stamp.author);

    if (!s->entry->push->own)
        return s->roles;
    return access_roles(access, &person, cells_bucket_name(w, s->bucket),
                        s->stamp.at);
}

/* Consequences that hang on the whole touch. */
static void look_after(struct work *w, const struct scene *s)
{
    struct after a = {.bucket = s->bucket,
                      .record = s->record,
                      .type = s->type,
                      .author = s->stamp.author,
                      .replica = s->stamp.replica,
                      .roles = s->roles,
                      .at = s->stamp.at};

    if (s->late) {
        a.kind = AFTER_LATE;
        change_after(w, a);
    }
    if (s->newborn && s->type->alike) {
        a.kind = AFTER_BIRTH;
        change_after(w, a);
    }
    if (s->newborn && !strcmp(s->type->name, "signoff")) {
        a.kind = AFTER_SIGNOFF;
        a.roles = roles_of_signer(w, s);
        for (uint32_t i = 0; i < s->edit_count; i++)
            if (s->edits[i].seen > a.seen)
                a.seen = s->edits[i].seen;
        change_after(w, a);
    }
    if (s->type->state && s->moved && only_shares(s)) {
        a.kind = AFTER_SHARED;
        change_after(w, a);
    }
    if (!strcmp(s->type->name, "amendment") && s->moved &&
        !s->entry->push->trusted) {
        a.kind = AFTER_DECISION;
        change_after(w, a);
    }
}

static enum err make_touch(struct work *w, struct scene *s,
                           struct change_touch *t, int32_t *index)
{
    enum err err = enter(w, t, s);

    s->stamp.bucket = s->bucket;
    s->stamp.type = s->type ? s->type->id : 0;
    s->stamp.record = s->record;
    if (!err)
        err = read_edits(w, s, t);
    if (!err)
        err = admit(w, s);
    if (!err)
        err = make_edits(w, s, *index);
    if (!err)
        look_after(w, s);
    for (uint32_t i = 0; i < s->edit_count; i++)
        merge_edit_free(&s->edits[i]);
    *index += (int32_t)s->edit_count;
    return err;
}

/* ---- The whole change ---- */

static enum err make_change(struct work *w, struct entry *entry)
{
    struct batch_push *p = entry->push;
    struct change c = entry->change;
    struct change_touch t;
    int64_t at = c.at - p->skew;
    int32_t index = 0;
    enum err err = ERR_OK;

    /* Nothing was written after it arrived. */
    at = at > w->now_ms ? w->now_ms : at;
    while (!err && change_touch_next(&c, &t)) {
        struct scene s = {
            .entry = entry,
            .stamp = {.at = at,
                      .skew = c.at - at,
                      .author = p->person,
                      .replica = p->replica.no,
                      .seq = (uint32_t)entry->seq},
        };
        err = make_touch(w, &s, &t, &index);
    }
    return err;
}

static void hold(struct work *w, struct entry *entry, enum err reason)
{
    struct batch_push *p = entry->push;
    struct change c = entry->change;
    struct change_touch t = {0};
    uint64_t edits = entry->unreadable ? 1 : c.edit_count;
    struct held *h = &w->held[w->held_count++];

    *h = (struct held){.version = w->head + 1,
                       .version_last = w->head + edits,
                       .author = p->person,
                       .replica = p->replica.no,
                       .seq = (uint32_t)entry->seq,
                       .index = -1,
                       .reason = reason,
                       .at = w->now_ms,
                       .change = entry->bytes};
    w->head += edits;
    edit_tell(entry, -1, OUTCOME_HELD, reason);
    if (!entry->unreadable) {
        h->at = c.at - p->skew;
        if (change_touch_next(&c, &t)) {
            h->record = t.record;
            if (t.bucket && ledger_bucket(w->ledger, t.bucket))
                h->bucket = t.bucket;
        }
    }
    change_after(w, (struct after){.kind = AFTER_HELD,
                                   .bucket = h->bucket,
                                   .record = h->record,
                                   .held = h,
                                   .author = h->author,
                                   .at = h->at});
}

static bool is_refusal(enum err err)
{
    return err != ERR_OK && err != ERR_NOMEM && err != ERR_STORE &&
           err != ERR_CORRUPT;
}

static void take_back_births(struct work *w)
{
    while (w->newborn_count > 0) {
        struct id *gone = &w->newborn[--w->newborn_count];
        size_t place = 0;
        while (!id_equal(w->born[place], *gone))
            place++;
        w->born_count--;
        memmove(&w->born[place], &w->born[place + 1],
                (w->born_count - place) * sizeof *w->born);
    }
}

static void undo(struct work *w)
{
    while (w->undo_count > 0) {
        struct undo *u = &w->undo[--w->undo_count];
        *u->cell = u->was;
    }
    take_back_births(w);
}

enum err change_consume(struct work *w, struct entry *entry)
{
    struct batch_push *p = entry->push;
    uint64_t head = w->head;
    size_t history = w->history_count, told = p->exception_count;
    size_t after = w->after_count;
    enum err err = entry->unreadable;

    w->undo_count = w->newborn_count = 0;
    if (!err)
        err = make_change(w, entry);
    if (is_refusal(err)) {
        undo(w);
        w->head = head;
        w->history_count = history;
        w->after_count = after;
        p->exception_count = told;
        /* The server's own are made of what it has: one that does not fit
         * (a schema without its type) is left out. */
        if (!p->own)
            hold(w, entry, err);
        err = ERR_OK;
    }
    if (err || p->own)
        return err;
    p->after.seq = entry->seq;
    p->after.version = w->head;
    hash_chain(p->after.chain, entry->bytes);
    p->last = entry->seq;
    return ERR_OK;
}
