/* mode_push.h -- enrolment; the workload of gen.mjs pushed by all tablets. */
#ifndef BENCH_MODE_PUSH_H
#define BENCH_MODE_PUSH_H

#include "fleet.h"

/* Codes are made of the names in the trust of work.mjs. */
static inline void say_enrol(struct tablet *t)
{
    char code[32] = "DEMO-ADMIN";

    if (t->no < t->world->work.tablet_count)
        snprintf(code, sizeof code, "DEMO-T%02u", t->no + 1);
    struct message_enrol m = {span_of(code), span_of("Tablet"),
                              span_of("bench")};
    buf_clear(&t->world->scratch);
    message_enrol_write(&t->world->scratch, &m);
    tablet_say(t);
}

static inline void mode_enrol(struct fleet *f, const char *ids)
{
    uint32_t tablets = f->world.work.tablet_count;
    FILE *out = fopen(ids, "wb");

    if (!out)
        work_die("the file of identities cannot be written");
    fleet_room(f, tablets + 1);
    for (uint32_t i = 0; i <= tablets; i++) {
        struct tablet *t = &f->tablets[f->count++];
        tablet_init(t, &f->world, i);
        t->opening = say_enrol;
        if (!ws_open(&t->ws, f->world.port))
            work_die("cannot connect");
    }
    fleet_until(f, is_enrolled);
    for (uint32_t i = 0; i < f->count; i++) {
        fwrite(f->tablets[i].device.bytes, 1, ID_BYTES, out);
        fwrite(f->tablets[i].token, 1, MESSAGE_TOKEN_BYTES, out);
    }
    if (fclose(out))
        work_die("the file of identities cannot be written");
    printf("{\"enrolled\":%u}\n", f->count);
    fleet_clear(f);
}

static inline void make_phase(struct fleet *f, uint32_t phase)
{
    const struct work *w = &f->world.work;

    for (uint32_t i = 0; i < w->save_count; i++) {
        const struct work_save *s = &w->saves[i];
        if (s->phase == phase)
            outbox_save(&f->tablets[s->tablet], s, 0, s->edit_count);
    }
}

struct push_cost {
    double acked_s, synced_s, acked_cpu, synced_cpu;
};

static inline struct push_cost push_phase(struct fleet *f, uint32_t phase)
{
    struct push_cost cost;

    make_phase(f, phase);
    double cpu = server_cpu(&f->world), start = now_s();
    for (uint32_t i = 0; i < f->count; i++)
        outbox_send_all(&f->tablets[i]);
    fleet_until(f, is_acknowledged);
    cost.acked_s = now_s() - start;
    cost.acked_cpu = server_cpu(&f->world) - cpu;
    fleet_check(f);
    cost.synced_s = now_s() - start;
    cost.synced_cpu = server_cpu(&f->world) - cpu;
    return cost;
}

/* Of a field that nobody contested, every tablet has the words that were
 * written last. Returns how many were compared. */
static inline uint64_t compare_words(const struct fleet *f)
{
    const struct work *w = &f->world.work;
    size_t cells = (size_t)w->record_count * WORK_FIELDS;
    bool *contested = calloc(cells, sizeof *contested);
    uint64_t compared = 0;

    if (!contested)
        work_die("no memory");
    for (uint32_t i = 0; i < w->save_count; i++)
        for (uint32_t k = 0; k < w->saves[i].edit_count; k++)
            if (w->saves[i].contested)
                contested[(size_t)w->saves[i].record * WORK_FIELDS +
                          w->saves[i].edits[k].field] = true;
    for (uint32_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < cells; k++) {
            const struct cell *c = &f->tablets[i].cells[k];
            if (!c->text || contested[k] || !f->world.newest[k].text.at)
                continue;
            if (!span_equal(cell_text(c), f->world.newest[k].text))
                work_die("a tablet has other words than were written");
            compared++;
        }
    free(contested);
    return compared;
}

static inline void mode_push(struct fleet *f)
{
    const struct work *w = &f->world.work;
    uint64_t up, down, merged = 0, conflicts = 0, overtaken = 0, held = 0;

    fleet_room(f, w->tablet_count);
    for (uint32_t i = 0; i < w->tablet_count; i++)
        tablet_connect(fleet_add(f, i));
    fleet_until(f, is_up);
    f->sends = true;
    struct push_cost one = push_phase(f, 1), two = push_phase(f, 2);
    fleet_bytes(f, &up, &down);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct tablet *t = &f->tablets[i];
        merged += t->merged;
        conflicts += t->conflicts;
        overtaken += t->overtaken;
        held += t->held;
    }
    if (held)
        work_die("changes were held");
    printf("{\"changes\":%u,\"acked_s\":%.4f,\"acked_cpu\":%.4f,"
           "\"synced_s\":%.4f,\"synced_cpu\":%.4f,\"up\":%llu,\"down\":%llu,"
           "\"segments_wire\":%llu,\"segments_plain\":%llu,\"merged\":%llu,"
           "\"conflicts\":%llu,\"overtaken\":%llu,\"words_compared\":%llu,"
           "\"rss_kib\":%ld,\"peak_kib\":%ld}\n",
           w->edit_count, one.acked_s + two.acked_s,
           one.acked_cpu + two.acked_cpu, one.synced_s + two.synced_s,
           one.synced_cpu + two.synced_cpu, (unsigned long long)up,
           (unsigned long long)down, (unsigned long long)f->world.segments_wire,
           (unsigned long long)f->world.segments_plain,
           (unsigned long long)merged, (unsigned long long)conflicts,
           (unsigned long long)overtaken, (unsigned long long)compare_words(f),
           server_kib(&f->world, "VmRSS:"), server_kib(&f->world, "VmHWM:"));
    fleet_clear(f);
}

#endif
