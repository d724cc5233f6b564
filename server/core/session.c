#include "code.h"
#include "digest.h"
#include "hub_inside.h"

#include <assert.h>
#include <stdlib.h>

/* ---- Saying something ---- */

bool session_send(struct session *s, const struct span *parts, size_t count)
{
    const struct hub_ports *p = &s->hub->ports;
    uint8_t frame[MESSAGE_FRAME_BYTES];
    struct span framed[2 + 2 * HUB_UPDATE_SEGMENTS];
    size_t bytes = 0, n = 0;

    assert(count < sizeof framed / sizeof *framed);
    if (s->state == SESSION_CLOSED)
        return false;
    for (size_t i = 0; i < count; i++)
        bytes += parts[i].len;
    if (s->is_post) {
        message_frame_head(frame, bytes);
        framed[n++] = (struct span){frame, sizeof frame};
    }
    memcpy(framed + n, parts, count * sizeof *parts);
    if (!p->send(p->context, s->peer, framed, n + count)) {
        p->note(p->context, "slow", ERR_BUSY, s->device ? s->device->no : 0);
        session_close(s, true);
        return false;
    }
    s->sent_bytes += bytes;
    s->hub->figures.bytes_out += bytes;
    return true;
}

static void send_out(struct session *s)
{
    struct span message = buf_span(&s->hub->out);

    if (buf_ok(&s->hub->out))
        session_send(s, &message, 1);
    else
        session_close(s, true);
}

void session_close(struct session *s, bool failed)
{
    const struct hub_ports *p = &s->hub->ports;

    if (s->state == SESSION_CLOSED)
        return;
    s->state = SESSION_CLOSED;
    s->waiting_bucket = 0;
    if (s->replica && s->replica->session == s)
        s->replica->session = NULL;
    p->finish(p->context, s->peer, failed);
}

static bool stays_open(enum err err)
{
    return err == ERR_GAP || err == ERR_DENIED || err == ERR_UNKNOWN_RECORD ||
           err == ERR_UNKNOWN_BUCKET || err == ERR_FULL;
}

void session_refuse(struct session *s, enum err err, int64_t detail)
{
    struct hub *h = s->hub;

    if (s->state == SESSION_CLOSED)
        return;
    h->figures.refused++;
    h->ports.note(h->ports.context, "refused", err,
                  s->device ? s->device->no : 0);
    buf_clear(&h->out);
    message_error_write(&h->out, err, detail);
    send_out(s);
    s->told = true;
    if (!stays_open(err))
        session_close(s, true);
}

void session_rest(struct session *s, uint64_t now_ms)
{
    if (!s->is_post || !s->body_read || s->state == SESSION_CLOSED || s->jobs)
        return;
    bool full = s->sent_bytes >= HUB_ANSWER_BYTES;
    if (s->state == SESSION_CATCHING_UP && !full)
        return;
    /* A full disk answers a push, too: the device has been told so. */
    if (s->replica && s->replica->queued > s->replica->at.seq && !full &&
        !s->hub->figures.full)
        return;
    if (s->state == SESSION_LIVE && !s->told && now_ms < s->wait_until_ms)
        return;
    session_close(s, false);
}

/* ---- HELLO ---- */

static bool knows(const struct device *d, const struct message_hello *m)
{
    static const struct device nobody;
    uint8_t hash[DIGEST_BYTES];

    /* Unknown devices take as long as known ones. */
    digest_sha256((struct span){m->token, sizeof m->token}, hash);
    bool same = digest_equal(hash, (d ? d : &nobody)->token_hash);
    return same && d && !d->revoked;
}

static void welcome(struct session *s, const struct message_hello *m,
                    struct hub_time now)
{
    struct hub *h = s->hub;
    struct message_scope *scope = NULL;
    struct message_welcome w = {
        .protocol = MESSAGE_PROTOCOL,
        .nonce = m->nonce,
        .timeline = h->timeline,
        .fork = hub_fork(h, m->timeline),
        .safe = h->safe,
        .clock = now.wall_ms,
        .replica = s->replica->at.no,
        .person = s->person,
        .seq = s->replica->at.seq,
        .version = s->replica->at.version,
        .head = h->head,
    };
    enum err err = catchup_scope_list(s, now.wall_ms, &scope);

    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    buf_clear(&h->out);
    message_welcome_write(&h->out, &w, scope, s->bucket_count);
    catchup_scope_free(scope, s->bucket_count);
    send_out(s);
}

