/* world.h -- a whole server in one thread: the hub over a real SQLite store in
 * a temporary folder, peers that keep what they are sent, and a clock that only
 * moves when a test says so. Jobs wait in a queue until world_work().
 */
#ifndef WORLD_H
#define WORLD_H

#include "cmocka_all.h"

#include "change.h"
#include "code.h"
#include "hub.h"
#include "segment.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORLD_INBOX = 256, WORLD_PEERS = 16 };

struct world_peer {
    struct session *session;
    struct buf inbox[WORLD_INBOX]; /* whole messages, oldest first */
    size_t received, read;
    bool finished, failed, deaf; /* deaf: nothing can be sent to it */
    struct id device;
    uint8_t token[32];
    uint64_t seq;                    /* of the last change pushed */
    uint8_t chain[HASH_CHAIN_BYTES]; /* after it */
};

struct world {
    char folder[64];
    struct schema *schema;
    struct store *store;
    struct reader *reader;
    struct ledger ledger;
    struct hub *hub;
    struct job *jobs, **jobs_end;
    struct world_peer peers[WORLD_PEERS];
    struct hub_time now;
    uint8_t random;
    struct pack *pack;
    struct buf plain, scratch;
};

static struct world w;
static bool world_tells_sights; /* see hub.h */

/* ---- Ports ---- */

static bool world_send(void *context, void *peer, const struct span *parts,
                       size_t count)
{
    struct world_peer *p = peer;

    (void)context;
    if (p->deaf || p->received == WORLD_INBOX)
        return false;
    struct buf *to = &p->inbox[p->received++];
    for (size_t i = 0; i < count; i++)
        buf_put(to, parts[i].at, parts[i].len);
    return true;
}

static size_t world_queued(void *context, void *peer)
{
    (void)context;
    (void)peer;
    return 0;
}

static void world_finish(void *context, void *peer, bool failed)
{
    struct world_peer *p = peer;

    (void)context;
    p->finished = true;
    p->failed = failed;
}

static void world_submit(void *context, struct job *job)
{
    (void)context;
    if (!w.jobs)
        w.jobs_end = &w.jobs;
    job->next = NULL;
    *w.jobs_end = job;
    w.jobs_end = &job->next;
}

static void world_random(void *context, uint8_t *to, size_t bytes)
{
    (void)context;
    for (size_t i = 0; i < bytes; i++)
        to[i] = ++w.random;
}

static void world_note(void *context, const char *what, enum err err,
                       uint32_t device)
{
    (void)context;
    (void)what;
    (void)err;
    (void)device;
}

static inline void world_work(void)
{
    while (w.jobs) {
        struct job *job = w.jobs;
        w.jobs = job->next;
        if (job_writes(job->kind))
            job_write(job, &w.ledger, w.store, w.reader, w.now.wall_ms);
        else
            job_read(job, w.schema, w.reader);
        hub_done(w.hub, job, w.now);
    }
}

/* ---- Opening and closing ---- */

static inline void world_open_store(void)
{
    struct store_options o = {
        .folder = w.folder, .schema = w.schema, .create = true};
    struct store_directory d;
    struct arena arena = {0};
    struct access *access = NULL;

    assert_int_equal(store_open(&o, &w.store), ERR_OK);
    assert_int_equal(reader_open(&o, &w.reader), ERR_OK);
    assert_int_equal(store_directory(w.store, &arena, &d), ERR_OK);
    assert_int_equal(
        job_access(w.schema, w.reader, d.persons, d.person_count, &access),
        ERR_OK);
    assert_int_equal(ledger_init(&w.ledger, w.schema, &d, access_hold(access)),
                     ERR_OK);
    struct hub_options h = {
        .schema = w.schema,
        .directory = &d,
        .access = access,
        .tells_sights = world_tells_sights,
        .ports = {&w, world_send, world_queued, world_finish, world_submit,
                  world_random, world_note},
    };
    assert_int_equal(hub_open(&h, &w.hub), ERR_OK);
    arena_free(&arena);
}

