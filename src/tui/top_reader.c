/* SPDX-License-Identifier: MIT */
#include "tui/top_reader.h"

#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "tui/screen.h"
#include "tui/worker.h"

enum {
	/* Goroutines can be read without stopping the target, too. Where a stop took more than a
	 * two-hundredth of the interval, the next readings do so; with stacks, which running
	 * goroutines have only in a target that stands still, and which take spy twice the time so,
	 * more than a fortieth. Then it is tried again: the machine may have been busy. */
	LIST_SHARE = 200,
	STACKS_SHARE = 40,
	SPARED_READINGS = 10,
	/* A reading that takes long is not begun again at once: spy takes at most a quarter of a
	 * processor, whatever the interval. */
	REST_SHARE = 3,
	/* Of the interval, between two readings at least. */
	LOOKS_SHARE = 4,
};
#define FIRST_NS 500000000ll /* until the second reading, which has samples */

struct top_reader {
	struct spy *spy;
	struct worker *worker;
	bool changes;
	/* Under the lock of the worker. */
	struct top_wanted wanted;
	bool at_once, busy;
	struct top_reading *reading;
	struct top_detail *detail;
	struct spy_error *error;
	/* The worker's own. */
	bool ended;
	int64_t due_ns, not_before_ns; /* of the next reading; 0: of the first */
	struct top_samples samples;
	struct top_wanted detailed; /* what the last detail was for */
	struct {
		int64_t pause_ns; /* of the last stop */
		int spared;       /* readings since then */
	} stops[2];               /* without stacks, and with */
};

void top_reading_free(struct top_reading *reading)
{
	if (!reading)
		return;
	spy_snapshot_free(reading->snapshot);
	top_samples_free(&reading->samples);
	free(reading);
}

void top_detail_free(struct top_detail *detail)
{
	if (!detail)
		return;
	spy_snapshot_free(detail->snapshot);
	free(detail->note);
	free(detail);
}

struct spy_error *top_reading_take(struct spy *spy, unsigned collect, bool non_blocking,
				   struct top_samples *samples, struct top_reading **ret)
{
	struct spy_request request = { .collect = collect,
				       .system_goroutines = true,
				       .non_blocking = non_blocking };
	struct spy_snapshot *snapshot;
	struct top_reading *reading;

	TRY(spy_snapshot_take(spy, &request, &snapshot));
	reading = memory_zeroed(1, sizeof(*reading));
	reading->snapshot = snapshot;
	reading->collected = collect;
	/* without it the figures of the head are unknown, the table stands */
	reading->has_stats = !spy_error_caught(spy_stats_read(spy, false, &reading->stats));
	reading->samples = *samples;
	*samples = (struct top_samples){ 0 };
	*ret = reading;
	return NULL;
}

/* ---- the thread --------------------------------------------------------------------------- */

static void publish_error(struct top_reader *reader, struct spy_error *error)
{
	reader->ended = reader->ended || error->code == SPY_ERROR_NO_PROCESS;
	worker_lock(reader->worker);
	spy_error_free(reader->error);
	reader->error = error;
	worker_unlock(reader->worker);
	screen_wake();
}

static bool spares_target(struct top_reader *reader, const struct top_wanted *wanted)
{
	bool stacks = wanted->collect & SPY_COLLECT_STACKS;
	int64_t most = wanted->interval_ns / (stacks ? STACKS_SHARE : LIST_SHARE);

	return reader->changes && reader->stops[stacks].pause_ns > most &&
	       reader->stops[stacks].spared < SPARED_READINGS;
}

static void note_stop(struct top_reader *reader, struct top_reading *reading, bool spared)
{
	bool stacks = reading->collected & SPY_COLLECT_STACKS;

	if (spared) {
		reader->stops[stacks].spared++;
		reading->spared_ns = reader->stops[stacks].pause_ns;
		return;
	}
	reader->stops[stacks].spared = 0;
	reader->stops[stacks].pause_ns = reading->snapshot->paused_ns;
}

