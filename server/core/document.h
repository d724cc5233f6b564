/* document.h -- JSON text, written: what the server puts into fields of kind
 * document, for screens to read. Values as in schema/records.json: refs as
 * UUIDs, datetimes as ms. Growth is remembered by the buf. Pure.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "id.h"
#include "row.h"
#include "schema.h"

void document_text(struct buf *, struct span utf8); /* quoted, escaped */
void document_key(struct buf *, const char *key);   /* "key": */
void document_int(struct buf *, int64_t);
void document_id(struct buf *, struct id); /* null when none */
void document_value(struct buf *, const struct field *, struct value);

#endif
