/* SPDX-License-Identifier: MIT
 *
 * The elf room, on files that are built here byte by byte, and on this program itself.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/binary.h"
#include "unit.h"

/* ---- a small Go program ------------------------------------------------------------------- */

enum { BASE = 0x400000, DATA = 0x500000 };
enum { TEXT_SEGMENT, DATA_SEGMENT, NOTE_SEGMENT, RELRO_SEGMENT, SEGMENTS };
enum { NONE, NOTES, BUILD_INFO, BSS, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char section_names[] = "\0.note.go.buildid\0.go.buildinfo\0.bss\0.symtab\0.strtab";
enum { NOTES_NAME = 1, BUILD_INFO_NAME = 18, BSS_NAME = 32, SYMTAB_NAME = 37, STRTAB_NAME = 45 };

static const char symbol_names[] = "\0runtime.main\0runtime.ncpu\0main.x\0g";
enum { MAIN_NAME = 1, NCPU_NAME = 14, X_NAME = 27, G_NAME = 34 };
enum { SYMBOLS = 7 };

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segments[SEGMENTS];
	struct {
		Elf64_Nhdr go;
		char go_name[4], go_id[8];
		Elf64_Nhdr gnu;
		char gnu_name[4];
		uint8_t gnu_id[4];
	} notes;
	_Alignas(8) uint8_t pclntab[16];
	char strings[sizeof(symbol_names)], names[sizeof(section_names)];
	Elf64_Sym symbols[SYMBOLS];
	Elf64_Shdr sections[SECTIONS];
	struct {
		_Alignas(16) uint8_t build_info[128];
	} data;
};

#define AT(member)   offsetof(struct program, member)
#define SIZE(member) sizeof(((struct program *)NULL)->member)

static Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t offset, uint64_t size)
{
	return (
	    Elf64_Shdr){ .sh_name = name, .sh_type = type, .sh_offset = offset, .sh_size = size };
}

static void fill_headers(struct program *program)
{
	program->header = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = BASE + 0x1234,
		.e_phoff = AT(segments),
		.e_shoff = AT(sections),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = SEGMENTS,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = SHSTRTAB,
	};
	program->segments[TEXT_SEGMENT] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = BASE,
		.p_filesz = AT(data),
		.p_memsz = AT(data),
	};
	program->segments[DATA_SEGMENT] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_offset = AT(data),
		.p_vaddr = DATA,
		.p_filesz = SIZE(data),
		.p_memsz = SIZE(data) + 64,
	};
	program->segments[NOTE_SEGMENT] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = AT(notes),
		.p_filesz = SIZE(notes),
		.p_align = 4,
	};
	program->segments[RELRO_SEGMENT] = (Elf64_Phdr){
		.p_type = PT_GNU_RELRO,
		.p_vaddr = BASE + AT(pclntab),
		.p_memsz = SIZE(pclntab),
	};
}

static void fill_sections(struct program *program)
{
	Elf64_Shdr *sections = program->sections;

	memcpy(program->names, section_names, sizeof(section_names));
	sections[NOTES] = section(NOTES_NAME, SHT_NOTE, AT(notes), SIZE(notes));
	sections[BUILD_INFO] = section(BUILD_INFO_NAME, SHT_PROGBITS, AT(data), SIZE(data));
	sections[BUILD_INFO].sh_addr = DATA;
	sections[BUILD_INFO].sh_flags = SHF_ALLOC | SHF_WRITE;
	sections[BSS] = section(BSS_NAME, SHT_NOBITS, AT(data) + SIZE(data), 64);
	sections[BSS].sh_addr = DATA + SIZE(data);
	sections[SYMTAB] = section(SYMTAB_NAME, SHT_SYMTAB, AT(symbols), SIZE(symbols));
	sections[SYMTAB].sh_link = STRTAB;
	sections[SYMTAB].sh_entsize = sizeof(Elf64_Sym);
	sections[STRTAB] = section(STRTAB_NAME, SHT_STRTAB, AT(strings), SIZE(strings));
	sections[SHSTRTAB] = section(0, SHT_STRTAB, AT(names), SIZE(names));
}

