#include "serve.h"

#include "clock.h"
#include "hub.h"
#include "log.h"
#include "safe.h"
#include "transport.h"
#include "worker.h"

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    PEERS_MAX = 20000,
    MESSAGE_MS = 30 * 1000,
    PEER_IDLE_MS = 28 * 1000,
    PEER_QUEUE_BYTES = 3 << 20, /* a page more than the hub queues by itself */
};

struct server {
    const struct serve_options *options;
    struct schema *schema;
    struct store *store;
    struct ledger ledger;
    struct reader *writers_reader, *readers_reader;
    struct hub *hub;
    struct transport *transport;
    struct worker *writer, *reader;
    bool stopping;
};

static volatile sig_atomic_t signalled;
static struct transport *signal_target;

static void on_signal(int number)
{
    (void)number;
    signalled = 1;
    transport_wake(signal_target);
}

static struct hub_time now(void)
{
    return (struct hub_time){clock_monotonic_ms(), (int64_t)clock_now_ms()};
}

int serve_exit_code(enum err err)
{
    switch (err) {
    case ERR_OK: return EXIT_STOPPED;
    case ERR_USAGE: return EXIT_USAGE;
    case ERR_SCHEMA: return EXIT_SCHEMA;
    case ERR_LOCKED: return EXIT_LOCKED;
    case ERR_CORRUPT: return EXIT_CORRUPT;
    case ERR_STORE:
    case ERR_FULL: return EXIT_STORE;
    default: return EXIT_FAILED;
    }
}

/* ---- The hub's ports ---- */

static bool port_send(void *context, void *peer, const struct span *parts,
                      size_t count)
{
    (void)context;
    return transport_send(peer, parts, count);
}

static size_t port_queued(void *context, void *peer)
{
    (void)context;
    return transport_queued(peer);
}

static void port_finish(void *context, void *peer, bool failed)
{
    (void)context;
    transport_finish(peer, failed ? CLOSE_ERROR : CLOSE_NORMAL);
}

static void port_submit(void *context, struct job *job)
{
    struct server *s = context;

    worker_submit(job_writes(job->kind) ? s->writer : s->reader, job);
}

static void port_random(void *context, uint8_t *to, size_t bytes)
{
    (void)context;
    /* Up to 256 bytes come whole or, before the kernel is seeded, wait. */
    while (getrandom(to, bytes, 0) != (ssize_t)bytes)
        ;
}

static void port_note(void *context, const char *what, enum err err,
                      uint32_t device)
{
    (void)context;
    log_warn(what, log_text("reason", err_name(err)),
             log_number("device", device));
}

/* ---- The workers' work ---- */

static void write_job(void *context, struct job *job)
{
    struct server *s = context;

    job_write(job, &s->ledger, s->store, s->writers_reader,
              (int64_t)clock_now_ms());
    if (job->err == ERR_STORE || job->err == ERR_CORRUPT)
        log_error("store_failed", log_text("reason", err_name(job->err)),
                  log_text("fault", store_fault(s->store)));
    else if (job->err == ERR_FULL)
        log_error("disk_full", log_text("reason", err_name(job->err)));
}

static void read_job(void *context, struct job *job)
{
    struct server *s = context;

    job_read(job, s->schema, s->readers_reader);
    if (job->err)
        log_error("read_failed", log_text("reason", err_name(job->err)),
                  log_text("fault", reader_fault(s->readers_reader)));
}

static void wake(void *context)
{
    struct server *s = context;

    transport_wake(s->transport);
}

/* ---- The transport's events ---- */

static bool on_opened(void *context, struct peer *peer, bool is_post,
                      void **user)
{
    struct server *s = context;
    struct session *session;

    if (hub_join(s->hub, peer, is_post, now(), &session))
        return false;
    *user = session;
    return true;
}

static void on_message(void *context, struct peer *peer, void *user,
                       struct span bytes)
{
    (void)context;
    (void)peer;
    hub_receive(user, bytes, now());
}

static void on_drained(void *context, struct peer *peer, void *user)
{
    (void)context;
    (void)peer;
    hub_drained(user, now());
}

