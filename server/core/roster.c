#include "job.h"

#include <stdlib.h>

/* The rows of one record come together; what matters of it is gathered, and
 * taken over when the next record begins. */
struct roster {
    struct access *access;
    const struct type *type;
    struct id record;
    bool alive;
    struct id person, hub;
    char role[64], scope[BUCKET_NAME_MAX + 1], from[11], to[11];
    int64_t until_ms; /* 0: no moment was named */
    enum err err;
};

static const int64_t day_ms = 24 * 60 * 60 * 1000;

/* Days since 1970. Source: Howard Hinnant, chrono-compatible low-level date
 * algorithms, days_from_civil. */
static int64_t days(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

static int64_t date_ms(const char *text)
{
    return days(strtol(text, NULL, 10), strtol(text + 5, NULL, 10),
                strtol(text + 8, NULL, 10)) *
           day_ms;
}

/* To the end of its last day, or to the moment at which it was ended if that
 * comes first; 0: without end. */
static int64_t end_of(const struct roster *r)
{
    int64_t last = strlen(r->to) == 10 ? date_ms(r->to) + day_ms : 0;

    if (r->until_ms > 0 && (last == 0 || r->until_ms < last))
        return r->until_ms;
    return last;
}

static void take_over(struct roster *r)
{
    if (r->err || !r->alive || id_none(r->record))
        return;
    if (!strcmp(r->type->name, "school")) {
        r->err = access_add_school(r->access, &r->record, &r->hub);
        return;
    }
    int64_t from = strlen(r->from) == 10 ? date_ms(r->from) : 0;
    r->err = access_add_assignment(r->access, &r->person, span_of(r->role),
                                   span_of(r->scope), from, end_of(r));
}

static void copy_text(struct value v, char *to, size_t room)
{
    if (v.kind != VALUE_TEXT || v.bytes.len >= room)
        return;
    memcpy(to, v.bytes.at, v.bytes.len);
    to[v.bytes.len] = 0;
}

static void copy_id(struct value v, struct id *to)
{
    if (v.kind == VALUE_BLOB && v.bytes.len == ID_BYTES)
        memcpy(to->bytes, v.bytes.at, ID_BYTES);
}

static bool roster_each(void *context, const struct row *row)
{
    struct roster *r = context;

    if (!id_equal(row->record, r->record)) {
        take_over(r);
        r->record = row->record;
        r->alive = false;
        r->person = r->hub = (struct id){{0}};
        r->role[0] = r->scope[0] = r->from[0] = r->to[0] = 0;
        r->until_ms = 0;
    }
    const struct field *f = row->field ? type_field(r->type, row->field) : NULL;
    if (row->field == 0)
        r->alive = row->value.integer != 0;
    else if (!f)
        return true;
    else if (!strcmp(f->name, "person"))
        copy_id(row->value, &r->person);
    else if (!strcmp(f->name, "hub"))
        copy_id(row->value, &r->hub);
    else if (!strcmp(f->name, "role"))
        copy_text(row->value, r->role, sizeof r->role);
    else if (!strcmp(f->name, "scope"))
        copy_text(row->value, r->scope, sizeof r->scope);
    else if (!strcmp(f->name, "from"))
        copy_text(row->value, r->from, sizeof r->from);
    else if (!strcmp(f->name, "to"))
        copy_text(row->value, r->to, sizeof r->to);
    else if (!strcmp(f->name, "until"))
        r->until_ms = row->value.kind == VALUE_INT ? row->value.integer : 0;
    return r->err == ERR_OK;
}

static enum err read_type(const struct schema *schema, const char *name,
                          struct reader *reader, struct access *access)
{
    struct roster r = {.access = access,
                       .type = schema_type_named(schema, name)};

    if (!r.type)
        return ERR_OK;
    enum err err = reader_type(reader, r.type->id, roster_each, &r);
    take_over(&r);
    return err ? err : r.err;
}

enum err job_access(const struct schema *schema, struct reader *reader,
                    const struct store_person *persons, size_t count,
                    struct access **out)
{
    struct access *a = NULL;
    enum err err = access_open(schema, &a);

    for (size_t i = 0; i < count && !err; i++)
        err = access_add_person(a, persons[i].no, &persons[i].id);
    if (!err)
        err = read_type(schema, "school", reader, a);
    if (!err)
        err = read_type(schema, "role_assignment", reader, a);
    if (err) {
        access_drop(a);
        return err;
    }
    *out = a;
    return ERR_OK;
}
