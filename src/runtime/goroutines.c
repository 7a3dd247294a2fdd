/* SPDX-License-Identifier: MIT */
#include "runtime/goroutines.h"

#include "base/cursor.h"
#include "runtime/ahead.h"

enum {
	TRIES = 6,                   /* readings of a goroutine that keeps changing */
	STACK_BYTES_MAX = 256 << 20, /* of one goroutine's stack that is copied */
};

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
static uint64_t last_detailed(const uint64_t *ids, size_t count, size_t limit, size_t system)
{
	size_t wanted = limit + system, low = 0, some, i;
	uint64_t *chosen _cleanup_free_ = NULL, bound;

	if (!limit || limit >= count || wanted >= count)
		return UINT64_MAX;
	/* The bound of any of them is one for all, and a low one if older ones stand first. */
	some = wanted < count / 2 ? 2 * wanted : count;
	chosen = memory_new(count, sizeof(*chosen));
	memcpy(chosen, ids, some * sizeof(*chosen));
	bound = nth_smallest(chosen, some, wanted);
	for (i = 0; i < count; i++)
		if (ids[i] <= bound)
			chosen[low++] = ids[i];
	return nth_smallest(chosen, low, wanted);
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

	for (i = 0; i < all->count; i++)
		if (collected->ids[i] <= collected->last_detailed)
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

void read_stopped_details(const struct segment *all)
{
	struct collected *collected = all->collected;
	size_t start, limit = all->request->limit;

	if (limit)
		collected->last_detailed =
		    last_detailed(collected->ids, all->count, limit, system_goroutines(collected));
	if (!wants_details(all->request))
		return;
	for (start = 0; start < all->count && !limit; start += SEGMENT) {
		struct segment segment = segment_at(all, start);
		struct copy *copy = copy_for(collected, start / SEGMENT);

		read_details(&segment, collected->gs.items + start, copy);
		collected->copied_bytes += copy_bytes(copy);
	}
	if (limit)
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
	VECTOR(uint64_t) ids = { 0 };
	struct raw_g *gs _cleanup_free_ = memory_new(SEGMENT_NON_BLOCKING, sizeof(*gs));
	size_t start, i;

	for (start = 0; start < all->count; start += SEGMENT_NON_BLOCKING) {
		struct segment segment = part_of(all, start, SEGMENT_NON_BLOCKING);

		read_gs(&segment, gs);
		for (i = 0; i < segment.count; i++)
			if (gs[i].address && !is_dead(&gs[i]))
				*vector_push(&ids) = gs[i].goid;
	}
	all->collected->last_detailed = last_detailed(ids.items, ids.count, all->request->limit,
						      system_goroutines(all->collected));
	vector_free(&ids);
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
