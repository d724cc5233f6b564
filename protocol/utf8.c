#include "pack.h"

/* Eight bytes that are all ASCII and not zero. */
static bool plain(const uint8_t *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t v;

    memcpy(&v, at, sizeof v);
    return (v & tops) == 0 && ((v - ones) & tops) == 0;
}

/* The length of one well-formed sequence of two bytes or more, 0 if there is
 * none. Source: The Unicode Standard, table 3-7. */
static size_t sequence(const uint8_t *at, size_t left)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t len;

    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        len = 2;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        len = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        len = 4;
    else
        return 0;
    switch (at[0]) {
    case 0xe0: low = 0xa0; break;  /* overlong */
    case 0xed: high = 0x9f; break; /* surrogates */
    case 0xf0: low = 0x90; break;  /* overlong */
    case 0xf4: high = 0x8f; break; /* past U+10FFFF */
    }
    if (left < len || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool utf8_check(struct span s, size_t *chars)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len;) {
        if (s.len - i >= 8 && plain(s.at + i)) {
            i += 8;
            count += 8;
            continue;
        }
        size_t len = 1;
        if (s.at[i] == 0)
            return false;
        if (s.at[i] >= 0x80)
            len = sequence(s.at + i, s.len - i);
        if (len == 0)
            return false;
        i += len;
        count++;
    }
    if (chars)
        *chars = count;
    return true;
}
