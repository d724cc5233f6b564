#include "batch_work.h"

#include <assert.h>

/* One touch of one change, and what is known about its record. */
struct scene {
    struct entry *entry;
    uint32_t bucket;
    struct id record;
    const struct type *type;
    struct cell *existence;
    role_set roles;
    bool creates;
    bool newborn; /* and it was not there before */
    bool moved;   /* a field of it has changed */
    struct row stamp;
};

static void remember(struct work *w, struct cell *c)
{
    w->undo[w->undo_count++] = (struct undo){c, *c};
}

/* ---- May this be done? ---- */

static role_set roles_here(struct work *w, struct scene *s, int64_t at)
{
    const struct access *access = w->ledger->access;
    struct id person = access_person(access, s->entry->push->person);
    struct span name = cells_bucket_name(w, s->bucket);
    role_set roles = access_roles(access, &person, name, w->now_ms);

    if (s->entry->push->trusted)
        return ~(role_set)0;

    /* Written while access lasted, received after it had ended. */
    if (!roles)
        roles = access_roles(access, &person, name, at);
    if (s->existence->at.found &&
        s->existence->at.now.author == s->entry->push->person)
        roles |= ROLE_AUTHOR;
    return roles;
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

static enum err enter(struct work *w, const struct change_touch *touch,
                      struct scene *s, int64_t at)
{
    struct change_touch t = *touch;
    struct change_edit first;

    s->bucket = cells_bucket(w, &t);
    s->record = t.record;
    if (!s->bucket || !change_edit_next(&t, &first))
        return ERR_UNKNOWN_BUCKET;
    s->existence = cells_find(w, s->bucket, s->record, 0);
    assert(s->existence);
    s->creates = first.op == CHANGE_CREATE;
    if (!s->creates && !s->existence->at.found)
        return ERR_UNKNOWN_RECORD;

    uint32_t number = s->creates ? first.type : s->existence->at.now.type;
    s->type = schema_type(w->ledger->schema, number);
    if (!s->type)
        return ERR_UNKNOWN_TYPE;
    if (s->existence->at.found && s->existence->at.now.type != number)
        return ERR_EXISTS;
    s->roles = roles_here(w, s, at);
    if (!s->roles)
        return ERR_DENIED;
    if (!s->creates)
        return ERR_OK;
    s->newborn = !s->existence->at.found;
    s->roles |= s->newborn ? ROLE_AUTHOR : 0;
    bool trusted = s->entry->push->trusted;
    if (!trusted && !access_may(s->type, NULL, ACCESS_CREATE, s->roles))
        return ERR_DENIED;
    if (!access_bucket_fits(s->type, cells_bucket_name(w, s->bucket),
                            &s->record))
        return ERR_UNKNOWN_BUCKET;
    return s->newborn ? give_birth(w, s) : ERR_OK;
}

static bool may_edit(const struct scene *s, const struct merge_edit *e)
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
    /* Whoever may create a record may fill it as it is created. */
    if (s->newborn && !e->field->write)
        return true;
    return access_may(s->type, e->field, ACCESS_WRITE, s->roles);
}

/* ---- One edit ---- */

static uint64_t foreign_version(struct work *w, const struct scene *s)
{
    uint64_t most = 0;
    struct cell *end = w->cells + w->cell_count;

    for (struct cell *c = s->existence;
         c < end && c->bucket == s->bucket && id_equal(c->record, s->record);
         c++)
        if (c->at.found && c->at.now.replica != s->stamp.replica &&
            c->at.now.version > most)
            most = c->at.now.version;
    return most;
}

static void tell(struct entry *entry, int32_t index, enum outcome outcome,
                 enum err reason)
{
    struct batch_push *p = entry->push;

    if (outcome == OUTCOME_APPLIED ||
        p->exception_count == BATCH_EXCEPTIONS_MAX)
        return;
    if (outcome == OUTCOME_AGREED)
        outcome = OUTCOME_MERGED;
    p->exceptions[p->exception_count++] = (struct message_exception){
        entry->seq, index, (uint32_t)outcome, (uint32_t)reason};
}

