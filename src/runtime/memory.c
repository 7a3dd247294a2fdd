/* SPDX-License-Identifier: MIT
 *
 * The figures of runtime.MemStats, recomputed: what ReadMemStats would return if it were called
 * now, with what the Ps hold in their caches counted as its flush would (runtime/mstats.go:
 * updatememstats, readmemstats_m; runtime/mcache.go: releaseAll; runtime/stack.go:
 * stackcache_clear).
 *
 * Three ways of counting objects, told apart by the members that there are:
 * - to 1.15: mcentral.nmalloc counts a span as full when a P takes it; frees stand in mheap_ and
 *   mcaches;
 * - 1.16 to 1.18: the same, in the ring memstats.heapStats, frees too;
 * - 1.19 on: the ring counts what was allocated when a P gives a span back.
 */
#include "runtime/memory.h"

#include <math.h>
#include <string.h>

#include "base/cursor.h"

struct totals {
	uint64_t alloc_bytes, free_bytes, mallocs, frees;
};

static uint64_t in_memstats(const struct memory_state *state, enum layout_slot slot)
{
	return state_number(state, slot, state->memstats);
}

static uint64_t in_controller(const struct memory_state *state, enum layout_slot slot)
{
	return state_number(state, slot, state->controller);
}

static int64_t known_in_memstats(const struct memory_state *state, enum layout_slot slot)
{
	return state->memstats && layout_has(state->layout, slot)
		   ? (int64_t)layout_number(state->layout, slot, state->memstats)
		   : SPY_UNKNOWN;
}

/* ---- objects ------------------------------------------------------------------------------ */

/* The sum over the ring of one member. */
static uint64_t ring_sum(const struct memory_state *state, enum layout_slot slot)
{
	size_t stride = layout_size(state->layout, SIZE_heap_stats_delta), i;
	uint64_t sum = 0;

	for (i = 0; i < HEAP_RING; i++)
		sum += layout_number(state->layout, slot, state->ring + i * stride);
	return sum;
}

static void ring_small(const struct memory_state *state, enum layout_slot slot, uint64_t *counts)
{
	size_t stride = layout_size(state->layout, SIZE_heap_stats_delta), i, class;

	for (i = 0; i < HEAP_RING; i++)
		for (class = 0; class < state->class_count; class ++)
			counts[class] += load_u64(state->ring + i * stride +
						  layout_offset(state->layout, slot) + class * 8);
}

static void count_by_ring(const struct memory_state *state, struct heap_counts *counts)
{
	counts->large_alloc_bytes = ring_sum(state, FIELD_hsd_large_alloc);
	counts->large_mallocs = ring_sum(state, FIELD_hsd_large_alloc_count);
	counts->large_free_bytes = ring_sum(state, FIELD_hsd_large_free);
	counts->large_frees = ring_sum(state, FIELD_hsd_large_free_count);
	ring_small(state, FIELD_hsd_small_alloc_count, counts->mallocs);
	ring_small(state, FIELD_hsd_small_free_count, counts->frees);
	counts->tiny = layout_has(state->layout, FIELD_hsd_tiny_alloc_count)
			   ? ring_sum(state, FIELD_hsd_tiny_alloc_count)
			   : in_memstats(state, FIELD_mstats_tinyallocs);
	counts->stacks = ring_sum(state, FIELD_hsd_in_stacks);
	counts->work_bufs = ring_sum(state, FIELD_hsd_in_work_bufs);
	counts->ptr_scalar_bits = ring_sum(state, FIELD_hsd_in_ptr_scalar_bits);
}

/* To 1.15: mheap_.central[spanClass].mcentral.nmalloc, each entry padded to a cache line. */
static bool count_by_central(const struct memory_state *state, struct heap_counts *counts)
{
	const struct runtime_layout *layout = state->layout;
	size_t classes = state->span_classes, class;
	size_t stride = classes ? layout_size(layout, FIELD_mheap_central) / classes : 0;
	const uint8_t *central = state->heap + layout_offset(layout, FIELD_mheap_central);
	const uint8_t *frees = state->heap + layout_offset(layout, FIELD_mheap_nsmallfree);

	if (layout_offset(layout, FIELD_mcentral_nmalloc) + 8 > stride ||
	    classes > state->class_count * 2)
		return false;
	counts->large_alloc_bytes = state_number(state, FIELD_mheap_largealloc, state->heap);
	counts->large_mallocs = state_number(state, FIELD_mheap_nlargealloc, state->heap);
	counts->large_free_bytes = state_number(state, FIELD_mheap_largefree, state->heap);
	counts->large_frees = state_number(state, FIELD_mheap_nlargefree, state->heap);
	for (class = 0; class < classes; class ++)
		counts->mallocs[class >> 1] +=
		    layout_number(layout, FIELD_mcentral_nmalloc, central + class * stride);
	for (class = 0; class < state->class_count; class ++)
		counts->frees[class] = load_u64(frees + class * 8);
	counts->tiny = in_memstats(state, FIELD_mstats_tinyallocs);
	counts->lookups = in_memstats(state, FIELD_mstats_nlookup);
	counts->stacks = in_memstats(state, FIELD_mstats_stacks_inuse);
	return true;
}

