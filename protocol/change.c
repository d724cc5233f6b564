#include "change.h"

#include "message.h"

/* Does the value have the form that its op asks for? Leaves it taken. */
static bool value_fits(struct items *in, struct change_edit *edit)
{
    bool on_record = edit->op == CHANGE_CREATE || edit->op == CHANGE_DELETE ||
                     edit->op == CHANGE_RESTORE;
    uint32_t count;

    if (on_record != (edit->field == 0))
        return false;
    switch (edit->op) {
    case CHANGE_CREATE:
        edit->type = items_uint32(in);
        return edit->type > 0 && edit->seen == 0;
    case CHANGE_SET: items_skip(in); return true;
    case CHANGE_TEXT: items_array(in); return true;
    case CHANGE_ADD:
    case CHANGE_REMOVE:
        count = items_array(in).left;
        return count <= SET_ELEMENTS_MAX;
    case CHANGE_DELETE:
    case CHANGE_RESTORE: return items_nil(in);
    }
    return false;
}

bool change_edit_next(struct change_touch *touch, struct change_edit *out)
{
    if (touch->edits.left == 0)
        return false;
    struct items in = items_array(&touch->edits);
    uint64_t op = items_uint(&in);
    *out = (struct change_edit){.field = items_uint32(&in)};
    out->seen = items_uint(&in);
    out->value = in;
    out->value.left = in.left > 0 ? 1 : 0;
    out->op = (enum change_op)op;
    if (op > CHANGE_RESTORE || !value_fits(&in, out) || !items_ok(&in))
        touch->edits.failed = true;
    return items_ok(&touch->edits);
}

bool change_touch_next(struct change *change, struct change_touch *out)
{
    if (change->touches.left == 0)
        return false;
    struct items in = items_array(&change->touches);
    bool named = items_kind(&in) == PACK_TEXT;
    *out = (struct change_touch){0};
    if (named)
        out->name = items_text(&in);
    else
        out->bucket = items_uint32(&in);
    out->record = items_id(&in);
    out->edits = items_array(&in);
    out->edit_count = out->edits.left;
    bool placed = named ? out->name.len > 0 && out->name.len <= BUCKET_NAME_MAX
                        : out->bucket > 0;
    if (!items_ok(&in) || !placed || out->edit_count == 0)
        change->touches.failed = true;
    return items_ok(&change->touches);
}

/* A create comes first; only then may the bucket be named. */
static bool touch_sound(struct change_touch touch)
{
    bool named = touch.name.len > 0;
    struct change_edit edit;

    for (uint32_t n = 0; change_edit_next(&touch, &edit); n++) {
        if (n > 0 && edit.op == CHANGE_CREATE)
            return false;
        if (n == 0 && named && edit.op != CHANGE_CREATE)
            return false;
    }
    return items_ok(&touch.edits);
}

static bool change_sound(struct change *change)
{
    struct change walk = *change;
    struct change_touch touch;

    while (change_touch_next(&walk, &touch)) {
        if (touch.edit_count > CHANGE_EDITS_MAX - change->edit_count)
            return false;
        change->edit_count += touch.edit_count;
        if (!touch_sound(touch))
            return false;
    }
    return items_ok(&walk.touches);
}

enum err change_read(struct pack *pack, struct span bytes, struct change *out)
{
    struct items in;

    *out = (struct change){0};
    if (bytes.len > CHANGE_BYTES_MAX)
        return ERR_UNREADABLE;
    enum err err = pack_parse_next(pack, &bytes, &in);
    if (err)
        return err == ERR_NOMEM ? err : ERR_UNREADABLE;
    out->at = items_int(&in);
    out->touches = items_array(&in);
    out->touch_count = out->touches.left;
    if (bytes.len > 0 || !items_ok(&in) || out->touch_count == 0 ||
        out->touch_count > CHANGE_TOUCHES_MAX || !change_sound(out))
        return ERR_UNREADABLE;
    return ERR_OK;
}

void change_begin(struct buf *b, int64_t at, uint32_t touches)
{
    pack_array(b, 2);
    pack_int(b, at);
    pack_array(b, touches);
}

void change_touch_begin(struct buf *b, uint32_t bucket, struct id record,
                        uint32_t edits)
{
    pack_array(b, 3);
    pack_uint(b, bucket);
    pack_id(b, record);
    pack_array(b, edits);
}

void change_touch_begin_named(struct buf *b, struct span bucket,
                              struct id record, uint32_t edits)
{
    pack_array(b, 3);
    pack_text(b, bucket);
    pack_id(b, record);
    pack_array(b, edits);
}

void change_edit_begin(struct buf *b, enum change_op op, uint32_t field,
                       uint64_t seen)
{
    pack_array(b, 4);
    pack_uint(b, op);
    pack_uint(b, field);
    pack_uint(b, seen);
}

void change_create(struct buf *b, uint32_t type)
{
    change_edit_begin(b, CHANGE_CREATE, 0, 0);
    pack_uint(b, type);
}
