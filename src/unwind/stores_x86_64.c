/* SPDX-License-Identifier: MIT
 *
 * Which instructions of a function set parts of its stack frame. Go's code for amd64 reaches its
 * frame by the stack pointer alone, which stays where it is between prologue and epilogue, so that
 * the function table tells where the frame is at each instruction.
 */
#include <Zydis/Zydis.h>

#include "base/vector.h"
#include "unwind/place.h"

enum {
	CODE_BYTES_MAX = 256 << 10, /* the longest functions of the standard library have 100 KB */
	STORES_MAX = 1 << 14,
	WORD = 8,
};

/* Whether an operand is in the frame and is set, and the bytes of it; taking an address counts for
 * the first byte: what it is taken for is not known. */
static bool is_store(const ZydisDecodedInstruction *instruction, const ZydisDecodedOperand *operand,
		     int64_t *bytes)
{
	if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.base != ZYDIS_REGISTER_RSP)
		return false;
	*bytes = operand->size / 8;
	if (instruction->mnemonic == ZYDIS_MNEMONIC_LEA) {
		*bytes = 1;
		return operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN;
	}
	return *bytes > 0 && operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

static bool find_store(const ZydisDecodedInstruction *instruction,
		       const ZydisDecodedOperand *operands, int64_t *displacement, int64_t *bytes)
{
	unsigned i;

	for (i = 0; i < instruction->operand_count_visible; i++)
		if (is_store(instruction, &operands[i], bytes)) {
			*displacement = operands[i].mem.disp.value;
			return true;
		}
	return false;
}

void frame_stores_find(const struct pclntab *tab, const struct pclntab_func *func,
		       const uint8_t *code, size_t size, struct arena *arena,
		       struct frame_stores *ret)
{
	VECTOR(struct frame_store) stores = { 0 };
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction instruction;
	uint64_t length = func->end - func->entry, at = 0;
	ZydisDecoder decoder;

	length = length < size ? length : size;
	length = length < CODE_BYTES_MAX ? length : CODE_BYTES_MAX;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	while (at < length && stores.count < STORES_MAX) {
		int64_t displacement, bytes;
		int32_t delta;

		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, size - at,
							 &instruction, operands)))
			break;
		if (find_store(&instruction, operands, &displacement, &bytes) &&
		    pclntab_sp_delta(tab, func, func->entry + at, &delta)) {
			int64_t low = displacement - delta - WORD;

			*(struct frame_store *)vector_push(&stores) = (struct frame_store){
				.low = low, .high = low + bytes, .line = -1, .pc = func->entry + at
			};
		}
		at += instruction.length;
	}
	ret->items = arena_alloc(arena, stores.count, sizeof(*ret->items));
	if (stores.count)
		memcpy(ret->items, stores.items, stores.count * sizeof(*ret->items));
	ret->count = stores.count;
	vector_free(&stores);
}
