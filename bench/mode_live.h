/* mode_live.h -- many tablets at once: how soon others see a change, what an
 * idle connection costs, everybody coming back in one second. */
#ifndef BENCH_MODE_LIVE_H
#define BENCH_MODE_LIVE_H

#include "mode_join.h"

enum {
    RIPPLES_MAX = 100000,
    RIPPLE_TYPE = 11, /* visit_note */
    RIPPLE_FIELD = 4, /* title */
    IDLE_AT_ONCE = 100,
    STORM_CHANGES = 5, /* waiting on each tablet */
    STORM_MISSED = 1000,
};

/* ---- Propagation ---- */

static struct ripples {
    double sent_s[RIPPLES_MAX];
    uint32_t by[RIPPLES_MAX];
    uint32_t count;
    double *seen_s;
    size_t seen_count, seen_cap;
} ripples;

static inline void ripple_row(struct tablet *t, uint32_t record,
                              const struct segment_row *row)
{
    struct items value = row->item;
    struct span text = items_text(&value);
    char copy[16] = "";

    (void)record;
    if (text.len < 8 || text.len >= sizeof copy || text.at[0] != '~')
        return;
    memcpy(copy, text.at, text.len);
    uint32_t n = (uint32_t)strtoul(copy + 1, NULL, 10);
    if (n >= ripples.count || ripples.by[n] == t->no)
        return;
    if (ripples.seen_count == ripples.seen_cap) {
        ripples.seen_cap = ripples.seen_cap ? 2 * ripples.seen_cap : 4096;
        ripples.seen_s =
            realloc(ripples.seen_s, ripples.seen_cap * sizeof *ripples.seen_s);
        if (!ripples.seen_s)
            work_die("no memory");
    }
    ripples.seen_s[ripples.seen_count++] = now_s() - ripples.sent_s[n];
}

static inline uint32_t own_record(const struct work *w, uint32_t tablet)
{
    uint32_t skip = tablet;

    for (uint32_t r = 0; r < w->record_count; r++)
        if (w->types[r] == RIPPLE_TYPE &&
            in_reach(w, tablet, w->school_of[r]) && skip-- == 0)
            return r;
    work_die("the workload has too few records for this");
    return 0;
}

static inline void ripple(struct tablet *t, uint32_t record)
{
    const struct work *w = &t->world->work;
    struct work_save s = {.school = w->school_of[record],
                          .record = record,
                          .at = wall_ms(),
                          .edit_count = 1};
    char text[16];

    if (ripples.count == RIPPLES_MAX)
        work_die("too many ripples");
    int n = snprintf(text, sizeof text, "~%08u", ripples.count);
    s.edits[0] = (struct work_edit){.field = RIPPLE_FIELD,
                                    .text = {(uint8_t *)text, (size_t)n}};
    outbox_save(t, &s, 0, 1);
    ripples.by[ripples.count] = t->no;
    ripples.sent_s[ripples.count++] = now_s();
    outbox_send_all(t);
}

static inline void mode_ripple(struct fleet *f, uint32_t count, double seconds)
{
    uint32_t *records = calloc(count, sizeof *records);
    double *due = calloc(count, sizeof *due);

    if (!records || !due)
        work_die("no memory");
    fleet_room(f, count);
    for (uint32_t i = 0; i < count; i++) {
        tablet_connect(fleet_add(f, i));
        records[i] = own_record(&f->world.work, i);
        due[i] = (double)i / (double)count;
    }
    fleet_until(f, is_up);
    f->world.on_row = ripple_row;
    double start = now_s(), cpu = server_cpu(&f->world);
    while (now_s() < start + seconds) {
        double at = now_s() - start, next = at + 0.05;
        for (uint32_t i = 0; i < count; i++) {
            if (due[i] <= at) {
                ripple(&f->tablets[i], records[i]);
                due[i] += 1;
            }
            next = due[i] < next ? due[i] : next;
        }
        fleet_turn(f, (int)((next - at) * 1e3) + 1);
    }
    fleet_until(f, is_acknowledged);
    cpu = server_cpu(&f->world) - cpu;
    fleet_check(f);
    double p50 = quantile(ripples.seen_s, ripples.seen_count, 0.5);
    double p99 = quantile(ripples.seen_s, ripples.seen_count, 0.99);
    printf("{\"changes\":%u,\"seen\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"cpu\":%.4f}\n",
           ripples.count, ripples.seen_count, p50 * 1e3, p99 * 1e3, cpu);
    fleet_clear(f);
    free(records);
    free(due);
}

/* ---- Many that only know where they were ---- */

/* As `from`, with a storage of its own that it does not look into. */
static inline struct tablet *fleet_add_like(struct fleet *f,
                                            const struct tablet *from)
{
    struct tablet *t = fleet_add(f, from->no);

    free(t->cells);
    t->cells = NULL;
    t->timeline = from->timeline;
    memcpy(t->buckets, from->buckets, sizeof t->buckets);
    t->bucket_count = from->bucket_count;
    return t;
}

