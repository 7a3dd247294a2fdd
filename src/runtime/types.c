/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "runtime/type_records.h"

enum {
	DESCRIPTOR_BYTES_MAX = 256,
	RECORDS_MAX = 1 << 22,
	WORD = 8,
	VARIADIC = 1 << 15, /* internal/abi/type.go: FuncType.OutCount */
};

/* Of one runtime, in all; the largest programs have some hundred thousand types. */
static const size_t arena_bytes_max = 1ull << 30;
/* cmd/compile/internal/types: MaxWidth; the runtime itself casts to arrays as large as that. */
static const uint64_t type_size_max = 1ull << 50;

struct go_types *go_types_new(struct go_runtime *runtime)
{
	struct go_types *types = memory_zeroed(1, sizeof(*types));

	types->runtime = runtime;
	return types;
}

void go_types_free(struct go_types *types)
{
	if (!types)
		return;
	map_free(&types->records);
	arena_free(&types->arena);
	free(types);
}

const struct go_module *type_module_at(const struct go_runtime *runtime, uint64_t address)
{
	size_t i;

	for (i = 0; i < runtime->modules.count; i++) {
		const struct go_module *module = &runtime->modules.items[i];

		if (address >= module->types && address < module->etypes)
			return module;
	}
	return NULL;
}

const uint8_t *type_bytes_at(struct go_runtime *runtime, uint64_t address, size_t size,
			     void *buffer)
{
	size_t available;
	const uint8_t *bytes = NULL;

	if (runtime->program.binary && type_module_at(runtime, address))
		bytes = program_at(&runtime->program, address, &available);
	if (bytes && available >= size)
		return bytes;
	if (spy_error_caught(target_read(runtime->target, address, buffer, size)))
		return NULL;
	return buffer;
}

uint64_t type_offset_at(const struct go_runtime *runtime, uint64_t from, uint64_t offset)
{
	const struct go_module *module = type_module_at(runtime, from);
	int32_t number = (int32_t)(uint32_t)offset;

	/* runtime/type.go: resolveNameOff, resolveTypeOff. Offsets of types that reflect made are
	 * negative, and keys of a map of the runtime. */
	if (!module || number <= 0 || (uint64_t)number >= module->etypes - module->types)
		return 0;
	return module->types + (uint64_t)number;
}

/* The size of a descriptor by its kind, without what follows it. */
static enum layout_slot size_slot_of(unsigned kind)
{
	switch (kind) {
	case GO_KIND_ARRAY:
		return SIZE_array_type;
	case GO_KIND_CHAN:
		return SIZE_chan_type;
	case GO_KIND_FUNC:
		return SIZE_func_type;
	case GO_KIND_INTERFACE:
		return SIZE_interface_type;
	case GO_KIND_MAP:
		return SIZE_map_type;
	case GO_KIND_POINTER:
		return SIZE_ptr_type;
	case GO_KIND_SLICE:
		return SIZE_slice_type;
	case GO_KIND_STRUCT:
		return SIZE_struct_type;
	default:
		return SIZE_type;
	}
}

/* A slice of fields or methods: 0 items where the count is not to be believed. */
static bool read_slice(const struct runtime_layout *layout, enum layout_slot slot,
		       const uint8_t *bytes, uint64_t *items, uint32_t *count)
{
	uint64_t length;

	if (!layout_has(layout, slot) || layout_size(layout, slot) < (size_t)2 * WORD)
		return false;
	length = load_u64(bytes + layout_offset(layout, slot) + WORD);
	if (length > TYPE_ITEMS_MAX)
		return false;
	*items = load_u64(bytes + layout_offset(layout, slot));
	*count = (uint32_t)length;
	return true;
}

/* What the kind adds to every descriptor. */
static bool read_kind(const struct runtime_layout *layout, const uint8_t *bytes, size_t size,
		      struct type_record *record)
{
	struct go_type *type = &record->type;
	uint64_t results;

