/* SPDX-License-Identifier: MIT
 *
 * runtime/metrics from outside: each group of figures as runtime/metrics.go computes it, of Go 1.16
 * to 1.27. Unlike ReadMemStats it does not count what the Ps hold in their caches.
 */
#include <math.h>

#include "base/cursor.h"
#include "runtime/heap.h"
#include "runtime_layouts/metrics.h"

enum {
	P_RUNNING = 1, /* runtime2.go: _Prunning, _Pdead */
	P_DEAD = 4,
	HISTOGRAM_MAX = 1024, /* bounds; 722 in 1.16, 163 from 1.20 on */
};

struct making_metrics {
	struct go_runtime *runtime;
	const struct heap_image *image;
	struct arena *arena;
	struct spy_metric metrics[METRICS]; /* by slot */
	const struct memory_state *memory;
	const uint8_t *mheap, *sched;
};

typedef struct heap_number number;

static const number unknown = { .known = false };

static number exactly(uint64_t value)
{
	return (number){ .value = value, .known = true };
}

static number plus(number a, number b)
{
	return (number){ .value = a.value + b.value, .known = a.known && b.known };
}

static number minus(number a, number b)
{
	return (number){ .value = a.value - b.value, .known = a.known && b.known };
}

static void put(struct making_metrics *making, enum metric metric, number value)
{
	making->metrics[metric].number = value.value;
	making->metrics[metric].known = value.known;
}

/* metrics.go: nsToSec. */
static void put_seconds(struct making_metrics *making, enum metric metric, number ns)
{
	making->metrics[metric].real = (double)(int64_t)ns.value / 1e9;
	making->metrics[metric].known = ns.known;
}

static number member(const struct making_metrics *making, enum layout_slot slot,
		     const uint8_t *structure)
{
	return heap_member(making->runtime, slot, structure);
}

/* A variable that is a number of 4 or 8 bytes. */
static number variable(const struct making_metrics *making, enum global global, size_t size)
{
	const uint8_t *bytes = heap_variable(making->runtime, making->image, global, size);

	if (!bytes)
		return unknown;
	return exactly(size == sizeof(uint32_t) ? load_u32(bytes) : load_u64(bytes));
}

/* ---- histograms --------------------------------------------------------------------------- */

static void put_histogram(struct making_metrics *making, enum metric metric, const uint64_t *counts,
			  const double *bounds, size_t count)
{
	making->metrics[metric].counts = counts;
	making->metrics[metric].bounds = bounds;
	making->metrics[metric].count = count;
	making->metrics[metric].known = true;
}

/* runtime/histogram.go: timeHistogram.write. What is negative comes first, what is too long last
 * (1.20+). */
static void put_times(struct making_metrics *making, enum metric metric, enum layout_slot slot,
		      const uint8_t *structure)
{
	const struct runtime_layout *layout = &making->runtime->layout;
	size_t counters = layout_size(layout, FIELD_time_histogram_counts) / sizeof(uint64_t), i;
	const uint8_t *histogram;
	double *bounds;
	uint64_t *counts;
	size_t count;

	if (!structure || !layout_has(layout, slot) || counters > HISTOGRAM_MAX ||
	    layout_size(layout, slot) < layout_size(layout, SIZE_time_histogram))
		return;
	bounds = arena_alloc(making->arena, HISTOGRAM_MAX, sizeof(*bounds));
	count = time_histogram_bounds(making->runtime->version, counters, bounds, HISTOGRAM_MAX);
	if (!count)
		return;
	counts = arena_alloc(making->arena, count, sizeof(*counts));
	histogram = structure + layout_offset(layout, slot);
	counts[0] = layout_number(layout, FIELD_time_histogram_underflow, histogram);
	for (i = 0; i < counters; i++)
		counts[i + 1] =
		    load_u64(histogram + layout_offset(layout, FIELD_time_histogram_counts) +
			     i * sizeof(uint64_t));
	if (layout_has(layout, FIELD_time_histogram_overflow))
		counts[counters + 1] =
		    layout_number(layout, FIELD_time_histogram_overflow, histogram);
	put_histogram(making, metric, counts, bounds, count - 1);
}

