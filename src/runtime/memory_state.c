/* SPDX-License-Identifier: MIT */
#include "runtime/memory.h"

#include <time.h>

#include "base/cursor.h"

enum {
	PS_MAX = 4096,
	/* What a program may be made to claim is more than any version has. */
	MCACHE_BYTES_MAX = 16 << 10,
	MSPAN_BYTES_MAX = 1 << 10,
	SPANS_MAX = 1 << 18, /* in caches */
	PREPARE_TRIES = 3,
	EAGER_TRIES = 4, /* readings one right after the other */
};

/* ---- ranges ------------------------------------------------------------------------------- */

void state_want(struct memory_state *state, uint64_t address, void *buffer, size_t size)
{
	if (state->range_count == state->range_capacity) {
		state->range_capacity = state->range_capacity * 2 + 256;
		state->ranges =
		    memory_resize(state->ranges, state->range_capacity, sizeof(*state->ranges));
	}
	state->ranges[state->range_count++] =
	    (struct target_range){ .address = address, .buffer = buffer, .size = size };
}

bool state_fetch(struct memory_state *state)
{
	size_t count = state->range_count, i;
	bool all = true;

	state->range_count = 0;
	target_readv(state->runtime->target, state->ranges, count);
	for (i = 0; i < count; i++) {
		all = all && state->ranges[i].ok;
		if (!state->ranges[i].ok)
			memset(state->ranges[i].buffer, 0, state->ranges[i].size);
	}
	return all;
}

void state_forget(struct memory_state *state)
{
	state->range_count = 0;
}

static uint64_t global_address(const struct memory_state *state, enum global global)
{
	return state->runtime->globals[global].address;
}

static uint8_t *room_for(const struct memory_state *state, enum global global,
			 enum layout_slot size)
{
	size_t bytes = layout_size(state->layout, size);

	return global_address(state, global) && bytes ? memory_zeroed(bytes, 1) : NULL;
}

/* ---- made once ---------------------------------------------------------------------------- */

/* As many as there are counters for them: the size of the table's symbol may not be known. */
static size_t count_classes(const struct runtime_layout *layout)
{
	size_t ring = layout_size(layout, FIELD_hsd_small_alloc_count) / 8;
	size_t heap = layout_size(layout, FIELD_mheap_nsmallfree) / 8;
	size_t count = ring ? ring : heap;

	if (ring && layout_size(layout, FIELD_hsd_small_free_count) / 8 != ring)
		return 0;
	return count <= SIZE_CLASSES_MAX ? count : 0;
}

static void read_classes(struct memory_state *state)
{
	uint64_t address = global_address(state, GLOBAL_class_to_size);
	size_t count = count_classes(state->layout);

	if (!address || !count)
		return;
	state->classes = memory_zeroed(count, 2);
	state_want(state, address, state->classes, count * 2);
	if (state_fetch(state))
		state->class_count = count;
}

/* Whether the ring is as large as its member has room for: both sizes come from the target's own
 * DWARF. */
static bool ring_fits(const struct runtime_layout *layout)
{
	size_t size = layout_size(layout, FIELD_mstats_heap_stats);

	return size && HEAP_RING * layout_size(layout, SIZE_heap_stats_delta) <= size;
}

struct memory_state *memory_state_new(struct go_runtime *runtime)
{
	struct memory_state *state = memory_zeroed(1, sizeof(*state));
	const struct runtime_layout *layout = &runtime->layout;

	state->runtime = runtime;
	state->layout = layout;
	state->memstats = room_for(state, GLOBAL_memstats, SIZE_mstats);
	state->controller = room_for(state, GLOBAL_gc_controller, SIZE_gc_controller);
	state->heap = room_for(state, GLOBAL_mheap, SIZE_mheap);
	state->sched = room_for(state, GLOBAL_sched, SIZE_sched);
	if (state->memstats && ring_fits(layout))
		state->ring = memory_zeroed(layout_size(layout, FIELD_mstats_heap_stats) + 8, 1);
	state->span_classes = layout_size(layout, FIELD_mcache_alloc) / 8;
	if (state->span_classes > 2 * SIZE_CLASSES_MAX)
		state->span_classes = 0;
	state->arena_index = UINT64_MAX;
	read_classes(state);
	return state;
}

