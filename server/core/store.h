/* store.h -- what the engine needs of a store. Implemented by
 * server/io/store_sqlite.c; another store is another file with these functions.
 *
 * Calls take whole batches. A write is: store_claim() (locks, reads the head
 * and every field that the batch touches), a pure merge, then store_commit()
 * (durable when it returns ERR_OK) or store_abandon().
 *
 * Readers are connections of their own, for pages and history: one thread
 * each, never writing. A struct store belongs to one thread at a time.
 *
 * Errors: ERR_FULL (no room; nothing was written; try again later, reads go
 * on), ERR_STORE (I/O, fsync or corruption: stop acknowledging and exit, see
 * store_fault()), ERR_NOMEM.
 */
#ifndef STORE_H
#define STORE_H

#include "arena.h"
#include "err.h"
#include "hash.h"
#include "row.h"
#include "schema.h"

struct store;
struct reader;

/* ---- Opening ---- */

struct store_options {
    const char *folder; /* the data directory; the database is tidemark.db */
    const struct schema *schema;
    bool create; /* make the folder's store if there is none */
};

/* Takes the folder's lock, migrates, makes the views when the schema changed.
 * ERR_LOCKED, ERR_SCHEMA (does not grow from the one stored), ERR_CORRUPT (of a
 * newer program), ERR_USAGE (there is no store, and create is false). */
MUST_USE enum err store_open(const struct store_options *, struct store **out);
void store_close(struct store *); /* checkpoints; takes NULL */
/* For the log; never NULL. Of NULL: why this thread's last open failed. */
const char *store_fault(const struct store *);

/* ---- What is small and kept in memory by the shell ---- */

struct store_bucket {
    uint32_t no; /* 1, 2, 3 … */
    struct span name;
    uint64_t version; /* the last that touched its state */
    uint64_t count;
    struct hash64 sum;
};

struct store_person {
    uint32_t no;
    struct id id; /* of the person's record */
    struct span name;
};

struct store_device {
    uint32_t no;
    struct id id;
    uint32_t person;
    uint8_t token_hash[32];
    struct span label, platform;
    int64_t enrolled_ms, seen_ms;
    bool revoked;
};

struct store_replica { /* one incarnation of a device */
    uint32_t no;
    uint32_t device;
    uint64_t incarnation;
    uint64_t seq;                    /* consumed up to here */
    uint64_t version;                /* of the last edit of change seq */
    uint8_t chain[HASH_CHAIN_BYTES]; /* after change seq */
};

struct store_head {
    uint64_t version;
    struct id timeline;
    uint64_t fork;
    uint64_t safe;
};

struct store_timeline { /* a history that this one left at a restore */
    struct id id;
    uint64_t fork; /* the two agree up to here */
};

/* Everything above, read once at start. Spans live in the arena. */
struct store_directory {
    struct store_head head;
    struct store_bucket *buckets;
    size_t bucket_count;
    struct store_person *persons;
    size_t person_count;
    struct store_device *devices;
    size_t device_count;
    struct store_replica *replicas;
    size_t replica_count;
    struct store_timeline *timelines;
    size_t timeline_count;
};

MUST_USE enum err store_directory(struct store *, struct arena *,
                                  struct store_directory *out);

/* ---- Writing: claim, merge, commit ---- */

struct claim {
    /* in */
    uint32_t bucket;
    struct id record;
    uint32_t field;
    bool chain;     /* also hand out the older versions … */
    uint64_t since; /* … down to the newest one <= since, if the state's
                     * version is greater than it */
    /* out */
    bool found;
    struct row row;
    struct row *older; /* newest first; only those once in the state (outcome
                        * applied or merged) */
    size_t older_count;
};

/* Claims are sorted by (bucket, record, field). Memory from the arena. May be
 * called several times before the commit. */
MUST_USE enum err store_claim(struct store *, struct claim *, size_t count,
                              struct arena *);

/* Where a record id was born: its bucket's number, 0 when it is new. Valid
 * between claim and commit. */
MUST_USE enum err store_record_bucket(struct store *, struct id record,
                                      uint32_t *bucket);

struct held { /* a change, or one edit of it, kept and not merged */
    uint64_t version;
    uint64_t version_last; /* greater when a whole change of several edits */
    uint32_t bucket;       /* 0 when not known */
    struct id record;      /* of its first touch; none when unreadable */
    uint32_t author, replica, seq;
    int32_t index; /* of the edit; -1: the whole change */
    enum err reason;
    int64_t at;
    struct span change; /* its bytes, as sent */
};

