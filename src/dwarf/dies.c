/* SPDX-License-Identifier: MIT */
#include "dwarf/dies.h"

#include "dwarf/constants.h"

enum form_class {
	FORM_NUMBER,
	FORM_STRING,
	FORM_BLOCK,
	FORM_REFERENCE, /* number is an offset in the section */
	FORM_ADDRESS,
	FORM_INDEX,   /* of an address in .debug_addr */
	FORM_OFFSET,  /* in some other section */
	FORM_OPAQUE,  /* something that lies in a section that we do not read */
	FORM_UNKNOWN, /* a form of which we do not even know how long it is */
};

struct form_value {
	enum form_class class;
	uint64_t number;
	const uint8_t *bytes; /* of a string or block */
	size_t length;
};

int64_t cursor_sleb(struct cursor *cursor)
{
	uint64_t value = 0;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_u8(cursor);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((byte & 0x40) && shift < 57)
			value |= ~UINT64_C(0) << (shift + 7);
		return cursor->failed ? 0 : (int64_t)value;
	}
	cursor->failed = true;
	return 0;
}

static struct form_value number(uint64_t value)
{
	return (struct form_value){ .class = FORM_NUMBER, .number = value };
}

static struct form_value of_class(enum form_class class, uint64_t value)
{
	return (struct form_value){ .class = class, .number = value };
}

static struct form_value reference(uint64_t offset)
{
	return (struct form_value){ .class = FORM_REFERENCE, .number = offset };
}

/* Of DW_FORM_ref_addr: that of an address in DWARF 2, of an offset from 3 on. */
static size_t reference_bytes(const struct die_unit *unit)
{
	return unit->version == 2 ? 8 : 4;
}

static struct form_value block(struct cursor *cursor, uint64_t size)
{
	const uint8_t *bytes = cursor_take(cursor, size);

	return (struct form_value){ .class = FORM_BLOCK, .bytes = bytes, .length = size };
}

static struct form_value string(struct cursor *cursor)
{
	size_t length = 0;
	const char *bytes = cursor_string(cursor, &length);

	return (struct form_value){ .class = FORM_STRING,
				    .bytes = (const uint8_t *)bytes,
				    .length = length };
}

static size_t step_bytes(struct cursor *cursor, const struct die_unit *unit,
			 const struct abbrev_step *step)
{
	switch (step->kind) {
	case STEP_BYTES:
		return step->bytes;
	case STEP_ADDRESS:
		return reference_bytes(unit);
	case STEP_BLOCK:
		return cursor_uvarint(cursor);
	case STEP_BLOCK1:
		return cursor_u8(cursor);
	case STEP_BLOCK2:
		return cursor_u16(cursor);
	case STEP_BLOCK4:
		return cursor_u32(cursor);
	default:
		return 0;
	}
}

/* Passes over a value. */
static inline void pass(struct cursor *cursor, const struct die_unit *unit,
			const struct abbrev_step *step)
{
	size_t length;

	if (step->kind == STEP_STRING)
		cursor_string(cursor, &length);
	else if (step->kind == STEP_VARINT)
		cursor_uvarint(cursor);
	else
		cursor_take(cursor, step_bytes(cursor, unit, step));
}

/* The forms that are known by their length only. */
static struct form_value pass_form(struct cursor *cursor, const struct die_unit *unit,
				   unsigned form)
{
	struct abbrev_step step = abbrev_step_of(form);

	if (step.kind == STEP_NONE)
		return (struct form_value){ .class = FORM_UNKNOWN };
	pass(cursor, unit, &step);
	return (struct form_value){ .class = FORM_OPAQUE };
}

