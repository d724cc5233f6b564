#include "transport.h"

#include "clock.h"
#include "log.h"
#include "transport_peer.h"

#include <assert.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    TICK_US = 250 * 1000,
    SERVE_BYTES = 32 << 10, /* read at once */
    SEND_BYTES = 256 << 10, /* written at once; more would be copied */
    HEADER_BYTES = 8 << 10, /* of one request */
    READ_PLAIN = 16 << 10,  /* a callback's bytes; the memory is touched only */
    READ_TLS = 4 << 10,     /* by those who send so much */
    HANDSHAKE_S = 10,       /* for a request's head, or a TLS handshake */
    KEEPALIVE_S = 15,       /* between two requests */
    SOCKETS_SPARE = 128,    /* beside the peers: those between two requests */
    FDS_SPARE = 64,         /* beside the sockets: store, log, attachments */
};

static struct transport *transport_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

static void fan_wake(struct transport *t)
{
    if (atomic_exchange(&t->is_woken, false) && t->events.woken)
        t->events.woken(t->events.context);
}

static int on_socket(struct lws *wsi, enum lws_callback_reasons reason,
                     void *in, size_t len)
{
    struct peer *peer = peer_of(wsi);

    if (reason == LWS_CALLBACK_ESTABLISHED)
        return socket_opened(transport_of(wsi), wsi);
    if (!peer)
        return -1;
    if (reason == LWS_CALLBACK_RECEIVE)
        return socket_received(peer, in, len);
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        return socket_writable(peer);
    if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE)
        return socket_leaving(peer, in, len);
    peer_heard(peer); /* a pong */
    return 0;
}

/* The one callback: every reason that needs an answer has one, and an
 * unanswered request would keep the loop awake. */
static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
                    void *user, void *in, size_t len)
{
    (void)user;
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return transport_of(wsi)->drain_ms ? -1 : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return socket_confirm(transport_of(wsi), wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return socket_filter(transport_of(wsi), wsi);
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_socket(wsi, reason, in, len);
    case LWS_CALLBACK_HTTP:
        return request_came(transport_of(wsi), wsi, in, len);
    case LWS_CALLBACK_HTTP_BODY: return request_body(peer_of(wsi), in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return request_complete(peer_of(wsi));
    case LWS_CALLBACK_HTTP_WRITEABLE: return request_writable(peer_of(wsi));
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY: peer_end(peer_of(wsi)); return 0;
    case LWS_CALLBACK_RAW_ADOPT: /* CONNECT, and whatever is not HTTP */
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_RAW_WRITEABLE: return -1;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        fan_wake(transport_of(wsi));
        return 0;
    default: return 0;
    }
}

static void on_tick(lws_sorted_usec_list_t *timer)
{
    struct transport *t = lws_container_of(timer, struct transport, timer);

    t->now_ms = clock_monotonic_ms();
    for (struct peer *peer = t->peers, *next; peer; peer = next) {
        next = peer->next; /* a sweep asks for an end, it does not end */
        if (peer->kind == PEER_SOCKET)
            socket_sweep(peer);
        else
            request_sweep(peer);
    }
    if (t->events.tick)
        t->events.tick(t->events.context);
    lws_sul_schedule(t->context, 0, &t->timer, on_tick, TICK_US);
}

static void on_library_line(int level, const char *line)
{
    char text[LOG_TEXT_MAX];

    (void)level;
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
    log_warn("libwebsockets", log_text("text", text));
}

/* The library holds as many sockets as there may be descriptors when its
 * context is made, and then stops accepting. By lowering that for a moment we
 * keep a reserve: an accept() that fails for want of descriptors would spin,
 * and the store needs some too. */
static struct lws_context *make_context(const struct transport *t,
                                        struct lws_context_creation_info *info)
{
    rlim_t sockets = (rlim_t)t->options.peers_max + SOCKETS_SPARE;
    struct rlimit before, during, after;

    if (getrlimit(RLIMIT_NOFILE, &before))
        return lws_create_context(info);
    after = during = before;
    if (after.rlim_cur < sockets + 2 * FDS_SPARE)
        after.rlim_cur = sockets + 2 * FDS_SPARE;
    if (after.rlim_cur > after.rlim_max)
        after.rlim_cur = after.rlim_max;
    during.rlim_cur = after.rlim_cur > 2 * FDS_SPARE
                          ? after.rlim_cur - FDS_SPARE
                          : after.rlim_cur / 2;
    if (during.rlim_cur > sockets + FDS_SPARE)
        during.rlim_cur = sockets + FDS_SPARE;
    if (setrlimit(RLIMIT_NOFILE, &during))
        return lws_create_context(info);
    struct lws_context *context = lws_create_context(info);
    if (setrlimit(RLIMIT_NOFILE, &after))
        log_warn("descriptors", log_text("reason", "limit not raised"));
    return context;
}

static bool is_ipv4(const char *address)
{
    return address && !strchr(address, ':');
}

static bool is_any(const char *address)
{
    return !address || !strcmp(address, "::");
}

static bool listen_on(struct transport *t, bool ipv4_only)
{
    /* Not to be pinged or hung up by the library: its timers are kept in a
     * list that is walked, and the sweep does it. */
    static const lws_retry_bo_t no_policy = {0};
    static const struct lws_protocol_vhost_options no_sniff = {
        NULL, NULL, "x-content-type-options:", "nosniff"};
    static const struct lws_protocol_vhost_options headers = {
        &no_sniff, NULL, "content-security-policy:", "default-src 'none'"};
    struct lws_context_creation_info info = {
        .port = t->options.port,
        .iface = is_any(t->options.address) ? NULL : t->options.address,
        .protocols = t->protocols,
        .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   (ipv4_only ? LWS_SERVER_OPTION_DISABLE_IPV6 : 0),
        .timeout_secs = HANDSHAKE_S,
        .keepalive_timeout = KEEPALIVE_S,
        .retry_and_idle_policy = &no_policy,
        .headers = &headers, /* of the library's own answers */
        .server_string = "tidemark",
        .alpn = "http/1.1",
        .vhost_name = "tidemark",
    };

    if (t->options.certificate) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = t->options.certificate;
        info.ssl_private_key_filepath = t->options.key;
        info.ssl_options_set = (long)(SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 |
                                      SSL_OP_NO_RENEGOTIATION);
    }
    t->vhost = lws_create_vhost(t->context, &info);
    return t->vhost != NULL;
}

