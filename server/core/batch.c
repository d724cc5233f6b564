#include "batch.h"

#include "batch_work.h"
#include "page.h"
#include "zip.h"

#include <assert.h>
#include <stdlib.h>

enum { ZIP_FROM_BYTES = 1024 }; /* below, deflating costs more than it saves */

/* ---- Gathering ---- */

enum err batch_open(struct batch **out)
{
    struct batch *b = calloc(1, sizeof *b);

    if (!b)
        return ERR_NOMEM;
    b->tail = &b->pushes;
    *out = b;
    return ERR_OK;
}

void batch_push_free(struct batch_push *p)
{
    if (!p)
        return;
    buf_free(&p->bytes);
    free(p->changes);
    free(p);
}

static void forget_results(struct batch *b)
{
    for (size_t i = 0; i < b->segment_count; i++) {
        buf_free(&b->segments[i].plain);
        buf_free(&b->segments[i].zipped);
    }
    b->segment_count = b->bucket_count = 0;
    b->roster_moved = false;
    arena_reset(&b->arena);
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    while (b->pushes) {
        struct batch_push *p = b->pushes;
        b->pushes = p->next;
        batch_push_free(p);
    }
    forget_results(b);
    arena_free(&b->arena);
    free(b);
}

void batch_push(struct batch *b, struct batch_push *p)
{
    p->next = NULL;
    *b->tail = p;
    b->tail = &p->next;
    b->change_count += p->count;
    b->byte_count += p->bytes.len;
}

bool batch_is_full(const struct batch *b)
{
    return b->change_count >= BATCH_CHANGES_MAX ||
           b->byte_count >= BATCH_BYTES_MAX;
}

/* ---- Reading the changes ---- */

/* Where this push continues: after the replica's last one in this batch, or
 * after what the ledger says. */
static struct store_replica standing(const struct work *w,
                                     const struct batch_push *p)
{
    const struct ledger *l = w->ledger;
    struct store_replica r = p->replica;

    if (r.no < l->replica_count && l->replicas[r.no].no)
        r = l->replicas[r.no];
    for (struct batch_push *q = w->batch->pushes; q != p; q = q->next)
        if (q->replica.no == r.no)
            r = q->after;
    return r;
}

static enum err read_push(struct work *w, struct batch_push *p)
{
    uint64_t next = standing(w, p).seq + 1;
    size_t edits = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->first + i != next)
            continue; /* a repeat; a gap was refused before it came here */
        struct entry *e = &w->entries[w->entry_count++];
        *e = (struct entry){.push = p, .seq = next++, .bytes = p->changes[i]};
        e->unreadable = change_read(w->merge.pack, e->bytes, &e->change);
        if (e->unreadable == ERR_NOMEM)
            return ERR_NOMEM;
        edits += e->unreadable ? 1 : e->change.edit_count;
        w->touch_count += e->unreadable ? 1 : e->change.touch_count;
    }
    p->after = standing(w, p);
    p->after.seq = next - 1;
    p->last = p->first - 1;
    w->edit_count += edits;
    edits = edits < BATCH_EXCEPTIONS_MAX ? edits : BATCH_EXCEPTIONS_MAX;
    p->exception_count = 0;
    p->exceptions = arena_take(w->arena, (edits + 1) * sizeof *p->exceptions);
    return p->exceptions ? ERR_OK : ERR_NOMEM;
}

static enum err read_changes(struct work *w)
{
    struct batch *b = w->batch;
    enum err err = ERR_OK;

    w->entries =
        arena_take(w->arena, (b->change_count + 1) * sizeof *w->entries);
    if (!w->entries)
        return ERR_NOMEM;
    for (struct batch_push *p = b->pushes; p && !err; p = p->next)
        err = read_push(w, p);
    return err;
}

/* ---- One stage ---- */

/* What one change may have to take back: each edit looks at its unit, each
 * touch may bring a record back. */
static size_t undo_most(const struct work *w)
{
    size_t most = 0;

    for (size_t i = 0; i < w->entry_count; i++) {
        const struct change *c = &w->entries[i].change;
        size_t needs =
            (size_t)c->edit_count * (1 + MERGE_UNIT_MAX) + c->touch_count;
        if (!w->entries[i].unreadable && needs > most)
            most = needs;
    }
    return most;
}

static enum err make_room(struct work *w)
{
    /* Each edit leaves at most one row of history, and each touch one more
     * when it brings a deleted record back. */
    size_t rows = w->edit_count + w->touch_count + 1;
    size_t after = w->edit_count + 5 * w->touch_count + w->entry_count + 1;

