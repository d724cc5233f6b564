/* schema_test.c -- the real schema, a small one, and what is refused: each
 * fault names its line. */
#include "cmocka_all.h"

#include "json.h"
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>

static struct schema *load(const char *path)
{
    struct schema *s = NULL;
    struct schema_fault fault;

    if (schema_load(path, &s, &fault))
        fail_msg("%s line %u: %s", path, fault.line, fault.text);
    return s;
}

/* ---- The real one ---- */

static void the_trusts_schema_is_valid(void **state)
{
    (void)state;
    struct schema *s = load("schema/records.json");
    const struct type *visit = schema_type_named(s, "visit");

    assert_int_equal(s->type_count, 39);
    assert_int_equal(s->role_count, 11);
    assert_non_null(visit);
    assert_ptr_equal(schema_type(s, visit->id), visit);
    assert_null(schema_type(s, 0));
    assert_null(schema_type(s, 255));
    assert_string_equal(visit->bucket, "oversight/{school}");
    assert_int_equal(type_field_named(visit, "findings")->rule, RULE_TEXT);
    for (uint32_t i = 0; i < visit->field_count; i++)
        assert_ptr_equal(type_field(visit, visit->fields[i].id),
                         &visit->fields[i]);
    assert_null(type_field(visit, 0));
    assert_null(type_field(visit, 127));
    schema_free(s);
}

static void a_grade_and_its_reason_are_one_unit(void **state)
{
    (void)state;
    struct schema *s = load("schema/records.json");
    const struct type *t = schema_type_named(s, "judgement");
    const struct field *grade = type_field_named(t, "grade");
    const struct field *why = type_field_named(t, "rationale");
    const struct field *line = type_field_named(t, "line");

    assert_true(grade->grouped && why->grouped);
    assert_int_equal(grade->unit, grade->id);
    assert_int_equal(why->unit, grade->id);
    assert_false(line->grouped);
    assert_int_equal(line->unit, line->id);
    assert_string_equal(grade->order[0], "urgent_improvement");
    assert_string_equal(grade->resolver, "lead reviewer");
    assert_ptr_equal(t->natural[0], type_field_named(t, "review"));
    assert_ptr_equal(t->natural[1], line);
    assert_null(t->natural[2]);
    schema_free(s);
}

static void as_parent_is_widened(void **state)
{
    (void)state;
    struct schema *s = load("schema/records.json");
    const struct type *evidence = schema_type_named(s, "evidence");
    const struct type *signoff = schema_type_named(s, "signoff");
    role_set hub_lead = schema_role_named(s, "hub_lead")->bit;
    role_set partner = schema_role_named(s, "partner_reviewer")->bit;
    role_set it_admin = schema_role_named(s, "it_admin")->bit;
    role_set headteacher = schema_role_named(s, "headteacher")->bit;

    assert_string_equal(evidence->bucket, "oversight/{school} or "
                                          "school/{school} or "
                                          "review/{review}");
    assert_ptr_equal(evidence->parent, type_field_named(evidence, "parent"));
    assert_true(evidence->read & ROLE_PARENT);
    assert_true(evidence->read & hub_lead);
    assert_true(evidence->read & partner);
    assert_false(evidence->read & it_admin);
    assert_true(signoff->create & headteacher);
    assert_true(signoff->create & ROLE_LEAD);
    assert_false(signoff->create & partner);
    assert_int_equal(signoff->write, 0);
    schema_free(s);
}

static void roles_say_which_buckets_they_open(void **state)
{
    (void)state;
    struct schema *s = load("schema/records.json");
    const struct role *trustee = schema_role_named(s, "trustee");
    const struct role *hub_lead = schema_role_named(s, "hub_lead");
    bool oversight = false;

    assert_false(trustee->tablet);
    assert_true(hub_lead->tablet);
    for (const char *const *p = hub_lead->reach; *p; p++)
        oversight |= !strcmp(*p, "oversight/@hub");
    assert_true(oversight);
    assert_null(schema_role_named(s, "author"));
    schema_free(s);
}

/* ---- What is refused ---- */

struct refused {
    const char *from, *to; /* replaced in the small schema */
    const char *says;
};

