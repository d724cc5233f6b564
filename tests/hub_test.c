/* Whole conversations: devices, the hub, a real store; one thread, a clock
 * that stands still. */
#include "trust.h"

/* ---- Stories ---- */

static void a_device_catches_up_then_hears_each_commit_once(void **s)
{
    struct id visit = id_named(span_of("v"));
    struct buf c = a_visit(visit, "Plans are clear.");
    struct heard h;

    (void)s;
    connect(tamsin);
    connect(jory);
    h = hear(jory);
    assert_true(h.checkpoint);
    assert_true(h.rows > 0);
    hear(tamsin);
    push(tamsin, 1, &c);
    world_work();
    h = hear(tamsin);
    assert_int_equal(h.outcome_last, 1);
    assert_int_equal(h.exceptions, 0);
    assert_int_equal(h.rows, 3);
    h = hear(jory);
    assert_true(h.checkpoint); /* a bucket that is new to both */
    assert_int_equal(h.rows, 3);
    assert_string_equal(h.text, "Plans are clear.");
    c = a_visit(id_named(span_of("v2")), "Second.");
    push(tamsin, 2, &c);
    world_work();
    h = hear(jory);
    assert_false(h.checkpoint);
    assert_int_equal(h.rows, 3);
    assert_true(h.head > 0);
    assert_int_equal(hear(jory).last, 0);
}

static void nobody_hears_of_a_bucket_that_is_not_theirs(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Secret.");

    (void)s;
    connect(kerra);
    hear(kerra);
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    assert_int_equal(hear(kerra).last, 0);
    connect(kerra);
    assert_string_not_equal(hear(kerra).text, "Secret.");
}

static void
a_forged_change_in_a_foreign_bucket_is_held_and_the_queue_goes_on(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Forged.");
    struct heard h;

    (void)s;
    connect(kerra);
    hear(kerra);
    push(kerra, 1, &c);
    world_work();
    h = hear(kerra);
    assert_int_equal(h.outcome_last, 1);
    assert_int_equal(h.outcome, OUTCOME_HELD);
    assert_int_equal(h.reason, ERR_DENIED);
    connect(tamsin);
    assert_string_not_equal(hear(tamsin).text, "Forged.");
}

static void a_repeat_is_acknowledged_and_not_applied(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Once.");
    struct buf again = {0};
    struct heard h;

    (void)s;
    buf_put(&again, c.at, c.len);
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    uint64_t head = hub_figures(w.hub).head;
    hear(tamsin);
    push(tamsin, 1, &again);
    world_work();
    h = hear(tamsin);
    assert_int_equal(h.outcome_last, 1);
    assert_int_equal(h.rows, 0);
    assert_int_equal(hub_figures(w.hub).head, head);
}

static void count_line(const struct row *row, uint32_t field, uint64_t *count,
                       int64_t *value)
{
    if (row->field != field)
        return;
    ++*count;
    *value = row->value.integer;
}

struct sighting {
    uint64_t devices, unsent_count;
    int64_t lives, unsent;
};

static bool sighting_each(void *context, const struct row *row)
{
    const struct type *t = schema_type_named(w.schema, "device");
    struct sighting *s = context;

    count_line(row, 0, &s->devices, &s->lives);
    count_line(row, type_field_named(t, "unsent")->id, &s->unsent_count,
               &s->unsent);
    return true;
}

static struct sighting sightings(void)
{
    struct sighting s = {0};
    uint32_t type = schema_type_named(w.schema, "device")->id;

    assert_int_equal(reader_type(w.reader, type, sighting_each, &s), ERR_OK);
    return s;
}

static void
who_was_seen_is_told_once_a_minute_and_only_when_it_is_news(void **s)
{
    uint64_t head;

    (void)s;
    world_tells_sights = true;
    world_restart();
    for (size_t i = 0; i < WORLD_PEERS; i++)
        w.peers[i].session = NULL;
    connect(tamsin);
    connect(kerra);
    world_pass(60001);
    world_work();
    struct sighting seen = sightings();
    assert_int_equal(seen.devices, 2);
    assert_int_equal(seen.unsent_count, 2);
    assert_int_equal(seen.unsent, 0);
    head = hub_figures(w.hub).head;
    for (int minute = 0; minute < 32; minute++) {
        connect(tamsin);
        connect(kerra);
        world_pass(60001);
        world_work();
    }
    assert_int_equal(hub_figures(w.hub).head, head);
    for (int minute = 0; minute < 32; minute++) {
        connect(tamsin);
        world_pass(60001);
        world_work();
    }
    assert_true(hub_figures(w.hub).head > head);
    assert_int_equal(sightings().devices, 2);
    world_tells_sights = false;
}

