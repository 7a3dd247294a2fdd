/* SPDX-License-Identifier: MIT
 *
 * Inside the room: what a struct debug_info keeps.
 */
#ifndef DWARF_INFO_H
#define DWARF_INFO_H

#include "base/map.h"
#include "dwarf/debug_info.h"
#include "dwarf/go_types.h"
#include "dwarf/units.h"
#include "dwarf/variables.h"

/* Of the list below, those of one unit. */
struct variable_range {
	bool read;
	size_t first, count;
};

struct variables {
	VECTOR(struct debug_variable) list;  /* of the units that have been read for them */
	VECTOR(struct variable_range) units; /* by unit */
	struct debug_variable *sorted;       /* of all units, by name; or NULL */
	size_t sorted_count;
	struct arena names;
};

struct type_name {
	uint64_t hash, type;
};
struct type_names {
	struct type_name *items; /* as a VECTOR */
	size_t count, capacity;
};

/* Types that were asked for, and what is needed to find them by other things than their offset. */
struct go_types_index {
	struct map types; /* offset -> struct debug_type */
	struct arena arena;
	bool indexed;
	struct type_names full, brief; /* by hash; brief: of those that have directories */
	size_t members_kept;
	uint64_t work; /* that reading types has cost: units.h */
	struct map by_runtime_type;
};

struct debug_info {
	struct units units;
	struct variables variables;
	struct go_types_index types;
};

void variables_free(struct variables *variables);
void go_types_index_free(struct go_types_index *index);

/* Whether all types of the program may stand in a unit, and up to Go 1.11 all variables. `first`:
 * no Go unit comes before it. */
bool unit_may_have_types(const struct unit *unit, bool first);

#endif
