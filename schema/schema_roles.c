/* Roles: who they are, which buckets they open, and the lists of roles that
 * types and fields give for each operation. */
#include "schema_read.h"

static const struct {
    const char *name;
    role_set bits;
} SPECIAL[] = {
    {"author", ROLE_AUTHOR},
    {"resolver", ROLE_RESOLVER},
    {"lead", ROLE_LEAD},
    {"lead reviewer", ROLE_LEAD},
    {"signer", ROLE_SIGNER},
    {"server", ROLE_SERVER},
    {"as parent", ROLE_PARENT},
    /* Creating a sign-off: whoever may sign what it signs. schema_link()
     * widens it as it widens "as parent"; ROLE_SIGNER stays for those who may
     * because of what the record at hand says of them. */
    {"per record type", ROLE_PARENT | ROLE_SIGNER},
    {"none", 0},
    {"none before retention", 0},
};

enum { SPECIAL_COUNT = sizeof SPECIAL / sizeof SPECIAL[0] };

bool reading_role(const struct reading *r, uint32_t node, role_set *out)
{
    const struct schema *s = &r->own->schema;

    for (uint32_t i = 0; i < s->role_count; i++)
        if (json_is(r->json, node, s->roles[i].name)) {
            *out = s->roles[i].bit;
            return true;
        }
    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        if (json_is(r->json, node, SPECIAL[i].name)) {
            *out = SPECIAL[i].bits;
            return true;
        }
    return false;
}

role_set reading_roles(struct reading *r, uint32_t list, const char *what)
{
    role_set all = 0;

    if (r->err || list == JSON_NONE)
        return 0;
    if (json_kind(r->json, list) != JSON_ARRAY) {
        reading_fault(r, list, "%s is not a list of roles", what);
        return 0;
    }
    for (uint32_t i = json_first(r->json, list); i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        role_set one = 0;
        if (!reading_role(r, i, &one)) {
            const char *name = reading_string(r, i, what);
            reading_fault(r, i, "%s: there is no role '%.60s'", what,
                          name ? name : "");
            return 0;
        }
        all |= one;
    }
    return all;
}

bool schema_resolver_known(const struct schema *s, const char *name)
{
    return schema_role_named(s, name) || !strcmp(name, "lead") ||
           !strcmp(name, "lead reviewer") || !strcmp(name, "author");
}

/* "common", "school/" and then "*", "@", "@hub" or "@self". */
static bool pattern_ok(const char *p)
{
    static const char *const ends[] = {"*", "@", "@hub", "@self"};
    size_t kind = strspn(p, "abcdefghijklmnopqrstuvwxyz_");

    if (kind == 0 || p[kind] == 0)
        return kind > 0;
    if (p[kind] != '/')
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (!strcmp(p + kind + 1, ends[i]))
            return true;
    return false;
}

static const char *const *read_reach(struct reading *r, uint32_t list)
{
    size_t n = 0;

    if (json_kind(r->json, list) != JSON_ARRAY) {
        reading_fault(r, list, "\"reach\" is not a list of buckets");
        return NULL;
    }
    const char **out =
        reading_take(r, (json_count(r->json, list) + 1) * sizeof *out);
    for (uint32_t i = json_first(r->json, list); out && i != JSON_NONE;
         i = json_next(r->json, list, i)) {
        out[n] = reading_string(r, i, "a bucket in \"reach\"");
        if (!out[n])
            return NULL;
        if (!pattern_ok(out[n]))
            reading_fault(r, i, "'%.60s' is not a bucket pattern", out[n]);
        n++;
    }
    return out;
}

static void read_role(struct reading *r, uint32_t key, uint32_t no)
{
    struct schema *s = &r->own->schema;
    uint32_t object = json_value(r->json, key);
    const char *name = reading_name(r, key, "the role");
    role_set taken;

    if (!name)
        return;
    if (json_kind(r->json, object) != JSON_OBJECT) {
        reading_fault(r, key, "role '%s' is not an object", name);
        return;
    }
    if (reading_role(r, key, &taken)) {
        reading_fault(r, key, "'%s' already means something", name);
        return;
    }
    uint32_t reach = json_member(r->json, object, "reach");
    if (reach == JSON_NONE)
        reading_fault(r, key, "role '%s' has no \"reach\"", name);
    uint32_t tablet = json_member(r->json, object, "tablet");
    s->roles[no] = (struct role){
        .name = name,
        .bit = (role_set)1 << no,
        .tablet = tablet == JSON_NONE || json_true(r->json, tablet),
        .reach = read_reach(r, reach),
    };
    s->role_count = no + 1;
}

void schema_read_roles(struct reading *r)
{
    struct schema *s = &r->own->schema;
    uint32_t roles = json_member(r->json, 0, "roles"), no = 0;

    if (r->err)
        return;
    if (json_kind(r->json, roles) != JSON_OBJECT) {
        reading_fault(r, roles, "\"roles\" is missing or not an object");
        return;
    }
    if (json_count(r->json, roles) > SCHEMA_ROLES_MAX) {
        reading_fault(r, roles, "more than %d roles", SCHEMA_ROLES_MAX);
        return;
    }
    s->roles = reading_take(r, SCHEMA_ROLES_MAX * sizeof *s->roles);
    for (uint32_t k = json_first(r->json, roles); !r->err && k != JSON_NONE;
         k = json_next(r->json, roles, k))
        read_role(r, k, no++);
}