static void fill_symbols(struct program *program)
{
	static const struct {
		uint32_t name;
		uint8_t type;
		uint16_t section;
		uint64_t value, size;
	} symbols[SYMBOLS] = {
		{ .name = 0 },
		{ .name = MAIN_NAME, .type = STT_FUNC, .section = SHN_UNDEF, .value = 1 },
		{ .name = MAIN_NAME, .type = STT_FILE, .section = SHN_ABS, .value = 2 },
		{ .name = MAIN_NAME, .type = STT_FUNC, .section = 1, .value = 3, .size = 30 },
		{ .name = MAIN_NAME, .type = STT_FUNC, .section = 1, .value = 4, .size = 40 },
		{ .name = NCPU_NAME, .type = STT_OBJECT, .section = 2, .value = 5, .size = 4 },
		{ .name = G_NAME, .type = STT_TLS, .section = 2, .value = 6, .size = 8 },
	};
	size_t i;

	memcpy(program->strings, symbol_names, sizeof(symbol_names));
	for (i = 0; i < SYMBOLS; i++)
		program->symbols[i] = (Elf64_Sym){
			.st_name = symbols[i].name,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, symbols[i].type),
			.st_shndx = symbols[i].section,
			.st_value = symbols[i].value,
			.st_size = symbols[i].size,
		};
}

static struct program new_program(void)
{
	static const char build_info[] = "\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					 "\x08go1.22.1\x33<<<<<<<<<<<<<<<<path\texample.com/m\n"
					 ">>>>>>>>>>>>>>>>";
	struct program program = {
		.notes = { .go = { .n_namesz = 4, .n_descsz = 7, .n_type = 4 },
			   .go_name = "Go",
			   .go_id = "abc/def",
			   .gnu = { .n_namesz = 4, .n_descsz = 4, .n_type = NT_GNU_BUILD_ID },
			   .gnu_name = "GNU",
			   .gnu_id = { 0x01, 0x23, 0xfe, 0xdc } },
		.pclntab = { 0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8, 9 },
	};

	fill_headers(&program);
	fill_sections(&program);
	fill_symbols(&program);
	memcpy(program.data.build_info, build_info, sizeof(build_info) - 1);
	return program;
}

static void without_sections(struct program *program)
{
	program->header.e_shoff = 0;
	program->header.e_shnum = program->header.e_shstrndx = 0;
}

static void without_notes(struct program *program)
{
	program->segments[NOTE_SEGMENT].p_type = PT_NULL;
}

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static struct binary *open_program(const struct program *program)
{
	int fd _cleanup_close_ = file_of(program, sizeof(*program));
	struct binary *binary = NULL;

	ck_assert_ptr_null(binary_open_fd(fd, "program", &binary));
	return binary;
}

static void assert_error(struct spy_error *error, enum spy_error_code code, const char *message)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, message);
	ck_assert_int_eq(error->code, code);
	spy_error_free(error);
}

/* ---- headers ------------------------------------------------------------------------------ */

START_TEST(test_headers)
{
	struct program program = new_program();
	struct binary *binary _cleanup_(binary_cleanup) = open_program(&program);
	const struct binary_segment *segments;
	struct binary_section found;

	ck_assert_str_eq(binary_name(binary), "program");
	ck_assert_uint_eq(binary_entry(binary), BASE + 0x1234);
	ck_assert_uint_eq(binary_file_bytes(binary), sizeof(program));
	ck_assert(!binary_is_relocatable(binary));
	ck_assert_uint_eq(binary_segments(binary, &segments), 2);
	ck_assert_uint_eq(segments[1].address, DATA);
	ck_assert_uint_eq(segments[1].file_bytes, SIZE(data));
	ck_assert_uint_eq(segments[1].memory_bytes, SIZE(data) + 64);
	ck_assert(segments[1].writable && !segments[1].executable);

	ck_assert(binary_section(binary, ".go.buildinfo", &found));
	ck_assert_uint_eq(found.address, DATA);
	ck_assert_mem_eq(found.bytes, program.data.build_info, SIZE(data));
	ck_assert(binary_section(binary, ".bss", &found));
	ck_assert_ptr_null(found.bytes);
	ck_assert_uint_eq(found.size, 64);
	ck_assert(!binary_section(binary, ".text", &found));
	ck_assert(!binary_has_dwarf(binary));
}
END_TEST

