/* tidemark-text -- apply, compose, diff and merge texts, for outside corpora.
 * JSON Lines in, JSON Lines out, one for one: see text_line.h.
 * client-js/tools/text.js is its twin, byte for byte.
 */
#include "text_line.h"

#include <stdio.h>

int main(void)
{
    struct json_line json = {0};
    struct buf out = {0};
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    bool failed = false;

    while (!failed && (len = getline(&line, &cap, stdin)) >= 0) {
        if (len > 0 && line[len - 1] == '\n')
            line[--len] = '\0';
        buf_clear(&out);
        text_line_answer(&json, line, (size_t)len, &out);
        buf_byte(&out, '\n');
        failed = !buf_ok(&out) ||
                 fwrite(out.at, 1, out.len, stdout) != out.len ||
                 fflush(stdout) != 0;
    }
    free(line);
    buf_free(&out);
    json_free(&json);
    return failed || ferror(stdin) ? 1 : 0;
}
