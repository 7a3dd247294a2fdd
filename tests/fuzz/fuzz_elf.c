/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an ELF file: every question that can be asked of it ends, and in bounds.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "elf/binary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum(const uint8_t *bytes, size_t size)
{
	unsigned total = 0;

	while (size--)
		total += bytes[size];
	return total;
}

static void ask_sections(const struct binary *binary)
{
	static const char *const names[] = { "", ".text", ".gopclntab", ".bss", ".debug_info" };
	struct binary_section section;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (binary_section(binary, names[i], &section) && section.bytes)
			sum(section.bytes, section.size);
}

static void ask_addresses(const struct binary *binary)
{
	const struct binary_segment *segments;
	size_t count = binary_segments(binary, &segments), i;
	uint8_t buffer[64];

	for (i = 0; i < count && i < 16; i++) {
		const uint8_t *bytes;
		size_t available;
		bool relocated;

		bytes = binary_at(binary, segments[i].address, &available, &relocated);
		if (bytes)
			sum(bytes, available);
		binary_read(binary, segments[i].address + segments[i].file_bytes - 1, buffer, 1);
		binary_read(binary, segments[i].address, buffer, sizeof(buffer));
	}
}

static void ask(const struct binary *binary)
{
	static const char *const names[] = { "runtime.main", "none|main.main|main", "|", "g" };
	struct binary_symbol symbols[4];
	struct binary_build_info info = { 0 };
	struct arena arena = { 0 };
	bool found[4];

	ask_sections(binary);
	ask_addresses(binary);
	spy_error_caught(binary_find_symbols(binary, names, 4, symbols, found));
	spy_error_caught(binary_build_info(binary, &arena, &info));
	arena_free(&arena);
	binary_has_symbols(binary);
	binary_has_dwarf(binary);
	binary_language(binary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	struct binary_build_info info = { 0 };
	struct arena arena = { 0 };
	int fd _cleanup_close_ = memfd_create("fuzz", MFD_CLOEXEC);

	build_info_parse((const char *)data, size, &arena, &info);
	arena_free(&arena);
	if (fd >= 0 && write(fd, data, size) == (ssize_t)size &&
	    !spy_error_caught(binary_open_fd(fd, "fuzz", &binary)))
		ask(binary);
	return 0;
}