START_TEST(test_addresses)
{
	struct program program = new_program();
	struct binary *binary _cleanup_(binary_cleanup) = open_program(&program);
	uint64_t relro = BASE + AT(pclntab);
	bool relocated;
	size_t available;
	uint8_t bytes[8];

	ck_assert_mem_eq(binary_at(binary, relro - 1, &available, &relocated),
			 (uint8_t *)&program + AT(pclntab) - 1, 16);
	ck_assert_uint_eq(available, AT(data) - AT(pclntab) + 1);
	ck_assert(!relocated);
	ck_assert_ptr_nonnull(binary_at(binary, relro, &available, &relocated));
	ck_assert(relocated);
	ck_assert_ptr_nonnull(binary_at(binary, DATA + SIZE(data) - 1, &available, &relocated));
	ck_assert(relocated);
	ck_assert_uint_eq(available, 1);
	ck_assert_ptr_null(binary_at(binary, DATA + SIZE(data), &available, &relocated));
	ck_assert_ptr_null(binary_at(binary, BASE - 1, &available, &relocated));
	ck_assert(binary_read(binary, DATA, bytes, sizeof(bytes)));
	ck_assert_mem_eq(bytes, "\xff Go bui", sizeof(bytes));
	ck_assert(!binary_read(binary, DATA + SIZE(data) - 7, bytes, sizeof(bytes)));
}
END_TEST

START_TEST(test_refused)
{
	struct program program = new_program();
	struct binary *binary = NULL;
	int fd _cleanup_close_ = -1;

	program.header.e_machine = EM_AARCH64;
	fd = file_of(&program, sizeof(program));
	assert_error(binary_open_fd(fd, "a", &binary), SPY_ERROR_NOT_GO,
		     "a is a program for arm64: spy reads 64-bit x86 Go programs");
	program.header.e_machine = EM_386;
	program.header.e_ident[EI_CLASS] = ELFCLASS32;
	ck_assert_int_eq(pwrite(fd, &program, sizeof(program), 0), sizeof(program));
	assert_error(binary_open_fd(fd, "a", &binary), SPY_ERROR_NOT_GO,
		     "a is a 32-bit program (i386): spy reads 64-bit x86 Go programs");
	ck_assert_int_eq(pwrite(fd, "#!/bin/sh", 9, 0), 9);
	assert_error(binary_open_fd(fd, "a\n", &binary), SPY_ERROR_NOT_GO,
		     "a\\n is not an ELF program");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	assert_error(binary_open_fd(fd, "a", &binary), SPY_ERROR_NOT_GO, "a is not an ELF program");
	assert_error(binary_open("/", &binary), SPY_ERROR_DATA, "/ is not a regular file");
	assert_error(binary_open("/nonesuch", &binary), SPY_ERROR_DATA,
		     "cannot open /nonesuch: No such file or directory");
	ck_assert_ptr_null(binary);
}
END_TEST

START_TEST(test_broken_headers)
{
	struct program program = new_program();
	struct binary *binary = NULL;
	int fd _cleanup_close_ = -1;
	struct binary_section found;

	/* The kernel does not mind broken sections. */
	program.header.e_shoff = UINT64_MAX - 63;
	binary = open_program(&program);
	ck_assert(!binary_section(binary, ".bss", &found));
	ck_assert_int_eq(binary_language(binary), BINARY_GO);
	binary_close(binary);

	program = new_program();
	program.sections[BUILD_INFO].sh_size = UINT64_MAX;
	program.sections[SYMTAB].sh_name = UINT32_MAX;
	binary = open_program(&program);
	ck_assert(!binary_section(binary, ".go.buildinfo", &found));
	ck_assert(!binary_section(binary, ".symtab", &found));
	binary_close(binary);

	binary = NULL;
	program.segments[DATA_SEGMENT].p_memsz = UINT64_MAX;
	fd = file_of(&program, sizeof(program));
	assert_error(binary_open_fd(fd, "a", &binary), SPY_ERROR_DATA,
		     "a is corrupt: a segment at 0x500000 has 0xffffffffffffffff bytes");
	program.header.e_phoff = sizeof(program);
	ck_assert_int_eq(pwrite(fd, &program, sizeof(program), 0), sizeof(program));
	assert_error(binary_open_fd(fd, "a", &binary), SPY_ERROR_DATA,
		     "a is corrupt: its program headers lie outside the file");
	ck_assert_ptr_null(binary);
}
END_TEST