/* The line on which the n-th byte stands. */
static uint32_t line_at(const char *text, const char *at)
{
    uint32_t line = 1;

    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static char *read_small(void)
{
    static char text[8192];
    FILE *file = fopen("tests/data/small.json", "rb");

    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    return text;
}

static void expect_refused(const struct refused *r)
{
    static char changed[16384];
    char *small = read_small(), *at = strstr(small, r->from);
    struct schema *s = NULL;
    struct schema_fault fault;

    if (!at)
        fail_msg("'%s' is not in the small schema", r->from);
    int n = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - small),
                     small, r->to, at + strlen(r->from));
    assert_in_range(n, 1, sizeof changed - 1);
    enum err err = schema_parse(span_of(changed), &s, &fault);
    if (err != ERR_SCHEMA)
        fail_msg("'%s' gave %s", r->to, err_name(err));
    assert_null(s);
    if (!strstr(fault.text, r->says))
        fail_msg("'%s' should say '%s'", fault.text, r->says);
    uint32_t line = line_at(small, at);
    if (fault.line + 3 < line || fault.line > line + 3)
        fail_msg("'%s' is said of line %u, not %u", fault.text, fault.line,
                 line);
}

static const struct refused REFUSED[] = {
    {"\"id\": 1, \"type\": \"school\"", "\"type\": \"school\"",
     "'school' has no \"id\""},
    {"\"id\": 1, \"type\": \"school\"", "\"id\": 0, \"type\": \"school\"",
     "is not a number from 1"},
    {"\"id\": 1, \"type\": \"school\"", "\"id\": 256, \"type\": \"school\"",
     "is not a number from 1"},
    {"\"id\": 3, \"type\": \"note\"", "\"id\": 1, \"type\": \"note\"",
     "id 1 is taken by 'school'"},
    {"\"id\": 3, \"type\": \"note\"", "\"id\": 3, \"type\": \"school\"",
     "the type 'school' stands twice"},
    {"\"type\": \"note\"", "\"type\": \"No-te\"", "is not a name"},
    {"\"type\": \"note\"", "\"type\": \"store_note\"", "are the store's"},
    {"\"id\": 2, \"name\": \"date\"", "\"id\": 1, \"name\": \"date\"",
     "id 1 is taken by 'school'"},
    {"\"id\": 2, \"name\": \"date\"", "\"name\": \"date\"",
     "'date' has no \"id\""},
    {"\"name\": \"date\"", "\"name\": \"school\"",
     "the field 'school' stands twice"},
    {"\"name\": \"date\"", "\"name\": \"school_id\"",
     "is the id of 'school' in the view"},
    {"\"name\": \"date\"", "\"name\": \"bucket\"",
     "is a column that every view has"},
    {"\"type\": \"date\"", "\"type\": \"day\"",
     "there is no kind of field 'day'"},
    {"\"merge\": \"ask\", \"choices\"", "\"merge\": \"vote\", \"choices\"",
     "there is no merge rule 'vote'"},
    {"\"type\": \"date\", \"merge\": \"latest\"",
     "\"type\": \"date\", \"merge\": \"text\"", "the rule text but is a"},
    {"\"type\": \"date\", \"merge\": \"latest\"",
     "\"type\": \"date\", \"merge\": \"set\"", "only sets"},
    {"\"type\": \"date\", \"merge\": \"latest\"",
     "\"type\": \"date\", \"merge\": \"rank\"", "rank"},
    {"\"merge\": \"rank\", \"order\": [false, true]", "\"merge\": \"rank\"",
     "no order"},
    {"\"order\": [false, true]", "\"order\": [true, false]", "[false, true]"},
    {"\"choices\": \"grade\"", "\"choices\": \"grades\"",
     "no list of choices 'grades'"},
    {"\"order\": [\"low\", \"middle\", \"high\"]",
     "\"order\": [\"low\", \"high\"]", "leaves a choice out"},
    {"\"order\": [\"low\", \"middle\", \"high\"]",
     "\"order\": [\"low\", \"middle\", \"top\"]", "is not a choice"},
    {"\"ref\": \"school\"", "\"ref\": \"school|pupil\"",
     "'pupil', which is no type"},
    {"\"ref\": \"school\"", "\"hint\": \"\"", "what it refers to"},
    {"\"max\": 8000", "\"max\": 100001", "is not a number from 1 to"},
    {"\"merge\": \"text\", \"group\": \"view\"", "\"merge\": \"text\"",
     "alone in its group"},
    {"\"merge\": \"text\", \"group\": \"view\"",
     "\"merge\": \"text\", \"group\": \"view\", \"write\": [\"reader\"]",
     "other writers"},
    {"\"merge\": \"text\", \"group\": \"view\"",
     "\"merge\": \"once\", \"group\": \"view\"", "cannot be in a group"},
    {"\"resolver\": \"reader\"", "\"resolver\": \"boss\"", "no role 'boss'"},
    {"\"read\": [\"writer\", \"reader\"], \"write\"",
     "\"read\": [\"writer\", \"leser\"], \"write\"", "no role 'leser'"},
    {"\"reach\": [\"common\", \"school/@\"]",
     "\"reach\": [\"common\", \"school/mine\"]", "is not a bucket pattern"},
    {"{ \"reach\": [\"common\", \"school/@\"] }", "{ }", "has no \"reach\""},
    {"\"bucket\": \"school/{school}\"", "\"bucket\": \"school/school\"",
     "is not a bucket of a type"},
    {"\"name\": \"parent\"", "\"name\": \"above\"", "has no ref"},
    {"\"bucket\": \"common\",",
     "\"bucket\": \"common\", \"identity\": {\"natural\": [\"town\"]},",
     "'town' is not a field"},
    {"\"bucket\": \"common\",",
     "\"bucket\": \"common\", \"identity\": {\"natural\": [\"name\"]},",
     "cannot be in a key"},
    {"\"bucket\": \"common\",", "\"bucket\": \"common\", \"title\": \"town\",",
     "the title 'town'"},
    {"\"bucket\": \"common\",", "\"bucket\": \"common\", \"life\": \"long\",",
     "no life cycle"},
    {"\"label\": \"School\"", "\"label\": \"School\", \"label\": \"B\"",
     "twice in one object"},
    {"\"label\": \"School\",", "\"label\": \"School\"", "comma"},
    {"\"label\": \"School\"", "\"label\": School", "not JSON"},
};

