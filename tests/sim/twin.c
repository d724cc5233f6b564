#include "sim.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEALS_MAX = 20, PUSH_BYTES = 64 * 1024, RETRY_MS = 500 };

/* ---- Cells ---- */

static uint32_t slot_of(struct id record, uint32_t field)
{
    return hash32((struct span){record.bytes, ID_BYTES}, field);
}

static void index_cells(struct cells *c)
{
    uint32_t size = 64;

    while (size < 3 * c->cap)
        size *= 2;
    free(c->slots);
    c->slots = calloc(size, sizeof *c->slots);
    if (!c->slots)
        abort();
    c->mask = size - 1;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t at = slot_of(c->list[i].record, c->list[i].field) & c->mask;
        while (c->slots[at])
            at = (at + 1) & c->mask;
        c->slots[at] = (uint32_t)i + 1;
    }
}

struct cell *twin_cell(const struct twin *t, struct id record, uint32_t field)
{
    const struct cells *c = &t->cells;

    if (!c->slots)
        return NULL;
    uint32_t at = slot_of(record, field) & c->mask;
    while (c->slots[at]) {
        struct cell *found = &c->list[c->slots[at] - 1];
        if (found->field == field && id_equal(found->record, record))
            return found;
        at = (at + 1) & c->mask;
    }
    return NULL;
}

static struct cell *make_cell(struct twin *t, struct id record, uint32_t field)
{
    struct cells *c = &t->cells;
    struct cell *found = twin_cell(t, record, field);

    if (found)
        return found;
    if (c->count == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 128;
        c->list = realloc(c->list, c->cap * sizeof *c->list);
        if (!c->list)
            abort();
        index_cells(c);
    }
    c->list[c->count] = (struct cell){.record = record, .field = field};
    uint32_t at = slot_of(record, field) & c->mask;
    while (c->slots[at])
        at = (at + 1) & c->mask;
    c->slots[at] = (uint32_t)++c->count;
    return &c->list[c->count - 1];
}

/* Those of a bucket go; only those that did not come, when it is healed. */
static void drop_cells(struct twin *t, struct twin_bucket *b, bool only_stale)
{
    struct cells *c = &t->cells;
    size_t kept = 0;

    for (size_t i = 0; i < c->count; i++) {
        struct cell *cell = &c->list[i];
        if (cell->bucket == b->no && !(only_stale && cell->came)) {
            if (cell->version) {
                hash_row_sub(&b->sum, cell->record, cell->field, cell->version);
                b->count--;
            }
            buf_free(&cell->value);
            continue;
        }
        c->list[kept++] = *cell;
    }
    c->count = kept;
    if (c->cap)
        index_cells(c);
}

/* ---- Coming and going ---- */

void twin_init(struct twin *t, unsigned no, unsigned person)
{
    *t = (struct twin){.no = no, .person = person, .incarnation = 1};
    t->outbox = calloc(TWIN_OUTBOX, sizeof *t->outbox);
    if (!t->outbox)
        abort();
}

static void free_pending(struct pending *p)
{
    buf_free(&p->bytes);
    buf_free(&p->text);
    *p = (struct pending){0};
}

static void free_storage(struct twin *t)
{
    for (size_t i = 0; i < TWIN_OUTBOX; i++)
        free_pending(&t->outbox[i]);
    for (size_t i = 0; i < t->cells.count; i++)
        buf_free(&t->cells.list[i].value);
    free(t->outbox);
    free(t->cells.list);
    free(t->cells.slots);
    t->outbox = NULL;
    t->cells = (struct cells){0};
}

void twin_fini(struct twin *t)
{
    if (!t->outbox)
        return;
    free_storage(t);
    if (t->before)
        free_storage(t->before);
    free(t->before);
    t->before = NULL;
}

static void copy_buf(struct buf *to, const struct buf *from)
{
    *to = (struct buf){0};
    buf_put(to, from->at, from->len);
}

