/* SPDX-License-Identifier: MIT
 *
 * Core files: one that is built here byte by byte, and one that gdb makes of a child.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "unit/children.h"

enum { PAGE = 4096 };

struct built_note {
	Elf64_Nhdr header;
	char name[8];
};

/* Two threads, memory at 0x10000 of which a page was dumped, an ELF file at 0x400000 with its first
 * page dumped, the same file at 0x500000 with nothing dumped. */
struct built_core {
	Elf64_Ehdr header;
	Elf64_Phdr segments[4];
	struct built_note status_note;
	struct elf_prstatus status;
	struct built_note second_note;
	struct elf_prstatus second;
	struct built_note info_note;
	struct elf_prpsinfo info;
	struct built_note auxv_note;
	Elf64_auxv_t auxv[2];
	struct built_note file_note;
	uint64_t file_count, page, files[2][3];
	char paths[2][32];
	uint8_t memory[PAGE], first_page[PAGE];
} __attribute__((packed)); /* notes are aligned to 4 bytes */
#define NOTES_END offsetof(struct built_core, memory)

static struct built_note note_of(uint32_t type, uint32_t size)
{
	return (struct built_note){ .header = { .n_namesz = 5, .n_descsz = size, .n_type = type },
				    .name = "CORE" };
}

static Elf64_Phdr load_of(uint64_t address, uint64_t size, uint64_t offset, uint64_t dumped,
			  uint32_t flags)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD,
			     .p_vaddr = address,
			     .p_memsz = size,
			     .p_offset = offset,
			     .p_filesz = dumped,
			     .p_flags = flags };
}

/* A file with the ELF magic and `number` all over. */
static void write_elf(const char *path, char number)
{
	char bytes[3 * PAGE];
	FILE *file = fopen(path, "w");

	memset(bytes, number, sizeof(bytes));
	memcpy(bytes, ELFMAG, SELFMAG);
	ck_assert_uint_eq(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	fclose(file);
}

static void build(struct built_core *core, const char *file)
{
	*core = (struct built_core){
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_CORE,
			    .e_machine = EM_X86_64,
			    .e_phoff = offsetof(struct built_core, segments),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 4 },
		.status_note = note_of(NT_PRSTATUS, sizeof(struct elf_prstatus)),
		.second_note = note_of(NT_PRSTATUS, sizeof(struct elf_prstatus)),
		.info_note = note_of(NT_PRPSINFO, sizeof(struct elf_prpsinfo)),
		.auxv_note = note_of(NT_AUXV, 2 * sizeof(Elf64_auxv_t)),
		.file_note = note_of(NT_FILE, 64 + 2 * 32),
		.info = { .pr_pid = 70, .pr_fname = "short" },
		.auxv = { { .a_type = AT_ENTRY, .a_un = { .a_val = 0x400123 } } },
		.file_count = 2,
		.page = PAGE,
		.files = { { 0x400000, 0x402000, 0 }, { 0x500000, 0x501000, 2 } },
	};
	core->segments[0] =
	    (Elf64_Phdr){ .p_type = PT_NOTE,
			  .p_offset = offsetof(struct built_core, status_note),
			  .p_filesz = NOTES_END - offsetof(struct built_core, status_note) };
	core->segments[1] =
	    load_of(0x400000, 2 * PAGE, offsetof(struct built_core, first_page), PAGE, PF_R | PF_X);
	core->segments[2] =
	    load_of(0x10000, 2 * PAGE, offsetof(struct built_core, memory), PAGE, PF_R | PF_W);
	core->segments[3] = load_of(0x500000, PAGE, 0, 0, PF_R);
	core->status.pr_pid = 70;
	core->second.pr_pid = 71;
	core->second.pr_reg[offsetof(struct user_regs_struct, rip) / 8] = 0x400500;
	core->second.pr_reg[offsetof(struct user_regs_struct, fs_base) / 8] = 0x10008;
	/* Paths stand one behind the other. */
	snprintf(core->paths[0], sizeof(core->paths), "%s", file);
	snprintf(core->paths[0] + strlen(file) + 1, sizeof(core->paths) - strlen(file) - 1, "%s",
		 file);
	memset(core->memory, 'm', PAGE);
	memset(core->first_page, 'f', PAGE);
	memcpy(core->first_page, ELFMAG, SELFMAG);
}

