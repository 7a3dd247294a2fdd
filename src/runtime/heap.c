/* SPDX-License-Identifier: MIT
 *
 * What the heap holds, made of its spans and counters.
 */
#include "runtime/heap.h"

#include "base/cursor.h"

enum {
	PAGE_BYTES = 8192,
	ARENA_BYTES = 64 << 20,
	LARGE = 0, /* the class of large objects */
};

struct making_heap {
	struct go_runtime *runtime;
	const struct heap_image *image;
	struct arena *arena;
	struct spy_heap *heap;
	const struct memory_state *memory;
	const uint8_t *mheap;
};

static int64_t number(const struct making_heap *making, enum layout_slot slot,
		      const uint8_t *structure)
{
	return heap_signed(heap_member(making->runtime, slot, structure));
}

static int64_t difference(int64_t a, int64_t b)
{
	int64_t result;

	if (a == SPY_UNKNOWN || b == SPY_UNKNOWN || __builtin_sub_overflow(a, b, &result))
		return SPY_UNKNOWN;
	return result;
}

/* ---- the size classes --------------------------------------------------------------------- */

/* Their size by the runtime's table, else by what their spans say. */
static int64_t class_bytes(const struct making_heap *making, size_t class)
{
	const struct span_sums *sums = &making->image->classes[class];

	if (class == LARGE)
		return 0;
	if (class < making->memory->class_count)
		return load_u16(making->memory->classes + class * 2);
	return sums->objects ? (int64_t)(sums->in_use_bytes / sums->objects) : SPY_UNKNOWN;
}

/* Bytes of one class's objects that nobody asked for, at most: each is larger than the next
 * smaller class. */
static int64_t class_waste(const struct making_heap *making, size_t class)
{
	int64_t size, smaller;

	if (class == LARGE)
		return SPY_UNKNOWN;
	size = class_bytes(making, class);
	smaller = class_bytes(making, class - 1);
	if (size == SPY_UNKNOWN || smaller == SPY_UNKNOWN)
		return SPY_UNKNOWN;
	return (int64_t)making->image->classes[class].objects * (size - smaller - 1);
}

static struct spy_heap_class make_class(const struct making_heap *making, size_t class,
					const struct heap_counts *counts)
{
	const struct heap_image *image = making->image;
	const struct span_sums *sums = &image->classes[class];
	struct spy_heap_class made = {
		.number = (int64_t) class,
		.size_bytes = class_bytes(making, class),
		.spans = SPY_UNKNOWN,
		.unswept_spans = SPY_UNKNOWN,
		.objects_in_use = SPY_UNKNOWN,
		.objects_capacity = SPY_UNKNOWN,
		.free_slots = SPY_UNKNOWN,
		.in_use_bytes = SPY_UNKNOWN,
		.reserved_bytes = SPY_UNKNOWN,
		.tail_bytes = SPY_UNKNOWN,
		.waste_bytes = SPY_UNKNOWN,
		.mallocs = SPY_UNKNOWN,
		.frees = SPY_UNKNOWN,
		.malloc_bytes = SPY_UNKNOWN,
		.free_bytes = SPY_UNKNOWN,
	};

	if (image->spans_known) {
		made.spans = (int64_t)sums->spans;
		made.unswept_spans = (int64_t)sums->unswept;
		made.objects_in_use = (int64_t)sums->objects;
		made.objects_capacity = (int64_t)sums->capacity;
		made.free_slots = difference(made.objects_capacity, made.objects_in_use);
		made.in_use_bytes = (int64_t)sums->in_use_bytes;
		made.reserved_bytes = (int64_t)sums->reserved_bytes;
		made.tail_bytes = (int64_t)sums->tail_bytes;
		made.waste_bytes = class_waste(making, class);
	}
	if (!counts)
		return made;
	if (class == LARGE) {
		made.mallocs = (int64_t)counts->large_mallocs;
		made.frees = (int64_t)counts->large_frees;
		made.malloc_bytes = (int64_t)counts->large_alloc_bytes;
		made.free_bytes = (int64_t)counts->large_free_bytes;
		return made;
	}
	made.mallocs = (int64_t)counts->mallocs[class];
	made.frees = (int64_t)counts->frees[class];
	if (made.size_bytes != SPY_UNKNOWN) {
		made.malloc_bytes = (int64_t)(counts->mallocs[class] * (uint64_t)made.size_bytes);
		made.free_bytes = (int64_t)(counts->frees[class] * (uint64_t)made.size_bytes);
	}
	return made;
}