/* When the one after that which began then is to begin. */
static void set_due(struct top_reader *reader, int64_t interval_ns, int64_t begin)
{
	if (!reader->due_ns)
		reader->due_ns = begin + (interval_ns < FIRST_NS ? interval_ns : FIRST_NS);
	else if (reader->due_ns <= begin)
		reader->due_ns += interval_ns;
	if (reader->due_ns <= begin || reader->due_ns > begin + interval_ns)
		reader->due_ns = begin + interval_ns;
}

/* What all threads of spy took so far: a machine that is busy otherwise makes it no more. */
static int64_t processor_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return spent.tv_sec * 1000000000LL + spent.tv_nsec;
}

static void take_reading(struct top_reader *reader, const struct top_wanted *wanted)
{
	bool spares = spares_target(reader, wanted);
	int64_t begin = screen_now(), spent = processor_ns();
	struct top_reading *reading, *unseen;
	struct spy_error *error =
	    top_reading_take(reader->spy, wanted->collect, spares, &reader->samples, &reading);

	reader->not_before_ns = begin + (processor_ns() - spent) * (1 + REST_SHARE);
	/* there is time to look what runs */
	if (reader->not_before_ns < screen_now() + wanted->interval_ns / LOOKS_SHARE)
		reader->not_before_ns = screen_now() + wanted->interval_ns / LOOKS_SHARE;
	set_due(reader, wanted->interval_ns, begin);
	if (error) {
		publish_error(reader, error);
		return;
	}
	note_stop(reader, reading, spares);
	worker_lock(reader->worker);
	unseen = reader->reading;
	reader->reading = reading;
	worker_unlock(reader->worker);
	top_reading_free(unseen);
	screen_wake();
}

static void take_detail(struct top_reader *reader, const struct top_wanted *wanted)
{
	struct spy_request request = { .collect = SPY_COLLECT_GOROUTINES | SPY_COLLECT_STACKS |
						  SPY_COLLECT_ARGUMENTS | SPY_COLLECT_LABELS |
						  SPY_COLLECT_WAITS,
				       .view = wanted->view,
				       .system_goroutines = true,
				       .goroutine = wanted->goroutine };
	struct top_detail *detail, *unseen;
	struct spy_snapshot *snapshot;
	char *note _cleanup_free_ = NULL;
	struct spy_error *error;

	if (wanted->locals)
		request.collect |= SPY_COLLECT_LOCALS;
	error = spy_snapshot_take(reader->spy, &request, &snapshot);
	if (error && wanted->locals && error->code != SPY_ERROR_NO_PROCESS) {
		/* the stack can be had all the same */
		note = memory_string(error->message);
		spy_error_free(error);
		request.collect &= ~(unsigned)SPY_COLLECT_LOCALS;
		error = spy_snapshot_take(reader->spy, &request, &snapshot);
	}
	reader->detailed = *wanted;
	if (error) {
		publish_error(reader, error);
		return;
	}
	detail = memory_zeroed(1, sizeof(*detail));
	detail->goroutine = wanted->goroutine;
	detail->snapshot = snapshot;
	detail->note = TAKE(note);
	worker_lock(reader->worker);
	unseen = reader->detail;
	reader->detail = detail;
	worker_unlock(reader->worker);
	top_detail_free(unseen);
	screen_wake();
}

static bool same_detail(const struct top_reader *reader, const struct top_wanted *wanted)
{
	return wanted->goroutine == reader->detailed.goroutine &&
	       wanted->view == reader->detailed.view && wanted->locals == reader->detailed.locals;
}

static void look(struct top_reader *reader)
{
	struct spy_running_list running;
	struct spy_error *error = spy_running_read(reader->spy, &running);

	if (!error)
		top_samples_add(&reader->samples, &running);
	else if (error->code == SPY_ERROR_NO_PROCESS)
		publish_error(reader, error);
	else
		spy_error_free(error); /* no look, no sample */
}

