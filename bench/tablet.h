/* tablet.h -- a tablet of the bench: speaks the protocol as a real one does.
 *
 * It keeps a version and, for the long texts, the words of every field that
 * it may see; folds what comes, row by row, into each bucket's count and sum;
 * and holds them against the server's at every checkpoint. Its outbox sends
 * in order and never a second edit of a text before the first is consumed.
 *
 * The caller sends by tablet_push() and lets tablet_read() run whenever the
 * socket has something. What is not as it must be ends the program.
 */
#ifndef BENCH_TABLET_H
#define BENCH_TABLET_H

#include "change.h"
#include "segment.h"
#include "text.h"
#include "world.h"
#include "ws.h"

enum {
    TABLET_BUCKETS_MAX = 128,
    TABLET_PUSH_BYTES = 512 * 1024,
    NO_SCHOOL = 0xffff,
};

struct cell {
    uint64_t version;
    uint8_t *text; /* of text fields only */
    uint32_t len;
    uint32_t sent_seq; /* of the last own edit that was sent */
};

struct queued { /* one change */
    size_t at, len;
    uint32_t fields; /* field changes, as gen.mjs counts them */
    uint32_t text_count;
    uint32_t texts[WORK_FIELDS]; /* cells */
    double sent_s;
};

struct tablet_bucket {
    uint32_t no, school;
    uint64_t cursor, count;
    struct hash64 sum;
};

struct tablet {
    struct world *world;
    struct ws ws;
    uint32_t no;
    struct id device;
    uint8_t token[MESSAGE_TOKEN_BYTES];
    uint64_t incarnation;
    struct id timeline;
    uint64_t sent, consumed; /* seqs */
    uint8_t chain[HASH_CHAIN_BYTES];
    struct queued *queue; /* [seq - 1] */
    size_t made, cap;
    struct buf bytes;
    struct tablet_bucket buckets[TABLET_BUCKETS_MAX];
    size_t bucket_count;
    struct cell *cells; /* [record * WORK_FIELDS + field]; NULL: it only
                         * counts what comes, and believes the server */
    void (*opening)(struct tablet *); /* says the first thing; NULL: said */
    bool welcomed, up_to_date;
    uint32_t checkpoints, enrolled;
    uint64_t head, welcome_seq;
    uint64_t fields_acked, held, merged, conflicts, overtaken;
    double acked_s; /* when the last outcome came */
};

static inline void tablet_init(struct tablet *t, struct world *w, uint32_t no)
{
    *t = (struct tablet){.world = w, .no = no};
    t->cells = calloc((size_t)w->record_cap * WORK_FIELDS, sizeof *t->cells);
    if (!t->cells)
        work_die("no memory");
}

static inline void tablet_fini(struct tablet *t)
{
    ws_close(&t->ws);
    size_t count = (size_t)t->world->record_count * WORK_FIELDS;
    for (size_t i = 0; t->cells && i < count; i++)
        free(t->cells[i].text);
    free(t->cells);
    free(t->queue);
    buf_free(&t->bytes);
    t->cells = NULL;
}

static inline void tablet_say(struct tablet *t)
{
    struct buf *b = &t->world->scratch;

    if (!buf_ok(b))
        work_die("no memory");
    ws_put(&t->ws, buf_span(b));
    (void)ws_flush(&t->ws);
}

/* ---- HELLO, and what answers it ---- */

static inline void tablet_hello(struct tablet *t)
{
    struct message_cursor cursors[TABLET_BUCKETS_MAX];
    struct message_hello m = {
        .protocol = MESSAGE_PROTOCOL,
        .nonce = t->device,
        .device = t->device,
        .incarnation = t->incarnation,
        .clock = wall_ms(),
        .acked = t->consumed,
        .timeline = t->timeline,
        .report = {.pending = t->made - t->consumed,
                   .storage = MESSAGE_KEPT,
                   .app_version = span_of("bench")},
        .zip = true,
    };

    memcpy(m.token, t->token, sizeof m.token);
    memcpy(m.chain, t->chain, sizeof m.chain);
    for (size_t i = 0; i < t->bucket_count; i++)
        cursors[i] =
            (struct message_cursor){t->buckets[i].no, t->buckets[i].cursor};
    buf_clear(&t->world->scratch);
    message_hello_write(&t->world->scratch, &m, cursors, t->bucket_count);
    tablet_say(t);
}

