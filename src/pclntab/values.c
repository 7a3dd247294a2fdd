/* SPDX-License-Identifier: MIT
 *
 * What the table knows by pc: stack deltas, PCDATA; and the FUNCDATA of a function.
 */
#include "pclntab/table.h"

/* Steps of a pc-value table that are taken before it counts as broken. The longest of the compilers
 * of Go 1.10 to 1.27 has 9515. */
enum { VALUE_STEPS_MAX = 1 << 18 };

const uint8_t *target_bytes(const struct pclntab *tab, uint64_t address, size_t size)
{
	size_t available = 0;
	const uint8_t *bytes;

	if (address == 0)
		return NULL;
	bytes = tab->source.at(tab->source.context, address, &available);
	return bytes && available >= size ? bytes : NULL;
}

/* runtime/symtab.go, pcvalue and step: pairs of varints, the change of the value (zigzag) and how
 * many bytes of code have it. The value before the first is -1. A change of 0 ends the table, but
 * not as the first. */
bool table_value(const struct pclntab *tab, const struct pclntab_func *func, uint32_t offset,
		 uint64_t pc, int32_t *ret)
{
	struct cursor at = tab->values;
	uint64_t until = func->entry;
	uint32_t value = UINT32_MAX;
	int step;

	if (offset == 0 || pc < func->entry || pc >= func->end)
		return false;
	cursor_seek(&at, offset);
	for (step = 0; step < VALUE_STEPS_MAX; step++) {
		uint32_t change = (uint32_t)cursor_uvarint(&at);

		if (change == 0 && step > 0)
			return false;
		value += (change >> 1) ^ -(change & 1);
		until += (uint32_t)cursor_uvarint(&at);
		if (at.failed)
			return false;
		if (pc < until) {
			*ret = (int32_t)value;
			return true;
		}
	}
	return false;
}

bool pclntab_sp_delta(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		      int32_t *ret)
{
	return table_value(tab, func, func_u32(tab, func, FUNC_PCSP), pc, ret);
}

/* The u32 array pcdata[] stands behind the _func. */
int32_t pclntab_pcdata(const struct pclntab *tab, const struct pclntab_func *func, unsigned table,
		       uint64_t pc, int32_t otherwise)
{
	struct cursor at = tab->functions;
	int32_t value;

	if (table >= func_u32(tab, func, FUNC_NPCDATA))
		return otherwise;
	cursor_seek(&at, func->offset + tab->source.format.func_size + 4 * (size_t)table);
	return table_value(tab, func, cursor_u32(&at), pc, &value) ? value : otherwise;
}

/* runtime/symtab.go, funcdata: behind pcdata[] stand pointers, aligned, up to Go 1.17, and then u32
 * offsets from moduledata.gofunc, where all ones is none. */
uint64_t pclntab_funcdata(const struct pclntab *tab, const struct pclntab_func *func,
			  unsigned index)
{
	const struct pclntab_format *format = &tab->source.format;
	struct cursor at = tab->functions;
	size_t array, size = tab->entry_size;
	uint64_t data;

	if (index >= func_u8(tab, func, format->nfuncdata_offset))
		return 0;
	array = func->offset + format->func_size + 4 * (size_t)func_u32(tab, func, FUNC_NPCDATA);
	/* An offset is as aligned as its address: pclntab_open() saw to that. */
	array = (array + size - 1) / size * size;
	cursor_seek(&at, array + index * size);
	if (size == 8)
		return cursor_u64(&at);
	data = cursor_u32(&at);
	return at.failed || data == UINT32_MAX || !tab->source.gofunc ? 0
								      : tab->source.gofunc + data;
}

const uint8_t *pclntab_arg_info(const struct pclntab *tab, const struct pclntab_func *func,
				size_t *available)
{
	unsigned number = tab->source.format.funcdata_arg_info;
	uint64_t address = number ? pclntab_funcdata(tab, func, number) : 0;

	return address ? tab->source.at(tab->source.context, address, available) : NULL;
}

bool pclntab_arg_is_live(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
			 uint8_t offset, uint8_t slot)
{
	const struct pclntab_format *format = &tab->source.format;
	const uint8_t *first, *bits;
	uint64_t info;
	int32_t live;

	if (!format->funcdata_arg_live)
		return true;
	info = pclntab_funcdata(tab, func, format->funcdata_arg_live);
	live = pclntab_pcdata(tab, func, format->pcdata_arg_live, pc, -1);
	/* The first byte is the offset from which on arguments may die; then stand bitmaps, and
	 * the PCDATA is where the one for this pc starts. */
	first = target_bytes(tab, info, 1);
	if (!first || live <= 0 || offset < first[0])
		return true;
	bits = target_bytes(tab, info + (uint64_t)live + slot / 8, 1);
	return !bits || bits[0] & 1 << slot % 8;
}

uint8_t pclntab_arg_live_start(const struct pclntab *tab, const struct pclntab_func *func)
{
	const struct pclntab_format *format = &tab->source.format;
	const uint8_t *first =
	    format->funcdata_arg_live
		? target_bytes(tab, pclntab_funcdata(tab, func, format->funcdata_arg_live), 1)
		: NULL;

	return first ? first[0] : UINT8_MAX;
}