static void a_fault_names_its_line(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
        expect_refused(&REFUSED[i]);
}

static void half_a_file_is_refused(void **state)
{
    (void)state;
    struct span small = span_of(read_small());
    struct schema_fault fault;
    struct schema *s;

    while (small.len > 0 && small.at[small.len - 1] != '}')
        small.len--;
    assert_int_equal(schema_parse(small, &s, &fault), ERR_OK);
    schema_free(s);
    while (small.len-- > 0) {
        assert_int_equal(schema_parse(small, &s, &fault), ERR_SCHEMA);
        assert_null(s);
    }
    assert_int_equal(schema_load("tests/data/none.json", &s, &fault),
                     ERR_SCHEMA);
    assert_non_null(strstr(fault.text, "cannot be read"));
}

/* ---- Growth ---- */

static enum err grown(const char *from, const char *to,
                      struct schema_fault *fault)
{
    static char changed[16384];
    char *small = read_small(), *at = strstr(small, from);
    struct schema *was = load("tests/data/small.json"), *next = NULL;

    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - small), small, to,
             at + strlen(from));
    enum err err = schema_parse(span_of(changed), &next, fault);
    if (err)
        fail_msg("line %u: %s", fault->line, fault->text);
    err = schema_grows_from(next, was, fault);
    schema_free(next);
    schema_free(was);
    return err;
}

static void a_schema_grows_by_new_numbers(void **state)
{
    (void)state;
    struct schema_fault fault;

    assert_int_equal(
        grown("\"label\": \"School\"", "\"label\": \"Place\"", &fault), ERR_OK);
    assert_int_equal(grown("\"fields\": [\n     { \"id\": 1, \"name\": "
                           "\"name\"",
                           "\"fields\": [\n     { \"id\": 9, \"name\": "
                           "\"town\", \"type\": \"string\", \"merge\": "
                           "\"latest\" },\n     { \"id\": 1, \"name\": "
                           "\"name\"",
                           &fault),
                     ERR_OK);
    assert_int_equal(grown("[\"a\", \"b\"]", "[\"a\", \"b\", \"c\"]", &fault),
                     ERR_OK);
}

