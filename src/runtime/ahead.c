/* SPDX-License-Identifier: MIT
 *
 * Why a stack that was copied ahead is the one that the stopped target has. It is taken only if its
 * goroutine
 *
 * - waits, without a thread, in the copy and in the stopped target, and each member of its g that
 * we know is the same in both: id, stack, sp and pc among them, and g.trackingSeq, which casgstatus
 *   adds 1 to whenever a goroutine stops running (runtime/proc.go, since Go 1.17; runtime.park_m
 *   takes the thread from it only afterwards). So it did not run between the two, or it stopped
 *   running 256 times, or a multiple of that.
 * - Two ways of stopping are not counted: preemption (casGToPreemptScan), and coroswitch_m of an
 *   iterator. What waits for one of these reasons is not taken.
 *
 * That leaves 256 times, and there are two proofs that it was not so; one is enough:
 *
 * - Every 8th time that a goroutine stops running (gTrackingPeriod), casgstatus measures how long
 *   it takes until it runs again, and adds 1 to a bucket of the histogram sched.timeToRun. Whoever
 *   stopped 256 times is in it 31 times. If the whole program is in it less often than that since
 *   before the gs were read, there is none.
 * - The collector notes in g.waitsince that it found a goroutine waiting, once in a cycle and with
 *   the start of that cycle (markroot); to run again makes it 0 (execute). If it was set in the
 * copy and is the same now, the goroutine has not been made to run since. (One that ran in the very
 *   moment when it was noted stopped once afterwards, which trackingSeq tells: it is copied after
 *   waitsince, at a higher address.)
 *
 * The collector may move the stack of a goroutine that waits, but then to another place. A value
 * that is being sent to it is written to its stack (runtime/chan.go: sendDirect) some nanoseconds
 * before it is woken: then its stack is shown as it was as long as it slept.
 */
#include "runtime/ahead.h"

#include <string.h>

enum {
	TRACKING_PERIOD = 8,
	/* The last time it was noted for tracking it need not have run again. */
	RUNS_TO_WRAP = 256 / TRACKING_PERIOD - 1,
	REASONS_MAX = 256, /* g.waitreason is a byte since Go 1.11 */
};

struct ahead_segment {
	struct copy *stacks;
	uint64_t runs; /* in sched.timeToRun, before its gs were read */
	bool few_runs; /* too few since for anyone to have stopped 256 times */
};

struct ahead {
	struct go_runtime *runtime;
	struct raw_g *gs; /* by the index in runtime.allgs; address 0: its stack was not copied */
	size_t count;
	VECTOR(struct ahead_segment) segments;
	VECTOR(uint64_t) lacks; /* bytes, per segment */
	bool uncounted[REASONS_MAX];
};

/* How many runs of goroutines are in sched.timeToRun: the sum of its counters, underflow and
 * overflow included (runtime/histogram.go: timeHistogram). None is ever taken back. */
static uint64_t recorded_runs(const struct ahead *ahead, const void *sched)
{
	const struct runtime_layout *layout = &ahead->runtime->layout;
	size_t size = layout_size(layout, FIELD_sched_time_to_run), i;
	const uint8_t *counters =
	    (const uint8_t *)sched + layout_offset(layout, FIELD_sched_time_to_run);
	uint64_t sum = 0;

	for (i = 0; i + 8 <= size; i += 8)
		sum += load_u64(counters + i);
	return sum;
}

/* The same of the target as it runs: those before the call are in it. */
static uint64_t recorded_runs_now(const struct ahead *ahead)
{
	size_t size = layout_size(&ahead->runtime->layout, SIZE_sched);
	uint8_t *sched _cleanup_free_ = memory_zeroed(size, 1);

	(void)spy_error_caught(target_read(
	    ahead->runtime->target, ahead->runtime->globals[GLOBAL_sched].address, sched, size));
	return recorded_runs(ahead, sched);
}

/* Whether nobody can have stopped 256 times between two sums. */
static bool are_few(const struct ahead *ahead, uint64_t before, uint64_t now)
{
	return layout_size(&ahead->runtime->layout, FIELD_sched_time_to_run) &&
	       now - before < RUNS_TO_WRAP;
}

/* The reasons for which a goroutine may wait that stopped running uncounted. False if they are not
 * known. */
static bool find_uncounted(struct ahead *ahead)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	size_t reason, known = 0;

	for (reason = 0; reason < REASONS_MAX; reason++) {
		const char *name = go_wait_reason(ahead->runtime, reason, &arena);

		known += name != NULL;
		ahead->uncounted[reason] =
		    !name || strcmp(name, "preempted") == 0 || strcmp(name, "coroutine") == 0;
	}
	return known > 0;
}

