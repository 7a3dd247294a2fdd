/* SPDX-License-Identifier: MIT */
#include "values/meanings.h"
#include "values/type_nodes.h"

enum { WORD = 8, MAP_INLINE_BYTES_MAX = 128, MAP_SLOTS = 8 };

static const uint64_t type_size_max = 1ull << 50;

/* internal/abi/type.go: kindNames, as reflect spells them; and what a reader gets. A size of 0 is
 * told by the type. */
static const struct {
	const char *name;
	enum spy_value_kind kind;
	uint8_t size;
} kinds[GO_KINDS] = {
	[GO_KIND_INVALID] = { "invalid", SPY_VALUE_UNKNOWN, 0 },
	[GO_KIND_BOOL] = { "bool", SPY_VALUE_BOOL, 1 },
	[GO_KIND_INT] = { "int", SPY_VALUE_INT, 8 },
	[GO_KIND_INT8] = { "int8", SPY_VALUE_INT, 1 },
	[GO_KIND_INT16] = { "int16", SPY_VALUE_INT, 2 },
	[GO_KIND_INT32] = { "int32", SPY_VALUE_INT, 4 },
	[GO_KIND_INT64] = { "int64", SPY_VALUE_INT, 8 },
	[GO_KIND_UINT] = { "uint", SPY_VALUE_UINT, 8 },
	[GO_KIND_UINT8] = { "uint8", SPY_VALUE_UINT, 1 },
	[GO_KIND_UINT16] = { "uint16", SPY_VALUE_UINT, 2 },
	[GO_KIND_UINT32] = { "uint32", SPY_VALUE_UINT, 4 },
	[GO_KIND_UINT64] = { "uint64", SPY_VALUE_UINT, 8 },
	[GO_KIND_UINTPTR] = { "uintptr", SPY_VALUE_UINT, 8 },
	[GO_KIND_FLOAT32] = { "float32", SPY_VALUE_FLOAT, 4 },
	[GO_KIND_FLOAT64] = { "float64", SPY_VALUE_FLOAT, 8 },
	[GO_KIND_COMPLEX64] = { "complex64", SPY_VALUE_COMPLEX, 8 },
	[GO_KIND_COMPLEX128] = { "complex128", SPY_VALUE_COMPLEX, 16 },
	[GO_KIND_ARRAY] = { "array", SPY_VALUE_ARRAY, 0 },
	[GO_KIND_CHAN] = { "chan", SPY_VALUE_CHAN, 8 },
	[GO_KIND_FUNC] = { "func", SPY_VALUE_FUNC, 8 },
	[GO_KIND_INTERFACE] = { "interface", SPY_VALUE_INTERFACE, 16 },
	[GO_KIND_MAP] = { "map", SPY_VALUE_MAP, 8 },
	[GO_KIND_POINTER] = { "ptr", SPY_VALUE_POINTER, 8 },
	[GO_KIND_SLICE] = { "slice", SPY_VALUE_SLICE, 24 },
	[GO_KIND_STRING] = { "string", SPY_VALUE_STRING, 16 },
	[GO_KIND_STRUCT] = { "struct", SPY_VALUE_STRUCT, 0 },
	[GO_KIND_UNSAFE_POINTER] = { "unsafe.Pointer", SPY_VALUE_UNSAFE_POINTER, 8 },
};

struct value_types *value_types_new(struct go_runtime *runtime, struct debug_info *info)
{
	struct value_types *types = memory_zeroed(1, sizeof(*types));

	types->runtime = runtime;
	types->info = info;
	types->descriptors = go_types_new(runtime);
	return types;
}

void value_types_free(struct value_types *types)
{
	if (!types)
		return;
	go_types_free(types->descriptors);
	map_free(&types->by_die);
	map_free(&types->by_descriptor);
	map_free(&types->pointers);
	map_free(&types->slices);
	arena_free(&types->arena);
	free(types);
}

struct type_node *type_node_new(struct value_types *types, enum go_kind kind, const char *name,
				uint64_t size)
{
	struct type_node *node = arena_alloc(&types->arena, 1, sizeof(*node));

	if (kind >= GO_KINDS || size > type_size_max ||
	    (kinds[kind].size && size != kinds[kind].size))
		kind = GO_KIND_INVALID;
	node->type.kind = kind;
	node->type.size = kind == GO_KIND_INVALID ? 0 : size;
	node->type.told =
	    (struct spy_type){ .name = name,
			       .kind_name = kinds[kind].name,
			       .kind = kinds[kind].kind,
			       .size_bytes =
				   kind == GO_KIND_INVALID ? SPY_UNKNOWN : (int64_t)size };
	if (kind != GO_KIND_INVALID)
		node->type.meaning = value_meaning_of(name, kind);
	return node;
}

static const struct value_type *known(const struct map *map, uint64_t key, bool *found)
{
	return (const struct value_type *)(uintptr_t)map_get(map, key, found);
}

static void remember(struct map *map, uint64_t key, const struct value_type *type)
{
	map_put(map, key, (uint64_t)(uintptr_t)type);
}

