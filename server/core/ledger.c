#include "ledger.h"

#include <stdlib.h>

/* Make list[no] exist; everything between is zero. */
static bool reach(void **list, uint32_t *count, uint32_t no, size_t size)
{
    if (no < *count)
        return true;
    uint32_t wider = no + no / 2 + 16;
    char *at = realloc(*list, wider * size);
    if (!at)
        return false;
    memset(at + *count * size, 0, (wider - *count) * size);
    *list = at;
    *count = wider;
    return true;
}

static enum err room_for_bucket(struct ledger *l, const struct store_bucket *b)
{
    if (!reach((void **)&l->buckets, &l->bucket_count, b->no, sizeof *b))
        return ERR_NOMEM;
    struct store_bucket *to = &l->buckets[b->no];
    if (to->no)
        return ERR_OK;
    uint8_t *copy = malloc(b->name.len + 1);
    if (!copy)
        return ERR_NOMEM;
    memcpy(copy, b->name.at, b->name.len);
    copy[b->name.len] = 0;
    /* A commit that failed may have left the name of another here. */
    free((void *)(uintptr_t)to->name.at);
    to->name = (struct span){copy, b->name.len};
    return ERR_OK;
}

static enum err room_for_replica(struct ledger *l, uint32_t no)
{
    return reach((void **)&l->replicas, &l->replica_count, no,
                 sizeof *l->replicas)
               ? ERR_OK
               : ERR_NOMEM;
}

enum err ledger_room(struct ledger *l, const struct commit *c)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < c->bucket_count && !err; i++)
        err = room_for_bucket(l, &c->buckets[i]);
    for (size_t i = 0; i < c->replica_count && !err; i++)
        err = room_for_replica(l, c->replicas[i].no);
    return err;
}

void ledger_put_bucket(struct ledger *l, const struct store_bucket *b)
{
    struct store_bucket *to = &l->buckets[b->no];
    struct span name = to->name; /* ours stays, theirs may go */

    *to = *b;
    to->name = name;
}

void ledger_put_replica(struct ledger *l, const struct store_replica *r)
{
    l->replicas[r->no] = *r;
}

enum err ledger_init(struct ledger *l, const struct schema *schema,
                     const struct store_directory *d, struct access *access)
{
    struct commit all = {.buckets = d->buckets,
                         .bucket_count = d->bucket_count,
                         .replicas = d->replicas,
                         .replica_count = d->replica_count};

    *l = (struct ledger){
        .schema = schema, .access = access, .head = d->head.version};
    enum err err = ledger_room(l, &all);
    if (err) {
        ledger_fini(l);
        return err;
    }
    for (size_t i = 0; i < d->bucket_count; i++)
        ledger_put_bucket(l, &d->buckets[i]);
    for (size_t i = 0; i < d->replica_count; i++)
        ledger_put_replica(l, &d->replicas[i]);
    return ERR_OK;
}

void ledger_fini(struct ledger *l)
{
    for (uint32_t i = 0; i < l->bucket_count; i++)
        free((void *)(uintptr_t)l->buckets[i].name.at);
    free(l->buckets);
    free(l->replicas);
    access_drop(l->access);
    *l = (struct ledger){0};
}

const struct store_bucket *ledger_bucket(const struct ledger *l, uint32_t no)
{
    return no && no < l->bucket_count && l->buckets[no].no ? &l->buckets[no]
                                                           : NULL;
}

const struct store_bucket *ledger_bucket_named(const struct ledger *l,
                                               struct span name)
{
    for (uint32_t i = 1; i < l->bucket_count; i++)
        if (l->buckets[i].no && span_equal(l->buckets[i].name, name))
            return &l->buckets[i];
    return NULL;
}
