/* SPDX-License-Identifier: MIT */
#include "discover/specimens.h"

#include "base/cursor.h"

/* More than any structure of the runtime that is looked at has (mheap_: 93 KB). */
enum { EXTENT_MAX = 1 << 20 };
#define SLICE_MAX (1ull << 30)

size_t layout_extent(const struct runtime_layout *layout, const enum layout_slot *slots,
		     size_t count)
{
	size_t extent = 0, i;

	for (i = 0; i < count; i++) {
		size_t size = layout_size(layout, slots[i]), end;

		/* layout_number() loads 8 bytes where there are not 1, 2 or 4. */
		if (size < 8 && size != 1 && size != 2 && size != 4)
			size = 8;
		end = layout_offset(layout, slots[i]) + size;
		if (layout_has(layout, slots[i]) && end > extent)
			extent = end;
	}
	return extent <= EXTENT_MAX ? extent : 0;
}

bool slice_read(struct go_runtime *runtime, uint64_t address, struct pointer_slice *ret)
{
	uint64_t words[3];

	if (spy_error_caught(target_read(runtime->target, address, words, sizeof(words))))
		return false;
	*ret =
	    (struct pointer_slice){ .array = words[0], .length = words[1], .capacity = words[2] };
	return words[0] && !(words[0] & 7) && words[1] && words[1] <= words[2] &&
	       words[2] <= SLICE_MAX;
}

void specimens_read(struct go_runtime *runtime, size_t size, struct specimens *specimens)
{
	struct target_range ranges[SPECIMENS_MAX];
	size_t i;

	specimens->size = size;
	specimens->bytes = memory_zeroed(specimens->count, size);
	for (i = 0; i < specimens->count; i++)
		ranges[i] = (struct target_range){ .address = specimens->addresses[i],
						   .buffer = specimen(specimens, i),
						   .size = size };
	target_readv(runtime->target, ranges, specimens->count);
	for (i = 0; i < specimens->count; i++)
		specimens->ok[i] = ranges[i].ok && specimens->addresses[i];
}

bool specimens_again(struct go_runtime *runtime, struct specimens *specimens, size_t index)
{
	specimens->ok[index] =
	    specimens->addresses[index] &&
	    !spy_error_caught(target_read(runtime->target, specimens->addresses[index],
					  specimen(specimens, index), specimens->size));
	return specimens->ok[index];
}

bool specimens_of_slice(struct go_runtime *runtime, const struct pointer_slice *slice, size_t limit,
			size_t size, struct specimens *ret)
{
	struct target_range ranges[SPECIMENS_MAX];
	uint64_t last = slice->length - 1;
	size_t i;

	if (limit > SPECIMENS_MAX)
		limit = SPECIMENS_MAX;
	*ret = (struct specimens){ .count = slice->length < limit ? slice->length : limit };
	for (i = 0; i < ret->count; i++) {
		ret->indexes[i] = ret->count > 1 ? last * i / (ret->count - 1) : 0;
		ranges[i] = (struct target_range){ .address = slice->array + ret->indexes[i] * 8,
						   .buffer = &ret->addresses[i],
						   .size = sizeof(ret->addresses[i]) };
	}
	target_readv(runtime->target, ranges, ret->count);
	for (i = 0; i < ret->count; i++)
		if (!ranges[i].ok)
			return false;
	specimens_read(runtime, size, ret);
	return true;
}

void specimens_free(const struct specimens *specimens)
{
	free(specimens->bytes);
}

bool read_member(struct go_runtime *runtime, uint64_t structure, enum layout_slot slot,
		 uint64_t *ret)
{
	const struct layout_field *field = &runtime->layout.fields[slot];
	uint8_t bytes[8] = { 0 };
	size_t size = field->size < 8 ? (size_t)field->size : 8;

	if (!structure || field->offset < 0 ||
	    spy_error_caught(
		target_read(runtime->target, structure + (uint64_t)field->offset, bytes, size)))
		return false;
	*ret = load_u64(bytes);
	return true;
}

bool member_is(struct go_runtime *runtime, uint64_t structure, enum layout_slot slot,
	       uint64_t value)
{
	uint64_t number;

	return read_member(runtime, structure, slot, &number) && number == value;
}
