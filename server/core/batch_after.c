#include "batch_own.h"
#include "document.h"
#include "merge_text.h"

/* ---- Conflicts ---- */

static void unit_now(struct work *w, const struct after *a,
                     struct merge_unit *u)
{
    u->count = 0;
    for (uint32_t i = 0; i < a->type->field_count; i++) {
        const struct field *f = &a->type->fields[i];
        struct cell *c = f->unit == a->field->unit && u->count < MERGE_UNIT_MAX
                             ? cells_find(w, a->bucket, a->record, f->id)
                             : NULL;
        if (c) {
            c->at.field = f;
            u->cells[u->count++] = &c->at;
        }
    }
}

static void put(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

/* {"by":…,"at":…,"version":…,"values":{"grade":…,"rationale":…}} */
static void put_version(struct buf *b, struct id by, int64_t at,
                        uint64_t version)
{
    put(b, "{\"by\":");
    document_id(b, by);
    put(b, ",\"at\":");
    document_int(b, at);
    put(b, ",\"version\":");
    document_int(b, (int64_t)version);
    put(b, ",\"values\":{");
}

static void put_shown(struct work *w, struct buf *b, const struct merge_unit *u)
{
    const struct merge_cell *judged = NULL;
    bool first = true;

    for (size_t i = 0; i < u->count; i++)
        if (u->cells[i]->found && u->cells[i]->field->rule == RULE_ASK &&
            (!judged || u->cells[i]->now.version > judged->now.version))
            judged = u->cells[i];
    if (judged)
        put_version(b, access_person(w->ledger->access, judged->now.author),
                    judged->now.at, judged->now.version);
    else
        put_version(b, (struct id){{0}}, 0, 0);
    for (size_t i = 0; i < u->count; i++) {
        const struct merge_cell *c = u->cells[i];
        if (!c->found || c->now.value.kind == VALUE_NIL)
            continue;
        put(b, first ? "" : ",");
        document_key(b, c->field->name);
        document_value(b, c->field, c->now.value);
        first = false;
    }
    put(b, "}}");
}

static const struct field *field_in(const struct merge_unit *u, uint32_t id)
{
    for (size_t i = 0; i < u->count; i++)
        if (u->cells[i]->field->id == id)
            return u->cells[i]->field;
    return NULL;
}

/* All fields of one replica's version; its first entry is at `at`. */
static void put_rival(struct work *w, struct buf *b, const struct merge_unit *u,
                      const struct merge_rivals *r, uint32_t at)
{
    const struct merge_rival *m = &r->list[at];
    uint64_t version = 0;
    bool first = true;

    for (uint32_t i = at; i < r->count; i++)
        if (r->list[i].replica == m->replica && r->list[i].version > version)
            version = r->list[i].version;
    put_version(b, access_person(w->ledger->access, m->author), m->at, version);
    for (uint32_t i = at; i < r->count; i++) {
        const struct field *f = field_in(u, r->list[i].field);
        if (r->list[i].replica != m->replica || !f)
            continue;
        put(b, first ? "" : ",");
        document_key(b, f->name);
        document_value(b, f, r->list[i].value);
        first = false;
    }
    put(b, "}}");
}

static bool is_first_of_replica(const struct merge_rivals *r, uint32_t at)
{
    if (!r->list[at].field)
        return false;
    for (uint32_t i = 0; i < at; i++)
        if (r->list[i].field && r->list[i].replica == r->list[at].replica)
            return false;
    return true;
}

static const char *unit_name(const struct field *f)
{
    return f->group ? f->group : f->name;
}

static const char *resolver_of(const struct type *t, const struct field *f)
{
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i].unit == f->unit && t->fields[i].resolver)
            return t->fields[i].resolver;
    return "central_admin";
}

static struct id conflict_id(const struct after *a, uint64_t opened)
{
    return own_id("conflict", a->record, unit_name(a->field), opened);
}

static enum err conflict_open(struct work *w, const struct after *a,
                              const struct merge_unit *u)
{
    struct merge_rivals r;
    struct buf b = {0};
    struct own o;
    enum err err = merge_rivals(&w->merge, u, &r);

    if (err)
        return err;
    put(&b, "[");
    put_shown(w, &b, u);
    for (uint32_t i = 0; i < r.count; i++)
        if (is_first_of_replica(&r, i)) {
            put(&b, ",");
            put_rival(w, &b, u, &r, i);
        }
    put(&b, "]");
    own_begin(&o, w, "conflict", conflict_id(a, a->open));
    own_ref(&o, "record", a->record);
    own_text(&o, "field", span_of(unit_name(a->field)));
    own_text(&o, "values", buf_span(&b));
    own_text(&o, "resolver", span_of(resolver_of(a->type, a->field)));
    own_int(&o, "found", w->now_ms);
    err = buf_ok(&b) ? ERR_OK : ERR_NOMEM;
    buf_free(&b);
    enum err ended = own_end(&o, a->bucket);
    return err ? err : ended;
}

