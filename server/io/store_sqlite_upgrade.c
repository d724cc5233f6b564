/* Tables by numbered migrations, views by the schema; each step one
 * transaction, so that a kill leaves the step before. */
#include "store_sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

static enum err number(struct db *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *q = NULL;
    enum err err = db_prepare(db, sql, &q);

    *out = 0;
    if (!err && db_row(db, q, &err))
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return err;
}

enum err store_put_meta(struct db *db, const char *name, struct value v)
{
    sqlite3_stmt *q = NULL;
    enum err err =
        db_prepare(db, "INSERT OR REPLACE INTO store_meta VALUES (?1, ?2)", &q);

    if (!err) {
        db_bind_text(q, 1, span_of(name));
        db_bind_value(q, 2, v);
        err = db_run(db, q);
    }
    sqlite3_finalize(q);
    return err;
}

static enum err get_meta(struct db *db, const char *name, struct buf *out)
{
    sqlite3_stmt *q = NULL;
    enum err err =
        db_prepare(db, "SELECT value FROM store_meta WHERE name = ?1", &q);

    if (!err) {
        db_bind_text(q, 1, span_of(name));
        if (db_row(db, q, &err)) {
            struct span bytes = db_bytes(q, 0);
            buf_put(out, bytes.at, bytes.len);
        }
    }
    sqlite3_finalize(q);
    return !err && !buf_ok(out) ? ERR_NOMEM : err;
}

/* The end of a step that has its own BEGIN. */
static enum err end_step(struct db *db, enum err err)
{
    if (!err)
        err = db_exec(db, "COMMIT");
    if (err)
        db_rollback(db);
    return err;
}

static enum err migrate_one(struct db *db, uint32_t no)
{
    char sql[64];

    snprintf(sql, sizeof sql, "PRAGMA user_version = %u", no);
    enum err err = db_exec(db, "BEGIN IMMEDIATE");
    if (!err)
        err = db_exec(db, store_migrations[no - 1].sql);
    if (!err)
        err = db_exec(db, sql);
    return end_step(db, err);
}

static enum err migrate(struct db *db)
{
    int64_t was = 0;
    enum err err = number(db, "PRAGMA user_version", &was);

    if (!err && was > store_migration_count) {
        snprintf(db->fault, sizeof db->fault,
                 "the store was written by a newer program (%lld, this is %u)",
                 (long long)was, store_migration_count);
        return ERR_CORRUPT;
    }
    for (uint32_t no = (uint32_t)was + 1; !err && no <= store_migration_count;
         no++)
        err = migrate_one(db, no);
    return err;
}

static enum err new_timeline(struct db *db, struct id *out)
{
    if (getrandom(out->bytes, ID_BYTES, 0) == ID_BYTES)
        return ERR_OK;
    snprintf(db->fault, sizeof db->fault, "no random bytes: errno %d", errno);
    return ERR_STORE;
}

static enum err put_timeline(struct db *db, const struct id *timeline,
                             uint64_t fork, uint64_t safe)
{
    struct value id = {.kind = VALUE_BLOB,
                       .bytes = {timeline->bytes, ID_BYTES}};
    struct value from = {.kind = VALUE_INT, .integer = (int64_t)fork};
    struct value upto = {.kind = VALUE_INT, .integer = (int64_t)safe};
    enum err err = store_put_meta(db, "timeline", id);

    if (!err)
        err = store_put_meta(db, "fork", from);
    return err ? err : store_put_meta(db, "safe", upto);
}

/* A new store is a new timeline. */
static enum err begin_timeline(struct db *db)
{
    struct id timeline;
    int64_t known = 0;
    enum err err = number(
        db, "SELECT count(*) FROM store_meta WHERE name = 'timeline'", &known);

    if (err || known)
        return err;
    err = new_timeline(db, &timeline);
    if (err)
        return err;
    err = db_exec(db, "BEGIN IMMEDIATE");
    if (!err)
        err = put_timeline(db, &timeline, 0, 0);
    return end_step(db, err);
}

/* The one it was until now is remembered, so that a device that still is on it
 * can be told how far the two agree. */
static enum err leave_timeline(struct db *db, const struct store_head *head)
{
    sqlite3_stmt *q = NULL;
    enum err err = db_prepare(
        db, "INSERT OR REPLACE INTO store_timeline VALUES (?1, ?2)", &q);

    if (!err) {
        db_bind_id(q, 1, head->timeline);
        (void)sqlite3_bind_int64(q, 2, (int64_t)head->version);
        err = db_run(db, q);
    }
    sqlite3_finalize(q);
    return err;
}

/* What a copy was made of is, by that, safe. */
enum err store_fork(struct db *db, struct id *now)
{
    struct store_head head = {0};
    enum err err = store_read_head(db, &head);

    if (!err)
        err = new_timeline(db, now);
    if (!err)
        err = db_exec(db, "BEGIN IMMEDIATE");
    if (err)
        return err;
    err = leave_timeline(db, &head);
    if (!err)
        err = put_timeline(db, now, head.version, head.version);
    return end_step(db, err);
}

static enum err check_growth(struct db *db, const struct schema *next,
                             struct span was)
{
    struct schema *old = NULL;
    struct schema_fault fault;
    enum err err = schema_parse(was, &old, &fault);

    if (!err)
        err = schema_grows_from(next, old, &fault);
    if (err == ERR_SCHEMA)
        snprintf(db->fault, sizeof db->fault,
                 "the schema does not grow from the store's: %s", fault.text);
    schema_free(old);
    return err;
}

static enum err make_views(struct db *db, const struct schema *schema)
{
    struct buf sql = {0};

    schema_views(schema, &sql);
    buf_byte(&sql, 0);
    enum err err = buf_ok(&sql) ? ERR_OK : ERR_NOMEM;
    if (!err)
        err = db_exec(db, "BEGIN IMMEDIATE");
    if (!err)
        err = db_exec(db, (const char *)sql.at);
    if (!err)
        err = store_put_meta(
            db, "schema",
            (struct value){.kind = VALUE_TEXT, .bytes = schema->source});
    if (!err)
        err = store_put_meta(
            db, "schema_sha256",
            (struct value){
                .kind = VALUE_BLOB,
                .bytes = {schema->fingerprint, sizeof schema->fingerprint}});
    err = end_step(db, err);
    buf_free(&sql);
    return err;
}

/* Views speak the tables of this program, so a migration makes them anew. */
static enum err follow_schema(struct db *db, const struct schema *schema,
                              bool migrated)
{
    struct span now = {schema->fingerprint, sizeof schema->fingerprint};
    struct buf was = {0}, source = {0};
    enum err err = get_meta(db, "schema_sha256", &was);

    bool same = !err && span_equal(buf_span(&was), now);
    if (!err && !same)
        err = get_meta(db, "schema", &source);
    if (!err && source.len)
        err = check_growth(db, schema, buf_span(&source));
    if (!err && (!same || migrated))
        err = make_views(db, schema);
    buf_free(&was);
    buf_free(&source);
    return err;
}

enum err store_upgrade(struct db *db, const struct schema *schema)
{
    int64_t was = 0;
    enum err err = number(db, "PRAGMA user_version", &was);

    if (!err)
        err = migrate(db);
    if (!err)
        err = begin_timeline(db);
    if (!err)
        err = follow_schema(db, schema, was < store_migration_count);
    return err;
}
