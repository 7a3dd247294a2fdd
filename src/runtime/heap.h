/* SPDX-License-Identifier: MIT
 *
 * The heap and the runtime/metrics of a target: what is copied for them in one stop, without a walk
 * over the goroutines, and what is made of it.
 */
#ifndef RUNTIME_HEAP_H
#define RUNTIME_HEAP_H

#include "runtime/collect.h"
#include "runtime/memory.h"

/* sizeclasses.go of any version has 67 or 68, and a span class is a size class and one bit. */
enum { HEAP_CLASSES_MAX = SIZE_CLASSES_MAX, SPAN_STATES_MAX = 4 };

enum heap_part {
	HEAP_SPANS = 1 << 0,   /* all mspans of mheap_.allspans */
	HEAP_METRICS = 1 << 1, /* what only runtime/metrics tells: Ms, goroutines that run */
};

/* Spans of one size class, added up while they are read: a million of them take no memory. */
struct span_sums {
	uint64_t spans, unswept, objects, capacity, in_use_bytes, reserved_bytes, tail_bytes;
	uint64_t unswept_dead_objects, unswept_dead_bytes; /* that the sweep will free */
};

struct heap_image {
	/* memory, paused_ns, taken_at; for metrics state, ps, ms. Nothing else is filled. */
	struct collected collected;
	uint64_t *guess; /* its Ms before it was stopped */
	size_t guesses;
	VECTOR(uint64_t) running; /* the goroutines of running Ps' Ms: 0 for none */
	struct span_sums classes[HEAP_CLASSES_MAX];
	uint64_t state_spans[SPAN_STATES_MAX], state_pages[SPAN_STATES_MAX];
	uint64_t released_pages; /* of free spans (to 1.13) */
	uint64_t user_arena_spans;
	struct map arenas; /* the 64 MiB, by number, in which there are spans */
	uint64_t last_arena;
	uint64_t spans,
	    torn_spans; /* in allspans; of them unreadable, or changed at each reading */
	bool spans_known, unswept_known;
};

struct spy_error *heap_collect(struct go_runtime *runtime, unsigned parts, bool non_blocking,
			       struct heap_image *ret) MUST_CHECK;
void heap_image_free(struct heap_image *image);

/* The bytes of a variable, or NULL: it is not there, or was not copied. */
const uint8_t *heap_variable(const struct go_runtime *runtime, const struct heap_image *image,
			     enum global global, size_t size);

/* A number that may be unknown. */
struct heap_number {
	uint64_t value;
	bool known;
};
/* The member of a structure of which NULL says that it was not copied. */
struct heap_number heap_member(const struct go_runtime *runtime, enum layout_slot slot,
			       const uint8_t *structure);
static inline int64_t heap_signed(struct heap_number number)
{
	return number.known ? (int64_t)number.value : SPY_UNKNOWN;
}

/* Whether as many objects are in the spans as the counters say, which the runtime keeps apart: a
 * thread may have been stopped between the two. */
bool heap_agrees(const struct heap_image *image);

/* Whether a mapping has any of the heap's spans; needs HEAP_SPANS. To 1.10 the bitmap lies before
 * the heap in the same mapping. */
bool heap_has(const struct heap_image *image, uint64_t start, uint64_t end);

/* The figures, but for those of the kernel. Everything is of the arena. */
void heap_make(struct go_runtime *runtime, const struct heap_image *image, struct arena *arena,
	       struct spy_heap *ret);
void metrics_make(struct go_runtime *runtime, const struct heap_image *image, struct arena *arena,
		  struct spy_metrics *ret);

#endif
