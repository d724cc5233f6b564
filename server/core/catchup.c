#include "hub_inside.h"
#include "zip.h"

#include <assert.h>
#include <stdlib.h>

/* ---- Which buckets are the session's ---- */

static struct session_bucket *find(const struct session *s, uint32_t no)
{
    size_t low = 0, high = s->bucket_count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->buckets[mid].no < no)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->bucket_count && s->buckets[low].no == no ? &s->buckets[low]
                                                             : NULL;
}

void catchup_cursor(struct session *s, uint32_t bucket, uint64_t version)
{
    struct session_bucket *b = find(s, bucket);

    /* A cursor from the future belongs to a history that is no more. */
    if (b)
        b->cursor = version <= s->hub->head ? version : 0;
}

enum err catchup_scope(struct session *s, int64_t now_ms, bool *changed)
{
    const struct hub *h = s->hub;
    const struct directory *d = &h->directory;
    size_t count = 0;
    struct session_bucket *list = malloc((d->bucket_count + 1) * sizeof *list);

    if (!list)
        return ERR_NOMEM;
    for (uint32_t no = 1; no < d->bucket_count; no++) {
        const struct store_bucket *b = directory_bucket(d, no);
        if (!b || !access_roles(h->access, &s->person, b->name, now_ms))
            continue;
        const struct session_bucket *was = find(s, no);
        list[count++] = (struct session_bucket){no, was ? was->cursor : 0};
    }
    *changed = count != s->bucket_count;
    for (size_t i = 0; i < count && !*changed; i++)
        *changed = list[i].no != s->buckets[i].no;
    /* There may be thousands of buckets, and few of them are its own. */
    struct session_bucket *own = malloc((count + 1) * sizeof *own);
    if (own) {
        memcpy(own, list, count * sizeof *own);
        free(s->buckets);
        s->buckets = own;
        s->bucket_count = count;
    }
    free(list);
    return own ? ERR_OK : ERR_NOMEM;
}

static void name_roles(const struct schema *schema, role_set roles,
                       struct span *names, size_t *count)
{
    for (uint32_t i = 0; i < schema->role_count; i++)
        if (roles & schema->roles[i].bit)
            names[(*count)++] = span_of(schema->roles[i].name);
}

void catchup_scope_free(struct message_scope *list, size_t count)
{
    for (size_t i = 0; list && i < count; i++)
        free((void *)(uintptr_t)list[i].names);
    free(list);
}

enum err catchup_scope_list(struct session *s, int64_t now_ms,
                            struct message_scope **out)
{
    const struct hub *h = s->hub;
    struct message_scope *list = calloc(s->bucket_count + 1, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->bucket_count; i++) {
        const struct store_bucket *b =
            directory_bucket(&h->directory, s->buckets[i].no);
        struct span *names = calloc(SCHEMA_ROLES_MAX, sizeof *names);
        if (!names) {
            catchup_scope_free(list, i);
            return ERR_NOMEM;
        }
        list[i] = (struct message_scope){
            .bucket = b->no, .name = b->name, .names = names};
        name_roles(h->schema,
                   access_roles(h->access, &s->person, b->name, now_ms), names,
                   &list[i].name_count);
    }
    *out = list;
    return ERR_OK;
}

/* ---- One UPDATE, made of parts ---- */

struct update {
    struct session *session;
    struct message_segment segments[HUB_UPDATE_SEGMENTS];
    struct buf inflated[HUB_UPDATE_SEGMENTS];
    size_t count;
    size_t bytes;
};

/* The device cannot inflate: do it here. */
static bool inflate(struct update *u, struct message_segment *g,
                    size_t plain_bytes)
{
    struct buf *plain = &u->inflated[u->count];

    if (zip_inflate(g->body, plain_bytes, plain))
        return false;
    g->codec = MESSAGE_PLAIN;
    g->body = buf_span(plain);
    return true;
}

