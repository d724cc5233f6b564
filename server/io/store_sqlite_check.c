/* Is everything as it was written? One read transaction, so that a server
 * that goes on writing does not matter. The first fault is reported. */
#include "store_sqlite.h"

#include "pack.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct check {
    struct reader *reader;
    struct store_report *report;
    enum err err;
    uint64_t head;
    uint8_t *seen; /* a bit for each version up to head */
    struct unroll unroll;
    /* of the bucket at hand */
    uint32_t bucket;
    struct hash64 sum;
    uint64_t count;
    uint64_t version_last;
    /* of the record at hand */
    struct id record;
};

static void fault(struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(struct check *c, const char *format, ...)
{
    va_list args;

    if (c->err)
        return;
    c->err = ERR_CORRUPT;
    va_start(args, format);
    vsnprintf(c->report->fault, sizeof c->report->fault, format, args);
    va_end(args);
}

/* Calls each with every row of a query. */
static void query(struct check *c, const char *sql,
                  void (*each)(struct check *, sqlite3_stmt *))
{
    struct db *db = &c->reader->db;
    sqlite3_stmt *q = NULL;

    if (c->err)
        return;
    enum err err = db_prepare(db, sql, &q);
    while (!err && !c->err && db_row(db, q, &err))
        each(c, q);
    sqlite3_finalize(q);
    if (err && !c->err) {
        c->err = err == ERR_NOMEM ? err : ERR_CORRUPT;
        snprintf(c->report->fault, sizeof c->report->fault, "%.190s",
                 db->fault);
    }
}

/* ---- SQLite's own checks ---- */

static void integrity_row(struct check *c, sqlite3_stmt *q)
{
    struct span text = db_bytes(q, 0);

    if (!span_equal(text, span_of("ok")))
        fault(c, "sqlite: %.*s", text.len > 150 ? 150 : (int)text.len,
              (const char *)text.at);
}

static void reference_row(struct check *c, sqlite3_stmt *q)
{
    fault(c, "%.60s: a row refers to nothing", sqlite3_column_text(q, 0));
}

static void orphan_row(struct check *c, sqlite3_stmt *q)
{
    fault(c, "version %lld: no such bucket, record, person or device",
          (long long)sqlite3_column_int64(q, 0));
}

/* ---- Versions ---- */

static void use(struct check *c, uint64_t version)
{
    if (version == 0 || version > c->head) {
        fault(c, "version %" PRIu64 " is not of 1 … %" PRIu64, version,
              c->head);
        return;
    }
    uint8_t bit = (uint8_t)(1u << (version & 7));
    if (c->seen[version >> 3] & bit)
        fault(c, "version %" PRIu64 " stands twice", version);
    c->seen[version >> 3] |= bit;
}

static void version_gaps(struct check *c)
{
    for (uint64_t v = 1; v <= c->head && !c->err; v++)
        if (!(c->seen[v >> 3] & 1u << (v & 7)))
            fault(c, "version %" PRIu64 " is missing", v);
}

static void head_row(struct check *c, sqlite3_stmt *q)
{
    c->head = (uint64_t)sqlite3_column_int64(q, 0);
    if (c->head > STORE_VERSION_MAX) {
        fault(c, "the head is %" PRIu64, c->head);
        return;
    }
    c->seen = calloc(1, (size_t)(c->head / 8 + 1));
    if (!c->seen)
        c->err = ERR_NOMEM;
}

/* ---- Values ---- */

static bool kind_fits(enum kind kind, enum value_kind value)
{
    switch (kind) {
    case KIND_STRING:
    case KIND_TEXT:
    case KIND_CHOICE:
    case KIND_DATE:
    case KIND_CHOICES:
    case KIND_REFS:
    case KIND_DOCUMENT: return value == VALUE_TEXT;
    case KIND_DATETIME:
    case KIND_INT:
    case KIND_BOOL: return value == VALUE_INT;
    case KIND_DECIMAL: return value == VALUE_INT || value == VALUE_REAL;
    case KIND_REF: return value == VALUE_BLOB;
    }
    return false;
}

/* A type or field that this schema does not know is from a newer one. */
static void check_value(struct check *c, const struct row *r)
{
    const struct type *t = schema_type(c->reader->schema, r->type);
    const struct field *f = t && r->field ? type_field(t, r->field) : NULL;
    size_t chars;

    if (r->field == 0 &&
        (r->value.kind != VALUE_INT || r->value.integer >> 1 != 0))
        fault(c, "version %" PRIu64 ": neither alive nor deleted", r->version);
    if (r->value.kind == VALUE_TEXT && !utf8_check(r->value.bytes, &chars))
        fault(c, "version %" PRIu64 ": the text is damaged", r->version);
    if (!f || r->value.kind == VALUE_NIL)
        return;
    if (!kind_fits(f->kind, r->value.kind) ||
        (f->kind == KIND_REF && r->value.bytes.len != ID_BYTES))
        fault(c, "version %" PRIu64 ": the value is not of its field's kind",
              r->version);
}

/* ---- State, with the sums of the buckets ---- */

static void bucket_row(struct check *c, sqlite3_stmt *q)
{
    long long no = sqlite3_column_int64(q, 0);

    if (sqlite3_column_int64(q, 2) != (int64_t)c->count)
        fault(c, "bucket %lld: %" PRIu64 " rows, should be %lld", no, c->count,
              (long long)sqlite3_column_int64(q, 2));
    else if (sqlite3_column_int64(q, 3) != c->sum.low ||
             sqlite3_column_int64(q, 4) != c->sum.high)
        fault(c, "bucket %lld: the sum is wrong", no);
    else if ((uint64_t)sqlite3_column_int64(q, 1) < c->version_last)
        fault(c, "bucket %lld: has a row newer than itself", no);
}

static void end_bucket(struct check *c)
{
    char sql[160];

    if (!c->bucket || c->err)
        return;
    snprintf(sql, sizeof sql,
             "SELECT no, version, count, sum_low, sum_high FROM store_bucket "
             "WHERE no = %u",
             c->bucket);
    query(c, sql, bucket_row);
    c->sum = (struct hash64){0};
    c->count = c->version_last = 0;
}

static void state_row(struct check *c, sqlite3_stmt *q)
{
    struct row r;

    db_row_read(q, &r);
    if (r.bucket != c->bucket)
        end_bucket(c);
    c->bucket = r.bucket;
    c->count++;
    c->version_last = r.version;
    c->report->rows++;
    hash_row_add(&c->sum, r.record, r.field, r.version);
    use(c, r.version);
    check_value(c, &r);
    if (sqlite3_column_int64(q, ROW_COLUMN_COUNT) !=
        store_place(r.bucket, r.version))
        fault(c, "version %" PRIu64 " is not in its place", r.version);
    if (r.flags & ROW_REVERSE || r.outcome > OUTCOME_MERGED)
        fault(c, "version %" PRIu64 " cannot be the state", r.version);
}

static void empty_row(struct check *c, sqlite3_stmt *q)
{
    fault(c, "bucket %lld: has no rows, should have %lld",
          (long long)sqlite3_column_int64(q, 0),
          (long long)sqlite3_column_int64(q, 1));
}

/* ---- History, each text rebuilt ---- */

static void history_row(struct check *c, sqlite3_stmt *q)
{
    struct row r;

    db_row_read(q, &r);
    if (r.bucket != c->bucket || !id_equal(r.record, c->record))
        unroll_begin(&c->unroll);
    c->bucket = r.bucket;
    c->record = r.record;
    bool of_history = sqlite3_column_int(q, ROW_COLUMN_COUNT) != 0;
    if (of_history) {
        c->report->history_rows++;
        use(c, r.version);
    }
    enum err err = unroll_row(&c->unroll, &r);
    if (err == ERR_NOMEM && !c->err)
        c->err = err;
    else if (err)
        fault(c, "version %" PRIu64 ": the text cannot be rebuilt", r.version);
    else if (of_history)
        check_value(c, &r);
}

static void held_row(struct check *c, sqlite3_stmt *q)
{
    uint64_t from = (uint64_t)sqlite3_column_int64(q, 0);
    uint64_t to = (uint64_t)sqlite3_column_int64(q, 1);

    c->report->held_rows++;
    if (to < from || to - from > 1u << 20)
        fault(c, "held version %" PRIu64 " ends at %" PRIu64, from, to);
    for (uint64_t v = from; v <= to && !c->err; v++)
        use(c, v);
}

static const char ORPHANS[] =
    "SELECT version FROM store_state s WHERE "
    "NOT EXISTS (SELECT 1 FROM store_bucket b WHERE b.no = s.bucket) OR "
    "NOT EXISTS (SELECT 1 FROM store_record r WHERE r.id = s.record "
    "AND r.bucket = s.bucket AND r.type = s.type) OR "
    "(author AND NOT EXISTS "
    "(SELECT 1 FROM store_person p WHERE p.no = s.author)) OR "
    "(replica AND NOT EXISTS "
    "(SELECT 1 FROM store_replica e WHERE e.no = s.replica)) "
    "UNION ALL "
    "SELECT version FROM store_history h WHERE "
    "NOT EXISTS (SELECT 1 FROM store_state s WHERE s.bucket = h.bucket AND "
    "s.record = h.record AND s.field = h.field) "
    "UNION ALL "
    "SELECT 0 FROM store_record r WHERE NOT EXISTS (SELECT 1 FROM store_state "
    "s WHERE s.bucket = r.bucket AND s.record = r.id AND s.field = 0)";

/* Of each record the fields that have a history, newest first. */
static const char HISTORY[] =
    "SELECT " ROW_COLUMNS ", 0 AS of_history FROM store_state s WHERE EXISTS "
    "(SELECT 1 FROM store_history h WHERE h.bucket = s.bucket AND "
    "h.record = s.record AND h.field = s.field) "
    "UNION ALL SELECT " ROW_COLUMNS ", 1 FROM store_history "
    "ORDER BY bucket, record, version DESC";

static void check_all(struct check *c)
{
    query(c, "PRAGMA integrity_check(1)", integrity_row);
    query(c, "PRAGMA foreign_key_check", reference_row);
    query(c, "SELECT max(version) FROM store_batch", head_row);
    query(c, "SELECT " ROW_COLUMNS ", place FROM store_state ORDER BY place",
          state_row);
    end_bucket(c);
    query(c,
          "SELECT no, count FROM store_bucket b WHERE count AND NOT EXISTS "
          "(SELECT 1 FROM store_state s WHERE s.bucket = b.no)",
          empty_row);
    query(c, HISTORY, history_row);
    query(c, "SELECT version, version_last FROM store_held ORDER BY version",
          held_row);
    if (!c->err)
        version_gaps(c);
    query(c, ORPHANS, orphan_row);
}

enum err reader_check(struct reader *r, struct store_report *out)
{
    struct check c = {.reader = r, .report = out};

    *out = (struct store_report){0};
    c.err = unroll_open(&c.unroll);
    if (!c.err)
        c.err = db_exec(&r->db, "BEGIN");
    check_all(&c);
    db_rollback(&r->db);
    unroll_close(&c.unroll);
    free(c.seen);
    return c.err;
}
