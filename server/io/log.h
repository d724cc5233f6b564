/* log.h -- one line an event, key=value, to stderr.
 *
 *   log_warn("push_refused", log_hex("device", id.bytes, 16),
 *            log_text("reason", err_name(err)));
 *
 *   time=2026-03-02T09:15:00.123Z level=warn event=push_refused device=0190…
 *   reason=denied
 *
 * error: someone must act; warn: refused or retried; info: start, stop,
 * listen. Ids, numbers and names of errors only: never what a person wrote,
 * their name, or a token. A text is quoted when it needs to be, so no value
 * can forge a key or a line, and is cut at LOG_TEXT_MAX bytes.
 *
 * The same warning more than LOG_BURST times in LOG_WINDOW_MS is counted, not
 * written; the next one that is written says how many were left out. Errors
 * and infos are always written.
 *
 * Any thread may log. A line goes out in one write.
 */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };

enum {
    LOG_TEXT_MAX = 200,
    LOG_LINE_MAX = 1024,
    LOG_BURST = 10,
    LOG_WINDOW_MS = 10 * 1000,
};

struct log_pair {
    const char *key; /* a literal: a-z and _ */
    const char *text;
    const uint8_t *bytes; /* written as hex */
    size_t len;
    int64_t number;
};

static inline struct log_pair log_number(const char *key, int64_t number)
{
    return (struct log_pair){.key = key, .number = number};
}

/* NULL is written as -. */
static inline struct log_pair log_text(const char *key, const char *text)
{
    return (struct log_pair){.key = key, .text = text ? text : "-"};
}

static inline struct log_pair log_hex(const char *key, const void *at,
                                      size_t len)
{
    return (struct log_pair){.key = key, .bytes = at, .len = len};
}

#define LOG_LINE(level, name, ...)                                             \
    log_write(level,                                                           \
              (const struct log_pair[]){log_text("event", name), __VA_ARGS__}, \
              sizeof((const struct log_pair[]){log_text("event", name),        \
                                               __VA_ARGS__}) /                 \
                  sizeof(struct log_pair))
#define log_error(...) LOG_LINE(LOG_LEVEL_ERROR, __VA_ARGS__, log_end())
#define log_warn(...)  LOG_LINE(LOG_LEVEL_WARN, __VA_ARGS__, log_end())
#define log_info(...)  LOG_LINE(LOG_LEVEL_INFO, __VA_ARGS__, log_end())

/* Ends the pairs of the macros above; not for callers. */
static inline struct log_pair log_end(void)
{
    return (struct log_pair){0};
}

/* Lines above this level are dropped. Starts at LOG_LEVEL_INFO. */
void log_set_level(enum log_level);

/* What the macros call: the first pair is the event. */
void log_write(enum log_level, const struct log_pair *, size_t count);

#endif
