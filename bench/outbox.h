/* outbox.h -- what a tablet of the bench writes, and sends.
 *
 * Changes are made offline, before any clock runs. `seen` is the version that
 * the tablet has; a text edit is a delta from the words on its screen: what it
 * has confirmed, or what it wrote itself since.
 */
#ifndef BENCH_OUTBOX_H
#define BENCH_OUTBOX_H

#include "tablet.h"

static inline struct queued *outbox_begin(struct tablet *t)
{
    if (t->made == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 256;
        t->queue = realloc(t->queue, t->cap * sizeof *t->queue);
        if (!t->queue)
            work_die("no memory");
    }
    struct queued *q = &t->queue[t->made];
    *q = (struct queued){.at = t->bytes.len};
    return q;
}

static inline void outbox_end(struct tablet *t, struct queued *q)
{
    q->len = t->bytes.len - q->at;
    t->made++;
    if (!buf_ok(&t->bytes))
        work_die("no memory");
}

static inline void put_text_edit(struct tablet *t, const struct work_edit *e,
                                 struct span screen)
{
    struct text_delta delta = {0};

    if (text_diff(screen, e->text, &delta))
        work_die("no memory");
    text_delta_pack(&delta, &t->bytes);
    text_delta_free(&delta);
}

static inline void put_edit(struct tablet *t, struct queued *q, uint32_t record,
                            const struct work_edit *e)
{
    size_t at = (size_t)record * WORK_FIELDS + e->field;
    const struct cell *c = &t->cells[at];

    q->fields++;
    change_edit_begin(&t->bytes, e->is_text ? CHANGE_TEXT : CHANGE_SET,
                      e->field, c->version);
    if (e->is_number) {
        pack_int(&t->bytes, e->number);
    } else if (!e->is_text) {
        pack_text(&t->bytes, e->text);
    } else {
        q->texts[q->text_count++] = (uint32_t)at;
        struct words *mine = &t->world->newest[at];
        bool pending = mine->by == t->no && mine->seq > t->consumed;
        put_text_edit(t, e, pending ? mine->text : cell_text(c));
        *mine = (struct words){e->text, t->no, t->made + 1};
    }
}

/* One save of the workload, or some of its edits, as one change. */
static inline void outbox_save(struct tablet *t, const struct work_save *s,
                               uint32_t first, uint32_t count)
{
    struct queued *q = outbox_begin(t);
    bool births = s->type && first == 0;

    change_begin(&t->bytes, s->at, 1);
    change_touch_begin(&t->bytes, tablet_school(t, s->school),
                       t->world->ids[s->record], count + births);
    if (births)
        change_create(&t->bytes, s->type);
    for (uint32_t i = first; i < first + count; i++)
        put_edit(t, q, s->record, &s->edits[i]);
    outbox_end(t, q);
}

/* ---- Sending ---- */

/* Is an edit of one of its texts on its way? What was sent on a connection
 * that broke, and is above t->sent again, is not. */
static inline bool flies(const struct tablet *t, const struct queued *q)
{
    for (uint32_t i = 0; i < q->text_count; i++) {
        uint32_t seq = t->cells[q->texts[i]].sent_seq;
        if (seq > t->consumed && seq <= t->sent)
            return true;
    }
    return false;
}

/* Send the next changes, at most `most`; false: nothing may go now. */
static inline bool outbox_send(struct tablet *t, uint32_t most)
{
    struct span list[PUSH_CHANGES_MAX];
    size_t count = 0, bytes = 0;
    uint64_t first = t->sent + 1;
    double now = now_s();

    while (t->sent < t->made && count < most) {
        struct queued *q = &t->queue[t->sent];
        if (flies(t, q) || (count && bytes + q->len > TABLET_PUSH_BYTES))
            break;
        t->sent++;
        for (uint32_t i = 0; i < q->text_count; i++)
            t->cells[q->texts[i]].sent_seq = (uint32_t)t->sent;
        q->sent_s = now;
        bytes += q->len;
        list[count++] = (struct span){t->bytes.at + q->at, q->len};
    }
    if (count == 0)
        return false;
    buf_clear(&t->world->scratch);
    message_push_write(&t->world->scratch, first, list, count);
    tablet_say(t);
    return true;
}

static inline void outbox_send_all(struct tablet *t)
{
    while (outbox_send(t, PUSH_CHANGES_MAX))
        ;
}

/* ---- The loop ---- */

/* Take what has come for one tablet. false: the connection is gone. */
static inline bool tablet_read(struct tablet *t)
{
    struct span message;

    if (!ws_fill(&t->ws))
        return false;
    while (ws_next(&t->ws, &message))
        tablet_take(t, message);
    if (t->ws.state == WS_OPEN && t->opening) {
        void (*say)(struct tablet *) = t->opening;
        t->opening = NULL;
        say(t);
    }
    return t->ws.state != WS_CLOSED;
}

static inline void tablet_pull_nothing(struct tablet *t)
{
    t->up_to_date = false;
    buf_clear(&t->world->scratch);
    message_pull_write(&t->world->scratch, NULL, 0);
    tablet_say(t);
}

#endif
