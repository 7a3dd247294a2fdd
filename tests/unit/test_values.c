/* SPDX-License-Identifier: MIT
 *
 * Values in a made-up memory, as programs have them and as none has.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "unit/unit.h"
#include "values/meanings.h"
#include "values/values.h"

/* The memory: descriptors and names of a module, then what stands for the heap. */
enum {
	BASE = 0x100000,
	MODULE_END = BASE + 0x8000,
	BYTES = 0x40000,
	END = BASE + BYTES,
	NOWHERE = 0x10000,
};

static struct {
	struct target target;
	uint8_t bytes[BYTES];
	struct go_runtime runtime;
	struct value_reader *reader;
	struct value_types *types;
	struct arena arena;
	uint64_t next_in_module, next;
	size_t reads, fail_at;
	/* A word that changes while it is looked at: with each of so many reads. */
	uint64_t changing;
	size_t changes;
} fake;

static struct spy_error *fake_read(struct target *target, uint64_t address, void *buffer,
				   size_t size)
{
	(void)target;
	fake.reads++;
	if (fake.reads == fake.fail_at || address < BASE || address > END || size > END - address)
		return spy_error_fault(address, size);
	memcpy(buffer, fake.bytes + (address - BASE), size);
	if (fake.changes && address <= fake.changing && fake.changing < address + size) {
		fake.changes--;
		fake.bytes[fake.changing - BASE]++;
	}
	return NULL;
}

static void fake_readv(struct target *target, struct target_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ranges[i].ok = !spy_error_caught(
		    fake_read(target, ranges[i].address, ranges[i].buffer, ranges[i].size));
}

static const struct target_ops fake_ops = { .read = fake_read, .readv = fake_readv };

static void begin(const char *version)
{
	struct go_runtime *runtime = &fake.runtime;

	memset(&fake, 0, sizeof(fake));
	fake.target.ops = &fake_ops;
	runtime->target = &fake.target;
	ck_assert(layout_from_table(version, &runtime->layout));
	*vector_push(&runtime->modules) = (struct go_module){ .types = BASE, .etypes = MODULE_END };
	fake.reader = value_reader_new(runtime, NULL);
	fake.types = value_reader_types(fake.reader);
	fake.next_in_module = BASE + 64;
	fake.next = MODULE_END;
}

static void finish(void)
{
	value_reader_free(fake.reader);
	vector_free(&fake.runtime.modules);
	arena_free(&fake.arena);
	fake.arena = (struct arena){ 0 };
}

static void put(uint64_t address, uint64_t value, size_t size)
{
	memcpy(fake.bytes + (address - BASE), &value, size);
}

static void put_text(uint64_t address, const char *text, size_t size)
{
	memcpy(fake.bytes + (address - BASE), text, size);
}

static void put_field(uint64_t structure, enum layout_slot slot, uint64_t value)
{
	const struct layout_field *field = &fake.runtime.layout.fields[slot];

	if (field->offset >= 0)
		put(structure + (uint64_t)field->offset, value,
		    field->size > 8 ? 8 : (size_t)field->size);
}

static uint64_t take(uint64_t *next, uint64_t end, size_t size)
{
	uint64_t at = *next;

	*next += (size + 15) & ~(size_t)15;
	ck_assert_uint_le(*next, end);
	return at;
}

static uint64_t room(size_t size)
{
	return take(&fake.next, END, size);
}

static uint64_t in_module(size_t size)
{
	return take(&fake.next_in_module, MODULE_END, size);
}

/* ---- types -------------------------------------------------------------------------------- */

/* A name as the runtime has it since Go 1.17: flags, length, bytes. */
static uint64_t new_name(const char *name, bool embedded)
{
	size_t length = strlen(name);
	uint64_t at = in_module(length + 2);

	ck_assert_uint_lt(length, 128);
	put(at, embedded ? 8 : 1, 1);
	put(at + 1, length, 1);
	put_text(at + 2, name, length);
	return at;
}

enum { TFLAG_NAMED = 4, DESCRIPTOR_BYTES = 160, DIRECT = 1 << 5 };

static uint64_t new_type(enum go_kind kind, const char *name, uint64_t size)
{
	uint64_t at = in_module(DESCRIPTOR_BYTES);

	put_field(at, FIELD_type_size, size);
	put_field(at, FIELD_type_kind, kind);
	put_field(at, FIELD_type_hash, 1);
	put_field(at, FIELD_type_str, new_name(name, false) - BASE);
	put_field(at, FIELD_type_tflag, TFLAG_NAMED);
	return at;
}

static uint64_t new_pointer(const char *name, uint64_t elem)
{
	uint64_t at = new_type(GO_KIND_POINTER, name, 8);

	put_field(at, FIELD_ptr_type_elem, elem);
	put_field(at, FIELD_type_ptrdata, 8);
	/* Since Go 1.26 a flag, before a bit of the kind. */
	put_field(at, FIELD_type_tflag, TFLAG_NAMED | DIRECT);
	put_field(at, FIELD_type_kind, GO_KIND_POINTER | DIRECT);
	return at;
}

static uint64_t new_slice(const char *name, uint64_t elem)
{
	uint64_t at = new_type(GO_KIND_SLICE, name, 24);

	put_field(at, FIELD_slice_type_elem, elem);
	return at;
}

static uint64_t new_chan(const char *name, uint64_t elem)
{
	uint64_t at = new_type(GO_KIND_CHAN, name, 8);

	put_field(at, FIELD_chan_type_elem, elem);
	return at;
}

/* Of keys and elements of so many bytes. */
static uint64_t new_map(const char *name, uint64_t key, size_t key_bytes, uint64_t elem,
			size_t elem_bytes)
{
	uint64_t at = new_type(GO_KIND_MAP, name, 8);

	put_field(at, FIELD_map_type_key, key);
	put_field(at, FIELD_map_type_elem, elem);
	put_field(at, FIELD_map_type_group_size, 8 + 8 * (key_bytes + elem_bytes));
	put_field(at, FIELD_map_type_slot_size, key_bytes + elem_bytes);
	put_field(at, FIELD_map_type_elem_off, key_bytes);
	put_field(at, FIELD_map_type_keys_off, 8);
	put_field(at, FIELD_map_type_key_stride, key_bytes + elem_bytes);
	put_field(at, FIELD_map_type_elems_off, 8 + key_bytes);
	put_field(at, FIELD_map_type_elem_stride, key_bytes + elem_bytes);
	return at;
}

struct field {
	const char *name;
	uint64_t type, offset;
	bool embedded;
};

static uint64_t new_struct(const char *name, uint64_t size, const struct field *fields,
			   size_t count)
{
	uint64_t at = new_type(GO_KIND_STRUCT, name, size);
	size_t bytes = layout_size(&fake.runtime.layout, SIZE_struct_field);
	uint64_t items = in_module(bytes * count);
	uint64_t header = at + layout_offset(&fake.runtime.layout, FIELD_struct_type_fields);

	put(header, items, 8);
	put(header + 8, count, 8);
	for (size_t i = 0; i < count; i++) {
		put_field(items + i * bytes, FIELD_struct_field_name,
			  new_name(fields[i].name, fields[i].embedded));
		put_field(items + i * bytes, FIELD_struct_field_type, fields[i].type);
		put_field(items + i * bytes, FIELD_struct_field_offset, fields[i].offset);
	}
	return at;
}

