/* SPDX-License-Identifier: MIT
 *
 * The Go program in a target: its file, where it lies in memory, and its bytes that do not change.
 */
#ifndef RUNTIME_PROGRAM_H
#define RUNTIME_PROGRAM_H

#include "base/vector.h"
#include "elf/binary.h"
#include "procmem/target.h"

/* A read-only mapping whose bytes were taken from memory, because the file has them unrelocated or
 * is not ours. */
struct program_part {
	uint64_t start, size;
	uint8_t *bytes;
};

struct program {
	struct target *target;
	struct binary *binary;  /* the executable, or the shared library that holds the Go code */
	struct binary *symbols; /* of options.bin, or the debug file; NULL if there is none */
	uint64_t bias;          /* run-time address minus link-time address */
	struct arena arena;
	struct target_mappings mappings;
	VECTOR(struct program_part) parts;
};

/* Finds the Go program in the target; `bin` is options.bin or NULL. NOT_GO if there is none, or one
 * by gccgo; DATA if `bin` is another build. */
struct spy_error *program_open(struct target *target, const char *bin,
			       struct program *ret) MUST_CHECK;
void program_close(struct program *program);

/* Looks for the debug file of a program that has neither symbols nor DWARF, elf/debug_file.h; what
 * paths the search needs, the program has. Returns what is to be told of the search, which the
 * caller frees, or NULL. */
struct debug_search;
char *program_find_debug_file(struct program *program, const struct debug_search *how);

/* The file that symbols and DWARF are taken from. */
const struct binary *program_symbols(const struct program *program);

/* The bytes at a run-time address in a part of the program that does not change while it runs, and
 * how many follow; NULL where there are none. From the file where it has them as they are in
 * memory, else from the target, read once. Its type is pclntab_at_fn. */
const uint8_t *program_at(void *program, uint64_t address, size_t *available);

#endif
