/* tidemark-sim -- seeds in, verdicts out.
 *
 *   tidemark-sim [--first SEED] [--seeds N] [--steps N]   run them
 *   tidemark-sim --twice ...     each twice: the same trace, or it fails
 *   tidemark-sim --plant NAME ...   with a fault built in
 *   tidemark-sim --plants        each fault is caught within --seeds
 */
#include "sim.h"

#include "disk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const STATES[] = {
#define X(name, text) text,
    SIM_STATES(X)
#undef X
};
static const char *const PLANTS[] = {
#define X(name) #name,
    SIM_PLANTS(X)
#undef X
};

static struct {
    uint64_t first, seeds, steps;
    bool twice, plants, quiet;
    uint64_t reached[STATE_COUNT];
} run = {.first = 1, .seeds = 100, .steps = 1000};

_Noreturn void sim_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(sim.fault, sizeof sim.fault, format, args);
    va_end(args);
    longjmp(sim.failed, 1);
}

void sim_reach(enum sim_state s)
{
    sim.reached[s]++;
}

void sim_trace(struct span bytes)
{
    struct hash64 h = hash64(bytes);
    uint64_t both = (uint64_t)h.high << 32 | h.low;

    sim.trace = (sim.trace ^ both) * 0x100000001b3u + sim.step;
}

/* ---- One run ---- */

/* Each fault is now frequent, now rare, now not there: what hides behind one
 * of them shows without it. */
static uint32_t weight(uint32_t often)
{
    static const uint32_t FACTORS[] = {0, 0, 1, 1, 3, 10};

    return often * FACTORS[dice_below(&sim.dice, 6)];
}

static void choose_weights(void)
{
    struct weights *w = &sim.weights;
    static const uint32_t DELAYS[] = {0, 20, 300, 3000};

    *w = (struct weights){
        .save = 2 + dice_below(&sim.dice, 12),
        .connect = 3 + dice_below(&sim.dice, 20),
        .cut = weight(20),
        .half = weight(50),
        .kill = weight(100),
        .power = weight(100),
        .torn = weight(8),
        .fail = weight(20),
        .full = weight(100),
        .skew = weight(60),
        .withdraw = weight(25),
        .rollback = weight(150),
        .replay = weight(50),
        .pull = weight(30),
        .slow = weight(40),
        .jump = weight(100),
        .junk = weight(15),
        .sign = weight(20),
        .remove = weight(10),
        .reopen = weight(100),
        .delay_ms = DELAYS[dice_below(&sim.dice, 4)],
        .step_ms = 5 + dice_below(&sim.dice, 200),
    };
}

static void pass_time(uint64_t ms)
{
    sim.now_ms += ms;
    sim.wall_ms += (int64_t)ms;
}

static struct twin *some_twin(void)
{
    return &sim.twins[dice_below(&sim.dice, SIM_TWINS)];
}

static struct link *some_link(void)
{
    for (unsigned i = 0; i < 2 * SIM_LINKS; i++) {
        struct link *k = &sim.links[dice_below(&sim.dice, SIM_LINKS)];
        if (k->used && !k->ghost)
            return k;
    }
    return NULL;
}

static bool now_and_then(uint32_t weight_of)
{
    return !sim.rest && dice_one_in(&sim.dice, weight_of);
}

static void turn_a_clock(void)
{
    static const int64_t YEAR = 365 * 86400000ll;
    struct twin *t = some_twin();

    t->skew = (int64_t)dice_below(&sim.dice, 20) * YEAR / 2 - 5 * YEAR;
    if (dice_one_in(&sim.dice, 3))
        t->skew = (int64_t)dice_below(&sim.dice, 120000) - 60000;
    else
        sim_reach(STATE_YEARS);
    if (dice_one_in(&sim.dice, 4))
        sim.wall_ms -= dice_below(&sim.dice, 3600000);
}

static void break_something(void)
{
    const struct weights *w = &sim.weights;
    struct link *k = some_link();

    if (k && now_and_then(w->cut))
        link_break(k, false);
    if (k && now_and_then(w->half))
        link_break(k, true);
    if (k && now_and_then(w->replay))
        link_replay(k);
    if (sim.is_up && now_and_then(w->kill)) {
        sim_reach(STATE_KILLED);
        server_kill(false);
    }
    if (sim.is_up && now_and_then(w->power)) {
        sim_reach(STATE_KILLED);
        server_kill(true);
    }
    if (now_and_then(w->full)) {
        sim.full_until_ms = sim.now_ms + dice_below(&sim.dice, 5000);
        disk_full(true);
    }
    if (now_and_then(w->skew))
        turn_a_clock();
    if (now_and_then(w->jump))
        pass_time(65000);
}

static void shake_a_tablet(void)
{
    const struct weights *w = &sim.weights;
    struct twin *t = some_twin();

    if (now_and_then(w->pull))
        twin_ask(t);
    if (now_and_then(w->reopen))
        twin_damage(t);
    if (!now_and_then(w->rollback))
        return;
    if (!t->before) {
        twin_keep(t);
        return;
    }
    sim_reach(STATE_ROLLED_BACK);
    if (t->link) {
        t->link->open = false;
        link_break(t->link, false);
    }
    twin_roll_back(t);
}