static bool add(struct update *u, struct message_segment g, size_t plain_bytes)
{
    if (g.codec == MESSAGE_ZLIB && !u->session->zip &&
        !inflate(u, &g, plain_bytes))
        return false;
    u->segments[u->count++] = g;
    u->bytes += g.body.len;
    return true;
}

static bool send_update(struct update *u, uint64_t head,
                        const struct message_outcome *outcomes,
                        size_t outcome_count)
{
    struct span parts[1 + 2 * HUB_UPDATE_SEGMENTS];
    size_t ends[HUB_UPDATE_SEGMENTS];
    struct buf *heads = &u->session->hub->out;
    size_t n = 0, start = 0;
    bool sent = false;

    /* start and head 0, body 0, head 1, body 1 … */
    buf_clear(heads);
    message_update_begin(heads, head, outcomes, outcome_count, u->count);
    for (size_t i = 0; i < u->count; i++) {
        message_segment_head(heads, &u->segments[i]);
        ends[i] = heads->len;
    }
    if (buf_ok(heads)) {
        for (size_t i = 0; i < u->count; i++) {
            parts[n++] = (struct span){heads->at + start, ends[i] - start};
            parts[n++] = u->segments[i].body;
            start = ends[i];
        }
        if (n == 0)
            parts[n++] = buf_span(heads);
        sent = session_send(u->session, parts, n);
    }
    if (sent && head)
        u->session->told_head = head;
    for (size_t i = 0; i < u->count; i++)
        buf_free(&u->inflated[i]);
    u->session->told |= outcome_count > 0 || u->count > 0;
    u->count = 0;
    u->bytes = 0;
    return sent;
}

/* ---- Catching up ---- */

static void checkpoint(struct session *s)
{
    struct hub *h = s->hub;
    struct message_sum *sums = malloc((s->bucket_count + 1) * sizeof *sums);

    if (!sums) {
        session_refuse(s, ERR_NOMEM, 0);
        return;
    }
    for (size_t i = 0; i < s->bucket_count; i++) {
        const struct store_bucket *b =
            directory_bucket(&h->directory, s->buckets[i].no);
        sums[i] = (struct message_sum){b->no, b->count, b->sum};
    }
    buf_clear(&h->out);
    message_checkpoint_write(&h->out, h->head, sums, s->bucket_count);
    free(sums);
    struct span message = buf_span(&h->out);
    s->state = SESSION_LIVE;
    s->told_head = h->head;
    if (!buf_ok(&h->out))
        session_refuse(s, ERR_NOMEM, 0);
    else
        session_send(s, &message, 1);
}

static bool has_room(const struct session *s)
{
    const struct hub_ports *p = &s->hub->ports;

    if (s->is_post)
        return s->sent_bytes < HUB_ANSWER_BYTES;
    return p->queued(p->context, s->peer) < HUB_QUEUE_BYTES;
}

/* Put what is at hand of one bucket into the update. false: wait. */
static bool pull_bucket(struct session *s, struct session_bucket *b,
                        struct update *u)
{
    struct hub *h = s->hub;
    uint64_t upto = directory_bucket(&h->directory, b->no)->version;

    while (b->cursor < upto) {
        if (u->count == HUB_UPDATE_SEGMENTS || u->bytes > HUB_QUEUE_BYTES / 2) {
            if (!send_update(u, 0, NULL, 0))
                return false;
        }
        if (!has_room(s))
            return false;
        struct cached *page = stock_find(h, b->no, b->cursor, upto);
        if (!page || !page->here) {
            /* Making room for the new page may drop those borrowed here. */
            if (u->count && !send_update(u, 0, NULL, 0))
                return false;
            s->waiting_bucket = b->no;
            s->waiting_from = b->cursor;
            enum err err = page ? ERR_OK : stock_ask(h, b->no, b->cursor, upto);
            if (err)
                session_refuse(s, err, 0);
            return false;
        }
        struct message_segment g = {b->no, b->cursor, page->to, page->codec,
                                    buf_span(&page->body)};
        if (!add(u, g, page->plain_bytes)) {
            session_refuse(s, ERR_NOMEM, 0);
            return false;
        }
        b->cursor = page->to;
        h->figures.pages_sent++;
    }
    return true;
}