static enum err start(struct transport *t)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options =
            LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
            (t->options.certificate ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .pt_serv_buf_size = SERVE_BYTES,
        .max_http_header_data = HEADER_BYTES,
        .timeout_secs = HANDSHAKE_S,
        .alpn = "http/1.1",
        .user = t,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
    };
    bool ipv4_only = is_ipv4(t->options.address);

    t->context = make_context(t, &info);
    if (!t->context)
        return ERR_NOMEM;
    /* All addresses, on a machine without IPv6: then those of IPv4. */
    if (!listen_on(t, ipv4_only) &&
        (ipv4_only || !is_any(t->options.address) || !listen_on(t, true))) {
        log_error("listen_failed", log_text("address", t->options.address),
                  log_number("port", t->options.port),
                  log_text("certificate", t->options.certificate));
        return ERR_USAGE;
    }
    lws_sul_schedule(t->context, 0, &t->timer, on_tick, TICK_US);
    return ERR_OK;
}

enum err transport_open(const struct transport_options *options,
                        const struct transport_events *events,
                        struct transport **out)
{
    struct transport *t = calloc(1, sizeof(*t));
    enum err err = t ? ERR_OK : ERR_NOMEM;

    assert(options->post_path && options->subprotocol);
    assert(options->message_bytes && options->queue_bytes);
    assert(events->opened && events->message && events->drained &&
           events->closed);
    if (err)
        return err;
    t->options = *options;
    t->events = *events;
    /* One protocol only: a client may bind itself to any in this list. */
    t->protocols[0] = (struct lws_protocols){
        .name = options->subprotocol,
        .callback = on_event,
        .rx_buffer_size = options->certificate ? READ_TLS : READ_PLAIN,
        .tx_packet_size = SEND_BYTES,
    };
    t->now_ms = clock_monotonic_ms();
    signal(SIGPIPE, SIG_IGN);
    lws_set_log_level(LLL_ERR, on_library_line);
    if (options->files)
        err = transport_files_open(options->files, &t->files);
    if (!err)
        err = start(t);
    if (err)
        transport_close(t);
    else
        *out = t;
    return err;
}

int transport_port(const struct transport *t)
{
    return lws_get_vhost_listen_port(t->vhost);
}

static void begin_drain(struct transport *t)
{
    t->drain_ms = clock_monotonic_ms();
    for (struct peer *peer = t->peers; peer; peer = peer->next)
        transport_finish(peer, CLOSE_GOING);
}

void transport_run(struct transport *t)
{
    while (!atomic_load(&t->is_stopped))
        if (lws_service(t->context, 0) < 0)
            break;
    begin_drain(t);
    while (t->peers && clock_monotonic_ms() - t->drain_ms < TRANSPORT_CLOSE_MS)
        if (lws_service(t->context, 0) < 0)
            break;
}

void transport_close(struct transport *t)
{
    if (!t)
        return;
    if (t->context) {
        lws_sul_cancel(&t->timer);
        lws_context_destroy(t->context);
    }
    assert(!t->peers && !t->held_bytes);
    transport_files_close(t->files);
    free(t);
}

void transport_wake(struct transport *t)
{
    atomic_store(&t->is_woken, true);
    lws_cancel_service(t->context);
}

void transport_stop(struct transport *t)
{
    atomic_store(&t->is_stopped, true);
    lws_cancel_service(t->context);
}

bool transport_send(struct peer *peer, const struct span *parts, size_t count)
{
    if (peer->close_code)
        return false;
    return peer->kind == PEER_SOCKET ? socket_send(peer, parts, count)
                                     : request_send(peer, parts, count);
}

size_t transport_queued(const struct peer *peer)
{
    return peer->kind == PEER_SOCKET ? peer->out_bytes
                                     : peer->answer->owned.len;
}

void transport_finish(struct peer *peer, int close_code)
{
    if (peer->kind != PEER_SOCKET) {
        if (!peer->close_code)
            request_finish(peer, close_code);
        return;
    }
    if (close_code == CLOSE_SLOW && !peer->close_code) {
        log_warn("peer_slow", log_text("address", transport_address(peer)),
                 log_number("queued", (int64_t)peer->out_bytes));
        socket_drop_queue(peer);
    }
    peer_close(peer, close_code);
}

const char *transport_address(const struct peer *peer)
{
    struct transport *t = peer->transport;

    return lws_get_peer_simple(peer->wsi, t->address, sizeof(t->address));
}
