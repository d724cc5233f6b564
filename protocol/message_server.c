/* The other half of message.c: what comes from the server. */
#include "message.h"

static void begin(struct buf *b, enum message_code code, uint32_t elements)
{
    pack_array(b, elements + 1);
    pack_uint(b, code);
}

static void put_value(struct buf *b, struct span value)
{
    if (value.len > 0)
        buf_put(b, value.at, value.len);
    else
        pack_nil(b);
}

/* ---- WELCOME, SCOPE ---- */

bool message_role_next(struct items *roles, struct span *name)
{
    if (roles->left == 0)
        return false;
    *name = items_text(roles);
    return items_ok(roles);
}

bool message_scope_next(struct items *scope, struct message_scope *out)
{
    struct span role;

    if (scope->left == 0)
        return false;
    struct items in = items_array(scope);
    *out = (struct message_scope){.bucket = items_uint32(&in)};
    out->name = items_text(&in);
    out->roles = items_array(&in);
    struct items walk = out->roles;
    while (message_role_next(&walk, &role))
        ;
    if (!items_ok(&in) || !items_ok(&walk) || out->bucket == 0 ||
        out->name.len > BUCKET_NAME_MAX)
        scope->failed = true;
    return items_ok(scope);
}

static struct items take_scope(struct items *i)
{
    struct items scope = items_array(i), walk = scope;
    struct message_scope s;

    while (message_scope_next(&walk, &s))
        ;
    if (!items_ok(&walk))
        i->failed = true;
    return scope;
}

static void put_scope(struct buf *b, const struct message_scope *list,
                      size_t count)
{
    pack_array(b, (uint32_t)count);
    for (size_t n = 0; n < count; n++) {
        pack_array(b, 3);
        pack_uint(b, list[n].bucket);
        pack_text(b, list[n].name);
        pack_array(b, (uint32_t)list[n].name_count);
        for (size_t r = 0; r < list[n].name_count; r++)
            pack_text(b, list[n].names[r]);
    }
}

enum err message_welcome_read(struct items *i, struct message_welcome *out)
{
    *out = (struct message_welcome){.protocol = items_uint32(i)};
    struct span nonce = items_bin(i);
    if (nonce.len == ID_BYTES)
        memcpy(out->nonce.bytes, nonce.at, ID_BYTES);
    else
        i->failed = true;
    out->timeline = items_id(i);
    out->fork = items_uint(i);
    out->safe = items_uint(i);
    out->clock = items_int(i);
    out->replica = items_uint32(i);
    out->person = items_id(i);
    out->seq = items_uint(i);
    out->version = items_uint(i);
    out->scope = take_scope(i);
    out->head = items_uint(i);
    return items_err(i);
}

void message_welcome_write(struct buf *b, const struct message_welcome *m,
                           const struct message_scope *scope, size_t count)
{
    begin(b, MESSAGE_WELCOME, 12);
    pack_uint(b, m->protocol);
    pack_bin(b, (struct span){m->nonce.bytes, ID_BYTES});
    pack_id(b, m->timeline);
    pack_uint(b, m->fork);
    pack_uint(b, m->safe);
    pack_int(b, m->clock);
    pack_uint(b, m->replica);
    pack_id(b, m->person);
    pack_uint(b, m->seq);
    pack_uint(b, m->version);
    put_scope(b, scope, count);
    pack_uint(b, m->head);
}

enum err message_scope_read(struct items *i, struct items *scope)
{
    *scope = take_scope(i);
    return items_err(i);
}

void message_scope_write(struct buf *b, const struct message_scope *list,
                         size_t count)
{
    begin(b, MESSAGE_SCOPE, 1);
    put_scope(b, list, count);
}

/* ---- UPDATE ---- */

bool message_exception_next(struct items *exceptions,
                            struct message_exception *out)
{
    if (exceptions->left == 0)
        return false;
    struct items in = items_array(exceptions);
    out->seq = items_uint(&in);
    int64_t index = items_int(&in);
    out->outcome = items_uint32(&in);
    out->reason = items_uint32(&in);
    if (!items_ok(&in) || index < -1 || index > INT32_MAX)
        exceptions->failed = true;
    out->index = (int32_t)index;
    return items_ok(exceptions);
}

