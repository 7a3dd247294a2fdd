/* SPDX-License-Identifier: MIT */
#include "runtime/program.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elf/debug_file.h"

/* Files that are looked at for Go code when the executable has none (a C program that loaded a
 * shared library). */
enum { FILES_MAX = 1024 };
/* The largest read-only mapping that is copied; the function table of a PIE up to Go 1.17. */
#define PART_BYTES_MAX (1ull << 30)

static const uint64_t page_mask = 4095;

/* Bias by the mapping that a PT_LOAD made: both begin at the same page of the file. */
static bool bias_of(const struct binary *binary, const struct target_mapping *mapping,
		    uint64_t *bias)
{
	const struct binary_segment *segments;
	size_t count = binary_segments(binary, &segments), i;

	if (!binary_is_relocatable(binary)) {
		*bias = 0;
		return true;
	}
	for (i = 0; i < count; i++) {
		if ((segments[i].file_offset & ~page_mask) != mapping->file_offset ||
		    segments[i].executable != mapping->executable)
			continue;
		*bias = mapping->start - (segments[i].address & ~page_mask);
		return true;
	}
	return false;
}

static bool same_file(const struct target_mapping *a, const struct target_mapping *b)
{
	return a->inode == b->inode && a->device == b->device && strcmp(a->path, b->path) == 0;
}

/* Whether a segment lies in memory where its program header says, with the same distance to its
 * place in the file. */
static bool segment_is_mapped(const struct program *program, const struct binary_segment *segment,
			      const struct target_mapping *file)
{
	const struct target_mappings *all = &program->mappings;
	uint64_t start = segment->address + program->bias;
	bool elsewhere = false;
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct target_mapping *mapping = &all->items[i];

		if (!same_file(mapping, file))
			continue;
		if (start >= mapping->start && start < mapping->end)
			return start - segment->file_offset ==
			       mapping->start - mapping->file_offset;
		elsewhere |= mapping->executable == segment->executable &&
			     mapping->writable == segment->writable;
	}
	/* It may have been moved to large pages: then nothing of its kind is mapped from the file.
	 */
	return !elsewhere;
}

/* How far from `at` on a segment is mapped from the file, if the mapping has it there; else `at`.
 */
static uint64_t mapped_end(const struct target_mapping *mapping, uint64_t at, uint64_t bias,
			   const struct binary_segment *segment)
{
	uint64_t start = segment->address + bias;
	uint64_t end = (start + segment->file_bytes + page_mask) & ~page_mask;

	if (start - segment->file_offset != mapping->start - mapping->file_offset ||
	    at < (start & ~page_mask) || at >= end)
		return at;
	return end;
}

/* Whether segments have all that is mapped of the file within the program's own stretch of
 * addresses: one, or those that lie behind one another and became one mapping. What lies elsewhere,
 * the program may have mapped for itself, and what nobody may read is a gap that the dynamic loader
 * left. */
static bool is_explained(const struct program *program, const struct binary_segment *segments,
			 size_t count, const struct target_mapping *mapping)
{
	uint64_t first = UINT64_MAX, end = 0, at = mapping->start, before;
	size_t i;

	do {
		before = at;
		for (i = 0; i < count && at < mapping->end; i++)
			at = mapped_end(mapping, at, program->bias, &segments[i]);
	} while (at != before && at < mapping->end);
	if (at >= mapping->end || !mapping->readable)
		return true;
	for (i = 0; i < count; i++) {
		uint64_t start = (segments[i].address + program->bias) & ~page_mask;

		first = start < first ? start : first;
		start = segments[i].address + program->bias + segments[i].memory_bytes;
		end = start > end ? start : end;
	}
	return mapping->end <= first || mapping->start >= end;
}

