#include "hub_inside.h"

#include <assert.h>
#include <stdlib.h>

enum {
    BYE_RETRY_MS = 2000,
    BYE_SPREAD_MS = 8000,
};

static enum err copy_timelines(struct hub *h, const struct store_directory *d)
{
    h->timelines = calloc(d->timeline_count + 1, sizeof *h->timelines);
    if (!h->timelines)
        return ERR_NOMEM;
    h->timeline_count = d->timeline_count;
    if (d->timeline_count)
        memcpy(h->timelines, d->timelines,
               d->timeline_count * sizeof *h->timelines);
    return ERR_OK;
}

uint64_t hub_fork(const struct hub *h, struct id timeline)
{
    if (id_none(timeline) || id_equal(timeline, h->timeline))
        return h->fork;
    for (size_t i = 0; i < h->timeline_count; i++)
        if (id_equal(timeline, h->timelines[i].id))
            return h->timelines[i].fork;
    return 0; /* never ours: nothing is known to be the same */
}

enum err hub_open(const struct hub_options *o, struct hub **out)
{
    struct hub *h = calloc(1, sizeof *h);
    uint32_t seed;

    if (!h) {
        access_drop(o->access);
        return ERR_NOMEM;
    }
    h->schema = o->schema;
    h->ports = o->ports;
    h->access = o->access;
    h->tells_sights = o->tells_sights;
    h->timeline = o->directory->head.timeline;
    h->fork = o->directory->head.fork;
    h->safe = o->directory->head.safe;
    h->head = o->directory->head.version;
    h->ports.random(h->ports.context, (uint8_t *)&seed, sizeof seed);
    enum err err = copy_timelines(h, o->directory);
    if (!err)
        err = pack_open(&h->pack);
    if (!err)
        err = pages_init(&h->pages, seed);
    if (!err)
        err = directory_load(&h->directory, o->directory);
    if (err) {
        hub_close(h);
        return err;
    }
    *out = h;
    return ERR_OK;
}

void hub_close(struct hub *h)
{
    if (!h)
        return;
    assert(!h->sessions);
    batch_free(h->gathering);
    job_free(h->failed);
    directory_fini(&h->directory);
    free(h->timelines);
    pages_fini(&h->pages);
    pack_close(h->pack);
    buf_free(&h->plain);
    buf_free(&h->out);
    access_drop(h->access);
    free(h);
}

/* ---- Sessions come and go ---- */

enum err hub_join(struct hub *h, void *peer, bool is_post, struct hub_time now,
                  struct session **out)
{
    if (h->stopping || h->fault)
        return ERR_BUSY;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->hub = h;
    s->peer = peer;
    s->is_post = is_post;
    s->no = ++h->session_no;
    s->heard_ms = now.monotonic_ms;
    s->rescope_ms = now.monotonic_ms + HUB_RESCOPE_MS;
    s->next = h->sessions;
    if (s->next)
        s->next->prev = s;
    h->sessions = s;
    h->figures.sessions++;
    *out = s;
    return ERR_OK;
}

void hub_leave(struct session *s)
{
    struct hub *h = s->hub;

    if (s->replica && s->replica->session == s)
        s->replica->session = NULL;
    *(s->prev ? &s->prev->next : &h->sessions) = s->next;
    if (s->next)
        s->next->prev = s->prev;
    h->figures.sessions--;
    free(s->buckets);
    free(s);
}

void hub_drained(struct session *s, struct hub_time now)
{
    catchup_pull(s, now);
}

static struct session *session_numbered(struct hub *h, uint64_t no)
{
    for (struct session *s = h->sessions; s; s = s->next)
        if (s->no == no)
            return s;
    return NULL;
}

/* ---- Batches ---- */

void hub_submit(struct hub *h, struct job *job)
{
    h->jobs_out++;
    h->ports.submit(h->ports.context, job);
}

/* Everything that was gathered while the last batch was being written. */
void hub_start_batch(struct hub *h)
{
    struct job *job = NULL;

    if (h->writing || h->failed || !h->gathering || h->fault)
        return;
    if (job_open(JOB_BATCH, &job))
        return; /* no memory now: the next tick tries again */
    job->batch = h->gathering;
    h->gathering = NULL;
    h->writing = true;
    hub_submit(h, job);
}

void hub_gather(struct hub *h, struct batch_push *p)
{
    if (!h->gathering && batch_open(&h->gathering)) {
        batch_push_free(p);
        h->fault = ERR_NOMEM;
        return;
    }
    h->gathered_bytes += p->bytes.len;
    batch_push(h->gathering, p);
}

static void take_results(struct hub *h, const struct batch *b, bool *fresh)
{
    for (size_t i = 0; i < b->bucket_count; i++) {
        bool is_new;
        if (directory_put_bucket(&h->directory, &b->buckets[i], &is_new))
            h->fault = ERR_NOMEM;
        *fresh |= is_new;
    }
    for (struct batch_push *p = b->pushes; p; p = p->next) {
        if (p->last < p->first)
            continue;
        h->directory.replicas[p->replica.no]->at = p->after;
        h->figures.changes += p->last - p->first + 1;
        for (size_t i = 0; i < p->exception_count; i++)
            h->figures.held += p->exceptions[i].outcome == OUTCOME_HELD;
    }
    h->figures.batches++;
    h->head = b->head;
}

