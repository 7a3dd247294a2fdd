/* SPDX-License-Identifier: MIT
 *
 * The memory of the runtime's own bookkeeping that memory statistics are computed from: memstats,
 * gcController, parts of mheap_, the caches of the Ps and the spans in them. Made once for a
 * target, read as often as one likes: a reading is a handful of system calls and no allocation.
 *
 * Of a target that runs on, the parts of a reading belong to different moments. What could be
 * counted twice or not at all is found out, and the reading repeated:
 *
 * - heapStats (1.16+) is a ring of three deltas. consistentHeapStats.read (runtime/mstats.go),
 * which runtime/metrics calls, turns it and merges two of them; meanwhile their sum is too large.
 * At rest the delta behind the current one is zero, and the number of turns did not change.
 * - A P that takes another span tells the ring, or mcentral, of the one before. So a span counts
 *   only if the P had it before and after the counters were read, and had not given it back
 *   (mspan.sweepgen; mspan.incache to 1.11).
 * - Sums that the runtime itself holds equal (readmemstats_m: doubleCheckReadMemStats).
 */
#ifndef RUNTIME_MEMORY_STATE_H
#define RUNTIME_MEMORY_STATE_H

#include "runtime/runtime.h"

enum {
	HEAP_RING = 3,
	MEMORY_TRIES = 30, /* readings of a target that runs on, until one fits together */
};

/* What a P has: addresses, and copies of its mcache from before and after the counters. */
struct memory_p {
	uint64_t address, mcache;
	uint64_t status, free_gs, free_mspans; /* p.status, p.gFree.size, p.mspancache.len */
	uint64_t chunk_base, chunk_used;       /* p.palloc */
	uint64_t mcache_again; /* p.mcache of a reading, to be held against the one above */
	uint8_t *first, *before, *after;
};

/* A span in the cache of a P. */
enum cached_span {
	CACHED_SPAN_NONE,      /* there is none to be counted */
	CACHED_SPAN_THERE,     /* counts, see `bytes` */
	CACHED_SPAN_UNSETTLED, /* changed while the counters were read */
};
struct memory_span {
	uint64_t address;
	uint8_t *bytes, *after; /* NULL: not read */
	enum cached_span state;
};

/* Spans of stacks that the flush of the Ps' caches would give back to the heap. */
struct memory_stacks {
	uint64_t bytes;
	uint64_t spans;
};

/* What the flush takes for the lists that it puts spans into. */
struct memory_growth {
	int64_t gc_bytes, other_bytes;
	bool unknown; /* it takes something, and what tells how much was not found */
};

struct memory_state {
	struct go_runtime *runtime;
	const struct runtime_layout *layout;
	/* Copies of variables, NULL where the program has none. Of the heap only the members that
	 * are used; of the statistics `ring` is newer than what stands in memstats. */
	uint8_t *memstats, *ring, *controller, *heap, *sched;
	uint8_t *classes; /* runtime.class_to_size */
	size_t class_count;
	size_t span_classes; /* of an mcache */
	uint64_t allgs[2];
	uint32_t gcphase;
	int32_t gcpercent;
	bool has_gcphase, has_gcpercent, has_allgs, has_ps;
	uint64_t allp[2];
	uint64_t *p_addresses, *p_addresses_again;
	struct memory_p *ps;
	size_t p_count;
	struct memory_span *spans; /* span_classes of each P */
	uint8_t *room;             /* of mcaches and spans */
	struct memory_stacks stacks;
	struct memory_growth growth;
	size_t unsettled; /* spans and caches that changed under the last reading */
	bool torn;        /* the ring, or sums that should be equal */
	bool still;       /* the target stood still */
	bool readable;    /* the variables were there to be read */
	bool complete;    /* so was what the Ps have */
	size_t repeated;  /* readings that were thrown away */
	struct target_range *ranges;
	size_t range_count, range_capacity;
	uint64_t arena_index, arena_spans; /* the arena that was looked up last */
};

struct memory_state *memory_state_new(struct go_runtime *runtime) __attribute__((returns_nonnull));
void memory_state_free(struct memory_state *state);

/* What a reading has. */
enum memory_parts {
	MEMORY_VARIABLES, /* the variables alone: enough for what the collector is about */
	MEMORY_ALL,
};

/* Looks for the Ps and makes room for what they have: to be done before the target is stopped. A
 * reading does it where it must. */
void memory_state_prepare(struct memory_state *state);

/* Reads everything. `tries`: how often at most, of a target that runs on; 1 of one that stands
 * still. False if something did not fit together to the end (`unsettled`, `torn`). */
bool memory_state_read(struct memory_state *state, enum memory_parts parts, unsigned tries);

/* ---- inside the room ---------------------------------------------------------------------- */

static inline uint64_t state_number(const struct memory_state *state, enum layout_slot slot,
				    const uint8_t *structure)
{
	return structure ? layout_number(state->layout, slot, structure) : 0;
}

/* Ranges that are read by one call, in their order. */
void state_want(struct memory_state *state, uint64_t address, void *buffer, size_t size);
bool state_fetch(struct memory_state *state);
/* Drops those that were asked for and not read, before their buffers go. */
void state_forget(struct memory_state *state);

/* memory_stacks.c: fills state->stacks out of the Ps' caches. False if they changed under it. */
bool memory_stacks_read(struct memory_state *state);

/* memory_flush.c: fills state->growth. */
void memory_flush_read(struct memory_state *state);

/* memory_check.c: whether the runtime's own sums agree. */
bool memory_sums_agree(const struct memory_state *state);

#endif