static void on_closed(void *context, struct peer *peer, void *user)
{
    (void)context;
    (void)peer;
    hub_leave(user);
}

static void stop_if_due(struct server *s)
{
    enum err fault = hub_fault(s->hub);

    if (fault) {
        log_error("stopping", log_text("reason", err_name(fault)));
        transport_stop(s->transport);
        return;
    }
    if (signalled && !s->stopping) {
        log_info("draining",
                 log_number("head", (int64_t)hub_figures(s->hub).head));
        s->stopping = true;
        hub_stop(s->hub, now());
    }
    /* A full disk must not keep the process alive for ever: what it holds was
     * never acknowledged, and its devices still have it. */
    if (s->stopping && (hub_is_quiet(s->hub) || hub_figures(s->hub).full))
        transport_stop(s->transport);
}

static void on_woken(void *context)
{
    struct server *s = context;
    struct job *job;

    while ((job = worker_done(s->writer)))
        hub_done(s->hub, job, now());
    while ((job = worker_done(s->reader)))
        hub_done(s->hub, job, now());
    stop_if_due(s);
}

/* A backup has been made: see safe.h. */
static void look_for_backup(struct server *s)
{
    const char *folder = s->options->data;
    struct safe note;

    if (safe_read(folder, &note) &&
        hub_safe(s->hub, note.timeline, note.version))
        safe_remove(folder);
}

static void on_tick(void *context)
{
    struct server *s = context;

    hub_tick(s->hub, now());
    look_for_backup(s);
    stop_if_due(s);
}

/* ---- Pages of its own ---- */