/* Does what is due; returns until when to rest. */
static int64_t work(struct top_reader *reader)
{
	struct top_wanted wanted;
	bool at_once, reads;
	int64_t now = screen_now();

	worker_lock(reader->worker);
	wanted = reader->wanted;
	at_once = reader->at_once;
	reader->at_once = false;
	worker_unlock(reader->worker);
	if (reader->due_ns > now + wanted.interval_ns) /* it was longer before */
		reader->due_ns = now + wanted.interval_ns;
	reads = at_once || (reader->changes && !wanted.frozen && now >= reader->due_ns &&
			    now >= reader->not_before_ns);
	if (reads && !reader->changes) /* all that there is to see */
		look(reader);
	if (reads)
		take_reading(reader, &wanted);
	else if (reader->changes && !wanted.frozen)
		look(reader);
	if (wanted.goroutine && !reader->ended && (reads || !same_detail(reader, &wanted)))
		take_detail(reader, &wanted);
	if (!wanted.goroutine)
		reader->detailed.goroutine = 0;
	worker_lock(reader->worker);
	reader->busy = reader->at_once;
	worker_unlock(reader->worker);
	if (reader->ended || !reader->changes || wanted.frozen)
		return INT64_MAX;
	/* a look at each multiple of its time, a reading when it is due */
	now = (now / TOP_LOOK_NS + 1) * TOP_LOOK_NS;
	return reader->not_before_ns <= reader->due_ns && reader->due_ns < now ? reader->due_ns
									       : now;
}

static void run(struct worker *worker, void *argument)
{
	struct top_reader *reader = argument;
	int64_t until = INT64_MAX; /* until top_reader_start() has all together, and asks */

	while (worker_rest(worker, until)) {
		if (!reader->ended)
			until = work(reader);
	}
}

/* ---- the other side ----------------------------------------------------------------------- */

struct top_reader *top_reader_start(struct spy *spy, bool changes, const struct top_wanted *wanted)
{
	struct top_reader *reader = memory_zeroed(1, sizeof(*reader));

	reader->spy = spy;
	reader->changes = changes;
	reader->wanted = *wanted;
	reader->at_once = reader->busy = true;
	reader->worker = worker_start(run, reader);
	if (!reader->worker) {
		free(reader);
		return NULL;
	}
	worker_ask(reader->worker);
	return reader;
}

void top_reader_stop(struct top_reader *reader)
{
	if (!reader)
		return;
	worker_stop(reader->worker);
	top_reading_free(reader->reading);
	top_detail_free(reader->detail);
	spy_error_free(reader->error);
	top_samples_free(&reader->samples);
	free(reader);
}

void top_reader_want(struct top_reader *reader, const struct top_wanted *wanted, bool at_once)
{
	worker_lock(reader->worker);
	reader->wanted = *wanted;
	reader->at_once = reader->at_once || at_once;
	reader->busy = reader->busy || at_once;
	worker_unlock(reader->worker);
	worker_ask(reader->worker);
}

struct top_reading *top_reader_reading(struct top_reader *reader)
{
	struct top_reading *reading;

	worker_lock(reader->worker);
	reading = TAKE(reader->reading);
	worker_unlock(reader->worker);
	return reading;
}

struct top_detail *top_reader_detail(struct top_reader *reader)
{
	struct top_detail *detail;

	worker_lock(reader->worker);
	detail = TAKE(reader->detail);
	worker_unlock(reader->worker);
	return detail;
}

struct spy_error *top_reader_error(struct top_reader *reader)
{
	struct spy_error *error;

	worker_lock(reader->worker);
	error = TAKE(reader->error);
	worker_unlock(reader->worker);
	return error;
}

bool top_reader_busy(struct top_reader *reader)
{
	bool busy;

	worker_lock(reader->worker);
	busy = reader->busy;
	worker_unlock(reader->worker);
	return busy;
}