/* Connect, and when the WebSocket stands, say hello. */
static inline void tablet_connect(struct tablet *t)
{
    t->welcomed = t->up_to_date = false;
    t->opening = tablet_hello;
    if (!ws_open(&t->ws, t->world->port))
        work_die("cannot connect");
}

static inline uint32_t school_named(const struct work *w, struct span name)
{
    for (uint32_t i = 0; i < w->school_count; i++)
        if (span_equal(name, span_of(w->schools[i])))
            return i;
    return NO_SCHOOL;
}

static inline struct tablet_bucket *tablet_bucket(struct tablet *t, uint32_t no)
{
    for (size_t i = 0; i < t->bucket_count; i++)
        if (t->buckets[i].no == no)
            return &t->buckets[i];
    return NULL;
}

static inline void tablet_scope(struct tablet *t, struct items scope)
{
    struct message_scope s;

    while (message_scope_next(&scope, &s)) {
        if (tablet_bucket(t, s.bucket))
            continue;
        if (t->bucket_count == TABLET_BUCKETS_MAX)
            work_die("too many buckets");
        t->buckets[t->bucket_count++] = (struct tablet_bucket){
            .no = s.bucket, .school = school_named(&t->world->work, s.name)};
    }
}

/* The bucket of a school; the trust of the bench has one record in each. */
static inline uint32_t tablet_school(const struct tablet *t, uint32_t school)
{
    for (size_t i = 0; i < t->bucket_count; i++)
        if (t->buckets[i].school == school)
            return t->buckets[i].no;
    work_die("a school of the workload is not this tablet's");
    return 0;
}

/* ---- Rows ---- */

static inline struct span cell_text(const struct cell *c)
{
    return (struct span){c->text, c->len};
}

static inline void keep_text(struct cell *c, struct span s)
{
    uint8_t *to = realloc(c->text, s.len + 1);

    if (!to)
        work_die("no memory");
    if (s.len)
        memcpy(to, s.at, s.len);
    c->text = to;
    c->len = (uint32_t)s.len;
}

static inline void fold_text(struct tablet *t, struct cell *c,
                             const struct segment_row *row)
{
    struct items value = row->item;
    struct text_delta delta = {0};
    struct buf *to = &t->world->scratch;

    if (!(row->flags & SEGMENT_DELTA)) {
        keep_text(c, items_nil(&value) ? (struct span){0} : items_text(&value));
        return;
    }
    buf_clear(to);
    if (row->prev != c->version ||
        text_delta_read(items_array(&value), &delta) ||
        text_apply(cell_text(c), &delta, to))
        work_die("a delta does not fit");
    keep_text(c, buf_span(to));
    text_delta_free(&delta);
}

static inline void fold_row(struct tablet *t, struct tablet_bucket *b,
                            const struct segment_group *g,
                            const struct segment_row *row)
{
    struct world *w = t->world;
    uint32_t record = world_record(w, g->record);

    w->types[record] = (uint8_t)g->type;
    if (row->field >= WORK_FIELDS)
        work_die("a field that the bench does not have");
    struct cell *c = &t->cells[(size_t)record * WORK_FIELDS + row->field];
    if (row->version <= c->version)
        return;
    if (w->on_row)
        w->on_row(t, record, row);
    if (g->type < WORK_TYPES && w->work.is_text[g->type][row->field])
        fold_text(t, c, row);
    if (c->version)
        hash_row_sub(&b->sum, g->record, row->field, c->version);
    else
        b->count++;
    hash_row_add(&b->sum, g->record, row->field, row->version);
    c->version = row->version;
}

static inline void take_segment(struct tablet *t,
                                const struct message_segment *s)
{
    struct world *w = t->world;
    struct tablet_bucket *b = tablet_bucket(t, s->bucket);
    struct segment_group g;
    struct segment_row row;
    struct span body;

    if (!b)
        work_die("a segment of a bucket that is not ours");
    if (s->from > b->cursor)
        work_die("a segment begins above the cursor");
    if (segment_plain(s, &w->segment, &body))
        work_die("a segment cannot be inflated");
    w->segments_wire += s->body.len;
    w->segments_plain += body.len;
    while (body.len > 0 && t->cells) {
        if (segment_group_next(w->group_pack, &body, &g))
            work_die("a segment cannot be read");
        while (segment_row_next(&g, &row))
            fold_row(t, b, &g, &row);
    }
    b->cursor = s->to > b->cursor ? s->to : b->cursor;
}

