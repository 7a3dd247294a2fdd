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

struct abbrev {
	uint16_t tag; /* DW_TAG_NULL: there is no such code */
	bool children;
	uint32_t first, count; /* of table.attributes */
};

struct abbrev_table {
	uint64_t offset;               /* in .debug_abbrev */
	VECTOR(struct abbrev) abbrevs; /* by code */
	VECTOR(struct abbrev_attribute) attributes;
};

/* Reads the table at `offset`. False if it is corrupt, or so large that it cannot be real. */
bool abbrev_table_read(const uint8_t *bytes, size_t size, uint64_t offset,
		       struct abbrev_table *ret);
void abbrev_table_free(struct abbrev_table *table);

/* NULL if there is no such code. */
static inline const struct abbrev *abbrev_of(const struct abbrev_table *table, uint64_t code)
{
	if (code >= table->abbrevs.count || table->abbrevs.items[code].tag == 0)
		return NULL;
	return &table->abbrevs.items[code];
}

#endif
