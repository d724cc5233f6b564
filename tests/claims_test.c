/* However many edits of one record a batch brings, each of its fields is read
 * from the store once. store_claim() is wrapped by the linker and counted. */
#include "trust.h"

enum err __real_store_claim(struct store *, struct claim *, size_t,
                            struct arena *);
enum err __wrap_store_claim(struct store *, struct claim *, size_t,
                            struct arena *);

enum { EDITS = 1000, CLAIMS_MAX = 64 };

static struct claim claimed[CLAIMS_MAX];
static size_t claim_count, twice;
static bool counting;

enum err __wrap_store_claim(struct store *store, struct claim *list,
                            size_t count, struct arena *arena)
{
    for (size_t i = 0; counting && i < count; i++) {
        for (size_t k = 0; k < claim_count; k++)
            twice += claimed[k].bucket == list[i].bucket &&
                     claimed[k].field == list[i].field &&
                     id_equal(claimed[k].record, list[i].record);
        assert_true(claim_count < CLAIMS_MAX);
        claimed[claim_count++] = list[i];
    }
    return __real_store_claim(store, list, count, arena);
}

static void a_thousand_edits_in_one_batch_load_no_field_twice(void **s)
{
    struct id visit = id_named(span_of("v"));
    struct buf c = a_visit(visit, "Start."), push_bytes = {0};
    static struct buf changes[EDITS];
    static struct span spans[EDITS];
    uint32_t bucket;

    (void)s;
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    hear(tamsin);
    bucket = ledger_bucket_named(&w.ledger, span_of(oversight))->no;
    for (size_t i = 0; i < EDITS; i++) {
        change_begin(&changes[i], w.now.wall_ms, 1);
        change_touch_begin(&changes[i], bucket, visit, 1);
        change_edit_begin(&changes[i], CHANGE_SET,
                          field_of(i % 2 ? "kind" : "with_roles"), 0);
        pack_text(&changes[i], span_of("support"));
        spans[i] = buf_span(&changes[i]);
    }
    message_push_write(&push_bytes, 2, spans, EDITS);
    counting = true;
    peer_say(tamsin, &push_bytes);
    world_work();
    counting = false;
    assert_int_equal(hear(tamsin).outcome_last, EDITS + 1);
    assert_true(claim_count > 0);
    assert_int_equal(twice, 0);
    for (size_t i = 0; i < EDITS; i++)
        buf_free(&changes[i]);
    buf_free(&push_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_thousand_edits_in_one_batch_load_no_field_twice, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
