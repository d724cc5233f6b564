/* What people do on their tablets: offline or not, at once or not. */
#include "sim.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Beginning and ending a change ---- */

static int64_t clock_of(const struct twin *t)
{
    return sim.wall_ms + t->skew;
}

static const struct type *type_of(const char *name)
{
    const struct type *t = schema_type_named(sim.schema, name);

    if (!t)
        sim_fail("the schema has no %s", name);
    return t;
}

static uint32_t field_of(const char *type, const char *name)
{
    const struct field *f = type_field_named(type_of(type), name);

    if (!f)
        sim_fail("%s has no %s", type, name);
    return f->id;
}

static void edits(struct pending *p, struct id record, uint32_t field)
{
    p->edits[p->edit_count++] = (struct own_edit){record, field, false};
}

/* A bucket by its number, when it has one; only a birth may name it. */
static void begin(const struct twin *t, struct pending *p, const char *bucket,
                  struct id record, uint32_t count)
{
    const struct twin_bucket *b = twin_bucket_named(t, bucket);

    change_begin(&p->bytes, clock_of(t), 1);
    snprintf(p->name, sizeof p->name, "%s", bucket);
    if (b) {
        p->bucket = b->no;
        change_touch_begin(&p->bytes, b->no, record, count);
    } else {
        sim_reach(STATE_BY_NAME);
        change_touch_begin_named(&p->bytes, span_of(bucket), record, count);
    }
}

static uint64_t version_of(const struct twin *t, struct id record,
                           uint32_t field)
{
    const struct cell *c = twin_cell(t, record, field);

    return c ? c->version : 0;
}

static uint64_t newest_of(const struct twin *t, struct id record)
{
    uint64_t newest = 0;

    for (size_t i = 0; i < t->cells.count; i++)
        if (id_equal(t->cells.list[i].record, record) &&
            t->cells.list[i].version > newest)
            newest = t->cells.list[i].version;
    return newest;
}

/* ---- Records ---- */

/* What a visit needs before it can be signed. */
static void put_the_rest(struct pending *p, struct id record)
{
    static const char *const TEXTS[][2] = {{"date", "2026-01-14"},
                                           {"purpose", "Reading."},
                                           {"next_steps", "Weekly card."},
                                           {"state", "draft"}};

    for (size_t i = 0; i < 4; i++) {
        uint32_t field = field_of("visit", TEXTS[i][0]);
        change_edit_begin(&p->bytes, CHANGE_SET, field, 0);
        pack_text(&p->bytes, span_of(TEXTS[i][1]));
        edits(p, record, field);
    }
    change_edit_begin(&p->bytes, CHANGE_SET, field_of("visit", "revision"), 0);
    pack_int(&p->bytes, 1);
    edits(p, record, field_of("visit", "revision"));
}

static void birth(struct twin *t, const char *kind, unsigned school)
{
    struct pending p = {0};
    char bucket[80], id[ID_TEXT_BYTES + 1], words[64];
    uint8_t random[10];
    bool is_visit = !strcmp(kind, "oversight");
    const char *type = is_visit ? "visit" : "action";
    uint32_t text = field_of(type, is_visit ? "findings" : "notes");

    dice_bytes(&sim.dice, random, sizeof random);
    struct id record = id_new(clock_of(t) < 0 ? 0 : clock_of(t), random);
    id_text(sim.schools[school], id);
    snprintf(bucket, sizeof bucket, "%s/%s", kind, id);
    p.marker = ++sim.markers;
    int n = snprintf(words, sizeof words, "Seen today. m%06u", p.marker);
    bool whole = is_visit && dice_one_in(&sim.dice, 2);
    begin(t, &p, bucket, record, whole ? 8 : 3);
    change_create(&p.bytes, type_of(type)->id);
    change_edit_begin(&p.bytes, CHANGE_SET, field_of(type, "school"), 0);
    pack_id(&p.bytes, sim.schools[school]);
    change_edit_begin(&p.bytes, CHANGE_SET, text, 0);
    pack_text(&p.bytes, span_of(words));
    edits(&p, record, 0);
    edits(&p, record, field_of(type, "school"));
    edits(&p, record, text);
    if (whole)
        put_the_rest(&p, record);
    p.text_record = record;
    p.text_field = text;
    buf_put(&p.text, words, (size_t)n);
    twin_save(t, &p, whole ? 8 : 3, 1);
}

