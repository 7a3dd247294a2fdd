/* SPDX-License-Identifier: MIT */
#include "dwarf/units.h"

#include "dwarf/constants.h"

enum {
	/* How many bytes beyond those at hand are asked for at a time. */
	NEED_STEP = 64 << 10,
	/* No DIE is so long: the longest have a name and a path, or the flags of a C compiler. */
	DIE_BYTES_MAX = 1 << 20,
	/* Tables of Go have 500 bytes, those of a C unit 1000; a program may have many C units. */
	ABBREV_BYTES_MAX = 64 << 20,
	/* Programs of 100 MB have some thousand. */
	UNITS_MAX = 1 << 18,
	/* What a lookup may cost, in bytes read; a program of 80 MB takes 15 to 40 million, this
	 * is some seconds. */
	WORK_MAX = 256 << 20,
	WORK_OF_DIE = 16,       /* beyond its bytes */
	WORK_OF_ATTRIBUTE = 16, /* of an abbreviation */
};

struct spy_error *units_corrupt(const char *what, uint64_t offset)
{
	return spy_error_new(SPY_ERROR_DATA, "DWARF is corrupt: %s at .debug_info+0x%llx", what,
			     (unsigned long long)offset);
}

static struct spy_error *open_sections(const struct binary *binary, struct units *units)
{
	TRY(section_stream_open(binary, "debug_abbrev", &units->abbrev));
	TRY(section_stream_open(binary, "debug_info", &units->info));
	if (section_stream_size(units->abbrev) > ABBREV_BYTES_MAX)
		return spy_error_new(SPY_ERROR_DATA,
				     "DWARF is corrupt: .debug_abbrev is too large");
	return section_stream_need(units->abbrev, section_stream_size(units->abbrev));
}

struct spy_error *units_open(const struct binary *binary, struct units *ret)
{
	struct units units = { 0 };
	struct spy_error *error = open_sections(binary, &units);

	if (error) {
		units_close(&units);
		return error;
	}
	*ret = units;
	return NULL;
}

void units_close(struct units *units)
{
	abbrev_table_free(&units->abbrevs);
	vector_free(&units->list);
	section_stream_close(units->abbrev);
	section_stream_close(units->info);
}

void units_start(struct units *units)
{
	units->work_left = WORK_MAX;
}

static struct spy_error *spend(struct units *units, uint64_t work)
{
	if (units->work_left < work)
		return spy_error_new(SPY_ERROR_DATA, "DWARF is too large");
	units->work_left -= work;
	return NULL;
}

/* A cursor over the section from its start to `end`, with the bytes up to there valid. */
static struct spy_error *cursor_to(struct units *units, uint64_t position, uint64_t end,
				   struct cursor *ret)
{
	struct cursor cursor;

	TRY(section_stream_need(units->info, end));
	cursor = cursor_of(section_stream_bytes(units->info), end);
	cursor_seek(&cursor, position);
	*ret = cursor;
	return NULL;
}

static struct spy_error *use_abbrevs(struct units *units, const struct unit *unit)
{
	struct abbrev_table table;

	if (units->has_abbrevs && units->abbrevs.offset == unit->abbrevs)
		return NULL;
	if (!abbrev_table_read(section_stream_bytes(units->abbrev),
			       section_stream_size(units->abbrev), unit->abbrevs, &table))
		return spy_error_new(SPY_ERROR_DATA,
				     "DWARF is corrupt: abbreviations at .debug_abbrev+0x%llx",
				     (unsigned long long)unit->abbrevs);
	abbrev_table_free(&units->abbrevs);
	units->abbrevs = table;
	units->has_abbrevs = true;
	return spend(units, WORK_OF_ATTRIBUTE * (table.abbrevs.count + table.attributes.count));
}

/*
 * The header at units->next. *readable is false for a unit that Go does not make: DWARF64, type
 * and split units, versions to come. Such a unit is only passed over.
 */
static struct spy_error *read_header(struct units *units, struct unit *ret, bool *readable)
{
	enum { HEADER_MAX = 32, DWARF64 = 0xffffffff, ADDRESS_BYTES = 8 };
	uint64_t start = units->next, size = section_stream_size(units->info), length;
	uint64_t window = size - start < HEADER_MAX ? size : start + HEADER_MAX;
	unsigned type = DW_UT_COMPILE, address_bytes;
	struct unit unit = { .form.offset = start };
	struct cursor cursor;
	bool wide;

	TRY(cursor_to(units, start, window, &cursor));
	length = cursor_u32(&cursor);
	wide = length == DWARF64;
	if (wide)
		length = cursor_u64(&cursor);
	if (cursor.failed || length > size - cursor.position)
		return units_corrupt("a unit that is longer than the section", start);
	unit.end = cursor.position + length;
	unit.form.version = cursor_u16(&cursor);
	if (unit.form.version >= 5) {
		type = cursor_u8(&cursor);
		address_bytes = cursor_u8(&cursor);
		unit.abbrevs = cursor_u32(&cursor);
	} else {
		unit.abbrevs = cursor_u32(&cursor);
		address_bytes = cursor_u8(&cursor);
	}
	unit.dies = cursor.position;
	*readable = !wide && !cursor.failed && unit.dies < unit.end && type == DW_UT_COMPILE &&
		    unit.form.version >= 2 && unit.form.version <= 5 &&
		    address_bytes == ADDRESS_BYTES;
	*ret = unit;
	return NULL;
}

