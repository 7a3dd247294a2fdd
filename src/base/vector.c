/* SPDX-License-Identifier: MIT */
#include "base/vector.h"

void *vector_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
	if (count == *capacity) {
		*capacity = count ? count * 2 : 16;
		items = memory_resize(items, *capacity, item_size);
	}
	memset((char *)items + count * item_size, 0, item_size);
	return items;
}
