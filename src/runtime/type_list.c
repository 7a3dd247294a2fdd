/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/cursor.h"
#include "base/vector.h"
#include "runtime/type_records.h"

enum {
	WORD = 8,
	MODULES_MAX = 256,
	TYPES_MAX = 1 << 22,
	TYPES_SAMPLED = 16,
	METHOD_BYTES = 16, /* internal/abi/type.go: Method, four offsets of four bytes */
};

/* The types that are found, in the order of their finding; each once. */
struct walk {
	struct go_types *types;
	VECTOR(uint64_t) found;
	struct map seen;
	size_t limit; /* so many are enough */
	bool complete;
};

/* Only what lies among the program's own: a reference may lead to what reflect made. */
static void find(struct walk *walk, uint64_t address)
{
	bool seen;

	if (!address || !type_module_at(walk->types->runtime, address))
		return;
	(void)map_get(&walk->seen, address, &seen);
	if (seen)
		return;
	if (walk->found.count >= walk->limit) {
		walk->complete = false;
		return;
	}
	map_put(&walk->seen, address, 1);
	*vector_push(&walk->found) = address;
}

/* ---- from Go 1.27 on: descriptors in a row ----------------------------------------------------
 */

/* internal/abi/type.go: Type.DescriptorSize. 0 where there is no type. */
static uint64_t descriptor_bytes(const struct runtime_layout *layout, const struct go_type *type,
				 const struct type_record *record)
{
	static const enum layout_slot sizes[GO_KINDS] = {
		[GO_KIND_ARRAY] = SIZE_array_type, [GO_KIND_CHAN] = SIZE_chan_type,
		[GO_KIND_FUNC] = SIZE_func_type,   [GO_KIND_INTERFACE] = SIZE_interface_type,
		[GO_KIND_MAP] = SIZE_map_type,     [GO_KIND_POINTER] = SIZE_ptr_type,
		[GO_KIND_SLICE] = SIZE_slice_type, [GO_KIND_STRUCT] = SIZE_struct_type,
	};
	uint64_t bytes = layout_size(layout, sizes[type->kind] ? sizes[type->kind] : SIZE_type);

	if (!type->kind)
		return 0;
	if (record->tflag & TFLAG_UNCOMMON)
		bytes += layout_size(layout, SIZE_uncommon_type);
	bytes += ((uint64_t)type->in_count + type->out_count) * WORD;
	bytes += type->field_count * layout_size(layout, SIZE_struct_field);
	if (type->kind == GO_KIND_INTERFACE)
		bytes += type->method_count * layout_size(layout, SIZE_imethod);
	bytes += (uint64_t)record->declared_count * METHOD_BYTES;
	return bytes;
}

/* runtime/type.go: moduleTypelinks. cmd/link/internal/ld/data.go (dodataSect) lays out what reflect
 * must find; named types stand behind it, mixed with names. */
static void find_in_row(struct walk *walk, const struct go_module *module, uint64_t bytes)
{
	uint64_t end, at = module->types + WORD;

	if (bytes > module->etypes - module->types) {
		walk->complete = false;
		return;
	}
	end = module->types + bytes;
	while (at < end && walk->found.count < walk->limit) {
		const struct go_type *type = go_types_get(walk->types, at);
		uint64_t own = type ? descriptor_bytes(&walk->types->runtime->layout, type,
						       type_record_of(type))
				    : 0;

		if (!own) {
			walk->complete = false;
			return;
		}
		find(walk, at);
		at = (at + own + WORD - 1) & ~(uint64_t)(WORD - 1);
	}
}

static void find_in_itab(struct walk *walk, const uint8_t *itab)
{
	const struct runtime_layout *layout = &walk->types->runtime->layout;

	find(walk, layout_number(layout, FIELD_itab_inter, itab));
	find(walk, layout_number(layout, FIELD_itab_type, itab));
}