/* Adds one figure to a sum; what is unknown of one is unknown of all. */
static void add(int64_t *sum, int64_t value)
{
	if (value == SPY_UNKNOWN || *sum == SPY_UNKNOWN || __builtin_add_overflow(*sum, value, sum))
		*sum = SPY_UNKNOWN;
}

static void add_class(struct spy_heap_class *total, const struct spy_heap_class *class)
{
	add(&total->spans, class->spans);
	add(&total->unswept_spans, class->unswept_spans);
	add(&total->objects_in_use, class->objects_in_use);
	add(&total->objects_capacity, class->objects_capacity);
	add(&total->free_slots, class->free_slots);
	add(&total->in_use_bytes, class->in_use_bytes);
	add(&total->reserved_bytes, class->reserved_bytes);
	add(&total->tail_bytes, class->tail_bytes);
	if (class->number != LARGE)
		add(&total->waste_bytes, class->waste_bytes);
	add(&total->mallocs, class->mallocs);
	add(&total->frees, class->frees);
	add(&total->malloc_bytes, class->malloc_bytes);
	add(&total->free_bytes, class->free_bytes);
}

static void make_classes(const struct making_heap *making)
{
	struct spy_heap *heap = making->heap;
	size_t count = making->memory->span_classes / 2, i;
	struct spy_heap_class *classes = arena_alloc(making->arena, count + 1, sizeof(*classes));
	struct heap_counts counts;
	bool known =
	    making->image->collected.memory_fits && memory_counts(making->memory, true, &counts);

	for (i = 0; i < count; i++) {
		classes[i] = make_class(making, i, known ? &counts : NULL);
		add_class(&heap->total, &classes[i]);
	}
	heap->large = classes[LARGE];
	heap->classes = classes + 1;
	heap->class_count = count ? count - 1 : 0;
	heap->large_allocs = heap->large.mallocs;
	heap->large_alloc_bytes = heap->large.malloc_bytes;
	heap->large_frees = heap->large.frees;
	heap->large_free_bytes = heap->large.free_bytes;
}

/* ---- spans, arenas ------------------------------------------------------------------------ */

static void make_states(const struct making_heap *making)
{
	/* runtime/mheap.go: mSpanDead, mSpanInUse, mSpanManual, (to 1.13) mSpanFree. */
	static const char *const names[SPAN_STATES_MAX] = { "dead", "in_use", "manual", "free" };
	const struct heap_image *image = making->image;
	struct spy_span_state *states =
	    arena_alloc(making->arena, SPAN_STATES_MAX, sizeof(*states));
	size_t count = 0, i;

	if (!image->spans_known)
		return;
	for (i = 0; i < SPAN_STATES_MAX; i++) {
		if (i == 3 && !image->state_spans[i])
			continue;
		states[count++] =
		    (struct spy_span_state){ .name = names[i],
					     .spans = (int64_t)image->state_spans[i],
					     .pages = (int64_t)image->state_pages[i] };
	}
	making->heap->states = states;
	making->heap->state_count = count;
	making->heap->spans = (int64_t)image->spans;
}

