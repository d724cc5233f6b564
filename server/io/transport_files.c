#include "transport_files.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct transport_files {
    struct transport_file *list; /* by path */
    size_t count, cap;
    size_t bytes;
};

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".pdf", "application/pdf"},
};

static bool ends_with(const char *text, const char *ending)
{
    size_t len = strlen(text), tail = strlen(ending);

    return len > tail && !strcmp(text + len - tail, ending);
}

static const char *type_of(const char *path)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ends_with(path, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

/* A name under /assets/ with eight or more letters and digits between a dash
 * or dot and a dot: the builder put a hash of the content there. */
static bool has_hash(const char *path)
{
    const char *name = strrchr(path, '/') + 1;

    if (strncmp(path, "/assets/", 8) != 0)
        return false;
    for (const char *at = name; (at = strpbrk(at, "-.")); at++) {
        size_t len = strspn(at + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (len >= 8 && at[1 + len] == '.')
            return true;
    }
    return false;
}

static enum err refuse(const char *path, const char *why)
{
    log_error("files_refused", log_text("path", path), log_text("reason", why));
    return ERR_USAGE;
}

static bool tag(struct transport_file_form *form)
{
    uint8_t hash[EVP_MAX_MD_SIZE];

    if (!EVP_Digest(form->at, form->len, hash, NULL, EVP_sha256(), NULL))
        return false;
    form->etag[0] = '"';
    for (size_t i = 0; i < 16; i++)
        snprintf(form->etag + 1 + 2 * i, 4, "%02x\"", hash[i]);
    return true;
}

static enum err read_all(int fd, size_t size, uint8_t *to)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = read(fd, to + have, size - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_USAGE;
        have += (size_t)n;
    }
    return ERR_OK;
}

static struct transport_file *add(struct transport_files *files)
{
    if (files->count == files->cap) {
        size_t cap = files->cap ? 2 * files->cap : 64;
        struct transport_file *list = realloc(files->list, cap * sizeof(*list));

        if (!list)
            return NULL;
        files->list = list;
        files->cap = cap;
    }
    struct transport_file *file = &files->list[files->count++];
    *file = (struct transport_file){0};
    return file;
}

static enum err take_file(struct transport_files *files, int fd,
                          const char *path)
{
    struct stat info;

    if (fstat(fd, &info))
        return refuse(path, "unreadable");
    if (!S_ISREG(info.st_mode))
        return ERR_OK;
    size_t size = (size_t)info.st_size;
    if (files->count == TRANSPORT_FILES_MAX ||
        size > TRANSPORT_FILES_BYTES_MAX - files->bytes)
        return refuse(path, "too_many");
    struct transport_file *file = add(files);
    uint8_t *bytes = malloc(size + 1); /* an empty file has a place too */
    if (!file || !bytes) {
        free(bytes);
        return ERR_NOMEM;
    }
    file->plain.at = bytes;
    file->plain.len = size;
    file->path = strdup(path);
    file->content_type = type_of(path);
    file->is_immutable = has_hash(path);
    files->bytes += size;
    if (!file->path)
        return ERR_NOMEM;
    if (read_all(fd, size, bytes))
        return refuse(path, "unreadable");
    return tag(&file->plain) ? ERR_OK : ERR_NOMEM;
}

static enum err take_folder(struct transport_files *, int, const char *,
                            unsigned);

static enum err take_entry(struct transport_files *files, int folder,
                           const char *path, unsigned depth)
{
    const char *name = strrchr(path, '/') + 1;
    int fd = openat(folder, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat info;
    enum err err;

    if (fd < 0) /* ELOOP: a link */
        return errno == ELOOP ? ERR_OK : refuse(path, strerror(errno));
    if (!fstat(fd, &info) && S_ISDIR(info.st_mode))
        return take_folder(files, fd, path, depth + 1); /* closes fd */
    err = take_file(files, fd, path);
    close(fd);
    return err;
}

/* Takes over fd. */
static enum err take_folder(struct transport_files *files, int fd,
                            const char *path, unsigned depth)
{
    char inner[TRANSPORT_FILES_PATH_MAX + 1];
    struct dirent *entry;
    enum err err = ERR_OK;
    DIR *listing = fdopendir(fd);

    if (!listing || depth > TRANSPORT_FILES_DEPTH_MAX) {
        if (listing)
            closedir(listing);
        else
            close(fd);
        return refuse(path, listing ? "too_deep" : "unreadable");
    }
    while (!err && (entry = readdir(listing))) {
        if (entry->d_name[0] == '.')
            continue;
        int len = snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(inner))
            err = refuse(path, "path_too_long");
        else
            err = take_entry(files, dirfd(listing), inner, depth);
    }
    closedir(listing);
    return err;
}

static int by_path(const void *a, const void *b)
{
    const struct transport_file *left = a, *right = b;

    return strcmp(left->path, right->path);
}

static struct transport_file *find(const struct transport_files *files,
                                   const char *path)
{
    size_t low = 0, high = files->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, files->list[middle].path);

        if (order == 0)
            return &files->list[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* x.js.br is not a page of its own but another form of x.js. Its bytes move
 * there; its entry stays, without bytes, so that nothing needs to be moved. */
static void join_form(struct transport_files *files,
                      struct transport_file *packed)
{
    bool is_brotli = ends_with(packed->path, ".br");
    char base[TRANSPORT_FILES_PATH_MAX + 1];

    if (!is_brotli && !ends_with(packed->path, ".gz"))
        return;
    snprintf(base, sizeof(base), "%.*s", (int)strlen(packed->path) - 3,
             packed->path);
    struct transport_file *file = find(files, base);
    if (!file)
        return;
    *(is_brotli ? &file->brotli : &file->gzip) = packed->plain;
    packed->plain = (struct transport_file_form){0};
}

enum err transport_files_open(const char *folder, struct transport_files **out)
{
    struct transport_files *files = calloc(1, sizeof(*files));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = files ? ERR_OK : ERR_NOMEM;

    if (!err && fd < 0)
        err = refuse(folder, strerror(errno));
    if (!err)
        err = take_folder(files, fd, "", 0);
    else if (fd >= 0)
        close(fd);
    if (err) {
        transport_files_close(files);
        return err;
    }
    if (files->count)
        qsort(files->list, files->count, sizeof(*files->list), by_path);
    for (size_t i = 0; i < files->count; i++)
        join_form(files, &files->list[i]);
    *out = files;
    return ERR_OK;
}

void transport_files_close(struct transport_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i].plain.at);
        free(files->list[i].gzip.at);
        free(files->list[i].brotli.at);
        free(files->list[i].path);
    }
    free(files->list);
    free(files);
}

const struct transport_file *
transport_files_find(const struct transport_files *files, const char *path)
{
    char whole[TRANSPORT_FILES_PATH_MAX + sizeof("/index.html")];
    size_t len = strlen(path);
    const struct transport_file *file;

    if (len == 0 || len > TRANSPORT_FILES_PATH_MAX)
        return NULL;
    file = find(files, path);
    if (!file) {
        snprintf(whole, sizeof(whole), "%s%s", path,
                 path[len - 1] == '/' ? "index.html" : "/index.html");
        file = find(files, whole);
    }
    return file && file->plain.at ? file : NULL;
}