/* to takes over copies of all that `from` keeps. */
static void copy_storage(struct twin *to, const struct twin *from)
{
    *to = *from;
    to->before = NULL;
    to->outbox = calloc(TWIN_OUTBOX, sizeof *to->outbox);
    to->cells = (struct cells){.cap = from->cells.count + 1,
                               .count = from->cells.count};
    to->cells.list = calloc(to->cells.cap, sizeof *to->cells.list);
    if (!to->outbox || !to->cells.list)
        abort();
    for (size_t i = 0; i < TWIN_OUTBOX; i++) {
        to->outbox[i] = from->outbox[i];
        copy_buf(&to->outbox[i].bytes, &from->outbox[i].bytes);
        copy_buf(&to->outbox[i].text, &from->outbox[i].text);
    }
    for (size_t i = 0; i < from->cells.count; i++) {
        to->cells.list[i] = from->cells.list[i];
        copy_buf(&to->cells.list[i].value, &from->cells.list[i].value);
    }
    index_cells(&to->cells);
}

void twin_keep(struct twin *t)
{
    if (t->before)
        free_storage(t->before);
    else
        t->before = calloc(1, sizeof *t->before);
    if (!t->before)
        abort();
    copy_storage(t->before, t);
}

void twin_roll_back(struct twin *t)
{
    struct twin *kept = t->before;
    int64_t skew = t->skew;

    free_storage(t);
    t->before = NULL;
    *t = *kept;
    free(kept);
    t->skew = skew;
    t->was_rolled_back = true;
    t->before = NULL;
    t->link = NULL;
    t->state = TWIN_CLOSED;
}

void twin_closed(struct twin *t)
{
    t->link = NULL;
    t->state = TWIN_CLOSED;
    t->up_to_date = false;
    t->retry_at_ms =
        sim.now_ms + (sim.rest ? 1 : dice_below(&sim.dice, RETRY_MS * 4));
}

static void hang_up(struct twin *t)
{
    struct link *link = t->link;

    twin_closed(t);
    if (link) {
        link->open = false;
        link_break(link, false);
    }
}

/* As when a page of its storage is lost: only the sums can tell. */
void twin_damage(struct twin *t)
{
    struct cells *c = &t->cells;

    if (!c->count)
        return;
    struct cell *cell = &c->list[dice_below(&sim.dice, c->count)];
    if (!cell->version || twin_pending_text(t, cell->record, cell->field))
        return;
    for (size_t i = 0; i < t->bucket_count; i++) {
        struct twin_bucket *b = &t->buckets[i];
        if (b->no != cell->bucket)
            continue;
        hash_row_sub(&b->sum, cell->record, cell->field, cell->version);
        b->count--;
    }
    buf_free(&cell->value);
    *cell = c->list[--c->count];
    index_cells(c);
    t->is_damaged = true;
}

static struct pending *outbox_at(const struct twin *t, uint64_t seq)
{
    return &t->outbox[seq % TWIN_OUTBOX];
}

const struct twin_bucket *twin_bucket(const struct twin *t, uint32_t no)
{
    for (size_t i = 0; i < t->bucket_count; i++)
        if (t->buckets[i].no == no)
            return &t->buckets[i];
    return NULL;
}

const struct twin_bucket *twin_bucket_named(const struct twin *t,
                                            const char *name)
{
    for (size_t i = 0; i < t->bucket_count; i++)
        if (!strcmp(t->buckets[i].name, name))
            return &t->buckets[i];
    return NULL;
}

static struct twin_bucket *bucket_at(struct twin *t, uint32_t no)
{
    for (size_t i = 0; i < t->bucket_count; i++)
        if (t->buckets[i].no == no)
            return &t->buckets[i];
    return NULL;
}

/* ---- Saying ---- */

static void say(struct twin *t, struct buf *message)
{
    if (!buf_ok(message))
        abort();
    t->said_ms = sim.now_ms;
    if (t->link)
        link_up(t->link, buf_span(message));
}

