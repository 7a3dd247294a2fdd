/* SPDX-License-Identifier: MIT
 *
 * The mappings of a live process and the files behind them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "procmem/denied.h"
#include "procmem/live.h"
#include "procmem/procfs.h"

/* vm.max_map_count is 65530 unless somebody raised it. */
enum { MAPPINGS_LIMIT = 1 << 20 };

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* "start-end rwxp offset major:minor inode   path" (proc(5)). */
static bool parse_line(char *line, struct arena *arena, struct target_mapping *ret)
{
	unsigned long long start, end, offset, inode;
	unsigned major_number, minor_number;
	char flags[5];
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, flags, &offset,
		   &major_number, &minor_number, &inode, &path) < 7 ||
	    !path || start >= end)
		return false;
	*ret = (struct target_mapping){
		.start = start,
		.end = end,
		.file_offset = offset,
		.readable = flags[0] == 'r',
		.writable = flags[1] == 'w',
		.executable = flags[2] == 'x',
		.private_ = flags[3] == 'p',
		.path = arena_string(arena, line + path),
		.device = makedev(major_number, minor_number),
		.inode = inode,
	};
	return true;
}

static struct spy_error *open_maps(struct live *live, FILE **ret)
{
	int fd = openat(live->directory, live_path(live, "maps").text, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return denied(live->directory, live->target.pid, "read");
	*ret = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (*ret)
		return NULL;
	cleanup_close(&fd);
	TRY(target_ended(&live->target));
	return spy_error_new(SPY_ERROR_DATA, "cannot read the mappings of process %lld",
			     (long long)live->target.pid);
}

struct spy_error *live_mappings(struct target *target, struct arena *arena,
				struct target_mappings *ret)
{
	FILE *maps _cleanup_(close_file) = NULL;
	mapping_vector mappings = { 0 };
	char *line _cleanup_free_ = NULL;
	size_t size = 0;

	TRY(open_maps(live_of(target), &maps));
	while (mappings.count < MAPPINGS_LIMIT && getline(&line, &size, maps) > 0) {
		struct target_mapping mapping;

		if (parse_line(line, arena, &mapping))
			*vector_push(&mappings) = mapping;
	}
	if (!mappings.count) {
		vector_free(&mappings);
		TRY(target_ended(target));
		return spy_error_new(SPY_ERROR_DATA, "process %lld has no memory of its own",
				     (long long)target->pid);
	}
	ret->items = arena_alloc(arena, mappings.count, sizeof(*ret->items));
	memcpy(ret->items, mappings.items, mappings.count * sizeof(*ret->items));
	ret->count = mappings.count;
	vector_free(&mappings);
	return NULL;
}

/* Opens a regular file without touching anything else: a device or FIFO that stands there is not
 * opened, and `mapping`, unless NULL, must be of this very file. -1 otherwise. */
static int open_regular(int directory, const char *path, const struct target_mapping *mapping)
{
	int place _cleanup_close_ = openat(directory, path, O_PATH | O_CLOEXEC);
	struct stat file;
	char again[32];

	if (place < 0 || fstat(place, &file) != 0 || !S_ISREG(file.st_mode))
		return -1;
	if (mapping && (file.st_dev != mapping->device || file.st_ino != mapping->inode))
		return -1;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
	return open(again, O_RDONLY | O_CLOEXEC);
}

static int open_exe(const struct live *live, const struct target_mapping *mapping)
{
	const struct target_mapping *check = mapping;

	/* Where the file system is an overlay, mappings and stat tell different devices; the
	 * kernel's path is then as good, " (deleted)" included. */
	if (strcmp(live->exe, mapping->path) == 0)
		check = NULL;
	return open_regular(live->directory, live_path(live, "exe").text, check);
}

static int open_mapped(const struct live *live, const struct target_mapping *mapping)
{
	char path[PATH_MAX + 64];
	int fd = open_exe(live, mapping);

	if (fd >= 0)
		return fd;
	/* The file itself, also where it was deleted; needs CAP_CHECKPOINT_RESTORE. */
	snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)mapping->start,
		 (unsigned long long)mapping->end);
	fd = open_regular(live->directory, path, NULL);
	if (fd >= 0)
		return fd;
	/* Whatever stands at its path now, followed in the target's root but for absolute links. */
	if (snprintf(path, sizeof(path), "%s%s", live_path(live, "root").text, mapping->path) >=
	    (int)sizeof(path))
		return -1;
	return open_regular(live->directory, path, mapping);
}

struct spy_error *live_open_mapping(struct target *target, const struct target_mapping *mapping,
				    struct binary **ret)
{
	int fd _cleanup_close_ = -1;

	if (mapping->path[0] != '/')
		return spy_error_new(SPY_ERROR_DATA, "no file is mapped at 0x%llx",
				     (unsigned long long)mapping->start);
	fd = open_mapped(live_of(target), mapping);
	if (fd < 0) {
		TRY(target_ended(target));
		return spy_error_new(SPY_ERROR_DATA, "cannot open %s, mapped in process %lld",
				     mapping->path, (long long)target->pid);
	}
	return binary_open_fd(fd, mapping->path, ret);
}
