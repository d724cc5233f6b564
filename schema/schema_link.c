/* What one field or type says of another: units, targets, natural keys,
 * titles, and "as parent", which becomes the roles and buckets of all types
 * that a parent may have. */
#include "schema_read.h"

#include "bytes.h"

/* ---- Units ---- */

static bool may_share_unit(enum rule rule)
{
    return rule == RULE_ASK || rule == RULE_LATEST || rule == RULE_TEXT;
}

static void link_unit(struct reading *r, uint32_t object, struct type *t,
                      struct field *f)
{
    f->unit = f->id;
    if (!f->group)
        return;
    const struct field *other = NULL;
    for (uint32_t i = t->field_count; i-- > 0;) {
        const struct field *g = &t->fields[i];
        if (!g->group || strcmp(g->group, f->group) != 0)
            continue;
        f->unit = g->id;
        if (g != f)
            other = g;
    }
    f->grouped = true;
    if (!other)
        reading_fault(r, object, "'%s' is alone in its group '%s'", f->name,
                      f->group);
    else if (!may_share_unit(f->rule))
        reading_fault(r, object,
                      "'%s' cannot be in a group: only ask, latest and text "
                      "conflict together",
                      f->name);
    else if (other->write != f->write)
        reading_fault(r, object,
                      "'%s' and '%s' are one group but have other writers",
                      f->name, other->name);
}

/* ---- Targets ---- */

/* Takes the next name off "visit|review". */
static struct span next_name(const char **list)
{
    size_t len = strcspn(*list, "|");
    struct span name = {(const uint8_t *)*list, len};

    *list += len + ((*list)[len] == '|');
    return name;
}

static bool targets(const struct field *f, const struct type *t)
{
    const char *rest = f->target;

    if (!strcmp(rest, "any"))
        return true;
    while (*rest)
        if (span_equal(next_name(&rest), span_of(t->name)))
            return true;
    return false;
}

static void check_target(struct reading *r, uint32_t object,
                         const struct field *f)
{
    const struct schema *s = &r->own->schema;

    if (!f->target || !strcmp(f->target, "any"))
        return;
    const char *rest = f->target;
    do {
        struct span name = next_name(&rest);
        bool known = false;
        for (uint32_t i = 0; i < s->type_count; i++)
            known |= span_equal(name, span_of(s->types[i].name));
        if (!known)
            reading_fault(r, object, "'%s' refers to '%.*s', which is no type",
                          f->name, (int)name.len, (const char *)name.at);
    } while (*rest);
}

/* ---- Names of columns ---- */

/* A view has its own columns beside the fields: those that a field may not
 * be called. `version` may be; see schema_views.c. */
static void check_column(struct reading *r, uint32_t object,
                         const struct type *t, const struct field *f)
{
    static const char *const ours[] = {"id", "bucket", "created_by",
                                       "created_at", "changed_at"};

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (!strcmp(f->name, ours[i]))
            reading_fault(r, object, "'%s' is a column that every view has",
                          f->name);
    size_t len = strlen(f->name);
    if (!strcmp(f->name, "record_version"))
        reading_fault(r, object, "'%s' is kept for views", f->name);
    if (len < 4 || strcmp(f->name + len - 3, "_id") != 0)
        return;
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct field *g = &t->fields[i];
        if (g->kind == KIND_REF && strlen(g->name) == len - 3 &&
            !strncmp(g->name, f->name, len - 3))
            reading_fault(r, object, "'%s' is the id of '%s' in the view",
                          f->name, g->name);
    }
}

/* ---- Natural keys and titles ---- */

static bool keys_well(enum kind kind)
{
    return kind == KIND_STRING || kind == KIND_CHOICE || kind == KIND_DATE ||
           kind == KIND_INT || kind == KIND_REF;
}

static void link_natural(struct reading *r, uint32_t object, struct type *t)
{
    uint32_t identity = json_member(r->json, object, "identity");
    uint32_t list = json_member(r->json, identity, "natural");
    size_t n = 0;

    if (json_kind(r->json, identity) != JSON_OBJECT)
        return;
    if (json_kind(r->json, list) != JSON_ARRAY || !json_count(r->json, list)) {
        reading_fault(r, identity, "\"natural\" is not a list of fields");
        return;
    }
    t->natural =
        reading_take(r, (json_count(r->json, list) + 1) * sizeof *t->natural);
    for (uint32_t i = json_first(r->json, list); !r->err && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        const char *name = reading_string(r, i, "a field of the key");
        const struct field *f = name ? type_field_named(t, name) : NULL;
        if (!f)
            reading_fault(r, i, "'%.60s' is not a field of '%s'",
                          name ? name : "", t->name);
        else if (!keys_well(f->kind) || f->rule != RULE_ONCE)
            reading_fault(r, i,
                          "'%s' cannot be in a key: it must be a once of kind "
                          "string, choice, date, int or ref",
                          f->name);
        else
            t->natural[n++] = f;
    }
}

