/* SPDX-License-Identifier: MIT */
#include "unit/fake_heap.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EVIL         "a\033]0;owned\007b\n\xff\"\\"

static const char *const warnings[] = { EVIL };

/* ---- the heap ----------------------------------------------------------------------------- */

static const struct spy_memstats usual_memstats = {
	.alloc_bytes = 1 << 20,
	.total_alloc_bytes = 9 << 20,
	.sys_bytes = 16 << 20,
	.heap_alloc_bytes = 1 << 20,
	.heap_sys_bytes = 12 << 20,
	.heap_idle_bytes = 10 << 20,
	.heap_inuse_bytes = 2 << 20,
	.heap_released_bytes = 8 << 20,
	.heap_objects = 103,
	.stack_inuse_bytes = 256 << 10,
	.stack_sys_bytes = 256 << 10,
	.mspan_sys_bytes = 32 << 10,
	.mcache_sys_bytes = 16 << 10,
	.gc_sys_bytes = 3 << 20,
	.num_gc = 7,
};
static const struct spy_memstats extreme_memstats = {
	.alloc_bytes = INT64_MAX,
	.heap_alloc_bytes = INT64_MIN + 1,
	.heap_inuse_bytes = INT64_MAX,
	.heap_objects = -1,
	.gc_cpu_fraction = NAN,
};

static const struct spy_span_state usual_states[] = {
	{ .name = "dead", .spans = 3 },
	{ .name = "in_use", .spans = 12, .pages = 256 },
	{ .name = "manual", .spans = 2, .pages = 8 },
};
static const struct spy_heap_class usual_classes[] = {
	{ .number = 1, .size_bytes = 8 },
	{ .number = 2,
	  .size_bytes = 16,
	  .spans = 1,
	  .objects_in_use = 100,
	  .objects_capacity = 512,
	  .in_use_bytes = 1600,
	  .reserved_bytes = 8192,
	  .waste_bytes = 700,
	  .mallocs = 140,
	  .frees = 40,
	  .malloc_bytes = 2240,
	  .free_bytes = 640 },
};
static const struct spy_cached_span usual_spans[] = {
	{ .class_number = 2,
	  .noscan = true,
	  .size_bytes = 16,
	  .pages = 1,
	  .allocated = 100,
	  .capacity = 512 },
};
static const struct spy_heap_p usual_ps[] = {
	{ .id = 0,
	  .flush_generation = 14,
	  .tiny_allocs = 5,
	  .tiny_used_bytes = 9,
	  .spans = usual_spans,
	  .span_count = COUNT(usual_spans) },
	{ .id = 1, .flush_generation = 14 },
};
static const struct spy_heap usual_heap = {
	.pid = 812,
	.go_version = "go1.22.12",
	.paused_ns = 123456,
	.page_bytes = 8192,
	.pages_in_use = 256,
	.pages_swept = 300,
	.sweep_done = 1,
	.sweep_generation = 14,
	.spans = 17,
	.states = usual_states,
	.state_count = COUNT(usual_states),
	.large_allocs = 9,
	.large_alloc_bytes = 8 << 20,
	.large_frees = 6,
	.large_free_bytes = 7 << 20,
	.large = { .spans = 3,
		   .objects_in_use = 3,
		   .objects_capacity = 3,
		   .in_use_bytes = 1 << 20,
		   .reserved_bytes = 1 << 20,
		   .waste_bytes = SPY_UNKNOWN,
		   .mallocs = 9,
		   .frees = 6,
		   .malloc_bytes = 8 << 20,
		   .free_bytes = 7 << 20 },
	.classes = usual_classes,
	.class_count = COUNT(usual_classes),
	.total = { .spans = 12, .objects_in_use = 103, .reserved_bytes = 2 << 20 },
	.arenas = 1,
	.arena_bytes = 64 << 20,
	.free_bytes = 2 << 20,
	.released_bytes = 8 << 20,
	.unused_bytes = 1 << 20,
	.heap_live_bytes = 1 << 20,
	.heap_goal_bytes = 4 << 20,
	.memory_limit_bytes = INT64_MAX,
	.percent = 100,
	.ps = usual_ps,
	.p_count = COUNT(usual_ps),
	.memstats = &usual_memstats,
	.residents = { .rss_bytes = 5 << 20, .arenas_bytes = 3 << 20, .files_bytes = 2 << 20 },
};

