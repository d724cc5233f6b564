/* The pages of a catch-up: at hand, asked for, or made ahead. */
#include "hub_inside.h"

enum err stock_ask(struct hub *h, uint32_t bucket, uint64_t from, uint64_t upto)
{
    struct job *job = NULL;
    struct cached *page = pages_add(&h->pages, bucket, from);
    enum err err = page ? job_open(JOB_PAGE, &job) : ERR_NOMEM;

    if (err) {
        if (page)
            pages_drop(&h->pages, page);
        return err;
    }
    job->access = access_hold(h->access);
    job->page.bucket = bucket;
    job->page.from = from;
    job->page.upto = upto;
    hub_submit(h, job);
    return ERR_OK;
}

/* A row that has moved since a page was made is sent twice: on that page as it
 * was, on a later one as it is. Pages made now would hold each of the bucket's
 * rows at most once; when those at hand hold a good deal more than that, they
 * go, or a catch-up would cost all that happened. */
static void drop_stale(struct hub *h, uint32_t bucket, uint64_t cursor,
                       uint64_t upto)
{
    uint64_t count = directory_bucket(&h->directory, bucket)->count;
    uint64_t most = count + count / 4, rows = 0, from = cursor;
    struct cached *page;

    while (from < upto && rows <= most &&
           (page = pages_find(&h->pages, bucket, from)) && page->here) {
        rows += page->rows;
        from = page->to;
    }
    if (rows <= most)
        return;
    from = cursor;
    while (from < upto && (page = pages_find(&h->pages, bucket, from)) &&
           page->here) {
        from = page->to;
        pages_drop(&h->pages, page);
    }
}

/* A short page that ends before now is made anew; a full one never changes. */
struct cached *stock_find(struct hub *h, uint32_t bucket, uint64_t cursor,
                          uint64_t upto)
{
    drop_stale(h, bucket, cursor, upto);
    struct cached *page = pages_find(&h->pages, bucket, cursor);

    if (page && page->here && page->to < upto &&
        page->plain_bytes < JOB_PAGE_BYTES / 2) {
        pages_drop(&h->pages, page);
        return NULL;
    }
    return page;
}

/* true: a page of the bucket had to be asked for. */
static bool ask_ahead(struct hub *h, uint32_t no)
{
    const struct store_bucket *known = directory_bucket(&h->directory, no);
    uint64_t cursor = 0;

    while (known && cursor < known->version) {
        struct cached *page = stock_find(h, no, cursor, known->version);
        if (!page)
            return !stock_ask(h, no, cursor, known->version);
        if (!page->here)
            return true;
        cursor = page->to;
    }
    return false;
}

void stock_ahead(struct hub *h, struct hub_time now)
{
    unsigned asked = 0;

    if (h->head != h->ahead_head) {
        h->ahead_head = h->head;
        h->ahead_ms = now.monotonic_ms + HUB_QUIET_MS;
        h->ahead_bucket = 1;
    }
    if (h->jobs_out || h->stopping || now.monotonic_ms < h->ahead_ms)
        return;
    while (h->ahead_bucket < h->directory.bucket_count &&
           asked < HUB_AHEAD_JOBS && h->pages.bytes < HUB_PAGES_BYTES / 2) {
        if (ask_ahead(h, h->ahead_bucket))
            asked++;
        h->ahead_bucket++;
    }
    /* A bucket of several pages takes several rounds. */
    if (asked && h->ahead_bucket >= h->directory.bucket_count)
        h->ahead_bucket = 1;
}