/* runtime/iface.go: addModuleItabs. */
static void find_in_itab_row(struct walk *walk, const struct go_module *module,
			     const uint8_t *moduledata)
{
	struct go_runtime *runtime = walk->types->runtime;
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t all = module->etypes - module->types;
	uint64_t offset = layout_number(layout, FIELD_md_itaboffset, moduledata);
	uint64_t bytes = layout_number(layout, FIELD_md_itabsize, moduledata), at = 0;
	size_t size = layout_size(layout, SIZE_itab);
	uint8_t *itab _cleanup_free_ = memory_new(size, 1);

	if (size < WORD || offset > all || bytes > all - offset) {
		walk->complete = false;
		return;
	}
	while (at < bytes) {
		const struct go_type *inter;

		if (spy_error_caught(
			target_read(runtime->target, module->types + offset + at, itab, size)))
			break;
		inter = go_types_get(walk->types, layout_number(layout, FIELD_itab_inter, itab));
		if (!inter || inter->kind != GO_KIND_INTERFACE || !inter->method_count)
			break;
		find_in_itab(walk, itab);
		/* internal/abi/iface.go: ITab.Size: the first method is part of the structure, and
		 * the only one where the type does not have them. */
		at += size;
		if (load_u64(itab + size - WORD))
			at += (uint64_t)(inter->method_count - 1) * WORD;
	}
	if (at < bytes)
		walk->complete = false;
}

/* ---- before: the lists that the linker made, and what they lead to ----------------------------
 */

/* The items of a slice in a moduledata; NULL if there are none. Freed by the caller. */
static uint8_t *read_list(struct walk *walk, const uint8_t *moduledata, enum layout_slot slot,
			  size_t item_bytes, size_t *count)
{
	struct go_runtime *runtime = walk->types->runtime;
	const uint8_t *slice = moduledata + layout_offset(&runtime->layout, slot);
	uint64_t length;
	uint8_t *items;

	*count = 0;
	if (!layout_has(&runtime->layout, slot))
		return NULL;
	length = load_u64(slice + WORD);
	if (length > TYPES_MAX) {
		walk->complete = false;
		return NULL;
	}
	items = memory_new(length, item_bytes);
	if (length && spy_error_caught(target_read(runtime->target, load_u64(slice), items,
						   length * item_bytes))) {
		walk->complete = false;
		length = 0;
	}
	*count = length;
	return items;
}

static void find_in_lists(struct walk *walk, const uint8_t *moduledata,
			  const struct go_module *module)
{
	struct go_runtime *runtime = walk->types->runtime;
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_itab), count, i;
	uint8_t *links _cleanup_free_ =
	    read_list(walk, moduledata, FIELD_md_typelinks, sizeof(uint32_t), &count);
	uint8_t *itabs _cleanup_free_ = NULL, *itab _cleanup_free_ = memory_new(size, 1);

	for (i = 0; i < count && walk->found.count < walk->limit; i++)
		find(walk, module->types + load_u32(links + i * sizeof(uint32_t)));
	itabs = read_list(walk, moduledata, FIELD_md_itablinks, WORD, &count);
	for (i = 0; i < count && size; i++) {
		if (spy_error_caught(
			target_read(runtime->target, load_u64(itabs + i * WORD), itab, size))) {
			walk->complete = false;
			continue;
		}
		find_in_itab(walk, itab);
	}
}

/* ---- what types lead to -----------------------------------------------------------------------
 */

static void find_references(struct walk *walk, const struct go_type *type)
{
	struct go_types *types = walk->types;
	const struct go_type_method *methods = NULL;
	const struct go_type_field *fields = NULL;
	const uint64_t *parameters = NULL;
	size_t i;

	find(walk, type->elem);
	find(walk, type->key);
	find(walk, type->pointer_to);
	if (type->kind == GO_KIND_STRUCT && !go_types_fields(types, type, &fields))
		walk->complete = false;
	for (i = 0; fields && i < type->field_count; i++)
		find(walk, fields[i].type);
	if (type->kind == GO_KIND_INTERFACE && !go_types_methods(types, type, &methods))
		walk->complete = false;
	for (i = 0; methods && i < type->method_count; i++)
		find(walk, methods[i].type);
	if (type->kind == GO_KIND_FUNC && !go_types_parameters(types, type, &parameters))
		walk->complete = false;
	for (i = 0; parameters && i < (size_t)type->in_count + type->out_count; i++)
		find(walk, parameters[i]);
}

