/* text_test.c -- deltas by themselves, how two meet, and the shared vectors. */
#include "text.h"

#include "text_walk.h"
#include "text_word.h"
#include "tools/text_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

static const char vectors[] = "tests/vectors/text.jsonl";

/* ---- One request in, one answer out, as the tool reads and writes them. -- */

static void answers(const char *request, const char *expected)
{
    struct json_line json = {0};
    struct buf out = {0};

    text_line_answer(&json, request, strlen(request), &out);
    buf_byte(&out, 0);
    assert_true(buf_ok(&out));
    assert_string_equal((const char *)out.at, expected);
    buf_free(&out);
    json_free(&json);
}

static void two_sentences_in_different_places_both_stand(void **state)
{
    (void)state;
    answers("{\"merge\":\"Plans are clear. Review meetings are on time.\","
            "\"theirs\":[16,\" Teachers can explain them.\"],"
            "\"mine\":[45,\" Parents' views appear.\"]}",
            "{\"text\":\"Plans are clear. Teachers can explain them. Review "
            "meetings are on time. Parents' views appear.\","
            "\"delta\":[72,\" Parents' views appear.\"],\"overlap\":[]}");
}

static void the_same_word_reworded_twice_stands_twice(void **state)
{
    (void)state;
    answers("{\"merge\":\"Adaptation is inconsistent.\","
            "\"theirs\":[14,\"strong in English\",-12],"
            "\"mine\":[14,\"too variable\",-12]}",
            "{\"text\":\"Adaptation is strong in English too variable.\","
            "\"delta\":[31,\" too variable\"],"
            "\"overlap\":[[14,26,\"strong in English\",\"too variable\"]]}");
}

static void letters_of_one_word_are_one_overlap(void **state)
{
    (void)state;
    answers("{\"merge\":\"is inconsistent.\",\"theirs\":[3,-2],"
            "\"mine\":[15,\"ly\"]}",
            "{\"text\":\"is consistent inconsistently.\","
            "\"delta\":[13,\" inconsistently\"],"
            "\"overlap\":[[3,15,\"consistent\",\"inconsistently\"]]}");
    answers("{\"merge\":\"It is 3.5 now\",\"theirs\":[6,\"4\",-1],"
            "\"mine\":[8,\"7\",-1]}",
            "{\"text\":\"It is 4.5 3.7 now\",\"delta\":[9,\" 3.7\"],"
            "\"overlap\":[[6,9,\"4.5\",\"3.7\"]]}");
}

static void two_sentences_at_the_end_are_no_question(void **state)
{
    (void)state;
    answers("{\"merge\":\"One.\",\"theirs\":[4,\" Two.\"],"
            "\"mine\":[4,\" Three.\"]}",
            "{\"text\":\"One. Two. Three.\",\"delta\":[9,\" Three.\"],"
            "\"overlap\":[]}");
    answers("{\"merge\":\"\",\"theirs\":[\"Two.\"],\"mine\":[\"Three.\"]}",
            "{\"text\":\"Two. Three.\",\"delta\":[4,\" Three.\"],"
            "\"overlap\":[]}");
}

static void two_words_at_one_place_do_not_run_together(void **state)
{
    (void)state;
    answers("{\"merge\":\"a  b\",\"theirs\":[2,\"x\"],\"mine\":[2,\"y\"]}",
            "{\"text\":\"a x y b\",\"delta\":[3,\" y\"],"
            "\"overlap\":[[2,2,\"x\",\"y\"]]}");
}

static void the_same_edit_twice_is_made_once(void **state)
{
    (void)state;
    answers("{\"merge\":\"a b c\",\"theirs\":[2,\"x\",-1],"
            "\"mine\":[2,\"x\",-1]}",
            "{\"text\":\"a x c\",\"delta\":[],\"overlap\":[]}");
    answers("{\"merge\":\"a b c\",\"theirs\":[2,-2],\"mine\":[1,-2]}",
            "{\"text\":\"a c\",\"delta\":[],\"overlap\":[]}");
    answers("{\"merge\":\"a bc d\",\"theirs\":[2,-2],\"mine\":[2,-3]}",
            "{\"text\":\"a d\",\"delta\":[2,-1],\"overlap\":[]}");
}

