/* SPDX-License-Identifier: MIT
 *
 * The worker reads and puts what it read into a queue; the side of the screen takes it from there
 * into the history, so that neither waits for the other.
 */
#include "tui/subject.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "tui/screen.h"

#define SECOND        1000000000ll
#define AWAIT_NS      (SECOND / 2) /* between two looks for a process of the name */
#define FIRST_NEXT_NS (SECOND / 4) /* the second reading, from which on there are rates */

/* Readings that nobody took: the screen is suspended, or far away. The oldest go. */
enum { QUEUED_MAX = 4096 };

enum fresh_kind { FRESH_SAMPLE, FRESH_STARTED, FRESH_ENDED, FRESH_TROUBLE };

struct fresh {
	enum fresh_kind kind;
	struct sample sample; /* of the others: only the moment */
	struct history_pause *pauses;
	size_t pause_count;
	int64_t pid; /* of FRESH_STARTED */
	char *name, *go_version;
	char *text; /* the JSON line, or what the trouble is; or NULL */
};

struct reader {
	struct worker *worker;
	/* Of the worker. */
	struct worker *self;
	struct spy *spy;
	char *follow, *bin;
	int64_t interval_ns;
	bool lines, told_start;
	struct spy_stats readings[2];
	size_t count; /* readings of this process */
	/* Of both, under the lock. */
	VECTOR(struct fresh) queue;
};

int64_t subject_clock(void)
{
	static int64_t offset;
	struct timespec now;

	if (!offset) {
		clock_gettime(CLOCK_REALTIME, &now);
		offset = now.tv_sec * SECOND + now.tv_nsec - screen_now();
	}
	return screen_now() + offset;
}

/* ---- the worker --------------------------------------------------------------------------- */

static void free_fresh(struct fresh *fresh)
{
	free(fresh->pauses);
	free(fresh->name);
	free(fresh->go_version);
	free(fresh->text);
}

static void queue(struct reader *reader, const struct fresh *fresh)
{
	worker_lock(reader->self);
	if (reader->queue.count == QUEUED_MAX) {
		free_fresh(&reader->queue.items[0]);
		memmove(&reader->queue.items[0], &reader->queue.items[1],
			(QUEUED_MAX - 1) * sizeof(*reader->queue.items));
		reader->queue.count--;
	}
	*vector_push(&reader->queue) = *fresh;
	worker_unlock(reader->self);
	screen_wake();
}

static void queue_event(struct reader *reader, enum fresh_kind kind, const char *text)
{
	struct fresh fresh = { .kind = kind,
			       .sample.at = subject_clock(),
			       .text = text ? memory_string(text) : NULL };

	queue(reader, &fresh);
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path ? path : "?";
}

static void queue_start(struct reader *reader, const struct spy_stats *stats)
{
	struct fresh fresh = { .kind = FRESH_STARTED,
			       .sample.at = subject_clock(),
			       .pid = stats->pid,
			       .name = memory_string(base_name(stats->exe)),
			       .go_version =
				   memory_string(stats->go_version ? stats->go_version : "") };

	queue(reader, &fresh);
	reader->told_start = true;
}

static char *line_of(const struct stats_row *row)
{
	struct output output = output_to_memory();
	struct stats_view view = { .form = STATS_JSON };

	render_stats_row(&output, &view, row);
	return text_take(&output.text);
}

static void queue_row(struct reader *reader, const struct stats_row *row)
{
	struct fresh fresh = { .kind = FRESH_SAMPLE,
			       .sample = sample_of(row, reader->count > 1),
			       .pause_count = row->pause_count };
	size_t i;

	fresh.sample.at = subject_clock();
	fresh.pauses = memory_new(row->pause_count, sizeof(*fresh.pauses));
	for (i = 0; i < row->pause_count; i++)
		fresh.pauses[i] = (struct history_pause){ .at = row->pauses[i].ended_at -
								row->time + fresh.sample.at,
							  .ns = row->pauses[i].ns };
	if (reader->lines)
		fresh.text = line_of(row);
	queue(reader, &fresh);
}