static void hello(struct twin *t)
{
    struct message_cursor cursors[TWIN_BUCKETS];
    struct message_hello m = {
        .protocol = MESSAGE_PROTOCOL,
        .device = t->device,
        .incarnation = t->incarnation,
        .clock = sim.wall_ms + t->skew,
        .acked = t->acked,
        .timeline = t->timeline,
        .report = {.pending = t->made - t->consumed,
                   .app_version = span_of("twin")},
        .zip = t->no % 2 == 0,
    };

    dice_bytes(&sim.dice, t->nonce.bytes, ID_BYTES);
    m.nonce = t->nonce;
    memcpy(m.token, t->token, sizeof m.token);
    memcpy(m.chain, t->chain, sizeof m.chain);
    for (size_t i = 0; i < t->bucket_count; i++)
        cursors[i] =
            (struct message_cursor){t->buckets[i].no, t->buckets[i].cursor};
    buf_clear(&sim.scratch);
    message_hello_write(&sim.scratch, &m, cursors, t->bucket_count);
    say(t, &sim.scratch);
}

static uint64_t last_sealed(const struct twin *t)
{
    uint64_t seq = t->made;

    while (seq > t->acked && !outbox_at(t, seq)->sealed)
        seq--;
    return seq;
}

void twin_connect(struct twin *t, bool is_post)
{
    t->link = link_open(t);
    if (!t->link)
        return;
    t->link->is_post = is_post;
    t->state = TWIN_GREETING;
    t->up_to_date = false;
    t->heals = 0;
    t->gap = 0;
    for (size_t i = 0; i < t->bucket_count; i++) {
        struct twin_bucket *b = &t->buckets[i];
        b->caught_up = b->healing = b->heal_started = false;
    }
    t->heard_ms = sim.now_ms;
    t->sent = t->consumed;
    t->sealed_before = last_sealed(t);
    hello(t);
    twin_pump(t);
    /* A body that a proxy sends twice is welcomed as if it had been taken. */
    if (is_post)
        t->sealed_before = last_sealed(t);
}

static bool flies(const struct twin *t, const struct pending *p, uint64_t upto)
{
    for (uint64_t seq = t->consumed + 1; p->text_field && seq <= upto; seq++) {
        const struct pending *q = outbox_at(t, seq);
        if (q->text_field == p->text_field &&
            id_equal(q->text_record, p->text_record))
            return true;
    }
    return false;
}

/* In order, and no second edit of a text while one is not consumed. */
void twin_pump(struct twin *t)
{
    struct span list[64];
    size_t count = 0, bytes = 0;
    uint64_t from = t->sent > t->consumed ? t->sent : t->consumed;

    if (!t->link || t->state == TWIN_CLOSED)
        return;
    uint64_t most = 1 + dice_below(&sim.dice, 8);
    /* As when a tablet has forgotten one: the server says which it wants. */
    if (!sim.rest && t->made > from + 1 && dice_one_in(&sim.dice, 60))
        from++;
    for (uint64_t seq = from + 1; seq <= t->made && count < most; seq++) {
        struct pending *p = outbox_at(t, seq);
        if (flies(t, p, seq - 1) || bytes > PUSH_BYTES)
            break;
        p->sealed = true;
        bytes += p->bytes.len;
        list[count++] = buf_span(&p->bytes);
    }
    if (count == 0)
        return;
    t->sent = from + count;
    buf_clear(&sim.scratch);
    message_push_write(&sim.scratch, from + 1, list, count);
    say(t, &sim.scratch);
}

static void pull(struct twin *t, const struct message_cursor *c, size_t count)
{
    if (sim.reached[STATE_PULL] == 0 || t->state == TWIN_CATCHING)
        sim_reach(STATE_PULL);
    t->state = TWIN_CATCHING;
    t->up_to_date = false;
    buf_clear(&sim.scratch);
    message_pull_write(&sim.scratch, c, count);
    say(t, &sim.scratch);
}

void twin_ask(struct twin *t)
{
    struct message_cursor c[TWIN_BUCKETS];

    if (!t->link || t->link->is_post || t->state < TWIN_CATCHING)
        return;
    for (size_t i = 0; i < t->bucket_count; i++)
        c[i] = (struct message_cursor){t->buckets[i].no, t->buckets[i].cursor};
    pull(t, c, t->bucket_count);
}