static void a_rewording_survives_a_deletion_around_it(void **state)
{
    (void)state;
    answers("{\"merge\":\"Keep. Drop this one. Keep.\",\"theirs\":[6,-15],"
            "\"mine\":[11,\"that\",-4]}",
            "{\"text\":\"Keep. Drop that one. Keep.\","
            "\"delta\":[6,\"Drop that one. \"],"
            "\"overlap\":[[6,21,\"\",\"Drop that one. \"]]}");
    answers("{\"merge\":\"Keep. Drop this one. Keep.\","
            "\"theirs\":[11,\"very \"],\"mine\":[6,-15]}",
            "{\"text\":\"Keep. Drop very this one. Keep.\",\"delta\":[],"
            "\"overlap\":[[6,21,\"Drop very this one. \",\"\"]]}");
}

static void what_is_deleted_between_two_authors_does_not_join_them(void **state)
{
    (void)state;
    answers("{\"merge\":\"a (b) c\",\"theirs\":[2,-1],\"mine\":[2,\"x\"]}",
            "{\"text\":\"a x(b) c\",\"delta\":[2,\"x(\"],"
            "\"overlap\":[[2,3,\"\",\"x(\"]]}");
}

static void counts_are_code_points(void **state)
{
    (void)state;
    answers("{\"apply\":\"a\\ud83d\\ude00e\\u0301z\",\"delta\":[4,\"-\",-1]}",
            "{\"text\":\"a\U0001F600e\u0301-\"}");
    answers("{\"diff\":[\"caf\\u00e9 \\ud83d\\ude00\",\"caf\\u00e9 x\"]}",
            "{\"delta\":[5,\"x\",-1]}");
}

