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
	bool places;    /* where in the stack each frame lies, for unwinder_places() */
};

/* Walks a stack of which [sp, hi) was copied, as far as there is any. Frames are innermost first;
 * *note is NULL or says why it ended early. */
void unwind(struct unwinder *unwinder, const struct copy *copy, const struct unwind_stack *stack,
	    const struct unwind_request *request, const struct spy_frame **frames,
	    size_t *frame_count, const char **note);

/* Where in the stack a frame lies, and where in the code. Calls that are inlined into each other
 * share one. */
struct unwind_place {
	uint64_t pc; /* of the instruction: in a call, that is the byte before the return address */
	bool exact;  /* it stands at pc; registers are as they are there */
	uint64_t sp, cfa;   /* stack pointer at pc, and the caller's before it called */
	size_t call, calls; /* which of so many calls at this pc, the innermost 0 */
};
/* Those of the frames that unwind() gave last, if they were requested; valid until its next call.
 */
const struct unwind_place *unwinder_places(const struct unwinder *unwinder, size_t *count);

/*
 * Whether the function at a place wrote to its stack frame at [low, high), counted from the cfa,
 * before it came there: an instruction that stands before it, and stores there or takes the
 * address; of the source line `line`, if any such instruction of the function is of that line (-1:
 * of any). What was not set has whatever was there before. `code` are the function's bytes.
 */
bool unwinder_was_set(struct unwinder *unwinder, const struct unwind_place *place,
		      const uint8_t *code, size_t size, int64_t low, int64_t high, int64_t line);
/* Whether the words at `count` addresses of a frame hold pointers of one variable, which begins at
 * `variable`, that its function will still use: else what they point to may be gone. True where
 * nothing tells. */
bool unwinder_is_used(struct unwinder *unwinder, const struct unwind_place *place,
		      uint64_t variable, const uint64_t *words, size_t count);
/* The entry of the function at a place; 0 if none is known. */
uint64_t unwinder_entry(struct unwinder *unwinder, const struct unwind_place *place);
/* The source line of that entry; 0 if none is known. */
int64_t unwinder_first_line(struct unwinder *unwinder, const struct unwind_place *place);

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
