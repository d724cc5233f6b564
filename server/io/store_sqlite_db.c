#include "store_sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local char store_open_fault[STORE_FAULT_BYTES];

enum { BUSY_MS = 5000 };

/* The order matters: without the busy time-out first, journal_mode=wal says
 * "locked" when the log has to be recovered after a kill.
 *
 * Pages of 4096 against 8192, measured with the whole of a commit: pushes
 * within 5 %, the file within 1 %; the smaller page writes less when one
 * change is committed alone. */
static const char WRITER[] = "PRAGMA page_size=4096;"
                             "PRAGMA journal_mode=wal;"
                             "PRAGMA synchronous=FULL;"
                             "PRAGMA wal_autocheckpoint=0;"
                             "PRAGMA journal_size_limit=67108864;"
                             "PRAGMA mmap_size=0;"
                             "PRAGMA cache_size=-8192;"
                             "PRAGMA foreign_keys=ON;"
                             "PRAGMA trusted_schema=OFF;";
static const char READER[] = "PRAGMA wal_autocheckpoint=0;"
                             "PRAGMA query_only=ON;"
                             "PRAGMA mmap_size=0;"
                             "PRAGMA cache_size=-4096;"
                             "PRAGMA trusted_schema=OFF;";

/* One file, complete by itself, that nobody else has open. */
static const char COPY[] = "PRAGMA synchronous=FULL;"
                           "PRAGMA mmap_size=0;"
                           "PRAGMA cache_size=-8192;"
                           "PRAGMA trusted_schema=OFF;";

/* Far above what our own statements need: a damaged file must not make the
 * library reach for more. */
static void limit(sqlite3 *db)
{
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 64 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 4 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_COLUMN, 512);
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 100);
    sqlite3_limit(db, SQLITE_LIMIT_COMPOUND_SELECT, 8);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, 64);
    sqlite3_limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 0);
    sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
}

/* Some file systems cannot keep the log's index; SQLite then says nothing and
 * stays with a rollback journal. */
static enum err check_log(struct db *db)
{
    sqlite3_stmt *q = NULL;
    enum err err = db_prepare(db, "PRAGMA journal_mode", &q);

    if (!err &&
        (!db_row(db, q, &err) || !span_equal(db_bytes(q, 0), span_of("wal"))) &&
        !err) {
        snprintf(db->fault, sizeof db->fault,
                 "this file system cannot hold a write-ahead log");
        err = ERR_STORE;
    }
    sqlite3_finalize(q);
    return err;
}

/* Nobody asks SQLite how much memory it uses, and counting it takes a lock at
 * each allocation. Refused, without harm, once the library is in use. */