static struct value_place place(uint64_t type, uint64_t address)
{
	struct value_place ret = { .type = value_types_by_descriptor(fake.types, type),
				   .address = address };

	ck_assert_ptr_nonnull(ret.type);
	return ret;
}

static struct spy_value read_within(uint64_t type, uint64_t address, int64_t depth,
				    int64_t elements, int64_t string_bytes)
{
	struct spy_value_limits limits = { .depth = depth,
					   .elements = elements,
					   .string_bytes = string_bytes };
	struct value_place at = place(type, address);
	struct spy_value value;

	value_reader_begin(fake.reader, false);
	value_read(fake.reader, &at, &limits, &fake.arena, &value);
	return value;
}

static struct spy_value read_at(uint64_t type, uint64_t address)
{
	return read_within(type, address, 0, 0, 0);
}

static void check_error(const struct spy_value *value, const char *part)
{
	ck_assert_msg(value->error != NULL, "no error where \"%s\" was expected", part);
	ck_assert_msg(strstr(value->error, part) != NULL, "%s", value->error);
}

/* ---- what stands there -------------------------------------------------------------------- */

START_TEST(numbers)
{
	static const double pair[] = { 0.1, -1e300 };
	uint64_t at;
	struct spy_value value;
	float small = -1.5f;

	begin("go1.22.12");
	at = room(32);
	put(at, 0x80, 1);
	value = read_at(new_type(GO_KIND_INT8, "int8", 1), at);
	ck_assert_int_eq(value.integer, -128);
	ck_assert_str_eq(value.type->name, "int8");
	ck_assert_uint_eq(value.address, at);
	ck_assert_uint_eq(read_at(new_type(GO_KIND_UINT8, "uint8", 1), at).natural, 128);
	put(at, 1ull << 63, 8);
	ck_assert_int_eq(read_at(new_type(GO_KIND_INT, "int", 8), at).integer, INT64_MIN);
	memcpy(fake.bytes + (at - BASE), &small, sizeof(small));
	ck_assert_double_eq(read_at(new_type(GO_KIND_FLOAT32, "float32", 4), at).real[0], -1.5);
	memcpy(fake.bytes + (at - BASE), pair, sizeof(pair));
	value = read_at(new_type(GO_KIND_COMPLEX128, "complex128", 16), at);
	ck_assert_double_eq(value.real[0], 0.1);
	ck_assert_double_eq(value.real[1], -1e300);
	value = read_at(new_type(GO_KIND_BOOL, "bool", 1), END);
	check_error(&value, "no memory to read at");
	/* A size that no int has. */
	value = read_at(new_type(GO_KIND_INT, "int", 3), at);
	check_error(&value, "its type is not known");
	finish();
}
END_TEST

START_TEST(strings)
{
	uint64_t type, at, bytes;
	struct spy_value value;

	begin("go1.22.12");
	type = new_type(GO_KIND_STRING, "string", 16);
	at = room(16);
	bytes = room(16);
	put_text(bytes, "a\0b\xff", 4);
	put(at, bytes, 8);
	put(at + 8, 4, 8);
	value = read_at(type, at);
	ck_assert_uint_eq(value.string.kept, 4);
	ck_assert_mem_eq(value.string.bytes, "a\0b\xff", 5);
	ck_assert(!value.cut);
	value = read_within(type, at, 0, 0, 3);
	ck_assert_uint_eq(value.string.kept, 3);
	ck_assert_int_eq(value.string.length, 4);
	ck_assert(value.cut);
	put(at + 8, 1ull << 63, 8);
	value = read_within(type, at, 0, 0, -1);
	check_error(&value, "its length makes no sense");
	put(at + 8, 1ull << 62, 8);
	value = read_within(type, at, 0, 0, -1);
	check_error(&value, "its length makes no sense");
	put(at + 8, 1ull << 40, 8); /* could be, but is not there */
	value = read_within(type, at, 0, 0, -1);
	check_error(&value, "no memory to read at");
	put(at, END - 2, 8);
	put(at + 8, 4, 8);
	value = read_at(type, at);
	check_error(&value, "no memory to read at");
	put(at, 0, 8);
	put(at + 8, 0, 8);
	value = read_at(type, at);
	ck_assert_ptr_null(value.error);
	ck_assert_uint_eq(value.string.kept, 0);
	finish();
}
END_TEST

START_TEST(slices_and_arrays)
{
	uint64_t type, array, at, items;
	struct spy_value value;

	begin("go1.22.12");
	array = new_type(GO_KIND_UINT16, "uint16", 2);
	type = new_slice("[]uint16", array);
	at = room(24);
	items = room(2000);
	for (unsigned i = 0; i < 1000; i++)
		put(items + i * 2, i, 2);
	put(at, items, 8);
	put(at + 8, 1000, 8);
	put(at + 16, 1000, 8);
	value = read_at(type, at);
	ck_assert_uint_eq(value.list.kept, 64);
	ck_assert_int_eq(value.list.length, 1000);
	ck_assert(value.cut && !value.nil);
	value = read_within(type, at, 0, -1, 0);
	ck_assert_uint_eq(value.list.kept, 1000);
	ck_assert(!value.cut);
	ck_assert_uint_eq(value.list.items[999].natural, 999);
	ck_assert_uint_eq(value.list.items[999].address, items + 1998);
	put(at + 16, 999, 8);
	value = read_at(type, at);
	check_error(&value, "its length makes no sense: 1000 of 999");
	put(at + 8, 1ull << 63, 8);
	value = read_at(type, at);
	check_error(&value, "its length makes no sense");
	put(at, 0, 8);
	put(at + 8, 0, 8);
	put(at + 16, 0, 8);
	ck_assert(read_at(type, at).nil);
	put(at, END - 2000, 8); /* only its beginning is there */
	put(at + 8, 1ull << 30, 8);
	put(at + 16, 1ull << 30, 8);
	value = read_within(type, at, 0, -1, 0);
	ck_assert_ptr_null(value.error);
	ck_assert(value.cut);
	ck_assert_uint_eq(value.list.kept, 1001);
	check_error(&value.list.items[1000], "no memory to read at 0x140000");
	put(at, END, 8);
	value = read_within(type, at, 0, -1, 0);
	check_error(&value, "no memory to read at");
	/* Elements without bytes. */
	type = new_slice("[]struct {}", new_struct("struct {}", 0, NULL, 0));
	put(at, items, 8);
	put(at + 8, 1ull << 62, 8);
	put(at + 16, 1ull << 62, 8);
	value = read_within(type, at, 0, 100, 0);
	ck_assert_uint_eq(value.list.kept, 100);
	ck_assert_int_eq(value.list.length, 1ll << 62);
	/* An array whose length is not that of its elements. */
	type = new_type(GO_KIND_ARRAY, "[1000]uint16", 2000);
	put_field(type, FIELD_array_type_elem, array);
	put_field(type, FIELD_array_type_len, 1000);
	ck_assert_uint_eq(read_at(type, items).list.items[63].natural, 63);
	type = new_type(GO_KIND_ARRAY, "[1001]uint16", 2000);
	put_field(type, FIELD_array_type_elem, array);
	put_field(type, FIELD_array_type_len, UINT64_MAX / 2);
	value = read_at(type, items);
	check_error(&value, "not as long as it is");
	finish();
}
END_TEST

