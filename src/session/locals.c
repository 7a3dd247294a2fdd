/* SPDX-License-Identifier: MIT
 *
 * The variables of frames: which there are and where each lies, DWARF says (dwarf/locals.h); the
 * values are read while the target stands still, since what a frame refers to changes with the next
 * step.
 *
 * A value is told only if it is the variable's: the compiler's DWARF may say where a variable will
 * be, or would have been.
 */
#include <time.h>

#include "dwarf/go_types.h"
#include "dwarf/locals.h"
#include "session/session.h"
#include "values/own.h"
#include "values/values.h"

/* The target stands still meanwhile: what takes longer is left out. */
#define STANDSTILL_NS_MAX 1000000000ll
#define REHEARSAL_NS_MAX  3000000000ll

enum {
	PIECES_BYTES_MAX =
	    4096,             /* of a variable that lies in pieces: Go takes apart what is small */
	WHOLE_BYTES_MAX = 32, /* ssa/value.go, CanSSA: what is larger is never taken apart */
	SHARED_BYTES = 24,    /* ssa/func.go, IsMergeCandidate: those above may share a slot */
	WORD = 8,
};

/* What is usual for a variable among many. */
static const struct spy_value_limits usual = { .depth = 3, .elements = 20, .string_bytes = 200 };

struct locals {
	struct making *making;
	struct debug_info *info;
	struct value_reader *reader;
	struct spy_value_limits limits;
	const struct collected *collected;
	int64_t until_ns; /* CLOCK_MONOTONIC */
	size_t left_out;  /* goroutines */
	VECTOR(const struct spy_value *) values;
};

/* A frame whose variables are looked at. */
struct frame {
	struct locals *locals;
	const struct raw_g *g;
	const struct unwind_place *place;
	const struct debug_calls *calls;
	const uint8_t *code; /* of its function, from the entry on; NULL: unknown */
	size_t code_size;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

struct spy_error *locals_new(struct making *making, struct locals **ret)
{
	struct spy *spy = making->spy;
	struct values *values = values_of(spy);
	struct debug_info *info = values_debug_info(values);
	struct locals *locals;

	if (spy->non_blocking)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE,
				  "variables of frames cannot be read while the process runs"),
		    "leave out --non-blocking");
	if (!info)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA, "%s has no DWARF, which tells of variables",
				  binary_name(program_symbols(&spy->runtime.program))),
		    "give an unstripped build of the same program with --bin FILE");
	locals = memory_zeroed(1, sizeof(*locals));
	locals->making = making;
	locals->info = info;
	locals->reader = values_reader(values);
	locals->limits = making->request->locals ? *making->request->locals : usual;
	*ret = locals;
	return NULL;
}

void locals_free(struct locals *locals)
{
	if (!locals)
		return;
	vector_free(&locals->values);
	free(locals);
}

/* ---- where a variable is ------------------------------------------------------------------- */

static bool read_word(void *context, uint64_t address, uint64_t *ret)
{
	struct target *target = context;

	return !spy_error_caught(target_read(target, address, ret, sizeof(*ret)));
}

/* Whether it lies in a part of the frame that its function has set: see unwinder_was_set(). */
static bool was_set(const struct frame *frame, const struct debug_local *local, uint64_t address,
		    int64_t size)
{
	struct unwinder *unwinder = frame->locals->making->unwinder;
	int64_t low = (int64_t)(address - frame->place->cfa);
	bool any = local->result || local->capture >= 0;

	/* What was captured is declared outside, and set on entry. */
	if (frame->place->call + 1 == frame->place->calls &&
	    local->line < unwinder_first_line(unwinder, frame->place))
		any = true;
	if (!frame->code)
		return false;
	return unwinder_was_set(unwinder, frame->place, frame->code, frame->code_size, low,
				low + (size > 0 ? size : 1), any ? -1 : local->line);
}

