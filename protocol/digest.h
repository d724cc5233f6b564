/* digest.h -- SHA-256, for what must withstand attacks: tokens, codes, files.
 * OpenSSL's libcrypto behind one function; no other file includes it for this.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "bytes.h"

#define DIGEST_BYTES 32

void digest_sha256(struct span, uint8_t out[DIGEST_BYTES]);
/* In constant time. */
bool digest_equal(const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES]);

#endif
