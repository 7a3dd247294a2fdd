/* SPDX-License-Identifier: MIT */
#include "procmem/residents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "procmem/procfs.h"

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* By the name that ends the line of a mapping. "[anon:…]" is anonymous memory that the program gave
 * a name, as Go does from 1.25 on; "[heap]" is what C allocates from. */
static enum resident_kind kind_of(const char *name)
{
	if (name[0] == '/')
		return RESIDENT_FILE;
	if (strncmp(name, "[stack]", 7) == 0)
		return RESIDENT_STACK;
	if (name[0] != '[' || strncmp(name, "[anon", 5) == 0 || strncmp(name, "[heap]", 6) == 0)
		return RESIDENT_ANONYMOUS;
	return RESIDENT_KERNEL;
}

static FILE *open_smaps(int64_t pid)
{
	int directory _cleanup_close_ = procfs_open(pid);
	int fd = directory < 0 ? -1 : openat(directory, "smaps", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

struct spy_error *residents_each(int64_t pid, resident_fn *tell, void *context)
{
	FILE *file _cleanup_(cleanup_file) = open_smaps(pid);
	char *line _cleanup_free_ = NULL;
	enum resident_kind kind = RESIDENT_ANONYMOUS;
	unsigned long long start = 0, end = 0, from, to;
	size_t room = 0;
	long long kib;
	int name;

	if (!file)
		return spy_error_new(SPY_ERROR_DATA, "/proc/%lld/smaps: %s", (long long)pid,
				     strerror(errno));
	while (getline(&line, &room, file) > 0) {
		/* "c000000000-c000400000 rw-p 00000000 00:00 0     [anon: Go: heap]" */
		if (sscanf(line, "%llx-%llx %*4s %*s %*s %*s %n", &from, &to, &name) == 2) {
			start = from;
			end = to;
			kind = kind_of(line + name);
		} else if (sscanf(line, "Rss: %lld kB", &kib) == 1) {
			tell(context, start, end, kind, kib * 1024);
		}
	}
	if (ferror(file))
		return spy_error_new(SPY_ERROR_DATA, "/proc/%lld/smaps: %s", (long long)pid,
				     strerror(errno));
	return NULL;
}