/* A living record of the type that the tablet has; NULL: none was met. */
static const struct cell *any_record(const struct twin *t, const char *type,
                                     bool alive)
{
    uint32_t no = type_of(type)->id;

    for (unsigned i = 0; i < 40 && t->cells.count; i++) {
        const struct cell *c =
            &t->cells.list[dice_below(&sim.dice, t->cells.count)];
        if (c->type != no || !twin_bucket(t, c->bucket))
            continue;
        const struct cell *life = twin_cell(t, c->record, 0);
        if (life && life->value.len && (life->value.at[0] == 0xc3) == alive)
            return life;
    }
    return NULL;
}

static const char *bucket_name(const struct twin *t, const struct cell *c)
{
    return twin_bucket(t, c->bucket)->name;
}

/* ---- Texts ---- */

/* Between two words, or at the end. */
static size_t some_place(struct span text)
{
    for (unsigned i = 0; i < 10 && text.len; i++) {
        size_t at = dice_below(&sim.dice, text.len);
        if (text.at[at] == ' ')
            return at + 1;
    }
    return text.len;
}

static void put_delta(struct buf *b, struct span from, struct span to)
{
    struct text_delta delta = {0};

    if (text_diff(from, to, &delta))
        abort();
    text_delta_pack(&delta, b);
    text_delta_free(&delta);
}

static void write_words(struct twin *t, const struct cell *life, uint32_t field)
{
    const struct cell *c = twin_cell(t, life->record, field);
    const struct pending *mine = twin_pending_text(t, life->record, field);
    struct span from = {0};
    struct pending p = {0};
    char word[32];
    uint64_t seen = c ? c->version : 0;

    if (mine) {
        from = buf_span(&mine->text);
        seen = mine->text_seen;
    } else if (c && c->kind == 't') {
        from = buf_span(&c->value);
    }
    if (from.len > 2500)
        return;
    p.marker = ++sim.markers;
    size_t at = some_place(from);
    bool at_end = at == from.len;
    int n = snprintf(word, sizeof word, at_end ? "%sm%06u" : "%sm%06u ",
                     at_end && at ? " " : "", p.marker);
    buf_put(&p.text, from.at, at);
    buf_put(&p.text, word, (size_t)n);
    buf_put(&p.text, from.at + at, from.len - at);
    begin(t, &p, bucket_name(t, life), life->record, 1);
    change_edit_begin(&p.bytes, CHANGE_TEXT, field, seen);
    put_delta(&p.bytes, from, buf_span(&p.text));
    edits(&p, life->record, field);
    p.text_record = life->record;
    p.text_field = field;
    p.text_seen = seen;
    twin_save(t, &p, 1, 1);
}

/* Other words for some, which others may be doing, too. */
static void reword(struct twin *t, const struct cell *life)
{
    uint32_t field = field_of("visit", "purpose");
    const struct cell *c = twin_cell(t, life->record, field);
    struct pending p = {0};
    char word[40];

    if (twin_pending_text(t, life->record, field))
        return;
    struct span from =
        c && c->kind == 't' ? buf_span(&c->value) : (struct span){0};
    size_t at = some_place(from), end = at;
    while (end < from.len && from.at[end] != ' ')
        end++;
    int n = snprintf(word, sizeof word, "w%u for w%u",
                     dice_below(&sim.dice, 50), dice_below(&sim.dice, 50));
    if (from.len < 500)
        end = at;
    else
        n = 0;
    buf_put(&p.text, from.at, at);
    if (at == from.len && at)
        buf_put(&p.text, " ", 1);
    buf_put(&p.text, word, (size_t)n);
    if (end < from.len && n)
        buf_put(&p.text, " ", 1);
    buf_put(&p.text, from.at + end, from.len - end);
    begin(t, &p, bucket_name(t, life), life->record, 1);
    change_edit_begin(&p.bytes, CHANGE_TEXT, field, c ? c->version : 0);
    put_delta(&p.bytes, from, buf_span(&p.text));
    edits(&p, life->record, field);
    p.text_record = life->record;
    p.text_field = field;
    p.text_seen = c ? c->version : 0;
    twin_save(t, &p, 1, 1);
}

