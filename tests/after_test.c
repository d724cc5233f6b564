/* What follows from a merge: conflicts, late changes, signatures, notices.
 * Read back as anyone would: by the fields of the records that the server
 * wrote. */
#include "trust.h"

/* ---- One edit at a time ---- */

static const struct type *type_named(const char *name)
{
    const struct type *t = schema_type_named(w.schema, name);

    assert_non_null(t);
    return t;
}

static uint32_t bucket_no(void)
{
    return ledger_bucket_named(&w.ledger, span_of(oversight))->no;
}

static void begin_edit(struct buf *b, const char *type, struct id record,
                       enum change_op op, const char *field, uint64_t seen)
{
    change_begin(b, w.now.wall_ms, 1);
    change_touch_begin(b, bucket_no(), record, 1);
    change_edit_begin(b, op, type_field_named(type_named(type), field)->id,
                      seen);
}

static void send(struct world_peer *p, struct buf *b)
{
    push(p, p->seq + 1, b);
    world_work();
}

static void says(struct world_peer *p, const char *type, struct id record,
                 const char *field, const char *value, uint64_t seen)
{
    struct buf b = {0};

    begin_edit(&b, type, record, CHANGE_SET, field, seen);
    pack_text(&b, span_of(value));
    send(p, &b);
}

static void appends(struct world_peer *p, struct id record, const char *field,
                    const char *base, const char *more, uint64_t seen)
{
    struct buf b = {0};

    begin_edit(&b, "visit", record, CHANGE_TEXT, field, seen);
    pack_array(&b, 2);
    pack_int(&b, (int64_t)strlen(base));
    pack_text(&b, span_of(more));
    send(p, &b);
}

/* ---- What the store says ---- */

struct looking {
    const struct type *type;
    const struct field *field;
    struct id record, found_in; /* record none: any, the last one counts */
    char value[4000];
    uint64_t version;
    size_t records;
};

static bool look_each(void *context, const struct row *row)
{
    struct looking *l = context;
    uint32_t field = l->field ? l->field->id : 0;

    if (row->field == 0)
        l->records += row->value.integer != 0;
    if (row->field != field ||
        (!id_none(l->record) && !id_equal(l->record, row->record)))
        return true;
    l->found_in = row->record;
    l->version = row->version;
    if (row->value.kind == VALUE_TEXT)
        snprintf(l->value, sizeof l->value, "%.*s", (int)row->value.bytes.len,
                 (const char *)row->value.bytes.at);
    else
        snprintf(l->value, sizeof l->value, "%lld",
                 (long long)row->value.integer);
    return true;
}

static struct looking look(const char *type, struct id record,
                           const char *field)
{
    struct looking l = {.type = type_named(type), .record = record};

    if (field)
        l.field = type_field_named(l.type, field);
    assert_int_equal(reader_type(w.reader, l.type->id, look_each, &l), ERR_OK);
    return l;
}

static const struct id any = {{0}};

static void shows(const char *type, struct id record, const char *field,
                  const char *value)
{
    struct looking l = look(type, record, field);

    assert_string_equal(l.value, value);
}

static uint64_t version_of(const char *type, struct id record,
                           const char *field)
{
    return look(type, record, field).version;
}

static void store_is_sound(void)
{
    struct store_report r;

    if (reader_check(w.reader, &r) != ERR_OK)
        fail_msg("%s", r.fault);
}

/* ---- A visit, whole enough to be signed ---- */

static struct id visit;

static int with_visit(void **state)
{
    struct buf b = {0};
    const struct type *t;

    set_up(state);
    visit = id_named(span_of("v"));
    t = type_named("visit");
    connect(tamsin);
    connect(jory);
    hear(tamsin);
    hear(jory);
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin_named(&b, span_of(oversight), visit, 8);
    change_create(&b, t->id);
    change_edit_begin(&b, CHANGE_SET, field_of("school"), 0);
    pack_id(&b, porthenwyn);
    static const char *const texts[][2] = {
        {"date", "2026-01-14"},  {"purpose", "Review reading."},
        {"findings", "Strong."}, {"next_steps", "Weekly card."},
        {"state", "draft"},
    };
    for (size_t i = 0; i < 5; i++) {
        change_edit_begin(&b, CHANGE_SET, field_of(texts[i][0]), 0);
        pack_text(&b, span_of(texts[i][1]));
    }
    change_edit_begin(&b, CHANGE_SET, field_of("revision"), 0);
    pack_int(&b, 1);
    send(jory, &b);
    assert_int_equal(hear(jory).exceptions, 0);
    return 0;
}

static void signs(struct world_peer *p, const char *name, uint64_t seen)
{
    const struct type *t = type_named("signoff");
    struct buf b = {0};

    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin_named(&b, span_of(oversight), id_named(span_of(name)),
                             3);
    change_create(&b, t->id);
    change_edit_begin(&b, CHANGE_SET, type_field_named(t, "record")->id, seen);
    pack_id(&b, visit);
    change_edit_begin(&b, CHANGE_SET, type_field_named(t, "revision")->id,
                      seen);
    pack_int(&b, 1);
    send(p, &b);
}

