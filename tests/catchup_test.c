/* A catch-up costs what changed, not what happened, whatever pages the hub
 * has in its cache. */
#include "trust.h"

enum {
    VISITS = 448, /* more than half a page of findings: it is kept */
    TOUCHES = 64,
    FINDINGS = 380,
    ROUNDS = 6,
};

static struct id visit_numbered(unsigned n)
{
    char name[16];

    snprintf(name, sizeof name, "v%u", n);
    return id_named(span_of(name));
}

/* Every visit gets other words; in round 0 it is born. */
static void write_round(unsigned round)
{
    char words[FINDINGS + 1];

    memset(words, 'a' + (int)round, FINDINGS);
    words[FINDINGS] = 0;
    for (unsigned first = 0; first < VISITS; first += TOUCHES) {
        struct buf b = {0};
        change_begin(&b, w.now.wall_ms, TOUCHES);
        for (unsigned i = first; i < first + TOUCHES; i++) {
            change_touch_begin_named(&b, span_of(oversight), visit_numbered(i),
                                     2);
            change_create(&b, schema_type_named(w.schema, "visit")->id);
            change_edit_begin(&b, CHANGE_SET, field_of("findings"), 0);
            pack_text(&b, span_of(words));
        }
        push(tamsin, tamsin->seq + 1, &b);
        world_work();
        assert_int_equal(hear(tamsin).reason, 0);
    }
}

static void pages_in_the_cache_do_not_make_a_catch_up_grow(void **s)
{
    size_t rows = 0, born;

    (void)s;
    connect(tamsin);
    hear(tamsin);
    write_round(0);
    connect(jory);
    born = hear(jory).rows;
    assert_true(born >= 2 * VISITS);
    for (unsigned round = 1; round < ROUNDS; round++) {
        struct heard h;
        write_round(round);
        connect(jory); /* with nothing, as a new device would */
        h = hear(jory);
        assert_true(h.checkpoint);
        rows = h.rows > rows ? h.rows : rows;
    }
    /* A row may come once as it was, from the cache, and once as it is. */
    assert_true(rows <= 2 * born + born / 4);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(pages_in_the_cache_do_not_make_a_catch_up_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
