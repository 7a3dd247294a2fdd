/* SPDX-License-Identifier: MIT */
#include "dwarf/go_types.h"

#include "dwarf/constants.h"
#include "dwarf/info.h"
#include "dwarf/names.h"

enum {
	TYPEDEFS_MAX = 64,     /* a named type is a typedef of its structure: one, or two */
	MEMBERS_MAX = 1 << 16, /* of a structure */
	KEPT_MEMBERS_MAX = 1 << 22,
	KEPT_TYPES_MAX = 1 << 20,
	POINTER_BYTES = 8, /* Go's DWARF does not say it */
	/* All types of a program together cost less than one reading of the section. */
	WORK_MAX = 1 << 30,
};

/* reflect.Kind, where the tag of a DIE says it and go_kind does not. */
enum {
	KIND_UINTPTR = 12,
	KIND_ARRAY = 17,
	KIND_CHAN = 18,
	KIND_FUNC = 19,
	KIND_INTERFACE = 20,
	KIND_MAP = 21,
	KIND_POINTER = 22,
	KIND_STRUCT = 25,
	KIND_UNSAFE_POINTER = 26,
};

void go_types_index_free(struct go_types_index *index)
{
	map_free(&index->types);
	map_free(&index->by_runtime_type);
	vector_free(&index->full);
	vector_free(&index->brief);
	arena_free(&index->arena);
}

/* The DIE of a type behind the typedefs that only give a name. A typedef that has a kind is itself
 * the type: what it refers to is how the runtime lays it out. */
static struct spy_error *walk_to_type(struct units *units, uint64_t offset, struct walk *walk,
				      struct die *die, int64_t *dictionary_index)
{
	unsigned i;

	*dictionary_index = -1;
	for (i = 0; i < TYPEDEFS_MAX; i++) {
		TRY(walk_to(units, offset, walk, die));
		if (die->tag != DW_TAG_TYPEDEF || die->go_kind || die->type == 0)
			return NULL;
		if (die->go_dict_index >= 0)
			*dictionary_index = die->go_dict_index;
		offset = die->type;
	}
	return units_corrupt("a chain of typedefs", offset);
}

static unsigned kind_of(const struct die *die)
{
	if (die->go_kind)
		return die->go_kind;
	switch (die->tag) {
	case DW_TAG_ARRAY_TYPE:
		return KIND_ARRAY;
	case DW_TAG_SUBROUTINE_TYPE:
		return KIND_FUNC;
	case DW_TAG_STRUCTURE_TYPE:
		return KIND_STRUCT;
	case DW_TAG_POINTER_TYPE:
		return die->type ? KIND_POINTER : KIND_UNSAFE_POINTER;
	default:
		return 0;
	}
}

/* Members of a structure; `walk` stands behind it. */
static struct spy_error *read_members(struct debug_info *info, struct walk *walk,
				      struct debug_type *type)
{
	VECTOR(struct debug_member) members = { 0 };
	struct spy_error *error = NULL;
	struct die die;
	bool more = true;

	while (!error && more) {
		error = walk_next(walk, &die, &more);
		if (error || !more || walk->depth != 1 || die.tag != DW_TAG_MEMBER)
			continue;
		if (members.count == MEMBERS_MAX) {
			error = units_corrupt("a structure of too many members", type->offset);
			continue;
		}
		*(struct debug_member *)vector_push(&members) =
		    (struct debug_member){ .name = die.name ? die.name : "",
					   .offset = die.member_location,
					   .type = die.type,
					   .embedded = die.embedded };
	}
	info->types.members_kept += members.count;
	if (!error && info->types.members_kept > KEPT_MEMBERS_MAX)
		error = units_corrupt("too many members", type->offset);
	if (!error && members.count) {
		struct debug_member *kept =
		    arena_alloc(&info->types.arena, members.count, sizeof(*kept));

		memcpy(kept, members.items, members.count * sizeof(*kept));
		type->members = kept;
		type->member_count = members.count;
	}
	vector_free(&members);
	return error;
}

static struct spy_error *read_count(struct walk *walk, struct debug_type *type)
{
	struct die die;
	bool more = true;

	while (more && type->count < 0) {
		TRY(walk_next(walk, &die, &more));
		if (more && walk->depth == 1 && die.tag == DW_TAG_SUBRANGE_TYPE)
			type->count = die.count;
	}
	return NULL;
}

/* The structure behind a map, a channel or an interface. */
static struct spy_error *read_inside(struct debug_info *info, uint64_t offset, bool pointed_to,
				     struct debug_type *type)
{
	int64_t dictionary_index;
	struct walk walk;
	struct die die;

