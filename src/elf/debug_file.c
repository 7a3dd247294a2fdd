/* SPDX-License-Identifier: MIT */
#include "elf/debug_file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <isa-l/crc.h>

#include "base/cursor.h"
#include "base/text.h"
#include "elf/debuginfod.h"
#include "elf/image.h"

/* Where GDB and the distributions keep such files. */
static const char debug_directory[] = "/usr/lib/debug";

enum {
	BUILD_ID_DIGITS_MIN = 8, /* GNU ld's shortest, xxhash or fast, has 16 */
	LINK_NAME_MAX = 255,     /* NAME_MAX */
	LINK_SECTION_MAX = 4096,
};
/* The largest file whose checksum is computed: some seconds. */
#define LINKED_BYTES_MAX (8ull << 30)

/* ---- the same build ---------------------------------------------------------------------------
 */

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

static bool equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool ids_differ(const struct binary *a, const struct binary *b)
{
	return differ(binary_go_build_id(a), binary_go_build_id(b)) ||
	       differ(binary_gnu_build_id(a), binary_gnu_build_id(b));
}

/* Whether the file has no code: its segments may claim to have some (eu-strip). */
static bool is_without_code(const struct binary *binary)
{
	const Elf64_Shdr *text = section_by_name(binary, ".text");

	return text && text->sh_type == SHT_NOBITS;
}

/* Whether the executable bytes of two files are the same, by samples: for builds without any id. */
static bool same_text(const struct binary *a, const struct binary *b)
{
	enum { SAMPLES = 64, SAMPLE_BYTES = 256, SMALLEST_STEP = 2 * 4096 };
	const struct binary_segment *segments;
	size_t count = binary_segments(a, &segments), i, k;

	for (i = 0; i < count; i++) {
		uint64_t step = segments[i].file_bytes / SAMPLES;

		if (!segments[i].executable || step < SMALLEST_STEP)
			continue;
		for (k = 0; k < SAMPLES; k++) {
			/* Not the ELF header, which stripping changes. */
			uint64_t address = segments[i].address + step * k + step / 2;
			uint8_t bytes_a[SAMPLE_BYTES], bytes_b[SAMPLE_BYTES];
			size_t left = segments[i].file_bytes - step * k - step / 2;
			size_t size = left < SAMPLE_BYTES ? left : SAMPLE_BYTES;

			if (!binary_read(a, address, bytes_a, size) ||
			    !binary_read(b, address, bytes_b, size) ||
			    memcmp(bytes_a, bytes_b, size) != 0)
				return false;
		}
	}
	return true;
}

