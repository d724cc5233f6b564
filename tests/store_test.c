/* store_test.c -- the store as the engine sees it, and what it says of files
 * that somebody has spoiled. */
#include "cmocka_all.h"

#include "store.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- A store in a folder of its own, and rows for it ---- */

struct fixture {
    char folder[64];
    struct schema *schema;
    struct store *store;
    struct arena arena;
    uint64_t head;
    struct store_bucket bucket;
};

static struct schema *load(const char *path)
{
    struct schema *s = NULL;
    struct schema_fault fault;

    if (schema_load(path, &s, &fault))
        fail_msg("%s line %u: %s", path, fault.line, fault.text);
    return s;
}

static struct store_options options(const struct fixture *f)
{
    return (struct store_options){
        .folder = f->folder, .schema = f->schema, .create = true};
}

static void reopen(struct fixture *f)
{
    struct store_options o = options(f);

    store_close(f->store);
    enum err err = store_open(&o, &f->store);
    if (err)
        fail_msg("%s: %s", err_name(err), store_fault(NULL));
}

static struct id id_of(unsigned n)
{
    struct id id = {{0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80}};

    id.bytes[14] = (uint8_t)(n >> 8);
    id.bytes[15] = (uint8_t)n;
    return id;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct store_person person = {.id = id_of(900), .name = span_of("Ada")};

    snprintf(f->folder, sizeof f->folder, "/tmp/tidemark-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->schema = load("tests/data/small.json");
    reopen(f);
    assert_int_equal(store_put_person(f->store, &person), ERR_OK);
    assert_int_equal(person.no, 1);
    f->bucket = (struct store_bucket){
        .no = 1,
        .name = span_of("school/01930000-0000-7000-8000-000000000001")};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];

    store_close(f->store);
    schema_free(f->schema);
    arena_free(&f->arena);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static struct value text(const char *s)
{
    return (struct value){.kind = VALUE_TEXT, .bytes = span_of(s)};
}

static struct value integer(int64_t v)
{
    return (struct value){.kind = VALUE_INT, .integer = v};
}

static struct row row_of(unsigned record, uint32_t field, uint64_t version,
                         struct value v)
{
    return (struct row){.bucket = 1,
                        .type = 3,
                        .field = field,
                        .record = id_of(record),
                        .version = version,
                        .at = 1767225600000 + (int64_t)version,
                        .author = 1,
                        .value = v};
}

/* Commit these rows as new fields of the bucket. */
static enum err commit_rows(struct fixture *f, const struct row *rows,
                            size_t count)
{
    struct row born[64];
    struct commit c = {.received_ms = 1767225600500,
                       .state = rows,
                       .state_count = count,
                       .born = born,
                       .buckets = &f->bucket,
                       .bucket_count = 1};
    struct store_bucket was = f->bucket;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].field == 0 && c.born_count < 64)
            born[c.born_count++] = rows[i];
        if (rows[i].version > c.head)
            c.head = rows[i].version;
        hash_row_add(&f->bucket.sum, rows[i].record, rows[i].field,
                     rows[i].version);
        f->bucket.count++;
    }
    f->bucket.version = c.head;
    enum err err = store_claim(f->store, NULL, 0, &f->arena);
    if (!err)
        err = store_commit(f->store, &c);
    if (err)
        f->bucket = was;
    else
        f->head = c.head;
    return err;
}

/* A field gets its next text: the state moves on, the old one is history. */
static void rewrite(struct fixture *f, unsigned record, uint32_t field,
                    struct row was, const char *from, const char *to)
{
    struct row now = row_of(record, field, f->head + 1, text(to)), old = was;
    struct text_delta back = {0};
    struct buf packed = {0};
    struct commit c = {.head = f->head + 1,
                       .received_ms = 1767225600500,
                       .state = &now,
                       .state_count = 1,
                       .history = &old,
                       .history_count = 1,
                       .buckets = &f->bucket,
                       .bucket_count = 1};