static void write_down(struct work *w, struct cell *c,
                       const struct merge_result *r)
{
    /* The state that the store has as this field's newest is superseded only
     * once; what came and went inside this batch is history as well. */
    if (r->has_past)
        w->history[w->history_count++] = r->past;
    c->dirty |= r->moved;
}

static enum err make_edit(struct work *w, struct scene *s,
                          const struct merge_edit *e, int32_t index)
{
    struct cell *c =
        cells_find(w, s->bucket, s->record, e->field ? e->field->id : 0);
    struct merge_result r;

    assert(c);
    remember(w, c);
    c->at.field = e->field;
    s->stamp.version = ++w->head;
    s->stamp.field = c->field;
    s->stamp.seen = e->seen;
    uint64_t most = e->op == CHANGE_DELETE ? foreign_version(w, s) : 0;
    enum err err = merge_apply(&w->merge, e, &s->stamp, most, &c->at, &r);
    if (err)
        return err;
    write_down(w, c, &r);
    s->moved |= r.moved && e->field;
    tell(s->entry, index, r.outcome, r.reason);
    return ERR_OK;
}

/* Edited by one, deleted by another: the record lives. */
static enum err revive(struct work *w, struct scene *s)
{
    static const struct merge_edit restore = {.op = CHANGE_RESTORE};
    struct row stamp = s->stamp;
    struct merge_result r;

    if (!s->moved || s->existence->at.now.value.integer)
        return ERR_OK;
    remember(w, s->existence);
    stamp.version = ++w->head;
    stamp.field = 0;
    stamp.author = stamp.replica = 0;
    enum err err =
        merge_apply(&w->merge, &restore, &stamp, 0, &s->existence->at, &r);
    if (!err)
        write_down(w, s->existence, &r);
    return err;
}

static enum err make_touch(struct work *w, struct scene *s,
                           struct change_touch *t, int32_t *index)
{
    struct change_edit in;

    s->stamp.bucket = s->bucket;
    s->stamp.type = s->type->id;
    s->stamp.record = s->record;
    while (change_edit_next(t, &in)) {
        struct merge_edit e;
        enum err err = merge_edit_read(s->type, &in, w->arena, &e);
        if (!err && !may_edit(s, &e))
            err = ERR_DENIED;
        if (!err)
            err = make_edit(w, s, &e, (*index)++);
        merge_edit_free(&e);
        if (err)
            return err;
    }
    return revive(w, s);
}

/* ---- The whole change ---- */

static enum err make_change(struct work *w, struct entry *entry)
{
    struct batch_push *p = entry->push;
    struct change c = entry->change;
    struct change_touch t;
    int64_t at = c.at - p->skew;
    int32_t index = 0;

    /* Nothing was written after it arrived. */
    at = at > w->now_ms ? w->now_ms : at;
    while (change_touch_next(&c, &t)) {
        struct scene s = {
            .entry = entry,
            .stamp = {.at = at,
                      .skew = c.at - at,
                      .author = p->person,
                      .replica = p->replica.no,
                      .seq = (uint32_t)entry->seq},
        };
        enum err err = enter(w, &t, &s, at);
        if (!err)
            err = make_touch(w, &s, &t, &index);
        if (err)
            return err;
    }
    return ERR_OK;
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
    tell(entry, -1, OUTCOME_HELD, reason);
    if (entry->unreadable)
        return;
    h->at = c.at - p->skew;
    if (change_touch_next(&c, &t)) {
        h->record = t.record;
        h->bucket =
            t.bucket && ledger_bucket(w->ledger, t.bucket) ? t.bucket : 0;
    }
}

static bool is_refusal(enum err err)
{
    return err != ERR_OK && err != ERR_NOMEM && err != ERR_STORE &&
           err != ERR_CORRUPT;
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
    enum err err = entry->unreadable;

    w->undo_count = w->newborn_count = 0;
    if (!err)
        err = make_change(w, entry);
    if (is_refusal(err)) {
        undo(w);
        w->head = head;
        w->history_count = history;
        p->exception_count = told;
        hold(w, entry, err);
        err = ERR_OK;
    }
    if (err)
        return err;
    p->after.seq = entry->seq;
    p->after.version = w->head;
    hash_chain(p->after.chain, entry->bytes);
    p->last = entry->seq;
    return ERR_OK;
}