START_TEST(pointers_in_a_ring)
{
	struct field fields[] = { { .name = "number", .offset = 0 },
				  { .name = "next", .offset = 8 } };
	uint64_t node, pointer, at[3], start;
	struct spy_value value;
	const struct spy_value *to;

	begin("go1.22.12");
	pointer = new_pointer("*main.ring", 0);
	fields[0].type = new_type(GO_KIND_INT, "int", 8);
	fields[1].type = pointer;
	node = new_struct("main.ring", 16, fields, 2);
	put_field(pointer, FIELD_ptr_type_elem, node);
	for (unsigned i = 0; i < 3; i++)
		at[i] = room(16);
	for (unsigned i = 0; i < 3; i++) {
		put(at[i], i + 1, 8);
		put(at[i] + 8, at[(i + 1) % 3], 8);
	}
	start = room(8);
	put(start, at[0], 8);
	value = read_within(pointer, start, -1, 0, 0);
	to = &value;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(!to->cycle && !to->cut);
		ck_assert_uint_eq(to->pointer.to, at[i]);
		ck_assert_int_eq(to->pointer.pointee->structure.fields[0].value.integer, i + 1);
		to = &to->pointer.pointee->structure.fields[1].value;
	}
	ck_assert(to->cycle);
	ck_assert_ptr_null(to->pointer.pointee);
	/* As deep as asked for: the pointer, what it leads to, its fields. */
	value = read_within(pointer, start, 2, 0, 0);
	to = &value.pointer.pointee->structure.fields[1].value;
	ck_assert(to->cut);
	ck_assert_ptr_null(to->pointer.pointee);
	put(at[1] + 8, NOWHERE, 8);
	value = read_at(pointer, start);
	to = &value.pointer.pointee->structure.fields[1].value;
	to = &to->pointer.pointee->structure.fields[1].value;
	check_error(to->pointer.pointee, "no memory to read at 0x10000");
	put(at[0] + 8, 0, 8);
	value = read_at(pointer, start);
	ck_assert(value.pointer.pointee->structure.fields[1].value.nil);
	finish();
}
END_TEST

/* ---- maps up to Go 1.23 -------------------------------------------------------------------- */

enum { BUCKET_BYTES = 8 + 8 * 8 + 8 * 8 + 8 };

static void put_cell(uint64_t bucket, unsigned slot, unsigned top, uint64_t key, uint64_t elem)
{
	put(bucket + slot, top, 1);
	put(bucket + 8 + slot * 8, key, 8);
	put(bucket + 8 + 64 + slot * 8, elem, 8);
}

static void put_next(uint64_t bucket, uint64_t next)
{
	put(bucket + BUCKET_BYTES - 8, next, 8);
}

static uint64_t new_hmap(uint64_t count, unsigned bits, uint64_t buckets, uint64_t old,
			 unsigned flags)
{
	uint64_t at = room(64);

	put_field(at, FIELD_hmap_count, count);
	put_field(at, FIELD_hmap_b, bits);
	put_field(at, FIELD_hmap_flags, flags);
	put_field(at, FIELD_hmap_buckets, buckets);
	put_field(at, FIELD_hmap_oldbuckets, old);
	return at;
}

static uint64_t new_int_map(void)
{
	uint64_t number = new_type(GO_KIND_INT, "int", 8);

	return new_map("map[int]int", number, 8, number, 8);
}

static uint64_t sum_of(const struct spy_value *map)
{
	uint64_t sum = 0;

	ck_assert_msg(!map->error, "%s", map->error);
	for (size_t i = 0; i < map->map.kept; i++) {
		ck_assert_int_eq(map->map.entries[i].value.integer,
				 map->map.entries[i].key.integer * 10);
		sum += (uint64_t)map->map.entries[i].key.integer;
	}
	return sum;
}

START_TEST(entries_in_buckets)
{
	uint64_t type, at, buckets, overflow, map;
	struct spy_value value;

	begin("go1.22.12");
	type = new_int_map();
	at = room(8);
	buckets = room(2 * (size_t)BUCKET_BYTES);
	overflow = room(BUCKET_BYTES);
	put_cell(buckets, 0, 5, 1, 10);
	put_cell(buckets, 3, 255, 2, 20);
	put_cell(buckets, 4, 1, 77, 0); /* empty, deleted, moved */
	put_cell(buckets, 5, 2, 78, 0);
	put_cell(buckets, 6, 4, 79, 0);
	put_cell(buckets + BUCKET_BYTES, 7, 9, 4, 40);
	put_next(buckets + BUCKET_BYTES, overflow);
	put_cell(overflow, 1, 9, 8, 80);
	map = new_hmap(4, 1, buckets, 0, 0);
	put(at, map, 8);
	value = read_at(type, at);
	ck_assert_uint_eq(sum_of(&value), 15);
	ck_assert_int_eq(value.map.length, 4);
	ck_assert(!value.cut);
	value = read_within(type, at, 0, 3, 0);
	ck_assert_uint_eq(value.map.kept, 3);
	ck_assert_int_eq(value.map.length, 4);
	ck_assert(value.cut);
	put(at, 0, 8);
	ck_assert(read_at(type, at).nil);
	put(at, map, 8);
	/* What no map says of itself. */
	put_field(map, FIELD_hmap_b, 200);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_hmap_b, 1);
	put_field(map, FIELD_hmap_count, UINT64_MAX);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_hmap_count, 17);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_hmap_count, 6);
	value = read_at(type, at);
	check_error(&value, "fewer entries");
	/* One more or less was just put in. */
	put_field(map, FIELD_hmap_count, 5);
	value = read_at(type, at);
	ck_assert_uint_eq(sum_of(&value), 15);
	put_field(map, FIELD_hmap_buckets, NOWHERE);
	value = read_at(type, at);
	check_error(&value, "cannot be read");
	put(at, END - 8, 8);
	value = read_at(type, at);
	check_error(&value, "cannot be read");
	finish();
}
END_TEST

START_TEST(buckets_that_follow_themselves)
{
	uint64_t type, at, buckets, map;
	struct spy_value value;

	begin("go1.11.13");
	type = new_int_map();
	at = room(8);
	buckets = room(BUCKET_BYTES);
	put_cell(buckets, 0, 4, 1, 10); /* the least that is an entry up to Go 1.11 */
	put_next(buckets, buckets);
	map = new_hmap(8, 0, buckets, 0, 0);
	put(at, map, 8);
	value = read_at(type, at); /* the same again and again, until there are too many */
	ck_assert_uint_eq(value.map.kept, 8);
	put_cell(buckets, 0, 0, 1, 10);
	value = read_at(type, at);
	check_error(&value, "its chains do not end");
	finish();
}
END_TEST

