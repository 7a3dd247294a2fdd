/* SPDX-License-Identifier: MIT
 *
 * DWARF of a Go binary: addresses of package variables, offsets of struct members, constants. Of
 * all its sections only .debug_abbrev and .debug_info are read, and of the latter only what has to
 * be inflated to answer: Go puts all that is asked for in those two, with inline strings. The DWARF
 * is untrusted.
 */
#ifndef DWARF_DEBUG_INFO_H
#define DWARF_DEBUG_INFO_H

#include "base/error.h"
#include "elf/binary.h"

struct debug_info;

/* Errors: DATA if there is no DWARF or it is corrupt. The binary must outlive it. */
struct spy_error *debug_info_open(const struct binary *binary, struct debug_info **ret) MUST_CHECK;
void debug_info_close(struct debug_info *info);

enum debug_query_kind {
	DEBUG_MEMBER,   /* offset of type.path; of an empty path: 0, and the size of the type */
	DEBUG_VARIABLE, /* link-time address of the variable `type` */
	DEBUG_CONSTANT, /* value of the constant `type` */
};

/*
 * One question. Names may hold alternatives separated by '|': what different versions of Go call
 * one thing, so that a program has at most one of them.
 *
 * A member path is "stack.lo": members of members, through typedefs and, as in Go, without the
 * names of embedded structures where one likes; never through pointers or arrays. Alternatives may
 * go through different members ("runqhead|runq.head"); the first that the type has is the answer. A
 * member that its type does not have is an answer (found = false), no error. In place of a type's
 * name may stand that of a variable, "&runtime.work": what is asked about is its type, which may
 * have no name.
 *
 * Variables and constants are named with their package, and looked for where its code is. Those
 * that runtime/cgo makes in the name of others (runtime.iscgo, _cgo_mmap, …) are not found.
 */
struct debug_query {
	enum debug_query_kind kind;
	const char *type, *path;
	bool found;
	bool type_found;  /* the type is there, whether or not it has the member */
	int64_t value;    /* offset, address or constant */
	int64_t size;     /* of the member, variable or type; -1 where DWARF does not tell */
	int64_t elements; /* number of elements where it is an array, else -1 */
};

/* Answers all questions in one pass that stops as soon as each is answered or can no longer be. Ask
 * together what can be asked together. Errors: DATA if the DWARF is corrupt. */
struct spy_error *debug_info_lookup(struct debug_info *info, struct debug_query *queries,
				    size_t count) MUST_CHECK;

#endif
