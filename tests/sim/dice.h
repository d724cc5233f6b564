/* dice.h -- the only source of chance in a simulated run: one seed, one run.
 * Source: Sebastiano Vigna, SplitMix64 (public domain).
 */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_roll(struct dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 … below - 1; 0 when below is 0. */
static inline uint32_t dice_below(struct dice *d, uint64_t below)
{
    return below ? (uint32_t)(dice_roll(d) % below) : 0;
}

static inline bool dice_one_in(struct dice *d, uint32_t n)
{
    return n > 0 && dice_below(d, n) == 0;
}

static inline void dice_bytes(struct dice *d, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)dice_roll(d);
}

#endif
