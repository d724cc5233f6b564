/* json.h -- a JSON text as a flat list of nodes that know their line.
 *
 * For files that are trusted but written by hand (the schema, a seed): it
 * is strict about structure and names the line of what it does not like.
 *
 * A node is an index; JSON_NONE stands for "there is none" and may be handed
 * to every function. Nodes borrow the text; json_close() frees the list.
 */
#ifndef JSON_H
#define JSON_H

#include "bytes.h"
#include "err.h"

enum { JSON_BYTES_MAX = 4 << 20 };

#define JSON_NONE UINT32_MAX

enum json_kind {
    JSON_NULL, /* also what JSON_NONE is */
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_node; /* opaque */

struct json {
    struct span text;
    struct json_node *nodes;
    uint32_t count;
};

/* ERR_SCHEMA: not JSON, or a key twice in one object; *line says where, *why
 * is a static text. ERR_NOMEM. Node 0 is the whole. */
MUST_USE enum err json_open(struct span text, struct json *out, uint32_t *line,
                            const char **why);
void json_close(struct json *);

enum json_kind json_kind(const struct json *, uint32_t node);
uint32_t json_line(const struct json *, uint32_t node);  /* 1 …; 0: none */
uint32_t json_count(const struct json *, uint32_t node); /* of its members */

/* Walk an array or an object: first, then next until JSON_NONE. In an object
 * the nodes are the keys, and json_value() gives what stands after one. */
uint32_t json_first(const struct json *, uint32_t node);
uint32_t json_next(const struct json *, uint32_t parent, uint32_t node);
uint32_t json_value(const struct json *, uint32_t key);
uint32_t json_member(const struct json *, uint32_t object, const char *key);

/* The node's own text, as it stands in the file. */
struct span json_text(const struct json *, uint32_t node);

bool json_is(const struct json *, uint32_t node, const char *text);
bool json_true(const struct json *, uint32_t node);
/* A whole number of at most nine digits. */
bool json_uint(const struct json *, uint32_t node, uint32_t *out);

/* Append the string with its escapes resolved; false: not a string, a lone
 * surrogate, U+0000, or not UTF-8. */
bool json_string(const struct json *, uint32_t node, struct buf *out);

#endif
