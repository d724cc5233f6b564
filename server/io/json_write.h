/* json_write.h -- canonical JSON, written: no spaces, keys in the order in
 * which the caller writes them, ids as UUIDs, numbers in their shortest form.
 *
 *     json_write_open(&out, '{');
 *     json_write_key(&out, "version");
 *     json_write_int(&out, 7);
 *     json_write_close(&out, '}');
 *
 * Commas come by themselves. The buffer remembers a failed growth.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "bytes.h"
#include "id.h"

void json_write_open(struct buf *, char bracket);
void json_write_close(struct buf *, char bracket);
void json_write_key(struct buf *, const char *name);

void json_write_null(struct buf *);
void json_write_bool(struct buf *, bool);
void json_write_int(struct buf *, int64_t);
void json_write_real(struct buf *, double); /* finite */
void json_write_text(struct buf *, struct span utf8);
void json_write_id(struct buf *, struct id); /* null when there is none */
void json_write_hex(struct buf *, struct span);
/* One JSON value that is written already. */
void json_write_raw(struct buf *, struct span);

#endif
