/* What must hold, whatever happened: I1 to I9 of the invariants. The roles are
 * judged here by a table of their own, not by access.c. */
#include "sim.h"

#include "value.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Who may be sent what ---- */

static bool is_bucket(struct span name, const char *kind, unsigned school)
{
    char text[80], id[ID_TEXT_BYTES + 1];

    id_text(sim.schools[school], id);
    snprintf(text, sizeof text, "%s/%s", kind, id);
    return span_equal(name, span_of(text));
}

static bool reaches(unsigned person, struct span name)
{
    bool everyone = span_equal(name, span_of("common")) ||
                    span_equal(name, span_of("staff")) ||
                    span_equal(name, span_of("network"));

    if (sim.until_ms[person] && sim.until_ms[person] <= sim.wall_ms)
        return false;
    if (everyone)
        return true;
    if (person == 3)
        return true;
    return is_bucket(name, "school", 0) ||
           (person < 2 && is_bucket(name, "oversight", 0));
}

static bool role_each(void *context, const struct row *row)
{
    const struct type *t = schema_type_named(sim.schema, "role_assignment");
    uint32_t until = type_field_named(t, "until")->id;

    (void)context;
    for (unsigned i = 0; i < SIM_PEOPLE; i++)
        if (row->field == until && id_equal(row->record, sim.assignments[i])) {
            bool was = sim.until_ms[i] != 0;
            bool is = row->value.kind == VALUE_INT;
            sim.until_ms[i] = is ? row->value.integer : 0;
            if (was && !is)
                sim_reach(STATE_GRANTED);
            for (unsigned k = 0; k < SIM_TWINS; k++)
                if (!was && is && sim.twins[k].person == i &&
                    sim.twins[k].link &&
                    sim.twins[k].sent > sim.twins[k].consumed)
                    sim_reach(STATE_WITHDRAWN);
        }
    return true;
}

void check_roles(void)
{
    const struct type *t = schema_type_named(sim.schema, "role_assignment");

    if (reader_type(sim.reader, t->id, role_each, NULL))
        sim_fail("the roles cannot be read");
}

/* ---- What is said ---- */

static void durable(struct link *k, uint64_t seq)
{
    if (k->replica >= SIM_REPLICAS || !k->replica)
        sim_fail("replica %u of a link", k->replica);
    struct replica_seen *r = &sim.replicas[k->replica];
    r->acked = seq > r->acked ? seq : r->acked;
}

static void check_update(struct link *k, struct items *in)
{
    struct message_update m;
    struct message_outcome o;
    struct message_segment s;

    if (message_update_read(in, &m))
        sim_fail("an UPDATE of the server's cannot be read");
    while (message_outcome_next(&m.outcomes, &o)) {
        if (k->replica < SIM_REPLICAS &&
            o.last <= sim.replicas[k->replica].acked)
            sim_reach(STATE_REPEAT);
        durable(k, o.last);
    }
    while (message_segment_next(&m.segments, &s)) {
        const struct store_bucket *b = ledger_bucket(&sim.ledger, s.bucket);
        if (!b)
            sim_fail("a segment of bucket %u, which is not there", s.bucket);
        if (!reaches(k->twin->person, b->name))
            sim_fail("rows of %.*s are sent to person %u", (int)b->name.len,
                     (const char *)b->name.at, k->twin->person);
    }
}

void check_message(struct link *k, struct span bytes)
{
    static struct pack *pack;
    static struct buf plain;
    struct message_welcome w;
    struct items in;
    enum message_code code;

    if (!pack && pack_open(&pack))
        abort();
    if (message_open(pack, bytes, &plain, &in, &code))
        sim_fail("a message of the server's cannot be read");
    if (code == MESSAGE_WELCOME) {
        if (message_welcome_read(&in, &w))
            sim_fail("a WELCOME of the server's cannot be read");
        k->replica = w.replica;
        durable(k, w.seq);
    } else if (code == MESSAGE_UPDATE) {
        check_update(k, &in);
    } else if (code == MESSAGE_SCOPE && message_scope_read(&in, &in)) {
        sim_fail("a SCOPE of the server's cannot be read");
    }
}

/* Whoever comes up has all that anybody was told is durable. */
void check_start(void)
{
    for (uint32_t no = 1; no < SIM_REPLICAS; no++) {
        uint64_t has =
            no < sim.ledger.replica_count ? sim.ledger.replicas[no].seq : 0;
        if (has < sim.replicas[no].acked)
            sim_fail("replica %u: change %llu was acknowledged and is lost "
                     "(%llu are there)",
                     no, (unsigned long long)sim.replicas[no].acked,
                     (unsigned long long)has);
    }
    check_roles();
}

/* ---- Tablets and store ---- */

struct comparing {
    struct twin *twin;
    struct buf wire, mine;
    uint64_t rows;
};

