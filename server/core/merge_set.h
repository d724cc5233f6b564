/* merge_set.h -- the rule `set`: element by element, a concurrent add beats a
 * remove. Part of merge.h; for merge.c alone.
 *
 * Beside the stored set (row.aux) stand, in the order of its elements, the
 * version and the replica that last added each. A remove takes out an element
 * only if its author had seen that add, or had made it.
 */
#ifndef MERGE_SET_H
#define MERGE_SET_H

#include "merge.h"

/* Fills row->value, row->aux and the outcome; the cell is not touched.
 * ERR_NOMEM, ERR_TOO_BIG, ERR_CORRUPT. */
MUST_USE enum err merge_set(const struct merge_context *,
                            const struct merge_edit *,
                            const struct merge_cell *, struct row *row,
                            enum outcome *);

#endif
