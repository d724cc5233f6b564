#include "message.h"

#include "change.h"
#include "zip.h"

/* ---- Any message ---- */

static bool known(uint64_t code)
{
    return (code >= MESSAGE_HELLO && code <= MESSAGE_ZIP) ||
           (code >= MESSAGE_WELCOME && code <= MESSAGE_ENROLLED);
}

static enum err open_plain(struct pack *pack, struct span bytes,
                           struct items *out, enum message_code *code)
{
    if (bytes.len > MESSAGE_BYTES_MAX)
        return ERR_TOO_BIG;
    enum err err = pack_parse(pack, bytes, out);
    if (err)
        return err;
    uint64_t number = items_uint(out);
    if (!items_ok(out) || !known(number))
        return ERR_MALFORMED;
    *code = (enum message_code)number;
    return ERR_OK;
}

enum err message_open(struct pack *pack, struct span bytes, struct buf *plain,
                      struct items *out, enum message_code *code)
{
    enum err err = open_plain(pack, bytes, out, code);

    if (err || *code != MESSAGE_ZIP)
        return err;
    uint64_t length = items_uint(out);
    struct span stream = items_bin(out);
    if (!items_ok(out))
        return ERR_MALFORMED;
    if (length > MESSAGE_BYTES_MAX)
        return ERR_TOO_BIG;
    buf_clear(plain);
    err = zip_inflate(stream, (size_t)length, plain);
    if (!err)
        err = open_plain(pack, buf_span(plain), out, code);
    if (!err && *code == MESSAGE_ZIP)
        err = ERR_MALFORMED;
    return err;
}

static void begin(struct buf *b, enum message_code code, uint32_t elements)
{
    pack_array(b, elements + 1);
    pack_uint(b, code);
}

enum err message_zip_write(struct buf *b, struct span message, int level)
{
    struct buf stream = {0};
    enum err err = zip_deflate(message, level, &stream);

    if (!err && stream.len + 16 < message.len) {
        begin(b, MESSAGE_ZIP, 2);
        pack_uint(b, message.len);
        pack_bin(b, buf_span(&stream));
    } else if (!err) {
        buf_put(b, message.at, message.len);
    }
    buf_free(&stream);
    return err ? err : buf_ok(b) ? ERR_OK : ERR_NOMEM;
}

void message_frame_head(uint8_t out[MESSAGE_FRAME_BYTES], size_t length)
{
    for (unsigned i = 0; i < MESSAGE_FRAME_BYTES; i++)
        out[i] = (uint8_t)(length >> (24 - 8 * i));
}

void message_frame_write(struct buf *b, struct span message)
{
    uint8_t head[MESSAGE_FRAME_BYTES];

    message_frame_head(head, message.len);
    buf_put(b, head, sizeof head);
    buf_put(b, message.at, message.len);
}

enum err message_frame_next(struct span *body, struct span *message)
{
    uint32_t length = 0;

    *message = (struct span){0};
    if (body->len < MESSAGE_FRAME_BYTES)
        return ERR_MALFORMED;
    for (unsigned i = 0; i < MESSAGE_FRAME_BYTES; i++)
        length = length << 8 | body->at[i];
    if (length > MESSAGE_BYTES_MAX)
        return ERR_TOO_BIG;
    if (length == 0 || length > body->len - MESSAGE_FRAME_BYTES)
        return ERR_MALFORMED;
    *message = (struct span){body->at + MESSAGE_FRAME_BYTES, length};
    body->at += MESSAGE_FRAME_BYTES + length;
    body->len -= MESSAGE_FRAME_BYTES + length;
    return ERR_OK;
}

/* Exactly `len` bytes, or the items fail. */
static void take_bytes(struct items *i, uint8_t *out, size_t len)
{
    struct span s = items_bin(i);

    if (s.len == len)
        memcpy(out, s.at, len);
    else
        i->failed = true;
}

static struct id take_nonce(struct items *i)
{
    struct id nonce = {{0}};

    take_bytes(i, nonce.bytes, ID_BYTES);
    return nonce;
}

static void put_nonce(struct buf *b, struct id nonce)
{
    pack_bin(b, (struct span){nonce.bytes, ID_BYTES});
}

static bool over(struct span word)
{
    return word.len > MESSAGE_WORD_MAX;
}

/* ---- From the device ---- */

bool message_cursor_next(struct items *cursors, struct message_cursor *out)
{
    if (cursors->left == 0)
        return false;
    out->bucket = items_uint32(cursors);
    out->version = items_uint(cursors);
    if (out->bucket == 0)
        cursors->failed = true;
    return items_ok(cursors);
}

static void check_cursors(struct items *i, struct items cursors)
{
    struct message_cursor c;

    while (message_cursor_next(&cursors, &c))
        ;
    if (!items_ok(&cursors))
        i->failed = true;
}

static struct items take_cursors(struct items *i)
{
    struct items cursors = items_array(i);

    check_cursors(i, cursors);
    return cursors;
}

static void put_cursors(struct buf *b, const struct message_cursor *list,
                        size_t count)
{
    pack_array(b, (uint32_t)(2 * count));
    for (size_t n = 0; n < count; n++) {
        pack_uint(b, list[n].bucket);
        pack_uint(b, list[n].version);
    }
}

static struct message_report take_report(struct items *i)
{
    struct items in = items_array(i);
    struct message_report r = {0};

