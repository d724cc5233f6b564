/* serve.h -- the running server: the hub between its transport and its two
 * workers, until SIGTERM or SIGINT.
 */
#ifndef SERVE_H
#define SERVE_H

#include "err.h"

enum { /* what the process exits with; documented in README.md */
       EXIT_STOPPED = 0,
       EXIT_FAILED = 1,  /* out of memory, or a fault of its own */
       EXIT_USAGE = 2,   /* the command line, the port, the files */
       EXIT_SCHEMA = 3,  /* records.json is not valid or does not grow */
       EXIT_LOCKED = 4,  /* another process has the data directory */
       EXIT_CORRUPT = 5, /* the store is not as it was written */
       EXIT_STORE = 6,   /* the disk failed: nothing more was acknowledged */
};

struct serve_options {
    const char *data, *schema, *files;
    const char *address;
    int port;
    const char *const *hosts;
    const char *certificate, *key;
};

int serve(const struct serve_options *);

/* The exit code that goes with an error. */
int serve_exit_code(enum err);

#endif
