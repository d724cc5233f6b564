#include "cmocka_all.h"

#include "pack.h"
#include "vector.h"

static struct pack *pack;

static int open_pack(void **state)
{
    (void)state;
    return pack_open(&pack) == ERR_OK ? 0 : -1;
}

static int close_pack(void **state)
{
    (void)state;
    pack_close(pack);
    return 0;
}

/* Parse bytes given as hex, from memory that ends where they end. */
static enum err parse(const char *hex)
{
    struct buf bytes = {0};
    struct items in;
    struct span s = vector_unhex(span_of(hex), &bytes);
    uint8_t *exact = malloc(s.len + 1);

    assert_non_null(exact);
    memcpy(exact + 1, s.at ? s.at : (const uint8_t *)"", s.len);
    enum err err = pack_parse(pack, (struct span){exact + 1, s.len}, &in);
    assert_int_equal(err != ERR_OK, !items_ok(&in));
    free(exact);
    buf_free(&bytes);
    return err;
}

static void every_int_survives_in_its_shortest_form(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        size_t bytes;
    } ints[] = {
        {0, 1},
        {127, 1},
        {128, 2},
        {255, 2},
        {256, 3},
        {65535, 3},
        {65536, 5},
        {UINT32_MAX, 5},
        {INT64_C(1) << 32, 9},
        {PACK_INT_MAX, 9},
        {-1, 1},
        {-32, 1},
        {-33, 2},
        {-128, 2},
        {-129, 3},
        {-32768, 3},
        {-32769, 5},
        {INT32_MIN, 5},
        {INT64_C(-2147483649), 9},
        {-PACK_INT_MAX, 9},
    };

    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        struct buf b = {0};
        struct items in;

        pack_array(&b, 1);
        pack_int(&b, ints[i].value);
        assert_int_equal(b.len, 1 + ints[i].bytes);
        assert_int_equal(pack_parse(pack, buf_span(&b), &in), ERR_OK);
        assert_int_equal(items_kind(&in), PACK_INT);
        assert_true(items_int(&in) == ints[i].value);
        assert_true(items_ok(&in));
        buf_free(&b);
    }
}

static void a_whole_real_goes_as_an_int(void **state)
{
    (void)state;
    struct buf b = {0};
    struct items in;

    pack_array(&b, 4);
    pack_real(&b, 2.0);
    pack_real(&b, -0.0);
    pack_real(&b, 2.5);
    pack_real(&b, 1e300);
    assert_int_equal(pack_parse(pack, buf_span(&b), &in), ERR_OK);
    assert_int_equal(items_kind(&in), PACK_INT);
    assert_true(items_real(&in) == 2.0);
    assert_int_equal(items_int(&in), 0);
    assert_int_equal(items_kind(&in), PACK_REAL);
    assert_true(items_real(&in) == 2.5);
    assert_true(items_real(&in) == 1e300);
    assert_true(items_ok(&in));
    buf_free(&b);
}

static void every_kind_survives(void **state)
{
    (void)state;
    struct id id = id_named(span_of("x"));
    struct buf b = {0};
    struct items in;

    pack_array(&b, 8);
    pack_nil(&b);
    pack_bool(&b, true);
    pack_text(&b, span_of("caf\xc3\xa9"));
    pack_bin(&b, span_of("\xff"));
    pack_id(&b, id);
    pack_id(&b, (struct id){{0}});
    pack_array(&b, 0);
    pack_uint(&b, 7);
    assert_int_equal(pack_parse(pack, buf_span(&b), &in), ERR_OK);
    assert_true(items_nil(&in));
    assert_true(items_bool(&in));
    assert_true(span_equal(items_text(&in), span_of("caf\xc3\xa9")));
    assert_true(span_equal(items_bin(&in), span_of("\xff")));
    assert_true(id_equal(items_id(&in), id));
    assert_true(id_none(items_id_or_nil(&in)));
    assert_int_equal(items_array(&in).left, 0);
    assert_int_equal(items_uint32(&in), 7);
    assert_true(items_ok(&in));
    assert_int_equal(items_kind(&in), PACK_NONE);
    buf_free(&b);
}

static void a_failed_walk_stays_failed(void **state)
{
    (void)state;
    struct buf b = {0};
    struct items in;

    pack_array(&b, 2);
    pack_text(&b, span_of("text"));
    pack_int(&b, 5);
    assert_int_equal(pack_parse(pack, buf_span(&b), &in), ERR_OK);
    assert_int_equal(items_int(&in), 0);
    assert_false(items_ok(&in));
    assert_int_equal(items_text(&in).len, 0);
    assert_int_equal(items_kind(&in), PACK_NONE);
    assert_false(items_nil(&in));
    items_skip(&in);
    assert_false(items_ok(&in));
    assert_false(items_ok(&(struct items){.failed = true}));
    buf_free(&b);
}