bool binary_is_same_build(const struct binary *program, const struct binary *other)
{
	if (ids_differ(program, other))
		return false;
	if (is_without_code(other))
		return equal(binary_go_build_id(program), binary_go_build_id(other)) ||
		       equal(binary_gnu_build_id(program), binary_gnu_build_id(other));
	return same_text(program, other);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

/* Takes a path below a root without opening it: a device or a FIFO is not touched. */
static int find_below(const char *root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int directory _cleanup_close_ = -1;

	if (!root[0])
		return open(path, O_PATH | O_CLOEXEC);
	directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -1;
	/* Linux 5.6; before, a link in there could lead to any file of ours, so that there is none.
	 */
	return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

/* NULL if there is no such file, or none that could be a debug file. */
static struct binary *open_below(const char *root, const char *path)
{
	int handle _cleanup_close_ = find_below(root, path), fd _cleanup_close_ = -1;
	struct binary *binary = NULL;
	struct text name _cleanup_(text_free) = { 0 };
	struct stat status;
	char again[32];

	if (handle < 0 || fstat(handle, &status) || !S_ISREG(status.st_mode))
		return NULL;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", handle);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	text_printf(&name, "%s%s", root, path);
	if (spy_error_caught(binary_open_fd(fd, name.bytes, &binary)))
		return NULL;
	return binary;
}

/* What is looked for. */
struct place {
	const struct binary *program;
	const struct debug_search *search;
	uint32_t checksum; /* of .gnu_debuglink */
};
typedef bool fits_fn(const struct place *place, const struct binary *candidate);

static bool is_useful(const struct binary *candidate)
{
	return binary_has_symbols(candidate) || binary_has_dwarf(candidate);
}

static bool is_our_root(const char *root)
{
	struct stat ours, other;

	return !root[0] || (stat("/", &ours) == 0 && stat(root, &other) == 0 &&
			    ours.st_dev == other.st_dev && ours.st_ino == other.st_ino);
}

/* Below the target's root, then below ours. */
static struct binary *try_path(const struct place *place, const char *path, fits_fn *fits)
{
	const char *roots[] = { place->search->root, "" };
	size_t i;

	for (i = is_our_root(roots[0]) ? 1 : 0; i < 2; i++) {
		struct binary *binary _cleanup_(binary_cleanup) = open_below(roots[i], path);

		if (binary && fits(place, binary) && is_useful(binary))
			return TAKE(binary);
	}
	return NULL;
}

/* ---- by the GNU build ID ----------------------------------------------------------------------
 */

static bool fits_by_id(const struct place *place, const struct binary *candidate)
{
	return equal(binary_gnu_build_id(place->program), binary_gnu_build_id(candidate)) &&
	       binary_is_same_build(place->program, candidate);
}

static struct binary *find_by_id(const struct place *place)
{
	const char *id = binary_gnu_build_id(place->program);
	struct text path _cleanup_(text_free) = { 0 };

	if (!id || strlen(id) < BUILD_ID_DIGITS_MIN)
		return NULL;
	text_printf(&path, "%s/.build-id/%.2s/%s.debug", debug_directory, id, id + 2);
	return try_path(place, path.bytes, fits_by_id);
}

/* ---- by .gnu_debuglink ------------------------------------------------------------------------
 */

/* The checksum of GDB's documentation ("Separate Debug Files"), which is zlib's CRC-32. */
static bool checksum_of(const struct binary *binary, uint32_t *ret)
{
	uint64_t left = binary_file_bytes(binary), offset = 0;
	uint8_t *buffer _cleanup_free_ = NULL;
	uint32_t checksum = 0;

	if (left > LINKED_BYTES_MAX)
		return false;
	buffer = memory_new(IMAGE_STREAM_BYTES, 1);
	while (left) {
		size_t size = left < IMAGE_STREAM_BYTES ? left : IMAGE_STREAM_BYTES;

		if (!image_read(binary->image, offset, buffer, size))
			return false;
		checksum = crc32_gzip_refl(checksum, buffer, size);
		offset += size;
		left -= size;
	}
	*ret = checksum;
	return true;
}

static bool fits_by_link(const struct place *place, const struct binary *candidate)
{
	uint32_t checksum;

	if (ids_differ(place->program, candidate) ||
	    (!is_without_code(candidate) && !same_text(place->program, candidate)))
		return false;
	return checksum_of(candidate, &checksum) && checksum == place->checksum;
}

/* The name of a file in no directory, then, aligned to four bytes, its checksum. */
static const char *read_link(const struct binary *program, uint32_t *checksum)
{
	const Elf64_Shdr *section = section_by_name(program, ".gnu_debuglink");
	const uint8_t *bytes = NULL;
	struct cursor cursor;
	const char *name;
	size_t length;

	if (section && section->sh_type != SHT_NOBITS && section->sh_size <= LINK_SECTION_MAX)
		bytes = image_bytes(program->image, section->sh_offset, section->sh_size);
	if (!bytes)
		return NULL;
	cursor = cursor_of(bytes, section->sh_size);
	name = cursor_string(&cursor, &length);
	cursor_seek(&cursor, (cursor.position + 3) & ~(size_t)3);
	*checksum = cursor_u32(&cursor);
	if (cursor.failed || !name || !length || length > LINK_NAME_MAX || strchr(name, '/') ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return NULL;
	return name;
}

static struct binary *find_by_link(struct place *place)
{
	const char *name = read_link(place->program, &place->checksum);
	const char *path = place->search->path, *slash = strrchr(path, '/');
	/* Around the directory of the program: beside it, in .debug there, in the folders. */
	const struct {
		const char *before, *after;
	} around[] = { { .before = "", .after = "/" },
		       { .before = "", .after = "/.debug/" },
		       { .before = debug_directory, .after = "/" } };
	struct binary *binary = NULL;
	size_t i;

	if (!name || path[0] != '/' || slash - path >= PATH_MAX)
		return NULL;
	for (i = 0; i < sizeof(around) / sizeof(around[0]) && !binary; i++) {
		struct text at _cleanup_(text_free) = { 0 };

		text_add(&at, around[i].before);
		text_add_bytes(&at, path, (size_t)(slash - path));
		text_add(&at, around[i].after);
		text_add(&at, name);
		binary = try_path(place, at.bytes, fits_by_link);
	}
	return binary;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

struct debug_file debug_file_find(const struct binary *program, const struct debug_search *search)
{
	struct place place = { .program = program, .search = search };
	struct debug_file found = { .binary = find_by_id(&place) };

	if (!found.binary)
		found.binary = find_by_link(&place);
	if (!found.binary && search->ask_server) {
		struct binary *binary _cleanup_(binary_cleanup) =
		    debuginfod_find(program, search, &found.warning);

		if (binary && fits_by_id(&place, binary) && is_useful(binary))
			found.binary = TAKE(binary);
	}
	return found;
}
