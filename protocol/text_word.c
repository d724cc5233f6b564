#include "text_word.h"

#include <stdlib.h>

/* Everything above ASCII that is not listed is a letter: the scripts, their
 * marks and digits, emoji with what holds them together. Sorted; the twin of
 * the table in client-js/src/text-word.js. */
static const struct {
    uint32_t from, to;
    enum text_class class;
} others[] = {
    {0x80, 0x84, TEXT_BREAK},      {0x85, 0x85, TEXT_SPACE},
    {0x86, 0x9f, TEXT_BREAK},      {0xa0, 0xa0, TEXT_SPACE},
    {0xa1, 0xa9, TEXT_BREAK},      {0xab, 0xac, TEXT_BREAK},
    {0xad, 0xad, TEXT_JOINER},     {0xae, 0xb1, TEXT_BREAK},
    {0xb4, 0xb4, TEXT_BREAK},      {0xb6, 0xb6, TEXT_BREAK},
    {0xb7, 0xb7, TEXT_JOINER},     {0xb8, 0xb8, TEXT_BREAK},
    {0xbb, 0xbb, TEXT_BREAK},      {0xbf, 0xbf, TEXT_BREAK},
    {0xd7, 0xd7, TEXT_BREAK},      {0xf7, 0xf7, TEXT_BREAK},
    {0x37e, 0x37e, TEXT_BREAK},    {0x387, 0x387, TEXT_JOINER},
    {0x55a, 0x55f, TEXT_BREAK},    {0x589, 0x589, TEXT_BREAK},
    {0x58a, 0x58a, TEXT_JOINER},   {0x5be, 0x5be, TEXT_JOINER},
    {0x5c0, 0x5c0, TEXT_BREAK},    {0x5c3, 0x5c3, TEXT_BREAK},
    {0x5f3, 0x5f4, TEXT_JOINER},   {0x60c, 0x60d, TEXT_BREAK},
    {0x61b, 0x61f, TEXT_BREAK},    {0x66a, 0x66a, TEXT_BREAK},
    {0x66b, 0x66c, TEXT_JOINER},   {0x6d4, 0x6d4, TEXT_BREAK},
    {0x964, 0x965, TEXT_BREAK},    {0x1680, 0x1680, TEXT_SPACE},
    {0x2000, 0x200a, TEXT_SPACE},  {0x200b, 0x200b, TEXT_BREAK},
    {0x2010, 0x2011, TEXT_JOINER}, {0x2012, 0x2018, TEXT_BREAK},
    {0x2019, 0x2019, TEXT_JOINER}, {0x201a, 0x2026, TEXT_BREAK},
    {0x2027, 0x2027, TEXT_JOINER}, {0x2028, 0x2029, TEXT_SPACE},
    {0x202a, 0x202e, TEXT_BREAK},  {0x202f, 0x202f, TEXT_SPACE},
    {0x2030, 0x205e, TEXT_BREAK},  {0x205f, 0x205f, TEXT_SPACE},
    {0x20a0, 0x20cf, TEXT_BREAK},  {0x2190, 0x22ff, TEXT_BREAK},
    {0x2500, 0x259f, TEXT_BREAK},  {0x2e00, 0x2e7f, TEXT_BREAK},
    {0x3000, 0x3000, TEXT_SPACE},  {0x3001, 0x3003, TEXT_BREAK},
    {0x3008, 0x3011, TEXT_BREAK},  {0x3014, 0x301f, TEXT_BREAK},
    {0xfe10, 0xfe19, TEXT_BREAK},  {0xfe30, 0xfe6b, TEXT_BREAK},
    {0xfeff, 0xfeff, TEXT_SPACE},  {0xff01, 0xff0f, TEXT_BREAK},
    {0xff1a, 0xff20, TEXT_BREAK},  {0xff3b, 0xff40, TEXT_BREAK},
    {0xff5b, 0xff65, TEXT_BREAK},
};

/* _ b * j s: letter, break, joiner, space. A row is 32 code points. */
static const char ascii[] = "bbbbbbbbbsssssbbbbbbbbbbbbbbbbbb"
                            "sbbbbbjjbbbjjjjj__________jbbbbb"
                            "j__________________________bbbb_"
                            "b__________________________bbbbb";

static enum text_class ascii_class(uint32_t code)
{
    switch (ascii[code]) {
    case '_': return TEXT_LETTER;
    case 'j': return TEXT_JOINER;
    case 's': return TEXT_SPACE;
    default: return TEXT_BREAK;
    }
}

enum text_class text_class_of(uint32_t code)
{
    size_t low = 0;
    size_t high = sizeof others / sizeof *others;

    if (code < 0x80)
        return ascii_class(code);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (code > others[mid].to)
            low = mid + 1;
        else if (code < others[mid].from)
            high = mid;
        else
            return others[mid].class;
    }
    return TEXT_LETTER;
}

/* Decode one code point of valid UTF-8; moves *at past it. */
static uint32_t decode(struct span s, uint32_t *at)
{
    uint32_t lead = s.at[(*at)++];
    uint32_t more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t code = more ? lead & (0x3fu >> more) : lead;

    for (; more && *at < s.len; more--)
        code = code << 6 | (s.at[(*at)++] & 0x3fu);
    return code;
}

static bool all_ascii(struct span s)
{
    uint8_t seen = 0;

    for (size_t i = 0; i < s.len; i++)
        seen |= s.at[i];
    return seen < 0x80;
}

static void classify_ascii(struct text_glyphs *g)
{
    uint8_t table[128];

    for (uint32_t code = 0; code < 128; code++)
        table[code] = (uint8_t)ascii_class(code);
    g->count = (uint32_t)g->text.len;
    for (size_t i = 0; i < g->text.len; i++)
        g->classes[i] = table[g->text.at[i]];
}

static void classify(struct text_glyphs *g)
{
    uint32_t at = 0;
    uint32_t count = 0;

    while (at < g->text.len) {
        g->starts[count] = at;
        g->classes[count++] = (uint8_t)text_class_of(decode(g->text, &at));
    }
    g->starts[count] = at;
    g->count = count;
}

enum err text_glyphs_open(struct span text, struct text_glyphs *out)
{
    *out = (struct text_glyphs){.text = text};
    out->memory = malloc(text.len + 4);
    if (!out->memory)
        return ERR_NOMEM;
    memset(out->memory, TEXT_BREAK, 2);
    out->classes = out->memory + 2;
    if (all_ascii(text)) {
        classify_ascii(out);
    } else {
        out->starts = malloc((text.len + 1) * sizeof *out->starts);
        if (!out->starts)
            return ERR_NOMEM;
        classify(out);
    }
    memset(out->classes + out->count, TEXT_BREAK, 2);
    return ERR_OK;
}

void text_glyphs_close(struct text_glyphs *g)
{
    free(g->memory);
    free(g->starts);
    *g = (struct text_glyphs){0};
}

struct span text_glyphs_slice(const struct text_glyphs *g, uint32_t from,
                              uint32_t to)
{
    if (g->text.len == 0)
        return (struct span){0};
    size_t start = g->starts ? g->starts[from] : from;
    size_t end = g->starts ? g->starts[to] : to;
    return (struct span){g->text.at + start, end - start};
}
