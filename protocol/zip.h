/* zip.h -- zlib streams (RFC 1950), bounded. Each call is a stream of its own:
 * no context is shared between messages, people or secrets.
 */
#ifndef ZIP_H
#define ZIP_H

#include "bytes.h"
#include "err.h"

enum { ZIP_FAST = 1, ZIP_SMALL = 6 }; /* levels: live, cached */

/* Append the stream to out. ERR_NOMEM. */
MUST_USE enum err zip_deflate(struct span plain, int level, struct buf *out);

/* Append exactly `bytes` plain bytes to out. ERR_MALFORMED: damaged, shorter
 * or longer than that, or with bytes after it; ERR_NOMEM. Room is made as
 * they come, and none if such a stream cannot hold so many. */
MUST_USE enum err zip_inflate(struct span stream, size_t bytes,
                              struct buf *out);

/* The same when the length is not told: append what there is, `most` bytes at
 * most. ERR_TOO_BIG: it is longer. */
MUST_USE enum err zip_inflate_most(struct span stream, size_t most,
                                   struct buf *out);

#endif
