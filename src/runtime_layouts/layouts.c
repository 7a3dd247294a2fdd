/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/layouts.h"

#include <string.h>

static const struct {
	const char *type, *path;
} slots[LAYOUT_SLOTS] = {
#define SIZE(slot, type_name) [SIZE_##slot] = { .type = (type_name), .path = "" },
#define FIELD(slot, type_name, member_path)                                                        \
	[FIELD_##slot] = { .type = (type_name), .path = (member_path) },
#include "runtime_layouts/fields.def"
#undef SIZE
#undef FIELD
};

const char *layout_slot_name(enum layout_slot slot)
{
	static const char *const names[LAYOUT_SLOTS] = {
#define SIZE(slot, type)        [SIZE_##slot] = type,
#define FIELD(slot, type, path) [FIELD_##slot] = type "." path,
#include "runtime_layouts/fields.def"
#undef SIZE
#undef FIELD
	};

	return names[slot];
}

void layout_queries(struct debug_query queries[static LAYOUT_SLOTS])
{
	size_t i;

	for (i = 0; i < LAYOUT_SLOTS; i++)
		queries[i] = (struct debug_query){ .kind = DEBUG_MEMBER,
						   .type = slots[i].type,
						   .path = slots[i].path };
}

enum {
	STRUCTURE_MAX = 4 << 20, /* a heapArena has 2 MiB up to Go 1.19 */
	UNSIZED_MAX = 48,        /* of a structure that has no SIZE here: hmap, semaRoot */
	NUMBER_MAX = 8,
};

/* Bytes of the structure that a member is in, as its readers copy it. */
static int64_t structure_bytes(const struct debug_query *queries, size_t member)
{
	size_t i;

	for (i = 0; i < LAYOUT_SLOTS; i++)
		if (!slots[i].path[0] && strcmp(slots[i].type, slots[member].type) == 0)
			return queries[i].found ? queries[i].size : 0;
	return UNSIZED_MAX;
}

/* The DWARF is untrusted, and members are read from a copy of their structure: one that does not
 * lie in it, with all bytes that layout_number() takes, is absent. */
static bool is_inside(const struct debug_query *queries, size_t slot)
{
	const struct debug_query *query = &queries[slot];
	int64_t bytes = query->size;

	if (query->value < 0 || query->value > STRUCTURE_MAX || bytes <= 0 || bytes > STRUCTURE_MAX)
		return false;
	if (!slots[slot].path[0])
		return query->value == 0;
	if (bytes != 1 && bytes != 2 && bytes != 4 && bytes < NUMBER_MAX)
		bytes = NUMBER_MAX;
	return query->value + bytes <= structure_bytes(queries, slot);
}

void layout_from_queries(const struct debug_query queries[static LAYOUT_SLOTS],
			 struct runtime_layout *ret)
{
	size_t i;

	for (i = 0; i < LAYOUT_SLOTS; i++) {
		struct layout_field *field = &ret->fields[i];

		*field = (struct layout_field){ .offset = -1 };
		if (queries[i].found && is_inside(queries, i))
			*field = (struct layout_field){ .offset = (int32_t)queries[i].value,
							.size = (int32_t)queries[i].size };
	}
}
