/* The real server, and its deaths. Jobs wait in two queues, as for the two
 * workers; each is done whole in a step of its own. */
#include "sim.h"

#include "code.h"
#include "digest.h"
#include "disk.h"
#include "seed.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct sim sim;

static struct hub_time now(void)
{
    return (struct hub_time){sim.now_ms, sim.wall_ms};
}

/* ---- Ports ---- */

static void submit(void *context, struct job *job)
{
    (void)context;
    bool writes = job->kind == JOB_BATCH || job->kind == JOB_ENROL;
    struct job **first = writes ? &sim.writes : &sim.reads;
    struct job ***end = writes ? &sim.writes_end : &sim.reads_end;

    if (!*first)
        *end = first;
    job->next = NULL;
    **end = job;
    *end = &job->next;
}

static void randoms(void *context, uint8_t *to, size_t bytes)
{
    (void)context;
    dice_bytes(&sim.dice, to, bytes);
}

static void noted(void *context, const char *what, enum err err,
                  uint32_t device)
{
    (void)context;
    (void)what;
    (void)err;
    (void)device;
}

/* ---- Opening ---- */

static const struct store_options *options(void)
{
    static struct store_options o;

    o = (struct store_options){
        .folder = sim.folder, .schema = sim.schema, .create = true};
    return &o;
}

static void open_store(struct store_directory *d, struct arena *arena,
                       struct access **access)
{
    enum err err = store_open(options(), &sim.store);

    if (err)
        sim_fail("the store does not open: %s: %s", err_name(err),
                 store_fault(NULL));
    err = reader_open(options(), &sim.reader);
    if (!err)
        err = store_directory(sim.store, arena, d);
    if (!err)
        err = job_access(sim.schema, sim.reader, d->persons, d->person_count,
                         access);
    if (!err)
        err = ledger_init(&sim.ledger, sim.schema, d, access_hold(*access));
    if (err)
        sim_fail("the store cannot be read: %s", err_name(err));
}

void server_open(void)
{
    struct store_directory d;
    struct arena arena = {0};
    struct access *access = NULL;

    open_store(&d, &arena, &access);
    struct hub_options h = {
        .schema = sim.schema,
        .directory = &d,
        .access = access,
        .ports = {NULL, link_server_send, link_server_queued,
                  link_server_finish, submit, randoms, noted},
    };
    if (hub_open(&h, &sim.hub))
        sim_fail("the hub does not open");
    arena_free(&arena);
    sim.is_up = true;
    check_start();
}

static void free_jobs(struct job **list)
{
    while (*list) {
        struct job *job = *list;
        *list = job->next;
        job_free(job);
    }
}

/* The process is gone; and when the power goes, what was not synced, too. */
void server_kill(bool power)
{
    uint64_t before = disk_operations();

    if (!sim.is_up)
        return;
    sim.is_up = false;
    free_jobs(&sim.writes);
    free_jobs(&sim.reads);
    for (size_t i = 0; i < SIM_LINKS; i++) {
        struct link *k = &sim.links[i];
        if (!k->used)
            continue;
        if (k->session)
            hub_leave(k->session);
        k->session = NULL;
        k->finished = true;
        k->up.ends = k->down.ends = true;
    }
    hub_close(sim.hub);
    sim.hub = NULL;
    ledger_fini(&sim.ledger);
    disk_die(); /* closing must not write */
    reader_close(sim.reader);
    store_close(sim.store);
    sim.reader = NULL;
    sim.store = NULL;
    (void)before;
    if (power) {
        sim_reach(STATE_POWER);
        disk_cut();
    }
    disk_revive();
    disk_full(false);
    sim.full_until_ms = 0;
    sim.up_at_ms = sim.now_ms + (sim.rest ? 1 : dice_below(&sim.dice, 3000));
}

/* ---- Working ---- */

static struct job *next_job(struct job **list)
{
    struct job *job = *list;

    if (job)
        *list = job->next;
    return job;
}

bool server_has_work(void)
{
    return sim.writes || sim.reads;
}

