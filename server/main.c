/* The program: reads the command line, does one command. */
#include "admin.h"
#include "clock.h"
#include "serve.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TIDEMARK_SCHEMA
#define TIDEMARK_SCHEMA "schema/records.json"
#endif

enum { HOSTS_MAX = 16 };

static const char usage[] =
    "tidemark -- offline-first records for a schools trust\n"
    "\n"
    "  tidemark init   --data DIR [--demo FILE]\n"
    "  tidemark serve  --data DIR [--port N] [--address A] [--files DIR]\n"
    "                  [--host NAME]... [--cert FILE --key FILE]\n"
    "  tidemark person --data DIR --name NAME --role ROLE --scope SCOPE\n"
    "  tidemark people --data DIR\n"
    "  tidemark device code --data DIR --person NAME [--days N] [--uses N]\n"
    "                  [--code TEXT]\n"
    "  tidemark backup --data DIR --to FILE_OR_DIR    while it serves, too\n"
    "  tidemark restore --from FILE --data DIR        into an empty DIR\n"
    "  tidemark check  --data DIR      is the store as it must be?\n"
    "  tidemark dump   --data DIR      state and history as JSON lines\n"
    "\n"
    "All take --schema FILE (default " TIDEMARK_SCHEMA ").\n"
    "--clock FILE, of serve: wall time from a file, in ms; for tests.\n"
    "--host: names by which browsers may call the server; default: any.\n"
    "serve prints \"ready\" and its address, and drains on SIGTERM.\n"
    "Exit codes: 0 done, 1 failed, 2 usage, 3 schema, 4 the directory is in\n"
    "use, 5 the store is damaged, 6 the disk failed.\n";

struct line {
    struct serve_options serve;
    struct admin_options admin;
    const char *hosts[HOSTS_MAX + 1];
    size_t host_count;
};

enum flag {
    OPTION_DATA = 256,
    OPTION_SCHEMA,
    OPTION_DEMO,
    OPTION_PORT,
    OPTION_ADDRESS,
    OPTION_FILES,
    OPTION_HOST,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_NAME,
    OPTION_ROLE,
    OPTION_SCOPE,
    OPTION_DAYS,
    OPTION_USES,
    OPTION_CODE,
    OPTION_CLOCK,
    OPTION_TO,
    OPTION_FROM,
    OPTION_HELP,
};

static const struct option options[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"schema", required_argument, NULL, OPTION_SCHEMA},
    {"demo", required_argument, NULL, OPTION_DEMO},
    {"port", required_argument, NULL, OPTION_PORT},
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"files", required_argument, NULL, OPTION_FILES},
    {"host", required_argument, NULL, OPTION_HOST},
    {"cert", required_argument, NULL, OPTION_CERT},
    {"key", required_argument, NULL, OPTION_KEY},
    {"name", required_argument, NULL, OPTION_NAME},
    {"person", required_argument, NULL, OPTION_NAME},
    {"role", required_argument, NULL, OPTION_ROLE},
    {"scope", required_argument, NULL, OPTION_SCOPE},
    {"days", required_argument, NULL, OPTION_DAYS},
    {"uses", required_argument, NULL, OPTION_USES},
    {"code", required_argument, NULL, OPTION_CODE},
    {"clock", required_argument, NULL, OPTION_CLOCK},
    {"to", required_argument, NULL, OPTION_TO},
    {"from", required_argument, NULL, OPTION_FROM},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool number(const char *text, int low, int high, int *out)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*text == 0 || *end || n < low || n > high)
        return false;
    *out = (int)n;
    return true;
}

static bool take(struct line *l, int option, const char *value)
{
    switch (option) {
    case OPTION_DATA: l->serve.data = l->admin.data = value; return true;
    case OPTION_SCHEMA: l->serve.schema = l->admin.schema = value; return true;
    case OPTION_DEMO: l->admin.sample = value; return true;
    case OPTION_PORT: return number(value, 0, 65535, &l->serve.port);
    case OPTION_ADDRESS: l->serve.address = value; return true;
    case OPTION_FILES: l->serve.files = value; return true;
    case OPTION_HOST:
        if (l->host_count == HOSTS_MAX)
            return false;
        l->hosts[l->host_count++] = value;
        l->serve.hosts = l->hosts;
        return true;
    case OPTION_CERT: l->serve.certificate = value; return true;
    case OPTION_KEY: l->serve.key = value; return true;
    case OPTION_NAME: l->admin.name = value; return true;
    case OPTION_ROLE: l->admin.role = value; return true;
    case OPTION_SCOPE: l->admin.scope = value; return true;
    case OPTION_DAYS: return number(value, 1, 3650, &l->admin.days);
    case OPTION_USES: return number(value, 1, 1000, &l->admin.uses);
    case OPTION_CODE: l->admin.code = value; return true;
    case OPTION_TO: l->admin.to = value; return true;
    case OPTION_FROM: l->admin.from = value; return true;
    case OPTION_CLOCK: return clock_follow(value);
    default: return false;
    }
}

static int complain(const char *what)
{
    fprintf(stderr, "tidemark: %s\n\n%s", what, usage);
    return EXIT_USAGE;
}

static int run(struct line *l, const char *command, const char *second)
{
    if (!l->admin.data)
        return complain("--data DIR is missing");
    if (!strcmp(command, "serve")) {
        if (!l->serve.certificate != !l->serve.key)
            return complain("--cert and --key go together");
        return serve(&l->serve);
    }
    if (!strcmp(command, "init"))
        return admin_init(&l->admin);
    if (!strcmp(command, "people"))
        return admin_people(&l->admin);
    if (!strcmp(command, "check"))
        return admin_check(&l->admin);
    if (!strcmp(command, "dump"))
        return admin_dump(&l->admin);
    if (!strcmp(command, "backup"))
        return l->admin.to ? admin_backup(&l->admin)
                           : complain("--to FILE_OR_DIR is missing");
    if (!strcmp(command, "restore"))
        return l->admin.from ? admin_restore(&l->admin)
                             : complain("--from FILE is missing");
    if (!l->admin.name)
        return complain("--name NAME is missing");
    if (!strcmp(command, "device") && !strcmp(second, "code"))
        return admin_code(&l->admin);
    if (strcmp(command, "person"))
        return complain("no such command");
    if (!l->admin.role || !l->admin.scope)
        return complain("--role ROLE and --scope SCOPE are missing");
    return admin_person(&l->admin);
}

int main(int argc, char **argv)
{
    struct line l = {
        .serve = {.schema = TIDEMARK_SCHEMA,
                  .address = "127.0.0.1",
                  .port = 8787},
        .admin = {.schema = TIDEMARK_SCHEMA, .days = 7, .uses = 1},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return EXIT_STOPPED;
        }
        if (option == '?' || !take(&l, option, optarg))
            return complain("this option is not valid");
    }
    if (optind == argc)
        return complain("which command?");
    return run(&l, argv[optind], optind + 1 < argc ? argv[optind + 1] : "");
}
