/* SPDX-License-Identifier: MIT
 *
 * What the kernel counts of a process: processor time, threads, resident memory.
 */
#ifndef SESSION_USAGE_H
#define SESSION_USAGE_H

#include "procmem/target.h"

struct usage {
	int64_t user_ns, system_ns; /* since it started, by the kernel's ticks */
	int64_t cpu_ns;             /* both, to the nanosecond */
	int64_t threads, rss_bytes;
};

/* All SPY_UNKNOWN for a core. `directory` keeps an open /proc/PID; -1 before the first call. */
struct usage usage_of(const struct target *target, int *directory);

#endif
