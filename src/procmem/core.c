/* SPDX-License-Identifier: MIT
 *
 * An ELF core file: by the kernel, by gdb's gcore or by spy itself.
 *
 * The kernel leaves out what it can find again: pages of files that were not written to. Those are
 * read from the file, where it is still there and is an ELF file with the first page that the core
 * holds of it.
 *
 * The core file is read and not mapped, so that one that shrinks meanwhile gives an error.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procmem/core.h"

enum {
	SEGMENTS_LIMIT = 1 << 20,
	NOTES_LIMIT = 1 << 22,
	OPEN_FILES_LIMIT = 256,
	PAGE_BYTES = 4096,
};

static bool pread_all(int file, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	if (offset > INT64_MAX || size > INT64_MAX - offset)
		return false;
	while (done < size) {
		ssize_t got =
		    pread(file, (char *)buffer + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

struct spy_error *core_pread(const struct core *core, uint64_t offset, void *buffer, size_t size)
{
	if (pread_all(core->file, offset, buffer, size))
		return NULL;
	return spy_error_new(SPY_ERROR_DATA,
			     "the core file is cut short: %zu bytes at offset %llu "
			     "are not there",
			     size, (unsigned long long)offset);
}

/* ---- files that were mapped --------------------------------------------------------------- */

static const struct core_piece *find_piece(const struct core *core, uint64_t address)
{
	size_t low = 0, high = core->pieces.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (core->pieces.items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= core->pieces.items[low - 1].end)
		return NULL;
	return &core->pieces.items[low - 1];
}

/* Bytes of a piece that are in the core file, from `address` on. */
static uint64_t dumped_bytes(const struct core_piece *piece, uint64_t address, uint64_t *offset)
{
	const struct core_segment *segment = piece->segment;
	uint64_t into, end;

	if (!segment || address - segment->address >= segment->bytes)
		return 0;
	into = address - segment->address;
	end = segment->address + segment->bytes;
	*offset = segment->offset + into;
	return (end < piece->end ? end : piece->end) - address;
}

/* Whether the file starts with what the core holds of its first page: build ids stand there. */
static bool is_same_file(const struct core *core, size_t path, int file)
{
	uint8_t page[PAGE_BYTES], dumped[PAGE_BYTES];

	if (!pread_all(file, 0, page, SELFMAG) || memcmp(page, ELFMAG, SELFMAG) != 0)
		return false;
	for (size_t i = 0; i < core->mapped.count; i++) {
		const struct core_mapped *mapped = &core->mapped.items[i];
		const struct core_piece *piece;
		uint64_t offset;

		if (mapped->path != path || mapped->file_offset != 0)
			continue;
		piece = find_piece(core, mapped->start);
		if (!piece || dumped_bytes(piece, mapped->start, &offset) < PAGE_BYTES)
			continue;
		return pread_all(core->file, offset, dumped, PAGE_BYTES) &&
		       pread_all(file, 0, page, PAGE_BYTES) &&
		       memcmp(page, dumped, PAGE_BYTES) == 0;
	}
	return true;
}

/* A core file may name any path: what is no ELF file is not read, and what is no regular file is
 * not even opened. */
static int open_elf(const struct core *core, size_t path, const char *name)
{
	int place _cleanup_close_ = open(name, O_PATH | O_CLOEXEC);
	struct stat file;
	char again[32];
	int fd;

	if (place < 0 || fstat(place, &file) != 0 || !S_ISREG(file.st_mode))
		return CORE_ABSENT;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !is_same_file(core, path, fd)) {
		close(fd);
		return CORE_ABSENT;
	}
	return fd < 0 ? CORE_ABSENT : fd;
}

/* The file that a path of the core names; of the executable also the one that the caller gave,
 * since a core outlives its program, and travels. */
