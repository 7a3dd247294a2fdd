/* SPDX-License-Identifier: MIT
 *
 * Calls that were inlined. At a pc, a PCDATA gives the innermost inlined call as an index into the
 * function's inline tree, and the tree leads from each to its caller (runtime/symtabinl.go; up to
 * Go 1.11 runtime/symtab.go, pcExpander).
 */
#include "pclntab/table.h"

/* The runtime takes a tree to have so many calls at most: *[1 << 20]inlinedCall. */
enum { TREE_MAX = 1 << 20 };

/* A place in the source, in a physical function: where it is, and in which inlined call. */
struct place {
	const char *file;
	int64_t line;
	int32_t call; /* in the tree; negative: in none */
};

static struct place place_at(const struct pclntab *tab, const struct pclntab_func *func,
			     uint64_t pc)
{
	unsigned table = (unsigned)tab->source.format.pcdata_inline;
	struct place place = { .call = pclntab_pcdata(tab, func, table, pc, -1) };

	pclntab_line(tab, func, pc, &place.file, &place.line);
	return place;
}

/* The place that a call was made from. */
static struct place place_of_caller(const struct pclntab *tab, const struct pclntab_func *func,
				    const uint8_t *call)
{
	const struct pclntab_format *format = &tab->source.format;

	/* Go 1.12 and later: it has the source position and the call of an instruction. */
	if (format->inline_parent_pc_offset >= 0)
		return place_at(tab, func,
				func->entry + load_u32(call + format->inline_parent_pc_offset));
	return (struct place){
		.file = table_file(tab, func, (int32_t)load_u32(call + format->inline_file_offset)),
		.line = (int32_t)load_u32(call + format->inline_line_offset),
		.call = (int32_t)load_u32(call + format->inline_parent_offset),
	};
}

/* An entry of the tree; NULL where there is none. */
static const uint8_t *tree_call(const struct pclntab *tab, uint64_t tree, int32_t index)
{
	size_t size = (size_t)tab->source.format.inline_call_size;

	if (tree == 0 || index < 0 || index >= TREE_MAX)
		return NULL;
	return target_bytes(tab, tree + (size_t)index * size, size);
}

size_t pclntab_calls(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		     struct pclntab_call *ret, size_t max)
{
	const struct pclntab_format *format = &tab->source.format;
	uint64_t tree = pclntab_funcdata(tab, func, (unsigned)format->funcdata_inline);
	struct place place = place_at(tab, func, pc);
	const uint8_t *call;
	size_t count = 0;

	/* A broken tree can run in a circle; the last place is for the physical function. */
	while (count + 1 < max && (call = tree_call(tab, tree, place.call))) {
		int8_t id = format->inline_func_id_offset;

		ret[count++] = (struct pclntab_call){
			.function = table_name(tab, load_u32(call + format->inline_name_offset)),
			.file = place.file,
			.line = place.line,
			.func_id = id >= 0 ? call[id] : 0,
			.inlined = true,
		};
		place = place_of_caller(tab, func, call);
	}
	ret[count++] = (struct pclntab_call){
		.function = func->name,
		.file = place.file,
		.line = place.line,
		.func_id = func->func_id,
	};
	return count;
}
