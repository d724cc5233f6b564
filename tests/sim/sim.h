/* sim.h -- a whole trust in one thread: the real server over a disk that
 * fails (disk.h), tablets (twin.h), and between them a network, clocks and
 * people that a seed decides about. One seed is one run, bit for bit.
 *
 *     tablets --- links --- hub --- jobs --- ledger, merge, store --- disk
 *
 * A step does one thing: a message arrives, a job is done, a person writes, a
 * link breaks, the server dies. After the steps the faults stop, everything
 * must come to rest within SIM_REST_STEPS, and the checkers (check.h) look.
 *
 * Whatever is wrong is told by sim_fail(), which ends the run.
 */
#ifndef SIM_H
#define SIM_H

#include "dice.h"
#include "hub.h"
#include "twin.h"

#include <setjmp.h>

enum {
    SIM_TWINS = 6,
    SIM_PEOPLE = 4,
    SIM_SCHOOLS = 2,
    SIM_LINKS = 24,
    SIM_MESSAGES = 512, /* on their way, in one direction */
    SIM_REST_STEPS = 6000,
    SIM_REPLICAS = 64,
    SIM_CHANGES = 4096,
    SIM_FAULT_BYTES = 400,
};

/* What a batch of runs must have met. */
#define SIM_STATES(X)                                                          \
    X(CONFLICT, "two judged differently")                                      \
    X(MERGED, "two words met in one text")                                     \
    X(OVERTAKEN, "a later fact won")                                           \
    X(HELD, "a change was held")                                               \
    X(REPEAT, "a push came again after a lost answer")                         \
    X(REPLAY, "the network played a conversation again")                       \
    X(PULL, "a pull during a catch-up")                                        \
    X(HALF_OPEN, "one side did not know that the other had gone")              \
    X(CUT, "a link broke with messages on it")                                 \
    X(KILLED, "the server was killed between steps")                           \
    X(KILLED_IN_COMMIT, "the server died inside a commit")                     \
    X(POWER, "the power went")                                                 \
    X(LOG_TORN, "the power went inside a commit")                              \
    X(UNKNOWN, "a commit stood that nobody had been told of")                  \
    X(IO_ERROR, "the disk failed")                                             \
    X(FULL, "the disk was full")                                               \
    X(WITHDRAWN, "a role ended while its holder was pushing")                  \
    X(GRANTED, "a role came back")                                             \
    X(PURGED, "a tablet dropped a bucket")                                     \
    X(ACCESS_ENDED, "words came after access had ended")                       \
    X(ROLLED_BACK, "a tablet's storage went back in time")                     \
    X(CLONED, "a tablet had to start afresh")                                  \
    X(GAP, "a gap was named")                                                  \
    X(DELETED, "a record was deleted")                                         \
    X(RESTORED, "a record came back")                                          \
    X(SIGNED, "a record was signed")                                           \
    X(AFTER_SIGNOFF, "words came after a signature")                           \
    X(POST, "a conversation by POST")                                          \
    X(SLOW, "one who did not read was let go")                                 \
    X(YEARS, "a clock was years off")                                          \
    X(HEALED, "a damaged tablet fetched a bucket again")                       \
    X(BY_NAME, "a bucket was born")

enum sim_state {
#define X(name, text) STATE_##name,
    SIM_STATES(X)
#undef X
        STATE_COUNT
};

/* Faults built into the wiring, to prove the checkers. */
#define SIM_PLANTS(X)                                                          \
    X(none)                                                                    \
    X(ack_early)                                                               \
    X(lose_change)                                                             \
    X(apply_twice)                                                             \
    X(foreign_row)                                                             \
    X(drop_row)                                                                \
    X(wrong_value)                                                             \
    X(skip_cursor)                                                             \
    X(clear_early)                                                             \
    X(clear_late)                                                              \
    X(wrong_sum)                                                               \
    X(no_fsync)                                                                \
    X(lost_fsync)                                                              \
    X(swap_changes)                                                            \
    X(forget_history)                                                          \
    X(mute)                                                                    \
    X(no_heal)                                                                 \
    X(no_purge)                                                                \
    X(reuse_seq)                                                               \
    X(forget_push)

enum sim_plant {
#define X(name) PLANT_##name,
    SIM_PLANTS(X)
#undef X
        PLANT_COUNT
};

