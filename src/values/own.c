/* SPDX-License-Identifier: MIT */
#include "values/own.h"

static const char *own_string(const char *string, struct arena *arena, struct map *copies)
{
	bool found;
	uint64_t copy;

	if (!string)
		return NULL;
	copy = map_get(copies, (uintptr_t)string, &found);
	if (!found) {
		copy = (uintptr_t)arena_string(arena, string);
		map_put(copies, (uintptr_t)string, copy);
	}
	return (const char *)(uintptr_t)copy;
}

static const struct spy_type *own_type(const struct spy_type *type, struct arena *arena,
				       struct map *copies)
{
	struct spy_type *own;
	bool found;
	uint64_t copy;

	if (!type)
		return NULL;
	copy = map_get(copies, (uintptr_t)type, &found);
	if (found)
		return (const struct spy_type *)(uintptr_t)copy;
	own = arena_alloc(arena, 1, sizeof(*own));
	*own = *type;
	own->name = arena_string(arena, type->name);
	map_put(copies, (uintptr_t)type, (uintptr_t)own);
	return own;
}

static void own_fields(const struct spy_value_field *fields, size_t count, struct arena *arena,
		       struct map *copies)
{
	size_t i;

	for (i = 0; i < count; i++) {
		/* The tree is of our arena. */
		((struct spy_value_field *)fields)[i].name =
		    own_string(fields[i].name, arena, copies);
		value_own(&fields[i].value, arena, copies);
	}
}

static void own_items(const struct spy_value *items, size_t count, struct arena *arena,
		      struct map *copies)
{
	size_t i;

	for (i = 0; i < count; i++)
		value_own(&items[i], arena, copies);
}

static void own_entries(const struct spy_value *value, struct arena *arena, struct map *copies)
{
	size_t i;

	for (i = 0; i < value->map.kept; i++) {
		value_own(&value->map.entries[i].key, arena, copies);
		value_own(&value->map.entries[i].value, arena, copies);
	}
}

void value_own(const struct spy_value *value, struct arena *arena, struct map *copies)
{
	struct spy_value *own = (struct spy_value *)value;
	enum spy_value_kind kind = value->type ? value->type->kind : SPY_VALUE_UNKNOWN;

	own->type = own_type(value->type, arena, copies);
	if (value->error)
		return; /* only that is there */
	switch (kind) {
	case SPY_VALUE_ARRAY:
	case SPY_VALUE_SLICE:
		own_items(value->list.items, value->list.kept, arena, copies);
		break;
	case SPY_VALUE_CHAN:
		own_items(value->channel.items, value->channel.kept, arena, copies);
		break;
	case SPY_VALUE_STRUCT:
		own_fields(value->structure.fields, value->structure.count, arena, copies);
		break;
	case SPY_VALUE_POINTER:
		if (value->pointer.pointee)
			value_own(value->pointer.pointee, arena, copies);
		break;
	case SPY_VALUE_INTERFACE:
		if (value->interface.value)
			value_own(value->interface.value, arena, copies);
		break;
	case SPY_VALUE_MAP:
		own_entries(value, arena, copies);
		break;
	case SPY_VALUE_FUNC:
		own->function.name = own_string(value->function.name, arena, copies);
		own->function.file = own_string(value->function.file, arena, copies);
		own_fields(value->function.captured, value->function.captured_count, arena, copies);
		break;
	default:
		break;
	}
}
