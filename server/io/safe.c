#include "safe.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 64 };

#define NOTE "tidemark.safe"

static bool path_of(char out[PATH_BYTES], const char *folder, const char *name)
{
    int n = snprintf(out, PATH_BYTES, "%s/%s", folder, name);

    return n > 0 && n < PATH_BYTES;
}

static enum err write_file(const char *path, const char *line)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (file < 0)
        return ERR_STORE;
    ssize_t len = (ssize_t)strlen(line);
    bool done = write(file, line, (size_t)len) == len && fsync(file) == 0;
    return close(file) == 0 && done ? ERR_OK : ERR_STORE;
}

static enum err sync_folder(const char *folder)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (file < 0)
        return ERR_STORE;
    bool done = fsync(file) == 0;
    close(file);
    return done ? ERR_OK : ERR_STORE;
}

enum err safe_write(const char *folder, const struct safe *s)
{
    char path[PATH_BYTES], fresh[PATH_BYTES];
    char line[LINE_BYTES + 1], timeline[ID_TEXT_BYTES + 1];

    if (!path_of(path, folder, NOTE) || !path_of(fresh, folder, NOTE ".new"))
        return ERR_USAGE;
    id_text(s->timeline, timeline);
    snprintf(line, sizeof line, "%s %" PRIu64 "\n", timeline, s->version);
    enum err err = write_file(fresh, line);
    if (!err && rename(fresh, path))
        err = ERR_STORE;
    return err ? err : sync_folder(folder);
}

static bool parse(const char *line, struct safe *out)
{
    char end;

    return strlen(line) > ID_TEXT_BYTES &&
           id_parse((struct span){(const uint8_t *)line, ID_TEXT_BYTES},
                    &out->timeline) &&
           sscanf(line + ID_TEXT_BYTES, " %" SCNu64 "%c", &out->version,
                  &end) == 2 &&
           end == '\n';
}

bool safe_read(const char *folder, struct safe *out)
{
    char path[PATH_BYTES], line[LINE_BYTES + 1] = {0};

    if (!path_of(path, folder, NOTE))
        return false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t len = read(file, line, LINE_BYTES);
    close(file);
    return len > 0 && parse(line, out);
}

void safe_remove(const char *folder)
{
    char path[PATH_BYTES];

    if (path_of(path, folder, NOTE))
        (void)unlink(path);
}
