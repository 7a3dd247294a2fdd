/* SPDX-License-Identifier: MIT */
#include "tui/sample.h"

#include <math.h>

/* Of a heap that is never collected, NextGC is -1, or hardly less than the highest limit. */
#define NEVER_BYTES (1ll << 60)

static float whole(int64_t number)
{
	return number == SPY_UNKNOWN ? NAN : (float)number;
}

/* The longest of the collections that ended since the row before; of none that is known NaN. */
static float longest_pause(const struct stats_row *row)
{
	int64_t longest = SPY_UNKNOWN;
	size_t i;

	for (i = 0; i < row->pause_count; i++)
		if (row->pauses[i].ns > longest)
			longest = row->pauses[i].ns;
	return whole(longest);
}

struct sample sample_of(const struct stats_row *row, bool rates)
{
	const struct spy_memstats *memstats = &row->stats->memstats;
	bool never = memstats->next_gc_bytes == -1 || memstats->next_gc_bytes > NEVER_BYTES;
	struct sample sample = { .at = row->time };
	size_t i;

	for (i = 0; i < SERIES_COUNT; i++)
		sample.values[i] = NAN;
	sample.values[SERIES_GOROUTINES] = whole(row->goroutines);
	sample.values[SERIES_RUNNING] = whole(row->states.running);
	sample.values[SERIES_RUNNABLE] = whole(row->states.runnable);
	sample.values[SERIES_IN_SYSCALL] = whole(row->states.in_syscall);
	sample.values[SERIES_WAITING] = whole(row->states.waiting);
	sample.values[SERIES_HEAP_ALLOC] = whole(memstats->heap_alloc_bytes);
	sample.values[SERIES_HEAP_INUSE] = whole(memstats->heap_inuse_bytes);
	sample.values[SERIES_HEAP_GOAL] = never ? NAN : whole(memstats->next_gc_bytes);
	sample.values[SERIES_HEAP_RELEASED] = whole(memstats->heap_released_bytes);
	sample.values[SERIES_RSS] = whole(row->rss);
	sample.values[SERIES_THREADS] = whole(row->threads);
	if (!rates)
		return sample;
	sample.values[SERIES_CPU] = (float)row->cpu_percent;
	sample.values[SERIES_CPU_USER] = (float)row->cpu_user_percent;
	sample.values[SERIES_CPU_SYSTEM] = (float)row->cpu_system_percent;
	sample.values[SERIES_ALLOC_RATE] = (float)row->allocated_per_second;
	sample.values[SERIES_GC_RATE] = (float)row->collections_per_second;
	sample.values[SERIES_GC_PAUSE] = longest_pause(row);
	sample.values[SERIES_LATENCY_P50] = whole(row->latencies.p50_ns);
	sample.values[SERIES_LATENCY_P99] = whole(row->latencies.p99_ns);
	return sample;
}