	switch (type->kind) {
	case GO_KIND_ARRAY:
		type->elem = layout_number(layout, FIELD_array_type_elem, bytes);
		type->length = layout_number(layout, FIELD_array_type_len, bytes);
		return true;
	case GO_KIND_CHAN:
		type->elem = layout_number(layout, FIELD_chan_type_elem, bytes);
		type->direction = layout_number(layout, FIELD_chan_type_dir, bytes) &
				  (GO_CHAN_RECEIVES | GO_CHAN_SENDS);
		return true;
	case GO_KIND_FUNC:
		results = layout_number(layout, FIELD_func_type_out_count, bytes);
		type->in_count = (uint32_t)layout_number(layout, FIELD_func_type_in_count, bytes);
		type->out_count = (uint32_t)results & (VARIADIC - 1);
		type->variadic = results & VARIADIC;
		record->items = type->address + size;
		if (record->tflag & TFLAG_UNCOMMON)
			record->items += layout_size(layout, SIZE_uncommon_type);
		return true;
	case GO_KIND_INTERFACE:
		return read_slice(layout, FIELD_interface_type_methods, bytes, &record->items,
				  &type->method_count);
	case GO_KIND_MAP:
		type->key = layout_number(layout, FIELD_map_type_key, bytes);
		type->elem = layout_number(layout, FIELD_map_type_elem, bytes);
		return true;
	case GO_KIND_POINTER:
		type->elem = layout_number(layout, FIELD_ptr_type_elem, bytes);
		return true;
	case GO_KIND_SLICE:
		type->elem = layout_number(layout, FIELD_slice_type_elem, bytes);
		return true;
	case GO_KIND_STRUCT:
		return read_slice(layout, FIELD_struct_type_fields, bytes, &record->items,
				  &type->field_count);
	default:
		return true;
	}
}

/* What every descriptor begins with. False if it cannot be one. */
static bool read_head(const struct runtime_layout *layout, const uint8_t *bytes,
		      struct type_record *record)
{
	struct go_type *type = &record->type;

	record->tflag = (uint8_t)layout_number(layout, FIELD_type_tflag, bytes);
	record->kind_bits = (uint8_t)layout_number(layout, FIELD_type_kind, bytes);
	record->gcdata = layout_number(layout, FIELD_type_gcdata, bytes);
	type->kind = record->kind_bits & KIND_MASK;
	type->size = layout_number(layout, FIELD_type_size, bytes);
	type->pointer_bytes = layout_number(layout, FIELD_type_ptrdata, bytes);
	type->hash = (uint32_t)layout_number(layout, FIELD_type_hash, bytes);
	type->named = record->tflag & TFLAG_NAMED;
	type->direct = record->kind_bits & KIND_DIRECT_IFACE || record->tflag & TFLAG_DIRECT_IFACE;
	return type->kind < GO_KINDS && type->size <= type_size_max &&
	       type->pointer_bytes <= type->size && type->pointer_bytes % WORD == 0;
}

/* Package and methods of a type that has such (internal/abi/type.go: Type.Uncommon). */
static void read_uncommon(struct go_types *types, size_t size, struct type_record *record)
{
	struct go_runtime *runtime = types->runtime;
	const struct runtime_layout *layout = &runtime->layout;
	struct go_type *type = &record->type;
	uint8_t buffer[DESCRIPTOR_BYTES_MAX];
	size_t own = layout_size(layout, SIZE_uncommon_type);
	const uint8_t *bytes;
	struct type_name name;
	uint64_t path;

	if (!(record->tflag & TFLAG_UNCOMMON) || !own || own > sizeof(buffer))
		return;
	bytes = type_bytes_at(runtime, type->address + size, own, buffer);
	if (!bytes)
		return;
	record->declared_count = (uint16_t)layout_number(layout, FIELD_uncommon_type_mcount, bytes);
	if (type->kind != GO_KIND_INTERFACE)
		type->method_count = record->declared_count;
	path = layout_number(layout, FIELD_uncommon_type_pkg_path, bytes);
	path = type_offset_at(runtime, type->address, path);
	if (type->named && path && type_name_at(runtime, path, false, &types->arena, &name))
		type->package = name.text;
}

