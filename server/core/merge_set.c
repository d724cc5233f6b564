#include "merge_set.h"

struct tag { /* who last added the element */
    uint64_t version;
    uint32_t replica;
};

struct tagged {
    struct elements set;
    struct tag *tags;
};

static enum err read_tags(const struct merge_context *x, struct span aux,
                          struct tagged *t)
{
    struct items in;

    t->tags = arena_take(x->arena, (t->set.count + 1) * sizeof *t->tags);
    if (!t->tags)
        return ERR_NOMEM;
    if (aux.len == 0)
        return t->set.count ? ERR_CORRUPT : ERR_OK;
    enum err err = pack_parse_next(x->pack, &aux, &in);
    if (err)
        return err == ERR_NOMEM ? err : ERR_CORRUPT;
    for (uint32_t i = 0; i < t->set.count; i++) {
        t->tags[i].version = items_uint(&in);
        t->tags[i].replica = (uint32_t)items_uint(&in);
    }
    return items_ok(&in) ? ERR_OK : ERR_CORRUPT;
}

static struct span write_tags(const struct merge_context *x,
                              const struct tagged *t)
{
    struct buf out = {0};
    struct span kept = {0};

    if (t->set.count == 0)
        return kept;
    pack_array(&out, t->set.count * 2);
    for (uint32_t i = 0; i < t->set.count; i++) {
        pack_uint(&out, t->tags[i].version);
        pack_uint(&out, t->tags[i].replica);
    }
    if (buf_ok(&out))
        kept = arena_copy(x->arena, buf_span(&out));
    else
        x->arena->failed = true;
    buf_free(&out);
    return kept;
}

static int order(struct span a, struct span b)
{
    int by = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return by ? by : (a.len > b.len) - (a.len < b.len);
}

static bool has(const struct elements *e, struct span element)
{
    for (uint32_t i = 0; i < e->count; i++)
        if (span_equal(e->list[i], element))
            return true;
    return false;
}

static void take(struct tagged *t, struct span element, struct tag tag)
{
    t->set.list[t->set.count] = element;
    t->tags[t->set.count++] = tag;
}

/* Both sorted: one walk over the two. */
static void combine(const struct tagged *was, const struct merge_edit *e,
                    const struct row *stamp, struct tagged *is)
{
    static const struct elements none;
    const struct elements *add = e->op == CHANGE_REMOVE ? &none : &e->elements;
    struct tag mine = {stamp->version, stamp->replica};
    uint32_t a = 0;

    for (uint32_t i = 0; i < was->set.count; i++) {
        struct span element = was->set.list[i];
        struct tag tag = was->tags[i];
        while (a < add->count && order(add->list[a], element) < 0)
            take(is, add->list[a++], mine);
        if (a < add->count && order(add->list[a], element) == 0) {
            take(is, add->list[a++], mine);
            continue;
        }
        bool meant = e->op == CHANGE_REMOVE ? has(&e->elements, element)
                                            : e->op == CHANGE_SET;
        bool known = tag.version <= e->seen || tag.replica == stamp->replica;
        if (!meant || !known)
            take(is, element, tag);
    }
    while (a < add->count)
        take(is, add->list[a++], mine);
}

enum err merge_set(const struct merge_context *x, const struct merge_edit *e,
                   const struct merge_cell *c, struct row *row,
                   enum outcome *outcome)
{
    struct tagged was = {0}, is = {0};
    struct value stored = c->found ? c->now.value : (struct value){0};
    enum err err = value_elements(stored, x->arena, &was.set);

    if (!err)
        err = read_tags(x, c->found ? c->now.aux : (struct span){0}, &was);
    if (err)
        return err;
    size_t most = (size_t)was.set.count + e->elements.count + 1;
    is.set.list = arena_take(x->arena, most * sizeof *is.set.list);
    is.tags = arena_take(x->arena, most * sizeof *is.tags);
    if (!is.set.list || !is.tags)
        return ERR_NOMEM;
    combine(&was, e, row, &is);
    if (is.set.count > SET_ELEMENTS_MAX)
        return ERR_TOO_BIG;

    bool concurrent =
        c->found && c->now.version > e->seen && c->now.replica != row->replica;
    bool added = e->op != CHANGE_REMOVE && e->elements.count > 0;
    row->value = value_of_elements(is.set, x->arena);
    row->aux = write_tags(x, &is);
    if (!arena_ok(x->arena))
        return ERR_NOMEM;
    if (c->found && !added && value_equal(row->value, stored))
        *outcome = OUTCOME_AGREED;
    else
        *outcome = concurrent ? OUTCOME_MERGED : OUTCOME_APPLIED;
    return ERR_OK;
}
