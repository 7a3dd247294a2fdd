/* SPDX-License-Identifier: MIT
 *
 * What the flush of ReadMemStats takes for its own bookkeeping, from 1.15 on. Each span that it
 * takes out of the cache of a P goes to the list of swept spans of its class (runtime/mcentral.go:
 * uncacheSpan), a spanSet. One that has no room grows (runtime/mspanset.go: push): a spine that
 * points to more blocks, and a block, out of the pool or new. Both are made by persistentalloc
 * (runtime/malloc.go) and counted as GCSys, out of a chunk of OtherSys; where the P that flushes
 * has no room left in its chunk, there is a new one.
 */
#include "base/cursor.h"
#include "runtime/memory_state.h"

enum {
	BLOCK_ENTRIES = 512, /* spanSetBlockEntries */
	FIRST_SPINE = 256,   /* spanSetInitSpineCap */
	POINTER_BYTES = 8,
	CACHE_LINE = 64,         /* cpu.CacheLinePadSize */
	CHUNK_BYTES = 256 << 10, /* persistentChunkSize */
	CHUNKED_MAX = 64 << 10,  /* maxBlock: what is larger comes from the system */
	TAG_ALIGN = 512,         /* tagAlign (1.25+) */
	POOL_MAX = 1024,         /* blocks of the pool that are counted */
	P_SYSCALL = 2,
};

/* What push() looks at, as it will be. */
struct set {
	uint64_t spine_len, spine_cap;
	uint32_t tail;
	bool known;
};

struct flush {
	struct memory_state *state;
	struct set *sets; /* partial and full of each span class */
	uint64_t free_blocks;
	uint64_t chunk_base, chunk_used; /* of the P that flushes */
};

/* persistentalloc1: `size` bytes, counted as the collector's. */
static void allocate(struct flush *flush, uint64_t size, uint64_t align)
{
	struct memory_growth *growth = &flush->state->growth;

	growth->gc_bytes += (int64_t)size;
	if (size >= CHUNKED_MAX)
		return;
	growth->other_bytes -= (int64_t)size;
	flush->chunk_used = (flush->chunk_used + align - 1) & ~(align - 1);
	if (!flush->chunk_base || flush->chunk_used + size > CHUNK_BYTES) {
		growth->other_bytes += CHUNK_BYTES;
		flush->chunk_base = 1;
		flush->chunk_used = (POINTER_BYTES + align - 1) & ~(align - 1);
	}
	flush->chunk_used += size;
}

static uint64_t block_size(const struct flush *flush)
{
	return layout_size(flush->state->layout, SIZE_span_set_block);
}

/* From 1.25 on a block is aligned, and padded, for pointers with larger tags. */
static uint64_t block_align(const struct flush *flush)
{
	return block_size(flush) % TAG_ALIGN ? CACHE_LINE : TAG_ALIGN;
}

/* runtime/mspanset.go: push. */
static void push(struct flush *flush, struct set *set)
{
	if (set->tail++ / BLOCK_ENTRIES < set->spine_len)
		return;
	if (set->spine_len == set->spine_cap) {
		set->spine_cap = set->spine_cap ? set->spine_cap * 2 : FIRST_SPINE;
		allocate(flush, set->spine_cap * POINTER_BYTES, CACHE_LINE);
	}
	set->spine_len++;
	if (flush->free_blocks)
		flush->free_blocks--;
	else
		allocate(flush, block_size(flush), block_align(flush));
}

static struct set load_set(const struct memory_state *state, size_t class, enum layout_slot list)
{
	const struct runtime_layout *layout = state->layout;
	size_t stride = layout_size(layout, FIELD_mheap_central) / state->span_classes;
	size_t size = layout_size(layout, SIZE_span_set);
	uint32_t sweepgen = (uint32_t)layout_number(layout, FIELD_mheap_sweepgen, state->heap);
	size_t at = layout_offset(layout, list) + (sweepgen / 2 % 2) * size;
	const uint8_t *bytes =
	    state->heap + layout_offset(layout, FIELD_mheap_central) + class * stride + at;

