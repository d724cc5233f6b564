/* trust.h -- a small trust in the world of world.h: one school, two hub leads
 * and its SENDCo, each with an enrolled device; and what devices say and hear.
 */
#ifndef TRUST_H
#define TRUST_H

#include "world.h"

#include "seed.h"

static struct world_peer *const tamsin = &w.peers[0]; /* hub lead, arvor */
static struct world_peer *const jory = &w.peers[1];   /* the same hub */
static struct world_peer *const kerra = &w.peers[2];  /* SENDCo */
static struct id arvor, porthenwyn;
static char oversight[64]; /* the bucket of porthenwyn's */

static inline void tell_seed(struct seed *seed)
{
    *seed = (struct seed){.schema = w.schema,
                          .store = w.store,
                          .reader = w.reader,
                          .ledger = &w.ledger,
                          .now_ms = w.now.wall_ms};
}

static inline void add_person(const char *name, const char *role,
                              const char *kind, const struct id *id,
                              const char *code)
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
static inline void add_school(void)
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

static inline void enrol(struct world_peer *p, const char *code)
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
    (void)state;
    world_close();
    return 0;
}

/* ---- What a device says and hears ---- */

static inline void connect(struct world_peer *p)
{
    peer_join(p, false);
    peer_hello(p, NULL, 0);
    world_work();
}

static inline void push(struct world_peer *p, uint64_t seq, struct buf *change)
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

static inline uint32_t field_of(const char *name)
{
    return type_field_named(schema_type_named(w.schema, "visit"), name)->id;
}

/* A visit born with its school and what was found. */
static inline struct buf a_visit(struct id record, const char *findings)
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

static inline void hear_rows(const struct message_segment *s, struct heard *h)
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

static inline void hear_update(struct items *in, struct heard *h)
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

static inline struct heard hear(struct world_peer *p)
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

#endif