/*
 * Why the place of an optimised variable is not believed; NULL if it is. What the compilers' lists
 * were seen to say:
 * - Of a variable that is assigned to again, parts may still be told to be where they were before
 *   (1.17 to 1.27).
 * - Of a string of which only the pointer or the length is followed, the place of that as if it
 *   were all of it (1.12 to 1.27). What Go does not take apart has more than four words
 *   (ssa/value.go, CanSSA).
 */
static const char *doubt_optimised(const struct frame *frame, const struct debug_local *local,
				   int64_t size)
{
	if (local->moves)
		return "optimised: it may be elsewhere by now";
	if (size > SHARED_BYTES &&
	    frame->locals->making->spy->runtime.layout.traits->frame_slots_are_shared)
		return "optimised: its place may be another variable's by now";
	if (local->listed && size > WORD && size <= WHOLE_BYTES_MAX)
		return "optimised: where all of it is, is not told";
	return NULL;
}

/* Why a place on the stack is not believed; NULL if it is. */
static const char *doubt_place(const struct frame *frame, const struct debug_local *local,
			       uint64_t address, int64_t size)
{
	const struct raw_g *g = frame->g;
	const char *doubt;

	if (address < g->stack_lo || address >= g->stack_hi)
		return NULL;
	/* Of a frame that is not there yet, or no longer. */
	if (address < frame->place->sp)
		return "not set yet";
	doubt = frame->calls->optimised ? doubt_optimised(frame, local, size) : NULL;
	/* That of an argument in the caller's frame is there from the beginning. */
	if (doubt || local->listed || address >= frame->place->cfa)
		return doubt;
	return was_set(frame, local, address, size) ? NULL : "not set yet";
}

/* Go 1.16 and 1.17 tell the same place for the pointer and the length of a string. */
static bool pieces_overlap(const struct debug_piece *pieces, size_t count)
{
	size_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			if (pieces[i].kind == DEBUG_PIECE_MEMORY &&
			    pieces[j].kind == DEBUG_PIECE_MEMORY &&
			    pieces[i].value < pieces[j].value + pieces[j].bytes &&
			    pieces[j].value < pieces[i].value + pieces[i].bytes)
				return true;
	return false;
}

/* The bytes of a variable that lies in pieces. */
static const char *join_pieces(const struct frame *frame, const struct debug_piece *pieces,
			       size_t count, uint8_t *bytes, uint64_t size)
{
	uint64_t done = 0;
	size_t i;

	if (pieces_overlap(pieces, count))
		return "the compiler does not tell where it is";
	for (i = 0; i < count; i++) {
		uint64_t length = pieces[i].bytes ? pieces[i].bytes : size;

		if (length > size - done)
			return "the compiler does not tell where it is"; /* a fault of Go 1.17 */
		switch (pieces[i].kind) {
		case DEBUG_PIECE_NOWHERE:
			return "optimised out in part";
		case DEBUG_PIECE_REGISTER:
			return count == 1 ? "in a register, which is not kept"
					  : "in registers in part, which are not kept";
		case DEBUG_PIECE_VALUE:
			if (length > WORD)
				return "the compiler does not tell where it is";
			memcpy(bytes + done, &pieces[i].value, length);
			break;
		case DEBUG_PIECE_MEMORY:
			if (pieces[i].value >= frame->g->stack_lo &&
			    pieces[i].value < frame->place->sp)
				return "not set yet";
			if (spy_error_caught(target_read(frame->locals->making->spy->target,
							 pieces[i].value, bytes + done, length)))
				return "it could not be read";
			break;
		}
		done += length;
	}
	return done == size ? NULL : "the compiler does not tell where it is";
}

/* Whether values of the type can be told: within a generic function its parameters are known by
 * their shape only, where all pointers are those to a byte. */
static bool is_shape_of_pointer(const struct debug_type *type)
{
	return strstr(type->name, "go.shape.*") != NULL;
}

struct where {
	struct debug_piece pieces[DEBUG_PIECES_MAX];
	size_t count;
	const struct debug_type *type; /* of what lies there */
};

