#include "cmocka_all.h"

#include "change.h"
#include "segment.h"
#include "vector.h"
#include "zip.h"

/* Whatever can be read is written again and must give the same bytes. The
 * writers here stand for a device and a server in turn. */

enum { LIST_MAX = 64 };

static struct pack *pack;
static struct buf plain;

static int open_pack(void **state)
{
    (void)state;
    return pack_open(&pack) == ERR_OK ? 0 : -1;
}

static int close_pack(void **state)
{
    (void)state;
    pack_close(pack);
    buf_free(&plain);
    return 0;
}

/* Write one value as it was read. */
static void copy_value(struct items *in, struct buf *out)
{
    switch (items_kind(in)) {
    case PACK_NONE: items_skip(in); return;
    case PACK_NIL:
        items_skip(in);
        pack_nil(out);
        return;
    case PACK_BOOL: pack_bool(out, items_bool(in)); return;
    case PACK_INT: pack_int(out, items_int(in)); return;
    case PACK_REAL: pack_real(out, items_real(in)); return;
    case PACK_TEXT: pack_text(out, items_text(in)); return;
    case PACK_BIN: pack_bin(out, items_bin(in)); return;
    case PACK_ARRAY: {
        struct items inner = items_array(in);
        pack_array(out, inner.left);
        while (inner.left > 0 && items_ok(&inner))
            copy_value(&inner, out);
        return;
    }
    }
}

/* ---- The messages from the device ---- */

static size_t cursors_of(struct items in, struct message_cursor *list)
{
    size_t count = 0;

    while (count < LIST_MAX && message_cursor_next(&in, &list[count]))
        count++;
    return count;
}

static enum err again_hello(struct items *in, struct buf *out)
{
    struct message_cursor list[LIST_MAX];
    struct message_hello m;
    enum err err = message_hello_read(in, &m);

    if (!err)
        message_hello_write(out, &m, list, cursors_of(m.cursors, list));
    return err;
}

static enum err again_push(struct items *in, struct buf *out)
{
    static struct span list[PUSH_CHANGES_MAX];
    struct message_push m;
    enum err err = message_push_read(in, &m);
    size_t count = 0;

    if (err)
        return err;
    while (message_change_next(&m.changes, &list[count]))
        count++;
    assert_int_equal(count, m.count);
    message_push_write(out, m.first, list, count);
    return ERR_OK;
}

static enum err again_pull(struct items *in, struct buf *out)
{
    struct message_cursor list[LIST_MAX];
    struct message_pull m;
    enum err err = message_pull_read(in, &m);

    if (!err)
        message_pull_write(out, list, cursors_of(m.cursors, list));
    return err;
}

/* ---- The messages from the server ---- */

struct scopes {
    struct message_scope list[LIST_MAX];
    struct span roles[LIST_MAX][LIST_MAX];
    size_t count;
};

static void scopes_of(struct items in, struct scopes *out)
{
    out->count = 0;
    while (out->count < LIST_MAX &&
           message_scope_next(&in, &out->list[out->count])) {
        struct message_scope *s = &out->list[out->count];
        struct span *roles = out->roles[out->count++];

        while (s->name_count < LIST_MAX &&
               message_role_next(&s->roles, &roles[s->name_count]))
            s->name_count++;
        s->names = roles;
    }
}

static enum err again_welcome(struct items *in, struct buf *out)
{
    static struct scopes scopes;
    struct message_welcome m;
    enum err err = message_welcome_read(in, &m);

    if (err)
        return err;
    scopes_of(m.scope, &scopes);
    message_welcome_write(out, &m, scopes.list, scopes.count);
    return ERR_OK;
}

static enum err again_scope(struct items *in, struct buf *out)
{
    static struct scopes scopes;
    struct items scope;
    enum err err = message_scope_read(in, &scope);

    if (err)
        return err;
    scopes_of(scope, &scopes);
    message_scope_write(out, scopes.list, scopes.count);
    return ERR_OK;
}

