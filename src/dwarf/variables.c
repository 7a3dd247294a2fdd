/* SPDX-License-Identifier: MIT */
#include "dwarf/variables.h"

#include "dwarf/constants.h"
#include "dwarf/info.h"
#include "dwarf/names.h"

enum { VARIABLES_MAX = 1 << 22 }; /* a program of 100 MB has 50,000 */

void variables_free(struct variables *variables)
{
	vector_free(&variables->list);
	vector_free(&variables->units);
	free(variables->sorted);
	arena_free(&variables->names);
}

/* The length of the import path in the escaped name of a variable of a unit. */
static size_t package_of(const struct unit *unit, const char *name, size_t length)
{
	size_t own = unit->name ? unit->name_length : 0;

	/* Tools that obfuscate give names that are no longer escaped. */
	if (own && length > own && name[own] == '.' && memcmp(name, unit->name, own) == 0)
		return own;
	return name_package_length(name, length);
}

static const char *keep_name(struct debug_info *info, const char *name, size_t length)
{
	struct text text = { 0 };
	const char *kept;

	name_add(&text, name, length, false);
	kept = arena_bytes(&info->variables.names, text.bytes ? text.bytes : "", text.length);
	text_free(&text);
	return kept;
}

static void add_variable(struct debug_info *info, const struct unit *unit, const struct die *die)
{
	struct debug_variable *variable = vector_push(&info->variables.list);

	variable->name = keep_name(info, die->name, die->name_length);
	variable->package =
	    keep_name(info, die->name, package_of(unit, die->name, die->name_length));
	variable->address = die->address;
	variable->type = die->type;
}

static struct spy_error *read_variables(struct debug_info *info, size_t index)
{
	const struct unit *unit = &info->units.list.items[index];
	struct walk walk;
	struct die die;
	bool more;

	TRY(walk_start(&info->units, index, unit->dies, &walk));
	for (;;) {
		TRY(walk_pass(&walk, 1));
		TRY(walk_next(&walk, &die, &more));
		if (!more)
			return NULL;
		if (walk.depth != 1 || die.tag != DW_TAG_VARIABLE || !die.has_address ||
		    !die.name_length)
			continue;
		if (info->variables.list.count == VARIABLES_MAX)
			return units_corrupt("too many variables", die.offset);
		add_variable(info, unit, &die);
	}
}

/* Makes the variables of a unit known; nothing is kept of one that cannot be read. */
static struct spy_error *need_unit(struct debug_info *info, size_t index,
				   struct variable_range *ret)
{
	struct variables *variables = &info->variables;
	struct variable_range range = { .read = true, .first = variables->list.count };

	while (variables->units.count <= index)
		vector_push(&variables->units);
	if (!variables->units.items[index].read) {
		struct spy_error *error = read_variables(info, index);

		if (error) {
			variables->list.count = range.first;
			return error;
		}
		range.count = variables->list.count - range.first;
		variables->units.items[index] = range;
	}
	*ret = variables->units.items[index];
	return NULL;
}

static int compare_variables(const void *left, const void *right)
{
	const struct debug_variable *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	if (order)
		return order;
	return (a->address > b->address) - (a->address < b->address);
}

static void sort_variables(struct variables *variables)
{
	size_t count = variables->list.count, unique = 0, i;
	struct debug_variable *sorted = memory_new(count, sizeof(*sorted));

	if (count) {
		memcpy(sorted, variables->list.items, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare_variables);
	}
	for (i = 0; i < count; i++)
		if (unique == 0 || compare_variables(&sorted[unique - 1], &sorted[i]) != 0)
			sorted[unique++] = sorted[i];
	variables->sorted = sorted;
	variables->sorted_count = unique;
}

struct spy_error *debug_variables(struct debug_info *info, const struct debug_variable **ret,
				  size_t *count)
{
	struct variables *variables = &info->variables;
	struct variable_range range;
	bool there = true;
	size_t i;

	if (!variables->sorted) {
		units_start(&info->units);
		for (i = 0; there; i++) {
			TRY(units_at(&info->units, i, &there));
			if (there && info->units.list.items[i].is_go)
				TRY(need_unit(info, i, &range));
		}
		sort_variables(variables);
	}
	*ret = variables->sorted;
	*count = variables->sorted_count;
	return NULL;
}