static void a_number_is_for_ever(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"\"id\": 4, \"type\": \"comment\"", "\"id\": 5, \"type\": \"comment\"",
         "type 4, 'comment', is lost"},
        {"\"id\": 12, \"name\": \"order\"", "\"id\": 13, \"name\": \"order\"",
         "lost field 12"},
        {"\"id\": 12, \"name\": \"order\"", "\"id\": 12, \"name\": \"place\"",
         "was 'order' and is now 'place'"},
        {"\"name\": \"order\", \"type\": \"int\"",
         "\"name\": \"order\", \"type\": \"decimal\"", "another kind"},
        {"\"name\": \"words\", \"type\": \"text\", \"merge\": \"latest\"",
         "\"name\": \"words\", \"type\": \"text\", \"merge\": \"text\"",
         "merge rule"},
        {"[\"a\", \"b\"]", "[\"a\", \"c\"]", "lost the choice 'b'"},
    };
    struct schema_fault fault;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(grown(cases[i].from, cases[i].to, &fault), ERR_SCHEMA);
        if (!strstr(fault.text, cases[i].says))
            fail_msg("'%s' should say '%s'", fault.text, cases[i].says);
    }
}

/* ---- JSON ---- */

static void strings_are_read_with_their_escapes(void **state)
{
    (void)state;
    struct json j;
    struct buf out = {0};
    uint32_t line;
    const char *why;

    assert_int_equal(json_open(span_of("[\"a\\\"\\u00e9\\ud83d\\ude00\\n\", "
                                       "\"\\ud83d\", \"\\u0000\"]"),
                               &j, &line, &why),
                     ERR_OK);
    uint32_t first = json_first(&j, 0), second = json_next(&j, 0, first);
    assert_true(json_string(&j, first, &out));
    assert_true(
        span_equal(buf_span(&out), span_of("a\"\xc3\xa9\xf0\x9f\x98\x80\n")));
    assert_false(json_string(&j, second, &out));
    assert_false(json_string(&j, json_next(&j, 0, second), &out));
    json_close(&j);
    buf_free(&out);
}

static void the_reader_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "[",           "{\"a\":1,}", "[1,,2]", "[1 2]",
        "{\"a\" 1}", "{1:2}",       "[01]",       "[1.]",   "[tru]",
        "[] []",     "{\"a\":1 2}", "[,1]",       "[1,]",   "{\"a\"}",
        "{\"a\":}",  "[\"\\x\"]",   "[1]]",       "[1}",    "[\"\t\"]x",
        "[-]",       "[1e]",        "[+1]",
    };
    static const char *const good[] = {
        "[]",
        "{}",
        " [ ] ",
        "[-1, 0.5, 1e3, -2.25E-7]",
        "[1,[2,[3]],{\"a\":[{}]}]",
        "{\"a\":{\"b\":null},\"c\":true}",
    };
    struct json j;
    uint32_t line;
    const char *why;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (json_open(span_of(bad[i]), &j, &line, &why) != ERR_SCHEMA)
            fail_msg("%s was read", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (json_open(span_of(good[i]), &j, &line, &why))
            fail_msg("%s: %s", good[i], why);
        json_close(&j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trusts_schema_is_valid),
        cmocka_unit_test(a_grade_and_its_reason_are_one_unit),
        cmocka_unit_test(as_parent_is_widened),
        cmocka_unit_test(roles_say_which_buckets_they_open),
        cmocka_unit_test(a_fault_names_its_line),
        cmocka_unit_test(half_a_file_is_refused),
        cmocka_unit_test(a_schema_grows_by_new_numbers),
        cmocka_unit_test(a_number_is_for_ever),
        cmocka_unit_test(strings_are_read_with_their_escapes),
        cmocka_unit_test(the_reader_is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
