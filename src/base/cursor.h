/* SPDX-License-Identifier: MIT
 *
 * A bounded cursor over untrusted bytes. A read past the end gives 0 and sets `failed`, which
 * stays: a parser reads on and asks once, at the end, whether what it read was there.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *bytes;
	size_t size, position;
	bool failed;
};

static inline struct cursor cursor_of(const void *bytes, size_t size)
{
	return (struct cursor){ .bytes = bytes, .size = size };
}

static inline size_t cursor_left(const struct cursor *cursor)
{
	return cursor->size - cursor->position;
}

void cursor_seek(struct cursor *cursor, size_t position);
/* A NUL-terminated string, NULL where none ends before the end; *length without the NUL. */
const char *cursor_string(struct cursor *cursor, size_t *length);

/* Little-endian loads from bytes that are known to be there. */
static inline uint16_t load_u16(const void *bytes)
{
	uint16_t value;
	__builtin_memcpy(&value, bytes, sizeof(value));
	return value;
}
static inline uint32_t load_u32(const void *bytes)
{
	uint32_t value;
	__builtin_memcpy(&value, bytes, sizeof(value));
	return value;
}
static inline uint64_t load_u64(const void *bytes)
{
	uint64_t value;
	__builtin_memcpy(&value, bytes, sizeof(value));
	return value;
}

/* The next `size` bytes, and moves past them; NULL where there are not so many. */
static inline const uint8_t *cursor_take(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes;

	if (cursor->failed || size > cursor_left(cursor)) {
		cursor->failed = true;
		return NULL;
	}
	bytes = cursor->bytes + cursor->position;
	cursor->position += size;
	return bytes;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	const uint8_t *bytes = cursor_take(cursor, 1);

	return bytes ? bytes[0] : 0;
}
static inline uint16_t cursor_u16(struct cursor *cursor)
{
	const uint8_t *bytes = cursor_take(cursor, 2);

	return bytes ? load_u16(bytes) : 0;
}
static inline uint32_t cursor_u32(struct cursor *cursor)
{
	const uint8_t *bytes = cursor_take(cursor, 4);

	return bytes ? load_u32(bytes) : 0;
}
static inline uint64_t cursor_u64(struct cursor *cursor)
{
	const uint8_t *bytes = cursor_take(cursor, 8);

	return bytes ? load_u64(bytes) : 0;
}

uint64_t cursor_long_uvarint(struct cursor *cursor);
/* A varint as Go's encoding/binary: 7 bits a byte, least first, at most 10 bytes. */
static inline uint64_t cursor_uvarint(struct cursor *cursor)
{
	if (!cursor->failed && cursor_left(cursor) && !(cursor->bytes[cursor->position] & 0x80))
		return cursor->bytes[cursor->position++];
	return cursor_long_uvarint(cursor);
}

#endif
