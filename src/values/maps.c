/* SPDX-License-Identifier: MIT */
#include "values/maps.h"

enum {
	SLOTS = 8, /* of a bucket or group: internal/abi/map.go, all versions */
	FIRST_GROUPS = 16,
	GROUPS_OF_TABLE_MAX = 1024 / SLOTS, /* internal/runtime/maps/map.go: maxTableCapacity */
	DIRECTORY_MAX = 1 << 24,            /* a map of 16 million tables has 15 billion entries */
	DIRECTORY_CHUNK = 512,
	BUCKET_BITS_MAX = 40,
	MAP_HEADER_BYTES_MAX = 128,
	SAME_SIZE_GROW = 8, /* runtime/map.go: flags of hmap */
	MIN_TOP_HASH = 5,   /* runtime/map.go: minTopHash since Go 1.12 */
	WHOLE = 1024,       /* whoever wants no more entries does not want them all */
};

static const char *const unreadable = "its memory cannot be read";
static const char *const too_long = "its chains do not end";
static const char *const corrupt = "no map has such a header";

/* ---- entries ------------------------------------------------------------------------------ */

static void flush(struct map_walk *walk)
{
	if (walk->entries.count && !walk->enough)
		walk->enough =
		    !walk->callback(walk->context, walk->entries.items, walk->entries.count);
	walk->entries.count = 0;
	if (walk->found >= walk->length)
		walk->enough = true;
}

static struct value_place place_in(const struct value_type *type, bool is_pointer, uint64_t address,
				   const uint8_t *bytes)
{
	if (is_pointer)
		return (struct value_place){ .type = type, .address = load_u64(bytes) };
	return (struct value_place){ .type = type, .address = address, .bytes = bytes };
}

/* The entry in a slot of the group at `address`, whose bytes are there. */
static void add_entry(struct map_walk *walk, uint64_t address, const uint8_t *group, unsigned slot)
{
	const struct value_map_layout *layout = walk->layout;
	uint64_t key = layout->key_offset + slot * layout->key_stride;
	uint64_t elem = layout->elem_offset + slot * layout->elem_stride;

	*vector_push(&walk->entries) = (struct map_entry){
		.key = place_in(walk->key, layout->key_is_pointer, address + key, group + key),
		.elem = place_in(walk->elem, layout->elem_is_pointer, address + elem, group + elem),
	};
	walk->found++;
}

/* ---- internal/runtime/maps, since Go 1.24 -------------------------------------------------- */

static void add_groups(struct map_walk *walk, uint64_t address, const uint8_t *groups, size_t count)
{
	enum { NOT_FULL = 0x80 }; /* internal/runtime/maps/group.go: ctrlEmpty, ctrlDeleted */
	size_t size = walk->layout->group_bytes;

	for (size_t i = 0; i < count; i++)
		for (unsigned slot = 0; slot < SLOTS; slot++)
			if (!(groups[i * size + slot] & NOT_FULL))
				add_entry(walk, address + i * size, groups + i * size, slot);
}

static const char *walk_groups(struct map_walk *walk, uint64_t address, uint64_t count)
{
	size_t bytes = count * walk->layout->group_bytes;
	uint8_t *groups _cleanup_free_ = memory_new(bytes, 1);

	if (!memory_read(&walk->reader->memory, address, groups, bytes))
		return unreadable;
	add_groups(walk, address, groups, count);
	flush(walk);
	return NULL;
}

static const char *walk_table(struct map_walk *walk, uint64_t address, uint64_t place)
{
	const struct runtime_layout *layout = &walk->reader->runtime->layout;
	uint8_t table[MAP_HEADER_BYTES_MAX];
	size_t size = layout_size(layout, SIZE_swiss_table);
	uint64_t mask;

	if (!take_step(walk->reader))
		return too_long;
	if (size > sizeof(table) || !memory_read(&walk->reader->memory, address, table, size))
		return unreadable;
	/* Each stands in one word of the directory or in several in a row, the first of which it
	 * knows (internal/runtime/maps/table.go: table.index). */
	if (layout_number(layout, FIELD_swiss_table_index, table) != place)
		return NULL;
	mask = layout_number(layout, FIELD_swiss_table_length_mask, table);
	if (mask >= GROUPS_OF_TABLE_MAX || (mask & (mask + 1)))
		return corrupt;
	return walk_groups(walk, layout_number(layout, FIELD_swiss_table_groups, table), mask + 1);
}