    w->history = arena_take(w->arena, rows * sizeof *w->history);
    w->held = arena_take(w->arena, (w->entry_count + 1) * sizeof *w->held);
    w->born = arena_take(w->arena, (w->touch_count + 1) * sizeof *w->born);
    w->after = arena_take(w->arena, after * sizeof *w->after);
    w->undo_cap = undo_most(w);
    w->undo = arena_take(w->arena, (w->undo_cap + 1) * sizeof *w->undo);
    w->history_count = w->held_count = w->born_count = w->after_count = 0;
    w->cell_count = 0;
    return arena_ok(w->arena) ? ERR_OK : ERR_NOMEM;
}

static enum err consume_all(struct work *w)
{
    enum err err = ERR_OK;
    struct batch_push *at = NULL;

    for (size_t i = 0; i < w->entry_count && !err; i++) {
        struct entry *e = &w->entries[i];
        if (e->push != at && !e->push->own)
            e->push->after = standing(w, e->push);
        at = e->push;
        err = change_consume(w, e);
    }
    return err;
}

/* ---- Writing ---- */

static struct store_bucket *bucket_of(struct work *w, uint32_t no)
{
    struct batch *b = w->batch;

    for (size_t i = b->bucket_count; i-- > 0;)
        if (b->buckets[i].no == no)
            return &b->buckets[i];
    const struct store_bucket *known = ledger_bucket(w->ledger, no);
    struct store_bucket *to = &b->buckets[b->bucket_count++];
    if (known)
        *to = *known;
    else
        *to = (struct store_bucket){.no = no, .name = cells_bucket_name(w, no)};
    return to;
}

/* Roles hang on these record types, where the schema has them. */
static bool is_roster(const struct schema *schema, uint32_t type)
{
    const struct type *t = schema_type(schema, type);

    return t &&
           (!strcmp(t->name, "role_assignment") || !strcmp(t->name, "school"));
}

/* Room for this stage's buckets beside those of the stages before. */
static enum err room_for_buckets(struct work *w, size_t cells)
{
    struct batch *b = w->batch;
    struct store_bucket *list =
        arena_take(w->arena, (b->bucket_count + cells + 1) * sizeof *list);

    if (!list)
        return ERR_NOMEM;
    if (b->bucket_count)
        memcpy(list, b->buckets, b->bucket_count * sizeof *list);
    b->buckets = list;
    return ERR_OK;
}

static void count_row(struct work *w, const struct cell *c)
{
    struct store_bucket *bucket = bucket_of(w, c->key.bucket);
    uint32_t field = c->key.field;

    bucket->version = w->head;
    if (c->was_found)
        hash_row_sub(&bucket->sum, c->key.record, field, c->was_version);
    else
        bucket->count++;
    hash_row_add(&bucket->sum, c->key.record, field, c->at.now.version);
}

/* The cells that moved, in their order, with their buckets' sums. */
static enum err collect(struct work *w, struct commit *out)
{
    struct batch *b = w->batch;
    struct row *state =
        arena_take(w->arena, (w->cell_count + 1) * sizeof *state);
    struct row *born = arena_take(w->arena, (w->born_count + 1) * sizeof *born);

    if (!state || !born || room_for_buckets(w, w->cell_count))
        return ERR_NOMEM;
    out->state = state;
    out->born = born;
    for (size_t i = 0; i < w->cell_count; i++) {
        const struct cell *c = w->cells[i];
        if (!c->dirty)
            continue;
        count_row(w, c);
        state[out->state_count++] = c->at.now;
        if (c->key.field == 0 && !c->was_found)
            born[out->born_count++] = c->at.now;
        b->roster_moved |= is_roster(w->ledger->schema, c->at.now.type);
    }
    out->head = w->head;
    out->received_ms = w->now_ms;
    out->buckets = b->buckets;
    out->bucket_count = b->bucket_count;
    out->history = w->history;
    out->history_count = w->history_count;
    out->held = w->held;
    out->held_count = w->held_count;
    return ERR_OK;
}

static enum err collect_replicas(struct work *w, struct commit *out)
{
    struct store_replica *list;
    size_t pushes = 0;

