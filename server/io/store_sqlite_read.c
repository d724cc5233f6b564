/* Readers: pages, history, and whole types. */
#include "store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const SQL[READ_STATEMENTS] = {
    [READ_SCAN] = "SELECT " ROW_COLUMNS " FROM store_state "
                  "WHERE place > ?1 AND place <= ?2 ORDER BY place",
    [READ_HISTORY] = "SELECT " ROW_COLUMNS " FROM store_state "
                     "WHERE bucket = ?1 AND record = ?2 UNION ALL "
                     "SELECT " ROW_COLUMNS " FROM store_history "
                     "WHERE bucket = ?1 AND record = ?2 "
                     "ORDER BY version DESC",
    [READ_TYPE] =
        "SELECT s.bucket, s.record, s.field, s.type, s.version, s.seen, s.at, "
        "s.skew, s.author, s.replica, s.seq, s.outcome, s.flags, s.value, "
        "s.aux FROM store_record r JOIN store_state s ON s.bucket = r.bucket "
        "AND s.record = r.id WHERE r.type = ?1 "
        "ORDER BY r.bucket, r.id, s.field",
    [READ_RECEIVED] = ("SELECT received_ms FROM store_batch "
                       "WHERE version >= ?1 ORDER BY version LIMIT 1"),
};

enum err reader_open(const struct store_options *o, struct reader **out)
{
    struct reader *r = calloc(1, sizeof *r);

    *out = NULL;
    store_open_fault[0] = 0;
    if (!r)
        return ERR_NOMEM;
    r->schema = o->schema;
    enum err err = db_open(&r->db, o->folder, DB_READ);
    for (size_t i = 0; i < READ_STATEMENTS && !err; i++)
        err = db_prepare(&r->db, SQL[i], &r->statements[i]);
    if (err) {
        memcpy(store_open_fault, r->db.fault, sizeof store_open_fault);
        reader_close(r);
        return err;
    }
    *out = r;
    return ERR_OK;
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < READ_STATEMENTS; i++)
        sqlite3_finalize(r->statements[i]);
    db_close(&r->db);
    free(r);
}

const char *reader_fault(const struct reader *r)
{
    return r ? r->db.fault : store_open_fault;
}

static enum err each_row(struct reader *r, sqlite3_stmt *q, reader_each *each,
                         void *context)
{
    enum err err = ERR_OK;
    struct row row;

    while (db_row(&r->db, q, &err)) {
        db_row_read(q, &row);
        if (!each(context, &row))
            break;
    }
    (void)sqlite3_reset(q);
    return err;
}

enum err reader_scan(struct reader *r, uint32_t bucket, uint64_t from,
                     uint64_t to, reader_each *each, void *context)
{
    sqlite3_stmt *q = r->statements[READ_SCAN];

    if (from >= STORE_VERSION_MAX || from >= to)
        return ERR_OK;
    if (to > STORE_VERSION_MAX)
        to = STORE_VERSION_MAX;
    (void)sqlite3_bind_int64(q, 1, store_place(bucket, from));
    (void)sqlite3_bind_int64(q, 2, store_place(bucket, to));
    return each_row(r, q, each, context);
}

enum err reader_type(struct reader *r, uint32_t type, reader_each *each,
                     void *context)
{
    sqlite3_stmt *q = r->statements[READ_TYPE];

    (void)sqlite3_bind_int64(q, 1, type);
    return each_row(r, q, each, context);
}

struct unrolling {
    struct unroll unroll;
    reader_each *each;
    void *context;
    enum err err;
};

static bool unroll_each(void *context, const struct row *row)
{
    struct unrolling *u = context;
    struct row whole = *row;

    u->err = unroll_row(&u->unroll, &whole);
    return !u->err && u->each(u->context, &whole);
}

enum err reader_history(struct reader *r, uint32_t bucket, struct id record,
                        reader_each *each, void *context)
{
    sqlite3_stmt *q = r->statements[READ_HISTORY];
    struct unrolling u = {.each = each, .context = context};
    enum err err = unroll_open(&u.unroll);

    if (!err) {
        (void)sqlite3_bind_int64(q, 1, bucket);
        db_bind_id(q, 2, record);
        err = each_row(r, q, unroll_each, &u);
    }
    if (!err && u.err == ERR_CORRUPT)
        snprintf(r->db.fault, sizeof r->db.fault,
                 "a text of the history cannot be rebuilt");
    unroll_close(&u.unroll);
    return err ? err : u.err;
}

enum err reader_received(struct reader *r, uint64_t version,
                         int64_t *received_ms)
{
    sqlite3_stmt *q = r->statements[READ_RECEIVED];
    enum err err;

    *received_ms = 0;
    if (version > STORE_VERSION_MAX)
        return ERR_OK;
    (void)sqlite3_bind_int64(q, 1, (int64_t)version);
    if (db_row(&r->db, q, &err))
        *received_ms = sqlite3_column_int64(q, 0);
    (void)sqlite3_reset(q);
    return err;
}
