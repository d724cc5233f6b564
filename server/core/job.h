/* job.h -- work that waits for a disk, as data: made on the loop, done
 * elsewhere, handed back to the loop. Whoever holds the job owns all of it.
 *
 * Two workers: one *writes* (BATCH, ENROL, SAFE; it has store and ledger),
 * one *reads* (PAGE, HISTORY; it has a reader). The simulator is both at once.
 */
#ifndef JOB_H
#define JOB_H

#include "batch.h"

enum job_kind { JOB_BATCH, JOB_ENROL, JOB_SAFE, JOB_PAGE, JOB_HISTORY };

struct job {
    enum job_kind kind;
    struct job *next;      /* for whoever queues it */
    enum err err;          /* out */
    struct access *access; /* in: PAGE, HISTORY; out: BATCH, a new one or NULL;
                            * one hold each, dropped by job_free() */
    uint64_t session;      /* whom the answer is for; 0: nobody any more */
    union {
        struct batch *batch; /* owned */
        uint64_t safe;       /* all up to here is kept elsewhere, too */
        struct {
            uint8_t code_hash[32];
            struct id device;
            uint8_t token_hash[32];
            char label[200], platform[200];
            int64_t now_ms;
            uint8_t token[32]; /* passed through */
            /* out */
            struct store_device row; /* without its texts */
        } enrol;
        struct {
            uint32_t bucket;
            uint64_t from, upto; /* rows in (from, upto] */
            /* out */
            uint64_t to; /* how far it got: upto, or less when it is full */
            enum message_codec codec;
            uint64_t rows;
            size_t plain_bytes;
            struct buf body;
        } page;
        struct {
            uint64_t request;
            uint32_t bucket;
            struct id record;
            struct buf message; /* out: a whole HISTORY message */
        } history;
    };
};

enum {
    JOB_PAGE_BYTES = 256 * 1024, /* plain; a page ends after passing it */
    JOB_HISTORY_ROWS_MAX = 4000,
};

MUST_USE enum err job_open(enum job_kind, struct job **out); /* ERR_NOMEM */
void job_free(struct job *);

bool job_writes(enum job_kind); /* for the worker that writes? */

/* Set job->err. */
void job_write(struct job *, struct ledger *, struct store *, struct reader *,
               int64_t now_ms);
void job_read(struct job *, const struct schema *, struct reader *);

/* Who may do what, from the store's records. ERR_STORE, ERR_NOMEM. */
MUST_USE enum err job_access(const struct schema *, struct reader *,
                             const struct store_person *, size_t count,
                             struct access **out);

#endif
