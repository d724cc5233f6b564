#include "hub_inside.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOTS = 4096, ROW_BYTES = 200 /* of a page that is not here yet */ };

enum err pages_init(struct pages *p, uint32_t seed)
{
    p->slots = calloc(SLOTS, sizeof *p->slots);
    p->slot_count = SLOTS;
    p->seed = seed;
    return p->slots ? ERR_OK : ERR_NOMEM;
}

static struct cached **slot_of(struct pages *p, uint32_t bucket, uint64_t from)
{
    uint64_t key[2] = {bucket, from};
    struct span bytes = {(const uint8_t *)key, sizeof key};

    return &p->slots[hash32(bytes, p->seed) % p->slot_count];
}

static void unlink_use(struct pages *p, struct cached *c)
{
    *(c->newer ? &c->newer->older : &p->newest) = c->older;
    *(c->older ? &c->older->newer : &p->oldest) = c->newer;
    c->newer = c->older = NULL;
}

static void link_newest(struct pages *p, struct cached *c)
{
    c->older = p->newest;
    c->newer = NULL;
    *(c->older ? &c->older->newer : &p->oldest) = c;
    p->newest = c;
}

static size_t weight(const struct cached *c)
{
    return ROW_BYTES + c->body.cap;
}

struct cached *pages_find(struct pages *p, uint32_t bucket, uint64_t from)
{
    for (struct cached *c = *slot_of(p, bucket, from); c; c = c->chain) {
        if (c->bucket != bucket || c->from != from)
            continue;
        unlink_use(p, c);
        link_newest(p, c);
        return c;
    }
    return NULL;
}

void pages_drop(struct pages *p, struct cached *c)
{
    struct cached **at = slot_of(p, c->bucket, c->from);

    while (*at != c)
        at = &(*at)->chain;
    *at = c->chain;
    unlink_use(p, c);
    p->bytes -= weight(c);
    p->count--;
    buf_free(&c->body);
    free(c);
}

/* Those still being read stay: somebody waits for them. */
static void make_room(struct pages *p)
{
    struct cached *c = p->oldest;

    while (c && p->bytes > HUB_PAGES_BYTES) {
        struct cached *newer = c->newer;
        if (c->here)
            pages_drop(p, c);
        c = newer;
    }
}

struct cached *pages_add(struct pages *p, uint32_t bucket, uint64_t from)
{
    struct cached *c = calloc(1, sizeof *c);
    struct cached **slot = slot_of(p, bucket, from);

    if (!c)
        return NULL;
    c->bucket = bucket;
    c->from = from;
    c->chain = *slot;
    *slot = c;
    link_newest(p, c);
    p->bytes += weight(c);
    p->count++;
    make_room(p);
    return c;
}

void pages_arrive(struct pages *p, struct cached *c, struct job *j)
{
    assert(!c->here);
    c->here = true;
    c->to = j->page.to;
    c->codec = j->page.codec;
    c->rows = j->page.rows;
    c->plain_bytes = j->page.plain_bytes;
    c->body = j->page.body;
    j->page.body = (struct buf){0};
    p->bytes += c->body.cap;
    unlink_use(p, c);
    link_newest(p, c);
    make_room(p);
}

void pages_fini(struct pages *p)
{
    while (p->newest)
        pages_drop(p, p->newest);
    free(p->slots);
    *p = (struct pages){0};
}
