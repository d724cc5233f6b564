/* Signing: a signature covers a record and its children exactly as its signer
 * had them. One that comes after something its signer had not seen does not
 * take effect; the signer is told what it was. */
#include "batch_own.h"
#include "digest.h"
#include "document.h"

/* One state row of the bucket, without its texts but for what is looked at. */
struct seen_row {
    struct id record;
    const struct type *type;
    uint32_t field, replica, flags;
    uint64_t version;
    struct value value;
};

struct covered {
    struct work *work;
    struct id target;
    const struct type *type;
    struct seen_row *rows; /* of the whole bucket */
    size_t count, cap;
    struct id *children; /* alive or not */
    size_t child_count;
};

static bool keep_row(void *context, const struct row *row)
{
    struct covered *c = context;
    struct work *w = c->work;
    const struct type *type = schema_type(w->ledger->schema, row->type);

    if (!type)
        return true;
    if (c->count == c->cap) {
        size_t wider = c->cap ? c->cap * 2 : 512;
        struct seen_row *rows = arena_take(w->arena, wider * sizeof *rows);
        if (!rows)
            return false;
        if (c->count)
            memcpy(rows, c->rows, c->count * sizeof *rows);
        c->rows = rows;
        c->cap = wider;
    }
    struct seen_row *to = &c->rows[c->count++];
    *to = (struct seen_row){row->record, type,         row->field, row->replica,
                            row->flags,  row->version, row->value};
    to->value.bytes = arena_copy(w->arena, row->value.bytes);
    return arena_ok(w->arena);
}

static enum err cover(struct work *w, const struct after *a, struct id target,
                      struct covered *c)
{
    *c = (struct covered){.work = w, .target = target};
    enum err err = store_rows(w->store, a->bucket, 0, keep_row, c);

    c->children = arena_take(w->arena, (c->count + 1) * sizeof *c->children);
    if (err || !arena_ok(w->arena))
        return err ? err : ERR_NOMEM;
    for (size_t i = 0; i < c->count; i++) {
        const struct seen_row *r = &c->rows[i];
        struct id parent;
        if (id_equal(r->record, target) && r->field == 0)
            c->type = r->type;
        if (r->type->signed_with && r->field == r->type->signed_with->id &&
            cells_ref(r->value, &parent) && id_equal(parent, target))
            c->children[c->child_count++] = r->record;
    }
    return ERR_OK;
}

static bool is_covered(const struct covered *c, const struct seen_row *r)
{
    if (id_equal(r->record, c->target))
        return true;
    for (size_t i = 0; i < c->child_count; i++)
        if (id_equal(c->children[i], r->record))
            return true;
    return false;
}

static struct value value_in(const struct covered *c, struct id record,
                             const struct field *f)
{
    for (size_t i = 0; f && i < c->count; i++)
        if (c->rows[i].field == f->id && id_equal(c->rows[i].record, record))
            return c->rows[i].value;
    return (struct value){0};
}

/* ---- May it take effect? ---- */

static bool undecided(const struct covered *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->rows[i].flags & ROW_CONFLICT && is_covered(c, &c->rows[i]))
            return true;
    return false;
}

static bool incomplete(const struct covered *c)
{
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        const struct field *f = &c->type->fields[i];
        if (f->needed && !strcmp(f->needed, "sign") &&
            value_in(c, c->target, f).kind == VALUE_NIL)
            return true;
    }
    return false;
}

static bool is_new_to(const struct covered *c, const struct after *a,
                      const struct seen_row *r)
{
    return r->version > a->seen && r->replica != a->replica && is_covered(c, r);
}

/* [{"record":…,"field":…,"version":…},…]; false: there is none. */
static bool unseen(const struct covered *c, const struct after *a,
                   struct buf *out)
{
    bool any = false;

    buf_byte(out, '[');
    for (size_t i = 0; i < c->count; i++) {
        const struct seen_row *r = &c->rows[i];
        if (!is_new_to(c, a, r))
            continue;
        const struct field *f = r->field ? type_field(r->type, r->field) : NULL;
        if (any)
            buf_byte(out, ',');
        buf_byte(out, '{');
        document_key(out, "record");
        document_id(out, r->record);
        buf_byte(out, ',');
        document_key(out, "field");
        document_text(out, span_of(f ? f->name : "record"));
        buf_byte(out, ',');
        document_key(out, "version");
        document_int(out, (int64_t)r->version);
        buf_byte(out, '}');
        any = true;
    }
    buf_byte(out, ']');
    return any;
}

