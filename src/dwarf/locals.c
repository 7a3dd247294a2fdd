/* SPDX-License-Identifier: MIT
 *
 * How Go writes functions (cmd/internal/dwarf/dwarf.go, PutDefaultFunc, PutConcreteFunc,
 * PutInlinedFunc): a subprogram with its parameters and variables, in lexical blocks where the
 * source has them; each inlined call is an inlined_subroutine of it or of another one that was
 * inlined, whose name and variables' names, types and lines stand in an abstract copy of the
 * function.
 */
#include "dwarf/locals.h"

#include "dwarf/constants.h"
#include "dwarf/info.h"
#include "dwarf/names.h"

enum {
	DEPTH_MAX = 128,      /* of blocks and inlined calls in each other */
	CALLS_MAX = 64,       /* as PCLNTAB_CALLS_MAX */
	LOCALS_MAX = 1 << 12, /* of a function; the longest of the standard library has some 300 */
	KEPT_MAX = 1 << 18,   /* places */
};

void functions_free(struct functions *functions)
{
	size_t i;

	for (i = 0; i < CODE_SECTIONS; i++)
		if (functions->sections[i])
			section_stream_close(functions->sections[i]);
	for (i = 0; i < functions->code.count; i++)
		vector_free(&functions->code.items[i].functions);
	vector_free(&functions->code);
	vector_free(&functions->units);
	map_free(&functions->calls);
	arena_free(&functions->arena);
}

/* ---- which function ------------------------------------------------------------------------ */

static int compare_ranges(const void *left, const void *right)
{
	const struct code_range *a = left, *b = right;

	return (a->low > b->low) - (a->low < b->low);
}

static void sort_ranges(struct code_ranges *ranges)
{
	if (ranges->count)
		qsort(ranges->items, ranges->count, sizeof(struct code_range), compare_ranges);
}

/* The range that holds a pc; NULL if none does. Ranges do not overlap. */
static const struct code_range *find_range(const struct code_ranges *ranges, uint64_t pc)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].low <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && pc < ranges->items[low - 1].high ? &ranges->items[low - 1] : NULL;
}

static struct spy_error *read_unit_ranges(struct debug_info *info, struct code_ranges *ret)
{
	bool there = true;
	size_t i;

	for (i = 0; there; i++) {
		const struct unit *unit;
		struct die die = { 0 };

		TRY(units_at(&info->units, i, &there));
		if (!there)
			break;
		unit = &info->units.list.items[i];
		die.low_pc = unit->low_pc;
		die.high_pc = unit->high_pc;
		die.has_ranges = unit->has_ranges;
		die.ranges = unit->ranges;
		if (unit->is_go)
			TRY(code_add_ranges(info, unit, &die, i, ret));
	}
	return NULL;
}

static struct spy_error *need_units(struct debug_info *info)
{
	struct code_ranges ranges = { 0 };
	struct spy_error *error;

	if (info->functions.units_known)
		return NULL;
	error = read_unit_ranges(info, &ranges);
	if (error) {
		vector_free(&ranges);
		return error;
	}
	sort_ranges(&ranges);
	info->functions.units = ranges;
	info->functions.units_known = true;
	return NULL;
}

static struct spy_error *read_functions(struct debug_info *info, size_t index,
					struct unit_code *ret)
{
	const struct unit *unit = &info->units.list.items[index];
	struct walk walk;
	struct die die;
	bool more;

	TRY(walk_start(&info->units, index, unit->dies, &walk));
	for (;;) {
		TRY(walk_next(&walk, &die, &more));
		if (!more)
			return NULL;
		ret->has_lists |= die.has_location_list;
		if (walk.depth == 1 && die.tag == DW_TAG_SUBPROGRAM)
			TRY(code_add_ranges(info, unit, &die, die.offset, &ret->functions));
	}
}

static struct spy_error *need_functions(struct debug_info *info, size_t index)
{
	struct functions *functions = &info->functions;
	struct unit_code code = { .read = true };
	struct spy_error *error;