static bool read_record(struct go_types *types, struct type_record *record)
{
	struct go_runtime *runtime = types->runtime;
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t address = record->type.address;
	uint8_t buffer[DESCRIPTOR_BYTES_MAX];
	size_t head = layout_size(layout, SIZE_type), size;
	const uint8_t *bytes;

	if (!head || head > sizeof(buffer))
		return false;
	bytes = type_bytes_at(runtime, address, head, buffer);
	if (!bytes || !read_head(layout, bytes, record))
		return false;
	size = layout_size(layout, size_slot_of(record->type.kind));
	if (size < head || size > sizeof(buffer))
		return false;
	bytes = type_bytes_at(runtime, address, size, buffer);
	if (!bytes || !read_kind(layout, bytes, size, record))
		return false;
	record->type.pointer_to =
	    type_offset_at(runtime, address, layout_number(layout, FIELD_type_ptr_to_this, bytes));
	read_uncommon(types, size, record);
	return true;
}

static const char *read_name(struct go_types *types, const struct type_record *record,
			     unsigned depth)
{
	if (type_module_at(types->runtime, record->type.address))
		return go_type_name(types->runtime, record->type.address, &types->arena);
	return type_name_composed(types, record, depth);
}

struct type_record *type_record_get(struct go_types *types, uint64_t address, unsigned depth)
{
	bool found;
	struct type_record *record =
	    (struct type_record *)(uintptr_t)map_get(&types->records, address, &found);

	if (found || !address || address % WORD != 0 || depth > TYPE_DEPTH_MAX ||
	    types->records.count >= RECORDS_MAX || types->arena.total_bytes > arena_bytes_max)
		return record;
	record = arena_alloc(&types->arena, 1, sizeof(*record));
	record->type = (struct go_type){ .address = address, .package = "" };
	if (!read_record(types, record))
		record = NULL;
	/* Before the name, which may be put together from those of others: a type that leads back
	 * to itself finds itself without one. */
	map_put(&types->records, address, (uintptr_t)record);
	if (record)
		record->type.name = read_name(types, record, depth);
	return record;
}

const struct go_type *go_types_get(struct go_types *types, uint64_t address)
{
	struct type_record *record = type_record_get(types, address, 0);

	return record ? &record->type : NULL;
}

static void read_field(struct go_types *types, const uint8_t *bytes, struct go_type_field *ret)
{
	const struct runtime_layout *layout = &types->runtime->layout;
	uint64_t offset_anon = layout_number(layout, FIELD_struct_field_offset_anon, bytes);
	struct type_name name = { .tag = "" };

	(void)type_name_at(types->runtime, layout_number(layout, FIELD_struct_field_name, bytes),
			   false, &types->arena, &name);
	*ret = (struct go_type_field){
		.name = name.text,
		.tag = name.tag,
		.type = layout_number(layout, FIELD_struct_field_type, bytes),
		.offset = layout_number(layout, FIELD_struct_field_offset, bytes),
		.exported = name.exported,
		.embedded = name.embedded,
	};
	/* runtime/type.go: structfield.offset(), up to Go 1.18. */
	if (layout_has(layout, FIELD_struct_field_offset_anon)) {
		ret->offset = offset_anon >> 1;
		ret->embedded = offset_anon & 1;
	}
}

/* The bytes of all fields, methods or parameters; NULL if they cannot be read. *copy is freed by
 * the caller. */