/* ---- What comes ---- */

static inline void take_outcome(struct tablet *t,
                                const struct message_outcome *o)
{
    struct items list = o->exceptions;
    struct message_exception e;

    while (message_exception_next(&list, &e)) {
        t->merged += e.outcome == 1;
        t->overtaken += e.outcome == 2;
        t->conflicts += e.outcome == 3;
        t->held += e.outcome == 4;
        if (e.outcome == 4)
            fprintf(stderr, "bench: held: tablet %u, seq %llu, %s\n", t->no,
                    (unsigned long long)e.seq, err_name((enum err)e.reason));
    }
    t->acked_s = now_s();
    while (t->consumed < o->last && t->consumed < t->made) {
        const struct queued *q = &t->queue[t->consumed++];
        t->fields_acked += q->fields;
        hash_chain(t->chain, (struct span){t->bytes.at + q->at, q->len});
    }
}

static inline void take_update(struct tablet *t, struct items *in)
{
    struct message_update m;
    struct message_outcome o;
    struct message_segment s;

    if (message_update_read(in, &m))
        work_die("an UPDATE cannot be read");
    while (message_outcome_next(&m.outcomes, &o))
        take_outcome(t, &o);
    while (message_segment_next(&m.segments, &s))
        take_segment(t, &s);
    if (m.head == 0)
        return;
    t->head = m.head;
    for (size_t i = 0; i < t->bucket_count; i++)
        t->buckets[i].cursor = m.head;
}

static inline void take_checkpoint(struct tablet *t, struct items *in)
{
    struct message_checkpoint m;
    struct message_sum s;

    if (message_checkpoint_read(in, &m))
        work_die("a CHECKPOINT cannot be read");
    while (message_sum_next(&m.sums, &s)) {
        struct tablet_bucket *b = tablet_bucket(t, s.bucket);
        if (!b ||
            (t->cells && (b->count != s.count || b->sum.low != s.sum.low ||
                          b->sum.high != s.sum.high)))
            work_die("a bucket's sum is not the server's");
        b->cursor = m.head;
    }
    t->head = m.head;
    t->up_to_date = true;
    t->checkpoints++;
}

static inline void take_welcome(struct tablet *t, struct items *in)
{
    struct message_welcome m;

    if (message_welcome_read(in, &m) || !id_equal(m.nonce, t->device))
        work_die("a WELCOME cannot be read");
    t->timeline = m.timeline;
    t->welcome_seq = m.seq;
    t->welcomed = true;
    tablet_scope(t, m.scope);
}

static inline void take_enrolled(struct tablet *t, struct items *in)
{
    struct message_enrolled m;

    if (message_enrolled_read(in, &m))
        work_die("an ENROLLED cannot be read");
    t->device = m.device;
    memcpy(t->token, m.token, sizeof t->token);
    t->enrolled = 1;
}

static inline void take_error(struct tablet *t, struct items *in)
{
    struct message_error m;
    enum err err = message_error_read(in, &m);

    fprintf(stderr, "bench: tablet %u: the server says %s\n", t->no,
            err ? "something unreadable" : err_name((enum err)m.code));
    exit(1);
}

static inline void tablet_take(struct tablet *t, struct span bytes)
{
    struct world *w = t->world;
    struct items in;
    enum message_code code;

    if (message_open(w->pack, bytes, &w->plain, &in, &code))
        work_die("a message cannot be read");
    if (code == MESSAGE_WELCOME)
        take_welcome(t, &in);
    else if (code == MESSAGE_UPDATE)
        take_update(t, &in);
    else if (code == MESSAGE_CHECKPOINT)
        take_checkpoint(t, &in);
    else if (code == MESSAGE_ENROLLED)
        take_enrolled(t, &in);
    else if (code == MESSAGE_SCOPE)
        work_die("a SCOPE, though nobody's access changes here");
    else if (code == MESSAGE_ERROR)
        take_error(t, &in);
}

#endif
