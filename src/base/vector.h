/* SPDX-License-Identifier: MIT
 *
 * A growing array with a type: `VECTOR(struct line) lines = { 0 };`, then vector_push(&lines) is a
 * pointer to a new, zeroed last element, lines.items[i] any of them, lines.count their number.
 * Pointers into it are valid until the next push.
 */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include "base/memory.h"

#define VECTOR(type)                                                                               \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, capacity;                                                            \
	}

/* Makes room for one more and returns the array, which may have moved. */
void *vector_grow(void *items, size_t count, size_t *capacity, size_t item_size);

#define vector_push(vector)                                                                        \
	((vector)->items = vector_grow((vector)->items, (vector)->count, &(vector)->capacity,      \
				       sizeof(*(vector)->items)),                                  \
	 &(vector)->items[(vector)->count++])

#define vector_free(vector)                                                                        \
	do {                                                                                       \
		free((vector)->items);                                                             \
		(vector)->items = NULL;                                                            \
		(vector)->count = (vector)->capacity = 0;                                          \
	} while (0)

#endif
