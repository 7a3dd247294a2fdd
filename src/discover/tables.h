/* SPDX-License-Identifier: MIT
 *
 * The tables of a Go program by which everything else is found, without symbols, sections or DWARF.
 */
#ifndef DISCOVER_TABLES_H
#define DISCOVER_TABLES_H

#include "runtime/runtime.h"

enum { GO_VERSIONS_MAX = 4 };

struct go_tables {
	uint64_t moduledata; /* of the program's own module, at run time: runtime.firstmoduledata */
	uint64_t pclntab;    /* run-time address of the function table's header */
	uint32_t magic;      /* that its header begins with */
	uint64_t rows;       /* bit i: the i-th row (layout_row) fits them; never none */
};

/*
 * Finds the tables of runtime->program, of which nothing but that is needed.
 *
 * The module data is looked for in the variables that the file initialises, in the target's memory,
 * where it is relocated: some hundred kilobytes, and never the read-only data of many megabytes. It
 * is recognised by its slices of the function table, and believed if all that it says agrees with
 * the header of the table, with the functions in it and with the segments of the file; so it does
 * not matter in which section a linker put it, whether there are section headers, and what number
 * stands in the header in place of its magic. DATA if there is none, or more than one.
 */
struct spy_error *go_tables_find(struct go_runtime *runtime, struct go_tables *ret) MUST_CHECK;

/* Whether what was found is as this layout has it: for a version that somebody told. DATA if not.
 */
struct spy_error *go_tables_check(struct go_runtime *runtime, const struct go_tables *tables,
				  const struct runtime_layout *layout) MUST_CHECK;

/* What a program that has no build info is a program of. */
struct go_tables_version {
	/* Versions that are to be tried in turn, by their layouts: each is that of another row.
	 * One, if the program told it. Owned by the arena of the runtime or nobody. */
	const char *names[GO_VERSIONS_MAX];
	size_t count;
	bool inferred; /* by what fits: the program does not tell, or nonsense (garble) */
};

/*
 * The Go version by runtime.buildVersion, if the code that uses the variable is known and leads to
 * one that says what fits the tables. Else by the form of the tables and the source files of the
 * runtime that they name: then the version is that of a row, not the exact one. Needs
 * runtime->target and ->program. DATA if nothing fits.
 */
struct spy_error *go_tables_version(struct go_runtime *runtime, const struct go_tables *tables,
				    struct go_tables_version *ret) MUST_CHECK;

/* ---- inside the room ---------------------------------------------------------------------- */

/* Where a layout has the function table in a moduledata. */
enum layout_slot moduledata_table(const struct runtime_layout *layout);

#endif
