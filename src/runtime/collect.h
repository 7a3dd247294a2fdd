/* SPDX-License-Identifier: MIT
 *
 * Copying the runtime's state out of a target: bytes and the few numbers that lead to the next
 * bytes, nothing else, so that it can be done while the target stands still. What it all means is
 * found out later, by session/.
 */
#ifndef RUNTIME_COLLECT_H
#define RUNTIME_COLLECT_H

#include "base/map.h"
#include "runtime/memory_state.h"

/* One runtime.g: the members that are needed, as they were. */
struct raw_g {
	uint64_t address;
	uint64_t goid;
	uint32_t status;                  /* without the _Gscan bit */
	uint8_t locked, running_cleanups; /* no bool: two readings are compared byte by byte */
	uint16_t tracking_seq;            /* modulo 256, how often it stopped running; 0 to 1.16 */
	uint64_t stack_lo, stack_hi;
	uint64_t sched_pc, sched_sp, syscall_pc, syscall_sp;
	uint64_t m;
	int64_t wait_since;
	uint64_t wait_reason;      /* index, or (1.10) address of the string's bytes */
	uint64_t wait_reason_size; /* of the string (1.10) */
	uint64_t parent, gopc, startpc, waiting, labels;
	/* Where its labels and waits were copied to, and its stack; NULL as long as it is compared,
	 * and if it changed whenever it was read. */
	struct copy *copy, *stack;
};

/* One runtime.m. */
struct raw_m {
	uint64_t address, id, thread, g0, gsignal, curg, p, lockedg, vdso_pc, vdso_sp;
	bool blocked, spinning;
};

/* One runtime.p. */
struct raw_p {
	uint64_t address, id, status, m, mcache, schedtick, syscalltick;
	uint64_t run_queue; /* runnext included */
};

/* A running goroutine's thread, for the start of its stack. */
struct raw_running {
	uint64_t g;
	struct raw_m m;
	struct target_registers registers;
};

struct collected;

struct collect_request {
	unsigned collect;  /* of enum spy_collect */
	int64_t goroutine; /* only this one's stack, labels, waits; 0: all */
	size_t limit;      /* only those of so many with the lowest ids; 0: all */
	bool non_blocking;
	/* Called when all is read, while the target still stands (or runs, if it was not to be
	 * stopped); NULL: nothing more is to be done. collected->gs has dead ones then. */
	void (*more)(void *context, const struct collected *collected);
	void *context;
};

struct ahead;

struct collected {
	/* Bytes of stacks, labels, channels, to which raw_g.copy points. In non-blocking mode each
	 * is consistent in itself. */
	VECTOR(struct copy *) copies;
	uint64_t copied_bytes;   /* in them */
	VECTOR(struct raw_g) gs; /* all but dead ones */
	uint64_t *ids;           /* of all gs as they were read; dead ones: UINT64_MAX */
	struct ahead *ahead;     /* stacks that were copied before; or NULL */
	VECTOR(struct raw_m) ms;
	VECTOR(struct raw_p) ps;
	VECTOR(struct raw_running) running;
	struct copy *scratch;        /* of gs, some at a time */
	struct copy *state;          /* sched, memstats, mheap_, gcController, mcaches, spans */
	struct memory_state *memory; /* what the statistics are made of */
	bool memory_fits;            /* its parts belong to one moment */
	struct map sema_waits;       /* g → address of the semaphore it waits on */
	struct target_threads threads;
	struct arena arena;
	uint64_t last_detailed; /* id of the last goroutine whose stack, labels, waits are there */
	int64_t dead;
	int64_t torn; /* goroutines that changed whenever they were read */
	int64_t paused_ns;
	int64_t taken_at;     /* Unix ns */
	int64_t monotonic_ns; /* CLOCK_MONOTONIC at the same moment: the clock of waitsince */
	bool finalizer_runs;  /* a user's finalizer: its goroutine is no system one then */
};

/* Stops the target unless non_blocking, copies, lets it run. */
struct spy_error *collect(struct go_runtime *runtime, const struct collect_request *request,
			  struct collected *ret) MUST_CHECK;
void collected_free(struct collected *collected);

/* The labels of a goroutine out of its copy. Returns how many of them could not be read. */
size_t collected_labels(const struct go_runtime *runtime, const struct copy *copy, uint64_t labels,
			struct arena *arena, const struct spy_label **ret, size_t *count);

/* What it waits on. `types` remembers names of the arena by their descriptors' addresses. */
struct spy_wait collected_wait(struct go_runtime *runtime, const struct collected *collected,
			       const struct copy *copy, const struct raw_g *g,
			       const char *wait_reason, struct map *types, struct arena *arena);

/* runtime.MemStats, what a summary shows of it, and what the collector is about. */
void collected_memory(const struct collected *collected, struct spy_memory *memory,
		      struct spy_memstats *memstats, struct spy_gc *gc);
void collected_scheduler(struct go_runtime *runtime, const struct collected *collected,
			 struct spy_scheduler *ret);

/* ---- inside the room ---------------------------------------------------------------------- */

/* Wants what the scheduler's figures need. */
void want_state(struct go_runtime *runtime, struct copy *state);

/* Labels and waits of goroutines: rounds that are to be fetched one after the other. `round` counts
 * from 0; false when nothing more is wanted. */
bool want_labels(struct go_runtime *runtime, struct copy *copy, struct map *seen, uint64_t labels,
		 uint32_t owner, int round);
bool want_wait(struct go_runtime *runtime, struct copy *copy, const struct raw_g *g, uint32_t owner,
	       int round);
enum { LABEL_ROUNDS = 5, WAIT_ROUNDS = 34 };

/* Its Ps, its Ms: into collected->ps and collected->ms. `guess` are the Ms as they were a moment
 * before, or NULL: with them it is one sweep. */
struct spy_error *collect_ps(struct go_runtime *runtime, struct collected *collected) MUST_CHECK;
struct spy_error *collect_ms(struct go_runtime *runtime, struct collected *collected,
			     const uint64_t *guess, size_t guesses) MUST_CHECK;
size_t collect_guess_ms(struct go_runtime *runtime, uint64_t **ret);

/* Walks the table of semaphores; fills collected->sema_waits. */
void collect_semaphores(struct go_runtime *runtime, struct collected *collected);

/* The status of a g without _Gscan, and what they are (runtime2.go). */
enum {
	G_IDLE = 0,
	G_RUNNABLE = 1,
	G_RUNNING = 2,
	G_SYSCALL = 3,
	G_WAITING = 4,
	G_DEAD = 6,
	G_COPYSTACK = 8,
	G_PREEMPTED = 9,
	G_LEAKED = 10,
	G_DEADEXTRA = 11,
	G_SCAN = 0x1000,
};

#endif
