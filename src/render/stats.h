/* SPDX-License-Identifier: MIT
 *
 * Readings of memory statistics as rows: a table that grows, JSON lines, CSV.
 */
#ifndef RENDER_STATS_H
#define RENDER_STATS_H

#include "render/fields.h"

/* One reading, and what happened since the one before; of the first, since the process started. */
struct stats_row {
	const struct spy_stats *stats;
	/* What the fields show: the names of the contract. */
	int64_t time, pid, paused_ns, reading_ns, goroutines, live_objects, rss, threads,
	    interval_ns, late_ns;
	int64_t missed; /* rows that should have stood before this one */
	int64_t repeated, cpu_user_ns, cpu_system_ns;
	struct spy_goroutine_states states;
	struct spy_latencies latencies;
	double cpu_percent;                          /* of one processor, as top(1) */
	double cpu_user_percent, cpu_system_percent; /* its parts */
	double allocated_per_second, mallocs_per_second, collections_per_second;
	double pause_percent; /* of the time, in which the collector stopped the program */
	/* Collections that ended since the row before, none of the first; the oldest first. */
	size_t pause_count;
	struct stats_pause {
		int64_t ended_at, ns; /* how long it stopped the program */
	} pauses[SPY_PAUSES];
};

/* `before` is the reading before it, or NULL. */
struct stats_row stats_row_of(const struct spy_stats *before, const struct spy_stats *stats);

/* How rows are shown. */
enum stats_form { STATS_TEXT, STATS_JSON, STATS_CSV };

struct stats_view {
	enum stats_form form;
	bool whole;    /* JSON: with PauseNs, PauseEnd and BySize */
	bool blocking; /* text: with how long the target stood still */
	size_t rows;   /* shown so far */
};
void render_stats_row(struct output *output, struct stats_view *view, const struct stats_row *row);

/* The members of runtime.MemStats into the object that is open; `whole`: its arrays, too. */
void render_memstats_json(struct json *json, const struct spy_memstats *memstats, bool whole);

extern const struct field memstats_fields[], stats_row_fields[];

#endif
