/* SPDX-License-Identifier: MIT
 *
 * Lists of code ranges and of locations, and the table of addresses that they count on: DWARF 5,
 * sections 2.6.2, 2.17.3, 7.27 to 7.29, and DWARF 4, 2.6.2 and 2.17.3. Go writes the former since
 * 1.25 (cmd/internal/dwarf/dwarf.go, PutRanges; cmd/compile/internal/ssa/debug.go,
 * PutLocationList).
 */
#include "dwarf/constants.h"
#include "dwarf/info.h"
#include "dwarf/locals.h"

enum {
	ENTRIES_MAX = 1 << 16, /* of a list; Go has some hundred */
	RANGES_MAX = 1 << 22,  /* of a table; a program of 100 MB has 200,000 functions */
	SECTION_MAX = 1 << 30, /* inflated; a program of 100 MB has 40 MB of locations */
	ADDRESS_BYTES = 8,
};

struct spy_error *code_section(struct debug_info *info, enum code_section section,
			       struct cursor *ret)
{
	static const char *const names[CODE_SECTIONS] = {
		[SECTION_ADDR] = "debug_addr",         [SECTION_RANGES] = "debug_ranges",
		[SECTION_RNGLISTS] = "debug_rnglists", [SECTION_LOC] = "debug_loc",
		[SECTION_LOCLISTS] = "debug_loclists",
	};
	struct section_stream **stream = &info->functions.sections[section];
	uint64_t size;

	if (!info->functions.looked_for[section]) {
		info->functions.looked_for[section] = true;
		/* Nothing refers to a section that is not there, or what does is corrupt. */
		if (spy_error_caught(section_stream_open(info->binary, names[section], stream)))
			*stream = NULL;
	}
	*ret = cursor_of(NULL, 0);
	if (!*stream)
		return NULL;
	size = section_stream_size(*stream);
	if (size > SECTION_MAX)
		return spy_error_new(SPY_ERROR_DATA, "DWARF is corrupt: .%s is too large",
				     names[section]);
	TRY(section_stream_need(*stream, size));
	*ret = cursor_of(section_stream_bytes(*stream), size);
	return NULL;
}

/* The index-th address of a unit's part of .debug_addr. */
static bool address_at(struct debug_info *info, const struct unit *unit, uint64_t index,
		       uint64_t *ret)
{
	struct cursor cursor;

	if (spy_error_caught(code_section(info, SECTION_ADDR, &cursor)) ||
	    unit->addr_base > cursor.size ||
	    index >= (cursor.size - unit->addr_base) / ADDRESS_BYTES)
		return false;
	*ret = load_u64(cursor.bytes + unit->addr_base + index * ADDRESS_BYTES);
	return true;
}

bool code_address(struct debug_info *info, const struct unit *unit, const struct die_pc *pc,
		  uint64_t *ret)
{
	if (pc->kind == DIE_PC_INDEX)
		return address_at(info, unit, pc->value, ret);
	*ret = pc->value;
	return pc->kind == DIE_PC_ADDRESS;
}

/* One entry of a list, of whichever form. */
struct list_entry {
	bool ends;       /* the list */
	bool covers;     /* [low, high); else it only sets the base */
	bool everywhere; /* the default location */
	uint64_t low, high;
	const uint8_t *expression; /* of a location */
	size_t length;
};

struct list {
	struct debug_info *info;
	const struct unit *unit;
	struct cursor cursor;
	uint64_t base;
	bool is_new;    /* DWARF 5 */
	bool locations; /* not ranges */
	unsigned entries;
};

static struct spy_error *list_open(struct debug_info *info, const struct unit *unit,
				   uint64_t offset, bool locations, struct list *ret)
{
	struct list list = { .info = info,
			     .unit = unit,
			     .is_new = unit->form.version >= 5,
			     .locations = locations };
	enum code_section section = locations ? (list.is_new ? SECTION_LOCLISTS : SECTION_LOC)
					      : (list.is_new ? SECTION_RNGLISTS : SECTION_RANGES);

	if (!code_address(info, unit, &unit->low_pc, &list.base))
		list.base = 0;
	TRY(code_section(info, section, &list.cursor));
	if (offset >= list.cursor.size)
		return units_corrupt("a list beyond its section", unit->form.offset);
	cursor_seek(&list.cursor, offset);
	*ret = list;
	return NULL;
}

/* DWARF 2 to 4: pairs of addresses from the base on. */
static void read_old(struct list *list, struct list_entry *entry)
{
	uint64_t low = cursor_u64(&list->cursor), high = cursor_u64(&list->cursor);

	if (low == UINT64_MAX) {
		list->base = high;
		return;
	}
	if (low == 0 && high == 0) {
		entry->ends = true;
		return;
	}
	entry->covers = true;
	entry->low = list->base + low;
	entry->high = list->base + high;
	if (list->locations) {
		entry->length = cursor_u16(&list->cursor);
		entry->expression = cursor_take(&list->cursor, entry->length);
	}
}

static uint64_t indexed(struct list *list)
{
	uint64_t address = 0;

	if (!address_at(list->info, list->unit, cursor_uvarint(&list->cursor), &address))
		list->cursor.failed = true;
	return address;
}

