/* SPDX-License-Identifier: MIT
 *
 * A target: memory, mappings, threads, stopping. A live process, an ELF core file and the fake of
 * the tests are its instances, and nothing above this room asks which one it has.
 */
#ifndef PROCMEM_TARGET_H
#define PROCMEM_TARGET_H

#include <sys/types.h>

#include "base/error.h"
#include "base/memory.h"
#include "elf/binary.h"

struct target;

struct target_range {
	uint64_t address;
	void *buffer;
	size_t size;
	bool ok; /* out: all of it was read */
};

struct target_mapping {
	uint64_t start, end, file_offset;
	bool readable, writable, executable, private_;
	const char
	    *path; /* "" for anonymous memory; as the kernel tells it, "(deleted)" included */
	uint64_t device, inode; /* 0 where there is no file */
};
struct target_mappings {
	struct target_mapping *items; /* by address */
	size_t count;
};

/* General registers of x86_64, the ones that unwinding and finding g need. */
struct target_registers {
	uint64_t pc, sp, bp, r14, fs_base;
};

struct target_thread {
	int64_t tid;        /* in our PID namespace */
	int64_t target_tid; /* in its own PID namespace: what m.procid holds */
	char state;         /* as /proc/PID/stat: R S D T t Z …, from before we stopped it; '?' */
	bool has_registers; /* only while paused, and in a core */
	struct target_registers registers;
};
struct target_threads {
	struct target_thread *items;
	size_t count;
};

/* What is done while a target stands still, by two threads of ours at once. */
struct paused_work {
	void (*lead)(void *argument); /* when it returns, the target runs on */
	void (*help)(void *argument); /* begins later, or never; may end later */
	void *argument;
};

struct target_ops {
	struct spy_error *(*read)(struct target *target, uint64_t address, void *buffer,
				  size_t size);
	void (*readv)(struct target *target, struct target_range *ranges, size_t count);
	struct spy_error *(*mappings)(struct target *target, struct arena *arena,
				      struct target_mappings *ret);
	struct spy_error *(*open_mapping)(struct target *target,
					  const struct target_mapping *mapping,
					  struct binary **ret);
	struct spy_error *(*threads)(struct target *target, struct arena *arena,
				     struct target_threads *ret);
	struct spy_error *(*pause)(struct target *target);
	int64_t (*resume)(struct target *target);
	/* NULL: what pause and resume do serves. */
	struct spy_error *(*while_paused)(struct target *target, const struct paused_work *work,
					  int64_t *paused_ns);
	struct spy_error *(*ended)(struct target *target);
	void (*close)(struct target *target);
};

/* What is known of every target. Instances embed it as their first member. */
struct target {
	const struct target_ops *ops;
	int64_t pid;
	bool is_live;
	const char *exe;    /* path for people, as readlink(/proc/PID/exe); owned by the target */
	int64_t started_at; /* Unix ns, or SPY_UNKNOWN */
};

/* ---- what one can do with a target -------------------------------------------------------- */

/* Reads all of it or fails: DATA with the address (spy_error_fault), NO_PROCESS if the target
 * ended, PERMISSION. */
static inline MUST_CHECK struct spy_error *target_read(struct target *target, uint64_t address,
						       void *buffer, size_t size)
{
	return target->ops->read(target, address, buffer, size);
}

/* Reads many ranges with few system calls; marks each. Ranges may be in any order. */
static inline void target_readv(struct target *target, struct target_range *ranges, size_t count)
{
	target->ops->readv(target, ranges, count);
}

/* The address space as it is now. */
static inline MUST_CHECK struct spy_error *
target_mappings(struct target *target, struct arena *arena, struct target_mappings *ret)
{
	return target->ops->mappings(target, arena, ret);
}

/* Opens the file that is mapped there as the target sees it: other mount namespaces, deleted and
 * replaced files included. */
static inline MUST_CHECK struct spy_error *target_open_mapping(struct target *target,
							       const struct target_mapping *mapping,
							       struct binary **ret)
{
	return target->ops->open_mapping(target, mapping, ret);
}

/* Its threads; with registers while it is paused, and for a core. */
static inline MUST_CHECK struct spy_error *
target_threads(struct target *target, struct arena *arena, struct target_threads *ret)
{
	return target->ops->threads(target, arena, ret);
}

/* Stops all threads. On error nothing is stopped. PERMISSION: another tracer, Yama, another user;
 * the hint says which and what helps. */
static inline MUST_CHECK struct spy_error *target_pause(struct target *target)
{
	return target->ops->pause(target);
}

/* Lets all threads run as they were found; harmless if it is not paused. Returns how long it stood
 * still: from the first thread that was interrupted to the last that was let go. */
static inline int64_t target_resume(struct target *target)
{
	return target->ops->resume(target);
}

/* Stops all threads, works, lets them run: less of a standstill than target_pause() and
 * target_resume(), since the thread that stops them does the work. Both parts may read the target's
 * memory. On error, as of target_pause(), neither was called. Else *paused_ns is what
 * target_resume() returns, and both have returned. */
static inline MUST_CHECK struct spy_error *
target_while_paused(struct target *target, const struct paused_work *work, int64_t *paused_ns)
{
	if (target->ops->while_paused)
		return target->ops->while_paused(target, work, paused_ns);
	TRY(target_pause(target));
	work->lead(work->argument);
	*paused_ns = target_resume(target);
	return NULL;
}

/* NO_PROCESS if the target has ended, else NULL: for telling why a read failed. */
static inline MUST_CHECK struct spy_error *target_ended(struct target *target)
{
	return target->ops->ended(target);
}

static inline void target_close(struct target *target)
{
	if (target)
		target->ops->close(target);
}

/* ---- instances ---------------------------------------------------------------------------- */

/* A live process. NO_PROCESS: no such pid, or a zombie. NOT_GO: a kernel thread. PERMISSION: the
 * hint says why (another user, Yama's ptrace_scope, a missing capability, seccomp) and the command
 * that helps. Does not stop it. */
struct spy_error *target_open_live(int64_t pid, struct target **ret) MUST_CHECK;

/* An ELF core file, by the kernel, gcore or spy. Always "paused". */
/* `exe_file`, or NULL, serves where the executable that the core names is not there. */
struct spy_error *target_open_core(const char *path, const char *exe_file,
				   struct target **ret) MUST_CHECK;

#endif