/* Reads once. False if there is nothing to be read any more. */
static bool read_once(struct reader *reader)
{
	struct spy_stats *stats = &reader->readings[reader->count % 2];
	const struct spy_stats *before =
	    reader->count ? &reader->readings[(reader->count + 1) % 2] : NULL;
	struct spy_error *error = spy_stats_read(reader->spy, false, stats);
	struct stats_row row;

	if (error) {
		bool ended = error->code == SPY_ERROR_NO_PROCESS;

		queue_event(reader, ended ? FRESH_ENDED : FRESH_TROUBLE, error->message);
		spy_error_free(error);
		return !ended;
	}
	if (!reader->told_start)
		queue_start(reader, stats);
	reader->count++;
	row = stats_row_of(before, stats);
	queue_row(reader, &row);
	return true;
}

/* Looks for a process of the name. Whatever is in the way (none, several, one that has just begun
 * and has no runtime yet) may be gone in a moment. */
static void await(struct reader *reader)
{
	struct spy_options options = { .name = reader->follow,
				       .bin = reader->bin,
				       .non_blocking = true };
	struct spy_error *error = spy_open(&options, &reader->spy);

	reader->told_start = false;
	reader->count = 0;
	if (error && error->code != SPY_ERROR_NO_PROCESS)
		queue_event(reader, FRESH_TROUBLE, error->message);
	spy_error_free(error);
}

static void run(struct worker *worker, void *argument)
{
	struct reader *reader = argument;
	int64_t due = screen_now();

	reader->self = worker;
	do {
		int64_t pace = reader->interval_ns, now;

		if (!reader->spy)
			await(reader);
		if (reader->spy && !read_once(reader)) {
			spy_close(TAKE(reader->spy));
			if (!reader->follow)
				pace = INT64_MAX;
		}
		if (!reader->spy && reader->follow)
			pace = AWAIT_NS;
		else if (reader->count == 1 && pace > FIRST_NEXT_NS)
			pace = FIRST_NEXT_NS;
		now = screen_now();
		if (pace == INT64_MAX)
			due = INT64_MAX;
		else
			due = due + pace > now ? due + pace : now + pace;
	} while (worker_rest(worker, due));
}

/* ---- the side of the screen --------------------------------------------------------------- */

struct subject *subject_new(const char *name)
{
	struct subject *subject = memory_zeroed(1, sizeof(*subject));

	subject->name = memory_string(name);
	subject->pid = SPY_UNKNOWN;
	subject->interval_ns = SECOND;
	subject->state = SUBJECT_RECORDED;
	history_begin(&subject->history);
	return subject;
}

struct spy_error *subject_start(const struct subject_options *options, struct subject **ret)
{
	struct subject *subject = subject_new(options->name ? options->name : "?");
	struct reader *reader = memory_zeroed(1, sizeof(*reader));

	subject->reader = reader;
	subject->state = SUBJECT_AWAITED;
	subject->interval_ns = reader->interval_ns = options->interval_ns;
	reader->spy = options->spy;
	reader->lines = options->lines;
	reader->follow = options->name ? memory_string(options->name) : NULL;
	reader->bin = options->bin ? memory_string(options->bin) : NULL;
	subject_clock(); /* before there are two threads that ask */
	reader->worker = worker_start(run, reader);
	if (!reader->worker) {
		subject_free(subject);
		return spy_error_new(SPY_ERROR_DATA, "no thread could be started");
	}
	*ret = subject;
	return NULL;
}

static void reader_free(struct reader *reader)
{
	size_t i;

	worker_stop(reader->worker);
	spy_close(reader->spy);
	for (i = 0; i < reader->queue.count; i++)
		free_fresh(&reader->queue.items[i]);
	vector_free(&reader->queue);
	free(reader->follow);
	free(reader->bin);
	free(reader);
}