/* Faults of a server that the checkers must see, done from outside. */
static void plant_before(struct job *job)
{
    struct batch_push *p = job->kind == JOB_BATCH ? job->batch->pushes : NULL;

    if (!p || !dice_one_in(&sim.dice, 8))
        return;
    struct span last = p->changes[p->count - 1];
    if (sim_planted(PLANT_lose_change) && p->count > 1)
        p->changes[p->count - 1] = p->changes[0];
    if (sim_planted(PLANT_swap_changes) && p->count > 1) {
        p->changes[p->count - 1] = p->changes[0];
        p->changes[0] = last;
    }
    if (sim_planted(PLANT_wrong_value) && last.len > 8)
        p->bytes.at[p->bytes.len - 2] ^= 1;
    if (sim_planted(PLANT_forget_push) && p->next)
        p->next->count = 0;
    if (sim_planted(PLANT_apply_twice)) {
        p->changes = realloc(p->changes, (p->count + 1) * sizeof last);
        if (!p->changes)
            abort();
        p->changes[p->count++] = last;
    }
}

static void plant_after(void)
{
    char path[128];
    sqlite3 *db = NULL;

    if (!sim_planted(PLANT_forget_history) || !dice_one_in(&sim.dice, 20))
        return;
    snprintf(path, sizeof path, "%s/tidemark.db", sim.folder);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        (void)sqlite3_exec(db,
                           "DELETE FROM store_history WHERE version = "
                           "(SELECT max(version) FROM store_history)",
                           NULL, NULL, NULL);
    sqlite3_close_v2(db);
}

void server_write_one(void)
{
    struct job *job = next_job(&sim.writes);

    if (!job)
        return;
    plant_before(job);
    disk_lies(sim_planted(PLANT_no_fsync) ||
              (sim_planted(PLANT_lost_fsync) && dice_one_in(&sim.dice, 4)));
    job_write(job, &sim.ledger, sim.store, sim.reader, sim.wall_ms);
    plant_after();
    if (disk_is_dead() && sim_planted(PLANT_ack_early) &&
        job->kind == JOB_BATCH && job->batch->head) {
        job->err = ERR_OK;
        hub_done(sim.hub, job, now());
        server_kill(true);
        return;
    }
    if (disk_is_dead()) {
        sim_reach(STATE_KILLED_IN_COMMIT);
        bool power = dice_one_in(&sim.dice, 2);
        if (power)
            sim_reach(STATE_LOG_TORN);
        job_free(job);
        server_kill(power);
        return;
    }
    if (job->access)
        check_roles(); /* before anybody is told */
    hub_done(sim.hub, job, now());
    if (hub_fault(sim.hub)) {
        if (!disk_has_failed())
            sim_fail("the server stops though the disk is well: %s: %s",
                     err_name(hub_fault(sim.hub)), store_fault(sim.store));
        sim_reach(STATE_IO_ERROR);
        server_kill(dice_one_in(&sim.dice, 3));
    }
}

void server_read_one(void)
{
    struct job *job = next_job(&sim.reads);

    if (!job)
        return;
    job_read(job, sim.schema, sim.reader);
    hub_done(sim.hub, job, now());
    if (hub_fault(sim.hub))
        sim_fail("the server cannot read: %s", err_name(hub_fault(sim.hub)));
}

void server_tick(void)
{
    if (sim.is_up)
        hub_tick(sim.hub, now());
}

/* ---- The trust that every run starts from ---- */

static const struct {
    const char *name, *role, *scope;
} PEOPLE[SIM_PEOPLE] = {
    {"Tamsin", "hub_lead", "hub/arvor"},
    {"Jory", "hub_lead", "hub/arvor"},
    {"Kerra", "sendco", "school/porthenwyn"},
    {"Morwenna", "central_admin", "trust"},
};
static const struct {
    const char *name, *hub;
} SCHOOLS[SIM_SCHOOLS] = {{"porthenwyn", "arvor"}, {"trevorder", "carrick"}};
static const unsigned OWNERS[SIM_TWINS] = {0, 0, 1, 2, 3, 1};

static void must(enum err err)
{
    if (err)
        sim_fail("the trust cannot be made: %s", err_name(err));
}