static enum err conflict_closed(struct work *w, const struct after *a,
                                const struct merge_unit *u)
{
    struct buf b = {0};
    struct own o;

    put_shown(w, &b, u);
    own_begin(&o, w, "conflict", conflict_id(a, a->closed));
    own_ref(&o, "record", a->record);
    own_text(&o, "field", span_of(unit_name(a->field)));
    own_text(&o, "chosen", buf_span(&b));
    own_ref(&o, "by", access_person(w->ledger->access, a->author));
    own_int(&o, "decided", a->at);
    enum err err = buf_ok(&b) ? ERR_OK : ERR_NOMEM;
    buf_free(&b);
    enum err ended = own_end(&o, a->bucket);
    return err ? err : ended;
}

/* The last word on a unit tells all that came before it in this stage. */
static bool is_told_later(const struct work *w, const struct after *a,
                          const struct after *end)
{
    (void)w;
    for (const struct after *b = a + 1; b < end; b++)
        if (b->kind == AFTER_CONFLICT && b->bucket == a->bucket &&
            id_equal(b->record, a->record) &&
            b->field->unit == a->field->unit && b->open == a->open)
            return true;
    return false;
}

static enum err conflict(struct work *w, const struct after *a,
                         const struct after *end)
{
    struct merge_unit u;
    enum err err = ERR_OK;

    unit_now(w, a, &u);
    if (a->closed)
        err = conflict_closed(w, a, &u);
    if (!err && a->open && !is_told_later(w, a, end))
        err = conflict_open(w, a, &u);
    return err;
}

/* ---- Held changes ---- */

static const char *op_name(enum change_op op)
{
    switch (op) {
    case CHANGE_CREATE: return "create";
    case CHANGE_SET: return "set";
    case CHANGE_TEXT: return "text";
    case CHANGE_ADD: return "add";
    case CHANGE_REMOVE: return "remove";
    case CHANGE_DELETE: return "delete";
    case CHANGE_RESTORE: return "restore";
    }
    return "";
}

static void put_edit_value(struct work *w, struct buf *b,
                           const struct merge_edit *e, const struct cell *c,
                           uint32_t replica)
{
    struct span text;

    if (e->op == CHANGE_TEXT) {
        if (c && !merge_text_own(&w->merge, e, &c->at, replica, NULL, &text))
            document_text(b, text);
        else
            put(b, "null");
    } else if (e->field && kind_is_set(e->field->kind)) {
        document_value(b, e->field, value_of_elements(e->elements, w->arena));
    } else {
        document_value(b, e->field, e->value);
    }
}

static void put_edit(struct work *w, struct buf *b, const struct type *type,
                     uint32_t bucket, struct id record, struct change_edit *in,
                     uint32_t replica, bool first)
{
    struct merge_edit e;
    enum err err = merge_edit_read(type, in, w->arena, &e);

    if (!err) {
        const struct cell *c = cells_find(w, bucket, record, in->field);
        put(b, first ? "{\"record\":" : ",{\"record\":");
        document_id(b, record);
        put(b, ",\"op\":");
        document_text(b, span_of(op_name(e.op)));
        put(b, ",\"field\":");
        document_text(b, span_of(e.field ? e.field->name : "record"));
        put(b, ",\"value\":");
        put_edit_value(w, b, &e, c, replica);
        put(b, "}");
    }
    merge_edit_free(&e);
}

/* What the author wrote, for the person who decides. */
static void describe(struct work *w, const struct held *h, struct buf *b)
{
    struct change c;
    struct change_touch t;
    struct change_edit e;
    bool first = true;

    put(b, "[");
    if (!change_read(w->merge.pack, h->change, &c))
        while (change_touch_next(&c, &t)) {
            uint32_t bucket = cells_bucket(w, &t);
            const struct type *type = bucket ? cells_type(w, bucket, &t) : NULL;
            while (type && change_edit_next(&t, &e)) {
                size_t before = b->len;
                put_edit(w, b, type, bucket, t.record, &e, h->replica, first);
                first &= b->len == before;
            }
        }
    put(b, "]");
}

