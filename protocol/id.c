#include "id.h"

#include <openssl/evp.h>

static const char digits[] = "0123456789abcdef";

static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void id_text(struct id id, char out[ID_TEXT_BYTES + 1])
{
    for (size_t i = 0; i < ID_BYTES; i++) {
        if (hyphen_before(i))
            *out++ = '-';
        *out++ = digits[id.bytes[i] >> 4];
        *out++ = digits[id.bytes[i] & 15];
    }
    *out = '\0';
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool id_parse(struct span text, struct id *out)
{
    const uint8_t *at = text.at;
    struct id id;

    if (text.len != ID_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < ID_BYTES; i++) {
        if (hyphen_before(i) && *at++ != '-')
            return false;
        int high = digit(*at++), low = digit(*at++);
        if (high < 0 || low < 0)
            return false;
        id.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = id;
    return true;
}

static void stamp(struct id *id, uint8_t version)
{
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0f) | version << 4);
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3f) | 0x80);
}

struct id id_new(int64_t now_ms, const uint8_t random[10])
{
    struct id id;

    for (size_t i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    memcpy(id.bytes + 6, random, 10);
    stamp(&id, 7);
    return id;
}

struct id id_natural(const char *type, const struct span *parts, size_t count)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct id id = {{0}};
    EVP_MD_CTX *c = EVP_MD_CTX_new();

    int ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) &&
             EVP_DigestUpdate(c, type, strlen(type)) &&
             EVP_DigestUpdate(c, "/", 1);
    for (size_t i = 0; ok && i < count; i++)
        ok = (i == 0 || EVP_DigestUpdate(c, "|", 1)) &&
             EVP_DigestUpdate(c, parts[i].at, parts[i].len);
    if (ok && EVP_DigestFinal_ex(c, digest, NULL)) {
        memcpy(id.bytes, digest, ID_BYTES);
        stamp(&id, 8);
    }
    EVP_MD_CTX_free(c);
    return id;
}

struct id id_named(struct span name)
{
    return id_natural("name", &name, 1);
}
