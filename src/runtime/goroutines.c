/* SPDX-License-Identifier: MIT */
#include "runtime/goroutines.h"

#include "base/cursor.h"
#include "runtime/ahead.h"

enum {
	TRIES = 6,                   /* readings of a goroutine that keeps changing */
	STACK_BYTES_MAX = 256 << 20, /* of one goroutine's stack that is copied */
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

static bool is_dead(const struct raw_g *g)
{
	return g->status == G_DEAD || g->status == G_IDLE || g->status == G_DEADEXTRA;
}

/* Where the stack of a goroutine that does not run begins: runtime/traceback.go: initAt. */
uint64_t parked_sp(const struct raw_g *g)
{
	return g->syscall_sp ? g->syscall_sp : g->sched_sp;
}

void want_stack(struct copy *copy, const struct raw_g *g, uint64_t sp, uint32_t owner)
{
	uint64_t size;

	if (sp < g->stack_lo || sp >= g->stack_hi)
		return;
	size = g->stack_hi - sp;
	copy_want(copy, sp, size < STACK_BYTES_MAX ? size : STACK_BYTES_MAX, owner);
}

/* ---- goroutines, a segment at a time ------------------------------------------------------ */

static struct segment part_of(const struct segment *all, size_t start, size_t largest)
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
	struct copy *scratch = segment->collected->scratch;

	copy_clear(scratch);
	for (i = 0; i < segment->count; i++)
		copy_want(scratch, segment->addresses[i], size, 0);
	copy_fetch(scratch, segment->runtime->target);
}

void fetched_g(const struct segment *segment, size_t index, struct raw_g *ret)
{
	const struct runtime_layout *layout = &segment->runtime->layout;
	const uint8_t *bytes = copy_at(segment->collected->scratch, segment->addresses[index],
				       layout_size(layout, SIZE_g));

	if (bytes)
		decode_g(layout, segment->addresses[index], bytes, ret);
	else
		*ret = (struct raw_g){ .address = 0 };
}

static void read_gs(const struct segment *segment, struct raw_g *gs)
{
	size_t i;

	fetch_gs(segment);
	for (i = 0; i < segment->count; i++)
		fetched_g(segment, i, &gs[i]);
}

static bool is_wanted(const struct segment *segment, const struct raw_g *g)
{
	return g->address && !is_dead(g) && g->goid <= segment->collected->last_detailed &&
	       (!segment->request->goroutine || (uint64_t)segment->request->goroutine == g->goid);
}

/* Everything that hangs on the goroutines: stacks, unless they are somewhere else already, labels,
 * what they wait on. */
static void read_details(const struct segment *segment, const struct raw_g *gs, struct copy *copy)
{
	unsigned what = segment->request->collect;
	struct target *target = segment->runtime->target;
	struct map seen _cleanup_(map_free) = { 0 };
	bool more = true;
	size_t i;
	int round;

	for (round = 0; more; round++) {
		more = false;
		for (i = 0; i < segment->count; i++) {
			const struct raw_g *g = &gs[i];
			uint32_t owner = (uint32_t)i;

			if (!is_wanted(segment, g))
				continue;
			if (round == 0 && what & SPY_COLLECT_STACKS && g->status != G_RUNNING &&
			    (!g->stack || g->stack == copy))
				want_stack(copy, g, parked_sp(g), owner);
			if (round < LABEL_ROUNDS && what & SPY_COLLECT_LABELS && g->labels)
				more |= want_labels(segment->runtime, copy, &seen, g->labels, owner,
						    round);
			if (round < WAIT_ROUNDS && what & SPY_COLLECT_WAITS && g->waiting &&
			    g->status == G_WAITING)
				more |= want_wait(segment->runtime, copy, g, owner, round);
		}
		copy_fetch(copy, target);
	}
}

static void keep(struct collected *collected, const struct raw_g *g, struct copy *copy)
{
	struct raw_g *kept = vector_push(&collected->gs);

	*kept = *g;
	kept->copy = kept->stack = copy;
}

bool wants_details(const struct collect_request *request)
{
	return request->collect & (SPY_COLLECT_STACKS | SPY_COLLECT_LABELS | SPY_COLLECT_WAITS);
}

/* The n-th smallest of the numbers, which it reorders (quickselect). */
static uint64_t nth_smallest(uint64_t *numbers, size_t count, size_t n)
{
	size_t low = 0, high = count - 1;

	while (low < high) {
		uint64_t pivot = numbers[low + (high - low) / 2];
		size_t i = low, j = high;

		while (i <= j) {
			while (numbers[i] < pivot)
				i++;
			while (numbers[j] > pivot)
				j--;
			if (i <= j) {
				uint64_t swap = numbers[i];

				numbers[i++] = numbers[j];
				numbers[j] = swap;
				if (!j)
					break;
				j--;
			}
		}
		if (n <= j)
			high = j;
		else if (n >= i)
			low = i;
		else
			break;
	}
	return numbers[n];
}

/* The id up to which goroutines are detailed: of so many as are listed, and the runtime's own,
 * which are known only when the target runs again. */
static void choose_detailed(struct collected *collected, size_t limit, size_t system)
{
	size_t count = collected->gs.count, wanted = limit + system, i;
	uint64_t *ids _cleanup_free_ = NULL;

	if (!limit || wanted >= count)
		return;
	ids = memory_new(count, sizeof(*ids));
	for (i = 0; i < count; i++)
		ids[i] = collected->gs.items[i].goid;
	collected->last_detailed = nth_smallest(ids, count, wanted);
}

/* More than the goroutines of the runtime that any version has: four and some, a worker of the
 * collector for each P. */
