#include "disk.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGIONS = 64, NAME = 48 };

struct write { /* not synced yet */
    size_t offset, len, at;
    bool truncates;
};

struct file {
    char name[NAME];
    bool exists, unnamed;
    struct buf now, safe, log; /* log: the bytes of the writes */
    struct write *writes;
    size_t write_count, write_cap;
    unsigned handles, readers;
    void *reserved, *pending, *exclusive; /* the handle that has the lock */
    void *regions[REGIONS];               /* the shared index of the log */
    size_t region_bytes;
    unsigned mappings;
    uint8_t shared[SQLITE_SHM_NLOCK];
    void *owner[SQLITE_SHM_NLOCK];
};

struct handle {
    sqlite3_file base; /* first: SQLite sees only this */
    struct file *file;
    int level;
    bool mapped;
    unsigned shared; /* bits: locks of the shared index */
};

static struct {
    struct file files[DISK_FILES];
    struct buf kept[DISK_FILES];
    char kept_name[DISK_FILES][NAME];
    struct dice dice;
    uint32_t crash_in, fail_in;
    uint64_t operations;
    bool full, dead, failed, lies;
} disk;

/* ---- Bytes ---- */

static void resize(struct buf *b, size_t len)
{
    if (len > b->len) {
        uint8_t *at = buf_room(b, len - b->len);
        if (!at)
            abort();
        memset(at, 0, len - b->len);
    }
    b->len = len;
}

static void put_at(struct buf *b, size_t offset, const void *at, size_t len)
{
    if (len == 0)
        return;
    if (offset + len > b->len)
        resize(b, offset + len);
    memcpy(b->at + offset, at, len);
}

static void note(struct file *f, struct write w, const void *at)
{
    if (f->write_count == f->write_cap) {
        f->write_cap = f->write_cap ? 2 * f->write_cap : 64;
        f->writes = realloc(f->writes, f->write_cap * sizeof *f->writes);
        if (!f->writes)
            abort();
    }
    w.at = f->log.len;
    buf_put(&f->log, at, w.len);
    f->writes[f->write_count++] = w;
}

static void forget(struct file *f)
{
    f->write_count = 0;
    buf_clear(&f->log);
}

static void sync_all(struct file *f)
{
    for (size_t i = 0; i < f->write_count; i++) {
        const struct write *w = &f->writes[i];
        if (w->truncates)
            resize(&f->safe, w->offset);
        else
            put_at(&f->safe, w->offset, f->log.at + w->at, w->len);
    }
    forget(f);
}

/* Of each sector chance says whether it got there. */
static void sync_some(struct file *f)
{
    uint32_t keep = dice_below(&disk.dice, 5); /* of four */

    for (size_t i = 0; i < f->write_count; i++) {
        const struct write *w = &f->writes[i];
        if (w->truncates) {
            if (dice_below(&disk.dice, 4) < keep)
                resize(&f->safe, w->offset);
            continue;
        }
        for (size_t at = 0; at < w->len;) {
            size_t n = DISK_SECTOR - (w->offset + at) % DISK_SECTOR;
            n = n < w->len - at ? n : w->len - at;
            if (dice_below(&disk.dice, 4) < keep)
                put_at(&f->safe, w->offset + at, f->log.at + w->at + at, n);
            at += n;
        }
    }
    forget(f);
}

/* ---- Faults ---- */

enum fate { GOES_WELL, FAILS, DIES };

static enum fate next_operation(void)
{
    if (disk.dead)
        return FAILS;
    disk.operations++;
    if (disk.crash_in && --disk.crash_in == 0) {
        disk.dead = true;
        return DIES;
    }
    if (disk.fail_in && --disk.fail_in == 0) {
        disk.failed = true;
        return FAILS;
    }
    return GOES_WELL;
}

static void write_now(struct file *f, size_t offset, const void *at, size_t len)
{
    put_at(&f->now, offset, at, len);
    note(f, (struct write){.offset = offset, .len = len}, at);
}

/* ---- Files ---- */

static struct file *of(sqlite3_file *h)
{
    return ((struct handle *)(void *)h)->file;
}

