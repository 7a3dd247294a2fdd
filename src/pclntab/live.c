/* SPDX-License-Identifier: MIT
 *
 * What of a frame the collector keeps alive (runtime/stack.go or stkframe.go: getStackMap;
 * runtime/funcdata.h; cmd/compile/internal/liveness/plive.go).
 */
#include "pclntab/table.h"

enum {
	FUNCDATA_ARGUMENTS = 0, /* FUNCDATA_ArgsPointerMaps */
	FUNCDATA_LOCALS = 1,    /* FUNCDATA_LocalsPointerMaps */
	MAP_HEADER_BYTES = 8,   /* struct stackmap: n, nbit */
	OBJECTS_MAX = 1 << 12,
	WORD = 8,
};

/* The bit of a map for this pc; UNKNOWN if there is no map, or none for the word. */
static enum pclntab_liveness bit_of(const struct pclntab *tab, const struct pclntab_func *func,
				    uint64_t pc, unsigned map, int64_t words_from_end,
				    int64_t word_from_start)
{
	/* PCDATA_StackMapIndex has always stood before that of the inline tree. */
	unsigned index = tab->source.format.pcdata_inline_index - 1u;
	uint64_t address = pclntab_funcdata(tab, func, map);
	const uint8_t *header = address ? target_bytes(tab, address, MAP_HEADER_BYTES) : NULL;
	int32_t at = pclntab_pcdata(tab, func, index, pc, -1), count, bits;
	const uint8_t *byte;
	int64_t bit;

	if (!header)
		return PCLNTAB_LIVENESS_UNKNOWN;
	count = (int32_t)load_u32(header);
	bits = (int32_t)load_u32(header + 4);
	at = at < 0 ? 0 : at;
	bit = words_from_end > 0 ? bits - words_from_end : word_from_start;
	if (at >= count || bit < 0 || bit >= bits)
		return PCLNTAB_LIVENESS_UNKNOWN;
	byte = target_bytes(tab,
			    address + MAP_HEADER_BYTES +
				(uint64_t)at * (((uint64_t)(uint32_t)bits + 7) / 8) +
				(uint64_t)bit / 8,
			    1);
	if (!byte)
		return PCLNTAB_LIVENESS_UNKNOWN;
	return *byte & 1 << bit % 8 ? PCLNTAB_LIVE : PCLNTAB_DEAD;
}

bool pclntab_has_stack_object(const struct pclntab *tab, const struct pclntab_func *func,
			      int64_t offset)
{
	/* FUNCDATA_StackObjects: 4 in Go 1.12, which has the inline tree at 2 as those before it,
	 * that have no such objects; then right before the inline tree. */
	unsigned tree = tab->source.format.funcdata_inline, index = tree == 2 ? 4 : tree - 1;
	uint64_t address = pclntab_funcdata(tab, func, index);
	const uint8_t *count = address ? target_bytes(tab, address, WORD) : NULL;
	uint64_t i, objects = count ? load_u64(count) : 0;

	/* A record has 16 bytes, in Go 1.17 24; both are tried, and it begins with the offset. */
	for (i = 0; i < 2 * objects && i < OBJECTS_MAX; i++) {
		uint64_t at = i < objects ? i * 16 : (i - objects) * 24;
		const uint8_t *record = target_bytes(tab, address + WORD + at, 4);

		if (record && (int32_t)load_u32(record) == offset)
			return true;
	}
	return false;
}

enum pclntab_liveness pclntab_word_is_live(const struct pclntab *tab,
					   const struct pclntab_func *func, uint64_t pc,
					   int64_t offset, bool has_frame)
{
	/* Below the cfa lie the return address and, of a function with a frame, the caller's frame
	 * pointer; variables end there. */
	int64_t end = has_frame ? -2 * WORD : -WORD;

	if (offset % WORD != 0)
		return PCLNTAB_LIVENESS_UNKNOWN;
	if (offset >= 0)
		return bit_of(tab, func, pc, FUNCDATA_ARGUMENTS, 0, offset / WORD);
	if (offset >= end)
		return PCLNTAB_LIVENESS_UNKNOWN;
	return bit_of(tab, func, pc, FUNCDATA_LOCALS, (end - offset) / WORD, 0);
}