static void people_act(void)
{
    const struct weights *w = &sim.weights;

    if (sim.rest)
        return;
    if (now_and_then(w->save))
        people_write(some_twin());
    if (now_and_then(w->withdraw))
        people_roles(dice_one_in(&sim.dice, 2));
}

static void tablets_live(void)
{
    for (unsigned i = 0; i < SIM_TWINS; i++) {
        struct twin *t = &sim.twins[i];
        if (t->link && sim.now_ms - t->heard_ms > 35000) {
            struct link *k = t->link;
            twin_closed(t);
            k->open = false;
            k->up.ends = true;
        }
        if (t->link && sim.now_ms - t->said_ms > 25000)
            twin_beat(t);
        if (t->link || t->retry_at_ms > sim.now_ms)
            continue;
        if (sim.rest || dice_one_in(&sim.dice, sim.weights.connect)) {
            bool post = !sim.rest && dice_one_in(&sim.dice, 4);
            if (post)
                sim_reach(STATE_POST);
            twin_connect(t, post);
        }
    }
}

static void arm_disk(void)
{
    const struct weights *w = &sim.weights;

    disk_crash_after(0);
    disk_fail_after(0);
    if (!sim.writes)
        return;
    if (now_and_then(w->torn))
        disk_crash_after(1 + dice_below(&sim.dice, 12));
    else if (now_and_then(w->fail))
        disk_fail_after(1 + dice_below(&sim.dice, 12));
}

static void server_lives(void)
{
    if (!sim.is_up) {
        if (sim.now_ms >= sim.up_at_ms)
            server_open();
        return;
    }
    if (sim.full_until_ms && sim.now_ms >= sim.full_until_ms) {
        sim.full_until_ms = 0;
        disk_full(false);
    }
    if (dice_one_in(&sim.dice, 2))
        server_tick();
    if (dice_one_in(&sim.dice, 2)) {
        arm_disk();
        server_write_one();
    }
    if (sim.is_up && dice_one_in(&sim.dice, 2))
        server_read_one();
}

static void one_step(void)
{
    sim.step++;
    pass_time(sim.rest ? 20 : 1 + dice_below(&sim.dice, sim.weights.step_ms));
    if (dice_one_in(&sim.dice, 3)) {
        people_act();
        break_something();
        shake_a_tablet();
    }
    tablets_live();
    for (unsigned i = 0; i < 3; i++)
        link_step();
    server_lives();
    link_sweep();
}

static bool is_at_rest(void)
{
    if (!sim.is_up || server_has_work() || !hub_is_quiet(sim.hub) ||
        !links_are_quiet())
        return false;
    for (unsigned i = 0; i < SIM_TWINS; i++)
        if (!twin_is_at_rest(&sim.twins[i]))
            return false;
    return true;
}

static void come_to_rest(void)
{
    sim.rest = true;
    disk_full(false);
    disk_crash_after(0);
    disk_fail_after(0);
    for (unsigned i = 0; i < SIM_LINKS; i++)
        if (sim.links[i].used)
            link_drop(&sim.links[i]);
    for (unsigned i = 0; i < SIM_REST_STEPS; i++) {
        one_step();
        if (is_at_rest())
            return;
    }
    for (unsigned i = 0; i < SIM_TWINS; i++) {
        const struct twin *t = &sim.twins[i];
        if (!twin_is_at_rest(t))
            sim_fail("no rest: tablet %u, state %d, made %llu, consumed %llu, "
                     "back %llu, sent %llu",
                     i, t->state, (unsigned long long)t->made,
                     (unsigned long long)t->consumed,
                     (unsigned long long)t->acked, (unsigned long long)t->sent);
    }
    sim_fail("no rest: the server");
}

static void begin_run(uint64_t seed)
{
    sim.seed = sim.dice.state = seed;
    sim.step = sim.trace = sim.planted = 0;
    sim.rest = false;
    sim.now_ms = 1000;
    sim.wall_ms = 1767225600000 + 60000;
    sim.change_count = 0;
    sim.markers = 0;
    sim.full_until_ms = 0;
    sim.fault[0] = 0;
    memset(sim.replicas, 0, sizeof sim.replicas);
    memset(sim.until_ms, 0, sizeof sim.until_ms);
    memset(sim.reached, 0, sizeof sim.reached);
    disk_restore();
    disk_seed(seed * 3 + 1);
    disk_lies(sim_planted(PLANT_no_fsync));
    choose_weights();
    server_twins();
}

static void end_run(void)
{
    sim.rest = true;
    check_close();
    server_kill(false);
    for (unsigned i = 0; i < SIM_LINKS; i++)
        sim.links[i].used = false;
    for (unsigned i = 0; i < SIM_TWINS; i++)
        twin_fini(&sim.twins[i]);
    for (size_t i = 0; i < sim.change_count; i++)
        buf_free(&sim.changes[i].bytes);
    sim.change_count = 0;
}