static void what_cannot_be_read_is_refused_by_name(void **state)
{
    static const char *const malformed[] = {
        "",
        "[]",
        "{}",
        "{\"apply\":1}",
        "{\"apply\"}",
        "[1,]",
        "{\"diff\":[\"a\"]}",
        "nul",
        "{\"apply\":\"a\",}",
        "{\"apply\":\"\xff\"}",
        "{\"apply\":\"a\" \"delta\":[]}",
        "{\"apply\":\"\\x\"}",
        "01",
    };
    static const char *const bad_delta[] = {
        "{\"apply\":\"abc\",\"delta\":[4]}",
        "{\"apply\":\"abc\",\"delta\":[-4]}",
        "{\"apply\":\"abc\",\"delta\":[0]}",
        "{\"apply\":\"abc\",\"delta\":[\"\"]}",
        "{\"apply\":\"abc\",\"delta\":[1.5]}",
        "{\"apply\":\"abc\",\"delta\":[1e400]}",
        "{\"apply\":\"abc\",\"delta\":[-9007199254740993]}",
        "{\"apply\":\"abc\",\"delta\":[2147483647,2147483647,\"x\"]}",
        "{\"apply\":\"abc\",\"delta\":[null]}",
        "{\"apply\":\"abc\",\"delta\":[[1]]}",
        "{\"apply\":\"abc\",\"delta\":[\"\\udc00\"]}",
        "{\"apply\":\"abc\",\"delta\":[\"\\u0000\"]}",
        "{\"apply\":\"abc\"}",
        "{\"merge\":\"abc\",\"theirs\":[],\"mine\":[3,-1]}",
        "{\"compose\":[[-3],[1]],\"on\":\"abc\"}",
        "{\"compose\":[[-2147483647],[-2147483647]]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        answers(malformed[i], "{\"error\":\"malformed\"}");
    for (size_t i = 0; i < sizeof bad_delta / sizeof *bad_delta; i++)
        answers(bad_delta[i], "{\"error\":\"bad_delta\"}");
    answers("{\"apply\":\"\\ud800\",\"delta\":[]}",
            "{\"error\":\"bad_value\"}");
}

/* ---- On the wire. ---- */

static enum err read_packed(struct buf *packed, struct pack *pack,
                            struct text_delta *out)
{
    struct items steps;
    enum err err = pack_parse(pack, buf_span(packed), &steps);

    return err ? err : text_delta_read(steps, out);
}

/* A step: an int, or a text when it is not NULL. */
struct wire {
    int64_t count;
    const char *text;
};

static enum err read_wire(const struct wire *steps, uint32_t count)
{
    struct buf packed = {0};
    struct text_delta delta = {0};
    struct pack *pack = NULL;

    assert_int_equal(pack_open(&pack), ERR_OK);
    pack_array(&packed, count);
    for (uint32_t i = 0; i < count; i++) {
        if (steps[i].text)
            pack_text(&packed, span_of(steps[i].text));
        else
            pack_int(&packed, steps[i].count);
    }
    enum err err = read_packed(&packed, pack, &delta);
    if (!err) {
        struct buf again = {0};
        text_delta_pack(&delta, &again);
        assert_true(span_equal(buf_span(&packed), buf_span(&again)));
        buf_free(&again);
    }
    text_delta_free(&delta);
    pack_close(pack);
    buf_free(&packed);
    return err;
}

#define READ(...)                                                              \
    read_wire((const struct wire[]){__VA_ARGS__},                              \
              sizeof((const struct wire[]){__VA_ARGS__}) /                     \
                  sizeof(struct wire))

static void only_canonical_deltas_are_read(void **state)
{
    (void)state;
    assert_int_equal(read_wire(NULL, 0), ERR_OK);
    assert_int_equal(READ({3, 0}, {0, "x"}, {-2, 0}, {1, 0}, {-1, 0}), ERR_OK);
    assert_int_equal(READ({-3, 0}, {1, 0}, {0, "\U0001F600"}), ERR_OK);
    assert_int_equal(READ({3, 0}), ERR_BAD_DELTA);
    assert_int_equal(READ({0, 0}), ERR_BAD_DELTA);
    assert_int_equal(READ({0, ""}), ERR_BAD_DELTA);
    assert_int_equal(READ({-1, 0}, {0, "x"}), ERR_BAD_DELTA);
    assert_int_equal(READ({0, "x"}, {0, "y"}), ERR_BAD_DELTA);
    assert_int_equal(READ({1, 0}, {1, 0}, {-1, 0}), ERR_BAD_DELTA);
    assert_int_equal(READ({-1, 0}, {-1, 0}), ERR_BAD_DELTA);
    assert_int_equal(READ({TEXT_CHARS_MAX, 0}, {-1, 0}), ERR_BAD_DELTA);
    assert_int_equal(READ({-(int64_t)TEXT_CHARS_MAX, 0}), ERR_OK);
    assert_int_equal(READ({-PACK_INT_MAX, 0}), ERR_BAD_DELTA);
    assert_int_equal(READ({PACK_INT_MAX, 0}, {-1, 0}), ERR_BAD_DELTA);
}

static void an_insert_in_pieces_is_packed_as_one(void **state)
{
    struct text_step first[] = {{0, 2, span_of("ac")}};
    struct text_step second[] = {{.count = 1}, {0, 1, span_of("b")}};
    struct text_delta a = {first, 1, 1};
    struct text_delta b = {second, 2, 2};
    struct text_delta both = {0};
    struct buf packed = {0};

    (void)state;
    assert_int_equal(text_compose(&a, &b, &both), ERR_OK);
    text_delta_pack(&both, &packed);
    assert_int_equal(packed.len, 5);
    assert_memory_equal(packed.at,
                        "\x91\xa3"
                        "abc",
                        5);
    buf_free(&packed);
    text_delta_free(&both);
}

/* ---- Properties over seeds. ---- */

static uint64_t seed;

static uint32_t rnd(uint32_t below) /* splitmix64 */
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % below);
}