static void push_other(struct world_peer *p, uint64_t seq, const char *words)
{
    struct buf c = a_visit(id_named(span_of(words)), words);
    struct span bytes = buf_span(&c);
    struct buf b = {0};

    message_push_write(&b, seq, &bytes, 1);
    peer_say(p, &b);
    buf_free(&b);
    buf_free(&c);
}

static void the_same_number_with_other_words_is_a_clone(void **s)
{
    struct buf one = a_visit(id_named(span_of("v")), "One.");
    struct buf two = a_visit(id_named(span_of("v2")), "Two.");
    struct buf three = a_visit(id_named(span_of("v3")), "Three.");
    int64_t agreed = -1;

    (void)s;
    connect(tamsin);
    push(tamsin, 1, &one);
    push(tamsin, 2, &two);
    world_work();
    push(tamsin, 3, &three); /* not committed yet */
    push_other(tamsin, 3, "Not three.");
    assert_int_equal(peer_hear_error(tamsin, &agreed), ERR_CLONED);
    assert_int_equal(agreed, 3); /* the first 3 came on this connection */
    assert_true(tamsin->finished);
    world_work();
    connect(tamsin);
    push_other(tamsin, 2, "Not two.");
    assert_int_equal(peer_hear_error(tamsin, &agreed), ERR_CLONED);
    assert_int_equal(agreed, 3); /* HELLO's own chain said so */
}

static void
a_clone_is_known_after_a_restart_where_it_reaches_the_last_change(void **s)
{
    struct buf one = a_visit(id_named(span_of("v")), "One.");
    struct buf two = a_visit(id_named(span_of("v2")), "Two.");
    struct buf again = {0};
    int64_t agreed = -1;

    (void)s;
    buf_put(&again, one.at, one.len);
    connect(tamsin);
    push(tamsin, 1, &one);
    push(tamsin, 2, &two);
    world_work();
    uint64_t head = hub_figures(w.hub).head;
    world_restart();
    tamsin->session = NULL;
    tamsin->seq = 0;
    memset(tamsin->chain, 0, sizeof tamsin->chain);
    connect(tamsin);
    push(tamsin, 1, &again);
    assert_int_equal(peer_hear_error(tamsin, &agreed), ERR_OK);
    push_other(tamsin, 2, "Not two.");
    assert_int_equal(peer_hear_error(tamsin, &agreed), ERR_CLONED);
    world_work();
    assert_int_equal(hub_figures(w.hub).head, head);
}

static void a_gap_names_the_seq_that_is_expected(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Third.");
    int64_t expected = 0;

    (void)s;
    connect(tamsin);
    hear(tamsin);
    push(tamsin, 3, &c);
    assert_int_equal(peer_hear_error(tamsin, &expected), ERR_GAP);
    assert_int_equal(expected, 1);
    assert_false(tamsin->finished);
}

static void
a_crash_before_the_commit_loses_nothing_that_was_acknowledged(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Durable.");
    struct buf lost = a_visit(id_named(span_of("v2")), "Not yet.");
    struct buf again = {0};

    (void)s;
    buf_put(&again, lost.at, lost.len);
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    push(tamsin, 2, &lost); /* its job is never done */
    assert_int_equal(hear(tamsin).outcome_last, 1);
    world_restart();
    tamsin->seq = 1;
    memset(tamsin->chain, 0, sizeof tamsin->chain);
    struct buf first = a_visit(id_named(span_of("v")), "Durable.");
    hash_chain(tamsin->chain, buf_span(&first));
    buf_free(&first);
    connect(tamsin);
    hear(tamsin);
    push(tamsin, 2, &again);
    world_work();
    assert_int_equal(hear(tamsin).outcome_last, 2);
}

static void another_chain_at_the_same_seq_is_a_clone(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Mine.");

    (void)s;
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    tamsin->chain[0] ^= 1;
    peer_join(tamsin, false);
    peer_hello(tamsin, NULL, 0);
    assert_int_equal(peer_hear_error(tamsin, NULL), ERR_CLONED);
    assert_true(tamsin->finished);
}

