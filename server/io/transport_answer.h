/* transport_answer.h -- the answer to a request: its head, with what every
 * answer says for the safety of the page, and how it goes out.
 *
 * An answer is begun once; from then on it belongs to answer_write(), called
 * whenever the connection takes more.
 */
#ifndef TRANSPORT_ANSWER_H
#define TRANSPORT_ANSWER_H

#include "transport_peer.h"

/* What an answer is made of, but for its body. */
struct outline {
    int status;
    const char *content_type;
    const char *coding; /* NULL: none */
    const char *etag;   /* NULL: none */
    const char *cache;
    size_t length; /* set by answer_begin() */
    bool varies;
    bool closes;
};

enum answer_progress { ANSWER_GOES_ON, ANSWER_SENT, ANSWER_FAILED };

/* 0, or -1: no memory, the connection must go. The body is borrowed until the
 * peer ends. */
int answer_begin(struct peer *, struct outline *, struct span body);
int answer_status(struct peer *, int status); /* a short text */
int answer_file(struct peer *, const struct transport_file *);
enum answer_progress answer_write(struct peer *);

/* Where there is no peer, and nothing follows: a handshake that is refused. */
void answer_refuse(struct transport *, struct lws *, int status);

#endif