static uint16_t class_size(const struct making_metrics *making, size_t class)
{
	return load_u16(making->memory->classes + class * sizeof(uint16_t));
}

/* metrics.go: sizeClassBuckets. Bounds are one above the sizes, because a class includes its size;
 * large objects come last. */
static void put_sizes(struct making_metrics *making, enum metric metric, const uint64_t *by_class,
		      uint64_t large)
{
	size_t classes = making->memory->class_count, i;
	double *bounds = arena_alloc(making->arena, classes + 1, sizeof(*bounds));
	uint64_t *counts = arena_alloc(making->arena, classes, sizeof(*counts));

	bounds[0] = 1;
	for (i = 1; i < classes; i++) {
		bounds[i] = class_size(making, i) + 1;
		counts[i - 1] = by_class[i];
	}
	bounds[classes] = (double)INFINITY;
	counts[classes - 1] = large;
	put_histogram(making, metric, counts, bounds, classes);
}

/* ---- the heap ----------------------------------------------------------------------------- */

/* The sum over the ring of one of its members; 0 of one that this version does not have. */
static uint64_t ring(const struct making_metrics *making, enum layout_slot slot)
{
	const struct runtime_layout *layout = &making->runtime->layout;
	size_t stride = layout_size(layout, SIZE_heap_stats_delta), i;
	uint64_t sum = 0;

	for (i = 0; i < HEAP_RING; i++)
		sum += layout_number(layout, slot, making->memory->ring + i * stride);
	return sum;
}

static void make_objects(struct making_metrics *making, const struct heap_counts *counts,
			 uint64_t *in_objects)
{
	uint64_t allocs = counts->large_mallocs, frees = counts->large_frees;
	uint64_t alloc_bytes = counts->large_alloc_bytes, free_bytes = counts->large_free_bytes;
	size_t i;

	for (i = 1; i < making->memory->class_count; i++) {
		allocs += counts->mallocs[i];
		frees += counts->frees[i];
		alloc_bytes += counts->mallocs[i] * class_size(making, i);
		free_bytes += counts->frees[i] * class_size(making, i);
	}
	put(making, METRIC_allocs_objects, exactly(allocs));
	put(making, METRIC_frees_objects, exactly(frees));
	put(making, METRIC_allocs_bytes, exactly(alloc_bytes));
	put(making, METRIC_frees_bytes, exactly(free_bytes));
	put(making, METRIC_heap_objects, exactly(allocs - frees));
	put(making, METRIC_memory_objects, exactly(alloc_bytes - free_bytes));
	put(making, METRIC_tiny_allocs, exactly(counts->tiny));
	put_sizes(making, METRIC_allocs_by_size, counts->mallocs, counts->large_mallocs);
	put_sizes(making, METRIC_frees_by_size, counts->frees, counts->large_frees);
	*in_objects = alloc_bytes - free_bytes;
}

/* metrics.go: heapStatsAggregate, and the memory classes that are made of it and of
 * sysStatsAggregate. */
