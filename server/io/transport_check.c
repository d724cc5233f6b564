#include "transport_check.h"

#include <string.h>
#include <strings.h>

enum { LENGTH_DIGITS_MAX = 15 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789.-_";

/* The length of the part before the port; [::1]:80 has its colons inside. */
static size_t name_length(const char *host)
{
    const char *bracket = strrchr(host, ']');
    const char *colon = strrchr(host, ':');

    if (!colon || (bracket && colon < bracket))
        return strlen(host);
    return (size_t)(colon - host);
}

static bool is_host(const char *host)
{
    size_t len = strlen(host), name = name_length(host);
    const char *port = host + name + 1;
    bool is_ipv6 = host[0] == '[';

    if (name == 0 || len > 255 ||
        (is_ipv6 && (name < 4 || host[name - 1] != ']')))
        return false;
    for (size_t i = is_ipv6; i < name - is_ipv6; i++)
        if (!strchr(is_ipv6 ? "0123456789abcdefABCDEF:." : name_characters,
                    host[i]))
            return false;
    return name == len || (strspn(port, "0123456789") == strlen(port) &&
                           strlen(port) >= 1 && strlen(port) <= 5);
}

bool transport_check_host(const char *host, const char *const *hosts)
{
    if (!is_host(host))
        return false;
    if (!hosts)
        return true;
    for (; *hosts; hosts++) {
        size_t len = strlen(*hosts);

        if (!strcasecmp(host, *hosts))
            return true;
        if (len == name_length(host) && !strncasecmp(host, *hosts, len))
            return true;
    }
    return false;
}

bool transport_check_origin(const char *origin, const char *scheme,
                            const char *host)
{
    size_t len = strlen(scheme);

    if (!*origin)
        return true;
    return !strncmp(origin, scheme, len) && !strncmp(origin + len, "://", 3) &&
           !strcasecmp(origin + len + 3, host);
}

bool transport_check_key(const char *key)
{
    if (strlen(key) != 24 || strcmp(key + 22, "=="))
        return false;
    for (size_t i = 0; i < 22; i++)
        if (!strchr(letters, key[i]) && !strchr("0123456789+/", key[i]))
            return false;
    /* 16 bytes are 21 sextets and 2 bits: the last one's other bits are 0. */
    return strchr("AQgw", key[21]) != NULL;
}

/* One element of a list: returns its start, *len without the spaces around it,
 * and moves *at behind its comma; NULL at the end. */
static const char *next_element(const char **at, size_t *len)
{
    const char *start = *at + strspn(*at, " \t,");

    if (!*start)
        return NULL;
    size_t whole = strcspn(start, ",");
    *at = start + whole;
    while (whole && (start[whole - 1] == ' ' || start[whole - 1] == '\t'))
        whole--;
    *len = whole;
    return start;
}

bool transport_check_token(const char *list, const char *token)
{
    const char *element;
    size_t len;

    while ((element = next_element(&list, &len)))
        if (len == strlen(token) && !strncasecmp(element, token, len))
            return true;
    return false;
}

bool transport_check_coding(const char *accept, const char *coding)
{
    const char *element;
    size_t len;

    while ((element = next_element(&accept, &len))) {
        size_t name = strcspn(element, ";, \t");

        if (name != strlen(coding) || strncasecmp(element, coding, name))
            continue;
        const char *q = memchr(element, '=', len);
        if (!q)
            return true;
        size_t left = len - (size_t)(q + 1 - element);
        return strspn(q + 1, "0. \t") < left;
    }
    return false;
}

bool transport_check_etag(const char *list, const char *etag)
{
    const char *element;
    size_t len;

    while ((element = next_element(&list, &len))) {
        if (len == 1 && *element == '*')
            return true;
        if (len > 2 && !strncmp(element, "W/", 2)) {
            element += 2;
            len -= 2;
        }
        if (len == strlen(etag) && !strncmp(element, etag, len))
            return true;
    }
    return false;
}

bool transport_check_length(const char *text, size_t *out)
{
    size_t len = strlen(text);
    size_t value = 0;

    if (len == 0 || len > LENGTH_DIGITS_MAX ||
        strspn(text, "0123456789") != len)
        return false;
    for (; *text; text++)
        value = value * 10 + (size_t)(*text - '0');
    *out = value;
    return true;
}
