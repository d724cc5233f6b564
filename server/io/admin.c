#include "admin.h"

#include "clock.h"
#include "code.h"
#include "job.h"
#include "seed.h"
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct admin {
    const struct admin_options *options;
    struct schema *schema;
    struct store *store;
    struct reader *reader;
    struct ledger ledger;
    struct arena arena;
    struct store_directory directory;
    struct seed seed;
};

static int complain(enum err err, const char *what)
{
    fprintf(stderr, "tidemark: %s: %s\n", what, err_text(err));
    return serve_exit_code(err);
}

static enum err load_schema(struct admin *a)
{
    struct schema_fault fault;
    enum err err = schema_load(a->options->schema, &a->schema, &fault);

    if (err == ERR_SCHEMA)
        fprintf(stderr, "%s:%u: %s\n", a->options->schema, fault.line,
                fault.text);
    return err;
}

static enum err open_store(struct admin *a, bool create)
{
    struct store_options o = {
        .folder = a->options->data, .schema = a->schema, .create = create};
    struct access *access = NULL;
    enum err err = store_open(&o, &a->store);

    if (!err)
        err = reader_open(&o, &a->reader);
    if (!err)
        err = store_directory(a->store, &a->arena, &a->directory);
    if (!err)
        err = job_access(a->schema, a->reader, a->directory.persons,
                         a->directory.person_count, &access);
    if (!err)
        err = ledger_init(&a->ledger, a->schema, &a->directory, access);
    a->seed = (struct seed){.schema = a->schema,
                            .store = a->store,
                            .reader = a->reader,
                            .ledger = &a->ledger,
                            .now_ms = (int64_t)clock_now_ms()};
    return err;
}

static void close_admin(struct admin *a)
{
    ledger_fini(&a->ledger);
    arena_free(&a->arena);
    reader_close(a->reader);
    store_close(a->store);
    schema_free(a->schema);
}

/* Open, do, close; the one thing says itself what was wrong. */
static int with_store(const struct admin_options *o, bool create,
                      int (*thing)(struct admin *))
{
    struct admin a = {.options = o};
    enum err err = load_schema(&a);

    if (!err)
        err = open_store(&a, create);
    if (err && err != ERR_SCHEMA && *store_fault(NULL))
        fprintf(stderr, "tidemark: %s\n", store_fault(NULL));
    int code = err ? complain(err, o->data) : thing(&a);
    close_admin(&a);
    return code;
}

/* ---- init ---- */

static enum err put_code(struct admin *a, uint32_t person, const char *text,
                         int days, int uses)
{
    uint8_t hash[DIGEST_BYTES];

    code_hash(span_of(text), hash);
    return store_put_code(a->store, hash, person,
                          a->seed.now_ms + (int64_t)days * DAY_MS, uses);
}

/* DEMO and the first name: easy to type, and only ever in a demo's store. */
static int demo_codes(struct admin *a)
{
    enum err err = ERR_OK;

    arena_reset(&a->arena);
    err = store_directory(a->store, &a->arena, &a->directory);
    for (size_t i = 0; i < a->directory.person_count && !err; i++) {
        const struct store_person *p = &a->directory.persons[i];
        char code[64] = "DEMO-";
        size_t at = strlen(code);
        for (size_t k = 0; k < p->name.len && at < sizeof code - 1; k++) {
            char c = (char)p->name.at[k];
            if (c == ' ')
                break;
            code[at++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        }
        code[at] = 0;
        err = put_code(a, p->no, code, 3650, -1);
        if (!err)
            printf("  %-20.*s %s\n", (int)p->name.len, (const char *)p->name.at,
                   code);
    }
    return err ? complain(err, "codes") : EXIT_STOPPED;
}

static int do_init(struct admin *a)
{
    struct seed_fault fault;

    if (a->ledger.head > 0)
        return complain(ERR_EXISTS_ALREADY, a->options->data);
    if (!a->options->sample) {
        printf("made a store in %s\n", a->options->data);
        return EXIT_STOPPED;
    }
    enum err err = seed_sample(&a->seed, a->options->sample, &fault);
    if (err) {
        fprintf(stderr, "%s:%u: %s\n", a->options->sample, fault.line,
                fault.text);
        return serve_exit_code(err);
    }
    printf("made a demo trust in %s; codes to sign in with:\n",
           a->options->data);
    return demo_codes(a);
}

int admin_init(const struct admin_options *o)
{
    if (mkdir(o->data, 0700) && errno != EEXIST)
        return complain(ERR_USAGE, o->data);
    return with_store(o, true, do_init);
}

/* ---- People and codes ---- */

static int do_person(struct admin *a)
{
    const struct admin_options *o = a->options;
    struct store_person p;
    enum err err = seed_person(&a->seed, o->name, o->role, o->scope, &p);

    if (err)
        return complain(err, o->role);
    printf("%s is a person of this trust now\n", o->name);
    return EXIT_STOPPED;
}

int admin_person(const struct admin_options *o)
{
    return with_store(o, false, do_person);
}

static int do_code(struct admin *a)
{
    const struct admin_options *o = a->options;
    uint8_t random[CODE_RANDOM_BYTES];
    char made[CODE_TEXT_BYTES + 1];
    const struct store_person *who = NULL;

    for (size_t i = 0; i < a->directory.person_count; i++)
        if (span_equal(a->directory.persons[i].name, span_of(o->name)))
            who = &a->directory.persons[i];
    if (!who)
        return complain(ERR_USAGE, "there is no person of that name");
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return complain(ERR_USAGE, "no random bytes");
    code_make(random, made);
    const char *code = o->code ? o->code : made;
    enum err err = put_code(a, who->no, code, o->days, o->uses);
    if (err)
        return complain(err, "code");
    printf("%s\n", code);
    return EXIT_STOPPED;
}

int admin_code(const struct admin_options *o)
{
    return with_store(o, false, do_code);
}

static int do_people(struct admin *a)
{
    for (size_t i = 0; i < a->directory.person_count; i++) {
        const struct store_person *p = &a->directory.persons[i];
        char id[ID_TEXT_BYTES + 1];
        id_text(p->id, id);
        printf("%s  %.*s\n", id, (int)p->name.len, (const char *)p->name.at);
    }
    return EXIT_STOPPED;
}

int admin_people(const struct admin_options *o)
{
    return with_store(o, false, do_people);
}

/* ---- Looking at the store ---- */

static int do_check(struct admin *a)
{
    struct store_report r;
    enum err err = reader_check(a->reader, &r);

    if (err) {
        fprintf(stderr, "tidemark: %s\n",
                r.fault[0] ? r.fault : reader_fault(a->reader));
        return serve_exit_code(err);
    }
    printf("ok: %llu fields, %llu versions in history, %llu held\n",
           (unsigned long long)r.rows, (unsigned long long)r.history_rows,
           (unsigned long long)r.held_rows);
    return EXIT_STOPPED;
}

int admin_check(const struct admin_options *o)
{
    return with_store(o, false, do_check);
}

static bool print_line(void *context, struct span line)
{
    (void)context;
    return fwrite(line.at, 1, line.len, stdout) == line.len &&
           putchar('\n') != EOF;
}

static int do_dump(struct admin *a)
{
    enum err err = reader_dump(a->reader, a->schema, print_line, NULL);

    if (err)
        return complain(err, reader_fault(a->reader));
    return fflush(stdout) ? complain(ERR_USAGE, "output") : EXIT_STOPPED;
}

int admin_dump(const struct admin_options *o)
{
    return with_store(o, false, do_dump);
}
