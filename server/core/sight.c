/* When each device was last seen, and with how much unsent: told to the central
 * team by a record of type `device` in the bucket `admin`, under the device's
 * own id, made by the server like every other record of its own.
 *
 * A tablet that is connected sends at once what it has, so one that has been
 * live until now has nothing waiting; of another its last HELLO counts. To be
 * told costs a commit and rows for ever, so it is put off and gathered: once a
 * minute, for those of whom there is news, and of one that is only still there
 * once an hour. */
#include "change.h"
#include "hub_inside.h"

#include <stdlib.h>

enum {
    SIGHT_MS = 60 * 1000,
    SIGHT_STALE_MS = 60 * 60 * 1000,
    SIGHTS_MOST = 500, /* in one commit; the others a tick later */
};

struct telling {
    const struct type *type;
    struct buf edits;
    uint32_t count;
};

static bool edit(struct telling *t, const char *name)
{
    const struct field *f = type_field_named(t->type, name);

    if (!f)
        return false;
    change_edit_begin(&t->edits, CHANGE_SET, f->id, 0);
    t->count++;
    return true;
}

static void put_text(struct telling *t, const char *name, const char *text)
{
    if (*text && edit(t, name))
        pack_text(&t->edits, span_of(text));
}

static void put_int(struct telling *t, const char *name, int64_t n)
{
    if (n >= 0 && edit(t, name))
        pack_int(&t->edits, n);
}

static void copy_word(struct span from, char *to, size_t room)
{
    size_t len = from.len < room - 1 ? from.len : room - 1;

    while (len > 0 && len < from.len && (from.at[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    memcpy(to, from.at, len);
    to[len] = 0;
}

void sight_name(struct sight *s, struct span label, struct span platform)
{
    copy_word(label, s->label, sizeof s->label);
    copy_word(platform, s->platform, sizeof s->platform);
}

void sight_report(struct session *s, const struct message_report *r,
                  int64_t now_ms)
{
    struct sight *to = &s->device->sight;

    to->replica = s->replica;
    to->seq = s->replica->at.seq;
    to->pending = r->pending;
    to->seen_ms = now_ms;
    to->kept = r->storage;
    copy_word(r->app_version, to->app, sizeof to->app);
    to->news = true;
}

/* What has not come, as far as we can know; *live: it is here. */
static uint64_t unsent(const struct sight *s, bool *live)
{
    const struct replica *r = s->replica;
    uint64_t came = r->at.seq - s->seq;

    *live = r->session && r->session->state == SESSION_LIVE &&
            r->queued == r->at.seq;
    return *live || came >= s->pending ? 0 : s->pending - came;
}

static bool is_due(const struct sight *s, uint64_t waiting, bool live,
                   struct hub_time now)
{
    if (!s->replica)
        return false;
    if (!s->told)
        return true;
    bool stale = now.monotonic_ms - s->told_ms >= SIGHT_STALE_MS;
    bool other = (waiting > 0) != (s->told_unsent > 0) ||
                 s->kept != s->told_kept || strcmp(s->app, s->told_app) != 0;
    return (s->news && other) || ((s->news || live) && stale);
}

static void put_device(struct telling *t, struct hub *h, struct device *d,
                       uint64_t waiting, bool live)
{
    struct sight *s = &d->sight;
    struct id person = access_person(h->access, d->person);

    if (!s->told) {
        change_create(&t->edits, t->type->id);
        t->count++;
        put_text(t, "label", s->label);
        put_text(t, "platform", s->platform);
        put_text(t, "state", "active");
        if (!id_none(person) && edit(t, "person"))
            pack_id(&t->edits, person);
    }
    if (!s->told || strcmp(s->app, s->told_app) != 0)
        put_text(t, "app_version", s->app);
    if ((!s->told || s->kept != s->told_kept) &&
        s->kept != MESSAGE_KEPT_UNKNOWN && edit(t, "storage_kept"))
        pack_bool(&t->edits, s->kept == MESSAGE_KEPT);
    if (!s->told || waiting != s->told_unsent)
        put_int(t, "unsent", (int64_t)waiting);
    put_int(t, "last_seen", s->seen_ms);
    if (live)
        put_int(t, "last_complete", s->seen_ms);
}

/* Only a touch that creates may name its bucket. */
static void begin_touch(struct buf *b, const struct hub *h, struct id record,
                        const struct telling *t, bool creates)
{
    static const char admin[] = "admin";
    const struct directory *d = &h->directory;

    for (uint32_t no = 1; no < d->bucket_count && !creates; no++)
        if (span_equal(d->buckets[no].name, span_of(admin))) {
            change_touch_begin(b, no, record, t->count);
            return;
        }
    change_touch_begin_named(b, span_of(admin), record, t->count);
}

static void write_one(struct hub *h, struct device *d, const struct type *type,
                      struct batch_push *p, struct hub_time now)
{
    struct telling t = {.type = type};
    struct sight *s = &d->sight;
    bool live = false;
    uint64_t waiting = s->replica ? unsent(s, &live) : 0;
    struct buf change = {0};

    if (!is_due(s, waiting, live, now))
        return;
    if (live)
        s->seen_ms = now.wall_ms;
    put_device(&t, h, d, waiting, live);
    change_begin(&change, now.wall_ms, 1);
    begin_touch(&change, h, d->id, &t, !s->told);
    buf_put(&change, t.edits.at, t.edits.len);
    if (buf_ok(&change) && buf_ok(&t.edits)) {
        buf_put(&p->bytes, change.at, change.len);
        p->changes[p->count++].len = change.len;
        s->told = true;
        s->news = false;
        s->told_ms = now.monotonic_ms;
        s->told_unsent = waiting;
        s->told_kept = s->kept;
        memcpy(s->told_app, s->app, sizeof s->told_app);
    }
    buf_free(&change);
    buf_free(&t.edits);
}

/* The bytes lie where they will stay only once all are written. */
static bool settle(struct batch_push *p)
{
    const uint8_t *at = p->bytes.at;

    for (uint32_t i = 0; i < p->count; i++) {
        p->changes[i].at = at;
        at += p->changes[i].len;
    }
    return p->count > 0 && buf_ok(&p->bytes);
}

void sight_tick(struct hub *h, struct hub_time now)
{
    const struct type *type = schema_type_named(h->schema, "device");
    const struct directory *d = &h->directory;

    if (!h->tells_sights || !type || h->stopping || h->fault || h->failed ||
        now.monotonic_ms < h->sights_ms)
        return;
    struct batch_push *p = calloc(1, sizeof *p);
    if (p)
        p->changes = calloc(SIGHTS_MOST, sizeof *p->changes);
    if (!p || !p->changes) {
        batch_push_free(p);
        return; /* no memory now: the next tick tries again */
    }
    p->first = 1;
    p->trusted = p->own = true;
    for (size_t i = 0; i < d->device_count && p->count < SIGHTS_MOST; i++)
        write_one(h, d->devices[i], type, p, now);
    if (p->count < SIGHTS_MOST)
        h->sights_ms = now.monotonic_ms + SIGHT_MS;
    if (settle(p))
        hub_gather(h, p);
    else
        batch_push_free(p);
}