static void leave_memory_uncounted(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool store_path(char out[STORE_PATH_BYTES], const char *folder,
                const char *name)
{
    int n = snprintf(out, STORE_PATH_BYTES, "%s/%s", folder, name);

    return n > 0 && n < STORE_PATH_BYTES;
}

enum err db_open_file(struct db *db, const char *path, enum db_use use)
{
    static const int access[] = {
        [DB_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [DB_READ] = SQLITE_OPEN_READWRITE,
        [DB_LOOK] = SQLITE_OPEN_READONLY,
        [DB_COPY] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    static const char *const pragmas[] = {[DB_WRITE] = WRITER,
                                          [DB_READ] = READER,
                                          [DB_LOOK] = READER,
                                          [DB_COPY] = COPY};
    int flags = access[use] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    leave_memory_uncounted();
    enum err err = db_fail(db, sqlite3_open_v2(path, &db->handle, flags, NULL));
    if (err)
        return err;
    limit(db->handle);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (use == DB_READ || use == DB_LOOK)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                NULL);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    return db_exec(db, pragmas[use]);
}

enum err db_open(struct db *db, const char *folder, enum db_use use)
{
    char path[STORE_PATH_BYTES];

    if (!store_path(path, folder, STORE_FILE))
        return ERR_USAGE;
    enum err err = db_open_file(db, path, use);
    return err || use == DB_LOOK ? err : check_log(db);
}

/* The last connection to close moves the log into the database. Not when the
 * disk has failed: a second fsync may succeed over bytes that are gone, and
 * then a damaged log would be all that is left of pages half overwritten. */
void db_close(struct db *db)
{
    if (db->handle && db->broken)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                NULL);
    if (db->handle)
        sqlite3_close_v2(db->handle);
    db->handle = NULL;
}

static bool is_full(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* Only ENOSPC in a write comes as SQLITE_FULL; the rest has to be asked for.
 * The library keeps the errno of a statement, but not of a COMMIT: there the
 * log's own file knows. */
static bool no_room(struct db *db, int rc)
{
    sqlite3_file *log = NULL;
    int error = 0;

    if (rc != SQLITE_IOERR_WRITE && rc != SQLITE_IOERR_TRUNCATE &&
        rc != SQLITE_IOERR_SHMSIZE && rc != SQLITE_IOERR_SHMOPEN &&
        rc != SQLITE_IOERR_SHMMAP)
        return false;
    if (is_full(sqlite3_system_errno(db->handle)))
        return true;
    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_LAST_ERRNO,
                             &error) == SQLITE_OK &&
        is_full(error))
        return true;
    return sqlite3_file_control(db->handle, "main",
                                SQLITE_FCNTL_JOURNAL_POINTER,
                                &log) == SQLITE_OK &&
           log && log->pMethods &&
           log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error) ==
               SQLITE_OK &&
           is_full(error);
}

enum err db_fail(struct db *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
        return ERR_OK;
    snprintf(db->fault, sizeof db->fault, "sqlite %d (errno %d): %s", rc,
             db->handle ? sqlite3_system_errno(db->handle) : 0,
             db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc));
    if ((rc & 0xff) == SQLITE_NOMEM)
        return ERR_NOMEM;
    if ((rc & 0xff) == SQLITE_FULL)
        return ERR_FULL;
    if (db->handle && no_room(db, rc))
        return ERR_FULL;
    /* A refused row or a lock held by another says nothing of the disk. */
    if ((rc & 0xff) != SQLITE_CONSTRAINT && (rc & 0xff) != SQLITE_BUSY)
        db->broken = true;
    return ERR_STORE;
}