/* A device has one conversation; the newest one counts. */
static void take_replica(struct session *s, struct replica *r)
{
    struct session *old = r->session;

    if (old && old != s)
        session_close(old, false);
    r->session = s;
    s->replica = r;
}

static enum err greet(struct session *s, struct items *in,
                      struct message_hello *m, struct hub_time now)
{
    struct hub *h = s->hub;
    struct replica *r = NULL;
    bool changed;
    enum err err = message_hello_read(in, m);

    if (err)
        return err;
    if (m->protocol != MESSAGE_PROTOCOL)
        return ERR_PROTOCOL;
    struct device *d = directory_device(&h->directory, m->device);
    if (!knows(d, m))
        return ERR_UNKNOWN_DEVICE;
    s->device = d;
    err = directory_replica(&h->directory, d->no, m->incarnation, &r);
    if (err)
        return err;
    const uint8_t *known =
        m->acked == r->at.seq ? r->at.chain : trail_at(&r->trail, m->acked);
    if (known && memcmp(m->chain, known, sizeof m->chain) != 0)
        return ERR_CLONED;
    s->said_seq = s->agreed = m->acked;
    memcpy(s->said, m->chain, sizeof s->said);
    take_replica(s, r);
    sight_report(s, &m->report, now.wall_ms);
    s->person = access_person(h->access, d->person);
    s->skew = m->clock - now.wall_ms;
    s->zip = m->zip;
    return catchup_scope(s, now.wall_ms, &changed);
}

static void hello(struct session *s, struct items *in, struct hub_time now)
{
    struct message_hello m;
    struct message_cursor c;
    enum err err = greet(s, in, &m, now);

    if (err) {
        session_refuse(s, err, err == ERR_PROTOCOL ? MESSAGE_PROTOCOL : 0);
        return;
    }
    /* Another timeline agrees with ours up to the fork. */
    bool same = id_equal(m.timeline, s->hub->timeline);
    uint64_t fork = hub_fork(s->hub, m.timeline);
    while (message_cursor_next(&m.cursors, &c)) {
        if (!same && c.version > fork)
            c.version = fork;
        catchup_cursor(s, c.bucket, c.version);
    }
    s->state = SESSION_CATCHING_UP;
    welcome(s, &m, now);
    catchup_pull(s, now);
}

/* ---- PUSH ---- */

#define NOT_SAID UINT64_MAX /* no seq */

static enum err copy_changes(const struct message_push *m,
                             struct batch_push *to)
{
    struct items walk = m->changes;
    struct span change;
    size_t bytes = 0;

    for (uint32_t i = 0; i < m->count && message_change_next(&walk, &change);
         i++)
        bytes += change.len;
    uint8_t *at = buf_room(&to->bytes, bytes + 1);
    to->changes = calloc(m->count, sizeof *to->changes);
    if (!at || !to->changes)
        return ERR_NOMEM;
    walk = m->changes;
    while (to->count < m->count && message_change_next(&walk, &change)) {
        to->changes[to->count++] =
            (struct span){to->bytes.at + to->bytes.len, change.len};
        buf_put(&to->bytes, change.at, change.len);
    }
    return ERR_OK;
}

static enum err take_push(struct session *s, const struct message_push *m)
{
    struct replica *r = s->replica;
    struct batch_push *p = calloc(1, sizeof *p);
    enum err err = p ? copy_changes(m, p) : ERR_NOMEM;

    if (err) {
        batch_push_free(p);
        return err;
    }
    p->first = m->first;
    p->replica = r->at;
    p->person = s->device->person;
    p->skew = s->skew;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->first + i > r->queued)
            trail_add(&r->trail, p->changes[i]);
    if (s->agreed == r->queued)
        s->agreed = r->trail.last;
    r->queued = m->first + m->count - 1;
    hub_gather(s->hub, p);
    return ERR_OK;
}

/* Are those that we have had before the same? What was said on this connection
 * leads on from HELLO's chain, so that a repeat is known at the latest where it
 * reaches the last change. */
static enum err compare(struct session *s, const struct message_push *m)
{
    const struct trail *trail = &s->replica->trail;
    const uint8_t *ours = trail_at(trail, m->first - 1);
    bool known = ours || s->said_seq == m->first - 1;
    uint64_t seq = m->first - 1;
    struct items walk = m->changes;
    struct span change;

