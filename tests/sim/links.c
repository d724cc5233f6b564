/* The network: lanes that keep their order, links that break in any way. */
#include "sim.h"

#include <stdlib.h>

enum { QUEUE_BYTES_MAX = 1 << 20 };

static uint64_t delay(void)
{
    return sim.rest ? 1 : dice_below(&sim.dice, sim.weights.delay_ms + 1);
}

static struct message *lane_at(struct lane *l, size_t i)
{
    return &l->first[(l->begin + i) % SIM_MESSAGES];
}

static struct message *lane_put(struct lane *l)
{
    if (!l->first)
        l->first = calloc(SIM_MESSAGES, sizeof *l->first);
    if (!l->first)
        abort();
    if (l->count == SIM_MESSAGES || l->ends || l->silent)
        return NULL;
    struct message *m = lane_at(l, l->count++);
    uint64_t due = sim.now_ms + delay();
    l->last_ms = due > l->last_ms ? due : l->last_ms;
    m->due_ms = l->last_ms;
    buf_clear(&m->bytes);
    return m;
}

static void lane_cut(struct lane *l, size_t keep)
{
    if (keep < l->count)
        l->count = keep;
}

static void lane_reset(struct lane *l)
{
    struct message *first = l->first;

    *l = (struct lane){.first = first};
}

/* ---- From the tablet ---- */

struct link *link_open(struct twin *t)
{
    for (size_t i = 0; i < SIM_LINKS; i++) {
        struct link *k = &sim.links[i];
        if (k->used)
            continue;
        struct buf said = k->said;
        struct lane up = k->up, down = k->down;
        *k = (struct link){.used = true, .twin = t, .open = true};
        k->said = said;
        k->up = up;
        k->down = down;
        buf_clear(&k->said);
        lane_reset(&k->up);
        lane_reset(&k->down);
        return k;
    }
    return NULL;
}

void link_up(struct link *k, struct span message)
{
    struct message *m;

    sim_trace(message);
    message_frame_write(&k->said, message);
    if (k->is_post) {
        /* One body; what comes after it waits for the next. */
        m = k->up.count ? lane_at(&k->up, 0) : NULL;
        if (!m && !k->session && !k->welcomed)
            m = lane_put(&k->up);
        if (m)
            message_frame_write(&m->bytes, message);
        return;
    }
    m = lane_put(&k->up);
    if (m)
        buf_put(&m->bytes, message.at, message.len);
}

/* ---- From the server ---- */

bool link_server_send(void *context, void *peer, const struct span *parts,
                      size_t count)
{
    struct link *k = peer;
    struct buf whole = {0};

    (void)context;
    for (size_t i = k->is_post ? 1 : 0; i < count; i++)
        buf_put(&whole, parts[i].at, parts[i].len);
    check_message(k, buf_span(&whole));
    sim_trace(buf_span(&whole));
    if (k->ghost || k->down.silent || !k->open) {
        buf_free(&whole);
        return true;
    }
    if (sim_planted(PLANT_mute) && dice_one_in(&sim.dice, 50))
        buf_clear(&whole);
    if (whole.len == 0) { /* planted: said, and never sent */
        buf_free(&whole);
        return true;
    }
    if (sim_planted(PLANT_foreign_row))
        for (size_t i = 0; i < SIM_LINKS; i++)
            if (sim.links[i].used && sim.links[i].replica &&
                dice_one_in(&sim.dice, 40)) {
                struct replica_seen was = sim.replicas[sim.links[i].replica];
                check_message(&sim.links[i], buf_span(&whole));
                sim.replicas[sim.links[i].replica] = was;
            }
    bool full = k->down.bytes >= QUEUE_BYTES_MAX ||
                (!sim.rest && k->down.count > 3 &&
                 dice_one_in(&sim.dice, sim.weights.slow));
    struct message *m = full ? NULL : lane_put(&k->down);
    bool sent = m != NULL || k->down.ends;
    if (m) {
        k->down.bytes += whole.len;
        buf_put(&m->bytes, whole.at, whole.len);
    } else if (!sent) {
        sim_reach(STATE_SLOW);
    }
    buf_free(&whole);
    return sent;
}

size_t link_server_queued(void *context, void *peer)
{
    struct link *k = peer;

    (void)context;
    return k->down.bytes;
}

void link_server_finish(void *context, void *peer, bool failed)
{
    struct link *k = peer;

    (void)context;
    (void)failed;
    k->finished = true;
    k->down.ends = true;
}

/* ---- Breaking ---- */

/* What is on its way arrives up to some message; silent: one end is not told.
 */
