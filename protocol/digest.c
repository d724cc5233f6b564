#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

void digest_sha256(struct span s, uint8_t out[DIGEST_BYTES])
{
    SHA256(s.at, s.len, out);
}

bool digest_equal(const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES])
{
    return CRYPTO_memcmp(a, b, DIGEST_BYTES) == 0;
}