/* ---- Signing ---- */

static void a_signature_closes_the_record_and_shares_a_copy(void **s)
{
    (void)s;
    signs(jory, "s1", hub_figures(w.hub).head);
    shows("signoff", any, "outcome", "signed");
    shows("visit", visit, "state", "signed_off");
    struct looking l = look("shared_report", any, "content");
    assert_int_equal(l.records, 1);
    assert_non_null(strstr(l.value, "\"findings\":\"Strong.\""));
    store_is_sound();
}

static void words_that_came_first_are_shown_before_it_counts(void **s)
{
    uint64_t seen = hub_figures(w.hub).head;

    (void)s;
    appends(tamsin, visit, "next_steps", "Weekly card.", " And more.",
            version_of("visit", visit, "next_steps"));
    signs(jory, "s1", seen);
    shows("signoff", id_named(span_of("s1")), "outcome", "sign_again");
    shows("visit", visit, "state", "draft");
    shows("notice", any, "kind", "sign_again");
    assert_non_null(
        strstr(look("signoff", id_named(span_of("s1")), "differs").value,
               "next_steps"));
    signs(jory, "s2", hub_figures(w.hub).head);
    shows("signoff", id_named(span_of("s2")), "outcome", "signed");
    shows("visit", visit, "state", "signed_off");
    store_is_sound();
}

static void a_late_change_is_held_and_can_be_accepted_as_a_revision(void **s)
{
    uint64_t seen = hub_figures(w.hub).head;
    struct buf b = {0};

    (void)s;
    signs(jory, "s1", seen);
    hear(tamsin);
    appends(tamsin, visit, "next_steps", "Weekly card.", " Reading lead.",
            version_of("visit", visit, "next_steps"));
    assert_int_equal(hear(tamsin).reason, ERR_AFTER_SIGNOFF);
    shows("visit", visit, "next_steps", "Weekly card.");
    struct looking l = look("amendment", any, "why_held");
    assert_string_equal(l.value, "after sign-off");
    assert_non_null(strstr(look("amendment", any, "change").value,
                           "\"value\":\"Weekly card. Reading lead.\""));
    begin_edit(&b, "amendment", l.found_in, CHANGE_SET, "decision", 0);
    pack_text(&b, span_of("accept"));
    hear(jory);
    send(jory, &b);
    assert_int_equal(hear(jory).reason, 0);
    shows("visit", visit, "next_steps", "Weekly card. Reading lead.");
    shows("visit", visit, "revision", "2");
    shows("visit", visit, "state", "signed_off");
    store_is_sound();
}

static void nobody_signs_by_hand(void **s)
{
    (void)s;
    says(jory, "visit", visit, "state", "signed_off",
         version_of("visit", visit, "state"));
    assert_int_equal(hear(jory).reason, ERR_DENIED);
    shows("visit", visit, "state", "draft");
}

static void nobody_shares_what_is_not_signed(void **s)
{
    (void)s;
    says(jory, "visit", visit, "state", "shared",
         version_of("visit", visit, "state"));
    assert_int_equal(hear(jory).reason, ERR_DENIED);
    shows("visit", visit, "state", "draft");
    assert_int_equal(look("shared_report", any, NULL).records, 0);
}

static void an_open_decision_blocks_the_signature(void **s)
{
    uint64_t seen = version_of("visit", visit, "date");

    (void)s;
    says(tamsin, "visit", visit, "date", "2026-01-15", seen);
    says(jory, "visit", visit, "date", "2026-01-16", seen);
    signs(jory, "s1", hub_figures(w.hub).head);
    shows("signoff", any, "outcome", "undecided");
    shows("visit", visit, "state", "draft");
}

static void a_signed_record_is_reopened_by_raising_its_revision(void **s)
{
    struct buf b = {0};

    (void)s;
    signs(jory, "s1", hub_figures(w.hub).head);
    hear(jory);
    says(jory, "visit", visit, "state", "draft",
         version_of("visit", visit, "state"));
    assert_int_equal(hear(jory).reason, ERR_AFTER_SIGNOFF);
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin(&b, bucket_no(), visit, 2);
    change_edit_begin(&b, CHANGE_SET, field_of("state"),
                      version_of("visit", visit, "state"));
    pack_text(&b, span_of("draft"));
    change_edit_begin(&b, CHANGE_SET, field_of("revision"),
                      version_of("visit", visit, "revision"));
    pack_int(&b, 2);
    send(jory, &b);
    assert_int_equal(hear(jory).reason, 0);
    shows("visit", visit, "state", "draft");
    shows("visit", visit, "revision", "2");
}

/* ---- Deciding ---- */

