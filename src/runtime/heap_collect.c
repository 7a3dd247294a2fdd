/* SPDX-License-Identifier: MIT
 *
 * Copying what the heap and runtime/metrics are about. Rounds as in collect.c: each wants what the
 * one before has told of. Spans are read some thousands at a time and added up at once.
 */
#include <time.h>

#include "base/cursor.h"
#include "runtime/heap.h"

enum {
	SPANS_MAX = 16 << 20,    /* 128 GiB of heap in spans of one page */
	SEGMENT = 4096,          /* spans read at once */
	TRIES = 8,               /* readings of what keeps changing */
	STATE_BYTES = 256 << 10, /* of variables, about */
	SPAN_GAP = 32,           /* bytes between mspans, about */
	OBJECTS_MAX = 1 << 16,   /* in a span: mspan.nelems has 16 bits since 1.22, and was never
				    above 1024 */
	ARENAS_MAX = 1 << 20,    /* 64 TiB of them */
	PAGE_BYTES = 8192,
	ARENAS_LOOKED_AT = 1 << 16, /* in a mapping: 4 TiB of it */
	ARENA_BITS = 26,            /* heapArenaBytes on 64-bit Linux: 64 MiB */
};
#define COPY_BYTES_MAX (1ull << 30)

/* runtime/mheap.go: mSpanInUse and the others; 3 is mSpanFree, to 1.13. */
enum { STATE_IN_USE = 1, STATE_FREE = 3 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- the state ---------------------------------------------------------------------------- */

static void want(struct go_runtime *runtime, struct copy *copy, enum global global, uint64_t size)
{
	if (runtime->globals[global].address && size)
		copy_want(copy, runtime->globals[global].address, size, 0);
}

static void want_for_metrics(struct go_runtime *runtime, struct copy *copy)
{
	const struct runtime_layout *layout = &runtime->layout;

	want(runtime, copy, GLOBAL_sched, layout_size(layout, SIZE_sched));
	want(runtime, copy, GLOBAL_work, layout_size(layout, SIZE_work));
	want(runtime, copy, GLOBAL_gc_cpu_limiter, layout_size(layout, SIZE_gc_cpu_limiter));
	want(runtime, copy, GLOBAL_gc_cleanups, layout_size(layout, SIZE_cleanup_queue));
	want(runtime, copy, GLOBAL_starting_stack_size, 4);
	want(runtime, copy, GLOBAL_gomaxprocs, 4);
	want(runtime, copy, GLOBAL_ncgocall, 8);
	want(runtime, copy, GLOBAL_extra_m_in_use, 4);
	want(runtime, copy, GLOBAL_extra_m_length, 4);
	want(runtime, copy, GLOBAL_finqueued, 8);
	want(runtime, copy, GLOBAL_finexecuted, 8);
	want(runtime, copy, GLOBAL_allglen, 8);
}

static void want_processors(struct go_runtime *runtime, struct heap_image *image)
{
	size_t p = layout_size(&runtime->layout, SIZE_p), i;
	size_t m = layout_size(&runtime->layout, SIZE_m);

	for (i = 0; i < image->collected.ps.count; i++)
		copy_want(image->collected.state, image->collected.ps.items[i].address, p, 0);
	for (i = 0; i < image->collected.ms.count; i++)
		copy_want(image->collected.state, image->collected.ms.items[i].address, m, 0);
}

/* The goroutine on each P's M, and its status. */
static void want_running(struct go_runtime *runtime, struct heap_image *image)
{
	const struct collected *collected = &image->collected;
	struct map curg _cleanup_(map_free) = { 0 };
	size_t g = layout_size(&runtime->layout, SIZE_g), i;

	for (i = 0; i < collected->ms.count; i++)
		map_put(&curg, collected->ms.items[i].address, collected->ms.items[i].curg);
	for (i = 0; i < collected->ps.count; i++) {
		bool found;
		uint64_t running = map_get(&curg, collected->ps.items[i].m, &found);

		*vector_push(&image->running) = running;
		if (running)
			copy_want(collected->state, running, g, 0);
	}
}

static struct spy_error *read_state(struct go_runtime *runtime, unsigned parts, bool non_blocking,
				    struct heap_image *image)
{
	struct collected *collected = &image->collected;
	struct copy *copy = collected->state;