static bool is_mapped_as_told(const struct program *program, const struct binary *binary,
			      const struct target_mapping *file)
{
	const struct target_mappings *all = &program->mappings;
	const struct binary_segment *segments;
	size_t count = binary_segments(binary, &segments), i;

	for (i = 0; i < count; i++)
		if (segments[i].cut ||
		    (segments[i].file_bytes && !segment_is_mapped(program, &segments[i], file)))
			return false;
	for (i = 0; i < all->count; i++)
		if (same_file(&all->items[i], file) &&
		    !is_explained(program, segments, count, &all->items[i]))
			return false;
	return true;
}

/* Takes the file of a mapping if it is Go. */
static struct spy_error *try_file(struct program *program, const struct target_mapping *mapping,
				  enum binary_language *language)
{
	const struct target_mappings *all = &program->mappings;
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	size_t i;

	TRY(target_open_mapping(program->target, mapping, &binary));
	*language = binary_language(binary);
	if (*language != BINARY_GO)
		return NULL;
	for (i = 0; i < all->count; i++) {
		if (!same_file(&all->items[i], mapping) ||
		    !bias_of(binary, &all->items[i], &program->bias) ||
		    !is_mapped_as_told(program, binary, mapping))
			continue;
		program->binary = TAKE(binary);
		return NULL;
	}
	return spy_error_new(SPY_ERROR_DATA, "%s is not mapped as its program headers say",
			     mapping->path);
}

static bool seen_before(const struct target_mappings *all, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (all->items[i].inode && same_file(&all->items[i], &all->items[index]))
			return true;
	return false;
}

static struct spy_error *find_in_exe(struct program *program, enum binary_language *language)
{
	const struct target_mappings *all = &program->mappings;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (program->target->exe && strcmp(all->items[i].path, program->target->exe) == 0)
			return try_file(program, &all->items[i], language);
	return NULL;
}

/* Go code in a shared library: -buildmode=c-shared, loaded by a program in another language. */
static void find_in_libraries(struct program *program)
{
	const struct target_mappings *all = &program->mappings;
	enum binary_language language;
	size_t i, files = 0;

	for (i = 0; i < all->count && files < FILES_MAX && !program->binary; i++) {
		const struct target_mapping *mapping = &all->items[i];

		if (!mapping->inode || mapping->path[0] != '/' || seen_before(all, i))
			continue;
		files++;
		/* A file that cannot be opened or read is not the one. */
		(void)spy_error_caught(try_file(program, mapping, &language));
	}
}

static struct spy_error *open_symbols(struct program *program, const char *path)
{
	struct binary *symbols _cleanup_(binary_cleanup) = NULL;
	const struct binary *own = program->binary;

	TRY(binary_open(path, &symbols));
	if (!binary_is_same_build(own, symbols))
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA, "%s is another build than %s", path,
				  binary_name(own)),
		    "give the file that the running program was stripped from");
	program->symbols = TAKE(symbols);
	return NULL;
}

/* The path of the program as those who share the target's root directory call it: the kernel tells
 * it as far up as we can see. */
static const char *path_below(const char *root, const char *path)
{
	char target[PATH_MAX];
	ssize_t size = readlink(root, target, sizeof(target));

	if (size > 1 && size < (ssize_t)sizeof(target) &&
	    strncmp(path, target, (size_t)size) == 0 && path[size] == '/')
		return path + size;
	return path;
}

char *program_find_debug_file(struct program *program, const struct debug_search *how)
{
	char root[64] = "";
	struct debug_search search = *how;
	struct debug_file found;

	search.root = root;
	if (program->target->is_live)
		snprintf(root, sizeof(root), "/proc/%lld/root", (long long)program->target->pid);
	search.path = path_below(root, binary_name(program->binary));
	found = debug_file_find(program->binary, &search);
	program->symbols = found.binary;
	return found.warning;
}

struct spy_error *program_open(struct target *target, const char *bin, struct program *ret)
{
	struct program program = { .target = target };
	enum binary_language language = BINARY_NOT_GO;
	struct spy_error *error;

