#include "seed.h"

#include "change.h"
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    DAY_MS = 24 * 60 * 60 * 1000,
    WEEK_DAYS = 7,
    NESTING_MAX = 6, /* natural keys made of natural keys */
    WORD_MAX = 160,  /* bytes of an id or a name in the file */
    PARTS_MAX = 8,
};

/* A word of the file that outlives the next one. */
struct word {
    char text[WORD_MAX + 1];
};

struct sample {
    const struct seed *seed;
    struct seed_fault *fault;
    struct json json;
    uint32_t *records; /* nodes */
    uint32_t count;
    int64_t shift_ms;
    struct buf scratch, change;
};

static enum err blame(struct sample *s, uint32_t node, const char *what)
{
    s->fault->line = json_line(&s->json, node);
    snprintf(s->fault->text, sizeof s->fault->text, "%s", what);
    return ERR_USAGE;
}

static struct span text_at(struct sample *s, uint32_t node)
{
    buf_clear(&s->scratch);
    if (!json_string(&s->json, node, &s->scratch))
        return (struct span){0};
    return buf_span(&s->scratch);
}

/* Empty when there is none, or it is too long to be a word. */
static struct word word_at(struct sample *s, uint32_t node)
{
    struct span text = text_at(s, node);
    struct word w = {""};

    if (text.len && text.len <= WORD_MAX)
        memcpy(w.text, text.at, text.len);
    return w;
}

static struct word member_at(struct sample *s, uint32_t record, const char *key)
{
    return word_at(s, json_member(&s->json, record, key));
}

static uint32_t record_called(struct sample *s, const char *name)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (json_is(&s->json, json_member(&s->json, s->records[i], "id"), name))
            return s->records[i];
    return JSON_NONE;
}

static struct id id_of_name(struct sample *, const char *name, int nesting);

static const struct type *type_of(struct sample *s, uint32_t record)
{
    return schema_type_named(s->seed->schema,
                             member_at(s, record, "type").text);
}

/* The key's parts in text form, as every device makes them. */
static struct id natural_id(struct sample *s, uint32_t record,
                            const struct type *type, int nesting)
{
    struct word parts[PARTS_MAX];
    struct span spans[PARTS_MAX];
    size_t count = 0;
    uint32_t fields = json_member(&s->json, record, "fields");

    for (; type->natural[count] && count < PARTS_MAX; count++) {
        const struct field *f = type->natural[count];
        parts[count] = member_at(s, fields, f->name);
        if (f->kind == KIND_REF)
            id_text(id_of_name(s, parts[count].text, nesting + 1),
                    parts[count].text);
        spans[count] = span_of(parts[count].text);
    }
    return id_natural(type->name, spans, count);
}

static struct id id_of_name(struct sample *s, const char *name, int nesting)
{
    uint32_t record = record_called(s, name);

    if (record != JSON_NONE && nesting <= NESTING_MAX) {
        const struct type *type = type_of(s, record);
        if (type && type->natural)
            return natural_id(s, record, type, nesting);
    }
    return id_named(span_of(name));
}

static struct id id_at(struct sample *s, uint32_t node)
{
    return id_of_name(s, word_at(s, node).text, 0);
}

/* "school/porthenwyn" -> "school/<uuid>"; "common" as it is. */
static struct word bucket_at(struct sample *s, uint32_t node)
{
    struct word w = word_at(s, node);
    char *slash = strchr(w.text, '/');

    if (slash && slash - w.text < WORD_MAX - ID_TEXT_BYTES)
        id_text(id_of_name(s, slash + 1, 0), slash + 1);
    return w;
}

/* ---- Times ---- */

static bool read_time(struct span text, int64_t *ms)
{
    struct tm tm = {0};
    char copy[32];

    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    const char *rest = strptime(copy, "%Y-%m-%d", &tm);
    if (rest && *rest == 'T')
        rest = strptime(rest, "T%H:%M:%SZ", &tm);
    if (!rest || *rest)
        return false;
    *ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static void write_date(int64_t ms, char out[11])
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);

    gmtime_r(&seconds, &tm);
    strftime(out, 11, "%Y-%m-%d", &tm);
}