static int find_file(const struct core *core, size_t path)
{
	const char *name = core->paths.items[path].path;
	int fd = core->opened < OPEN_FILES_LIMIT ? open_elf(core, path, name) : CORE_ABSENT;

	if (fd == CORE_ABSENT && core->exe_file && name == core->target.exe)
		fd = open_elf(core, path, core->exe_file);
	return fd;
}

static int mapped_file(struct core *core, size_t path)
{
	struct core_path *file = &core->paths.items[path];

	if (file->fd == CORE_NOT_TRIED) {
		file->fd = find_file(core, path);
		core->opened += file->fd >= 0;
	}
	return file->fd;
}

/* ---- the target's operations -------------------------------------------------------------- */

/* Reads the start of a range from wherever it is. Returns how many bytes, 0 if there are none. */
static uint64_t read_piece(struct core *core, uint64_t address, void *buffer, size_t size)
{
	const struct core_piece *piece = find_piece(core, address);
	uint64_t offset, available;
	int file = core->file;

	if (!piece)
		return 0;
	available = dumped_bytes(piece, address, &offset);
	/* Memory that could be written to and was left out may differ from the file by now. */
	if (!available && piece->mapped && !(piece->segment && piece->segment->writable)) {
		file = mapped_file(core, piece->mapped->path);
		available = piece->end - address;
		offset = piece->mapped->file_offset + (address - piece->mapped->start);
	}
	if (available > size)
		available = size;
	return available && file >= 0 && pread_all(file, offset, buffer, available) ? available : 0;
}

static struct spy_error *core_read(struct target *target, uint64_t address, void *buffer,
				   size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t got =
		    read_piece(core_of(target), address + done, (char *)buffer + done, size - done);

		if (!got || address + done + got < address)
			return spy_error_fault(address + done, size - done);
		done += got;
	}
	return NULL;
}

static void core_readv(struct target *target, struct target_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ranges[i].ok = !spy_error_caught(
		    core_read(target, ranges[i].address, ranges[i].buffer, ranges[i].size));
}

static struct spy_error *core_mappings(struct target *target, struct arena *arena,
				       struct target_mappings *ret)
{
	const struct core *core = core_of(target);

	ret->items = arena_alloc(arena, core->pieces.count, sizeof(*ret->items));
	ret->count = core->pieces.count;
	for (size_t i = 0; i < ret->count; i++) {
		const struct core_piece *piece = &core->pieces.items[i];
		const struct core_mapped *mapped = piece->mapped;
		const struct core_segment *segment = piece->segment;

		/* A file without a segment was left out, which is done to what can be read. */
		ret->items[i] = (struct target_mapping){
			.start = piece->start,
			.end = piece->end,
			.file_offset =
			    mapped ? mapped->file_offset + (piece->start - mapped->start) : 0,
			.readable = segment ? segment->readable : true,
			.writable = segment && segment->writable,
			.executable = segment && segment->executable,
			.private_ = true,
			.path =
			    mapped ? arena_string(arena, core->paths.items[mapped->path].path) : "",
		};
	}
	return NULL;
}

static struct spy_error *
core_open_mapping(struct target *target, const struct target_mapping *mapping, struct binary **ret)
{
	struct core *core = core_of(target);
	const struct core_piece *piece = find_piece(core, mapping->start);
	int fd;

	if (!piece || !piece->mapped)
		return spy_error_new(SPY_ERROR_DATA, "no file is mapped at 0x%llx",
				     (unsigned long long)mapping->start);
	fd = mapped_file(core, piece->mapped->path);
	if (fd < 0)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA,
				  "%s is not the file that the core file was made with",
				  mapping->path),
		    "give the executable with --bin");
	return binary_open_fd(fd, mapping->path, ret);
}

static struct spy_error *core_threads(struct target *target, struct arena *arena,
				      struct target_threads *ret)
{
	const struct core *core = core_of(target);

	ret->items = arena_alloc(arena, core->threads.count, sizeof(*ret->items));
	ret->count = core->threads.count;
	if (ret->count)
		memcpy(ret->items, core->threads.items, ret->count * sizeof(*ret->items));
	return NULL;
}