static inline void world_close_store(void)
{
    for (size_t i = 0; i < WORLD_PEERS; i++) {
        struct world_peer *p = &w.peers[i];
        if (p->session)
            hub_leave(p->session);
        p->session = NULL;
    }
    hub_close(w.hub);
    ledger_fini(&w.ledger);
    reader_close(w.reader);
    store_close(w.store);
}

/* As after a crash: what is not durable is gone, jobs under way too. */
static inline void world_restart(void)
{
    while (w.jobs) {
        struct job *job = w.jobs;
        w.jobs = job->next;
        job_free(job);
    }
    world_close_store();
    world_open_store();
}

static inline void world_open(const char *schema)
{
    struct schema_fault fault;

    memset(&w, 0, sizeof w);
    snprintf(w.folder, sizeof w.folder, "/tmp/tidemark-world-XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    assert_int_equal(schema_load(schema, &w.schema, &fault), ERR_OK);
    assert_int_equal(pack_open(&w.pack), ERR_OK);
    w.now = (struct hub_time){1000, 1767225600000}; /* 2026-01-01 */
    world_open_store();
}

static inline int world_unlink(const char *path, const struct stat *s, int type,
                               struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void world_close(void)
{
    while (w.jobs) {
        struct job *job = w.jobs;
        w.jobs = job->next;
        job_free(job);
    }
    world_close_store();
    for (size_t i = 0; i < WORLD_PEERS; i++)
        for (size_t k = 0; k < WORLD_INBOX; k++)
            buf_free(&w.peers[i].inbox[k]);
    pack_close(w.pack);
    buf_free(&w.plain);
    buf_free(&w.scratch);
    schema_free(w.schema);
    nftw(w.folder, world_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void world_pass(uint64_t ms)
{
    w.now.monotonic_ms += ms;
    w.now.wall_ms += (int64_t)ms;
    hub_tick(w.hub, w.now);
}

/* ---- Peers ---- */

static inline void peer_join(struct world_peer *p, bool is_post)
{
    if (p->session)
        hub_leave(p->session);
    p->finished = p->failed = false;
    p->read = p->received = 0;
    for (size_t k = 0; k < WORLD_INBOX; k++)
        buf_clear(&p->inbox[k]);
    assert_int_equal(hub_join(w.hub, p, is_post, w.now, &p->session), ERR_OK);
}

static inline void peer_say(struct world_peer *p, struct buf *message)
{
    assert_true(buf_ok(message));
    hub_receive(p->session, buf_span(message), w.now);
}

/* The next message it was sent; *code 0 when there is none. Valid until the
 * next call. */
static inline enum message_code peer_hear(struct world_peer *p,
                                          struct items *out)
{
    enum message_code code;

    if (p->read == p->received)
        return 0;
    assert_int_equal(message_open(w.pack, buf_span(&p->inbox[p->read++]),
                                  &w.plain, out, &code),
                     ERR_OK);
    return code;
}

static inline enum err peer_hear_error(struct world_peer *p, int64_t *detail)
{
    struct items in;
    struct message_error e = {0};
    enum message_code code;

    while ((code = peer_hear(p, &in)) && code != MESSAGE_ERROR)
        ;
    if (!code)
        return ERR_OK;
    assert_int_equal(message_error_read(&in, &e), ERR_OK);
    if (detail)
        *detail = e.detail;
    return (enum err)e.code;
}

static inline void peer_hello(struct world_peer *p,
                              const struct message_cursor *cursors,
                              size_t count)
{
    struct message_hello m = {
        .protocol = MESSAGE_PROTOCOL,
        .nonce = id_named(span_of("nonce")),
        .device = p->device,
        .incarnation = 7,
        .clock = w.now.wall_ms,
        .acked = p->seq,
        .report = {.app_version = span_of("1")},
        .zip = true,
    };

    memcpy(m.token, p->token, sizeof m.token);
    memcpy(m.chain, p->chain, sizeof m.chain);
    buf_clear(&w.scratch);
    message_hello_write(&w.scratch, &m, cursors, count);
    peer_say(p, &w.scratch);
}

#endif