START_TEST(buckets_that_grow)
{
	uint64_t type, at, old, buckets;
	struct spy_value value;

	begin("go1.22.12");
	type = new_int_map();
	at = room(8);
	old = room(2 * (size_t)BUCKET_BYTES);
	buckets = room(4 * (size_t)BUCKET_BYTES);
	/* Bucket 0 was moved, to 0 and 2; bucket 1 was not. */
	put_cell(old, 0, 2, 1, 10);
	put_cell(old, 1, 3, 2, 20);
	put_cell(old, 2, 4, 0, 0);
	put_cell(old + BUCKET_BYTES, 0, 99, 4, 40);
	put_cell(buckets, 0, 99, 1, 10);
	put_cell(buckets + 2 * (size_t)BUCKET_BYTES, 0, 99, 2, 20);
	put(at, new_hmap(3, 2, buckets, old, 0), 8);
	value = read_at(type, at);
	ck_assert_uint_eq(value.map.kept, 3);
	ck_assert_uint_eq(sum_of(&value), 7);
	/* To the same size. */
	put(at, new_hmap(3, 1, buckets + 2 * (size_t)BUCKET_BYTES, old, 8), 8);
	put_cell(old + BUCKET_BYTES, 1, 99, 8, 80);
	value = read_at(type, at);
	ck_assert_uint_eq(sum_of(&value), 14);
	finish();
}
END_TEST

/* ---- maps since Go 1.24 -------------------------------------------------------------------- */

enum { GROUP_BYTES = 8 + 8 * 16, EMPTY = 0x80, DELETED = 0xfe };

static uint64_t new_group(void)
{
	uint64_t at = room(GROUP_BYTES);

	memset(fake.bytes + (at - BASE), EMPTY, 8);
	return at;
}

static void put_slot(uint64_t group, unsigned slot, unsigned control, uint64_t key, uint64_t elem)
{
	put(group + slot, control, 1);
	put(group + 8 + slot * 16, key, 8);
	put(group + 8 + slot * 16 + 8, elem, 8);
}

static uint64_t new_table(uint64_t index, uint64_t groups, uint64_t mask)
{
	uint64_t at = room(64);

	put_field(at, FIELD_swiss_table_index, index);
	put_field(at, FIELD_swiss_table_groups, groups);
	put_field(at, FIELD_swiss_table_length_mask, mask);
	return at;
}

static uint64_t new_swiss(uint64_t used, uint64_t directory, uint64_t length)
{
	uint64_t at = room(64);

	put_field(at, FIELD_swiss_map_used, used);
	put_field(at, FIELD_swiss_map_dir_ptr, directory);
	put_field(at, FIELD_swiss_map_dir_len, length);
	return at;
}

static void small_group(const char *version)
{
	uint64_t type, at, group, map;
	struct spy_value value;

	begin(version);
	type = new_int_map();
	at = room(8);
	group = new_group();
	put_slot(group, 0, 0, 1, 10);
	put_slot(group, 1, DELETED, 77, 0);
	put_slot(group, 7, 0x7f, 4, 40);
	map = new_swiss(2, group, 0);
	put(at, map, 8);
	value = read_at(type, at);
	ck_assert_uint_eq(value.map.kept, 2);
	ck_assert_uint_eq(sum_of(&value), 5);
	put_field(map, FIELD_swiss_map_used, 9);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_swiss_map_used, 8);
	value = read_at(type, at);
	check_error(&value, "fewer entries");
	put_field(map, FIELD_swiss_map_used, 0);
	put_field(map, FIELD_swiss_map_dir_ptr, NOWHERE);
	value = read_at(type, at);
	ck_assert_ptr_null(value.error);
	ck_assert(!value.nil && !value.cut && !value.map.kept);
	put_field(map, FIELD_swiss_map_used, 1);
	value = read_at(type, at);
	check_error(&value, "cannot be read");
	finish();
}

START_TEST(entries_in_groups)
{
	small_group("go1.24.13");
	small_group("go1.27.4");
}
END_TEST

START_TEST(directories)
{
	uint64_t type, at, groups[2], tables[2], directory, map;
	struct spy_value value;

	begin("go1.27.4");
	type = new_int_map();
	at = room(8);
	for (unsigned i = 0; i < 2; i++) {
		groups[i] = new_group();
		put_slot(groups[i], i, 1, i + 1, 10 * (i + 1));
	}
	/* The first table stands in three words. */
	tables[0] = new_table(0, groups[0], 0);
	tables[1] = new_table(3, groups[1], 0);
	directory = room(32);
	for (unsigned i = 0; i < 4; i++)
		put(directory + i * 8, tables[i == 3], 8);
	map = new_swiss(2, directory, 4);
	put(at, map, 8);
	value = read_at(type, at);
	ck_assert_uint_eq(value.map.kept, 2);
	ck_assert_uint_eq(sum_of(&value), 3);
	/* A table that is no longer part of it. */
	put_field(tables[1], FIELD_swiss_table_index, UINT64_MAX);
	put_field(map, FIELD_swiss_map_used, 1);
	value = read_at(type, at);
	ck_assert_uint_eq(sum_of(&value), 1);
	put_field(tables[0], FIELD_swiss_table_length_mask, 128);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(tables[0], FIELD_swiss_table_length_mask, 5);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_swiss_map_dir_len, 3);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_swiss_map_dir_len, 1ull << 40);
	value = read_at(type, at);
	check_error(&value, "no map has such a header");
	put_field(map, FIELD_swiss_map_dir_len, 1 << 20);
	value = read_within(type, at, 0, -1, 0);
	ck_assert_ptr_nonnull(value.error);
	/* How entries lie is told by a descriptor that cannot be. */
	put_field(type, FIELD_map_type_elems_off, 1ull << 40);
	finish();
	begin("go1.27.4");
	type = new_int_map();
	put_field(type, FIELD_map_type_elems_off, 1ull << 40);
	at = room(8);
	put(at, new_swiss(1, new_group(), 0), 8);
	value = read_at(type, at);
	check_error(&value, "how its entries lie is not known");
	finish();
}
END_TEST

/* ---- interfaces, channels, functions -------------------------------------------------------- */

START_TEST(interfaces)
{
	uint64_t empty, number, pointer, at, target;
	struct spy_value value;

	begin("go1.27.4");
	number = new_type(GO_KIND_INT, "int", 8);
	pointer = new_pointer("*int", number);
	empty = new_type(GO_KIND_INTERFACE, "interface {}", 16);
	at = room(16);
	target = room(8);
	put(target, 42, 8);
	ck_assert(read_at(empty, at).nil);
	put(at, number, 8);
	put(at + 8, target, 8);
	value = read_at(empty, at);
	ck_assert_int_eq(value.interface.value->integer, 42);
	ck_assert_str_eq(value.interface.value->type->name, "int");
	put(at, pointer, 8); /* the word is the value */
	value = read_at(empty, at);
	ck_assert_uint_eq(value.interface.value->pointer.to, target);
	ck_assert_int_eq(value.interface.value->pointer.pointee->integer, 42);
	put(at, NOWHERE, 8);
	value = read_at(empty, at);
	check_error(&value, "its dynamic type is none");
	put(at, at, 8);
	value = read_at(empty, at);
	ck_assert(value.error || value.interface.value->error);
	/* A pointer type that is a pointer to itself, and so is the value. */
	put_field(pointer, FIELD_ptr_type_elem, pointer);
	put(at, pointer, 8);
	put(at + 8, at + 8, 8);
	value_reader_free(fake.reader);
	fake.reader = value_reader_new(&fake.runtime, NULL);
	fake.types = value_reader_types(fake.reader);
	value = read_within(empty, at, -1, 0, 0);
	ck_assert(value.interface.value->pointer.pointee->cycle || value.interface.value->cycle);
	finish();
}
END_TEST