    for (struct batch_push *p = w->batch->pushes; p; p = p->next)
        pushes++;
    list = arena_take(w->arena, (pushes + 1) * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    out->replicas = list;
    for (struct batch_push *p = w->batch->pushes; p; p = p->next)
        if (p->last >= p->first)
            list[out->replica_count++] = p->after;
    return ERR_OK;
}

/* ---- What the others are told ---- */

static enum err make_segment(struct work *w, struct page_writer *page,
                             const struct row *from, const struct row *to)
{
    uint32_t no = from->bucket;
    const struct store_bucket *was = ledger_bucket(w->ledger, no);
    struct batch_segment *s = &w->batch->segments[w->batch->segment_count++];

    *s = (struct batch_segment){.bucket = no, .from = was ? was->version : 0};
    page_begin(page, w->ledger->schema, w->ledger->access);
    for (; from < to; from++)
        if (page->body.len < BATCH_SEGMENT_MAX)
            page_row(page, from);
        else
            s->too_long = true;
    page_end(page);
    if (s->too_long)
        return ERR_OK;
    buf_put(&s->plain, page->body.at, page->body.len);
    if (!buf_ok(&page->body) || !buf_ok(&s->plain))
        return ERR_NOMEM;
    if (s->plain.len < ZIP_FROM_BYTES)
        return ERR_OK;
    return zip_deflate(buf_span(&s->plain), ZIP_FAST, &s->zipped);
}

static enum err make_segments(struct work *w, const struct commit *c)
{
    struct batch *b = w->batch;
    struct page_writer *page = arena_take(w->arena, sizeof *page);
    struct batch_segment *list = arena_take(
        w->arena, (b->segment_count + b->bucket_count + 1) * sizeof *list);
    enum err err = ERR_OK;

    if (!page || !list)
        return ERR_NOMEM;
    if (b->segment_count)
        memcpy(list, b->segments, b->segment_count * sizeof *list);
    b->segments = list;
    for (size_t i = 0, k; i < c->state_count && !err; i = k) {
        for (k = i;
             k < c->state_count && c->state[k].bucket == c->state[i].bucket;)
            k++;
        err = make_segment(w, page, &c->state[i], &c->state[k]);
    }
    page_fini(page);
    return err;
}

static int by_bucket(const void *left, const void *right)
{
    const struct batch_segment *a = left, *b = right;

    return (a->bucket > b->bucket) - (a->bucket < b->bucket);
}

/* ---- The course of it ---- */

static void move_ledger(struct work *w, const struct commit *c)
{
    for (size_t i = 0; i < c->bucket_count; i++)
        ledger_put_bucket(w->ledger, &c->buckets[i]);
    for (size_t i = 0; i < c->replica_count; i++)
        ledger_put_replica(w->ledger, &c->replicas[i]);
    w->ledger->head = w->head;
}

static uint32_t next_bucket(const struct ledger *l)
{
    uint32_t next = l->bucket_count ? l->bucket_count : 1;

    while (next > 1 && !l->buckets[next - 1].no)
        next--;
    return next;
}

/* *c: this stage's rows, not written yet. */
static enum err stage(struct work *w, struct commit *c)
{
    enum err err = make_room(w);

    *c = (struct commit){0};
    if (!err)
        err = cells_claim(w);
    if (!err)
        err = consume_all(w);
    if (!err)
        err = collect(w, c);
    return err ? err : make_segments(w, c);
}

/* Whatever can fail is done before the commit; what is durable is told. */
static enum err run(struct work *w)
{
    struct commit c = {0}, replicas = {0};
    enum err err = read_changes(w);

    for (unsigned i = 0; i < BATCH_STAGES_MAX && !err; i++) {
        err = stage(w, &c);
        if (err || w->after_count == 0 || i + 1 == BATCH_STAGES_MAX)
            break;
        err = store_write(w->store, &c);
        if (!err)
            err = after_entries(w);
        c = (struct commit){.head = w->head,
                            .received_ms = w->now_ms,
                            .buckets = w->batch->buckets,
                            .bucket_count = w->batch->bucket_count};
        if (w->entry_count == 0)
            break;
    }
    if (!err)
        err = collect_replicas(w, &replicas);
    c.replicas = replicas.replicas;
    c.replica_count = replicas.replica_count;
    if (!err)
        err = ledger_room(w->ledger, &c);
    if (!err)
        err = store_commit(w->store, &c);
    if (err) {
        store_abandon(w->store);
        return err;
    }
    move_ledger(w, &c);
    if (w->batch->segment_count)
        qsort(w->batch->segments, w->batch->segment_count,
              sizeof *w->batch->segments, by_bucket);
    return ERR_OK;
}

enum err batch_run(struct batch *b, struct ledger *ledger, struct store *store,
                   int64_t now_ms)
{
    struct work w = {
        .batch = b,
        .ledger = ledger,
        .store = store,
        .arena = &b->arena,
        .merge = {.arena = &b->arena},
        .now_ms = now_ms,
        .head = ledger->head,
        .next_bucket = next_bucket(ledger),
    };
    enum err err;

    forget_results(b);
    err = pack_open(&w.merge.pack);
    if (err)
        return err;
    err = run(&w);
    pack_close(w.merge.pack);
    b->head = w.head;
    b->received_ms = now_ms;
    return err;
}
