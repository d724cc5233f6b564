#include "cmocka_all.h"

#include "zip.h"

#include <stdlib.h>

static struct buf zipped(const void *at, size_t len, int level)
{
    struct buf out = {0};

    assert_int_equal(zip_deflate((struct span){at, len}, level, &out), ERR_OK);
    return out;
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    static uint8_t plain[300000];
    static const size_t lengths[] = {0, 1, 100, 65535, 65536, 65537, 300000};

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * i >> 7);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct buf stream = zipped(plain, lengths[i], ZIP_FAST), back = {0};
        buf_put(&back, "before", 6);
        assert_int_equal(zip_inflate(buf_span(&stream), lengths[i], &back),
                         ERR_OK);
        assert_int_equal(back.len, 6 + lengths[i]);
        assert_memory_equal(back.at + 6, plain, lengths[i]);
        buf_free(&stream);
        buf_free(&back);
    }
}

static void a_stream_of_another_length_is_malformed(void **state)
{
    (void)state;
    struct buf stream = zipped("hello hello hello", 17, ZIP_SMALL), out = {0};

    assert_int_equal(zip_inflate(buf_span(&stream), 16, &out), ERR_MALFORMED);
    assert_int_equal(zip_inflate(buf_span(&stream), 18, &out), ERR_MALFORMED);
    assert_int_equal(zip_inflate(buf_span(&stream), 0, &out), ERR_MALFORMED);
    buf_byte(&stream, 0);
    assert_int_equal(zip_inflate(buf_span(&stream), 17, &out), ERR_MALFORMED);
    assert_int_equal(out.len, 0);
    buf_free(&stream);
    buf_free(&out);
}

static void a_stream_cut_anywhere_is_malformed(void **state)
{
    (void)state;
    static const char text[] = "the quick brown fox jumps over the lazy dog";
    struct buf stream = zipped(text, sizeof text, ZIP_SMALL), out = {0};

    for (size_t len = 0; len < stream.len; len++) {
        /* A copy of its own, so that reading past it shows. */
        uint8_t *part = malloc(len + 1);
        assert_non_null(part);
        memcpy(part, stream.at, len);
        struct span cut = {part, len};
        assert_int_equal(zip_inflate(cut, sizeof text, &out), ERR_MALFORMED);
        assert_int_equal(zip_inflate_most(cut, 1000, &out), ERR_MALFORMED);
        free(part);
    }
    buf_free(&stream);
    buf_free(&out);
}

static void a_flipped_bit_never_gives_other_bytes(void **state)
{
    (void)state;
    static const char text[] = "the quick brown fox jumps over the lazy dog";
    struct buf stream = zipped(text, sizeof text, ZIP_SMALL), out = {0};

    for (size_t bit = 16; bit < 8 * stream.len; bit++) {
        stream.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        buf_clear(&out);
        if (zip_inflate(buf_span(&stream), sizeof text, &out) == ERR_OK)
            assert_memory_equal(out.at, text, sizeof text); /* padding bits */
        stream.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_free(&stream);
    buf_free(&out);
}

static void a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    enum { BOMB = 64 * 1024 * 1024, MOST = 1 << 20 };
    uint8_t *zeros = calloc(1, BOMB);
    assert_non_null(zeros);
    struct buf stream = zipped(zeros, BOMB, ZIP_SMALL), out = {0};

    free(zeros);
    assert_true(stream.len < MOST);
    assert_int_equal(zip_inflate_most(buf_span(&stream), MOST, &out),
                     ERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    assert_true(out.cap <= 2 * MOST);
    buf_free(&stream);
    buf_free(&out);
}

static void room_is_not_made_for_what_cannot_come(void **state)
{
    (void)state;
    struct buf stream = zipped("a", 1, ZIP_SMALL), out = {0};

    assert_int_equal(zip_inflate(buf_span(&stream), 1 << 20, &out),
                     ERR_MALFORMED);
    assert_int_equal(out.cap, 0);
    buf_free(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(a_stream_of_another_length_is_malformed),
        cmocka_unit_test(a_stream_cut_anywhere_is_malformed),
        cmocka_unit_test(a_flipped_bit_never_gives_other_bytes),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(room_is_not_made_for_what_cannot_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