static void save(const struct built_core *core, size_t size, const char *path)
{
	FILE *file = fopen(path, "w");

	ck_assert_uint_eq(fwrite(core, 1, size, file), size);
	fclose(file);
}

/* Files without a name: nothing is left of them, however the test ends. */
static char core_path[32], elf_path[32];

static void make_files(void)
{
	children_setup();
	snprintf(core_path, sizeof(core_path), "/proc/self/fd/%d", memfd_create("core", 0));
	snprintf(elf_path, sizeof(elf_path), "/proc/self/fd/%d", memfd_create("elf", 0));
}

START_TEST(core_tells_threads_and_memory)
{
	struct built_core built;
	struct target *core = NULL;
	struct target_threads threads;
	struct target_mappings mappings;
	struct arena arena = { 0 };
	char bytes[2 * PAGE];

	write_elf(elf_path, 'f');
	build(&built, elf_path);
	save(&built, sizeof(built), core_path);
	must(target_open_core(core_path, NULL, &core));
	ck_assert_int_eq(core->pid, 70);
	ck_assert_str_eq(core->exe, elf_path);
	ck_assert(!core->is_live);
	must(target_threads(core, &arena, &threads));
	ck_assert_uint_eq(threads.count, 2);
	ck_assert_int_eq(threads.items[1].target_tid, 71);
	ck_assert(threads.items[1].has_registers);
	ck_assert_uint_eq(threads.items[1].registers.pc, 0x400500);
	ck_assert_uint_eq(threads.items[1].registers.fs_base, 0x10008);
	must(target_mappings(core, &arena, &mappings));
	ck_assert_uint_eq(mappings.count, 3);
	ck_assert_uint_eq(mappings.items[2].file_offset, 2 * PAGE);
	ck_assert_str_eq(mappings.items[2].path, elf_path);
	ck_assert_str_eq(mappings.items[0].path, "");
	ck_assert(mappings.items[0].writable && mappings.items[1].executable);
	must(target_read(core, 0x10000, bytes, PAGE));
	ck_assert_int_eq(bytes[PAGE - 1], 'm');
	must_fail(target_read(core, 0x10001, bytes, PAGE), SPY_ERROR_DATA, "cannot read");
	must_fail(target_read(core, 0xffff, bytes, 1), SPY_ERROR_DATA, "cannot read");
	must_fail(target_read(core, UINT64_MAX, bytes, 2), SPY_ERROR_DATA, "cannot read");
	/* Half of it from the core, half from the file. */
	must(target_read(core, 0x400000, bytes, 2 * PAGE));
	ck_assert_int_eq(bytes[2 * PAGE - 1], 'f');
	must(target_read(core, 0x500fff, bytes, 1));
	must(target_pause(core));
	ck_assert_int_eq(target_resume(core), 0);
	arena_free(&arena);
	target_close(core);
}
END_TEST

START_TEST(core_does_not_read_another_file)
{
	struct built_core built;
	struct target *core = NULL;
	char byte;

	write_elf(elf_path, 'x');
	build(&built, elf_path);
	save(&built, sizeof(built), core_path);
	must(target_open_core(core_path, NULL, &core));
	must(target_read(core, 0x400000, &byte, 1));
	must_fail(target_read(core, 0x401000, &byte, 1), SPY_ERROR_DATA, "cannot read");
	target_close(core);
	build(&built, "/etc/passwd"); /* no ELF file */
	save(&built, sizeof(built), core_path);
	must(target_open_core(core_path, NULL, &core));
	must_fail(target_read(core, 0x401000, &byte, 1), SPY_ERROR_DATA, "cannot read");
	target_close(core);
}
END_TEST