static int64_t shifted(const struct sample *s, const struct type *type,
                       int64_t ms)
{
    /* A term is what it is called: its dates stay. */
    return strcmp(type->name, "term") ? ms + s->shift_ms : ms;
}

/* ---- Values ---- */

static void put_elements(struct sample *s, const struct field *f, uint32_t node)
{
    pack_array(&s->change, json_count(&s->json, node));
    for (uint32_t i = json_first(&s->json, node); i != JSON_NONE;
         i = json_next(&s->json, node, i))
        if (f->kind == KIND_CHOICES)
            pack_text(&s->change, text_at(s, i));
        else
            pack_id(&s->change, id_at(s, i));
}

static enum err put_time(struct sample *s, const struct type *type,
                         const struct field *f, uint32_t node)
{
    char date[11];
    int64_t ms;

    if (!read_time(text_at(s, node), &ms))
        return blame(s, node, "not a date or a time");
    ms = shifted(s, type, ms);
    write_date(ms, date);
    if (f->kind == KIND_DATE)
        pack_text(&s->change, span_of(date));
    else
        pack_int(&s->change, ms);
    return ERR_OK;
}

static enum err put_text(struct sample *s, const struct type *type,
                         const struct field *f, uint32_t node)
{
    if (f->kind == KIND_DATE || f->kind == KIND_DATETIME)
        return put_time(s, type, f, node);
    if (f->kind == KIND_REF)
        pack_id(&s->change, id_at(s, node));
    else if (!strcmp(f->name, "scope"))
        pack_text(&s->change, span_of(bucket_at(s, node).text));
    else
        pack_text(&s->change, text_at(s, node));
    return ERR_OK;
}

static enum err put_number(struct sample *s, uint32_t node)
{
    struct span text = json_text(&s->json, node);
    char copy[64];

    if (text.len >= sizeof copy)
        return blame(s, node, "too long for a number");
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    double number = strtod(copy, NULL);
    if (!isfinite(number))
        return blame(s, node, "too large for a number");
    pack_real(&s->change, number);
    return ERR_OK;
}

static enum err put_value(struct sample *s, const struct type *type,
                          const struct field *f, uint32_t node)
{
    switch (json_kind(&s->json, node)) {
    case JSON_NULL: pack_nil(&s->change); return ERR_OK;
    case JSON_BOOL:
        pack_bool(&s->change, json_true(&s->json, node));
        return ERR_OK;
    case JSON_NUMBER: return put_number(s, node);
    case JSON_STRING: return put_text(s, type, f, node);
    case JSON_ARRAY: put_elements(s, f, node); return ERR_OK;
    case JSON_OBJECT: /* a document stays JSON */
        pack_text(&s->change, json_text(&s->json, node));
        return ERR_OK;
    }
    return ERR_OK;
}

/* ---- Records ---- */

static enum err put_fields(struct sample *s, const struct type *type,
                           uint32_t fields)
{
    enum err err = ERR_OK;

    for (uint32_t k = json_first(&s->json, fields); k != JSON_NONE && !err;
         k = json_next(&s->json, fields, k)) {
        const struct field *f = type_field_named(type, word_at(s, k).text);
        if (!f)
            return blame(s, k, "no such field in this type");
        change_edit_begin(&s->change, CHANGE_SET, f->id, 0);
        err = put_value(s, type, f, json_value(&s->json, k));
    }
    return err;
}

/* Through whom a record comes: the person of that id in the file. */
static enum err author(struct sample *s, const char *by,
                       struct store_replica *replica, uint32_t *person)
{
    uint32_t fields = json_member(&s->json, record_called(s, by), "fields");
    struct word name = member_at(s, fields, "name");