START_TEST(methods_tables)
{
	uint64_t shape, number, at, target, itab, method;
	struct spy_value value;

	begin("go1.22.12");
	number = new_type(GO_KIND_INT, "int", 8);
	shape = new_type(GO_KIND_INTERFACE, "main.shape", 16);
	method = shape + layout_offset(&fake.runtime.layout, FIELD_interface_type_methods);
	put(method, in_module(16), 8);
	put(method + 8, 1, 8);
	at = room(16);
	target = room(8);
	itab = room(64);
	put(target, 7, 8);
	put_field(itab, FIELD_itab_type, number);
	put(at, itab, 8);
	put(at + 8, target, 8);
	value = read_at(shape, at);
	ck_assert_int_eq(value.interface.value->integer, 7);
	put(at, NOWHERE, 8);
	value = read_at(shape, at);
	check_error(&value, "its table of methods cannot be read");
	finish();
}
END_TEST

static uint64_t new_hchan(uint64_t length, uint64_t capacity, uint64_t buffer, uint64_t first)
{
	uint64_t at = room(128);

	put_field(at, FIELD_hchan_qcount, length);
	put_field(at, FIELD_hchan_dataqsiz, capacity);
	put_field(at, FIELD_hchan_buf, buffer);
	put_field(at, FIELD_hchan_recvx, first);
	put_field(at, FIELD_hchan_elemsize, 8);
	return at;
}

START_TEST(channels)
{
	uint64_t type, at, buffer, channel, sudog;
	struct spy_value value;

	begin("go1.22.12");
	type = new_chan("chan int", new_type(GO_KIND_INT, "int", 8));
	at = room(8);
	buffer = room(32);
	for (unsigned i = 0; i < 4; i++)
		put(buffer + i * 8, i, 8);
	channel = new_hchan(3, 4, buffer, 3);
	put(at, channel, 8);
	value = read_at(type, at);
	ck_assert_uint_eq(value.channel.kept, 3);
	ck_assert_int_eq(value.channel.items[0].integer, 3);
	ck_assert_int_eq(value.channel.items[1].integer, 0);
	ck_assert_int_eq(value.channel.items[2].integer, 1);
	ck_assert_int_eq(value.channel.capacity, 4);
	ck_assert(!value.channel.closed && !value.cut);
	value = read_within(type, at, 0, 2, 0);
	ck_assert_uint_eq(value.channel.kept, 2);
	ck_assert(value.cut);
	/* Two wait, and then the list leads into itself. */
	sudog = room(256);
	put_field(channel, FIELD_hchan_recvq_first, sudog);
	put_field(sudog, FIELD_sudog_next, sudog + 128);
	put_field(channel, FIELD_hchan_closed, 1);
	value = read_at(type, at);
	ck_assert_int_eq(value.channel.receivers, 2);
	ck_assert_int_eq(value.channel.senders, 0);
	ck_assert(value.channel.closed);
	put_field(sudog + 128, FIELD_sudog_next, sudog);
	value = read_at(type, at);
	ck_assert_int_eq(value.channel.receivers, SPY_UNKNOWN);
	ck_assert_uint_eq(value.channel.kept, 3);
	put_field(channel, FIELD_hchan_qcount, 5);
	value = read_at(type, at);
	check_error(&value, "no channel has such a header");
	put_field(channel, FIELD_hchan_qcount, 1);
	put_field(channel, FIELD_hchan_buf, NOWHERE);
	value = read_at(type, at);
	check_error(&value, "no memory to read at");
	put_field(channel, FIELD_hchan_recvx, 4);
	value = read_at(type, at);
	check_error(&value, "no channel has such a header");
	finish();
}
END_TEST

START_TEST(functions_that_are_none)
{
	uint64_t type, at;
	struct spy_value value;

	begin("go1.22.12");
	type = new_type(GO_KIND_FUNC, "func()", 8);
	at = room(16);
	ck_assert(read_at(type, at).nil);
	put(at, NOWHERE, 8);
	value = read_at(type, at);
	check_error(&value, "no memory to read at");
	put(at, at + 8, 8);
	put(at + 8, 0x1234, 8);
	value = read_at(type, at);
	check_error(&value, "no function begins at 0x1234");
	finish();
}
END_TEST

/* ---- steps -------------------------------------------------------------------------------- */

static void check_step(struct spy_error *error, enum spy_error_code code, const char *part)
{
	ck_assert_msg(error != NULL, "no error where \"%s\" was expected", part);
	ck_assert_int_eq(error->code, code);
	ck_assert_msg(strstr(error->message, part) != NULL, "%s", error->message);
	spy_error_free(error);
}

static int64_t number_at(const struct value_place *at)
{
	struct spy_value value;

	value_read(fake.reader, at, NULL, &fake.arena, &value);
	ck_assert_msg(!value.error, "%s", value.error);
	return value.integer;
}

static void add_name(void *context, const char *name)
{
	text_printf(context, "%s ", name);
}