static const char *const pieces[] = {
    "a",      "bc",      " ",          ". ",   "-", "'", ".",      "(",
    "\u00e9", "e\u0301", "\U0001F600", "\r\n", "d", " ", "\u2019", "\u201c"};

static void random_text(struct buf *out, uint32_t most)
{
    for (uint32_t n = rnd(most + 1); n > 0; n--)
        json_put(out, pieces[rnd(sizeof pieces / sizeof *pieces)]);
}

static void random_delta(struct text_delta *out, size_t chars, uint32_t hunks)
{
    struct text_pen pen = text_pen_start(out);
    uint32_t left = (uint32_t)chars;

    for (uint32_t n = rnd(hunks + 1); n > 0; n--) {
        uint32_t skip = rnd((left < 7 ? left : 7) + 1);
        text_pen_keep(&pen, skip);
        left -= skip;
        for (uint32_t more = rnd(3); more > 0; more--) {
            struct span s =
                span_of(pieces[rnd(sizeof pieces / sizeof *pieces)]);
            text_pen_insert(&pen, s, (uint32_t)text_chars(s));
        }
        uint32_t cut = rnd(2) ? rnd((left < 5 ? left : 5) + 1) : 0;
        text_pen_drop(&pen, cut);
        left -= cut;
    }
    assert_int_equal(text_pen_finish(&pen), ERR_OK);
}

static struct buf applied(const struct buf *text, const struct text_delta *d)
{
    struct buf out = {0};

    assert_int_equal(text_apply(buf_span(text), d, &out), ERR_OK);
    return out;
}

static void assert_same(const struct buf *a, const struct buf *b)
{
    assert_true(span_equal(buf_span(a), buf_span(b)));
}

static void composing_equals_applying_in_turn(void **state)
{
    (void)state;
    for (uint64_t run = 0; run < 20000; run++) {
        seed = run;
        struct buf text = {0};
        struct text_delta a = {0}, b = {0}, both = {0}, back = {0}, diff = {0};

        random_text(&text, 12);
        random_delta(&a, text_chars(buf_span(&text)), 4);
        struct buf once = applied(&text, &a);
        random_delta(&b, text_chars(buf_span(&once)), 4);
        struct buf twice = applied(&once, &b);
        assert_int_equal(text_compose(&a, &b, &both), ERR_OK);
        struct buf composed = applied(&text, &both);
        assert_same(&composed, &twice);
        assert_int_equal(text_invert(buf_span(&text), &both, &back), ERR_OK);
        struct buf undone = applied(&twice, &back);
        assert_same(&undone, &text);
        assert_int_equal(text_diff(buf_span(&text), buf_span(&twice), &diff),
                         ERR_OK);
        struct buf again = applied(&text, &diff);
        assert_same(&again, &twice);

        struct buf *bufs[] = {&text, &once, &twice, &composed, &undone, &again};
        struct text_delta *deltas[] = {&a, &b, &both, &back, &diff};
        for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
            buf_free(bufs[i]);
        for (size_t i = 0; i < sizeof deltas / sizeof *deltas; i++)
            text_delta_free(deltas[i]);
    }
}

/* Is `word` one of the words of s? */
static bool has_word(struct span s, struct span word)
{
    struct text_glyphs g;
    bool found = false;

    assert_int_equal(text_glyphs_open(s, &g), ERR_OK);
    for (uint32_t at = 0, end; at < g.count && !found; at = end) {
        for (end = at + 1; text_glued(&g, end); end++)
            ;
        found = span_equal(text_glyphs_slice(&g, at, end), word);
    }
    text_glyphs_close(&g);
    return found;
}

