/* SPDX-License-Identifier: MIT
 *
 * The opened table, for the files of this room.
 */
#ifndef PCLNTAB_TABLE_H
#define PCLNTAB_TABLE_H

#include "base/cursor.h"
#include "pclntab/pclntab.h"

/* Each part is a cursor at its start, to be copied: a read in a copy ends where the part ends. */
struct pclntab {
	struct pclntab_source source;
	size_t entry_size;  /* 8: absolute pcs; 4: relative to text */
	bool files_by_unit; /* file numbers count in the function's compilation unit */
	const struct inline_layout *inline_layout; /* NULL: inlining is not known */
	size_t function_count;   /* checked: functab has so many pairs, and an end pc */
	struct cursor functab;   /* pairs of entry pc, offset of its _func */
	struct cursor functions; /* the _func structures */
	struct cursor names;     /* of functions */
	struct cursor values;    /* pc-value tables */
	struct cursor files;     /* u32 by file number: offset of its name */
	struct cursor file_names;
};

/* The pc of the index-th pair of functab, or the end pc behind the last. */
uint64_t functab_pc(const struct pclntab *tab, size_t index);

/* A name as the runtime's funcName(): offset 0 is no name. Never NULL. */
const char *table_name(const struct pclntab *tab, uint32_t offset);
/* Whether an offset is that of a name, or of none. */
bool table_is_name(const struct pclntab *tab, uint32_t offset);
/* The name of a file by its number, as the runtime's funcfile(): "?" where it has none. */
const char *table_file(const struct pclntab *tab, const struct pclntab_func *func, int32_t number);

/* Members of _func that lie behind its entry, which has 8 or 4 bytes; the rest is in the format. */
enum func_member {
	FUNC_NAME = 0,
	FUNC_ARGS = 4,
	FUNC_PCSP = 12,
	FUNC_PCFILE = 16,
	FUNC_PCLN = 20,
	FUNC_NPCDATA = 24,
	FUNC_CU = 28, /* cuOffset, Go 1.16 and later */
};
/* A member; 0 where it is not there, which is "none" in all of them. */
uint32_t func_u32(const struct pclntab *tab, const struct pclntab_func *func,
		  enum func_member member);
/* A member by its offset in the format; 0 where that is 0. */
uint8_t func_u8(const struct pclntab *tab, const struct pclntab_func *func, uint8_t offset);

/* The value that the pc-value table at `offset` has for pc. */
bool table_value(const struct pclntab *tab, const struct pclntab_func *func, uint32_t offset,
		 uint64_t pc, int32_t *ret);
/* `size` bytes of the target; NULL where they are not there. */
const uint8_t *target_bytes(const struct pclntab *tab, uint64_t address, size_t size);

/* How calls stand in inline trees of this format; NULL if it is none that there is. */
struct inline_layout;
const struct inline_layout *inline_layout_of(const struct pclntab_format *format);

#endif
