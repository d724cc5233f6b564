#include "access.h"

#include "arena.h"
#include "id.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct assignment {
    struct id person;
    const struct role *role;
    struct span scope;
    int64_t from_ms, until_ms;
};

struct school {
    struct id id, hub;
};

struct access {
    const struct schema *schema;
    atomic_uint users;
    struct arena arena; /* the scopes */
    struct assignment *assignments;
    size_t assignment_count, assignment_cap;
    struct school *schools;
    size_t school_count, school_cap;
    struct id *persons; /* by number */
    size_t person_count;
};

enum err access_open(const struct schema *schema, struct access **out)
{
    struct access *a = calloc(1, sizeof *a);

    if (!a)
        return ERR_NOMEM;
    a->schema = schema;
    atomic_init(&a->users, 1);
    *out = a;
    return ERR_OK;
}

struct access *access_hold(struct access *a)
{
    atomic_fetch_add(&a->users, 1);
    return a;
}

void access_drop(struct access *a)
{
    if (!a || atomic_fetch_sub(&a->users, 1) > 1)
        return;
    arena_free(&a->arena);
    free(a->assignments);
    free(a->schools);
    free(a->persons);
    free(a);
}

/* Room for one more in a growing array of `size`-byte things, or NULL. */
static void *one_more(void **list, size_t *count, size_t *cap, size_t size)
{
    if (*count == *cap) {
        size_t wider = *cap ? *cap * 2 : 16;
        void *at = realloc(*list, wider * size);
        if (!at)
            return NULL;
        *list = at;
        *cap = wider;
    }
    return (char *)*list + size * (*count)++;
}

/* Assignments are sorted by person: where those of this one begin. */
static size_t first_of(const struct access *a, const struct id *person)
{
    size_t low = 0, high = a->assignment_count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (memcmp(&a->assignments[mid].person, person, ID_BYTES) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_of(const struct access *a, size_t at, const struct id *person)
{
    return at < a->assignment_count &&
           id_equal(a->assignments[at].person, *person);
}

enum err access_add_assignment(struct access *a, const struct id *person,
                               struct span role, struct span scope,
                               int64_t from_ms, int64_t until_ms)
{
    char name[64];

    if (role.len >= sizeof name)
        return ERR_OK;
    memcpy(name, role.at, role.len);
    name[role.len] = 0;
    const struct role *known = schema_role_named(a->schema, name);
    if (!known)
        return ERR_OK;
    size_t place = first_of(a, person);
    struct span kept = arena_copy(&a->arena, scope);
    if (!arena_ok(&a->arena) ||
        !one_more((void **)&a->assignments, &a->assignment_count,
                  &a->assignment_cap, sizeof *a->assignments))
        return ERR_NOMEM;
    struct assignment *to = &a->assignments[place];
    memmove(to + 1, to, (a->assignment_count - 1 - place) * sizeof *to);
    *to = (struct assignment){*person, known, kept, from_ms, until_ms};
    return ERR_OK;
}

enum err access_add_school(struct access *a, const struct id *school,
                           const struct id *hub)
{
    struct school *to = one_more((void **)&a->schools, &a->school_count,
                                 &a->school_cap, sizeof *to);

    if (!to)
        return ERR_NOMEM;
    *to = (struct school){*school, *hub};
    return ERR_OK;
}

enum err access_add_person(struct access *a, uint32_t no,
                           const struct id *person)
{
    if (no >= a->person_count) {
        size_t wider = (size_t)no + 64;
        struct id *at = realloc(a->persons, wider * sizeof *at);
        if (!at)
            return ERR_NOMEM;
        memset(at + a->person_count, 0, (wider - a->person_count) * sizeof *at);
        a->persons = at;
        a->person_count = wider;
    }
    a->persons[no] = *person;
    return ERR_OK;
}

enum err access_copy_persons(struct access *a, const struct access *from)
{
    enum err err = ERR_OK;

    for (uint32_t no = 1; no < from->person_count && !err; no++)
        if (!id_none(from->persons[no]))
            err = access_add_person(a, no, &from->persons[no]);
    return err;
}

struct id access_person(const struct access *a, uint32_t no)
{
    return no && no < a->person_count ? a->persons[no] : (struct id){{0}};
}

/* "school/abc" is "school/" and "abc"; "trust" is all head. */
static struct span head(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] == '/')
            return (struct span){name.at, i + 1};
    return name;
}

static struct span tail(struct span name)
{
    size_t n = head(name).len;

    return (struct span){name.at + n, name.len - n};
}

