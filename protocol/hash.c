#include "hash.h"

enum { SEED_LOW = 0x7469646d, SEED_HIGH = 0x61726b31 };

static uint32_t rotate(uint32_t v, unsigned by)
{
    return v << by | v >> (32 - by);
}

static uint32_t scramble(uint32_t k)
{
    return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

/* Take in whole blocks of four bytes. */
static uint32_t blocks(uint32_t h, const uint8_t *at, size_t count)
{
    for (; count > 0; count--, at += 4) {
        uint32_t k = (uint32_t)at[0] | (uint32_t)at[1] << 8 |
                     (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        h = rotate(h ^ scramble(k), 13) * 5 + 0xe6546b64u;
    }
    return h;
}

/* Take in what is left, `whole` being the bytes of everything. */
static uint32_t finish(uint32_t h, struct span s, size_t whole)
{
    size_t count = s.len / 4;
    const uint8_t *tail = s.len > 0 ? s.at + 4 * count : s.at;
    uint32_t k = 0;

    h = blocks(h, s.at, count);
    switch (s.len & 3) {
    case 3: k ^= (uint32_t)tail[2] << 16; /* fall through */
    case 2: k ^= (uint32_t)tail[1] << 8;  /* fall through */
    case 1: h ^= scramble(k ^ tail[0]);
    }
    h ^= (uint32_t)whole;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

uint32_t hash32(struct span s, uint32_t seed)
{
    return finish(seed, s, s.len);
}

struct hash64 hash64(struct span s)
{
    return (struct hash64){hash32(s, SEED_LOW), hash32(s, SEED_HIGH)};
}

static struct hash64 row_hash(struct id record, uint32_t field,
                              uint64_t version)
{
    uint8_t bytes[ID_BYTES + 4 + 8];

    memcpy(bytes, record.bytes, ID_BYTES);
    for (unsigned i = 0; i < 4; i++)
        bytes[ID_BYTES + i] = (uint8_t)(field >> (8 * i));
    for (unsigned i = 0; i < 8; i++)
        bytes[ID_BYTES + 4 + i] = (uint8_t)(version >> (8 * i));
    return hash64((struct span){bytes, sizeof bytes});
}

void hash_row_add(struct hash64 *sum, struct id record, uint32_t field,
                  uint64_t version)
{
    struct hash64 h = row_hash(record, field, version);

    sum->low += h.low;
    sum->high += h.high;
}

void hash_row_sub(struct hash64 *sum, struct id record, uint32_t field,
                  uint64_t version)
{
    struct hash64 h = row_hash(record, field, version);

    sum->low -= h.low;
    sum->high -= h.high;
}

void hash_chain(uint8_t chain[HASH_CHAIN_BYTES], struct span change)
{
    size_t whole = HASH_CHAIN_BYTES + change.len;
    uint32_t low = finish(blocks(SEED_LOW, chain, 2), change, whole);
    uint32_t high = finish(blocks(SEED_HIGH, chain, 2), change, whole);

    for (unsigned i = 0; i < 4; i++) {
        chain[i] = (uint8_t)(low >> (8 * i));
        chain[4 + i] = (uint8_t)(high >> (8 * i));
    }
}
