/* transport_check.h -- what a request must say of itself, as plain functions.
 *
 * libwebsockets checks none of this. A text is a header's value as it came,
 * never NULL; an absent header is "".
 */
#ifndef TRANSPORT_CHECK_H
#define TRANSPORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* A name or address, with or without a port, and one of `hosts` (NULL: any;
 * an entry without a port fits every port). */
bool transport_check_host(const char *host, const char *const *hosts);

/* "" (not a browser) or exactly scheme://host. */
bool transport_check_origin(const char *origin, const char *scheme,
                            const char *host);

/* Sec-WebSocket-Key: 16 bytes in base64. */
bool transport_check_key(const char *key);

/* Is the token in this comma-separated list? Letters in either case. */
bool transport_check_token(const char *list, const char *token);

/* Accept-Encoding: is the coding named, and not with q=0? */
bool transport_check_coding(const char *accept, const char *coding);

/* If-None-Match: does it name this tag (compared weakly), or is it "*"? */
bool transport_check_etag(const char *list, const char *etag);

/* Content-Length: digits and nothing else, at most 15 of them. */
bool transport_check_length(const char *text, size_t *out);

#endif