/* Every tablet joins once and goes. */
static inline struct tablet *join_all(struct fleet *f, uint32_t *count)
{
    fleet_room(f, f->world.work.tablet_count);
    for (uint32_t i = 0; i < f->cap; i++)
        tablet_connect(fleet_add(f, i));
    fleet_until(f, is_up);
    for (uint32_t i = 0; i < f->count; i++)
        ws_close(&f->tablets[i].ws);
    *count = f->count;
    free(f->polls);
    return f->tablets;
}

static inline void mode_idle(struct fleet *f, uint32_t count)
{
    uint32_t known;
    struct tablet *like = join_all(f, &known);

    for (uint32_t i = 0; i < known; i++)
        tablet_fini(&like[i]);
    long before = server_kib(&f->world, "VmRSS:");
    double cpu = server_cpu(&f->world);
    fleet_room(f, count);
    while (f->count < count) {
        for (uint32_t i = 0; i < IDLE_AT_ONCE && f->count < count; i++)
            tablet_connect(fleet_add_like(f, &like[f->count % known]));
        fleet_until(f, is_up);
    }
    cpu = server_cpu(&f->world) - cpu;
    long after = server_kib(&f->world, "VmRSS:");
    double quiet = server_cpu(&f->world);
    for (double end = now_s() + 2; now_s() < end;)
        fleet_turn(f, 100);
    quiet = (server_cpu(&f->world) - quiet) / 2;
    printf("{\"connections\":%u,\"kib_each\":%.2f,\"cpu_us_each\":%.1f,"
           "\"idle_cpu\":%.5f,\"rss_kib\":%ld}\n",
           count, (double)(after - before) / count, cpu * 1e6 / count, quiet,
           after);
    fleet_clear(f);
    free(like);
}

/* ---- A storm ---- */

static inline bool is_home(const struct tablet *t)
{
    return t->up_to_date && t->consumed == t->made;
}

/* One more tablet, which wrote something on what `like` had seen. */
static inline void backlog(struct fleet *f, const struct tablet *like)
{
    const struct work *w = &f->world.work;
    struct tablet *t = fleet_add_like(f, like);
    uint32_t record = f->count * 97;

    t->cells = like->cells;
    for (uint32_t i = 0, made = 0; i < w->save_count && made < STORM_CHANGES;
         i++) {
        const struct work_save *s = &w->saves[(i + t->no * 31) % w->save_count];
        if (!s->type && s->edit_count == 1 && !s->edits[0].is_text)
            made += edit_like(t, s, t->no, &record);
    }
    t->cells = NULL;
}

/* What the others did meanwhile. */
static inline void storm_news(struct fleet *f, uint32_t known)
{
    fleet_room(f, 1);
    struct tablet *by = fleet_add(f, administrator(f));
    tablet_connect(by);
    fleet_until(f, is_up);
    for (uint32_t i = 0; i < 20; i++)
        make_edits(by, i * known / 20, STORM_MISSED / 20);
    f->sends = true;
    outbox_send_all(by);
    fleet_until(f, is_acknowledged);
    if (by->held)
        work_die("changes were held");
    fleet_clear(f);
}

/* They come evenly through one second; took[i]: until all of it was through,
 * both ways. */
static inline void storm(struct fleet *f, uint32_t count, double *took)
{
    double *began = calloc(count, sizeof *began);
    double start = now_s();
    uint32_t home = 0;

    if (!began)
        work_die("no memory");
    while (home < count && now_s() < start + FLEET_WAIT_S) {
        double at = now_s() - start;
        while (f->count < count && (double)f->count <= at * count) {
            began[f->count] = now_s();
            tablet_connect(&f->tablets[f->count++]);
        }
        fleet_turn(f, f->count < count ? 1 : 1000);
        for (uint32_t i = 0; i < f->count; i++)
            if (took[i] <= 0 && is_home(&f->tablets[i])) {
                took[i] = now_s() - began[i];
                home++;
            }
    }
    if (home < count)
        work_die("the storm did not end");
    free(began);
}

static inline void mode_storm(struct fleet *f, uint32_t count)
{
    uint32_t known;
    struct tablet *like = join_all(f, &known);
    double *took = calloc(count, sizeof *took);
    uint64_t up, down;

    if (!took)
        work_die("no memory");
    storm_news(f, known);
    fleet_room(f, count);
    for (uint32_t i = 0; i < count; i++)
        backlog(f, &like[i % known]);
    f->count = 0;
    double start = now_s(), cpu = server_cpu(&f->world);
    storm(f, count, took);
    double drained = now_s() - start;
    cpu = server_cpu(&f->world) - cpu;
    fleet_bytes(f, &up, &down);
    printf("{\"tablets\":%u,\"drained_s\":%.3f,\"cpu\":%.4f,\"p50_ms\":%.1f,"
           "\"p99_ms\":%.1f,\"up\":%llu,\"down\":%llu}\n",
           count, drained, cpu, quantile(took, count, 0.5) * 1e3,
           quantile(took, count, 0.99) * 1e3, (unsigned long long)up,
           (unsigned long long)down);
    fleet_clear(f);
    for (uint32_t i = 0; i < known; i++)
        tablet_fini(&like[i]);
    free(like);
    free(took);
}

#endif
