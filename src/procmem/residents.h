/* SPDX-License-Identifier: MIT
 *
 * How much of each mapping of a process is resident.
 */
#ifndef PROCMEM_RESIDENTS_H
#define PROCMEM_RESIDENTS_H

#include <stdint.h>

#include "base/error.h"

enum resident_kind {
	RESIDENT_ANONYMOUS,
	RESIDENT_FILE,  /* a file, shared memory with a name */
	RESIDENT_STACK, /* of the first thread */
	RESIDENT_KERNEL /* "[vdso]" and the like */
};

/* `bytes` of the mapping [start, end) are resident. */
typedef void resident_fn(void *context, uint64_t start, uint64_t end, enum resident_kind kind,
			 int64_t bytes);

/* Tells of every mapping (proc(5): /proc/PID/smaps). The kernel walks all page tables for it: a
 * matter of milliseconds a gigabyte, during which the process may run. */
struct spy_error *residents_each(int64_t pid, resident_fn *tell, void *context) MUST_CHECK;

#endif
