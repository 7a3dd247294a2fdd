/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "runtime/runtime.h"

enum {
	WAIT_REASONS_MAX = 1024,
	WAIT_REASON_BYTES_MAX = 256,
	TYPE_NAME_BYTES_MAX = 64 << 10,
	TYPE_BYTES_MAX = 256,
};

const char *go_wait_reason(struct go_runtime *runtime, uint64_t reason, struct arena *arena)
{
	const struct go_global *strings = &runtime->globals[GLOBAL_wait_reason_strings];
	uint64_t count = strings->size ? strings->size / 16 : 0;
	uint8_t header[16];

	if (!strings->address || reason >= count || reason >= WAIT_REASONS_MAX ||
	    spy_error_caught(target_read(runtime->target, strings->address + reason * 16, header,
					 sizeof(header))))
		return NULL;
	return go_string_at(runtime, header, WAIT_REASON_BYTES_MAX, arena);
}

/* Bytes of the program that do not change, or of memory: types that reflect made live in the heap.
 */
static const uint8_t *bytes_at(struct go_runtime *runtime, uint64_t address, size_t size,
			       uint8_t *buffer)
{
	size_t available;
	const uint8_t *bytes = program_at(&runtime->program, address, &available);

	if (bytes && available >= size)
		return bytes;
	if (spy_error_caught(target_read(runtime->target, address, buffer, size)))
		return NULL;
	return buffer;
}

/* runtime/type.go: name (internal/abi: Name): a byte of flags, the length (two bytes, big-endian,
 * up to Go 1.16; a varint since), the text. */
static const char *name_at(struct go_runtime *runtime, uint64_t address, bool skip_star,
			   struct arena *arena)
{
	uint8_t buffer[16], *string _cleanup_free_ = NULL;
	const uint8_t *head = bytes_at(runtime, address, 8, buffer), *text;
	struct cursor cursor;
	uint64_t size;

	if (!head)
		return NULL;
	cursor = cursor_of(head + 1, 7);
	if (runtime->layout.traits->type_names_have_varint) {
		size = cursor_uvarint(&cursor);
	} else {
		size = (uint64_t)cursor_u8(&cursor) << 8;
		size |= cursor_u8(&cursor);
	}
	if (cursor.failed || !size || size > TYPE_NAME_BYTES_MAX)
		return NULL;
	string = memory_new(size, 1);
	text = bytes_at(runtime, address + 1 + cursor.position, size, string);
	if (!text)
		return NULL;
	if (skip_star && text[0] == '*') {
		text++;
		size--;
	}
	return arena_bytes(arena, text, size);
}

/* internal/abi/type.go: TFlagExtraStar: the name stands behind the "*" of the pointer type's. */
enum { TFLAG_EXTRA_STAR = 1 << 1 };

const char *go_type_name(struct go_runtime *runtime, uint64_t type, struct arena *arena)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_type), i;
	uint8_t buffer[TYPE_BYTES_MAX];
	const uint8_t *descriptor;
	bool star;

	if (!type || !size || size > sizeof(buffer) || !layout_has(layout, FIELD_type_str))
		return NULL;
	descriptor = bytes_at(runtime, type, size, buffer);
	if (!descriptor)
		return NULL;
	star = layout_number(layout, FIELD_type_tflag, descriptor) & TFLAG_EXTRA_STAR;
	for (i = 0; i < runtime->modules.count; i++) {
		const struct go_module *module = &runtime->modules.items[i];
		uint64_t offset = (uint32_t)layout_number(layout, FIELD_type_str, descriptor);

		if (type >= module->types && type < module->etypes &&
		    offset < module->etypes - module->types)
			return name_at(runtime, module->types + offset, star, arena);
	}
	return NULL;
}