static size_t system_goroutines(const struct collected *collected)
{
	return 64 + collected->ps.count;
}

static void read_details_of_some(const struct segment *all, struct copy *copy)
{
	const struct collected *collected = all->collected;
	VECTOR(struct raw_g) some = { 0 };
	struct segment segment = *all;
	size_t i;

	for (i = 0; i < collected->gs.count; i++)
		if (collected->gs.items[i].goid <= collected->last_detailed)
			*vector_push(&some) = collected->gs.items[i];
	segment.count = some.count;
	read_details(&segment, some.items, copy);
	vector_free(&some);
}

struct copy *copy_for(struct collected *collected, size_t segment)
{
	if (segment == collected->copies.count)
		*vector_push(&collected->copies) = copy_new(COPY_BYTES_MAX);
	copy_set_limit(collected->copies.items[segment], COPY_BYTES_MAX - collected->copied_bytes);
	return collected->copies.items[segment];
}

void read_stopped(const struct segment *all, const struct ahead *ahead)
{
	struct collected *collected = all->collected;
	bool some = all->request->limit, details = wants_details(all->request);
	size_t start, i;

	for (start = 0; start < all->count; start += SEGMENT) {
		struct segment segment = segment_at(all, start);
		size_t kept = collected->gs.count;
		struct copy *copy = copy_for(collected, some ? 0 : start / SEGMENT);

		fetch_gs(&segment);
		for (i = 0; i < segment.count; i++) {
			struct raw_g *g = vector_push(&collected->gs);
			struct copy *stack;

			fetched_g(&segment, i, g);
			if (!g->address || is_dead(g)) {
				*(g->address ? &collected->dead : &collected->torn) += 1;
				collected->gs.count--;
				continue;
			}
			stack = ahead ? ahead_stack(ahead, start + i, g) : NULL;
			g->copy = copy;
			g->stack = stack ? stack : copy;
		}
		segment.count = collected->gs.count - kept;
		if (details && !some) {
			read_details(&segment, collected->gs.items + kept, copy);
			collected->copied_bytes += copy_bytes(copy);
		}
	}
	if (!some)
		return;
	choose_detailed(collected, all->request->limit, system_goroutines(collected));
	if (details)
		read_details_of_some(all, copy_for(collected, 0));
}

/* Reads goroutines that run on meanwhile, and again; keeps those that were the same both times and
 * returns the others' addresses in `changed`. */
static size_t read_moving(const struct segment *segment, uint64_t *changed, bool last)
{
	struct collected *collected = segment->collected;
	struct copy *copy = copy_new(COPY_BYTES_MAX);
	struct raw_g *before _cleanup_free_ = memory_new(segment->count, sizeof(*before));
	struct raw_g *after _cleanup_free_ = memory_new(segment->count, sizeof(*after));
	bool *torn _cleanup_free_ = memory_zeroed(segment->count, sizeof(*torn));
	size_t count = 0, i;

	*vector_push(&collected->copies) = copy;
	read_gs(segment, before);
	if (wants_details(segment->request))
		read_details(segment, before, copy);
	read_gs(segment, after);
	if (wants_details(segment->request))
		copy_verify(copy, segment->runtime->target, torn, segment->count);
	for (i = 0; i < segment->count; i++) {
		bool same;

		/* It may have run meanwhile, if only it is back where it was. */
		before[i].tracking_seq = after[i].tracking_seq;
		same = before[i].address && !torn[i] &&
		       memcmp(&before[i], &after[i], sizeof(before[i])) == 0;

		if (same && is_dead(&before[i]))
			collected->dead++;
		else if (same)
			keep(collected, &before[i], copy);
		else if (!last)
			changed[count++] = segment->addresses[i];
		else if (after[i].address && is_dead(&after[i]))
			collected->dead++;
		else {
			collected->torn++;
			if (after[i].address)
				keep(collected, &after[i], NULL);
		}
	}
	return count;
}

/* Which goroutines will be detailed, before they are read for good: while they run on, each is read
 * with what hangs on it in one go. */
static void choose_before(const struct segment *all)
{
	struct collected ids = { .last_detailed = UINT64_MAX };
	struct raw_g *gs _cleanup_free_ = memory_new(SEGMENT_NON_BLOCKING, sizeof(*gs));
	size_t start, i;

	for (start = 0; start < all->count; start += SEGMENT_NON_BLOCKING) {
		struct segment segment = part_of(all, start, SEGMENT_NON_BLOCKING);

		read_gs(&segment, gs);
		for (i = 0; i < segment.count; i++)
			if (gs[i].address && !is_dead(&gs[i]))
				*vector_push(&ids.gs) = gs[i];
	}
	choose_detailed(&ids, all->request->limit, system_goroutines(all->collected));
	all->collected->last_detailed = ids.last_detailed;
	vector_free(&ids.gs);
}

void read_running_on(const struct segment *all)
{
	uint64_t addresses[SEGMENT_NON_BLOCKING], changed[SEGMENT_NON_BLOCKING];
	size_t start, i;

	if (all->request->limit && wants_details(all->request))
		choose_before(all);
	for (start = 0; start < all->count; start += SEGMENT_NON_BLOCKING) {
		struct segment segment = part_of(all, start, SEGMENT_NON_BLOCKING);
		int try;

		for (try = 1; segment.count && try <= TRIES; try++) {
			segment.count = read_moving(&segment, changed, try == TRIES);
			for (i = 0; i < segment.count; i++)
				addresses[i] = changed[i];
			segment.addresses = addresses;
		}
	}
}
