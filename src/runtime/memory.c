/* SPDX-License-Identifier: MIT
 *
 * The figures of runtime.MemStats, recomputed: what ReadMemStats would return if it were called
 * now, with what the Ps hold in their caches counted as its flush would (runtime/mstats.go:
 * updatememstats, readmemstats_m; runtime/mcache.go: releaseAll).
 *
 * Three ways of counting objects, told apart by the members that there are:
 * - to 1.15: mcentral.nmalloc counts a span as full when a P takes it; frees stand in mheap_ and
 *   mcaches;
 * - 1.16 to 1.18: the same, in the ring memstats.heapStats, frees too;
 * - 1.19 on: the ring counts what was allocated when a P gives a span back.
 */
#include <math.h>
#include <string.h>

#include "base/cursor.h"
#include "runtime/collect.h"

enum { SIZE_CLASSES_MAX = 128, RING = 3 };

struct heap_counts {
	uint64_t alloc_bytes, alloc_objects, free_bytes, free_objects, tiny;
	uint64_t unflushed_bytes; /* of alloc_bytes: not yet in gcController.totalAlloc */
	uint64_t stacks, work_bufs, ptr_scalar_bits;
};

struct state {
	struct go_runtime *runtime;
	const struct collected *collected;
	const struct runtime_layout *layout;
	const uint8_t *memstats, *controller, *heap; /* NULL where they were not copied */
	const uint8_t *classes;
	size_t class_count;
};

static const uint8_t *global_bytes(const struct go_runtime *runtime, const struct copy *copy,
				   enum global global, size_t size)
{
	uint64_t address = runtime->globals[global].address;

	return address && size ? copy_at(copy, address, size) : NULL;
}

static uint64_t class_size(const struct state *state, size_t class)
{
	return class < state->class_count ? load_u16(state->classes + class * 2) : 0;
}

static uint64_t in_memstats(const struct state *state, enum layout_slot slot)
{
	return layout_number(state->layout, slot, state->memstats);
}

static uint64_t in_controller(const struct state *state, enum layout_slot slot)
{
	return state->controller ? layout_number(state->layout, slot, state->controller) : 0;
}

/* ---- what is copied ----------------------------------------------------------------------- */

static void want_global(struct go_runtime *runtime, struct copy *copy, enum global global,
			uint64_t size)
{
	if (runtime->globals[global].address && size)
		copy_want(copy, runtime->globals[global].address, size, 0);
}

static uint64_t class_table_bytes(const struct go_runtime *runtime)
{
	uint64_t size = runtime->globals[GLOBAL_class_to_size].size;

	return size <= SIZE_CLASSES_MAX * 2 ? size : 0;
}

void want_state(struct go_runtime *runtime, struct copy *state)
{
	const struct runtime_layout *layout = &runtime->layout;

	want_global(runtime, state, GLOBAL_sched, layout_size(layout, SIZE_sched));
	want_global(runtime, state, GLOBAL_memstats, layout_size(layout, SIZE_mstats));
	want_global(runtime, state, GLOBAL_gc_controller, layout_size(layout, SIZE_gc_controller));
	want_global(runtime, state, GLOBAL_gcphase, 4);
	want_global(runtime, state, GLOBAL_gcpercent, 4);
	want_global(runtime, state, GLOBAL_gomaxprocs, 4);
	want_global(runtime, state, GLOBAL_ncpu, 4);
	want_global(runtime, state, GLOBAL_fing_running, 4);
	want_global(runtime, state, GLOBAL_class_to_size, class_table_bytes(runtime));
	/* Only up to 1.15 are there counters in it. */
	if (layout_has(layout, FIELD_mcentral_nmalloc))
		want_global(runtime, state, GLOBAL_mheap, layout_size(layout, SIZE_mheap));
}

void want_caches(struct go_runtime *runtime, struct copy *state, const struct collected *collected)
{
	size_t i;

	for (i = 0; i < collected->ps.count; i++)
		if (collected->ps.items[i].mcache)
			copy_want(state, collected->ps.items[i].mcache,
				  layout_size(&runtime->layout, SIZE_mcache), 0);
}