static void what_cannot_be_read_is_held_and_the_next_goes_on(void **s)
{
    struct buf junk = {0}, c = a_visit(id_named(span_of("v")), "Fine.");
    struct heard h;

    (void)s;
    buf_put(&junk, "\x92\x01\xc1", 3);
    connect(tamsin);
    hear(tamsin);
    push(tamsin, 1, &junk);
    push(tamsin, 2, &c);
    world_work();
    h = hear(tamsin);
    assert_int_equal(h.outcome_last, 2);
    assert_int_equal(h.reason, ERR_UNREADABLE);
    assert_string_equal(h.text, "Fine.");
}

static void a_change_is_applied_all_or_none(void **s)
{
    struct id visit = id_named(span_of("v"));
    struct buf b = {0};
    struct heard h;

    (void)s;
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin_named(&b, span_of(oversight), visit, 3);
    change_create(&b, schema_type_named(w.schema, "visit")->id);
    change_edit_begin(&b, CHANGE_SET, field_of("school"), 0);
    pack_id(&b, porthenwyn);
    change_edit_begin(&b, CHANGE_SET, field_of("kind"), 0);
    pack_text(&b, span_of("no such kind"));
    connect(tamsin);
    hear(tamsin);
    push(tamsin, 1, &b);
    world_work();
    h = hear(tamsin);
    assert_int_equal(h.outcome, OUTCOME_HELD);
    assert_int_equal(h.reason, ERR_BAD_VALUE);
    assert_int_equal(h.rows, 0);
    /* Its id was not used up. */
    b = a_visit(visit, "Now it works.");
    push(tamsin, 2, &b);
    world_work();
    h = hear(tamsin);
    assert_int_equal(h.exceptions, 0);
    assert_string_equal(h.text, "Now it works.");
}

static void what_was_begun_of_a_refused_change_is_taken_back(void **s)
{
    struct id visit = id_named(span_of("v"));
    struct buf b = a_visit(visit, "Short.");
    uint32_t bucket;

    (void)s;
    connect(tamsin);
    push(tamsin, 1, &b);
    world_work();
    hear(tamsin);
    bucket = ledger_bucket_named(&w.ledger, span_of(oversight))->no;
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin(&b, bucket, visit, 2);
    change_edit_begin(&b, CHANGE_SET, field_of("kind"), 0);
    pack_text(&b, span_of("support"));
    change_edit_begin(&b, CHANGE_TEXT, field_of("findings"), 3);
    pack_array(&b, 2);
    pack_int(&b, 500); /* far past the end */
    pack_text(&b, span_of("!"));
    push(tamsin, 2, &b);
    world_work();
    struct heard h = hear(tamsin);
    assert_int_equal(h.reason, ERR_BAD_DELTA);
    connect(jory);
    h = hear(jory);
    assert_string_not_equal(h.text, "support");
    struct store_report r;
    assert_int_equal(reader_check(w.reader, &r), ERR_OK);
    /* The field is still empty: an edit that has seen nothing applies. */
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin(&b, bucket, visit, 1);
    change_edit_begin(&b, CHANGE_SET, field_of("kind"), 0);
    pack_text(&b, span_of("leaders"));
    push(jory, 1, &b);
    world_work();
    h = hear(jory);
    assert_int_equal(h.exceptions, 0);
    assert_string_equal(h.text, "leaders");
    assert_int_equal(h.rows, 1);
}

static void a_push_that_begins_with_a_repeat_goes_on_where_it_is_new(void **s)
{
    struct buf first = a_visit(id_named(span_of("v")), "First.");
    struct buf second = a_visit(id_named(span_of("v2")), "Second.");
    struct buf again = {0}, b = {0};

    (void)s;
    buf_put(&again, first.at, first.len);
    connect(tamsin);
    push(tamsin, 1, &first);
    world_work();
    hear(tamsin);
    uint64_t head = hub_figures(w.hub).head;
    struct span both[] = {buf_span(&again), buf_span(&second)};
    message_push_write(&b, 1, both, 2);
    peer_say(tamsin, &b);
    world_work();
    struct heard h = hear(tamsin);
    assert_int_equal(h.outcome_last, 2);
    assert_int_equal(h.exceptions, 0);
    assert_string_equal(h.text, "Second.");
    assert_int_equal(hub_figures(w.hub).head - head >= 3, 1);
    assert_int_equal(h.rows, 3);
    buf_free(&again);
    buf_free(&second);
    buf_free(&b);
}

