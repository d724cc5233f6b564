/* The decision table of merge.h, row by row, against the real schema. */
#include "cmocka_all.h"

#include "merge.h"

#include <stdio.h>
#include <string.h>

enum { TAMSIN = 1, JORY = 2, DEMELZA = 3 }; /* replicas */

static struct schema *schema;
static struct arena arena;
static struct pack *pack;
static struct merge_context context;

static int set_up(void **state)
{
    struct schema_fault fault;

    (void)state;
    assert_int_equal(schema_load("schema/records.json", &schema, &fault), 0);
    assert_int_equal(pack_open(&pack), 0);
    context = (struct merge_context){&arena, pack};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pack_close(pack);
    arena_free(&arena);
    schema_free(schema);
    return 0;
}

/* ---- A field, and edits that meet it ---- */

static struct merge_cell cell;
static const struct field *field;
static uint64_t head;

static void at_field(const char *type, const char *name)
{
    const struct type *t = schema_type_named(schema, type);

    assert_non_null(t);
    field = name ? type_field_named(t, name) : NULL;
    assert_true(!name || field);
    cell = (struct merge_cell){.field = field};
    head = 0;
}

static struct merge_edit edit(enum change_op op, uint64_t seen)
{
    return (struct merge_edit){.op = op, .field = field, .seen = seen};
}

static struct merge_result made(struct merge_edit *e, uint32_t replica,
                                int64_t at)
{
    struct row stamp = {.version = ++head,
                        .at = at,
                        .replica = replica,
                        .author = replica,
                        .seen = e->seen};
    struct merge_result r;
    enum err err = merge_apply(&context, e, &stamp, 0, &cell, &r);

    if (err)
        r = (struct merge_result){.reason = err, .outcome = 99};
    merge_edit_free(e);
    return r;
}

static enum outcome says(const char *text, uint64_t seen, uint32_t replica,
                         int64_t at)
{
    struct merge_edit e = edit(CHANGE_SET, seen);

    e.value = (struct value){.kind = VALUE_TEXT, .bytes = span_of(text)};
    return made(&e, replica, at).outcome;
}

/* The delta is what a device would make of the two texts. */
static enum outcome writes(const char *from, const char *to, uint64_t seen,
                           uint32_t replica)
{
    struct merge_edit e = edit(CHANGE_TEXT, seen);

    assert_int_equal(text_diff(span_of(from), span_of(to), &e.delta), 0);
    return made(&e, replica, 0).outcome;
}

static enum outcome adds(enum change_op op, const char *element, uint64_t seen,
                         uint32_t replica)
{
    struct merge_edit e = edit(op, seen);
    struct span *list = arena_take(&arena, sizeof *list);

    *list = span_of(element);
    e.elements = (struct elements){list, 1};
    return made(&e, replica, 0).outcome;
}

static const char *shown(void)
{
    static char text[2000];
    struct span s = cell.now.value.bytes;

    if (cell.now.value.kind != VALUE_TEXT)
        return "";
    assert_true(s.len < sizeof text);
    memcpy(text, s.at, s.len);
    text[s.len] = 0;
    return text;
}

/* ---- latest ---- */

static void an_edit_that_saw_the_value_replaces_it_whatever_the_clocks(void **s)
{
    (void)s;
    at_field("visit", "kind");
    assert_int_equal(says("support", 0, TAMSIN, 1000), OUTCOME_APPLIED);
    assert_int_equal(says("drop_in", 1, JORY, 10), OUTCOME_APPLIED);
    assert_string_equal(shown(), "drop_in");
}

static void of_two_blind_edits_the_later_shows(void **s)
{
    (void)s;
    at_field("visit", "kind");
    says("support", 0, TAMSIN, 1000);
    assert_int_equal(says("drop_in", 0, JORY, 999), OUTCOME_OVERTAKEN);
    assert_string_equal(shown(), "support");
    assert_int_equal(says("leaders", 0, DEMELZA, 1001), OUTCOME_APPLIED);
    assert_string_equal(shown(), "leaders");
}

static void a_tie_goes_to_the_higher_version(void **s)
{
    (void)s;
    at_field("visit", "kind");
    says("support", 0, TAMSIN, 1000);
    assert_int_equal(says("drop_in", 0, JORY, 1000), OUTCOME_APPLIED);
    assert_string_equal(shown(), "drop_in");
}