    r.pending = items_uint(&in);
    r.oldest = items_int(&in);
    if (!items_nil(&in))
        r.storage = items_bool(&in) ? MESSAGE_KEPT : MESSAGE_NOT_KEPT;
    r.app_version = items_text(&in);
    if (!items_ok(&in))
        i->failed = true;
    return r;
}

static void put_report(struct buf *b, const struct message_report *r)
{
    pack_array(b, 4);
    pack_uint(b, r->pending);
    pack_int(b, r->oldest);
    if (r->storage == MESSAGE_KEPT_UNKNOWN)
        pack_nil(b);
    else
        pack_bool(b, r->storage == MESSAGE_KEPT);
    pack_text(b, r->app_version);
}

enum err message_hello_read(struct items *i, struct message_hello *out)
{
    *out = (struct message_hello){.protocol = items_uint32(i)};
    if (!items_ok(i) || out->protocol != MESSAGE_PROTOCOL)
        return items_err(i);
    out->nonce = take_nonce(i);
    out->device = items_id(i);
    take_bytes(i, out->token, sizeof out->token);
    out->incarnation = items_uint(i);
    out->clock = items_int(i);
    out->acked = items_uint(i);
    take_bytes(i, out->chain, sizeof out->chain);
    out->timeline = items_id_or_nil(i);
    out->cursors = take_cursors(i);
    out->report = take_report(i);
    out->zip = items_bool(i);
    if (over(out->report.app_version))
        return ERR_TOO_BIG;
    return items_err(i);
}

void message_hello_write(struct buf *b, const struct message_hello *m,
                         const struct message_cursor *cursors, size_t count)
{
    begin(b, MESSAGE_HELLO, 12);
    pack_uint(b, m->protocol);
    put_nonce(b, m->nonce);
    pack_id(b, m->device);
    pack_bin(b, (struct span){m->token, sizeof m->token});
    pack_uint(b, m->incarnation);
    pack_int(b, m->clock);
    pack_uint(b, m->acked);
    pack_bin(b, (struct span){m->chain, sizeof m->chain});
    pack_id(b, m->timeline);
    put_cursors(b, cursors, count);
    put_report(b, &m->report);
    pack_bool(b, m->zip);
}

bool message_change_next(struct items *changes, struct span *change)
{
    if (changes->left == 0)
        return false;
    *change = items_bin(changes);
    return items_ok(changes);
}

enum err message_push_read(struct items *i, struct message_push *out)
{
    struct span change;

    *out = (struct message_push){.first = items_uint(i)};
    out->changes = items_array(i);
    out->count = out->changes.left;
    if (!items_ok(i) || out->first == 0 || out->count == 0)
        return ERR_MALFORMED;
    if (out->count > PUSH_CHANGES_MAX)
        return ERR_TOO_BIG;
    struct items walk = out->changes;
    while (message_change_next(&walk, &change))
        if (change.len > CHANGE_BYTES_MAX)
            return ERR_TOO_BIG;
    return items_err(&walk);
}

void message_push_write(struct buf *b, uint64_t first,
                        const struct span *changes, size_t count)
{
    begin(b, MESSAGE_PUSH, 2);
    pack_uint(b, first);
    pack_array(b, (uint32_t)count);
    for (size_t n = 0; n < count; n++)
        pack_bin(b, changes[n]);
}

enum err message_pull_read(struct items *i, struct message_pull *out)
{
    out->cursors = take_cursors(i);
    return items_err(i);
}

void message_pull_write(struct buf *b, const struct message_cursor *list,
                        size_t count)
{
    begin(b, MESSAGE_PULL, 1);
    put_cursors(b, list, count);
}

enum err message_history_read(struct items *i, struct message_history *out)
{
    out->request = items_uint(i);
    out->bucket = items_uint32(i);
    out->record = items_id(i);
    return items_err(i);
}

void message_history_write(struct buf *b, const struct message_history *m)
{
    begin(b, MESSAGE_HISTORY, 3);
    pack_uint(b, m->request);
    pack_uint(b, m->bucket);
    pack_id(b, m->record);
}

enum err message_beat_read(struct items *i, struct message_beat *out)
{
    uint64_t wait_ms = items_uint(i);

    if (wait_ms > MESSAGE_WAIT_MAX_MS)
        wait_ms = MESSAGE_WAIT_MAX_MS;
    out->wait_ms = (uint32_t)wait_ms;
    return items_err(i);
}

void message_beat_write(struct buf *b, const struct message_beat *m)
{
    begin(b, MESSAGE_BEAT, 1);
    pack_uint(b, m->wait_ms);
}

enum err message_report_read(struct items *i, struct message_report *out)
{
    *out = take_report(i);
    return over(out->app_version) ? ERR_TOO_BIG : items_err(i);
}

void message_report_write(struct buf *b, const struct message_report *m)
{
    begin(b, MESSAGE_REPORT, 1);
    put_report(b, m);
}

enum err message_enrol_read(struct items *i, struct message_enrol *out)
{
    out->code = items_text(i);
    out->label = items_text(i);
    out->platform = items_text(i);
    if (over(out->code) || over(out->label) || over(out->platform))
        return ERR_TOO_BIG;
    return items_err(i);
}

void message_enrol_write(struct buf *b, const struct message_enrol *m)
{
    begin(b, MESSAGE_ENROL, 3);
    pack_text(b, m->code);
    pack_text(b, m->label);
    pack_text(b, m->platform);
}
