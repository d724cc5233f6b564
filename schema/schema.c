#include "schema_read.h"

#include "digest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct schema_block {
    struct schema_block *next;
    _Alignas(16) uint8_t bytes[];
};

void reading_fault(struct reading *r, uint32_t node, const char *format, ...)
{
    va_list args;

    if (r->err)
        return;
    r->err = ERR_SCHEMA;
    r->fault->line = json_line(r->json, node);
    va_start(args, format);
    vsnprintf(r->fault->text, sizeof r->fault->text, format, args);
    va_end(args);
}

void *reading_take(struct reading *r, size_t bytes)
{
    if (r->err)
        return NULL;
    struct schema_block *b = calloc(1, sizeof *b + bytes);
    if (!b) {
        r->err = ERR_NOMEM;
        return NULL;
    }
    b->next = r->own->blocks;
    r->own->blocks = b;
    return b->bytes;
}

const char *reading_string(struct reading *r, uint32_t node, const char *what)
{
    struct buf text = {0};
    char *copy = NULL;

    if (r->err || node == JSON_NONE)
        return NULL;
    if (!json_string(r->json, node, &text))
        reading_fault(r, node, "%s is not a string", what);
    else if (!buf_ok(&text))
        r->err = ERR_NOMEM;
    else if ((copy = reading_take(r, text.len + 1)) && text.len)
        memcpy(copy, text.at, text.len);
    buf_free(&text);
    return copy;
}

const char *reading_name(struct reading *r, uint32_t node, const char *what)
{
    const char *name = reading_string(r, node, what);

    if (!name)
        return NULL;
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len == 0 || name[len] || name[0] < 'a' || len > SCHEMA_NAME_MAX) {
        reading_fault(r, node,
                      "%s '%.60s' is not a name: a-z, then a-z, 0-9 and _, "
                      "at most %d",
                      what, name, SCHEMA_NAME_MAX);
        return NULL;
    }
    return name;
}

static void read_all(struct reading *r)
{
    struct schema *s = &r->own->schema;

    if (json_kind(r->json, 0) != JSON_OBJECT) {
        reading_fault(r, 0, "the file is not one JSON object");
        return;
    }
    s->version = reading_string(r, json_member(r->json, 0, "version"),
                                "the schema's version");
    if (!s->version)
        reading_fault(r, 0, "\"version\" is missing");
    schema_read_roles(r);
    schema_read_types(r);
    schema_link(r);
}

static enum err keep_source(struct reading *r, struct span json)
{
    struct schema *s = &r->own->schema;
    uint8_t *copy = reading_take(r, json.len);

    if (!copy)
        return ERR_NOMEM;
    memcpy(copy, json.at, json.len);
    s->source = (struct span){copy, json.len};
    digest_sha256(json, s->fingerprint);
    return ERR_OK;
}

enum err schema_parse(struct span text, struct schema **out,
                      struct schema_fault *fault)
{
    struct json json;
    const char *why = "";

    *out = NULL;
    *fault = (struct schema_fault){0};
    enum err err = json_open(text, &json, &fault->line, &why);
    if (err) {
        snprintf(fault->text, sizeof fault->text, "%s", why);
        return err;
    }
    struct schema_owned *own = calloc(1, sizeof *own);
    if (!own) {
        json_close(&json);
        return ERR_NOMEM;
    }
    struct reading r = {.json = &json, .own = own, .fault = fault};
    err = keep_source(&r, text);
    if (!err) {
        read_all(&r);
        err = r.err;
    }
    json_close(&json);
    if (err) {
        schema_free(&own->schema);
        return err;
    }
    *out = &own->schema;
    return ERR_OK;
}

static enum err read_file(FILE *file, struct buf *out)
{
    size_t got;

    do {
        uint8_t *at = buf_room(out, 65536);
        if (!at)
            return ERR_NOMEM;
        got = fread(at, 1, 65536, file);
        out->len += got;
    } while (got && out->len <= JSON_BYTES_MAX);
    return ferror(file) ? ERR_SCHEMA : ERR_OK;
}

enum err schema_load(const char *path, struct schema **out,
                     struct schema_fault *fault)
{
    struct buf text = {0};

    *out = NULL;
    *fault = (struct schema_fault){0};
    FILE *file = fopen(path, "rbe");
    enum err err = file ? read_file(file, &text) : ERR_SCHEMA;
    if (err == ERR_SCHEMA)
        snprintf(fault->text, sizeof fault->text, "cannot be read: %s",
                 strerror(errno));
    if (file)
        fclose(file);
    if (!err)
        err = schema_parse(buf_span(&text), out, fault);
    buf_free(&text);
    return err;
}

void schema_free(struct schema *s)
{
    struct schema_owned *own = (struct schema_owned *)s;

    if (!own)
        return;
    while (own->blocks) {
        struct schema_block *b = own->blocks;
        own->blocks = b->next;
        free(b);
    }
    free(own);
}

const struct type *schema_type(const struct schema *s, uint32_t id)
{
    uint32_t low = 0, high = s->type_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->types[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->type_count && s->types[low].id == id ? &s->types[low]
                                                         : NULL;
}

const struct field *type_field(const struct type *t, uint32_t id)
{
    /* Numbers have few gaps, so the place is near the number. */
    uint32_t i = id ? id - 1 : t->field_count;

    if (i >= t->field_count)
        i = t->field_count - 1;
    while (i > 0 && t->fields[i].id > id)
        i--;
    return t->fields[i].id == id ? &t->fields[i] : NULL;
}

const struct type *schema_type_named(const struct schema *s, const char *name)
{
    for (uint32_t i = 0; i < s->type_count; i++)
        if (!strcmp(s->types[i].name, name))
            return &s->types[i];
    return NULL;
}

const struct field *type_field_named(const struct type *t, const char *name)
{
    for (uint32_t i = 0; i < t->field_count; i++)
        if (!strcmp(t->fields[i].name, name))
            return &t->fields[i];
    return NULL;
}

const struct role *schema_role_named(const struct schema *s, const char *name)
{
    for (uint32_t i = 0; i < s->role_count; i++)
        if (!strcmp(s->roles[i].name, name))
            return &s->roles[i];
    return NULL;
}