static bool sleeps(const struct ahead *ahead, const struct raw_g *g)
{
	return g->address && g->status == G_WAITING && !g->m && !g->syscall_sp &&
	       !g->wait_reason_size && g->wait_reason < REASONS_MAX &&
	       !ahead->uncounted[g->wait_reason];
}

static uint64_t stack_bytes(const struct raw_g *g)
{
	uint64_t sp = parked_sp(g);

	return sp >= g->stack_lo && sp < g->stack_hi ? g->stack_hi - sp : 0;
}

static void copy_segment(struct ahead *ahead, const struct segment *segment, struct raw_g *gs)
{
	struct ahead_segment *new = vector_push(&ahead->segments);
	size_t i;

	*new = (struct ahead_segment){
		.stacks = copy_new(COPY_BYTES_MAX - segment->collected->copied_bytes),
		.runs = recorded_runs_now(ahead),
	};
	fetch_gs(segment);
	for (i = 0; i < segment->count; i++) {
		fetched_g(segment, i, &gs[i]);
		if (sleeps(ahead, &gs[i]))
			want_stack(new->stacks, &gs[i], parked_sp(&gs[i]), 0);
	}
	copy_fetch(new->stacks, segment->runtime->target);
	segment->collected->copied_bytes += copy_bytes(new->stacks);
}

/* Forgets those whose stacks were not copied, and counts what is lacking. */
static void sum_up_segment(struct ahead *ahead, size_t number)
{
	struct ahead_segment *segment = &ahead->segments.items[number];
	bool few_runs = are_few(ahead, segment->runs, recorded_runs_now(ahead));
	uint64_t lacks = 0;
	size_t i;

	for (i = number * SEGMENT; i < ahead->count && i < (number + 1) * SEGMENT; i++) {
		struct raw_g *g = &ahead->gs[i];
		bool copied = sleeps(ahead, g) && !copy_holes(segment->stacks);

		if (!copied || !(few_runs || g->wait_since))
			lacks += stack_bytes(g);
		if (!copied)
			g->address = 0;
	}
	*vector_push(&ahead->lacks) = lacks;
}

struct ahead *ahead_copy(const struct segment *all)
{
	const struct runtime_layout *layout = &all->runtime->layout;
	struct ahead *ahead;
	size_t start, i;

	if (!layout_has(layout, FIELD_g_tracking_seq))
		return NULL;
	ahead = memory_zeroed(1, sizeof(*ahead));
	ahead->runtime = all->runtime;
	if (!find_uncounted(ahead)) {
		ahead_free(ahead);
		return NULL;
	}
	ahead->gs = memory_new(all->count, sizeof(*ahead->gs));
	ahead->count = all->count;
	for (start = 0; start < all->count; start += SEGMENT) {
		struct segment segment = segment_at(all, start);

		copy_segment(ahead, &segment, ahead->gs + start);
	}
	for (i = 0; i < ahead->segments.count; i++)
		sum_up_segment(ahead, i);
	return ahead;
}

void ahead_free(struct ahead *ahead)
{
	size_t i;

	if (!ahead)
		return;
	for (i = 0; i < ahead->segments.count; i++)
		copy_free(ahead->segments.items[i].stacks);
	vector_free(&ahead->segments);
	vector_free(&ahead->lacks);
	free(ahead->gs);
	free(ahead);
}

uint64_t ahead_lacks(const struct ahead *ahead, size_t segment)
{
	return segment < ahead->lacks.count ? ahead->lacks.items[segment] : 0;
}

void ahead_judge(struct ahead *ahead, const void *sched)
{
	uint64_t runs = sched ? recorded_runs(ahead, sched) : 0;
	size_t i;

	for (i = 0; i < ahead->segments.count; i++) {
		struct ahead_segment *segment = &ahead->segments.items[i];

		segment->few_runs = sched && are_few(ahead, segment->runs, runs);
	}
}

struct copy *ahead_stack(const struct ahead *ahead, size_t index, const struct raw_g *g)
{
	const struct ahead_segment *segment;

	if (index >= ahead->count || memcmp(&ahead->gs[index], g, sizeof(*g)) != 0)
		return NULL;
	segment = &ahead->segments.items[index / SEGMENT];
	return segment->few_runs || g->wait_since ? segment->stacks : NULL;
}
