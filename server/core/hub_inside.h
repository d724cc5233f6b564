/* hub_inside.h -- the hub's own things. For hub.c, session.c, catchup.c and
 * directory.c alone.
 */
#ifndef HUB_INSIDE_H
#define HUB_INSIDE_H

#include "hub.h"

/* ---- directory.c: devices, replicas, buckets as the loop knows them ---- */

struct replica;

/* What the central team is to know of a device, and was told (sight.c). */
struct sight {
    struct replica *replica; /* that spoke last; NULL: since the start, none */
    uint64_t seq, pending;   /* consumed, and waiting on it, as it said so */
    int64_t seen_ms;
    enum message_kept kept, told_kept;
    char label[120], platform[60], app[20], told_app[20];
    bool news, told;
    uint64_t told_ms, told_unsent;
};

struct device {
    struct sight sight;
    uint32_t no, person;
    struct id id;
    uint8_t token_hash[32];
    bool revoked;
};

/* The hash chain after each of a replica's last changes, as far as this
 * process has seen them; after a start only the one that the store keeps. By
 * it a repeat is told from another change of the same number (a clone). */
enum { TRAIL_LENGTH = 64 };

struct trail {
    uint64_t last; /* chains of (last - count, last], each at seq % LENGTH */
    uint32_t count;
    uint8_t chains[TRAIL_LENGTH][HASH_CHAIN_BYTES];
};

struct replica {
    struct store_replica at; /* durable */
    uint64_t queued;         /* highest seq handed to a batch */
    struct trail trail;      /* up to queued */
    struct session *session; /* who speaks for it now; or NULL */
};

/* NULL: not known. */
const uint8_t *trail_at(const struct trail *, uint64_t seq);
void trail_add(struct trail *, struct span change); /* the next one */

struct directory {
    struct device **devices; /* by id */
    size_t device_count, device_cap;
    struct replica **replicas; /* by number; [0] unused */
    uint32_t replica_count;
    struct store_bucket *buckets; /* by number; names owned */
    uint32_t bucket_count;
    char **names; /* of persons, by number; owned */
    uint32_t name_count;
};

MUST_USE enum err directory_load(struct directory *,
                                 const struct store_directory *);
void directory_fini(struct directory *);
struct span directory_person_name(const struct directory *, uint32_t no);
struct device *directory_device(const struct directory *, struct id);
MUST_USE enum err directory_put_device(struct directory *,
                                       const struct store_device *);
/* The device's replica of that incarnation; made when it is new. ERR_NOMEM. */
MUST_USE enum err directory_replica(struct directory *, uint32_t device,
                                    uint64_t incarnation, struct replica **out);
/* *is_new: its number was not known. ERR_NOMEM. */
MUST_USE enum err directory_put_bucket(struct directory *,
                                       const struct store_bucket *,
                                       bool *is_new);
const struct store_bucket *directory_bucket(const struct directory *,
                                            uint32_t no);

/* ---- The page cache (pages.c) ---- */

struct cached { /* a page: asked for, or here */
    uint32_t bucket;
    uint64_t from, to;
    bool here;
    enum message_codec codec;
    uint64_t rows;
    size_t plain_bytes;
    struct buf body;
    struct cached *chain;         /* same hash */
    struct cached *newer, *older; /* by last use */
};

struct pages {
    struct cached **slots;
    size_t slot_count, count;
    size_t bytes;
    uint32_t seed;
    struct cached *newest, *oldest;
};

MUST_USE enum err pages_init(struct pages *, uint32_t seed);
void pages_fini(struct pages *);
/* NULL: not there. A page found is the newest then. */
struct cached *pages_find(struct pages *, uint32_t bucket, uint64_t from);
/* A new one, not here yet; NULL: no memory. Old pages go when it is too much.
 */
struct cached *pages_add(struct pages *, uint32_t bucket, uint64_t from);
void pages_arrive(struct pages *, struct cached *, struct job *); /* fills it */
void pages_drop(struct pages *, struct cached *);

/* ---- Sessions ---- */

enum session_state {
    SESSION_GREETING,
    SESSION_CATCHING_UP,
    SESSION_LIVE,
    SESSION_CLOSED,
};

struct session_bucket {
    uint32_t no;
    uint64_t cursor; /* sent up to here; when LIVE: up to date */
};

