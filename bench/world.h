/* world.h -- what all tablets of one run share: the workload, the index of
 * records, the server that they talk to and what it costs.
 *
 * The server's CPU is read from its process clock, which counts nanoseconds;
 * /proc/<pid>/stat counts hundredths of a second.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "message.h"
#include "work.h"

#include <time.h>

enum { WORLD_SPARE = 12000 }; /* records that the workload does not name */

struct tablet;
struct segment_row;

struct words {
    struct span text;
    uint32_t by; /* tablet, in its change of that number */
    uint64_t seq;
};

struct world {
    struct work work;
    int port;
    int pid;
    struct pack *pack, *group_pack;
    struct buf plain, segment, scratch;
    uint32_t *slots; /* record number + 1, by hash of its id */
    uint32_t slot_mask;
    struct id *ids;
    uint8_t *types;
    uint32_t record_count, record_cap;
    struct words *newest; /* each workload cell's, as last written */
    uint64_t segments_plain, segments_wire; /* bytes received as bodies */
    void (*on_row)(struct tablet *, uint32_t record,
                   const struct segment_row *);
};

static inline double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int64_t wall_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* CPU seconds of the server so far; 0 when it is gone. */
static inline double server_cpu(const struct world *w)
{
    clockid_t clock;
    struct timespec t;

    if (clock_getcpuclockid(w->pid, &clock) || clock_gettime(clock, &t))
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* KiB of a field of /proc/<pid>/status: "VmRSS:", "VmHWM:". */
static inline long server_kib(const struct world *w, const char *field)
{
    char path[64], line[256];
    long kib = 0;

    snprintf(path, sizeof path, "/proc/%d/status", w->pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, strlen(field)))
            kib = strtol(line + strlen(field), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

/* The record's number; one that is not known gets the next. */
static inline uint32_t world_record(struct world *w, struct id id)
{
    uint32_t at = hash32((struct span){id.bytes, ID_BYTES}, 7) & w->slot_mask;

    while (w->slots[at]) {
        if (id_equal(w->ids[w->slots[at] - 1], id))
            return w->slots[at] - 1;
        at = (at + 1) & w->slot_mask;
    }
    if (w->record_count == w->record_cap)
        work_die("more records than this run has room for");
    w->ids[w->record_count] = id;
    w->slots[at] = ++w->record_count;
    return w->record_count - 1;
}

static inline void world_open(struct world *w, const char *file)
{
    uint32_t slots = 1;

    work_read(&w->work, file);
    w->record_cap = w->work.record_count + WORLD_SPARE;
    while (slots < 4 * w->record_cap)
        slots *= 2;
    w->slot_mask = slots - 1;
    w->slots = calloc(slots, sizeof *w->slots);
    w->ids = calloc(w->record_cap, sizeof *w->ids);
    w->types = calloc(w->record_cap, 1);
    w->newest =
        calloc((size_t)w->work.record_count * WORK_FIELDS, sizeof *w->newest);
    if (!w->slots || !w->ids || !w->types || !w->newest ||
        pack_open(&w->pack) || pack_open(&w->group_pack))
        work_die("no memory");
    for (uint32_t i = 0; i < w->work.record_count; i++) {
        (void)world_record(w, w->work.records[i]);
        w->types[i] = w->work.types[i];
    }
}

static inline int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts the list. */
static inline double quantile(double *list, size_t count, double q)
{
    if (count == 0)
        return 0;
    qsort(list, count, sizeof *list, by_double);
    return list[(size_t)(q * (double)(count - 1) + 0.5)];
}

#endif