static enum err again_update(struct items *in, struct buf *out)
{
    static struct message_exception exceptions[LIST_MAX][LIST_MAX];
    static struct message_outcome outcomes[LIST_MAX];
    struct message_segment segment;
    struct message_update m;
    size_t count = 0;
    enum err err = message_update_read(in, &m);

    if (err)
        return err;
    while (count < LIST_MAX &&
           message_outcome_next(&m.outcomes, &outcomes[count])) {
        struct message_outcome *o = &outcomes[count];
        struct message_exception *list = exceptions[count++];

        while (o->list_count < LIST_MAX &&
               message_exception_next(&o->exceptions, &list[o->list_count]))
            o->list_count++;
        o->list = list;
    }
    message_update_begin(out, m.head, outcomes, count, m.segments.left);
    while (message_segment_next(&m.segments, &segment)) {
        message_segment_head(out, &segment);
        buf_put(out, segment.body.at, segment.body.len);
    }
    return ERR_OK;
}

static enum err again_checkpoint(struct items *in, struct buf *out)
{
    struct message_sum list[LIST_MAX];
    struct message_checkpoint m;
    size_t count = 0;
    enum err err = message_checkpoint_read(in, &m);

    if (err)
        return err;
    while (count < LIST_MAX && message_sum_next(&m.sums, &list[count]))
        count++;
    message_checkpoint_write(out, m.head, list, count);
    return ERR_OK;
}

static enum err again_entries(struct items *in, struct buf *out)
{
    struct message_entries m;
    struct message_entry entry;
    struct buf value = {0};
    enum err err = message_entries_read(in, &m);

    if (err)
        return err;
    message_entries_begin(out, m.request, m.entries.left);
    while (message_entry_next(&m.entries, &entry)) {
        buf_clear(&value);
        copy_value(&entry.item, &value);
        entry.value = buf_span(&value);
        message_entry_write(out, &entry);
    }
    message_entries_end(out, m.more);
    buf_free(&value);
    return ERR_OK;
}

static enum err again_error(struct items *in, struct buf *out)
{
    struct message_error m;
    enum err err = message_error_read(in, &m);

    if (!err)
        message_error_write(out, (enum err)m.code, m.detail);
    return err;
}

/* Those whose reader and writer take the same struct and nothing else. */
#define AGAIN(name)                                                            \
    static enum err again_##name(struct items *in, struct buf *out)            \
    {                                                                          \
        struct message_##name m;                                               \
        enum err err = message_##name##_read(in, &m);                          \
        if (!err)                                                              \
            message_##name##_write(out, &m);                                   \
        return err;                                                            \
    }

AGAIN(history)
AGAIN(beat)
AGAIN(report)
AGAIN(enrol)
AGAIN(beaten)
AGAIN(bye)
AGAIN(enrolled)

static enum err again(struct items *in, enum message_code code, struct buf *out)
{
    switch (code) {
    case MESSAGE_HELLO: return again_hello(in, out);
    case MESSAGE_PUSH: return again_push(in, out);
    case MESSAGE_PULL: return again_pull(in, out);
    case MESSAGE_HISTORY: return again_history(in, out);
    case MESSAGE_BEAT: return again_beat(in, out);
    case MESSAGE_REPORT: return again_report(in, out);
    case MESSAGE_ENROL: return again_enrol(in, out);
    case MESSAGE_ZIP: break;
    case MESSAGE_WELCOME: return again_welcome(in, out);
    case MESSAGE_UPDATE: return again_update(in, out);
    case MESSAGE_CHECKPOINT: return again_checkpoint(in, out);
    case MESSAGE_SCOPE: return again_scope(in, out);
    case MESSAGE_ENTRIES: return again_entries(in, out);
    case MESSAGE_BEATEN: return again_beaten(in, out);
    case MESSAGE_BYE: return again_bye(in, out);
    case MESSAGE_ERROR: return again_error(in, out);
    case MESSAGE_ENROLLED: return again_enrolled(in, out);
    }
    fail_msg("a ZIP was handed out");
    return ERR_MALFORMED;
}