static void free_ps(struct memory_state *state)
{
	size_t i;

	state_forget(state);
	free(TAKE(state->p_addresses));
	free(TAKE(state->p_addresses_again));
	for (i = 0; i < state->p_count; i++)
		free(state->ps[i].first);
	free(TAKE(state->ps));
	free(TAKE(state->spans));
	free(TAKE(state->room));
	state->p_count = 0;
	state->has_ps = false;
}

void memory_state_free(struct memory_state *state)
{
	if (!state)
		return;
	free_ps(state);
	free(state->memstats);
	free(state->ring);
	free(state->controller);
	free(state->heap);
	free(state->sched);
	free(state->classes);
	free(state->ranges);
	free(state);
}

/* ---- the Ps ------------------------------------------------------------------------------- */

static void want_p(struct memory_state *state, struct memory_p *p, uint64_t *mcache)
{
	const struct runtime_layout *layout = state->layout;
	const struct {
		enum layout_slot slot;
		uint64_t *value;
	} members[] = {
		{ .slot = FIELD_p_mcache, .value = mcache },
		{ .slot = FIELD_p_status, .value = &p->status },
		{ .slot = FIELD_p_gfree_count, .value = &p->free_gs },
		{ .slot = FIELD_p_mspancache_len, .value = &p->free_mspans },
		{ .slot = FIELD_p_palloc_base, .value = &p->chunk_base },
		{ .slot = FIELD_p_palloc_off, .value = &p->chunk_used },
	};
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		size_t size = layout_size(layout, members[i].slot);

		*members[i].value = 0;
		if (size && size <= sizeof(uint64_t))
			state_want(state, p->address + layout_offset(layout, members[i].slot),
				   members[i].value, size);
	}
}

static bool list_ps(struct memory_state *state)
{
	size_t mcache = layout_size(state->layout, SIZE_mcache), i;

	state_want(state, global_address(state, GLOBAL_allp), state->allp, sizeof(state->allp));
	if (!state_fetch(state) || state->allp[1] > PS_MAX || mcache > MCACHE_BYTES_MAX)
		return false;
	state->p_count = state->allp[1];
	state->p_addresses = memory_zeroed(state->p_count + 1, sizeof(uint64_t));
	state->p_addresses_again = memory_zeroed(state->p_count + 1, sizeof(uint64_t));
	state->ps = memory_zeroed(state->p_count + 1, sizeof(*state->ps));
	state->spans =
	    memory_zeroed(state->p_count * state->span_classes + 1, sizeof(*state->spans));
	if (state->p_count)
		state_want(state, state->allp[0], state->p_addresses,
			   state->p_count * sizeof(uint64_t));
	if (!state_fetch(state))
		return false;
	for (i = 0; i < state->p_count; i++) {
		struct memory_p *p = &state->ps[i];

		p->address = state->p_addresses[i];
		p->first = memory_zeroed(3, mcache);
		p->before = p->first + mcache;
		p->after = p->before + mcache;
		if (p->address)
			want_p(state, p, &p->mcache);
	}
	return state_fetch(state);
}

void memory_state_prepare(struct memory_state *state)
{
	int try;

	for (try = 0; try < PREPARE_TRIES && !state->has_ps; try++) {
		free_ps(state);
		state->has_ps = list_ps(state);
	}
}

/* The Ps are those that are known, and their caches as they are now. */
static bool read_ps(struct memory_state *state)
{
	size_t mcache = layout_size(state->layout, SIZE_mcache), i;
	size_t addresses = state->p_count * sizeof(uint64_t);
	uint64_t allp[2];
	bool same;

	state_want(state, global_address(state, GLOBAL_allp), allp, sizeof(allp));
	if (addresses)
		state_want(state, state->allp[0], state->p_addresses_again, addresses);
	for (i = 0; i < state->p_count; i++) {
		struct memory_p *p = &state->ps[i];

		if (p->address)
			want_p(state, p, &p->mcache_again);
		if (p->mcache && mcache)
			state_want(state, p->mcache, p->first, mcache);
	}
	same = state_fetch(state) && memcmp(allp, state->allp, sizeof(allp)) == 0 &&
	       memcmp(state->p_addresses, state->p_addresses_again, addresses) == 0;
	for (i = 0; i < state->p_count; i++)
		same = same && state->ps[i].mcache == state->ps[i].mcache_again;
	state->has_ps = same;
	return same;
}