void catchup_pull(struct session *s, struct hub_time now)
{
    struct update u = {.session = s};
    bool through = true;

    if (s->state != SESSION_CATCHING_UP || s->waiting_bucket)
        return;
    for (size_t i = 0; i < s->bucket_count && through; i++)
        through = pull_bucket(s, &s->buckets[i], &u);
    if (u.count && s->state == SESSION_CATCHING_UP)
        through &= send_update(&u, 0, NULL, 0);
    for (size_t i = 0; i < u.count; i++)
        buf_free(&u.inflated[i]);
    if (through && s->state == SESSION_CATCHING_UP)
        checkpoint(s);
    session_rest(s, now.monotonic_ms);
}

void catchup_page(struct hub *h, struct job *job, struct hub_time now)
{
    struct cached *page =
        pages_find(&h->pages, job->page.bucket, job->page.from);
    uint32_t bucket = job->page.bucket;
    uint64_t from = job->page.from;

    assert(page && !page->here);
    if (job->err)
        pages_drop(&h->pages, page);
    else
        pages_arrive(&h->pages, page, job);
    h->figures.pages_built++;
    for (struct session *s = h->sessions, *next; s; s = next) {
        next = s->next;
        if (s->waiting_bucket != bucket || s->waiting_from != from)
            continue;
        s->waiting_bucket = 0;
        if (job->err)
            session_refuse(s, job->err, 0);
        else
            catchup_pull(s, now);
    }
}

/* ---- What a commit brought ---- */

static size_t own_outcomes(struct session *s, const struct batch *b,
                           struct message_outcome *out, size_t most)
{
    size_t count = 0;

    if (!s->replica || s->replica->session != s)
        return 0;
    for (struct batch_push *p = b->pushes; p && count < most; p = p->next)
        if (p->replica.no == s->replica->at.no && p->last >= p->first)
            out[count++] =
                (struct message_outcome){.first = p->first,
                                         .last = p->last,
                                         .version = p->after.version,
                                         .list = p->exceptions,
                                         .list_count = p->exception_count};
    return count;
}

/* Both are sorted by bucket. false: this one has to be pulled. */
static bool gather_segments(struct session *s, const struct batch *b,
                            uint64_t head, struct update *u)
{
    size_t i = 0;

    for (size_t k = 0; k < b->segment_count; k++) {
        const struct batch_segment *g = &b->segments[k];
        while (i < s->bucket_count && s->buckets[i].no < g->bucket)
            i++;
        if (i == s->bucket_count || s->buckets[i].no != g->bucket)
            continue;
        if (g->too_long || u->count == HUB_UPDATE_SEGMENTS || !has_room(s))
            return false;
        bool zip = s->zip && g->zipped.len > 0;
        struct message_segment segment = {
            g->bucket, g->from, head, zip ? MESSAGE_ZLIB : MESSAGE_PLAIN,
            zip ? buf_span(&g->zipped) : buf_span(&g->plain)};
        if (!add(u, segment, g->plain.len))
            return false;
    }
    return true;
}

static void fall_behind(struct session *s)
{
    for (size_t i = 0; i < s->bucket_count; i++)
        s->buckets[i].cursor = s->told_head;
    s->state = SESSION_CATCHING_UP;
}

void catchup_publish(struct session *s, const struct batch *b,
                     struct hub_time now)
{
    struct message_outcome outcomes[32];
    struct update u = {.session = s};
    size_t count = own_outcomes(s, b, outcomes, 32);

    if (s->state != SESSION_LIVE && s->state != SESSION_CATCHING_UP)
        return;
    if (s->state == SESSION_LIVE && !gather_segments(s, b, b->head, &u)) {
        fall_behind(s);
        u.count = 0;
    }
    uint64_t head = s->state == SESSION_LIVE ? b->head : 0;
    if (count || u.count)
        send_update(&u, head, outcomes, count);
    catchup_pull(s, now);
    session_rest(s, now.monotonic_ms);
}
