/* SPDX-License-Identifier: MIT
 *
 * A live process: opening it, reading its memory.
 *
 * Memory is read by process_vm_readv, many ranges to a call, which reads what the process itself
 * could read. Where that is not to be had (old seccomp filters of containers, kernels without it)
 * /proc/PID/mem serves, range by range.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "procmem/denied.h"
#include "procmem/live.h"
#include "procmem/procfs.h"

enum {
	BATCH_RANGES = 1024,            /* IOV_MAX of Linux (UIO_MAXIOV) */
	BATCH_BYTES = 64 * 1024 * 1024, /* a call moves less than 2 GB (MAX_RW_COUNT) */
	READABLE_AGE_NS = 10 * 1000 * 1000,
};

struct live_path live_path(const struct live *live, const char *name)
{
	struct live_path path;

	snprintf(path.text, sizeof(path.text), "task/%d/%s", live->reader, name);
	return path;
}

bool live_choose_reader(struct live *live)
{
	thread_vector threads = { 0 };
	tid_vector tids = { 0 };
	bool found = false;

	live_list_threads(live, &tids);
	for (size_t i = 0; i < tids.count && !found; i++) {
		threads.count = 0;
		found = live_add_thread(live, tids.items[i], &threads) &&
			!procfs_state_ended(threads.items[0].state);
		if (found)
			live->reader = tids.items[i];
	}
	vector_free(&tids);
	vector_free(&threads);
	return found;
}

static struct spy_error *has_ended(const struct target *target)
{
	return spy_error_new(SPY_ERROR_NO_PROCESS, "process %lld ended while it was read",
			     (long long)target->pid);
}

static struct spy_error *live_ended(struct target *target)
{
	struct live *live = live_of(target);
	struct procfs_stat stat;

	/* A process whose main thread has ended shows as a zombie while others live on. When one of
	 * them calls exec() it takes over the main thread's id, perhaps between our two looks. */
	for (int look = 0; look < 3; look++)
		if (procfs_stat(live->directory, "stat", &stat) &&
		    (!procfs_state_ended(stat.state) || live_choose_reader(live)))
			return NULL;
	return has_ended(target);
}

/* ---- /proc/PID/mem ------------------------------------------------------------------------ */

/* Whether a refused process_vm_readv is no reason to give up: /proc/PID/mem is open from now on. */
static bool fall_back(struct live *live, int why)
{
	if (live->memory < 0 && (why == ENOSYS || why == EPERM)) {
		live->memory =
		    openat(live->directory, live_path(live, "mem").text, O_RDONLY | O_CLOEXEC);
		return live->memory >= 0;
	}
	return false;
}

static bool is_readable(const struct target_mappings *mappings, uint64_t address, uint64_t end)
{
	for (size_t i = 0; i < mappings->count && address < end; i++) {
		const struct target_mapping *mapping = &mappings->items[i];

		if (mapping->start <= address && address < mapping->end && mapping->readable)
			address = mapping->end;
	}
	return address >= end;
}

/* /proc/PID/mem reads what is PROT_NONE as well (FOLL_FORCE), as zeros, and makes page tables for
 * it in the target: the arenas that Go has only reserved. */
static bool may_read(struct live *live, uint64_t address, size_t size)
{
	struct timespec time;
	int64_t now;

	if (address + size < address)
		return false;
	if (is_readable(&live->readable, address, address + size))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &time);
	now = time.tv_sec * 1000000000LL + time.tv_nsec;
	if (live->readable.count && now - live->readable_at < READABLE_AGE_NS)
		return false;
	arena_free(&live->readable_arena);
	live->readable = (struct target_mappings){ 0 };
	if (spy_error_caught(live_mappings(&live->target, &live->readable_arena, &live->readable)))
		return false;
	live->readable_at = now;
	return is_readable(&live->readable, address, address + size);
}

/* Bytes read from the start; errno if not all. */
static size_t read_file(struct live *live, uint64_t address, char *buffer, size_t size)
{
	size_t done = 0;

	if (address > INT64_MAX || !may_read(live, address, size)) {
		errno = EFAULT;
		return 0;
	}
	while (done < size) {
		ssize_t got =
		    pread(live->memory, buffer + done, size - done, (off_t)(address + done));

		/* The file of an address space that is gone reads as empty. */
		if (got == 0)
			errno = ESRCH;
		if (got <= 0 && errno != EINTR)
			break;
		done += got > 0 ? (size_t)got : 0;
	}
	return done;
}

