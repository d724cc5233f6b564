#include "batch_own.h"

#include <stdlib.h>

void own_begin(struct own *o, struct work *w, const char *type, struct id id)
{
    *o = (struct own){.work = w,
                      .type = schema_type_named(w->ledger->schema, type),
                      .record = id,
                      .creates = true,
                      .at = w->now_ms};
    if (o->type) {
        change_create(&o->edits, o->type->id);
        o->count = 1;
    }
}

void own_edit(struct own *o, struct work *w, const struct type *type,
              struct id id)
{
    *o = (struct own){.work = w, .type = type, .record = id, .at = w->now_ms};
}

static bool edit(struct own *o, const char *name)
{
    const struct field *f = o->type ? type_field_named(o->type, name) : NULL;

    if (!f)
        return false;
    change_edit_begin(&o->edits, CHANGE_SET, f->id, 0);
    o->count++;
    return true;
}

void own_text(struct own *o, const char *field, struct span text)
{
    if (edit(o, field))
        pack_text(&o->edits, text);
}

void own_int(struct own *o, const char *field, int64_t n)
{
    if (edit(o, field))
        pack_int(&o->edits, n);
}

void own_ref(struct own *o, const char *field, struct id id)
{
    if (!id_none(id) && edit(o, field))
        pack_id(&o->edits, id);
}

void own_refs(struct own *o, const char *field, const struct id *ids,
              size_t count)
{
    size_t known = 0;

    for (size_t i = 0; i < count; i++)
        known += !id_none(ids[i]);
    if (known == 0 || !edit(o, field))
        return;
    pack_array(&o->edits, (uint32_t)known);
    for (size_t i = 0; i < count; i++)
        if (!id_none(ids[i]))
            pack_id(&o->edits, ids[i]);
}

enum err own_entry(struct work *w, struct span change, uint32_t author,
                   uint32_t replica, uint32_t seq)
{
    struct batch_push *p = arena_take(w->arena, sizeof *p);
    struct span kept = arena_copy(w->arena, change);

    if (!p || !kept.at)
        return ERR_NOMEM;
    if (w->entry_count == w->entry_cap)
        return ERR_OK; /* enough twins are told */
    p->person = author;
    p->replica.no = replica;
    p->trusted = p->own = true;
    struct entry *e = &w->entries[w->entry_count++];
    *e = (struct entry){.push = p, .seq = seq, .bytes = kept};
    e->unreadable = change_read(w->merge.pack, kept, &e->change);
    if (e->unreadable)
        return e->unreadable == ERR_NOMEM ? ERR_NOMEM : ERR_CORRUPT;
    w->edit_count += e->change.edit_count;
    w->touch_count += e->change.touch_count;
    return ERR_OK;
}

static enum err finish(struct own *o, struct buf *change)
{
    enum err err = ERR_OK;

    buf_put(change, o->edits.at, o->edits.len);
    if (!buf_ok(change) || !buf_ok(&o->edits))
        err = ERR_NOMEM;
    else
        err = own_entry(o->work, buf_span(change), o->author, o->replica, 0);
    buf_free(change);
    buf_free(&o->edits);
    return err;
}

enum err own_end_named(struct own *o, struct span bucket)
{
    struct buf b = {0};

    if (!o->type || o->count == 0) {
        buf_free(&o->edits);
        return ERR_OK;
    }
    change_begin(&b, o->at, 1);
    change_touch_begin_named(&b, bucket, o->record, o->count);
    return finish(o, &b);
}

enum err own_end(struct own *o, uint32_t bucket)
{
    struct buf b = {0};

    if (o->creates)
        return own_end_named(o, cells_bucket_name(o->work, bucket));
    if (!o->type || o->count == 0) {
        buf_free(&o->edits);
        return ERR_OK;
    }
    change_begin(&b, o->at, 1);
    change_touch_begin(&b, bucket, o->record, o->count);
    return finish(o, &b);
}

static void digits(uint64_t n, char out[21])
{
    char turned[20];
    size_t count = 0, at = 0;

    do
        turned[count++] = (char)('0' + n % 10);
    while (n /= 10);
    while (count)
        out[at++] = turned[--count];
    out[at] = 0;
}

struct id own_id(const char *type, struct id record, const char *word,
                 uint64_t number)
{
    char text[ID_TEXT_BYTES + 1], count[21];
    struct span parts[3];

    id_text(record, text);
    digits(number, count);
    parts[0] = span_of(text);
    parts[1] = span_of(word);
    parts[2] = span_of(count);
    return id_natural(type, parts, 3);
}

enum err own_read(struct work *w, uint32_t bucket, struct id record,
                  uint32_t field, struct value *out)
{
    struct claim c = {.bucket = bucket, .record = record, .field = field};
    enum err err = store_claim(w->store, &c, 1, w->arena);

    *out = !err && c.found ? c.row.value : (struct value){0};
    return err;
}
