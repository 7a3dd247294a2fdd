/* SPDX-License-Identifier: MIT
 *
 * Types by the DWARF of the program.
 */
#include "dwarf/go_types.h"
#include "values/type_nodes.h"

static const struct debug_type *type_at(struct value_types *types, uint64_t die)
{
	const struct debug_type *type;

	if (!die || spy_error_caught(debug_type_get(types->info, die, &type)))
		return NULL;
	return type;
}

/* Sizes that DWARF leaves out: those of pointers. */
static uint64_t size_of(const struct debug_type *type)
{
	enum { WORD = 8 };

	if (type->size >= 0)
		return (uint64_t)type->size;
	switch (type->kind) {
	case GO_KIND_CHAN:
	case GO_KIND_FUNC:
	case GO_KIND_MAP:
	case GO_KIND_POINTER:
	case GO_KIND_UNSAFE_POINTER:
		return WORD;
	default:
		return UINT64_MAX;
	}
}

struct type_node *type_node_from_die(struct value_types *types, uint64_t die)
{
	const struct debug_type *debug = type_at(types, die), *inside;
	const struct go_runtime *runtime = types->runtime;
	struct type_node *node;

	if (!debug) {
		node = type_node_new(types, GO_KIND_INVALID, "?", 0);
		node->type.die = die;
		return node;
	}
	node =
	    type_node_new(types, debug->kind, debug->name[0] ? debug->name : "?", size_of(debug));
	node->type.die = debug->offset;
	node->type.length = debug->count > 0 ? (uint64_t)debug->count : 0;
	node->elem_from = debug->elem;
	node->key_from = debug->key;
	node->inside = debug->inside;
	if (debug->runtime_type && runtime->modules.count)
		node->type.descriptor = runtime->modules.items[0].types + debug->runtime_type;
	if (node->type.kind == GO_KIND_INTERFACE) {
		inside = type_at(types, debug->inside);
		node->type.has_methods = inside && strcmp(inside->name, "runtime.iface") == 0;
	}
	return node;
}

bool type_fields_from_die(struct value_types *types, struct type_node *node)
{
	const struct debug_type *debug = type_at(types, node->type.die);

	if (!debug)
		return false;
	node->fields = arena_alloc(&types->arena, debug->member_count, sizeof(*node->fields));
	for (size_t i = 0; i < debug->member_count; i++) {
		const struct debug_member *member = &debug->members[i];
		const struct value_type *type = value_types_by_die(types, member->type);

		node->fields[i] = (struct value_type_field){
			.name = member->name ? member->name : "?",
			.type = type ? type : value_types_basic(types, GO_KIND_INVALID),
			.offset = member->offset,
			.embedded = member->embedded,
		};
	}
	node->field_count = debug->member_count;
	return true;
}

uint64_t type_die_named(struct value_types *types, const char *name)
{
	uint64_t die;
	bool ambiguous;

	if (spy_error_caught(debug_type_find(types->info, name, &die, &ambiguous)))
		return 0;
	return die;
}

/* ---- groups of maps ----------------------------------------------------------------------- */

static const struct debug_member *member_of(const struct debug_type *type, const char *name)
{
	for (size_t i = 0; type && i < type->member_count; i++)
		if (type->members[i].name && strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	return NULL;
}

static const struct debug_type *type_of_member(struct value_types *types,
					       const struct debug_type *type, const char *name)
{
	const struct debug_member *member = member_of(type, name);

	return member ? type_at(types, member->type) : NULL;
}

static const struct debug_type *elem_of(struct value_types *types, const struct debug_type *type)
{
	return type ? type_at(types, type->elem) : NULL;
}

/*
 * cmd/link/internal/ld/dwarf_swiss.go, since Go 1.26 dwarf.go: synthesizemaptypes. A map points to
 * "map<K,V>", whose dirPtr is a **table<K,V>, whose groups are a groupReference<K,V>, whose data is
 * a pointer to the group: { ctrl; slots [8]{ key, elem } }, or with GOEXPERIMENT=mapsplitgroup (Go
 * 1.27) { ctrl; keys [8]; elems [8] }.
 */
bool type_map_from_die(struct value_types *types, struct type_node *node)
{
	const struct debug_type *map = type_at(types, node->inside);
	const struct debug_type *directory = type_of_member(types, map, "dirPtr");
	const struct debug_type *table = elem_of(types, elem_of(types, directory));
	const struct debug_type *groups = type_of_member(types, table, "groups");
	const struct debug_type *group = elem_of(types, type_of_member(types, groups, "data"));
	const struct debug_member *slots = member_of(group, "slots");
	const struct debug_member *keys = member_of(group, "keys");
	const struct debug_member *elems = member_of(group, "elems");
	struct value_map_layout *ret = &node->map;

	if (!group || group->size < 0)
		return false;
	ret->group_bytes = (uint64_t)group->size;
	if (slots) {
		const struct debug_type *slot = elem_of(types, type_at(types, slots->type));
		const struct debug_member *key = member_of(slot, "key");
		const struct debug_member *elem = member_of(slot, "elem");

		if (!key || !elem || slot->size < 0)
			return false;
		ret->key_offset = slots->offset + key->offset;
		ret->elem_offset = slots->offset + elem->offset;
		ret->key_stride = ret->elem_stride = (uint64_t)slot->size;
		return true;
	}
	if (keys && elems) {
		const struct debug_type *key = elem_of(types, type_at(types, keys->type));
		const struct debug_type *elem = elem_of(types, type_at(types, elems->type));

		if (!key || !elem)
			return false;
		ret->key_offset = keys->offset;
		ret->elem_offset = elems->offset;
		ret->key_stride = size_of(key);
		ret->elem_stride = size_of(elem);
		return true;
	}
	return false;
}