static void printf_to(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void printf_to(struct buf *b, const char *format, ...)
{
    char line[200];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0)
        buf_put(b, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void put_metric(struct buf *b, const char *name, const char *kind,
                       uint64_t value)
{
    printf_to(b, "# TYPE tidemark_%s %s\ntidemark_%s %llu\n", name, kind, name,
              (unsigned long long)value);
}

static struct transport_page metrics(const struct server *s)
{
    struct hub_figures f = hub_figures(s->hub);
    struct transport_page page = {.status = 200,
                                  .content_type = "text/plain; version=0.0.4"};
    struct buf *b = &page.body;

    put_metric(b, "sessions", "gauge", f.sessions);
    put_metric(b, "sessions_live", "gauge", f.live);
    put_metric(b, "head_version", "gauge", f.head);
    put_metric(b, "changes_total", "counter", f.changes);
    put_metric(b, "batches_total", "counter", f.batches);
    put_metric(b, "held_total", "counter", f.held);
    put_metric(b, "refused_total", "counter", f.refused);
    put_metric(b, "pages_built_total", "counter", f.pages_built);
    put_metric(b, "pages_sent_total", "counter", f.pages_sent);
    put_metric(b, "pages_cached_bytes", "gauge", f.pages_bytes);
    put_metric(b, "received_bytes_total", "counter", f.bytes_in);
    put_metric(b, "sent_bytes_total", "counter", f.bytes_out);
    put_metric(b, "disk_full", "gauge", f.full);
    return page;
}

static struct transport_page healthz(const struct server *s)
{
    struct hub_figures f = hub_figures(s->hub);
    struct transport_page page = {.status = f.full ? 503 : 200,
                                  .content_type = "application/json"};

    printf_to(&page.body, "{\"status\":\"%s\",\"head\":%llu}\n",
              f.full ? "full" : "ok", (unsigned long long)f.head);
    return page;
}

static struct transport_page on_get(void *context, const char *path)
{
    const struct server *s = context;

    if (!strcmp(path, "/healthz"))
        return healthz(s);
    if (!strcmp(path, "/metrics"))
        return metrics(s);
    return (struct transport_page){0};
}

/* ---- Starting and stopping ---- */

static enum err load_schema(struct server *s)
{
    struct schema_fault fault;
    enum err err = schema_load(s->options->schema, &s->schema, &fault);

    if (err == ERR_SCHEMA)
        log_error("schema_refused", log_text("file", s->options->schema),
                  log_number("line", fault.line),
                  log_text("fault", fault.text));
    return err;
}

static enum err open_stores(struct server *s)
{
    struct store_options o = {
        .folder = s->options->data, .schema = s->schema, .create = true};
    enum err err = store_open(&o, &s->store);

    if (!err)
        err = reader_open(&o, &s->writers_reader);
    if (!err)
        err = reader_open(&o, &s->readers_reader);
    if (err)
        log_error("store_not_opened", log_text("reason", err_name(err)),
                  log_text("fault",
                           s->store ? store_fault(s->store) : err_text(err)));
    return err;
}

static enum err open_hub(struct server *s)
{
    struct store_directory directory;
    struct arena arena = {0};
    struct access *access = NULL;
    enum err err = store_directory(s->store, &arena, &directory);

    if (!err)
        err = job_access(s->schema, s->readers_reader, directory.persons,
                         directory.person_count, &access);
    if (!err)
        err =
            ledger_init(&s->ledger, s->schema, &directory, access_hold(access));
    if (!err) {
        struct hub_options o = {
            .schema = s->schema,
            .directory = &directory,
            .access = access,
            .tells_sights = true,
            .ports = {s, port_send, port_queued, port_finish, port_submit,
                      port_random, port_note},
        };
        err = hub_open(&o, &s->hub);
    }
    arena_free(&arena);
    return err;
}

static enum err open_workers(struct server *s)
{
    struct worker_options writer = {"writer", s, write_job, wake};
    struct worker_options reader = {"reader", s, read_job, wake};
    enum err err = worker_start(&writer, &s->writer);

    return err ? err : worker_start(&reader, &s->reader);
}

static enum err open_transport(struct server *s)
{
    const struct serve_options *o = s->options;
    struct transport_options options = {
        .address = o->address,
        .port = o->port,
        .files = o->files,
        .subprotocol = "tidemark.1",
        .post_path = "/sync",
        .hosts = o->hosts,
        .certificate = o->certificate,
        .key = o->key,
        .message_bytes = MESSAGE_BYTES_MAX + MESSAGE_FRAME_BYTES,
        .queue_bytes = PEER_QUEUE_BYTES,
        .message_ms = MESSAGE_MS,
        .idle_ms = PEER_IDLE_MS,
        .peers_max = PEERS_MAX,
    };
    struct transport_events events = {s,          on_opened, on_message,
                                      on_drained, on_closed, on_woken,
                                      on_tick,    on_get};

    return transport_open(&options, &events, &s->transport);
}

static void catch_signals(struct transport *transport)
{
    struct sigaction stop = {.sa_handler = on_signal};

    signal_target = transport;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void say_ready(const struct server *s)
{
    const struct serve_options *o = s->options;
    int port = transport_port(s->transport);

    printf("ready http%s://%s:%d\n", o->certificate ? "s" : "",
           o->address ? o->address : "127.0.0.1", port);
    fflush(stdout);
    log_info("ready", log_number("port", port));
}

static void close_all(struct server *s)
{
    /* The loop is over: whatever a worker still does is not told to anyone,
     * and what it has committed is found again by the devices. */
    worker_stop(s->writer);
    worker_stop(s->reader);
    transport_close(s->transport);
    hub_close(s->hub);
    ledger_fini(&s->ledger);
    reader_close(s->writers_reader);
    reader_close(s->readers_reader);
    store_close(s->store);
    schema_free(s->schema);
}

/* What one burst took goes back to the system: batches are made by the loop,
 * filled by the writer and freed by the loop, and would otherwise leave holes
 * in an arena for each thread. */
static void give_memory_back(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

int serve(const struct serve_options *options)
{
    struct server s = {.options = options};

    give_memory_back();

    enum err err = load_schema(&s);

    if (!err)
        err = open_stores(&s);
    if (!err)
        err = open_hub(&s);
    if (!err)
        err = open_transport(&s);
    if (!err)
        err = open_workers(&s);
    if (!err) {
        catch_signals(s.transport);
        say_ready(&s);
        transport_run(s.transport);
        err = hub_fault(s.hub);
    }
    close_all(&s);
    log_info("stopped", log_text("reason", err_name(err)));
    return serve_exit_code(err);
}
