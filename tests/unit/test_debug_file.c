/* SPDX-License-Identifier: MIT
 *
 * Looking for debug files, in a directory that stands for the root of a target.
 */
#include "elf/debug_file.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "unit/unit.h"

enum { BASE = 0x400000, LINK_BYTES = 64, TEXT_BYTES = 0x200000 };
enum { NONE, TEXT, NOTE, LINK, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char section_names[] =
    "\0.text\0.note.gnu.build-id\0.gnu_debuglink\0.symtab\0.strtab\0.shstrtab";
static const uint32_t section_name[SECTIONS] = { 0, 1, 7, 26, 41, 49, 57 };
static const char symbol_names[] = "\0runtime.main";

/* A program, or what is kept of it. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint8_t id[8];
	} note;
	char link[LINK_BYTES];
	char strings[sizeof(symbol_names)], names[sizeof(section_names)];
	_Alignas(8) Elf64_Sym symbols[2];
	Elf64_Shdr sections[SECTIONS];
	uint8_t text[TEXT_BYTES];
};

static void put_section(struct file *file, size_t index, uint32_t type, uint64_t offset,
			uint64_t size)
{
	file->sections[index] = (Elf64_Shdr){ .sh_name = section_name[index],
					      .sh_type = type,
					      .sh_offset = offset,
					      .sh_size = size };
}

static struct file *new_file(bool with_code, bool with_symbols, uint8_t id)
{
	struct file *file = memory_zeroed(1, sizeof(*file));

	file->header = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct file, segment),
		.e_shoff = offsetof(struct file, sections),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = SHSTRTAB,
	};
	file->segment = (Elf64_Phdr){ .p_type = PT_LOAD,
				      .p_flags = PF_R | PF_X,
				      .p_vaddr = BASE,
				      .p_offset = offsetof(struct file, text),
				      .p_filesz = TEXT_BYTES,
				      .p_memsz = TEXT_BYTES };
	memset(file->text, with_code ? 0x90 : 0, TEXT_BYTES);
	put_section(file, TEXT, with_code ? SHT_PROGBITS : SHT_NOBITS, offsetof(struct file, text),
		    TEXT_BYTES);
	file->note.head = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 8, .n_type = NT_GNU_BUILD_ID };
	memcpy(file->note.name, "GNU", 4);
	memset(file->note.id, id, sizeof(file->note.id));
	if (id)
		put_section(file, NOTE, SHT_NOTE, offsetof(struct file, note), sizeof(file->note));
	if (with_symbols) {
		memcpy(file->strings, symbol_names, sizeof(symbol_names));
		file->symbols[1] = (Elf64_Sym){ .st_name = 1,
						.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
						.st_shndx = TEXT,
						.st_value = BASE };
		put_section(file, SYMTAB, SHT_SYMTAB, offsetof(struct file, symbols),
			    sizeof(file->symbols));
		file->sections[SYMTAB].sh_entsize = sizeof(Elf64_Sym);
		file->sections[SYMTAB].sh_link = STRTAB;
		put_section(file, STRTAB, SHT_STRTAB, offsetof(struct file, strings),
			    sizeof(symbol_names));
	}
	memcpy(file->names, section_names, sizeof(section_names));
	put_section(file, SHSTRTAB, SHT_STRTAB, offsetof(struct file, names),
		    sizeof(section_names));
	return file;
}

/* A .gnu_debuglink of a name and the checksum of a file. */
static void put_link(struct file *file, const char *name, const struct file *to)
{
	uint32_t checksum = (uint32_t)crc32(0, (const uint8_t *)to, sizeof(*to));
	size_t size = (strlen(name) + 4) & ~(size_t)3;

	memset(file->link, 0, LINK_BYTES);
	memcpy(file->link, name, strlen(name));
	memcpy(file->link + size, &checksum, sizeof(checksum));
	put_section(file, LINK, SHT_PROGBITS, offsetof(struct file, link), size + 4);
}

static char root[64];

static const char *below(const char *path)
{
	static char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return whole;
}

static void make_directories(const char *path)
{
	char whole[256], *slash;

	snprintf(whole, sizeof(whole), "%s", below(path));
	for (slash = strchr(whole + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(whole, 0700);
		*slash = '/';
	}
}

static void write_file(const char *path, const struct file *file)
{
	int fd;

	make_directories(path);
	fd = open(below(path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file, sizeof(*file)), sizeof(*file));
	close(fd);
}

static void make_root(void)
{
	snprintf(root, sizeof(root), "/tmp/spy-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
}

/* Whether the debug file of a program at /bin/program is found, and where it must be. */
static bool finds(const struct file *program, const char *where)
{
	struct debug_search search = { .root = root, .path = "/bin/program" };
	struct debug_file found;
	struct binary *binary = NULL;
	bool right;

	write_file("/bin/program", program);
	ck_assert_ptr_null(binary_open(below("/bin/program"), &binary));
	found = debug_file_find(binary, &search);
	ck_assert_ptr_null(found.warning);
	right = found.binary && strcmp(binary_name(found.binary), below(where)) == 0;
	binary_close(found.binary);
	binary_close(binary);
	return right;
}

START_TEST(by_the_build_id)
{
	static const char place[] = "/usr/lib/debug/.build-id/ab/ababababababab.debug";
	struct file *program = new_file(true, false, 0xab), *debug = new_file(false, true, 0xab);
	struct file *other = new_file(false, true, 0xac), *bare = new_file(false, false, 0xab);
	struct file *changed = new_file(true, true, 0xab);

	make_root();
	ck_assert(!finds(program, place));
	write_file(place, debug);
	ck_assert(finds(program, place));
	/* Of another build; without symbols; with code that is not the program's. */
	write_file(place, other);
	ck_assert(!finds(program, place));
	write_file(place, bare);
	ck_assert(!finds(program, place));
	write_file(place, changed);
	ck_assert(finds(program, place));
	memset(changed->text, 0xcc, TEXT_BYTES);
	write_file(place, changed);
	ck_assert(!finds(program, place));
	/* Links stay below the root; what is no regular file is left alone. */
	write_file("/kept", debug);
	unlink(below(place));
	ck_assert_int_eq(symlink("/kept", below(place)), 0);
	ck_assert(finds(program, place));
	unlink(below("/kept"));
	ck_assert(!finds(program, place));
	ck_assert_int_eq(mkfifo(below("/kept"), 0600), 0);
	ck_assert(!finds(program, place));
	remove_root();
	free(program);
	free(debug);
	free(other);
	free(bare);
	free(changed);
}
END_TEST

START_TEST(by_the_link)
{
	static const char *const places[] = { "/bin/it.debug", "/bin/.debug/it.debug",
					      "/usr/lib/debug/bin/it.debug" };
	struct file *program = new_file(true, false, 0), *debug = new_file(false, true, 0);
	size_t i;

	make_root();
	put_link(program, "it.debug", debug);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ck_assert(!finds(program, places[i]));
		write_file(places[i], debug);
		ck_assert(finds(program, places[i]));
		/* Another checksum. */
		debug->text[0]++;
		write_file(places[i], debug);
		ck_assert(!finds(program, places[i]));
		debug->text[0]--;
		unlink(below(places[i]));
	}
	remove_root();
	free(program);
	free(debug);
}
END_TEST

START_TEST(links_that_lead_elsewhere)
{
	struct file *program = new_file(true, false, 0), *debug = new_file(false, true, 0);
	const uint64_t sizes[] = { 0, 1, 8, 9, 15, 1 << 20, UINT64_MAX };
	size_t i;

	make_root();
	write_file("/it.debug", debug);
	write_file("/bin/it.debug", debug);
	put_link(program, "../it.debug", debug);
	ck_assert(!finds(program, "/bin/../it.debug"));
	put_link(program, "/it.debug", debug);
	ck_assert(!finds(program, "/it.debug"));
	put_link(program, "..", debug);
	ck_assert(!finds(program, "/bin/.."));
	put_link(program, "", debug);
	ck_assert(!finds(program, "/bin/"));
	put_link(program, "it.debug", debug);
	ck_assert(finds(program, "/bin/it.debug"));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		program->sections[LINK].sh_size = sizes[i];
		ck_assert(!finds(program, "/bin/it.debug"));
	}
	program->sections[LINK].sh_size = 16;
	program->sections[LINK].sh_offset = UINT64_MAX - 8;
	ck_assert(!finds(program, "/bin/it.debug"));
	remove_root();
	free(program);
	free(debug);
}
END_TEST

Suite *debug_file_suite(void)
{
	Suite *suite = suite_create("debug_file");
	TCase *cases = tcase_create("debug_file");

	tcase_add_test(cases, by_the_build_id);
	tcase_add_test(cases, by_the_link);
	tcase_add_test(cases, links_that_lead_elsewhere);
	suite_add_tcase(suite, cases);
	return suite;
}