static void make_heap_stats(struct making_metrics *making)
{
	struct heap_counts counts;
	uint64_t in_heap, in_stacks, in_objects, work_bufs, pointers;
	number sys, misc = member(making, FIELD_mstats_gc_sys, making->memory->memstats);

	if (!making->memory->ring || making->memory->torn ||
	    !memory_counts(making->memory, false, &counts))
		return;
	make_objects(making, &counts, &in_objects);
	in_heap = ring(making, FIELD_hsd_in_heap);
	in_stacks = ring(making, FIELD_hsd_in_stacks);
	work_bufs = ring(making, FIELD_hsd_in_work_bufs);
	pointers = ring(making, FIELD_hsd_in_ptr_scalar_bits);
	put(making, METRIC_memory_free,
	    exactly(ring(making, FIELD_hsd_committed) - in_heap - in_stacks - work_bufs -
		    pointers));
	put(making, METRIC_memory_released, exactly(ring(making, FIELD_hsd_released)));
	put(making, METRIC_memory_stacks, exactly(in_stacks));
	put(making, METRIC_memory_unused, exactly(in_heap - in_objects));
	put(making, METRIC_memory_metadata, plus(exactly(work_bufs + pointers), misc));
	sys = plus(misc,
		   exactly(ring(making, FIELD_hsd_committed) + ring(making, FIELD_hsd_released)));
	sys = plus(sys, member(making, FIELD_mstats_stacks_sys, making->memory->memstats));
	sys = plus(sys, member(making, FIELD_mstats_mspan_sys, making->memory->memstats));
	sys = plus(sys, member(making, FIELD_mstats_mcache_sys, making->memory->memstats));
	sys = plus(sys, member(making, FIELD_mstats_buckhash_sys, making->memory->memstats));
	sys = plus(sys, member(making, FIELD_mstats_other_sys, making->memory->memstats));
	put(making, METRIC_memory_total, sys);
}

/* ---- what the system gave, the collector -------------------------------------------------- */

/* metrics.go: sysStatsAggregate. */
static void make_sys_stats(struct making_metrics *making)
{
	number mspan = member(making, FIELD_mheap_spanalloc_inuse, making->mheap);
	number mcache = member(making, FIELD_mheap_cachealloc_inuse, making->mheap);
	number cycles = member(making, FIELD_mstats_numgc, making->memory->memstats);
	number forced = member(making, FIELD_mstats_numforcedgc, making->memory->memstats);
	int64_t goal = memory_heap_goal(making->memory, false);

	put(making, METRIC_mspan_inuse, mspan);
	put(making, METRIC_mspan_free,
	    minus(member(making, FIELD_mstats_mspan_sys, making->memory->memstats), mspan));
	put(making, METRIC_mcache_inuse, mcache);
	put(making, METRIC_mcache_free,
	    minus(member(making, FIELD_mstats_mcache_sys, making->memory->memstats), mcache));
	put(making, METRIC_memory_os_stacks,
	    member(making, FIELD_mstats_stacks_sys, making->memory->memstats));
	put(making, METRIC_memory_other,
	    member(making, FIELD_mstats_other_sys, making->memory->memstats));
	put(making, METRIC_memory_buckets,
	    member(making, FIELD_mstats_buckhash_sys, making->memory->memstats));
	put(making, METRIC_cycles_total, cycles);
	put(making, METRIC_cycles_forced, forced);
	put(making, METRIC_cycles_automatic, minus(cycles, forced));
	put(making, METRIC_heap_goal, goal == SPY_UNKNOWN ? unknown : exactly((uint64_t)goal));
}

/* metrics.go: cpuStatsAggregate: work.cpuStats as the last collection left it. */
static void make_cpu_stats(struct making_metrics *making)
{
	static const struct {
		enum metric metric;
		enum layout_slot slot;
	} times[] = {
		{ .metric = METRIC_cpu_gc_assist, .slot = FIELD_work_cpu_gc_assist },
		{ .metric = METRIC_cpu_gc_dedicated, .slot = FIELD_work_cpu_gc_dedicated },
		{ .metric = METRIC_cpu_gc_idle, .slot = FIELD_work_cpu_gc_idle },
		{ .metric = METRIC_cpu_gc_pause, .slot = FIELD_work_cpu_gc_pause },
		{ .metric = METRIC_cpu_gc_total, .slot = FIELD_work_cpu_gc_total },
		{ .metric = METRIC_cpu_idle, .slot = FIELD_work_cpu_idle },
		{ .metric = METRIC_cpu_scavenge_assist, .slot = FIELD_work_cpu_scavenge_assist },
		{ .metric = METRIC_cpu_scavenge_bg, .slot = FIELD_work_cpu_scavenge_bg },
		{ .metric = METRIC_cpu_scavenge_total, .slot = FIELD_work_cpu_scavenge_total },
		{ .metric = METRIC_cpu_total, .slot = FIELD_work_cpu_total },
		{ .metric = METRIC_cpu_user, .slot = FIELD_work_cpu_user },
	};
	const uint8_t *work = heap_variable(making->runtime, making->image, GLOBAL_work,
					    layout_size(&making->runtime->layout, SIZE_work));
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		put_seconds(making, times[i].metric, member(making, times[i].slot, work));
}