static enum err message_again(struct span bytes, struct buf *out)
{
    enum message_code code;
    struct items in;
    enum err err = message_open(pack, bytes, &plain, &in, &code);

    buf_clear(out);
    return err ? err : again(&in, code, out);
}

/* ---- Changes and segments ---- */

static void write_touch(struct buf *out, struct change_touch touch)
{
    struct change_edit edit;

    if (touch.name.len > 0)
        change_touch_begin_named(out, touch.name, touch.record,
                                 touch.edit_count);
    else
        change_touch_begin(out, touch.bucket, touch.record, touch.edit_count);
    while (change_edit_next(&touch, &edit)) {
        assert_int_equal(edit.value.left, 1);
        if (edit.op == CHANGE_CREATE) {
            change_create(out, edit.type);
            continue;
        }
        change_edit_begin(out, edit.op, edit.field, edit.seen);
        copy_value(&edit.value, out);
    }
}

static enum err change_again(struct span bytes, struct buf *out)
{
    struct change_touch touch;
    struct change change;
    enum err err = change_read(pack, bytes, &change);

    buf_clear(out);
    if (err)
        return err;
    change_begin(out, change.at, change.touch_count);
    while (change_touch_next(&change, &touch))
        write_touch(out, touch);
    return ERR_OK;
}

static enum err segment_again(struct span body, struct buf *out)
{
    static struct segment_row rows[LIST_MAX];
    static struct buf values[LIST_MAX];
    struct segment_group group;

    buf_clear(out);
    while (body.len > 0) {
        size_t count = 0;
        enum err err = segment_group_next(pack, &body, &group);
        if (err)
            return err;
        while (count < LIST_MAX && segment_row_next(&group, &rows[count])) {
            buf_clear(&values[count]);
            copy_value(&rows[count].item, &values[count]);
            rows[count].value = buf_span(&values[count]);
            count++;
        }
        segment_group_write(out, &group, rows, count);
    }
    for (size_t i = 0; i < LIST_MAX; i++)
        buf_free(&values[i]);
    return ERR_OK;
}

/* ---- The vectors ---- */

typedef enum err again_fn(struct span bytes, struct buf *out);

static again_fn *vector_bytes(const char *line, struct buf *bytes)
{
    if (vector_hex(line, "hex", bytes))
        return message_again;
    if (vector_hex(line, "change", bytes))
        return change_again;
    assert_true(vector_hex(line, "segment", bytes));
    return segment_again;
}

static void one_vector(const char *line)
{
    struct buf bytes = {0}, out = {0};
    struct span error;
    again_fn *run = vector_bytes(line, &bytes);
    enum err err = run(buf_span(&bytes), &out);

    if (vector_text(line, "error", &error)) {
        if (!span_equal(error, span_of(err_name(err))))
            fail_msg("%s: %s", err_name(err), line);
    } else if (err) {
        fail_msg("%s: %s", err_name(err), line);
    } else if (!strstr(line, "\"grown\":true")) {
        if (!span_equal(buf_span(&bytes), buf_span(&out)))
            fail_msg("written differently: %s", line);
    }
    buf_free(&bytes);
    buf_free(&out);
}

static void messages_are_as_the_vectors_say(void **state)
{
    (void)state;
    assert_true(vector_each("tests/vectors/message.jsonl", one_vector) > 100);
}

/* Cut at every byte, from memory that ends there: always an error. */
static void cut_vector(const char *line)
{
    struct buf bytes = {0}, out = {0};
    again_fn *run = vector_bytes(line, &bytes);
    size_t step = bytes.len > 2000 ? 97 : 1;

    if (strstr(line, "\"error\"") || run == segment_again)
        bytes.len = 0;
    for (size_t len = 0; len < bytes.len; len += step) {
        uint8_t *part = malloc(len + 1);
        assert_non_null(part);
        memcpy(part + 1, bytes.at, len);
        assert_int_not_equal(run((struct span){part + 1, len}, &out), ERR_OK);
        free(part);
    }
    buf_free(&bytes);
    buf_free(&out);
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    (void)vector_each("tests/vectors/message.jsonl", cut_vector);
}

