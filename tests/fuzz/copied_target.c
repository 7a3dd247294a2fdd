/* SPDX-License-Identifier: MIT */
#include "fuzz/copied_target.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	MAPPING_MAX = 64 << 20, /* Go reserves gigabytes, of which a core has nothing */
	PAGES_AT_ONCE = 256,
};

static void give_up(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Appends a page to the last part, which has room to the end of the mapping, or begins another. */
static void add_page(struct copied_target *copy, const struct target_mapping *mapping,
		     uint64_t address, const uint8_t *page)
{
	struct copied_part *last =
	    copy->parts.count ? &copy->parts.items[copy->parts.count - 1] : NULL;

	if (!last || last->start < mapping->start || last->start + last->size != address) {
		uint64_t room = mapping->end - address;

		last = vector_push(&copy->parts);
		*last = (struct copied_part){ .start = address, .writable = mapping->writable };
		last->bytes = memory_new(room < MAPPING_MAX ? room : MAPPING_MAX, 1);
	}
	memcpy(last->bytes + last->size, page, PAGE);
	last->size += PAGE;
}

static void copy_mapping(struct copied_target *copy, const struct target_mapping *mapping)
{
	uint8_t *pages _cleanup_free_ = memory_new(PAGES_AT_ONCE, PAGE);
	struct target_range ranges[PAGES_AT_ONCE];
	uint64_t at = mapping->start;

	while (at < mapping->end && at - mapping->start < MAPPING_MAX) {
		size_t count = 0;

		for (; count < PAGES_AT_ONCE && at < mapping->end; count++, at += PAGE)
			ranges[count] = (struct target_range){ .address = at,
							       .buffer = pages + count * PAGE,
							       .size = PAGE };
		target_readv(copy->original, ranges, count);
		for (size_t i = 0; i < count; i++)
			if (ranges[i].ok)
				add_page(copy, mapping, ranges[i].address, ranges[i].buffer);
	}
}

static void copy_memory(struct copied_target *copy)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct target_mappings mappings;

	if (spy_error_caught(target_mappings(copy->original, &arena, &mappings)))
		give_up("mappings");
	for (size_t i = 0; i < mappings.count; i++)
		if (mappings.items[i].readable)
			copy_mapping(copy, &mappings.items[i]);
}

static void copy_file(struct copied_target *copy, const char *exe)
{
	FILE *file = fopen(exe, "rb");
	struct stat status;

	copy->file = memfd_create("program", MFD_CLOEXEC);
	if (!file || fstat(fileno(file), &status) != 0 || copy->file < 0)
		give_up(exe);
	copy->file_size = (size_t)status.st_size;
	/* Not for others to write to, or it would be read and not mapped. */
	if (fchmod(copy->file, 0700) != 0 || ftruncate(copy->file, status.st_size) != 0)
		give_up("memfd");
	copy->file_bytes =
	    mmap(NULL, copy->file_size, PROT_READ | PROT_WRITE, MAP_SHARED, copy->file, 0);
	if (copy->file_bytes == MAP_FAILED ||
	    fread(copy->file_bytes, 1, copy->file_size, file) != copy->file_size)
		give_up(exe);
	fclose(file);
}

const struct copied_part *copied_part_at(const struct copied_target *copy, uint64_t address)
{
	size_t low = 0, high = copy->parts.count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct copied_part *part = &copy->parts.items[middle];

		if (address < part->start)
			high = middle;
		else if (address - part->start >= part->size)
			low = middle + 1;
		else
			return part;
	}
	return NULL;
}

/* ---- the target ---------------------------------------------------------------------------- */

static struct spy_error *copied_read(struct target *target, uint64_t address, void *buffer,
				     size_t size)
{
	const struct copied_target *copy = (struct copied_target *)target;
	uint8_t *to = buffer;

	while (size) {
		const struct copied_part *part = copied_part_at(copy, address);
		size_t here;

		if (!part)
			return spy_error_fault(address, size);
		here = part->size - (address - part->start);
		if (here > size)
			here = size;
		memcpy(to, part->bytes + (address - part->start), here);
		to += here;
		address += here;
		size -= here;
	}
	return NULL;
}

static void copied_readv(struct target *target, struct target_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ranges[i].ok = !spy_error_caught(
		    copied_read(target, ranges[i].address, ranges[i].buffer, ranges[i].size));
}

static struct spy_error *copied_mappings(struct target *target, struct arena *arena,
					 struct target_mappings *ret)
{
	return target_mappings(((struct copied_target *)target)->original, arena, ret);
}

static struct spy_error *copied_open_mapping(struct target *target,
					     const struct target_mapping *mapping,
					     struct binary **ret)
{
	const struct copied_target *copy = (struct copied_target *)target;

	if (strcmp(mapping->path, target->exe) != 0)
		return target_open_mapping(copy->original, mapping, ret);
	return binary_open_fd(copy->file, mapping->path, ret);
}

static struct spy_error *copied_threads(struct target *target, struct arena *arena,
					struct target_threads *ret)
{
	return target_threads(((struct copied_target *)target)->original, arena, ret);
}

static struct spy_error *copied_pause(struct target *target)
{
	return target_pause(((struct copied_target *)target)->original);
}

static int64_t copied_resume(struct target *target)
{
	return target_resume(((struct copied_target *)target)->original);
}

static struct spy_error *copied_ended(struct target *target)
{
	return target_ended(((struct copied_target *)target)->original);
}

/* Its owner frees it: the session closes a target with each look. */
static void copied_close(struct target *target)
{
	(void)target;
}

static const struct target_ops copied_ops = {
	.read = copied_read,
	.readv = copied_readv,
	.mappings = copied_mappings,
	.open_mapping = copied_open_mapping,
	.threads = copied_threads,
	.pause = copied_pause,
	.resume = copied_resume,
	.ended = copied_ended,
	.close = copied_close,
};

struct copied_target *copied_target_new(struct target *original, const char *exe)
{
	struct copied_target *copy = memory_zeroed(1, sizeof(*copy));

	copy->target = *original;
	copy->target.ops = &copied_ops;
	copy->original = original;
	copy_file(copy, exe);
	copy_memory(copy);
	return copy;
}

void copied_target_free(struct copied_target *copy)
{
	for (size_t i = 0; i < copy->parts.count; i++)
		free(copy->parts.items[i].bytes);
	vector_free(&copy->parts);
	munmap(copy->file_bytes, copy->file_size);
	cleanup_close(&copy->file);
	target_close(copy->original);
	free(copy);
}