/* metrics.go: gcStatsAggregate, and what reads the controller itself. */
static void make_collector(struct making_metrics *making)
{
	number heap = member(making, FIELD_gcc_heap_scan, making->memory->controller);
	number stack = member(making, FIELD_gcc_last_stack_scan, making->memory->controller);
	number globals = member(making, FIELD_gcc_globals_scan, making->memory->controller);
	number percent = member(making, FIELD_gcc_gc_percent, making->memory->controller);
	const uint8_t *limiter =
	    heap_variable(making->runtime, making->image, GLOBAL_gc_cpu_limiter,
			  layout_size(&making->runtime->layout, SIZE_gc_cpu_limiter));

	percent.value = (uint64_t)(int64_t)(int32_t)percent.value; /* off is -1, as an int32 */
	put(making, METRIC_scan_heap, heap);
	put(making, METRIC_scan_stack, stack);
	put(making, METRIC_scan_globals, globals);
	put(making, METRIC_scan_total, plus(plus(heap, stack), globals));
	put(making, METRIC_gogc, percent);
	put(making, METRIC_gomemlimit,
	    member(making, FIELD_gcc_memory_limit, making->memory->controller));
	put(making, METRIC_heap_live,
	    member(making, FIELD_gcc_heap_marked, making->memory->controller));
	put(making, METRIC_limiter, member(making, FIELD_gcl_last_enabled_cycle, limiter));
	put(making, METRIC_starting_stack,
	    variable(making, GLOBAL_starting_stack_size, sizeof(uint32_t)));
}

/* ---- goroutines, threads ------------------------------------------------------------------ */

static const uint8_t *p_bytes(const struct making_metrics *making, size_t index)
{
	return copy_at(making->image->collected.state,
		       making->image->collected.ps.items[index].address,
		       layout_size(&making->runtime->layout, SIZE_p));
}

/* The sum over all Ms of a member of runtime.m. */
static number over_ms(const struct making_metrics *making, enum layout_slot slot)
{
	const struct collected *collected = &making->image->collected;
	number sum = { .known = collected->ms.count > 0 };
	size_t i;

	for (i = 0; i < collected->ms.count; i++)
		sum = plus(sum, member(making, slot,
				       copy_at(collected->state, collected->ms.items[i].address,
					       layout_size(&making->runtime->layout, SIZE_m))));
	return sum;
}

static number over_ps(const struct making_metrics *making, enum layout_slot slot)
{
	number sum = { .known = making->image->collected.ps.count > 0 };
	size_t i;

	for (i = 0; i < making->image->collected.ps.count; i++)
		sum = plus(sum, member(making, slot, p_bytes(making, i)));
	return sum;
}

/* runtime/proc.go: gcount(true): all goroutines that are not dead. */
static number all_goroutines(const struct making_metrics *making)
{
	const struct runtime_layout *layout = &making->runtime->layout;
	number count = variable(making, GLOBAL_allglen, sizeof(uint64_t));

	/* It is written with the length of allgs (proc.go: allgadd). */
	if (!count.known && making->memory->has_allgs)
		count = exactly(making->memory->allgs[1]);

	if (layout_has(layout, FIELD_sched_gfree_count)) {
		count = minus(count, member(making, FIELD_sched_gfree_count, making->sched));
	} else {
		count = minus(count, member(making, FIELD_sched_gfree_stack_count, making->sched));
		count =
		    minus(count, member(making, FIELD_sched_gfree_nostack_count, making->sched));
	}
	return minus(count, over_ps(making, FIELD_p_gfree_count));
}

