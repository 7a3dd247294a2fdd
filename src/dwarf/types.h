/* SPDX-License-Identifier: MIT
 *
 * Types of .debug_info: their size, and the members of structures by path.
 */
#ifndef DWARF_TYPES_H
#define DWARF_TYPES_H

#include "dwarf/units.h"

struct type_shape {
	int64_t size, elements; /* -1 where DWARF does not tell */
};

/* The shape of the type whose DIE stands at an offset (0: nothing is known of it). */
struct spy_error *type_shape(struct units *units, uint64_t type, struct type_shape *ret) MUST_CHECK;

struct type_member {
	uint64_t offset; /* from the start of the type */
	uint64_t type;   /* DIE of the member's type */
};

/* The member that a path of `length` bytes ("sched.sp") leads to. An empty one leads to the type
 * itself. *found is false where there is none. */
struct spy_error *type_member(struct units *units, uint64_t type, const char *path, size_t length,
			      struct type_member *ret, bool *found) MUST_CHECK;

#endif
