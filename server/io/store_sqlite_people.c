/* What is small: people, devices, codes, and all that is read once at start. */
#include "store_sqlite.h"

/* ---- The directory ---- */

typedef void read_one(sqlite3_stmt *, void *to, struct arena *);

/* Two passes, so that the list can be made in one piece. */
static enum err read_list(struct db *db, const char *table, const char *columns,
                          size_t size, struct arena *a, read_one *read,
                          void **list, size_t *count)
{
    sqlite3_stmt *q = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT %s, count(*) OVER () FROM %s ORDER BY no", columns, table);
    enum err err = sql ? db_prepare(db, sql, &q) : ERR_NOMEM;

    sqlite3_free(sql);
    *list = NULL;
    *count = 0;
    while (!err && db_row(db, q, &err)) {
        int last = sqlite3_column_count(q) - 1;
        if (!*list)
            *list = arena_take(a, (size_t)sqlite3_column_int64(q, last) * size);
        if (!*list) {
            err = ERR_NOMEM;
            break;
        }
        read(q, (char *)*list + size * (*count)++, a);
    }
    sqlite3_finalize(q);
    return !err && !arena_ok(a) ? ERR_NOMEM : err;
}

static void read_bucket(sqlite3_stmt *q, void *to, struct arena *a)
{
    *(struct store_bucket *)to = (struct store_bucket){
        .no = (uint32_t)sqlite3_column_int64(q, 0),
        .name = arena_copy(a, db_bytes(q, 1)),
        .version = (uint64_t)sqlite3_column_int64(q, 2),
        .count = (uint64_t)sqlite3_column_int64(q, 3),
        .sum = {(uint32_t)sqlite3_column_int64(q, 4),
                (uint32_t)sqlite3_column_int64(q, 5)},
    };
}

static void read_person(sqlite3_stmt *q, void *to, struct arena *a)
{
    *(struct store_person *)to = (struct store_person){
        .no = (uint32_t)sqlite3_column_int64(q, 0),
        .id = db_id(q, 1),
        .name = arena_copy(a, db_bytes(q, 2)),
    };
}

static void copy_exactly(void *to, struct span from, size_t len)
{
    if (from.len == len)
        memcpy(to, from.at, len);
}

static void read_device(sqlite3_stmt *q, void *to, struct arena *a)
{
    struct store_device *d = to;

    *d = (struct store_device){
        .no = (uint32_t)sqlite3_column_int64(q, 0),
        .id = db_id(q, 1),
        .person = (uint32_t)sqlite3_column_int64(q, 2),
        .label = arena_copy(a, db_bytes(q, 4)),
        .platform = arena_copy(a, db_bytes(q, 5)),
        .enrolled_ms = sqlite3_column_int64(q, 6),
        .seen_ms = sqlite3_column_int64(q, 7),
        .revoked = sqlite3_column_int(q, 8) != 0,
    };
    copy_exactly(d->token_hash, db_bytes(q, 3), sizeof d->token_hash);
}

static void read_replica(sqlite3_stmt *q, void *to, struct arena *a)
{
    struct store_replica *r = to;

    (void)a;
    *r = (struct store_replica){
        .no = (uint32_t)sqlite3_column_int64(q, 0),
        .device = (uint32_t)sqlite3_column_int64(q, 1),
        .incarnation = (uint64_t)sqlite3_column_int64(q, 2),
        .seq = (uint64_t)sqlite3_column_int64(q, 3),
        .version = (uint64_t)sqlite3_column_int64(q, 4),
    };
    copy_exactly(r->chain, db_bytes(q, 5), sizeof r->chain);
}

enum err store_read_head(struct db *db, struct store_head *out)
{
    sqlite3_stmt *q = NULL;
    enum err err =
        db_prepare(db,
                   "SELECT (SELECT max(version) FROM store_batch),"
                   "(SELECT value FROM store_meta WHERE name = 'timeline'),"
                   "(SELECT value FROM store_meta WHERE name = 'fork'),"
                   "(SELECT value FROM store_meta WHERE name = 'safe')",
                   &q);

    if (!err && db_row(db, q, &err))
        *out = (struct store_head){
            .version = (uint64_t)sqlite3_column_int64(q, 0),
            .timeline = db_id(q, 1),
            .fork = (uint64_t)sqlite3_column_int64(q, 2),
            .safe = (uint64_t)sqlite3_column_int64(q, 3),
        };
    sqlite3_finalize(q);
    return err;
}

static void read_timeline(sqlite3_stmt *q, void *to, struct arena *a)
{
    (void)a;
    *(struct store_timeline *)to = (struct store_timeline){
        .id = db_id(q, 0), .fork = (uint64_t)sqlite3_column_int64(q, 1)};
}

enum err store_directory(struct store *s, struct arena *a,
                         struct store_directory *out)
{
    struct db *db = &s->db;