static void link_title(struct reading *r, uint32_t object, struct type *t)
{
    static const char *const usual[] = {"title", "name"};
    uint32_t node = json_member(r->json, object, "title");

    for (size_t i = 0; node == JSON_NONE && i < 2 && !t->title; i++) {
        const struct field *f = type_field_named(t, usual[i]);
        if (f && f->kind == KIND_STRING)
            t->title = f;
    }
    const char *name = reading_string(r, node, "the title");
    if (!name)
        return;
    t->title = type_field_named(t, name);
    if (!t->title || t->title->kind != KIND_STRING)
        reading_fault(r, node,
                      "the title '%.60s' is not a string field of "
                      "'%s'",
                      name, t->name);
}

/* ---- As parent ---- */

static bool is_as_parent(const struct type *t)
{
    return !strcmp(t->bucket, "as parent");
}

static void link_parent(struct reading *r, uint32_t object, struct type *t)
{
    role_set all = t->create | t->read | t->write | t->sign | t->remove;

    if (!is_as_parent(t) && !(all & ROLE_PARENT))
        return;
    t->parent = type_field_named(t, "parent");
    if (!t->parent)
        t->parent = type_field_named(t, "record");
    if (!t->parent || t->parent->kind != KIND_REF)
        reading_fault(r, object,
                      "'%s' is as its parent, but has no ref \"parent\" or "
                      "\"record\"",
                      t->name);
}

/* Every type that `from`'s parent, or that one's parent, may be. */
static void ancestors(const struct schema *s, const struct type *from,
                      bool seen[SCHEMA_TYPES_MAX])
{
    for (uint32_t i = 0; i < s->type_count; i++) {
        const struct type *t = &s->types[i];
        if (seen[i] || !targets(from->parent, t))
            continue;
        seen[i] = true;
        if (t->parent)
            ancestors(s, t, seen);
    }
}

static bool pattern_known(const struct buf *list, struct span pattern)
{
    size_t at = 0;

    while (at < list->len) {
        const char *from = (const char *)list->at + at;
        const char *end = strstr(from, " or ");
        size_t len = end ? (size_t)(end - from) : strlen(from);
        if (span_equal((struct span){list->at + at, len}, pattern))
            return true;
        at += len + 4;
    }
    return false;
}

static void add_patterns(struct buf *list, const char *patterns)
{
    while (*patterns) {
        const char *end = strstr(patterns, " or ");
        size_t len = end ? (size_t)(end - patterns) : strlen(patterns);
        if (!pattern_known(list,
                           (struct span){(const uint8_t *)patterns, len})) {
            if (list->len)
                buf_put(list, " or ", 4);
            buf_put(list, patterns, len);
            buf_byte(list, 0); /* ends it for strstr(), but is not of it */
            list->len -= buf_ok(list);
        }
        patterns += end ? len + 4 : len;
    }
}

static role_set file_roles(role_set roles)
{
    return roles & (ROLE_AUTHOR - 1 + ROLE_LEAD);
}

static void widen(role_set *op, role_set parents)
{
    if (*op & ROLE_PARENT)
        *op |= file_roles(parents);
}

/* `was` holds all types as the file has them, so that the order of widening
 * does not matter. */
static void widen_type(struct reading *r, const struct type *was,
                       struct type *t)
{
    const struct schema *s = &r->own->schema;
    bool seen[SCHEMA_TYPES_MAX] = {0};
    struct buf patterns = {0};

    if (!t->parent)
        return;
    ancestors(s, t, seen);
    role_set create = t->create;
    for (uint32_t i = 0; i < s->type_count; i++) {
        if (!seen[i])
            continue;
        widen(&t->create, (create & ROLE_SIGNER) ? was[i].sign : was[i].create);
        widen(&t->read, was[i].read);
        widen(&t->write, was[i].write);
        widen(&t->sign, was[i].sign);
        widen(&t->remove, was[i].remove);
        if (!is_as_parent(&was[i]))
            add_patterns(&patterns, was[i].bucket);
    }
    if (is_as_parent(t)) {
        char *copy = reading_take(r, patterns.len + 1);
        if (copy && buf_ok(&patterns) && patterns.len)
            memcpy(copy, patterns.at, patterns.len);
        else if (!buf_ok(&patterns) && !r->err)
            r->err = ERR_NOMEM;
        t->bucket = copy;
    }
    buf_free(&patterns);
}

/* ---- All of it ---- */

