#include "zip.h"

#include <limits.h>

#include <zlib.h>

/* No stream inflates to more than this many times its own length. Source:
 * zlib, "Maximum Compression Factor". */
enum { RATIO_MAX = 1032, STEP_BYTES = 64 * 1024 };

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

/* Inflate into `out` until the stream ends or `most` bytes are there and one
 * more would come. */
static enum err inflate_into(z_stream *z, size_t most, struct buf *out)
{
    int ret = Z_OK;

    while (ret == Z_OK) {
        /* One byte over `most` shows a stream that is too long. */
        size_t room = most + 1 - z->total_out;
        if (room > STEP_BYTES)
            room = STEP_BYTES;
        if (room == 0)
            return ERR_TOO_BIG;
        uint8_t *to = buf_room(out, room);
        if (!to)
            return ERR_NOMEM;
        z->next_out = to;
        z->avail_out = (uInt)room;
        ret = inflate(z, Z_NO_FLUSH);
        out->len += room - z->avail_out;
    }
    if (ret == Z_MEM_ERROR)
        return ERR_NOMEM;
    if (ret != Z_STREAM_END || z->avail_in > 0)
        return ERR_MALFORMED;
    return z->total_out > most ? ERR_TOO_BIG : ERR_OK;
}

enum err zip_inflate_most(struct span stream, size_t most, struct buf *out)
{
    z_stream z = {0};
    size_t start = out->len;

    if (stream.len > UINT_MAX || most >= UINT_MAX)
        return ERR_TOO_BIG;
    z.next_in = (Bytef *)(uintptr_t)stream.at; /* zlib only reads it */
    z.avail_in = (uInt)stream.len;
    if (inflateInit(&z) != Z_OK)
        return ERR_NOMEM;
    enum err err = inflate_into(&z, most, out);
    inflateEnd(&z);
    if (err)
        out->len = start;
    return err;
}

enum err zip_inflate(struct span stream, size_t bytes, struct buf *out)
{
    size_t start = out->len;

    if (bytes / RATIO_MAX > stream.len)
        return ERR_MALFORMED;
    enum err err = zip_inflate_most(stream, bytes, out);
    if (err == ERR_TOO_BIG)
        return ERR_MALFORMED;
    if (!err && out->len - start != bytes) {
        out->len = start;
        return ERR_MALFORMED;
    }
    return err;
}