void link_break(struct link *k, bool silent)
{
    if (k->up.count || k->down.count)
        sim_reach(STATE_CUT);
    lane_cut(&k->up, dice_below(&sim.dice, k->up.count + 1));
    lane_cut(&k->down, dice_below(&sim.dice, k->down.count + 1));
    k->up.ends = k->down.ends = true;
    if (!silent)
        return;
    sim_reach(STATE_HALF_OPEN);
    if (dice_one_in(&sim.dice, 2))
        k->up.silent = true;
    else
        k->down.silent = true;
}

void link_drop(struct link *k)
{
    if (k->session)
        hub_leave(k->session);
    k->session = NULL;
    if (k->open && !k->ghost && k->twin->link == k)
        twin_closed(k->twin);
    k->open = false;
    k->used = false;
}

/* The same conversation once more, by a proxy that repeats: a new one to the
 * server, which answers into the void. */
void link_replay(struct link *from)
{
    struct span rest = buf_span(&from->said), message;
    struct link *k;
    struct twin *t = from->twin;

    /* A socket is not played again while it lives. */
    if (!from->is_post && t->link == from)
        return;
    if (!rest.len || !(k = link_open(t)))
        return;
    sim_reach(STATE_REPLAY);
    k->ghost = true;
    k->open = false;
    k->is_post = from->is_post;
    if (k->is_post) {
        struct message *m = lane_put(&k->up);
        if (m)
            buf_put(&m->bytes, rest.at, rest.len);
    }
    while (!k->is_post && rest.len &&
           message_frame_next(&rest, &message) == ERR_OK) {
        struct message *m = lane_put(&k->up);
        if (m)
            buf_put(&m->bytes, message.at, message.len);
    }
    k->up.ends = true;
}

/* ---- Arriving ---- */

static struct hub_time now(void)
{
    return (struct hub_time){sim.now_ms, sim.wall_ms};
}

static bool is_due(struct lane *l)
{
    return l->count && lane_at(l, 0)->due_ms <= sim.now_ms;
}

static void take(struct lane *l, struct buf *out)
{
    struct message *m = lane_at(l, 0);

    buf_clear(out);
    buf_put(out, m->bytes.at, m->bytes.len);
    buf_clear(&m->bytes);
    l->begin = (l->begin + 1) % SIM_MESSAGES;
    l->count--;
}

static void arrive_up(struct link *k)
{
    struct buf message = {0};

    take(&k->up, &message);
    if (!k->session && !k->finished && !k->welcomed) {
        k->welcomed = true;
        if (!sim.is_up) {
            k->finished = k->up.ends = k->down.ends = true;
        } else if (hub_join(sim.hub, k, k->is_post, now(), &k->session))
            k->session = NULL;
    }
    if (k->session && !k->finished)
        hub_receive(k->session, buf_span(&message), now());
    buf_free(&message);
}

static void arrive_down(struct link *k)
{
    struct buf message = {0};

    take(&k->down, &message);
    k->down.bytes -= message.len;
    if (k->open && k->twin->link == k)
        twin_receive(k->twin, buf_span(&message));
    buf_free(&message);
    if (k->session && !k->finished)
        hub_drained(k->session, now());
}

void link_step(void)
{
    uint32_t start = dice_below(&sim.dice, SIM_LINKS);

    for (uint32_t i = 0; i < SIM_LINKS; i++) {
        struct link *k = &sim.links[(start + i) % SIM_LINKS];
        if (!k->used)
            continue;
        bool up = is_due(&k->up), down = is_due(&k->down);
        if (up && down)
            up = dice_one_in(&sim.dice, 2);
        if (up)
            arrive_up(k);
        else if (down)
            arrive_down(k);
        else
            continue;
        return;
    }
}

/* An end that has nothing more to come is told so, unless it went silently. */
void link_sweep(void)
{
    for (size_t i = 0; i < SIM_LINKS; i++) {
        struct link *k = &sim.links[i];
        if (!k->used)
            continue;
        bool server_ends = k->finished || (k->up.ends && !k->up.silent);
        if (k->session && server_ends && (k->finished || !k->up.count)) {
            hub_leave(k->session);
            k->session = NULL;
            k->down.ends = true;
        }
        if (!k->session && k->welcomed && !k->down.count && !k->down.silent)
            k->down.ends = true;
        if (k->open && k->down.ends && !k->down.silent && !k->down.count) {
            k->open = false;
            if (k->twin->link == k)
                twin_closed(k->twin);
        }
        bool waits = k->ghost && k->up.count;
        if (!k->session && !k->open && !waits)
            k->used = false;
    }
}

bool links_are_quiet(void)
{
    for (size_t i = 0; i < SIM_LINKS; i++)
        if (sim.links[i].used &&
            (sim.links[i].up.count || sim.links[i].down.count))
            return false;
    return true;
}
