/* hub.h -- all conversations of one server, and what they share.
 *
 * Pure: bytes and time come in, bytes and jobs go out through the functions of
 * struct hub_ports; the hub never waits, sends, reads a disk or asks the time.
 * WebSocket, POST and the simulator drive it the same way:
 *
 *     opened -> hub_join()        a peer's message -> hub_receive()
 *     drained -> hub_drained()    a job came back -> hub_done()
 *     closed -> hub_leave()       every 250 ms -> hub_tick()
 *
 * One batch is in the writer's hands at a time; what is pushed meanwhile is
 * gathered for the next one (group commit without a timer).
 *
 * A session's course:
 *
 *             hello                checkpoint
 *   GREETING -------> CATCHING_UP ------------> LIVE
 *       |                  |      <-----------   |
 *       |                  |       fell behind,  |
 *       |                  |       new buckets   |
 *       `---------> CLOSED <---------------------'   error, silence, gone
 *
 * CATCHING_UP sends pages, bucket by bucket; LIVE sends what each commit
 * changed. Both are the same UPDATE message. One thread.
 */
#ifndef HUB_H
#define HUB_H

#include "job.h"

enum {
    HUB_HELLO_MS = 10 * 1000,      /* a silent newcomer is dropped after this */
    HUB_IDLE_MS = 60 * 1000,       /* … and a silent device */
    HUB_RETRY_MS = 1000,           /* a batch that met a full disk */
    HUB_QUEUE_BYTES = 512 * 1024,  /* waiting for one peer: no more pages */
    HUB_ANSWER_BYTES = 900 * 1024, /* a POST's answer ends after this */
    HUB_GATHER_BYTES = 64 << 20,   /* pushed and not committed: then busy */
    HUB_PAGES_BYTES = 64 << 20,    /* the page cache */
    HUB_RESCOPE_MS = 15 * 1000, /* a role ends by the clock: seen after this */
    HUB_QUIET_MS = 1000,        /* without a commit: make pages ahead */
    HUB_AHEAD_JOBS = 8,         /* of those at a time */
    HUB_UPDATE_SEGMENTS = 64,   /* in one UPDATE */
};

struct hub;
struct session;

struct hub_ports {
    void *context;
    /* Queue one message made of parts for the peer; false: no room. */
    bool (*send)(void *context, void *peer, const struct span *, size_t count);
    size_t (*queued)(void *context, void *peer);
    /* Say no more: close when all is sent. `failed`: an ERROR was. */
    void (*finish)(void *context, void *peer, bool failed);
    /* Take the job over, do it, bring it back to hub_done(). */
    void (*submit)(void *context, struct job *);
    void (*random)(void *context, uint8_t *to, size_t bytes);
    /* One refusal or fault, for the log: ids and names of errors only. */
    void (*note)(void *context, const char *what, enum err, uint32_t device);
};

struct hub_time {
    uint64_t monotonic_ms;
    int64_t wall_ms;
};

struct hub_options {
    const struct schema *schema;
    const struct store_directory *directory; /* copied */
    struct access *access;                   /* taken over */
    bool tells_sights; /* keep a record of each device: when it was last seen */
    struct hub_ports ports;
};

MUST_USE enum err hub_open(const struct hub_options *, struct hub **out);
void hub_close(struct hub *); /* takes NULL; no session may be left */

/* ERR_NOMEM, ERR_BUSY (the server is going). is_post: one body, one answer. */
MUST_USE enum err hub_join(struct hub *, void *peer, bool is_post,
                           struct hub_time, struct session **out);
void hub_receive(struct session *, struct span bytes, struct hub_time);
void hub_drained(struct session *, struct hub_time);
void hub_leave(struct session *); /* the session is gone with it */

void hub_done(struct hub *, struct job *, struct hub_time);
void hub_tick(struct hub *, struct hub_time);

/* Everything up to `version` of this timeline has been backed up; devices hear
 * of it once the store has written it down. What is known already, or is of
 * another timeline, is passed over: true, the note has done its work. */
bool hub_safe(struct hub *, struct id timeline, uint64_t version);

/* Say bye to all, take nothing new; then wait for hub_is_quiet(). */
void hub_stop(struct hub *, struct hub_time);
bool hub_is_quiet(const struct hub *); /* no job is out, nothing gathered */

/* The store failed for good: the process must stop (ERR_OK: it did not). */
enum err hub_fault(const struct hub *);

struct hub_figures {
    uint64_t sessions, live, head;
    uint64_t changes, batches, held, pages_built, pages_sent;
    uint64_t bytes_in, bytes_out, refused;
    size_t pages_bytes;
    bool full; /* the disk is */
};

struct hub_figures hub_figures(const struct hub *);

#endif
