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

/* [low, high) of code, and what it is: the index of a unit, the offset of a function's DIE. */
struct code_range {
	uint64_t low, high, what;
};
struct code_ranges {
	struct code_range *items; /* as a VECTOR; by low when it is complete */
	size_t count, capacity;
};

/* The functions of a unit. */
struct unit_code {
	bool read;
	bool has_lists; /* some variable of it has a location list */
	struct code_ranges functions;
};

/* Sections that only tell of code: inflated whole when they are first needed. */
enum code_section {
	SECTION_ADDR,
	SECTION_RANGES,
	SECTION_RNGLISTS,
	SECTION_LOC,
	SECTION_LOCLISTS,
	CODE_SECTIONS,
};

struct functions {
	struct section_stream *sections[CODE_SECTIONS];
	bool looked_for[CODE_SECTIONS];
	bool units_known;
	struct code_ranges units;      /* of the Go units, to their indices */
	VECTOR(struct unit_code) code; /* by unit */
	struct map calls;              /* pc -> struct debug_calls */
	struct arena arena;
};

struct debug_info {
	const struct binary *binary;
	struct units units;
	struct variables variables;
	struct go_types_index types;
	struct functions functions;
};

void variables_free(struct variables *variables);
void go_types_index_free(struct go_types_index *index);
void functions_free(struct functions *functions);

/* A cursor over all of a section; over nothing if the file does not have it. */
struct spy_error *code_section(struct debug_info *info, enum code_section section,
			       struct cursor *ret) MUST_CHECK;
/* The address of a pc; false if it is none or not there. */
bool code_address(struct debug_info *info, const struct unit *unit, const struct die_pc *pc,
		  uint64_t *ret);
/* Adds the ranges of a DIE, or of a unit. */
struct spy_error *code_add_ranges(struct debug_info *info, const struct unit *unit,
				  const struct die *die, uint64_t what,
				  struct code_ranges *ret) MUST_CHECK;
/* The expression of a location list at a pc. */
struct listed_location {
	const uint8_t *expression;
	size_t length; /* 0: the list has none for this pc */
	bool moves;    /* as of struct debug_local */
};
struct spy_error *code_location(struct debug_info *info, const struct unit *unit, uint64_t list,
				uint64_t pc, struct listed_location *ret) MUST_CHECK;

/* Whether all types of the program may stand in a unit, and up to Go 1.11 all variables. `first`:
 * no Go unit comes before it. */
bool unit_may_have_types(const struct unit *unit, bool first);

#endif
