/* Everything that was ever written, as JSON lines in a fixed order: buckets,
 * then state and history by record and field (the newest first, texts whole),
 * then what is held. Two stores with the same content give the same bytes. */
#include "store_sqlite.h"

#include "json_write.h"

#include <stdio.h>

struct dump {
    struct reader *reader;
    const struct schema *schema;
    bool (*line)(void *context, struct span);
    void *context;
    struct unroll unroll;
    struct buf out;
    bool stopped;
    enum err err;
    uint32_t bucket;
    struct id record;
};

static void key_int(struct buf *b, const char *key, int64_t v)
{
    json_write_key(b, key);
    json_write_int(b, v);
}

static void key_text(struct buf *b, const char *key, struct span v)
{
    json_write_key(b, key);
    json_write_text(b, v);
}

static void put_value(struct buf *b, struct value v, const struct field *f)
{
    bool set = f && (f->kind == KIND_CHOICES || f->kind == KIND_REFS);
    struct id id;

    json_write_key(b, "value");
    switch (v.kind) {
    case VALUE_NIL: json_write_null(b); break;
    case VALUE_INT:
        if (!f || f->kind == KIND_BOOL)
            json_write_bool(b, v.integer != 0);
        else
            json_write_int(b, v.integer);
        break;
    case VALUE_REAL: json_write_real(b, v.real); break;
    case VALUE_TEXT:
        if (set)
            json_write_raw(b, v.bytes); /* sorted when it was stored */
        else
            json_write_text(b, v.bytes);
        break;
    case VALUE_BLOB:
        if (v.bytes.len == ID_BYTES) {
            memcpy(id.bytes, v.bytes.at, ID_BYTES);
            json_write_id(b, id);
        } else {
            json_write_hex(b, v.bytes);
        }
        break;
    }
}

static void put_flags(struct buf *b, unsigned flags)
{
    json_write_key(b, "flags");
    json_write_open(b, '[');
    if (flags & ROW_CHECK_WORDING)
        json_write_text(b, span_of("check_wording"));
    if (flags & ROW_CONFLICT)
        json_write_text(b, span_of("conflict"));
    if (flags & ROW_MERGED)
        json_write_text(b, span_of("merged"));
    json_write_close(b, ']');
}

static const char *const OUTCOMES[] = {"applied",  "merged", "overtaken",
                                       "conflict", "held",   "agreed"};

static void put_origin(struct buf *b, sqlite3_stmt *q, const struct row *r)
{
    key_int(b, "version", (int64_t)r->version);
    key_int(b, "seen", (int64_t)r->seen);
    key_int(b, "at", r->at);
    key_int(b, "skew", r->skew);
    json_write_key(b, "author");
    json_write_id(b, db_id(q, ROW_COLUMN_COUNT + 1));
    key_int(b, "replica", r->replica);
    key_int(b, "seq", r->seq);
}

static void put_row(struct dump *d, sqlite3_stmt *q, const struct row *r)
{
    const struct type *t = schema_type(d->schema, r->type);
    const struct field *f = t && r->field ? type_field(t, r->field) : NULL;
    bool of_history = sqlite3_column_int(q, ROW_COLUMN_COUNT) != 0;
    struct buf *b = &d->out;
    char number[16];

    json_write_open(b, '{');
    key_text(b, "in", span_of(of_history ? "history" : "state"));
    key_text(b, "bucket", db_bytes(q, ROW_COLUMN_COUNT + 2));
    json_write_key(b, "record");
    json_write_id(b, r->record);
    snprintf(number, sizeof number, "%u", r->type);
    key_text(b, "type", span_of(t ? t->name : number));
    snprintf(number, sizeof number, "%u", r->field);
    key_text(b, "field", span_of(f ? f->name : r->field ? number : "alive"));
    put_origin(b, q, r);
    key_text(b, "outcome",
             span_of(r->outcome < 6 ? OUTCOMES[r->outcome] : "unknown"));
    put_flags(b, r->flags);
    put_value(b, r->value, r->field ? f : NULL);
    json_write_close(b, '}');
}

static void end_line(struct dump *d)
{
    if (!buf_ok(&d->out))
        d->err = ERR_NOMEM;
    else if (!d->line(d->context, buf_span(&d->out)))
        d->stopped = true;
    buf_clear(&d->out);
}