static void an_item_too_few_fails_the_walk(void **state)
{
    (void)state;
    struct buf b = {0};
    struct items in;

    pack_array(&b, 0);
    assert_int_equal(pack_parse(pack, buf_span(&b), &in), ERR_OK);
    assert_false(items_nil(&in));
    assert_true(items_ok(&in));
    assert_true(id_none(items_id_or_nil(&in)));
    assert_false(items_ok(&in));
    buf_free(&b);
}

static void trees_live_side_by_side_until_the_reset(void **state)
{
    (void)state;
    struct buf b = {0};
    struct items first, second;

    pack_array(&b, 1);
    pack_text(&b, span_of("one"));
    pack_array(&b, 1);
    pack_text(&b, span_of("two"));
    buf_byte(&b, 0xc1);
    struct span rest = buf_span(&b);
    pack_reset(pack);
    assert_int_equal(pack_parse_next(pack, &rest, &first), ERR_OK);
    assert_int_equal(pack_parse_next(pack, &rest, &second), ERR_OK);
    assert_int_equal(rest.len, 1);
    assert_true(span_equal(items_text(&first), span_of("one")));
    assert_true(span_equal(items_text(&second), span_of("two")));
    assert_int_equal(pack_parse_next(pack, &rest, &second), ERR_MALFORMED);
    assert_int_equal(rest.len, 1);
    assert_int_equal(pack_parse(pack, buf_span(&b), &first), ERR_MALFORMED);
    buf_free(&b);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char hex[2 * 100000 + 1];

    for (size_t depth = 1; depth <= 10; depth++) {
        memset(hex, 0, sizeof hex);
        for (size_t i = 0; i < depth; i++)
            memcpy(hex + 2 * i, i + 1 < depth ? "91" : "90", 2);
        assert_int_equal(parse(hex),
                         depth <= PACK_DEPTH_MAX ? ERR_OK : ERR_TOO_DEEP);
    }
    for (size_t i = 0; i < 100000; i++)
        memcpy(hex + 2 * i, "91", 2);
    hex[2 * 100000] = 0;
    assert_int_equal(parse(hex), ERR_TOO_DEEP);
}

static void counts_are_checked_before_room_is_made(void **state)
{
    (void)state;
    assert_int_equal(parse("ddffffffff"), ERR_MALFORMED);
    assert_int_equal(parse("ddffffffffc0c0"), ERR_MALFORMED);
    assert_int_equal(parse("dcffffc0"), ERR_MALFORMED);
    assert_int_equal(parse("91c6ffffffff00"), ERR_MALFORMED);
    assert_int_equal(parse("91dbffffffff00"), ERR_MALFORMED);
    assert_int_equal(parse("91ddffffffff00"), ERR_MALFORMED);
}

static void items_are_counted_through_the_whole_tree(void **state)
{
    (void)state;
    enum { ROWS = 8 };
    struct buf b = {0};
    struct items in;

    for (uint32_t over = 0; over <= 1; over++) {
        uint32_t each = (PACK_ITEMS_MAX - ROWS) / ROWS;
        buf_clear(&b);
        pack_array(&b, ROWS);
        for (uint32_t r = 0; r < ROWS; r++) {
            uint32_t count = each + (r == ROWS - 1 ? over : 0);
            pack_array(&b, count);
            for (uint32_t i = 0; i < count; i++)
                pack_nil(&b);
        }
        assert_int_equal(pack_parse(pack, buf_span(&b), &in),
                         over ? ERR_TOO_BIG : ERR_OK);
    }
    buf_free(&b);
}

static void only_our_kinds_and_forms_are_taken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "c0",
        "80",
        "9180",
        "91de0000",
        "91df00000000",
        "91c1",
        "91c70000",
        "91c8000000",
        "91c90000000000",
        "91d400c0",
        "91d6ff00000000",
        "91ca3f800000",
        "91cb7ff0000000000000",
        "91cbfff0000000000000",
        "91cb7ff8000000000001",
        "91cc7f",
        "91cd00ff",
        "91ce0000ffff",
        "91cf00000000ffffffff",
        "91cf0020000000000000",
        "91cfffffffffffffffff",
        "91d07f",
        "91d0e0",
        "91d1ff80",
        "91d17fff",
        "91d2ffff8000",
        "91d3ffffffff80000000",
        "91d3ffe0000000000000",
        "91d38000000000000000",
        "91a100",
        "91a1ff",
        "91a2c080",
        "91a3eda080",
        "91a4f4908080",
        "91a2c328",
        "91a1c3",
        "91a2e282",
        "90c0",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse(bad[i]) != ERR_MALFORMED)
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(parse("91cb7fefffffffffffff"), ERR_OK);
    assert_int_equal(parse("91a4f48fbfbf"), ERR_OK);
    assert_int_equal(parse("91a3efbfbf"), ERR_OK);
}