struct session {
    struct hub *hub;
    struct session *next, *prev;
    void *peer;
    uint64_t no; /* never used again: jobs name their session by it */
    enum session_state state;
    bool is_post;
    bool zip;
    bool body_read;         /* POST: all of it */
    bool told;              /* POST: something new has been sent */
    uint32_t jobs;          /* history and enrolment under way */
    uint64_t wait_until_ms; /* POST: hold the answer until then */
    uint64_t heard_ms;
    uint64_t rescope_ms; /* look then whether a role has begun or ended */
    size_t sent_bytes;
    struct device *device;
    struct replica *replica;
    uint64_t said_seq; /* the device's chain, as it has told us changes … */
    uint8_t said[HASH_CHAIN_BYTES];
    uint64_t agreed; /* … and up to where they are surely ours */
    struct id person;
    int64_t skew;
    struct session_bucket *buckets; /* by number */
    size_t bucket_count;
    uint64_t told_head; /* when LIVE, the device's cursors are at least this:
                         * commits that do not concern it are not told */
    uint32_t waiting_bucket; /* for a page of it; 0: for none */
    uint64_t waiting_from;
};

struct hub {
    const struct schema *schema;
    struct hub_ports ports;
    struct access *access;
    struct directory directory;
    struct pages pages;
    struct pack *pack;
    struct buf plain, out; /* scratch */
    struct session *sessions;
    uint64_t session_no;
    struct id timeline;
    uint64_t fork, safe, head;
    struct store_timeline *timelines; /* those it left */
    size_t timeline_count;
    bool saving; /* a SAFE job is out */
    bool tells_sights;
    uint64_t sights_ms;      /* when it does next */
    struct batch *gathering; /* NULL: nothing */
    size_t gathered_bytes;   /* all that is not committed */
    struct job *failed;      /* a batch that waits for room on the disk */
    uint64_t retry_ms;
    bool writing; /* a batch is out */
    uint32_t jobs_out;
    bool stopping;
    enum err fault;
    uint64_t ahead_head, ahead_ms; /* pages are made ahead once the head has
                                    * stood still for a while … */
    uint32_t ahead_bucket;         /* … this bucket's next */
    struct hub_figures figures;
};

/* session.c */
bool session_send(struct session *, const struct span *, size_t count);
void session_refuse(struct session *, enum err, int64_t detail);
void session_close(struct session *, bool failed);
/* POST: send the answer when there is nothing left to wait for. */
void session_rest(struct session *, uint64_t now_ms);
void session_enrolled(struct session *, struct job *);
void session_told_history(struct session *, struct job *);
void session_tick(struct session *, uint64_t now_ms);

/* sight.c */
void sight_name(struct sight *, struct span label, struct span platform);
void sight_report(struct session *, const struct message_report *,
                  int64_t now_ms);
void sight_tick(struct hub *, struct hub_time);

/* catchup.c */
MUST_USE enum err catchup_scope(struct session *, int64_t now_ms,
                                bool *changed);
void catchup_cursor(struct session *, uint32_t bucket, uint64_t version);
void catchup_pull(struct session *, struct hub_time);
void catchup_page(struct hub *, struct job *, struct hub_time);
/* What a commit brought, for one session. */
void catchup_publish(struct session *, const struct batch *, struct hub_time);
/* Write SCOPE's list; arrays from malloc, freed by the caller. */
MUST_USE enum err catchup_scope_list(struct session *, int64_t now_ms,
                                     struct message_scope **out);
void catchup_scope_free(struct message_scope *, size_t count);

/* stock.c: the pages of a catch-up */

/* One of the bucket's from there, perhaps only asked for yet; NULL: there is
 * none that is worth sending. */
struct cached *stock_find(struct hub *, uint32_t bucket, uint64_t from,
                          uint64_t upto);
MUST_USE enum err stock_ask(struct hub *, uint32_t bucket, uint64_t from,
                            uint64_t upto);
/* Now and then: while nothing is written, make the pages that a newcomer will
 * ask for. */
void stock_ahead(struct hub *, struct hub_time);

/* hub.c */
/* Up to where a device on that timeline agrees with the store. */
uint64_t hub_fork(const struct hub *, struct id timeline);
void hub_gather(struct hub *, struct batch_push *);
void hub_submit(struct hub *, struct job *);
void hub_start_batch(struct hub *);

#endif
