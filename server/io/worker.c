#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct list {
    struct job *first;
    struct job **end;
};

struct worker {
    struct worker_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list todo, done;
    bool stopping;
};

static void put(struct list *l, struct job *j)
{
    if (!l->first)
        l->end = &l->first;
    j->next = NULL;
    *l->end = j;
    l->end = &j->next;
}

static struct job *take(struct list *l)
{
    struct job *j = l->first;

    if (j)
        l->first = j->next;
    return j;
}

static struct job *wait_for_job(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->todo.first && !w->stopping)
        pthread_cond_wait(&w->work, &w->lock);
    struct job *j = take(&w->todo);
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void *thread_main(void *context)
{
    struct worker *w = context;
    struct job *j;

    pthread_setname_np(pthread_self(), w->options.name);
    while ((j = wait_for_job(w))) {
        w->options.run(w->options.context, j);
        pthread_mutex_lock(&w->lock);
        put(&w->done, j);
        pthread_mutex_unlock(&w->lock);
        w->options.wake(w->options.context);
    }
    return NULL;
}

/* Signals are the loop's affair: the thread starts with all blocked. */
static int start_thread(struct worker *w)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&w->thread, NULL, thread_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum err worker_start(const struct worker_options *o, struct worker **out)
{
    struct worker *w = calloc(1, sizeof *w);

    if (!w)
        return ERR_NOMEM;
    w->options = *o;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    if (start_thread(w)) {
        free(w);
        return ERR_NOMEM;
    }
    *out = w;
    return ERR_OK;
}

void worker_submit(struct worker *w, struct job *j)
{
    pthread_mutex_lock(&w->lock);
    put(&w->todo, j);
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

struct job *worker_done(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct job *j = take(&w->done);
    pthread_mutex_unlock(&w->lock);
    return j;
}

void worker_stop(struct worker *w)
{
    struct job *j;

    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    while ((j = take(&w->done)))
        job_free(j);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    free(w);
}
