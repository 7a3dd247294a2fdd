/* SPDX-License-Identifier: MIT
 *
 * What the memory of the runtime's bookkeeping says.
 */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include "runtime/memory_state.h"

enum { SIZE_CLASSES_MAX = 128 };

/* Objects and bytes as the runtime counts them. */
struct heap_counts {
	uint64_t mallocs[SIZE_CLASSES_MAX], frees[SIZE_CLASSES_MAX]; /* of small objects */
	uint64_t large_mallocs, large_frees, large_alloc_bytes, large_free_bytes;
	uint64_t tiny, lookups;
	uint64_t unflushed_bytes; /* allocated, and not yet in gcController.totalAlloc */
	uint64_t stacks, work_bufs, ptr_scalar_bits;
};

/* `flushed`: with what the Ps have in their caches, as ReadMemStats counts; runtime/metrics does
 * not. False if they are not known. */
bool memory_counts(const struct memory_state *state, bool flushed, struct heap_counts *ret);

/* runtime.MemStats as runtime.ReadMemStats would return it. */
void memory_statistics(const struct memory_state *state, struct spy_memstats *ret);

/* What the collector is about; what it has in common with the statistics comes from them. */
void memory_collector(const struct memory_state *state, const struct spy_memstats *memstats,
		      struct spy_gc *ret);

/* The size of the heap at which it is collected; -1 where that is 2^64-1. `flushed` as above. */
int64_t memory_heap_goal(const struct memory_state *state, bool flushed);

/* Bytes that the collector marked, and what was allocated since. */
int64_t memory_heap_live(const struct memory_state *state);

/* runtime.NumGoroutine(), by its counters (runtime/proc.go: gcount). */
int64_t memory_goroutines(const struct memory_state *state);

#endif
