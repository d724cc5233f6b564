/* message.h -- what a device and the server say to each other: every message
 * of PROTOCOL.md section 2, read and written.
 *
 * What is inside a PUSH is change.h, what is inside an UPDATE's segments is
 * segment.h.
 *
 *     struct items in;
 *     enum message_code code;
 *     enum err err = message_open(pack, bytes, &plain, &in, &code);
 *     if (!err && code == MESSAGE_HELLO)
 *         err = message_hello_read(&in, &hello);
 *
 * A reader checks its message whole, lists included. A list is then handed
 * out as a struct items, walked with its ..._next() function, which returns
 * false at the end and cannot fail any more; walk a copy to walk it twice.
 * Spans and items borrow from the message's bytes (or the inflated ones) and
 * from the struct pack, and live as long as those.
 *
 * A writer appends one message to a buf; ask buf_ok() at the end. Lists are
 * given as arrays; the struct items members are not looked at.
 *
 * Errors of every reader: ERR_MALFORMED, ERR_TOO_BIG (over a limit).
 * Pure; any thread.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "hash.h"
#include "pack.h"

enum { /* PROTOCOL.md, section 1; see also pack.h, change.h, segment.h */
       MESSAGE_PROTOCOL = 1,
       MESSAGE_BYTES_MAX = 1 << 20,
       MESSAGE_WORD_MAX = 200, /* bytes of a label, platform, version, code */
       MESSAGE_TOKEN_BYTES = 32,
       MESSAGE_FRAME_BYTES = 4,
       MESSAGE_WAIT_MAX_MS = 25000,
       PUSH_CHANGES_MAX = 1000,
       BUCKET_NAME_MAX = 80,
};

enum message_code {
    /* from the device */
    MESSAGE_HELLO = 1,
    MESSAGE_PUSH = 2,
    MESSAGE_PULL = 3,
    MESSAGE_HISTORY = 4,
    MESSAGE_BEAT = 5,
    MESSAGE_REPORT = 6,
    MESSAGE_ENROL = 7,
    MESSAGE_ZIP = 8, /* message_open() unwraps it: never handed out */
    /* from the server */
    MESSAGE_WELCOME = 16,
    MESSAGE_UPDATE = 17,
    MESSAGE_CHECKPOINT = 18,
    MESSAGE_SCOPE = 19,
    MESSAGE_ENTRIES = 20, /* HISTORY's answer */
    MESSAGE_BEATEN = 21,  /* BEAT's answer */
    MESSAGE_BYE = 22,
    MESSAGE_ERROR = 23,
    MESSAGE_ENROLLED = 24,
};

/* ---- Any message ---- */

/* Parse one message; *out stands after its code. A ZIP is inflated into
 * `plain` (cleared first), which then must live as long as *out. Errors:
 * ERR_MALFORMED (an unknown code too), ERR_TOO_BIG, ERR_TOO_DEEP, ERR_NOMEM. */
MUST_USE enum err message_open(struct pack *, struct span bytes,
                               struct buf *plain, struct items *out,
                               enum message_code *code);

/* Append `message` wrapped in a ZIP, or as it is when that is not longer.
 * ERR_NOMEM. */
MUST_USE enum err message_zip_write(struct buf *, struct span message,
                                    int level);

/* POST bodies: each message after its length. message_frame_next() takes the
 * first message off a body that is not empty: ERR_MALFORMED (cut off, or of
 * length 0), ERR_TOO_BIG. */
void message_frame_head(uint8_t out[MESSAGE_FRAME_BYTES], size_t length);
void message_frame_write(struct buf *, struct span message);
MUST_USE enum err message_frame_next(struct span *body, struct span *message);

/* ---- From the device ---- */

struct message_cursor {
    uint32_t bucket;
    uint64_t version;
};

bool message_cursor_next(struct items *cursors, struct message_cursor *out);

enum message_kept { MESSAGE_KEPT_UNKNOWN, MESSAGE_KEPT, MESSAGE_NOT_KEPT };

struct message_report {
    uint64_t pending;
    int64_t oldest; /* ms; 0: none */
    enum message_kept storage;
    struct span app_version;
};

struct message_hello {
    uint32_t protocol; /* when not MESSAGE_PROTOCOL, nothing else is read */
    struct id nonce;
    struct id device;
    uint8_t token[MESSAGE_TOKEN_BYTES];
    uint64_t incarnation;
    int64_t clock;
    uint64_t acked;
    uint8_t chain[HASH_CHAIN_BYTES];
    struct id timeline; /* none: the device is new */
    struct items cursors;
    struct message_report report;
    bool zip;
};

MUST_USE enum err message_hello_read(struct items *, struct message_hello *);
void message_hello_write(struct buf *, const struct message_hello *,
                         const struct message_cursor *, size_t count);

struct message_push { /* 1 … PUSH_CHANGES_MAX changes */
    uint64_t first;
    uint32_t count;
    struct items changes;
};

bool message_change_next(struct items *changes, struct span *change);
MUST_USE enum err message_push_read(struct items *, struct message_push *);
void message_push_write(struct buf *, uint64_t first,
                        const struct span *changes, size_t count);

struct message_pull {
    struct items cursors;
};

MUST_USE enum err message_pull_read(struct items *, struct message_pull *);
void message_pull_write(struct buf *, const struct message_cursor *,
                        size_t count);

struct message_history {
    uint64_t request;
    uint32_t bucket;
    struct id record;
};

MUST_USE enum err message_history_read(struct items *,
                                       struct message_history *);
