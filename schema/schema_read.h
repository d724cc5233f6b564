/* schema_read.h -- what the schema's own files share: memory that goes with
 * the schema, and a reading that remembers its first fault.
 *
 * A reading is sticky: after a fault or a failed allocation the helpers do
 * nothing and give NULL, 0 or JSON_NONE; the caller asks r->err at the end.
 */
#ifndef SCHEMA_READ_H
#define SCHEMA_READ_H

#include "json.h"
#include "schema.h"

struct schema_block;

/* What schema_parse() hands out is the first member of this. */
struct schema_owned {
    struct schema schema;
    struct schema_block *blocks;
};

struct reading {
    const struct json *json;
    struct schema_owned *own;
    struct schema_fault *fault;
    enum err err;
};

void reading_fault(struct reading *, uint32_t node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Zeroed, freed by schema_free(). */
void *reading_take(struct reading *, size_t bytes);

/* A copy of a string node, or NULL when there is none. A node of another kind
 * is a fault that names `what`. */
const char *reading_string(struct reading *, uint32_t node, const char *what);

/* A name that can be a column in SQL and a property in JavaScript:
 * [a-z][a-z0-9_]*, at most SCHEMA_NAME_MAX long. */
enum { SCHEMA_NAME_MAX = 40 };
const char *reading_name(struct reading *, uint32_t node, const char *what);

/* Roles by name, the special ones too. `none` and unknown to the file: see
 * schema_roles.c. */
role_set reading_roles(struct reading *, uint32_t list, const char *what);
bool reading_role(const struct reading *, uint32_t node, role_set *out);
bool schema_resolver_known(const struct schema *, const char *name);

/* The passes, in order. */
void schema_read_roles(struct reading *);
void schema_read_types(struct reading *);
void schema_link(struct reading *); /* what one type says of another */

#endif
