#include "job.h"

#include "page.h"
#include "value.h"
#include "zip.h"

#include <stdlib.h>

enum { ZIP_FROM_BYTES = 1024 };

enum err job_open(enum job_kind kind, struct job **out)
{
    struct job *j = calloc(1, sizeof *j);

    if (!j)
        return ERR_NOMEM;
    j->kind = kind;
    *out = j;
    return ERR_OK;
}

void job_free(struct job *j)
{
    if (!j)
        return;
    access_drop(j->access);
    switch (j->kind) {
    case JOB_BATCH: batch_free(j->batch); break;
    case JOB_ENROL:
    case JOB_SAFE: break;
    case JOB_PAGE: buf_free(&j->page.body); break;
    case JOB_HISTORY: buf_free(&j->history.message); break;
    }
    free(j);
}

bool job_writes(enum job_kind kind)
{
    return kind == JOB_BATCH || kind == JOB_ENROL || kind == JOB_SAFE;
}

/* ---- Writing ---- */

static void run_batch(struct job *j, struct ledger *ledger, struct store *store,
                      struct reader *reader, int64_t now_ms)
{
    j->err = batch_run(j->batch, ledger, store, now_ms);
    if (j->err || !j->batch->roster_moved)
        return;
    /* The commit stands whatever happens here: a roster that cannot be read
     * now leaves the one before in force, and is told as the store's error. */
    struct access *fresh = NULL;
    enum err err = job_access(ledger->schema, reader, NULL, 0, &fresh);
    if (!err)
        err = access_copy_persons(fresh, ledger->access);
    if (err) {
        access_drop(fresh);
        j->err = err;
        return;
    }
    access_drop(ledger->access);
    ledger->access = fresh;
    j->access = access_hold(fresh);
}

static void run_enrol(struct job *j, struct store *store)
{
    uint32_t person = 0;

    j->err =
        store_spend_code(store, j->enrol.code_hash, j->enrol.now_ms, &person);
    if (j->err)
        return;
    j->enrol.row = (struct store_device){
        .id = j->enrol.device,
        .person = person,
        .label = span_of(j->enrol.label),
        .platform = span_of(j->enrol.platform),
        .enrolled_ms = j->enrol.now_ms,
        .seen_ms = j->enrol.now_ms,
    };
    memcpy(j->enrol.row.token_hash, j->enrol.token_hash, 32);
    j->err = store_put_device(store, &j->enrol.row);
}

void job_write(struct job *j, struct ledger *ledger, struct store *store,
               struct reader *reader, int64_t now_ms)
{
    if (j->kind == JOB_BATCH)
        run_batch(j, ledger, store, reader, now_ms);
    else if (j->kind == JOB_ENROL)
        run_enrol(j, store);
    else
        j->err = store_put_safe(store, j->safe);
}

/* ---- Pages ---- */

struct paging {
    struct page_writer writer;
    uint64_t last, rows;
    bool full;
};

static bool page_each(void *context, const struct row *row)
{
    struct paging *p = context;

    if (p->writer.body.len + p->writer.values.len >= JOB_PAGE_BYTES) {
        p->full = true;
        return false;
    }
    page_row(&p->writer, row);
    p->last = row->version;
    p->rows++;
    return true;
}

/* The live ones are deflated fast; a page is kept and sent again and again. */
static enum err pack_body(struct job *j, struct buf *plain)
{
    j->page.plain_bytes = plain->len;
    if (plain->len >= ZIP_FROM_BYTES) {
        j->page.codec = MESSAGE_ZLIB;
        return zip_deflate(buf_span(plain), ZIP_SMALL, &j->page.body);
    }
    j->page.codec = MESSAGE_PLAIN;
    buf_put(&j->page.body, plain->at, plain->len);
    return buf_ok(&j->page.body) ? ERR_OK : ERR_NOMEM;
}

static void run_page(struct job *j, const struct schema *schema,
                     struct reader *reader)
{
    struct paging *p = calloc(1, sizeof *p);

    if (!p) {
        j->err = ERR_NOMEM;
        return;
    }
    page_begin(&p->writer, schema, j->access);
    j->err = reader_scan(reader, j->page.bucket, j->page.from, j->page.upto,
                         page_each, p);
    page_end(&p->writer);
    if (!j->err && !buf_ok(&p->writer.body))
        j->err = ERR_NOMEM;
    j->page.to = p->full ? p->last : j->page.upto;
    j->page.rows = p->rows;
    if (!j->err)
        j->err = pack_body(j, &p->writer.body);
    page_fini(&p->writer);
    free(p);
}

/* ---- History ---- */

struct telling {
    const struct schema *schema;
    const struct access *access;
    struct reader *reader;
    struct buf entries, value;
    size_t count;
    bool more;
    enum err err;
};

static bool history_each(void *context, const struct row *row)
{
    struct telling *t = context;
    const struct type *type = schema_type(t->schema, row->type);
    const struct field *field =
        type && row->field ? type_field(type, row->field) : NULL;
    struct message_entry e = {
        .field = row->field,
        .version = row->version,
        .outcome =
            row->outcome == OUTCOME_AGREED ? OUTCOME_MERGED : row->outcome,
        .author = access_person(t->access, row->author),
        .at = row->at,
        .raw = row->at + row->skew,
        .seen = row->seen,
        .replica = row->replica,
        .seq = row->seq,
        .flags = row->flags & (ROW_CHECK_WORDING | ROW_CONFLICT | ROW_MERGED),
    };

    if (t->count == JOB_HISTORY_ROWS_MAX ||
        t->entries.len > MESSAGE_BYTES_MAX / 2) {
        t->more = true;
        return false;
    }
    t->err = reader_received(t->reader, row->version, &e.received);
    buf_clear(&t->value);
    value_pack(field, row->value, &t->value);
    e.value = buf_span(&t->value);
    message_entry_write(&t->entries, &e);
    t->count++;
    return t->err == ERR_OK;
}

static void run_history(struct job *j, const struct schema *schema,
                        struct reader *reader)
{
    struct telling t = {
        .schema = schema, .access = j->access, .reader = reader};
    struct buf *out = &j->history.message;

    j->err = reader_history(reader, j->history.bucket, j->history.record,
                            history_each, &t);
    if (!j->err)
        j->err = t.err;
    message_entries_begin(out, j->history.request, t.count);
    buf_put(out, t.entries.at, t.entries.len);
    message_entries_end(out, t.more);
    if (!j->err && (!buf_ok(out) || !buf_ok(&t.entries) || !buf_ok(&t.value)))
        j->err = ERR_NOMEM;
    buf_free(&t.entries);
    buf_free(&t.value);
}

void job_read(struct job *j, const struct schema *schema, struct reader *reader)
{
    if (j->kind == JOB_PAGE)
        run_page(j, schema, reader);
    else
        run_history(j, schema, reader);
}
