/* SPDX-License-Identifier: MIT */
#include "render/heap_fields.h"

#define AT(type, member) .offset = offsetof(struct type, member)

/* The contract's own names first. */
const struct field heap_fields[] = {
	{ .name = "pages_in_use", .unit = UNIT_COUNT, AT(spy_heap, pages_in_use) },
	{ .name = "pages_swept", .unit = UNIT_COUNT, AT(spy_heap, pages_swept) },
	{ .name = "sweep_generation", .unit = UNIT_COUNT, AT(spy_heap, sweep_generation) },
	{ .name = "sweepers", .unit = UNIT_COUNT, AT(spy_heap, sweepers) },
	{ .name = "spans", .unit = UNIT_COUNT, AT(spy_heap, spans) },
	{ .name = "page_bytes", .unit = UNIT_BYTES, AT(spy_heap, page_bytes) },
	{ .name = "arenas", .unit = UNIT_COUNT, AT(spy_heap, arenas) },
	{ .name = "arena_bytes", .unit = UNIT_BYTES, AT(spy_heap, arena_bytes) },
	{ .name = "free_bytes", .unit = UNIT_BYTES, AT(spy_heap, free_bytes) },
	{ .name = "released_bytes", .unit = UNIT_BYTES, AT(spy_heap, released_bytes) },
	{ .name = "unused_bytes", .unit = UNIT_BYTES, AT(spy_heap, unused_bytes) },
	{ .name = "unswept_dead_bytes", .unit = UNIT_BYTES, AT(spy_heap, unswept_dead_bytes) },
	{ .name = "unswept_dead_objects", .unit = UNIT_COUNT, AT(spy_heap, unswept_dead_objects) },
	{ .name = "heap_live", .unit = UNIT_BYTES, AT(spy_heap, heap_live_bytes) },
	{ .name = "heap_goal", .unit = UNIT_GOAL, AT(spy_heap, heap_goal_bytes) },
	{ .name = "memory_limit", .unit = UNIT_BYTES, AT(spy_heap, memory_limit_bytes) },
	{ .name = "percent", .unit = UNIT_COUNT, AT(spy_heap, percent) },
	{ .name = NULL },
};