bool message_outcome_next(struct items *outcomes, struct message_outcome *out)
{
    struct message_exception e;

    if (outcomes->left == 0)
        return false;
    struct items in = items_array(outcomes);
    *out = (struct message_outcome){.first = items_uint(&in)};
    out->last = items_uint(&in);
    out->version = items_uint(&in);
    out->exceptions = items_array(&in);
    struct items walk = out->exceptions;
    while (message_exception_next(&walk, &e))
        ;
    if (!items_ok(&in) || !items_ok(&walk) || out->last < out->first)
        outcomes->failed = true;
    return items_ok(outcomes);
}

bool message_segment_next(struct items *segments, struct message_segment *out)
{
    if (segments->left == 0)
        return false;
    struct items in = items_array(segments);
    *out = (struct message_segment){.bucket = items_uint32(&in)};
    out->from = items_uint(&in);
    out->to = items_uint(&in);
    uint64_t codec = items_uint(&in);
    out->body = items_bin(&in);
    if (!items_ok(&in) || out->bucket == 0 || out->to < out->from ||
        codec > MESSAGE_ZLIB)
        segments->failed = true;
    out->codec = codec == MESSAGE_ZLIB ? MESSAGE_ZLIB : MESSAGE_PLAIN;
    return items_ok(segments);
}

enum err message_update_read(struct items *i, struct message_update *out)
{
    struct message_outcome outcome;
    struct message_segment segment;

    out->head = items_uint(i);
    out->outcomes = items_array(i);
    out->segments = items_array(i);
    struct items outcomes = out->outcomes, segments = out->segments;
    while (message_outcome_next(&outcomes, &outcome))
        ;
    while (message_segment_next(&segments, &segment))
        ;
    if (!items_ok(&outcomes) || !items_ok(&segments))
        return ERR_MALFORMED;
    return items_err(i);
}

static void put_exceptions(struct buf *b, const struct message_exception *list,
                           size_t count)
{
    pack_array(b, (uint32_t)count);
    for (size_t n = 0; n < count; n++) {
        pack_array(b, 4);
        pack_uint(b, list[n].seq);
        pack_int(b, list[n].index);
        pack_uint(b, list[n].outcome);
        pack_uint(b, list[n].reason);
    }
}

void message_update_begin(struct buf *b, uint64_t head,
                          const struct message_outcome *outcome,
                          size_t outcomes, size_t segments)
{
    begin(b, MESSAGE_UPDATE, 3);
    pack_uint(b, head);
    pack_array(b, (uint32_t)outcomes);
    for (size_t n = 0; n < outcomes; n++) {
        pack_array(b, 4);
        pack_uint(b, outcome[n].first);
        pack_uint(b, outcome[n].last);
        pack_uint(b, outcome[n].version);
        put_exceptions(b, outcome[n].list, outcome[n].list_count);
    }
    pack_array(b, (uint32_t)segments);
}

void message_segment_head(struct buf *b, const struct message_segment *s)
{
    pack_array(b, 5);
    pack_uint(b, s->bucket);
    pack_uint(b, s->from);
    pack_uint(b, s->to);
    pack_uint(b, s->codec);
    pack_bin_head(b, s->body.len);
}

/* ---- CHECKPOINT ---- */

bool message_sum_next(struct items *sums, struct message_sum *out)
{
    if (sums->left == 0)
        return false;
    struct items in = items_array(sums);
    out->bucket = items_uint32(&in);
    out->count = items_uint(&in);
    out->sum.low = items_uint32(&in);
    out->sum.high = items_uint32(&in);
    if (!items_ok(&in) || out->bucket == 0)
        sums->failed = true;
    return items_ok(sums);
}

enum err message_checkpoint_read(struct items *i,
                                 struct message_checkpoint *out)
{
    struct message_sum sum;

    out->head = items_uint(i);
    out->sums = items_array(i);
    struct items walk = out->sums;
    while (message_sum_next(&walk, &sum))
        ;
    return items_ok(&walk) ? items_err(i) : ERR_MALFORMED;
}