/* Learns a unit's language and name from its first DIE. */
static struct spy_error *read_unit_die(struct units *units, size_t index)
{
	struct unit *unit = &units->list.items[index];
	struct walk walk;
	struct die die;
	bool more;

	TRY(walk_start(units, index, unit->dies, &walk));
	TRY(walk_next(&walk, &die, &more));
	if (!more || die.tag != DW_TAG_COMPILE_UNIT)
		return NULL;
	unit->is_go = die.language == DW_LANG_GO;
	unit->tells_package = die.go_package;
	unit->name = die.name;
	unit->name_length = die.name_length;
	unit->low_pc = die.low_pc;
	unit->high_pc = die.high_pc;
	unit->has_ranges = die.has_ranges;
	unit->ranges = die.ranges;
	unit->addr_base = die.addr_base;
	unit->producer = die.producer;
	return NULL;
}

struct spy_error *units_at(struct units *units, size_t index, bool *ret)
{
	while (units->list.count <= index && units->next < section_stream_size(units->info)) {
		struct unit unit = { 0 };
		bool readable = false;

		if (units->list.count == UNITS_MAX)
			return units_corrupt("too many units", units->next);
		TRY(read_header(units, &unit, &readable));
		*(struct unit *)vector_push(&units->list) = unit;
		units->next = unit.end;
		if (readable)
			TRY(read_unit_die(units, units->list.count - 1));
	}
	*ret = index < units->list.count;
	return NULL;
}

struct spy_error *walk_start(struct units *units, size_t index, uint64_t offset, struct walk *ret)
{
	const struct unit *unit = &units->list.items[index];
	uint64_t end = unit->end - offset < NEED_STEP ? unit->end : offset + NEED_STEP;
	struct walk walk = { .units = units, .unit = index };

	TRY(cursor_to(units, offset, end, &walk.cursor));
	*ret = walk;
	return NULL;
}

/* What became of the DIE at `start`: an error, or, where the bytes at hand ended within it, more of
 * them, with the cursor back at `start`. */
static struct spy_error *settle(struct walk *walk, uint64_t start, enum die_status status)
{
	const struct unit *unit = &walk->units->list.items[walk->unit];
	uint64_t end = walk->cursor.size;

	switch (status) {
	case DIE_OK:
		return NULL;
	case DIE_CORRUPT:
		return units_corrupt("an unknown code or form", start);
	case DIE_ENDED:
		break;
	}
	if (end == unit->end)
		return units_corrupt("an entry beyond its unit", start);
	if (end - start > DIE_BYTES_MAX)
		return units_corrupt("an entry without end", start);
	end = unit->end - end < NEED_STEP ? unit->end : end + NEED_STEP;
	return cursor_to(walk->units, start, end, &walk->cursor);
}

static struct spy_error *read_die(struct walk *walk, struct die *ret)
{
	struct units *units = walk->units;
	const struct unit *unit = &units->list.items[walk->unit];
	uint64_t start = walk->cursor.position;
	enum die_status status;

	TRY(use_abbrevs(units, unit));
	do {
		status = die_read(&walk->cursor, &unit->form, &units->abbrevs, ret);
		TRY(spend(units, WORK_OF_DIE + walk->cursor.position - start));
		TRY(settle(walk, start, status));
	} while (status == DIE_ENDED);
	return NULL;
}

struct spy_error *walk_pass(struct walk *walk, unsigned depth)
{
	struct units *units = walk->units;
	const struct unit *unit = &units->list.items[walk->unit];

	TRY(use_abbrevs(units, unit));
	while (walk->next_depth > depth && walk->cursor.position < unit->end) {
		uint64_t start = walk->cursor.position;
		enum die_status status = dies_pass(&walk->cursor, &unit->form, &units->abbrevs,
						   depth, &walk->next_depth);

		TRY(spend(units, WORK_OF_DIE + walk->cursor.position - start));
		TRY(settle(walk, walk->cursor.position, status));
	}
	return NULL;
}

struct spy_error *walk_next(struct walk *walk, struct die *die, bool *more)
{
	const struct unit *unit = &walk->units->list.items[walk->unit];

	while (!walk->over && walk->cursor.position < unit->end) {
		TRY(read_die(walk, die));
		walk->depth = walk->next_depth;
		if (die->tag == DW_TAG_NULL) {
			walk->over = walk->next_depth <= 1;
			walk->next_depth--;
			continue;
		}
		if (die->children)
			walk->next_depth++;
		else
			walk->over = walk->depth == 0;
		*more = true;
		return NULL;
	}
	*more = false;
	return NULL;
}

/* The index of the unit that holds an offset; list.count if it is beyond those seen. */
static size_t unit_of(const struct units *units, uint64_t offset)
{
	size_t low = 0, high = units->list.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (units->list.items[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct spy_error *walk_to(struct units *units, uint64_t offset, struct walk *walk, struct die *die)
{
	size_t index = unit_of(units, offset);
	bool more = true;

	while (more && index == units->list.count) {
		TRY(units_at(units, index, &more));
		index = unit_of(units, offset);
	}
	if (!more || !units->list.items[index].is_go || offset < units->list.items[index].dies)
		return units_corrupt("a reference to outside of the Go units", offset);
	TRY(walk_start(units, index, offset, walk));
	TRY(walk_next(walk, die, &more));
	if (!more)
		return units_corrupt("a reference to no entry", offset);
	return NULL;
}