void twin_beat(struct twin *t)
{
    if (!t->link || t->link->is_post)
        return;
    buf_clear(&sim.scratch);
    message_beat_write(&sim.scratch, &(struct message_beat){0});
    say(t, &sim.scratch);
}

/* ---- The outbox ---- */

void twin_save(struct twin *t, struct pending *p, uint32_t edits,
               uint32_t touches)
{
    if (t->made - t->acked >= TWIN_OUTBOX - 1 ||
        sim.change_count == SIM_CHANGES || !buf_ok(&p->bytes)) {
        free_pending(p);
        return;
    }
    if (!sim_planted(PLANT_reuse_seq) || t->made == t->consumed ||
        !dice_one_in(&sim.dice, 4))
        t->made++;
    p->seq = t->made;
    p->made = sim.change_count;
    struct change_made *c = &sim.changes[sim.change_count++];
    *c = (struct change_made){.twin = t->no,
                              .incarnation = t->incarnation,
                              .seq = p->seq,
                              .edits = edits,
                              .touches = touches,
                              .marker = p->marker};
    copy_buf(&c->bytes, &p->bytes);
    sim_trace(buf_span(&p->bytes));
    struct pending *at = outbox_at(t, p->seq);
    free_pending(at);
    *at = *p;
    *p = (struct pending){0};
    twin_pump(t);
}

const struct pending *twin_pending_text(const struct twin *t, struct id record,
                                        uint32_t field)
{
    for (uint64_t seq = t->made; seq > t->acked; seq--) {
        const struct pending *p = outbox_at(t, seq);
        if (p->text_field != field || !id_equal(p->text_record, record) ||
            p->cleared || p->held)
            continue;
        for (uint32_t i = 0; i < p->edit_count; i++)
            if (p->edits[i].field == field && !p->edits[i].back)
                return p;
    }
    return NULL;
}

static void consume(struct twin *t, uint64_t last, uint64_t version,
                    bool by_outcome)
{
    for (uint64_t seq = t->acked + 1; seq <= last && seq <= t->made; seq++) {
        struct pending *p = outbox_at(t, seq);
        if (p->version && !by_outcome)
            continue;
        p->version = p->version ? p->version : version;
        p->by_outcome |= by_outcome;
        p->sealed = true;
    }
    if (last > t->consumed)
        t->consumed = last;
}

static void as_unsent(struct pending *p)
{
    p->version = 0;
    p->by_outcome = p->held = p->cleared = false;
    for (uint32_t i = 0; i < p->edit_count; i++)
        p->edits[i].back = false;
}

static void unconsume(struct twin *t, uint64_t last)
{
    for (uint64_t seq = last + 1; seq <= t->consumed; seq++)
        if (seq > t->acked)
            as_unsent(outbox_at(t, seq));
    if (t->consumed > last)
        t->consumed = last;
}

/* Number afresh what the server is not known to have. */
static void start_afresh(struct twin *t, uint64_t has)
{
    struct pending *old = t->outbox;
    uint64_t made = t->made, acked = t->acked;

    sim_reach(STATE_CLONED);
    if (!t->was_rolled_back)
        sim_fail("tablet %u had to start afresh", t->no);
    t->outbox = calloc(TWIN_OUTBOX, sizeof *t->outbox);
    if (!t->outbox)
        abort();
    t->incarnation++;
    t->made = t->consumed = t->acked = 0;
    memset(t->chain, 0, sizeof t->chain);
    for (uint64_t seq = acked + 1; seq <= made; seq++) {
        struct pending *p = &old[seq % TWIN_OUTBOX];
        if (p->by_outcome && seq <= has) {
            free_pending(p);
            continue;
        }
        as_unsent(p);
        p->sealed = false;
        p->seq = ++t->made;
        struct change_made *was = &sim.changes[p->made];
        was->again = true;
        if (sim.change_count == SIM_CHANGES)
            sim_fail("the list of changes is full");
        struct change_made *c = &sim.changes[sim.change_count];
        *c = *was;
        c->incarnation = t->incarnation;
        c->seq = p->seq;
        copy_buf(&c->bytes, &p->bytes);
        p->made = sim.change_count++;
        t->outbox[p->seq % TWIN_OUTBOX] = *p;
    }
    free(old);
    hang_up(t);
}

