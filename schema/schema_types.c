/* Types and their fields, each looked at by itself. What one says of another
 * is schema_link.c's. */
#include "schema_read.h"

#include "text.h"

#include <stdlib.h>

static const char *const KINDS[] = {
    [KIND_STRING] = "string",     [KIND_TEXT] = "text",
    [KIND_CHOICE] = "choice",     [KIND_DATE] = "date",
    [KIND_DATETIME] = "datetime", [KIND_INT] = "int",
    [KIND_DECIMAL] = "decimal",   [KIND_BOOL] = "bool",
    [KIND_REF] = "ref",           [KIND_CHOICES] = "choices",
    [KIND_REFS] = "refs",         [KIND_DOCUMENT] = "document",
};

static const char *const RULES[] = {
    [RULE_LATEST] = "latest", [RULE_TEXT] = "text", [RULE_ASK] = "ask",
    [RULE_SET] = "set",       [RULE_RANK] = "rank", [RULE_ONCE] = "once",
};

static const char *const NEEDED[] = {"create", "submit", "sign"};

#define COUNT(list) (sizeof list / sizeof list[0])

static uint32_t read_word(struct reading *r, uint32_t node, const char *what,
                          const char *const *words, size_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (json_is(r->json, node, words[i]))
            return i;
    const char *word = reading_string(r, node, what);
    reading_fault(r, node, "there is no %s '%.60s'", what, word ? word : "");
    return 0;
}

static uint32_t read_id(struct reading *r, uint32_t object, const char *name,
                        uint32_t max)
{
    uint32_t id = 0, node = json_member(r->json, object, "id");

    if (node == JSON_NONE)
        reading_fault(r, object, "'%s' has no \"id\"", name);
    else if (!json_uint(r->json, node, &id) || id == 0 || id > max)
        reading_fault(r, node, "the id of '%s' is not a number from 1 to %u",
                      name, max);
    return id;
}

/* Strings of an array, NULL-ended; of an array of [code, label] the codes. */
static const char *const *read_codes(struct reading *r, uint32_t list)
{
    size_t n = 0;

    if (json_kind(r->json, list) != JSON_ARRAY || !json_count(r->json, list)) {
        reading_fault(r, list, "this is not a list of codes");
        return NULL;
    }
    const char **out =
        reading_take(r, (json_count(r->json, list) + 1) * sizeof *out);
    for (uint32_t i = json_first(r->json, list); out && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        uint32_t code = i;
        if (json_kind(r->json, i) == JSON_ARRAY)
            code = json_first(r->json, i);
        const char *text = reading_string(r, code, "a code");
        if (!text || !*text) {
            reading_fault(r, i, "a code is missing");
            return NULL;
        }
        for (size_t k = 0; k < n; k++)
            if (!strcmp(out[k], text))
                reading_fault(r, i, "the code '%.60s' stands twice", text);
        out[n++] = text;
    }
    return out;
}

/* "choices" is a list, or the name of one in the file's "choices". */
static void read_choices(struct reading *r, uint32_t object, struct field *f)
{
    uint32_t node = json_member(r->json, object, "choices");
    bool wanted = f->kind == KIND_CHOICE || f->kind == KIND_CHOICES;

    if (wanted != (node != JSON_NONE)) {
        reading_fault(r, object, "'%s' %s choices", f->name,
                      wanted ? "has no" : "is not of a kind with");
        return;
    }
    if (!wanted)
        return;
    if (json_kind(r->json, node) == JSON_STRING) {
        const char *name = reading_string(r, node, "the name of the choices");
        uint32_t all = json_member(r->json, 0, "choices");
        uint32_t list = name ? json_member(r->json, all, name) : JSON_NONE;
        if (list == JSON_NONE) {
            reading_fault(r, node, "there is no list of choices '%.60s'",
                          name ? name : "");
            return;
        }
        node = list;
    }
    f->choices = read_codes(r, node);
}

