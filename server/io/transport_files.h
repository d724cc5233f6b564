/* transport_files.h -- the folder of static files, read once and kept.
 *
 * A request can only name what was found when the folder was read, so there is
 * no path to climb, no link to follow, and no disk to wait for. A folder's
 * name, with or without a slash at its end, means its index.html.
 *
 *   dist/index.html            /  /index.html
 *   dist/console/index.html    /console  /console/  /console/index.html
 *   dist/assets/app-3f9ac0d1.js      served immutable: its name has its hash
 *   dist/assets/app-3f9ac0d1.js.br   … to those who take br
 *
 * Left out: links, names that begin with a dot, anything but plain files.
 * A folder changed on the disk is read again at the next start.
 *
 * The table owns everything; what find returns lives as long as it.
 */
#ifndef TRANSPORT_FILES_H
#define TRANSPORT_FILES_H

#include "bytes.h"
#include "err.h"

enum {
    TRANSPORT_FILES_MAX = 4096,
    TRANSPORT_FILES_BYTES_MAX = 64 << 20, /* all of them together */
    TRANSPORT_FILES_DEPTH_MAX = 8,
    TRANSPORT_FILES_PATH_MAX = 255,
    TRANSPORT_FILES_ETAG_BYTES = 32 + 3, /* in quotes, ended */
};

struct transport_files;

struct transport_file_form {
    uint8_t *at; /* NULL: there is no such form */
    size_t len;
    char etag[TRANSPORT_FILES_ETAG_BYTES]; /* of these very bytes */
};

struct transport_file {
    char *path; /* "/assets/app-3f9ac0d1.js" */
    const char *content_type;
    bool is_immutable;
    struct transport_file_form plain, gzip, brotli;
};

/* ERR_USAGE: no such folder, a file cannot be read, or over a limit (a log
 * line says which); ERR_NOMEM. */
MUST_USE enum err transport_files_open(const char *folder,
                                       struct transport_files **out);
void transport_files_close(struct transport_files *);

/* NULL: there is none. */
const struct transport_file *
transport_files_find(const struct transport_files *, const char *path);

#endif
