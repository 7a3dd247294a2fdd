/* SPDX-License-Identifier: MIT
 *
 * Type descriptors in a made-up memory, as no compiler makes them.
 */
#include "runtime/types.h"

#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

/* The memory: descriptors and names of a module, its moduledata, and what stands for the heap. */
enum {
	BASE = 0x100000,
	MODULE_END = BASE + 0x4000,
	MODULEDATA = BASE + 0x4000,
	HEAP = BASE + 0x5000,
	BYTES = 0x20000,
	END = BASE + BYTES,
};

static struct {
	struct target target;
	uint8_t bytes[BYTES];
	struct go_runtime runtime;
	struct go_types *types;
} fake;

static struct spy_error *fake_read(struct target *target, uint64_t address, void *buffer,
				   size_t size)
{
	(void)target;
	if (address < BASE || address > END || size > END - address)
		return spy_error_fault(address, size);
	memcpy(buffer, fake.bytes + (address - BASE), size);
	return NULL;
}

static const struct target_ops fake_ops = { .read = fake_read };

static void put(uint64_t address, uint64_t value, size_t size)
{
	memcpy(fake.bytes + (address - BASE), &value, size);
}

static void put_field(uint64_t structure, enum layout_slot slot, uint64_t value)
{
	const struct layout_field *field = &fake.runtime.layout.fields[slot];

	if (field->offset >= 0)
		put(structure + (uint64_t)field->offset, value,
		    field->size > 8 ? 8 : (size_t)field->size);
}

static void begin(const char *version)
{
	struct go_runtime *runtime = &fake.runtime;

	memset(&fake, 0, sizeof(fake));
	fake.target.ops = &fake_ops;
	runtime->target = &fake.target;
	ck_assert(layout_from_table(version, &runtime->layout));
	runtime->globals[GLOBAL_firstmoduledata].address = MODULEDATA;
	*vector_push(&runtime->modules) = (struct go_module){ .types = BASE, .etypes = MODULE_END };
	put_field(MODULEDATA, FIELD_md_types, BASE);
	put_field(MODULEDATA, FIELD_md_etypes, MODULE_END);
	fake.types = go_types_new(runtime);
}

static void finish(void)
{
	go_types_free(fake.types);
	vector_free(&fake.runtime.modules);
	fake.types = NULL;
}

/* Forgets what was read, so that the memory is looked at anew. */
static void again(void)
{
	go_types_free(fake.types);
	fake.types = go_types_new(&fake.runtime);
}

static uint64_t put_type(uint64_t at, enum go_kind kind, uint64_t size, uint64_t pointer_bytes)
{
	put_field(at, FIELD_type_size, size);
	put_field(at, FIELD_type_ptrdata, pointer_bytes);
	put_field(at, FIELD_type_kind, kind);
	put_field(at, FIELD_type_hash, 1);
	return at;
}

static uint64_t put_pointer(uint64_t at, uint64_t elem)
{
	put_type(at, GO_KIND_POINTER, 8, 8);
	put_field(at, FIELD_ptr_type_elem, elem);
	return at;
}

/* A slice of a descriptor: its items and their number. */
static void put_items(uint64_t at, enum layout_slot slot, uint64_t items, uint64_t count)
{
	uint64_t header = at + layout_offset(&fake.runtime.layout, slot);

	put(header, items, 8);
	put(header + 8, count, 8);
}

static uint64_t put_struct(uint64_t at, uint64_t size, uint64_t fields, uint64_t count)
{
	put_type(at, GO_KIND_STRUCT, size, size);
	put_items(at, FIELD_struct_type_fields, fields, count);
	return at;
}

static void put_struct_field(uint64_t at, uint64_t type, uint64_t offset)
{
	put_field(at, FIELD_struct_field_type, type);
	put_field(at, FIELD_struct_field_offset, offset);
	put_field(at, FIELD_struct_field_offset_anon, offset << 1);
}

static void put_text(uint64_t at, const char *head, size_t head_size, const char *text)
{
	memcpy(fake.bytes + (at - BASE), head, head_size);
	memcpy(fake.bytes + (at - BASE) + head_size, text, strlen(text));
}