/* Every word of the result stands in base or in one author's text. */
static void assert_words_of_one(struct span result, struct span base,
                                struct span theirs, struct span mine)
{
    struct text_glyphs g;

    assert_int_equal(text_glyphs_open(result, &g), ERR_OK);
    for (uint32_t at = 0, end; at < g.count; at = end) {
        for (end = at + 1; text_glued(&g, end); end++)
            ;
        struct span word = text_glyphs_slice(&g, at, end);
        if (g.classes[at] == TEXT_LETTER)
            assert_true(has_word(base, word) || has_word(theirs, word) ||
                        has_word(mine, word));
    }
    text_glyphs_close(&g);
}

static bool contains(struct span all, struct span part)
{
    return part.len == 0 || memmem(all.at, all.len, part.at, part.len);
}

static void assert_inserts_kept(const struct text_delta *d, struct span result)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (d->steps[i].count == 0)
            assert_true(contains(result, d->steps[i].text));
}

static void no_word_of_a_merge_is_made_of_two_authors_letters(void **state)
{
    uint32_t flagged = 0;

    (void)state;
    for (uint64_t run = 0; run < 20000; run++) {
        seed = run;
        struct buf base = {0};
        struct text_delta theirs = {0}, mine = {0};
        struct text_merged m;

        random_text(&base, 12);
        random_delta(&theirs, text_chars(buf_span(&base)), 3);
        random_delta(&mine, text_chars(buf_span(&base)), 3);
        struct buf shown = applied(&base, &theirs);
        struct buf own = applied(&base, &mine);
        assert_int_equal(text_merge(buf_span(&base), &theirs, &mine, &m),
                         ERR_OK);
        struct buf result = applied(&shown, &m.delta);
        assert_words_of_one(buf_span(&result), buf_span(&base),
                            buf_span(&shown), buf_span(&own));
        if (m.overlap_count == 0) {
            assert_inserts_kept(&theirs, buf_span(&result));
            assert_inserts_kept(&mine, buf_span(&result));
        }
        for (uint32_t i = 0; i < m.overlap_count; i++) {
            assert_true(contains(buf_span(&result), m.overlaps[i].theirs));
            assert_true(contains(buf_span(&result), m.overlaps[i].mine));
        }
        flagged += m.overlap_count > 0;
        text_merged_free(&m);
        text_delta_free(&theirs);
        text_delta_free(&mine);
        buf_free(&base);
        buf_free(&shown);
        buf_free(&own);
        buf_free(&result);
    }
    assert_in_range(flagged, 2000, 18000); /* both kinds were reached */
}

/* ---- The rest. ---- */

/* The same sum stands in client-js/test/text.test.js. */
static void the_word_table_is_the_javascript_one(void **state)
{
    uint32_t sum = 2166136261u;

    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++)
        sum = (sum ^ (uint32_t)text_class_of(code)) * 16777619u;
    assert_int_equal(sum, 0x1a5ef7b0u);
}

/* A vector is {"request": R, "answer": A}; R is a text when it is no JSON. */
static void run_vector(struct json_line *json, const char *line, size_t len)
{
    struct json_line own = {0};
    struct buf request = {0};
    struct buf answer = {0};

    assert_int_equal(json_read(json, line, len), ERR_OK);
    int r = json_find(json, "request");
    int a = json_find(json, "answer");
    assert_true(r > 0 && a > 0);
    struct span raw = {(const uint8_t *)line + json->tokens[r].start,
                       (size_t)(json->tokens[r].end - json->tokens[r].start)};
    if (json_kind(json, r) == JSMN_STRING)
        assert_true(json_text(json, r, &raw));
    buf_put(&request, raw.at, raw.len);
    buf_byte(&request, 0);
    text_line_answer(&own, (const char *)request.at, raw.len, &answer);
    struct span expected = {
        (const uint8_t *)line + json->tokens[a].start,
        (size_t)(json->tokens[a].end - json->tokens[a].start)};
    if (!span_equal(buf_span(&answer), expected))
        fail_msg("%.*s\nanswered %.*s", (int)len, line, (int)answer.len,
                 (const char *)answer.at);
    buf_free(&request);
    buf_free(&answer);
    json_free(&own);
}

