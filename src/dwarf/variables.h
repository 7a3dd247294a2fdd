/* SPDX-License-Identifier: MIT
 *
 * Package variables of a Go program by its DWARF. Local variables are not among them, nor variables
 * of other languages.
 */
#ifndef DWARF_VARIABLES_H
#define DWARF_VARIABLES_H

#include "dwarf/debug_info.h"

struct debug_variable {
	const char *name;    /* with its import path, unescaped: "example.com/app.v2/db.pool" */
	const char *package; /* the import path; "" for what no package declares: "_cgo_mmap" */
	uint64_t address;    /* at link time */
	uint64_t type; /* offset of its type: for debug_type_get(); 0 if DWARF does not tell */
};

/* What is handed out below lives until debug_info_close(). Errors: DATA if the DWARF is corrupt.
 * What has been read once is not read again. */

/* All variables, by name. The first call reads all units: some ten ms, of a program of 100 MB some
 * 200. */
struct spy_error *debug_variables(struct debug_info *info, const struct debug_variable **ret,
				  size_t *count) MUST_CHECK;

/*
 * The variables that a name can mean: the one that has it in full, or else all those whose import
 * path ends with '/' and it, as "db.pool" does. Escaped names will do, too. `names`, of which there
 * are `count`, are tried together; an earlier one that is there in full is taken before a later
 * one. At most `max` are copied to `ret`, in *found how many. Reads no more than the units of the
 * packages in question, and all units' heads where no name is there in full.
 */
struct spy_error *debug_variable_find(struct debug_info *info, const char *const *names,
				      size_t count, struct debug_variable *ret, size_t max,
				      size_t *found) MUST_CHECK;

#endif