/* ---- variables ---------------------------------------------------------------------------- */

static bool want_small(struct memory_state *state, enum global global, void *buffer, size_t size)
{
	uint64_t address = global_address(state, global);

	if (address)
		state_want(state, address, buffer, size);
	return address;
}

static void want_memstats(struct memory_state *state)
{
	if (state->memstats)
		state_want(state, global_address(state, GLOBAL_memstats), state->memstats,
			   layout_size(state->layout, SIZE_mstats));
}

/* mheap_.central: counters up to 1.15, lists of swept spans from then on. */
static void want_central(struct memory_state *state)
{
	size_t offset = layout_offset(state->layout, FIELD_mheap_central);

	if (state->heap)
		state_want(state, global_address(state, GLOBAL_mheap) + offset,
			   state->heap + offset, layout_size(state->layout, FIELD_mheap_central));
}

/* What may be a little older than the counters. */
static void want_slow(struct memory_state *state)
{
	if (!layout_has(state->layout, FIELD_mcentral_nmalloc))
		want_central(state);
	if (state->ring)
		want_memstats(state);
	if (state->sched)
		want_small(state, GLOBAL_sched, state->sched,
			   layout_size(state->layout, SIZE_sched));
	state->has_allgs = want_small(state, GLOBAL_allgs, state->allgs, sizeof(state->allgs));
	state->has_gcphase = want_small(state, GLOBAL_gcphase, &state->gcphase, 4);
	state->has_gcpercent = want_small(state, GLOBAL_gcpercent, &state->gcpercent, 4);
}

/* The counters: ring or mcentrals, and what agrees with them. */
static void want_counters(struct memory_state *state)
{
	static const enum layout_slot members[] = {
		FIELD_mheap_sweepgen,    FIELD_mheap_arenas,          FIELD_mheap_spans,
		FIELD_mheap_arena_start, FIELD_mheap_spanalloc_inuse, FIELD_mheap_cachealloc_inuse,
		FIELD_mheap_largealloc,  FIELD_mheap_nlargealloc,     FIELD_mheap_largefree,
		FIELD_mheap_nlargefree,  FIELD_mheap_nsmallfree,
	};
	const struct runtime_layout *layout = state->layout;
	uint64_t heap = global_address(state, GLOBAL_mheap);
	size_t i;

	if (state->ring)
		state_want(state,
			   global_address(state, GLOBAL_memstats) +
			       layout_offset(layout, FIELD_mstats_heap_stats),
			   state->ring, layout_size(layout, FIELD_mstats_heap_stats) + 8);
	else
		want_memstats(state);
	if (state->controller)
		want_small(state, GLOBAL_gc_controller, state->controller,
			   layout_size(layout, SIZE_gc_controller));
	for (i = 0; state->heap && i < sizeof(members) / sizeof(members[0]); i++)
		if (layout_has(layout, members[i]))
			state_want(state, heap + layout_offset(layout, members[i]),
				   state->heap + layout_offset(layout, members[i]),
				   layout_size(layout, members[i]));
	if (layout_has(layout, FIELD_mcentral_nmalloc))
		want_central(state);
}

/* ---- the caches of the Ps ----------------------------------------------------------------- */

static uint64_t cached_address(const struct memory_state *state, const uint8_t *mcache,
			       size_t class)
{
	return load_u64(mcache + layout_offset(state->layout, FIELD_mcache_alloc) + class * 8);
}

/* runtime.emptymspan, which an mcache has where it has no span: always in the class of large
 * objects, which are not cached (runtime/mcache.go). */