	while (functions->code.count <= index)
		vector_push(&functions->code);
	if (functions->code.items[index].read)
		return NULL;
	error = read_functions(info, index, &code);
	if (error) {
		vector_free(&code.functions);
		return error;
	}
	sort_ranges(&code.functions);
	functions->code.items[index] = code;
	return NULL;
}

/* ---- its variables ------------------------------------------------------------------------- */

struct scope {
	unsigned depth; /* of its DIE */
	size_t call;
};

struct found_local {
	size_t call;
	uint64_t origin;
	struct debug_local local;
};

struct reading {
	struct debug_info *info;
	size_t unit;
	uint64_t pc;
	bool frame_is_cfa;
	struct scope scopes[DEPTH_MAX];
	size_t scope_count;
	const char *names[CALLS_MAX]; /* of calls, outermost first */
	uint64_t origins[CALLS_MAX];
	size_t call_count;
	VECTOR(struct found_local) locals;
};

static struct spy_error *holds_pc(struct reading *reading, const struct die *die, bool *ret)
{
	const struct unit *unit = &reading->info->units.list.items[reading->unit];
	struct code_ranges ranges = { 0 };
	struct spy_error *error = code_add_ranges(reading->info, unit, die, 0, &ranges);
	size_t i;

	*ret = false;
	for (i = 0; i < ranges.count; i++)
		*ret |= reading->pc >= ranges.items[i].low && reading->pc < ranges.items[i].high;
	vector_free(&ranges);
	return error;
}

/* The name of a function, from its abstract copy if it stands there. */
static struct spy_error *function_name(struct reading *reading, const struct die *die,
				       const char **ret)
{
	struct text text = { 0 };
	const char *name = die->name;
	size_t length = die->name_length;

	if (!name && die->origin) {
		struct walk walk;
		struct die origin;

		TRY(walk_to(&reading->info->units, die->origin, &walk, &origin));
		name = origin.name;
		length = origin.name_length;
	}
	if (name)
		name_add(&text, name, length, false);
	*ret =
	    arena_bytes(&reading->info->functions.arena, text.bytes ? text.bytes : "", text.length);
	text_free(&text);
	return NULL;
}

static struct spy_error *begin_call(struct reading *reading, const struct die *die)
{
	if (reading->call_count == CALLS_MAX)
		return units_corrupt("too many inlined calls", die->offset);
	TRY(function_name(reading, die, &reading->names[reading->call_count]));
	reading->origins[reading->call_count] = die->origin;
	reading->call_count++;
	return NULL;
}

static struct spy_error *begin_scope(struct reading *reading, const struct walk *walk, size_t call)
{
	if (reading->scope_count == DEPTH_MAX)
		return units_corrupt("too many blocks in each other", walk->cursor.position);
	reading->scopes[reading->scope_count++] =
	    (struct scope){ .depth = walk->depth, .call = call };
	return NULL;
}

/* What the compiler made up: results without a name, dictionaries, parts of a variable that it took
 * apart ("s.len"). */
static bool is_made_up(const char *name, size_t length)
{
	return length == 0 || name[0] == '~' || name[0] == '.' || memchr(name, '.', length) ||
	       (length == 1 && name[0] == '_');
}

/* Fills in what the variable's own DIE and its abstract copy say. */
static void describe(struct debug_local *local, const struct die *die)
{
	if (die->type)
		local->type = die->type;
	if (die->line >= 0)
		local->line = die->line;
	if (die->go_closure_offset >= 0)
		local->capture = die->go_closure_offset;
	local->argument |= die->tag == DW_TAG_FORMAL_PARAMETER;
	local->result |= die->is_result;
}

static struct spy_error *add_local(struct reading *reading, const struct die *die, size_t call)
{
	const struct unit *unit = &reading->info->units.list.items[reading->unit];
	struct debug_local local = { .line = -1, .capture = -1 };
	struct found_local *found;
	struct die origin = *die;
	bool in_heap;