static bool same_each(void *context, const struct row *row)
{
    struct comparing *x = context;
    const struct type *t = schema_type(sim.schema, row->type);
    const struct field *f = row->field ? type_field(t, row->field) : NULL;
    const struct cell *c = twin_cell(x->twin, row->record, row->field);
    char id[ID_TEXT_BYTES + 1];

    x->rows++;
    id_text(row->record, id);
    if (!c || c->version != row->version)
        sim_fail("tablet %u has version %llu of %s/%u, not %llu", x->twin->no,
                 c ? (unsigned long long)c->version : 0ull, id, row->field,
                 (unsigned long long)row->version);
    buf_clear(&x->wire);
    buf_clear(&x->mine);
    value_pack(f, row->value, &x->wire);
    if (c->kind == 't')
        pack_text(&x->mine, buf_span(&c->value));
    else
        buf_put(&x->mine, c->value.at, c->value.len);
    if (!span_equal(buf_span(&x->wire), buf_span(&x->mine)))
        sim_fail("tablet %u has another value of %s/%u", x->twin->no, id,
                 row->field);
    return true;
}

static void check_twin(struct twin *t)
{
    struct comparing x = {.twin = t};
    uint64_t cells = 0;

    for (uint32_t no = 1; no < sim.ledger.bucket_count; no++) {
        const struct store_bucket *b = ledger_bucket(&sim.ledger, no);
        const struct twin_bucket *mine = twin_bucket(t, no);
        if (!b)
            continue;
        if (reaches(t->person, b->name) != (mine != NULL))
            sim_fail("tablet %u and bucket %.*s: %s", t->no, (int)b->name.len,
                     (const char *)b->name.at,
                     mine ? "has it" : "does not have it");
        if (mine && reader_scan(sim.reader, no, 0, b->version, same_each, &x))
            sim_fail("bucket %u cannot be read", no);
    }
    for (size_t i = 0; i < t->cells.count; i++)
        cells += t->cells.list[i].version > 0;
    if (cells != x.rows)
        sim_fail("tablet %u has %llu rows, not %llu", t->no,
                 (unsigned long long)cells, (unsigned long long)x.rows);
    buf_free(&x.wire);
    buf_free(&x.mine);
}

/* Was it held? A tablet that has lost the answer cannot know. */
bool check_was_held(uint32_t replica, uint64_t seq)
{
    char path[128], sql[160];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    bool held = false;

    snprintf(path, sizeof path, "%s/tidemark.db", sim.folder);
    snprintf(sql, sizeof sql,
             "SELECT 1 FROM store_held WHERE replica = %u AND seq = %llu",
             replica, (unsigned long long)seq);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK)
        held = sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    sqlite3_close_v2(db);
    return held;
}

/* ---- Every change once, in order ---- */

struct found { /* of one replica */
    unsigned twin;
    uint64_t incarnation, seq;
    uint8_t chain[HASH_CHAIN_BYTES];
    uint32_t rows[SIM_CHANGES];
    uint64_t low[SIM_CHANGES], high[SIM_CHANGES];
    bool held[SIM_CHANGES];
};

static struct {
    sqlite3 *db;
    struct found *by_replica;
    struct buf texts;
} look;

static void each_row(const char *sql, void (*each)(sqlite3_stmt *))
{
    sqlite3_stmt *q = NULL;
    int rc;

    if (sqlite3_prepare_v2(look.db, sql, -1, &q, NULL) != SQLITE_OK)
        sim_fail("the checker cannot ask: %s", sqlite3_errmsg(look.db));
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        each(q);
    sqlite3_finalize(q);
    if (rc != SQLITE_DONE)
        sim_fail("the checker is not answered: %s", sqlite3_errmsg(look.db));
}

static struct found *found_at(sqlite3_stmt *q)
{
    int replica = sqlite3_column_int(q, 0);
    int seq = sqlite3_column_int(q, 1);

    if (replica <= 0 || replica >= SIM_REPLICAS || seq < 0 ||
        seq >= SIM_CHANGES)
        sim_fail("a row of replica %d, change %d", replica, seq);
    return &look.by_replica[replica];
}

static void replica_row(sqlite3_stmt *q)
{
    struct found *f = found_at(q);

    f->twin = SIM_TWINS;
    for (unsigned i = 0; i < SIM_TWINS; i++)
        if (sqlite3_column_bytes(q, 2) == ID_BYTES &&
            !memcmp(sqlite3_column_blob(q, 2), sim.twins[i].device.bytes,
                    ID_BYTES))
            f->twin = i;
    f->seq = (uint64_t)sqlite3_column_int64(q, 1);
    f->incarnation = (uint64_t)sqlite3_column_int64(q, 3);
    if (sqlite3_column_bytes(q, 4) == HASH_CHAIN_BYTES)
        memcpy(f->chain, sqlite3_column_blob(q, 4), HASH_CHAIN_BYTES);
}

static void version_row(sqlite3_stmt *q)
{
    struct found *f = found_at(q);
    int seq = sqlite3_column_int(q, 1);
    uint64_t from = (uint64_t)sqlite3_column_int64(q, 2);
    uint64_t to = (uint64_t)sqlite3_column_int64(q, 3);

    if (!f->low[seq] || from < f->low[seq])
        f->low[seq] = from;
    if (to > f->high[seq])
        f->high[seq] = to;
    f->rows[seq] += (uint32_t)(to - from + 1);
    f->held[seq] |= sqlite3_column_int(q, 4) != 0;
}