/* ---- Facts ---- */

static void put_fact(struct twin *t, const struct cell *life, uint32_t field,
                     const char *value)
{
    struct pending p = {0};

    begin(t, &p, bucket_name(t, life), life->record, 1);
    change_edit_begin(&p.bytes, CHANGE_SET, field,
                      version_of(t, life->record, field));
    pack_text(&p.bytes, span_of(value));
    edits(&p, life->record, field);
    twin_save(t, &p, 1, 1);
}

static void put_set(struct twin *t, const struct cell *life)
{
    static const char *const AREAS[] = {"LM", "ID", "TM", "TL", "DP"};
    uint32_t field = field_of("visit", "areas");
    struct pending p = {0};
    bool adds = !dice_one_in(&sim.dice, 3);

    begin(t, &p, bucket_name(t, life), life->record, 1);
    change_edit_begin(&p.bytes, adds ? CHANGE_ADD : CHANGE_REMOVE, field,
                      version_of(t, life->record, field));
    pack_array(&p.bytes, 1);
    pack_text(&p.bytes, span_of(AREAS[dice_below(&sim.dice, 5)]));
    edits(&p, life->record, field);
    twin_save(t, &p, 1, 1);
}

static void judge(struct twin *t, const struct cell *life)
{
    static const char *const LEVELS[] = {"universal", "targeted", "intensive"};
    static const char *const DATES[] = {"2026-01-14", "2026-01-15",
                                        "2026-01-16"};

    if (dice_one_in(&sim.dice, 2))
        put_fact(t, life, field_of("visit", "support_level"),
                 LEVELS[dice_below(&sim.dice, 3)]);
    else
        put_fact(t, life, field_of("visit", "date"),
                 DATES[dice_below(&sim.dice, 3)]);
}

static void note_fact(struct twin *t, const struct cell *life)
{
    char words[32];

    snprintf(words, sizeof words, "With %u", dice_below(&sim.dice, 100000));
    put_fact(t, life, field_of("visit", "with_roles"), words);
}

static void end_or_revive(struct twin *t, bool revive)
{
    const struct cell *life = any_record(t, "visit", !revive);
    struct pending p = {0};

    if (!life)
        return;
    sim_reach(revive ? STATE_RESTORED : STATE_DELETED);
    begin(t, &p, bucket_name(t, life), life->record, 1);
    change_edit_begin(&p.bytes, revive ? CHANGE_RESTORE : CHANGE_DELETE, 0,
                      newest_of(t, life->record));
    pack_nil(&p.bytes);
    edits(&p, life->record, 0);
    twin_save(t, &p, 1, 1);
}

static void sign(struct twin *t)
{
    const struct cell *life = any_record(t, "visit", true);
    struct pending p = {0};
    char id[ID_TEXT_BYTES + 1], by[ID_TEXT_BYTES + 1];
    uint32_t record = field_of("signoff", "record");
    uint32_t revision = field_of("signoff", "revision");

    if (!life)
        return;
    uint64_t seen = newest_of(t, life->record);
    id_text(life->record, id);
    id_text(sim.person_ids[t->person], by);
    struct span parts[] = {span_of(id), span_of("1"), span_of(by)};
    struct id mark = id_natural("signoff", parts, 3);
    sim_reach(STATE_SIGNED);
    begin(t, &p, bucket_name(t, life), mark, 3);
    change_create(&p.bytes, type_of("signoff")->id);
    change_edit_begin(&p.bytes, CHANGE_SET, record, seen);
    pack_id(&p.bytes, life->record);
    change_edit_begin(&p.bytes, CHANGE_SET, revision, seen);
    pack_int(&p.bytes, 1);
    edits(&p, mark, 0);
    edits(&p, mark, record);
    edits(&p, mark, revision);
    twin_save(t, &p, 3, 1);
}

