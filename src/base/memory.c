/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* The contract's status for "the target or its data could not be read". */
enum { OUT_OF_MEMORY_STATUS = 1 };

static void (*before_end)(void);

void memory_before_end(void (*action)(void))
{
	before_end = action;
}

static void out_of_memory(void) __attribute__((noreturn));
static void out_of_memory(void)
{
	static const char message[] = "spy: out of memory\n";

	if (before_end)
		before_end();
	/* Nothing can be done about a failed write of the last words. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(OUT_OF_MEMORY_STATUS);
	_exit(OUT_OF_MEMORY_STATUS);
}

static size_t checked_product(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
		out_of_memory();
	return bytes ? bytes : 1;
}

void *memory_new(size_t count, size_t size)
{
	void *memory = malloc(checked_product(count, size));

	if (!memory)
		out_of_memory();
	return memory;
}

void *memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(1, checked_product(count, size));

	if (!memory)
		out_of_memory();
	return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
	void *memory = realloc(old, checked_product(count, size));

	if (!memory)
		out_of_memory();
	return memory;
}

char *memory_string(const char *string)
{
	size_t size = strlen(string) + 1;

	return memcpy(memory_new(size, 1), string, size);
}

void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct arena_block {
	struct arena_block *previous;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

enum { ARENA_BLOCK_BYTES = 64 * 1024 };

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	size_t align = alignof(max_align_t);
	size_t bytes = (checked_product(count, size) + align - 1) & ~(align - 1);
	void *memory;

	if (!arena->block || arena->block->size - arena->used < bytes) {
		size_t room = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
		struct arena_block *block = memory_zeroed(1, sizeof(*block) + room);

		block->previous = arena->block;
		block->size = room;
		arena->block = block;
		arena->used = 0;
	}
	memory = arena->block->bytes + arena->used;
	arena->used += bytes;
	arena->total_bytes += bytes;
	return memory;
}

char *arena_bytes(struct arena *arena, const void *bytes, size_t size)
{
	char *copy = arena_alloc(arena, size + 1, 1);

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

char *arena_string(struct arena *arena, const char *string)
{
	return arena_bytes(arena, string, strlen(string));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *string;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return arena_string(arena, "");
	string = arena_alloc(arena, (size_t)length + 1, 1);
	va_start(arguments, format);
	vsnprintf(string, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return string;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->block;

	while (block) {
		struct arena_block *previous = block->previous;

		free(block);
		block = previous;
	}
	*arena = (struct arena){ 0 };
}