static void make_unswept(const struct making_heap *making)
{
	const struct heap_image *image = making->image;
	struct spy_heap *heap = making->heap;
	size_t i;

	if (!image->unswept_known)
		return;
	heap->unswept_dead_bytes = heap->unswept_dead_objects = 0;
	for (i = 0; i < HEAP_CLASSES_MAX; i++) {
		add(&heap->unswept_dead_bytes, (int64_t)image->classes[i].unswept_dead_bytes);
		add(&heap->unswept_dead_objects, (int64_t)image->classes[i].unswept_dead_objects);
	}
}

/* The length of a slice that is a member of mheap_. */
static int64_t slice_length(const struct making_heap *making, enum layout_slot slot)
{
	const struct runtime_layout *layout = &making->runtime->layout;

	if (!making->mheap || layout_size(layout, slot) != 3 * sizeof(uint64_t))
		return SPY_UNKNOWN;
	return (int64_t)load_u64(making->mheap + layout_offset(layout, slot) + sizeof(uint64_t));
}

/* To 1.10 the heap is one piece; 1.11 keeps no list of its arenas. */
static void make_arenas(const struct making_heap *making)
{
	struct spy_heap *heap = making->heap;
	int64_t start = number(making, FIELD_mheap_arena_start, making->mheap);
	int64_t used = number(making, FIELD_mheap_arena_used, making->mheap);
	int64_t user = slice_length(making, FIELD_mheap_user_arena_arenas);

	if (start != SPY_UNKNOWN && used != SPY_UNKNOWN) {
		heap->arenas = 1;
		heap->arena_bytes = difference(used, start);
		return;
	}
	heap->arenas = slice_length(making, FIELD_mheap_all_arenas);
	if (heap->arenas == SPY_UNKNOWN && making->image->spans_known)
		heap->arenas = (int64_t)making->image->arenas.count;
	else if (user != SPY_UNKNOWN)
		add(&heap->arenas, user);
	if (heap->arenas != SPY_UNKNOWN &&
	    __builtin_mul_overflow(heap->arenas, (int64_t)ARENA_BYTES, &heap->arena_bytes))
		heap->arena_bytes = SPY_UNKNOWN;
}

/* ---- sweeping ----------------------------------------------------------------------------- */

/* runtime/mgcsweep.go: isSweepDone (up to 1.16 it says so while the last ones are at it). */
static void make_sweep(const struct making_heap *making)
{
	const uint32_t drained = 1u << 31; /* mgcsweep.go: sweepDrainedMask (1.18+) */
	const struct runtime_layout *layout = &making->runtime->layout;
	const uint8_t *sweep = heap_variable(making->runtime, making->image, GLOBAL_sweep,
					     layout_size(layout, SIZE_sweepdata));
	struct heap_number state =
	    heap_member(making->runtime, FIELD_sweepdata_active_state, sweep);
	struct heap_number done =
	    heap_member(making->runtime, FIELD_mheap_sweepdone, making->mheap);
	struct spy_heap *heap = making->heap;

	heap->pages_in_use = number(making, FIELD_mheap_pages_in_use, making->mheap);
	heap->pages_swept = number(making, FIELD_mheap_pages_swept, making->mheap);
	heap->sweep_generation = number(making, FIELD_mheap_sweepgen, making->mheap);
	heap->sweepers = number(making, FIELD_mheap_sweepers, making->mheap);
	if (state.known) {
		heap->sweep_done = (uint32_t)state.value == drained;
		heap->sweepers = (int64_t)((uint32_t)state.value & ~drained);
	} else if (done.known) {
		heap->sweep_done = done.value && !heap->sweepers;
	}
}

/* ---- Ps ----------------------------------------------------------------------------------- */

static size_t make_cached_spans(const struct making_heap *making, size_t p,
				struct spy_cached_span *spans)
{
	const struct memory_state *memory = making->memory;
	size_t count = 0, i;

