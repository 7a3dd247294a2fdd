/* SPDX-License-Identifier: MIT
 *
 * Stacks of goroutines, from copied bytes: the walk by the stack deltas of the function table, and
 * what a traceback of the runtime would print of it (runtime/traceback.go). It never touches the
 * target; what was not copied ends the walk with a note.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include "base/memory.h"
#include "pclntab/code.h"
#include "procmem/copy.h"
#include "runtime_layouts/traits.h"

/* Knows the code and remembers what it found at each pc. Everything it returns belongs to the arena
 * of a snapshot; it lives as long as that one's making. */
struct unwinder;

struct unwinder *unwinder_new(const struct code *code, const struct runtime_traits *traits,
			      struct arena *arena);
void unwinder_free(struct unwinder *unwinder);

/* The innermost code at pc; `exact` tells that pc is where it stands and no return address. NULL if
 * there is no Go code there. */
const struct spy_location *unwinder_locate(struct unwinder *unwinder, uint64_t pc, bool exact);

/* The place as "created by" prints it: the function that holds the go statement before `pc`, with
 * nothing inlined. NULL if a traceback prints none in that view. */
const struct spy_location *unwinder_creator(struct unwinder *unwinder, uint64_t pc,
					    enum spy_view view);

/* Raw name of the function that starts at or contains pc, NULL if none. */
const char *unwinder_function(struct unwinder *unwinder, uint64_t pc);

struct unwind_stack {
	uint64_t lo, hi; /* the stack's bounds: the walk stays inside */
	uint64_t pc, sp; /* where it begins */
	bool exact;      /* by registers or a signal: pc is where it stands */
	bool syscall;    /* pc and sp are those of a system call's entry */
};

struct unwind_request {
	enum spy_view view;
	bool arguments; /* the words of the arguments, too */
};

/* Walks a stack of which [sp, hi) was copied, as far as there is any. Frames are innermost first;
 * *note is NULL or says why it ended early. */
void unwind(struct unwinder *unwinder, const struct copy *copy, const struct unwind_stack *stack,
	    const struct unwind_request *request, const struct spy_frame **frames,
	    size_t *frame_count, const char **note);

/*
 * Where a running goroutine's own stack begins when its thread stands on another stack: the
 * scheduler's or the signal handler's.
 */
enum unwind_switch {
	UNWIND_LOST,      /* the walk met nothing that tells */
	UNWIND_SCHED,     /* systemstack, mcall or morestack: go on at g.sched */
	UNWIND_REGISTERS, /* a signal handler: go on at the registers that were interrupted */
};
enum unwind_switch unwind_to_switch(struct unwinder *unwinder, const struct copy *copy, uint64_t pc,
				    uint64_t sp, uint64_t *interrupted_pc,
				    uint64_t *interrupted_sp);

#endif
