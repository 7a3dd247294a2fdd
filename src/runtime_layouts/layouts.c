/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/layouts.h"

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

/* Members are read as the size says, up to 8 bytes from a copy of the whole structure; a layout
 * that points outside of it is not believed. */
enum { STRUCTURE_MAX = 1 << 20 };

void layout_from_queries(const struct debug_query queries[static LAYOUT_SLOTS],
			 struct runtime_layout *ret)
{
	size_t i;

	for (i = 0; i < LAYOUT_SLOTS; i++) {
		const struct debug_query *query = &queries[i];
		struct layout_field *field = &ret->fields[i];

		*field = (struct layout_field){ .offset = -1 };
		if (query->found && query->value >= 0 && query->size >= 0 &&
		    query->value <= STRUCTURE_MAX && query->size <= STRUCTURE_MAX)
			*field = (struct layout_field){ .offset = (int32_t)query->value,
							.size = (int32_t)query->size };
	}
}
