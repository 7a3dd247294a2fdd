/* SPDX-License-Identifier: MIT
 *
 * The compile units of .debug_info, from the first on, and walks over their DIEs. Bytes are
 * inflated as the walk gets to them.
 */
#ifndef DWARF_UNITS_H
#define DWARF_UNITS_H

#include "dwarf/dies.h"
#include "elf/binary.h"

struct unit {
	struct die_unit form; /* its offset and version */
	uint64_t dies, end;   /* offsets of its first DIE and of what follows it */
	uint64_t abbrevs;     /* offset of its table */
	bool is_go;
	bool tells_package; /* made by Go 1.13 or later */
	const char *name;   /* of the package, or NULL */
	size_t name_length;
	struct die_pc low_pc, high_pc;
	bool has_ranges;
	uint64_t ranges, addr_base; /* as in struct die */
	const char *producer;       /* the compiler and its flags, or NULL */
};

struct units {
	struct section_stream *info, *abbrev;
	VECTOR(struct unit) list;    /* those seen so far, by offset */
	uint64_t next;               /* offset of the header that follows them */
	struct abbrev_table abbrevs; /* the table used last: all Go units share one */
	bool has_abbrevs;
	uint64_t work_left; /* see units_start() */
};

struct spy_error *units_open(const struct binary *binary, struct units *ret) MUST_CHECK;
void units_close(struct units *units);

/* Gives a lookup its share of work, after which it ends in an error: nothing in the file may make
 * it run on. */
void units_start(struct units *units);

/* Makes list.items[index] known, unless there are not so many. */
struct spy_error *units_at(struct units *units, size_t index, bool *ret) MUST_CHECK;

/*
 * A walk over a DIE and all that is below it, in the order of the section: each DIE, then its
 * children. There are no links to a next sibling in Go's DWARF.
 */
struct walk {
	struct units *units;
	size_t unit;
	struct cursor cursor;
	unsigned depth;      /* of the DIE that was read last; 0 for the first */
	unsigned next_depth; /* of the DIE at the cursor */
	bool over;
};

/* Starts at a DIE of list.items[unit]: its first, or any other. */
struct spy_error *walk_start(struct units *units, size_t unit, uint64_t offset,
			     struct walk *ret) MUST_CHECK;
/* The next DIE, in *die if *more. The entries that end a list of children are not shown. */
struct spy_error *walk_next(struct walk *walk, struct die *die, bool *more) MUST_CHECK;
/* Passes over what follows, up to the next DIE that stands no deeper than `depth` (at least 1):
 * several times as fast as to read it. */
struct spy_error *walk_pass(struct walk *walk, unsigned depth) MUST_CHECK;

/* Starts at the DIE at an offset that some reference gave, and reads it. DATA if it is not in a
 * Go unit. */
struct spy_error *walk_to(struct units *units, uint64_t offset, struct walk *walk,
			  struct die *die) MUST_CHECK;

struct spy_error *units_corrupt(const char *what, uint64_t offset) MUST_CHECK;

#endif
