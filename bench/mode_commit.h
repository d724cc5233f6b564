/* mode_commit.h -- one tablet, one push at a time: what a change costs at a
 * given number of changes a commit; and a store in which few fields have
 * changed many times. */
#ifndef BENCH_MODE_COMMIT_H
#define BENCH_MODE_COMMIT_H

#include "mode_join.h"

enum {
    UNIT_TYPE = 14, /* action */
    UNIT_FIELD = 2, /* owner, then status */
    UNITS_A_RECORD = 2,
};

/* Every field change of the workload as a change by itself. */
static inline void make_single(struct tablet *t)
{
    const struct work *w = &t->world->work;

    for (uint32_t i = 0; i < w->save_count; i++)
        for (uint32_t k = 0; k < w->saves[i].edit_count; k++)
            outbox_save(t, &w->saves[i], k, 1);
}

/* Push `per` changes and wait; until `most` are through. A few pushes are
 * smaller: two edits of one text do not fly together. */
static inline void commit_run(struct fleet *f, uint32_t per, uint32_t most)
{
    struct tablet *t = &f->tablets[0];
    uint64_t from = t->consumed, commits = 0;
    double cpu = server_cpu(&f->world), start = now_s();

    while (t->consumed < from + most && t->consumed < t->made) {
        if (!outbox_send(t, per))
            work_die("nothing to push");
        while (t->consumed < t->sent)
            fleet_turn(f, 1000);
        commits++;
    }
    double took = now_s() - start;
    uint64_t done = t->consumed - from;
    cpu = server_cpu(&f->world) - cpu;
    printf("{\"per\":%u,\"changes\":%llu,\"commits\":%llu,"
           "\"cpu_us\":%.2f,\"wall_us\":%.2f,\"commit_ms\":%.3f}",
           per, (unsigned long long)done, (unsigned long long)commits,
           cpu * 1e6 / (double)done, took * 1e6 / (double)done,
           took * 1e3 / (double)commits);
}

static inline void mode_commits(struct fleet *f, uint32_t scale)
{
    static const uint32_t per[] = {1, 10, 100, 1000};
    static const uint32_t most[] = {300, 1500, 6000, 12000};

    fleet_room(f, 1);
    struct tablet *t = fleet_add(f, administrator(f));
    tablet_connect(t);
    fleet_until(f, is_up);
    make_single(t);
    printf("[");
    for (size_t i = 0; i < sizeof per / sizeof *per; i++) {
        printf("%s", i ? "," : "");
        commit_run(f, per[i], most[i] / scale);
    }
    printf("]\n");
    if (t->held)
        work_die("changes were held");
    fleet_check(f);
    fleet_clear(f);
}

/* ---- Few fields, many changes ---- */

static inline void make_unit(struct tablet *t, uint32_t n, uint32_t round)
{
    char text[32];
    struct work_save s = {
        .at = wall_ms(),
        .school = t->world->work.reach[t->no][0],
        .record = t->world->work.record_count + n / UNITS_A_RECORD,
        .type = round == 0 && n % UNITS_A_RECORD == 0 ? UNIT_TYPE : 0,
        .edit_count = 1};

    int len = snprintf(text, sizeof text, "value %u of %u", round, n);
    s.edits[0] = (struct work_edit){.field = UNIT_FIELD + n % UNITS_A_RECORD,
                                    .text = {(uint8_t *)text, (size_t)len}};
    outbox_save(t, &s, 0, 1);
}

static inline void unit_round(struct fleet *f, uint32_t units, uint32_t round)
{
    struct tablet *t = &f->tablets[0];

    for (uint32_t n = 0; n < units; n++)
        make_unit(t, n, round);
    outbox_send_all(t);
    fleet_until(f, is_acknowledged);
}

static inline void new_records(struct fleet *f, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t random[10] = {[6] = (uint8_t)(i >> 8), [7] = (uint8_t)i};
        if (world_record(&f->world, id_new(wall_ms(), random)) !=
            f->world.work.record_count + i)
            work_die("an id is taken");
    }
}

static inline void mode_units(struct fleet *f, uint32_t units, uint32_t rounds)
{
    struct visit fresh = {0}, missed, early;

    if (units / UNITS_A_RECORD > WORLD_SPARE - 1000)
        work_die("too many units");
    new_records(f, units / UNITS_A_RECORD);
    fleet_room(f, 1);
    tablet_connect(fleet_add(f, 0));
    fleet_until(f, is_up);
    f->sends = true;
    unit_round(f, units, 0);
    struct fleet aside = *f;

    f->sends = false;
    fleet_room(f, 1);
    struct tablet *away = fleet_add(f, 0);
    early = visit(f, away);
    struct fleet kept = *f;
    for (uint32_t round = 1; round < rounds; round++) {
        unit_round(&aside, units, round);
        /* A new device each time: whatever the server caches, it has met. */
        fleet_room(f, 1);
        fresh = visit(f, fleet_add(f, 0));
        fleet_clear(f);
    }
    f->tablets = kept.tablets;
    f->polls = kept.polls;
    f->count = f->cap = 1;
    away->ws = (struct ws){0};
    missed = visit(f, away);
    fleet_clear(f);
    printf("{\"units\":%u,\"changes\":%u,", units, units * rounds);
    print_visit(&early, "join_early");
    printf(",");
    print_visit(&fresh, "join_late");
    printf(",");
    print_visit(&missed, "missed");
    printf("}\n");
    ws_close(&aside.tablets[0].ws);
}

#endif
