/* ws_echo.c -- the transport alone, answering every message and POST with
 * itself: what an outside suite for WebSockets talks to, and our own tests.
 *
 *   ws_echo --port N [--cert FILE --key FILE] [--files DIR] [--host NAME]
 *           [--message-ms N] [--idle-ms N] [--message-bytes N] [--peers N]
 *           [--flood BYTES]
 *
 * Prints "ready PORT"; SIGTERM drains and exits 0. With --flood, a message of
 * one byte is answered with so many bytes in messages of 64 KiB, and a peer
 * whose queue overflows is closed as slow.
 */
#include "transport.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLOOD_MESSAGE = 64 << 10 };

struct echo {
    size_t flood_bytes;
};

static struct transport *stopped_by_signal;

static void on_signal(int number)
{
    (void)number;
    transport_stop(stopped_by_signal);
}

static bool on_opened(void *context, struct peer *peer, bool is_post,
                      void **user)
{
    (void)context;
    *user = is_post ? peer : NULL; /* all that we have to remember */
    return true;
}

static bool flood(struct peer *peer, size_t bytes)
{
    static const uint8_t zeros[FLOOD_MESSAGE];
    struct span part = {zeros, sizeof(zeros)};

    for (; bytes >= FLOOD_MESSAGE; bytes -= FLOOD_MESSAGE)
        if (!transport_send(peer, &part, 1))
            return false;
    return true;
}

static void on_message(void *context, struct peer *peer, void *user,
                       struct span message)
{
    const struct echo *echo = context;
    /* In two parts, so that sending in parts is tried too. */
    size_t half = message.len / 2;
    struct span parts[2] = {{message.at, half}, {NULL, 0}};
    bool sent;

    if (message.len)
        parts[1] = (struct span){message.at + half, message.len - half};
    if (echo->flood_bytes && message.len == 1)
        sent = flood(peer, echo->flood_bytes);
    else
        sent = transport_send(peer, parts, 2);
    if (user || !sent)
        transport_finish(peer, sent ? CLOSE_NORMAL : CLOSE_SLOW);
}

static void on_nothing(void *context, struct peer *peer, void *user)
{
    (void)context, (void)peer, (void)user;
}

static struct transport_page on_get(void *context, const char *path)
{
    struct transport_page page = {0};

    (void)context;
    if (strcmp(path, "/healthz") != 0)
        return page;
    page.status = 200;
    page.content_type = "text/plain; charset=utf-8";
    buf_put(&page.body, "ok\n", 3);
    return page;
}

/* Every option has a value; false when one is unknown. */
static bool read_options(int argc, char **argv, struct transport_options *o,
                         struct echo *echo)
{
    static const char *hosts[2];
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"cert", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},
        {"files", required_argument, NULL, 'f'},
        {"host", required_argument, NULL, 'h'},
        {"message-ms", required_argument, NULL, 'm'},
        {"idle-ms", required_argument, NULL, 'i'},
        {"message-bytes", required_argument, NULL, 'b'},
        {"peers", required_argument, NULL, 'n'},
        {"flood", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    int which;

    while ((which = getopt_long(argc, argv, "", known, NULL)) != -1) {
        unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;

        switch (which) {
        case 'p': o->port = (int)number; break;
        case 'c': o->certificate = optarg; break;
        case 'k': o->key = optarg; break;
        case 'f': o->files = optarg; break;
        case 'h':
            hosts[0] = optarg;
            o->hosts = hosts;
            break;
        case 'm': o->message_ms = (unsigned)number; break;
        case 'i': o->idle_ms = (unsigned)number; break;
        case 'b': o->message_bytes = number; break;
        case 'n': o->peers_max = (unsigned)number; break;
        case 'l': echo->flood_bytes = number; break;
        default: return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct echo echo = {0};
    struct transport_options options = {
        .address = "127.0.0.1",
        .subprotocol = "tidemark.1",
        .post_path = "/sync",
        .message_bytes = 1 << 20,
        .queue_bytes = 4 << 20,
        .message_ms = 10 * 1000,
        .idle_ms = 28 * 1000,
        .peers_max = 5000,
    };
    struct transport_events events = {
        .context = &echo,
        .opened = on_opened,
        .message = on_message,
        .drained = on_nothing,
        .closed = on_nothing,
        .get = on_get,
    };

    if (!read_options(argc, argv, &options, &echo))
        return 2;
    enum err err = transport_open(&options, &events, &stopped_by_signal);
    if (err) {
        fprintf(stderr, "ws_echo: %s\n", err_text(err));
        return 1;
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    printf("ready %d\n", transport_port(stopped_by_signal));
    fflush(stdout);
    transport_run(stopped_by_signal);
    transport_close(stopped_by_signal);
    return 0;
}
