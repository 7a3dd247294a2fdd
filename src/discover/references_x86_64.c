/* SPDX-License-Identifier: MIT
 *
 * Variables are addressed relative to the instruction in all code that Go's compiler and assembler
 * make for amd64 (cmd/internal/obj/x86/asm6.go), whether or not it is position-independent.
 */
#include <Zydis/Zydis.h>

#include "discover/references.h"

static char use_of(const ZydisDecodedInstruction *instruction, const ZydisDecodedOperand *memory)
{
	bool reads = memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
	bool writes = memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;

	if (memory->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
		return 'A';
	if (instruction->mnemonic == ZYDIS_MNEMONIC_CMP ||
	    instruction->mnemonic == ZYDIS_MNEMONIC_TEST)
		return 'T';
	if (!writes)
		return 'L';
	return reads ? 'M' : 'S';
}

static char size_of(unsigned bits)
{
	switch (bits) {
	case 8:
		return '1';
	case 16:
		return '2';
	case 32:
		return '4';
	case 64:
		return '8';
	case 128:
		return 'x';
	case 256:
		return 'y';
	case 512:
		return 'z';
	default:
		return '0';
	}
}

/* Writes the letters of the operand that is memory; false if there is none. */
static bool describe(const ZydisDecoder *decoder, const uint8_t *bytes, size_t size, char *letters)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction instruction;
	size_t i;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, bytes, size, &instruction, operands)))
		return false;
	for (i = 0; i < instruction.operand_count_visible; i++) {
		const ZydisDecodedOperand *operand = &operands[i];

		if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    operand->mem.base != ZYDIS_REGISTER_RIP)
			continue;
		letters[0] = use_of(&instruction, operand);
		letters[1] = letters[0] == 'A' ? '0' : size_of(operand->size);
		return true;
	}
	return false;
}

/* ModRM without a base register: a displacement of 32 bits from the next instruction. */
static bool is_relative(const ZydisDecodedInstruction *instruction)
{
	return instruction->raw.modrm.offset && instruction->raw.modrm.mod == 0 &&
	       instruction->raw.modrm.rm == 5;
}

void code_references(const uint8_t *code, size_t size, uint64_t pc, uint64_t low, uint64_t high,
		     size_t max, struct code_references *ret)
{
	ZydisDecodedInstruction instruction;
	ZydisDecoder quick, full;
	size_t at = 0;

	/* Most instructions refer to nothing: their operands are not decoded. */
	ZydisDecoderInit(&quick, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	full = quick;
	ZydisDecoderEnableMode(&quick, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
	max = max < CODE_REFERENCES_MAX ? max : CODE_REFERENCES_MAX;
	for (ret->count = 0; at < size && ret->count < max; at += instruction.length) {
		uint64_t address;

		if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&quick, NULL, code + at, size - at,
								&instruction)))
			break;
		address = pc + at + instruction.length + (uint64_t)instruction.raw.disp.value;
		if (!is_relative(&instruction) || address < low || address >= high ||
		    !describe(&full, code + at, size - at,
			      &ret->shape[ret->count * REFERENCE_LETTERS]))
			continue;
		ret->addresses[ret->count] = address;
		ret->positions[ret->count++] = (uint32_t)at;
	}
	ret->shape[ret->count * REFERENCE_LETTERS] = '\0';
}
