/* disk.h -- a disk in memory that can lose power, fill up and fail, under the
 * real SQLite: a VFS that becomes the process's default.
 *
 * Each file is held twice: as programs see it now, and as it would be found
 * after a power cut. A write reaches the second only by fsync, or, when the
 * power goes, sector by sector (512 bytes) by chance, in any order.
 *
 *     disk_crash_after(n)   the n-th write, truncation or fsync from here is
 *                           done in part, and everything after it fails
 *     disk_fail_after(n)    the n-th fails, once; a failed fsync forgets which
 *                           sectors had not been written
 *     disk_cut()            power: what was not synced is lost in part
 *
 * A process that is killed loses nothing here: disk_revive() after closing.
 * Names are those of the files alone; folders do not matter. One thread.
 */
#ifndef DISK_H
#define DISK_H

#include "bytes.h"
#include "dice.h"

enum { DISK_FILES = 8, DISK_SECTOR = 512 };

void disk_mount(void); /* becomes the default VFS */
void disk_unmount(void);
void disk_seed(uint64_t seed);

void disk_crash_after(uint32_t operations); /* 0: not */
void disk_fail_after(uint32_t operations);  /* 0: not */
void disk_full(bool);
void disk_die(void);  /* nothing works from here on */
void disk_lies(bool); /* fsync says yes and does nothing */
bool disk_is_dead(void);
bool disk_has_failed(void); /* since the last disk_revive() */
uint64_t disk_operations(void);

/* All handles are closed. */
void disk_cut(void);
void disk_revive(void);

/* The whole content, synced; kept until the next disk_keep(). */
void disk_keep(void);
void disk_restore(void);

#endif