static const struct spy_heap_class extreme_classes[] = {
	{ .number = INT64_MAX,
	  .size_bytes = INT64_MAX,
	  .spans = INT64_MAX,
	  .objects_in_use = INT64_MAX,
	  .objects_capacity = -1,
	  .in_use_bytes = INT64_MAX,
	  .reserved_bytes = 1 },
	{ .number = -5, .size_bytes = -1, .spans = 1, .reserved_bytes = -1, .in_use_bytes = -1 },
};
static const struct spy_span_state extreme_states[] = {
	{ .name = EVIL, .spans = -1, .pages = INT64_MAX },
};
static const struct spy_cached_span extreme_spans[] = {
	{ .size_bytes = INT64_MAX, .capacity = INT64_MAX, .allocated = SPY_UNKNOWN },
};
static const struct spy_heap_p extreme_ps[] = {
	{ .id = SPY_UNKNOWN, .spans = extreme_spans, .span_count = COUNT(extreme_spans) },
};
static const struct spy_heap hostile_heap = {
	.pid = INT64_MAX,
	.go_version = EVIL,
	.page_bytes = 8192,
	.pages_in_use = -1,
	.states = extreme_states,
	.state_count = COUNT(extreme_states),
	.classes = extreme_classes,
	.class_count = COUNT(extreme_classes),
	.large = { .spans = 1, .reserved_bytes = INT64_MAX },
	.heap_goal_bytes = -1,
	.percent = -1,
	.ps = extreme_ps,
	.p_count = COUNT(extreme_ps),
	.memstats = &extreme_memstats,
	.warnings = warnings,
	.warning_count = COUNT(warnings),
};

#define NO_CLASS                                                                                   \
	{                                                                                          \
		.number = SPY_UNKNOWN, .size_bytes = SPY_UNKNOWN, .spans = SPY_UNKNOWN,            \
		.unswept_spans = SPY_UNKNOWN, .objects_in_use = SPY_UNKNOWN,                       \
		.objects_capacity = SPY_UNKNOWN, .free_slots = SPY_UNKNOWN,                        \
		.in_use_bytes = SPY_UNKNOWN, .reserved_bytes = SPY_UNKNOWN,                        \
		.tail_bytes = SPY_UNKNOWN, .waste_bytes = SPY_UNKNOWN, .mallocs = SPY_UNKNOWN,     \
		.frees = SPY_UNKNOWN, .malloc_bytes = SPY_UNKNOWN, .free_bytes = SPY_UNKNOWN       \
	}

static const struct spy_memstats no_memstats = {
	.alloc_bytes = SPY_UNKNOWN,
	.heap_alloc_bytes = SPY_UNKNOWN,
	.heap_inuse_bytes = SPY_UNKNOWN,
	.heap_objects = SPY_UNKNOWN,
	.sys_bytes = SPY_UNKNOWN,
	.gc_cpu_fraction = NAN,
};
static const struct spy_heap unknown_heap = {
	.pid = 3,
	.pages_in_use = SPY_UNKNOWN,
	.pages_swept = SPY_UNKNOWN,
	.sweep_done = SPY_UNKNOWN,
	.sweep_generation = SPY_UNKNOWN,
	.sweepers = SPY_UNKNOWN,
	.spans = SPY_UNKNOWN,
	.large_allocs = SPY_UNKNOWN,
	.large_alloc_bytes = SPY_UNKNOWN,
	.large_frees = SPY_UNKNOWN,
	.large_free_bytes = SPY_UNKNOWN,
	.large = NO_CLASS,
	.total = NO_CLASS,
	.unswept_dead_bytes = SPY_UNKNOWN,
	.unswept_dead_objects = SPY_UNKNOWN,
	.arenas = SPY_UNKNOWN,
	.arena_bytes = SPY_UNKNOWN,
	.free_bytes = SPY_UNKNOWN,
	.released_bytes = SPY_UNKNOWN,
	.unused_bytes = SPY_UNKNOWN,
	.heap_live_bytes = SPY_UNKNOWN,
	.heap_goal_bytes = SPY_UNKNOWN,
	.memory_limit_bytes = SPY_UNKNOWN,
	.percent = SPY_UNKNOWN,
	.memstats = &no_memstats,
	.residents = { .rss_bytes = SPY_UNKNOWN,
		       .arenas_bytes = SPY_UNKNOWN,
		       .anonymous_bytes = SPY_UNKNOWN,
		       .files_bytes = SPY_UNKNOWN,
		       .stack_bytes = SPY_UNKNOWN,
		       .other_bytes = SPY_UNKNOWN },
	.warnings = warnings,
	.warning_count = COUNT(warnings),
};

