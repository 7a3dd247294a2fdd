/* SPDX-License-Identifier: MIT
 *
 * Calls that were inlined. At a pc, a PCDATA gives the innermost inlined call as an index into the
 * function's inline tree, and the tree leads from each to its caller (runtime/symtabinl.go; up to
 * Go 1.11 runtime/symtab.go, pcExpander).
 */
#include "pclntab/table.h"

/* The runtime takes a tree to have so many calls at most: *[1 << 20]inlinedCall. */
enum { TREE_MAX = 1 << 20 };

/* An entry of the tree: its size, and where its members stand; -1 for what it does not have. */
static const struct inline_layout {
	uint8_t size;
	bool has_line;
	int8_t name, func_id;
	int8_t parent_pc;          /* offset from the entry of the function, or: */
	int8_t parent, file, line; /* index of the caller, and the position of the call in it */
} inline_layouts[] = {
	/* Go 1.9-1.11. */
	{ .size = 16,
	  .has_line = true,
	  .name = 12,
	  .func_id = -1,
	  .parent_pc = -1,
	  .parent = 0,
	  .file = 4,
	  .line = 8 },
	/* Go 1.12-1.19; it still has parent, file and line, which the runtime does not read. */
	{ .size = 20,
	  .name = 12,
	  .func_id = 2,
	  .parent_pc = 16,
	  .parent = -1,
	  .file = -1,
	  .line = -1 },
	/* Go 1.20 and later. */
	{ .size = 16,
	  .name = 4,
	  .func_id = 0,
	  .parent_pc = 8,
	  .parent = -1,
	  .file = -1,
	  .line = -1 },
};

const struct inline_layout *inline_layout_of(const struct pclntab_format *format)
{
	size_t i;

	for (i = 0; i < sizeof(inline_layouts) / sizeof(inline_layouts[0]); i++)
		if (inline_layouts[i].size == format->inline_call_size &&
		    inline_layouts[i].has_line == format->inline_call_has_line)
			return &inline_layouts[i];
	return NULL;
}

/* A place in the source, in a physical function: where it is, and in which inlined call. */
struct place {
	const char *file;
	int64_t line;
	uint64_t pc;  /* that it was looked up by */
	int32_t call; /* in the tree; negative: in none */
};

static struct place place_at(const struct pclntab *tab, const struct pclntab_func *func,
			     uint64_t pc)
{
	unsigned table = tab->source.format.pcdata_inline_index;
	struct place place = { .pc = pc, .call = pclntab_pcdata(tab, func, table, pc, -1) };

	pclntab_line(tab, func, pc, &place.file, &place.line);
	return place;
}

/* The place that a call was made from. */
static struct place place_of_caller(const struct pclntab *tab, const struct pclntab_func *func,
				    const struct place *callee, const uint8_t *call)
{
	const struct inline_layout *layout = tab->inline_layout;

	/* Go 1.12 and later: it has the source position and the call of an instruction. */
	if (layout->parent_pc >= 0)
		return place_at(tab, func, func->entry + load_u32(call + layout->parent_pc));
	return (struct place){
		.file = table_file(tab, func, (int32_t)load_u32(call + layout->file)),
		.line = (int32_t)load_u32(call + layout->line),
		.pc = callee->pc,
		.call = (int32_t)load_u32(call + layout->parent),
	};
}

/* An entry of the tree; NULL where there is none. */
static const uint8_t *tree_call(const struct pclntab *tab, uint64_t tree, int32_t index)
{
	const struct inline_layout *layout = tab->inline_layout;

	if (!layout || tree == 0 || index < 0 || index >= TREE_MAX)
		return NULL;
	return target_bytes(tab, tree + (uint64_t)index * layout->size, layout->size);
}

bool pclntab_inlining_fits(const struct pclntab *tab)
{
	enum { FUNCTIONS_MAX = 4096, TREES = 32 };
	const struct inline_layout *layout = tab->inline_layout;
	size_t nameless = 0, nameless_calls = 0, trees = 0, i;

	for (i = 0; i < tab->function_count && i < FUNCTIONS_MAX && trees < TREES; i++) {
		struct pclntab_func func;
		const uint8_t *call;
		uint64_t tree;

		if (!pclntab_function(tab, i, &func))
			continue;
		nameless += !*func.name;
		tree = pclntab_funcdata(tab, &func, tab->source.format.funcdata_inline);
		if (!tree)
			continue;
		trees++;
		call = tree_call(tab, tree, 0);
		if (!call || !table_is_name(tab, load_u32(call + layout->name)) ||
		    (layout->parent_pc >= 0 &&
		     load_u32(call + layout->parent_pc) >= func.end - func.entry))
			return false;
		nameless_calls += !*table_name(tab, load_u32(call + layout->name));
	}
	/* A garbled program may have dropped names, of all kinds. */
	return !nameless_calls || nameless;
}

size_t pclntab_calls(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		     struct pclntab_call *ret, size_t max)
{
	const struct inline_layout *layout = tab->inline_layout;
	uint64_t tree = pclntab_funcdata(tab, func, tab->source.format.funcdata_inline);
	struct place place = place_at(tab, func, pc);
	const uint8_t *call;
	size_t count = 0;

	/* A broken tree can run in a circle; the last place is for the physical function. */
	while (count + 1 < max && (call = tree_call(tab, tree, place.call))) {
		ret[count++] = (struct pclntab_call){
			.function = table_name(tab, load_u32(call + layout->name)),
			.file = place.file,
			.line = place.line,
			.pc = place.pc,
			.func_id = layout->func_id >= 0 ? call[layout->func_id] : 0,
			.inlined = true,
		};
		place = place_of_caller(tab, func, &place, call);
	}
	ret[count++] = (struct pclntab_call){
		.function = func->name,
		.file = place.file,
		.line = place.line,
		.pc = place.pc,
		.func_id = func->func_id,
	};
	return count;
}