/* The value of an attribute, which the cursor moves past. */
static struct form_value read_form(struct cursor *cursor, const struct die_unit *unit,
				   unsigned form)
{
	switch (form) {
	case DW_FORM_ADDR:
		return of_class(FORM_ADDRESS, cursor_u64(cursor));
	case DW_FORM_ADDRX:
		return of_class(FORM_INDEX, cursor_uvarint(cursor));
	case DW_FORM_ADDRX1:
		return of_class(FORM_INDEX, cursor_u8(cursor));
	case DW_FORM_ADDRX2:
		return of_class(FORM_INDEX, cursor_u16(cursor));
	case DW_FORM_ADDRX4:
		return of_class(FORM_INDEX, cursor_u32(cursor));
	case DW_FORM_SEC_OFFSET:
		return of_class(FORM_OFFSET, cursor_u32(cursor));
	case DW_FORM_DATA8:
		return number(cursor_u64(cursor));
	case DW_FORM_DATA1:
	case DW_FORM_FLAG:
		return number(cursor_u8(cursor));
	case DW_FORM_DATA2:
		return number(cursor_u16(cursor));
	case DW_FORM_DATA4:
		return number(cursor_u32(cursor));
	case DW_FORM_SDATA:
		return number((uint64_t)cursor_sleb(cursor));
	case DW_FORM_UDATA:
		return number(cursor_uvarint(cursor));
	case DW_FORM_FLAG_PRESENT:
		return number(1);
	case DW_FORM_STRING:
		return string(cursor);
	case DW_FORM_BLOCK1:
		return block(cursor, cursor_u8(cursor));
	case DW_FORM_BLOCK2:
		return block(cursor, cursor_u16(cursor));
	case DW_FORM_BLOCK4:
		return block(cursor, cursor_u32(cursor));
	case DW_FORM_BLOCK:
	case DW_FORM_EXPRLOC:
		return block(cursor, cursor_uvarint(cursor));
	case DW_FORM_REF_ADDR:
		return reference(reference_bytes(unit) == 8 ? cursor_u64(cursor)
							    : cursor_u32(cursor));
	case DW_FORM_REF1:
		return reference(unit->offset + cursor_u8(cursor));
	case DW_FORM_REF2:
		return reference(unit->offset + cursor_u16(cursor));
	case DW_FORM_REF4:
		return reference(unit->offset + cursor_u32(cursor));
	case DW_FORM_REF8:
		return reference(unit->offset + cursor_u64(cursor));
	case DW_FORM_REF_UDATA:
		return reference(unit->offset + cursor_uvarint(cursor));
	default:
		return pass_form(cursor, unit, form);
	}
}

static struct die_pc pc_of(const struct form_value *value)
{
	struct die_pc pc = { .value = value->number };

	switch (value->class) {
	case FORM_ADDRESS:
		pc.kind = DIE_PC_ADDRESS;
		break;
	case FORM_INDEX:
		pc.kind = DIE_PC_INDEX;
		break;
	case FORM_NUMBER:
		pc.kind = DIE_PC_LENGTH;
		break;
	default:
		break;
	}
	return pc;
}

/* What is code, or is in code. False if the attribute is none of it. */
static bool set_code_attribute(struct die *die, unsigned name, const struct form_value *value)
{
	switch (name) {
	case DW_AT_LOW_PC:
		die->low_pc = pc_of(value);
		return true;
	case DW_AT_HIGH_PC:
		die->high_pc = pc_of(value);
		return true;
	case DW_AT_RANGES:
		die->has_ranges = value->class == FORM_OFFSET;
		die->ranges = value->number;
		return true;
	case DW_AT_ADDR_BASE:
		die->addr_base = value->number;
		return true;
	case DW_AT_FRAME_BASE:
		die->frame_is_cfa = value->class == FORM_BLOCK && value->length == 1 &&
				    value->bytes[0] == DW_OP_CALL_FRAME_CFA;
		return true;
	case DW_AT_DECL_LINE:
		if (value->class == FORM_NUMBER)
			die->line = (int64_t)value->number;
		return true;
	case DW_AT_VARIABLE_PARAMETER:
		die->is_result = value->class == FORM_NUMBER && value->number;
		return true;
	case DW_AT_PRODUCER:
		if (value->class == FORM_STRING)
			die->producer = (const char *)value->bytes;
		return true;
	case DW_AT_GO_CLOSURE_OFFSET:
		if (value->class == FORM_NUMBER)
			die->go_closure_offset = (int64_t)value->number;
		return true;
	default:
		return false;
	}
}

/* A package variable's location is DW_OP_addr and the address, as a block (1.10 to 1.27). */
static void set_location(struct die *die, const struct form_value *value)
{
	enum { LENGTH = 1 + 8 };

	if (value->class == FORM_OFFSET) {
		die->location_list = value->number;
		die->has_location_list = true;
	}
	if (value->class == FORM_BLOCK) {
		die->location = value->bytes;
		die->location_length = value->length;
	}
	if (value->class != FORM_BLOCK || value->length != LENGTH || value->bytes[0] != DW_OP_ADDR)
		return;
	die->address = load_u64(value->bytes + 1);
	die->has_address = true;
}