/* Buckets or roles are not what they were. */
static void rescope(struct session *s, struct hub_time now)
{
    struct message_scope *list = NULL;
    bool changed = false;
    bool live = s->state == SESSION_LIVE;

    if (!live && s->state != SESSION_CATCHING_UP)
        return;
    if (live)
        for (size_t i = 0; i < s->bucket_count; i++)
            s->buckets[i].cursor = s->told_head;
    enum err err = catchup_scope(s, now.wall_ms, &changed);
    if (!err && changed)
        err = catchup_scope_list(s, now.wall_ms, &list);
    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    if (!changed)
        return;
    struct buf *out = &s->hub->out;
    buf_clear(out);
    message_scope_write(out, list, s->bucket_count);
    catchup_scope_free(list, s->bucket_count);
    struct span message = buf_span(out);
    s->state = SESSION_CATCHING_UP;
    s->waiting_bucket = 0;
    if (buf_ok(out))
        session_send(s, &message, 1);
    else
        session_close(s, true);
}

static void publish(struct hub *h, struct job *job, struct hub_time now)
{
    bool fresh = job->access != NULL;

    take_results(h, job->batch, &fresh);
    if (job->access) {
        access_drop(h->access);
        h->access = access_hold(job->access);
    }
    for (struct session *s = h->sessions, *next; s; s = next) {
        next = s->next;
        if (fresh)
            rescope(s, now);
        catchup_publish(s, job->batch, now);
    }
}

/* The disk is full: the batch waits, its devices hear why they wait. */
static void wait_for_room(struct hub *h, struct job *job, struct hub_time now)
{
    if (!h->figures.full)
        for (struct batch_push *p = job->batch->pushes; p; p = p->next) {
            if (p->own)
                continue;
            struct session *s = h->directory.replicas[p->replica.no]->session;
            if (s)
                session_refuse(s, ERR_FULL, 0);
        }
    h->figures.full = true;
    h->failed = job;
    h->retry_ms = now.monotonic_ms + HUB_RETRY_MS;
}

static void batch_done(struct hub *h, struct job *job, struct hub_time now)
{
    h->writing = false;
    if (job->err == ERR_FULL) {
        wait_for_room(h, job, now);
        return;
    }
    if (job->err) {
        h->fault = job->err;
        job_free(job);
        return;
    }
    h->figures.full = false;
    for (struct batch_push *p = job->batch->pushes; p; p = p->next)
        h->gathered_bytes -= p->bytes.len;
    publish(h, job, now);
    job_free(job);
    hub_start_batch(h);
}

static void enrol_done(struct hub *h, struct job *job)
{
    if (!job->err && directory_put_device(&h->directory, &job->enrol.row))
        h->fault = ERR_NOMEM;
}

bool hub_safe(struct hub *h, struct id timeline, uint64_t version)
{
    struct job *job = NULL;

    if (version <= h->safe || version > h->head ||
        !id_equal(timeline, h->timeline))
        return true;
    if (h->saving || h->stopping || h->fault || job_open(JOB_SAFE, &job))
        return false;
    job->safe = version;
    h->saving = true;
    hub_submit(h, job);
    return false;
}

static void safe_done(struct hub *h, const struct job *job)
{
    h->saving = false;
    if (!job->err)
        h->safe = job->safe;
}

void hub_done(struct hub *h, struct job *job, struct hub_time now)
{
    struct session *s = NULL;

    h->jobs_out--;
    if (job->session)
        s = session_numbered(h, job->session);
    if (s)
        s->jobs--;
    switch (job->kind) {
    case JOB_BATCH: batch_done(h, job, now); return;
    case JOB_PAGE: catchup_page(h, job, now); break;
    case JOB_ENROL:
        enrol_done(h, job);
        if (s)
            session_enrolled(s, job);
        if (s && s->is_post)
            session_close(s, false);
        break;
    case JOB_SAFE: safe_done(h, job); break;
    case JOB_HISTORY:
        if (s)
            session_told_history(s, job);
        break;
    }
    if (s)
        session_rest(s, now.monotonic_ms);
    if (job->err == ERR_STORE || job->err == ERR_CORRUPT)
        h->fault = job->err;
    job_free(job);
}

/* ---- Time ---- */

void hub_tick(struct hub *h, struct hub_time now)
{
    if (h->failed && now.monotonic_ms >= h->retry_ms) {
        struct job *job = h->failed;
        h->failed = NULL;
        h->writing = true;
        hub_submit(h, job);
    }
    sight_tick(h, now);
    hub_start_batch(h);
    for (struct session *s = h->sessions, *next; s; s = next) {
        next = s->next;
        session_tick(s, now.monotonic_ms);
        if (now.monotonic_ms < s->rescope_ms)
            continue;
        s->rescope_ms = now.monotonic_ms + HUB_RESCOPE_MS;
        rescope(s, now);
        catchup_pull(s, now);
    }
    stock_ahead(h, now);
}

void hub_stop(struct hub *h, struct hub_time now)
{
    (void)now;
    h->stopping = true;
    for (struct session *s = h->sessions, *next; s; s = next) {
        next = s->next;
        if (s->state == SESSION_CLOSED)
            continue;
        buf_clear(&h->out);
        message_bye_write(&h->out,
                          &(struct message_bye){BYE_RETRY_MS, BYE_SPREAD_MS});
        struct span message = buf_span(&h->out);
        if (buf_ok(&h->out))
            session_send(s, &message, 1);
        session_close(s, false);
    }
}

bool hub_is_quiet(const struct hub *h)
{
    return h->jobs_out == 0 && !h->gathering && !h->failed;
}

enum err hub_fault(const struct hub *h)
{
    return h->fault;
}

struct hub_figures hub_figures(const struct hub *h)
{
    struct hub_figures f = h->figures;

    f.head = h->head;
    f.pages_bytes = h->pages.bytes;
    f.live = 0;
    for (const struct session *s = h->sessions; s; s = s->next)
        f.live += s->state == SESSION_LIVE;
    return f;
}