static struct spy_error *core_pause(struct target *target)
{
	(void)target;
	return NULL;
}

static int64_t core_resume(struct target *target)
{
	(void)target;
	return 0;
}

static struct spy_error *core_ended(struct target *target)
{
	(void)target;
	return NULL;
}

static void core_close(struct target *target)
{
	struct core *core = core_of(target);

	for (size_t i = 0; i < core->paths.count; i++)
		cleanup_close(&core->paths.items[i].fd);
	cleanup_close(&core->file);
	vector_free(&core->segments);
	vector_free(&core->mapped);
	free(core->exe_file);
	vector_free(&core->paths);
	vector_free(&core->pieces);
	vector_free(&core->threads);
	arena_free(&core->arena);
	free(core);
}

static const struct target_ops core_ops = {
	.read = core_read,
	.readv = core_readv,
	.mappings = core_mappings,
	.open_mapping = core_open_mapping,
	.threads = core_threads,
	.pause = core_pause,
	.resume = core_resume,
	.ended = core_ended,
	.close = core_close,
};

/* ---- opening ------------------------------------------------------------------------------ */

static int compare_segments(const void *left, const void *right)
{
	const struct core_segment *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int compare_mapped(const void *left, const void *right)
{
	const struct core_mapped *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Sorts both lists and drops what overlaps, which no honest core file has. */
static void sort_ranges(struct core *core)
{
	size_t kept = 0;

	if (core->segments.count)
		qsort(core->segments.items, core->segments.count, sizeof(*core->segments.items),
		      compare_segments);
	for (size_t i = 0; i < core->segments.count; i++)
		if (!kept || core->segments.items[i].address >= core->segments.items[kept - 1].end)
			core->segments.items[kept++] = core->segments.items[i];
	core->segments.count = kept;
	kept = 0;
	if (core->mapped.count)
		qsort(core->mapped.items, core->mapped.count, sizeof(*core->mapped.items),
		      compare_mapped);
	for (size_t i = 0; i < core->mapped.count; i++)
		if (!kept || core->mapped.items[i].start >= core->mapped.items[kept - 1].end)
			core->mapped.items[kept++] = core->mapped.items[i];
	core->mapped.count = kept;
}

/* Cuts the address space at every start and end of a segment or mapped file. */
static void make_pieces(struct core *core)
{
	size_t i = 0, j = 0;
	uint64_t at = 0;

	while (i < core->segments.count || j < core->mapped.count) {
		const struct core_segment *segment =
		    i < core->segments.count ? &core->segments.items[i] : NULL;
		const struct core_mapped *mapped =
		    j < core->mapped.count ? &core->mapped.items[j] : NULL;
		uint64_t next = UINT64_MAX;
		bool in_segment, in_mapped;

		if (segment && segment->end <= at) {
			i++;
			continue;
		}
		if (mapped && mapped->end <= at) {
			j++;
			continue;
		}
		in_segment = segment && segment->address <= at;
		in_mapped = mapped && mapped->start <= at;
		if (segment)
			next = in_segment ? segment->end : segment->address;
		if (mapped && (in_mapped ? mapped->end : mapped->start) < next)
			next = in_mapped ? mapped->end : mapped->start;
		if (in_segment || in_mapped)
			*vector_push(&core->pieces) =
			    (struct core_piece){ .start = at,
						 .end = next,
						 .segment = in_segment ? segment : NULL,
						 .mapped = in_mapped ? mapped : NULL };
		at = next;
	}
}

static struct spy_error *read_header(const struct core *core, Elf64_Ehdr *header)
{
	if (!pread_all(core->file, 0, header, sizeof(*header)) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return spy_error_new(SPY_ERROR_DATA, "not an ELF file");
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_machine != EM_X86_64)
		return spy_error_new(SPY_ERROR_NOT_GO, "not a core file of an x86_64 process");
	if (header->e_type != ET_CORE)
		return spy_error_new(SPY_ERROR_DATA, "an ELF file, but not a core file");
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return spy_error_new(SPY_ERROR_DATA, "its program headers are corrupt");
	return NULL;
}

/* The number of program headers; one that does not fit stands in section 0 (elf(5), PN_XNUM). */
static struct spy_error *count_headers(const struct core *core, const Elf64_Ehdr *header,
				       uint64_t *ret)
{
	Elf64_Shdr section = { 0 };

	*ret = header->e_phnum;
	if (header->e_phnum == PN_XNUM) {
		TRY(core_pread(core, header->e_shoff, &section, sizeof(section)));
		*ret = section.sh_info;
	}
	if (*ret > SEGMENTS_LIMIT || *ret > core->file_bytes / sizeof(Elf64_Phdr))
		return spy_error_new(SPY_ERROR_DATA, "it claims to have %llu segments",
				     (unsigned long long)*ret);
	return NULL;
}

static void add_segment(struct core *core, const Elf64_Phdr *header)
{
	struct core_segment segment = {
		.address = header->p_vaddr,
		.end = header->p_vaddr + header->p_memsz,
		.offset = header->p_offset,
		.bytes = header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz,
		.readable = header->p_flags & PF_R,
		.writable = header->p_flags & PF_W,
		.executable = header->p_flags & PF_X,
	};

	if (segment.end > segment.address)
		*vector_push(&core->segments) = segment;
}

static struct spy_error *read_core(struct core *core)
{
	Elf64_Ehdr header;
	Elf64_Phdr *headers _cleanup_free_ = NULL;
	size_t notes = NOTES_LIMIT;
	uint64_t count;

	TRY(read_header(core, &header));
	TRY(count_headers(core, &header, &count));
	headers = memory_new(count, sizeof(*headers));
	TRY(core_pread(core, header.e_phoff, headers, count * sizeof(*headers)));
	for (uint64_t i = 0; i < count; i++) {
		if (headers[i].p_type == PT_LOAD)
			add_segment(core, &headers[i]);
		else if (headers[i].p_type == PT_NOTE)
			TRY(core_read_notes(core, headers[i].p_offset, headers[i].p_filesz,
					    &notes));
	}
	sort_ranges(core);
	make_pieces(core);
	if (!core->pieces.count)
		return spy_error_new(SPY_ERROR_DATA, "it holds no memory");
	return NULL;
}

/* The executable is the file that the entry point lies in; the name in NT_PRPSINFO is cut short. */
static void find_exe(struct core *core)
{
	const struct core_piece *piece = core->entry ? find_piece(core, core->entry) : NULL;

	if (piece && piece->mapped)
		core->target.exe = core->paths.items[piece->mapped->path].path;
	if (!core->target.exe)
		core->target.exe = "";
	if (!core->target.pid && core->threads.count)
		core->target.pid = core->threads.items[0].tid;
}

struct spy_error *target_open_core(const char *path, const char *exe_file, struct target **ret)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	struct core *core;
	struct spy_error *error;

	if (file < 0)
		return spy_error_new(errno == EACCES ? SPY_ERROR_PERMISSION : SPY_ERROR_DATA,
				     "cannot open %s: %s", path, strerror(errno));
	core = memory_zeroed(1, sizeof(*core));
	core->target = (struct target){ .ops = &core_ops, .started_at = SPY_UNKNOWN };
	core->file = file;
	core->exe_file = exe_file ? memory_string(exe_file) : NULL;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		error = spy_error_new(SPY_ERROR_DATA, "not a file");
	else {
		core->file_bytes = (uint64_t)status.st_size;
		error = read_core(core);
	}
	if (error) {
		core_close(&core->target);
		return spy_error_in(error, "%s", path);
	}
	find_exe(core);
	*ret = &core->target;
	return NULL;
}