    assert_int_equal(text_diff(span_of(to), span_of(from), &back), ERR_OK);
    text_delta_pack(&back, &packed);
    old.flags |= ROW_REVERSE;
    old.value = (struct value){.kind = VALUE_BLOB, .bytes = buf_span(&packed)};
    hash_row_sub(&f->bucket.sum, was.record, was.field, was.version);
    hash_row_add(&f->bucket.sum, now.record, now.field, now.version);
    f->bucket.version = c.head;
    assert_int_equal(store_claim(f->store, NULL, 0, &f->arena), ERR_OK);
    assert_int_equal(store_commit(f->store, &c), ERR_OK);
    f->head = c.head;
    text_delta_free(&back);
    buf_free(&packed);
}

static void three_texts(struct fixture *f)
{
    struct row first[] = {row_of(5, 0, 1, integer(1)),
                          row_of(5, 3, 2, text("one two three"))};

    assert_int_equal(commit_rows(f, first, 2), ERR_OK);
    rewrite(f, 5, 3, first[1], "one two three", "one two three four");
    rewrite(f, 5, 3, row_of(5, 3, 3, text("")), "one two three four",
            "zero two three four");
}

static void sql(struct fixture *f, const char *statement)
{
    char path[128];
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/tidemark.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- Round trips ---- */

static void a_claim_reads_what_was_committed(void **state)
{
    struct fixture *f = *state;
    struct row rows[] = {
        row_of(5, 0, 1, integer(1)), row_of(5, 2, 2, text("2026-03-10")),
        row_of(5, 3, 3, text("")),   row_of(5, 9, 4, integer(7)),
        row_of(6, 0, 5, integer(1)),
    };
    struct claim claims[] = {
        {.bucket = 1, .record = id_of(5), .field = 2},
        {.bucket = 1, .record = id_of(5), .field = 3},
        {.bucket = 1, .record = id_of(5), .field = 4},
        {.bucket = 1, .record = id_of(5), .field = 9},
        {.bucket = 2, .record = id_of(5), .field = 2},
    };
    uint32_t bucket = 7;

    rows[3].value = (struct value){.kind = VALUE_REAL, .real = 0.25};
    rows[1].aux = span_of("beside");
    rows[1].skew = -5;
    rows[1].flags = ROW_CHECK_WORDING;
    assert_int_equal(commit_rows(f, rows, 5), ERR_OK);
    reopen(f);
    assert_int_equal(store_claim(f->store, claims, 5, &f->arena), ERR_OK);
    assert_true(claims[0].found && claims[1].found && claims[3].found);
    assert_false(claims[2].found || claims[4].found);
    assert_true(value_equal(claims[0].row.value, rows[1].value));
    assert_true(span_equal(claims[0].row.aux, span_of("beside")));
    assert_int_equal(claims[0].row.skew, -5);
    assert_int_equal(claims[0].row.flags, ROW_CHECK_WORDING);
    assert_int_equal(claims[1].row.value.kind, VALUE_TEXT);
    assert_int_equal(claims[1].row.value.bytes.len, 0);
    assert_true(value_equal(claims[3].row.value, rows[3].value));
    assert_int_equal(store_record_bucket(f->store, id_of(6), &bucket), ERR_OK);
    assert_int_equal(bucket, 1);
    assert_int_equal(store_record_bucket(f->store, id_of(7), &bucket), ERR_OK);
    assert_int_equal(bucket, 0);
    store_abandon(f->store);
}

static void what_is_abandoned_never_was(void **state)
{
    struct fixture *f = *state;
    struct row row = row_of(5, 0, 1, integer(1));
    struct claim claim = {.bucket = 1, .record = id_of(5)};

    assert_int_equal(store_claim(f->store, &claim, 1, &f->arena), ERR_OK);
    store_abandon(f->store);
    assert_int_equal(commit_rows(f, &row, 1), ERR_OK);
    assert_int_equal(store_claim(f->store, &claim, 1, &f->arena), ERR_OK);
    assert_true(claim.found);
    store_abandon(f->store);
}

static void the_directory_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct row row = row_of(5, 0, 1, integer(1));
    struct store_device device = {.id = id_of(800),
                                  .person = 1,
                                  .token_hash = {1, 2, 3},
                                  .label = span_of("Ada's tablet"),
                                  .platform = span_of(""),
                                  .enrolled_ms = 17};
    struct store_directory was, now;

    assert_int_equal(store_put_device(f->store, &device), ERR_OK);
    struct store_replica replica = {.no = 1,
                                    .device = device.no,
                                    .incarnation = 1767225600000,
                                    .seq = 12,
                                    .version = 1,
                                    .chain = {9, 8, 7}};
    f->bucket.version = 1;
    f->bucket.count = 1;
    struct commit c = {.head = 1,
                       .received_ms = 5,
                       .state = &row,
                       .state_count = 1,
                       .born = &row,
                       .born_count = 1,
                       .buckets = &f->bucket,
                       .bucket_count = 1,
                       .replicas = &replica,
                       .replica_count = 1};
    assert_int_equal(store_claim(f->store, NULL, 0, &f->arena), ERR_OK);
    assert_int_equal(store_commit(f->store, &c), ERR_OK);
    assert_int_equal(store_directory(f->store, &f->arena, &was), ERR_OK);
    reopen(f);
    assert_int_equal(store_directory(f->store, &f->arena, &now), ERR_OK);
    assert_int_equal(now.head.version, 1);
    assert_true(id_equal(now.head.timeline, was.head.timeline));
    assert_false(id_none(now.head.timeline));
    assert_int_equal(now.bucket_count, 1);
    assert_true(span_equal(now.buckets[0].name, f->bucket.name));
    assert_int_equal(now.person_count, 1);
    assert_true(span_equal(now.persons[0].name, span_of("Ada")));
    assert_int_equal(now.device_count, 1);
    assert_true(span_equal(now.devices[0].label, device.label));
    assert_memory_equal(now.devices[0].token_hash, device.token_hash, 32);
    assert_int_equal(now.replica_count, 1);
    assert_int_equal(now.replicas[0].seq, 12);
    assert_memory_equal(now.replicas[0].chain, replica.chain, 8);
}