static role_set lead_role(const struct covered *c, struct id person)
{
    struct id lead;

    return cells_ref(value_in(c, c->target, c->type->lead), &lead) &&
                   id_equal(lead, person)
               ? ROLE_LEAD
               : 0;
}

/* A review takes two: its lead and the trust lead; one person may be both. */
static bool needs_another(const struct work *w, const struct covered *c,
                          role_set mine)
{
    const struct role *trust =
        schema_role_named(w->ledger->schema, "trust_lead");
    role_set both = ROLE_LEAD | (trust ? trust->bit : 0);
    const struct type *signoff =
        schema_type_named(w->ledger->schema, "signoff");

    if (strcmp(c->type->life, "review") != 0 || (mine & both) == both)
        return false;
    const struct field *record = type_field_named(signoff, "record");
    const struct field *outcome = type_field_named(signoff, "outcome");
    for (size_t i = 0; i < c->count; i++) {
        const struct seen_row *r = &c->rows[i];
        struct id signs;
        if (r->type != signoff || r->field != record->id ||
            !cells_ref(r->value, &signs) || !id_equal(signs, c->target))
            continue;
        struct value v = value_in(c, r->record, outcome);
        if (v.kind == VALUE_TEXT &&
            span_equal(v.bytes, span_of("first_of_two")))
            return false;
    }
    return true;
}

static const char *judge(struct work *w, const struct covered *c,
                         const struct after *a, struct buf *differs)
{
    struct id person = access_person(w->ledger->access, a->author);
    role_set mine = a->roles | lead_role(c, person);

    if (!c->type || !c->type->state ||
        !access_may(c->type, NULL, ACCESS_SIGN, mine))
        return "not_allowed";
    if (undecided(c))
        return "undecided";
    if (unseen(c, a, differs))
        return "sign_again";
    if (incomplete(c))
        return "incomplete";
    return needs_another(w, c, mine) ? "first_of_two" : "signed";
}

/* ---- The fixed copy ---- */

static void put_record(const struct covered *c, struct id record,
                       struct buf *out)
{
    bool first = true;

    buf_byte(out, '{');
    for (size_t i = 0; i < c->count; i++) {
        const struct seen_row *r = &c->rows[i];
        const struct field *f = r->field ? type_field(r->type, r->field) : NULL;
        if (!f || !id_equal(r->record, record) || r->value.kind == VALUE_NIL)
            continue;
        if (!first)
            buf_byte(out, ',');
        document_key(out, f->name);
        document_value(out, f, r->value);
        first = false;
    }
    buf_byte(out, '}');
}

static bool lives(const struct covered *c, struct id record)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->rows[i].field == 0 && id_equal(c->rows[i].record, record))
            return c->rows[i].value.integer != 0;
    return false;
}

static const struct type *type_in(const struct covered *c, struct id record)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->rows[i].field == 0 && id_equal(c->rows[i].record, record))
            return c->rows[i].type;
    return NULL;
}

static void put_copy(const struct covered *c, struct buf *out)
{
    buf_byte(out, '{');
    document_key(out, c->type->name);
    put_record(c, c->target, out);
    buf_byte(out, ',');
    document_key(out, "with");
    buf_byte(out, '[');
    bool first = true;
    for (size_t i = 0; i < c->child_count; i++) {
        const struct type *t = type_in(c, c->children[i]);
        /* What a single reviewer thought is not what the team says. */
        if (!t || !lives(c, c->children[i]) ||
            !strcmp(t->name, "reviewer_view"))
            continue;
        if (!first)
            buf_byte(out, ',');
        buf_byte(out, '{');
        document_key(out, t->name);
        put_record(c, c->children[i], out);
        buf_byte(out, '}');
        first = false;
    }
    buf_byte(out, ']');
    buf_byte(out, '}');
}

static void put_hash(struct own *o, struct span content)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t hash[DIGEST_BYTES];
    char text[2 * DIGEST_BYTES + 1] = "";

    digest_sha256(content, hash);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        text[2 * i] = hex[hash[i] >> 4];
        text[2 * i + 1] = hex[hash[i] & 15];
    }
    own_text(o, "content_hash", span_of(text));
}

