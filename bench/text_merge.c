/* Two long sessions on one note, each of `edits` edits, none seen by the other:
 * what it costs the server to merge them. Prints one line of JSON. */
#include "text.h"
#include "world.h"

#include <unistd.h>

enum { WORDS = 4000, ROUNDS = 20 };

static uint32_t chance = 1;

static uint32_t below(uint32_t n)
{
    chance = chance * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)chance * n >> 32);
}

static void make_text(struct buf *out)
{
    char word[16];

    for (uint32_t i = 0; i < WORDS; i++) {
        int n = snprintf(word, sizeof word, "word%u ", i);
        buf_put(out, word, (size_t)n);
    }
}

/* A word goes in somewhere, or some letters go; all ASCII, so bytes are code
 * points. The session is the composed delta of all its edits. */
static void session(struct buf *text, uint32_t edits, struct text_delta *all,
                    struct buf *inserts)
{
    static const char typed[] = "observed ";

    buf_put(inserts, typed, sizeof typed - 1);
    for (uint32_t i = 0; i < edits; i++) {
        struct text_step steps[2] = {
            {.count = (int32_t)(1 + below((uint32_t)text->len - 10))}};
        struct text_delta one = {steps, 2, 2}, both = {0};
        struct buf next = {0};

        if (below(3))
            steps[1] = (struct text_step){.chars = sizeof typed - 1,
                                          .text = buf_span(inserts)};
        else
            steps[1].count = -5;
        if (text_apply(buf_span(text), &one, &next) ||
            text_compose(all, &one, &both))
            work_die("an edit does not fit");
        text_delta_free(all);
        *all = both;
        buf_free(text);
        *text = next;
    }
}

int main(int argc, char **argv)
{
    uint32_t edits = argc > 1 ? work_number(argv[1]) : 2000;
    struct world self = {.pid = getpid()};
    struct buf base = {0}, theirs = {0}, mine = {0}, inserts = {0};
    struct buf more = {0};
    struct text_delta a = {0}, b = {0};
    double times[ROUNDS];
    uint32_t overlaps = 0;

    make_text(&base);
    buf_put(&theirs, base.at, base.len);
    buf_put(&mine, base.at, base.len);
    session(&theirs, edits, &a, &inserts);
    session(&mine, edits, &b, &more);
    for (int i = 0; i < ROUNDS; i++) {
        struct text_merged merged = {0};
        double cpu = server_cpu(&self);
        if (text_merge(buf_span(&base), &a, &b, &merged))
            work_die("the sessions do not merge");
        times[i] = server_cpu(&self) - cpu;
        overlaps = merged.overlap_count;
        text_merged_free(&merged);
    }
    printf("{\"edits\":%u,\"text\":%zu,\"cpu_ms\":%.3f,\"overlaps\":%u}\n",
           edits, base.len, quantile(times, ROUNDS, 0.5) * 1e3, overlaps);
    text_delta_free(&a);
    text_delta_free(&b);
    buf_free(&base);
    buf_free(&theirs);
    buf_free(&mine);
    buf_free(&inserts);
    buf_free(&more);
    return 0;
}