static size_t list_length(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static bool list_has(const char *const *list, const char *code)
{
    for (; *list; list++)
        if (!strcmp(*list, code))
            return true;
    return false;
}

/* Of a bool the order is [false, true], which is that of its numbers. */
static void read_bool_order(struct reading *r, uint32_t node)
{
    uint32_t first = json_first(r->json, node);
    uint32_t second =
        first == JSON_NONE ? first : json_next(r->json, node, first);

    if (json_count(r->json, node) != 2 ||
        json_kind(r->json, first) != JSON_BOOL || json_true(r->json, first) ||
        !json_true(r->json, second))
        reading_fault(r, node, "the order of a bool is [false, true]");
}

static void read_order(struct reading *r, uint32_t object, struct field *f)
{
    uint32_t node = json_member(r->json, object, "order");
    bool numeric = f->kind == KIND_INT || f->kind == KIND_DATETIME;

    if (r->err)
        return;
    if (node == JSON_NONE) {
        if (f->rule == RULE_RANK && !numeric)
            reading_fault(r, object, "'%s' has the rule rank but no order",
                          f->name);
        return;
    }
    if (f->rule != RULE_RANK && f->rule != RULE_ASK) {
        reading_fault(r, node, "'%s': only rank and ask have an order",
                      f->name);
        return;
    }
    if (f->kind == KIND_BOOL) {
        read_bool_order(r, node);
        return;
    }
    if (f->kind != KIND_CHOICE) {
        reading_fault(r, node, "'%s': only choices are put in order", f->name);
        return;
    }
    f->order = read_codes(r, node);
    if (r->err)
        return;
    for (const char *const *c = f->order; *c; c++)
        if (!list_has(f->choices, *c))
            reading_fault(r, node, "'%s' is not a choice of '%s'", *c, f->name);
    if (list_length(f->order) != list_length(f->choices))
        reading_fault(r, node, "the order of '%s' leaves a choice out",
                      f->name);
}

/* Which rules make sense for which kinds. */
static void check_rule(struct reading *r, uint32_t object,
                       const struct field *f)
{
    bool set = f->kind == KIND_CHOICES || f->kind == KIND_REFS;
    bool ranked = f->kind == KIND_CHOICE || f->kind == KIND_BOOL ||
                  f->kind == KIND_INT || f->kind == KIND_DATETIME;

    if (f->rule == RULE_TEXT && f->kind != KIND_TEXT)
        reading_fault(r, object, "'%s' has the rule text but is a %s", f->name,
                      KINDS[f->kind]);
    if ((f->rule == RULE_SET) != set)
        reading_fault(r, object, "'%s': sets, and only sets, have the rule set",
                      f->name);
    if (f->rule == RULE_RANK && !ranked)
        reading_fault(r, object, "'%s': a %s has no rank", f->name,
                      KINDS[f->kind]);
}

static void read_max(struct reading *r, uint32_t object, struct field *f)
{
    uint32_t node = json_member(r->json, object, "max");

    if (r->err || node == JSON_NONE)
        return;
    if (f->kind != KIND_STRING && f->kind != KIND_TEXT)
        reading_fault(r, node, "'%s': only strings and texts have a max",
                      f->name);
    else if (!json_uint(r->json, node, &f->max) || f->max == 0 ||
             f->max > TEXT_CHARS_MAX)
        reading_fault(r, node, "the max of '%s' is not a number from 1 to %u",
                      f->name, TEXT_CHARS_MAX);
}

static void read_target(struct reading *r, uint32_t object, struct field *f)
{
    uint32_t node = json_member(r->json, object, "ref");
    bool wanted = f->kind == KIND_REF || f->kind == KIND_REFS;

    if (wanted != (node != JSON_NONE))
        reading_fault(r, object, "'%s' %s", f->name,
                      wanted ? "does not say what it refers to"
                             : "is not of a kind that refers");
    f->target = reading_string(r, node, "the target");
}

static void read_writers(struct reading *r, uint32_t object, struct field *f)
{
    uint32_t node = json_member(r->json, object, "write");

    f->write = reading_roles(r, node, "the writers");
    if (!r->err && node != JSON_NONE && !f->write)
        reading_fault(r, node, "nobody could write '%s'", f->name);
    node = json_member(r->json, object, "resolver");
    f->resolver = reading_string(r, node, "the resolver");
    if (!r->err && f->resolver &&
        !schema_resolver_known(&r->own->schema, f->resolver))
        reading_fault(r, node, "there is no role '%.60s'", f->resolver);
    if (!r->err && f->resolver && f->rule != RULE_ASK)
        reading_fault(r, node, "'%s': only ask has a resolver", f->name);
}

static void read_field(struct reading *r, uint32_t object, struct field *f)
{
    const struct json *j = r->json;

    f->name = reading_name(r, json_member(j, object, "name"), "the field");
    if (!f->name) {
        reading_fault(r, object, "a field has no \"name\"");
        return;
    }
    f->id = read_id(r, object, f->name, SCHEMA_FIELDS_MAX - 1);
    f->label = reading_string(r, json_member(j, object, "label"), "the label");
    if (!f->label)
        f->label = f->name;
    f->kind = read_word(r, json_member(j, object, "type"), "kind of field",
                        KINDS, COUNT(KINDS));
    f->rule = read_word(r, json_member(j, object, "merge"), "merge rule", RULES,
                        COUNT(RULES));
    f->group = reading_name(r, json_member(j, object, "group"), "the group");
    uint32_t needed = json_member(j, object, "needed");
    if (!r->err && needed != JSON_NONE)
        f->needed = NEEDED[read_word(r, needed, "time at which it is needed",
                                     NEEDED, COUNT(NEEDED))];
    read_max(r, object, f);
    read_target(r, object, f);
    read_choices(r, object, f);
    read_order(r, object, f);
    read_writers(r, object, f);
    check_rule(r, object, f);
}

static void check_unique(struct reading *r, uint32_t object,
                         const struct type *t, const struct field *f)
{
    for (const struct field *g = t->fields; g < f && !r->err; g++) {
        if (g->id == f->id)
            reading_fault(r, object, "id %u is taken by '%s'", f->id, g->name);
        else if (!strcmp(g->name, f->name))
            reading_fault(r, object, "the field '%s' stands twice", f->name);
    }
}

static int by_field_id(const void *a, const void *b)
{
    const struct field *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static void read_fields(struct reading *r, uint32_t object, struct type *t)
{
    uint32_t list = json_member(r->json, object, "fields");

    if (r->err)
        return;
    if (json_kind(r->json, list) != JSON_ARRAY || !json_count(r->json, list)) {
        reading_fault(r, object, "type '%s' has no fields", t->name);
        return;
    }
    if (json_count(r->json, list) >= SCHEMA_FIELDS_MAX) {
        reading_fault(r, list, "type '%s' has more than %d fields", t->name,
                      SCHEMA_FIELDS_MAX - 1);
        return;
    }
    t->fields = reading_take(r, json_count(r->json, list) * sizeof *t->fields);
    for (uint32_t i = json_first(r->json, list); !r->err && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        struct field *f = &t->fields[t->field_count];
        read_field(r, i, f);
        if (r->err)
            return;
        check_unique(r, i, t, f);
        t->field_count++;
    }
    if (!r->err)
        qsort(t->fields, t->field_count, sizeof *t->fields, by_field_id);
}

static void read_operations(struct reading *r, uint32_t object, struct type *t)
{
    static const char *const names[] = {"create", "read", "write", "sign",
                                        "delete"};
    role_set *const to[] = {&t->create, &t->read, &t->write, &t->sign,
                            &t->remove};
    uint32_t roles = json_member(r->json, object, "roles");

    for (uint32_t k = json_first(r->json, roles); !r->err && k != JSON_NONE;
         k = json_next(r->json, roles, k)) {
        uint32_t at = read_word(r, k, "operation", names, COUNT(names));
        if (!r->err)
            *to[at] = reading_roles(r, json_value(r->json, k), names[at]);
    }
}

static void read_life(struct reading *r, uint32_t object, struct type *t)
{
    uint32_t node = json_member(r->json, object, "life");

    t->life = reading_string(r, node, "the life cycle");
    if (!t->life)
        t->life = "none";
    if (!r->err && strcmp(t->life, "none") != 0 &&
        json_member(r->json, json_member(r->json, 0, "life_cycles"), t->life) ==
            JSON_NONE)
        reading_fault(r, node, "there is no life cycle '%.60s'", t->life);
    node = json_member(r->json, object, "retention");
    const char *keep = reading_string(r, node, "the retention");
    if (keep && json_member(r->json, json_member(r->json, 0, "retention"),
                            keep) == JSON_NONE)
        reading_fault(r, node, "there is no retention '%.60s'", keep);
    t->tier = 1;
    node = json_member(r->json, object, "tier");
    if (node != JSON_NONE && !json_uint(r->json, node, &t->tier))
        reading_fault(r, node, "the tier is not a number");
}

/* Views stand beside the store's own tables, whose names begin so. */
static bool name_is_ours(const char *name)
{
    return !strncmp(name, "store_", 6) || !strncmp(name, "sqlite_", 7);
}

static void read_type(struct reading *r, uint32_t object, struct type *t)
{
    const struct json *j = r->json;

    t->name = reading_name(r, json_member(j, object, "type"), "the type");
    if (!t->name) {
        reading_fault(r, object, "a type has no name (\"type\")");
        return;
    }
    if (name_is_ours(t->name))
        reading_fault(r, object, "'%s': names beginning so are the store's",
                      t->name);
    t->id = read_id(r, object, t->name, SCHEMA_TYPES_MAX - 1);
    t->label = reading_string(r, json_member(j, object, "label"), "the label");
    if (!t->label)
        t->label = t->name;
    t->bucket =
        reading_string(r, json_member(j, object, "bucket"), "the bucket");
    if (!t->bucket)
        reading_fault(r, object, "type '%s' has no \"bucket\"", t->name);
    read_operations(r, object, t);
    read_life(r, object, t);
    read_fields(r, object, t);
}

static int by_type_id(const void *a, const void *b)
{
    const struct type *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

void schema_read_types(struct reading *r)
{
    struct schema *s = &r->own->schema;
    uint32_t list = json_member(r->json, 0, "types");

    if (r->err)
        return;
    if (json_kind(r->json, list) != JSON_ARRAY || !json_count(r->json, list)) {
        reading_fault(r, list, "\"types\" is missing or empty");
        return;
    }
    if (json_count(r->json, list) >= SCHEMA_TYPES_MAX) {
        reading_fault(r, list, "more than %d types", SCHEMA_TYPES_MAX - 1);
        return;
    }
    s->types = reading_take(r, json_count(r->json, list) * sizeof *s->types);
    for (uint32_t i = json_first(r->json, list); !r->err && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        struct type *t = &s->types[s->type_count];
        read_type(r, i, t);
        for (struct type *u = s->types; u < t && !r->err; u++) {
            if (u->id == t->id)
                reading_fault(r, i, "id %u is taken by '%s'", t->id, u->name);
            else if (!strcmp(u->name, t->name))
                reading_fault(r, i, "the type '%s' stands twice", t->name);
        }
        s->type_count++;
    }
    if (!r->err)
        qsort(s->types, s->type_count, sizeof *s->types, by_type_id);
}