static void two_dates_stand_until_the_one_who_may_decides(void **s)
{
    uint64_t seen = version_of("visit", visit, "date");
    struct buf b = {0};

    (void)s;
    /* Jory is made the lead: only a lead decides about a date. */
    begin_edit(&b, "visit", visit, CHANGE_SET, "lead", 0);
    struct id lead = id_named(span_of("Jory"));
    pack_id(&b, lead);
    send(jory, &b);
    says(tamsin, "visit", visit, "date", "2026-01-15", seen);
    says(jory, "visit", visit, "date", "2026-01-16", seen);
    shows("visit", visit, "date", "2026-01-15");
    struct looking l = look("conflict", any, "values");
    assert_int_equal(l.records, 1);
    assert_non_null(strstr(l.value, "2026-01-15"));
    assert_non_null(strstr(l.value, "2026-01-16"));
    assert_string_equal(look("conflict", any, "chosen").value, "");
    /* Another who has seen both may not: hers is one more version. */
    says(tamsin, "visit", visit, "date", "2026-01-20", hub_figures(w.hub).head);
    says(jory, "visit", visit, "date", "2026-01-16", hub_figures(w.hub).head);
    shows("visit", visit, "date", "2026-01-16");
    assert_non_null(
        strstr(look("conflict", any, "chosen").value, "2026-01-16"));
    signs(jory, "s1", hub_figures(w.hub).head);
    shows("signoff", any, "outcome", "signed");
    store_is_sound();
}

static void
a_decision_that_has_not_seen_all_versions_does_not_close_it(void **s)
{
    uint64_t seen = version_of("visit", visit, "date");
    struct buf b = {0};

    (void)s;
    begin_edit(&b, "visit", visit, CHANGE_SET, "lead", 0);
    pack_id(&b, id_named(span_of("Tamsin"))); /* who may decide */
    send(jory, &b);
    says(tamsin, "visit", visit, "date", "2026-01-15", seen);
    uint64_t early = version_of("visit", visit, "date");
    says(jory, "visit", visit, "date", "2026-01-16", seen);
    says(tamsin, "visit", visit, "date", "2026-01-17", early);
    assert_string_equal(look("conflict", any, "chosen").value, "");
    says(tamsin, "visit", visit, "date", "2026-01-17", hub_figures(w.hub).head);
    assert_non_null(
        strstr(look("conflict", any, "chosen").value, "2026-01-17"));
}

static void nobody_decides_by_claiming_to_have_seen_the_future(void **s)
{
    (void)s;
    says(tamsin, "visit", visit, "date", "2026-01-15",
         hub_figures(w.hub).head + 1000);
    assert_int_equal(hear(tamsin).reason, ERR_BAD_SEEN);
    shows("visit", visit, "date", "2026-01-14");
}

static void those_who_say_the_same_are_asked_nothing(void **s)
{
    uint64_t seen = version_of("visit", visit, "date");

    (void)s;
    says(tamsin, "visit", visit, "date", "2026-01-15", seen);
    says(jory, "visit", visit, "date", "2026-01-15", seen);
    assert_int_equal(look("conflict", any, NULL).records, 0);
    store_is_sound();
}

/* ---- Notices ---- */

static void edited_by_one_deleted_by_another_it_comes_back(void **s)
{
    uint64_t seen = hub_figures(w.hub).head;
    struct buf b = {0};

    (void)s;
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin(&b, bucket_no(), visit, 1);
    change_edit_begin(&b, CHANGE_DELETE, 0, seen);
    pack_nil(&b);
    send(jory, &b);
    assert_int_equal(look("visit", visit, NULL).records, 0);
    appends(tamsin, visit, "findings", "Strong.", " Very.",
            version_of("visit", visit, "findings"));
    assert_int_equal(look("visit", visit, NULL).records, 1);
    shows("visit", visit, "findings", "Strong. Very.");
    shows("notice", any, "kind", "restored");
    store_is_sound();
}

static void two_notes_of_one_day_are_pointed_out(void **s)
{
    struct id second = id_named(span_of("v2"));
    struct buf b = {0};

    (void)s;
    change_begin(&b, w.now.wall_ms, 1);
    change_touch_begin_named(&b, span_of(oversight), second, 3);
    change_create(&b, type_named("visit")->id);
    change_edit_begin(&b, CHANGE_SET, field_of("school"), 0);
    pack_id(&b, porthenwyn);
    change_edit_begin(&b, CHANGE_SET, field_of("date"), 0);
    pack_text(&b, span_of("2026-01-14"));
    send(tamsin, &b);
    assert_int_equal(look("visit", any, NULL).records, 2);
    shows("notice", any, "kind", "possible_duplicate");
    store_is_sound();
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, with_visit, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_signature_closes_the_record_and_shares_a_copy),
        STORY(words_that_came_first_are_shown_before_it_counts),
        STORY(a_late_change_is_held_and_can_be_accepted_as_a_revision),
        STORY(nobody_signs_by_hand),
        STORY(nobody_shares_what_is_not_signed),
        STORY(an_open_decision_blocks_the_signature),
        STORY(a_signed_record_is_reopened_by_raising_its_revision),
        STORY(two_dates_stand_until_the_one_who_may_decides),
        STORY(a_decision_that_has_not_seen_all_versions_does_not_close_it),
        STORY(nobody_decides_by_claiming_to_have_seen_the_future),
        STORY(those_who_say_the_same_are_asked_nothing),
        STORY(edited_by_one_deleted_by_another_it_comes_back),
        STORY(two_notes_of_one_day_are_pointed_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