/* What is still read after a flip can be written and read again. */
static void flip_vector(const char *line)
{
    struct buf bytes = {0}, out = {0}, second = {0};
    again_fn *run = vector_bytes(line, &bytes);

    for (size_t bit = 0; bit < 8 * bytes.len && bit < 16000; bit++) {
        bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!run(buf_span(&bytes), &out)) {
            assert_int_equal(run(buf_span(&out), &second), ERR_OK);
            assert_true(span_equal(buf_span(&out), buf_span(&second)));
        }
        bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_free(&bytes);
    buf_free(&out);
    buf_free(&second);
}

static void a_flipped_bit_does_no_harm(void **state)
{
    (void)state;
    (void)vector_each("tests/vectors/message.jsonl", flip_vector);
}

/* ---- Stories ---- */

static void a_bomb_is_refused(void **state)
{
    (void)state;
    enum { BOMB = 64 << 20 };
    struct buf stream = {0}, message = {0}, out = {0};
    uint8_t *zeros = calloc(1, BOMB);

    assert_non_null(zeros);
    assert_int_equal(zip_deflate((struct span){zeros, BOMB}, 9, &stream),
                     ERR_OK);
    free(zeros);
    pack_array(&message, 3);
    pack_uint(&message, MESSAGE_ZIP);
    pack_uint(&message, MESSAGE_BYTES_MAX);
    pack_bin(&message, buf_span(&stream));
    assert_int_equal(message_again(buf_span(&message), &out), ERR_MALFORMED);
    assert_true(plain.cap <= 2 * MESSAGE_BYTES_MAX);

    struct message_segment s = {1, 0, 1, MESSAGE_ZLIB, buf_span(&stream)};
    struct span body;
    assert_int_equal(segment_plain(&s, &plain, &body), ERR_TOO_BIG);
    assert_true(plain.cap <= 2 * SEGMENT_BYTES_MAX);
    buf_free(&stream);
    buf_free(&message);
    buf_free(&out);
}

static void a_message_over_a_mebibyte_is_too_big(void **state)
{
    (void)state;
    uint8_t *at = calloc(1, MESSAGE_BYTES_MAX + 1);
    struct buf out = {0};

    assert_non_null(at);
    assert_int_equal(
        message_again((struct span){at, MESSAGE_BYTES_MAX + 1}, &out),
        ERR_TOO_BIG);
    free(at);
    buf_free(&out);
}

static void a_deflated_segment_reads_like_a_plain_one(void **state)
{
    (void)state;
    struct segment_group group = {.record = id_named(span_of("r")), .type = 1};
    struct segment_row rows[2] = {{.field = 1, .version = 9},
                                  {.field = 2, .version = 7, .at = 5}};
    struct buf body = {0}, stream = {0};
    struct segment_group read;
    struct span at;

    segment_group_write(&body, &group, rows, 2);
    assert_int_equal(zip_deflate(buf_span(&body), ZIP_SMALL, &stream), ERR_OK);
    struct message_segment s = {1, 6, 9, MESSAGE_ZLIB, buf_span(&stream)};
    assert_int_equal(segment_plain(&s, &plain, &at), ERR_OK);
    assert_int_equal(segment_group_next(pack, &at, &read), ERR_OK);
    assert_int_equal(at.len, 0);
    assert_int_equal(read.base, 7);
    assert_true(segment_row_next(&read, &rows[0]));
    assert_int_equal(rows[0].version, 9);
    assert_true(segment_row_next(&read, &rows[0]));
    assert_int_equal(rows[0].at, 5);
    assert_false(segment_row_next(&read, &rows[0]));
    buf_free(&body);
    buf_free(&stream);
}