START_TEST(fields_of_structs)
{
	/* base is embedded, extra by a pointer; both have a weight. */
	struct field base[] = { { .name = "ID" }, { .name = "weight", .offset = 8 } };
	struct field extra[] = { { .name = "Label" }, { .name = "weight", .offset = 8 } };
	struct field all[] = { { .name = "base", .embedded = true },
			       { .name = "extra", .offset = 16, .embedded = true },
			       { .name = "Port", .offset = 24 } };
	uint64_t number, type, pointer, at, inner;
	struct value_place from, ret;
	struct text names = { 0 };

	begin("go1.22.12");
	number = new_type(GO_KIND_INT, "int", 8);
	for (unsigned i = 0; i < 2; i++)
		base[i].type = extra[i].type = number;
	all[0].type = new_struct("main.base", 16, base, 2);
	all[1].type = new_pointer("*main.extra", new_struct("main.extra", 16, extra, 2));
	all[2].type = number;
	type = new_struct("main.config", 32, all, 3);
	pointer = new_pointer("*main.config", type);
	at = room(32);
	inner = room(16);
	put(at, 1, 8);
	put(at + 16, inner, 8);
	put(at + 24, 3, 8);
	put(inner, 2, 8);
	from = place(type, at);
	ck_assert_ptr_null(value_field(fake.reader, &from, "ID", &ret));
	ck_assert_int_eq(number_at(&ret), 1);
	ck_assert_ptr_null(value_field(fake.reader, &from, "Label", &ret));
	ck_assert_int_eq(number_at(&ret), 2);
	ck_assert_ptr_null(value_field(fake.reader, &from, "base", &ret));
	ck_assert_str_eq(ret.type->told.name, "main.base");
	check_step(value_field(fake.reader, &from, "weight", &ret), SPY_ERROR_USAGE, "several");
	check_step(value_field(fake.reader, &from, "port", &ret), SPY_ERROR_USAGE, "no field port");
	value_field_names(fake.reader, &from, add_name, &names);
	ck_assert_str_eq(names.bytes, "base extra Port ID weight Label weight ");
	text_free(&names);
	put(inner + 8, at, 8);
	value_reader_begin(fake.reader, false);
	from = place(pointer, inner + 8);
	ck_assert_ptr_null(value_field(fake.reader, &from, "Port", &ret));
	ck_assert_int_eq(number_at(&ret), 3);
	put(at + 16, 0, 8);
	value_reader_begin(fake.reader, false);
	check_step(value_field(fake.reader, &from, "Label", &ret), SPY_ERROR_USAGE, "is nil");
	put(inner + 8, NOWHERE, 8);
	value_reader_begin(fake.reader, false);
	check_step(value_field(fake.reader, &from, "Label", &ret), SPY_ERROR_DATA, "0x10010");
	from = place(number, at);
	check_step(value_field(fake.reader, &from, "x", &ret), SPY_ERROR_USAGE, "no fields");
	finish();
}
END_TEST

START_TEST(elements_and_ranges)
{
	uint64_t number, slice, at, items;
	struct value_place from, ret;
	int64_t length;

	begin("go1.22.12");
	number = new_type(GO_KIND_INT, "int", 8);
	slice = new_slice("[]int", number);
	at = room(24);
	items = room(80);
	for (unsigned i = 0; i < 10; i++)
		put(items + i * 8, i * i, 8);
	put(at, items, 8);
	put(at + 8, 8, 8);
	put(at + 16, 10, 8);
	from = place(slice, at);
	ck_assert_ptr_null(value_index(fake.reader, &from, 7, &ret));
	ck_assert_int_eq(number_at(&ret), 49);
	check_step(value_index(fake.reader, &from, 8, &ret), SPY_ERROR_USAGE,
		   "index 8 is out of range: the length is 8");
	check_step(value_index(fake.reader, &from, -1, &ret), SPY_ERROR_USAGE, "out of range");
	ck_assert_ptr_null(value_slice(fake.reader, &from, 3, 5, &ret));
	ck_assert_ptr_null(value_length(fake.reader, &ret, &length));
	ck_assert_int_eq(length, 2);
	ck_assert_ptr_null(value_capacity(fake.reader, &ret, &length));
	ck_assert_int_eq(length, 7);
	ck_assert_ptr_null(value_index(fake.reader, &ret, 1, &ret));
	ck_assert_int_eq(number_at(&ret), 16);
	ck_assert_ptr_null(value_slice(fake.reader, &from, 9, 10, &ret)); /* as Go allows */
	check_step(value_slice(fake.reader, &from, 9, 11, &ret), SPY_ERROR_USAGE, "out of range");
	check_step(value_slice(fake.reader, &from, 9, INT64_MAX, &ret), SPY_ERROR_USAGE,
		   "out of range");
	check_step(value_deref(fake.reader, &from, &ret), SPY_ERROR_USAGE, "no pointer");
	put(at + 16, 1ull << 61, 8);
	value_reader_begin(fake.reader, false);
	check_step(value_index(fake.reader, &from, 1, &ret), SPY_ERROR_DATA, "corrupt");
	ret = value_place_of_int(fake.reader, -7);
	ck_assert_int_eq(number_at(&ret), -7);
	finish();
}
END_TEST

START_TEST(keys)
{
	struct value_key key = { .kind = VALUE_KEY_STRING, .bytes = "bob", .length = 3 };
	uint64_t string, number, face, type, at, bucket, text;
	struct value_place from, ret;
	struct text names = { 0 };
	bool has_key;

	begin("go1.22.12");
	string = new_type(GO_KIND_STRING, "string", 16);
	number = new_type(GO_KIND_INT, "int", 8);
	type = new_map("map[string]int", string, 16, number, 8);
	at = room(8);
	bucket = room(8 + 8 * 16 + 8 * 8 + 8);
	text = room(16);
	put_text(text, "annbob", 6);
	for (unsigned i = 0; i < 2; i++) {
		put(bucket + i, 9, 1);
		put(bucket + 8 + i * 16, text + i * 3, 8);
		put(bucket + 8 + i * 16 + 8, 3, 8);
		put(bucket + 8 + 128 + i * 8, 70 + i, 8);
	}
	put(at, new_hmap(2, 0, bucket, 0, 0), 8);
	from = place(type, at);
	ck_assert_ptr_null(value_lookup(fake.reader, &from, &key, &ret, &has_key));
	ck_assert_int_eq(number_at(&ret), 71);
	key.bytes = "eve";
	check_step(value_lookup(fake.reader, &from, &key, &ret, &has_key), SPY_ERROR_USAGE,
		   "no such key");
	ck_assert(!has_key);
	value_key_names(fake.reader, &from, add_name, &names);
	ck_assert_str_eq(names.bytes, "ann bob ");
	text_free(&names);
	key.kind = VALUE_KEY_INTEGER;
	check_step(value_lookup(fake.reader, &from, &key, &ret, &has_key), SPY_ERROR_USAGE,
		   "another kind");
	ck_assert(has_key);
	/* A negative number, and one that is as large as it would be without a sign. */
	type = new_int_map();
	bucket = room(BUCKET_BYTES);
	put_cell(bucket, 0, 9, (uint64_t)-5, 1);
	put_cell(bucket, 1, 9, 5, 2);
	put(at, new_hmap(2, 0, bucket, 0, 0), 8);
	from = place(type, at);
	key = (struct value_key){ .kind = VALUE_KEY_INTEGER, .negative = true, .natural = 5 };
	value_reader_begin(fake.reader, false);
	ck_assert_ptr_null(value_lookup(fake.reader, &from, &key, &ret, &has_key));
	ck_assert_int_eq(number_at(&ret), 1);
	key.negative = false;
	ck_assert_ptr_null(value_lookup(fake.reader, &from, &key, &ret, &has_key));
	ck_assert_int_eq(number_at(&ret), 2);
	key.natural = (uint64_t)-5;
	check_step(value_lookup(fake.reader, &from, &key, &ret, &has_key), SPY_ERROR_USAGE,
		   "no such key");
	/* Of interfaces, by what they hold. */
	face = new_type(GO_KIND_INTERFACE, "interface {}", 16);
	type = new_map("map[interface {}]int", face, 16, number, 8);
	bucket = room(8 + 8 * 16 + 8 * 8 + 8);
	put(bucket, 9, 1);
	put(bucket + 8, number, 8);
	put(bucket + 16, text + 8, 8);
	put(text + 8, 6, 8);
	put(bucket + 8 + 128, 99, 8);
	put(at, new_hmap(1, 0, bucket, 0, 0), 8);
	from = place(type, at);
	key = (struct value_key){ .kind = VALUE_KEY_INTEGER, .natural = 6 };
	value_reader_begin(fake.reader, false);
	ck_assert_ptr_null(value_lookup(fake.reader, &from, &key, &ret, &has_key));
	ck_assert_int_eq(number_at(&ret), 99);
	finish();
}
END_TEST