struct message {
    struct buf bytes;
    uint64_t due_ms;
};

struct lane { /* one direction: never out of order */
    struct message *first;
    size_t begin, count;
    size_t bytes;
    uint64_t last_ms;
    bool ends;   /* broken: what is on it arrives, then the end is known */
    bool silent; /* broken, and nobody is told */
};

struct link {
    bool used, is_post, ghost; /* ghost: a conversation played again */
    struct twin *twin;
    struct session *session; /* NULL: the server's end is gone */
    bool finished;           /* the server says no more */
    bool open;               /* the tablet's end */
    bool welcomed;
    uint32_t replica;
    struct lane up, down;
    struct buf said; /* all that went up, framed: for a ghost */
};

struct change_made { /* by a tablet, in the order of making */
    unsigned twin;
    uint64_t incarnation, seq;
    uint32_t edits, touches;
    uint32_t marker; /* 0: none */
    bool again;      /* also numbered anew: may stand twice */
    struct buf bytes;
};

struct replica_seen { /* what has been said to be durable */
    uint64_t acked, version;
};

struct weights { /* one in so many steps; 0: never */
    uint32_t save, connect, cut, half, kill, power, torn, fail, full, skew;
    uint32_t withdraw, rollback, replay, pull, slow, reopen, jump, junk;
    uint32_t delay_ms, sign, remove, step_ms;
};

struct sim {
    uint64_t seed;
    struct dice dice;
    struct weights weights;
    enum sim_plant plant;
    uint64_t planted; /* how often it did its harm */
    bool rest;        /* no more faults */
    uint64_t step, trace;
    uint64_t now_ms;
    int64_t wall_ms;
    /* the server */
    struct schema *schema;
    char folder[64];
    struct store *store;
    struct reader *reader;
    struct ledger ledger;
    struct hub *hub;
    struct job *writes, **writes_end, *reads, **reads_end;
    struct buf done; /* pointers of jobs done and not brought back */
    bool is_up, has_crashed;
    uint64_t up_at_ms, full_until_ms;
    struct replica_seen replicas[SIM_REPLICAS];
    /* the others */
    struct twin twins[SIM_TWINS];
    unsigned twin_count;
    struct link links[SIM_LINKS];
    struct change_made *changes;
    size_t change_count;
    uint32_t markers;
    int64_t until_ms[SIM_PEOPLE]; /* their role ends; as the store says */
    struct id person_ids[SIM_PEOPLE], assignments[SIM_PEOPLE];
    struct id schools[SIM_SCHOOLS];
    uint64_t reached[STATE_COUNT];
    jmp_buf failed;
    char fault[SIM_FAULT_BYTES];
    struct pack *pack, *group_pack;
    struct buf plain, segment, scratch;
};

extern struct sim sim;

_Noreturn void sim_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void sim_reach(enum sim_state);
void sim_trace(struct span); /* into the hash of the run */
static inline bool sim_planted(enum sim_plant p)
{
    return sim.plant == p;
}

/* server.c */
void server_template(void); /* once: people, schools, devices */
void server_twins(void);    /* as they are before they have met it */
void server_open(void);
void server_kill(bool power);
void server_write_one(void); /* do the oldest job that writes */
void server_read_one(void);
bool server_has_work(void);
void server_tick(void);

/* links.c */
struct link *link_open(struct twin *);
void link_up(struct link *, struct span message);
void link_break(struct link *, bool silent);
void link_drop(struct link *); /* at once, both ends */
void link_step(void);          /* deliver what is due; one at most */
void link_replay(struct link *);
bool link_server_send(void *context, void *peer, const struct span *,
                      size_t count);
size_t link_server_queued(void *context, void *peer);
void link_server_finish(void *context, void *peer, bool failed);
void link_sweep(void); /* forget what both ends have left */
bool links_are_quiet(void);

/* people.c */
void people_write(struct twin *);
void people_roles(bool withdraw);

/* check.c */
void check_message(struct link *, struct span bytes); /* before it is sent */
void check_start(void); /* the server has come up */
void check_roles(void); /* a commit has moved them */
void check_end(void);
bool check_was_held(uint32_t replica, uint64_t seq);
void check_close(void); /* after a failure, too */

#endif
