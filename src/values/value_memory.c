/* SPDX-License-Identifier: MIT */
#include "values/value_memory.h"

#include "base/cursor.h"

enum {
	FETCH_PAGES_MAX = 16384,  /* in one go: 64 MiB */
	WANT_BYTES_MAX = 1 << 20, /* by one pointer */
	LONG_BYTES = 16 * MEMORY_PAGE_BYTES,
};

/* What is kept; beyond it all pages are forgotten. */
static const uint64_t held_max = 256ull << 20;
/* What is read of a target in one reading: a map that was large once and holds little now must be
 * walked in its full length. */
static const uint64_t read_max = 8ull << 30;

void memory_open(struct value_memory *memory, struct target *target)
{
	*memory = (struct value_memory){ .target = target };
	memory_begin(memory, false);
}

void memory_forget(struct value_memory *memory)
{
	for (size_t i = 0; i < memory->buffers.count; i++)
		free(memory->buffers.items[i]);
	memory->buffers.count = 0;
	memory->held = 0;
	memory->wanted.count = 0;
	memory->last_page = 0;
	map_free(&memory->pages);
	memory->pages = (struct map){ 0 };
}

void memory_close(struct value_memory *memory)
{
	memory_forget(memory);
	vector_free(&memory->buffers);
	vector_free(&memory->wanted);
	vector_free(&memory->records);
}

void memory_begin(struct value_memory *memory, bool watch)
{
	memory_forget(memory);
	memory->read_left = read_max;
	memory->watching = watch;
	memory->records.count = 0;
}

/* ---- pages -------------------------------------------------------------------------------- */

static int compare_pages(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Sorts what is wanted, and drops what is there or stands there twice. */
static size_t settle_wanted(struct value_memory *memory)
{
	uint64_t *pages = memory->wanted.items;
	size_t count = 0;
	bool found;

	if (!memory->wanted.count)
		return 0;
	qsort(pages, memory->wanted.count, sizeof(*pages), compare_pages);
	for (size_t i = 0; i < memory->wanted.count; i++) {
		if (count && pages[count - 1] == pages[i])
			continue;
		map_get(&memory->pages, pages[i] + 1, &found);
		if (!found)
			pages[count++] = pages[i];
	}
	return count;
}

static void keep_page(struct value_memory *memory, uint64_t page, const uint8_t *bytes)
{
	map_put(&memory->pages, page + 1, (uint64_t)(uintptr_t)bytes);
}

/* Neighbours are read as one range; where that fails, page by page. */
static void read_pages(struct value_memory *memory, const uint64_t *pages, size_t count)
{
	struct target_range *ranges _cleanup_free_ = memory_new(count, sizeof(*ranges));
	uint8_t *buffer = memory_new(count, MEMORY_PAGE_BYTES);
	size_t range_count = 0, retried = 0;

	*vector_push(&memory->buffers) = buffer;
	memory->held += (uint64_t)count * MEMORY_PAGE_BYTES;
	for (size_t i = 0; i < count; i++) {
		struct target_range *last = &ranges[range_count ? range_count - 1 : 0];
		uint64_t address = pages[i] * MEMORY_PAGE_BYTES;

		if (range_count && last->address + last->size == address)
			last->size += MEMORY_PAGE_BYTES;
		else
			ranges[range_count++] =
			    (struct target_range){ .address = address,
						   .buffer = buffer + i * MEMORY_PAGE_BYTES,
						   .size = MEMORY_PAGE_BYTES };
	}
	target_readv(memory->target, ranges, range_count);
	for (size_t i = 0; i < range_count; i++) {
		for (uint64_t at = 0; at < ranges[i].size; at += MEMORY_PAGE_BYTES) {
			uint64_t address = ranges[i].address + at;
			uint8_t *bytes = (uint8_t *)ranges[i].buffer + at;
			bool ok = ranges[i].ok;

			if (!ok && ranges[i].size > MEMORY_PAGE_BYTES && retried++ < count)
				ok = !spy_error_caught(
				    target_read(memory->target, address, bytes, MEMORY_PAGE_BYTES));
			keep_page(memory, address / MEMORY_PAGE_BYTES, ok ? bytes : NULL);
		}
	}
}

void memory_fetch(struct value_memory *memory)
{
	size_t count, i;

	if (memory->held > held_max) {
		count = memory->wanted.count;
		memory_forget(memory);
		memory->wanted.count = count;
	}
	count = settle_wanted(memory);
	for (i = 0; i < count; i += FETCH_PAGES_MAX) {
		size_t some = count - i < FETCH_PAGES_MAX ? count - i : FETCH_PAGES_MAX;

		if (memory->read_left < (uint64_t)some * MEMORY_PAGE_BYTES)
			break;
		memory->read_left -= (uint64_t)some * MEMORY_PAGE_BYTES;
		read_pages(memory, memory->wanted.items + i, some);
	}
	memory->wanted.count = 0;
	memory->last_page = 0;
}

void memory_want(struct value_memory *memory, uint64_t address, uint64_t size)
{
	uint64_t first = address / MEMORY_PAGE_BYTES, last;

	if (!size || address < MEMORY_PAGE_BYTES || size > WANT_BYTES_MAX ||
	    __builtin_add_overflow(address, size - 1, &last))
		return;
	last /= MEMORY_PAGE_BYTES;
	for (; first <= last; first++) {
		if (memory->wanted.count && memory->wanted.items[memory->wanted.count - 1] == first)
			continue;
		*vector_push(&memory->wanted) = first;
	}
	if (memory->wanted.count >= 2 * FETCH_PAGES_MAX)
		memory_fetch(memory);
}

/* The bytes of a page; NULL if it is unreadable. */
static const uint8_t *page_bytes(struct value_memory *memory, uint64_t page)
{
	uint64_t bytes;
	bool found;

	if (memory->last_page == page + 1)
		return memory->last_bytes;
	bytes = map_get(&memory->pages, page + 1, &found);
	if (!found) {
		*vector_push(&memory->wanted) = page;
		memory_fetch(memory);
		bytes = map_get(&memory->pages, page + 1, &found);
		if (!found)
			return NULL;
	}
	memory->last_page = page + 1;
	memory->last_bytes = (const uint8_t *)(uintptr_t)bytes;
	return memory->last_bytes;
}

/* ---- notes -------------------------------------------------------------------------------- */

static uint64_t hash_of(uint64_t hash, const uint8_t *bytes, size_t size)
{
	static const uint64_t prime = 0x9e3779b97f4a7c15;

	for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), bytes += sizeof(uint64_t)) {
		hash = (hash ^ load_u64(bytes)) * prime;
		hash ^= hash >> 32;
	}
	for (; size; size--, bytes++)
		hash = (hash ^ *bytes) * prime;
	return hash;
}