/* Against every sequence of up to three bytes: decoded by hand. */
static bool well_formed(const uint8_t *s, size_t len)
{
    uint32_t code;

    if (len == 1)
        return s[0] > 0 && s[0] < 0x80;
    if (len == 2) {
        code = (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
        return (s[0] & 0xe0) == 0xc0 && (s[1] & 0xc0) == 0x80 && code >= 0x80;
    }
    code = (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 |
           (s[2] & 0x3f);
    return (s[0] & 0xf0) == 0xe0 && (s[1] & 0xc0) == 0x80 &&
           (s[2] & 0xc0) == 0x80 && code >= 0x800 &&
           (code < 0xd800 || code > 0xdfff);
}

static bool valid(const uint8_t *s, size_t len, size_t *chars)
{
    *chars = 0;
    for (size_t at = 0; at < len; ++*chars) {
        size_t n = 1;
        while (n <= len - at && !well_formed(s + at, n))
            if (++n > 3)
                return false;
        if (n > len - at)
            return false;
        at += n;
    }
    return true;
}

static void utf8_is_what_unicode_says(void **state)
{
    (void)state;
    size_t wanted, chars;

    for (uint32_t v = 0; v < 1 << 24; v++) {
        uint8_t s[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        if (s[0] >= 0x80 && s[0] < 0xe0 && s[2] > 1)
            continue; /* two bytes, then the same story again */
        bool ok = valid(s, 3, &wanted);
        chars = wanted;
        if (utf8_check((struct span){s, 3}, &chars) != ok || chars != wanted)
            fail_msg("%06x", v);
    }
}

static void long_texts_are_counted_by_code_points(void **state)
{
    (void)state;
    size_t chars;

    assert_true(utf8_check(span_of("12345678"
                                   "caf\xc3\xa9 "
                                   "\xf0\x9f\x8c\x8a"
                                   "1234567890"),
                           &chars));
    assert_int_equal(chars, 24);
    assert_false(
        utf8_check((struct span){(const uint8_t *)"1234567\0", 8}, &chars));
    assert_true(utf8_check((struct span){0}, &chars));
    assert_int_equal(chars, 0);
}

static void any_bytes_are_refused_or_read(void **state)
{
    (void)state;
    static const uint8_t tags[] = {0x90, 0x91, 0x93, 0xdc, 0xc4, 0xd9, 0xa5,
                                   0xc0, 0xcb, 0xcc, 0xd1, 0x05, 0xdd, 0xcf};
    uint64_t seed = 7;

    for (int run = 0; run < 200000; run++) {
        uint8_t bytes[24];
        struct items in;
        size_t len;

        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            uint8_t r = (uint8_t)(seed >> 56);
            bytes[i] = seed >> 32 & 1 ? tags[r % sizeof tags] : r;
        }
        bytes[0] = (uint8_t)(0x90 | (bytes[0] & 7));
        struct span s = {bytes, sizeof bytes};
        enum err err = pack_check(s, &len);
        pack_reset(pack);
        assert_int_equal(pack_parse_next(pack, &s, &in), err);
        if (!err)
            assert_int_equal(s.len, sizeof bytes - len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_int_survives_in_its_shortest_form),
        cmocka_unit_test(a_whole_real_goes_as_an_int),
        cmocka_unit_test(every_kind_survives),
        cmocka_unit_test(a_failed_walk_stays_failed),
        cmocka_unit_test(an_item_too_few_fails_the_walk),
        cmocka_unit_test(trees_live_side_by_side_until_the_reset),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(counts_are_checked_before_room_is_made),
        cmocka_unit_test(items_are_counted_through_the_whole_tree),
        cmocka_unit_test(only_our_kinds_and_forms_are_taken),
        cmocka_unit_test(utf8_is_what_unicode_says),
        cmocka_unit_test(long_texts_are_counted_by_code_points),
        cmocka_unit_test(any_bytes_are_refused_or_read),
    };

    return cmocka_run_group_tests(tests, open_pack, close_pack);
}