/* What no good tablet sends: it is held, and the queue goes on. */
static void junk(struct twin *t)
{
    struct pending p = {0};
    char id[ID_TEXT_BYTES + 1];

    if (dice_one_in(&sim.dice, 2)) {
        buf_put(&p.bytes, "\x92\x01\xc1", 3);
        twin_save(t, &p, 1, 1);
        return;
    }
    snprintf(p.name, sizeof p.name, "oversight/");
    id_text(sim.schools[1], id);
    snprintf(p.name, sizeof p.name, "oversight/%s", id);
    struct id record = id_named(span_of("forged"));
    change_begin(&p.bytes, clock_of(t), 1);
    change_touch_begin_named(&p.bytes, span_of(p.name), record, 1);
    change_create(&p.bytes, type_of("visit")->id);
    edits(&p, record, 0);
    twin_save(t, &p, 1, 1);
}

/* ---- Choosing ---- */

static void lead_writes(struct twin *t)
{
    static const char *const TEXTS[] = {"findings", "strengths", "impact"};
    const struct cell *life = any_record(t, "visit", true);

    if (!life || dice_one_in(&sim.dice, 12)) {
        birth(t, "oversight", t->person == 3 ? 1 : 0);
        return;
    }
    switch (dice_below(&sim.dice, 8)) {
    case 0: judge(t, life); break;
    case 1: note_fact(t, life); break;
    case 2: put_set(t, life); break;
    case 3: reword(t, life); break;
    default:
        write_words(t, life,
                    field_of("visit", TEXTS[dice_below(&sim.dice, 3)]));
    }
}

static void school_writes(struct twin *t)
{
    const struct cell *life = any_record(t, "action", true);

    if (!life || dice_one_in(&sim.dice, 12))
        birth(t, "school", 0);
    else
        write_words(t, life, field_of("action", "notes"));
}

static void central_writes(struct twin *t)
{
    const struct cell *life = any_record(t, "visit", true);

    if (life)
        note_fact(t, life);
}

void people_write(struct twin *t)
{
    const struct weights *w = &sim.weights;

    if (!t->bucket_count)
        return; /* it has never met the server */
    if (dice_one_in(&sim.dice, w->junk))
        junk(t);
    else if (t->person < 2 && dice_one_in(&sim.dice, w->sign))
        sign(t);
    else if (t->person < 2 && dice_one_in(&sim.dice, w->remove))
        end_or_revive(t, dice_one_in(&sim.dice, 2));
    else if (t->person == 2 || (t->person < 2 && dice_one_in(&sim.dice, 4)))
        school_writes(t);
    else if (t->person < 2)
        lead_writes(t);
    else
        central_writes(t);
}

/* The central team ends a role, or gives it back. */
void people_roles(bool withdraw)
{
    struct twin *t = &sim.twins[4];
    struct id record = sim.assignments[dice_below(&sim.dice, 3)];
    uint32_t field = field_of("role_assignment", "until");
    const struct cell *life = twin_cell(t, record, 0);
    struct pending p = {0};

    if (!life || !twin_bucket(t, life->bucket))
        return;
    begin(t, &p, bucket_name(t, life), record, 1);
    change_edit_begin(&p.bytes, CHANGE_SET, field,
                      version_of(t, record, field));
    if (withdraw)
        pack_int(&p.bytes, sim.wall_ms);
    else
        pack_nil(&p.bytes);
    edits(&p, record, field);
    twin_save(t, &p, 1, 1);
}
