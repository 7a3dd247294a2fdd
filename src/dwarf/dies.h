/* SPDX-License-Identifier: MIT
 *
 * One DIE (debugging information entry) of .debug_info, read from a bounded cursor.
 *
 * Only the attributes that spy asks for are kept, and of those the forms that Go uses: names inline
 * (DW_FORM_string), types as offsets in the section, locations as blocks (all of Go 1.10 to 1.27).
 * The other forms are known by their length, so that DIEs of C units can be passed over.
 */
#ifndef DWARF_DIES_H
#define DWARF_DIES_H

#include "dwarf/abbrevs.h"

/* Where a pc is told. */
struct die_pc {
	enum die_pc_kind {
		DIE_PC_NONE,
		DIE_PC_ADDRESS,
		DIE_PC_INDEX,  /* of .debug_addr, from the unit's addr_base on */
		DIE_PC_LENGTH, /* of a high_pc: behind the low_pc */
	} kind;
	uint64_t value;
};

struct die {
	uint64_t offset; /* in .debug_info */
	uint16_t tag;    /* DW_TAG_NULL ends a list of children */
	bool children;   /* the next DIE is the first child */
	bool embedded;   /* a member that Go code may leave out of a path */
	bool go_package; /* a unit that tells its Go package */
	bool has_address, has_constant;
	const char *name; /* NULL if there is none */
	size_t name_length;
	uint64_t type;            /* offset of the DIE of its type; 0 if there is none */
	uint64_t address;         /* where a variable lies */
	uint64_t member_location; /* offset of a member */
	int64_t constant;
	int64_t byte_size, count; /* of a type, of an array; -1 where it is not told */
	uint64_t language;        /* of a unit */
	unsigned go_kind;         /* of a type: reflect.Kind; 0 if there is none */
	uint64_t go_key, go_elem; /* offsets of the DIEs of those types; 0 if there is none */
	uint64_t go_runtime_type; /* see go_types.h; 0 if there is none */
	int64_t go_dict_index;    /* -1 if there is none */

	/* Of what is code, or is in code. */
	struct die_pc low_pc, high_pc;
	bool has_ranges, has_location_list;
	uint64_t ranges;         /* offset in .debug_ranges or .debug_rnglists */
	uint64_t location_list;  /* offset in .debug_loc or .debug_loclists */
	const uint8_t *location; /* of the whole scope; NULL if there is none */
	size_t location_length;
	bool frame_is_cfa;         /* a function's DW_AT_frame_base */
	uint64_t origin;           /* the DIE that tells the rest; 0 if there is none */
	int64_t line;              /* that declares it; -1 if it is not told */
	bool is_result;            /* of a parameter */
	int64_t go_closure_offset; /* of a captured variable in the closure; -1: it is none */
	const char *producer;      /* of a unit; NULL if there is none */
	uint64_t addr_base;        /* of a unit: offset in .debug_addr */
};

/* What the forms of a DIE depend on. */
struct die_unit {
	uint64_t offset; /* of its header */
	unsigned version;
};

enum die_status {
	DIE_OK,
	DIE_ENDED,   /* the cursor ended within it */
	DIE_CORRUPT, /* a code or a form that is not known */
};

/* Reads the DIE at the cursor, which is one over the section from its start. */
enum die_status die_read(struct cursor *cursor, const struct die_unit *unit,
			 const struct abbrev_table *abbrevs, struct die *ret);

/* Passes over DIEs until the next one stands no deeper than `depth`; *next_depth is the depth of
 * the one at the cursor. Where the cursor ends it stands before the DIE in which it did. */
enum die_status dies_pass(struct cursor *cursor, const struct die_unit *unit,
			  const struct abbrev_table *abbrevs, unsigned depth, unsigned *next_depth);

/* A signed LEB128. */
int64_t cursor_sleb(struct cursor *cursor);

#endif
