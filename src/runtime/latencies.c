/* SPDX-License-Identifier: MIT */
#include "runtime/latencies.h"

#include <math.h>

#include "base/cursor.h"
#include "runtime_layouts/metrics.h"

enum { COUNTERS_MAX = 1024 };

void latencies_free(struct latencies *latencies)
{
	free(TAKE(latencies->before));
	free(TAKE(latencies->bounds));
	latencies->count = 0;
}

/* Its bounds and room for its counters; false if the version has none. */
static bool prepare(struct latencies *latencies, const struct memory_state *memory)
{
	const struct runtime_layout *layout = memory->layout;
	size_t counters = layout_size(layout, FIELD_time_histogram_counts) / sizeof(uint64_t);
	size_t bounds;

	if (latencies->count)
		return true;
	if (!layout_has(layout, FIELD_sched_time_to_run) || counters + 3 > COUNTERS_MAX ||
	    layout_size(layout, FIELD_sched_time_to_run) < layout_size(layout, SIZE_time_histogram))
		return false;
	if (!latencies->bounds)
		latencies->bounds = memory_zeroed(COUNTERS_MAX, sizeof(*latencies->bounds));
	bounds = time_histogram_bounds(memory->runtime->version, counters, latencies->bounds,
				       COUNTERS_MAX);
	if (!bounds)
		return false;
	latencies->count = bounds - 1;
	latencies->before = memory_zeroed(latencies->count, sizeof(*latencies->before));
	return true;
}

static uint64_t counter(const struct latencies *latencies, const struct memory_state *memory,
			size_t index)
{
	const struct runtime_layout *layout = memory->layout;
	const uint8_t *histogram = memory->sched + layout_offset(layout, FIELD_sched_time_to_run);
	size_t counters = layout_size(layout, FIELD_time_histogram_counts) / sizeof(uint64_t);

	if (!index)
		return layout_number(layout, FIELD_time_histogram_underflow, histogram);
	if (index <= counters)
		return load_u64(histogram + layout_offset(layout, FIELD_time_histogram_counts) +
				(index - 1) * sizeof(uint64_t));
	return index < latencies->count
		   ? layout_number(layout, FIELD_time_histogram_overflow, histogram)
		   : 0;
}

/* The least bound that so many percent of all stayed below. */
static int64_t percentile(const struct latencies *latencies, const uint64_t *counts, uint64_t sum,
			  uint64_t percent)
{
	uint64_t below = 0, needed = sum / 100 * percent + (sum % 100 * percent + 99) / 100;
	size_t i;

	for (i = 0; i < latencies->count; i++) {
		below += counts[i];
		if (below >= needed && counts[i])
			break;
	}
	if (i == latencies->count || !isfinite(latencies->bounds[i + 1]))
		return SPY_UNKNOWN;
	return (int64_t)(latencies->bounds[i + 1] * 1e9 + 0.5);
}

void latencies_read(struct latencies *latencies, const struct memory_state *memory,
		    struct spy_latencies *ret)
{
	uint64_t counts[COUNTERS_MAX], sum = 0;
	bool grown = true;
	size_t i;

	*ret = (struct spy_latencies){ .count = SPY_UNKNOWN,
				       .p50_ns = SPY_UNKNOWN,
				       .p99_ns = SPY_UNKNOWN,
				       .max_ns = SPY_UNKNOWN };
	if (!memory->sched || !memory->readable || !prepare(latencies, memory))
		return;
	for (i = 0; i < latencies->count; i++) {
		uint64_t now = counter(latencies, memory, i);

		/* A counter that shrinks, or grows by more than can be, is none. */
		counts[i] = now - latencies->before[i];
		grown = grown && counts[i] < 1ull << 48;
		sum += counts[i];
		latencies->before[i] = now;
	}
	if (!grown)
		return;
	ret->count = (int64_t)sum;
	if (!sum)
		return;
	ret->p50_ns = percentile(latencies, counts, sum, 50);
	ret->p99_ns = percentile(latencies, counts, sum, 99);
	ret->max_ns = percentile(latencies, counts, sum, 100);
}