	for (i = 0; i < memory->span_classes; i++) {
		const struct memory_span *cached = &memory->spans[p * memory->span_classes + i];

		if (cached->state != CACHED_SPAN_THERE)
			continue;
		spans[count++] = (struct spy_cached_span){
			.class_number = (int64_t)(i >> 1),
			.noscan = i & 1,
			.size_bytes = number(making, FIELD_mspan_elemsize, cached->bytes),
			.pages = number(making, FIELD_mspan_npages, cached->bytes),
			.allocated = number(making, FIELD_mspan_alloc_count, cached->bytes),
			.capacity = number(making, FIELD_mspan_nelems, cached->bytes),
		};
	}
	return count;
}

/* allp is in the order of the Ps' numbers. */
static void make_ps(const struct making_heap *making)
{
	const struct memory_state *memory = making->memory;
	struct spy_heap_p *ps;
	size_t i;

	if (!memory->has_ps)
		return;
	ps = arena_alloc(making->arena, memory->p_count, sizeof(*ps));
	for (i = 0; i < memory->p_count; i++) {
		const uint8_t *cache = memory->ps[i].mcache ? memory->ps[i].before : NULL;
		struct heap_number tiny = heap_member(making->runtime, FIELD_mcache_tiny, cache);
		struct spy_cached_span *spans;

		ps[i] = (struct spy_heap_p){
			.id = (int64_t)i,
			.flush_generation = number(making, FIELD_mcache_flush_gen, cache),
			.tiny_allocs = number(making, FIELD_mcache_tiny_allocs, cache),
			.tiny_used_bytes = number(making, FIELD_mcache_tiny_offset, cache),
		};
		if (tiny.known && !tiny.value)
			ps[i].tiny_used_bytes = 0;
		if (!cache)
			continue;
		spans = arena_alloc(making->arena, memory->span_classes, sizeof(*spans));
		ps[i].span_count = make_cached_spans(making, i, spans);
		ps[i].spans = spans;
	}
	making->heap->ps = ps;
	making->heap->p_count = memory->p_count;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void make_totals(const struct making_heap *making)
{
	struct spy_heap *heap = making->heap;
	const struct spy_memstats *memstats = heap->memstats;

	heap->released_bytes = memstats->heap_released_bytes;
	heap->free_bytes = difference(memstats->heap_idle_bytes, memstats->heap_released_bytes);
	heap->unused_bytes = difference(memstats->heap_inuse_bytes, memstats->heap_alloc_bytes);
	heap->heap_live_bytes = heap->memory.heap_live_bytes;
}

void heap_make(struct go_runtime *runtime, const struct heap_image *image, struct arena *arena,
	       struct spy_heap *ret)
{
	struct making_heap making = {
		.runtime = runtime,
		.image = image,
		.arena = arena,
		.heap = ret,
		.memory = image->collected.memory,
		.mheap = heap_variable(runtime, image, GLOBAL_mheap,
				       layout_size(&runtime->layout, SIZE_mheap)),
	};
	struct spy_memstats *memstats = arena_alloc(arena, 1, sizeof(*memstats));
	struct spy_gc gc;

	*ret = (struct spy_heap){
		.paused_ns = image->collected.paused_ns,
		.taken_at = image->collected.taken_at,
		.page_bytes = PAGE_BYTES,
		.sweep_done = SPY_UNKNOWN,
		.spans = SPY_UNKNOWN,
		.unswept_dead_bytes = SPY_UNKNOWN,
		.unswept_dead_objects = SPY_UNKNOWN,
		.arena_bytes = SPY_UNKNOWN,
		.total = { .number = SPY_UNKNOWN, .size_bytes = SPY_UNKNOWN },
		.memstats = memstats,
	};
	collected_memory(&image->collected, &ret->memory, memstats, &gc);
	ret->heap_goal_bytes = gc.next_heap_bytes;
	ret->memory_limit_bytes = gc.memory_limit_bytes;
	ret->percent = gc.percent;
	make_totals(&making);
	make_sweep(&making);
	make_classes(&making);
	make_states(&making);
	make_unswept(&making);
	make_arenas(&making);
	make_ps(&making);
}
