#include "zip.h"

#include <limits.h>

#include <zlib.h>

/* No stream inflates to more than this many times its own length. Source:
 * zlib, "Maximum Compression Factor". */
enum { RATIO_MAX = 1032 };

enum err zip_deflate(struct span plain, int level, struct buf *out)
{
    z_stream z = {0};

    if (plain.len > UINT_MAX)
        return ERR_NOMEM;
    if (deflateInit(&z, level) != Z_OK)
        return ERR_NOMEM;
    uLong room = deflateBound(&z, plain.len);
    uint8_t *to = room <= UINT_MAX ? buf_room(out, room) : NULL;
    if (!to) {
        deflateEnd(&z);
        return ERR_NOMEM;
    }
    z.next_in = (Bytef *)(uintptr_t)plain.at; /* zlib only reads it */
    z.avail_in = (uInt)plain.len;
    z.next_out = to;
    z.avail_out = (uInt)room;
    int ret = deflate(&z, Z_FINISH);
    if (ret == Z_STREAM_END)
        out->len += z.total_out;
    deflateEnd(&z);
    return ret == Z_STREAM_END ? ERR_OK : ERR_NOMEM;
}

enum err zip_inflate(struct span stream, size_t bytes, struct buf *out)
{
    z_stream z = {0};

    if (stream.len > UINT_MAX || bytes >= UINT_MAX ||
        bytes / RATIO_MAX > stream.len)
        return ERR_MALFORMED;
    /* One byte more shows a stream that is too long. */
    uint8_t *to = buf_room(out, bytes + 1);
    if (!to)
        return ERR_NOMEM;
    z.next_in = (Bytef *)(uintptr_t)stream.at;
    z.avail_in = (uInt)stream.len;
    if (inflateInit(&z) != Z_OK)
        return ERR_NOMEM;
    z.next_out = to;
    z.avail_out = (uInt)(bytes + 1);
    int ret = inflate(&z, Z_FINISH);
    bool whole = ret == Z_STREAM_END && z.avail_in == 0 &&
                 z.total_out == bytes;
    inflateEnd(&z);
    if (ret == Z_MEM_ERROR)
        return ERR_NOMEM;
    if (!whole)
        return ERR_MALFORMED;
    out->len += bytes;
    return ERR_OK;
}
