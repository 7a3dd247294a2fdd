/* SPDX-License-Identifier: MIT
 *
 * The processes of this machine, from /proc: for finding a target and for `spy ps`.
 */
#ifndef PROCMEM_PROCESSES_H
#define PROCMEM_PROCESSES_H

#include "base/error.h"
#include "base/memory.h"
#include "elf/binary.h"

struct process_list {
	int64_t *pids; /* ascending */
	size_t count;
};
/* All processes but kernel threads, zombies and ourselves. */
struct spy_error *process_list(struct arena *arena, struct process_list *ret) MUST_CHECK;

/* What /proc says of one process. Strings belong to the arena, NULL where unreadable. */
struct process_facts {
	const char *exe;            /* readlink of /proc/PID/exe */
	const char *const *command; /* argv */
	size_t command_count;
	const char *user;
	int64_t rss_bytes, started_at, threads; /* SPY_UNKNOWN where unreadable */
};
/* NO_PROCESS if it is gone. */
struct spy_error *process_facts(int64_t pid, struct arena *arena,
				struct process_facts *ret) MUST_CHECK;

/* Base name of an exe path, a trailing " (deleted)" left out. Owned by the arena. */
const char *process_base_name(const char *exe, struct arena *arena);

/* Opens /proc/PID/exe. PERMISSION with a hint, NO_PROCESS. */
struct spy_error *process_open_exe(int64_t pid, struct binary **ret) MUST_CHECK;

#endif