static void add_school(struct seed *seed, unsigned i)
{
    const struct type *t = schema_type_named(sim.schema, "school");
    struct store_replica r;
    struct buf b = {0};
    uint32_t person;

    must(seed_replica(seed, id_named(span_of("Admin")), "Admin", &r, &person));
    change_begin(&b, sim.wall_ms, 1);
    change_touch_begin_named(&b, span_of("common"), sim.schools[i], 2);
    change_create(&b, t->id);
    change_edit_begin(&b, CHANGE_SET, type_field_named(t, "hub")->id, 0);
    pack_id(&b, id_named(span_of(SCHOOLS[i].hub)));
    must(seed_change(seed, &r, person, buf_span(&b)));
    buf_free(&b);
}

/* "hub/arvor" with the id that arvor stands for. */
static void scope_of(const char *text, char out[80])
{
    const char *slash = strchr(text, '/');
    char id[ID_TEXT_BYTES + 1];

    if (!slash) {
        snprintf(out, 80, "%s", text);
        return;
    }
    id_text(id_named(span_of(slash + 1)), id);
    snprintf(out, 80, "%.*s/%s", (int)(slash - text), text, id);
}

static void add_person(struct seed *seed, unsigned i, uint32_t *no)
{
    struct store_person p;
    char scope[80], id[ID_TEXT_BYTES + 1];

    scope_of(PEOPLE[i].scope, scope);
    must(seed_person(seed, PEOPLE[i].name, PEOPLE[i].role, scope, &p));
    *no = p.no;
    sim.person_ids[i] = p.id;
    id_text(p.id, id);
    struct span parts[] = {span_of(id), span_of(PEOPLE[i].role),
                           span_of(scope)};
    sim.assignments[i] = id_natural("role_assignment", parts, 3);
}

static void add_devices(const uint32_t *persons)
{
    for (unsigned i = 0; i < SIM_TWINS; i++) {
        char name[16];
        uint8_t token[MESSAGE_TOKEN_BYTES];
        snprintf(name, sizeof name, "tablet %u", i);
        memset(token, (int)i + 1, sizeof token);
        struct store_device d = {.id = id_named(span_of(name)),
                                 .person = persons[OWNERS[i]],
                                 .label = span_of(name),
                                 .platform = span_of("twin"),
                                 .enrolled_ms = sim.wall_ms};
        digest_sha256((struct span){token, sizeof token}, d.token_hash);
        must(store_put_device(sim.store, &d));
    }
}

/* A store's identity is random; a run's is not. */
static void same_timeline(void)
{
    char path[128];
    sqlite3 *db = NULL;

    snprintf(path, sizeof path, "%s/tidemark.db", sim.folder);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db,
                     "UPDATE store_meta SET value = "
                     "x'00112233445566778899aabbccddeeff' "
                     "WHERE name = 'timeline'",
                     NULL, NULL, NULL) != SQLITE_OK)
        sim_fail("the timeline cannot be set: %s", sqlite3_errmsg(db));
    sqlite3_close_v2(db);
}

void server_template(void)
{
    struct store_directory d;
    struct arena arena = {0};
    struct access *access = NULL;
    uint32_t persons[SIM_PEOPLE];

    sim.wall_ms = 1767225600000;
    for (unsigned i = 0; i < SIM_SCHOOLS; i++)
        sim.schools[i] = id_named(span_of(SCHOOLS[i].name));
    open_store(&d, &arena, &access);
    struct seed seed = {sim.schema, sim.store, sim.reader, &sim.ledger,
                        sim.wall_ms};
    for (unsigned i = 0; i < SIM_SCHOOLS; i++)
        add_school(&seed, i);
    for (unsigned i = 0; i < SIM_PEOPLE; i++)
        add_person(&seed, i, &persons[i]);
    add_devices(persons);
    access_drop(access);
    ledger_fini(&sim.ledger);
    reader_close(sim.reader);
    store_close(sim.store);
    arena_free(&arena);
    same_timeline();
    disk_keep();
}

void server_twins(void)
{
    for (unsigned i = 0; i < SIM_TWINS; i++) {
        struct twin *t = &sim.twins[i];
        char name[16];
        snprintf(name, sizeof name, "tablet %u", i);
        twin_init(t, i, OWNERS[i]);
        t->device = id_named(span_of(name));
        memset(t->token, (int)i + 1, sizeof t->token);
    }
    sim.twin_count = SIM_TWINS;
}
