/* SPDX-License-Identifier: MIT
 *
 * Is it Go? Asked for each process of the machine, so it looks at headers first; only a file
 * without section headers is searched for what Go's linker leaves, and of it a bounded part.
 */
#include <elf.h>

#include "base/cursor.h"
#include "elf/image.h"

enum {
	CONSTANTS_MAX = 8 * 1024 * 1024,  /* bytes of constants that are searched: 1 ms */
	VARIABLES_MAX = 64 * 1024 * 1024, /* of variables: few programs have more than one */
	SEARCH_STEP = IMAGE_STREAM_BYTES,
	MATCH_BYTES_MAX = 152,
	HEAD_BYTES = 16,
	BUILD_INFO_ALIGN = 16, /* cmd/link/internal/ld/data.go, buildinfo() */
	MODULEDATA_ALIGN = 8,
	PCLNTAB_ALIGN = 8,       /* at least: it begins with words */
	FUNCTIONS_MAX = 1 << 26, /* that a table can claim */
};

static bool is_build_info(const uint8_t *bytes)
{
	static const char magic[] = "\xff Go buildinf:";

	return memcmp(bytes, magic, sizeof(magic) - 1) == 0;
}

/* pcHeader: a magic of 4 bytes, two zeros, the instruction size (1 on x86), the pointer size, then
 * the number of functions as a word (debug/gosym/pclntab.go). */
static bool is_pclntab(const uint8_t *bytes)
{
	uint64_t functions = load_u64(bytes + 8);

	switch (load_u64(bytes)) {
	case 0x08010000fffffffb: /* Go 1.2 */
	case 0x08010000fffffffa: /* Go 1.16 */
	case 0x08010000fffffff0: /* Go 1.18 */
	case 0x08010000fffffff1: /* Go 1.20 */
		return functions && functions <= FUNCTIONS_MAX;
	default:
		return false;
	}
}

static bool is_slice(const uint8_t *bytes, uint64_t *start)
{
	uint64_t before = *start;

	*start = load_u64(bytes);
	return load_u64(bytes + 8) == load_u64(bytes + 16) && load_u64(bytes + 8) &&
	       *start > before;
}

/* The start of a moduledata of Go 1.16 and later (runtime/symtab.go): a pointer to the function
 * table, slices of its five parts in their order, and of the fifth once more as functab. */
static bool is_moduledata(const uint8_t *bytes)
{
	uint64_t start = load_u64(bytes);
	size_t i;

	for (i = 0; i < 5; i++)
		if (!is_slice(bytes + 8 + 24 * i, &start))
			return false;
	return load_u64(bytes + 128) == start && load_u64(bytes + 136) == load_u64(bytes + 144) &&
	       load_u64(bytes + 8) - load_u64(bytes) < 256;
}

/* The same up to Go 1.15: slices of the table, of functab behind the 16 bytes of its header, and of
 * its files. */
static bool is_old_moduledata(const uint8_t *bytes)
{
	uint64_t start = 0;

	return is_slice(bytes, &start) && is_slice(bytes + 24, &start) &&
	       start == load_u64(bytes) + 16 && is_slice(bytes + 48, &start);
}

static bool is_any_moduledata(const uint8_t *bytes)
{
	return is_moduledata(bytes) || is_old_moduledata(bytes);
}

/* ---- search ------------------------------------------------------------------------------- */

struct search {
	bool (*matches)(const uint8_t *bytes);
	size_t size; /* bytes that it looks at */
	size_t align;
	bool writable;       /* segments that are looked into */
	uint64_t bytes_left; /* that may still be read */
};

/* The first match in [start, end) of a segment; 0 if there is none. */
static uint64_t search_part(const struct binary *binary, const struct binary_segment *segment,
			    uint64_t start, uint64_t end, struct search *search, uint8_t *buffer)
{
	uint64_t at = start + (-start & (search->align - 1));
	size_t i;

	while (at < end && search->bytes_left) {
		uint64_t left = end - at;
		size_t size = left < SEARCH_STEP ? left : SEARCH_STEP;
		/* What begins in this step may end in the next. */
		size_t more = left - size < search->size ? left - size : search->size;

		if (!image_read(binary->image, segment->file_offset + (at - segment->address),
				buffer, size + more))
			return 0;
		for (i = 0; i < size && i + search->size <= size + more; i += search->align)
			if (search->matches(buffer + i))
				return at + i;
		at += size;
		search->bytes_left -= size < search->bytes_left ? size : search->bytes_left;
	}
	return 0;
}

/* The same in all segments. Of the writable ones, what becomes read-only when it is relocated is
 * left out: neither build info nor module data lie there, but constants of many megabytes. */
static uint64_t search_segments(const struct binary *binary, struct search search)
{
	uint8_t *buffer _cleanup_free_ = memory_new(SEARCH_STEP + MATCH_BYTES_MAX, 1);
	uint64_t relro, relro_end, address = 0;
	size_t i;

	binary_relro(binary, &relro, &relro_end);
	for (i = 0; i < binary->segment_count && !address; i++) {
		const struct binary_segment *segment = &binary->segments[i];
		uint64_t start = segment->address, end = start + segment->file_bytes;

		if (segment->writable != search.writable)
			continue;
		if (search.writable && start >= relro && start < relro_end)
			start = relro_end;
		if (start < end)
			address = search_part(binary, segment, start, end, &search, buffer);
	}
	return address;
}

uint64_t build_info_address(const struct binary *binary)
{
	static const struct search search = { .matches = is_build_info,
					      .size = HEAD_BYTES,
					      .align = BUILD_INFO_ALIGN,
					      .writable = true,
					      .bytes_left = VARIABLES_MAX };
	const Elf64_Shdr *section;
	uint8_t head[HEAD_BYTES];

	if (!binary->section_count)
		return search_segments(binary, search);
	section = section_by_name(binary, ".go.buildinfo");
	if (!section || !binary_read(binary, section->sh_addr, head, sizeof(head)) ||
	    !is_build_info(head))
		return 0;
	return section->sh_addr;
}

static bool has_moduledata(const struct binary *binary)
{
	static const struct search search = { .matches = is_any_moduledata,
					      .size = MATCH_BYTES_MAX,
					      .align = MODULEDATA_ALIGN,
					      .writable = true,
					      .bytes_left = VARIABLES_MAX };

	return search_segments(binary, search);
}

/* For a program whose pointers are not in the file: its relocations bring them. */
static bool has_pclntab(const struct binary *binary)
{
	static const struct search search = { .matches = is_pclntab,
					      .size = HEAD_BYTES,
					      .align = PCLNTAB_ALIGN,
					      .bytes_left = CONSTANTS_MAX };

	return search_segments(binary, search);
}

enum binary_language binary_language(const struct binary *binary)
{
	/* Of these, an old program has some, a stripped one and a PIE others. */
	static const char *const sections[] = { ".note.go.buildid", ".go.buildinfo", ".gopclntab",
						".data.rel.ro.gopclntab" };
	size_t i;

	/* What gccgo exports to importers; a linked and stripped program still has it. */
	if (section_by_name(binary, ".go_export"))
		return BINARY_GCCGO;
	if (binary->go_build_id)
		return BINARY_GO;
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (section_by_name(binary, sections[i]))
			return BINARY_GO;
	if (binary->section_count)
		return BINARY_NOT_GO;
	return build_info_address(binary) || has_moduledata(binary) || has_pclntab(binary)
		   ? BINARY_GO
		   : BINARY_NOT_GO;
}
