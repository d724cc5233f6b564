#include "hub_inside.h"

#include <stdlib.h>

void directory_fini(struct directory *d)
{
    for (size_t i = 0; i < d->device_count; i++)
        free(d->devices[i]);
    for (uint32_t i = 0; i < d->replica_count; i++)
        free(d->replicas[i]);
    for (uint32_t i = 0; i < d->bucket_count; i++)
        free((void *)(uintptr_t)d->buckets[i].name.at);
    for (uint32_t i = 0; i < d->name_count; i++)
        free(d->names[i]);
    free(d->names);
    free(d->devices);
    free(d->replicas);
    free(d->buckets);
    *d = (struct directory){0};
}

static size_t place_of(const struct directory *d, struct id id)
{
    size_t low = 0, high = d->device_count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (memcmp(&d->devices[mid]->id, &id, ID_BYTES) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct device *directory_device(const struct directory *d, struct id id)
{
    size_t at = place_of(d, id);

    return at < d->device_count && id_equal(d->devices[at]->id, id)
               ? d->devices[at]
               : NULL;
}

static void fill_device(struct device *to, const struct store_device *from)
{
    to->no = from->no;
    to->person = from->person;
    to->id = from->id;
    memcpy(to->token_hash, from->token_hash, sizeof to->token_hash);
    to->revoked = from->revoked;
    sight_name(&to->sight, from->label, from->platform);
}

enum err directory_put_device(struct directory *d,
                              const struct store_device *row)
{
    struct device *known = directory_device(d, row->id);

    if (known) {
        fill_device(known, row);
        return ERR_OK;
    }
    if (d->device_count == d->device_cap) {
        size_t wider = d->device_cap ? d->device_cap * 2 : 64;
        void *at = realloc(d->devices, wider * sizeof(struct device *));
        if (!at)
            return ERR_NOMEM;
        d->devices = at;
        d->device_cap = wider;
    }
    struct device *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return ERR_NOMEM;
    fill_device(fresh, row);
    size_t at = place_of(d, row->id);
    memmove(&d->devices[at + 1], &d->devices[at],
            (d->device_count - at) * sizeof *d->devices);
    d->devices[at] = fresh;
    d->device_count++;
    return ERR_OK;
}

const uint8_t *trail_at(const struct trail *t, uint64_t seq)
{
    return seq <= t->last && t->last - seq < t->count
               ? t->chains[seq % TRAIL_LENGTH]
               : NULL;
}

void trail_add(struct trail *t, struct span change)
{
    uint8_t *next = t->chains[(t->last + 1) % TRAIL_LENGTH];

    memcpy(next, t->chains[t->last % TRAIL_LENGTH], HASH_CHAIN_BYTES);
    hash_chain(next, change);
    t->last++;
    if (t->count < TRAIL_LENGTH)
        t->count++;
}

static enum err put_replica(struct directory *d, const struct store_replica *r,
                            struct replica **out)
{
    if (r->no >= d->replica_count) {
        uint32_t wider = r->no + r->no / 2 + 16;
        struct replica **at = realloc(d->replicas, wider * sizeof *at);
        if (!at)
            return ERR_NOMEM;
        memset(at + d->replica_count, 0,
               (wider - d->replica_count) * sizeof *at);
        d->replicas = at;
        d->replica_count = wider;
    }
    struct replica *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return ERR_NOMEM;
    fresh->at = *r;
    fresh->queued = r->seq;
    fresh->trail = (struct trail){.last = r->seq, .count = 1};
    memcpy(fresh->trail.chains[r->seq % TRAIL_LENGTH], r->chain,
           HASH_CHAIN_BYTES);
    d->replicas[r->no] = *out = fresh;
    return ERR_OK;
}

enum err directory_replica(struct directory *d, uint32_t device,
                           uint64_t incarnation, struct replica **out)
{
    uint32_t next = 1;

    for (uint32_t i = 1; i < d->replica_count; i++) {
        struct replica *r = d->replicas[i];
        if (!r)
            continue;
        if (r->at.device == device && r->at.incarnation == incarnation) {
            *out = r;
            return ERR_OK;
        }
        next = i + 1;
    }
    struct store_replica fresh = {
        .no = next, .device = device, .incarnation = incarnation};
    return put_replica(d, &fresh, out);
}

enum err directory_put_bucket(struct directory *d, const struct store_bucket *b,
                              bool *is_new)
{
    if (b->no >= d->bucket_count) {
        uint32_t wider = b->no + b->no / 2 + 16;
        struct store_bucket *at = realloc(d->buckets, wider * sizeof *at);
        if (!at)
            return ERR_NOMEM;
        memset(at + d->bucket_count, 0, (wider - d->bucket_count) * sizeof *at);
        d->buckets = at;
        d->bucket_count = wider;
    }
    struct store_bucket *to = &d->buckets[b->no];
    struct span name = to->name;
    *is_new = !name.at;
    if (*is_new) {
        uint8_t *copy = malloc(b->name.len + 1);
        if (!copy)
            return ERR_NOMEM;
        memcpy(copy, b->name.at, b->name.len);
        copy[b->name.len] = 0;
        name = (struct span){copy, b->name.len};
    }
    *to = *b;
    to->name = name;
    return ERR_OK;
}

const struct store_bucket *directory_bucket(const struct directory *d,
                                            uint32_t no)
{
    return no && no < d->bucket_count && d->buckets[no].no ? &d->buckets[no]
                                                           : NULL;
}

static enum err load_names(struct directory *d, const struct store_directory *s)
{
    uint32_t most = 0;

    for (size_t i = 0; i < s->person_count; i++)
        most = s->persons[i].no > most ? s->persons[i].no : most;
    d->names = calloc((size_t)most + 1, sizeof *d->names);
    if (!d->names)
        return ERR_NOMEM;
    d->name_count = most + 1;
    for (size_t i = 0; i < s->person_count; i++) {
        struct span name = s->persons[i].name;
        char *copy = malloc(name.len + 1);
        if (!copy)
            return ERR_NOMEM;
        memcpy(copy, name.at, name.len);
        copy[name.len] = 0;
        d->names[s->persons[i].no] = copy;
    }
    return ERR_OK;
}

struct span directory_person_name(const struct directory *d, uint32_t no)
{
    return no < d->name_count && d->names[no] ? span_of(d->names[no])
                                              : (struct span){0};
}

enum err directory_load(struct directory *d, const struct store_directory *s)
{
    enum err err = load_names(d, s);
    struct replica *made;
    bool is_new;

    for (size_t i = 0; i < s->device_count && !err; i++)
        err = directory_put_device(d, &s->devices[i]);
    for (size_t i = 0; i < s->replica_count && !err; i++)
        err = put_replica(d, &s->replicas[i], &made);
    for (size_t i = 0; i < s->bucket_count && !err; i++)
        err = directory_put_bucket(d, &s->buckets[i], &is_new);
    return err;
}
