/* hash.h -- the protocol's checksum (PROTOCOL.md, section 5): MurmurHash3
 * x86_32 twice, with two seeds. It finds accidents, not attacks.
 * Source: Austin Appleby, MurmurHash3 (public domain).
 */
#ifndef HASH_H
#define HASH_H

#include "id.h"

struct hash64 {
    uint32_t low;
    uint32_t high;
};

uint32_t hash32(struct span, uint32_t seed);
struct hash64 hash64(struct span);

/* A bucket's sum: order-independent, kept rolling. */
void hash_row_add(struct hash64 *sum, struct id record, uint32_t field,
                  uint64_t version);
void hash_row_sub(struct hash64 *sum, struct id record, uint32_t field,
                  uint64_t version);

/* The chain after one more change; 8 bytes in, 8 bytes out. */
#define HASH_CHAIN_BYTES 8
void hash_chain(uint8_t chain[HASH_CHAIN_BYTES], struct span change);

#endif