static void a_code_is_spent_once(void **state)
{
    struct fixture *f = *state;
    uint8_t once[32] = {1}, endless[32] = {2}, unknown[32] = {3};
    uint32_t person;

    assert_int_equal(store_put_code(f->store, once, 1, 1000, 1), ERR_OK);
    assert_int_equal(store_put_code(f->store, endless, 1, 1000, -1), ERR_OK);
    assert_int_equal(store_spend_code(f->store, once, 1000, &person),
                     ERR_BAD_CODE);
    assert_int_equal(store_spend_code(f->store, once, 999, &person), ERR_OK);
    assert_int_equal(person, 1);
    reopen(f);
    assert_int_equal(store_spend_code(f->store, once, 999, &person),
                     ERR_BAD_CODE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_spend_code(f->store, endless, 1, &person),
                         ERR_OK);
    assert_int_equal(store_spend_code(f->store, unknown, 1, &person),
                     ERR_BAD_CODE);
}

static void a_known_person_is_renamed(void **state)
{
    struct fixture *f = *state;
    struct store_person p = {.id = id_of(900), .name = span_of("Ada L.")};
    struct store_person q = {.id = id_of(901), .name = span_of("Grace")};

    assert_int_equal(store_put_person(f->store, &p), ERR_OK);
    assert_int_equal(p.no, 1);
    assert_int_equal(store_put_person(f->store, &q), ERR_OK);
    assert_int_equal(q.no, 2);
}

static void a_refused_row_does_not_stop_the_store(void **state)
{
    struct fixture *f = *state;
    struct store_device d = {.id = id_of(800), .person = 77};
    struct row row = row_of(5, 0, 1, integer(1));

    assert_int_equal(store_put_device(f->store, &d), ERR_STORE);
    assert_int_equal(commit_rows(f, &row, 1), ERR_OK);
}