typedef void cached_span_fn(void *context, size_t span_class, uint64_t span);

static void each_cached_span(const struct go_runtime *runtime, const struct collected *collected,
			     cached_span_fn *visit, void *context)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t classes = layout_size(layout, FIELD_mcache_alloc) / 8, i, class;

	for (i = 0; i < collected->ps.count; i++) {
		const uint8_t *cache =
		    collected->ps.items[i].mcache
			? copy_at(collected->state, collected->ps.items[i].mcache,
				  layout_size(layout, SIZE_mcache))
			: NULL;

		for (class = 0; cache && class < classes; class ++)
			visit(context, class,
			      load_u64(cache + layout_offset(layout, FIELD_mcache_alloc) +
				       class * 8));
	}
}

struct span_wish {
	struct copy *copy;
	size_t size;
};

static void want_span(void *context, size_t span_class, uint64_t span)
{
	struct span_wish *wish = context;

	(void)span_class;
	if (span)
		copy_want(wish->copy, span, wish->size, 0);
}

void want_cached_spans(struct go_runtime *runtime, struct copy *state,
		       const struct collected *collected)
{
	struct span_wish wish = { .copy = state,
				  .size = layout_size(&runtime->layout, SIZE_mspan) };

	each_cached_span(runtime, collected, want_span, &wish);
}

/* ---- objects ------------------------------------------------------------------------------ */

struct span_count {
	const struct state *state;
	struct heap_counts *counts;
};

static void count_span(void *context, size_t span_class, uint64_t address)
{
	const struct span_count *count = context;
	const struct state *state = count->state;
	const struct runtime_layout *layout = state->layout;
	const uint8_t *span =
	    address ? copy_at(state->collected->state, address, layout_size(layout, SIZE_mspan))
		    : NULL;
	uint64_t objects, size;

	if (!span)
		return;
	objects = layout_number(layout, FIELD_mspan_alloc_count, span);
	if (layout_has(layout, FIELD_mspan_alloc_count_before_cache)) {
		objects -= layout_number(layout, FIELD_mspan_alloc_count_before_cache, span);
		size = layout_number(layout, FIELD_mspan_elemsize, span);
		count->counts->unflushed_bytes += objects * size;
	} else {
		objects -= layout_number(layout, FIELD_mspan_nelems, span);
		size = class_size(state, span_class >> 1);
	}
	count->counts->alloc_objects += objects;
	count->counts->alloc_bytes += objects * size;
}

static void add_small(const struct state *state, const uint8_t *array, size_t count,
		      uint64_t *objects, uint64_t *bytes)
{
	size_t class;

	for (class = 0; class < count; class ++) {
		uint64_t n = load_u64(array + class * 8);

		*objects += n;
		*bytes += n * class_size(state, class);
	}
}

/* The sum over the ring of one member. */
static uint64_t ring_sum(const struct state *state, enum layout_slot slot)
{
	const uint8_t *ring =
	    state->memstats + layout_offset(state->layout, FIELD_mstats_heap_stats);
	size_t stride = layout_size(state->layout, SIZE_heap_stats_delta), i;
	uint64_t sum = 0;

	for (i = 0; i < RING; i++)
		sum += layout_number(state->layout, slot, ring + i * stride);
	return sum;
}

static void ring_small(const struct state *state, enum layout_slot slot, uint64_t *objects,
		       uint64_t *bytes)
{
	const struct runtime_layout *layout = state->layout;
	const uint8_t *ring = state->memstats + layout_offset(layout, FIELD_mstats_heap_stats) +
			      layout_offset(layout, slot);
	size_t i;

	for (i = 0; i < RING; i++)
		add_small(state, ring + i * layout_size(layout, SIZE_heap_stats_delta),
			  layout_size(layout, slot) / 8, objects, bytes);
}