START_TEST(assertions)
{
	uint64_t number, face, at, target;
	struct value_place from, ret;

	begin("go1.22.12");
	number = new_type(GO_KIND_INT, "app.count", 8);
	face = new_type(GO_KIND_INTERFACE, "interface {}", 16);
	at = room(16);
	target = room(8);
	from = place(face, at);
	check_step(value_assert(fake.reader, &from, NULL, &ret), SPY_ERROR_USAGE, "is nil");
	put(target, 42, 8);
	put(at, number, 8);
	put(at + 8, target, 8);
	value_reader_begin(fake.reader, false);
	ck_assert_ptr_null(value_assert(fake.reader, &from, "app.count", &ret));
	ck_assert_int_eq(number_at(&ret), 42);
	check_step(value_assert(fake.reader, &from, "app.other", &ret), SPY_ERROR_USAGE,
		   "holds a value of type app.count");
	from = place(number, target);
	check_step(value_assert(fake.reader, &from, NULL, &ret), SPY_ERROR_USAGE, "no interface");
	finish();
}
END_TEST

/* ---- a target that runs -------------------------------------------------------------------- */

static struct spy_value watch(uint64_t type, uint64_t address, uint64_t changing, size_t changes)
{
	struct value_place at = place(type, address);
	struct spy_value value;

	fake.changing = changing;
	fake.changes = changes;
	value_reader_begin(fake.reader, true);
	value_read(fake.reader, &at, NULL, &fake.arena, &value);
	fake.changes = 0;
	return value;
}

START_TEST(what_changes_is_read_again)
{
	struct field around[] = { { .name = "before" },
				  { .name = "map", .offset = 8 },
				  { .name = "after", .offset = 16 } };
	uint64_t type, at, bucket, map;
	struct spy_value value;

	begin("go1.22.12");
	around[0].type = around[2].type = new_type(GO_KIND_INT, "int", 8);
	around[1].type = new_int_map();
	type = new_struct("main.around", 24, around, 3);
	at = room(24);
	bucket = room(BUCKET_BYTES);
	put_cell(bucket, 0, 9, 1, 10);
	map = new_hmap(1, 0, bucket, 0, 0);
	put(at, 5, 8);
	put(at + 8, map, 8);
	put(at + 16, 6, 8);
	/* Nothing changes; a number beside the map does, which is as true as any other. */
	value = watch(type, at, at, 0);
	ck_assert_uint_eq(value.structure.fields[1].value.map.kept, 1);
	value = watch(type, at, at, 100);
	ck_assert_uint_eq(value.structure.fields[1].value.map.kept, 1);
	ck_assert_uint_eq(value_reader_torn(fake.reader), 0);
	/* An element changes once under the reading: the second is of one piece. */
	value = watch(type, at, bucket + 8 + 64, 1);
	ck_assert_int_eq(value.structure.fields[1].value.map.entries[0].value.integer, 11);
	ck_assert_uint_eq(value_reader_torn(fake.reader), 0);
	/* And with each look: no value of it is to be had, the rest is there. */
	value = watch(type, at, bucket + 8 + 64, 1000);
	check_error(&value.structure.fields[1].value, "changed while it was read");
	ck_assert_int_eq(value.structure.fields[2].value.integer, 6);
	ck_assert_uint_eq(value_reader_torn(fake.reader), 1);
	finish();
}
END_TEST

/* ---- meanings ----------------------------------------------------------------------------- */

START_TEST(durations)
{
	static const struct {
		int64_t ns;
		const char *words;
	} cases[] = {
		{ 0, "0s" },
		{ 1, "1ns" },
		{ 1100, "1.1µs" },
		{ 2200000, "2.2ms" },
		{ 999999999, "999.999999ms" },
		{ 1000000000, "1s" },
		{ 1500000000, "1.5s" },
		{ 60000000000, "1m0s" },
		{ 3600000000000, "1h0m0s" },
		{ 5430005000000, "1h30m30.005s" },
		{ -2, "-2ns" },
		{ INT64_MAX, "2562047h47m16.854775807s" },
		{ INT64_MIN, "-2562047h47m16.854775808s" },
	};
	uint64_t type, at;

	begin("go1.22.12");
	type = new_type(GO_KIND_INT64, "time.Duration", 8);
	at = room(8);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(at, (uint64_t)cases[i].ns, 8);
		ck_assert_str_eq(read_at(type, at).meaning, cases[i].words);
	}
	/* One of that name that is none. */
	ck_assert_ptr_null(value_meaning_of("time.Duration", GO_KIND_STRING));
	finish();
}
END_TEST

START_TEST(times)
{
	struct field fields[] = { { .name = "wall" },
				  { .name = "ext", .offset = 8 },
				  { .name = "loc", .offset = 16 } };
	static const struct {
		uint64_t wall;
		int64_t ext;
		const char *words;
	} cases[] = {
		{ 0, 0, "0001-01-01T00:00:00Z" },
		{ 123456789, 63930883586, "2026-11-21T18:46:26.123456789Z" },
		{ 0, 63082281600, "2000-01-01T00:00:00Z" },
		{ 0, 63087465599, "2000-02-29T23:59:59Z" },
		{ 999999999, 315537897599, "9999-12-31T23:59:59.999999999Z" },
		{ 0, -1413720000, "-0044-03-15T12:00:00Z" },
		/* With a monotonic clock: 33 bits of seconds since 1885. */
		{ 1ull << 63 | 4471574786ull << 30 | 500000000, 77, "2026-09-13T08:06:26.5Z" },
		{ 1000000000, 0, NULL },
		{ 0, INT64_MIN, NULL },
	};
	uint64_t type, at;

	begin("go1.22.12");
	fields[0].type = new_type(GO_KIND_UINT64, "uint64", 8);
	fields[1].type = new_type(GO_KIND_INT64, "int64", 8);
	fields[2].type = new_pointer("*time.Location", fields[0].type);
	type = new_struct("time.Time", 24, fields, 3);
	at = room(24);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *meaning;

		put(at, cases[i].wall, 8);
		put(at + 8, (uint64_t)cases[i].ext, 8);
		meaning = read_at(type, at).meaning;
		if (cases[i].words)
			ck_assert_str_eq(meaning, cases[i].words);
		else
			ck_assert_ptr_null(meaning);
	}
	finish();
}
END_TEST