	if (at + size > stride)
		return (struct set){ 0 };
	return (struct set){ .spine_len = layout_number(layout, FIELD_span_set_spine_len, bytes),
			     .spine_cap = layout_number(layout, FIELD_span_set_spine_cap, bytes),
			     .tail = (uint32_t)layout_number(layout, FIELD_span_set_index, bytes),
			     .known = true };
}

/* The address in a word of an lfstack: with a counter below it, 48 bits of an address, or 49 (late
 * in 1.25), and as many more bits of the counter as the address has zeroes at its end. A block lies
 * in memory from mmap, whose addresses have bit 46 (runtime/lfstack_64bit.go, tagptr_64bit.go). */
static uint64_t unpack(const struct flush *flush, uint64_t word)
{
	uint64_t mask = block_align(flush) == TAG_ALIGN ? TAG_ALIGN - 1 : 7;

	return (word >> (word >> 62 ? 16 : 15)) & ~mask;
}

/* How many blocks the pool has, up to `wanted`. */
static uint64_t count_pool(struct flush *flush, uint64_t wanted)
{
	struct memory_state *state = flush->state;
	uint64_t address = state->runtime->globals[GLOBAL_span_set_block_pool].address, count = 0;
	uint64_t word = 0;

	while (count < wanted && count < POOL_MAX) {
		state_want(state, address, &word, sizeof(word));
		if (!state_fetch(state) || !word)
			break;
		address = unpack(flush, word);
		count++;
	}
	return count;
}

/* The P that will most likely have the goroutine that calls ReadMemStats: one that is in a system
 * call and can have its P back, else the idle one that is taken next. */
static const struct memory_p *flushing_p(const struct memory_state *state)
{
	uint64_t idle = state_number(state, FIELD_sched_pidle, state->sched);
	const struct memory_p *found = NULL;
	size_t i;

	for (i = 0; i < state->p_count; i++) {
		const struct memory_p *p = &state->ps[i];

		if (!p->address)
			continue;
		if (p->status == P_SYSCALL)
			return p;
		if (!found || p->address == idle)
			found = p;
	}
	return found;
}

/* One after the other, as flushallmcaches does. `blocks`: only how many will be needed. */
static void push_all(struct flush *flush)
{
	const struct memory_state *state = flush->state;
	const struct runtime_layout *layout = state->layout;
	size_t i, class;

	for (class = 0; class < state->span_classes; class ++) {
		flush->sets[class * 2] = load_set(state, class, FIELD_mcentral_partial);
		flush->sets[class * 2 + 1] = load_set(state, class, FIELD_mcentral_full);
	}
	for (i = 0; i < state->p_count; i++)
		for (class = 0; class < state->span_classes; class ++) {
			const struct memory_span *span =
			    &state->spans[i * state->span_classes + class];
			bool full;
			struct set *set;

			if (span->state != CACHED_SPAN_THERE)
				continue;
			full = layout_number(layout, FIELD_mspan_nelems, span->bytes) <=
			       layout_number(layout, FIELD_mspan_alloc_count, span->bytes);
			set = &flush->sets[class * 2 + full];
			if (set->known)
				push(flush, set);
		}
}

void memory_flush_read(struct memory_state *state)
{
	struct set *sets _cleanup_free_ = memory_zeroed(state->span_classes * 2 + 1, sizeof(*sets));
	struct flush flush = { .state = state, .sets = sets };
	const struct memory_p *p = flushing_p(state);

	state->growth = (struct memory_growth){ 0 };
	if (!layout_has(state->layout, FIELD_mcentral_partial) ||
	    !layout_has(state->layout, SIZE_span_set_block))
		return;
	state->growth.unknown = !state->heap || !p;
	if (state->growth.unknown)
		return;
	flush.free_blocks = POOL_MAX;
	push_all(&flush);
	if (flush.free_blocks == POOL_MAX && !state->growth.gc_bytes)
		return;
	state->growth = (struct memory_growth){
		.unknown = !state->runtime->globals[GLOBAL_span_set_block_pool].address
	};
	if (state->growth.unknown)
		return;
	flush.free_blocks = count_pool(&flush, POOL_MAX - flush.free_blocks);
	flush.chunk_base = p->chunk_base;
	flush.chunk_used = p->chunk_used;
	push_all(&flush);
}