static const char *why(enum err reason)
{
    switch (reason) {
    case ERR_AFTER_SIGNOFF: return "after sign-off";
    case ERR_ACCESS_ENDED: return "access had ended";
    case ERR_LOST_DEVICE: return "from a lost device";
    case ERR_DENIED: return "not allowed";
    default: return err_name(reason);
    }
}

static enum err held(struct work *w, const struct after *a)
{
    const struct held *h = a->held;
    struct id author = access_person(w->ledger->access, h->author);
    struct span name = cells_bucket_name(w, h->bucket);
    struct buf b = {0};
    struct own o;

    /* Where its author can see it; else only the central team. */
    if (!h->bucket ||
        !access_roles(w->ledger->access, &author, name, w->now_ms))
        name = span_of("admin");
    describe(w, h, &b);
    own_begin(&o, w, "amendment",
              own_id("amendment", author, "held", h->version));
    own_ref(&o, "record", h->record);
    own_text(&o, "change", buf_span(&b));
    own_ref(&o, "by", author);
    own_int(&o, "made", h->at);
    own_text(&o, "why_held", span_of(why(h->reason)));
    own_int(&o, "held", (int64_t)h->version);
    enum err err = buf_ok(&b) ? ERR_OK : ERR_NOMEM;
    buf_free(&b);
    enum err ended = own_end_named(&o, name);
    return err ? err : ended;
}

/* ---- Decisions about them ---- */

static struct value amendment_value(struct work *w, const struct after *a,
                                    const char *name)
{
    const struct field *f = type_field_named(a->type, name);
    const struct cell *c =
        f ? cells_find(w, a->bucket, a->record, f->id) : NULL;

    return c && c->at.found ? c->at.now.value : (struct value){0};
}

static enum err raise_revision(struct work *w, uint32_t bucket,
                               struct id record)
{
    struct claim c = {.bucket = bucket, .record = record};
    struct value now;
    struct own o;
    enum err err = store_claim(w->store, &c, 1, w->arena);
    const struct type *t =
        !err && c.found ? schema_type(w->ledger->schema, c.row.type) : NULL;

    if (err || !t || !t->state || !t->state->reopened_by)
        return err;
    err = own_read(w, bucket, record, t->state->reopened_by->id, &now);
    if (err)
        return err;
    own_edit(&o, w, t, record);
    own_int(&o, t->state->reopened_by->name,
            (now.kind == VALUE_INT ? now.integer : 0) + 1);
    return own_end(&o, bucket);
}

static enum err decision(struct work *w, const struct after *a)
{
    struct value answer = amendment_value(w, a, "decision");
    struct value number = amendment_value(w, a, "held");
    struct id record = {{0}};
    struct held h;
    struct own o;

    if (answer.kind != VALUE_TEXT || number.kind != VALUE_INT)
        return ERR_OK;
    own_edit(&o, w, a->type, a->record);
    own_ref(&o, "decided_by", access_person(w->ledger->access, a->author));
    enum err err = own_end(&o, a->bucket);
    if (err || !span_equal(answer.bytes, span_of("accept")))
        return err;
    err = store_held_change(w->store, (uint64_t)number.integer, w->arena, &h);
    if (err || h.change.len == 0)
        return err;
    err = own_entry(w, h.change, h.author, h.replica, h.seq);
    if (err || h.reason != ERR_AFTER_SIGNOFF ||
        !cells_ref(amendment_value(w, a, "record"), &record))
        return err == ERR_CORRUPT ? ERR_OK : err;
    return raise_revision(w, h.bucket ? h.bucket : a->bucket, record);
}

/* ---- Notices ---- */

static enum err notice(struct work *w, const struct after *a, const char *kind,
                       struct id other, const struct id *people, size_t count)
{
    struct own o;

    own_begin(&o, w, "notice",
              own_id("notice", a->record, kind, (uint64_t)a->at));
    own_ref(&o, "record", a->record);
    own_text(&o, "kind", span_of(kind));
    own_ref(&o, "other", other);
    own_int(&o, "at", a->at);
    own_refs(&o, "people", people, count);
    return own_end(&o, a->bucket);
}

static enum err simple_notice(struct work *w, const struct after *a,
                              const char *kind)
{
    const struct access *access = w->ledger->access;
    struct id people[2] = {access_person(access, a->author)};

    if (a->kind == AFTER_RESTORED)
        people[1] = access_person(access, a->replica);
    return notice(w, a, kind, (struct id){{0}}, people, 2);
}