START_TEST(locks_and_numbers)
{
	struct field mutex[] = { { .name = "state" }, { .name = "sema", .offset = 4 } };
	struct field integer[] = { { .name = "neg" }, { .name = "abs", .offset = 8 } };
	uint64_t type, at, words;

	begin("go1.22.12");
	mutex[0].type = new_type(GO_KIND_INT32, "int32", 4);
	mutex[1].type = new_type(GO_KIND_UINT32, "uint32", 4);
	type = new_struct("sync.Mutex", 8, mutex, 2);
	at = room(32);
	ck_assert_str_eq(read_at(type, at).meaning, "unlocked");
	put(at, 1 | 2 << 3, 4);
	ck_assert_str_eq(read_at(type, at).meaning, "locked, 2 wait");
	put(at, 1 | 4 | 1 << 3, 4);
	ck_assert_str_eq(read_at(type, at).meaning, "locked, 1 waits, starving");
	integer[0].type = new_type(GO_KIND_BOOL, "bool", 1);
	integer[1].type = new_slice("math/big.nat", new_type(GO_KIND_UINT, "math/big.Word", 8));
	type = new_struct("math/big.Int", 32, integer, 2);
	words = room(16);
	put(words, 0, 8);
	put(words + 8, 1, 8);
	put(at, 1, 8);
	put(at + 8, words, 8);
	put(at + 16, 2, 8);
	put(at + 24, 2, 8);
	ck_assert_str_eq(read_at(type, at).meaning, "-18446744073709551616");
	put(at + 16, 0, 8);
	put(at, 0, 1);
	ck_assert_str_eq(read_at(type, at).meaning, "0");
	put(at + 16, 1ull << 60, 8);
	ck_assert_ptr_null(read_at(type, at).meaning);
	/* Fields of other kinds. */
	mutex[0].type = new_type(GO_KIND_STRING, "string", 16);
	type = new_struct("sync.RWMutex", 24, mutex, 1);
	ck_assert_ptr_null(read_at(type, at).meaning);
	finish();
}
END_TEST

/* ---- whatever there may be ------------------------------------------------------------------ */

/* A struct of one of each kind that refers to others, itself among them. */
static uint64_t new_everything(uint64_t *size)
{
	struct field fields[] = { { .name = "text" },  { .name = "slice" }, { .name = "ints" },
				  { .name = "names" }, { .name = "face" },  { .name = "next" },
				  { .name = "chan" },  { .name = "call" },  { .name = "shape" } };
	uint64_t string = new_type(GO_KIND_STRING, "string", 16);
	uint64_t number = new_type(GO_KIND_INT, "int", 8);
	uint64_t face = new_type(GO_KIND_INTERFACE, "interface {}", 16);
	uint64_t self = new_pointer("*main.everything", number), type;

	fields[0].type = string;
	fields[1].type = new_slice("[]*main.everything", self);
	fields[2].type = new_map("map[int]int", number, 8, number, 8);
	fields[3].type = new_map("map[string]string", string, 16, string, 16);
	fields[4].type = face;
	fields[5].type = self;
	fields[6].type = new_chan("chan interface {}", face);
	fields[7].type = new_type(GO_KIND_FUNC, "func()", 8);
	fields[8].type = new_slice("[]interface {}", face);
	*size = 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fields[i].offset = *size;
		*size += value_types_by_descriptor(fake.types, fields[i].type)->size;
	}
	type = new_struct("main.everything", *size, fields, sizeof(fields) / sizeof(fields[0]));
	put_field(self, FIELD_ptr_type_elem, type);
	/* What was looked at before it was complete. */
	value_reader_free(fake.reader);
	fake.reader = value_reader_new(&fake.runtime, NULL);
	fake.types = value_reader_types(fake.reader);
	return type;
}

START_TEST(random_memory)
{
	static const char *const versions[] = { "go1.11.13", "go1.22.12", "go1.24.13", "go1.27.4" };
	unsigned seed = 1;

	for (unsigned round = 0; round < 200; round++) {
		uint64_t size, type;
		struct spy_value value;

		begin(versions[round % 4]);
		type = new_everything(&size);
		for (uint64_t at = MODULE_END; at < END; at += 8) {
			uint64_t word = (unsigned)rand_r(&seed);

			switch (word % 4) {
			case 0:
				put(at, word / 4 % 16, 8);
				break;
			case 1:
				put(at, BASE + word / 4 % BYTES, 8);
				break;
			case 2:
				put(at, word % 32 ? 0 : ~0ull << word % 64, 8);
				break;
			default:
				put(at, MODULE_END + word / 64 % 0x1000 * 8, 8);
				break;
			}
		}
		value = read_within(type, MODULE_END, 6, 20, 50);
		ck_assert_ptr_null(value.error);
		ck_assert_uint_eq(value.structure.count, 9);
		finish();
	}
}
END_TEST

START_TEST(reads_that_fail)
{
	static const char *const versions[] = { "go1.22.12", "go1.27.4" };
	size_t reads = 1;

	for (size_t fail_at = 1; fail_at <= reads * 2; fail_at++) {
		uint64_t size, type, at;
		struct spy_value value;

		begin(versions[fail_at % 2]);
		type = new_everything(&size);
		at = room(size);
		put(at, room(8), 8);
		put(at + 8, 5, 8);
		put(at + 16, room(8), 8);
		put(at + 24, 1, 8);
		put(at + 32, 1, 8);
		put(at + 40, fail_at % 2 ? new_swiss(0, 0, 0) : new_hmap(0, 0, 0, 0, 0), 8);
		place(type, at);
		fake.reads = 0;
		fake.fail_at = fail_at;
		value = read_at(type, at);
		ck_assert(value.error || value.structure.count == 9);
		reads = fake.reads;
		finish();
	}
	ck_assert_uint_gt(reads, 2);
}
END_TEST

Suite *values_suite(void)
{
	Suite *suite = suite_create("values");
	TCase *kinds = tcase_create("kinds"), *maps = tcase_create("maps");
	TCase *steps = tcase_create("steps"), *others = tcase_create("others");

	tcase_set_timeout(others, 60);
	tcase_add_test(kinds, numbers);
	tcase_add_test(kinds, strings);
	tcase_add_test(kinds, slices_and_arrays);
	tcase_add_test(kinds, pointers_in_a_ring);
	tcase_add_test(kinds, interfaces);
	tcase_add_test(kinds, methods_tables);
	tcase_add_test(kinds, channels);
	tcase_add_test(kinds, functions_that_are_none);
	suite_add_tcase(suite, kinds);
	tcase_set_timeout(maps, 60);
	tcase_add_test(maps, entries_in_buckets);
	tcase_add_test(maps, buckets_that_follow_themselves);
	tcase_add_test(maps, buckets_that_grow);
	tcase_add_test(maps, entries_in_groups);
	tcase_add_test(maps, directories);
	suite_add_tcase(suite, maps);
	tcase_add_test(steps, fields_of_structs);
	tcase_add_test(steps, elements_and_ranges);
	tcase_add_test(steps, keys);
	tcase_add_test(steps, assertions);
	suite_add_tcase(suite, steps);
	tcase_add_test(others, what_changes_is_read_again);
	tcase_add_test(others, durations);
	tcase_add_test(others, times);
	tcase_add_test(others, locks_and_numbers);
	tcase_add_test(others, random_memory);
	tcase_add_test(others, reads_that_fail);
	suite_add_tcase(suite, others);
	return suite;
}