static const uint8_t *read_items(struct go_types *types, const struct type_record *record,
				 size_t count, size_t size, uint8_t **copy)
{
	if (!size || size > DESCRIPTOR_BYTES_MAX || types->arena.total_bytes > arena_bytes_max)
		return NULL;
	*copy = memory_new(count, size);
	return type_bytes_at(types->runtime, record->items, count * size, *copy);
}

bool go_types_fields(struct go_types *types, const struct go_type *type,
		     const struct go_type_field **ret)
{
	struct type_record *record = type_record_of(type);
	size_t size = layout_size(&types->runtime->layout, SIZE_struct_field), i;
	uint8_t *copy _cleanup_free_ = NULL;
	const uint8_t *bytes;

	if (type->kind != GO_KIND_STRUCT)
		return false;
	if (type->field_count && !record->fields) {
		bytes = read_items(types, record, type->field_count, size, &copy);
		if (!bytes)
			return false;
		record->fields =
		    arena_alloc(&types->arena, type->field_count, sizeof(*record->fields));
		for (i = 0; i < type->field_count; i++)
			read_field(types, bytes + i * size, &record->fields[i]);
	}
	*ret = record->fields;
	return true;
}

bool go_types_methods(struct go_types *types, const struct go_type *type,
		      const struct go_type_method **ret)
{
	struct go_runtime *runtime = types->runtime;
	const struct runtime_layout *layout = &runtime->layout;
	struct type_record *record = type_record_of(type);
	size_t size = layout_size(layout, SIZE_imethod), i;
	uint8_t *copy _cleanup_free_ = NULL;
	const uint8_t *bytes;

	if (type->kind != GO_KIND_INTERFACE)
		return false;
	if (type->method_count && !record->methods) {
		bytes = read_items(types, record, type->method_count, size, &copy);
		if (!bytes)
			return false;
		record->methods =
		    arena_alloc(&types->arena, type->method_count, sizeof(*record->methods));
		for (i = 0; i < type->method_count; i++, bytes += size) {
			uint64_t at = layout_number(layout, FIELD_imethod_name, bytes);
			struct type_name name = { 0 };

			/* Offsets within the module that has the methods: a plugin's copy of a type
			 * shares those of the program. */
			at = type_offset_at(runtime, record->items, at);
			(void)(at && type_name_at(runtime, at, false, &types->arena, &name));
			at = layout_number(layout, FIELD_imethod_type, bytes);
			record->methods[i] = (struct go_type_method){
				.name = name.text,
				.type = type_offset_at(runtime, record->items, at),
				.exported = name.exported,
			};
		}
	}
	*ret = record->methods;
	return true;
}

bool go_types_parameters(struct go_types *types, const struct go_type *type, const uint64_t **ret)
{
	struct type_record *record = type_record_of(type);
	size_t count = (size_t)type->in_count + type->out_count;
	uint8_t *copy _cleanup_free_ = NULL;
	const uint8_t *bytes;

	if (type->kind != GO_KIND_FUNC)
		return false;
	if (count && !record->parameters) {
		bytes = read_items(types, record, count, WORD, &copy);
		if (!bytes)
			return false;
		record->parameters = arena_alloc(&types->arena, count, WORD);
		memcpy(record->parameters, bytes, count * WORD);
	}
	*ret = record->parameters;
	return true;
}

bool go_types_interface(struct go_types *types, const void *words, bool has_methods,
			struct go_interface *ret)
{
	const struct runtime_layout *layout = &types->runtime->layout;
	struct go_interface value = { .type = load_u64(words),
				      .data = load_u64((const uint8_t *)words + WORD) };
	uint8_t itab[DESCRIPTOR_BYTES_MAX];
	size_t size = layout_size(layout, SIZE_itab);

	if (has_methods && value.type) {
		if (!size || size > sizeof(itab) || !layout_has(layout, FIELD_itab_type) ||
		    spy_error_caught(target_read(types->runtime->target, value.type, itab, size)))
			return false;
		value.type = layout_number(layout, FIELD_itab_type, itab);
	}
	*ret = value;
	return true;
}