/* Of a field that the record's first change left alone. */
static struct buf a_later_edit(struct id record, const char *impact)
{
    struct buf b = {0};

    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin(
        &b, ledger_bucket_named(&w.ledger, span_of(oversight))->no, record, 1);
    change_edit_begin(&b, CHANGE_SET, field_of("impact"), 0);
    pack_text(&b, span_of(impact));
    return b;
}

static void a_record_is_born_and_edited_in_one_batch(void **s)
{
    struct id visit = id_named(span_of("v"));
    struct buf c = a_visit(id_named(span_of("v0")), "Makes the bucket.");
    struct heard h;

    (void)s;
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    hear(tamsin);
    c = a_visit(id_named(span_of("v1")), "Goes by itself.");
    push(tamsin, 2, &c);
    c = a_visit(visit, "Offline.");
    push(tamsin, 3, &c);
    c = a_later_edit(visit, "Pupils begin by themselves.");
    push(tamsin, 4, &c);
    world_work();
    h = hear(tamsin);
    assert_int_equal(h.outcome_last, 4);
    assert_int_equal(h.exceptions, 0);
    assert_string_equal(h.text, "Pupils begin by themselves.");
}

static void rows_agree_with_the_checkpoints_sum(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Sum.");
    struct hash64 sum = {0}, first = {0};
    struct items in;
    enum message_code code;
    bool compared = false;

    (void)s;
    connect(tamsin);
    push(tamsin, 1, &c);
    world_work();
    first = ledger_bucket_named(&w.ledger, span_of(oversight))->sum;
    hear(tamsin);
    c = a_visit(id_named(span_of("v2")), "Sum.");
    push(tamsin, 2, &c);
    world_work();
    sum = hear(tamsin).sum; /* of the second visit alone */
    connect(jory);
    while ((code = peer_hear(jory, &in)))
        if (code == MESSAGE_CHECKPOINT) {
            struct message_checkpoint m;
            struct message_sum x;
            assert_int_equal(message_checkpoint_read(&in, &m), ERR_OK);
            while (message_sum_next(&m.sums, &x))
                compared |= x.count == 6 && x.sum.low - first.low == sum.low &&
                            x.sum.high - first.high == sum.high;
        }
    assert_true(compared);
}

static void a_post_is_answered_whole(void **s)
{
    struct buf body = {0}, hello = {0};
    struct message_hello m = {.protocol = 1,
                              .nonce = id_named(span_of("n")),
                              .device = tamsin->device,
                              .incarnation = 7,
                              .clock = w.now.wall_ms,
                              .report = {.app_version = span_of("1")}};

    (void)s;
    memcpy(m.token, tamsin->token, sizeof m.token);
    message_hello_write(&hello, &m, NULL, 0);
    message_frame_write(&body, buf_span(&hello));
    peer_join(tamsin, true);
    peer_say(tamsin, &body);
    assert_false(tamsin->finished);
    world_work();
    assert_true(tamsin->finished && !tamsin->failed);
    assert_true(tamsin->received >= 3);
    buf_free(&body);
    buf_free(&hello);
}

static void a_stranger_is_refused(void **s)
{
    (void)s;
    tamsin->token[5] ^= 1;
    connect(tamsin);
    assert_int_equal(peer_hear_error(tamsin, NULL), ERR_UNKNOWN_DEVICE);
    assert_true(tamsin->finished);
}

static void silence_ends_a_conversation(void **s)
{
    (void)s;
    peer_join(tamsin, false);
    world_pass(HUB_HELLO_MS);
    assert_false(tamsin->finished);
    world_pass(1);
    assert_true(tamsin->finished);
    connect(jory);
    world_pass(HUB_IDLE_MS + 1);
    assert_true(jory->finished);
}

static void a_push_before_hello_is_out_of_order(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Early.");

    (void)s;
    peer_join(tamsin, false);
    push(tamsin, 1, &c);
    assert_int_equal(peer_hear_error(tamsin, NULL), ERR_ORDER);
    assert_true(tamsin->finished);
}