void subject_free(struct subject *subject)
{
	if (!subject)
		return;
	if (subject->reader)
		reader_free(subject->reader);
	history_free(&subject->history);
	free(subject->name);
	free(subject->trouble);
	free(subject);
}

static void add_mark(struct subject *subject, int64_t at, bool ended)
{
	if (subject->mark_count == SUBJECT_MARKS)
		memmove(&subject->marks[0], &subject->marks[1],
			--subject->mark_count * sizeof(subject->marks[0]));
	subject->marks[subject->mark_count++] = (struct subject_mark){ .at = at, .ended = ended };
}

static void set_trouble(struct subject *subject, const char *text)
{
	free(subject->trouble);
	subject->trouble = text ? memory_string(text) : NULL;
}

static void become(struct subject *subject, int64_t pid, const char *name, const char *go_version)
{
	free(subject->name);
	subject->name = memory_string(name);
	snprintf(subject->go_version, sizeof(subject->go_version), "%s", go_version);
	subject->pid = pid;
}

static void take(struct subject *subject, const struct fresh *fresh)
{
	size_t i;

	switch (fresh->kind) {
	case FRESH_SAMPLE:
		history_add(&subject->history, &fresh->sample);
		for (i = 0; i < fresh->pause_count; i++)
			history_add_pause(&subject->history, fresh->pauses[i].at,
					  fresh->pauses[i].ns);
		set_trouble(subject, NULL);
		subject->state = SUBJECT_READ;
		break;
	case FRESH_STARTED:
		if (subject->mark_count)
			add_mark(subject, fresh->sample.at, false);
		become(subject, fresh->pid, fresh->name, fresh->go_version);
		set_trouble(subject, NULL);
		subject->state = SUBJECT_READ;
		break;
	case FRESH_ENDED:
		if (subject->state != SUBJECT_ENDED)
			add_mark(subject, fresh->sample.at, true);
		subject->state = SUBJECT_ENDED;
		break;
	case FRESH_TROUBLE:
		set_trouble(subject, fresh->text);
		break;
	}
}

bool subject_update(struct subject *subject, void (*line)(void *context, const char *line),
		    void *context)
{
	VECTOR(struct fresh) taken = { 0 };
	size_t i;

	if (!subject->reader)
		return false;
	worker_lock(subject->reader->worker);
	for (i = 0; i < subject->reader->queue.count; i++)
		*vector_push(&taken) = subject->reader->queue.items[i];
	subject->reader->queue.count = 0;
	worker_unlock(subject->reader->worker);
	for (i = 0; i < taken.count; i++) {
		struct fresh *fresh = &taken.items[i];

		take(subject, fresh);
		if (line && fresh->kind == FRESH_SAMPLE && fresh->text)
			line(context, fresh->text);
		free_fresh(fresh);
	}
	i = taken.count;
	vector_free(&taken);
	return i > 0;
}

/* ---- recordings --------------------------------------------------------------------------- */

void subject_add_row(struct subject *subject, const struct stats_row *row)
{
	bool same = subject->pid == row->pid, first = subject->history.empty;
	struct sample sample = sample_of(row, same);
	size_t i;

	if (!same) {
		if (!first) {
			add_mark(subject, subject->history.last.at, true);
			add_mark(subject, row->time, false);
		}
		become(subject, row->pid, base_name(row->stats->exe),
		       row->stats->go_version ? row->stats->go_version : "");
	}
	history_add(&subject->history, &sample);
	for (i = 0; i < row->pause_count; i++)
		history_add_pause(&subject->history, row->pauses[i].ended_at, row->pauses[i].ns);
}

int64_t subject_last(const struct subject *subject)
{
	int64_t last = subject->history.empty ? INT64_MIN : subject->history.last.at;

	if (subject->mark_count && subject->marks[subject->mark_count - 1].at > last)
		last = subject->marks[subject->mark_count - 1].at;
	return last;
}