    if (ours)
        memcpy(s->said, ours, sizeof s->said);
    for (uint32_t i = 0; i < m->count && message_change_next(&walk, &change);
         i++) {
        if (known)
            hash_chain(s->said, change);
        ours = trail_at(trail, ++seq);
        if (ours && known && memcmp(ours, s->said, sizeof s->said) != 0)
            return ERR_CLONED;
        if (ours && known && seq == s->agreed + 1)
            s->agreed = seq;
        if (ours)
            memcpy(s->said, ours, sizeof s->said);
        known |= ours != NULL;
    }
    s->said_seq = known ? seq : NOT_SAID;
    return ERR_OK;
}

/* All of it was consumed before: say so once more. */
static void repeat(struct session *s, const struct message_push *m)
{
    struct hub *h = s->hub;
    struct message_outcome o = {.first = m->first,
                                .last = m->first + m->count - 1,
                                .version = s->replica->at.version};

    buf_clear(&h->out);
    message_update_begin(&h->out, 0, &o, 1, 0);
    send_out(s);
}

static void push(struct session *s, struct items *in)
{
    struct hub *h = s->hub;
    struct message_push m;
    enum err err = message_push_read(in, &m);
    const struct replica *r = s->replica;

    if (!err && h->gathered_bytes > HUB_GATHER_BYTES)
        err = ERR_BUSY;
    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    uint64_t last = m.first + m.count - 1;
    if (m.first > r->queued + 1) {
        session_refuse(s, ERR_GAP, (int64_t)r->queued + 1);
        return;
    }
    if (compare(s, &m)) {
        session_refuse(s, ERR_CLONED, (int64_t)s->agreed);
        return;
    }
    if (last <= r->at.seq) {
        repeat(s, &m);
        return;
    }
    if (last > r->queued)
        err = take_push(s, &m);
    /* What is being written its commit will answer; while it waits for room,
     * every device that pushes hears why. */
    if (!err && h->figures.full)
        err = ERR_FULL;
    if (err)
        session_refuse(s, err, 0);
}

/* ---- The others ---- */

static void pull(struct session *s, struct items *in, struct hub_time now)
{
    struct message_pull m;
    struct message_cursor c;
    enum err err = message_pull_read(in, &m);

    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    if (s->state == SESSION_LIVE)
        for (size_t i = 0; i < s->bucket_count; i++)
            s->buckets[i].cursor = s->told_head;
    while (message_cursor_next(&m.cursors, &c))
        catchup_cursor(s, c.bucket, c.version);
    s->state = SESSION_CATCHING_UP;
    s->waiting_bucket = 0;
    catchup_pull(s, now);
}

static void history(struct session *s, struct items *in)
{
    struct message_history m;
    struct job *job = NULL;
    bool ours = false;
    enum err err = message_history_read(in, &m);

    for (size_t i = 0; i < s->bucket_count && !err; i++)
        ours |= s->buckets[i].no == m.bucket;
    if (!err && !ours)
        err = ERR_UNKNOWN_BUCKET;
    if (!err)
        err = job_open(JOB_HISTORY, &job);
    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    job->session = s->no;
    job->access = access_hold(s->hub->access);
    job->history.request = m.request;
    job->history.bucket = m.bucket;
    job->history.record = m.record;
    s->jobs++;
    hub_submit(s->hub, job);
}

void session_told_history(struct session *s, struct job *job)
{
    struct span message = buf_span(&job->history.message);

    if (job->err)
        session_refuse(s, job->err, 0);
    else
        session_send(s, &message, 1);
}

static void beat(struct session *s, struct items *in, struct hub_time now)
{
    struct message_beat m;
    enum err err = message_beat_read(in, &m);

    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    if (s->is_post) {
        s->wait_until_ms = now.monotonic_ms + m.wait_ms;
        return;
    }
    buf_clear(&s->hub->out);
    message_beaten_write(&s->hub->out, &(struct message_beaten){now.wall_ms});
    send_out(s);
}

static void report(struct session *s, struct items *in, struct hub_time now)
{
    struct message_report m;
    enum err err = message_report_read(in, &m);

    if (err)
        session_refuse(s, err, 0);
    else
        sight_report(s, &m, now.wall_ms);
}

