/* SPDX-License-Identifier: MIT
 *
 * A table of .debug_abbrev: what a DIE of each code looks like.
 */
#ifndef DWARF_ABBREVS_H
#define DWARF_ABBREVS_H

#include "base/cursor.h"
#include "base/vector.h"

struct abbrev_attribute {
	uint16_t name, form;
};

/* How values are passed over that nobody asks for: those of a known length that follow each other
 * are one step. */
enum step_kind {
	STEP_BYTES,
	STEP_ADDRESS, /* DW_FORM_ref_addr, whose length depends on the unit */
	STEP_STRING,
	STEP_VARINT,
	STEP_BLOCK, /* its length stands before it: a varint, or 1, 2 or 4 bytes */
	STEP_BLOCK1,
	STEP_BLOCK2,
	STEP_BLOCK4,
	STEP_NONE, /* nobody knows how long it is */
};

struct abbrev_step {
	enum step_kind kind;
	uint32_t bytes; /* STEP_BYTES */
};

struct abbrev {
	uint16_t tag; /* DW_TAG_NULL: there is no such code */
	bool children;
	uint32_t first, count;      /* of table.attributes */
	uint32_t first_step, steps; /* of table.steps */
};

struct abbrev_table {
	uint64_t offset;               /* in .debug_abbrev */
	VECTOR(struct abbrev) abbrevs; /* by code */
	VECTOR(struct abbrev_attribute) attributes;
	VECTOR(struct abbrev_step) steps;
};

/* Reads the table at `offset`. False if it is corrupt, or so large that it cannot be real. */
bool abbrev_table_read(const uint8_t *bytes, size_t size, uint64_t offset,
		       struct abbrev_table *ret);
void abbrev_table_free(struct abbrev_table *table);

/* How a value of a form is passed over. */
struct abbrev_step abbrev_step_of(unsigned form);

/* NULL if there is no such code. */
static inline const struct abbrev *abbrev_of(const struct abbrev_table *table, uint64_t code)
{
	if (code >= table->abbrevs.count || table->abbrevs.items[code].tag == 0)
		return NULL;
	return &table->abbrevs.items[code];
}

#endif