enum err db_exec(struct db *db, const char *sql)
{
    if (db->broken)
        return ERR_STORE;
    return db_fail(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

enum err db_prepare(struct db *db, const char *sql, sqlite3_stmt **out)
{
    return db_fail(db,
                   sqlite3_prepare_v3(db->handle, sql, -1,
                                      SQLITE_PREPARE_PERSISTENT, out, NULL));
}

enum err db_run(struct db *db, sqlite3_stmt *s)
{
    int rc;

    do
        rc = sqlite3_step(s);
    while (rc == SQLITE_ROW);
    enum err err = db_fail(db, rc);
    (void)sqlite3_reset(s); /* says again what step has said */
    return err;
}

bool db_row(struct db *db, sqlite3_stmt *s, enum err *err)
{
    int rc = sqlite3_step(s);

    *err = db_fail(db, rc);
    return rc == SQLITE_ROW;
}

void db_rollback(struct db *db)
{
    if (db->handle && !sqlite3_get_autocommit(db->handle) &&
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK &&
        !sqlite3_get_autocommit(db->handle))
        db->broken = true;
}

/* ---- Values ---- */

/* SQLite takes a null pointer for NULL, also when the length is 0. */
static const void *some(struct span s)
{
    return s.at ? (const void *)s.at : "";
}

void db_bind_id(sqlite3_stmt *s, int at, struct id id)
{
    (void)sqlite3_bind_blob(s, at, id.bytes, ID_BYTES, SQLITE_TRANSIENT);
}

void db_bind_text(sqlite3_stmt *s, int at, struct span text)
{
    (void)sqlite3_bind_text64(s, at, some(text), text.len, SQLITE_STATIC,
                              SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *s, int at, struct span bytes)
{
    (void)sqlite3_bind_blob64(s, at, some(bytes), bytes.len, SQLITE_STATIC);
}

void db_bind_value(sqlite3_stmt *s, int at, struct value v)
{
    switch (v.kind) {
    case VALUE_NIL: (void)sqlite3_bind_null(s, at); break;
    case VALUE_INT: (void)sqlite3_bind_int64(s, at, v.integer); break;
    case VALUE_REAL: (void)sqlite3_bind_double(s, at, v.real); break;
    case VALUE_TEXT: db_bind_text(s, at, v.bytes); break;
    case VALUE_BLOB: db_bind_blob(s, at, v.bytes); break;
    }
}

struct span db_bytes(sqlite3_stmt *s, int at)
{
    const void *bytes = sqlite3_column_blob(s, at);

    return (struct span){bytes, (size_t)sqlite3_column_bytes(s, at)};
}

struct id db_id(sqlite3_stmt *s, int at)
{
    struct span bytes = db_bytes(s, at);
    struct id id = {{0}};

    if (bytes.len == ID_BYTES)
        memcpy(id.bytes, bytes.at, ID_BYTES);
    return id;
}

struct value db_value(sqlite3_stmt *s, int at)
{
    switch (sqlite3_column_type(s, at)) {
    case SQLITE_INTEGER:
        return (struct value){.kind = VALUE_INT,
                              .integer = sqlite3_column_int64(s, at)};
    case SQLITE_FLOAT:
        return (struct value){.kind = VALUE_REAL,
                              .real = sqlite3_column_double(s, at)};
    case SQLITE_TEXT:
        return (struct value){.kind = VALUE_TEXT, .bytes = db_bytes(s, at)};
    case SQLITE_BLOB:
        return (struct value){.kind = VALUE_BLOB, .bytes = db_bytes(s, at)};
    default: return (struct value){.kind = VALUE_NIL};
    }
}

void db_bind_row(sqlite3_stmt *s, const struct row *r)
{
    (void)sqlite3_bind_int64(s, 1, r->bucket);
    (void)sqlite3_bind_blob(s, 2, r->record.bytes, ID_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_int64(s, 3, r->field);
    (void)sqlite3_bind_int64(s, 4, r->type);
    (void)sqlite3_bind_int64(s, 5, (int64_t)r->version);
    (void)sqlite3_bind_int64(s, 6, (int64_t)r->seen);
    (void)sqlite3_bind_int64(s, 7, r->at);
    (void)sqlite3_bind_int64(s, 8, r->skew);
    (void)sqlite3_bind_int64(s, 9, r->author);
    (void)sqlite3_bind_int64(s, 10, r->replica);
    (void)sqlite3_bind_int64(s, 11, r->seq);
    (void)sqlite3_bind_int64(s, 12, r->outcome);
    (void)sqlite3_bind_int64(s, 13, r->flags);
    db_bind_value(s, 14, r->value);
    if (r->aux.len)
        db_bind_blob(s, 15, r->aux);
    else
        (void)sqlite3_bind_null(s, 15);
}

void db_row_read(sqlite3_stmt *s, struct row *out)
{
    *out = (struct row){
        .bucket = (uint32_t)sqlite3_column_int64(s, 0),
        .record = db_id(s, 1),
        .field = (uint32_t)sqlite3_column_int64(s, 2),
        .type = (uint32_t)sqlite3_column_int64(s, 3),
        .version = (uint64_t)sqlite3_column_int64(s, 4),
        .seen = (uint64_t)sqlite3_column_int64(s, 5),
        .at = sqlite3_column_int64(s, 6),
        .skew = sqlite3_column_int64(s, 7),
        .author = (uint32_t)sqlite3_column_int64(s, 8),
        .replica = (uint32_t)sqlite3_column_int64(s, 9),
        .seq = (uint32_t)sqlite3_column_int64(s, 10),
        .outcome = (uint8_t)sqlite3_column_int64(s, 11),
        .flags = (uint8_t)sqlite3_column_int64(s, 12),
        .value = db_value(s, 13),
        .aux = db_bytes(s, 14),
    };
}