/* ---- Chains ---- */

static void a_chain_reaches_down_to_what_was_seen(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint64_t since;
        size_t older;
        uint64_t last;
    } cases[] = {{0, 2, 2}, {1, 2, 2}, {2, 2, 2}, {3, 1, 3}, {4, 0, 0}};

    three_texts(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct claim c = {.bucket = 1,
                          .record = id_of(5),
                          .field = 3,
                          .chain = true,
                          .since = cases[i].since};
        assert_int_equal(store_claim(f->store, &c, 1, &f->arena), ERR_OK);
        assert_int_equal(c.row.version, 4);
        assert_int_equal(c.older_count, cases[i].older);
        if (c.older_count) {
            assert_int_equal(c.older[0].version, 3);
            assert_int_equal(c.older[c.older_count - 1].version, cases[i].last);
            assert_true(c.older[0].flags & ROW_REVERSE);
        }
        store_abandon(f->store);
    }
}

static void a_chain_leaves_out_what_was_never_shown(void **state)
{
    struct fixture *f = *state;
    struct row lost = row_of(5, 3, 5, text("lost"));
    struct commit c = {.head = 5, .history = &lost, .history_count = 1};
    struct claim claim = {
        .bucket = 1, .record = id_of(5), .field = 3, .chain = true};

    three_texts(f);
    rewrite(f, 5, 3, row_of(5, 3, 4, text("")), "zero two three four", "end");
    lost.version = c.head = f->head + 1;
    lost.outcome = OUTCOME_OVERTAKEN;
    assert_int_equal(store_claim(f->store, NULL, 0, &f->arena), ERR_OK);
    assert_int_equal(store_commit(f->store, &c), ERR_OK);
    assert_int_equal(store_claim(f->store, &claim, 1, &f->arena), ERR_OK);
    assert_int_equal(claim.older_count, 3);
    assert_int_equal(claim.older[2].version, 2);
    store_abandon(f->store);
}

/* ---- Reading ---- */

struct seen {
    size_t count, stop_at;
    uint64_t versions[32];
    char texts[32][64];
};

static bool note(void *context, const struct row *row)
{
    struct seen *s = context;

    s->versions[s->count] = row->version;
    if (row->value.kind == VALUE_TEXT)
        snprintf(s->texts[s->count], sizeof s->texts[0], "%.*s",
                 (int)row->value.bytes.len, (const char *)row->value.bytes.at);
    s->count++;
    return s->count != s->stop_at;
}

static struct reader *reader(struct fixture *f)
{
    struct store_options o = options(f);
    struct reader *r = NULL;

    assert_int_equal(reader_open(&o, &r), ERR_OK);
    return r;
}

static void a_scan_gives_the_rows_after_the_cursor(void **state)
{
    struct fixture *f = *state;
    struct row rows[] = {row_of(5, 0, 1, integer(1)),
                         row_of(5, 2, 2, text("2026-03-10")),
                         row_of(6, 0, 3, integer(1))};
    struct seen all = {0}, some = {0}, one = {.stop_at = 1}, other = {0};

    assert_int_equal(commit_rows(f, rows, 3), ERR_OK);
    struct reader *r = reader(f);
    assert_int_equal(reader_scan(r, 1, 0, UINT64_MAX, note, &all), ERR_OK);
    assert_int_equal(all.count, 3);
    assert_int_equal(reader_scan(r, 1, 1, 2, note, &some), ERR_OK);
    assert_int_equal(some.count, 1);
    assert_int_equal(some.versions[0], 2);
    assert_int_equal(reader_scan(r, 1, 0, 3, note, &one), ERR_OK);
    assert_int_equal(one.count, 1);
    assert_int_equal(reader_scan(r, 2, 0, 3, note, &other), ERR_OK);
    assert_int_equal(other.count, 0);
    reader_close(r);
}