	if (die->origin) {
		struct walk walk;

		TRY(walk_to(&reading->info->units, die->origin, &walk, &origin));
		describe(&local, &origin);
	}
	describe(&local, die);
	in_heap = origin.name_length > 1 && origin.name[0] == '&';
	if (is_made_up(origin.name + in_heap, origin.name_length - in_heap))
		return NULL;
	if (reading->locals.count == LOCALS_MAX)
		return units_corrupt("too many variables in a function", die->offset);
	local.name = origin.name + in_heap;
	local.in_heap = in_heap;
	local.argument &= !local.result;
	local.listed = die->has_location_list;
	if (die->has_location_list) {
		struct listed_location listed;

		TRY(code_location(reading->info, unit, die->location_list, reading->pc, &listed));
		local.expression = listed.expression;
		local.expression_length = listed.length;
		local.moves = listed.moves;
	} else if (reading->frame_is_cfa) {
		local.expression = die->location;
		local.expression_length = die->location_length;
	}
	found = vector_push(&reading->locals);
	*found = (struct found_local){ .call = call, .origin = die->origin, .local = local };
	return NULL;
}

static struct spy_error *read_die_of_function(struct reading *reading, const struct walk *walk,
					      const struct die *die)
{
	const struct scope *scope;
	bool inside;

	while (reading->scope_count > 1 &&
	       walk->depth <= reading->scopes[reading->scope_count - 1].depth)
		reading->scope_count--;
	scope = &reading->scopes[reading->scope_count - 1];
	/* The contents of a block that the pc is not in. */
	if (walk->depth != scope->depth + 1)
		return NULL;
	switch (die->tag) {
	case DW_TAG_LEXICAL_BLOCK:
	case DW_TAG_INLINED_SUBROUTINE:
		TRY(holds_pc(reading, die, &inside));
		if (!inside || !die->children)
			return NULL;
		if (die->tag == DW_TAG_LEXICAL_BLOCK)
			return begin_scope(reading, walk, scope->call);
		TRY(begin_call(reading, die));
		return begin_scope(reading, walk, reading->call_count - 1);
	case DW_TAG_FORMAL_PARAMETER:
	case DW_TAG_VARIABLE:
		return add_local(reading, die, scope->call);
	default:
		return NULL;
	}
}

static struct spy_error *read_function(struct reading *reading, uint64_t offset)
{
	struct walk walk;
	struct die die;
	bool more;

	TRY(walk_start(&reading->info->units, reading->unit, offset, &walk));
	TRY(walk_next(&walk, &die, &more));
	if (!more)
		return NULL;
	reading->frame_is_cfa = die.frame_is_cfa;
	TRY(begin_call(reading, &die));
	TRY(begin_scope(reading, &walk, 0));
	if (!die.children)
		return NULL;
	for (;;) {
		TRY(walk_next(&walk, &die, &more));
		if (!more)
			return NULL;
		TRY(read_die_of_function(reading, &walk, &die));
	}
}

/* Arguments of an inlined call that were dropped altogether have no DIE but in the abstract copy.
 */
static struct spy_error *add_dropped(struct reading *reading, size_t call)
{
	struct walk walk;
	struct die die;
	bool more;
	size_t i;

	if (!reading->origins[call])
		return NULL;
	TRY(walk_to(&reading->info->units, reading->origins[call], &walk, &die));
	for (;;) {
		bool known = false;

		TRY(walk_next(&walk, &die, &more));
		if (!more)
			return NULL;
		if (walk.depth != 1 || die.tag != DW_TAG_FORMAL_PARAMETER)
			continue;
		for (i = 0; i < reading->locals.count; i++)
			known |= reading->locals.items[i].call == call &&
				 reading->locals.items[i].origin == die.offset;
		if (!known)
			TRY(add_local(reading, &die, call));
	}
}

static bool is_optimised(const struct unit *unit)
{
	const char *flags = unit->producer ? strchr(unit->producer, ';') : NULL;

	/* "Go cmd/compile go1.27.4; -N -l regabi" (cmd/internal/obj: RecordFlags) */
	while (flags && (flags = strstr(flags, " -N"))) {
		flags += strlen(" -N");
		if (*flags == '\0' || *flags == ' ')
			return false;
	}
	return true;
}

/* Whether a variable is a part of another one that the compiler took apart, "pt.Y", whose dot was
 * lost: Go 1.27 calls it "ptY". */
