/* libFuzzer: any bytes as a POST body of messages, as one message, as a change
 * and as a segment's body. Every list is walked to its end.
 */
#include "change.h"
#include "segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pack *pack, *inner;
static struct buf plain, inflated;

static void read_change(struct span bytes)
{
    struct change_touch touch;
    struct change_edit edit;
    struct change change;
    uint32_t touches = 0, edits = 0;

    pack_reset(inner);
    if (change_read(inner, bytes, &change))
        return;
    while (change_touch_next(&change, &touch)) {
        touches++;
        while (change_edit_next(&touch, &edit)) {
            edits++;
            items_skip(&edit.value);
            if (!items_ok(&edit.value) || edit.op > CHANGE_RESTORE)
                abort();
        }
    }
    if (touches != change.touch_count || edits != change.edit_count ||
        edits > CHANGE_EDITS_MAX)
        abort();
}

static void read_body(struct span body)
{
    struct segment_group group;
    struct segment_row row;

    while (body.len > 0 && !segment_group_next(inner, &body, &group)) {
        while (segment_row_next(&group, &row))
            items_skip(&row.item);
        if (!items_ok(&group.rows))
            abort();
    }
}

static void read_update(struct items *in)
{
    struct message_update m;
    struct message_outcome outcome;
    struct message_exception exception;
    struct message_segment segment;
    struct span body;

    if (message_update_read(in, &m))
        return;
    while (message_outcome_next(&m.outcomes, &outcome))
        while (message_exception_next(&outcome.exceptions, &exception))
            if (exception.index < -1)
                abort();
    while (message_segment_next(&m.segments, &segment))
        if (!segment_plain(&segment, &inflated, &body))
            read_body(body);
    if (!items_ok(&m.outcomes) || !items_ok(&m.segments))
        abort();
}

static void read_push(struct items *in)
{
    struct message_push m;
    struct span change;

    if (message_push_read(in, &m))
        return;
    while (message_change_next(&m.changes, &change))
        read_change(change);
    if (!items_ok(&m.changes))
        abort();
}

static void read_welcome(struct items *in)
{
    struct message_welcome m;
    struct message_scope scope;
    struct span role;

    if (message_welcome_read(in, &m))
        return;
    while (message_scope_next(&m.scope, &scope))
        while (message_role_next(&scope.roles, &role))
            ;
    if (!items_ok(&m.scope))
        abort();
}

static void read_rest(struct items *in, enum message_code code)
{
    union {
        struct message_hello hello;
        struct message_pull pull;
        struct message_history history;
        struct message_beat beat;
        struct message_report report;
        struct message_enrol enrol;
        struct message_checkpoint checkpoint;
        struct items scope;
        struct message_entries entries;
        struct message_beaten beaten;
        struct message_bye bye;
        struct message_error error;
        struct message_enrolled enrolled;
    } m;
    enum err err = ERR_OK;

    switch (code) {
    case MESSAGE_HELLO: err = message_hello_read(in, &m.hello); break;
    case MESSAGE_PULL: err = message_pull_read(in, &m.pull); break;
    case MESSAGE_HISTORY: err = message_history_read(in, &m.history); break;
    case MESSAGE_BEAT: err = message_beat_read(in, &m.beat); break;
    case MESSAGE_REPORT: err = message_report_read(in, &m.report); break;
    case MESSAGE_ENROL: err = message_enrol_read(in, &m.enrol); break;
    case MESSAGE_CHECKPOINT:
        err = message_checkpoint_read(in, &m.checkpoint);
        break;
    case MESSAGE_SCOPE: err = message_scope_read(in, &m.scope); break;
    case MESSAGE_ENTRIES: err = message_entries_read(in, &m.entries); break;
    case MESSAGE_BEATEN: err = message_beaten_read(in, &m.beaten); break;
    case MESSAGE_BYE: err = message_bye_read(in, &m.bye); break;
    case MESSAGE_ERROR: err = message_error_read(in, &m.error); break;
    case MESSAGE_ENROLLED: err = message_enrolled_read(in, &m.enrolled); break;
    case MESSAGE_PUSH: read_push(in); break;
    case MESSAGE_UPDATE: read_update(in); break;
    case MESSAGE_WELCOME: read_welcome(in); break;
    case MESSAGE_ZIP: abort();
    }
    if (err && err != ERR_MALFORMED && err != ERR_TOO_BIG)
        abort();
}

static void read_message(struct span bytes)
{
    enum message_code code;
    struct items in;

    if (!message_open(pack, bytes, &plain, &in, &code))
        read_rest(&in, code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = {data, size}, message;

    if ((!pack && pack_open(&pack)) || (!inner && pack_open(&inner)))
        return 0;
    read_message(body);
    read_change(body);
    read_body(body);
    while (body.len > 0 && !message_frame_next(&body, &message))
        read_message(message);
    return 0;
}