	collected->memory_fits =
	    memory_state_read(collected->memory, MEMORY_ALL, non_blocking ? MEMORY_TRIES : 1);
	collected->taken_at = now_ns(); /* the last of its tries */
	want(runtime, copy, GLOBAL_mheap, layout_size(&runtime->layout, SIZE_mheap));
	want(runtime, copy, GLOBAL_sweep, layout_size(&runtime->layout, SIZE_sweepdata));
	if (parts & HEAP_METRICS) {
		TRY(collect_ps(runtime, collected));
		TRY(collect_ms(runtime, collected, image->guess, image->guesses));
		want_for_metrics(runtime, copy);
		want_processors(runtime, image);
		want_running(runtime, image);
	}
	copy_fetch(copy, runtime->target);
	return NULL;
}

/* ---- spans -------------------------------------------------------------------------------- */

struct span_reader {
	struct go_runtime *runtime;
	struct heap_image *image;
	struct copy *copy;
	uint32_t sweepgen;
};

/* The members of a span that are added up: two readings are compared by them. */
struct raw_span {
	uint64_t pages, capacity, objects, element, sweepgen, class, state, released, user_arena;
	uint64_t start;
	uint64_t marks; /* where its mark bits are */
};

static bool decode_span(const struct span_reader *reader, uint64_t address, struct raw_span *ret)
{
	const struct runtime_layout *layout = &reader->runtime->layout;
	const uint8_t *span = copy_at(reader->copy, address, layout_size(layout, SIZE_mspan));

	if (!span)
		return false;
	*ret = (struct raw_span){
		.pages = layout_number(layout, FIELD_mspan_npages, span),
		.capacity = layout_number(layout, FIELD_mspan_nelems, span),
		.objects = layout_number(layout, FIELD_mspan_alloc_count, span),
		.element = layout_number(layout, FIELD_mspan_elemsize, span),
		.sweepgen = layout_number(layout, FIELD_mspan_sweepgen, span),
		.class = layout_number(layout, FIELD_mspan_spanclass, span) >> 1,
		.state = layout_number(layout, FIELD_mspan_state, span),
		.released = layout_number(layout, FIELD_mspan_npreleased, span),
		.user_arena = layout_number(layout, FIELD_mspan_user_arena, span),
		.start = layout_number(layout, FIELD_mspan_start_addr, span),
		.marks = layout_number(layout, FIELD_mspan_gcmark_bits, span),
	};
	if (layout_number(layout, FIELD_mspan_scavenged, span))
		ret->released = ret->pages;
	return ret->capacity <= OBJECTS_MAX;
}

/* runtime/mheap.go, mspan.sweepgen: two behind the heap's, or (1.12+) one ahead in a cache that was
 * not flushed since, is not swept; one behind is just being swept. */
static bool is_unswept(const struct span_reader *reader, const struct raw_span *span)
{
	return span->state == STATE_IN_USE && ((uint32_t)span->sweepgen == reader->sweepgen - 2 ||
					       (uint32_t)span->sweepgen == reader->sweepgen + 1);
}

static size_t mark_bytes(const struct raw_span *span)
{
	return (span->capacity + 63) / 64 * 8;
}

/* What the sweep will find dead: what was allocated and is not marked. */
static void add_unswept(const struct span_reader *reader, const struct raw_span *span,
			struct span_sums *sums)
{
	const uint8_t *marks = copy_at(reader->copy, span->marks, mark_bytes(span));
	uint64_t marked = 0, i;