/* ---- all modules ------------------------------------------------------------------------------
 */

static void find_in_module(struct walk *walk, const uint8_t *moduledata,
			   const struct go_module *module)
{
	const struct runtime_layout *layout = &walk->types->runtime->layout;

	if (!layout_has(layout, FIELD_md_typedesclen)) {
		find_in_lists(walk, moduledata, module);
		return;
	}
	find_in_row(walk, module, layout_number(layout, FIELD_md_typedesclen, moduledata));
	find_in_itab_row(walk, module, moduledata);
}

static void find_in_modules(struct walk *walk)
{
	struct go_runtime *runtime = walk->types->runtime;
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t address = runtime->globals[GLOBAL_firstmoduledata].address;
	size_t size = layout_size(layout, SIZE_moduledata), count;
	uint8_t *moduledata _cleanup_free_ = memory_new(size, 1);

	for (count = 0; address && size && count < MODULES_MAX; count++) {
		struct go_module module = { 0 };

		if (spy_error_caught(target_read(runtime->target, address, moduledata, size))) {
			walk->complete = false;
			return;
		}
		module.types = layout_number(layout, FIELD_md_types, moduledata);
		module.etypes = layout_number(layout, FIELD_md_etypes, moduledata);
		if (module.etypes < module.types)
			walk->complete = false;
		else
			find_in_module(walk, moduledata, &module);
		address = layout_number(layout, FIELD_md_next, moduledata);
	}
}

bool go_types_each(struct go_types *types, go_types_fn *callback, void *context)
{
	struct walk walk = { .types = types, .limit = TYPES_MAX, .complete = true };
	size_t i;

	find_in_modules(&walk);
	for (i = 0; i < walk.found.count; i++) {
		const struct go_type *type = go_types_get(types, walk.found.items[i]);

		if (!type) {
			walk.complete = false;
			continue;
		}
		if (!callback(context, type))
			break;
		find_references(&walk, type);
	}
	vector_free(&walk.found);
	map_free(&walk.seen);
	return walk.complete;
}

/* What the name of a type that was not declared begins with (reflect's Type.String()). */
static bool name_fits_kind(const struct go_type *type)
{
	static const char *const beginnings[GO_KINDS] = {
		[GO_KIND_ARRAY] = "[",
		[GO_KIND_FUNC] = "func(",
		[GO_KIND_INTERFACE] = "interface {",
		[GO_KIND_MAP] = "map[",
		[GO_KIND_POINTER] = "*",
		[GO_KIND_SLICE] = "[]",
		[GO_KIND_STRUCT] = "struct {",
	};
	const char *beginning = beginnings[type->kind];

	if (!type->name)
		return false;
	return type->named || !beginning || strncmp(type->name, beginning, strlen(beginning)) == 0;
}

bool go_types_fit(struct go_runtime *runtime)
{
	struct go_types *types _cleanup_(go_types_cleanup) = go_types_new(runtime);
	struct walk walk = { .types = types, .limit = TYPES_SAMPLED, .complete = true };
	bool fit;
	size_t i;

	find_in_modules(&walk);
	fit = walk.found.count > 0;
	for (i = 0; fit && i < walk.found.count; i++) {
		const struct go_type *type = go_types_get(types, walk.found.items[i]);

		fit = type && name_fits_kind(type);
	}
	vector_free(&walk.found);
	map_free(&walk.seen);
	return fit;
}

struct search {
	const char *name;
	const struct go_type *found;
};

static bool is_named(void *context, const struct go_type *type)
{
	struct search *search = context;

	if (type->name && strcmp(type->name, search->name) == 0)
		search->found = type;
	return !search->found;
}

const struct go_type *go_types_find(struct go_types *types, const char *name)
{
	struct search search = { .name = name };

	(void)go_types_each(types, is_named, &search);
	return search.found;
}