static uint64_t empty_span(const struct memory_state *state)
{
	size_t i;

	for (i = 0; i < state->p_count; i++)
		if (state->ps[i].mcache)
			return cached_address(state, state->ps[i].first, 0);
	return 0;
}

/* The spans that the first copies of the mcaches name, and room for them. */
static bool list_spans(struct memory_state *state)
{
	size_t size = layout_size(state->layout, SIZE_mspan), count = 0, i, class;
	uint64_t empty = empty_span(state);

	for (i = 0; i < state->p_count; i++)
		for (class = 0; class < state->span_classes; class ++) {
			struct memory_span *span = &state->spans[i * state->span_classes + class];

			*span = (struct memory_span){ 0 };
			if (state->ps[i].mcache)
				span->address = cached_address(state, state->ps[i].first, class);
			if (span->address == empty)
				span->address = 0;
			count += span->address != 0;
		}
	if (count > SPANS_MAX || size > MSPAN_BYTES_MAX)
		return false;
	state->room = memory_resize(state->room, count * 2 + 1, size + 8);
	count = 0;
	for (i = 0; i < state->p_count * state->span_classes; i++)
		if (state->spans[i].address) {
			state->spans[i].bytes = state->room + size * count++;
			state->spans[i].after = state->room + size * count++;
		}
	return true;
}

static void want_mcaches(struct memory_state *state, bool after)
{
	size_t size = layout_size(state->layout, SIZE_mcache), i;

	for (i = 0; i < state->p_count; i++)
		if (state->ps[i].mcache)
			state_want(state, state->ps[i].mcache,
				   after ? state->ps[i].after : state->ps[i].before, size);
}

static void want_spans(struct memory_state *state, bool after)
{
	size_t size = layout_size(state->layout, SIZE_mspan), i;

	for (i = 0; i < state->p_count * state->span_classes; i++)
		if (state->spans[i].address)
			state_want(state, state->spans[i].address,
				   after ? state->spans[i].after : state->spans[i].bytes, size);
}

/* Whether a P has a span in its cache, or has given it back already (runtime/mheap.go: mspan). */
static bool is_cached(const struct memory_state *state, const uint8_t *span)
{
	uint32_t sweepgen, heap_sweepgen;

	if (layout_has(state->layout, FIELD_mspan_incache))
		return layout_number(state->layout, FIELD_mspan_incache, span);
	if (!state->heap || !layout_has(state->layout, FIELD_mspan_sweepgen))
		return true;
	sweepgen = (uint32_t)layout_number(state->layout, FIELD_mspan_sweepgen, span);
	heap_sweepgen = (uint32_t)state_number(state, FIELD_mheap_sweepgen, state->heap);
	return sweepgen == heap_sweepgen + 3 || sweepgen == heap_sweepgen + 1;
}

/* One that has been given back and still is where it was: the P is about to take another, and may
 * or may not have told the counters of either. */
static enum cached_span judge_still(const struct memory_state *state,
				    const struct memory_span *span)
{
	if (!span->address)
		return CACHED_SPAN_NONE;
	return is_cached(state, span->bytes) ? CACHED_SPAN_THERE : CACHED_SPAN_UNSETTLED;
}

/*
 * What is known of a place for a span, of a target that runs on. From 1.19 on, objects in a span
 * that came after the reading began need not be counted: what is counted is then no less than at
 * its beginning and no more than at its end. Before, a span counts as full once it is taken.
 */
static enum cached_span judge(const struct memory_state *state, const struct memory_p *p,
			      const struct memory_span *span, size_t class)
{
	bool exact = layout_has(state->layout, FIELD_mspan_alloc_count_before_cache);
	uint64_t first = cached_address(state, p->first, class);
	uint64_t before = cached_address(state, p->before, class);
	uint64_t after = cached_address(state, p->after, class);

	if (first != before || (!span->address && before != after))
		return exact ? CACHED_SPAN_NONE : CACHED_SPAN_UNSETTLED;
	if (!span->address)
		return CACHED_SPAN_NONE;
	if (after != first || !is_cached(state, span->bytes) || !is_cached(state, span->after))
		return CACHED_SPAN_UNSETTLED;
	if (state_number(state, FIELD_mspan_alloc_count_before_cache, span->bytes) !=
	    state_number(state, FIELD_mspan_alloc_count_before_cache, span->after))
		return CACHED_SPAN_UNSETTLED;
	return CACHED_SPAN_THERE;
}