const struct field heap_large_fields[] = {
	{ .name = "allocs", .unit = UNIT_COUNT, AT(spy_heap_class, mallocs) },
	{ .name = "alloc_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, malloc_bytes) },
	{ .name = "frees", .unit = UNIT_COUNT, AT(spy_heap_class, frees) },
	{ .name = "free_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, free_bytes) },
	{ .name = "spans", .unit = UNIT_COUNT, AT(spy_heap_class, spans) },
	{ .name = "unswept_spans", .unit = UNIT_COUNT, AT(spy_heap_class, unswept_spans) },
	{ .name = "objects_in_use", .unit = UNIT_COUNT, AT(spy_heap_class, objects_in_use) },
	{ .name = "bytes_in_use", .unit = UNIT_BYTES, AT(spy_heap_class, in_use_bytes) },
	{ .name = "bytes_reserved", .unit = UNIT_BYTES, AT(spy_heap_class, reserved_bytes) },
	{ .name = NULL },
};

const struct field heap_class_fields[] = {
	{ .name = "class",
	  .title = "CLASS",
	  .help = "number of the size class",
	  .unit = UNIT_ID,
	  AT(spy_heap_class, number) },
	{ .name = "size",
	  .title = "SIZE",
	  .help = "bytes of each object, the largest that the class takes",
	  .unit = UNIT_COUNT,
	  AT(spy_heap_class, size_bytes) },
	{ .name = "spans",
	  .title = "SPANS",
	  .help = "pieces of memory that hold objects of this class",
	  .unit = UNIT_COUNT,
	  AT(spy_heap_class, spans) },
	{ .name = "objects_in_use",
	  .title = "OBJECTS",
	  .help = "that are alive, or dead and not yet swept",
	  .unit = UNIT_COUNT,
	  AT(spy_heap_class, objects_in_use) },
	{ .name = "objects_capacity",
	  .title = "CAPACITY",
	  .help = "objects that the spans have room for",
	  .unit = UNIT_COUNT,
	  AT(spy_heap_class, objects_capacity) },
	{ .name = "bytes_in_use",
	  .title = "IN-USE",
	  .help = "bytes of the objects",
	  .unit = UNIT_BYTES,
	  AT(spy_heap_class, in_use_bytes) },
	{ .name = "bytes_reserved",
	  .title = "RESERVED",
	  .help = "bytes of the spans",
	  .unit = UNIT_BYTES,
	  AT(spy_heap_class, reserved_bytes) },
	{ .name = "mallocs",
	  .title = "MALLOCS",
	  .help = "objects allocated since the start",
	  .unit = UNIT_COUNT,
	  AT(spy_heap_class, mallocs) },
	{ .name = "frees",
	  .title = "FREES",
	  .help = "objects freed since the start",
	  .unit = UNIT_COUNT,
	  AT(spy_heap_class, frees) },
	{ .name = "free_slots", .unit = UNIT_COUNT, AT(spy_heap_class, free_slots) },
	{ .name = "tail_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, tail_bytes) },
	{ .name = "waste_max_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, waste_bytes) },
	{ .name = "unswept_spans", .unit = UNIT_COUNT, AT(spy_heap_class, unswept_spans) },
	{ .name = "malloc_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, malloc_bytes) },
	{ .name = "free_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, free_bytes) },
	{ .name = NULL },
};

const struct field heap_total_fields[] = {
	{ .name = "spans", .unit = UNIT_COUNT, AT(spy_heap_class, spans) },
	{ .name = "unswept_spans", .unit = UNIT_COUNT, AT(spy_heap_class, unswept_spans) },
	{ .name = "objects_in_use", .unit = UNIT_COUNT, AT(spy_heap_class, objects_in_use) },
	{ .name = "objects_capacity", .unit = UNIT_COUNT, AT(spy_heap_class, objects_capacity) },
	{ .name = "bytes_in_use", .unit = UNIT_BYTES, AT(spy_heap_class, in_use_bytes) },
	{ .name = "bytes_reserved", .unit = UNIT_BYTES, AT(spy_heap_class, reserved_bytes) },
	{ .name = "free_slots", .unit = UNIT_COUNT, AT(spy_heap_class, free_slots) },
	{ .name = "tail_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, tail_bytes) },
	{ .name = "waste_max_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, waste_bytes) },
	{ .name = "mallocs", .unit = UNIT_COUNT, AT(spy_heap_class, mallocs) },
	{ .name = "frees", .unit = UNIT_COUNT, AT(spy_heap_class, frees) },
	{ .name = "malloc_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, malloc_bytes) },
	{ .name = "free_bytes", .unit = UNIT_BYTES, AT(spy_heap_class, free_bytes) },
	{ .name = NULL },
};

const struct field span_state_fields[] = {
	{ .name = "spans", .unit = UNIT_COUNT, AT(spy_span_state, spans) },
	{ .name = "pages", .unit = UNIT_COUNT, AT(spy_span_state, pages) },
	{ .name = NULL },
};

const struct field heap_p_fields[] = {
	{ .name = "id", .unit = UNIT_ID, AT(spy_heap_p, id) },
	{ .name = "flush_generation", .unit = UNIT_COUNT, AT(spy_heap_p, flush_generation) },
	{ .name = "tiny_allocs", .unit = UNIT_COUNT, AT(spy_heap_p, tiny_allocs) },
	{ .name = "tiny_used", .unit = UNIT_BYTES, AT(spy_heap_p, tiny_used_bytes) },
	{ .name = NULL },
};

const struct field cached_span_fields[] = {
	{ .name = "class", .unit = UNIT_ID, AT(spy_cached_span, class_number) },
	{ .name = "noscan", .unit = UNIT_BOOL, AT(spy_cached_span, noscan) },
	{ .name = "size", .unit = UNIT_BYTES, AT(spy_cached_span, size_bytes) },
	{ .name = "pages", .unit = UNIT_COUNT, AT(spy_cached_span, pages) },
	{ .name = "allocated", .unit = UNIT_COUNT, AT(spy_cached_span, allocated) },
	{ .name = "capacity", .unit = UNIT_COUNT, AT(spy_cached_span, capacity) },
	{ .name = NULL },
};

const struct field resident_fields[] = {
	{ .name = "rss", .unit = UNIT_BYTES, AT(spy_residents, rss_bytes) },
	{ .name = "arenas", .unit = UNIT_BYTES, AT(spy_residents, arenas_bytes) },
	{ .name = "anonymous", .unit = UNIT_BYTES, AT(spy_residents, anonymous_bytes) },
	{ .name = "files", .unit = UNIT_BYTES, AT(spy_residents, files_bytes) },
	{ .name = "stack", .unit = UNIT_BYTES, AT(spy_residents, stack_bytes) },
	{ .name = "other", .unit = UNIT_BYTES, AT(spy_residents, other_bytes) },
	{ .name = NULL },
};