/* proc.go: setBlockOnExitSyscall: the goroutine that runs on a P is in a system call. */
static bool is_in_syscall(const struct making_metrics *making, size_t p)
{
	const struct runtime_layout *layout = &making->runtime->layout;
	uint64_t address = making->image->running.items[p];
	const uint8_t *g =
	    address ? copy_at(making->image->collected.state, address, layout_size(layout, SIZE_g))
		    : NULL;
	uint64_t status;

	if (!g)
		return false;
	status = layout_number(layout, FIELD_g_atomicstatus, g) & ~(uint64_t)G_SCAN;
	return status == G_SYSCALL || status == G_DEADEXTRA;
}

/* metrics.go: schedStatsAggregate (1.26+). */
static void make_states(struct making_metrics *making, number total)
{
	const struct collected *collected = &making->image->collected;
	number runnable = member(making, FIELD_sched_runqsize, making->sched), others;
	number without_p = member(making, FIELD_sched_n_gsyscall_no_p, making->sched);
	number running = { .known = collected->ps.count > 0 }, outside = without_p;
	size_t i;

	if ((int32_t)without_p.value < 0) /* it may be for a moment */
		outside.value = 0;
	for (i = 0; i < collected->ps.count && collected->ps.items[i].status != P_DEAD; i++) {
		if (collected->ps.items[i].status == P_RUNNING) {
			if (is_in_syscall(making, i))
				outside.value++;
			else
				running.value++;
		}
		runnable.value += collected->ps.items[i].run_queue;
	}
	others = plus(plus(running, runnable), outside);
	put(making, METRIC_goroutines_running, running);
	put(making, METRIC_goroutines_runnable, runnable);
	put(making, METRIC_goroutines_not_in_go, outside);
	put(making, METRIC_goroutines_waiting,
	    total.value < others.value ? (number){ .known = total.known && others.known }
				       : minus(total, others));
}

static void make_scheduler(struct making_metrics *making)
{
	number total = all_goroutines(making), counted = total;
	number threads = minus(member(making, FIELD_sched_mnext, making->sched),
			       member(making, FIELD_sched_nmfreed, making->sched));

	/* NumGoroutine leaves the runtime's own out; from 1.26 on this metric counts them. */
	if (!metric_is_in(METRIC_goroutines_waiting, making->runtime->version))
		counted = minus(counted, member(making, FIELD_sched_ngsys, making->sched));
	if (counted.known && (int64_t)counted.value < 1)
		counted.value = 1;
	put(making, METRIC_goroutines, counted);
	make_states(making, total);
	put(making, METRIC_goroutines_created,
	    plus(member(making, FIELD_sched_goroutines_created, making->sched),
		 over_ps(making, FIELD_p_goroutines_created)));
	threads = minus(threads, variable(making, GLOBAL_extra_m_in_use, sizeof(uint32_t)));
	put(making, METRIC_threads,
	    minus(threads, variable(making, GLOBAL_extra_m_length, sizeof(uint32_t))));
	put(making, METRIC_gomaxprocs, variable(making, GLOBAL_gomaxprocs, sizeof(uint32_t)));
	put(making, METRIC_cgo_calls,
	    plus(variable(making, GLOBAL_ncgocall, sizeof(uint64_t)),
		 over_ms(making, FIELD_m_ncgocall)));
}