/* ---- Possible duplicates ---- */

enum { ALIKE_MAX = 8, TWINS_TOLD_MAX = 4 };

struct likeness {
    struct work *work;
    const struct after *born;
    struct value values[ALIKE_MAX];
    size_t count;
    struct twin {
        struct id record;
        uint32_t author;
        uint32_t matches; /* one bit a field; the highest: it lives */
    } * twins;
    size_t twin_count, twin_cap;
};

static struct twin *twin_of(struct likeness *l, const struct row *row)
{
    for (size_t i = 0; i < l->twin_count; i++)
        if (id_equal(l->twins[i].record, row->record))
            return &l->twins[i];
    if (l->twin_count == l->twin_cap) {
        size_t wider = l->twin_cap ? l->twin_cap * 2 : 64;
        struct twin *list = arena_take(l->work->arena, wider * sizeof *list);
        if (!list)
            return NULL;
        if (l->twin_count)
            memcpy(list, l->twins, l->twin_count * sizeof *list);
        l->twins = list;
        l->twin_cap = wider;
    }
    struct twin *t = &l->twins[l->twin_count++];
    *t = (struct twin){.record = row->record};
    return t;
}

static bool likeness_each(void *context, const struct row *row)
{
    struct likeness *l = context;
    const struct after *a = l->born;

    if (row->type != a->type->id || id_equal(row->record, a->record))
        return true;
    if (row->field == 0 && row->value.integer) {
        struct twin *t = twin_of(l, row);
        if (t) {
            t->matches |= 1u << ALIKE_MAX;
            t->author = row->author;
        }
        return t != NULL;
    }
    for (size_t i = 0; i < l->count; i++)
        if (row->field == a->type->alike[i]->id &&
            value_equal(row->value, l->values[i])) {
            struct twin *t = twin_of(l, row);
            if (!t)
                return false;
            t->matches |= 1u << i;
        }
    return true;
}

static enum err birth(struct work *w, const struct after *a)
{
    struct likeness l = {.work = w, .born = a};
    enum err err;

    for (; a->type->alike[l.count] && l.count < ALIKE_MAX; l.count++) {
        err = own_read(w, a->bucket, a->record, a->type->alike[l.count]->id,
                       &l.values[l.count]);
        if (err || l.values[l.count].kind == VALUE_NIL)
            return err;
    }
    err = store_rows(w->store, a->bucket, 0, likeness_each, &l);
    if (!err && !arena_ok(w->arena))
        err = ERR_NOMEM;
    uint32_t all = (1u << l.count) - 1 + (1u << ALIKE_MAX);
    size_t told = 0;
    for (size_t i = 0; i < l.twin_count && !err && told < TWINS_TOLD_MAX; i++) {
        if (l.twins[i].matches != all)
            continue;
        told++;
        struct id people[2] = {
            access_person(w->ledger->access, a->author),
            access_person(w->ledger->access, l.twins[i].author)};
        err = notice(w, a, "possible_duplicate", l.twins[i].record, people, 2);
    }
    return err;
}

/* ---- All of it ---- */

static enum err follow(struct work *w, const struct after *a,
                       const struct after *end)
{
    switch (a->kind) {
    case AFTER_CONFLICT: return conflict(w, a, end);
    case AFTER_HELD: return held(w, a);
    case AFTER_DECISION: return decision(w, a);
    case AFTER_SIGNOFF: return own_signoff(w, a);
    case AFTER_SHARED: return own_share(w, a);
    case AFTER_RESTORED: return simple_notice(w, a, "restored");
    case AFTER_LATE: return simple_notice(w, a, "late_arrival");
    case AFTER_BIRTH: return birth(w, a);
    }
    return ERR_OK;
}

enum err after_entries(struct work *w)
{
    /* A conflict may close and open, a decision brings three changes, a
     * signature three: no consequence makes more than this, but for twins,
     * which are bounded by the records of their bucket and told one each. */
    size_t most = w->after_count * 4 + 64;
    enum err err = ERR_OK;

    w->entry_count = w->edit_count = w->touch_count = 0;
    if (w->after_count == 0)
        return ERR_OK;
    w->entries = arena_take(w->arena, most * sizeof *w->entries);
    if (!w->entries)
        return ERR_NOMEM;
    w->entry_cap = most;
    for (size_t i = 0; i < w->after_count && !err; i++)
        err = follow(w, &w->after[i], w->after + w->after_count);
    w->after_count = 0;
    return err;
}
