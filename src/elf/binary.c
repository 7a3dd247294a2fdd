/* SPDX-License-Identifier: MIT */
#include "elf/binary.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cursor.h"
#include "elf/image.h"

enum {
	PROGRAMS_MAX = 1 << 20,          /* a core has one for each mapping */
	SECTION_NAMES_MAX = 1024 * 1024, /* bytes; a C++ program has some hundred */
};

static const struct {
	uint16_t machine;
	const char *name;
} machines[] = {
	{ .machine = EM_386, .name = "i386" },      { .machine = EM_ARM, .name = "arm" },
	{ .machine = EM_AARCH64, .name = "arm64" }, { .machine = EM_RISCV, .name = "riscv" },
	{ .machine = EM_PPC64, .name = "ppc64" },   { .machine = EM_S390, .name = "s390x" },
	{ .machine = EM_MIPS, .name = "mips" },     { .machine = EM_X86_64, .name = "x86-64" },
	{ .machine = 258, .name = "loongarch" },
};

static const char *machine_name(uint16_t machine)
{
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return "another machine";
}

/* e_ident, e_type and e_machine stand at the same place in both classes. */
static struct spy_error *check_identity(const char *name, const uint8_t *head, size_t size)
{
	bool is_64, is_little;
	uint16_t machine;

	if (size < EI_NIDENT + 4 || memcmp(head, ELFMAG, SELFMAG) != 0)
		return spy_error_new(SPY_ERROR_NOT_GO, "%s is not an ELF program", name);
	is_64 = head[EI_CLASS] == ELFCLASS64;
	is_little = head[EI_DATA] == ELFDATA2LSB;
	machine = load_u16(head + EI_NIDENT + 2);
	if (!is_little)
		machine = __builtin_bswap16(machine);
	if (!is_64)
		return spy_error_new(
		    SPY_ERROR_NOT_GO,
		    "%s is a 32-bit program (%s): spy reads 64-bit x86 Go programs", name,
		    machine_name(machine));
	if (!is_little || machine != EM_X86_64)
		return spy_error_new(SPY_ERROR_NOT_GO,
				     "%s is a program for %s: spy reads 64-bit x86 Go programs",
				     name, machine_name(machine));
	if (size < sizeof(Elf64_Ehdr))
		return spy_error_new(SPY_ERROR_DATA, "%s is cut short: it has only %zu bytes", name,
				     size);
	return NULL;
}

/* A core with more than 65534 segments keeps their number in section 0 (elf(5), PN_XNUM). */
static uint64_t program_count(const struct binary *binary)
{
	Elf64_Shdr first;

	if (binary->header.e_phnum != PN_XNUM)
		return binary->header.e_phnum;
	if (!image_read(binary->image, binary->header.e_shoff, &first, sizeof(first)))
		return 0;
	return first.sh_info;
}

static struct spy_error *read_programs(struct binary *binary)
{
	uint64_t count = program_count(binary);

	if (!count)
		return NULL; /* an object file */
	if (binary->header.e_phentsize != sizeof(Elf64_Phdr) || count > PROGRAMS_MAX ||
	    count * sizeof(Elf64_Phdr) > image_size(binary->image))
		return spy_error_new(SPY_ERROR_DATA,
				     "%s is corrupt: its program headers are broken", binary->name);
	binary->programs = memory_new(count, sizeof(Elf64_Phdr));
	if (!image_read(binary->image, binary->header.e_phoff, binary->programs,
			count * sizeof(Elf64_Phdr)))
		return spy_error_new(SPY_ERROR_DATA,
				     "%s is corrupt: its program headers lie outside the file",
				     binary->name);
	binary->program_count = count;
	return NULL;
}

/* The part of a PT_LOAD that the file has; a size beyond the memory size or the file is cut. */
static struct binary_segment segment_of(const struct binary *binary, const Elf64_Phdr *program)
{
	uint64_t in_file = image_size(binary->image), bytes = program->p_filesz;

