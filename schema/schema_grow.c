/* The schema only grows: a tablet that was offline for a term speaks of types
 * and fields by the numbers that it learnt then. */
#include "schema.h"

#include <stdarg.h>
#include <stdio.h>

static enum err refuse(struct schema_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err refuse(struct schema_fault *fault, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return ERR_SCHEMA;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool has_code(const char *const *list, const char *code)
{
    for (; list && *list; list++)
        if (!strcmp(*list, code))
            return true;
    return false;
}

static const char *lost_code(const char *const *was, const char *const *now)
{
    for (; was && *was; was++)
        if (!has_code(now, *was))
            return *was;
    return NULL;
}

static enum err field_grows(const struct type *t, const struct field *was,
                            struct schema_fault *fault)
{
    const struct field *now = type_field(t, was->id);

    if (!now)
        return refuse(fault, "%s has lost field %u, '%s'", t->name, was->id,
                      was->name);
    if (strcmp(now->name, was->name) != 0)
        return refuse(fault, "field %u of %s was '%s' and is now '%s'", was->id,
                      t->name, was->name, now->name);
    if (now->kind != was->kind || now->rule != was->rule)
        return refuse(fault, "%s.%s has another kind or merge rule than before",
                      t->name, was->name);
    if (now->unit != was->unit || !same_text(now->group, was->group))
        return refuse(fault, "%s.%s is in another group than before", t->name,
                      was->name);
    const char *code = lost_code(was->choices, now->choices);
    if (code)
        return refuse(fault, "%s.%s has lost the choice '%s'", t->name,
                      was->name, code);
    return ERR_OK;
}

static bool same_key(const struct type *a, const struct type *b)
{
    size_t i = 0;

    if (!a->natural || !b->natural)
        return a->natural == b->natural;
    while (a->natural[i] && b->natural[i] &&
           a->natural[i]->id == b->natural[i]->id)
        i++;
    return !a->natural[i] && !b->natural[i];
}

static enum err type_grows(const struct schema *next, const struct type *was,
                           struct schema_fault *fault)
{
    const struct type *now = schema_type(next, was->id);
    enum err err = ERR_OK;

    if (!now)
        return refuse(fault, "type %u, '%s', is lost", was->id, was->name);
    if (strcmp(now->name, was->name) != 0)
        return refuse(fault, "type %u was '%s' and is now '%s'", was->id,
                      was->name, now->name);
    if (!same_key(now, was))
        return refuse(fault, "%s has another natural key than before",
                      was->name);
    for (uint32_t i = 0; i < was->field_count && !err; i++)
        err = field_grows(now, &was->fields[i], fault);
    return err;
}

enum err schema_grows_from(const struct schema *next, const struct schema *was,
                           struct schema_fault *fault)
{
    enum err err = ERR_OK;

    *fault = (struct schema_fault){0};
    for (uint32_t i = 0; i < was->type_count && !err; i++)
        err = type_grows(next, &was->types[i], fault);
    return err;
}