/* The counters of an mcache only grow, until they are added to those of all. */
static bool was_flushed(const struct memory_state *state, const struct memory_p *p)
{
	static const enum layout_slot counters[] = {
		FIELD_mcache_tiny_allocs,
		FIELD_mcache_local_largefree,
		FIELD_mcache_local_nlargefree,
		FIELD_mcache_local_nlookup,
	};
	const struct runtime_layout *layout = state->layout;
	size_t small = layout_offset(layout, FIELD_mcache_local_nsmallfree);
	size_t classes = layout_size(layout, FIELD_mcache_local_nsmallfree) / 8, i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (layout_number(layout, counters[i], p->before) >
		    layout_number(layout, counters[i], p->after))
			return true;
	for (i = 0; i < classes; i++)
		if (load_u64(p->before + small + i * 8) > load_u64(p->after + small + i * 8))
			return true;
	return false;
}

static void settle(struct memory_state *state, bool still)
{
	size_t i, class;

	state->unsettled = 0;
	for (i = 0; i < state->p_count; i++) {
		const struct memory_p *p = &state->ps[i];

		if (!p->mcache)
			continue;
		if (!still)
			state->unsettled += was_flushed(state, p);
		for (class = 0; class < state->span_classes; class ++) {
			struct memory_span *span = &state->spans[i * state->span_classes + class];

			span->state =
			    still ? judge_still(state, span) : judge(state, p, span, class);
			state->unsettled += span->state == CACHED_SPAN_UNSETTLED;
		}
	}
}

/* ---- a reading ---------------------------------------------------------------------------- */

static bool read_once(struct memory_state *state, bool still)
{
	size_t mcache = layout_size(state->layout, SIZE_mcache), i;

	state->unsettled = 1;
	state->torn = true;
	state->readable = state->complete = false;
	memory_state_prepare(state);
	if (!state->has_ps || !read_ps(state) || !list_spans(state))
		return false;
	want_slow(state);
	if (!still)
		want_mcaches(state, false);
	want_spans(state, false);
	want_counters(state);
	if (!still) {
		want_mcaches(state, true);
		want_spans(state, true);
	}
	if (!state_fetch(state))
		return false;
	state->readable = state->complete = true;
	for (i = 0; still && i < state->p_count; i++)
		memcpy(state->ps[i].before, state->ps[i].first, mcache);
	settle(state, still);
	state->torn = !memory_sums_agree(state);
	if (!memory_stacks_read(state))
		state->torn = true;
	memory_flush_read(state);
	return !state->unsettled && !state->torn;
}

/* The variables alone. */
static bool read_variables(struct memory_state *state)
{
	state->unsettled = 0;
	state->torn = state->complete = false;
	state->stacks = (struct memory_stacks){ 0 };
	state->growth = (struct memory_growth){ 0 };
	want_slow(state);
	want_counters(state);
	state->readable = state_fetch(state);
	return state->readable;
}

/* A thread that lost its processor just where it moves something from one counter to another will
 * have it again after some milliseconds: longer and longer rests, up to 4 ms. */
static void rest(unsigned rested)
{
	struct timespec time = { .tv_nsec = 125000l << (rested < 5 ? rested : 5) };

	nanosleep(&time, NULL);
}

bool memory_state_read(struct memory_state *state, enum memory_parts parts, unsigned tries)
{
	unsigned try;

	state->repeated = 0;
	state->still = tries == 1;
	if (parts == MEMORY_VARIABLES)
		return read_variables(state);
	for (try = 0; try < tries; try++) {
		if (try >= EAGER_TRIES)
			rest(try - EAGER_TRIES);
		if (read_once(state, state->still))
			return true;
		state->repeated += try + 1 < tries;
	}
	if (!state->complete)
		read_variables(state);
	return false;
}
