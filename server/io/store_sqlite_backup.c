/* Copies: taken from a store that may be in use, and made into one.
 *
 * SQLite's online backup reads through one read transaction, so the copy is
 * the store as one commit left it, and a process that only looks cannot get
 * between the server and its log (the bug of RELIABILITY's pitfalls needs two
 * that write). All pages go in one step: in several, another process's commit
 * would start the copy again, under load for ever.
 *
 * A copy is one file in rollback mode, without a log beside it. It is made
 * under another name and takes its own when it has been checked and is on the
 * disk: whoever finds a file of that name has a whole backup. */
#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char PARTIAL[] = ".partial";

static enum err copy_fault(struct store_copy *c, enum err err, const char *what,
                           const char *path)
{
    snprintf(c->fault, sizeof c->fault, "%s %.200s: %s", what, path,
             strerror(errno));
    return err;
}

/* What a connection says was wrong, unless something was said before. Here it
 * matters whether the disk failed or the file is not what it should be. */
static enum err db_fault(struct store_copy *c, const struct db *db,
                         enum err err)
{
    int rc = db->handle ? sqlite3_errcode(db->handle) & 0xff : SQLITE_OK;

    if (err && !c->fault[0])
        memcpy(c->fault, db->fault, sizeof c->fault);
    return err == ERR_STORE && (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
               ? ERR_CORRUPT
               : err;
}

/* ---- Files ---- */

static bool is_there(const char *path)
{
    struct stat s;

    return lstat(path, &s) == 0;
}

static bool is_folder(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool partial_of(char out[STORE_PATH_BYTES], const char *path)
{
    int n = snprintf(out, STORE_PATH_BYTES, "%s%s", path, PARTIAL);

    return n > 0 && n < STORE_PATH_BYTES;
}

static void folder_of(char out[STORE_PATH_BYTES], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (!slash)
        memcpy(out, ".", 2);
    else if (len == 0)
        memcpy(out, "/", 2);
    else {
        memcpy(out, path, len);
        out[len] = 0;
    }
}

static enum err sync_path(struct store_copy *c, const char *path, int flags)
{
    int file = open(path, flags | O_CLOEXEC);

    if (file < 0)
        return copy_fault(c, ERR_STORE, "cannot open", path);
    int failed = fsync(file);
    int error = errno;
    close(file);
    errno = error;
    return failed ? copy_fault(c, ERR_STORE, "cannot sync", path) : ERR_OK;
}

/* From here on it is there, and stays. */
static enum err put_in_place(struct store_copy *c, const char *partial)
{
    char folder[STORE_PATH_BYTES];
    enum err err = sync_path(c, partial, O_RDONLY);

    if (err)
        return err;
    if (rename(partial, c->path))
        return copy_fault(c, ERR_STORE, "cannot name", c->path);
    folder_of(folder, c->path);
    return sync_path(c, folder, O_RDONLY | O_DIRECTORY);
}

/* Made before SQLite does, so that only its owner can read it; a file that an
 * earlier attempt left is of no use to anybody. */
static enum err begin_file(struct store_copy *c, const char *partial)
{
    if (unlink(partial) && errno != ENOENT)
        return copy_fault(c, ERR_STORE, "cannot remove", partial);
    int file = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return copy_fault(c, errno == ENOSPC ? ERR_FULL : ERR_STORE,
                          "cannot make", partial);
    close(file);
    return ERR_OK;
}

/* ---- Pages ---- */

static enum err copy_pages(struct db *from, struct db *to)
{
    sqlite3_backup *b =
        sqlite3_backup_init(to->handle, "main", from->handle, "main");

    if (!b)
        return db_fail(to, sqlite3_errcode(to->handle));
    int rc = sqlite3_backup_step(b, -1);
    int end = sqlite3_backup_finish(b);
    if (rc == SQLITE_DONE)
        return db_fail(to, end);
    /* It does not say whose fault it was; both know their own. */
    enum err err = db_fail(to, rc);
    return err ? err : ERR_STORE;
}

static enum err copy_file(struct store_copy *c, struct db *from,
                          const char *partial)
{
    struct db to = {0};
    enum err err = begin_file(c, partial);

    if (!err)
        err = db_open_file(&to, partial, DB_COPY);
    if (!err)
        err = copy_pages(from, &to);
    /* The pages say "write-ahead log", as where they come from. */
    if (!err)
        err = db_exec(&to, "PRAGMA journal_mode=DELETE");
    err = db_fault(c, &to, err);
    db_close(&to);
    return err;
}

/* As it lies on the disk now: read again, by a connection of its own. */
static enum err check_file(struct store_copy *c, const char *partial,
                           const struct schema *schema)
{
    struct reader r = {.schema = schema};
    struct store_head head = {0};
    enum err err = db_open_file(&r.db, partial, DB_LOOK);

    if (!err)
        err = store_read_head(&r.db, &head);
    if (!err)
        err = reader_check(&r, &c->report);
    if (err && c->report.fault[0])
        snprintf(c->fault, sizeof c->fault, "%s", c->report.fault);
    err = db_fault(c, &r.db, err);
    db_close(&r.db);
    c->head = head.version;
    c->timeline = head.timeline;
    return err;
}

/* ---- Backup ---- */

static enum err name_copy(struct store_copy *c, const char *to, uint64_t head,
                          int64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    char when[32];
    struct tm t;
    int n;

    if (is_folder(to)) {
        gmtime_r(&now, &t);
        strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &t);
        n = snprintf(c->path, sizeof c->path, "%s/tidemark-%s-%llu.db", to,
                     when, (unsigned long long)head);
    } else {
        n = snprintf(c->path, sizeof c->path, "%s", to);
    }
    if (n <= 0 || (size_t)n >= sizeof c->path)
        return ERR_USAGE;
    errno = EEXIST;
    return is_there(c->path)
               ? copy_fault(c, ERR_EXISTS_ALREADY, "not made:", c->path)
               : ERR_OK;
}

enum err store_backup(const struct store_options *o, const char *to,
                      int64_t now_ms, struct store_copy *out)
{
    char partial[STORE_PATH_BYTES], live[STORE_PATH_BYTES];
    struct store_head head = {0};
    struct db from = {0};
    enum err err = ERR_OK;

    *out = (struct store_copy){0};
    if (!store_path(live, o->folder, STORE_FILE) || !is_there(live))
        return copy_fault(out, ERR_USAGE, "no store:", o->folder);
    err = db_open(&from, o->folder, DB_LOOK);
    if (!err)
        err = store_read_head(&from, &head);
    if (!err)
        err = name_copy(out, to, head.version, now_ms);
    if (!err && !partial_of(partial, out->path))
        err = ERR_USAGE;
    if (!err)
        err = copy_file(out, &from, partial);
    err = db_fault(out, &from, err);
    db_close(&from);
    if (err)
        return err;
    err = check_file(out, partial, o->schema);
    if (!err)
        err = put_in_place(out, partial);
    if (err)
        (void)unlink(partial);
    return err;
}

/* ---- Restore ---- */

/* Nothing of another store's must be in it, its log least of all. */
static enum err make_folder(struct store_copy *c, const char *folder)
{
    if (mkdir(folder, 0700) == 0)
        return ERR_OK;
    if (errno != EEXIST || !is_folder(folder))
        return copy_fault(c, ERR_USAGE, "cannot make", folder);
    /* Only an empty folder can be removed. */
    if (rmdir(folder))
        return copy_fault(c, ERR_EXISTS_ALREADY, "not restored into", folder);
    return mkdir(folder, 0700) ? copy_fault(c, ERR_STORE, "cannot make", folder)
                               : ERR_OK;
}

/* Before it is called a store: one that looked like the old timeline would not
 * be noticed by any device. */
static enum err begin_anew(struct store_copy *c, const char *partial,
                           const struct schema *schema)
{
    struct db db = {0};
    enum err err = db_open_file(&db, partial, DB_COPY);

    if (!err)
        err = store_upgrade(&db, schema);
    if (!err)
        err = store_fork(&db, &c->timeline);
    err = db_fault(c, &db, err);
    db_close(&db);
    return err;
}

enum err store_restore(const struct store_options *o, const char *from,
                       struct store_copy *out)
{
    char partial[STORE_PATH_BYTES];
    struct db db = {0};
    enum err err;

    *out = (struct store_copy){0};
    if (!is_there(from))
        return copy_fault(out, ERR_USAGE, "no backup:", from);
    if (!store_path(out->path, o->folder, STORE_FILE) ||
        !partial_of(partial, out->path))
        return ERR_USAGE;
    err = make_folder(out, o->folder);
    if (!err)
        err = db_open_file(&db, from, DB_LOOK);
    if (!err)
        err = copy_file(out, &db, partial);
    err = db_fault(out, &db, err);
    db_close(&db);
    if (!err)
        err = check_file(out, partial, o->schema);
    if (!err)
        err = begin_anew(out, partial, o->schema);
    if (!err)
        err = put_in_place(out, partial);
    if (err && err != ERR_EXISTS_ALREADY)
        (void)unlink(partial);
    return err;
}