static void drop_file(struct file *f)
{
    buf_free(&f->now);
    buf_free(&f->safe);
    buf_free(&f->log);
    free(f->writes);
    *f = (struct file){0};
}

static int f_read(sqlite3_file *h, void *to, int len, sqlite3_int64 offset)
{
    const struct buf *b = &of(h)->now;
    size_t n = 0;

    if (disk.dead)
        return SQLITE_IOERR_READ;
    if ((size_t)offset < b->len)
        n = b->len - (size_t)offset;
    n = n < (size_t)len ? n : (size_t)len;
    if (n)
        memcpy(to, b->at + offset, n);
    memset((char *)to + n, 0, (size_t)len - n);
    return n == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int f_write(sqlite3_file *h, const void *at, int len,
                   sqlite3_int64 offset)
{
    struct file *f = of(h);
    enum fate fate = next_operation();
    size_t part = dice_below(&disk.dice, (uint64_t)len);

    if (fate == GOES_WELL && disk.full &&
        (size_t)offset + (size_t)len > f->now.len)
        return SQLITE_FULL;
    if (fate == DIES)
        write_now(f, (size_t)offset, at, part);
    if (fate != GOES_WELL)
        return SQLITE_IOERR_WRITE;
    write_now(f, (size_t)offset, at, (size_t)len);
    return SQLITE_OK;
}

static int f_truncate(sqlite3_file *h, sqlite3_int64 size)
{
    struct file *f = of(h);

    if (next_operation() != GOES_WELL)
        return SQLITE_IOERR_TRUNCATE;
    resize(&f->now, (size_t)size);
    note(f, (struct write){.offset = (size_t)size, .truncates = true}, "");
    return SQLITE_OK;
}

static int f_sync(sqlite3_file *h, int flags)
{
    struct file *f = of(h);

    (void)flags;
    switch (next_operation()) {
    case GOES_WELL:
        if (!disk.lies)
            sync_all(f);
        return SQLITE_OK;
    case FAILS:
        if (!disk.dead)
            sync_some(f);
        return SQLITE_IOERR_FSYNC;
    case DIES: return SQLITE_IOERR_FSYNC;
    }
    return SQLITE_IOERR_FSYNC;
}

static int f_size(sqlite3_file *h, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)of(h)->now.len;
    return SQLITE_OK;
}

/* ---- Locks, as between processes ---- */

static int f_lock(sqlite3_file *h, int level)
{
    struct handle *me = (struct handle *)(void *)h;
    struct file *f = me->file;

    if (level <= me->level)
        return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        if (f->pending || f->exclusive)
            return SQLITE_BUSY;
        f->readers++;
        me->level = level;
        return SQLITE_OK;
    }
    if ((f->reserved && f->reserved != me) || (f->pending && f->pending != me))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        f->reserved = me;
    } else {
        f->pending = me;
        me->level = SQLITE_LOCK_PENDING;
        if (f->readers > 1)
            return SQLITE_BUSY;
        f->exclusive = me;
    }
    me->level = level;
    return SQLITE_OK;
}

static int f_unlock(sqlite3_file *h, int level)
{
    struct handle *me = (struct handle *)(void *)h;
    struct file *f = me->file;

    if (me->level <= level)
        return SQLITE_OK;
    f->reserved = f->reserved == me ? NULL : f->reserved;
    f->pending = f->pending == me ? NULL : f->pending;
    f->exclusive = f->exclusive == me ? NULL : f->exclusive;
    if (level == SQLITE_LOCK_NONE)
        f->readers--;
    me->level = level;
    return SQLITE_OK;
}

static int f_reserved(sqlite3_file *h, int *out)
{
    *out = of(h)->reserved != NULL;
    return SQLITE_OK;
}

