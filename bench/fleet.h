/* fleet.h -- many tablets in one process, driven by poll().
 *
 * Every wait has an end: what does not come in time ends the program.
 */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include "outbox.h"

#include <poll.h>

enum { FLEET_WAIT_S = 120, IDENTITY_BYTES = ID_BYTES + MESSAGE_TOKEN_BYTES };

struct fleet {
    struct world world;
    struct tablet *tablets;
    uint32_t count, cap;
    struct pollfd *polls;
    bool sends;          /* outboxes go on by themselves */
    bool may_lose;       /* a lost connection is no error */
    uint8_t *identities; /* of the tablets, then of the administrator */
    uint32_t identity_count;
    uint64_t incarnations;
};

static inline void fleet_room(struct fleet *f, uint32_t count)
{
    f->tablets = calloc(count, sizeof *f->tablets);
    f->polls = calloc(count, sizeof *f->polls);
    if (!f->tablets || !f->polls)
        work_die("no memory");
    f->cap = count;
    f->count = 0;
}

static inline void fleet_clear(struct fleet *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        tablet_fini(&f->tablets[i]);
    free(f->tablets);
    free(f->polls);
    f->tablets = NULL;
    f->polls = NULL;
    f->count = f->cap = 0;
}

/* The next tablet, its storage new, as the given identity. */
static inline struct tablet *fleet_add(struct fleet *f, uint32_t identity)
{
    struct tablet *t = &f->tablets[f->count++];
    const uint8_t *at = f->identities + (size_t)identity * IDENTITY_BYTES;

    tablet_init(t, &f->world, identity);
    memcpy(t->device.bytes, at, ID_BYTES);
    memcpy(t->token, at + ID_BYTES, MESSAGE_TOKEN_BYTES);
    t->incarnation = (uint64_t)wall_ms() * 1000 + f->incarnations++ % 1000;
    return t;
}

static inline uint32_t administrator(const struct fleet *f)
{
    return f->identity_count - 1;
}

static inline void fleet_one(struct fleet *f, struct tablet *t, short events)
{
    bool alive = true;

    if (events & (POLLIN | POLLHUP | POLLERR))
        alive = tablet_read(t);
    if (alive && f->sends && t->welcomed)
        outbox_send_all(t);
    if (alive && (events & POLLOUT))
        alive = ws_flush(&t->ws);
    if (alive)
        return;
    if (!f->may_lose)
        work_die("the server closed a connection");
    ws_close(&t->ws);
}

static inline void fleet_turn(struct fleet *f, int wait_ms)
{
    nfds_t n = 0;

    for (uint32_t i = 0; i < f->count; i++) {
        struct tablet *t = &f->tablets[i];
        f->polls[i] = (struct pollfd){
            .fd = t->ws.state == WS_CLOSED ? -1 : t->ws.fd,
            .events = (short)(POLLIN | (ws_wants_out(&t->ws) ? POLLOUT : 0))};
        n++;
    }
    if (poll(f->polls, n, wait_ms) <= 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (f->polls[i].revents)
            fleet_one(f, &f->tablets[i], f->polls[i].revents);
}

static inline bool is_up(const struct tablet *t)
{
    return t->up_to_date;
}

static inline bool is_acknowledged(const struct tablet *t)
{
    return t->consumed == t->made;
}

static inline bool is_enrolled(const struct tablet *t)
{
    return t->enrolled;
}

static inline void fleet_until(struct fleet *f,
                               bool (*done)(const struct tablet *))
{
    double end = now_s() + FLEET_WAIT_S;
    bool all = false;

    while (!all) {
        all = true;
        for (uint32_t i = 0; i < f->count && all; i++)
            all = done(&f->tablets[i]);
        if (!all)
            fleet_turn(f, 1000);
        if (now_s() > end)
            work_die("waited in vain");
    }
}

/* Ask each for a checkpoint, and hold its sums against the server's. */
static inline void fleet_check(struct fleet *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        tablet_pull_nothing(&f->tablets[i]);
    fleet_until(f, is_up);
}

static inline void fleet_bytes(const struct fleet *f, uint64_t *up,
                               uint64_t *down)
{
    *up = *down = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        *up += f->tablets[i].ws.up;
        *down += f->tablets[i].ws.down;
    }
}

#endif
