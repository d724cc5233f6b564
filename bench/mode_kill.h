/* mode_kill.h -- the server dies by SIGKILL while all tablets push. What it
 * had acknowledged must be there when it is back. Whoever started the server
 * starts it again when "killed" is printed, and writes its pid on our stdin. */
#ifndef BENCH_MODE_KILL_H
#define BENCH_MODE_KILL_H

#include "mode_push.h"

#include <signal.h>

static inline uint64_t acknowledged(const struct fleet *f)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < f->count; i++)
        n += f->tablets[i].fields_acked;
    return n;
}

static inline bool is_lost(const struct tablet *t)
{
    return t->ws.state == WS_CLOSED;
}

static inline bool is_welcome(const struct tablet *t)
{
    return t->welcomed;
}

/* Says how many acknowledged changes the server has forgotten. */
static inline uint64_t come_back(struct fleet *f)
{
    char line[32];
    uint64_t lost = 0;

    printf("killed\n");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        work_die("nobody started the server again");
    f->world.pid = (int)work_number(line);
    f->sends = false;
    for (uint32_t i = 0; i < f->count; i++)
        tablet_connect(&f->tablets[i]);
    fleet_until(f, is_welcome);
    for (uint32_t i = 0; i < f->count; i++) {
        struct tablet *t = &f->tablets[i];
        for (uint64_t seq = t->welcome_seq; seq < t->consumed; seq++)
            lost += t->queue[seq].fields;
        /* Consumed, though the acknowledgement did not arrive any more. */
        struct message_outcome o = {.last = t->welcome_seq};
        take_outcome(t, &o);
        t->sent = t->consumed;
    }
    f->sends = true;
    return lost;
}

/* Whoever joins now has every field of every save of phase 1. */
static inline uint64_t missing(struct fleet *f)
{
    const struct work *w = &f->world.work;
    uint64_t count = 0;

    fleet_room(f, 1);
    struct tablet *t = fleet_add(f, administrator(f));
    tablet_connect(t);
    fleet_until(f, is_up);
    for (uint32_t i = 0; i < w->save_count; i++)
        for (uint32_t k = 0; k < w->saves[i].edit_count; k++)
            count += w->saves[i].phase == 1 &&
                     !t->cells[(size_t)w->saves[i].record * WORK_FIELDS +
                               w->saves[i].edits[k].field]
                          .version;
    (void)compare_words(f);
    fleet_clear(f);
    return count;
}

static inline void mode_kill(struct fleet *f, uint32_t kills)
{
    const struct work *w = &f->world.work;
    uint64_t lost = 0, total = 0, at_kill = 0;

    fleet_room(f, w->tablet_count);
    for (uint32_t i = 0; i < w->tablet_count; i++)
        tablet_connect(fleet_add(f, i));
    fleet_until(f, is_up);
    make_phase(f, 1);
    for (uint32_t i = 0; i < w->save_count; i++)
        total += w->saves[i].phase == 1 ? w->saves[i].edit_count : 0;
    f->sends = true;
    f->may_lose = true;
    for (uint32_t n = 1; n <= kills; n++) {
        uint64_t goal = total * n / (kills + 1);
        for (uint32_t i = 0; i < f->count; i++)
            while (outbox_send(&f->tablets[i], 20))
                ;
        while (acknowledged(f) < goal)
            fleet_turn(f, 1000);
        at_kill = acknowledged(f);
        kill(f->world.pid, SIGKILL);
        fleet_until(f, is_lost);
        lost += come_back(f);
    }
    for (uint32_t i = 0; i < f->count; i++)
        outbox_send_all(&f->tablets[i]);
    fleet_until(f, is_acknowledged);
    f->may_lose = f->sends = false;
    fleet_check(f);
    fleet_clear(f);
    printf("{\"kills\":%u,\"acknowledged\":%llu,\"lost\":%llu,"
           "\"missing\":%llu}\n",
           kills, (unsigned long long)at_kill, (unsigned long long)lost,
           (unsigned long long)missing(f));
}

#endif
