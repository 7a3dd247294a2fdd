/* SPDX-License-Identifier: MIT
 *
 * A live process as the files of this room share it.
 */
#ifndef PROCMEM_LIVE_H
#define PROCMEM_LIVE_H

#include <pthread.h>

#include "base/vector.h"
#include "procmem/target.h"

typedef VECTOR(struct target_thread) thread_vector;
typedef VECTOR(struct target_mapping) mapping_vector;

struct tracer;

struct live {
	struct target target;
	char *exe;
	int directory; /* /proc/PID, see procfs.h */
	/* A thread that has not ended: where the main thread has, so has its memory. */
	_Atomic pid_t reader;
	_Atomic int memory; /* /proc/PID/mem where process_vm_readv is not to be had, else -1 */
	/* Held by who may change those two, and what is below: two threads read a paused target. */
	pthread_mutex_t reading;
	bool nested;           /* lives in another PID namespace */
	struct tracer *tracer; /* while it is paused */

	/* With `memory` only: what may be read, since /proc/PID/mem does not heed PROT_NONE. */
	struct arena readable_arena;
	struct target_mappings readable;
	int64_t readable_at; /* CLOCK_MONOTONIC */
};

static inline struct live *live_of(struct target *target)
{
	return (struct live *)target;
}

/* "task/TID/name" of the thread whose view of the process is read. */
struct live_path {
	char text[64];
};
struct live_path live_path(const struct live *live, const char *name);

/* Chooses another reader after the one before it ended. False if there is none. */
bool live_choose_reader(struct live *live);

/* mappings.c */
struct spy_error *live_mappings(struct target *target, struct arena *arena,
				struct target_mappings *ret) MUST_CHECK;
struct spy_error *live_open_mapping(struct target *target, const struct target_mapping *mapping,
				    struct binary **ret) MUST_CHECK;

/* threads.c */
struct spy_error *live_threads(struct target *target, struct arena *arena,
			       struct target_threads *ret) MUST_CHECK;
/* Appends one thread as /proc shows it now. False if it is gone. */
bool live_add_thread(const struct live *live, pid_t tid, thread_vector *threads);
/* The ids of all its threads. False if the process is gone. */
typedef VECTOR(pid_t) tid_vector;
bool live_list_threads(const struct live *live, tid_vector *tids);

/* pause.c */
struct spy_error *live_pause(struct target *target) MUST_CHECK;
int64_t live_resume(struct target *target);
struct spy_error *live_while_paused(struct target *target, const struct paused_work *work,
				    int64_t *paused_ns) MUST_CHECK;
/* The threads of a paused target. */
void live_paused_threads(const struct tracer *tracer, struct arena *arena,
			 struct target_threads *ret);

/* pause_x86_64.c: the registers of a thread that is stopped by us. False if it was killed. */
bool pause_registers(pid_t tid, struct target_registers *ret);
/* The same from the general registers of a core file (user_regs_struct). */
enum { PAUSE_REGISTERS_BYTES = 27 * 8 };
void pause_registers_from(const uint8_t *bytes, struct target_registers *ret);

#endif