/* ---- by name ------------------------------------------------------------------------------- */

struct search {
	struct text *names; /* normalised */
	size_t count;
	size_t best; /* of names: the one that was found in full; count if none */
	struct debug_variable in_full;
	struct debug_variable *ends; /* those whose name ends with one of the names */
	size_t max, end_count;
};

/* Whether `whole` is `end`, or ends with a slash and it. */
static bool ends_with(const char *whole, size_t whole_length, const char *end, size_t end_length)
{
	size_t before = whole_length - end_length;

	if (whole_length < end_length || memcmp(&whole[before], end, end_length) != 0)
		return false;
	return before == 0 || whole[before - 1] == '/';
}

/* Whether a unit's package may be that of a name: the names of a package's variables begin with
 * its path or, where only the end was given, with the end of that. */
static bool unit_may_have(const struct unit *unit, const struct text *name)
{
	size_t dot;

	if (!unit->name)
		return false;
	/* The path may hold dots itself, and the variable's name has none. */
	for (dot = name->length; dot > 0; dot--)
		if (name->bytes[dot - 1] == '.' &&
		    ends_with(unit->name, unit->name_length, name->bytes, dot - 1))
			return true;
	return false;
}

static bool is_known(const struct search *search, const struct debug_variable *variable)
{
	size_t i;

	for (i = 0; i < search->end_count; i++)
		if (compare_variables(&search->ends[i], variable) == 0)
			return true;
	return false;
}

static void try_variable(struct search *search, const struct debug_variable *variable)
{
	size_t length = strlen(variable->name), i;

	for (i = 0; i < search->count; i++) {
		const struct text *name = &search->names[i];

		if (!ends_with(variable->name, length, name->bytes, name->length))
			continue;
		if (length == name->length) {
			if (i < search->best)
				search->in_full = *variable;
			search->best = i < search->best ? i : search->best;
		} else if (!is_known(search, variable) && search->end_count < search->max) {
			search->ends[search->end_count++] = *variable;
		}
		return;
	}
}

/* Reads on until the first of the names is found in full, which no later unit can better. */
static struct spy_error *search_units(struct debug_info *info, struct search *search)
{
	bool there = true, first = true;
	size_t i, j;

	for (i = 0; search->best > 0; i++) {
		const struct unit *unit;
		struct variable_range range = { 0 };
		bool may;

		TRY(units_at(&info->units, i, &there));
		if (!there)
			break;
		unit = &info->units.list.items[i];
		/* Up to Go 1.11 the first unit has the variables of all packages; a name that has
		 * no package may be in any. */
		may = first && !unit->tells_package;
		for (j = 0; j < search->count && !may; j++)
			may = unit_may_have(unit, &search->names[j]) ||
			      !memchr(search->names[j].bytes, '.', search->names[j].length);
		first &= !unit->is_go;
		if (!may || !unit->is_go)
			continue;
		TRY(need_unit(info, i, &range));
		for (j = 0; j < range.count; j++)
			try_variable(search, &info->variables.list.items[range.first + j]);
	}
	return NULL;
}

static struct spy_error *run_search(struct debug_info *info, const char *const *names,
				    struct search *search)
{
	size_t i, kept = 0;

	for (i = 0; i < search->count; i++) {
		struct text *text = &search->names[kept];

		name_add(text, names[i], strlen(names[i]), false);
		kept += text->length > 0;
	}
	search->count = search->best = kept;
	units_start(&info->units);
	return kept ? search_units(info, search) : NULL;
}

struct spy_error *debug_variable_find(struct debug_info *info, const char *const *names,
				      size_t count, struct debug_variable *ret, size_t max,
				      size_t *found)
{
	struct search search = { .count = count, .ends = ret, .max = max };
	struct text *texts _cleanup_free_ = memory_zeroed(count, sizeof(*texts));
	struct spy_error *error;
	size_t i;

	search.names = texts;
	error = run_search(info, names, &search);
	for (i = 0; i < count; i++)
		text_free(&texts[i]);
	if (error)
		return error;
	if (search.best < search.count && max) {
		ret[0] = search.in_full;
		*found = 1;
	} else {
		*found = search.end_count;
	}
	return NULL;
}
