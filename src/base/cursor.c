/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"

#include <string.h>

void cursor_seek(struct cursor *cursor, size_t position)
{
	if (position > cursor->size)
		cursor->failed = true;
	else
		cursor->position = position;
}

uint64_t cursor_long_uvarint(struct cursor *cursor)
{
	uint64_t value = 0;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_u8(cursor);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return cursor->failed ? 0 : value;
	}
	cursor->failed = true;
	return 0;
}

const char *cursor_string(struct cursor *cursor, size_t *length)
{
	const uint8_t *bytes, *end;

	if (cursor->failed)
		return NULL;
	bytes = cursor->bytes + cursor->position;
	end = cursor_left(cursor) ? memchr(bytes, 0, cursor_left(cursor)) : NULL;
	if (!end) {
		cursor->failed = true;
		return NULL;
	}
	*length = (size_t)(end - bytes);
	cursor->position += *length + 1;
	return (const char *)bytes;
}