struct commit {
    uint64_t head; /* the store's version after it */
    int64_t received_ms;
    const struct row *state; /* insert or replace */
    size_t state_count;
    const struct row *history; /* insert */
    size_t history_count;
    const struct held *held;
    size_t held_count;
    const struct row *born; /* field-0 rows of records that are new */
    size_t born_count;
    const struct store_bucket *buckets; /* insert or replace */
    size_t bucket_count;
    const struct store_replica *replicas; /* insert or replace */
    size_t replica_count;
};

/* Called with each row of a scan; false stops it. The row's spans live for
 * that call. */
typedef bool reader_each(void *context, const struct row *);

/* Between claim and commit, what was written included: the bucket's state rows
 * with a version > from, by ascending version. */
MUST_USE enum err store_rows(struct store *, uint32_t bucket, uint64_t from,
                             reader_each *, void *context);
/* A held change, its bytes in the arena; change.len 0: there is none. */
MUST_USE enum err store_held_change(struct store *, uint64_t version,
                                    struct arena *, struct held *out);

/* Write a part of what is going to be committed: later claims see it. The
 * batch itself (head, received_ms) is written by the commit. */
MUST_USE enum err store_write(struct store *, const struct commit *);
/* Write the last part. Durable (fsync done) when ERR_OK. */
MUST_USE enum err store_commit(struct store *, const struct commit *);
void store_abandon(struct store *); /* after a claim: as if it never was */

/* ---- People and devices: each durable when it returns. Not between claim
 * and commit. ---- */

/* Sets person->no. Known ids are renamed. */
MUST_USE enum err store_put_person(struct store *, struct store_person *);
/* Sets device->no; a known id is updated. */
MUST_USE enum err store_put_device(struct store *, struct store_device *);
/* A code for enrolment: only its SHA-256 is kept. uses < 0: without end. */
MUST_USE enum err store_put_code(struct store *, const uint8_t hash[32],
                                 uint32_t person, int64_t expires_ms,
                                 int32_t uses);
/* ERR_BAD_CODE: unknown, expired or used up. */
MUST_USE enum err store_spend_code(struct store *, const uint8_t hash[32],
                                   int64_t now_ms, uint32_t *person);

/* Everything up to this version is known to be kept elsewhere. */
MUST_USE enum err store_put_safe(struct store *, uint64_t version);

/* ---- Reading ---- */

MUST_USE enum err reader_open(const struct store_options *, struct reader **);
void reader_close(struct reader *);
const char *reader_fault(const struct reader *); /* as store_fault() */

/* The bucket's state rows with version in (from, to], by ascending version. */
MUST_USE enum err reader_scan(struct reader *, uint32_t bucket, uint64_t from,
                              uint64_t to, reader_each *, void *context);
/* Every version of a record's fields, state and history, newest first, texts
 * made whole; `received` times by reader_received(). */
MUST_USE enum err reader_history(struct reader *, uint32_t bucket,
                                 struct id record, reader_each *,
                                 void *context);
/* Every state row of every record of one type, grouped by record. */
MUST_USE enum err reader_type(struct reader *, uint32_t type, reader_each *,
                              void *context);
/* When the commit that holds this version arrived; 0 when unknown. */
MUST_USE enum err reader_received(struct reader *, uint64_t version,
                                  int64_t *received_ms);

struct store_report {
    uint64_t rows, history_rows, held_rows;
    char fault[200]; /* the first thing that is not as it must be; or "" */
};

/* Integrity: SQLite's own check, foreign keys, version numbers without gap or
 * repeat, each bucket's count and sum, texts rebuilt. ERR_CORRUPT: see fault.
 */
MUST_USE enum err reader_check(struct reader *, struct store_report *out);
/* Canonical JSON lines of state, history and held, in a fixed order. */
MUST_USE enum err reader_dump(struct reader *, const struct schema *,
                              bool (*line)(void *context, struct span),
                              void *context);

/* ---- Copies ---- */

struct store_copy { /* what a backup or a restore has made */
    uint64_t head;
    struct id timeline;
    struct store_report report;
    char path[4096];
    char fault[300]; /* what was wrong; or "" */
};

/* Copy the store of the options' folder, as it is at one moment, into one new
 * file: `to`, or in the folder `to` under a name of its own. A server may serve
 * it meanwhile, and is not kept waiting. The copy has been checked row by row
 * and is durable when this returns ERR_OK; before that there is no file of that
 * name. ERR_EXISTS_ALREADY: there is. ERR_USAGE: there is no store, no such
 * folder.
 */
MUST_USE enum err store_backup(const struct store_options *, const char *to,
                               int64_t now_ms, struct store_copy *out);

/* Make the folder's store from such a file. The folder must be empty, or not
 * be there: ERR_EXISTS_ALREADY. The store goes its own way from the backup's
 * head on: a new timeline, which devices notice (PROTOCOL.md, section 4). */
MUST_USE enum err store_restore(const struct store_options *, const char *from,
                                struct store_copy *out);

#endif