static const char *walk_directory(struct map_walk *walk, uint64_t directory, uint64_t length)
{
	struct value_memory *memory = &walk->reader->memory;
	size_t table_bytes = layout_size(&walk->reader->runtime->layout, SIZE_swiss_table);
	uint64_t before = 0, some = walk->few < WHOLE ? 1 : DIRECTORY_CHUNK;
	const char *wrong = NULL;

	for (uint64_t i = 0; i < length && !walk->enough && !wrong; i += some) {
		uint8_t words[DIRECTORY_CHUNK * WORD];

		some = i ? DIRECTORY_CHUNK : some;
		some = length - i < some ? length - i : some;
		if (!memory_read(memory, directory + i * WORD, words, some * WORD))
			return unreadable;
		for (uint64_t j = 0; j < some; j++)
			memory_want(memory, load_u64(words + j * WORD), table_bytes);
		memory_fetch(memory);
		for (uint64_t j = 0; j < some && !walk->enough && !wrong; j++) {
			uint64_t table = load_u64(words + j * WORD);

			if (table != before)
				wrong = walk_table(walk, table, i + j);
			before = table;
		}
	}
	return wrong;
}

/* The header, and how many entries it says there are; what no map can have is refused. */
static const char *swiss_header(struct value_reader *reader, uint64_t address, uint8_t *header,
				uint64_t *length)
{
	const struct runtime_layout *layout = &reader->runtime->layout;
	size_t size = layout_size(layout, SIZE_swiss_map);
	uint64_t tables;

	if (!size || size > MAP_HEADER_BYTES_MAX)
		return "how this version keeps maps is not known";
	if (!memory_read(&reader->memory, address, header, size))
		return unreadable;
	tables = layout_number(layout, FIELD_swiss_map_dir_len, header);
	*length = layout_number(layout, FIELD_swiss_map_used, header);
	if (tables > DIRECTORY_MAX || (tables & (tables - 1)) ||
	    *length > (tables ? tables * GROUPS_OF_TABLE_MAX : 1) * SLOTS)
		return corrupt;
	return NULL;
}

static const char *walk_swiss(struct map_walk *walk, const uint8_t *header)
{
	const struct runtime_layout *layout = &walk->reader->runtime->layout;
	uint64_t directory = layout_number(layout, FIELD_swiss_map_dir_ptr, header);
	uint64_t tables = layout_number(layout, FIELD_swiss_map_dir_len, header);

	return tables ? walk_directory(walk, directory, tables) : walk_groups(walk, directory, 1);
}

/* ---- runtime/map.go, up to Go 1.23 --------------------------------------------------------- */

static void add_bucket(struct map_walk *walk, uint64_t address, const uint8_t *bucket)
{
	unsigned least = walk->reader->runtime->layout.traits->labels_min_top_hash;

	/* Cells that were moved when the map grew have a lower number, empty ones as well. */
	for (unsigned slot = 0; slot < SLOTS; slot++)
		if (bucket[slot] >= (least ? least : MIN_TOP_HASH))
			add_entry(walk, address, bucket, slot);
}

/* The buckets that follow others: `next` are their addresses, `count` of them, of which each leads
 * to one more at most. */
static const char *walk_overflow(struct map_walk *walk, uint64_t *next, size_t count)
{
	struct value_memory *memory = &walk->reader->memory;
	size_t size = walk->layout->group_bytes;
	uint8_t *buckets _cleanup_free_ = memory_new(count, size);

	while (count && !walk->enough) {
		size_t left = 0;

		for (size_t i = 0; i < count; i++)
			memory_want(memory, next[i], size);
		memory_fetch(memory);
		for (size_t i = 0; i < count; i++) {
			uint8_t *bucket = buckets + i * size;
			uint64_t address = next[i], after;

			if (!take_step(walk->reader))
				return too_long;
			if (!memory_read(memory, address, bucket, size))
				return unreadable;
			add_bucket(walk, address, bucket);
			after = load_u64(bucket + size - WORD);
			if (after)
				next[left++] = after;
		}
		flush(walk);
		count = left;
	}
	return NULL;
}