static const struct twin_bucket *home_of(const struct twin *t,
                                         const struct pending *p)
{
    return p->bucket ? twin_bucket(t, p->bucket)
                     : twin_bucket_named(t, p->name);
}

static bool is_back(const struct twin *t, const struct pending *p)
{
    const struct twin_bucket *b = home_of(t, p);

    if (!b || sim_planted(PLANT_clear_early))
        return true;
    if (sim_planted(PLANT_clear_late))
        return b->cursor > p->version;
    if (b->cursor < p->version)
        return false;
    if (b->caught_up)
        return true;
    for (uint32_t i = 0; i < p->edit_count; i++)
        if (!p->edits[i].back)
            return false;
    return true;
}

/* How often the marker stands in the confirmed text. */
static unsigned stands(const struct twin *t, const struct pending *p)
{
    const struct cell *c = twin_cell(t, p->text_record, p->text_field);
    char word[16];
    unsigned count = 0;

    if (!c || c->kind != 't')
        return 0;
    int len = snprintf(word, sizeof word, "m%06u", p->marker);
    const uint8_t *at = c->value.at;
    size_t left = c->value.len;
    while (left >= (size_t)len) {
        const uint8_t *hit = memmem(at, left, word, (size_t)len);
        if (!hit)
            break;
        count++;
        left -= (size_t)(hit + len - at);
        at = hit + len;
    }
    return count;
}

static bool is_shown(const struct pending *p)
{
    if (p->cleared)
        return false;
    for (uint32_t i = 0; i < p->edit_count; i++)
        if (p->edits[i].field == p->text_field && p->edits[i].back)
            return false;
    return true;
}

/* An author's words stand on the screen once: never gone, never twice. */
static void check_screen(const struct twin *t, const struct pending *p)
{
    if (!p->marker || !p->text_field || p->held || t->was_rolled_back ||
        !home_of(t, p))
        return;
    unsigned count = stands(t, p) + is_shown(p);
    if (count == 1 || (count == 0 && check_was_held(t->replica, p->seq)))
        return;
    sim_fail("tablet %u shows its word m%06u %u times (seq %llu, %s)", t->no,
             p->marker, count, (unsigned long long)p->seq,
             p->cleared   ? "cleared"
             : p->version ? "consumed"
                          : "pending");
}

static void clear_back(struct twin *t)
{
    for (uint64_t seq = t->acked + 1; seq <= t->consumed; seq++) {
        struct pending *p = outbox_at(t, seq);
        if (!p->cleared && p->version && is_back(t, p))
            p->cleared = true;
    }
    for (uint64_t seq = t->acked + 1; seq <= t->made; seq++)
        check_screen(t, outbox_at(t, seq));
    while (t->acked < t->consumed && outbox_at(t, t->acked + 1)->cleared) {
        struct pending *p = outbox_at(t, ++t->acked);
        hash_chain(t->chain, buf_span(&p->bytes));
        free_pending(p);
    }
}

static void field_came(struct twin *t, struct id record, uint32_t field)
{
    for (uint64_t seq = t->acked + 1; seq <= t->consumed; seq++) {
        struct pending *p = outbox_at(t, seq);
        for (uint32_t i = 0; i < p->edit_count && p->version; i++)
            if (p->edits[i].field == field &&
                id_equal(p->edits[i].record, record))
                p->edits[i].back = true;
    }
}

/* ---- Buckets ---- */