/* What the Ps have counted and not yet told: tiny objects, and (to 1.15) frees. */
static void count_caches(const struct memory_state *state, struct heap_counts *counts)
{
	const struct runtime_layout *layout = state->layout;
	size_t classes = layout_size(layout, FIELD_mcache_local_nsmallfree) / 8, i, class;

	for (i = 0; i < state->p_count; i++) {
		const uint8_t *cache = state->ps[i].before;

		if (!state->ps[i].mcache)
			continue;
		counts->tiny += layout_number(layout, FIELD_mcache_tiny_allocs, cache);
		counts->lookups += layout_number(layout, FIELD_mcache_local_nlookup, cache);
		counts->large_free_bytes +=
		    layout_number(layout, FIELD_mcache_local_largefree, cache);
		counts->large_frees += layout_number(layout, FIELD_mcache_local_nlargefree, cache);
		for (class = 0; class < classes && class < state->class_count; class ++)
			counts->frees[class] +=
			    load_u64(cache + layout_offset(layout, FIELD_mcache_local_nsmallfree) +
				     class * 8);
	}
}

/* What is allocated in a span that a P has, beyond what is counted already. */
static void count_span(const struct memory_state *state, const struct memory_span *span,
		       size_t class, struct heap_counts *counts)
{
	const struct runtime_layout *layout = state->layout;
	uint64_t objects;

	if (span->state == CACHED_SPAN_NONE || !span->bytes || class >= state->class_count)
		return;
	objects = layout_number(layout, FIELD_mspan_alloc_count, span->bytes);
	if (layout_has(layout, FIELD_mspan_alloc_count_before_cache)) {
		if (span->state == CACHED_SPAN_UNSETTLED)
			return;
		objects -= layout_number(layout, FIELD_mspan_alloc_count_before_cache, span->bytes);
		counts->unflushed_bytes +=
		    objects * layout_number(layout, FIELD_mspan_elemsize, span->bytes);
	} else {
		objects -= layout_number(layout, FIELD_mspan_nelems, span->bytes);
	}
	counts->mallocs[class] += objects;
}

bool memory_counts(const struct memory_state *state, bool flushed, struct heap_counts *ret)
{
	size_t i, class;

	*ret = (struct heap_counts){ 0 };
	if (flushed && !state->complete)
		return false;
	if (!state->class_count || state->class_count > SIZE_CLASSES_MAX)
		return false;
	if (state->ring)
		count_by_ring(state, ret);
	else if (!state->memstats || !state->heap || !count_by_central(state, ret))
		return false;
	for (i = 0; flushed && i < state->p_count; i++)
		for (class = 0; class < state->span_classes; class ++)
			count_span(state, &state->spans[i * state->span_classes + class],
				   class >> 1, ret);
	if (flushed)
		count_caches(state, ret);
	return true;
}

static uint64_t class_size(const struct memory_state *state, size_t class)
{
	return load_u16(state->classes + class * 2);
}

static struct totals add_up(const struct memory_state *state, const struct heap_counts *counts)
{
	struct totals totals = { .alloc_bytes = counts->large_alloc_bytes,
				 .free_bytes = counts->large_free_bytes,
				 .mallocs = counts->large_mallocs + counts->tiny,
				 .frees = counts->large_frees + counts->tiny };
	size_t class;

	for (class = 0; class < state->class_count; class ++) {
		totals.mallocs += counts->mallocs[class];
		totals.frees += counts->frees[class];
		totals.alloc_bytes += counts->mallocs[class] * class_size(state, class);
		totals.free_bytes += counts->frees[class] * class_size(state, class);
	}
	return totals;
}

/* ---- the heap goal ------------------------------------------------------------------------ */

/* runtime/mgcpacer.go: memoryLimitHeapGoal (1.19+). `unflushed`: bytes allocated and not yet in
 * totalAlloc; `stacks`: that will be free. */