static void copy_word(struct span from, char *to, size_t room)
{
    size_t len = from.len < room - 1 ? from.len : room - 1;

    while (len > 0 && len < from.len && (from.at[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    memcpy(to, from.at, len);
    to[len] = 0;
}

static void enrol(struct session *s, struct items *in, struct hub_time now)
{
    struct hub *h = s->hub;
    struct message_enrol m;
    struct job *job = NULL;
    uint8_t random[10];
    enum err err = message_enrol_read(in, &m);

    if (!err)
        err = job_open(JOB_ENROL, &job);
    if (err) {
        session_refuse(s, err, 0);
        return;
    }
    job->session = s->no;
    job->enrol.now_ms = now.wall_ms;
    code_hash(m.code, job->enrol.code_hash);
    copy_word(m.label, job->enrol.label, sizeof job->enrol.label);
    copy_word(m.platform, job->enrol.platform, sizeof job->enrol.platform);
    h->ports.random(h->ports.context, random, sizeof random);
    h->ports.random(h->ports.context, job->enrol.token,
                    sizeof job->enrol.token);
    job->enrol.device = id_new(now.wall_ms, random);
    digest_sha256((struct span){job->enrol.token, sizeof job->enrol.token},
                  job->enrol.token_hash);
    s->jobs++;
    hub_submit(h, job);
}

void session_enrolled(struct session *s, struct job *job)
{
    struct hub *h = s->hub;
    struct message_enrolled m = {
        .device = job->enrol.device,
        .person = access_person(h->access, job->enrol.row.person),
    };

    if (job->err) {
        session_refuse(s, job->err, 0);
        return;
    }
    memcpy(m.token, job->enrol.token, sizeof m.token);
    m.name = directory_person_name(&h->directory, job->enrol.row.person);
    buf_clear(&h->out);
    message_enrolled_write(&h->out, &m);
    send_out(s);
}

/* ---- Any message ---- */

static void greeting(struct session *s, enum message_code code,
                     struct items *in, struct hub_time now)
{
    if (code == MESSAGE_HELLO)
        hello(s, in, now);
    else if (code == MESSAGE_ENROL && !s->jobs)
        enrol(s, in, now);
    else
        session_refuse(s, ERR_ORDER, 0);
}

static void conversation(struct session *s, enum message_code code,
                         struct items *in, struct hub_time now)
{
    if (code == MESSAGE_PUSH)
        push(s, in);
    else if (code == MESSAGE_PULL)
        pull(s, in, now);
    else if (code == MESSAGE_HISTORY)
        history(s, in);
    else if (code == MESSAGE_BEAT)
        beat(s, in, now);
    else if (code == MESSAGE_REPORT)
        report(s, in, now);
    else
        session_refuse(s, ERR_ORDER, 0);
}

static void one_message(struct session *s, struct span bytes,
                        struct hub_time now)
{
    struct hub *h = s->hub;
    struct items in;
    enum message_code code;
    enum err err = message_open(h->pack, bytes, &h->plain, &in, &code);

    if (err)
        session_refuse(s, err, 0);
    else if (s->state == SESSION_GREETING)
        greeting(s, code, &in, now);
    else
        conversation(s, code, &in, now);
}

void hub_receive(struct session *s, struct span bytes, struct hub_time now)
{
    if (s->state == SESSION_CLOSED)
        return;
    s->heard_ms = now.monotonic_ms;
    s->hub->figures.bytes_in += bytes.len;
    if (!s->is_post) {
        one_message(s, bytes, now);
        hub_start_batch(s->hub);
        return;
    }
    while (bytes.len > 0 && s->state != SESSION_CLOSED) {
        struct span message;
        enum err err = message_frame_next(&bytes, &message);
        if (err)
            session_refuse(s, err, 0);
        else
            one_message(s, message, now);
    }
    s->body_read = true;
    hub_start_batch(s->hub);
    if (s->state == SESSION_GREETING && !s->jobs)
        session_refuse(s, ERR_ORDER, 0);
    session_rest(s, now.monotonic_ms);
}

void session_tick(struct session *s, uint64_t now_ms)
{
    uint64_t limit_ms =
        s->state == SESSION_GREETING ? HUB_HELLO_MS : HUB_IDLE_MS;

    if (s->is_post)
        session_rest(s, now_ms);
    else if (s->state != SESSION_CLOSED && now_ms - s->heard_ms > limit_ms)
        session_refuse(s, ERR_TIMEOUT, 0);
}