static int f_control(sqlite3_file *h, int op, void *arg)
{
    (void)h;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int f_sector(sqlite3_file *h)
{
    (void)h;
    return DISK_SECTOR;
}

static int f_traits(sqlite3_file *h)
{
    (void)h;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- The log's shared index ---- */

static int shm_map(sqlite3_file *h, int region, int bytes, int extend,
                   void volatile **out)
{
    struct handle *me = (struct handle *)(void *)h;
    struct file *f = me->file;

    *out = NULL;
    if (region >= REGIONS)
        return SQLITE_IOERR_SHMMAP;
    if (!me->mapped)
        f->mappings++;
    me->mapped = true;
    if (!f->regions[region] && extend)
        f->regions[region] = calloc(1, (size_t)bytes);
    *out = f->regions[region];
    return SQLITE_OK;
}

static int shm_unlock(struct handle *me, int first, int count)
{
    struct file *f = me->file;

    for (int i = first; i < first + count; i++) {
        if (f->owner[i] == me)
            f->owner[i] = NULL;
        if (me->shared & 1u << i)
            f->shared[i]--;
        me->shared &= ~(1u << i);
    }
    return SQLITE_OK;
}

static int shm_lock(sqlite3_file *h, int first, int count, int flags)
{
    struct handle *me = (struct handle *)(void *)h;
    struct file *f = me->file;
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;

    if (flags & SQLITE_SHM_UNLOCK)
        return shm_unlock(me, first, count);
    for (int i = first; i < first + count; i++) {
        unsigned others = f->shared[i] - (me->shared >> i & 1u);
        if ((f->owner[i] && f->owner[i] != me) || (exclusive && others))
            return SQLITE_BUSY;
    }
    for (int i = first; i < first + count; i++) {
        if (exclusive) {
            f->owner[i] = me;
        } else if (!(me->shared & 1u << i)) {
            me->shared |= 1u << i;
            f->shared[i]++;
        }
    }
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *h)
{
    (void)h;
}

static int shm_unmap(sqlite3_file *h, int remove)
{
    struct handle *me = (struct handle *)(void *)h;
    struct file *f = me->file;

    (void)remove;
    if (!me->mapped)
        return SQLITE_OK;
    (void)shm_unlock(me, 0, SQLITE_SHM_NLOCK);
    me->mapped = false;
    if (--f->mappings > 0)
        return SQLITE_OK;
    for (size_t i = 0; i < REGIONS; i++) {
        free(f->regions[i]);
        f->regions[i] = NULL;
    }
    return SQLITE_OK;
}

static int f_close(sqlite3_file *h)
{
    struct file *f = of(h);

    (void)shm_unmap(h, 0);
    (void)f_unlock(h, SQLITE_LOCK_NONE);
    f->handles--;
    if (f->unnamed)
        drop_file(f);
    return SQLITE_OK;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* ---- The VFS ---- */

static struct file *find(const char *path)
{
    const char *name = strrchr(path, '/');

    name = name ? name + 1 : path;
    for (size_t i = 0; i < DISK_FILES; i++)
        if (disk.files[i].exists && !strcmp(disk.files[i].name, name))
            return &disk.files[i];
    return NULL;
}

static struct file *make(const char *path)
{
    const char *name = path ? strrchr(path, '/') : "";

    name = name ? name + (*name == '/') : path;
    for (size_t i = 0; i < DISK_FILES; i++) {
        struct file *f = &disk.files[i];
        if (f->exists || f->handles)
            continue;
        drop_file(f);
        f->exists = true;
        f->unnamed = !path;
        snprintf(f->name, sizeof f->name, "%s", name);
        return f;
    }
    return NULL;
}

static int v_open(sqlite3_vfs *v, const char *path, sqlite3_file *h, int flags,
                  int *out)
{
    struct handle *me = (struct handle *)(void *)h;
    struct file *f = path ? find(path) : NULL;

    (void)v;
    *me = (struct handle){0};
    if (disk.dead)
        return SQLITE_CANTOPEN;
    if (!f && (flags & SQLITE_OPEN_CREATE))
        f = make(path);
    if (!f)
        return SQLITE_CANTOPEN;
    f->handles++;
    me->base.pMethods = &METHODS;
    me->file = f;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *v, const char *path, int sync)
{
    struct file *f = find(path);

    (void)v;
    (void)sync;
    if (next_operation() != GOES_WELL)
        return SQLITE_IOERR_DELETE;
    if (!f)
        return SQLITE_IOERR_DELETE_NOENT;
    drop_file(f);
    return SQLITE_OK;
}

static int v_access(sqlite3_vfs *v, const char *path, int flags, int *out)
{
    (void)v;
    (void)flags;
    const struct file *f = find(path);
    *out = f != NULL && (flags != SQLITE_ACCESS_EXISTS || f->now.len > 0);
    return SQLITE_OK;
}

static int v_full_path(sqlite3_vfs *v, const char *path, int room, char *to)
{
    (void)v;
    snprintf(to, (size_t)room, "%s", path);
    return SQLITE_OK;
}

static int v_random(sqlite3_vfs *v, int len, char *to)
{
    (void)v;
    dice_bytes(&disk.dice, (uint8_t *)to, (size_t)len);
    return len;
}

static int v_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}

static int v_time(sqlite3_vfs *v, double *out)
{
    (void)v;
    *out = 2460000.5;
    return SQLITE_OK;
}

static int v_error(sqlite3_vfs *v, int len, char *to)
{
    (void)v;
    if (len > 0)
        *to = 0;
    return 0;
}

static sqlite3_vfs vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(struct handle),
    .mxPathname = 512,
    .zName = "simulated",
    .xOpen = v_open,
    .xDelete = v_delete,
    .xAccess = v_access,
    .xFullPathname = v_full_path,
    .xRandomness = v_random,
    .xSleep = v_sleep,
    .xCurrentTime = v_time,
    .xGetLastError = v_error,
};

/* ---- What the simulator does to it ---- */

void disk_mount(void)
{
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

void disk_unmount(void)
{
    (void)sqlite3_vfs_unregister(&vfs);
    for (size_t i = 0; i < DISK_FILES; i++) {
        drop_file(&disk.files[i]);
        buf_free(&disk.kept[i]);
    }
}

/* SQLite keeps a generator of its own, fed once: it is fed anew. */
void disk_seed(uint64_t seed)
{
    disk.dice.state = seed;
    sqlite3_randomness(0, NULL);
}

void disk_crash_after(uint32_t operations)
{
    disk.crash_in = operations;
}

void disk_fail_after(uint32_t operations)
{
    disk.fail_in = operations;
}

void disk_full(bool full)
{
    disk.full = full;
}

void disk_die(void)
{
    disk.dead = true;
}

void disk_lies(bool lies)
{
    disk.lies = lies;
}

bool disk_is_dead(void)
{
    return disk.dead;
}

bool disk_has_failed(void)
{
    return disk.failed;
}

uint64_t disk_operations(void)
{
    return disk.operations;
}

void disk_cut(void)
{
    for (size_t i = 0; i < DISK_FILES; i++) {
        struct file *f = &disk.files[i];
        assert(f->handles == 0);
        sync_some(f);
        buf_clear(&f->now);
        buf_put(&f->now, f->safe.at, f->safe.len);
    }
}

void disk_revive(void)
{
    disk.dead = disk.failed = false;
    disk.crash_in = disk.fail_in = 0;
}

void disk_keep(void)
{
    for (size_t i = 0; i < DISK_FILES; i++) {
        const struct file *f = &disk.files[i];
        buf_clear(&disk.kept[i]);
        snprintf(disk.kept_name[i], NAME, "%s", f->exists ? f->name : "");
        buf_put(&disk.kept[i], f->now.at, f->now.len);
    }
}

void disk_restore(void)
{
    for (size_t i = 0; i < DISK_FILES; i++) {
        struct file *f = &disk.files[i];
        assert(f->handles == 0);
        drop_file(f);
        f->exists = disk.kept_name[i][0] != 0;
        snprintf(f->name, sizeof f->name, "%s", disk.kept_name[i]);
        buf_put(&f->now, disk.kept[i].at, disk.kept[i].len);
        buf_put(&f->safe, disk.kept[i].at, disk.kept[i].len);
    }
    disk_revive();
    disk.full = false;
    disk.operations = 0;
}
