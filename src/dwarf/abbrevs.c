/* SPDX-License-Identifier: MIT */
#include "dwarf/abbrevs.h"

#include "dwarf/constants.h"
#include "dwarf/dies.h"

/* Go has 46 codes, numbered from 1; C compilers some hundred. */
enum {
	CODE_MAX = 1 << 14,
	ATTRIBUTES_MAX = 1 << 18,    /* of a table */
	ATTRIBUTES_OF_CODE_MAX = 64, /* C compilers have up to 20 */
};

/* The attributes of one code, up to the pair of zeros. */
static bool read_attributes(struct cursor *cursor, struct abbrev_table *table)
{
	size_t max = table->attributes.count + ATTRIBUTES_OF_CODE_MAX;

	if (max > ATTRIBUTES_MAX)
		return false;
	for (;;) {
		uint64_t name = cursor_uvarint(cursor);
		uint64_t form = cursor_uvarint(cursor);
		struct abbrev_attribute *attribute;

		if (cursor->failed)
			return false;
		if (name == 0 && form == 0)
			return true;
		if (table->attributes.count == max || name > UINT16_MAX || form > UINT16_MAX)
			return false;
		/* Its value stands here and not in the DIE; nothing that we ask for has it. */
		if (form == DW_FORM_IMPLICIT_CONST)
			cursor_sleb(cursor);
		attribute = vector_push(&table->attributes);
		*attribute =
		    (struct abbrev_attribute){ .name = (uint16_t)name, .form = (uint16_t)form };
	}
}

static bool read_table(struct cursor *cursor, struct abbrev_table *table)
{
	for (;;) {
		uint64_t code = cursor_uvarint(cursor);
		struct abbrev abbrev = { 0 };
		uint64_t tag;

		if (cursor->failed || code > CODE_MAX)
			return false;
		if (code == 0)
			return true;
		tag = cursor_uvarint(cursor);
		abbrev.children = cursor_u8(cursor) != 0;
		if (cursor->failed || tag == 0 || tag > UINT16_MAX)
			return false;
		abbrev.tag = (uint16_t)tag;
		abbrev.first = (uint32_t)table->attributes.count;
		if (!read_attributes(cursor, table))
			return false;
		abbrev.count = (uint32_t)table->attributes.count - abbrev.first;
		while (table->abbrevs.count <= code)
			vector_push(&table->abbrevs);
		table->abbrevs.items[code] = abbrev;
	}
}

bool abbrev_table_read(const uint8_t *bytes, size_t size, uint64_t offset, struct abbrev_table *ret)
{
	struct cursor cursor = cursor_of(bytes, size);
	struct abbrev_table table = { .offset = offset };

	cursor_seek(&cursor, offset);
	if (!read_table(&cursor, &table)) {
		abbrev_table_free(&table);
		return false;
	}
	*ret = table;
	return true;
}

void abbrev_table_free(struct abbrev_table *table)
{
	vector_free(&table->abbrevs);
	vector_free(&table->attributes);
}