static bool is_part_of(struct reading *reading, const struct debug_local *part,
		       const struct debug_local *whole)
{
	size_t length = strlen(whole->name), i;
	const struct debug_type *type = NULL;

	if (part->listed || part->line != whole->line || length >= strlen(part->name) ||
	    strncmp(part->name, whole->name, length) != 0 || !whole->type ||
	    spy_error_caught(debug_type_get(reading->info, whole->type, &type)) || !type)
		return false;
	for (i = 0; i < type->member_count; i++)
		if (strcmp(type->members[i].name, part->name + length) == 0)
			return true;
	return false;
}

static void leave_out_parts(struct reading *reading)
{
	size_t kept = 0, i, j;

	if (!is_optimised(&reading->info->units.list.items[reading->unit]))
		return;
	for (i = 0; i < reading->locals.count; i++) {
		const struct debug_local *local = &reading->locals.items[i].local;
		bool part = false;

		for (j = 0; j < reading->locals.count && !part && !local->listed; j++)
			part = is_part_of(reading, local, &reading->locals.items[j].local);
		if (!part)
			reading->locals.items[kept++] = reading->locals.items[i];
	}
	reading->locals.count = kept;
}

static void keep_locals(struct reading *reading, size_t index, struct debug_call *call)
{
	struct debug_local *locals;
	size_t count = 0, i;

	for (i = 0; i < reading->locals.count; i++)
		count += reading->locals.items[i].call == index;
	locals = arena_alloc(&reading->info->functions.arena, count, sizeof(*locals));
	call->locals = locals;
	for (i = 0; i < reading->locals.count; i++)
		if (reading->locals.items[i].call == index)
			locals[call->count++] = reading->locals.items[i].local;
}

static struct debug_calls *keep_calls(struct reading *reading)
{
	struct functions *functions = &reading->info->functions;
	struct debug_calls *calls = arena_alloc(&functions->arena, 1, sizeof(*calls));
	struct debug_call *items =
	    arena_alloc(&functions->arena, reading->call_count, sizeof(*items));
	size_t i;

	for (i = 0; i < reading->call_count; i++) {
		struct debug_call *call = &items[reading->call_count - 1 - i];

		call->function = reading->names[i];
		keep_locals(reading, i, call);
	}
	calls->items = items;
	calls->count = reading->call_count;
	calls->optimised = is_optimised(&reading->info->units.list.items[reading->unit]);
	calls->has_lists = functions->code.items[reading->unit].has_lists;
	return calls;
}

static struct spy_error *read_calls(struct debug_info *info, uint64_t pc, struct debug_calls **ret)
{
	struct reading reading = { .info = info, .pc = pc };
	const struct code_range *range;
	struct spy_error *error;
	size_t i;

	TRY(need_units(info));
	*ret = arena_alloc(&info->functions.arena, 1, sizeof(**ret));
	range = find_range(&info->functions.units, pc);
	if (!range)
		return NULL;
	reading.unit = range->what;
	TRY(need_functions(info, reading.unit));
	range = find_range(&info->functions.code.items[reading.unit].functions, pc);
	if (!range)
		return NULL;
	error = read_function(&reading, range->what);
	for (i = 0; i < reading.call_count && !error; i++)
		error = add_dropped(&reading, i);
	if (!error) {
		leave_out_parts(&reading);
		*ret = keep_calls(&reading);
	}
	vector_free(&reading.locals);
	return error;
}

struct spy_error *debug_calls_at(struct debug_info *info, uint64_t pc,
				 const struct debug_calls **ret)
{
	struct functions *functions = &info->functions;
	struct debug_calls *calls;
	bool found;
	uint64_t known = map_get(&functions->calls, pc, &found);

	if (found) {
		*ret = (const struct debug_calls *)(uintptr_t)known;
		return NULL;
	}
	if (functions->calls.count >= KEPT_MAX)
		return spy_error_new(SPY_ERROR_DATA, "DWARF: too many places were asked for");
	units_start(&info->units);
	TRY(read_calls(info, pc, &calls));
	map_put(&functions->calls, pc, (uintptr_t)calls);
	*ret = calls;
	return NULL;
}