/* A file of 1 TiB without blocks, whose tables claim all of it: nothing is reserved or read for
 * them. */
START_TEST(test_sparse)
{
	struct program program = new_program();
	const uint64_t huge = 1ull << 40;
	const char *const names[] = { "runtime.main" };
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	int fd _cleanup_close_ = -1;
	struct binary_symbol symbol;
	struct binary_section found;
	size_t available;
	bool is_found, relocated;

	program.sections[BUILD_INFO].sh_size = program.sections[SYMTAB].sh_size = huge - 0x10000;
	program.sections[STRTAB].sh_size = program.sections[NOTES].sh_size = huge - 0x10000;
	program.segments[NOTE_SEGMENT].p_filesz = huge - 0x10000;
	program.segments[TEXT_SEGMENT].p_filesz = program.segments[TEXT_SEGMENT].p_memsz = huge / 2;
	fd = file_of(&program, sizeof(program));
	ck_assert_int_eq(ftruncate(fd, (off_t)huge), 0);
	ck_assert_ptr_null(binary_open_fd(fd, "a", &binary));
	ck_assert(!binary_section(binary, ".go.buildinfo", &found));
	ck_assert_ptr_null(binary_at(binary, BASE, &available, &relocated));
	assert_error(binary_find_symbols(binary, names, 1, &symbol, &is_found), SPY_ERROR_DATA,
		     "a is corrupt: its symbol table is broken");
	ck_assert(!binary_has_symbols(binary));
}
END_TEST

/* Others may shorten a file that they can write to while we read it. */
START_TEST(test_shrinks)
{
	struct program program = new_program();
	const char *const names[] = { "runtime.main" };
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	const off_t far = 64 * 1024; /* from the start, which is read when it is opened */
	int fd _cleanup_close_ = -1;
	struct binary_symbol symbol;
	struct binary_section found;
	bool is_found;

	program.sections[BUILD_INFO].sh_offset = (uint64_t)far;
	program.sections[SYMTAB].sh_offset = (uint64_t)far + 48;
	program.sections[BUILD_INFO].sh_size = program.sections[SYMTAB].sh_size = 48;
	fd = file_of(&program, sizeof(program));
	ck_assert_int_eq(pwrite(fd, program.symbols, 96, far), 96);
	ck_assert_ptr_null(binary_open_fd(fd, "a", &binary));
	ck_assert(binary_section(binary, ".go.buildinfo", &found));
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_mem_eq(found.bytes, program.symbols, 48);
	ck_assert(binary_section(binary, ".go.buildinfo", &found));
	assert_error(binary_find_symbols(binary, names, 1, &symbol, &is_found), SPY_ERROR_DATA,
		     "a is corrupt: its symbol table is cut short");
}
END_TEST

/* ---- symbols ------------------------------------------------------------------------------ */

START_TEST(test_symbols)
{
	struct program program = new_program();
	struct binary *binary _cleanup_(binary_cleanup) = open_program(&program);
	const char *const names[] = { "runtime.main", "no|runtime.ncpu", "main.x", "g",
				      "runtime.mai",  "g|runtime.ncpu",  "",       "|" };
	struct binary_symbol symbols[8];
	bool found[8];

	ck_assert_ptr_null(binary_find_symbols(binary, names, 8, symbols, found));
	ck_assert(found[0] && found[1] && !found[2] && found[3] && !found[4]);
	ck_assert_uint_eq(symbols[0].address, 3);
	ck_assert_uint_eq(symbols[0].size, 30);
	ck_assert_uint_eq(symbols[1].address, 5);
	ck_assert_uint_eq(symbols[3].address, 6);
	ck_assert(found[5] && !found[6] && !found[7]);
	ck_assert_uint_eq(symbols[5].address, 6);
	ck_assert(binary_has_symbols(binary));
}
END_TEST

