/* SPDX-License-Identifier: MIT
 *
 * The kernel copies some 5 GB/s out of another process, page by page, and to decode a g takes a
 * fifth of that; two threads do it in half the time, and while the target stands still its
 * processors have nothing else to do.
 */
#include "runtime/goroutines.h"

#include <sched.h>
#include <time.h>

#include "base/cursor.h"
#include "runtime/ahead.h"

enum {
	TOUCHES = 2,
	PAGE_BYTES = 4096,
	YIELDS = 2000, /* about a millisecond */
	NAP_NS = 50 * 1000,
};

static void decode_g(const struct runtime_layout *layout, uint64_t address, const uint8_t *bytes,
		     struct raw_g *ret)
{
	*ret = (struct raw_g){
		.address = address,
		.goid = layout_number(layout, FIELD_g_goid, bytes),
		.status = (uint32_t)layout_number(layout, FIELD_g_atomicstatus, bytes) &
			  ~(uint32_t)G_SCAN,
		.locked = layout_number(layout, FIELD_g_lockedm, bytes) != 0,
		.running_cleanups = layout_number(layout, FIELD_g_running_cleanups, bytes) != 0,
		.tracking_seq = (uint16_t)layout_number(layout, FIELD_g_tracking_seq, bytes),
		.stack_lo = layout_number(layout, FIELD_g_stack_lo, bytes),
		.stack_hi = layout_number(layout, FIELD_g_stack_hi, bytes),
		.sched_pc = layout_number(layout, FIELD_g_sched_pc, bytes),
		.sched_sp = layout_number(layout, FIELD_g_sched_sp, bytes),
		.syscall_pc = layout_number(layout, FIELD_g_syscallpc, bytes),
		.syscall_sp = layout_number(layout, FIELD_g_syscallsp, bytes),
		.m = layout_number(layout, FIELD_g_m, bytes),
		.wait_since = (int64_t)layout_number(layout, FIELD_g_waitsince, bytes),
		.wait_reason = layout_number(layout, FIELD_g_waitreason, bytes),
		.parent = layout_number(layout, FIELD_g_parent_goid, bytes),
		.gopc = layout_number(layout, FIELD_g_gopc, bytes),
		.startpc = layout_number(layout, FIELD_g_startpc, bytes),
		.waiting = layout_number(layout, FIELD_g_waiting, bytes),
		.labels = layout_number(layout, FIELD_g_labels, bytes),
	};

	/* A string in 1.10, an index later. */
	if (layout_size(layout, FIELD_g_waitreason) == 16)
		ret->wait_reason_size =
		    load_u64(bytes + layout_offset(layout, FIELD_g_waitreason) + 8);
}

bool is_dead(const struct raw_g *g)
{
	return g->status == G_DEAD || g->status == G_IDLE || g->status == G_DEADEXTRA;
}

struct segment part_of(const struct segment *all, size_t start, size_t largest)
{
	struct segment segment = *all;

	segment.addresses += start;
	segment.count = all->count - start < largest ? all->count - start : largest;
	return segment;
}

struct segment segment_at(const struct segment *all, size_t start)
{
	return part_of(all, start, SEGMENT);
}

void fetch_gs(const struct segment *segment)
{
	size_t size = layout_size(&segment->runtime->layout, SIZE_g), i;

	copy_clear(segment->scratch);
	for (i = 0; i < segment->count; i++)
		copy_want(segment->scratch, segment->addresses[i], size, 0);
	copy_fetch(segment->scratch, segment->runtime->target);
}

void fetched_g(const struct segment *segment, size_t index, struct raw_g *ret)
{
	const struct runtime_layout *layout = &segment->runtime->layout;
	const uint8_t *bytes =
	    copy_at(segment->scratch, segment->addresses[index], layout_size(layout, SIZE_g));

	if (bytes)
		decode_g(layout, segment->addresses[index], bytes, ret);
	else
		*ret = (struct raw_g){ .address = 0 };
}

/* ---- by two threads ----------------------------------------------------------------------- */