static void a_device_follows_its_own_chain(void **s)
{
    (void)s;
    at_field("visit", "kind");
    says("support", 0, TAMSIN, 1000);
    assert_int_equal(says("drop_in", 0, TAMSIN, 10), OUTCOME_APPLIED);
    assert_string_equal(shown(), "drop_in");
}

static void two_who_say_the_same_agree(void **s)
{
    (void)s;
    at_field("visit", "kind");
    says("support", 0, TAMSIN, 1000);
    assert_int_equal(says("support", 0, JORY, 2000), OUTCOME_AGREED);
    assert_int_equal(cell.now.version, 1);
    assert_int_equal(says("leaders", 1, DEMELZA, 5), OUTCOME_APPLIED);
}

static void what_is_replaced_goes_to_history_as_it_was(void **s)
{
    struct merge_edit e;
    struct merge_result r;

    (void)s;
    at_field("visit", "kind");
    says("support", 0, TAMSIN, 1000);
    e = edit(CHANGE_SET, 1);
    e.value = (struct value){.kind = VALUE_TEXT, .bytes = span_of("leaders")};
    r = made(&e, JORY, 2000);
    assert_true(r.moved && r.has_past);
    assert_int_equal(r.past.version, 1);
    assert_true(span_equal(r.past.value.bytes, span_of("support")));
}

/* ---- once, rank, ask ---- */

static void the_first_value_of_once_stays_even_for_one_who_saw_it(void **s)
{
    (void)s;
    at_field("signoff", "as_role");
    assert_int_equal(says("Hub lead", 0, TAMSIN, 1), OUTCOME_APPLIED);
    assert_int_equal(says("Trust lead", 1, JORY, 2), OUTCOME_HELD);
    assert_int_equal(says("Hub lead", 0, JORY, 3), OUTCOME_AGREED);
    assert_string_equal(shown(), "Hub lead");
}

static void the_further_status_wins_over_the_later_one(void **s)
{
    (void)s;
    at_field("action", "status");
    says("not_started", 0, TAMSIN, 1);
    assert_int_equal(says("complete", 1, TAMSIN, 100), OUTCOME_APPLIED);
    assert_int_equal(says("in_progress", 1, JORY, 200), OUTCOME_OVERTAKEN);
    assert_string_equal(shown(), "complete");
}

static void
two_blind_judgements_are_a_conflict_and_the_shown_one_stays(void **s)
{
    (void)s;
    at_field("judgement", "grade");
    says("needs_attention", 0, JORY, 10);
    assert_int_equal(says("expected_standard", 0, DEMELZA, 20),
                     OUTCOME_CONFLICT);
    assert_string_equal(shown(), "needs_attention");
    assert_int_equal(says("expected_standard", 1, DEMELZA, 20),
                     OUTCOME_APPLIED);
}

/* ---- set ---- */

static void tags_of_two_people_both_count(void **s)
{
    (void)s;
    at_field("evidence", "areas");
    adds(CHANGE_ADD, "TM", 0, TAMSIN);
    adds(CHANGE_ADD, "ID", 1, TAMSIN);
    adds(CHANGE_REMOVE, "TM", 2, JORY);
    adds(CHANGE_ADD, "DP", 2, JORY);
    assert_int_equal(adds(CHANGE_ADD, "TL", 2, TAMSIN), OUTCOME_MERGED);
    assert_string_equal(shown(), "[\"DP\",\"ID\",\"TL\"]");
}

static void a_concurrent_add_beats_a_remove(void **s)
{
    (void)s;
    at_field("evidence", "areas");
    adds(CHANGE_ADD, "TM", 0, TAMSIN); /* 1 */
    adds(CHANGE_ADD, "TM", 1, JORY);   /* 2: again, by another */
    assert_int_equal(adds(CHANGE_REMOVE, "TM", 1, TAMSIN), OUTCOME_AGREED);
    assert_string_equal(shown(), "[\"TM\"]");
    assert_int_equal(adds(CHANGE_REMOVE, "TM", 2, TAMSIN), OUTCOME_APPLIED);
    assert_string_equal(shown(), "");
}

/* ---- text ---- */

