/* schema.h -- records.json, read and checked once at start-up.
 *
 * A *type* (visit, evidence, judgement…) has *fields*; fields that only make
 * sense together form one *unit* (a grade and its reason), all others are a
 * unit by themselves. Types and fields have permanent numbers: the file may
 * only grow; schema_grows_from() refuses anything else.
 *
 * Who may do what stands in the file too: each type lists roles per operation,
 * and each role the buckets that it reaches. Roles are bits of a mask.
 *
 * All of it is immutable after schema_load(), owned by the struct schema, and
 * safe to read from any thread. Errors name the line of the file.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "bytes.h"
#include "err.h"

enum {
    SCHEMA_TYPES_MAX = 256,
    SCHEMA_FIELDS_MAX = 128, /* in a type; numbers 1 … 127 */
    SCHEMA_ROLES_MAX = 24,
};

enum kind {
    KIND_STRING, /* one line */
    KIND_TEXT,   /* long */
    KIND_CHOICE,
    KIND_DATE,
    KIND_DATETIME,
    KIND_INT,
    KIND_DECIMAL,
    KIND_BOOL,
    KIND_REF,
    KIND_CHOICES,
    KIND_REFS,
    KIND_DOCUMENT,
};

/* How two concurrent edits of one unit meet. */
enum rule {
    RULE_LATEST,
    RULE_TEXT,
    RULE_ASK,
    RULE_SET,
    RULE_RANK,
    RULE_ONCE,
};

/* Sets of roles. The low bits are the roles of the file in its order; the
 * high ones depend on the record at hand. */
typedef uint32_t role_set;
enum {
    ROLE_AUTHOR = 1 << 24,   /* who created the record */
    ROLE_RESOLVER = 1 << 25, /* who decides its conflict */
    ROLE_LEAD = 1 << 26,     /* the person in the record's (or its parent's)
                              * field "lead" */
    ROLE_SIGNER = 1 << 27,
    ROLE_SERVER = 1 << 28,
    ROLE_PARENT = 1 << 29, /* whoever may write the record that the field
                            * "parent" points at; already widened by the
                            * loader to all roles of all parent types */
};

struct field {
    uint32_t id;
    const char *name;
    const char *label;
    enum kind kind;
    enum rule rule;
    uint32_t unit;     /* smallest field id in its unit */
    bool grouped;      /* the unit has more than this field */
    const char *group; /* NULL unless grouped */
    uint32_t max;      /* code points (string, text), 0: the protocol's limit */
    const char *const *choices; /* codes, NULL-ended; NULL unless a choice */
    const char *const *order;   /* rank or ask: least first; NULL: numeric */
    role_set write;             /* 0: as the type */
    const char *resolver;       /* ask: who decides; may be NULL */
    const char *needed;         /* "create", "submit", "sign" or NULL */
    const char *target;         /* ref, refs: type names, '|' between; "any" */
    const struct field *reopened_by; /* rank: going back is allowed to whoever
                                      * raises this one with it; or NULL */
};

struct type {
    uint32_t id;
    const char *name;
    const char *label;
    /* Patterns, " or " between: "common", "school/{school} or network"… {x} is
     * the UUID in the field x; any UUID when the type has no such field. "as
     * parent" in the file comes here as all patterns that a parent may have. */
    const char *bucket;
    const struct field *parent; /* "as parent" types: the ref to it; or NULL */
    const char *life;           /* "none", "standard", "visit", "review" */
    uint32_t tier;
    struct field *fields; /* by ascending id */
    uint32_t field_count;
    const struct field **natural; /* key fields in order, NULL-ended; or NULL */
    const struct field *title;    /* what a person calls it by; may be NULL */
    const struct field *lead;     /* who leads it, or NULL */
    const struct field *state;    /* its life cycle's, or NULL */
    const struct field *signed_with; /* the ref to the record whose signature
                                      * covers this one; or NULL */
    const struct field **alike; /* equal in two records: possible duplicate;
                                 * NULL-ended; or NULL */
    role_set create, read, write, sign, remove;
};

struct role {
    const char *name;
    role_set bit;
    bool tablet;              /* false: console only */
    const char *const *reach; /* bucket patterns, NULL-ended: "common",
                               * "school/" and a star (trust),
                               * "school/@hub" (schools of the hub in the
                               * role's scope),
                               * "school/@" (the school in the scope),
                               * "review/@" … */
};

struct schema {
    const char *version;
    struct span source; /* the file, as it was read */
    struct type *types; /* by ascending id */
    uint32_t type_count;
    struct role *roles;
    uint32_t role_count;
    uint8_t fingerprint[32]; /* SHA-256 of the file */
};

struct schema_fault {
    uint32_t line; /* 1 …; 0: the file itself */
    char text[200];
};

/* Errors: ERR_SCHEMA (see *fault), ERR_NOMEM. Caller frees *out. */
MUST_USE enum err schema_load(const char *path, struct schema **out,
                              struct schema_fault *fault);
MUST_USE enum err schema_parse(struct span json, struct schema **out,
                               struct schema_fault *fault);
void schema_free(struct schema *);

/* ERR_SCHEMA when `next` lost or changed a number, kind or rule of `was`. */
MUST_USE enum err schema_grows_from(const struct schema *next,
                                    const struct schema *was,
                                    struct schema_fault *fault);

/* NULL when there is none. */
const struct type *schema_type(const struct schema *, uint32_t id);
const struct type *schema_type_named(const struct schema *, const char *name);
const struct field *type_field(const struct type *, uint32_t id);
const struct field *type_field_named(const struct type *, const char *name);
const struct role *schema_role_named(const struct schema *, const char *name);

/* Append the SQL that drops and makes one view per record type. */
void schema_views(const struct schema *, struct buf *sql);

#endif