START_TEST(core_that_is_none_is_refused)
{
	struct built_core built;
	struct target *core = NULL;
	size_t sizes[] = { 0, 10, sizeof(Elf64_Ehdr), 200, NOTES_END - 40 };
	char byte;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		build(&built, elf_path);
		save(&built, sizes[i], core_path);
		must_fail(target_open_core(core_path, NULL, &core), SPY_ERROR_DATA, core_path);
	}
	/* A core file that the limit of its size has cut. */
	save(&built, NOTES_END + 100, core_path);
	must(target_open_core(core_path, NULL, &core));
	must(target_read(core, 0x10000, &byte, 1));
	must_fail(target_read(core, 0x10000 + 200, &byte, 1), SPY_ERROR_DATA, "cannot read");
	target_close(core);
	built.header.e_machine = EM_AARCH64;
	save(&built, sizeof(built), core_path);
	must_fail(target_open_core(core_path, NULL, &core), SPY_ERROR_NOT_GO, "x86_64");
	must_fail(target_open_core("/proc/self/exe", NULL, &core), SPY_ERROR_DATA,
		  "not a core file");
	must_fail(target_open_core("/dev/null", NULL, &core), SPY_ERROR_DATA, "not a file");
	must_fail(target_open_core("/nonexistent", NULL, &core), SPY_ERROR_DATA, "cannot open");
}
END_TEST

/* A small process, also where the test itself is a huge one because of a sanitizer. */
static void exec_sleep(void)
{
	execl("/bin/sleep", "sleep", "100", NULL);
}

static bool is_sleep(pid_t pid)
{
	char path[64], name[16] = "";
	FILE *comm;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	comm = fopen(path, "r");
	if (comm && !fgets(name, sizeof(name), comm))
		name[0] = '\0';
	if (comm)
		fclose(comm);
	return strcmp(name, "sleep\n") == 0;
}

/* gdb and the live target are the judges. */
START_TEST(core_by_gcore_equals_the_process)
{
	struct target *core = NULL, *live;
	struct target_threads core_threads, threads;
	struct target_mappings mappings;
	struct arena arena = { 0 };
	char command[128], here[64], there[64];
	size_t compared = 0;
	pid_t sleeping = start(exec_sleep);

	wait_until(state_of(sleeping, sleeping) == 'S' && is_sleep(sleeping));
	snprintf(command, sizeof(command), "gcore -o /tmp/spy-unit-core %d >/dev/null 2>&1",
		 sleeping);
	if (system(command) != 0) { // NOLINT: gdb is not there, or may not
		end(sleeping);
		return;
	}
	snprintf(command, sizeof(command), "/tmp/spy-unit-core.%d", sleeping);
	must(target_open_core(command, NULL, &core));
	unlink(command);
	live = open_target(sleeping);
	ck_assert_str_eq(core->exe, live->exe);
	ck_assert_int_eq(core->pid, sleeping);
	must(target_pause(live));
	must(target_threads(live, &arena, &threads));
	target_resume(live);
	must(target_threads(core, &arena, &core_threads));
	ck_assert_uint_eq(core_threads.count, 1);
	ck_assert_mem_eq(&core_threads.items[0].registers, &threads.items[0].registers,
			 sizeof(threads.items[0].registers));
	must(target_mappings(live, &arena, &mappings));
	for (size_t i = 0; i < mappings.count; i++) {
		if (!mappings.items[i].readable || mappings.items[i].path[0] == '[' ||
		    spy_error_caught(
			target_read(live, mappings.items[i].end - 64, here, sizeof(here))))
			continue;
		/* Of files only ELF ones are read. */
		if (mappings.items[i].inode && !strstr(mappings.items[i].path, ".so") &&
		    strcmp(mappings.items[i].path, live->exe) != 0)
			continue;
		must(target_read(core, mappings.items[i].end - 64, there, sizeof(there)));
		ck_assert_mem_eq(here, there, sizeof(here));
		compared++;
	}
	ck_assert_uint_gt(compared, 5);
	arena_free(&arena);
	target_close(live);
	target_close(core);
	end(sleeping);
}
END_TEST

TCase *procmem_core_case(void)
{
	TCase *core = tcase_create("core");

	tcase_set_timeout(core, 60);
	tcase_add_checked_fixture(core, make_files, NULL);
	tcase_add_test(core, core_tells_threads_and_memory);
	tcase_add_test(core, core_does_not_read_another_file);
	tcase_add_test(core, core_that_is_none_is_refused);
	tcase_add_test(core, core_by_gcore_equals_the_process);
	return core;
}
