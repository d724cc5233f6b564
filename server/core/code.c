#include "code.h"

#include "message.h"

void code_make(const uint8_t random[CODE_RANDOM_BYTES],
               char out[CODE_TEXT_BYTES + 1])
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    size_t at = 0;

    for (size_t i = 0; i < CODE_RANDOM_BYTES; i++) {
        if (i == CODE_RANDOM_BYTES / 2)
            out[at++] = '-';
        out[at++] = letters[random[i] % 32];
    }
    out[at] = 0;
}

void code_hash(struct span text, uint8_t out[DIGEST_BYTES])
{
    uint8_t plain[MESSAGE_WORD_MAX];
    size_t len = 0;

    for (size_t i = 0; i < text.len && len < sizeof plain; i++) {
        uint8_t c = text.at[i];
        if (c >= 'a' && c <= 'z')
            c = (uint8_t)(c - 'a' + 'A');
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            plain[len++] = c;
    }
    digest_sha256((struct span){plain, len}, out);
}
