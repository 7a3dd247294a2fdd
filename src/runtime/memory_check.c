/* SPDX-License-Identifier: MIT
 *
 * Whether a reading of the memory statistics fits together.
 */
#include "base/cursor.h"
#include "runtime/memory_state.h"

static uint64_t ring_sum(const struct memory_state *state, enum layout_slot slot)
{
	size_t stride = layout_size(state->layout, SIZE_heap_stats_delta), i;
	uint64_t sum = 0;

	for (i = 0; i < HEAP_RING; i++)
		sum += layout_number(state->layout, slot, state->ring + i * stride);
	return sum;
}

/* The number of turns that stands behind the ring, modulo three. */
static uint64_t ring_turns(const struct memory_state *state, const uint8_t *ring)
{
	size_t offset = layout_offset(state->layout, FIELD_mstats_heap_stats_gen) -
			layout_offset(state->layout, FIELD_mstats_heap_stats);

	return load_u32(ring + offset);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* consistentHeapStats.read zeroes the delta behind the one that is written to when it is done: if
 * it is zero, and nobody turned the ring between two looks, nobody was at it in the second. */
static bool ring_rests(const struct memory_state *state)
{
	const struct runtime_layout *layout = state->layout;
	const uint8_t *older = state->memstats + layout_offset(layout, FIELD_mstats_heap_stats);
	size_t stride = layout_size(layout, SIZE_heap_stats_delta), behind;
	uint64_t turns;

	/* It stands right behind the ring, of which eight bytes more are read. */
	if (!layout_has(layout, FIELD_mstats_heap_stats_gen) ||
	    layout_offset(layout, FIELD_mstats_heap_stats_gen) <
		layout_offset(layout, FIELD_mstats_heap_stats) ||
	    layout_offset(layout, FIELD_mstats_heap_stats_gen) + 4 >
		layout_offset(layout, FIELD_mstats_heap_stats) +
		    layout_size(layout, FIELD_mstats_heap_stats) + 8)
		return true;
	turns = ring_turns(state, state->ring);
	if (turns >= HEAP_RING || turns != ring_turns(state, older))
		return false;
	behind = stride * ((turns + 1) % HEAP_RING);
	return is_zero(older + behind, stride) && is_zero(state->ring + behind, stride);
}

static uint64_t ring_allocated(const struct memory_state *state)
{
	const struct runtime_layout *layout = state->layout;
	size_t offset = layout_offset(layout, FIELD_hsd_small_alloc_count), i, class;
	uint64_t sum = ring_sum(state, FIELD_hsd_large_alloc);

	for (i = 0; i < HEAP_RING; i++) {
		const uint8_t *counts =
		    state->ring + i * layout_size(layout, SIZE_heap_stats_delta) + offset;

		for (class = 0; class < state->class_count; class ++)
			sum += load_u64(counts + class * 8) * load_u16(state->classes + class * 2);
	}
	return sum;
}

/* runtime/mstats.go: updatememstats (1.16 to 1.18), readmemstats_m (1.19+). */
static bool ring_agrees(const struct memory_state *state)
{
	const struct runtime_layout *layout = state->layout;
	uint64_t in_heap = ring_sum(state, FIELD_hsd_in_heap);
	uint64_t released = ring_sum(state, FIELD_hsd_released);
	uint64_t retained =
	    ring_sum(state, FIELD_hsd_committed) - ring_sum(state, FIELD_hsd_in_stacks) -
	    ring_sum(state, FIELD_hsd_in_work_bufs) - ring_sum(state, FIELD_hsd_in_ptr_scalar_bits);
	const uint8_t *controller = state->controller;

	if (layout_has(layout, FIELD_mstats_heap_sys))
		return state_number(state, FIELD_mstats_heap_inuse, state->memstats) == in_heap &&
		       state_number(state, FIELD_mstats_heap_released, state->memstats) ==
			   released &&
		       state_number(state, FIELD_mstats_heap_sys, state->memstats) - released ==
			   retained;
	if (!controller || !layout_has(layout, FIELD_gcc_heap_in_use))
		return true;
	if (state_number(state, FIELD_gcc_heap_in_use, controller) != in_heap ||
	    state_number(state, FIELD_gcc_heap_released, controller) != released ||
	    state_number(state, FIELD_gcc_heap_in_use, controller) +
		    state_number(state, FIELD_gcc_heap_free, controller) !=
		retained)
		return false;
	return !state->class_count ||
	       ring_allocated(state) == state_number(state, FIELD_gcc_total_alloc, controller);
}

bool memory_sums_agree(const struct memory_state *state)
{
	const struct runtime_layout *layout = state->layout;

	if (state->ring)
		return ring_rests(state) && ring_agrees(state);
	if (!state->memstats || !layout_has(layout, FIELD_mstats_heap_idle))
		return true;
	return layout_number(layout, FIELD_mstats_heap_idle, state->memstats) +
		   layout_number(layout, FIELD_mstats_heap_inuse, state->memstats) ==
	       layout_number(layout, FIELD_mstats_heap_sys, state->memstats);
}
