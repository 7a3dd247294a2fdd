/* SPDX-License-Identifier: MIT
 *
 * The notes of a core file (Linux, fs/binfmt_elf.c:elf_core_dump; gdb's gcore writes the same).
 */
#include <elf.h>
#include <limits.h>
#include <stddef.h>
#include <sys/procfs.h>

#include "base/cursor.h"
#include "procmem/core.h"
#include "procmem/live.h"

enum {
	/* The kernel writes 16 MB at most (core_file_note_size_limit). */
	FILE_NOTE_BYTES = 64 * 1024 * 1024,
	AUXV_BYTES = 64 * 1024,
};

_Static_assert(sizeof(((struct elf_prstatus *)NULL)->pr_reg) == PAUSE_REGISTERS_BYTES,
	       "NT_PRSTATUS holds the general registers");

static struct spy_error *read_thread(struct core *core, uint64_t offset, uint64_t size)
{
	struct elf_prstatus status;
	struct target_thread *thread;

	if (size < sizeof(status))
		return spy_error_new(SPY_ERROR_DATA, "a thread of the core file is cut short");
	TRY(core_pread(core, offset, &status, sizeof(status)));
	thread = vector_push(&core->threads);
	*thread = (struct target_thread){
		.tid = status.pr_pid,
		.target_tid = status.pr_pid, /* the kernel writes it as the process sees it */
		.state = '?',
		.has_registers = true,
	};
	pause_registers_from((const uint8_t *)&status.pr_reg, &thread->registers);
	return NULL;
}

static struct spy_error *read_process(struct core *core, uint64_t offset, uint64_t size)
{
	struct elf_prpsinfo info;

	if (size < sizeof(info))
		return NULL;
	TRY(core_pread(core, offset, &info, sizeof(info)));
	core->target.pid = info.pr_pid;
	if (!core->target.exe)
		core->target.exe = arena_bytes(&core->arena, info.pr_fname,
					       strnlen(info.pr_fname, sizeof(info.pr_fname)));
	return NULL;
}

static struct spy_error *read_auxv(struct core *core, uint64_t offset, uint64_t size)
{
	Elf64_auxv_t entry;

	if (size > AUXV_BYTES)
		size = AUXV_BYTES;
	for (uint64_t at = 0; size - at >= sizeof(entry); at += sizeof(entry)) {
		TRY(core_pread(core, offset + at, &entry, sizeof(entry)));
		if (entry.a_type == AT_NULL)
			break;
		if (entry.a_type == AT_ENTRY)
			core->entry = entry.a_un.a_val;
	}
	return NULL;
}

/* Mappings of one file stand side by side, so that a path is nearly always the last one. */
static size_t add_path(struct core *core, const char *path)
{
	size_t count = core->paths.count;

	if (count && strcmp(core->paths.items[count - 1].path, path) == 0)
		return count - 1;
	*vector_push(&core->paths) =
	    (struct core_path){ .path = arena_string(&core->arena, path), .fd = CORE_NOT_TRIED };
	return count;
}

/* count, page size, count times (start, end, offset in pages), count paths (fill_files_note). */
static struct spy_error *read_files(struct core *core, uint64_t offset, uint64_t size)
{
	uint8_t *bytes _cleanup_free_ = NULL;
	struct cursor table, names;
	uint64_t count, page;

	if (size > FILE_NOTE_BYTES)
		return spy_error_new(SPY_ERROR_DATA,
				     "the core file's list of mapped files is %llu "
				     "bytes long",
				     (unsigned long long)size);
	bytes = memory_new(size, 1);
	TRY(core_pread(core, offset, bytes, size));
	table = names = cursor_of(bytes, size);
	count = cursor_u64(&table);
	page = cursor_u64(&table);
	if (table.failed || count > cursor_left(&table) / 24)
		return spy_error_new(SPY_ERROR_DATA, "the core file's list of mapped files is "
						     "corrupt");
	cursor_seek(&names, 16 + count * 24);
	for (uint64_t i = 0; i < count; i++) {
		struct core_mapped mapped = { .start = cursor_u64(&table), .end = 0 };
		size_t length;
		const char *path;

		mapped.end = cursor_u64(&table);
		mapped.file_offset = cursor_u64(&table) * page;
		path = cursor_string(&names, &length);
		if (!path)
			break;
		if (mapped.start >= mapped.end || length >= PATH_MAX)
			continue;
		mapped.path = add_path(core, path);
		*vector_push(&core->mapped) = mapped;
	}
	return NULL;
}

static struct spy_error *read_note(struct core *core, uint32_t type, uint64_t offset, uint64_t size)
{
	switch (type) {
	case NT_PRSTATUS:
		return read_thread(core, offset, size);
	case NT_PRPSINFO:
		return read_process(core, offset, size);
	case NT_AUXV:
		return read_auxv(core, offset, size);
	case NT_FILE:
		return read_files(core, offset, size);
	default:
		return NULL;
	}
}

struct spy_error *core_read_notes(struct core *core, uint64_t offset, uint64_t size, size_t *left)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		struct {
			Elf64_Nhdr header;
			char name[8];
		} note;
		uint64_t before, taken;

		if (!(*left)--)
			return spy_error_new(SPY_ERROR_DATA, "the core file has too many notes");
		note.name[0] = '\0';
		TRY(core_pread(core, offset, &note,
			       size < sizeof(note) ? sizeof(note.header) : sizeof(note)));
		/* Name and contents are each filled up to 4 bytes, also in 64-bit files. */
		before = sizeof(note.header) + (((uint64_t)note.header.n_namesz + 3) & ~3ULL);
		taken = before + (((uint64_t)note.header.n_descsz + 3) & ~3ULL);
		if (before > size || note.header.n_descsz > size - before)
			return spy_error_new(SPY_ERROR_DATA,
					     "a note of the core file is cut short");
		if (note.header.n_namesz == sizeof("CORE") && memcmp(note.name, "CORE", 5) == 0)
			TRY(read_note(core, note.header.n_type, offset + before,
				      note.header.n_descsz));
		if (taken >= size)
			break;
		offset += taken;
		size -= taken;
	}
	return NULL;
}
