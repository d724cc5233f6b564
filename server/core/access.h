/* access.h -- who may do what where.
 *
 * A person has *assignments*: a role, a scope (trust, hub/…, school/…,
 * review/…) and the time for which it holds. The schema says which buckets a
 * role reaches from its scope and what it may do there. From both follows a
 * set of roles for each person and bucket; nothing reached means nothing sent
 * and nothing accepted: deny by default.
 *
 * Built once from the store's records (access_add_*), then immutable and
 * counted, so that the loop and the committer use it side by side while the
 * next one is being built. Building: one thread. Asking: any thread.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "schema.h"

struct id;
struct access;

/* Caller owns *out; keeps a pointer to the schema. ERR_NOMEM. */
MUST_USE enum err access_open(const struct schema *, struct access **out);
struct access *access_hold(struct access *); /* one more user */
void access_drop(struct access *);           /* one less; takes NULL */

/* scope: "trust", "hub/<uuid>", "school/<uuid>", "review/<uuid>". Times in ms,
 * until_ms 0: without end. An unknown role is left out. ERR_NOMEM. */
MUST_USE enum err access_add_assignment(struct access *,
                                        const struct id *person,
                                        struct span role, struct span scope,
                                        int64_t from_ms, int64_t until_ms);
MUST_USE enum err access_add_school(struct access *, const struct id *school,
                                    const struct id *hub);
/* Numbers of persons, as rows carry them. ERR_NOMEM. */
MUST_USE enum err access_add_person(struct access *, uint32_t no,
                                    const struct id *person);
MUST_USE enum err access_copy_persons(struct access *,
                                      const struct access *from);
/* None for 0 and for a number that is not known. */
struct id access_person(const struct access *, uint32_t no);

/* The roles that the person has in the bucket of that name at that time. */
role_set access_roles(const struct access *, const struct id *person,
                      struct span bucket, int64_t at_ms);

/* Did the person reach it once, and does no more? */
bool access_ended(const struct access *, const struct id *person,
                  struct span bucket, int64_t now_ms);

enum access_op {
    ACCESS_READ,
    ACCESS_CREATE,
    ACCESS_WRITE,
    ACCESS_DELETE,
    ACCESS_SIGN,
};

/* field may be NULL (create, delete). `roles` includes ROLE_AUTHOR, ROLE_LEAD…
 * when the person is that for the record at hand. */
bool access_may(const struct type *, const struct field *, enum access_op,
                role_set roles);

/* Does the type's bucket pattern admit a record of this id in this bucket? */
bool access_bucket_fits(const struct type *, struct span bucket,
                        const struct id *record);

#endif
