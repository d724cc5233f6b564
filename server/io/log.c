#include "log.h"

#include "clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 64, EVENT_NAME_MAX = 32 };

struct repeat {
    char event[EVENT_NAME_MAX];
    uint64_t window_ms; /* when it began */
    unsigned written;
    unsigned left_out;
};

struct line {
    char text[LOG_LINE_MAX];
    size_t len;
};

static atomic_int level_max = LOG_LEVEL_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct repeat repeats[EVENTS_MAX]; /* under lock */

void log_set_level(enum log_level level)
{
    atomic_store(&level_max, (int)level);
}

/* One place is kept for the line's end. */
static void put(struct line *line, const char *text)
{
    size_t len = strlen(text);
    size_t room = sizeof(line->text) - 1 - line->len;

    if (len > room)
        len = room;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._:/@+-[]%";

    return *text && strspn(text, plain) == strlen(text);
}

static void put_quoted(struct line *line, const char *text)
{
    char piece[8];

    put(line, "\"");
    for (size_t i = 0; text[i] && i < LOG_TEXT_MAX; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\')
            snprintf(piece, sizeof(piece), "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            snprintf(piece, sizeof(piece), "\\x%02x", c);
        else
            snprintf(piece, sizeof(piece), "%c", c);
        put(line, piece);
    }
    put(line, "\"");
}

static void put_pair(struct line *line, const struct log_pair *pair)
{
    char piece[24];

    put(line, " ");
    put(line, pair->key);
    put(line, "=");
    if (pair->bytes) {
        for (size_t i = 0; i < pair->len && i < LOG_TEXT_MAX / 2; i++) {
            snprintf(piece, sizeof(piece), "%02x", pair->bytes[i]);
            put(line, piece);
        }
    } else if (!pair->text) {
        snprintf(piece, sizeof(piece), "%lld", (long long)pair->number);
        put(line, piece);
    } else if (is_plain(pair->text) && strlen(pair->text) <= LOG_TEXT_MAX) {
        put(line, pair->text);
    } else {
        put_quoted(line, pair->text);
    }
}

static void put_head(struct line *line, enum log_level level)
{
    static const char *const names[] = {"error", "warn", "info"};
    uint64_t now_ms = clock_now_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts;
    char text[64];

    if (!gmtime_r(&seconds, &parts))
        memset(&parts, 0, sizeof(parts));
    size_t len = strftime(text, sizeof(text), "time=%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, sizeof(text) - len, ".%03uZ level=%s",
             (unsigned)(now_ms % 1000), names[level]);
    put(line, text);
}

/* Finds the event's place; when all are taken, the oldest gives way. */
static struct repeat *find_repeat(const char *event)
{
    struct repeat *oldest = &repeats[0];

    for (size_t i = 0; i < EVENTS_MAX; i++) {
        if (!strncmp(repeats[i].event, event, EVENT_NAME_MAX - 1))
            return &repeats[i];
        if (repeats[i].window_ms < oldest->window_ms)
            oldest = &repeats[i];
    }
    memset(oldest, 0, sizeof(*oldest));
    snprintf(oldest->event, sizeof(oldest->event), "%s", event);
    return oldest;
}

/* False: leave this one out. *left_out: how many were, before this one. */
static bool may_write(const char *event, unsigned *left_out)
{
    uint64_t now_ms = clock_monotonic_ms();
    bool may = true;

    pthread_mutex_lock(&lock);
    struct repeat *r = find_repeat(event);
    if (now_ms - r->window_ms >= LOG_WINDOW_MS) {
        *left_out = r->left_out;
        r->window_ms = now_ms;
        r->written = 0;
        r->left_out = 0;
    }
    if (r->written < LOG_BURST) {
        r->written++;
    } else {
        r->left_out++;
        may = false;
    }
    pthread_mutex_unlock(&lock);
    return may;
}

void log_write(enum log_level level, const struct log_pair *pairs, size_t count)
{
    struct line line = {.len = 0};
    unsigned left_out = 0;

    if ((int)level > atomic_load(&level_max))
        return;
    if (level == LOG_LEVEL_WARN && !may_write(pairs[0].text, &left_out))
        return;
    put_head(&line, level);
    for (size_t i = 0; i < count && pairs[i].key; i++)
        put_pair(&line, &pairs[i]);
    if (left_out) {
        struct log_pair pair = log_number("left_out", left_out);
        put_pair(&line, &pair);
    }
    line.text[line.len++] = '\n';
    /* A log that cannot be written has nobody left to tell. */
    ssize_t written = write(STDERR_FILENO, line.text, line.len);
    (void)written;
}