void message_history_write(struct buf *, const struct message_history *);

struct message_beat {
    uint32_t wait_ms; /* cut to MESSAGE_WAIT_MAX_MS */
};

MUST_USE enum err message_beat_read(struct items *, struct message_beat *);
void message_beat_write(struct buf *, const struct message_beat *);

MUST_USE enum err message_report_read(struct items *, struct message_report *);
void message_report_write(struct buf *, const struct message_report *);

struct message_enrol {
    struct span code, label, platform;
};

MUST_USE enum err message_enrol_read(struct items *, struct message_enrol *);
void message_enrol_write(struct buf *, const struct message_enrol *);

/* ---- From the server ---- */

struct message_scope { /* one bucket */
    uint32_t bucket;
    struct span name;
    struct items roles;       /* read: walk with message_role_next() */
    const struct span *names; /* written: the roles' names */
    size_t name_count;
};

bool message_scope_next(struct items *scope, struct message_scope *out);
bool message_role_next(struct items *roles, struct span *name);

struct message_welcome {
    uint32_t protocol;
    struct id nonce;
    struct id timeline;
    uint64_t fork, safe;
    int64_t clock;
    uint32_t replica;
    struct id person;
    uint64_t seq, version;
    struct items scope;
    uint64_t head;
};

MUST_USE enum err message_welcome_read(struct items *,
                                       struct message_welcome *);
void message_welcome_write(struct buf *, const struct message_welcome *,
                           const struct message_scope *, size_t count);

struct message_exception {
    uint64_t seq;
    int32_t index;    /* of the edit; -1: the whole change */
    uint32_t outcome; /* PROTOCOL.md, section 3: 1 merged … 4 held */
    uint32_t reason;  /* an enum err, or one that we do not know yet; 0 */
};

struct message_outcome {
    uint64_t first, last, version;
    struct items exceptions;              /* read */
    const struct message_exception *list; /* written */
    size_t list_count;
};

struct message_segment {
    uint32_t bucket;
    uint64_t from, to;
    enum message_codec { MESSAGE_PLAIN = 0, MESSAGE_ZLIB = 1 } codec;
    struct span body; /* segment.h reads it, also a deflated one */
};

struct message_update {
    uint64_t head;
    struct items outcomes;
    struct items segments;
};

bool message_outcome_next(struct items *outcomes, struct message_outcome *out);
bool message_exception_next(struct items *exceptions,
                            struct message_exception *out);
bool message_segment_next(struct items *segments, struct message_segment *out);
MUST_USE enum err message_update_read(struct items *, struct message_update *);

/* An UPDATE is made of parts, so that many devices share one body in memory:
 * the start, then for each of the `segments` its head and, as a part of its
 * own, exactly the segment's body.len bytes (only their number is used). */
void message_update_begin(struct buf *, uint64_t head,
                          const struct message_outcome *, size_t outcomes,
                          size_t segments);
void message_segment_head(struct buf *, const struct message_segment *);

struct message_sum {
    uint32_t bucket;
    uint64_t count;
    struct hash64 sum;
};

struct message_checkpoint {
    uint64_t head;
    struct items sums;
};

bool message_sum_next(struct items *sums, struct message_sum *out);
MUST_USE enum err message_checkpoint_read(struct items *,
                                          struct message_checkpoint *);
void message_checkpoint_write(struct buf *, uint64_t head,
                              const struct message_sum *, size_t count);

/* *scope: walk with message_scope_next(). */
MUST_USE enum err message_scope_read(struct items *, struct items *scope);
void message_scope_write(struct buf *, const struct message_scope *,
                         size_t count);

struct message_entry { /* one version of one field */
    uint32_t field;
    uint64_t version;
    uint32_t outcome;
    struct items item; /* read: stands before the value */
    struct span value; /* written: the value's MessagePack; empty: nil */
    struct id author;  /* none: the server */
    int64_t at, raw, received;
    uint64_t seen;
    uint32_t replica;
    uint64_t seq;
    uint32_t flags;
};

struct message_entries {
    uint64_t request;
    struct items entries;
    bool more;
};

bool message_entry_next(struct items *entries, struct message_entry *out);
MUST_USE enum err message_entries_read(struct items *,
                                       struct message_entries *);
/* The start, then `count` entries, then the end. */
void message_entries_begin(struct buf *, uint64_t request, size_t count);
void message_entry_write(struct buf *, const struct message_entry *);
void message_entries_end(struct buf *, bool more);

struct message_beaten {
    int64_t clock;
};

MUST_USE enum err message_beaten_read(struct items *, struct message_beaten *);
void message_beaten_write(struct buf *, const struct message_beaten *);

struct message_bye {
    uint32_t retry_ms, spread_ms;
};

MUST_USE enum err message_bye_read(struct items *, struct message_bye *);
void message_bye_write(struct buf *, const struct message_bye *);

struct message_error {
    uint32_t code;    /* an enum err, or one that we do not know yet */
    struct span name; /* not looked at when written: follows from the code */
    int64_t detail;
};

MUST_USE enum err message_error_read(struct items *, struct message_error *);
void message_error_write(struct buf *, enum err, int64_t detail);

struct message_enrolled {
    struct id device;
    uint8_t token[MESSAGE_TOKEN_BYTES];
    struct id person;
    struct span name;
};

MUST_USE enum err message_enrolled_read(struct items *,
                                        struct message_enrolled *);
void message_enrolled_write(struct buf *, const struct message_enrolled *);

#endif