static void hello_of_another_protocol_is_read_that_far(void **state)
{
    (void)state;
    struct buf b = {0};
    struct message_hello hello;
    enum message_code code;
    struct items in;

    pack_array(&b, 2);
    pack_uint(&b, MESSAGE_HELLO);
    pack_uint(&b, 9);
    assert_int_equal(message_open(pack, buf_span(&b), &plain, &in, &code),
                     ERR_OK);
    assert_int_equal(message_hello_read(&in, &hello), ERR_OK);
    assert_int_equal(hello.protocol, 9);
    buf_free(&b);
}

static void a_zip_is_used_only_where_it_pays(void **state)
{
    (void)state;
    struct buf zip = {0}, out = {0}, message = {0};
    static const uint8_t same[4000] = "x";
    struct span change = {same, sizeof same};

    message_beat_write(&message, &(struct message_beat){7});
    assert_int_equal(message_zip_write(&zip, buf_span(&message), ZIP_FAST),
                     ERR_OK);
    assert_true(span_equal(buf_span(&zip), buf_span(&message)));
    buf_clear(&zip);
    buf_clear(&message);
    message_push_write(&message, 1, &change, 1);
    assert_int_equal(message_zip_write(&zip, buf_span(&message), ZIP_FAST),
                     ERR_OK);
    assert_true(zip.len < 200);
    assert_int_equal(message_again(buf_span(&zip), &out), ERR_OK);
    assert_true(span_equal(buf_span(&out), buf_span(&message)));
    buf_free(&zip);
    buf_free(&out);
    buf_free(&message);
}

static void a_body_is_taken_apart_into_its_messages(void **state)
{
    (void)state;
    struct buf body = {0};
    struct span rest, message;

    message_frame_write(&body, span_of("one"));
    message_frame_write(&body, span_of("second"));
    rest = buf_span(&body);
    assert_int_equal(message_frame_next(&rest, &message), ERR_OK);
    assert_true(span_equal(message, span_of("one")));
    assert_int_equal(message_frame_next(&rest, &message), ERR_OK);
    assert_true(span_equal(message, span_of("second")));
    assert_int_equal(rest.len, 0);
    for (size_t len = 8; len < body.len; len++) {
        rest = (struct span){body.at + 7, len - 7};
        assert_int_equal(message_frame_next(&rest, &message), ERR_MALFORMED);
    }
    rest = (struct span){(const uint8_t *)"\0\0\0\0x", 5};
    assert_int_equal(message_frame_next(&rest, &message), ERR_MALFORMED);
    rest = (struct span){(const uint8_t *)"\xff\xff\xff\xffx", 5};
    assert_int_equal(message_frame_next(&rest, &message), ERR_TOO_BIG);
    buf_free(&body);
}

static void a_change_over_half_a_mebibyte_is_too_big(void **state)
{
    (void)state;
    uint8_t *at = calloc(1, CHANGE_BYTES_MAX + 1);
    struct span change = {at, CHANGE_BYTES_MAX + 1};
    struct buf message = {0}, out = {0};
    struct change read;

    assert_non_null(at);
    message_push_write(&message, 1, &change, 1);
    assert_int_equal(message_again(buf_span(&message), &out), ERR_TOO_BIG);
    assert_int_equal(change_read(pack, change, &read), ERR_UNREADABLE);
    free(at);
    buf_free(&message);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_as_the_vectors_say),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(a_flipped_bit_does_no_harm),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(a_message_over_a_mebibyte_is_too_big),
        cmocka_unit_test(a_deflated_segment_reads_like_a_plain_one),
        cmocka_unit_test(hello_of_another_protocol_is_read_that_far),
        cmocka_unit_test(a_zip_is_used_only_where_it_pays),
        cmocka_unit_test(a_body_is_taken_apart_into_its_messages),
        cmocka_unit_test(a_change_over_half_a_mebibyte_is_too_big),
    };

    return cmocka_run_group_tests(tests, open_pack, close_pack);
}
