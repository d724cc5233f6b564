/* What the writer keeps of buckets and replicas. */
#include "cmocka_all.h"

#include "ledger.h"

static void room(struct ledger *l, uint32_t no, const char *name, bool commits)
{
    struct store_bucket b = {.no = no, .name = span_of(name)};
    struct commit c = {.buckets = &b, .bucket_count = 1};

    assert_int_equal(ledger_room(l, &c), ERR_OK);
    if (commits)
        ledger_put_bucket(l, &b);
}

static void a_commit_that_fails_names_no_bucket(void **s)
{
    struct ledger l = {0};

    (void)s;
    room(&l, 3, "school/one", false);
    room(&l, 3, "school/two", true);
    assert_null(ledger_bucket_named(&l, span_of("school/one")));
    assert_int_equal(ledger_bucket_named(&l, span_of("school/two"))->no, 3);
    room(&l, 3, "school/two", true);
    assert_true(span_equal(ledger_bucket(&l, 3)->name, span_of("school/two")));
    ledger_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_that_fails_names_no_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