static void start_healing(struct twin *t, struct twin_bucket *b)
{
    if (b->healing || sim_planted(PLANT_no_heal))
        return;
    if (!t->is_damaged)
        sim_fail("tablet %u: bucket %s does not agree", t->no, b->name);
    if (++t->heals > HEALS_MAX) {
        hang_up(t);
        return;
    }
    b->healing = true;
    b->heal_started = b->caught_up = false;
    for (size_t i = 0; i < t->cells.count; i++)
        if (t->cells.list[i].bucket == b->no)
            t->cells.list[i].came = false;
    struct message_cursor c = {b->no, 0};
    pull(t, &c, 1);
}

static void take_scope(struct twin *t, struct items scope)
{
    struct twin_bucket now[TWIN_BUCKETS];
    size_t count = 0;
    struct message_scope s;

    while (message_scope_next(&scope, &s)) {
        const struct twin_bucket *was = twin_bucket(t, s.bucket);
        if (count == TWIN_BUCKETS || s.name.len > BUCKET_NAME_MAX)
            sim_fail("a scope that is too large");
        struct twin_bucket *b = &now[count++];
        *b = was ? *was : (struct twin_bucket){.no = s.bucket};
        memcpy(b->name, s.name.at, s.name.len);
        b->name[s.name.len] = 0;
    }
    for (size_t i = 0; i < t->bucket_count; i++) {
        bool stays = sim_planted(PLANT_no_purge);
        for (size_t k = 0; k < count; k++)
            stays |= now[k].no == t->buckets[i].no;
        if (stays)
            continue;
        sim_reach(STATE_PURGED);
        drop_cells(t, &t->buckets[i], false);
    }
    memcpy(t->buckets, now, count * sizeof *now);
    t->bucket_count = count;
}

/* ---- Rows ---- */

static void copy_item(struct items *in, struct buf *to)
{
    switch (items_kind(in)) {
    case PACK_NONE: break;
    case PACK_NIL:
        (void)items_nil(in);
        pack_nil(to);
        break;
    case PACK_BOOL: pack_bool(to, items_bool(in)); break;
    case PACK_INT: pack_int(to, items_int(in)); break;
    case PACK_REAL: pack_real(to, items_real(in)); break;
    case PACK_TEXT: pack_text(to, items_text(in)); break;
    case PACK_BIN: pack_bin(to, items_bin(in)); break;
    case PACK_ARRAY: {
        struct items list = items_array(in);
        pack_array(to, list.left);
        while (list.left)
            copy_item(&list, to);
        break;
    }
    }
}

/* false: a delta on a version that is not here. */
static bool take_value(struct cell *c, const struct segment_row *row)
{
    struct items in = row->item;
    struct text_delta delta = {0};
    struct buf text = {0};

    if (!(row->flags & SEGMENT_DELTA)) {
        bool is_text = items_kind(&in) == PACK_TEXT;
        buf_clear(&c->value);
        c->kind = is_text ? 't' : items_kind(&in) == PACK_NIL ? 'n' : 'p';
        if (is_text) {
            struct span s = items_text(&in);
            buf_put(&c->value, s.at, s.len);
        } else {
            copy_item(&in, &c->value);
        }
        return true;
    }
    bool fits =
        row->prev == c->version && c->version &&
        !text_delta_read(items_array(&in), &delta) &&
        !text_apply(c->kind == 't' ? buf_span(&c->value) : (struct span){0},
                    &delta, &text);
    text_delta_free(&delta);
    if (!fits) {
        buf_free(&text);
        return false;
    }
    buf_free(&c->value);
    c->kind = 't';
    c->value = text;
    return true;
}

static bool fold_row(struct twin *t, struct twin_bucket *b,
                     const struct segment_group *g,
                     const struct segment_row *row)
{
    struct cell *c = make_cell(t, g->record, row->field);

    if (b->healing)
        c->came = true;
    if (c->version && c->bucket != b->no)
        sim_fail("a record is in two buckets");
    if (b->healing ? row->version == c->version : row->version <= c->version)
        return true;
    c->bucket = b->no;
    bool skips =
        sim_planted(PLANT_drop_row) && c->version && row->version % 8 == 0;
    if (!skips && !take_value(c, row))
        return false;
    if (c->version)
        hash_row_sub(&b->sum, g->record, row->field, c->version);
    else
        b->count++;
    if (!sim_planted(PLANT_wrong_sum) || row->version % 16)
        hash_row_add(&b->sum, g->record, row->field, row->version);
    c->version = row->version;
    c->type = g->type;
    if (!b->caught_up)
        field_came(t, g->record, row->field);
    return true;
}

