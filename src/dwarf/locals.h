/* SPDX-License-Identifier: MIT
 *
 * Local variables of a Go program by its DWARF: which there are at a pc, in the function and in
 * what was inlined into it, and where each lies.
 */
#ifndef DWARF_LOCALS_H
#define DWARF_LOCALS_H

#include "dwarf/debug_info.h"

struct debug_local {
	const char *name; /* as in the source */
	uint64_t type;    /* for debug_type_get(); of a variable in_heap: that of a pointer to it */
	bool argument, result;
	bool in_heap; /* what lies at its place is its address */
	bool listed;  /* a location list tells its place at this very pc; else the place is the
			 function's all along, whether or not the variable has its value yet */
	bool moves; /* listed, and at different places of the stack in different parts of the code:
		       as Go does it, with another value in each */
	int64_t line; /* that declares it; -1 if it is not told */
	int64_t
	    capture; /* offset in the closure that it was captured by (Go 1.23 and later); or -1 */
	/* Where it lies: a DWARF expression; of no length: nowhere, the compiler dropped it here.
	 */
	const uint8_t *expression;
	size_t expression_length;
};

/* A function, or one that was inlined. */
struct debug_call {
	const char *function; /* "main.(*T).f", unescaped; "" if it is not told */
	const struct debug_local *locals;
	size_t count;
};

struct debug_calls {
	const struct debug_call *items; /* innermost first; the last is the function itself */
	size_t count;
	bool optimised; /* not compiled with -N */
	bool has_lists; /* the compiler writes location lists where it optimises: not in Go 1.10 */
};

/*
 * The calls at a link-time pc and their variables in scope; count is 0 where DWARF tells nothing of
 * it. What the compiler made up itself is left out. `*ret` lives until debug_info_close(); what has
 * been found once is kept. The first call reads the heads of all units: some ten ms of a program of
 * 100 MB. Errors: DATA if the DWARF is corrupt.
 */
struct spy_error *debug_calls_at(struct debug_info *info, uint64_t pc,
				 const struct debug_calls **ret) MUST_CHECK;

enum debug_piece_kind {
	DEBUG_PIECE_NOWHERE,
	DEBUG_PIECE_MEMORY,   /* value is its address */
	DEBUG_PIECE_REGISTER, /* value is DWARF's number of it */
	DEBUG_PIECE_VALUE,    /* value is the value */
};
struct debug_piece {
	enum debug_piece_kind kind;
	uint64_t value;
	uint64_t bytes; /* 0: all of the variable */
};

/* What an expression may ask for. */
struct debug_frame {
	uint64_t cfa; /* at run time: the stack pointer of the caller, before it called */
	/* Reads a word of the target; false if it cannot. */
	bool (*word)(void *context, uint64_t address, uint64_t *ret);
	void *context;
};

enum { DEBUG_PIECES_MAX = 32 };

/* Evaluates an expression: its pieces, in the order of the variable's bytes. False if it is not one
 * of those that Go writes, or cannot be evaluated. */
bool debug_locate(const uint8_t *expression, size_t length, const struct debug_frame *frame,
		  struct debug_piece *ret, size_t *count);

#endif