static void history_gives_texts_whole_and_newest_first(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    int64_t received;

    three_texts(f);
    struct reader *r = reader(f);
    assert_int_equal(reader_history(r, 1, id_of(5), note, &s), ERR_OK);
    assert_int_equal(s.count, 4);
    assert_string_equal(s.texts[0], "zero two three four");
    assert_string_equal(s.texts[1], "one two three four");
    assert_string_equal(s.texts[2], "one two three");
    assert_int_equal(s.versions[2], 2);
    assert_int_equal(reader_received(r, 1, &received), ERR_OK);
    assert_int_equal(received, 1767225600500);
    assert_int_equal(reader_received(r, 99, &received), ERR_OK);
    assert_int_equal(received, 0);
    reader_close(r);
}

static void a_type_is_read_record_by_record(void **state)
{
    struct fixture *f = *state;
    struct row rows[] = {
        row_of(6, 0, 1, integer(1)), row_of(5, 0, 2, integer(1)),
        row_of(6, 2, 3, text("b")), row_of(5, 2, 4, text("a"))};
    struct seen s = {0}, none = {0};

    assert_int_equal(commit_rows(f, rows, 4), ERR_OK);
    struct reader *r = reader(f);
    assert_int_equal(reader_type(r, 3, note, &s), ERR_OK);
    assert_int_equal(s.count, 4);
    assert_int_equal(s.versions[0], 2);
    assert_int_equal(s.versions[1], 4);
    assert_int_equal(s.versions[3], 3);
    assert_int_equal(reader_type(r, 1, note, &none), ERR_OK);
    assert_int_equal(none.count, 0);
    reader_close(r);
}

/* ---- Doors ---- */

static void a_folder_is_served_once(void **state)
{
    struct fixture *f = *state;
    struct store_options o = options(f);
    struct store *second = NULL;

    assert_int_equal(store_open(&o, &second), ERR_LOCKED);
    assert_null(second);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(store_open(&o, &f->store), ERR_OK);
}

static void a_store_is_made_only_when_asked(void **state)
{
    struct fixture *f = *state;
    char folder[80];
    struct store_options o = options(f);
    struct store *none = NULL;

    snprintf(folder, sizeof folder, "%s/none", f->folder);
    o.folder = folder;
    o.create = false;
    assert_int_equal(store_open(&o, &none), ERR_USAGE);
    o.create = true;
    assert_int_equal(store_open(&o, &none), ERR_OK);
    store_close(none);
}

static void the_schema_may_only_grow(void **state)
{
    struct fixture *f = *state;
    struct schema *small = f->schema, *other = load("schema/records.json");
    struct store_options o = options(f);

    store_close(f->store);
    f->store = NULL;
    o.schema = other;
    assert_int_equal(store_open(&o, &f->store), ERR_SCHEMA);
    assert_non_null(strstr(store_fault(NULL), "type 3 was 'note'"));
    o.schema = small;
    assert_int_equal(store_open(&o, &f->store), ERR_OK);
    schema_free(other);
}

static void a_newer_programs_store_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_options o = options(f);

    store_close(f->store);
    f->store = NULL;
    sql(f, "PRAGMA user_version = 99");
    assert_int_equal(store_open(&o, &f->store), ERR_CORRUPT);
}

/* ---- Views, with the tool that an analyst has ---- */