/* Where a variable is, or why it is not known. */
static const char *find_local(const struct frame *frame, const struct debug_local *local,
			      struct where *ret)
{
	struct target *target = frame->locals->making->spy->target;
	struct debug_frame dwarf_frame = { .cfa = frame->place->cfa,
					   .word = read_word,
					   .context = target };

	if (!local->type ||
	    spy_error_caught(debug_type_get(frame->locals->info, local->type, &ret->type)))
		return "its type is not told";
	if (is_shape_of_pointer(ret->type))
		return "its type is known to its function's caller only";
	if (ret->type->size < 0)
		return "its size is not told";
	if (frame->calls->optimised && !frame->calls->has_lists && !local->listed)
		return "optimised: the compiler of this Go does not tell where it is";
	if (!local->expression_length)
		return "optimised out";
	if (!debug_locate(local->expression, local->expression_length, &dwarf_frame, ret->pieces,
			  &ret->count))
		return "the compiler does not tell where it is";
	if (ret->count == 1 && ret->pieces[0].kind == DEBUG_PIECE_MEMORY) {
		if (ret->pieces[0].bytes && ret->pieces[0].bytes != (uint64_t)ret->type->size)
			return "the compiler does not tell where it is";
		return doubt_place(frame, local, ret->pieces[0].value, ret->type->size);
	}
	return frame->calls->optimised && local->moves ? "optimised: it may be elsewhere by now"
						       : NULL;
}

enum {
	KIND_ARRAY = 17,
	KIND_CHAN = 18,
	KIND_FUNC = 19,
	KIND_INTERFACE = 20,
	KIND_MAP = 21,
	KIND_POINTER = 22,
	KIND_SLICE = 23,
	KIND_STRING = 24,
	KIND_STRUCT = 25,
	KIND_UNSAFE_POINTER = 26,
	POINTERS_MAX = 16, /* of a variable that are looked at */
	NESTED_MAX = 8,
};

/* Adds the offsets of the words of a type that hold pointers. */
static void add_pointers(struct locals *locals, const struct debug_type *type, uint64_t offset,
			 unsigned depth, uint64_t *ret, size_t *count)
{
	const struct debug_type *inner = NULL;
	size_t i;

	if (depth > NESTED_MAX || *count == POINTERS_MAX)
		return;
	switch (type->kind) {
	case KIND_INTERFACE:
		ret[(*count)++] = offset + WORD; /* the other is a type, which stays */
		return;
	case KIND_CHAN:
	case KIND_FUNC:
	case KIND_MAP:
	case KIND_POINTER:
	case KIND_SLICE:
	case KIND_STRING:
	case KIND_UNSAFE_POINTER:
		ret[(*count)++] = offset;
		return;
	case KIND_STRUCT:
		for (i = 0; i < type->member_count && i < POINTERS_MAX; i++)
			if (type->members[i].type &&
			    !spy_error_caught(
				debug_type_get(locals->info, type->members[i].type, &inner)))
				add_pointers(locals, inner, offset + type->members[i].offset,
					     depth + 1, ret, count);
		return;
	case KIND_ARRAY:
		/* All its words live as long as it does. */
		if (type->count > 0 && type->elem &&
		    !spy_error_caught(debug_type_get(locals->info, type->elem, &inner)))
			add_pointers(locals, inner, offset, depth + 1, ret, count);
		return;
	default:
		return;
	}
}

/* Where in memory the word at an offset of a variable lies; 0 if it does not. */
static uint64_t word_of(const struct where *where, uint64_t offset)
{
	uint64_t at = 0;
	size_t i;

	for (i = 0; i < where->count; i++) {
		uint64_t bytes = where->pieces[i].bytes ? where->pieces[i].bytes : UINT64_MAX;

		if (offset - at < bytes)
			return where->pieces[i].kind == DEBUG_PIECE_MEMORY
				   ? where->pieces[i].value + (offset - at)
				   : 0;
		at += bytes;
	}
	return 0;
}

