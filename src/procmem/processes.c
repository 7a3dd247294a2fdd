/* SPDX-License-Identifier: MIT */
#include "procmem/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vector.h"
#include "procmem/denied.h"
#include "procmem/procfs.h"

enum {
	COMMAND_BYTES = 1024 * 1024, /* of a command line that are read */
	COMMAND_FIRST_BYTES = 4096,  /* nearly all are shorter */
};

static void close_proc(DIR **proc)
{
	if (*proc)
		closedir(*proc);
}

static int compare_pids(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

/* Has memory of its own that could be looked into. */
static bool is_program(int proc, int64_t pid)
{
	struct procfs_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "%lld/stat", (long long)pid);
	if (!procfs_stat(proc, path, &stat) || stat.kernel_thread)
		return false;
	/* The main thread may have ended and left others behind. */
	return !procfs_state_ended(stat.state) || stat.threads > 1;
}

struct spy_error *process_list(struct arena *arena, struct process_list *ret)
{
	DIR *proc _cleanup_(close_proc) = opendir("/proc");
	VECTOR(int64_t) pids = { 0 };
	const struct dirent *entry;

	if (!proc)
		return spy_error_new(SPY_ERROR_DATA, "cannot read /proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		char *end;
		int64_t pid = strtoll(entry->d_name, &end, 10);

		if (pid > 0 && !*end && pid != getpid() && is_program(dirfd(proc), pid))
			*vector_push(&pids) = pid;
	}
	ret->count = pids.count;
	ret->pids = arena_alloc(arena, pids.count, sizeof(*ret->pids));
	if (pids.count) {
		memcpy(ret->pids, pids.items, pids.count * sizeof(*ret->pids));
		qsort(ret->pids, ret->count, sizeof(*ret->pids), compare_pids);
	}
	vector_free(&pids);
	return NULL;
}

/* Splits the NUL-terminated arguments of `bytes`, which end with another NUL. */
static void split_command(const char *bytes, size_t size, struct arena *arena,
			  struct process_facts *ret)
{
	const char **arguments;
	size_t count = 0;

	/* A program that wrote over its arguments (setproctitle) may have left no NUL at the end,
	 * or many. */
	while (size && bytes[size - 1] == '\0')
		size--;
	if (!size)
		return;
	for (size_t i = 0; i < size; i++)
		count += bytes[i] == '\0';
	count++;
	bytes = arena_bytes(arena, bytes, size);
	arguments = arena_alloc(arena, count, sizeof(*arguments));
	for (size_t i = 0; i < count; i++) {
		arguments[i] = bytes;
		bytes += strlen(bytes) + 1;
	}
	ret->command = arguments;
	ret->command_count = count;
}

static void read_command(int directory, struct arena *arena, struct process_facts *ret)
{
	char *bytes _cleanup_free_ = memory_new(COMMAND_FIRST_BYTES, 1);
	ssize_t size = procfs_read(directory, "cmdline", bytes, COMMAND_FIRST_BYTES);

	if (size == COMMAND_FIRST_BYTES - 1) {
		bytes = memory_resize(bytes, COMMAND_BYTES, 1);
		size = procfs_read(directory, "cmdline", bytes, COMMAND_BYTES);
	}
	if (size > 0)
		split_command(bytes, (size_t)size, arena, ret);
}

static int64_t read_rss(int directory)
{
	char text[256];
	char *end;
	int64_t pages;

	if (procfs_read(directory, "statm", text, sizeof(text)) <= 0)
		return SPY_UNKNOWN;
	strtoll(text, &end, 10);
	pages = strtoll(end, NULL, 10);
	return pages * sysconf(_SC_PAGESIZE);
}

struct spy_error *process_facts(int64_t pid, struct arena *arena, struct process_facts *ret)
{
	int directory _cleanup_close_ = pid > 0 && pid <= INT_MAX ? procfs_open(pid) : -1;
	struct process_facts facts = { 0 };
	struct procfs_stat stat;
	char status[PROCFS_FILE_BYTES], exe[PATH_MAX + sizeof(" (deleted)")], user[USER_NAME_BYTES];

	if (directory < 0 || !procfs_stat(directory, "stat", &stat))
		return spy_error_new(SPY_ERROR_NO_PROCESS, "no process %lld", (long long)pid);
	facts.threads = stat.threads;
	facts.started_at = procfs_started_at(stat.start_ticks);
	facts.rss_bytes = read_rss(directory);
	if (procfs_link(directory, "exe", exe, sizeof(exe)) >= 0)
		facts.exe = arena_string(arena, exe);
	if (procfs_read(directory, "status", status, sizeof(status)) > 0) {
		const char *uids = procfs_field(status, "Uid");
		unsigned long long effective;

		if (uids && sscanf(uids, "%*u %llu", &effective) == 1) {
			user_name(effective, user);
			facts.user = arena_string(arena, user);
		}
	}
	read_command(directory, arena, &facts);
	*ret = facts;
	return NULL;
}

const char *process_base_name(const char *exe, struct arena *arena)
{
	static const char deleted[] = " (deleted)";
	const char *slash = strrchr(exe, '/');
	const char *name = slash ? slash + 1 : exe;
	size_t length = strlen(name), tail = sizeof(deleted) - 1;

	if (length > tail && strcmp(name + length - tail, deleted) == 0)
		length -= tail;
	return arena_bytes(arena, name, length);
}

struct spy_error *process_open_exe(int64_t pid, struct binary **ret)
{
	int directory _cleanup_close_ = pid > 0 && pid <= INT_MAX ? procfs_open(pid) : -1;
	int exe _cleanup_close_ = -1;
	char name[PATH_MAX + sizeof(" (deleted)")];
	struct procfs_stat stat;
	int why;

	if (directory >= 0)
		exe = openat(directory, "exe", O_RDONLY | O_CLOEXEC);
	why = errno;
	if (exe >= 0) {
		if (procfs_link(directory, "exe", name, sizeof(name)) < 0)
			snprintf(name, sizeof(name), "/proc/%lld/exe", (long long)pid);
		return binary_open_fd(exe, name, ret);
	}
	if (directory < 0 || !procfs_stat(directory, "stat", &stat) ||
	    (procfs_state_ended(stat.state) && stat.threads <= 1))
		return spy_error_new(SPY_ERROR_NO_PROCESS, "no process %lld", (long long)pid);
	if (stat.kernel_thread)
		return spy_error_new(SPY_ERROR_NOT_GO, "process %lld is a kernel thread",
				     (long long)pid);
	if (why == EACCES || why == EPERM)
		return denied(directory, pid, "read");
	return spy_error_new(SPY_ERROR_DATA, "cannot open the executable of process %lld: %s",
			     (long long)pid, strerror(why));
}
