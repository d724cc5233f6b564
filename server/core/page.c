#include "page.h"

#include "value.h"

void page_begin(struct page_writer *w, const struct schema *schema,
                const struct access *access)
{
    w->schema = schema;
    w->access = access;
    w->count = 0;
    buf_clear(&w->body);
    buf_clear(&w->values);
}

/* The values lie one after another in a buf that may have moved meanwhile. */
static void flush(struct page_writer *w)
{
    size_t start = 0;

    if (w->count == 0)
        return;
    for (size_t i = 0; i < w->count; i++) {
        w->rows[i].value =
            (struct span){w->values.at + start, w->value_ends[i] - start};
        start = w->value_ends[i];
    }
    if (buf_ok(&w->values))
        segment_group_write(&w->body, &w->group, w->rows, w->count);
    else
        w->body.failed = true;
    w->count = 0;
    buf_clear(&w->values);
}

void page_row(struct page_writer *w, const struct row *row)
{
    const struct type *type = schema_type(w->schema, row->type);
    const struct field *field =
        type && row->field ? type_field(type, row->field) : NULL;
    struct id author = access_person(w->access, row->author);
    bool fits = w->count && w->count < PAGE_ROWS_MAX &&
                id_equal(w->group.record, row->record);

    if (!fits) {
        flush(w);
        w->group = (struct segment_group){.record = row->record,
                                          .type = row->type,
                                          .author = author,
                                          .at = row->at};
    }
    w->rows[w->count] = (struct segment_row){
        .field = row->field,
        .version = row->version,
        .flags = row->flags & (ROW_CHECK_WORDING | ROW_CONFLICT | ROW_MERGED),
        .author = author,
        .at = row->at,
    };
    value_pack(field, row->value, &w->values);
    w->value_ends[w->count++] = w->values.len;
}

void page_end(struct page_writer *w)
{
    flush(w);
}

void page_fini(struct page_writer *w)
{
    buf_free(&w->body);
    buf_free(&w->values);
}