	sums->unswept++;
	if (!marks) {
		reader->image->unswept_known = false;
		return;
	}
	for (i = 0; i < span->capacity; i++)
		marked += marks[i / 8] >> (i % 8) & 1;
	if (marked < span->objects) {
		sums->unswept_dead_objects += span->objects - marked;
		sums->unswept_dead_bytes += (span->objects - marked) * span->element;
	}
}

static void add_arena(struct heap_image *image, uint64_t address)
{
	if (address >> ARENA_BITS == image->last_arena || image->arenas.count == ARENAS_MAX)
		return;
	image->last_arena = address >> ARENA_BITS;
	map_put(&image->arenas, image->last_arena, 1);
}

static void add_span(const struct span_reader *reader, const struct raw_span *span)
{
	struct heap_image *image = reader->image;
	size_t state = span->state < SPAN_STATES_MAX ? span->state : 0;
	struct span_sums *sums;

	image->state_spans[state]++;
	if (state) {
		image->state_pages[state] += span->pages;
		add_arena(image, span->start);
	}
	if (state == STATE_FREE)
		image->released_pages += span->released;
	if (state != STATE_IN_USE || span->class >= HEAP_CLASSES_MAX)
		return;
	image->user_arena_spans += span->user_arena;
	sums = &image->classes[span->class];
	sums->spans++;
	sums->objects += span->objects;
	sums->capacity += span->capacity;
	sums->in_use_bytes += span->objects * span->element;
	sums->reserved_bytes += span->pages * PAGE_BYTES;
	sums->tail_bytes += span->pages * PAGE_BYTES - span->capacity * span->element;
	if (is_unswept(reader, span))
		add_unswept(reader, span, sums);
}

static void fetch_spans(const struct span_reader *reader, const uint64_t *addresses, size_t count)
{
	size_t size = layout_size(&reader->runtime->layout, SIZE_mspan), i;

	copy_clear(reader->copy);
	for (i = 0; i < count; i++)
		copy_want(reader->copy, addresses[i], size, 0);
	copy_fetch(reader->copy, reader->runtime->target);
}

/* Decodes what was fetched; a span that cannot be read has no pages. */
static void decode_spans(const struct span_reader *reader, const uint64_t *addresses, size_t count,
			 struct raw_span *spans)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!decode_span(reader, addresses[i], &spans[i]))
			spans[i] = (struct raw_span){ .state = SPAN_STATES_MAX };
}

static void fetch_marks(const struct span_reader *reader, const struct raw_span *spans,
			size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_unswept(reader, &spans[i]) && spans[i].marks)
			copy_want(reader->copy, spans[i].marks, mark_bytes(&spans[i]), 0);
	copy_fetch(reader->copy, reader->runtime->target);
}

/* Reads spans of a target that runs on until they stay the same. */
static void settle_spans(const struct span_reader *reader, const uint64_t *addresses, size_t count,
			 struct raw_span *spans)
{
	struct raw_span *again _cleanup_free_ = memory_new(count, sizeof(*again));
	size_t i;

	fetch_spans(reader, addresses, count);
	decode_spans(reader, addresses, count, again);
	for (i = 0; i < count; i++) {
		int try;

		for (try = 0; memcmp(&spans[i], &again[i], sizeof(spans[i])) != 0; try++) {
			if (try == TRIES) {
				spans[i].state = SPAN_STATES_MAX;
				break;
			}
			spans[i] = again[i];
			fetch_spans(reader, &addresses[i], 1);
			decode_spans(reader, &addresses[i], 1, &again[i]);
		}
	}
}

/* Adds up a segment; what cannot be read, or changes all the time, is counted and not shown. */
static void read_segment(const struct span_reader *reader, const uint64_t *addresses, size_t count,
			 bool non_blocking)
{
	struct raw_span *spans _cleanup_free_ = memory_new(count, sizeof(*spans));
	size_t i;

	fetch_spans(reader, addresses, count);
	decode_spans(reader, addresses, count, spans);
	if (non_blocking)
		settle_spans(reader, addresses, count, spans);
	fetch_marks(reader, spans, count);
	for (i = 0; i < count; i++) {
		if (spans[i].state >= SPAN_STATES_MAX)
			reader->image->torn_spans++;
		else
			add_span(reader, &spans[i]);
	}
}

/* The pointers of mheap_.allspans; the array is given back to the system when it grows. */
static bool read_list(struct go_runtime *runtime, uint64_t **ret, size_t *count)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t address =
	    runtime->globals[GLOBAL_mheap].address + layout_offset(layout, FIELD_mheap_allspans);
	int try;

	if (!runtime->globals[GLOBAL_mheap].address || !layout_has(layout, FIELD_mheap_allspans))
		return false;
	for (try = 0; try < TRIES; try++) {
		uint64_t header[2], again[2], *list;

		if (spy_error_caught(
			target_read(runtime->target, address, header, sizeof(header))) ||
		    header[1] > SPANS_MAX)
			return false;
		list = memory_new(header[1], sizeof(*list));
		if ((!header[1] || !spy_error_caught(target_read(runtime->target, header[0], list,
								 header[1] * sizeof(*list)))) &&
		    !spy_error_caught(
			target_read(runtime->target, address, again, sizeof(again))) &&
		    header[0] == again[0] && header[1] == again[1]) {
			*ret = list;
			*count = header[1];
			return true;
		}
		free(list);
	}
	return false;
}