static void the_shared_vectors_hold(void **state)
{
    FILE *file = fopen(vectors, "r");
    struct json_line json = {0};
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    size_t count = 0;

    (void)state;
    assert_non_null(file);
    while ((len = getline(&line, &cap, file)) > 1) {
        line[--len] = '\0';
        run_vector(&json, line, (size_t)len);
        count++;
    }
    assert_true(count >= 300);
    free(line);
    json_free(&json);
    assert_int_equal(fclose(file), 0);
}

static double now_ms(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A session: single letters typed and dropped all over a note. */
static void type_session(struct buf *text, struct text_delta *all)
{
    for (int i = 0; i < 2000; i++) {
        struct text_step steps[2] = {
            {.count =
                 1 + (int32_t)rnd((uint32_t)text_chars(buf_span(text)) - 2)},
            rnd(4) ? (struct text_step){0, 1, span_of(rnd(5) ? "x" : " ")}
                   : (struct text_step){.count = -1}};
        struct text_delta edit = {steps, 2, 2};
        struct text_delta next = {0};
        struct buf after = applied(text, &edit);
        assert_int_equal(text_compose(all, &edit, &next), ERR_OK);
        text_delta_free(all);
        buf_free(text);
        *all = next;
        *text = after;
    }
}

static void two_long_sessions_are_merged_quickly(void **state)
{
    struct buf base = {0}, a = {0}, b = {0};
    struct text_delta theirs = {0}, mine = {0};
    double best = 1e9;

    (void)state;
    seed = 7;
    while (base.len < 6000)
        json_put(&base, rnd(6) ? "e" : " ");
    buf_put(&a, base.at, base.len);
    buf_put(&b, base.at, base.len);
    type_session(&a, &theirs);
    type_session(&b, &mine);
    for (int i = 0; i < 10; i++) {
        struct text_merged m;
        double start = now_ms();
        assert_int_equal(text_merge(buf_span(&base), &theirs, &mine, &m),
                         ERR_OK);
        double took = now_ms() - start;
        best = took < best ? took : best;
        text_merged_free(&m);
    }
    print_message("merged %u steps with %u in %.3f ms\n", theirs.count,
                  mine.count, best);
    assert_true(best < 50); /* the goal is 1 ms; sanitizers and CI are slow */
    text_delta_free(&theirs);
    text_delta_free(&mine);
    buf_free(&base);
    buf_free(&a);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sentences_in_different_places_both_stand),
        cmocka_unit_test(the_same_word_reworded_twice_stands_twice),
        cmocka_unit_test(letters_of_one_word_are_one_overlap),
        cmocka_unit_test(two_sentences_at_the_end_are_no_question),
        cmocka_unit_test(two_words_at_one_place_do_not_run_together),
        cmocka_unit_test(the_same_edit_twice_is_made_once),
        cmocka_unit_test(a_rewording_survives_a_deletion_around_it),
        cmocka_unit_test(
            what_is_deleted_between_two_authors_does_not_join_them),
        cmocka_unit_test(counts_are_code_points),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
        cmocka_unit_test(only_canonical_deltas_are_read),
        cmocka_unit_test(an_insert_in_pieces_is_packed_as_one),
        cmocka_unit_test(composing_equals_applying_in_turn),
        cmocka_unit_test(no_word_of_a_merge_is_made_of_two_authors_letters),
        cmocka_unit_test(the_word_table_is_the_javascript_one),
        cmocka_unit_test(the_shared_vectors_hold),
        cmocka_unit_test(two_long_sessions_are_merged_quickly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