	if (!offset)
		return NULL;
	TRY(walk_to_type(&info->units, offset, &walk, &die, &dictionary_index));
	if (pointed_to) {
		if (die.tag != DW_TAG_POINTER_TYPE || !die.type)
			return NULL;
		TRY(walk_to_type(&info->units, die.type, &walk, &die, &dictionary_index));
	}
	if (die.tag != DW_TAG_STRUCTURE_TYPE)
		return NULL;
	type->inside = die.offset;
	if (!pointed_to)
		type->size = die.byte_size;
	return NULL;
}

/* What its kind says of a type that is no structure and no array. */
static struct spy_error *read_by_kind(struct debug_info *info, const struct die *die,
				      struct debug_type *type)
{
	switch (type->kind) {
	case KIND_MAP:
	case KIND_CHAN:
		type->size = POINTER_BYTES;
		return read_inside(info, die->type, true, type);
	case KIND_INTERFACE:
		return read_inside(info, die->type, false, type);
	case KIND_FUNC:
	case KIND_UNSAFE_POINTER:
		type->size = POINTER_BYTES;
		break;
	case KIND_POINTER:
		type->size = POINTER_BYTES;
		type->elem = die->type;
		break;
	}
	return NULL;
}

static bool is_type(unsigned tag)
{
	switch (tag) {
	case DW_TAG_ARRAY_TYPE:
	case DW_TAG_BASE_TYPE:
	case DW_TAG_POINTER_TYPE:
	case DW_TAG_STRUCTURE_TYPE:
	case DW_TAG_SUBROUTINE_TYPE:
	case DW_TAG_TYPEDEF:
	case DW_TAG_UNSPECIFIED_TYPE:
		return true;
	default:
		return false;
	}
}

/* Up to Go 1.22 the linker, which makes that of uintptr itself, writes an address there. */
static uint64_t runtime_type_of(const struct die *die)
{
	static const char name[] = "uintptr";

	if (die->go_kind == KIND_UINTPTR && die->name_length == strlen(name) &&
	    memcmp(die->name, name, strlen(name)) == 0)
		return 0;
	return die->go_runtime_type;
}

static void set_name(struct debug_info *info, const struct die *die, struct debug_type *type)
{
	struct text text = { 0 };

	type->name = type->raw_name = die->name ? die->name : "";
	if (!memchr(type->raw_name, '%', die->name ? die->name_length : 0))
		return;
	name_add(&text, die->name, die->name_length, false);
	type->name = arena_bytes(&info->types.arena, text.bytes, text.length);
	text_free(&text);
}

static struct spy_error *read_type(struct debug_info *info, uint64_t offset, struct debug_type *ret)
{
	struct debug_type type = { .count = -1 };
	struct walk walk;
	struct die die;

	TRY(walk_to_type(&info->units, offset, &walk, &die, &type.dictionary_index));
	if (!is_type(die.tag))
		return units_corrupt("a reference to what is no type", offset);
	type.offset = die.offset;
	type.kind = kind_of(&die);
	type.size = die.byte_size;
	type.elem = die.go_elem;
	type.key = die.go_key;
	type.runtime_type = runtime_type_of(&die);
	set_name(info, &die, &type);
	if (die.tag == DW_TAG_STRUCTURE_TYPE) {
		TRY(read_members(info, &walk, &type));
	} else if (die.tag == DW_TAG_ARRAY_TYPE) {
		type.elem = die.type;
		TRY(read_count(&walk, &type));
	} else {
		TRY(read_by_kind(info, &die, &type));
	}
	*ret = type;
	return NULL;
}

struct spy_error *debug_type_get(struct debug_info *info, uint64_t offset,
				 const struct debug_type **ret)
{
	struct debug_type type, *kept;
	struct spy_error *error;
	uint64_t work;
	bool found;
	uint64_t known = map_get(&info->types.types, offset, &found);

	if (found && !known)
		return units_corrupt("a type", offset);
	if (found) {
		*ret = (const struct debug_type *)(uintptr_t)known;
		return NULL;
	}
	if (info->types.types.count >= KEPT_TYPES_MAX || info->types.work > WORK_MAX)
		return units_corrupt("too many types", offset);
	units_start(&info->units);
	work = info->units.work_left;
	error = read_type(info, offset, &type);
	info->types.work += work - info->units.work_left;
	if (error) {
		map_put(&info->types.types, offset, 0);
		return error;
	}
	kept = arena_alloc(&info->types.arena, 1, sizeof(*kept));
	*kept = type;
	map_put(&info->types.types, offset, (uintptr_t)kept);
	*ret = kept;
	return NULL;
}