static void take_segment(struct twin *t, const struct message_segment *s)
{
    struct twin_bucket *b = bucket_at(t, s->bucket);
    struct segment_group g;
    struct segment_row row;
    struct span body;
    bool whole = true;

    if (!b)
        return; /* said before we were told that it is not ours any more */
    if (b->healing) {
        b->heal_started |= s->from == 0;
    } else if (s->from > b->cursor) {
        struct message_cursor c = {b->no, b->cursor};
        b->caught_up = false;
        pull(t, &c, 1);
        return;
    }
    if (segment_plain(s, &sim.segment, &body))
        sim_fail("a segment cannot be inflated");
    while (body.len) {
        if (segment_group_next(sim.group_pack, &body, &g))
            sim_fail("a segment cannot be read");
        while (segment_row_next(&g, &row))
            whole &= fold_row(t, b, &g, &row);
    }
    if (!whole)
        start_healing(t, b);
    else if (s->to > b->cursor)
        b->cursor = s->to + 2 * sim_planted(PLANT_skip_cursor);
}

/* ---- What comes ---- */

static void note_exception(struct twin *t, const struct message_exception *e)
{
    if (e->outcome == 1)
        sim_reach(STATE_MERGED);
    else if (e->outcome == 2)
        sim_reach(STATE_OVERTAKEN);
    else if (e->outcome == 3)
        sim_reach(STATE_CONFLICT);
    else if (e->outcome == 4)
        sim_reach(STATE_HELD);
    if (e->reason == ERR_AFTER_SIGNOFF)
        sim_reach(STATE_AFTER_SIGNOFF);
    if (e->reason == ERR_ACCESS_ENDED)
        sim_reach(STATE_ACCESS_ENDED);
    if (e->outcome == 4 && e->seq > t->acked && e->seq <= t->made)
        outbox_at(t, e->seq)->held = true;
}

static void take_update(struct twin *t, struct items *in)
{
    struct message_update m;
    struct message_outcome o;
    struct message_exception e;
    struct message_segment s;

    if (message_update_read(in, &m))
        sim_fail("an UPDATE cannot be read");
    while (message_outcome_next(&m.outcomes, &o)) {
        if (o.last > t->made)
            continue;
        consume(t, o.last, o.version, true);
        while (message_exception_next(&o.exceptions, &e))
            note_exception(t, &e);
    }
    while (message_segment_next(&m.segments, &s))
        take_segment(t, &s);
    for (size_t i = 0; i < t->bucket_count && m.head; i++) {
        struct twin_bucket *b = &t->buckets[i];
        if (b->caught_up && !b->healing && m.head > b->cursor)
            b->cursor = m.head;
    }
    clear_back(t);
}

static bool heal_ended(struct twin *t, struct twin_bucket *b, uint64_t count)
{
    if (!b->healing)
        return true;
    if (!b->heal_started && count > 0)
        return false;
    drop_cells(t, b, true);
    b->healing = false;
    sim_reach(STATE_HEALED);
    return true;
}

static void take_checkpoint(struct twin *t, struct items *in)
{
    struct message_checkpoint m;
    struct message_sum s;
    struct twin_bucket *wrong[TWIN_BUCKETS];
    size_t wrong_count = 0;

    if (message_checkpoint_read(in, &m))
        sim_fail("a CHECKPOINT cannot be read");
    t->state = TWIN_LIVE;
    t->up_to_date = true;
    while (message_sum_next(&m.sums, &s)) {
        struct twin_bucket *b = bucket_at(t, s.bucket);
        if (!b || !heal_ended(t, b, s.count))
            continue;
        if (b->count != s.count || b->sum.low != s.sum.low ||
            b->sum.high != s.sum.high) {
            wrong[wrong_count++] = b;
            continue;
        }
        b->caught_up = true;
        b->cursor = m.head > b->cursor ? m.head : b->cursor;
    }
    for (size_t i = 0; i < wrong_count; i++)
        start_healing(t, wrong[i]);
    for (size_t i = 0; i < t->bucket_count; i++)
        if (t->buckets[i].healing && t->link) {
            t->state = TWIN_CATCHING;
            t->up_to_date = false;
        }
    clear_back(t);
}