/* Whether DWARF's name and that of a descriptor may be of one type: "*example.com/app.T", "*app.T".
 */
static bool same_type_name(const char *full, const char *brief)
{
	size_t i = strlen(full), j = strlen(brief);

	while (i && j && full[i - 1] == brief[j - 1]) {
		i--;
		j--;
	}
	return (!i && !j) || (i && full[i - 1] == '/');
}

/* DWARF says where the descriptor of a type lies: it is believed if it is there. */
static void pair_with_descriptor(struct value_types *types, struct type_node *node)
{
	struct value_type *type = &node->type;
	const struct go_type *go = value_types_descriptor(types, type->descriptor);
	bool found;

	if (!go || go->kind != type->kind || go->size != type->size || !go->name ||
	    !same_type_name(type->told.name, go->name)) {
		type->descriptor = 0;
		return;
	}
	known(&types->by_descriptor, type->descriptor, &found);
	if (!found)
		remember(&types->by_descriptor, type->descriptor, type);
}

const struct value_type *value_types_by_die(struct value_types *types, uint64_t die)
{
	const struct value_type *type;
	struct type_node *node;
	bool found;

	if (!die || !types->info)
		return NULL;
	type = known(&types->by_die, die, &found);
	if (found)
		return type;
	node = type_node_from_die(types, die);
	/* A typedef and what it stands for are one type. */
	type = known(&types->by_die, node->type.die, &found);
	if (!found) {
		type = &node->type;
		remember(&types->by_die, type->die, type);
		if (type->descriptor)
			pair_with_descriptor(types, node);
	}
	if (die != type->die)
		remember(&types->by_die, die, type);
	return type;
}

const struct value_type *value_types_by_descriptor(struct value_types *types, uint64_t address)
{
	const struct value_type *type;
	struct type_node *node;
	bool found;

	if (!address)
		return NULL;
	type = known(&types->by_descriptor, address, &found);
	if (found)
		return type;
	node = type_node_from_descriptor(types, address);
	type = node ? &node->type : NULL;
	remember(&types->by_descriptor, address, type);
	return type;
}

const struct go_type *value_types_descriptor(struct value_types *types, uint64_t address)
{
	return address ? go_types_get(types->descriptors, address) : NULL;
}

/* `name` without the directories of its import paths: "*example.com/app.T" → "*app.T". */
static bool same_but_for_directories(const char *name, const char *brief)
{
	const char *slash = strrchr(name, '/'), *start = name;
	size_t prefix;

	if (strcmp(name, brief) == 0)
		return true;
	if (!slash || strpbrk(name, "[{("))
		return false;
	start += strspn(name, "*");
	prefix = (size_t)(start - name);
	return strncmp(name, brief, prefix) == 0 && strcmp(slash + 1, brief + prefix) == 0;
}

bool value_type_is_named(const struct value_type *type, const char *name)
{
	const struct type_node *node = node_of(type);

	return same_but_for_directories(type->told.name, name) ||
	       (node->go && node->go->name && strcmp(node->go->name, name) == 0);
}

const struct value_type *value_types_named(struct value_types *types, const char *name)
{
	uint64_t die = types->info ? type_die_named(types, name) : 0;
	const struct value_type *elem;
	const struct go_type *go;

	if (die)
		return value_types_by_die(types, die);
	for (enum go_kind kind = GO_KIND_BOOL; kind < GO_KINDS; kind++)
		if (kinds[kind].size && strcmp(kinds[kind].name, name) == 0 &&
		    (kind <= GO_KIND_COMPLEX128 || kind == GO_KIND_STRING))
			return value_types_basic(types, kind);
	go = go_types_find(types->descriptors, name);
	if (go)
		return value_types_by_descriptor(types, go->address);
	/* DWARF has no pointers that the program does not use. */
	elem = name[0] == '*' ? value_types_named(types, name + 1) : NULL;
	return elem ? value_types_pointer_to(types, elem) : NULL;
}

/* ---- made up ------------------------------------------------------------------------------ */

static const struct value_type *made_of(struct value_types *types, struct map *map,
					enum go_kind kind, const char *prefix,
					const struct value_type *elem)
{
	const struct value_type *type;
	struct type_node *node;
	bool found;

	type = known(map, (uint64_t)(uintptr_t)elem, &found);
	if (found)
		return type;
	node =
	    type_node_new(types, kind, arena_printf(&types->arena, "%s%s", prefix, elem->told.name),
			  kinds[kind].size);
	node->elem = elem;
	remember(map, (uint64_t)(uintptr_t)elem, &node->type);
	return &node->type;
}

const struct value_type *value_types_pointer_to(struct value_types *types,
						const struct value_type *elem)
{
	return made_of(types, &types->pointers, GO_KIND_POINTER, "*", elem);
}

const struct value_type *value_types_slice_of(struct value_types *types,
					      const struct value_type *elem)
{
	return made_of(types, &types->slices, GO_KIND_SLICE, "[]", elem);
}