static void the_newest_conversation_of_a_device_counts(void **s)
{
    static struct world_peer second;

    (void)s;
    memset(&second, 0, sizeof second);
    connect(tamsin);
    second.device = tamsin->device;
    memcpy(second.token, tamsin->token, sizeof second.token);
    peer_join(&second, false);
    peer_hello(&second, NULL, 0);
    assert_true(tamsin->finished);
    assert_false(second.finished);
    hub_leave(second.session);
    for (size_t k = 0; k < WORLD_INBOX; k++)
        buf_free(&second.inbox[k]);
}

static void one_who_does_not_read_is_let_go(void **s)
{
    struct buf c = a_visit(id_named(span_of("v")), "Go.");

    (void)s;
    connect(tamsin);
    connect(jory);
    jory->deaf = true;
    push(tamsin, 1, &c);
    world_work();
    assert_true(jory->finished);
    assert_int_equal(hear(tamsin).outcome_last, 1);
    jory->deaf = false;
}

static void a_role_that_ends_by_the_clock_takes_its_buckets_away(void **s)
{
    const struct type *t = schema_type_named(w.schema, "role_assignment");
    char kerra_id[ID_TEXT_BYTES + 1], scope[64] = "school/";
    struct store_replica r;
    struct buf b = {0};
    struct seed seed;
    struct items in;
    uint32_t person;
    enum message_code code, last = 0;

    (void)s;
    tell_seed(&seed);
    id_text(id_named(span_of("Kerra")), kerra_id);
    id_text(porthenwyn, scope + strlen(scope));
    struct span key[] = {span_of(kerra_id), span_of("sendco"), span_of(scope)};
    assert_int_equal(
        seed_replica(&seed, id_named(span_of("Admin")), "Admin", &r, &person),
        ERR_OK);
    change_begin(&b, 0, 1);
    change_touch_begin(&b, ledger_bucket_named(&w.ledger, span_of("admin"))->no,
                       id_natural("role_assignment", key, 3), 1);
    change_edit_begin(&b, CHANGE_SET, type_field_named(t, "until")->id, 0);
    pack_int(&b, w.now.wall_ms + 5000);
    assert_int_equal(seed_change(&seed, &r, person, buf_span(&b)), ERR_OK);
    buf_free(&b);
    world_restart();
    connect(kerra);
    hear(kerra);
    world_pass(HUB_RESCOPE_MS);
    world_work();
    while ((code = peer_hear(kerra, &in)))
        last = code == MESSAGE_SCOPE ? code : last;
    assert_int_equal(last, MESSAGE_SCOPE);
}

static void a_stopping_server_says_when_to_come_back(void **s)
{
    struct items in;
    enum message_code last = 0, code;

    (void)s;
    connect(tamsin);
    hub_stop(w.hub, w.now);
    while ((code = peer_hear(tamsin, &in)))
        last = code;
    assert_int_equal(last, MESSAGE_BYE);
    assert_true(hub_is_quiet(w.hub));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_device_catches_up_then_hears_each_commit_once),
        STORY(nobody_hears_of_a_bucket_that_is_not_theirs),
        STORY(
            a_forged_change_in_a_foreign_bucket_is_held_and_the_queue_goes_on),
        STORY(a_repeat_is_acknowledged_and_not_applied),
        STORY(who_was_seen_is_told_once_a_minute_and_only_when_it_is_news),
        STORY(the_same_number_with_other_words_is_a_clone),
        STORY(
            a_clone_is_known_after_a_restart_where_it_reaches_the_last_change),
        STORY(a_gap_names_the_seq_that_is_expected),
        STORY(a_crash_before_the_commit_loses_nothing_that_was_acknowledged),
        STORY(another_chain_at_the_same_seq_is_a_clone),
        STORY(what_cannot_be_read_is_held_and_the_next_goes_on),
        STORY(a_change_is_applied_all_or_none),
        STORY(what_was_begun_of_a_refused_change_is_taken_back),
        STORY(a_push_that_begins_with_a_repeat_goes_on_where_it_is_new),
        STORY(a_record_is_born_and_edited_in_one_batch),
        STORY(rows_agree_with_the_checkpoints_sum),
        STORY(a_post_is_answered_whole),
        STORY(a_stranger_is_refused),
        STORY(silence_ends_a_conversation),
        STORY(a_push_before_hello_is_out_of_order),
        STORY(the_newest_conversation_of_a_device_counts),
        STORY(one_who_does_not_read_is_let_go),
        STORY(a_role_that_ends_by_the_clock_takes_its_buckets_away),
        STORY(a_stopping_server_says_when_to_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