/* ---- process_vm_readv --------------------------------------------------------------------- */

static size_t read_memory(struct live *live, uint64_t address, char *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t left = size - done < BATCH_BYTES ? size - done : BATCH_BYTES;
		struct iovec local = { .iov_base = buffer + done, .iov_len = left };
		struct iovec remote = { .iov_base = (void *)(uintptr_t)(address + done),
					.iov_len = left };
		ssize_t got = process_vm_readv(live->reader, &local, 1, &remote, 1, 0);

		if (got == 0)
			errno = EFAULT;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

static size_t read_some(struct live *live, uint64_t address, void *buffer, size_t size)
{
	size_t done;

	if (live->memory >= 0)
		return read_file(live, address, buffer, size);
	done = read_memory(live, address, buffer, size);
	if (done < size && fall_back(live, errno))
		return read_file(live, address, buffer, size);
	return done;
}

/* Reads through another thread, and if need be another file, from now on. */
static bool read_otherwise(struct live *live)
{
	if (!live_choose_reader(live))
		return false;
	if (live->memory >= 0) {
		close(live->memory);
		live->memory = -1;
		fall_back(live, EPERM);
	}
	return true;
}

static struct spy_error *read_alone(struct target *target, uint64_t address, void *buffer,
				    size_t size)
{
	struct live *live = live_of(target);

	for (int attempt = 0; attempt < 3; attempt++) {
		size_t done = read_some(live, address, buffer, size);
		int why = errno;

		if (done == size)
			return NULL;
		if (why == EPERM || why == EACCES)
			return denied(live->directory, target->pid, "read");
		if (why != ESRCH && why != ENOENT)
			return spy_error_fault(address + done, size - done);
		/* Perhaps only the thread ended through which we read. */
		TRY(live_ended(target));
		if (!read_otherwise(live))
			break;
	}
	return has_ended(target); /* or is about to: its memory is gone */
}

static struct spy_error *live_read(struct target *target, uint64_t address, void *buffer,
				   size_t size)
{
	struct live *live = live_of(target);
	struct spy_error *error;

	pthread_mutex_lock(&live->reading);
	error = read_alone(target, address, buffer, size);
	pthread_mutex_unlock(&live->reading);
	return error;
}

/* Reads the first ranges, with one call. Returns how many of them are settled: all that were read,
 * and the one after them, which was not. 0 if the call is of no use for any. */
static size_t read_batch(struct live *live, struct target_range *ranges, size_t count)
{
	struct iovec local[BATCH_RANGES], remote[BATCH_RANGES];
	size_t batch = 0, bytes = 0, settled = 0;
	ssize_t got;

	while (batch < count && batch < BATCH_RANGES && ranges[batch].size <= BATCH_BYTES - bytes) {
		struct target_range *range = &ranges[batch];

		local[batch] = (struct iovec){ .iov_base = range->buffer, .iov_len = range->size };
		remote[batch] = (struct iovec){ .iov_base = (void *)(uintptr_t)range->address,
						.iov_len = range->size };
		bytes += range->size;
		batch++;
	}
	if (!batch)
		return 0;
	got = process_vm_readv(live->reader, local, batch, remote, batch, 0);
	if (got < 0 && errno != EFAULT)
		return 0;
	bytes = got > 0 ? (size_t)got : 0;
	while (settled < batch && ranges[settled].size <= bytes) {
		bytes -= ranges[settled].size;
		ranges[settled++].ok = true;
	}
	if (settled < batch)
		ranges[settled++].ok = false;
	return settled;
}

static void live_readv(struct target *target, struct target_range *ranges, size_t count)
{
	struct live *live = live_of(target);
	bool alive = true;

	while (count) {
		size_t settled = alive && live->memory < 0 ? read_batch(live, ranges, count) : 0;

		/* A huge range, or a call that was refused, goes the way that finds out why. */
		if (!settled) {
			struct spy_error *error =
			    alive ? live_read(target, ranges->address, ranges->buffer, ranges->size)
				  : NULL;

			ranges->ok = alive && !error;
			alive = alive && (!error || error->code == SPY_ERROR_DATA);
			spy_error_free(error);
			settled = 1;
		}
		ranges += settled;
		count -= settled;
	}
}

/* ---- opening ------------------------------------------------------------------------------ */

static void live_close(struct target *target)
{
	struct live *live = live_of(target);

	live_resume(target);
	cleanup_close(&live->directory);
	if (live->memory >= 0)
		close(live->memory);
	pthread_mutex_destroy(&live->reading);
	arena_free(&live->readable_arena);
	free(live->exe);
	free(live);
}

static const struct target_ops live_ops = {
	.read = live_read,
	.readv = live_readv,
	.mappings = live_mappings,
	.open_mapping = live_open_mapping,
	.threads = live_threads,
	.pause = live_pause,
	.resume = live_resume,
	.while_paused = live_while_paused,
	.ended = live_ended,
	.close = live_close,
};

/* Reads a byte that must be there, to find out now whether we may. */
static struct spy_error *probe(struct live *live)
{
	struct arena arena = { 0 };
	struct target_mappings mappings = { 0 };
	struct spy_error *error = live_mappings(&live->target, &arena, &mappings);
	uint8_t byte;

	for (size_t i = 0; !error && i < mappings.count; i++) {
		/* [vvar] and the like are readable but not to others. */
		if (!mappings.items[i].readable || mappings.items[i].path[0] == '[')
			continue;
		error = live_read(&live->target, mappings.items[i].start, &byte, 1);
		if (!error || error->code != SPY_ERROR_DATA)
			break;
		spy_error_free(TAKE(error)); /* beyond the end of a file, a device */
	}
	arena_free(&arena);
	return error;
}

/* Fills in who it is, from what everybody may read. */
static struct spy_error *identify(struct live *live, int64_t pid)
{
	char status[PROCFS_FILE_BYTES];
	struct procfs_stat stat;
	int64_t leader;

	if (procfs_read(live->directory, "status", status, sizeof(status)) < 0 ||
	    !procfs_stat(live->directory, "stat", &stat))
		return spy_error_new(SPY_ERROR_NO_PROCESS, "no process %lld", (long long)pid);
	leader = (int64_t)procfs_number(status, "Tgid", 10);
	if (leader != pid)
		return spy_error_with_hint(spy_error_new(SPY_ERROR_NO_PROCESS,
							 "%lld is a thread of process %lld",
							 (long long)pid, (long long)leader),
					   "use %lld", (long long)leader);
	if (stat.kernel_thread)
		return spy_error_new(SPY_ERROR_NOT_GO, "process %lld is a kernel thread",
				     (long long)pid);
	live->reader = (pid_t)pid;
	if (procfs_state_ended(stat.state) && !live_choose_reader(live))
		return spy_error_new(SPY_ERROR_NO_PROCESS, "process %lld has ended (zombie)",
				     (long long)pid);
	procfs_innermost_id(status, &live->nested);
	live->target.pid = pid;
	live->target.started_at = procfs_started_at(stat.start_ticks);
	return NULL;
}

static struct spy_error *find_exe(struct live *live)
{
	char exe[PATH_MAX + sizeof(" (deleted)")];

	if (procfs_link(live->directory, live_path(live, "exe").text, exe, sizeof(exe)) < 0) {
		int why = errno;

		if (why == EACCES || why == EPERM)
			return denied(live->directory, live->target.pid, "read");
		TRY(live_ended(&live->target));
		return spy_error_new(SPY_ERROR_DATA, "process %lld has no executable",
				     (long long)live->target.pid);
	}
	live->exe = memory_string(exe);
	live->target.exe = live->exe;
	return NULL;
}

struct spy_error *target_open_live(int64_t pid, struct target **ret)
{
	struct live *live;
	struct spy_error *error;
	int directory = pid > 0 && pid <= INT_MAX ? procfs_open(pid) : -1;

	if (directory < 0)
		return spy_error_new(SPY_ERROR_NO_PROCESS, "no process %lld", (long long)pid);
	live = memory_zeroed(1, sizeof(*live));
	live->target = (struct target){ .ops = &live_ops, .is_live = true };
	live->directory = directory;
	live->memory = -1;
	pthread_mutex_init(&live->reading, NULL);
	error = identify(live, pid);
	if (!error)
		error = find_exe(live);
	if (!error)
		error = probe(live);
	if (error) {
		live_close(&live->target);
		return error;
	}
	*ret = &live->target;
	return NULL;
}