static void set_number(struct die *die, unsigned name, uint64_t value)
{
	switch (name) {
	case DW_AT_LANGUAGE:
		die->language = value;
		break;
	case DW_AT_BYTE_SIZE:
		die->byte_size = (int64_t)value;
		break;
	case DW_AT_COUNT:
		die->count = (int64_t)value;
		break;
	case DW_AT_DATA_MEMBER_LOCATION:
		die->member_location = value;
		break;
	case DW_AT_CONST_VALUE:
		die->constant = (int64_t)value;
		die->has_constant = true;
		break;
	case DW_AT_GO_EMBEDDED_FIELD:
		die->embedded = value != 0;
		break;
	case DW_AT_GO_KIND:
		die->go_kind = (uint8_t)value;
		break;
	case DW_AT_GO_DICT_INDEX:
		die->go_dict_index = (int64_t)value;
		break;
	}
}

static void set_reference(struct die *die, unsigned name, uint64_t offset)
{
	switch (name) {
	case DW_AT_TYPE:
		die->type = offset;
		break;
	case DW_AT_ABSTRACT_ORIGIN:
		die->origin = offset;
		break;
	case DW_AT_GO_KEY:
		die->go_key = offset;
		break;
	case DW_AT_GO_ELEM:
		die->go_elem = offset;
		break;
	}
}

static void set_attribute(struct die *die, unsigned name, const struct form_value *value)
{
	if (name == DW_AT_NAME && value->class == FORM_STRING) {
		die->name = (const char *)value->bytes;
		die->name_length = value->length;
	} else if (value->class == FORM_REFERENCE) {
		set_reference(die, name, value->number);
	} else if (name == DW_AT_LOCATION) {
		set_location(die, value);
	} else if (name == DW_AT_GO_PACKAGE_NAME) {
		die->go_package = true;
	} else if (name == DW_AT_GO_RUNTIME_TYPE) {
		die->go_runtime_type = value->number;
	} else if (!set_code_attribute(die, name, value) && value->class == FORM_NUMBER) {
		set_number(die, name, value->number);
	}
}

enum die_status die_read(struct cursor *cursor, const struct die_unit *unit,
			 const struct abbrev_table *abbrevs, struct die *ret)
{
	struct die die = { .offset = cursor->position,
			   .byte_size = -1,
			   .count = -1,
			   .line = -1,
			   .go_dict_index = -1,
			   .go_closure_offset = -1 };
	uint64_t code = cursor_uvarint(cursor);
	const struct abbrev *abbrev;
	uint32_t i;

	if (cursor->failed)
		return DIE_ENDED;
	if (code == 0) {
		*ret = die;
		return DIE_OK;
	}
	abbrev = abbrev_of(abbrevs, code);
	if (!abbrev)
		return DIE_CORRUPT;
	die.tag = abbrev->tag;
	die.children = abbrev->children;
	for (i = 0; i < abbrev->count; i++) {
		const struct abbrev_attribute *attribute =
		    &abbrevs->attributes.items[abbrev->first + i];
		struct form_value value = read_form(cursor, unit, attribute->form);

		if (value.class == FORM_UNKNOWN)
			return DIE_CORRUPT;
		if (cursor->failed)
			return DIE_ENDED;
		set_attribute(&die, attribute->name, &value);
	}
	*ret = die;
	return DIE_OK;
}

/* Passes over the DIE at the cursor; *ret is NULL if it ends a list of children. */
static inline enum die_status die_pass(struct cursor *cursor, const struct die_unit *unit,
				       const struct abbrev_table *abbrevs,
				       const struct abbrev **ret)
{
	uint64_t code = cursor_uvarint(cursor);
	const struct abbrev *abbrev = abbrev_of(abbrevs, code);
	const struct abbrev_step *step, *end;

	*ret = abbrev;
	if (!abbrev)
		return cursor->failed ? DIE_ENDED : code ? DIE_CORRUPT : DIE_OK;
	step = abbrevs->steps.items + abbrev->first_step;
	for (end = step + abbrev->steps; step < end; step++) {
		if (step->kind == STEP_NONE)
			return DIE_CORRUPT;
		pass(cursor, unit, step);
	}
	return cursor->failed ? DIE_ENDED : DIE_OK;
}

enum die_status dies_pass(struct cursor *cursor, const struct die_unit *unit,
			  const struct abbrev_table *abbrevs, unsigned depth, unsigned *next_depth)
{
	struct cursor at = *cursor;
	enum die_status status = DIE_OK;

	while (*next_depth > depth && status == DIE_OK) {
		const struct abbrev *abbrev;

		status = die_pass(&at, unit, abbrevs, &abbrev);
		if (status != DIE_OK)
			break;
		cursor->position = at.position;
		if (!abbrev)
			--*next_depth;
		else if (abbrev->children)
			++*next_depth;
	}
	return status;
}