static void count_by_ring(const struct state *state, struct heap_counts *counts)
{
	counts->alloc_bytes = ring_sum(state, FIELD_hsd_large_alloc);
	counts->alloc_objects = ring_sum(state, FIELD_hsd_large_alloc_count);
	counts->free_bytes = ring_sum(state, FIELD_hsd_large_free);
	counts->free_objects = ring_sum(state, FIELD_hsd_large_free_count);
	ring_small(state, FIELD_hsd_small_alloc_count, &counts->alloc_objects,
		   &counts->alloc_bytes);
	ring_small(state, FIELD_hsd_small_free_count, &counts->free_objects, &counts->free_bytes);
	counts->tiny = layout_has(state->layout, FIELD_hsd_tiny_alloc_count)
			   ? ring_sum(state, FIELD_hsd_tiny_alloc_count)
			   : in_memstats(state, FIELD_mstats_tinyallocs);
	counts->stacks = ring_sum(state, FIELD_hsd_in_stacks);
	counts->work_bufs = ring_sum(state, FIELD_hsd_in_work_bufs);
	counts->ptr_scalar_bits = ring_sum(state, FIELD_hsd_in_ptr_scalar_bits);
}

/* To 1.15: mheap_.central[spanClass].mcentral.nmalloc, each entry padded to a cache line. */
static void count_by_central(const struct state *state, struct heap_counts *counts)
{
	const struct runtime_layout *layout = state->layout;
	size_t classes = layout_size(layout, FIELD_mcache_alloc) / 8, class;
	size_t stride = classes ? layout_size(layout, FIELD_mheap_central) / classes : 0;
	const uint8_t *central = state->heap + layout_offset(layout, FIELD_mheap_central);

	counts->alloc_bytes = layout_number(layout, FIELD_mheap_largealloc, state->heap);
	counts->alloc_objects = layout_number(layout, FIELD_mheap_nlargealloc, state->heap);
	counts->free_bytes = layout_number(layout, FIELD_mheap_largefree, state->heap);
	counts->free_objects = layout_number(layout, FIELD_mheap_nlargefree, state->heap);
	for (class = 0; class < classes; class ++) {
		uint64_t n =
		    layout_number(layout, FIELD_mcentral_nmalloc, central + class * stride);

		counts->alloc_objects += n;
		counts->alloc_bytes += n * class_size(state, class >> 1);
	}
	add_small(state, state->heap + layout_offset(layout, FIELD_mheap_nsmallfree),
		  layout_size(layout, FIELD_mheap_nsmallfree) / 8, &counts->free_objects,
		  &counts->free_bytes);
	counts->tiny = in_memstats(state, FIELD_mstats_tinyallocs);
}

/* What the Ps have counted and not yet told: tiny objects, and (to 1.15) frees. */
static void count_caches(const struct state *state, struct heap_counts *counts)
{
	const struct runtime_layout *layout = state->layout;
	size_t i;

	for (i = 0; i < state->collected->ps.count; i++) {
		uint64_t address = state->collected->ps.items[i].mcache;
		const uint8_t *cache = address ? copy_at(state->collected->state, address,
							 layout_size(layout, SIZE_mcache))
					       : NULL;

		if (!cache)
			continue;
		counts->tiny += layout_number(layout, FIELD_mcache_tiny_allocs, cache);
		counts->free_bytes += layout_number(layout, FIELD_mcache_local_largefree, cache);
		counts->free_objects += layout_number(layout, FIELD_mcache_local_nlargefree, cache);
		if (layout_has(layout, FIELD_mcache_local_nsmallfree))
			add_small(state,
				  cache + layout_offset(layout, FIELD_mcache_local_nsmallfree),
				  layout_size(layout, FIELD_mcache_local_nsmallfree) / 8,
				  &counts->free_objects, &counts->free_bytes);
	}
}

/* Whether the structures within a structure are as large as it has room for: both sizes come from
 * the target's own DWARF. */
static bool fits(const struct state *state)
{
	const struct runtime_layout *layout = state->layout;
	size_t classes = layout_size(layout, FIELD_mcache_alloc) / 8;

	if (layout_has(layout, FIELD_mstats_heap_stats))
		return RING * layout_size(layout, SIZE_heap_stats_delta) <=
		       layout_size(layout, FIELD_mstats_heap_stats);
	return classes && layout_offset(layout, FIELD_mcentral_nmalloc) + 8 <=
			      layout_size(layout, FIELD_mheap_central) / classes;
}