static bool in_hub(const struct access *a, struct span school, struct span hub)
{
    struct id school_id, hub_id;

    if (!id_parse(school, &school_id) || !id_parse(hub, &hub_id))
        return false;
    for (size_t i = 0; i < a->school_count; i++)
        if (id_equal(a->schools[i].id, school_id))
            return id_equal(a->schools[i].hub, hub_id);
    return false;
}

static bool is_person(struct span text, const struct id *person)
{
    struct id id;

    return id_parse(text, &id) && id_equal(id, *person);
}

/* Does one pattern of a role, seen from one assignment, reach the bucket? */
static bool reaches(const struct access *a, const struct assignment *from,
                    const char *pattern, struct span bucket)
{
    struct span p = span_of(pattern);
    struct span which = tail(p);

    if (!span_equal(head(p), head(bucket)))
        return false;
    if (which.len == 0)
        return tail(bucket).len == 0;
    if (tail(bucket).len == 0)
        return false;
    if (span_equal(which, span_of("*")))
        return true;
    if (span_equal(which, span_of("@hub")))
        return span_equal(head(from->scope), span_of("hub/")) &&
               in_hub(a, tail(bucket), tail(from->scope));
    if (span_equal(which, span_of("@self")))
        return is_person(tail(bucket), &from->person);
    if (span_equal(which, span_of("@")))
        return span_equal(from->scope, span_of("trust")) ||
               (span_equal(head(from->scope), head(bucket)) &&
                span_equal(tail(from->scope), tail(bucket)));
    return false;
}

static bool holds(const struct assignment *s, int64_t at_ms)
{
    return at_ms >= s->from_ms && (!s->until_ms || at_ms < s->until_ms);
}

static bool reaches_somehow(const struct access *a, const struct assignment *s,
                            struct span bucket)
{
    for (const char *const *p = s->role->reach; *p; p++)
        if (reaches(a, s, *p, bucket))
            return true;
    return false;
}

bool access_ended(const struct access *a, const struct id *person,
                  struct span bucket, int64_t now_ms)
{
    bool once = false;

    for (size_t i = first_of(a, person); is_of(a, i, person); i++) {
        const struct assignment *s = &a->assignments[i];
        if (!reaches_somehow(a, s, bucket))
            continue;
        if (holds(s, now_ms))
            return false;
        once |= s->until_ms && now_ms >= s->until_ms;
    }
    return once;
}

role_set access_roles(const struct access *a, const struct id *person,
                      struct span bucket, int64_t at_ms)
{
    role_set roles = 0;

    for (size_t i = first_of(a, person); is_of(a, i, person); i++) {
        const struct assignment *s = &a->assignments[i];
        if (!holds(s, at_ms))
            continue;
        for (const char *const *p = s->role->reach; *p; p++)
            if (reaches(a, s, *p, bucket))
                roles |= s->role->bit;
        if (reaches(a, s, "person/@self", bucket))
            roles |= s->role->bit | ROLE_AUTHOR;
    }
    return roles;
}

bool access_may(const struct type *type, const struct field *field,
                enum access_op op, role_set roles)
{
    switch (op) {
    case ACCESS_READ: return (type->read & roles) != 0;
    case ACCESS_CREATE: return (type->create & roles) != 0;
    case ACCESS_WRITE:
        return ((field && field->write ? field->write : type->write) & roles) !=
               0;
    case ACCESS_DELETE: return (type->remove & roles) != 0;
    case ACCESS_SIGN: return (type->sign & roles) != 0;
    }
    return false;
}

/* One alternative of a pattern: "network", "school/{school}". */
static bool pattern_fits(struct span pattern, const struct type *type,
                         struct span bucket, const struct id *record)
{
    struct span which = tail(pattern);

    if (!span_equal(head(pattern), head(bucket)))
        return false;
    if (which.len == 0)
        return tail(bucket).len == 0;
    /* "review/{review}" on the type review itself: its own id. */
    struct span name = {which.at + 1, which.len - 2};
    struct id id;
    if (!id_parse(tail(bucket), &id))
        return false;
    return !span_equal(name, span_of(type->name)) || id_equal(id, *record);
}

bool access_bucket_fits(const struct type *type, struct span bucket,
                        const struct id *record)
{
    struct span rest = span_of(type->bucket);

    /* A child lives wherever its parent may; whoever may create it there has
     * been asked by the roles. */
    if (!strcmp(type->bucket, "as parent") || strstr(type->bucket, "receiver"))
        return true;
    while (rest.len) {
        const char * or = memmem(rest.at, rest.len, " or ", 4);
        size_t n = or ? (size_t)((const uint8_t *) or -rest.at) : rest.len;
        if (pattern_fits((struct span){rest.at, n}, type, bucket, record))
            return true;
        n = or ? n + 4 : n;
        rest = (struct span){rest.at + n, rest.len - n};
    }
    return false;
}
