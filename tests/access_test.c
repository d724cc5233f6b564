/* Who reaches which bucket, by the roles of the real schema. */
#include "cmocka_all.h"

#include "access.h"
#include "id.h"

#include <stdio.h>

static struct schema *schema;
static struct access *access_now;
static struct id tamsin, kerra, helen, samir, arvor, porthenwyn, polwhenna;

static struct span bucket(const char *kind, const struct id *id)
{
    static char name[8][80];
    static unsigned turn;
    char *to = name[turn++ % 8];
    char text[ID_TEXT_BYTES + 1];

    id_text(*id, text);
    snprintf(to, sizeof name[0], "%s/%s", kind, text);
    return span_of(to);
}

static void assign(const struct id *person, const char *role, struct span scope,
                   int64_t from, int64_t until)
{
    assert_int_equal(access_add_assignment(access_now, person, span_of(role),
                                           scope, from, until),
                     ERR_OK);
}

static int set_up(void **state)
{
    struct schema_fault fault;
    struct id other = id_named(span_of("menydh"));

    (void)state;
    tamsin = id_named(span_of("tamsin"));
    kerra = id_named(span_of("kerra"));
    helen = id_named(span_of("helen"));
    samir = id_named(span_of("samir"));
    arvor = id_named(span_of("arvor"));
    porthenwyn = id_named(span_of("porthenwyn"));
    polwhenna = id_named(span_of("polwhenna"));
    assert_int_equal(schema_load("schema/records.json", &schema, &fault), 0);
    assert_int_equal(access_open(schema, &access_now), 0);
    assert_int_equal(access_add_school(access_now, &porthenwyn, &arvor), 0);
    assert_int_equal(access_add_school(access_now, &polwhenna, &other), 0);
    assign(&tamsin, "hub_lead", bucket("hub", &arvor), 0, 0);
    assign(&kerra, "sendco", bucket("school", &porthenwyn), 0, 0);
    assign(&helen, "trust_lead", span_of("trust"), 0, 0);
    assign(&samir, "partner_reviewer", bucket("review", &arvor), 100, 200);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    access_drop(access_now);
    schema_free(schema);
    return 0;
}

static bool reaches(const struct id *person, struct span name, int64_t at)
{
    return access_roles(access_now, person, name, at) != 0;
}

static void a_hub_lead_reaches_the_schools_of_the_hub_and_no_other(void **s)
{
    (void)s;
    assert_true(reaches(&tamsin, bucket("school", &porthenwyn), 1));
    assert_true(reaches(&tamsin, bucket("oversight", &porthenwyn), 1));
    assert_false(reaches(&tamsin, bucket("school", &polwhenna), 1));
    assert_false(reaches(&tamsin, bucket("oversight", &polwhenna), 1));
    assert_false(reaches(&tamsin, span_of("admin"), 1));
}

static void a_school_never_reaches_its_oversight(void **s)
{
    (void)s;
    assert_true(reaches(&kerra, bucket("school", &porthenwyn), 1));
    assert_false(reaches(&kerra, bucket("oversight", &porthenwyn), 1));
    assert_false(reaches(&kerra, bucket("school", &polwhenna), 1));
}

static void a_partner_reaches_one_review_while_access_lasts(void **s)
{
    (void)s;
    assert_false(reaches(&samir, bucket("review", &arvor), 99));
    assert_true(reaches(&samir, bucket("review", &arvor), 100));
    assert_true(reaches(&samir, bucket("review", &arvor), 199));
    assert_false(reaches(&samir, bucket("review", &arvor), 200));
    assert_false(reaches(&samir, bucket("review", &porthenwyn), 150));
    assert_false(reaches(&samir, span_of("staff"), 150));
    assert_true(reaches(&samir, span_of("common"), 150));
}

static void everyone_has_a_bucket_of_their_own_and_no_one_elses(void **s)
{
    (void)s;
    assert_true(reaches(&kerra, bucket("person", &kerra), 1));
    assert_false(reaches(&helen, bucket("person", &kerra), 1));
}

static void strangers_and_made_up_buckets_reach_nothing(void **s)
{
    struct id nobody = id_named(span_of("nobody"));

    (void)s;
    assert_false(reaches(&nobody, span_of("common"), 1));
    assert_false(reaches(&helen, span_of(""), 1));
    assert_false(reaches(&helen, span_of("school/"), 1));
    assert_false(reaches(&helen, span_of("schools/x"), 1));
    assert_false(reaches(&helen, span_of("admin/x"), 1));
}

static void a_records_bucket_must_fit_its_type(void **s)
{
    const struct type *visit = schema_type_named(schema, "visit");
    const struct type *review = schema_type_named(schema, "review");

    (void)s;
    assert_true(
        access_bucket_fits(visit, bucket("oversight", &porthenwyn), &arvor));
    assert_false(
        access_bucket_fits(visit, bucket("school", &porthenwyn), &arvor));
    assert_false(access_bucket_fits(visit, span_of("oversight/x"), &arvor));
    assert_true(access_bucket_fits(review, bucket("review", &arvor), &arvor));
    assert_false(
        access_bucket_fits(review, bucket("review", &porthenwyn), &arvor));
}

static void a_field_can_be_narrower_than_its_type(void **s)
{
    const struct type *t = schema_type_named(schema, "priority");
    const struct field *school = type_field_named(t, "school_progress");
    const struct field *hub = type_field_named(t, "hub_progress");
    role_set sendco = schema_role_named(schema, "sendco")->bit;
    role_set lead = schema_role_named(schema, "hub_lead")->bit;

    (void)s;
    assert_true(access_may(t, school, ACCESS_WRITE, sendco));
    assert_false(access_may(t, school, ACCESS_WRITE, lead));
    assert_true(access_may(t, hub, ACCESS_WRITE, lead));
    assert_false(access_may(t, hub, ACCESS_WRITE, sendco));
    assert_false(access_may(t, hub, ACCESS_WRITE, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_hub_lead_reaches_the_schools_of_the_hub_and_no_other),
        cmocka_unit_test(a_school_never_reaches_its_oversight),
        cmocka_unit_test(a_partner_reaches_one_review_while_access_lasts),
        cmocka_unit_test(everyone_has_a_bucket_of_their_own_and_no_one_elses),
        cmocka_unit_test(strangers_and_made_up_buckets_reach_nothing),
        cmocka_unit_test(a_records_bucket_must_fit_its_type),
        cmocka_unit_test(a_field_can_be_narrower_than_its_type),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
