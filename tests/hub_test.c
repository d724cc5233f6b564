/* Whole conversations: devices, the hub, a real store; one thread, a clock
 * that stands still. */
#include "world.h"

#include "seed.h"

static struct world_peer *const tamsin = &w.peers[0]; /* hub lead, arvor */
static struct world_peer *const jory = &w.peers[1];   /* the same hub */
static struct world_peer *const kerra = &w.peers[2];  /* SENDCo */
static struct id arvor, porthenwyn;
static char oversight[64];

static void tell_seed(struct seed *seed)
{
    *seed = (struct seed){.schema = w.schema,
                          .store = w.store,
                          .reader = w.reader,
                          .ledger = &w.ledger,
                          .now_ms = w.now.wall_ms};
}

static void add_person(const char *name, const char *role, const char *kind,
                       const struct id *id, const char *code)
{
    struct seed seed;
    struct store_person p;
    uint8_t hash[DIGEST_BYTES];
    char scope[64], text[ID_TEXT_BYTES + 1];

    tell_seed(&seed);
    id_text(*id, text);
    snprintf(scope, sizeof scope, "%s/%s", kind, text);
    assert_int_equal(seed_person(&seed, name, role, scope, &p), ERR_OK);
    code_hash(span_of(code), hash);
    assert_int_equal(
        store_put_code(w.store, hash, p.no, w.now.wall_ms + 1000000, 1),
        ERR_OK);
}

/* The school record decides which hub reaches it. */
static void add_school(void)
{
    const struct type *t = schema_type_named(w.schema, "school");
    struct seed seed;
    struct store_replica r;
    struct buf b = {0};
    uint32_t person;

    tell_seed(&seed);
    assert_int_equal(
        seed_replica(&seed, id_named(span_of("Admin")), "Admin", &r, &person),
        ERR_OK);
    change_begin(&b, 0, 1);
    change_touch_begin_named(&b, span_of("common"), porthenwyn, 2);
    change_create(&b, t->id);
    change_edit_begin(&b, CHANGE_SET, type_field_named(t, "hub")->id, 0);
    pack_id(&b, arvor);
    assert_int_equal(seed_change(&seed, &r, person, buf_span(&b)), ERR_OK);
    buf_free(&b);
}

static void enrol(struct world_peer *p, const char *code)
{
    struct message_enrol m = {span_of(code), span_of("iPad"), span_of("test")};
    struct message_enrolled got;
    struct items in;

    peer_join(p, false);
    buf_clear(&w.scratch);
    message_enrol_write(&w.scratch, &m);
    peer_say(p, &w.scratch);
    world_work();
    assert_int_equal(peer_hear(p, &in), MESSAGE_ENROLLED);
    assert_int_equal(message_enrolled_read(&in, &got), ERR_OK);
    p->device = got.device;
    memcpy(p->token, got.token, sizeof p->token);
}

static int set_up(void **state)
{
    char text[ID_TEXT_BYTES + 1];

    (void)state;
    world_open("schema/records.json");
    arvor = id_named(span_of("arvor"));
    porthenwyn = id_named(span_of("porthenwyn"));
    id_text(porthenwyn, text);
    snprintf(oversight, sizeof oversight, "oversight/%s", text);
    add_school();
    add_person("Tamsin", "hub_lead", "hub", &arvor, "ONE");
    add_person("Jory", "hub_lead", "hub", &arvor, "TWO");
    add_person("Kerra", "sendco", "school", &porthenwyn, "THREE");
    world_restart(); /* the hub learns of them */
    enrol(tamsin, "one");
    enrol(jory, "T-W O");
    enrol(kerra, "three");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close();
    return 0;
}

/* ---- What a device says and hears ---- */

static void connect(struct world_peer *p)
{
    peer_join(p, false);
    peer_hello(p, NULL, 0);
    world_work();
}