	in_file -= program->p_offset < in_file ? program->p_offset : in_file;
	if (bytes > program->p_memsz)
		bytes = program->p_memsz;
	return (struct binary_segment){
		.address = program->p_vaddr,
		.file_offset = program->p_offset,
		.file_bytes = bytes < in_file ? bytes : in_file,
		.memory_bytes = program->p_memsz,
		.readable = program->p_flags & PF_R,
		.writable = program->p_flags & PF_W,
		.executable = program->p_flags & PF_X,
		.cut = program->p_filesz > bytes || bytes > in_file,
	};
}

static struct spy_error *read_segments(struct binary *binary)
{
	size_t i;

	binary->segments = memory_new(binary->program_count, sizeof(*binary->segments));
	for (i = 0; i < binary->program_count; i++) {
		const Elf64_Phdr *program = &binary->programs[i];

		if (program->p_type != PT_LOAD || !program->p_memsz)
			continue;
		if (program->p_vaddr > UINT64_MAX - program->p_memsz)
			return spy_error_new(SPY_ERROR_DATA,
					     "%s is corrupt: a segment at 0x%llx has 0x%llx bytes",
					     binary->name, (unsigned long long)program->p_vaddr,
					     (unsigned long long)program->p_memsz);
		binary->segments[binary->segment_count++] = segment_of(binary, program);
	}
	return NULL;
}

/* The kernel does not look at section headers, so that a program runs whatever stands there: a
 * broken table is as good as none. The same for more than 65279 sections (e_shnum is 0), which no
 * linked program has. */
static void read_sections(struct binary *binary)
{
	const Elf64_Ehdr *header = &binary->header;
	Elf64_Shdr *sections _cleanup_free_ = NULL;
	char *names _cleanup_free_ = NULL;
	const Elf64_Shdr *strings;

	if (!header->e_shnum || header->e_shentsize != sizeof(Elf64_Shdr) ||
	    header->e_shstrndx >= header->e_shnum)
		return;
	sections = memory_new(header->e_shnum, sizeof(Elf64_Shdr));
	if (!image_read(binary->image, header->e_shoff, sections,
			header->e_shnum * sizeof(Elf64_Shdr)))
		return;
	strings = &sections[header->e_shstrndx];
	if (strings->sh_type != SHT_STRTAB || strings->sh_size > SECTION_NAMES_MAX)
		return;
	names = memory_new(strings->sh_size + 1, 1);
	if (!image_read(binary->image, strings->sh_offset, names, strings->sh_size))
		return;
	names[strings->sh_size] = '\0';
	binary->section_names_size = strings->sh_size + 1;
	binary->section_names = TAKE(names);
	binary->section_count = header->e_shnum;
	binary->sections = TAKE(sections);
}

static struct spy_error *read_headers(struct binary *binary)
{
	uint64_t size = image_size(binary->image);
	const uint8_t *head;

	size = size < IMAGE_HEAD_BYTES ? size : IMAGE_HEAD_BYTES;
	head = image_bytes(binary->image, 0, size);
	if (!head)
		return spy_error_new(SPY_ERROR_DATA, "cannot read %s: %m", binary->name);
	TRY(check_identity(binary->name, head, size));
	memcpy(&binary->header, head, sizeof(binary->header));
	TRY(read_programs(binary));
	TRY(read_segments(binary));
	read_sections(binary);
	notes_read(binary);
	return NULL;
}

struct spy_error *binary_open_fd(int fd, const char *name, struct binary **ret)
{
	struct binary *binary _cleanup_(binary_cleanup) = memory_zeroed(1, sizeof(*binary));

	binary->name = memory_string(name);
	TRY(image_open(fd, name, &binary->image));
	TRY(read_headers(binary));
	*ret = TAKE(binary);
	return NULL;
}

struct spy_error *binary_open(const char *path, struct binary **ret)
{
	/* Not blocking: the path may be a FIFO, which is refused once it is open. */
	int fd _cleanup_close_ = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return spy_error_new(errno == EACCES || errno == EPERM ? SPY_ERROR_PERMISSION
								       : SPY_ERROR_DATA,
				     "cannot open %s: %m", path);
	return binary_open_fd(fd, path, ret);
}

void binary_close(struct binary *binary)
{
	if (!binary)
		return;
	image_close(binary->image);
	free(binary->programs);
	free(binary->sections);
	free(binary->section_names);
	free(binary->segments);
	free(binary->go_build_id);
	free(binary->gnu_build_id);
	free(binary->name);
	free(binary);
}

