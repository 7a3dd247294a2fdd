/* SPDX-License-Identifier: MIT
 *
 * From a pc to its function: functab and the _func structures (runtime/symtab.go, findfunc).
 */
#include "pclntab/table.h"

/* A number of functab, which was checked to be there when the table was opened. */
static uint64_t functab_word(const struct pclntab *tab, size_t index)
{
	const uint8_t *word = tab->functab.bytes + index * tab->entry_size;

	return tab->entry_size == 8 ? load_u64(word) : load_u32(word);
}

uint64_t functab_pc(const struct pclntab *tab, size_t index)
{
	uint64_t pc = functab_word(tab, 2 * index);

	return tab->entry_size == 8 ? pc : tab->source.text + pc;
}

uint32_t func_u32(const struct pclntab *tab, const struct pclntab_func *func,
		  enum func_member member)
{
	struct cursor at = tab->functions;

	cursor_seek(&at, func->offset + tab->entry_size + member);
	return cursor_u32(&at);
}

uint8_t func_u8(const struct pclntab *tab, const struct pclntab_func *func, uint8_t offset)
{
	struct cursor at = tab->functions;

	if (offset == 0)
		return 0;
	cursor_seek(&at, func->offset + offset);
	return cursor_u8(&at);
}

bool pclntab_function(const struct pclntab *tab, size_t index, struct pclntab_func *ret)
{
	const struct pclntab_format *format = &tab->source.format;
	struct pclntab_func func = { 0 };
	uint64_t offset;

	if (index >= tab->function_count)
		return false;
	func.index = (uint32_t)index;
	func.entry = functab_pc(tab, index);
	func.end = functab_pc(tab, index + 1);
	offset = functab_word(tab, 2 * index + 1);
	if (func.entry < tab->source.text || func.end > tab->source.etext ||
	    func.entry > func.end || offset > UINT32_MAX ||
	    offset + format->func_size > tab->functions.size)
		return false;
	func.offset = (uint32_t)offset;
	func.name = table_name(tab, func_u32(tab, &func, FUNC_NAME));
	func.args = (int32_t)func_u32(tab, &func, FUNC_ARGS);
	func.func_id = func_u8(tab, &func, format->func_id_offset);
	func.flags = func_u8(tab, &func, format->func_flag_offset);
	*ret = func;
	return true;
}

bool pclntab_find(const struct pclntab *tab, uint64_t pc, struct pclntab_func *ret)
{
	struct pclntab_func func;
	size_t low = 0, high = tab->function_count;

	/* Of several functions with one entry, which have no code but the last, the last. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (functab_pc(tab, middle) <= pc)
			low = middle;
		else
			high = middle;
	}
	if (!pclntab_function(tab, low, &func) || pc < func.entry || pc >= func.end)
		return false;
	*ret = func;
	return true;
}

bool pclntab_named(const struct pclntab *tab, const char *name, struct pclntab_func *ret)
{
	struct pclntab_func func;
	size_t i;

	for (i = 0; i < tab->function_count; i++) {
		if (pclntab_function(tab, i, &func) && strcmp(func.name, name) == 0) {
			*ret = func;
			return true;
		}
	}
	return false;
}