static void bucket_line(struct dump *d, sqlite3_stmt *q)
{
    struct buf *b = &d->out;

    json_write_open(b, '{');
    key_text(b, "in", span_of("bucket"));
    key_text(b, "bucket", db_bytes(q, 0));
    key_int(b, "version", sqlite3_column_int64(q, 1));
    key_int(b, "count", sqlite3_column_int64(q, 2));
    key_int(b, "low", sqlite3_column_int64(q, 3));
    key_int(b, "high", sqlite3_column_int64(q, 4));
    json_write_close(b, '}');
    end_line(d);
}

static void row_line(struct dump *d, sqlite3_stmt *q)
{
    struct row r;

    db_row_read(q, &r);
    if (r.bucket != d->bucket || !id_equal(r.record, d->record))
        unroll_begin(&d->unroll);
    d->bucket = r.bucket;
    d->record = r.record;
    d->err = unroll_row(&d->unroll, &r);
    if (d->err)
        return;
    put_row(d, q, &r);
    end_line(d);
}

static void held_line(struct dump *d, sqlite3_stmt *q)
{
    struct buf *b = &d->out;

    json_write_open(b, '{');
    key_text(b, "in", span_of("held"));
    json_write_key(b, "bucket");
    if (sqlite3_column_type(q, 2) == SQLITE_NULL)
        json_write_null(b);
    else
        json_write_text(b, db_bytes(q, 2));
    json_write_key(b, "record");
    json_write_id(b, db_id(q, 3));
    key_int(b, "version", sqlite3_column_int64(q, 0));
    key_int(b, "version_last", sqlite3_column_int64(q, 1));
    key_int(b, "at", sqlite3_column_int64(q, 4));
    json_write_key(b, "author");
    json_write_id(b, db_id(q, 5));
    key_int(b, "replica", sqlite3_column_int64(q, 6));
    key_int(b, "seq", sqlite3_column_int64(q, 7));
    key_int(b, "edit", sqlite3_column_int64(q, 8));
    key_text(b, "reason",
             span_of(err_name((enum err)sqlite3_column_int(q, 9))));
    json_write_key(b, "change");
    json_write_hex(b, db_bytes(q, 10));
    json_write_close(b, '}');
    end_line(d);
}

static void query(struct dump *d, const char *sql,
                  void (*each)(struct dump *, sqlite3_stmt *))
{
    struct db *db = &d->reader->db;
    sqlite3_stmt *q = NULL;

    if (d->err || d->stopped)
        return;
    enum err err = db_prepare(db, sql, &q);
    while (!err && !d->err && !d->stopped && db_row(db, q, &err))
        each(d, q);
    sqlite3_finalize(q);
    if (err)
        d->err = err;
}

static const char ROWS[] =
    "SELECT s.*, (SELECT p.id FROM store_person p WHERE p.no = s.author), "
    "(SELECT b.name FROM store_bucket b WHERE b.no = s.bucket) FROM ("
    "SELECT " ROW_COLUMNS ", 0 AS of_history FROM store_state UNION ALL "
    "SELECT " ROW_COLUMNS ", 1 FROM store_history) s "
    "ORDER BY bucket, record, field, version DESC";

static const char HELD[] =
    "SELECT version, version_last, "
    "(SELECT b.name FROM store_bucket b WHERE b.no = h.bucket), record, at, "
    "(SELECT p.id FROM store_person p WHERE p.no = h.author), "
    "replica, seq, edit, reason, change FROM store_held h ORDER BY version";

enum err reader_dump(struct reader *r, const struct schema *schema,
                     bool (*line)(void *context, struct span), void *context)
{
    struct dump d = {
        .reader = r, .schema = schema, .line = line, .context = context};

    d.err = unroll_open(&d.unroll);
    if (!d.err)
        d.err = db_exec(&r->db, "BEGIN");
    query(&d,
          "SELECT name, version, count, sum_low, sum_high FROM store_bucket "
          "ORDER BY no",
          bucket_line);
    query(&d, ROWS, row_line);
    query(&d, HELD, held_line);
    db_rollback(&r->db);
    unroll_close(&d.unroll);
    buf_free(&d.out);
    return d.err;
}