/* ---- finding types ------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_of(const char *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)bytes[i]) * 0x100000001b3;
	return hash;
}

static uint64_t name_hash(const char *name, size_t length, bool brief, struct text *text)
{
	text->length = 0;
	name_add(text, name, length, brief);
	return hash_of(text->bytes, text->length);
}

static void add_type(struct go_types_index *index, const struct die *die, struct text *text)
{
	uint64_t runtime_type = runtime_type_of(die);
	struct type_name *name;
	bool found;

	if (runtime_type) {
		map_get(&index->by_runtime_type, runtime_type, &found);
		if (!found)
			map_put(&index->by_runtime_type, runtime_type, die->offset);
	}
	if (!die->name_length)
		return;
	name = vector_push(&index->full);
	name->type = die->offset;
	name->hash = name_hash(die->name, die->name_length, false, text);
	if (!memchr(die->name, '/', die->name_length))
		return;
	name = vector_push(&index->brief);
	name->type = die->offset;
	name->hash = name_hash(die->name, die->name_length, true, text);
}

/* Adds the types of a unit; *any tells that it has some. */
static struct spy_error *index_unit(struct debug_info *info, size_t unit, struct text *text,
				    bool *any)
{
	struct walk walk;
	struct die die;
	bool more = true;

	TRY(walk_start(&info->units, unit, info->units.list.items[unit].dies, &walk));
	for (;;) {
		TRY(walk_pass(&walk, 1));
		TRY(walk_next(&walk, &die, &more));
		if (!more)
			return NULL;
		if (walk.depth != 1 || !is_type(die.tag))
			continue;
		*any |= die.tag == DW_TAG_STRUCTURE_TYPE;
		add_type(&info->types, &die, text);
	}
}

/* All types stand in one unit: see debug_info.c. Where that one is not there (a plugin, whose
 * runtime is the program's), others are read. */
static struct spy_error *index_units(struct debug_info *info, struct text *text)
{
	unsigned pass;
	size_t i;

	for (pass = 0; pass < 2; pass++) {
		bool first = true, any = false, there = true;

		for (i = 0; !any; i++) {
			const struct unit *unit;
			bool may;

			TRY(units_at(&info->units, i, &there));
			if (!there)
				break;
			unit = &info->units.list.items[i];
			may = unit_may_have_types(unit, first);
			if (unit->is_go && may == (pass == 0))
				TRY(index_unit(info, i, text, &any));
			first &= !unit->is_go;
		}
		if (any)
			break;
	}
	return NULL;
}

static int compare_names(const void *left, const void *right)
{
	const struct type_name *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->type > b->type) - (a->type < b->type);
}

static struct spy_error *make_index(struct debug_info *info)
{
	struct go_types_index *index = &info->types;
	struct text text = { 0 };
	struct spy_error *error;

	units_start(&info->units);
	error = index_units(info, &text);
	text_free(&text);
	if (error) {
		vector_free(&index->full);
		vector_free(&index->brief);
		map_free(&index->by_runtime_type);
		return error;
	}
	if (index->full.count)
		qsort(index->full.items, index->full.count, sizeof(struct type_name),
		      compare_names);
	if (index->brief.count)
		qsort(index->brief.items, index->brief.count, sizeof(struct type_name),
		      compare_names);
	index->indexed = true;
	return NULL;
}

static size_t first_of(const struct type_names *names, uint64_t hash)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->items[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The type of a name that was normalised; *several where different ones have it. */
static void find_name(struct debug_info *info, const struct type_names *names,
		      const struct text *name, bool brief, uint64_t *type, bool *several)
{
	uint64_t hash = hash_of(name->bytes, name->length), found = 0;
	size_t i;

	*several = false;
	for (i = first_of(names, hash); i < names->count && names->items[i].hash == hash; i++) {
		const struct debug_type *candidate = NULL;
		struct text own = { 0 };
		bool same;

		if (spy_error_caught(debug_type_get(info, names->items[i].type, &candidate)) ||
		    !candidate)
			continue; /* that one is corrupt; it has no name */
		name_add(&own, candidate->raw_name, strlen(candidate->raw_name), brief);
		same =
		    own.length == name->length && memcmp(own.bytes, name->bytes, own.length) == 0;
		text_free(&own);
		if (!same)
			continue;
		*several |= found && found != candidate->offset;
		found = candidate->offset;
	}
	*type = *several ? 0 : found;
}

struct spy_error *debug_type_find(struct debug_info *info, const char *name, uint64_t *type,
				  bool *ambiguous)
{
	struct text wanted = { 0 };

	if (!info->types.indexed)
		TRY(make_index(info));
	*type = 0;
	*ambiguous = false;
	name_add(&wanted, name, strlen(name), false);
	if (wanted.length == 0)
		return NULL;
	find_name(info, &info->types.full, &wanted, false, type, ambiguous);
	if (!*type && !*ambiguous)
		find_name(info, &info->types.brief, &wanted, true, type, ambiguous);
	text_free(&wanted);
	return NULL;
}

struct spy_error *debug_type_of_descriptor(struct debug_info *info, uint64_t runtime_type,
					   uint64_t *type)
{
	bool found;

	if (!info->types.indexed)
		TRY(make_index(info));
	*type = map_get(&info->types.by_runtime_type, runtime_type, &found);
	return NULL;
}
