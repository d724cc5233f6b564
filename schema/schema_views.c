/* One SQL view per record type, for people who open the file with any SQLite
 * tool: SELECT school, date, findings FROM visit.
 *
 * A column is a look-up of one field by (bucket, record, field), so that a
 * query pays for the columns that it names and no others. Measured on 8,000
 * records of 43,000 fields against a pivot (MAX(CASE field …) GROUP BY record):
 * three columns 23 ms to 42, all 29 columns 244 ms to 53 (the pivot without
 * titles and names). Analysts name columns, and a pivot reads every type.
 */
#include "schema.h"

#include <stdarg.h>
#include <stdio.h>

static void put(struct buf *sql, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Every piece is far below the limit: names have at most 40 letters. */
static void put(struct buf *sql, const char *format, ...)
{
    char piece[1024];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof piece)
        sql->failed = true;
    else
        buf_put(sql, piece, (size_t)n);
}

static void put_uuid(struct buf *sql, const char *blob)
{
    put(sql,
        "lower(substr(hex(%s),1,8)||'-'||substr(hex(%s),9,4)||'-'||"
        "substr(hex(%s),13,4)||'-'||substr(hex(%s),17,4)||'-'||"
        "substr(hex(%s),21))",
        blob, blob, blob, blob, blob);
}

/* The look-up of one field; `what` is an expression over its row f. */
static void put_lookup(struct buf *sql, const char *what, uint32_t field)
{
    put(sql,
        "(SELECT %s FROM store_state f WHERE f.bucket=r.bucket AND "
        "f.record=r.id AND f.field=%u)",
        what, field);
}

static bool targets(const struct field *f, const struct type *t)
{
    size_t len = strlen(t->name);

    if (!strcmp(f->target, "any"))
        return true;
    for (const char *at = f->target; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (!strncmp(at, t->name, len) && (at[len] == 0 || at[len] == '|'))
            return true;
    }
    return false;
}

/* The number of the title field by the target's type; false: none has one. */
static bool put_title_field(struct buf *sql, const struct schema *s,
                            const struct field *f)
{
    bool any = false;

    for (uint32_t i = 0; i < s->type_count; i++) {
        const struct type *t = &s->types[i];
        if (!t->title || !targets(f, t))
            continue;
        put(sql, "%s WHEN %u THEN %u", any ? "" : "CASE x.type", t->id,
            t->title->id);
        any = true;
    }
    if (any)
        put(sql, " END");
    return any;
}

/* Two columns: the target's title, or its id when it has none; and the id. */
static void put_ref(struct buf *sql, const struct schema *s,
                    const struct field *f)
{
    struct buf title = {0}, uuid = {0};

    put_uuid(&uuid, "f.value");
    buf_byte(&uuid, 0);
    bool titled = put_title_field(&title, s, f);
    buf_byte(&title, 0);
    if (!buf_ok(&title) || !buf_ok(&uuid)) {
        sql->failed = true;
    } else if (titled) {
        put(sql,
            ",\n (SELECT coalesce((SELECT t.value FROM store_record x JOIN "
            "store_state t ON t.bucket=x.bucket AND t.record=x.id AND "
            "t.field=");
        buf_put(sql, title.at, title.len - 1);
        put(sql, " WHERE x.id=f.value),");
        buf_put(sql, uuid.at, uuid.len - 1);
        put(sql,
            ") FROM store_state f WHERE f.bucket=r.bucket AND f.record=r.id "
            "AND f.value IS NOT NULL AND f.field=%u) AS \"%s\"",
            f->id, f->name);
    }
    for (int id = titled; id < 2 && buf_ok(sql); id++) {
        put(sql, ",\n (SELECT ");
        buf_put(sql, uuid.at, uuid.len - 1);
        put(sql,
            " FROM store_state f WHERE f.bucket=r.bucket AND f.record=r.id "
            "AND f.value IS NOT NULL AND f.field=%u) AS \"%s%s\"",
            f->id, f->name, id ? "_id" : "");
    }
    buf_free(&title);
    buf_free(&uuid);
}

static void put_column(struct buf *sql, const struct schema *s,
                       const struct field *f)
{
    if (f->kind == KIND_REF) {
        put_ref(sql, s, f);
        return;
    }
    put(sql, ",\n ");
    if (f->kind == KIND_DATETIME)
        put_lookup(sql,
                   "strftime('%Y-%m-%dT%H:%M:%SZ',f.value/1000,'unixepoch')",
                   f->id);
    else
        put_lookup(sql, "f.value", f->id);
    put(sql, " AS \"%s\"", f->name);
}

/* The record's first version: still the state, unless it was deleted. */
static void put_created(struct buf *sql, const char *what)
{
    put(sql,
        "coalesce((SELECT %s FROM store_history f WHERE f.bucket=r.bucket AND "
        "f.record=r.id AND f.field=0 ORDER BY f.version LIMIT 1), ",
        what);
    put_lookup(sql, what, 0);
    put(sql, ")");
}

static void put_newest(struct buf *sql, const char *what)
{
    put(sql,
        "(SELECT %s FROM store_state f WHERE f.bucket=r.bucket AND "
        "f.record=r.id)",
        what);
}

static void put_own_columns(struct buf *sql, const struct type *t)
{
    put(sql, ",\n b.name AS bucket,\n ");
    put_created(sql, "(SELECT p.name FROM store_person p WHERE p.no=f.author)");
    put(sql, " AS created_by,\n ");
    put_created(sql, "strftime('%Y-%m-%dT%H:%M:%SZ',f.at/1000,'unixepoch')");
    put(sql, " AS created_at,\n ");
    put_newest(sql,
               "strftime('%Y-%m-%dT%H:%M:%SZ',max(f.at)/1000,'unixepoch')");
    put(sql, " AS changed_at,\n ");
    put_newest(sql, "max(f.version)");
    put(sql, " AS %s\n",
        type_field_named(t, "version") ? "record_version" : "version");
}

static void put_view(struct buf *sql, const struct schema *s,
                     const struct type *t)
{
    put(sql, "DROP VIEW IF EXISTS \"%s\";\nCREATE VIEW \"%s\" AS SELECT\n ",
        t->name, t->name);
    put_uuid(sql, "r.id");
    put(sql, " AS id");
    for (uint32_t i = 0; i < t->field_count; i++)
        put_column(sql, s, &t->fields[i]);
    put_own_columns(sql, t);
    put(sql,
        "FROM store_record r JOIN store_bucket b ON b.no=r.bucket\n"
        "WHERE r.type=%u AND 1=",
        t->id);
    put_lookup(sql, "f.value", 0);
    put(sql, ";\n");
}

void schema_views(const struct schema *s, struct buf *sql)
{
    for (uint32_t i = 0; i < s->type_count; i++)
        put_view(sql, s, &s->types[i]);
}
