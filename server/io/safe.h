/* safe.h -- how a backup tells the server up to where it goes.
 *
 * `tidemark backup` runs beside the server, and must not write to its store.
 * It leaves a note in the data directory, the file `tidemark.safe`: one line,
 * the timeline and the version. Whoever serves the directory, now or
 * next, takes the note over into the store and removes it.
 *
 * A note is replaced as a whole (written beside it, fsynced, renamed), so a
 * reader finds the old one, the new one or none. One of another timeline is
 * not about this store.
 */
#ifndef SAFE_H
#define SAFE_H

#include "err.h"
#include "id.h"

struct safe {
    struct id timeline;
    uint64_t version;
};

MUST_USE enum err safe_write(const char *folder, const struct safe *);
bool safe_read(const char *folder, struct safe *out); /* false: no note */
void safe_remove(const char *folder);

#endif
