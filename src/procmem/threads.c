/* SPDX-License-Identifier: MIT
 *
 * The threads of a live process, from /proc/PID/task.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "procmem/live.h"
#include "procmem/procfs.h"

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

bool live_list_threads(const struct live *live, tid_vector *tids)
{
	int fd = openat(live->directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory _cleanup_(close_directory) = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!directory) {
		cleanup_close(&fd);
		return false;
	}
	/* As many as the kernel lets it have: kernel.threads-max, at most PID_MAX_LIMIT, 4 million.
	 */
	while ((entry = readdir(directory))) {
		long tid = strtol(entry->d_name, NULL, 10);

		if (tid > 0)
			*vector_push(tids) = (pid_t)tid;
	}
	return tids->count > 0;
}

/* What m.procid holds: the id that gettid() gives the target itself. */
static int64_t target_tid(const struct live *live, pid_t tid)
{
	char path[32], status[PROCFS_FILE_BYTES];
	bool nested;
	int64_t id;

	if (!live->nested)
		return tid;
	snprintf(path, sizeof(path), "task/%d/status", tid);
	if (procfs_read(live->directory, path, status, sizeof(status)) < 0)
		return tid;
	id = procfs_innermost_id(status, &nested);
	return id ? id : tid;
}

bool live_add_thread(const struct live *live, pid_t tid, thread_vector *threads)
{
	struct target_thread *thread;
	struct procfs_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "task/%d/stat", tid);
	if (!procfs_stat(live->directory, path, &stat))
		return false;
	thread = vector_push(threads);
	thread->tid = tid;
	thread->target_tid = target_tid(live, tid);
	thread->state = stat.state;
	return true;
}

struct spy_error *live_threads(struct target *target, struct arena *arena,
			       struct target_threads *ret)
{
	struct live *live = live_of(target);
	thread_vector threads = { 0 };
	tid_vector tids = { 0 };

	if (live->tracer) {
		live_paused_threads(live->tracer, arena, ret);
		return NULL;
	}
	live_list_threads(live, &tids);
	for (size_t i = 0; i < tids.count; i++)
		live_add_thread(live, tids.items[i], &threads);
	vector_free(&tids);
	if (!threads.count) {
		struct spy_error *error = target_ended(target);

		vector_free(&threads);
		return error ? error
			     : spy_error_new(SPY_ERROR_DATA,
					     "cannot list the threads of process %lld",
					     (long long)target->pid);
	}
	ret->items = arena_alloc(arena, threads.count, sizeof(*ret->items));
	memcpy(ret->items, threads.items, threads.count * sizeof(*ret->items));
	ret->count = threads.count;
	vector_free(&threads);
	return NULL;
}