static const char *walk_buckets(struct map_walk *walk, uint64_t address, uint64_t count)
{
	size_t size = walk->layout->group_bytes, some = CHUNK_BYTES / size;
	uint8_t *buckets _cleanup_free_ = memory_new(some, size);
	uint64_t *next _cleanup_free_ = memory_new(some, sizeof(*next));
	const char *wrong = NULL;

	if (walk->few < WHOLE)
		some = FIRST_GROUPS;
	for (uint64_t i = 0; i < count && !walk->enough && !wrong; i += some) {
		size_t following = 0;

		some = i ? CHUNK_BYTES / size : some;
		some = count - i < some ? count - i : some;
		if (!memory_read(&walk->reader->memory, address + i * size, buckets, some * size))
			return unreadable;
		for (size_t j = 0; j < some; j++) {
			const uint8_t *bucket = buckets + j * size;
			uint64_t after = load_u64(bucket + size - WORD);

			add_bucket(walk, address + (i + j) * size, bucket);
			if (after)
				next[following++] = after;
		}
		flush(walk);
		wrong = walk_overflow(walk, next, following);
	}
	return wrong;
}

static const char *bucket_header(struct value_reader *reader, uint64_t address, uint8_t *header,
				 uint64_t *length)
{
	const struct runtime_layout *layout = &reader->runtime->layout;
	size_t size = layout_size(layout, SIZE_hmap);
	uint64_t bits;

	if (!size || size > MAP_HEADER_BYTES_MAX)
		return "how this version keeps maps is not known";
	if (!memory_read(&reader->memory, address, header, size))
		return unreadable;
	bits = layout_number(layout, FIELD_hmap_b, header);
	*length = layout_number(layout, FIELD_hmap_count, header);
	/* At most 6.5 entries to a bucket, but for the first: overLoadFactor(). */
	if (bits > BUCKET_BITS_MAX || *length > (uint64_t)SLOTS << bits)
		return corrupt;
	return NULL;
}

static const char *walk_old(struct map_walk *walk, const uint8_t *header)
{
	const struct runtime_layout *layout = &walk->reader->runtime->layout;
	uint64_t count = 1ull << layout_number(layout, FIELD_hmap_b, header);
	uint64_t old = layout_number(layout, FIELD_hmap_oldbuckets, header);
	bool same_size = layout_number(layout, FIELD_hmap_flags, header) & SAME_SIZE_GROW;
	const char *wrong =
	    walk_buckets(walk, layout_number(layout, FIELD_hmap_buckets, header), count);

	/* While it grows, what has not been moved yet is there only. */
	if (!wrong && old && !walk->enough)
		wrong = walk_buckets(walk, old, same_size || count == 1 ? count : count / 2);
	return wrong;
}

/* ---- either ------------------------------------------------------------------------------- */

static const char *header_at(struct value_reader *reader, uint64_t address, uint8_t *header,
			     uint64_t *length)
{
	return layout_has(&reader->runtime->layout, FIELD_hmap_buckets)
		   ? bucket_header(reader, address, header, length)
		   : swiss_header(reader, address, header, length);
}

const char *map_length(struct value_reader *reader, uint64_t header, uint64_t *ret)
{
	uint8_t bytes[MAP_HEADER_BYTES_MAX];

	return header_at(reader, header, bytes, ret);
}

const char *map_walk(struct map_walk *walk, uint64_t header)
{
	struct value_types *types = walk->reader->types;
	uint8_t bytes[MAP_HEADER_BYTES_MAX];
	const char *wrong = header_at(walk->reader, header, bytes, &walk->length);

	if (wrong || !walk->length)
		return wrong;
	walk->layout = value_type_map_layout(types, walk->type);
	if (!walk->layout->known)
		return "how its entries lie is not known";
	walk->key = value_type_key(types, walk->type);
	walk->elem = value_type_elem(types, walk->type);
	wrong = layout_has(&walk->reader->runtime->layout, FIELD_hmap_buckets)
		    ? walk_old(walk, bytes)
		    : walk_swiss(walk, bytes);
	vector_free(&walk->entries);
	/* One that is just being put in or taken out may be counted or not. */
	if (!wrong && walk->found > walk->length + 1)
		wrong = "it has more entries than it says";
	if (!wrong && !walk->enough && walk->found + 1 < walk->length)
		wrong = "it has fewer entries than it says";
	return wrong;
}