START_TEST(test_no_symbols)
{
	struct program program = new_program();
	const char *const names[] = { "runtime.main" };
	struct binary_symbol symbol;
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	bool found = true;

	program.sections[SYMTAB].sh_type = SHT_NULL;
	binary = open_program(&program);
	ck_assert_ptr_null(binary_find_symbols(binary, names, 1, &symbol, &found));
	ck_assert(!found);
	ck_assert(!binary_has_symbols(binary));
}
END_TEST

/* This program: its compiler and linker know where things are. */
extern const char __executable_start;

START_TEST(test_own_program)
{
	const char *const names[] = { "nonesuch", "elf_suite", "binary_open" };
	uint64_t bias = (uint64_t)(uintptr_t)&__executable_start;
	struct binary_symbol symbols[3];
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	bool found[3], relocated;
	uint8_t code[16];
	size_t available;

	ck_assert_ptr_null(binary_open("/proc/self/exe", &binary));
	if (!binary_is_relocatable(binary))
		bias = 0;
	ck_assert_int_eq(binary_language(binary), BINARY_NOT_GO);
	ck_assert_ptr_null(binary_find_symbols(binary, names, 3, symbols, found));
	ck_assert(!found[0] && found[1] && found[2]);
	ck_assert_uint_eq(symbols[1].address + bias, (uint64_t)(uintptr_t)elf_suite);
	ck_assert_uint_eq(symbols[2].address + bias, (uint64_t)(uintptr_t)binary_open);
	ck_assert(binary_read(binary, symbols[1].address, code, sizeof(code)));
	ck_assert_mem_eq(code, (const void *)(uintptr_t)elf_suite, sizeof(code));
	ck_assert_mem_eq(binary_at(binary, symbols[1].address, &available, &relocated), code,
			 sizeof(code));
	ck_assert(!relocated);
}
END_TEST

/* ---- identity ----------------------------------------------------------------------------- */

START_TEST(test_build_ids)
{
	struct program program = new_program();
	struct binary *binary;
	int way;

	for (way = 0; way < 2; way++) {
		if (way == 0)
			without_sections(&program);
		binary = open_program(&program);
		ck_assert_str_eq(binary_go_build_id(binary), "abc/def");
		ck_assert_str_eq(binary_gnu_build_id(binary), "0123fedc");
		binary_close(binary);
		program = new_program();
		without_notes(&program);
	}
	program.notes.go.n_descsz = UINT32_MAX;
	binary = open_program(&program);
	ck_assert_ptr_null(binary_go_build_id(binary));
	binary_close(binary);
}
END_TEST

START_TEST(test_language)
{
	struct program program = new_program();
	struct binary *binary;
	enum binary_language expected[] = { BINARY_GO, BINARY_GO, BINARY_NOT_GO, BINARY_GCCGO };
	int way;

	without_sections(&program);
	without_notes(&program);
	for (way = 0; way < 4; way++) {
		if (way == 1) /* the function table is left */
			memset(&program.data, 0, sizeof(program.data));
		if (way == 2)
			program.pclntab[7] = 4;
		if (way == 3) {
			program = new_program();
			memcpy(program.names + NOTES_NAME, ".go_export", 11);
		}
		binary = open_program(&program);
		ck_assert_int_eq(binary_language(binary), expected[way]);
		binary_close(binary);
	}
}
END_TEST

/* ---- build info --------------------------------------------------------------------------- */

START_TEST(test_build_info_inline)
{
	struct program program = new_program();
	struct arena arena = { 0 };
	int way;

	for (way = 0; way < 2; way++) {
		struct binary *binary _cleanup_(binary_cleanup) = open_program(&program);
		struct binary_build_info info;

		ck_assert_ptr_null(binary_build_info(binary, &arena, &info));
		ck_assert_str_eq(info.go_version, "go1.22.1");
		ck_assert_str_eq(info.path, "example.com/m");
		ck_assert_ptr_null(info.module);
		ck_assert_uint_eq(info.setting_count, 0);
		without_sections(&program);
	}
	arena_free(&arena);
}
END_TEST