/* Whether a variable is one that its function is done with: then what it points to may be gone, and
 * pointers into the stack may be to where it was before it grew. */
static bool is_done_with(const struct frame *frame, const struct where *where)
{
	uint64_t offsets[POINTERS_MAX], words[POINTERS_MAX];
	size_t count = 0, used = 0, i;

	add_pointers(frame->locals, where->type, 0, 0, offsets, &count);
	for (i = 0; i < count; i++) {
		uint64_t word = word_of(where, offsets[i]);

		if (word >= frame->g->stack_lo && word < frame->g->stack_hi)
			words[used++] = word;
	}
	return used && !unwinder_is_used(frame->locals->making->unwinder, frame->place,
					 word_of(where, 0), words, used);
}

/* The place of a variable's value, or why there is none. */
static const char *place_of_local(const struct frame *frame, const struct debug_local *local,
				  struct value_place *ret)
{
	struct locals *locals = frame->locals;
	struct where where = { 0 };
	const char *note = find_local(frame, local, &where);
	uint64_t size, address;
	uint8_t *bytes;

	if (note)
		return note;
	if (is_done_with(frame, &where))
		return "no longer used: what it refers to may be gone";
	if (where.count == 1 && where.pieces[0].kind == DEBUG_PIECE_MEMORY && !local->in_heap) {
		*ret = value_place_at(locals->reader, where.pieces[0].value, local->type);
		return NULL;
	}
	size = (uint64_t)where.type->size;
	if (size > PIECES_BYTES_MAX || (local->in_heap && size != WORD))
		return "the compiler does not tell where it is";
	bytes = arena_alloc(&locals->making->snapshot->arena, 1, size + 1);
	note = join_pieces(frame, where.pieces, where.count, bytes, size);
	if (note)
		return note;
	if (!local->in_heap) {
		ret->type = value_types_by_die(value_reader_types(locals->reader), local->type);
		ret->bytes = bytes;
		return NULL;
	}
	memcpy(&address, bytes, WORD);
	if (!address)
		return "not set yet";
	*ret = value_place_at(locals->reader, address, where.type->elem);
	return NULL;
}

/* ---- frames -------------------------------------------------------------------------------- */

static const char *type_name(const struct frame *frame, const struct debug_local *local)
{
	struct arena *arena = &frame->locals->making->snapshot->arena;
	const struct debug_type *type = NULL;

	if (!local->type ||
	    spy_error_caught(debug_type_get(frame->locals->info, local->type, &type)) || !type)
		return NULL;
	if (local->in_heap && type->elem &&
	    spy_error_caught(debug_type_get(frame->locals->info, type->elem, &type)))
		return NULL;
	return arena_string(arena, type->name);
}

static void read_local(const struct frame *frame, const struct debug_local *local,
		       struct spy_local *ret)
{
	struct locals *locals = frame->locals;
	struct arena *arena = &locals->making->snapshot->arena;
	struct value_place place = { 0 };
	struct spy_value *value;

	ret->name = arena_string(arena, local->name);
	ret->type = type_name(frame, local);
	ret->argument = local->argument;
	ret->note = place_of_local(frame, local, &place);
	if (!ret->note && !place.type)
		ret->note = "its type is not told";
	if (ret->note)
		return;
	value = arena_alloc(arena, 1, sizeof(*value));
	value_read(locals->reader, &place, &locals->limits, arena, value);
	ret->value = value;
	*vector_push(&locals->values) = value;
}

static void read_call(const struct frame *frame, const struct debug_call *call,
		      struct spy_frame *ret)
{
	struct spy_local *items =
	    arena_alloc(&frame->locals->making->snapshot->arena, call->count, sizeof(*items));
	size_t count = 0, i;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < call->count; i++)
			if (call->locals[i].argument == (pass == 0))
				read_local(frame, &call->locals[i], &items[count++]);
	ret->locals = items;
	ret->local_count = count;
}

