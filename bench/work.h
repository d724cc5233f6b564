/* work.h -- the workload of gen.mjs as work.mjs writes it down for the C
 * programs of the bench: MessagePack arrays, one after another.
 *
 *     [schools, tablets, records]     the counts; for each school its UUID,
 *     [uuid, …]                       for each tablet its schools' numbers,
 *     [[school, …], …]                for each record its id; then the saves
 *     [id, …] …                       (a thousand ids an array):
 *     [phase, tablet, at, school, record, type, contested, field, value, …]
 *
 * `type` is 0 unless the save creates the record. A value is a str, an int, or
 * for the text fields an array of one str. Everything borrows from the file,
 * which stays in memory.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "pack.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    WORK_SCHOOLS_MAX = 64,
    WORK_TABLETS_MAX = 256,
    WORK_FIELDS = 8, /* field numbers are below; 0: the record's life */
    WORK_TYPES = 16,
    WORK_IDS = 1000, /* in one array of the file */
};

struct work_edit {
    uint32_t field;
    bool is_text, is_number;
    struct span text;
    int64_t number;
};

struct work_save {
    uint32_t phase, tablet, school, record, type;
    int64_t at;
    bool contested;
    uint32_t edit_count;
    struct work_edit edits[WORK_FIELDS];
};

struct work {
    struct buf file;
    struct pack *pack;
    uint32_t school_count, tablet_count, record_count, save_count, edit_count;
    char schools[WORK_SCHOOLS_MAX][48]; /* buckets: school/<uuid> */
    uint32_t reach[WORK_TABLETS_MAX][WORK_SCHOOLS_MAX];
    uint32_t reach_count[WORK_TABLETS_MAX];
    struct id *records;
    struct work_save *saves;
    uint8_t *types;     /* of each record */
    uint8_t *school_of; /* of each record */
    bool is_text[WORK_TYPES][WORK_FIELDS];
};

static inline void work_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* A number of the command line. */
static inline uint32_t work_number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (end == text || n > UINT32_MAX)
        work_die("this is not a number");
    return (uint32_t)n;
}

static inline struct items work_array(struct work *w, struct span *rest)
{
    struct items in;

    if (pack_parse_next(w->pack, rest, &in))
        work_die("the workload file cannot be read");
    return in;
}

static inline void work_heads(struct work *w, struct span *rest)
{
    struct items in = work_array(w, rest);

    w->school_count = items_uint32(&in);
    w->tablet_count = items_uint32(&in);
    w->record_count = items_uint32(&in);
    w->save_count = items_uint32(&in);
    if (!items_ok(&in) || w->school_count > WORK_SCHOOLS_MAX ||
        w->tablet_count > WORK_TABLETS_MAX)
        work_die("the workload is larger than this program");
    in = work_array(w, rest);
    for (uint32_t i = 0; i < w->school_count; i++) {
        struct span uuid = items_text(&in);
        snprintf(w->schools[i], sizeof w->schools[i], "school/%.*s",
                 (int)uuid.len, (const char *)uuid.at);
    }
    in = work_array(w, rest);
    for (uint32_t i = 0; i < w->tablet_count; i++) {
        struct items list = items_array(&in);
        while (list.left && w->reach_count[i] < WORK_SCHOOLS_MAX)
            w->reach[i][w->reach_count[i]++] = items_uint32(&list);
    }
    w->records = calloc(w->record_count + 1, sizeof *w->records);
    w->types = calloc(w->record_count + 1, 1);
    w->school_of = calloc(w->record_count + 1, 1);
    w->saves = calloc(w->save_count + 1, sizeof *w->saves);
    if (!w->records || !w->types || !w->school_of || !w->saves)
        work_die("no memory");
    for (uint32_t i = 0; i < w->record_count; i++) {
        if (i % WORK_IDS == 0)
            in = work_array(w, rest);
        w->records[i] = items_id(&in);
    }
}

static inline void work_one_save(struct work *w, struct items in,
                                 struct work_save *s)
{
    s->phase = items_uint32(&in);
    s->tablet = items_uint32(&in);
    s->at = items_int(&in);
    s->school = items_uint32(&in);
    s->record = items_uint32(&in);
    s->type = items_uint32(&in);
    s->contested = items_uint32(&in) != 0;
    if (!items_ok(&in) || s->record >= w->record_count)
        work_die("a save of the workload cannot be read");
    if (s->type) {
        w->types[s->record] = (uint8_t)s->type;
        w->school_of[s->record] = (uint8_t)s->school;
    }
    while (in.left && s->edit_count < WORK_FIELDS) {
        struct work_edit *e = &s->edits[s->edit_count++];
        e->field = items_uint32(&in);
        e->is_text = items_kind(&in) == PACK_ARRAY;
        e->is_number = items_kind(&in) == PACK_INT;
        struct items one = in;
        if (e->is_text) {
            one = items_array(&in);
            e->text = items_text(&one);
            w->is_text[w->types[s->record]][e->field] = true;
        } else if (e->is_number) {
            e->number = items_int(&in);
        } else {
            e->text = items_text(&in);
        }
    }
    w->edit_count += s->edit_count;
}

static inline void work_read(struct work *w, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = 1;

    if (!f || pack_open(&w->pack))
        work_die("the workload file cannot be opened");
    while (n > 0) {
        uint8_t *room = buf_room(&w->file, 1 << 20);
        n = room ? fread(room, 1, 1 << 20, f) : 0;
        w->file.len += n;
    }
    fclose(f);
    struct span rest = buf_span(&w->file);
    work_heads(w, &rest);
    for (uint32_t i = 0; i < w->save_count; i++) {
        pack_reset(w->pack);
        work_one_save(w, work_array(w, &rest), &w->saves[i]);
    }
}

#endif
