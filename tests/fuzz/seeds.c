/* SPDX-License-Identifier: MIT
 *
 * Writes what the fuzz targets start from: seeds DIRECTORY. Function tables of every format there
 * is; a core file with two threads and two mappings; expressions.
 */
#include <check.h>
#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "unit/pclntab_image.h"

enum { PAGE = 4096 };

struct core {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	struct {
		Elf64_Nhdr header;
		char name[8];
		struct elf_prstatus status;
	} __attribute__((packed)) threads[2];
	struct {
		Elf64_Nhdr header;
		char name[8];
		uint64_t count, page, files[2][3];
		char paths[16];
	} __attribute__((packed)) files;
	uint8_t memory[2][PAGE];
} __attribute__((packed));

static void save(const char *where, const char *name, int number, const void *bytes, size_t size,
		 int first)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%d", where, name, number);
	file = fopen(path, "wb");
	if (!file || (first >= 0 && fputc(first, file) == EOF) ||
	    fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static Elf64_Phdr load(uint64_t address, size_t offset, uint32_t flags)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD,
			     .p_vaddr = address,
			     .p_memsz = PAGE,
			     .p_offset = offset,
			     .p_filesz = PAGE,
			     .p_flags = flags };
}

static void save_core(const char *where)
{
	static struct core core = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_CORE,
			    .e_machine = EM_X86_64,
			    .e_phoff = offsetof(struct core, segments),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 3 },
		.files = { .header = { .n_namesz = 5,
				       .n_descsz = sizeof(core.files) - sizeof(Elf64_Nhdr) - 8,
				       .n_type = NT_FILE },
			   .name = "CORE",
			   .count = 2,
			   .page = PAGE,
			   .files = { { 0x400000, 0x401000, 0 }, { 0x500000, 0x501000, 1 } },
			   .paths = "/bin/a\0/bin/b" },
	};
	int i;

	core.segments[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
					 .p_offset = offsetof(struct core, threads),
					 .p_filesz = offsetof(struct core, memory) -
						     offsetof(struct core, threads) };
	core.segments[1] = load(0x400000, offsetof(struct core, memory), PF_R | PF_X);
	core.segments[2] = load(0x500000, offsetof(struct core, memory) + PAGE, PF_R | PF_W);
	for (i = 0; i < 2; i++) {
		core.threads[i].header = (Elf64_Nhdr){ .n_namesz = 5,
						       .n_descsz = sizeof(struct elf_prstatus),
						       .n_type = NT_PRSTATUS };
		memcpy(core.threads[i].name, "CORE", 5);
		core.threads[i].status.pr_pid = 70 + i;
	}
	save(where, "core", 0, &core, sizeof(core), -1);
}

static void save_paths(const char *where)
{
	static const char *const paths[] = {
		"*main.cfg.Server.Port",
		"(*(main.users[\"bo\\x62\"]).Tags)[2:0x7]",
		"len(example.com/app%2ev2/db.pool.(*map[string]struct { X int \"a\" }).Y[-1.5e3])",
		"main.m['\\u00e4'][true][`raw`][:][1_000]",
	};
	int i;

	for (i = 0; i < (int)(sizeof(paths) / sizeof(*paths)); i++)
		save(where, "path", i, paths[i], strlen(paths[i]), -1);
}

static const char *directory;

/* A test only in form: the builder of the tables asserts as one. */
START_TEST(write_seeds)
{
	struct image image;
	int i;

	for (i = 0; i < IMAGE_VARIANTS; i++) {
		image_build(&image, i);
		save(directory, "pclntab", i, image.all.at, image.all.size, i);
	}
	save_core(directory);
	save_paths(directory);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("seeds");
	TCase *cases = tcase_create("seeds");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc != 2)
		return 2;
	directory = argv[1];
	tcase_add_test(cases, write_seeds);
	suite_add_tcase(suite, cases);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