void message_checkpoint_write(struct buf *b, uint64_t head,
                              const struct message_sum *list, size_t count)
{
    begin(b, MESSAGE_CHECKPOINT, 2);
    pack_uint(b, head);
    pack_array(b, (uint32_t)count);
    for (size_t n = 0; n < count; n++) {
        pack_array(b, 4);
        pack_uint(b, list[n].bucket);
        pack_uint(b, list[n].count);
        pack_uint(b, list[n].sum.low);
        pack_uint(b, list[n].sum.high);
    }
}

/* ---- HISTORY's answer ---- */

bool message_entry_next(struct items *entries, struct message_entry *out)
{
    if (entries->left == 0)
        return false;
    struct items in = items_array(entries);
    *out = (struct message_entry){.field = items_uint32(&in)};
    out->version = items_uint(&in);
    out->outcome = items_uint32(&in);
    out->item = in;
    items_skip(&in);
    out->author = items_id_or_nil(&in);
    out->at = items_int(&in);
    out->raw = items_int(&in);
    out->received = items_int(&in);
    out->seen = items_uint(&in);
    out->replica = items_uint32(&in);
    out->seq = items_uint(&in);
    out->flags = items_uint32(&in);
    if (!items_ok(&in))
        entries->failed = true;
    return items_ok(entries);
}

enum err message_entries_read(struct items *i, struct message_entries *out)
{
    struct message_entry entry;

    out->request = items_uint(i);
    out->entries = items_array(i);
    out->more = items_bool(i);
    struct items walk = out->entries;
    while (message_entry_next(&walk, &entry))
        ;
    return items_ok(&walk) ? items_err(i) : ERR_MALFORMED;
}

void message_entries_begin(struct buf *b, uint64_t request, size_t count)
{
    begin(b, MESSAGE_ENTRIES, 3);
    pack_uint(b, request);
    pack_array(b, (uint32_t)count);
}

void message_entry_write(struct buf *b, const struct message_entry *e)
{
    pack_array(b, 12);
    pack_uint(b, e->field);
    pack_uint(b, e->version);
    pack_uint(b, e->outcome);
    put_value(b, e->value);
    pack_id(b, e->author);
    pack_int(b, e->at);
    pack_int(b, e->raw);
    pack_int(b, e->received);
    pack_uint(b, e->seen);
    pack_uint(b, e->replica);
    pack_uint(b, e->seq);
    pack_uint(b, e->flags);
}

void message_entries_end(struct buf *b, bool more)
{
    pack_bool(b, more);
}

/* ---- BEAT's answer, BYE, ERROR, ENROLLED ---- */

enum err message_beaten_read(struct items *i, struct message_beaten *out)
{
    out->clock = items_int(i);
    return items_err(i);
}

void message_beaten_write(struct buf *b, const struct message_beaten *m)
{
    begin(b, MESSAGE_BEATEN, 1);
    pack_int(b, m->clock);
}

enum err message_bye_read(struct items *i, struct message_bye *out)
{
    out->retry_ms = items_uint32(i);
    out->spread_ms = items_uint32(i);
    return items_err(i);
}

void message_bye_write(struct buf *b, const struct message_bye *m)
{
    begin(b, MESSAGE_BYE, 2);
    pack_uint(b, m->retry_ms);
    pack_uint(b, m->spread_ms);
}

enum err message_error_read(struct items *i, struct message_error *out)
{
    out->code = items_uint32(i);
    out->name = items_text(i);
    out->detail = items_int(i);
    return items_err(i);
}

void message_error_write(struct buf *b, enum err err, int64_t detail)
{
    begin(b, MESSAGE_ERROR, 3);
    pack_uint(b, err);
    pack_text(b, span_of(err_name(err)));
    pack_int(b, detail);
}

enum err message_enrolled_read(struct items *i, struct message_enrolled *out)
{
    out->device = items_id(i);
    struct span token = items_bin(i);
    if (token.len == MESSAGE_TOKEN_BYTES)
        memcpy(out->token, token.at, MESSAGE_TOKEN_BYTES);
    else
        i->failed = true;
    out->person = items_id(i);
    out->name = items_text(i);
    return items_err(i);
}

void message_enrolled_write(struct buf *b, const struct message_enrolled *m)
{
    begin(b, MESSAGE_ENROLLED, 4);
    pack_id(b, m->device);
    pack_bin(b, (struct span){m->token, sizeof m->token});
    pack_id(b, m->person);
    pack_text(b, m->name);
}
