/* SPDX-License-Identifier: MIT
 *
 * What `spy watch` draws of one reading.
 */
#ifndef TUI_SAMPLE_H
#define TUI_SAMPLE_H

#include "render/stats.h"

enum series {
	SERIES_CPU, /* percent of one processor */
	SERIES_CPU_USER,
	SERIES_CPU_SYSTEM,
	SERIES_GOROUTINES,
	SERIES_RUNNING,
	SERIES_RUNNABLE,
	SERIES_IN_SYSCALL,
	SERIES_WAITING,
	SERIES_HEAP_ALLOC, /* bytes */
	SERIES_HEAP_INUSE,
	SERIES_HEAP_GOAL, /* unknown where the collector is off */
	SERIES_HEAP_RELEASED,
	SERIES_RSS,
	SERIES_ALLOC_RATE,  /* bytes a second */
	SERIES_GC_RATE,     /* collections a second */
	SERIES_GC_PAUSE,    /* ns: the longest since the sample before */
	SERIES_LATENCY_P50, /* ns */
	SERIES_LATENCY_P99,
	SERIES_THREADS,
	SERIES_COUNT,
};

struct sample {
	int64_t at;                 /* ns of the clock of the picture */
	float values[SERIES_COUNT]; /* NaN: unknown */
};

/* `rates`: false of the first reading of a process, whose rates are those since it started. */
struct sample sample_of(const struct stats_row *row, bool rates);

#endif
