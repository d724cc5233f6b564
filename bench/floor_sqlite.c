/* The floor of writing: the workload's rows, put into SQLite by a bare loop.
 *
 * The same number of rows in the same order at the same durability (WAL,
 * synchronous=FULL) and batch size as the server's commits, clustered by
 * bucket; but no reading first, no merge, no history, no one listening.
 * Prints one line of JSON. */
#include "world.h"

#include <sqlite3.h>
#include <unistd.h>

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE state (bucket INTEGER, record BLOB, field INTEGER,"
    " version INTEGER, seen INTEGER, at INTEGER, author INTEGER,"
    " replica INTEGER, seq INTEGER, value,"
    " PRIMARY KEY (bucket, record, field)) WITHOUT ROWID;";

struct floor {
    sqlite3 *db;
    sqlite3_stmt *put, *begin, *commit;
    int64_t version;
    uint32_t per, most, pending, changes;
};

static void must(struct floor *f, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE)
        return;
    fprintf(stderr, "bench: SQLite: %s\n", sqlite3_errmsg(f->db));
    exit(1);
}

static void step(struct floor *f, sqlite3_stmt *q)
{
    must(f, sqlite3_step(q));
    must(f, sqlite3_reset(q));
}

static void put(struct floor *f, const struct work *w,
                const struct work_save *s, const struct work_edit *e)
{
    f->version++;
    sqlite3_bind_int64(f->put, 1, s->school);
    sqlite3_bind_blob(f->put, 2, w->records[s->record].bytes, ID_BYTES,
                      SQLITE_STATIC);
    sqlite3_bind_int64(f->put, 3, e ? e->field : 0);
    sqlite3_bind_int64(f->put, 4, f->version);
    sqlite3_bind_int64(f->put, 5, 0);
    sqlite3_bind_int64(f->put, 6, s->at);
    sqlite3_bind_int64(f->put, 7, s->tablet);
    sqlite3_bind_int64(f->put, 8, s->tablet);
    sqlite3_bind_int64(f->put, 9, f->version);
    if (!e || e->is_number)
        sqlite3_bind_int64(f->put, 10, e ? e->number : 1);
    else
        sqlite3_bind_text(f->put, 10, (const char *)e->text.at,
                          (int)e->text.len, SQLITE_STATIC);
    step(f, f->put);
}

static void change(struct floor *f, const struct work *w,
                   const struct work_save *s, uint32_t k)
{
    if (f->pending == 0)
        step(f, f->begin);
    if (s->type && k == 0)
        put(f, w, s, NULL);
    put(f, w, s, &s->edits[k]);
    f->changes++;
    if (++f->pending < f->per)
        return;
    step(f, f->commit);
    f->pending = 0;
}

static void run(struct floor *f, const struct work *w)
{
    for (uint32_t i = 0; i < w->save_count; i++)
        for (uint32_t k = 0; k < w->saves[i].edit_count; k++)
            if (f->changes < f->most)
                change(f, w, &w->saves[i], k);
    if (f->pending)
        step(f, f->commit);
}

int main(int argc, char **argv)
{
    struct world world = {.pid = getpid()};
    struct floor f = {0};

    if (argc != 5) {
        fputs("floor_sqlite WORKLOAD DATABASE PER-COMMIT CHANGES\n", stderr);
        return 2;
    }
    work_read(&world.work, argv[1]);
    f.per = work_number(argv[3]);
    f.most = work_number(argv[4]);
    must(&f, sqlite3_open(argv[2], &f.db));
    must(&f, sqlite3_exec(f.db, schema, NULL, NULL, NULL));
    must(&f, sqlite3_prepare_v2(f.db,
                                "INSERT OR REPLACE INTO state VALUES "
                                "(?,?,?,?,?,?,?,?,?,?)",
                                -1, &f.put, NULL));
    must(&f, sqlite3_prepare_v2(f.db, "BEGIN", -1, &f.begin, NULL));
    must(&f, sqlite3_prepare_v2(f.db, "COMMIT", -1, &f.commit, NULL));
    double cpu = server_cpu(&world), start = now_s();
    run(&f, &world.work);
    cpu = server_cpu(&world) - cpu;
    double took = now_s() - start;
    printf("{\"per\":%u,\"changes\":%u,\"cpu\":%.4f,\"wall_s\":%.4f,"
           "\"cpu_us\":%.2f,\"wall_us\":%.2f}\n",
           f.per, f.changes, cpu, took, cpu * 1e6 / f.changes,
           took * 1e6 / f.changes);
    sqlite3_finalize(f.put);
    sqlite3_finalize(f.begin);
    sqlite3_finalize(f.commit);
    must(&f, sqlite3_close(f.db));
    return 0;
}