static void an_analyst_reads_views(void **state)
{
    struct fixture *f = *state;
    struct row school[] = {row_of(1, 0, 1, integer(1)),
                           row_of(1, 1, 2, text("Long Mead"))};
    struct row rows[] = {
        row_of(5, 0, 3, integer(1)),
        row_of(5, 1, 4, (struct value){.kind = VALUE_BLOB}),
        row_of(5, 2, 5, text("2026-03-10")),
        row_of(5, 6, 6, text("[\"a\",\"b\"]")),
        row_of(5, 7, 7, integer(1)),
        row_of(5, 8, 8, integer(1767225600000)),
        row_of(5, 12, 9, integer(3)),
        row_of(6, 0, 10, integer(0)),
    };
    struct id school_id = id_of(1);
    char command[512], line[300] = "";

    school[0].type = school[1].type = 1;
    rows[1].value.bytes = (struct span){school_id.bytes, ID_BYTES};
    assert_int_equal(commit_rows(f, school, 2), ERR_OK);
    assert_int_equal(commit_rows(f, rows, 8), ERR_OK);
    snprintf(command, sizeof command,
             "sqlite3 -readonly %s/tidemark.db 'SELECT school, school_id, "
             "date, tags, done, begun, \"order\", id, created_by, created_at, "
             "version, body FROM note'",
             f->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_string_equal(
        line, "Long Mead|01930000-0000-7000-8000-000000000001|2026-03-10|"
              "[\"a\",\"b\"]|1|2026-01-01T00:00:00Z|3|"
              "01930000-0000-7000-8000-000000000005|Ada|"
              "2026-01-01T00:00:00Z|9|\n");
    assert_null(fgets(line, sizeof line, pipe));
    assert_int_equal(pclose(pipe), 0);
}

/* ---- No room ---- */

static void a_full_disk_passes(void **state)
{
    struct fixture *f = *state;
    static char body[60000];
    struct rlimit was, tight;
    struct row row = row_of(5, 0, 1, integer(1));
    struct seen s = {0};
    enum err err = ERR_OK;

    memset(body, 'x', sizeof body - 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    tight = was;
    tight.rlim_cur = 400000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(commit_rows(f, &row, 1), ERR_OK);
    unsigned n = 1;
    for (; n < 20 && !err; n += !err) {
        struct row big = row_of(5 + n, 3, n + 1, text(body));
        err = commit_rows(f, &big, 1);
    }
    if (err != ERR_FULL)
        fail_msg("%s: %s", err_name(err), store_fault(f->store));
    struct reader *r = reader(f);
    assert_int_equal(reader_scan(r, 1, 0, UINT64_MAX, note, &s), ERR_OK);
    assert_int_equal(s.count, n);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    struct row big = row_of(5 + n, 3, n + 1, text(body));
    assert_int_equal(commit_rows(f, &big, 1), ERR_OK);
    reader_close(r);
}

/* Stands before the C library's, also for SQLite. */
static bool sync_fails;

int fdatasync(int file)
{
    if (!sync_fails)
        return fsync(file);
    errno = EIO;
    return -1;
}

static void after_a_failed_fsync_nothing_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct row rows[] = {row_of(5, 0, 1, integer(1)),
                         row_of(6, 0, 2, integer(1))};
    struct store_report report;

    assert_int_equal(commit_rows(f, &rows[0], 1), ERR_OK);
    sync_fails = true;
    assert_int_equal(commit_rows(f, &rows[1], 1), ERR_STORE);
    sync_fails = false;
    assert_int_equal(commit_rows(f, &rows[1], 1), ERR_STORE);
    assert_non_null(strstr(store_fault(f->store), "1034"));
    reopen(f);
    struct reader *r = reader(f);
    assert_int_equal(reader_check(r, &report), ERR_OK);
    assert_in_range(report.rows, 1, 2); /* not acknowledged, not known */
    reader_close(r);
}

/* ---- Spoiled files ---- */

static enum err checked(struct fixture *f, struct store_report *report)
{
    struct reader *r = reader(f);
    enum err err = reader_check(r, report);

    reader_close(r);
    return err;
}

static void a_sound_store_passes_the_check(void **state)
{
    struct fixture *f = *state;
    struct store_report report;
    struct held held = {.version = 5,
                        .version_last = 7,
                        .bucket = 1,
                        .record = id_of(5),
                        .author = 1,
                        .index = -1,
                        .reason = ERR_DENIED,
                        .change = span_of("bytes")};
    struct commit c = {.head = 7, .held = &held, .held_count = 1};

    assert_int_equal(checked(f, &report), ERR_OK);
    three_texts(f);
    assert_int_equal(store_claim(f->store, NULL, 0, &f->arena), ERR_OK);
    assert_int_equal(store_commit(f->store, &c), ERR_OK);
    if (checked(f, &report))
        fail_msg("%s", report.fault);
    assert_int_equal(report.rows, 2);
    assert_int_equal(report.history_rows, 2);
    assert_int_equal(report.held_rows, 1);
}

static void the_check_finds_what_was_spoiled(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *spoil, *mend, *says;
    } cases[] = {
        {"INSERT INTO store_batch VALUES (5, 0)",
         "DELETE FROM store_batch WHERE version = 5", "version 5 is missing"},
        {"UPDATE store_bucket SET sum_low = sum_low + 1",
         "UPDATE store_bucket SET sum_low = sum_low - 1", "the sum is wrong"},
        {"UPDATE store_bucket SET count = count + 1",
         "UPDATE store_bucket SET count = count - 1", "2 rows, should be 3"},
        {"UPDATE store_history SET value = x'91cd0fff' WHERE version = 2", NULL,
         "version 2: the text cannot be rebuilt"},
        {"UPDATE store_state SET value = CAST(x'ff' AS TEXT) WHERE field = 3",
         "UPDATE store_state SET value = 'zero two three four' "
         "WHERE field = 3",
         "the text is damaged"},
        {"UPDATE store_state SET value = 7 WHERE field = 3", NULL,
         "not of its field's kind"},
    };

    three_texts(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_report report;
        store_close(f->store);
        f->store = NULL;
        if (i == 4)
            sql(f, "DELETE FROM store_history");
        sql(f, cases[i].spoil);
        reopen(f);
        assert_int_equal(checked(f, &report), ERR_CORRUPT);
        if (!strstr(report.fault, cases[i].says))
            fail_msg("'%s' should say '%s'", report.fault, cases[i].says);
        if (cases[i].mend)
            sql(f, cases[i].mend);
    }
}