const struct value_type *value_types_basic(struct value_types *types, enum go_kind kind)
{
	if (!types->basic[kind])
		types->basic[kind] =
		    &type_node_new(types, kind, kinds[kind].name, kinds[kind].size)->type;
	return types->basic[kind];
}

/* ---- what a type is made of --------------------------------------------------------------- */

static const struct value_type *part_of(struct value_types *types, const struct type_node *node,
					uint64_t from)
{
	const struct value_type *part =
	    node->go ? value_types_by_descriptor(types, from) : value_types_by_die(types, from);

	return part ? part : value_types_basic(types, GO_KIND_INVALID);
}

const struct value_type *value_type_elem(struct value_types *types, const struct value_type *type)
{
	struct type_node *node = node_of(type);

	switch (type->kind) {
	case GO_KIND_ARRAY:
	case GO_KIND_CHAN:
	case GO_KIND_MAP:
	case GO_KIND_POINTER:
	case GO_KIND_SLICE:
		if (!node->elem)
			node->elem = part_of(types, node, node->elem_from);
		return node->elem;
	case GO_KIND_STRING:
		return value_types_basic(types, GO_KIND_UINT8);
	default:
		return NULL;
	}
}

const struct value_type *value_type_key(struct value_types *types, const struct value_type *type)
{
	struct type_node *node = node_of(type);

	if (type->kind != GO_KIND_MAP)
		return NULL;
	if (!node->key)
		node->key = part_of(types, node, node->key_from);
	return node->key;
}

bool value_type_fields(struct value_types *types, const struct value_type *type,
		       const struct value_type_field **ret, size_t *count)
{
	struct type_node *node = node_of(type);

	*ret = NULL;
	*count = 0;
	if (type->kind != GO_KIND_STRUCT)
		return true;
	if (!node->fields_known) {
		node->fields_known = true;
		node->fields_failed = node->go ? !type_fields_from_descriptor(types, node)
					       : !type_fields_from_die(types, node);
		for (size_t i = 0; i < node->field_count && !node->fields_failed; i++) {
			const struct value_type_field *field = &node->fields[i];

			/* A struct that reaches beyond itself, or holds itself. */
			if (field->offset > type->size ||
			    field->type->size > type->size - field->offset ||
			    (field->type == type && type->size))
				node->fields_failed = true;
		}
	}
	*ret = node->fields;
	*count = node->field_count;
	return !node->fields_failed;
}

/* The buckets of runtime/map.go, up to Go 1.23: eight hashes, keys, elements, and a pointer to the
 * next; without gaps, since there are eight of each. */
static void bucket_layout(const struct value_type *key, const struct value_type *elem,
			  struct value_map_layout *ret)
{
	ret->key_stride = ret->key_is_pointer ? WORD : key->size;
	ret->elem_stride = ret->elem_is_pointer ? WORD : elem->size;
	ret->key_offset = MAP_SLOTS;
	ret->elem_offset = ret->key_offset + MAP_SLOTS * ret->key_stride;
	ret->group_bytes = ret->elem_offset + MAP_SLOTS * ret->elem_stride + WORD;
	ret->known = true;
}

static bool fits_group(const struct value_map_layout *map, uint64_t offset, uint64_t stride,
		       uint64_t size)
{
	/* Of what a compiler makes a group has at most 8 + 8 * (128 + 128) bytes and some padding.
	 */
	enum { GROUP_BYTES_MAX = 4096 };

	return map->group_bytes <= GROUP_BYTES_MAX && stride <= map->group_bytes &&
	       stride >= size && offset >= MAP_SLOTS && offset <= map->group_bytes &&
	       (MAP_SLOTS - 1) * stride + size <= map->group_bytes - offset;
}

const struct value_map_layout *value_type_map_layout(struct value_types *types,
						     const struct value_type *type)
{
	const struct value_type *key = value_type_key(types, type);
	const struct value_type *elem = value_type_elem(types, type);
	struct type_node *node = node_of(type);
	struct value_map_layout *map = &node->map;

	if (node->map_known || !key)
		return map;
	node->map_known = true;
	if (key->kind == GO_KIND_INVALID || elem->kind == GO_KIND_INVALID)
		return map;
	/* internal/abi/map.go: MapMaxKeyBytes, MapMaxElemBytes; runtime/map.go: maxKeySize; all
	 * versions. */
	map->key_is_pointer = key->size > MAP_INLINE_BYTES_MAX;
	map->elem_is_pointer = elem->size > MAP_INLINE_BYTES_MAX;
	if (layout_has(&types->runtime->layout, FIELD_hmap_buckets)) {
		bucket_layout(key, elem, map);
		return map;
	}
	map->known = node->inside ? type_map_from_die(types, node) : false;
	if (!map->known && type->descriptor)
		map->known = type_map_from_descriptor(types, node);
	map->known = map->known &&
		     fits_group(map, map->key_offset, map->key_stride,
				map->key_is_pointer ? WORD : key->size) &&
		     fits_group(map, map->elem_offset, map->elem_stride,
				map->elem_is_pointer ? WORD : elem->size);
	return map;
}