static void separate_places_are_merged_without_a_question(void **s)
{
    const char *base = "Plans are clear. Review meetings are on time.";

    (void)s;
    at_field("visit", "findings");
    assert_int_equal(writes("", base, 0, DEMELZA), OUTCOME_APPLIED);
    writes(base,
           "Plans are clear. Teachers can explain them. Review meetings are "
           "on time.",
           1, JORY);
    assert_int_equal(writes(base,
                            "Plans are clear. Review meetings are on time. "
                            "Parents' views appear in eight of ten.",
                            1, TAMSIN),
                     OUTCOME_MERGED);
    assert_string_equal(
        shown(), "Plans are clear. Teachers can explain them. Review meetings "
                 "are on time. Parents' views appear in eight of ten.");
    assert_false(cell.now.flags & ROW_CHECK_WORDING);
}

static void the_same_words_reworded_stand_side_by_side_and_are_flagged(void **s)
{
    const char *base = "Adaptation is inconsistent.";

    (void)s;
    at_field("recommendation", "text");
    writes("", base, 0, TAMSIN);
    writes(base, "Adaptation is strong in English and weaker in mathematics.",
           1, JORY);
    writes(base, "Adaptation is too variable in Key Stage 3.", 1, DEMELZA);
    assert_non_null(strstr(shown(), "strong in English"));
    assert_non_null(strstr(shown(), "too variable in Key Stage 3"));
    assert_null(strstr(shown(), "inconsistent"));
    assert_true(cell.now.flags & ROW_CHECK_WORDING);
}

static void later_typing_on_an_edit_that_was_merged_finds_its_place(void **s)
{
    (void)s;
    at_field("visit", "findings");
    writes("", "One. Two.", 0, DEMELZA);                /* 1 */
    writes("One. Two.", "Zero. One. Two.", 1, JORY);    /* 2 */
    writes("One. Two.", "One. Two. Three.", 1, TAMSIN); /* 3: merged */
    /* Tamsin has not heard yet: she goes on from her own text. */
    writes("One. Two. Three.", "One. Two. Three. Four.", 1, TAMSIN);
    assert_string_equal(shown(), "Zero. One. Two. Three. Four.");
    writes("Zero. One. Two. Three. Four.", "Zero. One. Two. Three. Four. Five.",
           4, JORY);
    writes("One. Two. Three. Four.", "One. Two. Three. Four. Six.", 1, TAMSIN);
    assert_non_null(strstr(shown(), "Five."));
    assert_non_null(strstr(shown(), "Six."));
    assert_null(strstr(strstr(shown(), "Four.") + 1, "Four."));
}

static void typing_goes_on_after_both_wrote_the_same(void **s)
{
    (void)s;
    at_field("visit", "findings");
    writes("", "one", 0, DEMELZA);
    writes("one", "one two", 1, JORY);
    assert_int_equal(writes("one", "one two", 1, TAMSIN), OUTCOME_MERGED);
    assert_string_equal(shown(), "one two");
    writes("one two", "zero one two", 3, JORY);
    assert_int_equal(writes("one two", "one two three", 1, TAMSIN),
                     OUTCOME_MERGED);
    assert_string_equal(shown(), "zero one two three");
}

static void an_old_text_can_be_met_after_many_others(void **s)
{
    char from[400] = "Start.", to[1000];

    (void)s;
    at_field("visit", "findings");
    writes("", from, 0, DEMELZA);
    for (int i = 0; i < 20; i++) {
        snprintf(to, sizeof to, "%s Line %d.", from, i);
        writes(from, to, (uint64_t)i + 1, JORY);
        assert_true(strlen(to) < sizeof from);
        memcpy(from, to, strlen(to) + 1);
    }
    assert_int_equal(writes("Start.", "Before. Start.", 1, TAMSIN),
                     OUTCOME_MERGED);
    snprintf(to, sizeof to, "Before. %s", from);
    assert_string_equal(shown(), to);
}

