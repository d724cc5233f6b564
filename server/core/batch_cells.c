#include "batch_work.h"

#include <assert.h>
#include <stdlib.h>

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
    const struct claim *a = left, *b = right;

    return compare(a->bucket, &a->record, a->field, b->bucket, &b->record,
                   b->field);
}

struct cell *cells_find(struct work *w, uint32_t bucket, struct id record,
                        uint32_t field)
{
    size_t low = 0, high = w->cell_count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        struct cell *c = &w->cells[mid];
        int by =
            compare(c->bucket, &c->record, c->field, bucket, &record, field);
        if (by == 0)
            return c;
        if (by < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
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

static uint32_t field_max(const struct schema *schema)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < schema->type_count; i++) {
        const struct type *t = &schema->types[i];
        if (t->field_count && t->fields[t->field_count - 1].id > most)
            most = t->fields[t->field_count - 1].id;
    }
    return most;
}

struct keys {
    struct claim *list;
    size_t count, cap;
};

static void add(struct keys *k, uint32_t bucket, struct id record,
                uint32_t field, const struct change_edit *e)
{
    assert(k->count < k->cap);
    bool chain = e && (e->op == CHANGE_TEXT || e->op == CHANGE_SET);
    k->list[k->count++] = (struct claim){.bucket = bucket,
                                         .record = record,
                                         .field = field,
                                         .chain = chain,
                                         .since = e ? e->seen : 0};
}

static void add_touch(struct work *w, struct keys *k,
                      const struct change_touch *touch, uint32_t most)
{
    struct change_touch t = *touch; /* walked again when it is merged */
    struct change_edit e;
    uint32_t bucket = cells_bucket(w, &t);

    if (!bucket)
        return;
    add(k, bucket, t.record, 0, NULL);
    while (change_edit_next(&t, &e)) {
        if (e.field)
            add(k, bucket, t.record, e.field, &e);
        /* A delete asks whether anything of the record is new to it. */
        for (uint32_t f = 1; e.op == CHANGE_DELETE && f <= most; f++)
            add(k, bucket, t.record, f, NULL);
    }
}

/* Room is made for all before any is added. */
static enum err make_room(struct work *w, struct keys *k, uint32_t most)
{
    size_t touches = 0;

    for (size_t i = 0; i < w->entry_count; i++) {
        struct change c = w->entries[i].change;
        struct change_touch t;
        struct change_edit e;
        if (w->entries[i].unreadable)
            continue;
        while (change_touch_next(&c, &t)) {
            touches++;
            k->cap += 1 + (size_t)t.edit_count;
            while (change_edit_next(&t, &e))
                k->cap += e.op == CHANGE_DELETE ? most : 0;
        }
    }
    k->list = arena_take(w->arena, (k->cap + 1) * sizeof *k->list);
    w->born_buckets =
        arena_take(w->arena, (touches + 1) * sizeof *w->born_buckets);
    return arena_ok(w->arena) ? ERR_OK : ERR_NOMEM;
}

static void merge_twins(struct keys *k)
{
    size_t kept = 0;

    for (size_t i = 0; i < k->count; i++) {
        struct claim *c = &k->list[i];
        if (kept == 0 || by_place(&k->list[kept - 1], c) != 0) {
            k->list[kept++] = *c;
            continue;
        }
        struct claim *into = &k->list[kept - 1];
        if (c->chain && (!into->chain || c->since < into->since))
            into->since = c->since;
        into->chain |= c->chain;
    }
    k->count = kept;
}

static enum err fill(struct work *w)
{
    w->cells = arena_take(w->arena, (w->cell_count + 1) * sizeof *w->cells);
    if (!w->cells)
        return ERR_NOMEM;
    for (size_t i = 0; i < w->cell_count; i++) {
        struct claim *k = &w->claims[i];
        struct cell *c = &w->cells[i];
        struct merge_past **end = &c->at.past;
        *c = (struct cell){.bucket = k->bucket,
                           .record = k->record,
                           .field = k->field,
                           .at = {.found = k->found, .now = k->row}};
        for (size_t j = 0; j < k->older_count; j++) {
            struct merge_past *p = arena_take(w->arena, sizeof *p);
            if (!p)
                return ERR_NOMEM;
            p->row = k->older[j];
            *end = p;
            end = &p->next;
        }
    }
    return ERR_OK;
}

enum err cells_claim(struct work *w)
{
    uint32_t most = field_max(w->ledger->schema);
    struct keys k = {0};
    enum err err = make_room(w, &k, most);

    if (err)
        return err;
    for (size_t i = 0; i < w->entry_count; i++) {
        struct change c = w->entries[i].change;
        struct change_touch t;
        while (!w->entries[i].unreadable && change_touch_next(&c, &t))
            add_touch(w, &k, &t, most);
    }
    if (k.count)
        qsort(k.list, k.count, sizeof *k.list, by_place);
    merge_twins(&k);
    w->claims = k.list;
    w->cell_count = k.count;
    err = store_claim(w->store, w->claims, w->cell_count, w->arena);
    return err ? err : fill(w);
}