static void check_bucket(struct reading *r, uint32_t object,
                         const struct type *t)
{
    const char *p = t->bucket;

    while (!r->err && *p) {
        const char *end = strstr(p, " or ");
        size_t len = end ? (size_t)(end - p) : strlen(p);
        size_t kind = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
        size_t name = 0;
        if (kind < len && p[kind] == '/' && p[kind + 1] == '{')
            name = strspn(p + kind + 2, "abcdefghijklmnopqrstuvwxyz_");
        if (kind == 0 || (kind < len && (name == 0 || kind + name + 3 != len ||
                                         p[len - 1] != '}')))
            reading_fault(r, object, "'%.60s' is not a bucket of a type", p);
        p += end ? len + 4 : len;
    }
}

/* ---- Life and likeness ---- */

static const struct field *named(struct reading *r, uint32_t node,
                                 const struct type *t)
{
    const char *name = reading_name(r, node, "the field");
    const struct field *f = name ? type_field_named(t, name) : NULL;

    if (name && !f)
        reading_fault(r, node, "'%s' has no field '%s'", t->name, name);
    return f;
}

static void link_life(struct reading *r, uint32_t object, struct type *t)
{
    uint32_t node = json_member(r->json, object, "signed_with");

    if (r->err)
        return;
    t->lead = type_field_named(t, "lead");
    if (t->lead && t->lead->kind != KIND_REF)
        t->lead = NULL;
    if (strcmp(t->life, "none") != 0) {
        t->state = type_field_named(t, "state");
        if (!t->state || !t->state->order)
            reading_fault(r, object, "'%s' has a life but no ranked \"state\"",
                          t->name);
    }
    if (node == JSON_NONE)
        return;
    t->signed_with = named(r, node, t);
    if (!r->err && t->signed_with->kind != KIND_REF)
        reading_fault(r, node, "'%s' is not a ref", t->signed_with->name);
}

static void link_alike(struct reading *r, uint32_t object, struct type *t)
{
    uint32_t list = json_member(r->json, object, "alike");
    uint32_t count = json_count(r->json, list);

    if (r->err || list == JSON_NONE)
        return;
    if (json_kind(r->json, list) != JSON_ARRAY || count == 0) {
        reading_fault(r, list, "\"alike\" is not a list of fields");
        return;
    }
    t->alike = reading_take(r, (count + 1) * sizeof *t->alike);
    uint32_t n = 0;
    for (uint32_t i = json_first(r->json, list); !r->err && i != JSON_NONE;
         i = json_next(r->json, list, i))
        t->alike[n++] = named(r, i, t);
}

static void link_reopened(struct reading *r, uint32_t object,
                          const struct type *t, struct field *f)
{
    uint32_t node = json_member(r->json, object, "reopened_by");

    if (r->err || node == JSON_NONE)
        return;
    f->reopened_by = named(r, node, t);
    if (!r->err && (f->rule != RULE_RANK || f->reopened_by->kind != KIND_INT ||
                    f->reopened_by->rule != RULE_RANK))
        reading_fault(r, node,
                      "'%s' cannot reopen '%s': both must be ranks, "
                      "the first an int",
                      f->reopened_by->name, f->name);
}

static void link_type(struct reading *r, uint32_t object, struct type *t)
{
    uint32_t list = json_member(r->json, object, "fields");

    for (uint32_t i = json_first(r->json, list); !r->err && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        uint32_t id = 0;
        (void)json_uint(r->json, json_member(r->json, i, "id"), &id);
        for (uint32_t k = 0; k < t->field_count; k++) {
            struct field *f = &t->fields[k];
            if (f->id != id)
                continue;
            link_unit(r, i, t, f);
            check_target(r, i, f);
            check_column(r, i, t, f);
            link_reopened(r, i, t, f);
        }
    }
    link_natural(r, object, t);
    link_title(r, object, t);
    link_parent(r, object, t);
    link_life(r, object, t);
    link_alike(r, object, t);
    if (!is_as_parent(t))
        check_bucket(r, object, t);
}

void schema_link(struct reading *r)
{
    struct schema *s = &r->own->schema;
    uint32_t list = json_member(r->json, 0, "types");

    for (uint32_t i = json_first(r->json, list); !r->err && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        uint32_t id = 0;
        (void)json_uint(r->json, json_member(r->json, i, "id"), &id);
        for (uint32_t k = 0; k < s->type_count; k++)
            if (s->types[k].id == id)
                link_type(r, i, &s->types[k]);
    }
    struct type *was = reading_take(r, s->type_count * sizeof *was);
    if (!was)
        return;
    memcpy(was, s->types, s->type_count * sizeof *was);
    for (uint32_t k = 0; k < s->type_count; k++)
        widen_type(r, was, &s->types[k]);
}