    return seed_replica(s->seed, id_of_name(s, by, 0),
                        name.text[0] ? name.text : by, replica, person);
}

static enum err write_record(struct sample *s, uint32_t record,
                             const struct type *type, int64_t at)
{
    uint32_t fields = json_member(&s->json, record, "fields");
    struct id id = id_at(s, json_member(&s->json, record, "id"));
    struct word bucket = bucket_at(s, json_member(&s->json, record, "bucket"));

    buf_clear(&s->change);
    change_begin(&s->change, shifted(s, type, at), 1);
    change_touch_begin_named(&s->change, span_of(bucket.text), id,
                             1 + json_count(&s->json, fields));
    change_create(&s->change, type->id);
    enum err err = put_fields(s, type, fields);
    return err || buf_ok(&s->change) ? err : ERR_NOMEM;
}

static enum err put_record(struct sample *s, uint32_t record)
{
    const struct type *type = type_of(s, record);
    struct word by = member_at(s, record, "by");
    struct store_replica replica;
    uint32_t person;
    int64_t at;

    if (!type)
        return blame(s, record, "no such record type");
    if (!read_time(text_at(s, json_member(&s->json, record, "at")), &at))
        return blame(s, record, "no time");
    if (!by.text[0])
        return blame(s, record, "nobody made this record");
    enum err err = author(s, by.text, &replica, &person);
    if (!err)
        err = write_record(s, record, type, at);
    if (!err)
        err = seed_change(s->seed, &replica, person, buf_span(&s->change));
    if (err && !s->fault->line)
        (void)blame(s, record, err_text(err)); /* err itself goes up */
    return err;
}

static enum err put_person(struct sample *s, uint32_t record)
{
    struct store_replica replica;
    uint32_t person;

    return author(s, member_at(s, record, "id").text, &replica, &person);
}

static enum err put_all(struct sample *s)
{
    uint32_t records = json_member(&s->json, 0, "records");
    int64_t today;
    enum err err = ERR_OK;

    s->records =
        calloc((size_t)json_count(&s->json, records) + 1, sizeof *s->records);
    if (!s->records)
        return ERR_NOMEM;
    if (!read_time(text_at(s, json_member(&s->json, 0, "today")), &today))
        return blame(s, 0, "the file does not say its today");
    int64_t weeks = (s->seed->now_ms - today) / DAY_MS / WEEK_DAYS;
    s->shift_ms = weeks * WEEK_DAYS * DAY_MS;
    for (uint32_t r = json_first(&s->json, records); r != JSON_NONE;
         r = json_next(&s->json, records, r))
        s->records[s->count++] = r;
    for (uint32_t i = 0; i < s->count && !err; i++)
        if (json_is(&s->json, json_member(&s->json, s->records[i], "type"),
                    "person"))
            err = put_person(s, s->records[i]);
    for (uint32_t i = 0; i < s->count && !err; i++)
        err = put_record(s, s->records[i]);
    return err;
}

static enum err read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    uint8_t chunk[16384];
    size_t n;

    if (!f)
        return ERR_USAGE;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 &&
           out->len < JSON_BYTES_MAX)
        buf_put(out, chunk, n);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed)
        return ERR_USAGE;
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

enum err seed_sample(const struct seed *seed, const char *path,
                     struct seed_fault *fault)
{
    struct sample s = {.seed = seed, .fault = fault};
    struct buf text = {0};
    const char *why = "cannot be read";
    enum err err = read_file(path, &text);

    *fault = (struct seed_fault){0};
    if (!err)
        err = json_open(buf_span(&text), &s.json, &fault->line, &why);
    if (err) {
        snprintf(fault->text, sizeof fault->text, "%s", why);
        err = ERR_USAGE;
    } else {
        err = put_all(&s);
        json_close(&s.json);
    }
    free(s.records);
    buf_free(&s.scratch);
    buf_free(&s.change);
    buf_free(&text);
    return err;
}
