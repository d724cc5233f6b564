/* The store: opening, claims and commits.
 *
 * How the rows lie was measured (50,000 inserts and updates of the bench's
 * workload at 100 and 1,000 a commit, in microseconds of CPU a row, fsync
 * included, and microseconds a row scanned in version order):
 *
 *   rowid = bucket << 40 | version, one index   11.7   5.0   0.23   (this)
 *   rowid in order of arrival, two indexes      10.4   4.7   0.38
 *   rowid by bucket, fixed, two indexes         13.1   5.6   0.34
 *   WITHOUT ROWID (bucket, record, field)       14.6   5.9   0.60
 *
 * With this one a bucket lies in one piece in the order in which it is sent,
 * so that a first sync reads it front to back from a cold disk. */
#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_PAGES_MAX = 2048 }; /* 8 MiB, then checkpoint */

static const char *const SQL[STORE_STATEMENTS] = {
    [CLAIM_STATE] = "SELECT " ROW_COLUMNS " FROM store_state "
                    "WHERE bucket = ?1 AND record = ?2 AND field = ?3",
    [CLAIM_CHAIN] = "SELECT " ROW_COLUMNS " FROM store_history "
                    "WHERE bucket = ?1 AND record = ?2 AND field = ?3 "
                    "AND version < ?4 AND outcome <= 1 ORDER BY version DESC",
    [CLAIM_RECORD] = "SELECT bucket FROM store_record WHERE id = ?1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT_STATE] = "INSERT OR REPLACE INTO store_state (" ROW_COLUMNS
                  ", place) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_HISTORY] = "INSERT INTO store_history (" ROW_COLUMNS
                    ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_HELD] = "INSERT INTO store_held VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_RECORD] = "INSERT INTO store_record VALUES (?,?,?)",
    [PUT_BUCKET] = ("INSERT INTO store_bucket VALUES (?1,?2,?3,?4,?5,?6) "
                    "ON CONFLICT (no) DO UPDATE SET version = ?3, count = ?4, "
                    "sum_low = ?5, sum_high = ?6"),
    [PUT_REPLICA] =
        ("INSERT INTO store_replica VALUES (?1,?2,?3,?4,?5,?6) "
         "ON CONFLICT (no) DO UPDATE SET seq = ?4, version = ?5, chain = ?6"),
    [PUT_BATCH] = "INSERT OR IGNORE INTO store_batch VALUES (?,?)",
    [SCAN_STATE] = "SELECT " ROW_COLUMNS " FROM store_state "
                   "WHERE place > ? AND place <= ? ORDER BY place",
    [HELD_CHANGE] = "SELECT bucket, author, replica, seq, reason, at, change "
                    "FROM store_held WHERE version = ?",
};

/* ---- Opening ---- */

static enum err open_fault(enum err err, const char *what, const char *path)
{
    snprintf(store_open_fault, sizeof store_open_fault, "%s %.200s: %s", what,
             path, strerror(errno));
    return err;
}

/* Two processes on one folder would be two orders of versions. */
static enum err take_lock(struct store *s, const char *folder)
{
    char path[4096];

    int n = snprintf(path, sizeof path, "%s/" STORE_LOCK, folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return ERR_USAGE;
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return open_fault(ERR_STORE, "cannot open", path);
    if (flock(s->lock, LOCK_EX | LOCK_NB))
        return open_fault(errno == EWOULDBLOCK ? ERR_LOCKED : ERR_STORE,
                          "cannot lock", path);
    return ERR_OK;
}

/* Made before SQLite does, so that only its owner can read it; the log and
 * its index take over the mode. */
static enum err make_file(const char *folder, bool create)
{
    char path[4096];

    if (create && mkdir(folder, 0700) && errno != EEXIST)
        return open_fault(ERR_STORE, "cannot make", folder);
    int n = snprintf(path, sizeof path, "%s/" STORE_FILE, folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return ERR_USAGE;
    int file = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    if (file < 0)
        return open_fault(errno == ENOENT ? ERR_USAGE : ERR_STORE,
                          "cannot open", path);
    close(file);
    return ERR_OK;
}

static int log_grew(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *s = context;

    (void)db;
    (void)name;
    s->log_pages = pages;
    return SQLITE_OK;
}

/* What a killed process left in the log is read back as committed, but it may
 * never have been synced: then a power cut would take back what we tell of it
 * now. Moving it into the database syncs both, and the log begins anew: after
 * a failed fsync it may have a hole, which would hide what follows. No room for
 * that is no harm: the log itself is synced first. */
static enum err settle(struct store *s)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db.handle, NULL,
                                       SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    enum err err = (rc & 0xff) == SQLITE_BUSY ? ERR_OK : db_fail(&s->db, rc);

    return err == ERR_FULL ? ERR_OK : err;
}

static enum err open_store(struct store *s, const struct store_options *o)
{
    enum err err = make_file(o->folder, o->create);

    if (!err)
        err = take_lock(s, o->folder);
    if (!err)
        err = db_open(&s->db, o->folder, DB_WRITE);
    if (!err)
        err = settle(s);
    if (!err)
        err = store_upgrade(&s->db, o->schema);
    for (size_t i = 0; i < STORE_STATEMENTS && !err; i++)
        err = db_prepare(&s->db, SQL[i], &s->statements[i]);
    if (!err)
        sqlite3_wal_hook(s->db.handle, log_grew, s);
    return err;
}

enum err store_open(const struct store_options *o, struct store **out)
{
    struct store *s = calloc(1, sizeof *s);

    *out = NULL;
    store_open_fault[0] = 0;
    if (!s)
        return ERR_NOMEM;
    s->lock = -1;
    enum err err = open_store(s, o);
    if (err && s->db.fault[0])
        memcpy(store_open_fault, s->db.fault, sizeof store_open_fault);
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    db_rollback(&s->db);
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    if (s->db.handle && !s->db.broken)
        (void)sqlite3_wal_checkpoint_v2(s->db.handle, NULL,
                                        SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    db_close(&s->db);
    if (s->lock >= 0)
        close(s->lock);
    free(s);
}

const char *store_fault(const struct store *s)
{
    return s ? s->db.fault : store_open_fault;
}

/* ---- Claims ---- */

static struct row keep_row(struct row r, struct arena *a)
{
    r.value.bytes = arena_copy(a, r.value.bytes);
    r.aux = arena_copy(a, r.aux);
    return r;
}

static void bind_claim(sqlite3_stmt *q, const struct claim *c)
{
    (void)sqlite3_bind_int64(q, 1, c->bucket);
    (void)sqlite3_bind_blob(q, 2, c->record.bytes, ID_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, c->field);
}

static enum err add_older(struct claim *c, size_t *cap, const struct row *r,
                          struct arena *a)
{
    if (c->older_count == *cap) {
        size_t wider = *cap ? *cap * 2 : 4;
        struct row *list = arena_take(a, wider * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        if (*cap)
            memcpy(list, c->older, *cap * sizeof *list);
        c->older = list;
        *cap = wider;
    }
    c->older[c->older_count++] = keep_row(*r, a);
    return arena_ok(a) ? ERR_OK : ERR_NOMEM;
}

static enum err claim_chain(struct store *s, struct claim *c, struct arena *a)
{
    sqlite3_stmt *q = s->statements[CLAIM_CHAIN];
    enum err err = ERR_OK;
    size_t cap = 0;
    struct row r;

    bind_claim(q, c);
    (void)sqlite3_bind_int64(q, 4, (int64_t)c->row.version);
    while (!err && db_row(&s->db, q, &err)) {
        db_row_read(q, &r);
        err = add_older(c, &cap, &r, a);
        if (r.version <= c->since)
            break;
    }
    (void)sqlite3_reset(q);
    return err;
}

static enum err claim_one(struct store *s, struct claim *c, struct arena *a)
{
    sqlite3_stmt *q = s->statements[CLAIM_STATE];
    enum err err;

    bind_claim(q, c);
    c->found = db_row(&s->db, q, &err);
    if (c->found) {
        db_row_read(q, &c->row);
        c->row = keep_row(c->row, a);
        if (!arena_ok(a))
            err = ERR_NOMEM;
    }
    (void)sqlite3_reset(q);
    if (!err && c->found && c->chain && c->row.version > c->since)
        err = claim_chain(s, c, a);
    return err;
}

enum err store_claim(struct store *s, struct claim *claims, size_t count,
                     struct arena *a)
{
    if (s->db.broken)
        return ERR_STORE;
    enum err err = ERR_OK;

    if (sqlite3_get_autocommit(s->db.handle))
        err = db_run(&s->db, s->statements[BEGIN]);
    for (size_t i = 0; i < count && !err; i++)
        err = claim_one(s, &claims[i], a);
    if (err)
        store_abandon(s);
    return err;
}

enum err store_record_bucket(struct store *s, struct id record,
                             uint32_t *bucket)
{
    sqlite3_stmt *q = s->statements[CLAIM_RECORD];
    enum err err;

    *bucket = 0;
    db_bind_id(q, 1, record);
    if (db_row(&s->db, q, &err))
        *bucket = (uint32_t)sqlite3_column_int64(q, 0);
    (void)sqlite3_reset(q);
    return err;
}

enum err store_rows(struct store *s, uint32_t bucket, uint64_t from,
                    reader_each *each, void *context)
{
    sqlite3_stmt *q = s->statements[SCAN_STATE];
    struct row row;
    enum err err;

    (void)sqlite3_bind_int64(q, 1, store_place(bucket, from));
    (void)sqlite3_bind_int64(q, 2, store_place(bucket, STORE_VERSION_MAX));
    while (db_row(&s->db, q, &err)) {
        db_row_read(q, &row);
        if (!each(context, &row))
            break;
    }
    (void)sqlite3_reset(q);
    return err;
}

enum err store_held_change(struct store *s, uint64_t version,
                           struct arena *arena, struct held *out)
{
    sqlite3_stmt *q = s->statements[HELD_CHANGE];
    enum err err;

    *out = (struct held){0};
    (void)sqlite3_bind_int64(q, 1, (int64_t)version);
    if (db_row(&s->db, q, &err)) {
        *out = (struct held){
            .version = version,
            .bucket = (uint32_t)sqlite3_column_int64(q, 0),
            .author = (uint32_t)sqlite3_column_int64(q, 1),
            .replica = (uint32_t)sqlite3_column_int64(q, 2),
            .seq = (uint32_t)sqlite3_column_int64(q, 3),
            .reason = (enum err)sqlite3_column_int(q, 4),
            .at = sqlite3_column_int64(q, 5),
            .change = arena_copy(arena, db_bytes(q, 6)),
        };
    }
    (void)sqlite3_reset(q);
    return err || arena_ok(arena) ? err : ERR_NOMEM;
}

void store_abandon(struct store *s)
{
    db_rollback(&s->db);
}

/* ---- Commit ---- */

static enum err put_state(struct store *s, const struct row *r, size_t count)
{
    sqlite3_stmt *q = s->statements[PUT_STATE];
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && !err; i++) {
        db_bind_row(q, &r[i]);
        (void)sqlite3_bind_int64(q, ROW_COLUMN_COUNT + 1,
                                 store_place(r[i].bucket, r[i].version));
        err = db_run(&s->db, q);
    }
    return err;
}

static enum err put_history(struct store *s, const struct row *r, size_t count)
{
    sqlite3_stmt *q = s->statements[PUT_HISTORY];
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && !err; i++) {
        db_bind_row(q, &r[i]);
        err = db_run(&s->db, q);
    }
    return err;
}

static enum err put_held(struct store *s, const struct held *h, size_t count)
{
    sqlite3_stmt *q = s->statements[PUT_HELD];
    enum err err = ERR_OK;

    for (; count-- && !err; h++) {
        (void)sqlite3_bind_int64(q, 1, (int64_t)h->version);
        (void)sqlite3_bind_int64(q, 2,
                                 (int64_t)(h->version_last > h->version
                                               ? h->version_last
                                               : h->version));
        (void)sqlite3_bind_int64(q, 3, h->bucket);
        if (id_none(h->record))
            (void)sqlite3_bind_null(q, 4);
        else
            db_bind_id(q, 4, h->record);
        (void)sqlite3_bind_int64(q, 5, h->author);
        (void)sqlite3_bind_int64(q, 6, h->replica);
        (void)sqlite3_bind_int64(q, 7, h->seq);
        (void)sqlite3_bind_int(q, 8, h->index);
        (void)sqlite3_bind_int(q, 9, (int)h->reason);
        (void)sqlite3_bind_int64(q, 10, h->at);
        db_bind_blob(q, 11, h->change);
        err = db_run(&s->db, q);
    }
    return err;
}

static enum err put_born(struct store *s, const struct row *r, size_t count)
{
    sqlite3_stmt *q = s->statements[PUT_RECORD];
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && !err; i++) {
        db_bind_id(q, 1, r[i].record);
        (void)sqlite3_bind_int64(q, 2, r[i].bucket);
        (void)sqlite3_bind_int64(q, 3, r[i].type);
        err = db_run(&s->db, q);
    }
    return err;
}

static enum err put_buckets(struct store *s, const struct store_bucket *b,
                            size_t count)
{
    sqlite3_stmt *q = s->statements[PUT_BUCKET];
    enum err err = ERR_OK;

    for (; count-- && !err; b++) {
        (void)sqlite3_bind_int64(q, 1, b->no);
        db_bind_text(q, 2, b->name);
        (void)sqlite3_bind_int64(q, 3, (int64_t)b->version);
        (void)sqlite3_bind_int64(q, 4, (int64_t)b->count);
        (void)sqlite3_bind_int64(q, 5, b->sum.low);
        (void)sqlite3_bind_int64(q, 6, b->sum.high);
        err = db_run(&s->db, q);
    }
    return err;
}

static enum err put_replicas(struct store *s, const struct store_replica *r,
                             size_t count)
{
    sqlite3_stmt *q = s->statements[PUT_REPLICA];
    enum err err = ERR_OK;

    for (; count-- && !err; r++) {
        (void)sqlite3_bind_int64(q, 1, r->no);
        (void)sqlite3_bind_int64(q, 2, r->device);
        (void)sqlite3_bind_int64(q, 3, (int64_t)r->incarnation);
        (void)sqlite3_bind_int64(q, 4, (int64_t)r->seq);
        (void)sqlite3_bind_int64(q, 5, (int64_t)r->version);
        db_bind_blob(q, 6, (struct span){r->chain, HASH_CHAIN_BYTES});
        err = db_run(&s->db, q);
    }
    return err;
}

enum err store_write(struct store *s, const struct commit *c)
{
    enum err err = c->head <= STORE_VERSION_MAX ? ERR_OK : ERR_FULL;

    if (!err)
        err = put_buckets(s, c->buckets, c->bucket_count);
    if (!err)
        err = put_born(s, c->born, c->born_count);
    if (!err)
        err = put_state(s, c->state, c->state_count);
    if (!err)
        err = put_history(s, c->history, c->history_count);
    if (!err)
        err = put_held(s, c->held, c->held_count);
    if (!err)
        err = put_replicas(s, c->replicas, c->replica_count);
    return err;
}

static enum err put_batch(struct store *s, const struct commit *c)
{
    sqlite3_stmt *q = s->statements[PUT_BATCH];

    (void)sqlite3_bind_int64(q, 1, (int64_t)c->head);
    (void)sqlite3_bind_int64(q, 2, c->received_ms);
    return db_run(&s->db, q);
}

/* The commit is durable whatever comes of this. No room for the checkpoint is
 * no harm: the log stays, and the next commit tries again. */
static void checkpoint(struct store *s)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db.handle, NULL,
                                       SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

    if ((rc & 0xff) != SQLITE_BUSY && db_fail(&s->db, rc) == ERR_FULL)
        s->db.fault[0] = 0;
}

enum err store_commit(struct store *s, const struct commit *c)
{
    if (s->db.broken)
        return ERR_STORE;
    enum err err = store_write(s, c);
    if (!err)
        err = put_batch(s, c);
    if (!err)
        err = db_run(&s->db, s->statements[COMMIT]);
    if (err || !sqlite3_get_autocommit(s->db.handle)) {
        db_rollback(&s->db);
        return err ? err : ERR_STORE;
    }
    if (s->log_pages >= LOG_PAGES_MAX)
        checkpoint(s);
    return ERR_OK;
}