/* Go 1.13 to 1.17: pointers to string headers; runtime.modinfo may stand in .bss. */
START_TEST(test_build_info_pointers)
{
	struct program program = new_program();
	struct binary_build_info info = { 0 };
	struct arena arena = { 0 };
	uint8_t *bytes = program.data.build_info;
	uint64_t words[] = { DATA + 32, DATA + SIZE(data) + 8, DATA + 48, 8 };
	struct binary *binary;
	size_t i;

	bytes[15] = 0;
	memcpy(bytes + 16, words, sizeof(words));
	memcpy(bytes + 48, "go1.13.1", 8);
	binary = open_program(&program);
	ck_assert_ptr_null(binary_build_info(binary, &arena, &info));
	ck_assert_str_eq(info.go_version, "go1.13.1");
	ck_assert_ptr_null(info.path);
	binary_close(binary);

	bytes[15] = 1; /* big-endian */
	for (i = 0; i < 4; i++)
		words[i] = __builtin_bswap64(words[i]);
	memcpy(bytes + 16, words, sizeof(words));
	binary = open_program(&program);
	ck_assert_ptr_null(binary_build_info(binary, &arena, &info));
	ck_assert_str_eq(info.go_version, "go1.13.1");
	binary_close(binary);

	bytes[15] = 0; /* and now the pointers are wrong */
	binary = open_program(&program);
	assert_error(binary_build_info(binary, &arena, &info), SPY_ERROR_DATA,
		     "program is corrupt: its Go build info points outside the file");
	ck_assert_str_eq(info.go_version, "go1.13.1");
	binary_close(binary);
	arena_free(&arena);
}
END_TEST

/* As debug.BuildInfo.String() writes it. */
START_TEST(test_modinfo)
{
	static const char modinfo[] =
	    "0123456789abcdef"
	    "path\texample.com/m/cmd\n"
	    "mod\texample.com/m\tv1.2.3\th1:abc=\n"
	    "dep\tgolang.org/x/sys\tv0.1.0\th1:xyz=\n"
	    "=>\t./sys\t(devel)\t\n"
	    "build\t-compiler=gc\n"
	    "build\t-ldflags=\"-X 'main.v=a\\tb' \\u00e9\\x41\\101\\\"\"\n"
	    "build\t\"odd=key\"=`raw\\n`\n"
	    "build\tbroken=\"\\q\"\n"
	    "build\tCGO_CFLAGS=\n"
	    "0123456789abcdef";
	struct binary_build_info info = { 0 };
	struct arena arena = { 0 };

	build_info_parse(modinfo, sizeof(modinfo) - 1, &arena, &info);
	ck_assert_str_eq(info.path, "example.com/m/cmd");
	ck_assert_str_eq(info.module, "example.com/m");
	ck_assert_str_eq(info.module_version, "v1.2.3");
	ck_assert_uint_eq(info.setting_count, 4);
	ck_assert_str_eq(info.settings[0].key, "-compiler");
	ck_assert_str_eq(info.settings[0].value, "gc");
	ck_assert_str_eq(info.settings[1].value, "-X 'main.v=a\tb' \xc3\xa9"
						 "AA\"");
	ck_assert_str_eq(info.settings[2].key, "odd=key");
	ck_assert_str_eq(info.settings[2].value, "raw\\n");
	ck_assert_str_eq(info.settings[3].key, "CGO_CFLAGS");
	ck_assert_str_eq(info.settings[3].value, "");
	arena_free(&arena);
}
END_TEST

Suite *elf_suite(void)
{
	Suite *suite = suite_create("elf");
	TCase *files = tcase_create("files"), *identity = tcase_create("identity");

	tcase_add_test(files, test_headers);
	tcase_add_test(files, test_addresses);
	tcase_add_test(files, test_refused);
	tcase_add_test(files, test_broken_headers);
	tcase_add_test(files, test_sparse);
	tcase_add_test(files, test_shrinks);
	tcase_add_test(files, test_symbols);
	tcase_add_test(files, test_no_symbols);
	tcase_add_test(files, test_own_program);
	suite_add_tcase(suite, files);
	tcase_add_test(identity, test_build_ids);
	tcase_add_test(identity, test_language);
	tcase_add_test(identity, test_build_info_inline);
	tcase_add_test(identity, test_build_info_pointers);
	tcase_add_test(identity, test_modinfo);
	suite_add_tcase(suite, identity);
	return suite;
}
