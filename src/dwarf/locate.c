/* SPDX-License-Identifier: MIT
 *
 * DWARF expressions, as far as Go writes them: DW_OP_call_frame_cfa and DW_OP_fbreg for the stack,
 * registers, pieces of both (cmd/compile/internal/ssa/debug.go), a dereference for what was moved
 * to the heap (Go 1.27, createHeapDerefLocationList). Whatever else stands there makes the place
 * unknown.
 */
#include "base/cursor.h"
#include "dwarf/constants.h"
#include "dwarf/dies.h"
#include "dwarf/locals.h"

enum {
	STACK_MAX = 8,
	EXPRESSION_BYTES_MAX = 1024, /* a variable of 32 pieces has some 200 */
};

struct machine {
	struct cursor cursor;
	const struct debug_frame *frame;
	uint64_t stack[STACK_MAX];
	size_t depth;
	enum debug_piece_kind kind; /* of what is on the stack: by the last operation */
	bool failed;
};

static void push(struct machine *machine, uint64_t value)
{
	if (machine->depth == STACK_MAX) {
		machine->failed = true;
		return;
	}
	machine->stack[machine->depth++] = value;
	machine->kind = DEBUG_PIECE_MEMORY;
}

static uint64_t pop(struct machine *machine)
{
	if (machine->depth == 0) {
		machine->failed = true;
		return 0;
	}
	return machine->stack[--machine->depth];
}

static void dereference(struct machine *machine)
{
	uint64_t address = pop(machine), word;

	if (machine->failed || !machine->frame->word ||
	    !machine->frame->word(machine->frame->context, address, &word))
		machine->failed = true;
	else
		push(machine, word);
}

static void in_register(struct machine *machine, uint64_t number)
{
	push(machine, number);
	machine->kind = DEBUG_PIECE_REGISTER;
}

/* False if it is none of these. */
static bool push_constant(struct machine *machine, unsigned operation)
{
	struct cursor *cursor = &machine->cursor;

	if (operation >= DW_OP_LIT0 && operation <= DW_OP_LIT31) {
		push(machine, operation - DW_OP_LIT0);
		return true;
	}
	switch (operation) {
	case DW_OP_CONST1U:
		push(machine, cursor_u8(cursor));
		break;
	case DW_OP_CONST1S:
		push(machine, (uint64_t)(int64_t)(int8_t)cursor_u8(cursor));
		break;
	case DW_OP_CONST2U:
		push(machine, cursor_u16(cursor));
		break;
	case DW_OP_CONST2S:
		push(machine, (uint64_t)(int64_t)(int16_t)cursor_u16(cursor));
		break;
	case DW_OP_CONST4U:
		push(machine, cursor_u32(cursor));
		break;
	case DW_OP_CONST4S:
		push(machine, (uint64_t)(int64_t)(int32_t)cursor_u32(cursor));
		break;
	case DW_OP_CONST8U:
	case DW_OP_CONST8S:
		push(machine, cursor_u64(cursor));
		break;
	case DW_OP_CONSTU:
		push(machine, cursor_uvarint(cursor));
		break;
	case DW_OP_CONSTS:
		push(machine, (uint64_t)cursor_sleb(cursor));
		break;
	default:
		return false;
	}
	return true;
}

static void run(struct machine *machine, unsigned operation)
{
	struct cursor *cursor = &machine->cursor;

	if (push_constant(machine, operation))
		return;
	/* What has been said to be a register or a value is nothing to reckon with. */
	if (machine->kind != DEBUG_PIECE_NOWHERE && machine->kind != DEBUG_PIECE_MEMORY)
		machine->failed = true;
	if (operation >= DW_OP_REG0 && operation <= DW_OP_REG31) {
		in_register(machine, operation - DW_OP_REG0);
		return;
	}
	switch (operation) {
	case DW_OP_NOP:
		break;
	case DW_OP_REGX:
		in_register(machine, cursor_uvarint(cursor));
		break;
	case DW_OP_CALL_FRAME_CFA:
		push(machine, machine->frame->cfa);
		break;
	case DW_OP_FBREG:
		push(machine, machine->frame->cfa + (uint64_t)cursor_sleb(cursor));
		break;
	case DW_OP_PLUS_UCONST:
		push(machine, pop(machine) + cursor_uvarint(cursor));
		break;
	case DW_OP_PLUS:
		push(machine, pop(machine) + pop(machine));
		break;
	case DW_OP_DEREF:
		dereference(machine);
		break;
	case DW_OP_STACK_VALUE:
		push(machine, pop(machine));
		machine->kind = DEBUG_PIECE_VALUE;
		break;
	default:
		machine->failed = true;
	}
}

/* What the operations so far lead to. */
static struct debug_piece take_piece(struct machine *machine, uint64_t bytes)
{
	struct debug_piece piece = { .kind = machine->kind, .bytes = bytes };

	if (machine->kind != DEBUG_PIECE_NOWHERE)
		piece.value = pop(machine);
	/* A rest would be a value that nobody asked for. */
	if (machine->depth)
		machine->failed = true;
	machine->kind = DEBUG_PIECE_NOWHERE;
	return piece;
}

bool debug_locate(const uint8_t *expression, size_t length, const struct debug_frame *frame,
		  struct debug_piece *ret, size_t *count)
{
	struct machine machine = { .cursor = cursor_of(expression, length), .frame = frame };
	bool in_pieces = false;
	size_t pieces = 0;

	if (length > EXPRESSION_BYTES_MAX)
		return false;
	while (!machine.failed && !machine.cursor.failed && cursor_left(&machine.cursor)) {
		unsigned operation = cursor_u8(&machine.cursor);

		if (operation != DW_OP_PIECE) {
			run(&machine, operation);
			continue;
		}
		if (pieces == DEBUG_PIECES_MAX)
			return false;
		ret[pieces++] = take_piece(&machine, cursor_uvarint(&machine.cursor));
		/* A piece of no bytes would pass for all of the variable. */
		if (ret[pieces - 1].bytes == 0)
			return false;
		in_pieces = true;
	}
	if (machine.kind != DEBUG_PIECE_NOWHERE || !pieces) {
		if (in_pieces)
			return false;
		ret[pieces++] = take_piece(&machine, 0);
	}
	*count = pieces;
	return !machine.failed && !machine.cursor.failed;
}
