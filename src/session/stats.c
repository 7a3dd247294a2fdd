/* SPDX-License-Identifier: MIT
 *
 * Readings of the memory statistics, one after the other.
 */
#include <time.h>

#include "runtime/memory.h"
#include "session/session.h"

/* How often a target is stopped at most for one reading: it may have been stopped just where a
 * thread moves something from one counter to another, for some ten nanoseconds. */
enum { STOPS_MAX = 5 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void warn(struct spy_readings *readings, const char *warning)
{
	*vector_push(&readings->warnings) = warning;
}

static struct spy_error *read_stopped(struct spy *spy, struct spy_stats *ret, bool *fits)
{
	struct memory_state *memory = spy->readings.memory;
	int stops;

	*fits = false;
	for (stops = 0; stops < STOPS_MAX && !*fits; stops++) {
		memory_state_prepare(memory);
		TRY(target_pause(spy->target));
		ret->taken_at = now_ns();
		*fits = memory_state_read(memory, MEMORY_ALL, 1);
		states_read(spy->readings.states, memory, &ret->states);
		ret->paused_ns += target_resume(spy->target);
		ret->repeated = stops;
		if (!spy->target->is_live)
			break;
	}
	return NULL;
}

static void read_running(struct spy *spy, struct spy_stats *ret, bool *fits)
{
	int64_t begin = now_ns();

	*fits = memory_state_read(spy->readings.memory, MEMORY_ALL, MEMORY_TRIES);
	states_read(spy->readings.states, spy->readings.memory, &ret->states);
	ret->taken_at = now_ns();
	ret->reading_ns = ret->taken_at - begin;
	ret->repeated = (int64_t)spy->readings.memory->repeated;
}

/* What could not be read at all; what was read in parts that do not belong together is told. */
static void add_warnings(struct spy *spy, const struct spy_stats *stats, bool fits)
{
	struct spy_readings *readings = &spy->readings;
	size_t i;

	readings->warnings.count = 0;
	for (i = 0; i < spy->runtime.warnings.count; i++)
		warn(readings, spy->runtime.warnings.items[i]);
	if (!spy->target->is_live)
		warn(readings, "a core file tells neither processor time nor resident memory");
	if (stats->states.runnable == SPY_UNKNOWN)
		warn(readings, "the queues and threads of the scheduler could not be read: what "
			       "goroutines do is unknown");
	if (!readings->memory->complete)
		warn(readings, "the memory statistics could not be read");
	else if (!fits && readings->memory->still)
		warn(readings,
		     "a thread was just changing the memory statistics: they may be off by "
		     "the objects of a span");
	else if (!fits && readings->memory->torn)
		warn(readings,
		     "the memory statistics changed whenever they were read: what they add "
		     "up to is unknown");
	else if (!fits)
		warn(readings,
		     "the caches of the Ps changed whenever they were read: the number of "
		     "objects is unknown");
}

/* What could not be read of a process that ended says nothing about it. One that is ending has no
 * memory some time before it has ended. */
static struct spy_error *check_ended(struct spy *spy)
{
	uint64_t address = spy->runtime.globals[GLOBAL_sched].address;
	uint8_t byte;

	TRY(target_ended(spy->target));
	return target_read(spy->target, address, &byte, sizeof(byte));
}

/* Makes all room, so that no page of it has to be made while the target stands. */
static void prepare(struct spy *spy)
{
	struct spy_readings *readings = &spy->readings;
	struct spy_goroutine_states states;

	readings->memory = memory_state_new(&spy->runtime);
	readings->states = states_reader_new(&spy->runtime);
	memory_state_read(readings->memory, MEMORY_ALL, 2);
	states_read(readings->states, readings->memory, &states);
}

struct spy_error *spy_stats_read(struct spy *spy, bool stop, struct spy_stats *ret)
{
	struct spy_stats stats = { .pid = spy->target->pid,
				   .exe = spy->target->exe,
				   .go_version = spy->runtime.version,
				   .started_at = spy->target->started_at };
	struct usage usage;
	bool fits;

	if (!spy->readings.memory)
		prepare(spy);
	if (stop || !spy->target->is_live)
		TRY(read_stopped(spy, &stats, &fits));
	else
		read_running(spy, &stats, &fits);
	usage = usage_of(spy->target, &spy->readings.directory);
	if (!fits || (spy->target->is_live && usage.threads == SPY_UNKNOWN))
		TRY(check_ended(spy));
	memory_statistics(spy->readings.memory, &stats.memstats);
	stats.goroutines = memory_goroutines(spy->readings.memory);
	latencies_read(&spy->readings.latencies, spy->readings.memory, &stats.latencies);
	stats.threads = usage.threads;
	stats.rss_bytes = usage.rss_bytes;
	stats.cpu_user_ns = usage.user_ns;
	stats.cpu_system_ns = usage.system_ns;
	stats.cpu_ns = usage.cpu_ns;
	add_warnings(spy, &stats, fits);
	stats.warnings = spy->readings.warnings.items;
	stats.warning_count = spy->readings.warnings.count;
	*ret = stats;
	return NULL;
}

void readings_free(struct spy_readings *readings)
{
	memory_state_free(readings->memory);
	states_reader_free(readings->states);
	latencies_free(&readings->latencies);
	vector_free(&readings->warnings);
	free(readings->gc_work);
	if (readings->directory >= 0)
		cleanup_close(&readings->directory);
}