static uint64_t limit_goal(const struct memory_state *state, uint64_t unflushed, bool flushed)
{
	const uint64_t min_headroom = 1 << 20;
	uint64_t marked = in_controller(state, FIELD_gcc_heap_marked);
	uint64_t limit = in_controller(state, FIELD_gcc_memory_limit);
	uint64_t grown = (uint64_t)(state->growth.gc_bytes + state->growth.other_bytes);
	uint64_t mapped = in_controller(state, FIELD_gcc_mapped_ready) + (flushed ? grown : 0);
	uint64_t alloc = in_controller(state, FIELD_gcc_total_alloc) + unflushed -
			 in_controller(state, FIELD_gcc_total_free);
	uint64_t free_bytes =
	    in_controller(state, FIELD_gcc_heap_free) + (flushed ? state->stacks.bytes : 0);
	uint64_t other = mapped - free_bytes - alloc;
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
static uint64_t heap_goal(const struct memory_state *state, uint64_t unflushed, bool flushed)
{
	const uint64_t min_runway = 64 << 10;
	uint64_t goal = in_controller(state, FIELD_gcc_gc_percent_heap_goal);
	uint64_t limit = limit_goal(state, unflushed, flushed);
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

int64_t memory_heap_goal(const struct memory_state *state, bool flushed)
{
	const struct runtime_layout *layout = state->layout;
	struct heap_counts counts;

	if (state->memstats && layout_has(layout, FIELD_mstats_next_gc))
		return (int64_t)in_memstats(state, FIELD_mstats_next_gc);
	if (state->controller && layout_has(layout, FIELD_gcc_heap_goal))
		return (int64_t)in_controller(state, FIELD_gcc_heap_goal);
	if (!state->controller || !layout_has(layout, FIELD_gcc_gc_percent_heap_goal) ||
	    (flushed && state->growth.unknown &&
	     in_controller(state, FIELD_gcc_memory_limit) != INT64_MAX) ||
	    !memory_counts(state, flushed, &counts))
		return SPY_UNKNOWN;
	return (int64_t)heap_goal(state, counts.unflushed_bytes, flushed);
}

/* ---- the figures -------------------------------------------------------------------------- */

static void fill_objects(const struct memory_state *state, const struct heap_counts *counts,
			 struct spy_memstats *ret)
{
	struct totals totals = add_up(state, counts);
	size_t class;

	ret->alloc_bytes = ret->heap_alloc_bytes =
	    (int64_t)(totals.alloc_bytes - totals.free_bytes);
	ret->total_alloc_bytes = (int64_t)totals.alloc_bytes;
	ret->mallocs = (int64_t)totals.mallocs;
	ret->frees = (int64_t)totals.frees;
	ret->heap_objects = (int64_t)(totals.mallocs - totals.frees);
	ret->lookups = (int64_t)counts->lookups;
	for (class = 0; class < SPY_SIZE_CLASSES && class < state->class_count; class ++)
		ret->by_size[class] =
		    (struct spy_size_class){ .size_bytes = (int64_t)class_size(state, class),
					     .mallocs = (int64_t)counts->mallocs[class],
					     .frees = (int64_t)counts->frees[class] };
}

/* HeapSys and what it consists of. False if it is not known. */
static bool fill_heap(const struct memory_state *state, struct spy_memstats *ret)
{
	const struct runtime_layout *layout = state->layout;
	uint64_t in_use, released, sys;

	if (state->memstats && layout_has(layout, FIELD_mstats_heap_sys)) {
		in_use = in_memstats(state, FIELD_mstats_heap_inuse);
		released = in_memstats(state, FIELD_mstats_heap_released);
		sys = in_memstats(state, FIELD_mstats_heap_sys);
	} else if (state->controller && layout_has(layout, FIELD_gcc_heap_in_use)) {
		in_use = in_controller(state, FIELD_gcc_heap_in_use);
		released = in_controller(state, FIELD_gcc_heap_released);
		sys = in_use + in_controller(state, FIELD_gcc_heap_free) + released;
	} else {
		return false;
	}
	sys += state->stacks.bytes;
	ret->heap_inuse_bytes = (int64_t)in_use;
	ret->heap_released_bytes = (int64_t)released;
	ret->heap_sys_bytes = (int64_t)sys;
	ret->heap_idle_bytes = (int64_t)(sys - in_use);
	return true;
}

/* A figure and what the flush adds to it. */
static int64_t grown(const struct memory_state *state, int64_t figure, int64_t by)
{
	return state->growth.unknown || figure == SPY_UNKNOWN ? SPY_UNKNOWN : figure + by;
}

static void fill_parts(const struct memory_state *state, struct spy_memstats *ret)
{
	ret->mspan_sys_bytes = known_in_memstats(state, FIELD_mstats_mspan_sys);
	ret->mcache_sys_bytes = known_in_memstats(state, FIELD_mstats_mcache_sys);
	ret->buckhash_sys_bytes = known_in_memstats(state, FIELD_mstats_buckhash_sys);
	ret->gc_sys_bytes = known_in_memstats(state, FIELD_mstats_gc_sys);
	ret->gc_sys_bytes = grown(state, ret->gc_sys_bytes, state->growth.gc_bytes);
	ret->other_sys_bytes = grown(state, known_in_memstats(state, FIELD_mstats_other_sys),
				     state->growth.other_bytes);
	if (state->heap && layout_has(state->layout, FIELD_mheap_spanalloc_inuse))
		ret->mspan_inuse_bytes =
		    (int64_t)state_number(state, FIELD_mheap_spanalloc_inuse, state->heap);
	if (state->heap && layout_has(state->layout, FIELD_mheap_cachealloc_inuse))
		ret->mcache_inuse_bytes =
		    (int64_t)state_number(state, FIELD_mheap_cachealloc_inuse, state->heap);
}

static void fill_sizes(const struct memory_state *state, const struct heap_counts *counts,
		       struct spy_memstats *ret)
{
	int64_t stacks_sys = known_in_memstats(state, FIELD_mstats_stacks_sys);
	int64_t in_gc = (int64_t)(counts->work_bufs + counts->ptr_scalar_bits);
	int64_t *const parts[] = { &ret->heap_sys_bytes,     &ret->stack_sys_bytes,
				   &ret->mspan_sys_bytes,    &ret->mcache_sys_bytes,
				   &ret->buckhash_sys_bytes, &ret->gc_sys_bytes,
				   &ret->other_sys_bytes };
	int64_t sys = 0;
	size_t i;

	ret->stack_inuse_bytes = (int64_t)(counts->stacks - state->stacks.bytes);
	if (stacks_sys != SPY_UNKNOWN)
		ret->stack_sys_bytes = stacks_sys + ret->stack_inuse_bytes;
	if (ret->gc_sys_bytes != SPY_UNKNOWN)
		ret->gc_sys_bytes += in_gc;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (*parts[i] == SPY_UNKNOWN)
			return;
		sys += *parts[i];
	}
	ret->sys_bytes = sys;
}

static void fill_pauses(const struct memory_state *state, enum layout_slot slot, int64_t *ret)
{
	size_t count = layout_size(state->layout, slot) / 8, i;

	if (state->memstats && layout_has(state->layout, slot))
		for (i = 0; i < SPY_PAUSES && i < count; i++)
			ret[i] = (int64_t)load_u64(state->memstats +
						   layout_offset(state->layout, slot) + i * 8);
}

static void fill_collections(const struct memory_state *state, struct spy_memstats *ret)
{
	const struct runtime_layout *layout = state->layout;
	uint64_t fraction = in_memstats(state, FIELD_mstats_gc_cpu_fraction);

	ret->last_gc_at = known_in_memstats(state, FIELD_mstats_last_gc_unix);
	ret->pause_total_ns = known_in_memstats(state, FIELD_mstats_pause_total_ns);
	ret->num_gc = known_in_memstats(state, FIELD_mstats_numgc);
	ret->num_forced_gc = known_in_memstats(state, FIELD_mstats_numforcedgc);
	if (state->memstats && layout_has(layout, FIELD_mstats_gc_cpu_fraction))
		memcpy(&ret->gc_cpu_fraction, &fraction, sizeof(fraction));
	/* A copy of the member up to 1.15, constant after that. */
	ret->enable_gc = layout_has(layout, FIELD_mstats_heap_idle)
			     ? in_memstats(state, FIELD_mstats_enablegc) != 0
			     : true;
	ret->debug_gc = in_memstats(state, FIELD_mstats_debuggc) != 0;
	fill_pauses(state, FIELD_mstats_pause_ns, ret->pause_ns);
	fill_pauses(state, FIELD_mstats_pause_end, ret->pause_end_at);
}

static void make_unknown(struct spy_memstats *ret)
{
	int64_t *const numbers[] = {
		&ret->alloc_bytes,
		&ret->total_alloc_bytes,
		&ret->sys_bytes,
		&ret->lookups,
		&ret->mallocs,
		&ret->frees,
		&ret->heap_alloc_bytes,
		&ret->heap_sys_bytes,
		&ret->heap_idle_bytes,
		&ret->heap_inuse_bytes,
		&ret->heap_released_bytes,
		&ret->heap_objects,
		&ret->stack_inuse_bytes,
		&ret->stack_sys_bytes,
		&ret->mspan_inuse_bytes,
		&ret->mspan_sys_bytes,
		&ret->mcache_inuse_bytes,
		&ret->mcache_sys_bytes,
		&ret->buckhash_sys_bytes,
		&ret->gc_sys_bytes,
		&ret->other_sys_bytes,
		&ret->next_gc_bytes,
		&ret->last_gc_at,
		&ret->pause_total_ns,
		&ret->num_gc,
		&ret->num_forced_gc,
	};
	size_t i;

	*ret = (struct spy_memstats){ .gc_cpu_fraction = NAN };
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = SPY_UNKNOWN;
	for (i = 0; i < SPY_PAUSES; i++)
		ret->pause_ns[i] = ret->pause_end_at[i] = SPY_UNKNOWN;
	for (i = 0; i < SPY_SIZE_CLASSES; i++)
		ret->by_size[i] = (struct spy_size_class){ SPY_UNKNOWN, SPY_UNKNOWN, SPY_UNKNOWN };
}

void memory_statistics(const struct memory_state *state, struct spy_memstats *ret)
{
	/* Sums of what was moving to and fro are not shown. */
	bool usable = state->readable && (!state->torn || state->still);
	struct heap_counts counts;
	bool counted =
	    usable && (!state->unsettled || state->still) && memory_counts(state, true, &counts);

	make_unknown(ret);
	if (!state->readable)
		return;
	fill_collections(state, ret);
	fill_parts(state, ret);
	if (counted || layout_has(state->layout, FIELD_mstats_next_gc) ||
	    layout_has(state->layout, FIELD_gcc_heap_goal))
		ret->next_gc_bytes = memory_heap_goal(state, true);
	if (counted)
		fill_objects(state, &counts, ret);
	if (usable && fill_heap(state, ret) && counted)
		fill_sizes(state, &counts, ret);
}

/* ---- for a snapshot ----------------------------------------------------------------------- */

static int64_t gc_percent(const struct memory_state *state)
{
	if (state->controller && layout_has(state->layout, FIELD_gcc_gc_percent))
		return (int32_t)in_controller(state, FIELD_gcc_gc_percent);
	return state->has_gcpercent ? state->gcpercent : SPY_UNKNOWN;
}

/* runtime/mgc.go: _GCoff, _GCmark, _GCmarktermination. */
static const char *gc_phase(const struct memory_state *state)
{
	static const char *const names[] = { "off", "mark", "mark termination" };

	return state->has_gcphase && state->gcphase < 3 ? names[state->gcphase] : NULL;
}

void memory_collector(const struct memory_state *state, const struct spy_memstats *memstats,
		      struct spy_gc *ret)
{
	*ret = (struct spy_gc){ .phase = gc_phase(state),
				.cycles = memstats->num_gc,
				.forced = memstats->num_forced_gc,
				.last_at = memstats->last_gc_at,
				.next_heap_bytes = memstats->next_gc_bytes,
				.pause_total_ns = memstats->pause_total_ns,
				.percent = gc_percent(state),
				.memory_limit_bytes = SPY_UNKNOWN,
				.cpu_fraction = memstats->gc_cpu_fraction };
	if (!ret->last_at)
		ret->last_at = SPY_UNKNOWN; /* there was none yet */
	if (state->controller && layout_has(state->layout, FIELD_gcc_memory_limit))
		ret->memory_limit_bytes = (int64_t)in_controller(state, FIELD_gcc_memory_limit);
}

int64_t memory_heap_live(const struct memory_state *state)
{
	if (state->memstats && layout_has(state->layout, FIELD_mstats_heap_live))
		return (int64_t)in_memstats(state, FIELD_mstats_heap_live);
	if (state->controller && layout_has(state->layout, FIELD_gcc_heap_live))
		return (int64_t)in_controller(state, FIELD_gcc_heap_live);
	return SPY_UNKNOWN;
}

int64_t memory_goroutines(const struct memory_state *state)
{
	const struct runtime_layout *layout = state->layout;
	int64_t count = (int64_t)state->allgs[1];
	size_t i;

	if (!state->complete || !state->has_ps || !state->has_allgs || !state->sched)
		return SPY_UNKNOWN;
	for (i = 0; i < state->p_count; i++)
		count -= (int64_t)state->ps[i].free_gs;
	count -= (int64_t)layout_number(layout, FIELD_sched_gfree_count, state->sched) +
		 (int64_t)layout_number(layout, FIELD_sched_gfree_stack_count, state->sched) +
		 (int64_t)layout_number(layout, FIELD_sched_gfree_nostack_count, state->sched) +
		 (int64_t)layout_number(layout, FIELD_sched_ngsys, state->sched);
	return count < 1 ? 1 : count;
}
