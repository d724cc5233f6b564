/* The load client of the bench: many tablets in one process, against a server
 * that runs already. Prints one line of JSON. bench.mjs calls it. */
#include "mode_commit.h"
#include "mode_kill.h"
#include "mode_live.h"
#include "mode_push.h"

#include <getopt.h>
#include <signal.h>

static const char usage[] =
    "load MODE --work FILE --ids FILE --port N --pid N [--n N] [--m N]\n"
    "  enrol            every tablet and the administrator: writes --ids\n"
    "  push             the whole workload, until all have converged\n"
    "  join             tablet --n (the administrator: 60), --m times\n"
    "  missed           a tablet that was away for 100 changes\n"
    "  ripple           --n tablets, a change a second each, --m seconds\n"
    "  idle             --n connections\n"
    "  storm            --n tablets come back in one second\n"
    "  commits          1, 10, 100, 1,000 changes a commit; --n: a part only\n"
    "  units            --n fields changed --m times\n"
    "  kill             the server dies --n times (see mode_kill.h)\n";

struct line {
    const char *work, *ids;
    int port, pid;
    uint32_t n, m;
};

static void read_identities(struct fleet *f, const char *path)
{
    uint32_t count = f->world.work.tablet_count + 1;
    FILE *in = fopen(path, "rb");

    f->identities = calloc(count, IDENTITY_BYTES);
    if (!in || !f->identities ||
        fread(f->identities, IDENTITY_BYTES, count, in) != count)
        work_die("the identities cannot be read");
    f->identity_count = count;
    fclose(in);
}

static bool run(struct fleet *f, const char *mode, const struct line *l)
{
    if (!strcmp(mode, "push"))
        mode_push(f);
    else if (!strcmp(mode, "join"))
        mode_join(f, l->n, l->m);
    else if (!strcmp(mode, "missed"))
        mode_missed(f);
    else if (!strcmp(mode, "ripple"))
        mode_ripple(f, l->n, l->m);
    else if (!strcmp(mode, "idle"))
        mode_idle(f, l->n);
    else if (!strcmp(mode, "storm"))
        mode_storm(f, l->n);
    else if (!strcmp(mode, "commits"))
        mode_commits(f, l->n ? l->n : 1);
    else if (!strcmp(mode, "units"))
        mode_units(f, l->n, l->m);
    else if (!strcmp(mode, "kill"))
        mode_kill(f, l->n);
    else
        return false;
    return true;
}

static bool take(struct line *l, int option, const char *value)
{
    switch (option) {
    case 'w': l->work = value; return true;
    case 'i': l->ids = value; return true;
    case 'p': l->port = (int)work_number(value); return true;
    case 'P': l->pid = (int)work_number(value); return true;
    case 'n': l->n = work_number(value); return true;
    case 'm': l->m = work_number(value); return true;
    default: return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"work", required_argument, NULL, 'w'},
        {"ids", required_argument, NULL, 'i'},
        {"port", required_argument, NULL, 'p'},
        {"pid", required_argument, NULL, 'P'},
        {"n", required_argument, NULL, 'n'},
        {"m", required_argument, NULL, 'm'},
        {NULL, 0, NULL, 0},
    };
    static struct fleet fleet;
    struct line l = {0};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take(&l, option, optarg))
            return 2;
    if (optind == argc || !l.work || !l.ids || l.port <= 0) {
        fputs(usage, stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    world_open(&fleet.world, l.work);
    fleet.world.port = l.port;
    fleet.world.pid = l.pid;
    if (!strcmp(argv[optind], "enrol")) {
        mode_enrol(&fleet, l.ids);
        return 0;
    }
    read_identities(&fleet, l.ids);
    if (run(&fleet, argv[optind], &l))
        return 0;
    fputs(usage, stderr);
    return 2;
}
