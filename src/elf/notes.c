/* SPDX-License-Identifier: MIT */
#include <elf.h>

#include "base/cursor.h"
#include "base/text.h"
#include "elf/image.h"

enum {
	NOTES_MAX = 64 * 1024, /* bytes of one segment or section of notes that are looked at */
	BUILD_ID_MAX = 1024,   /* bytes */
	NOTE_SEGMENTS_MAX = 64,
	NOTE_TYPE_GO_BUILD_ID = 4, /* cmd/link/internal/ld/elf.go: ELF_NOTE_GOBUILDID_TAG */
};

static char *hex(const uint8_t *bytes, size_t size)
{
	struct text text = { 0 };
	size_t i;

	for (i = 0; i < size; i++)
		text_printf(&text, "%02x", bytes[i]);
	return text_take(&text);
}

static char *string(const uint8_t *bytes, size_t size)
{
	struct text text = { 0 };

	text_add_bytes(&text, (const char *)bytes, size);
	return text_take(&text);
}

static void take_note(struct binary *binary, const char name[static 4], uint32_t type,
		      const uint8_t *bytes, size_t size)
{
	if (!size || size > BUILD_ID_MAX)
		return;
	if (!binary->go_build_id && type == NOTE_TYPE_GO_BUILD_ID && !memcmp(name, "Go\0", 4))
		binary->go_build_id = string(bytes, size);
	if (!binary->gnu_build_id && type == NT_GNU_BUILD_ID && !memcmp(name, "GNU", 4))
		binary->gnu_build_id = hex(bytes, size);
}

static size_t padding(size_t size, size_t align)
{
	return -size & (align - 1);
}

/* A note is three words, the name, the description; both padded to 4 bytes, or to 8 where the
 * segment is aligned to 8 (only .note.gnu.property is). */
static void read_notes(struct binary *binary, uint64_t offset, uint64_t size, uint64_t align)
{
	struct cursor cursor;

	size = size < NOTES_MAX ? size : NOTES_MAX;
	align = align == 8 ? 8 : 4;
	cursor = cursor_of(image_bytes(binary->image, offset, size), size);
	if (!cursor.bytes)
		return;
	while (cursor_left(&cursor)) {
		uint32_t name_size = cursor_u32(&cursor), bytes_size = cursor_u32(&cursor);
		uint32_t type = cursor_u32(&cursor);
		const uint8_t *name = cursor_take(&cursor, name_size);
		const uint8_t *bytes;

		cursor_take(&cursor, padding(sizeof(Elf64_Nhdr) + name_size, align));
		bytes = cursor_take(&cursor, bytes_size);
		if (cursor.failed)
			return;
		if (name_size == 4)
			take_note(binary, (const char *)name, type, bytes, bytes_size);
		/* What the last one is padded with need not be there. */
		if (padding(bytes_size, align) > cursor_left(&cursor))
			return;
		cursor_take(&cursor, padding(bytes_size, align));
	}
}

void notes_read(struct binary *binary)
{
	size_t i, seen = 0;

	for (i = 0; i < binary->program_count && seen < NOTE_SEGMENTS_MAX; i++) {
		const Elf64_Phdr *program = &binary->programs[i];

		if (program->p_type != PT_NOTE)
			continue;
		read_notes(binary, program->p_offset, program->p_filesz, program->p_align);
		seen++;
	}
	/* Files of debug information have notes without a segment that holds them. */
	for (i = 0; i < binary->section_count && seen < NOTE_SEGMENTS_MAX; i++) {
		const Elf64_Shdr *section = &binary->sections[i];

		if (binary->go_build_id && binary->gnu_build_id)
			return;
		if (section->sh_type != SHT_NOTE)
			continue;
		read_notes(binary, section->sh_offset, section->sh_size, section->sh_addralign);
		seen++;
	}
}

const char *binary_go_build_id(const struct binary *binary)
{
	return binary->go_build_id;
}

const char *binary_gnu_build_id(const struct binary *binary)
{
	return binary->gnu_build_id;
}