static void read_spans(struct go_runtime *runtime, struct heap_image *image, struct copy *copy,
		       bool non_blocking)
{
	struct span_reader reader = { .runtime = runtime, .image = image, .copy = copy };
	const uint8_t *heap =
	    heap_variable(runtime, image, GLOBAL_mheap, layout_size(&runtime->layout, SIZE_mheap));
	uint64_t *list _cleanup_free_ = NULL;
	size_t count = 0, start;

	if (!heap || !layout_has(&runtime->layout, FIELD_mspan_nelems) ||
	    !read_list(runtime, &list, &count))
		return;
	reader.sweepgen = (uint32_t)layout_number(&runtime->layout, FIELD_mheap_sweepgen, heap);
	image->spans = count;
	image->spans_known = image->unswept_known = true;
	for (start = 0; start < count; start += SEGMENT)
		read_segment(&reader, list + start,
			     count - start < SEGMENT ? count - start : SEGMENT, non_blocking);
}

/* ---- the whole ---------------------------------------------------------------------------- */

static struct spy_error *read_all(struct go_runtime *runtime, unsigned parts, bool non_blocking,
				  struct heap_image *image, struct copy *spans)
{
	TRY(read_state(runtime, parts, non_blocking, image));
	if (parts & HEAP_SPANS)
		read_spans(runtime, image, spans, non_blocking);
	return NULL;
}

struct spy_error *heap_collect(struct go_runtime *runtime, unsigned parts, bool non_blocking,
			       struct heap_image *ret)
{
	struct heap_image image = { .collected = { .state = copy_new(COPY_BYTES_MAX),
						   .memory = memory_state_new(runtime) } };
	struct copy *spans = copy_new(COPY_BYTES_MAX);
	struct spy_error *error = NULL;

	memory_state_prepare(image.collected.memory);
	if (parts & HEAP_METRICS)
		image.guesses = collect_guess_ms(runtime, &image.guess);
	copy_reserve(image.collected.state, STATE_BYTES);
	copy_reserve(spans, SEGMENT * (layout_size(&runtime->layout, SIZE_mspan) + SPAN_GAP));
	if (!non_blocking)
		error = target_pause(runtime->target);
	if (!error) {
		error = read_all(runtime, parts, non_blocking, &image, spans);
		if (!non_blocking)
			image.collected.paused_ns = target_resume(runtime->target);
	}
	copy_free(spans);
	if (error || image.torn_spans) {
		struct spy_error *ended = target_ended(runtime->target);

		if (ended) {
			spy_error_free(error);
			error = ended;
		}
	}
	if (error) {
		heap_image_free(&image);
		return error;
	}
	*ret = image;
	return NULL;
}

void heap_image_free(struct heap_image *image)
{
	vector_free(&image->running);
	free(image->guess);
	map_free(&image->arenas);
	collected_free(&image->collected);
}

bool heap_agrees(const struct heap_image *image)
{
	struct heap_counts counts;
	uint64_t objects = 0, counted;
	size_t i;

	if (!image->collected.memory_fits || !memory_counts(image->collected.memory, true, &counts))
		return false;
	counted = counts.large_mallocs - counts.large_frees;
	for (i = 0; i < HEAP_CLASSES_MAX; i++) {
		objects += image->classes[i].objects;
		counted += counts.mallocs[i] - counts.frees[i];
	}
	return objects == counted;
}

bool heap_has(const struct heap_image *image, uint64_t start, uint64_t end)
{
	uint64_t arena = start >> ARENA_BITS, count;
	bool found = false;

	for (count = 0; arena <= (end - 1) >> ARENA_BITS && count < ARENAS_LOOKED_AT && !found;
	     count++)
		map_get(&image->arenas, arena++, &found);
	return found;
}

const uint8_t *heap_variable(const struct go_runtime *runtime, const struct heap_image *image,
			     enum global global, size_t size)
{
	uint64_t address = runtime->globals[global].address;

	return address && size ? copy_at(image->collected.state, address, size) : NULL;
}

struct heap_number heap_member(const struct go_runtime *runtime, enum layout_slot slot,
			       const uint8_t *structure)
{
	if (!structure || !layout_has(&runtime->layout, slot))
		return (struct heap_number){ .known = false };
	return (struct heap_number){ .value = layout_number(&runtime->layout, slot, structure),
				     .known = true };
}