/* ---- Dump ---- */

static bool gather(void *context, struct span line)
{
    buf_put(context, line.at, line.len);
    buf_byte(context, '\n');
    return true;
}

static void a_dump_is_canonical(void **state)
{
    struct fixture *f = *state;
    struct buf first = {0}, again = {0};

    three_texts(f);
    struct reader *r = reader(f);
    assert_int_equal(reader_dump(r, f->schema, gather, &first), ERR_OK);
    assert_int_equal(reader_dump(r, f->schema, gather, &again), ERR_OK);
    assert_true(span_equal(buf_span(&first), buf_span(&again)));
    buf_byte(&first, 0);
    assert_non_null(strstr((char *)first.at,
                           "{\"in\":\"history\",\"bucket\":\"school/01930000-"
                           "0000-7000-8000-000000000001\",\"record\":"
                           "\"01930000-0000-7000-8000-000000000005\",\"type\":"
                           "\"note\",\"field\":\"body\",\"version\":2,"));
    assert_non_null(strstr((char *)first.at, "\"value\":\"one two three\"}\n"));
    reader_close(r);
    buf_free(&first);
    buf_free(&again);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_claim_reads_what_was_committed),
        STORY(what_is_abandoned_never_was),
        STORY(the_directory_survives_a_restart),
        STORY(a_code_is_spent_once),
        STORY(a_known_person_is_renamed),
        STORY(a_refused_row_does_not_stop_the_store),
        STORY(a_chain_reaches_down_to_what_was_seen),
        STORY(a_chain_leaves_out_what_was_never_shown),
        STORY(a_scan_gives_the_rows_after_the_cursor),
        STORY(history_gives_texts_whole_and_newest_first),
        STORY(a_type_is_read_record_by_record),
        STORY(a_folder_is_served_once),
        STORY(a_store_is_made_only_when_asked),
        STORY(the_schema_may_only_grow),
        STORY(a_newer_programs_store_is_refused),
        STORY(an_analyst_reads_views),
        STORY(a_full_disk_passes),
        STORY(after_a_failed_fsync_nothing_is_acknowledged),
        STORY(a_sound_store_passes_the_check),
        STORY(the_check_finds_what_was_spoiled),
        STORY(a_dump_is_canonical),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
