#include "batch_work.h"

#include <assert.h>
#include <stdlib.h>

/* Claims go out in rounds, each sorted: first every record's existence, which
 * tells its type; then the fields, and whatever their rules look at beside
 * them; then the records that those belong to. */

static int compare(uint32_t bucket_a, const struct id *record_a,
                   uint32_t field_a, uint32_t bucket_b,
                   const struct id *record_b, uint32_t field_b)
{
    if (bucket_a != bucket_b)
        return bucket_a < bucket_b ? -1 : 1;
    int by = memcmp(record_a, record_b, ID_BYTES);
    if (by)
        return by;
    return (field_a > field_b) - (field_a < field_b);
}

static int by_place(const void *left, const void *right)
{
    const struct key *a = left, *b = right;

    return compare(a->bucket, &a->record, a->field, b->bucket, &b->record,
                   b->field);
}

static size_t place_of(const struct work *w, uint32_t bucket,
                       const struct id *record, uint32_t field)
{
    size_t low = 0, high = w->cell_count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct key *c = &w->cells[mid]->key;
        if (compare(c->bucket, &c->record, c->field, bucket, record, field) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct cell *cells_find(struct work *w, uint32_t bucket, struct id record,
                        uint32_t field)
{
    size_t at = place_of(w, bucket, &record, field);

    if (at == w->cell_count)
        return NULL;
    const struct key *c = &w->cells[at]->key;
    return compare(c->bucket, &c->record, c->field, bucket, &record, field)
               ? NULL
               : w->cells[at];
}

struct cell **cells_of_record(struct work *w, uint32_t bucket, struct id record,
                              size_t *count)
{
    size_t from = place_of(w, bucket, &record, 0);
    size_t to = place_of(w, bucket, &record, UINT32_MAX);

    *count = to - from;
    return w->cells + from;
}

struct span cells_bucket_name(const struct work *w, uint32_t no)
{
    const struct store_bucket *known = ledger_bucket(w->ledger, no);

    if (known)
        return known->name;
    for (size_t i = 0; i < w->born_bucket_count; i++)
        if (w->born_buckets[i].no == no)
            return w->born_buckets[i].name;
    return (struct span){0};
}

uint32_t cells_bucket(struct work *w, const struct change_touch *t)
{
    if (t->bucket)
        return cells_bucket_name(w, t->bucket).len ? t->bucket : 0;

    const struct store_bucket *known = ledger_bucket_named(w->ledger, t->name);
    if (known)
        return known->no;
    for (size_t i = 0; i < w->born_bucket_count; i++)
        if (span_equal(w->born_buckets[i].name, t->name))
            return w->born_buckets[i].no;
    /* A number for now; it is kept only if a record is born there. */
    struct store_bucket *b = &w->born_buckets[w->born_bucket_count++];
    *b = (struct store_bucket){.no = w->next_bucket++, .name = t->name};
    return b->no;
}

/* ---- Keys of one round ---- */

struct keys {
    struct arena *arena;
    struct key *list;
    size_t count, cap;
};

static void add(struct keys *k, struct key c)
{
    if (k->count == k->cap) {
        size_t wider = k->cap ? k->cap * 2 : 256;
        struct key *list = arena_take(k->arena, wider * sizeof *list);
        if (!list)
            return; /* the arena remembers */
        if (k->count)
            memcpy(list, k->list, k->count * sizeof *list);
        k->list = list;
        k->cap = wider;
    }
    k->list[k->count++] = c;
}

/* Two claims of one field ask for what both need. */
static void sort_unique(struct keys *k)
{
    size_t kept = 0;

    if (k->count)
        qsort(k->list, k->count, sizeof *k->list, by_place);
    for (size_t i = 0; i < k->count; i++) {
        struct key *c = &k->list[i];
        if (kept == 0 || by_place(&k->list[kept - 1], c) != 0) {
            k->list[kept++] = *c;
            continue;
        }
        struct key *into = &k->list[kept - 1];
        if (c->chain && (!into->chain || c->since < into->since))
            into->since = c->since;
        into->chain |= c->chain;
    }
    k->count = kept;
}

static bool fill(struct work *w, struct cell *c, const struct claim *claim)
{
    struct merge_past **end = &c->at.past;

    c->was_found = c->at.found = claim->found;
    c->was_version = claim->row.version;
    c->at.now = claim->row;
    for (size_t j = 0; j < claim->older_count; j++) {
        struct merge_past *p = arena_take(w->arena, sizeof *p);
        if (!p)
            return false;
        p->row = claim->older[j];
        *end = p;
        end = &p->next;
    }
    return true;
}

/* Both lists are sorted, and none of the new is among the old. */
static enum err take_in(struct work *w, const struct keys *k,
                        const struct claim *claims)
{
    struct cell **all =
        arena_take(w->arena, (w->cell_count + k->count + 1) * sizeof *all);
    struct cell *fresh = arena_take(w->arena, (k->count + 1) * sizeof *fresh);
    size_t a = 0, b = 0, n = 0;

    if (!all || !fresh)
        return ERR_NOMEM;
    while (a < w->cell_count || b < k->count) {
        if (b == k->count || (a < w->cell_count &&
                              by_place(&w->cells[a]->key, &k->list[b]) < 0)) {
            all[n++] = w->cells[a++];
            continue;
        }
        fresh[b].key = k->list[b];
        if (!fill(w, &fresh[b], &claims[b]))
            return ERR_NOMEM;
        all[n++] = &fresh[b++];
    }
    w->cells = all;
    w->cell_count = n;
    return ERR_OK;
}

static void leave_out_known(struct work *w, struct keys *k)
{
    size_t kept = 0;

    for (size_t i = 0; i < k->count; i++) {
        const struct key *c = &k->list[i];
        if (!cells_find(w, c->bucket, c->record, c->field))
            k->list[kept++] = *c;
    }
    k->count = kept;
}

static struct claim *claims_of(struct work *w, const struct keys *k)
{
    struct claim *list = arena_take(w->arena, (k->count + 1) * sizeof *list);

    for (size_t i = 0; list && i < k->count; i++) {
        const struct key *c = &k->list[i];
        list[i].bucket = c->bucket;
        list[i].record = c->record;
        list[i].field = c->field;
        list[i].chain = c->chain;
        list[i].since = c->since;
    }
    return list;
}

/* Claim what is not claimed yet. */
static enum err claim(struct work *w, struct keys *k)
{
    if (!arena_ok(w->arena))
        return ERR_NOMEM;
    sort_unique(k);
    leave_out_known(w, k);
    struct claim *claims = claims_of(w, k);
    if (!claims)
        return ERR_NOMEM;
    enum err err = store_claim(w->store, claims, k->count, w->arena);
    return err ? err : take_in(w, k, claims);
}

/* ---- The rounds ---- */

typedef void each_touch(struct work *, struct keys *, struct change_touch *,
                        uint32_t bucket);

static void walk(struct work *w, struct keys *k, each_touch *each)
{
    for (size_t i = 0; i < w->entry_count; i++) {
        struct change c = w->entries[i].change; /* walked again later */
        struct change_touch t;
        while (!w->entries[i].unreadable && change_touch_next(&c, &t)) {
            uint32_t bucket = cells_bucket(w, &t);
            if (bucket)
                each(w, k, &t, bucket);
        }
    }
}

static void add_existence(struct work *w, struct keys *k,
                          struct change_touch *t, uint32_t bucket)
{
    (void)w;
    add(k, (struct key){.bucket = bucket, .record = t->record});
}

const struct type *cells_type(struct work *w, uint32_t bucket,
                              const struct change_touch *touch)
{
    struct change_touch t = *touch;
    struct change_edit first;
    const struct cell *c = cells_find(w, bucket, t.record, 0);

    if (c && c->at.found)
        return schema_type(w->ledger->schema, c->at.now.type);
    if (change_edit_next(&t, &first) && first.op == CHANGE_CREATE)
        return schema_type(w->ledger->schema, first.type);
    return NULL;
}

/* A record may be born and edited in one batch, in changes of their own. */
static void note_birth(struct work *w, struct keys *k, struct change_touch *t,
                       uint32_t bucket)
{
    struct cell *c = cells_find(w, bucket, t->record, 0);
    struct change_edit first;

    (void)k;
    if (c && !c->at.found && change_edit_next(t, &first) &&
        first.op == CHANGE_CREATE && first.type < SCHEMA_TYPES_MAX)
        c->births[first.type / 8] |= (uint8_t)(1u << first.type % 8);
}

/* The types that the record may have when a touch of it has its turn: its
 * own, or those that it may be born with, whichever of them comes about. Start
 * with *no 0; NULL at the end. */
static const struct type *next_type(const struct work *w, const struct cell *c,
                                    uint32_t *no)
{
    const struct schema *schema = w->ledger->schema;

    if (c && c->at.found) {
        const struct type *own =
            *no ? NULL : schema_type(schema, c->at.now.type);
        *no = SCHEMA_TYPES_MAX;
        return own;
    }
    while (c && ++*no < SCHEMA_TYPES_MAX)
        if (c->births[*no / 8] & 1u << *no % 8 && schema_type(schema, *no))
            return schema_type(schema, *no);
    return NULL;
}

static void add_field(struct keys *k, uint32_t bucket, struct id record,
                      uint32_t field)
{
    add(k, (struct key){.bucket = bucket, .record = record, .field = field});
}

/* What the rules of the type look at, whatever is edited. */
static void add_beside(struct keys *k, const struct type *type, uint32_t bucket,
                       struct id record)
{
    if (type->state)
        add_field(k, bucket, record, type->state->id);
    if (type->lead)
        add_field(k, bucket, record, type->lead->id);
    if (cells_above(type))
        add_field(k, bucket, record, cells_above(type)->id);
    /* Deciding about something looks at all of it. */
    for (uint32_t i = 0; type->write & ROLE_SIGNER && i < type->field_count;
         i++)
        add_field(k, bucket, record, type->fields[i].id);
}

static void add_unit(struct keys *k, const struct type *type,
                     const struct field *f, uint32_t bucket, struct id record)
{
    if (f->reopened_by)
        add_field(k, bucket, record, f->reopened_by->id);
    for (uint32_t i = 0; f->grouped && i < type->field_count; i++)
        if (type->fields[i].unit == f->unit)
            add_field(k, bucket, record, type->fields[i].id);
}

static void add_edits(struct keys *k, const struct type *type,
                      struct change_touch t, uint32_t bucket)
{
    struct change_edit e;

    while (change_edit_next(&t, &e)) {
        const struct field *f = type_field(type, e.field);
        if (f) {
            bool chain = e.op == CHANGE_TEXT || e.op == CHANGE_SET;
            add(k, (struct key){.bucket = bucket,
                                .record = t.record,
                                .field = f->id,
                                .chain = chain,
                                .since = e.seen});
            add_unit(k, type, f, bucket, t.record);
        }
        /* A delete asks whether anything of the record is new to it. */
        for (uint32_t i = 0; e.op == CHANGE_DELETE && i < type->field_count;
             i++)
            add_field(k, bucket, t.record, type->fields[i].id);
    }
}

/* No type: the change will be held. */
static void add_fields(struct work *w, struct keys *k, struct change_touch *t,
                       uint32_t bucket)
{
    const struct cell *c = cells_find(w, bucket, t->record, 0);
    const struct type *type;
    uint32_t no = 0;

    while ((type = next_type(w, c, &no))) {
        add_beside(k, type, bucket, t->record);
        add_edits(k, type, *t, bucket);
    }
}

/* The record that this one is signed with: is it closed? */
static void add_above(struct work *w, struct keys *k, struct change_touch t,
                      uint32_t bucket, const struct field *above)
{
    const struct cell *c = cells_find(w, bucket, t.record, above->id);
    struct change_edit e;
    struct id parent = {{0}};

    if (c && c->at.found)
        cells_ref(c->at.now.value, &parent);
    while (id_none(parent) && change_edit_next(&t, &e))
        if (e.field == above->id && items_kind(&e.value) == PACK_BIN)
            parent = items_id(&e.value);
    if (id_none(parent))
        return;
    add_field(k, bucket, parent, 0);
    for (uint32_t i = 0; i < w->ledger->schema->type_count; i++) {
        const struct type *p = &w->ledger->schema->types[i];
        if (p->state)
            add_field(k, bucket, parent, p->state->id);
        if (p->state && p->lead)
            add_field(k, bucket, parent, p->lead->id);
    }
}

static void add_parent(struct work *w, struct keys *k, struct change_touch *t,
                       uint32_t bucket)
{
    const struct cell *c = cells_find(w, bucket, t->record, 0);
    const struct type *type;
    uint32_t no = 0;

    while ((type = next_type(w, c, &no)))
        if (cells_above(type))
            add_above(w, k, *t, bucket, cells_above(type));
}

const struct field *cells_above(const struct type *type)
{
    if (type->signed_with)
        return type->signed_with;
    return (type->write | type->create) & ROLE_SIGNER ? type->parent : NULL;
}

bool cells_ref(struct value v, struct id *out)
{
    if (v.kind != VALUE_BLOB || v.bytes.len != ID_BYTES)
        return false;
    memcpy(out->bytes, v.bytes.at, ID_BYTES);
    return true;
}

static size_t touches_of(const struct work *w)
{
    size_t count = 0;

    for (size_t i = 0; i < w->entry_count; i++)
        if (!w->entries[i].unreadable)
            count += w->entries[i].change.touch_count;
    return count;
}

/* Beside those that the stages before have named. */
static enum err room_for_names(struct work *w)
{
    size_t count = w->born_bucket_count;
    struct store_bucket *list =
        arena_take(w->arena, (count + touches_of(w) + 1) * sizeof *list);

    if (!list)
        return ERR_NOMEM;
    if (count)
        memcpy(list, w->born_buckets, count * sizeof *list);
    w->born_buckets = list;
    return ERR_OK;
}

enum err cells_claim(struct work *w)
{
    static each_touch *const rounds[] = {add_existence, add_fields, add_parent};
    enum err err = room_for_names(w);

    for (size_t i = 0; i < 3 && !err; i++) {
        struct keys k = {.arena = w->arena};
        if (i == 1)
            walk(w, &k, note_birth);
        walk(w, &k, rounds[i]);
        err = claim(w, &k);
    }
    return err;
}
