/* SPDX-License-Identifier: MIT
 *
 * A few structures of the target, read together: for checks that look at some of many.
 */
#ifndef DISCOVER_SPECIMENS_H
#define DISCOVER_SPECIMENS_H

#include "runtime/runtime.h"

enum { SPECIMENS_MAX = 32 };

/* A slice of pointers. */
struct pointer_slice {
	uint64_t array, length, capacity;
};

/* Structures of one kind, by address; bytes of the first `size` of each. */
struct specimens {
	uint64_t addresses[SPECIMENS_MAX];
	uint64_t indexes[SPECIMENS_MAX]; /* in the slice that they were taken from */
	bool ok[SPECIMENS_MAX];          /* could be read */
	size_t count, size;
	uint8_t *bytes;
};

/* Where the last of some members of a structure ends; 0 if that is implausibly far. */
size_t layout_extent(const struct runtime_layout *layout, const enum layout_slot *slots,
		     size_t count);

/* Reads a slice header that can be one of pointers: aligned, 0 < length <= capacity. */
bool slice_read(struct go_runtime *runtime, uint64_t address, struct pointer_slice *ret);

/* Takes up to `limit` (at most SPECIMENS_MAX) elements of a slice, the first and the last among
 * them, and reads `size` bytes at each. False if the array is unreadable. Free with
 * specimens_free(), always. */
bool specimens_of_slice(struct go_runtime *runtime, const struct pointer_slice *slice, size_t limit,
			size_t size, struct specimens *ret);
/* Reads what the addresses in it point at. */
void specimens_read(struct go_runtime *runtime, size_t size, struct specimens *specimens);
/* Reads one of them again: the target runs meanwhile. */
bool specimens_again(struct go_runtime *runtime, struct specimens *specimens, size_t index);
void specimens_free(const struct specimens *specimens);

/* Reads one number of a structure (of a longer member its first 8 bytes). False for nil, and for a
 * member that this layout does not have. */
bool read_member(struct go_runtime *runtime, uint64_t structure, enum layout_slot slot,
		 uint64_t *ret);
bool member_is(struct go_runtime *runtime, uint64_t structure, enum layout_slot slot,
	       uint64_t value);

static inline uint8_t *specimen(const struct specimens *specimens, size_t index)
{
	return specimens->bytes + index * specimens->size;
}

#endif