const char *binary_name(const struct binary *binary)
{
	return binary->name;
}

uint64_t binary_file_bytes(const struct binary *binary)
{
	return image_size(binary->image);
}

uint64_t binary_entry(const struct binary *binary)
{
	return binary->header.e_entry;
}

bool binary_is_relocatable(const struct binary *binary)
{
	return binary->header.e_type == ET_DYN;
}

size_t binary_segments(const struct binary *binary, const struct binary_segment **ret)
{
	*ret = binary->segments;
	return binary->segment_count;
}

/* ---- sections ----------------------------------------------------------------------------- */

static const char *section_name(const struct binary *binary, const Elf64_Shdr *section)
{
	return section->sh_name < binary->section_names_size
		   ? binary->section_names + section->sh_name
		   : "";
}

const Elf64_Shdr *section_by_name(const struct binary *binary, const char *name)
{
	size_t i;

	for (i = 1; i < binary->section_count; i++)
		if (strcmp(section_name(binary, &binary->sections[i]), name) == 0)
			return &binary->sections[i];
	return NULL;
}

const Elf64_Shdr *section_by_type(const struct binary *binary, uint32_t type)
{
	size_t i;

	for (i = 1; i < binary->section_count; i++)
		if (binary->sections[i].sh_type == type)
			return &binary->sections[i];
	return NULL;
}

bool binary_section(const struct binary *binary, const char *name, struct binary_section *ret)
{
	const Elf64_Shdr *section = section_by_name(binary, name);
	const uint8_t *bytes = NULL;

	if (!section)
		return false;
	if (section->sh_type != SHT_NOBITS) {
		bytes = image_bytes(binary->image, section->sh_offset, section->sh_size);
		if (!bytes)
			return false;
	}
	*ret = (struct binary_section){
		.name = section_name(binary, section),
		.address = section->sh_addr,
		.bytes = bytes,
		.size = section->sh_size,
		.flags = section->sh_flags,
	};
	return true;
}

/* ---- addresses ---------------------------------------------------------------------------- */

static const struct binary_segment *segment_at(const struct binary *binary, uint64_t address)
{
	size_t i;

	for (i = 0; i < binary->segment_count; i++) {
		const struct binary_segment *segment = &binary->segments[i];

		if (address >= segment->address && address - segment->address < segment->file_bytes)
			return segment;
	}
	return NULL;
}

void binary_relro(const struct binary *binary, uint64_t *start, uint64_t *end)
{
	size_t i;

	*start = *end = 0;
	for (i = 0; i < binary->program_count && *start == *end; i++) {
		const Elf64_Phdr *program = &binary->programs[i];

		if (program->p_type != PT_GNU_RELRO ||
		    program->p_memsz > UINT64_MAX - program->p_vaddr)
			continue;
		*start = program->p_vaddr;
		*end = program->p_vaddr + program->p_memsz;
	}
}

static bool in_relro(const struct binary *binary, uint64_t address)
{
	size_t i;

	for (i = 0; i < binary->program_count; i++) {
		const Elf64_Phdr *program = &binary->programs[i];

		if (program->p_type == PT_GNU_RELRO && address >= program->p_vaddr &&
		    address - program->p_vaddr < program->p_memsz)
			return true;
	}
	return false;
}

const uint8_t *binary_at(const struct binary *binary, uint64_t address, size_t *available,
			 bool *relocated)
{
	const struct binary_segment *segment = segment_at(binary, address);
	const uint8_t *bytes;

	if (!segment)
		return NULL;
	bytes = image_bytes(binary->image, segment->file_offset, segment->file_bytes);
	if (!bytes)
		return NULL;
	*available = segment->file_bytes - (address - segment->address);
	*relocated = segment->writable || in_relro(binary, address);
	return bytes + (address - segment->address);
}

bool binary_read(const struct binary *binary, uint64_t address, void *buffer, size_t size)
{
	const struct binary_segment *segment = segment_at(binary, address);

	if (!segment || size > segment->file_bytes - (address - segment->address))
		return false;
	return image_read(binary->image, segment->file_offset + (address - segment->address),
			  buffer, size);
}