START_TEST(names_of_both_encodings)
{
	begin("go1.16.15");
	put_type(BASE + 64, GO_KIND_INT, 8, 0);
	put_field(BASE + 64, FIELD_type_str, 0x1000);
	put_text(BASE + 0x1000, "\1\0\3", 3, "int?");
	ck_assert_str_eq(go_types_get(fake.types, BASE + 64)->name, "int");
	finish();
	begin("go1.17.13");
	put_type(BASE + 64, GO_KIND_INT, 8, 0);
	put_field(BASE + 64, FIELD_type_str, 0x1000);
	put_field(BASE + 64, FIELD_type_tflag, 2);
	put_text(BASE + 0x1000, "\1\4", 2, "*int?");
	ck_assert_str_eq(go_types_get(fake.types, BASE + 64)->name, "int");
	/* A length that leads beyond the memory, that is too long, that does not end. */
	again();
	put_text(BASE + 0x1000, "\1\xff\xff\7", 4, "");
	ck_assert_ptr_null(go_types_get(fake.types, BASE + 64)->name);
	again();
	put_text(BASE + 0x1000, "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, "");
	ck_assert_ptr_null(go_types_get(fake.types, BASE + 64)->name);
	/* Offsets outside of the module, and the mark of what the linker dropped. */
	again();
	put_field(BASE + 64, FIELD_type_str, MODULE_END - BASE);
	ck_assert_ptr_null(go_types_get(fake.types, BASE + 64)->name);
	again();
	put_field(BASE + 64, FIELD_type_str, 0xffffffff);
	ck_assert_ptr_null(go_types_get(fake.types, BASE + 64)->name);
	finish();
}
END_TEST

START_TEST(what_is_no_descriptor)
{
	uint64_t at = HEAP;

	begin("go1.22.12");
	ck_assert_ptr_null(go_types_get(fake.types, 0));
	ck_assert_ptr_null(go_types_get(fake.types, UINT64_MAX - 7));
	ck_assert_ptr_null(go_types_get(fake.types, END - 8));
	put_type(at, GO_KIND_INT, 8, 0);
	ck_assert_ptr_null(go_types_get(fake.types, at + 1));
	ck_assert_ptr_nonnull(go_types_get(fake.types, at));
	again();
	put_type(at, GO_KINDS, 8, 0);
	ck_assert_ptr_null(go_types_get(fake.types, at));
	again();
	put_type(at, GO_KIND_INT, UINT64_MAX, 0);
	ck_assert_ptr_null(go_types_get(fake.types, at));
	again();
	put_type(at, GO_KIND_INT, 8, 16);
	ck_assert_ptr_null(go_types_get(fake.types, at));
	again();
	put_type(at, GO_KIND_INT, 8, 4);
	ck_assert_ptr_null(go_types_get(fake.types, at));
	again();
	put_struct(at, 8, HEAP, UINT64_MAX / 24 + 1);
	ck_assert_ptr_null(go_types_get(fake.types, at));
	finish();
}
END_TEST

START_TEST(types_that_lead_to_themselves)
{
	const struct go_type_field *fields;
	const struct go_type *type;
	const uint8_t *bits;
	size_t i;

	begin("go1.24.13");
	type = go_types_get(fake.types, put_pointer(HEAP, HEAP));
	ck_assert_ptr_nonnull(type);
	ck_assert_ptr_null(type->name);
	ck_assert_uint_eq(type->elem, HEAP);
	/* A struct of itself whose bitmap is to be made of its fields'. */
	put_struct(HEAP + 256, 16, HEAP + 512, 2);
	put_field(HEAP + 256, FIELD_type_tflag, 1 << 4);
	for (i = 0; i < 2; i++)
		put_struct_field(HEAP + 512 + i * 24, HEAP + 256, i * 8);
	type = go_types_get(fake.types, HEAP + 256);
	ck_assert_ptr_nonnull(type);
	ck_assert_ptr_null(type->name);
	ck_assert(go_types_fields(fake.types, type, &fields));
	ck_assert(!go_types_pointers(fake.types, type, &bits));
	/* A long chain: the name is given up, the rest is there. */
	for (i = 0; i < 500; i++)
		put_pointer(HEAP + 1024 + i * 64, HEAP + 1024 + (i + 1) * 64);
	type = go_types_get(fake.types, HEAP + 1024);
	ck_assert_ptr_nonnull(type);
	ck_assert_ptr_null(type->name);
	finish();
}
END_TEST

/* Types made by reflect: their names are put together. */
START_TEST(names_of_types_in_the_heap)
{
	const struct go_type *type;
	size_t i;

	begin("go1.24.13");
	put_type(BASE + 64, GO_KIND_INT, 8, 0);
	put_field(BASE + 64, FIELD_type_str, 0x1000);
	put_text(BASE + 0x1000, "\1\3", 2, "int");
	type = go_types_get(fake.types, put_pointer(HEAP, put_pointer(HEAP + 64, BASE + 64)));
	ck_assert_str_eq(type->name, "**int");
	/* Each twice as long as the one before. */
	for (i = 0; i < 60; i++) {
		uint64_t at = HEAP + 0x1000 + i * 256, before = i ? at - 256 : BASE + 64;

		put_type(at, GO_KIND_MAP, 8, 8);
		put_field(at, FIELD_map_type_key, before);
		put_field(at, FIELD_map_type_elem, before);
	}
	type = go_types_get(fake.types, HEAP + 0x1000);
	ck_assert_str_eq(type->name, "map[int]int");
	type = go_types_get(fake.types, HEAP + 0x1000 + (uint64_t)59 * 256);
	ck_assert_ptr_nonnull(type);
	ck_assert_ptr_null(type->name);
	finish();
}
END_TEST

static bool bitmap_of(uint64_t words, const void *program, size_t size, const uint8_t **ret)
{
	again();
	put_type(HEAP, GO_KIND_ARRAY, words * 8, words * 8);
	put_field(HEAP, FIELD_type_kind, GO_KIND_ARRAY | 1 << 6);
	put_field(HEAP, FIELD_type_gcdata, HEAP + 4096);
	put(HEAP + 4096, size, 4);
	memcpy(fake.bytes + (HEAP + 4096 + 4 - BASE), program, size);
	return go_types_pointers(fake.types, go_types_get(fake.types, HEAP), ret);
}

START_TEST(gc_programs)
{
	const uint8_t *bits;

	begin("go1.22.12");
	/* Three bits, then those three times more. */
	ck_assert(bitmap_of(12, "\3\5\x83\3\0", 5, &bits));
	ck_assert_uint_eq(bits[0], 0x6d);
	ck_assert_uint_eq(bits[1], 0x0b);
	/* The number of bits as a varint of its own. */
	ck_assert(bitmap_of(12, "\3\5\x80\3\x03\0", 6, &bits));
	ck_assert_uint_eq(bits[0], 0x6d);
	/* More than there is room for is left away. */
	ck_assert(bitmap_of(3, "\3\5\x83\xff\xff\xff\x7f\0", 8, &bits));
	ck_assert_uint_eq(bits[0], 5);
	/* Too short, more bits repeated than there are, no end, a count that overflows. */
	ck_assert(!bitmap_of(12, "\3\5\0", 3, &bits));
	ck_assert(!bitmap_of(12, "\3\5\x84\3\0", 5, &bits));
	ck_assert(!bitmap_of(12, "\3\5", 2, &bits));
	ck_assert(!bitmap_of(12, "\x80\0\x0c\0", 4, &bits));
	ck_assert(!bitmap_of(12, "\3\5\x83\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 13, &bits));
	ck_assert(!bitmap_of(12, "", 0, &bits));
	ck_assert(!bitmap_of(1ull << 30, "\3\5\x83\3\0", 5, &bits));
	finish();
}
END_TEST

START_TEST(bitmaps_of_parts)
{
	const uint8_t *bits;

	begin("go1.24.13");
	put_pointer(HEAP, HEAP);
	put_field(HEAP, FIELD_type_gcdata, HEAP + 512);
	put(HEAP + 512, 0xff, 1); /* more bits than the type has */
	put_type(HEAP + 64, GO_KIND_ARRAY, 24, 24);
	put_field(HEAP + 64, FIELD_type_tflag, 1 << 4);
	put_field(HEAP + 64, FIELD_array_type_elem, HEAP);
	put_field(HEAP + 64, FIELD_array_type_len, 3);
	ck_assert(go_types_pointers(fake.types, go_types_get(fake.types, HEAP + 64), &bits));
	ck_assert_uint_eq(bits[0], 7);
	/* More elements than the array has room for; elements of no size. */
	again();
	put_field(HEAP + 64, FIELD_array_type_len, UINT64_MAX);
	ck_assert(!go_types_pointers(fake.types, go_types_get(fake.types, HEAP + 64), &bits));
	again();
	put_type(HEAP, GO_KIND_STRUCT, 0, 0);
	ck_assert(!go_types_pointers(fake.types, go_types_get(fake.types, HEAP + 64), &bits));
	/* Fields that lie upon each other, or outside. */
	again();
	put_pointer(HEAP, HEAP);
	put_struct(HEAP + 256, 16, HEAP + 1024, 3);
	put_field(HEAP + 256, FIELD_type_tflag, 1 << 4);
	put_struct_field(HEAP + 1024, HEAP, 0);
	put_struct_field(HEAP + 1048, HEAP, 8);
	put_struct_field(HEAP + 1072, HEAP, 0);
	ck_assert(!go_types_pointers(fake.types, go_types_get(fake.types, HEAP + 256), &bits));
	again();
	put_struct(HEAP + 256, 16, HEAP + 1024, 2);
	put_struct_field(HEAP + 1048, HEAP, 16);
	ck_assert(!go_types_pointers(fake.types, go_types_get(fake.types, HEAP + 256), &bits));
	again();
	put_struct_field(HEAP + 1048, HEAP, 8);
	ck_assert(go_types_pointers(fake.types, go_types_get(fake.types, HEAP + 256), &bits));
	ck_assert_uint_eq(bits[0], 3);
	finish();
}
END_TEST

static bool count(void *context, const struct go_type *type)
{
	(void)type;
	++*(size_t *)context;
	return true;
}

START_TEST(lists_that_are_not_to_be_believed)
{
	size_t seen = 0;

	begin("go1.26.11");
	put_pointer(BASE + 64, put_type(BASE + 128, GO_KIND_INT, 8, 0));
	put_items(MODULEDATA, FIELD_md_typelinks, BASE + 0x2000, 3);
	put(BASE + 0x2000, 64, 4);
	put(BASE + 0x2004, 128, 4);
	put(BASE + 0x2008, 64, 4);
	put_field(MODULEDATA, FIELD_md_next, MODULEDATA); /* a ring */
	ck_assert(go_types_each(fake.types, count, &seen));
	ck_assert_uint_eq(seen, 2);
	put_items(MODULEDATA, FIELD_md_typelinks, BASE + 0x2000, UINT64_MAX / 4);
	ck_assert(!go_types_each(fake.types, count, &seen));
	put_items(MODULEDATA, FIELD_md_typelinks, END - 4, 2);
	ck_assert(!go_types_each(fake.types, count, &seen));
	finish();
	begin("go1.27.4");
	put_pointer(BASE + 8, put_type(BASE + 64, GO_KIND_INT, 8, 0));
	put_field(MODULEDATA, FIELD_md_typedesclen, 64);
	seen = 0;
	ck_assert(go_types_each(fake.types, count, &seen));
	ck_assert_uint_eq(seen, 2);
	put_field(MODULEDATA, FIELD_md_typedesclen, 4096); /* beyond the last descriptor */
	ck_assert(!go_types_each(fake.types, count, &seen));
	put_field(MODULEDATA, FIELD_md_typedesclen, UINT64_MAX);
	ck_assert(!go_types_each(fake.types, count, &seen));
	put_field(MODULEDATA, FIELD_md_typedesclen, 64);
	put_field(MODULEDATA, FIELD_md_itaboffset, UINT64_MAX - 8);
	put_field(MODULEDATA, FIELD_md_itabsize, 64);
	ck_assert(!go_types_each(fake.types, count, &seen));
	finish();
}
END_TEST

/* Everything that can be asked of a type. */
static bool use(void *context, const struct go_type *type)
{
	const struct go_type_field *fields;
	const struct go_type_method *methods;
	const uint64_t *parameters;
	const uint8_t *bits;
	unsigned *sum = context;
	size_t i;

	*sum += type->name ? (unsigned)strlen(type->name) : 0;
	if (go_types_fields(fake.types, type, &fields))
		for (i = 0; i < type->field_count; i++)
			*sum += (unsigned)fields[i].offset + (fields[i].name ? 1 : 0);
	if (go_types_methods(fake.types, type, &methods))
		for (i = 0; i < type->method_count; i++)
			*sum += (unsigned)methods[i].type;
	if (go_types_parameters(fake.types, type, &parameters))
		for (i = 0; i < (size_t)type->in_count + type->out_count; i++)
			*sum += (unsigned)parameters[i];
	if (go_types_pointers(fake.types, type, &bits) && type->pointer_bytes)
		*sum += bits[(type->pointer_bytes / 8 - 1) / 8];
	return true;
}

/* Random descriptors that refer to each other. */
START_TEST(random_descriptors)
{
	static const char *const versions[] = { "go1.10.8", "go1.18.10", "go1.26.11", "go1.27.4" };
	unsigned seed = 1, sum = 0;
	size_t round, i;

	for (round = 0; round < 400; round++) {
		begin(versions[round % 4]);
		for (i = 0; i < 0x4000 / 8; i++)
			put(BASE + i * 8, (uint64_t)rand_r(&seed) % 0x4000 + BASE, 8);
		for (i = 0; i < 0x4000 / 128; i++) {
			uint64_t at = BASE + 8 + i * 128;
			uint64_t size = (uint64_t)rand_r(&seed) % 100 * 8;

			put_type(at, (unsigned)rand_r(&seed) % GO_KINDS, size, size);
			put_field(at, FIELD_type_str, (unsigned)rand_r(&seed) % 0x4000);
			put_field(at, FIELD_type_tflag, (unsigned)rand_r(&seed) % 64);
			put_field(at, FIELD_struct_type_fields,
				  BASE + (unsigned)rand_r(&seed) % 0x4000);
			put(at + 64, (unsigned)rand_r(&seed) % 16, 8);
		}
		memcpy(fake.bytes + (HEAP - BASE), fake.bytes, 0x4000);
		put_items(MODULEDATA, FIELD_md_typelinks, BASE, 0x1000);
		put_items(MODULEDATA, FIELD_md_itablinks, BASE, 0x100);
		put_field(MODULEDATA, FIELD_md_typedesclen, 0x3000);
		put_field(MODULEDATA, FIELD_md_itaboffset, 0x3000);
		put_field(MODULEDATA, FIELD_md_itabsize, 0x1000);
		(void)go_types_each(fake.types, use, &sum);
		for (i = 0; i < 0x4000 / 128; i++) {
			const struct go_type *type = go_types_get(fake.types, HEAP + 8 + i * 128);

			if (type)
				use(&sum, type);
		}
		finish();
	}
	ck_assert_uint_ne(sum, 0);
}
END_TEST

Suite *types_suite(void)
{
	Suite *suite = suite_create("types");
	TCase *cases = tcase_create("types");

	tcase_add_test(cases, names_of_both_encodings);
	tcase_add_test(cases, what_is_no_descriptor);
	tcase_add_test(cases, types_that_lead_to_themselves);
	tcase_add_test(cases, names_of_types_in_the_heap);
	tcase_add_test(cases, gc_programs);
	tcase_add_test(cases, bitmaps_of_parts);
	tcase_add_test(cases, lists_that_are_not_to_be_believed);
	tcase_add_test(cases, random_descriptors);
	suite_add_tcase(suite, cases);
	return suite;
}