void gs_reserve(struct collected *collected, size_t count)
{
	if (collected->gs.capacity >= count)
		return;
	collected->gs.items =
	    memory_resize(collected->gs.items, count, sizeof(*collected->gs.items));
	collected->ids = memory_resize(collected->ids, count, sizeof(*collected->ids));
	collected->gs.capacity = count;
}

static void read_chunk(struct gs_reading *reading, size_t start, struct copy *scratch)
{
	struct segment chunk = part_of(&reading->all, start, CHUNK);
	const struct segment *all = &reading->all;
	struct collected *collected = chunk.collected;
	size_t i;

	chunk.scratch = scratch;
	fetch_gs(&chunk);
	for (i = start; i < start + chunk.count; i++) {
		struct raw_g *g = &collected->gs.items[i];
		struct copy *stack;

		fetched_g(&chunk, i - start, g);
		collected->ids[i] = UINT64_MAX;
		if (!g->address || is_dead(g))
			continue;
		collected->ids[i] = g->goid;
		stack = reading->ahead ? ahead_stack(reading->ahead, i, g) : NULL;
		g->copy = collected->copies.items[all->request->limit ? 0 : i / SEGMENT];
		g->stack = stack ? stack : g->copy;
	}
	atomic_fetch_add(&reading->done, chunk.count);
}

static void read_chunks(struct gs_reading *reading, struct copy *scratch)
{
	size_t start;

	while ((start = atomic_fetch_add(&reading->next, CHUNK)) < reading->all.count)
		read_chunk(reading, start, scratch);
}

/* Passes some time, little at first. */
static void relax(unsigned times)
{
	struct timespec nap = { .tv_nsec = NAP_NS };

	if (times < YIELDS)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}

void gs_begin(struct gs_reading *reading, const struct segment *all, const struct ahead *ahead)
{
	struct collected *collected = all->collected;
	size_t segment, start;

	reading->all = *all;
	reading->ahead = ahead;
	gs_reserve(collected, all->count);
	collected->gs.count = all->count;
	for (segment = start = 0; start < all->count; start += SEGMENT)
		copy_for(collected, all->request->limit ? 0 : segment++);
	atomic_store(&reading->state, GS_WANTED);
}

void gs_finish(struct gs_reading *reading)
{
	unsigned times;

	read_chunks(reading, reading->all.scratch);
	for (times = 0; atomic_load(&reading->done) < reading->all.count; times++)
		relax(times);
}

void gs_end(struct gs_reading *reading)
{
	atomic_store(&reading->state, GS_READ);
}

void gs_help(struct gs_reading *reading)
{
	cpu_set_t processors;
	unsigned times;

	/* Alone we would only be in the other thread's way. */
	if (sched_getaffinity(0, sizeof(processors), &processors) == 0 &&
	    CPU_COUNT(&processors) < 2)
		return;
	for (times = 0; atomic_load(&reading->state) == GS_COMING; times++)
		relax(times);
	if (atomic_load(&reading->state) == GS_WANTED)
		read_chunks(reading, reading->scratch);
}

void gs_touch(const struct segment *all)
{
	struct target_range *ranges _cleanup_free_ = memory_new(all->count, sizeof(*ranges));
	uint64_t page = 0;
	uint8_t byte;
	size_t count = 0, i;
	int times;

	for (i = 0; i < all->count; i++) {
		uint64_t address = all->addresses[i];

		if (address / PAGE_BYTES == page)
			continue;
		page = address / PAGE_BYTES;
		ranges[count++] =
		    (struct target_range){ .address = address, .buffer = &byte, .size = 1 };
	}
	for (times = 0; times < TOUCHES; times++)
		target_readv(all->runtime->target, ranges, count);
}

void gs_settle(struct collected *collected)
{
	size_t kept = 0, i;

	for (i = 0; i < collected->gs.count; i++) {
		struct raw_g *g = &collected->gs.items[i];

		if (!g->address)
			collected->torn++;
		else if (is_dead(g))
			collected->dead++;
		else if (kept++ != i)
			collected->gs.items[kept - 1] = *g;
	}
	collected->gs.count = kept;
}
