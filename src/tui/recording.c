/* SPDX-License-Identifier: MIT
 *
 * A recording is read twice: which of its processes belong together is known when all lines were
 * seen.
 */
#include "tui/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "render/stats_read.h"

enum { PROCESSES_MAX = 1024, SUBJECTS_MAX = 16, CHUNK = 64 << 10 };

struct recorded {
	int64_t pid, first, last, lines;
	char name[256];
	size_t subject;
};

struct replay {
	const char *path;
	VECTOR(struct recorded) processes;
	subject_list *subjects; /* NULL while it is read for the first time */
	struct stats_record record;
	struct text line;
	size_t number; /* of the line, from 1 */
};

/* ---- lines -------------------------------------------------------------------------------- */

static struct recorded *process_of(struct replay *replay, int64_t pid)
{
	size_t i;

	for (i = 0; i < replay->processes.count; i++)
		if (replay->processes.items[i].pid == pid)
			return &replay->processes.items[i];
	return NULL;
}

static void note(struct replay *replay)
{
	const struct stats_row *row = &replay->record.row;
	struct recorded *process = process_of(replay, row->pid);

	if (!process) {
		if (replay->processes.count == PROCESSES_MAX)
			return;
		process = vector_push(&replay->processes);
		process->pid = row->pid;
		process->first = row->time;
		memcpy(process->name, replay->record.exe, sizeof(process->name));
	}
	process->last = row->time;
	process->lines++;
}

static struct spy_error *take_line(struct replay *replay)
{
	struct recorded *process;

	if (replay->line.length && replay->line.bytes[replay->line.length - 1] == '\r')
		replay->line.length--;
	if (!replay->line.length)
		return NULL;
	TRY(stats_record_read(replay->line.bytes, replay->line.length, &replay->record));
	if (!replay->subjects) {
		note(replay);
		return NULL;
	}
	process = process_of(replay, replay->record.row.pid);
	if (process && process->subject < replay->subjects->count)
		subject_add_row(replay->subjects->items[process->subject], &replay->record.row);
	return NULL;
}

/* Splits what was read into lines. What is longer than any of ours is none. */
static struct spy_error *take_bytes(struct replay *replay, const char *bytes, size_t size)
{
	while (size) {
		const char *end = memchr(bytes, '\n', size);
		size_t length = end ? (size_t)(end - bytes) : size;

		if (replay->line.length + length > STATS_LINE_MAX)
			return spy_error_new(SPY_ERROR_DATA, "a line that is too long");
		text_add_bytes(&replay->line, bytes, length);
		if (!end)
			break;
		TRY(take_line(replay));
		replay->line.length = 0;
		replay->number++;
		bytes += length + 1;
		size -= length + 1;
	}
	return NULL;
}

static struct spy_error *read_lines(struct replay *replay, int file)
{
	char *chunk _cleanup_free_ = memory_new(CHUNK, 1);
	struct spy_error *error;
	ssize_t size;

	replay->number = 1;
	replay->line.length = 0;
	if (lseek(file, 0, SEEK_SET))
		return spy_error_new(SPY_ERROR_DATA, "%s: cannot be read twice", replay->path);
	while ((size = read(file, chunk, CHUNK)) > 0) {
		error = take_bytes(replay, chunk, (size_t)size);
		if (error)
			return spy_error_in(error, "%s:%zu", replay->path, replay->number);
	}
	if (size < 0)
		return spy_error_new(SPY_ERROR_DATA, "%s: %s", replay->path, strerror(errno));
	/* A line without an end was being written when the recording stopped, or is the last. */
	if (replay->line.length && replay->line.bytes[replay->line.length - 1] == '}')
		(void)spy_error_caught(take_line(replay));
	return NULL;
}

/* ---- which processes belong together ------------------------------------------------------ */

/* Whether a process came after all of those that are one subject, under the same name. */
static bool goes_on(const struct replay *replay, size_t index, size_t subject)
{
	const struct recorded *process = &replay->processes.items[index];
	bool any = false;
	size_t i;

	for (i = 0; i < index; i++) {
		const struct recorded *other = &replay->processes.items[i];

		if (other->subject != subject)
			continue;
		if (other->last >= process->first || !*process->name ||
		    strcmp(other->name, process->name) != 0)
			return false;
		any = true;
	}
	return any;
}

static void assign(struct replay *replay, subject_list *subjects)
{
	size_t i, subject;

	for (i = 0; i < replay->processes.count; i++) {
		struct recorded *process = &replay->processes.items[i];

		for (subject = 0; subject < subjects->count; subject++)
			if (goes_on(replay, i, subject))
				break;
		process->subject = subject;
		if (subject < subjects->count)
			continue;
		if (subjects->count == SUBJECTS_MAX) {
			process->subject = SIZE_MAX;
			continue;
		}
		*vector_push(subjects) = subject_new("?");
		if (process->lines > 1)
			subjects->items[subject]->interval_ns =
			    (process->last - process->first) / (process->lines - 1);
	}
}

static struct spy_error *read_twice(struct replay *replay, int file, subject_list *ret)
{
	TRY(read_lines(replay, file));
	if (!replay->processes.count)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA, "%s: there is nothing in it", replay->path),
		    "--record makes recordings, and so does \"spy stats --json\"");
	assign(replay, ret);
	replay->subjects = ret;
	return read_lines(replay, file);
}

struct spy_error *recording_read(const char *path, subject_list *ret)
{
	int file _cleanup_close_ = open(path, O_RDONLY | O_CLOEXEC);
	struct replay *replay _cleanup_free_ = memory_zeroed(1, sizeof(*replay));
	struct spy_error *error;

	if (file < 0)
		return spy_error_new(SPY_ERROR_DATA, "%s: %s", path, strerror(errno));
	replay->path = path;
	error = read_twice(replay, file, ret);
	vector_free(&replay->processes);
	text_free(&replay->line);
	return error;
}

/* ---- writing ------------------------------------------------------------------------------ */

struct spy_error *recording_create(const char *path, int *ret)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (file < 0)
		return spy_error_new(SPY_ERROR_DATA, "%s: %s", path, strerror(errno));
	*ret = file;
	return NULL;
}

struct spy_error *recording_write(int file, const char *path, const char *line)
{
	size_t size = strlen(line);
	ssize_t written = write(file, line, size);

	if (written == (ssize_t)size)
		return NULL;
	return spy_error_new(SPY_ERROR_DATA, "%s: %s", path,
			     written < 0 ? strerror(errno) : "it is full");
}