static bool count_objects(const struct state *state, struct heap_counts *counts)
{
	struct span_count count = { .state = state, .counts = counts };

	*counts = (struct heap_counts){ 0 };
	if (!state->classes || !fits(state))
		return false;
	if (layout_has(state->layout, FIELD_mstats_heap_stats)) {
		count_by_ring(state, counts);
	} else if (state->heap) {
		count_by_central(state, counts);
		counts->stacks = in_memstats(state, FIELD_mstats_stacks_inuse);
	} else {
		return false;
	}
	each_cached_span(state->runtime, state->collected, count_span, &count);
	count_caches(state, counts);
	return true;
}

/* ---- the heap goal ------------------------------------------------------------------------ */

/* runtime/mgcpacer.go: memoryLimitHeapGoal (1.19+). */
static uint64_t limit_goal(const struct state *state, const struct heap_counts *counts)
{
	const uint64_t min_headroom = 1 << 20;
	uint64_t marked = in_controller(state, FIELD_gcc_heap_marked);
	uint64_t limit = in_controller(state, FIELD_gcc_memory_limit);
	uint64_t mapped = in_controller(state, FIELD_gcc_mapped_ready);
	uint64_t alloc = in_controller(state, FIELD_gcc_total_alloc) + counts->unflushed_bytes -
			 in_controller(state, FIELD_gcc_total_free);
	uint64_t other = mapped - in_controller(state, FIELD_gcc_heap_free) - alloc;
	uint64_t over = mapped > limit ? mapped - limit : 0, goal, headroom;

	if (other + over >= limit)
		return marked;
	goal = limit - (other + over);
	headroom = goal / 100 * state->layout->traits->heap_limit_headroom_percent;
	if (headroom < min_headroom)
		headroom = min_headroom;
	goal = goal < headroom || goal - headroom < headroom ? headroom : goal - headroom;
	return goal < marked ? marked : goal;
}

/* runtime/mgcpacer.go: heapGoalInternal (1.19+). */
static uint64_t heap_goal(const struct state *state, const struct heap_counts *counts)
{
	const uint64_t min_runway = 64 << 10;
	uint64_t goal = in_controller(state, FIELD_gcc_gc_percent_heap_goal);
	uint64_t limit = limit_goal(state, counts);
	uint64_t sweep = in_controller(state, FIELD_gcc_sweep_dist_min_trigger);
	uint64_t triggered = in_controller(state, FIELD_gcc_triggered);

	if (limit < goal)
		return limit;
	if (sweep > goal)
		goal = sweep;
	if (triggered != UINT64_MAX && goal < triggered + min_runway)
		goal = triggered + min_runway;
	return goal;
}

static int64_t next_heap(const struct state *state, const struct heap_counts *counts, bool counted)
{
	const struct runtime_layout *layout = state->layout;

	if (layout_has(layout, FIELD_mstats_next_gc))
		return (int64_t)in_memstats(state, FIELD_mstats_next_gc);
	if (state->controller && layout_has(layout, FIELD_gcc_heap_goal))
		return (int64_t)in_controller(state, FIELD_gcc_heap_goal);
	if (state->controller && layout_has(layout, FIELD_gcc_gc_percent_heap_goal) && counted)
		return (int64_t)heap_goal(state, counts);
	return SPY_UNKNOWN;
}

/* ---- the figures -------------------------------------------------------------------------- */

static void fill_sizes(const struct state *state, const struct heap_counts *counts,
		       struct spy_memory *memory)
{
	const struct runtime_layout *layout = state->layout;
	static const enum layout_slot parts[] = {
		FIELD_mstats_stacks_sys, FIELD_mstats_mspan_sys,    FIELD_mstats_mcache_sys,
		FIELD_mstats_gc_sys,     FIELD_mstats_buckhash_sys, FIELD_mstats_other_sys,
	};
	uint64_t heap_sys, sys;
	size_t i;

