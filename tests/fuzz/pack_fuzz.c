/* libFuzzer: any bytes are refused by the check, or build a tree that can be
 * walked to its end and written again in the same bytes but for float64s that
 * are whole (pack_real() sends those as ints) and long heads of short things.
 */
#include "pack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy(struct items *in, struct buf *out)
{
    while (in->left > 0 && items_ok(in)) {
        struct items inner;

        switch (items_kind(in)) {
        case PACK_NONE: abort();
        case PACK_NIL:
            items_skip(in);
            pack_nil(out);
            break;
        case PACK_BOOL: pack_bool(out, items_bool(in)); break;
        case PACK_INT: pack_int(out, items_int(in)); break;
        case PACK_REAL: pack_real(out, items_real(in)); break;
        case PACK_TEXT: pack_text(out, items_text(in)); break;
        case PACK_BIN: pack_bin(out, items_bin(in)); break;
        case PACK_ARRAY:
            inner = items_array(in);
            pack_array(out, inner.left);
            copy(&inner, out);
            break;
        }
    }
    if (!items_ok(in))
        abort();
}

/* Read an array and write it; false when it is refused. */
static bool again(struct pack *pack, struct span bytes, struct buf *out)
{
    struct items in;

    buf_clear(out);
    if (pack_parse(pack, bytes, &in))
        return false;
    pack_array(out, in.left);
    copy(&in, out);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once = {0}, twice = {0};
    struct pack *pack;

    if (pack_open(&pack))
        return 0;
    if (again(pack, (struct span){data, size}, &once)) {
        if (once.len > size || !again(pack, buf_span(&once), &twice) ||
            !span_equal(buf_span(&once), buf_span(&twice)))
            abort();
    }
    buf_free(&once);
    buf_free(&twice);
    pack_close(pack);
    return 0;
}
