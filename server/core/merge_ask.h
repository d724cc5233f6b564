/* merge_ask.h -- the rule `ask`: two people judged without seeing each other.
 *
 * What is shown stays; every other version is a *rival*, kept whole: its grade
 * with its own reason, never with somebody else's. Rivals stand beside the
 * unit's first judged field (row.aux) until one person, who has seen them all
 * and whose part it is, writes that field again.
 *
 *   an edit of a judged field            outcome
 *   ---------------------------------    -----------------------------------
 *   has seen all versions, no rivals     applied
 *   has seen all, rivals, may decide     applied; the conflict is closed
 *   has seen all, rivals, may not        conflict: one more rival
 *   blind, the same value                agreed
 *   blind, on its author's own value     applied; the rivals stay
 *   blind, another value                 conflict: a rival, or its author's
 *                                        rival anew
 *
 *   an edit of the text beside it
 *   ---------------------------------    -----------------------------------
 *   its author has a rival               conflict: part of that rival
 *   blind of another's grade, and has    conflict: a rival without a grade
 *   not said the same
 *   else                                 by the rule text (merge_text.h)
 *
 * Pure; for batch_change.c.
 */
#ifndef MERGE_ASK_H
#define MERGE_ASK_H

#include "merge.h"

enum { MERGE_UNIT_MAX = 8 };

struct merge_unit { /* the fields of one unit, by ascending id */
    struct merge_cell *cells[MERGE_UNIT_MAX];
    size_t count;
};

struct merge_rival { /* one field of one replica's version */
    uint32_t field;  /* 0: no version of its own, it agreed */
    uint32_t replica, author;
    int64_t at;
    uint64_t seen, version;
    struct value value;
};

struct merge_rivals {
    uint64_t opened; /* the version that opened the conflict; 0: none is */
    struct merge_rival *list;
    uint32_t count;
};

MUST_USE enum err merge_rivals(const struct merge_context *,
                               const struct merge_unit *,
                               struct merge_rivals *out);

struct merge_asked {
    bool by_text;    /* nothing of this rule: go by merge_apply() */
    bool moved;      /* rivals came, changed or went */
    uint64_t open;   /* the conflict that is open now; 0: none */
    uint64_t closed; /* the one that this edit closed; 0: none */
};

/* Let the edit meet the unit. `decides`: its author may close a conflict. As
 * merge_apply(), whose errors it has. */
MUST_USE enum err merge_ask(const struct merge_context *,
                            const struct merge_edit *, const struct row *stamp,
                            bool decides, const struct merge_unit *,
                            struct merge_cell *, struct merge_result *,
                            struct merge_asked *);

#endif