static const struct spy_memstats empty_memstats;
static const struct spy_heap empty_heap = { .pid = 4, .memstats = &empty_memstats };

const struct spy_heap *fake_heap(enum fake kind)
{
	static const struct spy_heap *const heaps[FAKE_COUNT] = {
		[FAKE_USUAL] = &usual_heap,
		[FAKE_HOSTILE] = &hostile_heap,
		[FAKE_UNKNOWN] = &unknown_heap,
		[FAKE_EMPTY] = &empty_heap,
	};

	return heaps[kind];
}

/* ---- metrics ------------------------------------------------------------------------------ */

static const double usual_bounds[] = { -(double)INFINITY, 0, 64e-9, 128e-9, (double)INFINITY };
static const uint64_t usual_counts[] = { 0, 90, 9, 1 };
static const struct spy_metric usual_list[] = {
	{ .name = "/cpu/classes/user:cpu-seconds",
	  .help = "the program's own code",
	  .kind = SPY_METRIC_FLOAT64,
	  .known = true,
	  .real = 1.5 },
	{ .name = "/gc/gogc:percent",
	  .help = "GOGC",
	  .kind = SPY_METRIC_UINT64,
	  .known = true,
	  .number = UINT64_MAX },
	{ .name = "/gc/gomemlimit:bytes",
	  .help = "GOMEMLIMIT",
	  .kind = SPY_METRIC_UINT64,
	  .known = true,
	  .number = INT64_MAX },
	{ .name = "/gc/heap/live:bytes",
	  .help = "alive",
	  .kind = SPY_METRIC_UINT64,
	  .known = true,
	  .number = 3 << 20 },
	{ .name = "/sched/goroutines:goroutines", .help = "goroutines", .kind = SPY_METRIC_UINT64 },
	{ .name = "/sched/latencies:seconds",
	  .help = "waiting to run",
	  .kind = SPY_METRIC_HISTOGRAM,
	  .known = true,
	  .counts = usual_counts,
	  .bounds = usual_bounds,
	  .count = COUNT(usual_counts) },
};
static const struct spy_metrics usual_metrics = { .pid = 812,
						  .go_version = "go1.22.12",
						  .paused_ns = 123456,
						  .metrics = usual_list,
						  .count = COUNT(usual_list) };

static const double extreme_bounds[] = { -(double)INFINITY, (double)INFINITY };
static const uint64_t extreme_counts[] = { UINT64_MAX };
static const struct spy_metric extreme_list[] = {
	{ .name = EVIL,
	  .help = EVIL,
	  .kind = SPY_METRIC_FLOAT64,
	  .known = true,
	  .real = (double)NAN },
	{ .name = "/a:seconds",
	  .help = "",
	  .kind = SPY_METRIC_FLOAT64,
	  .known = true,
	  .real = 1e300 },
	{ .name = "/b:bytes",
	  .help = "",
	  .kind = SPY_METRIC_HISTOGRAM,
	  .known = true,
	  .counts = extreme_counts,
	  .bounds = extreme_bounds,
	  .count = COUNT(extreme_counts) },
	{ .name = "/c:seconds", .help = "", .kind = SPY_METRIC_HISTOGRAM },
};
static const struct spy_metrics hostile_metrics = { .go_version = EVIL,
						    .metrics = extreme_list,
						    .count = COUNT(extreme_list),
						    .warnings = warnings,
						    .warning_count = COUNT(warnings) };

static const struct spy_metric unknown_list[] = {
	{ .name = "/gc/cycles/total:gc-cycles", .help = "", .kind = SPY_METRIC_UINT64 },
	{ .name = "/sync/mutex/wait/total:seconds", .help = "", .kind = SPY_METRIC_FLOAT64 },
	{ .name = "/sched/latencies:seconds", .help = "", .kind = SPY_METRIC_HISTOGRAM },
};
static const struct spy_metrics unknown_metrics = { .pid = 3,
						    .metrics = unknown_list,
						    .count = COUNT(unknown_list),
						    .warnings = warnings,
						    .warning_count = COUNT(warnings) };

static const struct spy_metrics empty_metrics = { .pid = 4, .go_version = "go1.16" };

const struct spy_metrics *fake_metrics(enum fake kind)
{
	static const struct spy_metrics *const metrics[FAKE_COUNT] = {
		[FAKE_USUAL] = &usual_metrics,
		[FAKE_HOSTILE] = &hostile_metrics,
		[FAKE_UNKNOWN] = &unknown_metrics,
		[FAKE_EMPTY] = &empty_metrics,
	};

	return metrics[kind];
}
