/* The floor of talking: the same bytes over a bare loopback connection.
 *
 * A child takes `up` bytes and gives `down` bytes, in `turns` equal turns; the
 * cost is its own. Prints one line of JSON. */
#include "world.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

struct talk {
    uint64_t up, down, turns;
};

static uint8_t chunk[CHUNK];

static void take(int fd, uint64_t bytes)
{
    while (bytes > 0) {
        ssize_t n = read(fd, chunk, bytes < CHUNK ? bytes : CHUNK);
        if (n <= 0)
            work_die("the socket closed");
        bytes -= (uint64_t)n;
    }
}

static void give(int fd, uint64_t bytes)
{
    while (bytes > 0) {
        ssize_t n = write(fd, chunk, bytes < CHUNK ? bytes : CHUNK);
        if (n <= 0)
            work_die("the socket closed");
        bytes -= (uint64_t)n;
    }
}

static uint64_t share(uint64_t all, uint64_t turn, uint64_t turns)
{
    return all * (turn + 1) / turns - all * turn / turns;
}

/* The child's life; its CPU goes back through the pipe. */
static void serve_floor(int listener, int report, const struct talk *t)
{
    struct world self = {.pid = getpid()};
    int one = 1, fd = accept(listener, NULL, NULL);
    double cpu = server_cpu(&self);

    if (fd < 0)
        work_die("nobody came");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (uint64_t i = 0; i < t->turns; i++) {
        take(fd, share(t->up, i, t->turns));
        give(fd, share(t->down, i, t->turns));
    }
    cpu = server_cpu(&self) - cpu;
    if (write(report, &cpu, sizeof cpu) != sizeof cpu)
        work_die("the pipe closed");
    exit(0);
}

static double talk(const struct sockaddr_in *to, const struct talk *t)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    double start = now_s();

    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to))
        work_die("cannot connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (uint64_t i = 0; i < t->turns; i++) {
        give(fd, share(t->up, i, t->turns));
        take(fd, share(t->down, i, t->turns));
    }
    close(fd);
    return now_s() - start;
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    struct talk t = {0};
    int report[2];
    double cpu;

    if (argc != 4) {
        fputs("floor_socket BYTES-UP BYTES-DOWN TURNS\n", stderr);
        return 2;
    }
    t.up = strtoull(argv[1], NULL, 10);
    t.down = strtoull(argv[2], NULL, 10);
    t.turns = strtoull(argv[3], NULL, 10);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) ||
        listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&at, &len) || pipe(report))
        work_die("cannot listen");
    pid_t child = fork();
    if (child < 0)
        work_die("cannot fork");
    if (child == 0)
        serve_floor(listener, report[1], &t);
    close(report[1]);
    double took = talk(&at, &t);
    if (read(report[0], &cpu, sizeof cpu) != sizeof cpu)
        work_die("the other half failed");
    (void)waitpid(child, NULL, 0);
    printf("{\"cpu_ms\":%.3f,\"wall_ms\":%.3f}\n", cpu * 1e3, took * 1e3);
    return 0;
}
