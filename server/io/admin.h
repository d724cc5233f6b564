/* admin.h -- the commands that work on a data directory while no server has
 * it: each opens the store, does its one thing, and says so on stdout. Backup
 * only reads, and works beside a server.
 *
 * Each returns an exit code of serve.h, and has said on stderr what was wrong.
 */
#ifndef ADMIN_H
#define ADMIN_H

struct admin_options {
    const char *data, *schema;
    const char *sample; /* init */
    const char *name;   /* person, device */
    const char *role, *scope;
    const char *code; /* device: this one, not a random one */
    int days, uses;   /* of the code; uses < 0: without end */
    const char *to;   /* backup: a new file, or a folder */
    const char *from; /* restore */
};

int admin_init(const struct admin_options *);
int admin_person(const struct admin_options *);
int admin_code(const struct admin_options *);
int admin_people(const struct admin_options *);
int admin_check(const struct admin_options *);
int admin_dump(const struct admin_options *);
int admin_backup(const struct admin_options *);
int admin_restore(const struct admin_options *);

#endif
