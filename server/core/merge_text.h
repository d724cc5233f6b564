/* merge_text.h -- the rule `text`: bring an edit made on an older text to the
 * text of now. Part of merge.h; for merge.c alone.
 *
 * A delta is made on the text at `seen` with the device's own earlier edits on
 * it. History keeps each older text as the delta that leads back to it, so
 * what others did since is the inverse of those deltas composed.
 *
 * When an edit was merged, its author's device still shows another text than
 * the server until the answer arrives, and may go on writing on that. row.aux
 * keeps what is needed to meet such a later edit: [the text as its author saw
 * it, the delta from there to the merged text]. */
#ifndef MERGE_TEXT_H
#define MERGE_TEXT_H

#include "merge.h"

/* Fills row->value, aux, flags and the outcome. When the cell is going to
 * move, its present value is replaced by the delta that leads back to it
 * (ROW_REVERSE), ready for history.
 * ERR_BAD_DELTA, ERR_BAD_SEEN, ERR_TOO_BIG, ERR_NOMEM, ERR_CORRUPT; the cell
 * is then as it was. */
MUST_USE enum err merge_text(const struct merge_context *,
                             const struct merge_edit *, struct merge_cell *,
                             struct row *row, enum outcome *);

/* The text as its author has it on the device: the edit on `before`, an earlier
 * one of theirs that is not in the state, or, when NULL, on what it was made
 * on. The cell is not touched. The same errors. */
MUST_USE enum err merge_text_own(const struct merge_context *,
                                 const struct merge_edit *,
                                 const struct merge_cell *, uint32_t replica,
                                 const struct value *before, struct span *text);

#endif
