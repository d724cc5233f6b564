/* code.h -- enrolment codes: short, said aloud or typed by a person.
 *
 * Ten characters of an alphabet without lookalikes, shown as KPTR7-M2XWD:
 * 50 bits, good for one enrolment and a few days. Case, spaces and hyphens do
 * not count. The store keeps only the SHA-256 of what counts.
 */
#ifndef CODE_H
#define CODE_H

#include "digest.h"

enum { CODE_RANDOM_BYTES = 10, CODE_TEXT_BYTES = 11 };

void code_make(const uint8_t random[CODE_RANDOM_BYTES],
               char out[CODE_TEXT_BYTES + 1]);
void code_hash(struct span text, uint8_t out[DIGEST_BYTES]);

#endif
