/* store_sqlite.h -- what the files store_sqlite*.c share. Nothing else
 * includes it, and nothing else includes <sqlite3.h>.
 *
 * A struct db is one connection that remembers what went wrong last. The
 * store's connection is the only one that writes and checkpoints; readers'
 * are query_only and never checkpoint (see RELIABILITY: a bug of SQLite before
 * 3.51.3 corrupts the file when two connections may reset the log).
 *
 * db_fail() turns SQLite's codes into ours: no room on the disk is ERR_FULL
 * and passes; a failed fsync, a failed read or a damaged page is ERR_STORE and
 * stays: after it the connection refuses everything, because what is on the
 * disk is not known any more.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store.h"

#include <sqlite3.h>

#define STORE_FILE "tidemark.db"
#define STORE_LOCK "tidemark.lock"

enum {
    STORE_PATH_BYTES = 4096,
    STORE_VERSION_BITS = 40, /* of a place; see 0001.sql */
    STORE_FAULT_BYTES = 300,
};

struct db {
    sqlite3 *handle;
    bool broken;
    char fault[STORE_FAULT_BYTES];
};

enum db_use {
    DB_WRITE, /* the store's own: may create the file, writes, checkpoints */
    DB_READ,  /* a reader's, in the process that writes */
    DB_LOOK,  /* from any process: cannot write */
    DB_COPY,  /* a file that is being made, and nobody else has open */
};

MUST_USE enum err db_open(struct db *, const char *folder, enum db_use);
MUST_USE enum err db_open_file(struct db *, const char *path, enum db_use);
/* folder/name; false: too long. */
bool store_path(char out[STORE_PATH_BYTES], const char *folder,
                const char *name);
void db_close(struct db *);

/* What `rc` means; remembers the text. SQLITE_OK, ROW and DONE are ERR_OK. */
MUST_USE enum err db_fail(struct db *, int rc);
MUST_USE enum err db_exec(struct db *, const char *sql);
/* For statements that are kept until the end. */
MUST_USE enum err db_prepare(struct db *, const char *sql, sqlite3_stmt **out);
/* Run a statement that answers nothing, and make it ready again. */
MUST_USE enum err db_run(struct db *, sqlite3_stmt *);
/* One row of a statement: true. false: no row, or *err. */
bool db_row(struct db *, sqlite3_stmt *, enum err *err);
void db_rollback(struct db *); /* if a transaction is open */

/* Bound values are borrowed until the statement is reset. */
void db_bind_id(sqlite3_stmt *, int at, struct id);
void db_bind_text(sqlite3_stmt *, int at, struct span);
void db_bind_blob(sqlite3_stmt *, int at, struct span);
void db_bind_value(sqlite3_stmt *, int at, struct value);
struct id db_id(sqlite3_stmt *, int at);
struct span db_bytes(sqlite3_stmt *, int at); /* until the next step */
struct value db_value(sqlite3_stmt *, int at);

/* Rows: the same columns in state and history, in this order. */
#define ROW_COLUMNS                                                            \
    "bucket, record, field, type, version, seen, at, skew, author, replica, "  \
    "seq, outcome, flags, value, aux"
enum { ROW_COLUMN_COUNT = 15 };
void db_bind_row(sqlite3_stmt *, const struct row *);
void db_row_read(sqlite3_stmt *, struct row *out); /* borrows */

static inline int64_t store_place(uint32_t bucket, uint64_t version)
{
    return (int64_t)((uint64_t)bucket << STORE_VERSION_BITS | version);
}

#define STORE_VERSION_MAX ((1ull << STORE_VERSION_BITS) - 1)

/* ---- What stands open ---- */

enum {
    CLAIM_STATE,
    CLAIM_CHAIN,
    CLAIM_RECORD,
    BEGIN,
    COMMIT,
    ROLLBACK,
    PUT_STATE,
    PUT_HISTORY,
    PUT_HELD,
    PUT_RECORD,
    PUT_BUCKET,
    PUT_REPLICA,
    PUT_BATCH,
    SCAN_STATE,
    HELD_CHANGE,
    STORE_STATEMENTS
};

struct store {
    struct db db;
    int lock;      /* the descriptor that holds the folder's lock */
    int log_pages; /* in the write-ahead log after the last commit */
    sqlite3_stmt *statements[STORE_STATEMENTS];
};

enum { READ_SCAN, READ_HISTORY, READ_TYPE, READ_RECEIVED, READ_STATEMENTS };

struct reader {
    struct db db;
    const struct schema *schema;
    sqlite3_stmt *statements[READ_STATEMENTS];
};

/* Hand-written, numbered from 1 without gap, from schema/migrations/. */
struct store_migration {
    const char *sql;
};
extern const struct store_migration store_migrations[];
extern const uint32_t store_migration_count;

/* Bring tables and views up to this program and its schema; store_upgrade.c's.
 * ERR_SCHEMA, ERR_CORRUPT (a newer program's file). */
MUST_USE enum err store_upgrade(struct db *, const struct schema *);
/* A copy goes its own way from its head on; *now: what it is called. */
MUST_USE enum err store_fork(struct db *, struct id *now);
MUST_USE enum err store_read_head(struct db *, struct store_head *out);
MUST_USE enum err store_put_meta(struct db *, const char *name, struct value);

/* The texts of one record's fields, walking from new to old. */
struct unroll {
    struct pack *pack;
    struct buf *newer; /* by field: the text of the version after this */
    struct buf whole;
};
MUST_USE enum err unroll_open(struct unroll *);
void unroll_close(struct unroll *);
void unroll_begin(struct unroll *); /* another record */
/* Makes row->value whole; it is borrowed until the next call.
 * ERR_CORRUPT: the delta does not fit. */
MUST_USE enum err unroll_row(struct unroll *, struct row *);

/* Why the last open on this thread failed. */
extern _Thread_local char store_open_fault[STORE_FAULT_BYTES];

#endif