static void push(struct world_peer *p, uint64_t seq, struct buf *change)
{
    struct span bytes = buf_span(change);
    struct buf b = {0};

    message_push_write(&b, seq, &bytes, 1);
    peer_say(p, &b);
    buf_free(&b);
    if (seq == p->seq + 1) {
        p->seq = seq;
        hash_chain(p->chain, bytes);
    }
    buf_free(change);
}

static uint32_t field_of(const char *name)
{
    return type_field_named(schema_type_named(w.schema, "visit"), name)->id;
}

/* A visit born with its school and what was found. */
static struct buf a_visit(struct id record, const char *findings)
{
    struct buf b = {0};

    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin_named(&b, span_of(oversight), record, 3);
    change_create(&b, schema_type_named(w.schema, "visit")->id);
    change_edit_begin(&b, CHANGE_SET, field_of("school"), 0);
    pack_id(&b, porthenwyn);
    change_edit_begin(&b, CHANGE_SET, field_of("findings"), 0);
    pack_text(&b, span_of(findings));
    return b;
}

struct heard {
    enum message_code last;
    uint64_t head, outcome_last, outcome_version;
    uint32_t outcome, reason; /* of the last exception */
    size_t exceptions, rows;
    char text[400]; /* the last text value among the rows */
    struct id record;
    uint32_t bucket;
    uint64_t version, count;
    struct hash64 sum;
    bool checkpoint;
};

static void hear_rows(const struct message_segment *s, struct heard *h)
{
    struct buf plain = {0};
    struct pack *pack = NULL;
    struct span body;
    struct segment_group g;
    struct segment_row r;

    assert_int_equal(pack_open(&pack), ERR_OK);
    assert_int_equal(segment_plain(s, &plain, &body), ERR_OK);
    while (body.len) {
        assert_int_equal(segment_group_next(pack, &body, &g), ERR_OK);
        while (segment_row_next(&g, &r)) {
            h->rows++;
            h->record = g.record;
            h->bucket = s->bucket;
            h->version = r.version > h->version ? r.version : h->version;
            hash_row_add(&h->sum, g.record, r.field, r.version);
            if (items_kind(&r.item) != PACK_TEXT)
                continue;
            struct span text = items_text(&r.item);
            assert_true(text.len < sizeof h->text);
            memcpy(h->text, text.at, text.len);
            h->text[text.len] = 0;
        }
    }
    pack_close(pack);
    buf_free(&plain);
}

static void hear_update(struct items *in, struct heard *h)
{
    struct message_update u;
    struct message_outcome o;
    struct message_exception e;
    struct message_segment s;

    assert_int_equal(message_update_read(in, &u), ERR_OK);
    h->head = u.head;
    while (message_outcome_next(&u.outcomes, &o)) {
        h->outcome_last = o.last;
        h->outcome_version = o.version;
        while (message_exception_next(&o.exceptions, &e)) {
            h->exceptions++;
            h->outcome = e.outcome;
            h->reason = e.reason;
        }
    }
    while (message_segment_next(&u.segments, &s))
        hear_rows(&s, h);
}

static struct heard hear(struct world_peer *p)
{
    struct heard h = {0};
    struct items in;
    enum message_code code;

    while ((code = peer_hear(p, &in))) {
        h.last = code;
        h.checkpoint |= code == MESSAGE_CHECKPOINT;
        if (code == MESSAGE_UPDATE)
            hear_update(&in, &h);
    }
    return h;
}

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
        STORY(a_gap_names_the_seq_that_is_expected),
        STORY(a_crash_before_the_commit_loses_nothing_that_was_acknowledged),
        STORY(another_chain_at_the_same_seq_is_a_clone),
        STORY(what_cannot_be_read_is_held_and_the_next_goes_on),
        STORY(a_change_is_applied_all_or_none),
        STORY(rows_agree_with_the_checkpoints_sum),
        STORY(a_post_is_answered_whole),
        STORY(a_stranger_is_refused),
        STORY(silence_ends_a_conversation),
        STORY(a_push_before_hello_is_out_of_order),
        STORY(the_newest_conversation_of_a_device_counts),
        STORY(one_who_does_not_read_is_let_go),
        STORY(a_stopping_server_says_when_to_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