static void put_title(struct own *o, const struct covered *c)
{
    const struct field *date = type_field_named(c->type, "date");
    struct value when = value_in(
        c, c->target, date ? date : type_field_named(c->type, "starts"));
    struct buf b = {0};

    buf_put(&b, c->type->label, strlen(c->type->label));
    if (when.kind == VALUE_TEXT) {
        buf_put(&b, ", ", 2);
        buf_put(&b, when.bytes.at, when.bytes.len);
    }
    if (buf_ok(&b))
        own_text(o, "title", buf_span(&b));
    buf_free(&b);
}

/* Into the school's own bucket, where its people read. */
static enum err share(struct work *w, const struct covered *c, int64_t at)
{
    struct value school =
        value_in(c, c->target, type_field_named(c->type, "school"));
    struct value revision =
        c->type->state->reopened_by
            ? value_in(c, c->target, c->type->state->reopened_by)
            : (struct value){0};
    char bucket[BUCKET_NAME_MAX + 1] = "school/";
    struct id school_id;
    struct buf b = {0};
    struct own o;

    if (!cells_ref(school, &school_id))
        return ERR_OK;
    id_text(school_id, bucket + strlen(bucket));
    put_copy(c, &b);
    own_begin(&o, w, "shared_report",
              own_id("shared_report", c->target, "revision",
                     (uint64_t)revision.integer));
    own_text(&o, "kind",
             span_of(!strcmp(c->type->life, "visit") ? "visit_note"
                                                     : "review_report"));
    own_ref(&o, "source", c->target);
    own_ref(&o, "school", school_id);
    own_int(&o, "revision", revision.integer);
    put_title(&o, c);
    own_text(&o, "content", buf_span(&b));
    put_hash(&o, buf_span(&b));
    own_int(&o, "shared_at", at);
    enum err err = buf_ok(&b) ? ERR_OK : ERR_NOMEM;
    buf_free(&b);
    enum err ended = own_end_named(&o, span_of(bucket));
    return err ? err : ended;
}

static bool in_school(const struct work *w, const struct after *a)
{
    struct span name = cells_bucket_name(w, a->bucket);

    return name.len > 7 && !memcmp(name.at, "school/", 7);
}

enum err own_share(struct work *w, const struct after *a)
{
    struct covered c;
    enum err err = cover(w, a, a->record, &c);

    if (err || !c.type || in_school(w, a))
        return err;
    return share(w, &c, a->at);
}

/* ---- Taking effect ---- */

static enum err close_record(struct work *w, const struct after *a,
                             const struct covered *c)
{
    struct own o;

    own_edit(&o, w, c->type, c->target);
    o.author = a->author;
    o.replica = a->replica;
    o.at = a->at;
    own_text(&o, c->type->state->name, span_of("signed_off"));
    enum err err = own_end(&o, a->bucket);
    /* A visit is shared as soon as its signature counts. */
    if (!err && !strcmp(c->type->life, "visit"))
        err = share(w, c, a->at);
    return err;
}

static enum err tell_signer(struct work *w, const struct after *a,
                            struct id target)
{
    struct id person = access_person(w->ledger->access, a->author);
    struct own o;

    own_begin(&o, w, "notice",
              own_id("notice", target, "sign_again", (uint64_t)a->at));
    own_ref(&o, "record", target);
    own_text(&o, "kind", span_of("sign_again"));
    own_int(&o, "at", a->at);
    own_refs(&o, "people", &person, 1);
    return own_end(&o, a->bucket);
}

enum err own_signoff(struct work *w, const struct after *a)
{
    const struct field *record = type_field_named(a->type, "record");
    struct value signs;
    struct id target = {{0}};
    struct covered c;
    struct buf differs = {0};
    struct own o;
    enum err err = own_read(w, a->bucket, a->record, record->id, &signs);

    if (err || !cells_ref(signs, &target))
        return err;
    err = cover(w, a, target, &c);
    if (err)
        return err;
    const char *outcome = judge(w, &c, a, &differs);
    own_edit(&o, w, a->type, a->record);
    own_text(&o, "outcome", span_of(outcome));
    bool again = !strcmp(outcome, "sign_again");
    if (again)
        own_text(&o, "differs", buf_span(&differs));
    err = buf_ok(&differs) ? ERR_OK : ERR_NOMEM;
    buf_free(&differs);
    enum err ended = own_end(&o, a->bucket);
    if (!err)
        err = ended;
    if (!err && again)
        err = tell_signer(w, a, target);
    if (!err && !strcmp(outcome, "signed"))
        err = close_record(w, a, &c);
    return err;
}