/* debug.go: totalMutexWaitTimeNanos; the parts of the runtime's own locks came with 1.22. */
static void make_mutex_wait(struct making_metrics *making)
{
	number wait = member(making, FIELD_sched_total_mutex_wait_time, making->sched);

	if (layout_has(&making->runtime->layout, FIELD_sched_total_runtime_lock_wait_time)) {
		wait = plus(
		    wait, member(making, FIELD_sched_total_runtime_lock_wait_time, making->sched));
		wait = plus(wait, over_ms(making, FIELD_m_lock_wait_time));
	}
	put_seconds(making, METRIC_mutex_wait, wait);
}

/* metrics.go: finalStatsAggregate (1.26+). */
static void make_finalizers(struct making_metrics *making)
{
	const uint8_t *cleanups =
	    heap_variable(making->runtime, making->image, GLOBAL_gc_cleanups,
			  layout_size(&making->runtime->layout, SIZE_cleanup_queue));

	put(making, METRIC_finalizers_queued, variable(making, GLOBAL_finqueued, sizeof(uint64_t)));
	put(making, METRIC_finalizers_executed,
	    variable(making, GLOBAL_finexecuted, sizeof(uint64_t)));
	put(making, METRIC_cleanups_executed,
	    member(making, FIELD_cleanup_queue_executed, cleanups));
	put(making, METRIC_cleanups_queued,
	    plus(member(making, FIELD_cleanup_queue_queued, cleanups),
		 over_ps(making, FIELD_p_cleanups_queued)));
}

static void make_times(struct making_metrics *making)
{
	const struct runtime_layout *layout = &making->runtime->layout;

	if (layout_has(layout, FIELD_mstats_gc_pause_dist))
		put_times(making, METRIC_gc_pauses, FIELD_mstats_gc_pause_dist,
			  making->memory->memstats);
	else
		put_times(making, METRIC_gc_pauses, FIELD_sched_stw_total_time_gc, making->sched);
	put_times(making, METRIC_latencies, FIELD_sched_time_to_run, making->sched);
	put_times(making, METRIC_stopping_gc, FIELD_sched_stw_stopping_time_gc, making->sched);
	put_times(making, METRIC_stopping_other, FIELD_sched_stw_stopping_time_other,
		  making->sched);
	put_times(making, METRIC_pauses_gc, FIELD_sched_stw_total_time_gc, making->sched);
	put_times(making, METRIC_pauses_other, FIELD_sched_stw_total_time_other, making->sched);
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* Those that the version has, in the order of their names. */
static void choose(struct making_metrics *making, struct spy_metrics *ret)
{
	struct spy_metric *metrics = arena_alloc(making->arena, METRICS, sizeof(*metrics));
	size_t count = 0, i;

	for (i = 0; i < METRICS; i++) {
		if (!metric_is_in(i, making->runtime->version))
			continue;
		metrics[count] = making->metrics[i];
		metrics[count].name = metric_name(i);
		metrics[count].help = metric_help(i);
		metrics[count++].kind = metric_kind(i);
	}
	ret->metrics = metrics;
	ret->count = count;
}

void metrics_make(struct go_runtime *runtime, const struct heap_image *image, struct arena *arena,
		  struct spy_metrics *ret)
{
	const struct runtime_layout *layout = &runtime->layout;
	struct making_metrics making = {
		.runtime = runtime,
		.image = image,
		.arena = arena,
		.memory = image->collected.memory,
		.mheap =
		    heap_variable(runtime, image, GLOBAL_mheap, layout_size(layout, SIZE_mheap)),
		.sched =
		    heap_variable(runtime, image, GLOBAL_sched, layout_size(layout, SIZE_sched)),
	};

	*ret = (struct spy_metrics){ .paused_ns = image->collected.paused_ns,
				     .taken_at = image->collected.taken_at };
	make_heap_stats(&making);
	make_sys_stats(&making);
	make_cpu_stats(&making);
	make_collector(&making);
	make_scheduler(&making);
	make_mutex_wait(&making);
	make_finalizers(&making);
	make_times(&making);
	choose(&making, ret);
}
