/* SPDX-License-Identifier: MIT
 *
 * What the flush of ReadMemStats does to stacks. Each P keeps free stacks, by size, in lists
 * (mcache.stackcache). stackcache_clear gives them back to the spans that they were cut from, and
 * stackpoolfree gives a span without any stack in use back to the heap, unless the collector marks
 * (runtime/stack.go, the same in all versions). So bytes move from StackInuse to HeapIdle.
 */
#include "base/cursor.h"
#include "base/vector.h"
#include "runtime/memory_state.h"

enum {
	FIXED_STACK = 2048,   /* runtime/stack.go: _FixedStack on Linux */
	ORDERS_MAX = 8,       /* _NumStackOrders is 4 on Linux */
	CACHE_MAX = 64 << 10, /* a list has no more than 32 KiB: _StackCacheSize */
	PAGE_SHIFT = 13,      /* _PageShift */
	ARENA_SHIFT = 26,     /* heapArenaBytes: 64 MiB on Linux */
	SPAN_MANUAL = 2,      /* mSpanManual */
	CACHED_MAX = 1 << 16,
};
/* arenaBaseOffset of amd64, taken away from an address before it is divided (1.11+). */
#define ARENA_BASE 0xffff800000000000ull

/* One list of free stacks, on the way along it. */
struct list {
	uint64_t next;
	size_t left; /* stacks that the rest of it should have */
};

struct walk {
	VECTOR(struct list) lists;
	VECTOR(uint64_t) stacks;
	VECTOR(uint64_t) spans; /* address of the span of each */
};

static bool start_lists(const struct memory_state *state, struct walk *walk)
{
	const struct runtime_layout *layout = state->layout;
	size_t stride = layout_size(layout, SIZE_stack_free_list), i, order;
	size_t orders = stride ? layout_size(layout, FIELD_mcache_stackcache) / stride : 0;

	for (i = 0; i < state->p_count && orders <= ORDERS_MAX; i++)
		for (order = 0; state->ps[i].mcache && order < orders; order++) {
			const uint8_t *list = state->ps[i].before +
					      layout_offset(layout, FIELD_mcache_stackcache) +
					      order * stride;
			uint64_t first = layout_number(layout, FIELD_stack_free_list_list, list);
			uint64_t bytes = layout_number(layout, FIELD_stack_free_list_size, list);
			uint64_t size = (uint64_t)FIXED_STACK << order;

			if (bytes > CACHE_MAX || bytes % size || !first != !bytes)
				return false;
			if (first)
				*vector_push(&walk->lists) =
				    (struct list){ .next = first, .left = bytes / size };
		}
	return true;
}

/* All lists at once, a stack of each in a call. */
static bool follow_lists(struct memory_state *state, struct walk *walk)
{
	bool more = walk->lists.count > 0;
	size_t i;

	while (more) {
		more = false;
		for (i = 0; i < walk->lists.count; i++) {
			struct list *list = &walk->lists.items[i];

			if (!list->left)
				continue;
			if (!list->next || walk->stacks.count == CACHED_MAX)
				return false;
			*vector_push(&walk->stacks) = list->next;
			state_want(state, list->next, &list->next, sizeof(list->next));
			list->left--;
			more = true;
		}
		if (more && !state_fetch(state))
			return false;
	}
	for (i = 0; i < walk->lists.count; i++)
		if (walk->lists.items[i].next)
			return false;
	return true;
}

/* The table of spans by page for the part of the address space that an address is in (1.11+):
 * mheap_.arenas[0][index].spans. */
static uint64_t arena_spans(struct memory_state *state, uint64_t address)
{
	const struct runtime_layout *layout = state->layout;
	uint64_t index = (address - ARENA_BASE) >> ARENA_SHIFT, arenas, arena;

	if (index == state->arena_index)
		return state->arena_spans;
	arenas = state_number(state, FIELD_mheap_arenas, state->heap);
	if (!arenas || !layout_has(layout, FIELD_heap_arena_spans))
		return 0;
	state_want(state, arenas + index * 8, &arena, sizeof(arena));
	if (!state_fetch(state) || !arena)
		return 0;
	state->arena_index = index;
	state->arena_spans = arena + layout_offset(layout, FIELD_heap_arena_spans);
	return state->arena_spans;
}

/* Where the address of the span of a stack is to be read. 0 if it cannot be told. */
static uint64_t span_entry(struct memory_state *state, uint64_t stack)
{
	const struct runtime_layout *layout = state->layout;
	uint64_t start, spans;

	if (layout_has(layout, FIELD_mheap_spans)) {
		start = state_number(state, FIELD_mheap_arena_start, state->heap);
		spans = state_number(state, FIELD_mheap_spans, state->heap);
		return start && spans && stack >= start
			   ? spans + ((stack - start) >> PAGE_SHIFT) * 8
			   : 0;
	}
	spans = arena_spans(state, stack);
	return spans ? spans + ((stack >> PAGE_SHIFT) & ((1 << (ARENA_SHIFT - PAGE_SHIFT)) - 1)) * 8
		     : 0;
}

static bool find_spans(struct memory_state *state, struct walk *walk)
{
	uint64_t *entries _cleanup_free_ = memory_new(walk->stacks.count + 1, sizeof(*entries));
	size_t i;

	for (i = 0; i < walk->stacks.count; i++) {
		entries[i] = span_entry(state, walk->stacks.items[i]);
		if (!entries[i])
			return false;
		*vector_push(&walk->spans) = 0;
	}
	for (i = 0; i < walk->stacks.count; i++)
		state_want(state, entries[i], &walk->spans.items[i], sizeof(uint64_t));
	return state_fetch(state);
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Spans all of whose stacks are in caches. */
static bool count_spans(struct memory_state *state, struct walk *walk)
{
	const struct runtime_layout *layout = state->layout;
	size_t size = layout_size(layout, SIZE_mspan), i, same;
	uint8_t *spans _cleanup_free_ = memory_new(walk->spans.count + 1, size);

	qsort(walk->spans.items, walk->spans.count, sizeof(uint64_t), by_address);
	for (i = 0; i < walk->spans.count; i++)
		if (!i || walk->spans.items[i] != walk->spans.items[i - 1])
			state_want(state, walk->spans.items[i], spans + i * size, size);
	if (!state_fetch(state))
		return false;
	for (i = 0; i < walk->spans.count; i += same) {
		const uint8_t *span = spans + i * size;
		uint64_t in_use = layout_number(layout, FIELD_mspan_alloc_count, span);

		for (same = 1; i + same < walk->spans.count &&
			       walk->spans.items[i + same] == walk->spans.items[i];)
			same++;
		if (layout_number(layout, FIELD_mspan_state, span) != SPAN_MANUAL || in_use < same)
			return false;
		if (in_use == same) {
			state->stacks.spans++;
			state->stacks.bytes += layout_number(layout, FIELD_mspan_npages, span)
					       << PAGE_SHIFT;
		}
	}
	return true;
}

bool memory_stacks_read(struct memory_state *state)
{
	struct walk walk = { 0 };
	bool good = true;

	state->stacks = (struct memory_stacks){ 0 };
	if (!state->heap || !state->has_gcphase || state->gcphase)
		return true;
	good = start_lists(state, &walk) && follow_lists(state, &walk);
	if (good && walk.stacks.count)
		good = find_spans(state, &walk) && count_spans(state, &walk);
	state_forget(state);
	vector_free(&walk.lists);
	vector_free(&walk.stacks);
	vector_free(&walk.spans);
	if (!good)
		state->stacks = (struct memory_stacks){ 0 };
	return good;
}