static void take_welcome(struct twin *t, struct items *in)
{
    struct message_welcome m;

    if (message_welcome_read(in, &m) || !id_equal(m.nonce, t->nonce))
        sim_fail("a WELCOME that is not ours");
    t->timeline = m.timeline;
    t->replica = m.replica;
    bool is_copied = m.seq > t->sealed_before;
    if (is_copied || m.seq < t->acked) {
        start_afresh(t, is_copied ? UINT64_MAX : m.seq);
        return;
    }
    if (m.seq < t->consumed)
        unconsume(t, m.seq);
    if (m.seq > t->consumed)
        sim_reach(STATE_UNKNOWN);
    if (m.seq)
        consume(t, m.seq, m.version, false);
    t->state = TWIN_CATCHING;
    take_scope(t, m.scope);
    clear_back(t);
}

static void take_gap(struct twin *t, uint64_t expected)
{
    uint64_t last = expected - 1;

    sim_reach(STATE_GAP);
    if (last < t->acked || last > t->made) {
        start_afresh(t, last > t->made ? UINT64_MAX : last);
        return;
    }
    if (t->gap == expected) {
        hang_up(t);
        return;
    }
    unconsume(t, last);
    t->sent = last;
    t->gap = expected;
}

static void take_error(struct twin *t, struct items *in)
{
    struct message_error m;

    if (message_error_read(in, &m))
        sim_fail("an ERROR cannot be read");
    if (m.code == ERR_GAP)
        take_gap(t, (uint64_t)m.detail);
    else if (m.code == ERR_CLONED)
        start_afresh(t, UINT64_MAX);
    else if (m.code == ERR_FULL)
        sim_reach(STATE_FULL);
    else if (m.code == ERR_MALFORMED || m.code == ERR_ORDER ||
             m.code == ERR_UNKNOWN_DEVICE || m.code == ERR_PROTOCOL)
        sim_fail("tablet %u was told %s", t->no, err_name((enum err)m.code));
    else
        hang_up(t);
}

void twin_receive(struct twin *t, struct span bytes)
{
    struct items in, scope;
    enum message_code code;

    t->heard_ms = sim.now_ms;
    if (message_open(sim.pack, bytes, &sim.plain, &in, &code))
        sim_fail("a message cannot be read");
    if (code == MESSAGE_WELCOME)
        take_welcome(t, &in);
    else if (code == MESSAGE_ERROR)
        take_error(t, &in);
    else if (code == MESSAGE_BYE)
        hang_up(t);
    else if (t->state == TWIN_GREETING)
        sim_fail("tablet %u heard %d before WELCOME", t->no, code);
    else if (code == MESSAGE_UPDATE)
        take_update(t, &in);
    else if (code == MESSAGE_CHECKPOINT)
        take_checkpoint(t, &in);
    else if (code == MESSAGE_SCOPE) {
        if (message_scope_read(&in, &scope))
            sim_fail("a SCOPE cannot be read");
        t->state = TWIN_CATCHING;
        t->up_to_date = false;
        take_scope(t, scope);
        clear_back(t);
    }
    twin_pump(t);
}

bool twin_is_at_rest(const struct twin *t)
{
    if (t->state != TWIN_LIVE || !t->up_to_date || t->acked != t->made)
        return false;
    for (size_t i = 0; i < t->bucket_count; i++)
        if (!t->buckets[i].caught_up || t->buckets[i].healing)
            return false;
    return true;
}