static void text_row(sqlite3_stmt *q)
{
    buf_put(&look.texts, sqlite3_column_blob(q, 0),
            (size_t)sqlite3_column_bytes(q, 0));
    buf_put(&look.texts, "\n", 1);
}

static unsigned times_in_texts(uint32_t marker)
{
    char word[16];
    unsigned count = 0;
    size_t len = (size_t)snprintf(word, sizeof word, "m%06u", marker);
    const uint8_t *at = look.texts.at, *end = at + look.texts.len;

    while (at && (at = memmem(at, (size_t)(end - at), word, len))) {
        count++;
        at += len;
    }
    return count;
}

static void check_change(const struct change_made *c, const struct found *f)
{
    uint64_t seq = c->seq;
    bool strict = !sim.twins[c->twin].was_rolled_back;

    if (seq > f->seq) {
        if (strict)
            sim_fail("tablet %u: change %llu is not in the store", c->twin,
                     (unsigned long long)seq);
        return;
    }
    /* Bringing a deleted record back is a row more for each touch. */
    if (strict &&
        (f->rows[seq] < c->edits || f->rows[seq] > c->edits + c->touches))
        sim_fail("tablet %u, change %llu: %u edits, %u rows", c->twin,
                 (unsigned long long)seq, c->edits, f->rows[seq]);
    if (strict && seq > 1 && f->low[seq] <= f->high[seq - 1])
        sim_fail("tablet %u, change %llu: before the one before it", c->twin,
                 (unsigned long long)seq);
    if (!c->marker || !strict)
        return;
    unsigned times = times_in_texts(c->marker);
    if (times != !f->held[seq])
        sim_fail("tablet %u: m%06u stands %u times, and was%s held", c->twin,
                 c->marker, times, f->held[seq] ? "" : " not");
}

/* What the tablet made is what the server took, to the last byte. */
static void check_chain(const struct found *f)
{
    uint8_t chain[HASH_CHAIN_BYTES] = {0};
    uint64_t seq = 0;

    if (f->twin == SIM_TWINS || sim.twins[f->twin].was_rolled_back)
        return;
    for (size_t i = 0; i < sim.change_count; i++) {
        const struct change_made *c = &sim.changes[i];
        if (c->twin == f->twin && c->incarnation == f->incarnation &&
            c->seq == seq + 1 && c->seq <= f->seq) {
            hash_chain(chain, buf_span(&c->bytes));
            seq++;
        }
    }
    if (seq != f->seq || memcmp(chain, f->chain, sizeof chain) != 0)
        sim_fail("tablet %u: the store has other changes than it made",
                 f->twin);
}

static void check_changes(void)
{
    each_row("SELECT r.no, r.seq, d.id, r.incarnation, r.chain "
             "FROM store_replica r JOIN store_device d ON d.no = r.device",
             replica_row);
    each_row("SELECT replica, seq, version, version, 0 FROM store_state "
             "WHERE replica > 0 UNION ALL "
             "SELECT replica, seq, version, version, 0 FROM store_history "
             "WHERE replica > 0 UNION ALL "
             "SELECT replica, seq, version, version_last, 1 FROM store_held "
             "WHERE replica > 0",
             version_row);
    each_row("SELECT value FROM store_state WHERE type IN (8, 15) AND "
             "typeof(value) = 'text'",
             text_row);
    for (uint32_t no = 1; no < SIM_REPLICAS; no++) {
        const struct found *f = &look.by_replica[no];
        if (!f->incarnation)
            continue;
        check_chain(f);
        for (size_t i = 0; i < sim.change_count; i++)
            if (sim.changes[i].twin == f->twin &&
                sim.changes[i].incarnation == f->incarnation)
                check_change(&sim.changes[i], f);
    }
}

void check_end(void)
{
    struct store_report report = {0};
    char path[128];

    if (reader_check(sim.reader, &report))
        sim_fail("the store is not sound: %s", report.fault);
    for (unsigned i = 0; i < SIM_TWINS; i++)
        check_twin(&sim.twins[i]);
    if (!look.by_replica)
        look.by_replica = malloc(SIM_REPLICAS * sizeof *look.by_replica);
    if (!look.by_replica)
        abort();
    memset(look.by_replica, 0, SIM_REPLICAS * sizeof *look.by_replica);
    buf_clear(&look.texts);
    snprintf(path, sizeof path, "%s/tidemark.db", sim.folder);
    if (sqlite3_open_v2(path, &look.db, SQLITE_OPEN_READWRITE, NULL) !=
        SQLITE_OK)
        sim_fail("the checker cannot open the store");
    check_changes();
    check_close();
}

void check_close(void)
{
    sqlite3_close_v2(look.db);
    look.db = NULL;
}