	if (layout_has(layout, FIELD_mstats_heap_sys)) {
		heap_sys = in_memstats(state, FIELD_mstats_heap_sys);
		memory->heap_inuse_bytes = (int64_t)in_memstats(state, FIELD_mstats_heap_inuse);
	} else if (state->controller && layout_has(layout, FIELD_gcc_heap_in_use)) {
		heap_sys = in_controller(state, FIELD_gcc_heap_in_use) +
			   in_controller(state, FIELD_gcc_heap_free) +
			   in_controller(state, FIELD_gcc_heap_released);
		memory->heap_inuse_bytes = (int64_t)in_controller(state, FIELD_gcc_heap_in_use);
	} else {
		return;
	}
	memory->heap_sys_bytes = (int64_t)heap_sys;
	memory->stack_inuse_bytes = (int64_t)counts->stacks;
	sys = heap_sys + counts->stacks + counts->work_bufs + counts->ptr_scalar_bits;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!layout_has(layout, parts[i]))
			return;
		sys += in_memstats(state, parts[i]);
	}
	memory->sys_bytes = (int64_t)sys;
}

static void fill_memory(const struct state *state, struct spy_memory *memory, struct spy_gc *gc)
{
	const struct runtime_layout *layout = state->layout;
	struct heap_counts counts;
	bool counted = count_objects(state, &counts);

	gc->next_heap_bytes = next_heap(state, &counts, counted);
	if (layout_has(layout, FIELD_mstats_heap_live))
		memory->heap_live_bytes = (int64_t)in_memstats(state, FIELD_mstats_heap_live);
	else if (state->controller && layout_has(layout, FIELD_gcc_heap_live))
		memory->heap_live_bytes = (int64_t)in_controller(state, FIELD_gcc_heap_live);
	if (!counted)
		return;
	memory->heap_alloc_bytes = (int64_t)(counts.alloc_bytes - counts.free_bytes);
	memory->heap_objects = (int64_t)(counts.alloc_objects - counts.free_objects);
	memory->mallocs = (int64_t)(counts.alloc_objects + counts.tiny);
	memory->frees = (int64_t)(counts.free_objects + counts.tiny);
	fill_sizes(state, &counts, memory);
}

static int64_t known_in_memstats(const struct state *state, enum layout_slot slot)
{
	return layout_has(state->layout, slot) ? (int64_t)in_memstats(state, slot) : SPY_UNKNOWN;
}

static void fill_collector(const struct state *state, struct spy_gc *gc)
{
	uint64_t fraction = in_memstats(state, FIELD_mstats_gc_cpu_fraction);

	gc->cycles = known_in_memstats(state, FIELD_mstats_numgc);
	gc->forced = known_in_memstats(state, FIELD_mstats_numforcedgc);
	gc->pause_total_ns = known_in_memstats(state, FIELD_mstats_pause_total_ns);
	gc->last_at = known_in_memstats(state, FIELD_mstats_last_gc_unix);
	if (!gc->last_at)
		gc->last_at = SPY_UNKNOWN; /* there was none yet */
	if (layout_has(state->layout, FIELD_mstats_gc_cpu_fraction))
		memcpy(&gc->cpu_fraction, &fraction, sizeof(fraction));
}

static int64_t gc_percent(const struct state *state)
{
	const uint8_t *variable;

	if (state->controller && layout_has(state->layout, FIELD_gcc_gc_percent))
		return (int32_t)in_controller(state, FIELD_gcc_gc_percent);
	variable = global_bytes(state->runtime, state->collected->state, GLOBAL_gcpercent, 4);
	return variable ? (int32_t)load_u32(variable) : SPY_UNKNOWN;
}

/* runtime/mgc.go: _GCoff, _GCmark, _GCmarktermination. */
static const char *gc_phase(const struct state *state)
{
	static const char *const names[] = { "off", "mark", "mark termination" };
	const uint8_t *phase =
	    global_bytes(state->runtime, state->collected->state, GLOBAL_gcphase, 4);

	return phase && load_u32(phase) < 3 ? names[load_u32(phase)] : NULL;
}

