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

static struct abbrev_step bytes(uint32_t count)
{
	return (struct abbrev_step){ .kind = STEP_BYTES, .bytes = count };
}

static struct abbrev_step other(enum step_kind kind)
{
	return (struct abbrev_step){ .kind = kind };
}

/* DWARF 5, section 7.5.6. */
struct abbrev_step abbrev_step_of(unsigned form)
{
	switch (form) {
	case DW_FORM_FLAG_PRESENT:
	case DW_FORM_IMPLICIT_CONST:
		return bytes(0);
	case DW_FORM_DATA1:
	case DW_FORM_FLAG:
	case DW_FORM_REF1:
	case DW_FORM_STRX1:
	case DW_FORM_ADDRX1:
		return bytes(1);
	case DW_FORM_DATA2:
	case DW_FORM_REF2:
	case DW_FORM_STRX2:
	case DW_FORM_ADDRX2:
		return bytes(2);
	case DW_FORM_STRX3:
	case DW_FORM_ADDRX3:
		return bytes(3);
	case DW_FORM_DATA4:
	case DW_FORM_REF4:
	case DW_FORM_STRP:
	case DW_FORM_SEC_OFFSET:
	case DW_FORM_REF_SUP4:
	case DW_FORM_STRP_SUP:
	case DW_FORM_LINE_STRP:
	case DW_FORM_STRX4:
	case DW_FORM_ADDRX4:
	case DW_FORM_GNU_REF_ALT:
	case DW_FORM_GNU_STRP_ALT:
		return bytes(4);
	case DW_FORM_ADDR:
	case DW_FORM_DATA8:
	case DW_FORM_REF8:
	case DW_FORM_REF_SIG8:
	case DW_FORM_REF_SUP8:
		return bytes(8);
	case DW_FORM_DATA16:
		return bytes(16);
	case DW_FORM_SDATA:
	case DW_FORM_UDATA:
	case DW_FORM_REF_UDATA:
	case DW_FORM_STRX:
	case DW_FORM_ADDRX:
	case DW_FORM_LOCLISTX:
	case DW_FORM_RNGLISTX:
		return other(STEP_VARINT);
	case DW_FORM_REF_ADDR:
		return other(STEP_ADDRESS);
	case DW_FORM_STRING:
		return other(STEP_STRING);
	case DW_FORM_BLOCK1:
		return other(STEP_BLOCK1);
	case DW_FORM_BLOCK2:
		return other(STEP_BLOCK2);
	case DW_FORM_BLOCK4:
		return other(STEP_BLOCK4);
	case DW_FORM_BLOCK:
	case DW_FORM_EXPRLOC:
		return other(STEP_BLOCK);
	default:
		return other(STEP_NONE);
	}
}

static void add_steps(struct abbrev_table *table, struct abbrev *abbrev)
{
	uint32_t i;

	abbrev->first_step = (uint32_t)table->steps.count;
	for (i = 0; i < abbrev->count; i++) {
		unsigned form = table->attributes.items[abbrev->first + i].form;
		struct abbrev_step step = abbrev_step_of(form), *last = NULL;

		if (table->steps.count > abbrev->first_step)
			last = &table->steps.items[table->steps.count - 1];
		if (last && last->kind == STEP_BYTES && step.kind == STEP_BYTES)
			last->bytes += step.bytes;
		else if (step.kind != STEP_BYTES || step.bytes)
			*vector_push(&table->steps) = step;
	}
	abbrev->steps = (uint32_t)table->steps.count - abbrev->first_step;
}

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
		add_steps(table, &abbrev);
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
	vector_free(&table->steps);
}
