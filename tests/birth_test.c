/* A bucket that is born in a batch which has consequences: the stages after
 * the first still know it by its number. */
#include "trust.h"

static struct buf a_dated_visit(struct id record)
{
    struct buf b = {0};

    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin_named(&b, span_of(oversight), record, 3);
    change_create(&b, schema_type_named(w.schema, "visit")->id);
    change_edit_begin(&b, CHANGE_SET, field_of("school"), 0);
    pack_id(&b, porthenwyn);
    change_edit_begin(&b, CHANGE_SET, field_of("date"), 0);
    pack_text(&b, span_of("2026-01-14"));
    return b;
}

static bool count_each(void *context, const struct row *row)
{
    size_t *count = context;

    *count += row->field == 0;
    return true;
}

static void its_first_records_may_be_alike(void **s)
{
    const struct type *notice = schema_type_named(w.schema, "notice");
    struct store_report r;
    size_t notices = 0;
    struct buf c = {0};

    (void)s;
    connect(kerra);
    connect(jory);
    connect(tamsin);
    buf_put(&c, "\x92\x01\xc1", 3);
    push(kerra, 1, &c); /* while it is written, the others share a batch */
    c = a_dated_visit(id_named(span_of("v1")));
    push(tamsin, 1, &c);
    c = a_dated_visit(id_named(span_of("v2")));
    push(tamsin, 2, &c);
    c = a_dated_visit(id_named(span_of("v3")));
    push(jory, 1, &c);
    world_work();
    assert_int_equal(hub_fault(w.hub), ERR_OK);
    assert_int_equal(hear(tamsin).outcome_last, 2);
    assert_int_equal(reader_type(w.reader, notice->id, count_each, &notices),
                     ERR_OK);
    assert_true(notices > 0);
    assert_int_equal(reader_check(w.reader, &r), ERR_OK);
}

static void its_first_record_may_be_held(void **s)
{
    struct buf c = a_dated_visit(id_named(span_of("v1")));
    struct buf forged = a_dated_visit(id_named(span_of("v2")));

    (void)s;
    connect(kerra);
    connect(tamsin);
    push(kerra, 1, &forged); /* no lead: held, and a number is passed over */
    push(tamsin, 1, &c);
    world_work();
    assert_int_equal(hub_fault(w.hub), ERR_OK);
    assert_int_equal(hear(kerra).reason, ERR_DENIED);
    assert_int_equal(hear(tamsin).exceptions, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(its_first_records_may_be_alike),
        STORY(its_first_record_may_be_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