/* Locations have one kind of entry that ranges have not, before the rest of them. */
static unsigned kind_of_new(const struct list *list, unsigned kind)
{
	return !list->locations && kind >= DW_RLE_BASE_ADDRESS ? kind + 1 : kind;
}

static void read_new(struct list *list, struct list_entry *entry)
{
	struct cursor *cursor = &list->cursor;

	entry->covers = true;
	switch (kind_of_new(list, cursor_u8(cursor))) {
	case DW_LLE_END_OF_LIST:
		entry->ends = true;
		return;
	case DW_LLE_BASE_ADDRESSX:
		list->base = indexed(list);
		entry->covers = false;
		return;
	case DW_LLE_BASE_ADDRESS:
		list->base = cursor_u64(cursor);
		entry->covers = false;
		return;
	case DW_LLE_STARTX_ENDX:
		entry->low = indexed(list);
		entry->high = indexed(list);
		break;
	case DW_LLE_STARTX_LENGTH:
		entry->low = indexed(list);
		entry->high = entry->low + cursor_uvarint(cursor);
		break;
	case DW_LLE_OFFSET_PAIR:
		entry->low = list->base + cursor_uvarint(cursor);
		entry->high = list->base + cursor_uvarint(cursor);
		break;
	case DW_LLE_DEFAULT_LOCATION:
		entry->everywhere = true;
		break;
	case DW_LLE_START_END:
		entry->low = cursor_u64(cursor);
		entry->high = cursor_u64(cursor);
		break;
	case DW_LLE_START_LENGTH:
		entry->low = cursor_u64(cursor);
		entry->high = entry->low + cursor_uvarint(cursor);
		break;
	default:
		cursor->failed = true;
		return;
	}
	if (list->locations) {
		entry->length = cursor_uvarint(cursor);
		entry->expression = cursor_take(cursor, entry->length);
	}
}

static struct spy_error *list_next(struct list *list, struct list_entry *ret)
{
	struct list_entry entry = { 0 };

	if (list->is_new)
		read_new(list, &entry);
	else
		read_old(list, &entry);
	if (list->cursor.failed || ++list->entries > ENTRIES_MAX)
		return units_corrupt("a list of ranges or locations", list->unit->form.offset);
	*ret = entry;
	return NULL;
}

static struct spy_error *add_range(struct code_ranges *ranges, uint64_t low, uint64_t high,
				   uint64_t what)
{
	if (low >= high)
		return NULL;
	if (ranges->count == RANGES_MAX)
		return units_corrupt("too many ranges", 0);
	*(struct code_range *)vector_push(ranges) =
	    (struct code_range){ .low = low, .high = high, .what = what };
	return NULL;
}

struct spy_error *code_add_ranges(struct debug_info *info, const struct unit *unit,
				  const struct die *die, uint64_t what, struct code_ranges *ret)
{
	struct list list = { .unit = unit };
	struct list_entry entry = { 0 };
	uint64_t low, high = 0;

	if (!die->has_ranges) {
		if (!code_address(info, unit, &die->low_pc, &low))
			return NULL;
		if (die->high_pc.kind == DIE_PC_LENGTH)
			high = low + die->high_pc.value;
		else if (!code_address(info, unit, &die->high_pc, &high))
			return NULL;
		return add_range(ret, low, high, what);
	}
	TRY(list_open(info, unit, die->ranges, false, &list));
	for (;;) {
		TRY(list_next(&list, &entry));
		if (entry.ends)
			return NULL;
		if (entry.covers)
			TRY(add_range(ret, entry.low, entry.high, what));
	}
}

/* The places of the stack that the expressions of a list name. */
struct stack_places {
	bool any[DEBUG_PIECES_MAX];
	uint64_t places[DEBUG_PIECES_MAX]; /* of each piece, the first that was named */
	bool differ;
};

static void note_places(struct stack_places *places, const struct list_entry *entry)
{
	/* Any will do: places are compared. */
	const struct debug_frame frame = { .cfa = UINT64_C(1) << 32 };
	struct debug_piece pieces[DEBUG_PIECES_MAX];
	size_t count, i;

	if (!debug_locate(entry->expression, entry->length, &frame, pieces, &count))
		return;
	for (i = 0; i < count; i++) {
		if (pieces[i].kind != DEBUG_PIECE_MEMORY)
			continue;
		places->differ |= places->any[i] && places->places[i] != pieces[i].value;
		places->places[i] = pieces[i].value;
		places->any[i] = true;
	}
}

struct spy_error *code_location(struct debug_info *info, const struct unit *unit, uint64_t offset,
				uint64_t pc, struct listed_location *ret)
{
	struct stack_places places = { 0 };
	struct list_entry entry = { 0 };
	struct list list = { .unit = unit };

	*ret = (struct listed_location){ 0 };
	TRY(list_open(info, unit, offset, true, &list));
	for (;;) {
		TRY(list_next(&list, &entry));
		if (entry.ends)
			break;
		if (!entry.everywhere && !entry.covers)
			continue;
		note_places(&places, &entry);
		if (entry.everywhere || (pc >= entry.low && pc < entry.high)) {
			ret->expression = entry.expression;
			ret->length = entry.length;
		}
	}
	ret->moves = places.differ;
	return NULL;
}