void collected_memory(struct go_runtime *runtime, const struct collected *collected,
		      struct spy_memory *memory, struct spy_gc *gc)
{
	const struct runtime_layout *layout = &runtime->layout;
	const struct copy *copy = collected->state;
	struct state state = {
		.runtime = runtime,
		.collected = collected,
		.layout = layout,
		.memstats =
		    global_bytes(runtime, copy, GLOBAL_memstats, layout_size(layout, SIZE_mstats)),
		.controller = global_bytes(runtime, copy, GLOBAL_gc_controller,
					   layout_size(layout, SIZE_gc_controller)),
		.heap = global_bytes(runtime, copy, GLOBAL_mheap, layout_size(layout, SIZE_mheap)),
		.classes =
		    global_bytes(runtime, copy, GLOBAL_class_to_size, class_table_bytes(runtime)),
		.class_count = class_table_bytes(runtime) / 2,
	};

	*memory = (struct spy_memory){ .heap_alloc_bytes = SPY_UNKNOWN,
				       .heap_inuse_bytes = SPY_UNKNOWN,
				       .heap_sys_bytes = SPY_UNKNOWN,
				       .heap_live_bytes = SPY_UNKNOWN,
				       .heap_objects = SPY_UNKNOWN,
				       .mallocs = SPY_UNKNOWN,
				       .frees = SPY_UNKNOWN,
				       .stack_inuse_bytes = SPY_UNKNOWN,
				       .sys_bytes = SPY_UNKNOWN,
				       .rss_bytes = SPY_UNKNOWN };
	*gc = (struct spy_gc){ .phase = gc_phase(&state),
			       .cycles = SPY_UNKNOWN,
			       .forced = SPY_UNKNOWN,
			       .last_at = SPY_UNKNOWN,
			       .next_heap_bytes = SPY_UNKNOWN,
			       .pause_total_ns = SPY_UNKNOWN,
			       .percent = gc_percent(&state),
			       .memory_limit_bytes = SPY_UNKNOWN,
			       .cpu_fraction = NAN };
	if (state.controller && layout_has(layout, FIELD_gcc_memory_limit))
		gc->memory_limit_bytes = (int64_t)in_controller(&state, FIELD_gcc_memory_limit);
	if (!state.memstats)
		return;
	fill_collector(&state, gc);
	fill_memory(&state, memory, gc);
}

void collected_scheduler(struct go_runtime *runtime, const struct collected *collected,
			 struct spy_scheduler *ret)
{
	const struct runtime_layout *layout = &runtime->layout;
	const struct copy *copy = collected->state;
	const uint8_t *sched =
	    global_bytes(runtime, copy, GLOBAL_sched, layout_size(layout, SIZE_sched));
	const uint8_t *procs = global_bytes(runtime, copy, GLOBAL_gomaxprocs, 4);
	const uint8_t *ncpu = global_bytes(runtime, copy, GLOBAL_ncpu, 4);
	const struct {
		enum layout_slot slot;
		int64_t *value;
	} numbers[] = {
		{ .slot = FIELD_sched_runqsize, .value = &ret->global_run_queue },
		{ .slot = FIELD_sched_npidle, .value = &ret->idle_ps },
		{ .slot = FIELD_sched_nmidle, .value = &ret->idle_ms },
		{ .slot = FIELD_sched_nmspinning, .value = &ret->spinning_ms },
		{ .slot = FIELD_sched_nmfreed, .value = &ret->freed_ms },
		{ .slot = FIELD_sched_ngsys, .value = &ret->system_goroutines },
	};
	size_t i;

	/* Without the variable: allp has as many (proc.go: procresize). */
	*ret = (struct spy_scheduler){ .gomaxprocs = procs ? (int32_t)load_u32(procs)
							   : (int64_t)collected->ps.count,
				       .ncpu = ncpu ? (int32_t)load_u32(ncpu) : SPY_UNKNOWN };
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i].value = sched && layout_has(layout, numbers[i].slot)
					? (int64_t)layout_number(layout, numbers[i].slot, sched)
					: SPY_UNKNOWN;
}
