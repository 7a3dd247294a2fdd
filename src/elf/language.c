/* SPDX-License-Identifier: MIT
 *
 * Is it Go? Asked for each process of the machine, so it looks at headers first; only a file
 * without section headers is searched for what Go's linker leaves, and of it a bounded part.
 */
#include <elf.h>

#include "base/cursor.h"
#include "elf/image.h"

enum {
	SEARCH_BYTES_MAX = 8 * 1024 * 1024, /* of the segments of a kind: 1 ms */
	SEARCH_STEP = IMAGE_STREAM_BYTES,
	MATCH_BYTES = 16,
	BUILD_INFO_ALIGN = 16,   /* cmd/link/internal/ld/data.go, buildinfo() */
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

/* ---- search ------------------------------------------------------------------------------- */

struct search {
	bool (*matches)(const uint8_t *bytes); /* looks at MATCH_BYTES of them */
	size_t align;
	uint64_t bytes_left; /* that may still be read */
};

/* The address of the first match in a segment; 0 if there is none. */
static uint64_t search_segment(const struct binary *binary, const struct binary_segment *segment,
			       struct search *search, uint8_t *buffer)
{
	uint64_t done = -segment->address & (search->align - 1);
	size_t i;

	while (done < segment->file_bytes && search->bytes_left) {
		uint64_t left = segment->file_bytes - done;
		size_t size = left < SEARCH_STEP ? left : SEARCH_STEP;
		/* What begins in this step may end in the next. */
		size_t more = left - size < MATCH_BYTES ? left - size : MATCH_BYTES;

		if (!image_read(binary->image, segment->file_offset + done, buffer, size + more))
			return 0;
		for (i = 0; i < size && i + MATCH_BYTES <= size + more; i += search->align)
			if (search->matches(buffer + i))
				return segment->address + done + i;
		done += size;
		search->bytes_left -= size < search->bytes_left ? size : search->bytes_left;
	}
	return 0;
}

static uint64_t search_segments(const struct binary *binary, struct search search, bool writable)
{
	uint8_t *buffer _cleanup_free_ = memory_new(SEARCH_STEP + MATCH_BYTES, 1);
	size_t i;

	for (i = 0; i < binary->segment_count; i++) {
		const struct binary_segment *segment = &binary->segments[i];
		uint64_t address;

		if (segment->writable != writable)
			continue;
		address = search_segment(binary, segment, &search, buffer);
		if (address)
			return address;
	}
	return 0;
}

uint64_t build_info_address(const struct binary *binary)
{
	static const struct search search = { .matches = is_build_info,
					      .align = BUILD_INFO_ALIGN,
					      .bytes_left = SEARCH_BYTES_MAX };
	const Elf64_Shdr *section;
	uint8_t head[MATCH_BYTES];

	if (!binary->section_count)
		return search_segments(binary, search, true);
	section = section_by_name(binary, ".go.buildinfo");
	if (!section || !binary_read(binary, section->sh_addr, head, sizeof(head)) ||
	    !is_build_info(head))
		return 0;
	return section->sh_addr;
}

/* The table is constant data: it lies in a segment that is not writable, and in a writable one,
 * among what is relocated, if the program is position-independent. */
static bool has_pclntab(const struct binary *binary)
{
	static const struct search search = { .matches = is_pclntab,
					      .align = PCLNTAB_ALIGN,
					      .bytes_left = SEARCH_BYTES_MAX };

	return search_segments(binary, search, false) || search_segments(binary, search, true);
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
	return build_info_address(binary) || has_pclntab(binary) ? BINARY_GO : BINARY_NOT_GO;
}
