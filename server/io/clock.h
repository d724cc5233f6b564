/* clock.h -- the two clocks; only the shell reads them.
 *
 * Wall time goes into records and can jump; monotonic time measures how long
 * something has taken, and decides every expiry.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

uint64_t clock_now_ms(void);       /* wall: milliseconds since 1970, UTC */
uint64_t clock_monotonic_ms(void); /* never goes back; from any start */

/* For tests: take wall time from a file that holds milliseconds in decimal,
 * written in place and read again each time. Before any other thread runs.
 * false: not readable. */
bool clock_follow(const char *path);

#endif
