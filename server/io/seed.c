#include "seed.h"

#include "batch.h"
#include "change.h"
#include "digest.h"

#include <stdlib.h>

enum err seed_replica(const struct seed *s, struct id person_id,
                      const char *name, struct store_replica *out,
                      uint32_t *person)
{
    struct store_person p = {.id = person_id, .name = span_of(name)};
    char text[ID_TEXT_BYTES + 1];
    id_text(person_id, text);
    struct span part = span_of(text);
    struct store_device d = {
        .id = id_natural("server", &part, 1),
        .label = span_of("Server"),
        .platform = span_of("tidemark"),
        .enrolled_ms = s->now_ms,
        .revoked = true, /* nobody signs in as it */
    };
    enum err err = store_put_person(s->store, &p);

    d.person = p.no;
    if (!err)
        err = store_put_device(s->store, &d);
    if (!err)
        err = access_add_person(s->ledger->access, p.no, &person_id);
    if (err)
        return err;
    *person = p.no;
    uint32_t next = 1;
    for (uint32_t i = 1; i < s->ledger->replica_count; i++) {
        const struct store_replica *r = &s->ledger->replicas[i];
        if (r->no && r->device == d.no) {
            *out = *r;
            return ERR_OK;
        }
        if (r->no)
            next = i + 1;
    }
    *out = (struct store_replica){.no = next, .device = d.no, .incarnation = 1};
    return ERR_OK;
}

enum err seed_change(const struct seed *s, struct store_replica *replica,
                     uint32_t person, struct span change)
{
    struct batch *b = NULL;
    struct batch_push *p = calloc(1, sizeof *p);
    enum err err = p ? batch_open(&b) : ERR_NOMEM;

    if (!err) {
        p->changes = calloc(1, sizeof *p->changes);
        buf_put(&p->bytes, change.at, change.len);
        err = p->changes && buf_ok(&p->bytes) ? ERR_OK : ERR_NOMEM;
    }
    if (err) {
        batch_push_free(p);
        batch_free(b);
        return err;
    }
    p->changes[0] = buf_span(&p->bytes);
    p->count = 1;
    p->first = replica->seq + 1;
    p->replica = *replica;
    p->person = person;
    p->trusted = true;
    batch_push(b, p);
    err = batch_run(b, s->ledger, s->store, s->now_ms);
    if (!err)
        *replica = p->after;
    for (size_t i = 0; i < p->exception_count && !err; i++)
        if (p->exceptions[i].outcome == OUTCOME_HELD)
            err = (enum err)p->exceptions[i].reason;
    batch_free(b);
    return err;
}

static void put_set(struct buf *b, const struct type *type, const char *name,
                    struct span text)
{
    const struct field *f = type_field_named(type, name);

    change_edit_begin(b, CHANGE_SET, f->id, 0);
    pack_text(b, text);
}

static bool has_fields(const struct type *type, const char *const *names)
{
    for (; type && *names; names++)
        if (!type_field_named(type, *names))
            return false;
    return type != NULL;
}

static enum err write_person(const struct seed *s, struct store_replica *r,
                             const struct store_person *p)
{
    static const char *const needs[] = {"name", NULL};
    const struct type *type = schema_type_named(s->schema, "person");
    struct buf b = {0};

    if (!has_fields(type, needs))
        return ERR_OK; /* a schema without a directory of people */
    change_begin(&b, s->now_ms, 1);
    change_touch_begin_named(&b, span_of("staff"), p->id, 2);
    change_create(&b, type->id);
    put_set(&b, type, "name", p->name);
    enum err err =
        buf_ok(&b) ? seed_change(s, r, p->no, buf_span(&b)) : ERR_NOMEM;
    buf_free(&b);
    return err;
}

static enum err write_role(const struct seed *s, struct store_replica *r,
                           const struct store_person *p, const char *role,
                           const char *scope)
{
    static const char *const needs[] = {"person", "role", "scope", NULL};
    const struct type *type = schema_type_named(s->schema, "role_assignment");
    char text[ID_TEXT_BYTES + 1];
    id_text(p->id, text);
    struct span parts[] = {span_of(text), span_of(role), span_of(scope)};
    struct buf b = {0};

    if (!has_fields(type, needs))
        return ERR_USAGE;
    change_begin(&b, s->now_ms, 1);
    change_touch_begin_named(&b, span_of("admin"),
                             id_natural("role_assignment", parts, 3), 4);
    change_create(&b, type->id);
    change_edit_begin(&b, CHANGE_SET, type_field_named(type, "person")->id, 0);
    pack_id(&b, p->id);
    put_set(&b, type, "role", span_of(role));
    put_set(&b, type, "scope", span_of(scope));
    enum err err =
        buf_ok(&b) ? seed_change(s, r, p->no, buf_span(&b)) : ERR_NOMEM;
    buf_free(&b);
    return err;
}

enum err seed_person(const struct seed *s, const char *name, const char *role,
                     const char *scope, struct store_person *out)
{
    struct store_replica r;
    enum err err;

    if (!schema_role_named(s->schema, role))
        return ERR_USAGE;
    *out = (struct store_person){.id = id_named(span_of(name)),
                                 .name = span_of(name)};
    err = seed_replica(s, out->id, name, &r, &out->no);
    if (!err)
        err = write_person(s, &r, out);
    if (!err)
        err = write_role(s, &r, out, role, scope);
    return err;
}