/* Whether a pc is in the program that the DWARF is of, and no plugin. */
static bool is_of_program(const struct go_runtime *runtime, uint64_t pc)
{
	const struct binary_segment *segments;
	size_t count = binary_segments(runtime->program.binary, &segments), i;
	uint64_t address = pc - runtime->program.bias;

	for (i = 0; i < count; i++)
		if (segments[i].executable && address >= segments[i].address &&
		    address - segments[i].address < segments[i].memory_bytes)
			return true;
	return false;
}

static const char *read_frame(struct locals *locals, const struct raw_g *g,
			      const struct unwind_place *place, struct spy_frame *ret)
{
	struct go_runtime *runtime = &locals->making->spy->runtime;
	struct frame frame = { .locals = locals, .g = g, .place = place };
	uint64_t entry = unwinder_entry(locals->making->unwinder, place);

	if (!is_of_program(runtime, place->pc))
		return "it is of another module";
	if (spy_error_caught(
		debug_calls_at(locals->info, place->pc - runtime->program.bias, &frame.calls)) ||
	    !frame.calls->count)
		return "DWARF tells nothing of it";
	if (frame.calls->count != place->calls)
		return "DWARF and the function table differ about what is inlined";
	if (entry)
		frame.code = program_at(&runtime->program, entry, &frame.code_size);
	read_call(&frame, &frame.calls->items[place->call], ret);
	/* Assignments that nothing of what was done so far depends on may not have been done. */
	return frame.calls->optimised && ret->local_count
		   ? "optimised code: a variable that changes may have an earlier value here"
		   : NULL;
}

static void read_stack(struct locals *locals, const struct raw_g *g)
{
	struct arena *arena = &locals->making->snapshot->arena;
	struct made_stack *made = arena_alloc(arena, 1, sizeof(*made));
	struct spy_frame *frames;
	const struct unwind_place *places;
	size_t count, i;

	*made = make_stack(locals->making, g, true);
	places = unwinder_places(locals->making->unwinder, &count);
	frames = (struct spy_frame *)made->frames; /* of our arena */
	value_reader_begin(locals->reader, false);
	for (i = 0; i < made->frame_count && i < count; i++)
		frames[i].locals_note = read_frame(locals, g, &places[i], &frames[i]);
	map_put(&locals->making->stacks, g->address, (uintptr_t)made);
}

static void read_all(struct locals *locals, const struct collected *collected, int64_t time_ns)
{
	const struct collected *before = locals->making->collected;
	size_t i;

	locals->until_ns = now_ns() + time_ns;
	locals->left_out = 0;
	/* Which goroutines are listed, and where their stacks begin, is asked of this. */
	locals->making->collected = collected;
	for (i = 0; i < collected->gs.count; i++) {
		const struct raw_g *g = &collected->gs.items[i];

		if (!g->address || g->status == G_DEAD || g->status == G_DEADEXTRA ||
		    g->status == G_IDLE || !is_listed(locals->making, g))
			continue;
		if (now_ns() < locals->until_ns)
			read_stack(locals, g);
		else
			locals->left_out++;
	}
	locals->making->collected = before;
}

void locals_rehearse(struct locals *locals, const struct collected *collected)
{
	read_all(locals, collected, REHEARSAL_NS_MAX);
	locals->values.count = 0;
	map_free(&locals->making->stacks);
}

void locals_read(void *argument, const struct collected *collected)
{
	read_all(argument, collected, STANDSTILL_NS_MAX);
}

void locals_finish(struct locals *locals)
{
	struct map copies = { 0 };
	size_t i;

	for (i = 0; i < locals->values.count; i++)
		value_own(locals->values.items[i], &locals->making->snapshot->arena, &copies);
	map_free(&copies);
	if (locals->left_out)
		making_warn(locals->making,
			    "the variables of %zu goroutines were not read: the process would have "
			    "stood still for more than a second",
			    locals->left_out);
}
