/* SPDX-License-Identifier: MIT
 *
 * The runtime's variables, by the code that uses them: for programs without symbols and DWARF.
 */
#ifndef DISCOVER_REFERENCES_H
#define DISCOVER_REFERENCES_H

#include "discover/candidates.h"
#include "runtime/runtime.h"
#include "runtime_layouts/references.h"

/* Votes of the code for every variable, by the references that are known of this Go version, or of
 * the nearest one (runtime_layouts/references.h). Needs the first of runtime->modules with its
 * variables, and its table in runtime->code. No two votes for a variable are of one function. A
 * vote may be wrong where the program was compiled in another way or is of another release: then
 * votes differ. Costs some 0.5 ms. */
void references_vote(const struct go_runtime *runtime, const char *version,
		     struct go_candidates ret[static GLOBALS]);

enum {
	CODE_BYTES_MAX = 4096, /* of a function, so much is looked at */
	CODE_REFERENCES_MAX = 48,
};

/* What the code of a function refers to. */
struct code_references {
	/* Their shape (runtime_layouts/references.h), with a NUL. */
	char shape[CODE_REFERENCES_MAX * REFERENCE_LETTERS + 1];
	uint64_t addresses[CODE_REFERENCES_MAX];
	uint32_t positions[CODE_REFERENCES_MAX]; /* of the instructions, in the code */
	size_t count;
};

/* The first `max` references to [low, high) in a piece of code that runs at `pc`. Ends where bytes
 * are no instruction. Depends on the machine. */
void code_references(const uint8_t *code, size_t size, uint64_t pc, uint64_t low, uint64_t high,
		     size_t max, struct code_references *ret);
/* The same of a function of the program's own module. */
void function_references(const struct go_runtime *runtime, const struct pclntab_func *func,
			 size_t max, struct code_references *ret);

#endif