static void every_older_text_can_be_had_back(void **s)
{
    static const char *const texts[] = {"A note.", "A longer note.",
                                        "Now: A longer note.", ""};
    struct span text;
    struct buf b = {0};

    (void)s;
    at_field("visit", "findings");
    writes("", texts[0], 0, JORY);
    writes(texts[0], texts[1], 1, TAMSIN);
    assert_int_equal(writes(texts[0], "Now: A note.", 1, JORY), OUTCOME_MERGED);
    assert_string_equal(shown(), texts[2]);
    writes(texts[2], texts[3], 3, TAMSIN);
    text = span_of("");
    struct merge_past *p = cell.past;
    for (int i = 2; i >= 0; i--, p = p->next) {
        struct items in;
        struct text_delta d = {0};
        struct span packed = p->row.value.bytes;
        assert_true(p->row.flags & ROW_REVERSE);
        assert_int_equal(pack_parse_next(pack, &packed, &in), 0);
        assert_int_equal(text_delta_read(in, &d), 0);
        buf_clear(&b);
        assert_int_equal(text_apply(text, &d, &b), 0);
        text_delta_free(&d);
        text = arena_copy(&arena, buf_span(&b));
        assert_true(span_equal(text, span_of(texts[i])));
    }
    buf_free(&b);
}

static void a_delta_past_the_end_is_refused_and_moves_nothing(void **s)
{
    struct merge_edit e;

    (void)s;
    at_field("visit", "findings");
    writes("", "Short.", 0, JORY);
    e = edit(CHANGE_TEXT, 1);
    assert_int_equal(text_diff(span_of("A much longer text."),
                               span_of("A much longer text!"), &e.delta),
                     0);
    assert_int_equal(made(&e, TAMSIN, 0).reason, ERR_BAD_DELTA);
    assert_string_equal(shown(), "Short.");
    assert_false(cell.now.flags & ROW_REVERSE);
}

static void a_seen_from_the_future_is_refused(void **s)
{
    (void)s;
    at_field("visit", "kind");
    says("support", 0, TAMSIN, 1);
    assert_int_equal(says("leaders", 77, JORY, 2), 99);
    assert_string_equal(shown(), "support");
}

/* ---- Existence ---- */

static void a_delete_that_saw_all_of_it_deletes(void **s)
{
    struct merge_edit e = edit(CHANGE_CREATE, 0);
    struct row stamp = {.version = 9, .replica = JORY};
    struct merge_result r;

    (void)s;
    at_field("visit", NULL);
    e.field = NULL;
    assert_int_equal(made(&e, TAMSIN, 1).outcome, OUTCOME_APPLIED);
    assert_int_equal(made(&e, JORY, 1).outcome, OUTCOME_AGREED);
    e.op = CHANGE_DELETE;
    e.seen = 5;
    assert_int_equal(merge_apply(&context, &e, &stamp, 6, &cell, &r), 0);
    assert_int_equal(r.outcome, OUTCOME_OVERTAKEN);
    assert_int_equal(cell.now.value.integer, 1);
    assert_int_equal(merge_apply(&context, &e, &stamp, 5, &cell, &r), 0);
    assert_int_equal(r.outcome, OUTCOME_APPLIED);
    assert_int_equal(cell.now.value.integer, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_edit_that_saw_the_value_replaces_it_whatever_the_clocks),
        cmocka_unit_test(of_two_blind_edits_the_later_shows),
        cmocka_unit_test(a_tie_goes_to_the_higher_version),
        cmocka_unit_test(a_device_follows_its_own_chain),
        cmocka_unit_test(two_who_say_the_same_agree),
        cmocka_unit_test(what_is_replaced_goes_to_history_as_it_was),
        cmocka_unit_test(the_first_value_of_once_stays_even_for_one_who_saw_it),
        cmocka_unit_test(the_further_status_wins_over_the_later_one),
        cmocka_unit_test(
            two_blind_judgements_are_a_conflict_and_the_shown_one_stays),
        cmocka_unit_test(tags_of_two_people_both_count),
        cmocka_unit_test(a_concurrent_add_beats_a_remove),
        cmocka_unit_test(separate_places_are_merged_without_a_question),
        cmocka_unit_test(
            the_same_words_reworded_stand_side_by_side_and_are_flagged),
        cmocka_unit_test(
            later_typing_on_an_edit_that_was_merged_finds_its_place),
        cmocka_unit_test(typing_goes_on_after_both_wrote_the_same),
        cmocka_unit_test(an_old_text_can_be_met_after_many_others),
        cmocka_unit_test(every_older_text_can_be_had_back),
        cmocka_unit_test(a_delta_past_the_end_is_refused_and_moves_nothing),
        cmocka_unit_test(a_seen_from_the_future_is_refused),
        cmocka_unit_test(a_delete_that_saw_all_of_it_deletes),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