static void note(struct value_memory *memory, uint64_t address, const void *bytes, size_t size)
{
	if (memory->watching)
		*vector_push(&memory->records) = (struct memory_record){
			.address = address, .size = size, .hash = hash_of(size, bytes, size)
		};
}

size_t memory_mark(const struct value_memory *memory)
{
	return memory->records.count;
}

void memory_forget_notes(struct value_memory *memory, size_t mark)
{
	if (mark < memory->records.count)
		memory->records.count = mark;
}

bool memory_unchanged(struct value_memory *memory, size_t mark)
{
	uint8_t *buffer _cleanup_free_ = NULL;
	size_t capacity = 0, i;
	bool same = true;

	for (i = mark; i < memory->records.count && same; i++) {
		const struct memory_record *record = &memory->records.items[i];

		if (capacity < record->size) {
			capacity = record->size;
			free(buffer);
			buffer = memory_new(capacity, 1);
		}
		same = !spy_error_caught(
			   target_read(memory->target, record->address, buffer, record->size)) &&
		       hash_of(record->size, buffer, record->size) == record->hash;
	}
	memory_forget_notes(memory, mark);
	if (!same)
		memory_forget(memory);
	return same;
}

/* ---- looking ------------------------------------------------------------------------------ */

/* Through the pages; a page that cannot be read as a whole (the end of a core's segment) may hold
 * what is asked for. */
static bool read_through(struct value_memory *memory, uint64_t address, uint8_t *buffer,
			 size_t size)
{
	while (size) {
		size_t offset = address % MEMORY_PAGE_BYTES;
		size_t part = MEMORY_PAGE_BYTES - offset < size ? MEMORY_PAGE_BYTES - offset : size;
		const uint8_t *page = page_bytes(memory, address / MEMORY_PAGE_BYTES);

		if (page)
			memcpy(buffer, page + offset, part);
		else if (memory->read_left < MEMORY_PAGE_BYTES ||
			 spy_error_caught(target_read(memory->target, address, buffer, part)))
			return false;
		address += part;
		buffer += part;
		size -= part;
	}
	return true;
}

/* The first page is nobody's, and what looks like its address is none (vm.mmap_min_addr). */
static bool is_address(uint64_t address, size_t size)
{
	uint64_t end;

	return address >= MEMORY_PAGE_BYTES && !__builtin_add_overflow(address, size, &end);
}

static bool read_past(struct value_memory *memory, uint64_t address, uint8_t *buffer, size_t size)
{
	if (memory->read_left < size)
		return false;
	memory->read_left -= size;
	return !spy_error_caught(target_read(memory->target, address, buffer, size));
}

bool memory_load(struct value_memory *memory, uint64_t address, void *buffer, size_t size)
{
	if (!size)
		return true;
	if (!is_address(address, size))
		return false;
	return size > LONG_BYTES ? read_past(memory, address, buffer, size)
				 : read_through(memory, address, buffer, size);
}

bool memory_read(struct value_memory *memory, uint64_t address, void *buffer, size_t size)
{
	if (!memory_load(memory, address, buffer, size))
		return false;
	note(memory, address, buffer, size);
	return true;
}

bool memory_word(struct value_memory *memory, uint64_t address, uint64_t *ret)
{
	uint8_t bytes[sizeof(*ret)];

	if (!memory_read(memory, address, bytes, sizeof(bytes)))
		return false;
	*ret = load_u64(bytes);
	return true;
}
