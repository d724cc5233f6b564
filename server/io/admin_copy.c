/* Backup and restore. */
#include "admin.h"

#include "clock.h"
#include "safe.h"
#include "serve.h"
#include "store.h"

#include <inttypes.h>
#include <stdio.h>

static int with_schema(const struct admin_options *o,
                       int (*thing)(const struct admin_options *,
                                    const struct store_options *))
{
    struct store_options options = {.folder = o->data};
    struct schema_fault fault;
    struct schema *schema = NULL;
    enum err err = schema_load(o->schema, &schema, &fault);

    if (err) {
        fprintf(stderr, "%s:%u: %s\n", o->schema, fault.line, fault.text);
        return serve_exit_code(err);
    }
    options.schema = schema;
    int code = thing(o, &options);
    schema_free(schema);
    return code;
}

static int complain(enum err err, const struct store_copy *c)
{
    fprintf(stderr, "tidemark: %s\n", c->fault[0] ? c->fault : err_text(err));
    return serve_exit_code(err);
}

static void say_checked(const struct store_copy *c)
{
    printf("checked: %" PRIu64 " fields, %" PRIu64
           " versions in history, %" PRIu64 " held\n",
           c->report.rows, c->report.history_rows, c->report.held_rows);
}

static int backup(const struct admin_options *o, const struct store_options *so)
{
    struct store_copy c;
    enum err err = store_backup(so, o->to, (int64_t)clock_now_ms(), &c);

    if (err)
        return complain(err, &c);
    printf("backed up to %s, up to version %" PRIu64 "\n", c.path, c.head);
    say_checked(&c);
    err = safe_write(o->data, &(struct safe){c.timeline, c.head});
    if (err)
        fprintf(stderr,
                "tidemark: the backup is good, but no note can be left in %s: "
                "tablets go on keeping what it holds\n",
                o->data);
    return serve_exit_code(err);
}

int admin_backup(const struct admin_options *o)
{
    return with_schema(o, backup);
}

static int restore(const struct admin_options *o,
                   const struct store_options *so)
{
    char timeline[ID_TEXT_BYTES + 1];
    struct store_copy c;
    enum err err = store_restore(so, o->from, &c);

    if (err)
        return complain(err, &c);
    id_text(c.timeline, timeline);
    printf("restored %s from %s, up to version %" PRIu64 "\n", o->data, o->from,
           c.head);
    say_checked(&c);
    printf("a new timeline, %s: tablets that come back send again what they "
           "have kept since\n",
           timeline);
    return EXIT_STOPPED;
}

int admin_restore(const struct admin_options *o)
{
    return with_schema(o, restore);
}
