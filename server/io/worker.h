/* worker.h -- one thread that does one job after another, so that the loop
 * never waits for a disk.
 *
 * worker_submit() and worker_done() are called by the loop; `run` by the
 * worker's thread; `wake` by that thread too, after each job: it must only
 * make the loop call worker_done().
 */
#ifndef WORKER_H
#define WORKER_H

#include "job.h"

struct worker;

struct worker_options {
    const char *name; /* of the thread; at most 15 characters */
    void *context;
    void (*run)(void *context, struct job *);
    void (*wake)(void *context);
};

MUST_USE enum err worker_start(const struct worker_options *,
                               struct worker **out);
void worker_submit(struct worker *, struct job *);
struct job *worker_done(struct worker *); /* NULL: none */
void worker_stop(struct worker *); /* finishes what was submitted; NULL is fine;
                                    * jobs never fetched are freed */

#endif
