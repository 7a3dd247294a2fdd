/* SPDX-License-Identifier: MIT */
#include "procmem/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

int procfs_open(int64_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

ssize_t procfs_read(int directory, const char *name, char *buffer, size_t size)
{
	int fd _cleanup_close_ = openat(directory, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;

	if (fd < 0)
		return -1;
	while (length < size - 1) {
		ssize_t got = read(fd, buffer + length, size - 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	buffer[length] = '\0';
	return (ssize_t)length;
}

ssize_t procfs_link(int directory, const char *name, char *buffer, size_t size)
{
	ssize_t length = readlinkat(directory, name, buffer, size - 1);

	if (length >= 0)
		buffer[length] = '\0';
	return length;
}

const char *procfs_field(const char *status, const char *name)
{
	size_t length = strlen(name);

	/* The kernel escapes newlines in the process' name, so that lines are its own. */
	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
	}
	return NULL;
}

uint64_t procfs_number(const char *status, const char *name, int base)
{
	const char *field = procfs_field(status, name);

	return field ? strtoull(field, NULL, base) : 0;
}

int64_t procfs_innermost_id(const char *status, bool *nested)
{
	const char *field = procfs_field(status, "NSpid");
	int64_t id = 0;
	int count = 0;

	while (field && *field >= '0' && *field <= '9') {
		char *end;

		id = strtoll(field, &end, 10);
		count++;
		field = end + strspn(end, " \t");
	}
	*nested = count > 1;
	return id;
}

/* include/linux/sched.h; part of the ABI since ps(1) reads it */
#define PF_KTHREAD 0x00200000ULL

bool procfs_stat(int directory, const char *name, struct procfs_stat *ret)
{
	enum {
		FIELD_STATE = 3,
		FIELD_FLAGS = 9,
		FIELD_UTIME = 14,
		FIELD_STIME = 15,
		FIELD_THREADS = 20,
		FIELD_STARTTIME = 22,
		FIELD_RSS = 24,
	};
	char line[1024];
	uint64_t fields[FIELD_RSS + 1] = { 0 };
	char *rest;

	if (procfs_read(directory, name, line, sizeof(line)) < 0)
		return false;
	/* Field 2 is the name in parentheses, which may hold anything but ends at the last one. */
	rest = strrchr(line, ')');
	if (!rest || rest[1] != ' ' || !rest[2]) {
		errno = EINVAL;
		return false;
	}
	ret->state = rest[2];
	rest += 3;
	for (int i = FIELD_STATE + 1; i <= FIELD_RSS; i++)
		fields[i] = strtoull(rest, &rest, 10);
	ret->kernel_thread = fields[FIELD_FLAGS] & PF_KTHREAD;
	ret->threads = (int64_t)fields[FIELD_THREADS];
	ret->start_ticks = fields[FIELD_STARTTIME];
	ret->user_ticks = fields[FIELD_UTIME];
	ret->system_ticks = fields[FIELD_STIME];
	ret->rss_pages = fields[FIELD_RSS];
	return true;
}

int64_t procfs_started_at(uint64_t start_ticks)
{
	struct timespec real, boot;
	int64_t tick_ns = 1000000000LL / sysconf(_SC_CLK_TCK);
	int64_t booted_at, started_at;

	/* btime of /proc/stat is this difference in whole seconds; here it is exact. */
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	booted_at = (real.tv_sec - boot.tv_sec) * 1000000000LL + (real.tv_nsec - boot.tv_nsec);
	started_at = booted_at + (int64_t)(start_ticks * (uint64_t)tick_ns);
	/* The two clocks are not read at one moment: without the digits that a tick does not have,
	 * the same process gives the same number. */
	return (started_at + tick_ns / 2) / tick_ns * tick_ns;
}
