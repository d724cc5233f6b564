/* mode_join.h -- a tablet whose storage is new gets everything; a tablet that
 * was away gets what it missed. */
#ifndef BENCH_MODE_JOIN_H
#define BENCH_MODE_JOIN_H

#include "fleet.h"

enum { MISSED = 100 };

struct visit { /* one connection, to its checkpoint */
    double wall_s, cpu;
    uint64_t up, down, turns, plain, wire;
};

static inline struct visit visit(struct fleet *f, struct tablet *t)
{
    struct world *w = &f->world;
    struct visit v = {.cpu = server_cpu(w), .wall_s = now_s()};

    w->segments_plain = w->segments_wire = 0;
    tablet_connect(t);
    fleet_until(f, is_up);
    v.wall_s = now_s() - v.wall_s;
    v.up = t->ws.up;
    v.down = t->ws.down;
    v.turns = t->ws.turns;
    ws_close(&t->ws);
    v.cpu = server_cpu(w) - v.cpu;
    v.plain = w->segments_plain;
    v.wire = w->segments_wire;
    return v;
}

static inline void print_visit(const struct visit *v, const char *name)
{
    printf("\"%s\":{\"wall_ms\":%.3f,\"cpu_ms\":%.3f,\"up\":%llu,"
           "\"down\":%llu,\"turns\":%llu,\"plain\":%llu,\"wire\":%llu}",
           name, v->wall_s * 1e3, v->cpu * 1e3, (unsigned long long)v->up,
           (unsigned long long)v->down, (unsigned long long)v->turns,
           (unsigned long long)v->plain, (unsigned long long)v->wire);
}

/* Joined `times` times: the first finds no page made, the others do. */
static inline void mode_join(struct fleet *f, uint32_t identity, uint32_t times)
{
    double *walls = calloc(times, sizeof *walls);
    double *cpus = calloc(times, sizeof *cpus);
    struct visit first = {0}, last = {0};
    uint64_t fields = 0;

    if (!walls || !cpus)
        work_die("no memory");
    for (uint32_t i = 0; i < times; i++) {
        fleet_room(f, 1);
        struct tablet *t = fleet_add(f, identity);
        last = visit(f, t);
        first = i ? first : last;
        walls[i] = last.wall_s;
        cpus[i] = last.cpu;
        fields = 0;
        for (size_t k = 0; k < t->bucket_count; k++)
            fields += t->buckets[k].count;
        fleet_clear(f);
    }
    if (times > 1) {
        last.wall_s = quantile(walls + 1, times - 1, 0.5);
        last.cpu = quantile(cpus + 1, times - 1, 0.5);
    }
    printf("{");
    print_visit(&first, "first");
    printf(",");
    print_visit(&last, "again");
    printf(",\"fields\":%llu}\n", (unsigned long long)fields);
    free(walls);
    free(cpus);
}

static inline bool in_reach(const struct work *w, uint32_t tablet,
                            uint32_t school)
{
    for (uint32_t i = 0; i < w->reach_count[tablet]; i++)
        if (w->reach[tablet][i] == school)
            return true;
    return false;
}

/* A later save of the workload, made again on a record that `tablet` has. */
static inline bool edit_like(struct tablet *by, const struct work_save *s,
                             uint32_t tablet, uint32_t *record)
{
    const struct work *w = &by->world->work;

    for (uint32_t n = 0; n < w->record_count; n++) {
        uint32_t r = (*record)++ % w->record_count;
        if (w->types[r] != w->types[s->record] ||
            !in_reach(w, tablet, w->school_of[r]))
            continue;
        struct work_save like = *s;
        like.record = r;
        like.school = w->school_of[r];
        like.type = 0;
        like.at = wall_ms();
        outbox_save(by, &like, 0, like.edit_count);
        return true;
    }
    return false;
}

/* `count` changes by the administrator, of the workload's kinds and sizes. */
static inline void make_edits(struct tablet *by, uint32_t tablet,
                              uint32_t count)
{
    const struct work *w = &by->world->work;
    uint32_t record = 0, made = 0;

    for (uint32_t i = w->save_count; i-- > 0 && made < count;) {
        const struct work_save *s = &w->saves[i];
        if (!s->type && !s->contested)
            made += edit_like(by, s, tablet, &record);
    }
    if (made < count)
        work_die("the workload has too few edits for this");
}

static inline void mode_missed(struct fleet *f)
{
    struct visit before, after;

    fleet_room(f, 1);
    struct tablet *t = fleet_add(f, 0);
    before = visit(f, t);
    struct tablet *away = f->tablets;
    fleet_room(f, 1);
    struct tablet *by = fleet_add(f, administrator(f));
    tablet_connect(by);
    fleet_until(f, is_up);
    make_edits(by, 0, MISSED);
    f->sends = true;
    outbox_send_all(by);
    fleet_until(f, is_acknowledged);
    if (by->held)
        work_die("changes were held");
    f->sends = false;
    fleet_clear(f);

    f->tablets = away;
    f->polls = calloc(1, sizeof *f->polls);
    f->count = 1;
    away->ws = (struct ws){0};
    after = visit(f, away);
    printf("{");
    print_visit(&before, "join");
    printf(",");
    print_visit(&after, "missed");
    printf("}\n");
    fleet_clear(f);
}

#endif
