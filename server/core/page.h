/* page.h -- rows made into the body of a segment (segment.h): for pages of a
 * catch-up and for what one commit sends out, the same way.
 *
 * Rows of one record that come one after another form a group. Ask buf_ok()
 * of `body` at the end. One thread; start with page_begin(), end with
 * page_end(), then take the body.
 */
#ifndef PAGE_H
#define PAGE_H

#include "access.h"
#include "row.h"
#include "schema.h"
#include "segment.h"

enum { PAGE_ROWS_MAX = 128 };

struct page_writer {
    const struct schema *schema;
    const struct access *access; /* persons by number */
    struct buf body;
    /* the group being gathered */
    struct segment_group group;
    struct segment_row rows[PAGE_ROWS_MAX];
    size_t value_ends[PAGE_ROWS_MAX];
    size_t count;
    struct buf values;
};

void page_begin(struct page_writer *, const struct schema *,
                const struct access *);
void page_row(struct page_writer *, const struct row *);
void page_end(struct page_writer *); /* the body is whole now */
void page_fini(struct page_writer *);

#endif
