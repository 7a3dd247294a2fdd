/* SPDX-License-Identifier: MIT */
#include "runtime/runtime.h"

#include "base/cursor.h"

enum {
	WAIT_REASONS_MAX = 1024,
	WAIT_REASON_BYTES_MAX = 256,
};

enum spy_debug_info debug_info_of(const struct binary *binary)
{
	return binary_has_dwarf(binary)     ? SPY_DEBUG_DWARF
	       : binary_has_symbols(binary) ? SPY_DEBUG_SYMBOLS
					    : SPY_DEBUG_NONE;
}

void go_runtime_close(struct go_runtime *runtime)
{
	code_free(runtime->code);
	vector_free(&runtime->modules);
	vector_free(&runtime->warnings);
	program_close(&runtime->program);
	arena_free(&runtime->arena);
	*runtime = (struct go_runtime){ 0 };
}

const char *go_string_at(struct go_runtime *runtime, const void *header, size_t max,
			 struct arena *arena)
{
	uint64_t address = load_u64(header), size = load_u64((const uint8_t *)header + 8);
	size_t available;
	const uint8_t *bytes;
	char *string;

	if (size > max)
		return NULL;
	if (!size)
		return "";
	bytes = program_at(&runtime->program, address, &available);
	if (bytes && available >= size)
		return arena_bytes(arena, bytes, size);
	string = arena_alloc(arena, size + 1, 1);
	if (spy_error_caught(target_read(runtime->target, address, string, size)))
		return NULL;
	return string;
}

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
