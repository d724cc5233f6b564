/* faults.so -- a disk that fails on demand. Preloaded into the real server by
 * client-js/test/faults.js:
 *
 *     LD_PRELOAD=faults.so FAULTS_CONTROL=file FAULTS_FOLDER=/data tidemark …
 *
 * Calls on files below FAULTS_FOLDER obey the struct control that stands at
 * the start of FAULTS_CONTROL; both sides have it mapped or write into it, so
 * the test changes its mind while the server runs. All other files, and a
 * process without these variables, are left alone.
 *
 *     write, pwrite      error: nothing is written
 *     ftruncate, open    error
 *     fsync, fdatasync   error, and the bytes stay what they were
 *
 * Counts are over all threads. The real calls are the next library's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { KIND_WRITE, KIND_TRUNCATE, KIND_SYNC, KIND_OPEN, KIND_COUNT };

struct control { /* faults.js knows these places by heart */
    /* the test's */
    uint32_t error[KIND_COUNT]; /* an errno; 0: works */
    uint32_t skip[KIND_COUNT];  /* so many still work first */
    uint32_t short_bytes;       /* a write takes no more than this; 0: all */
    uint32_t kill_at; /* SIGKILL instead of the n-th call from now; 0: never */
    uint32_t torn;    /* … and if that is a write, half of it is done first */
    uint32_t times;   /* that many errors, then all is well; 0: for ever */
    /* ours */
    uint32_t seen[KIND_COUNT];
    uint32_t failed[KIND_COUNT];
    uint32_t after_sync; /* writes and truncations after a failed sync */
};

static struct control *control;
static char folder[PATH_MAX];

static struct {
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*pwrite64)(int, const void *, size_t, off64_t);
    int (*ftruncate)(int, off_t);
    int (*ftruncate64)(int, off64_t);
    int (*fsync)(int);
    int (*fdatasync)(int);
    int (*open)(const char *, int, ...);
    int (*open64)(const char *, int, ...);
} next;

/* ISO C has no cast from an object's pointer to a function's. */
static void find(void *function, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(function, &symbol, sizeof symbol);
}

/* Others' constructors may call us before our own has run. */
static void find_all(void)
{
    if (next.open64)
        return;
    find(&next.write, "write");
    find(&next.pwrite, "pwrite");
    find(&next.pwrite64, "pwrite64");
    find(&next.ftruncate, "ftruncate");
    find(&next.ftruncate64, "ftruncate64");
    find(&next.fsync, "fsync");
    find(&next.fdatasync, "fdatasync");
    find(&next.open, "open");
    find(&next.open64, "open64");
}

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAULTS_CONTROL");
    const char *under = getenv("FAULTS_FOLDER");

    find_all();
    if (!file || !under || strlen(under) >= sizeof folder)
        return;
    int descriptor = next.open(file, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) {
        fprintf(stderr, "faults: cannot open %s\n", file);
        abort();
    }
    void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED,
                    descriptor, 0);
    close(descriptor);
    if (at == MAP_FAILED) {
        fprintf(stderr, "faults: cannot map %s\n", file);
        abort();
    }
    memcpy(folder, under, strlen(under) + 1);
    control = at;
}

static bool is_below(const char *path)
{
    size_t length = strlen(folder);

    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static bool is_ours(int descriptor)
{
    char link[64], path[PATH_MAX];

    if (!control)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = 0;
    return is_below(path);
}

/* One less, unless it is 0. What it was. */
static uint32_t take_one(uint32_t *count)
{
    uint32_t was = __atomic_load_n(count, __ATOMIC_SEQ_CST);

    while (was > 0 &&
           !__atomic_compare_exchange_n(count, &was, was - 1, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    return was;
}

static void add_one(uint32_t *count)
{
    __atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
}

/* Is this the call at which the process dies? */
static bool is_last(void)
{
    return take_one(&control->kill_at) == 1;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* The errno of this call, 0 when it works. */
static int fault(enum kind kind)
{
    struct control *c = control;

    add_one(&c->seen[kind]);
    if (c->failed[KIND_SYNC] && (kind == KIND_WRITE || kind == KIND_TRUNCATE))
        add_one(&c->after_sync);
    uint32_t error = __atomic_load_n(&c->error[kind], __ATOMIC_SEQ_CST);
    if (!error || take_one(&c->skip[kind]) > 0)
        return 0;
    if (take_one(&c->times) == 1)
        memset(c->error, 0, sizeof c->error);
    add_one(&c->failed[kind]);
    return (int)error;
}

/* How many of the bytes are written; -1 with errno: none. */
static ssize_t allowed(int descriptor, size_t bytes, bool *dies)
{
    *dies = false;
    if (!is_ours(descriptor))
        return (ssize_t)bytes;
    *dies = is_last();
    if (*dies && !control->torn)
        die();
    if (*dies)
        return (ssize_t)(bytes / 2);
    int error = fault(KIND_WRITE);
    if (error) {
        errno = error;
        return -1;
    }
    uint32_t most = __atomic_load_n(&control->short_bytes, __ATOMIC_SEQ_CST);
    return (ssize_t)(most && bytes > most ? most : bytes);
}

/* For calls that answer 0 or -1. */
static int refused(int descriptor, enum kind kind)
{
    if (!is_ours(descriptor))
        return 0;
    if (is_last())
        die();
    int error = fault(kind);
    if (error)
        errno = error;
    return error ? -1 : 0;
}

/* ---- What stands in front of the C library ---- */

ssize_t write(int descriptor, const void *at, size_t bytes)
{
    bool dies;

    find_all();
    ssize_t count = allowed(descriptor, bytes, &dies);
    if (count >= 0)
        count = next.write(descriptor, at, (size_t)count);
    if (dies)
        die();
    return count;
}

ssize_t pwrite(int descriptor, const void *at, size_t bytes, off_t offset)
{
    bool dies;

    find_all();
    ssize_t count = allowed(descriptor, bytes, &dies);
    if (count >= 0)
        count = next.pwrite(descriptor, at, (size_t)count, offset);
    if (dies)
        die();
    return count;
}

ssize_t pwrite64(int descriptor, const void *at, size_t bytes, off64_t offset)
{
    bool dies;

    find_all();
    ssize_t count = allowed(descriptor, bytes, &dies);
    if (count >= 0)
        count = next.pwrite64(descriptor, at, (size_t)count, offset);
    if (dies)
        die();
    return count;
}

int ftruncate(int descriptor, off_t length)
{
    find_all();
    return refused(descriptor, KIND_TRUNCATE)
               ? -1
               : next.ftruncate(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length)
{
    find_all();
    return refused(descriptor, KIND_TRUNCATE)
               ? -1
               : next.ftruncate64(descriptor, length);
}

int fsync(int descriptor)
{
    find_all();
    return refused(descriptor, KIND_SYNC) ? -1 : next.fsync(descriptor);
}

int fdatasync(int descriptor)
{
    find_all();
    return refused(descriptor, KIND_SYNC) ? -1 : next.fdatasync(descriptor);
}

static bool may_open(const char *path)
{
    if (!control || !is_below(path))
        return true;
    int error = fault(KIND_OPEN);
    if (error)
        errno = error;
    return error == 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    find_all();
    return may_open(path) ? next.open(path, flags, mode) : -1;
}

int open64(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    find_all();
    return may_open(path) ? next.open64(path, flags, mode) : -1;
}