/* false: see sim.fault. */
static bool run_seed(uint64_t seed)
{
    volatile bool well = false;

    begin_run(seed);
    if (setjmp(sim.failed) == 0) {
        server_open();
        while (sim.step < run.steps)
            one_step();
        come_to_rest();
        check_end();
        well = true;
    }
    end_run();
    return well;
}

/* ---- Many ---- */

static bool run_one(uint64_t seed)
{
    bool well = run_seed(seed);

    if (well && run.twice) {
        uint64_t trace = sim.trace;
        well = run_seed(seed) && sim.trace == trace;
        if (!well && !sim.fault[0])
            snprintf(sim.fault, sizeof sim.fault, "another trace: %016llx",
                     (unsigned long long)sim.trace);
    }
    for (unsigned i = 0; i < STATE_COUNT; i++)
        run.reached[i] += sim.reached[i];
    if (!well && !run.quiet)
        printf("seed %llu, step %llu: %s\n", (unsigned long long)seed,
               (unsigned long long)sim.step, sim.fault);
    return well;
}

static int run_many(void)
{
    unsigned long long passed = 0, failed = 0, unreached = 0;
    uint64_t trace = 0;

    for (uint64_t i = 0; i < run.seeds; i++) {
        if (run_one(run.first + i))
            passed++;
        else
            failed++;
        trace = trace * 31 + sim.trace;
    }
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        printf("%8llu  %s\n", (unsigned long long)run.reached[i], STATES[i]);
        unreached += run.reached[i] == 0;
    }
    if (unreached && run.seeds >= 100)
        printf("%llu states were never reached\n", unreached);
    printf("trace %016llx\n", (unsigned long long)trace);
    printf("%llu passed, %llu failed\n", passed, failed);
    return failed || (unreached && run.seeds >= 100);
}

static int prove_plants(void)
{
    unsigned caught = 0;

    run.quiet = true;
    for (unsigned p = 1; p < PLANT_COUNT; p++) {
        uint64_t i = 0;
        sim.plant = (enum sim_plant)p;
        while (i < run.seeds && run_one(run.first + i))
            i++;
        caught += i < run.seeds;
        printf("%-16s %s %llu: %s\n", PLANTS[p],
               i < run.seeds ? "caught by seed" : "NOT CAUGHT in",
               (unsigned long long)(i < run.seeds ? run.first + i : i),
               i < run.seeds ? sim.fault : "");
    }
    printf("%u passed, %u failed\n", caught, PLANT_COUNT - 1 - caught);
    return caught + 1 < PLANT_COUNT;
}

static int usage(void)
{
    fputs("usage: tidemark-sim [--first SEED] [--seeds N] [--steps N] "
          "[--twice] [--plant NAME | --plants]\n",
          stderr);
    return 2;
}

static bool read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        uint64_t *number = !strcmp(a, "--first")   ? &run.first
                           : !strcmp(a, "--seeds") ? &run.seeds
                           : !strcmp(a, "--steps") ? &run.steps
                                                   : NULL;
        if (!strcmp(a, "--twice")) {
            run.twice = true;
        } else if (!strcmp(a, "--plants")) {
            run.plants = true;
        } else if (number && i + 1 < argc) {
            *number = strtoull(argv[++i], NULL, 10);
        } else if (!strcmp(a, "--plant") && i + 1 < argc) {
            i++;
            for (unsigned p = 1; p < PLANT_COUNT; p++)
                if (!strcmp(argv[i], PLANTS[p]))
                    sim.plant = (enum sim_plant)p;
            if (!sim.plant)
                return false;
        } else {
            return false;
        }
    }
    return true;
}

/* The store's lock and an empty file are real. */
static void remove_folder(void)
{
    static const char *const NAMES[] = {"/tidemark.db", "/tidemark.lock", ""};
    char path[128];

    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", sim.folder, NAMES[i]);
        (void)remove(path);
    }
}

int main(int argc, char **argv)
{
    struct schema_fault fault;

    if (!read_arguments(argc, argv))
        return usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(sim.folder, sizeof sim.folder, "/tmp/tidemark-sim-XXXXXX");
    sim.changes = calloc(SIM_CHANGES, sizeof *sim.changes);
    if (!sim.changes || !mkdtemp(sim.folder) || pack_open(&sim.pack) ||
        pack_open(&sim.group_pack) ||
        schema_load("schema/records.json", &sim.schema, &fault)) {
        fputs("tidemark-sim: cannot begin\n", stderr);
        return 1;
    }
    disk_mount();
    disk_seed(1);
    if (setjmp(sim.failed)) {
        fprintf(stderr, "tidemark-sim: %s\n", sim.fault);
        return 1;
    }
    server_template();
    int result = run.plants ? prove_plants() : run_many();
    disk_unmount();
    remove_folder();
    return result;
}