	error = target_mappings(target, &program.arena, &program.mappings);
	if (!error)
		error = find_in_exe(&program, &language);
	if (!error && !program.binary && language == BINARY_GCCGO)
		error = spy_error_with_hint(spy_error_new(SPY_ERROR_NOT_GO, "%s was built by gccgo",
							  target->exe ? target->exe : "the target"),
					    "spy reads programs built by the Go toolchain "
					    "(golang.org)");
	if (!error && !program.binary)
		find_in_libraries(&program);
	if (!error && !program.binary)
		error = spy_error_with_hint(
		    spy_error_new(SPY_ERROR_NOT_GO, "%s (pid %lld) is not a Go program",
				  target->exe ? target->exe : "the target", (long long)target->pid),
		    "`spy ps` lists the Go processes");
	if (!error && bin)
		error = open_symbols(&program, bin);
	if (error) {
		program_close(&program);
		return error;
	}
	*ret = program;
	return NULL;
}

void program_close(struct program *program)
{
	size_t i;

	for (i = 0; i < program->parts.count; i++)
		free(program->parts.items[i].bytes);
	vector_free(&program->parts);
	binary_close(program->binary);
	binary_close(program->symbols);
	arena_free(&program->arena);
	*program = (struct program){ 0 };
}

const struct binary *program_symbols(const struct program *program)
{
	return program->symbols ? program->symbols : program->binary;
}

static const uint8_t *at_in_part(const struct program *program, uint64_t address, size_t *available)
{
	size_t i;

	for (i = 0; i < program->parts.count; i++) {
		const struct program_part *part = &program->parts.items[i];

		if (address - part->start < part->size) {
			*available = part->size - (address - part->start);
			return part->bytes + (address - part->start);
		}
	}
	return NULL;
}

/*
 * The end of what follows a read-only mapping without a gap and is still relocated once and for
 * all: the kernel protects PT_GNU_RELRO by pages, so that its last bytes lie on the first page of
 * the writable mapping behind it (the function table of a PIE up to Go 1.17 ends there).
 */
static uint64_t end_with_tail(const struct target_mappings *all, size_t index)
{
	const struct target_mapping *mapping = &all->items[index];

	if (index + 1 < all->count && all->items[index + 1].start == mapping->end &&
	    all->items[index + 1].readable && same_file(mapping, &all->items[index + 1]))
		return mapping->end + page_mask + 1;
	return mapping->end;
}

static const struct target_mapping *mapping_at(const struct target_mappings *all, uint64_t address,
					       uint64_t *end)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct target_mapping *mapping = &all->items[i];

		if (mapping->writable || !mapping->readable || address < mapping->start)
			continue;
		*end = end_with_tail(all, i);
		if (address < *end)
			return mapping;
	}
	return NULL;
}

/* Copies the read-only mapping at an address. */
static bool add_part(struct program *program, uint64_t address)
{
	uint64_t end, size;
	const struct target_mapping *mapping = mapping_at(&program->mappings, address, &end);
	uint8_t *bytes;

	if (!mapping || end - mapping->start > PART_BYTES_MAX)
		return false;
	size = end - mapping->start;
	bytes = memory_new(size, 1);
	if (spy_error_caught(target_read(program->target, mapping->start, bytes, size))) {
		free(bytes);
		return false;
	}
	*vector_push(&program->parts) =
	    (struct program_part){ .start = mapping->start, .size = size, .bytes = bytes };
	return true;
}

const uint8_t *program_at(void *context, uint64_t address, size_t *available)
{
	struct program *program = context;
	bool relocated = false;
	const uint8_t *bytes =
	    binary_at(program->binary, address - program->bias, available, &relocated);

	if (bytes && !(relocated && program->bias))
		return bytes;
	bytes = at_in_part(program, address, available);
	if (!bytes && add_part(program, address))
		bytes = at_in_part(program, address, available);
	return bytes;
}