    *out = (struct store_directory){0};
    enum err err = store_read_head(db, &out->head);
    if (!err)
        err = read_list(db, "store_bucket",
                        "no, name, version, count, sum_low, sum_high",
                        sizeof *out->buckets, a, read_bucket,
                        (void **)&out->buckets, &out->bucket_count);
    if (!err)
        err = read_list(db, "store_person", "no, id, name",
                        sizeof *out->persons, a, read_person,
                        (void **)&out->persons, &out->person_count);
    if (!err)
        err = read_list(db, "store_device",
                        "no, id, person, token_hash, label, platform, "
                        "enrolled_ms, seen_ms, revoked",
                        sizeof *out->devices, a, read_device,
                        (void **)&out->devices, &out->device_count);
    if (!err)
        err = read_list(db, "store_replica",
                        "no, device, incarnation, seq, version, chain",
                        sizeof *out->replicas, a, read_replica,
                        (void **)&out->replicas, &out->replica_count);
    if (!err)
        err = read_list(db, "store_timeline", "id, fork AS no",
                        sizeof *out->timelines, a, read_timeline,
                        (void **)&out->timelines, &out->timeline_count);
    return err;
}

/* ---- People, devices, codes: one statement each, so one commit each ---- */

/* Runs to the end, which commits; *no is what the first row answered. */
static enum err run_for_number(struct db *db, sqlite3_stmt *q, uint32_t *no)
{
    enum err err;

    *no = 0;
    if (db_row(db, q, &err)) {
        *no = (uint32_t)sqlite3_column_int64(q, 0);
        (void)db_row(db, q, &err);
    }
    sqlite3_finalize(q);
    if (err)
        db_rollback(db);
    return err;
}

enum err store_put_person(struct store *s, struct store_person *p)
{
    sqlite3_stmt *q = NULL;

    if (s->db.broken)
        return ERR_STORE;
    enum err err = db_prepare(&s->db,
                              "INSERT INTO store_person (id, name) "
                              "VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET "
                              "name = ?2 RETURNING no",
                              &q);
    if (err)
        return err;
    db_bind_id(q, 1, p->id);
    db_bind_text(q, 2, p->name);
    return run_for_number(&s->db, q, &p->no);
}

enum err store_put_device(struct store *s, struct store_device *d)
{
    sqlite3_stmt *q = NULL;

    if (s->db.broken)
        return ERR_STORE;
    enum err err = db_prepare(
        &s->db,
        "INSERT INTO store_device (id, person, token_hash, label, platform, "
        "enrolled_ms, seen_ms, revoked) VALUES (?1,?2,?3,?4,?5,?6,?7,?8) "
        "ON CONFLICT (id) DO UPDATE SET person = ?2, token_hash = ?3, "
        "label = ?4, platform = ?5, enrolled_ms = ?6, seen_ms = ?7, "
        "revoked = ?8 RETURNING no",
        &q);
    if (err)
        return err;
    db_bind_id(q, 1, d->id);
    (void)sqlite3_bind_int64(q, 2, d->person);
    db_bind_blob(q, 3, (struct span){d->token_hash, sizeof d->token_hash});
    db_bind_text(q, 4, d->label);
    db_bind_text(q, 5, d->platform);
    (void)sqlite3_bind_int64(q, 6, d->enrolled_ms);
    (void)sqlite3_bind_int64(q, 7, d->seen_ms);
    (void)sqlite3_bind_int(q, 8, d->revoked);
    return run_for_number(&s->db, q, &d->no);
}

enum err store_put_code(struct store *s, const uint8_t hash[32],
                        uint32_t person, int64_t expires_ms, int32_t uses)
{
    sqlite3_stmt *q = NULL;
    uint32_t none;

    if (s->db.broken)
        return ERR_STORE;
    enum err err = db_prepare(
        &s->db, "INSERT OR REPLACE INTO store_code VALUES (?1,?2,?3,?4)", &q);
    if (err)
        return err;
    db_bind_blob(q, 1, (struct span){hash, 32});
    (void)sqlite3_bind_int64(q, 2, person);
    (void)sqlite3_bind_int64(q, 3, expires_ms);
    (void)sqlite3_bind_int(q, 4, uses);
    return run_for_number(&s->db, q, &none);
}

enum err store_spend_code(struct store *s, const uint8_t hash[32],
                          int64_t now_ms, uint32_t *person)
{
    sqlite3_stmt *q = NULL;

    *person = 0;
    if (s->db.broken)
        return ERR_STORE;
    enum err err = db_prepare(&s->db,
                              "UPDATE store_code SET uses = uses - (uses > 0) "
                              "WHERE hash = ?1 AND expires_ms > ?2 AND "
                              "uses != 0 RETURNING person",
                              &q);
    if (err)
        return err;
    db_bind_blob(q, 1, (struct span){hash, 32});
    (void)sqlite3_bind_int64(q, 2, now_ms);
    err = run_for_number(&s->db, q, person);
    return !err && !*person ? ERR_BAD_CODE : err;
}

enum err store_put_safe(struct store *s, uint64_t version)
{
    struct value v = {.kind = VALUE_INT, .integer = (int64_t)version};

    return s->db.broken ? ERR_STORE : store_put_meta(&s->db, "safe", v);
}
