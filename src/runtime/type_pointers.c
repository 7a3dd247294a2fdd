/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "runtime/type_records.h"

enum {
	WORD = 8,
	PROGRAM_BYTES_MAX = 1 << 20,
	WORDS_MAX = 1 << 24, /* of one bitmap */
};

static bool bit_at(const uint8_t *bits, uint64_t index)
{
	return bits[index / 8] >> index % 8 & 1;
}

static void set_bit(uint8_t *bits, uint64_t index, bool value)
{
	bits[index / 8] |= (uint8_t)(value << index % 8);
}

/* The next instruction of a GC program. False at its end, or where it is broken. */
static bool run_instruction(struct cursor *program, uint8_t *bits, uint64_t count, uint64_t *done)
{
	uint8_t instruction = cursor_u8(program);
	uint64_t n = instruction & 0x7f, times, i, total;
	const uint8_t *literal;

	if (!(instruction & 0x80)) {
		literal = cursor_take(program, (n + 7) / 8);
		if (!literal || !n)
			return false;
		for (i = 0; i < n && *done < count; i++)
			set_bit(bits, (*done)++, bit_at(literal, i));
		return true;
	}
	if (!n)
		n = cursor_uvarint(program);
	times = cursor_uvarint(program);
	if (program->failed || !n || n > *done)
		return false;
	if (__builtin_mul_overflow(n, times, &total))
		return false;
	for (i = 0; i < total && *done < count; i++, (*done)++)
		set_bit(bits, *done, bit_at(bits, *done - n));
	return true;
}

/* runtime/mbitmap.go: runGCProg, up to Go 1.23. Its length stands in front, in four bytes. */
static bool from_program(struct go_types *types, const struct type_record *record, uint64_t count,
			 uint8_t *bits)
{
	struct target *target = types->runtime->target;
	uint8_t head[4], *bytes _cleanup_free_ = NULL;
	struct cursor program;
	uint64_t done = 0;
	size_t size;

	if (spy_error_caught(target_read(target, record->gcdata, head, sizeof(head))))
		return false;
	size = load_u32(head);
	if (!size || size > PROGRAM_BYTES_MAX)
		return false;
	bytes = memory_new(size, 1);
	if (spy_error_caught(target_read(target, record->gcdata + sizeof(head), bytes, size)))
		return false;
	program = cursor_of(bytes, size);
	while (done < count)
		if (!run_instruction(&program, bits, count, &done))
			return false;
	return true;
}

static const uint8_t *pointers_of(struct go_types *types, struct type_record *record,
				  unsigned depth);

/* Puts the bitmap of a part at `offset` bytes of the whole. *left is how many words may still be
 * set: parts do not overlap, which bounds the work on what a hostile target makes up. */
static bool add_part(struct go_types *types, uint64_t type, uint64_t offset, uint64_t whole_bytes,
		     uint64_t *left, unsigned depth, uint8_t *bits)
{
	struct type_record *part = type_record_get(types, type, 0);
	const uint8_t *own;
	uint64_t words, i;

	if (!part)
		return false;
	words = part->type.pointer_bytes / WORD;
	if (!words)
		return true;
	if (offset % WORD != 0 || offset > whole_bytes ||
	    part->type.pointer_bytes > whole_bytes - offset || words > *left)
		return false;
	*left -= words;
	own = pointers_of(types, part, depth + 1);
	for (i = 0; own && i < words; i++)
		set_bit(bits, offset / WORD + i, bit_at(own, i));
	return own;
}

/* runtime/type.go: buildGCMask. */
static bool from_parts(struct go_types *types, const struct type_record *record, uint64_t count,
		       unsigned depth, uint8_t *bits)
{
	const struct go_type *type = &record->type, *elem;
	const struct go_type_field *fields;
	uint64_t left = count, i;

	if (type->kind == GO_KIND_STRUCT) {
		if (!go_types_fields(types, type, &fields))
			return false;
		for (i = 0; i < type->field_count; i++)
			if (!add_part(types, fields[i].type, fields[i].offset, type->pointer_bytes,
				      &left, depth, bits))
				return false;
		return true;
	}
	elem = go_types_get(types, type->elem);
	if (type->kind != GO_KIND_ARRAY || !elem || !elem->pointer_bytes ||
	    type->length > type->size / elem->size)
		return false;
	for (i = 0; i < type->length; i++)
		if (!add_part(types, type->elem, i * elem->size, type->pointer_bytes, &left, depth,
			      bits))
			return false;
	return true;
}

static bool read_pointers(struct go_types *types, const struct type_record *record, uint64_t count,
			  unsigned depth, uint8_t *bits)
{
	const struct runtime_traits *traits = types->runtime->layout.traits;

	if (traits->gc_masks_on_demand && record->tflag & TFLAG_GC_MASK_ON_DEMAND)
		return from_parts(types, record, count, depth, bits);
	if (!traits->gc_masks_on_demand && record->kind_bits & KIND_GC_PROGRAM)
		return from_program(types, record, count, bits);
	return !spy_error_caught(
	    target_read(types->runtime->target, record->gcdata, bits, (count + 7) / 8));
}

static const uint8_t *pointers_of(struct go_types *types, struct type_record *record,
				  unsigned depth)
{
	uint64_t count = record->type.pointer_bytes / WORD;
	uint8_t *bits _cleanup_free_ = NULL;

	if (record->pointers || record->pointers_busy || depth > TYPE_DEPTH_MAX ||
	    count > WORDS_MAX || !count)
		return record->pointers;
	bits = memory_zeroed((count + 7) / 8, 1);
	record->pointers_busy = true;
	if (read_pointers(types, record, count, depth, bits)) {
		if (count % 8) /* what follows belongs to others */
			bits[count / 8] &= (uint8_t)((1 << count % 8) - 1);
		record->pointers = (uint8_t *)arena_bytes(&types->arena, bits, (count + 7) / 8);
	}
	record->pointers_busy = false;
	return record->pointers;
}

bool go_types_pointers(struct go_types *types, const struct go_type *type, const uint8_t **ret)
{
	static const uint8_t none;
	const uint8_t *bits = &none;

	if (type->pointer_bytes)
		bits = pointers_of(types, type_record_of(type), 0);
	if (!bits)
		return false;
	*ret = bits;
	return true;
}
