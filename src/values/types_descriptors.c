/* SPDX-License-Identifier: MIT
 *
 * Types by the descriptors that the program has for reflection.
 */
#include "base/text.h"
#include "values/type_nodes.h"

/* "app.T" of the package "example.com/app" is "example.com/app.T", as DWARF has it. */
static const char *named_in_full(struct value_types *types, const struct go_type *go)
{
	const char *bracket = strchr(go->name, '['), *dot;

	if (!go->package || !go->package[0] || strcmp(go->package, "main") == 0)
		return go->name;
	/* The package's own name has no dot, but the type's arguments may. */
	dot = strchr(go->name, '.');
	if (!dot || (bracket && dot > bracket))
		return go->name;
	return arena_printf(&types->arena, "%s%s", go->package, dot);
}

static const char *composed(struct value_types *types, const struct go_type *go, unsigned depth);

static const char *name_at(struct value_types *types, uint64_t address, unsigned depth)
{
	const struct go_type *go = go_types_get(types->descriptors, address);

	return go ? composed(types, go, depth + 1) : NULL;
}

/* What has a name within its own is put together anew; functions, structs and interfaces are left
 * as reflect names them. */
static const char *composed(struct value_types *types, const struct go_type *go, unsigned depth)
{
	const char *elem, *key, *direction;
	struct arena *arena = &types->arena;

	if (go->named || depth > NODE_NAME_DEPTH_MAX)
		return go->name ? named_in_full(types, go) : NULL;
	elem = go->elem ? name_at(types, go->elem, depth) : NULL;
	if (!elem || strlen(elem) > NODE_NAME_BYTES_MAX)
		return go->name;
	switch (go->kind) {
	case GO_KIND_POINTER:
		return arena_printf(arena, "*%s", elem);
	case GO_KIND_SLICE:
		return arena_printf(arena, "[]%s", elem);
	case GO_KIND_ARRAY:
		return arena_printf(arena, "[%llu]%s", (unsigned long long)go->length, elem);
	case GO_KIND_MAP:
		key = name_at(types, go->key, depth);
		return key && strlen(key) <= NODE_NAME_BYTES_MAX
			   ? arena_printf(arena, "map[%s]%s", key, elem)
			   : go->name;
	case GO_KIND_CHAN:
		/* reflect/type.go: ChanOf; what receives of what receives needs parentheses. */
		if (elem[0] == '<')
			return go->name;
		direction = go->direction == GO_CHAN_RECEIVES ? "<-chan"
			    : go->direction == GO_CHAN_SENDS  ? "chan<-"
							      : "chan";
		return arena_printf(arena, "%s %s", direction, elem);
	default:
		return go->name;
	}
}

struct type_node *type_node_from_descriptor(struct value_types *types, uint64_t address)
{
	const struct go_type *go = go_types_get(types->descriptors, address);
	struct type_node *node;
	const char *name;

	if (!go)
		return NULL;
	name = composed(types, go, 0);
	if (!name || strlen(name) > NODE_NAME_BYTES_MAX)
		name = arena_printf(&types->arena, "type at 0x%llx", (unsigned long long)address);
	node = type_node_new(types, go->kind, name, go->size);
	node->go = go;
	node->type.descriptor = address;
	node->type.length = go->length;
	node->type.has_methods = go->method_count > 0;
	node->elem_from = go->elem;
	node->key_from = go->key;
	return node;
}

bool type_fields_from_descriptor(struct value_types *types, struct type_node *node)
{
	const struct go_type_field *fields;
	size_t count = node->go->field_count;

	if (!go_types_fields(types->descriptors, node->go, &fields))
		return false;
	node->fields = arena_alloc(&types->arena, count, sizeof(*node->fields));
	for (size_t i = 0; i < count; i++) {
		const struct value_type *type = value_types_by_descriptor(types, fields[i].type);

		node->fields[i] = (struct value_type_field){
			.name = fields[i].name ? fields[i].name : "?",
			.type = type ? type : value_types_basic(types, GO_KIND_INVALID),
			.offset = fields[i].offset,
			.embedded = fields[i].embedded,
		};
	}
	node->field_count = count;
	return true;
}

/* internal/abi/map_swiss.go, since Go 1.26 map.go: of 1.27 the offsets of keys and elements, before
 * the size of a slot, which holds both and comes after the eight control bytes. */
bool type_map_from_descriptor(struct value_types *types, struct type_node *node)
{
	enum { DESCRIPTOR_BYTES_MAX = 256, CONTROL_BYTES = 8 };
	const struct runtime_layout *layout = &types->runtime->layout;
	struct value_map_layout *map = &node->map;
	size_t size = layout_size(layout, SIZE_map_type);
	uint8_t bytes[DESCRIPTOR_BYTES_MAX];

	if (!layout_has(layout, FIELD_map_type_group_size) || size > sizeof(bytes) ||
	    spy_error_caught(
		target_read(types->runtime->target, node->type.descriptor, bytes, size)))
		return false;
	map->group_bytes = layout_number(layout, FIELD_map_type_group_size, bytes);
	if (layout_has(layout, FIELD_map_type_keys_off)) {
		map->key_offset = layout_number(layout, FIELD_map_type_keys_off, bytes);
		map->key_stride = layout_number(layout, FIELD_map_type_key_stride, bytes);
		map->elem_offset = layout_number(layout, FIELD_map_type_elems_off, bytes);
		map->elem_stride = layout_number(layout, FIELD_map_type_elem_stride, bytes);
		return true;
	}
	if (!layout_has(layout, FIELD_map_type_slot_size))
		return false;
	map->key_offset = CONTROL_BYTES;
	map->elem_offset = map->key_offset + layout_number(layout, FIELD_map_type_elem_off, bytes);
	map->key_stride = map->elem_stride = layout_number(layout, FIELD_map_type_slot_size, bytes);
	return true;
}
