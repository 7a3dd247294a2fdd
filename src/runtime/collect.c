/* SPDX-License-Identifier: MIT */
#include "runtime/collect.h"

#include <time.h>

#include "base/cursor.h"

enum {
	GS_MAX = 64 << 20, /* goroutines; a Go program of that many has 128 GiB of stacks */
	PS_MAX = 1 << 16,
	MS_MAX = 1 << 20,
	SEGMENT =
	    2048, /* goroutines that are read at once: their gs stay in the processor's cache */
	SEGMENT_NON_BLOCKING = 256,  /* … while they run: a short window tears little */
	TRIES = 6,                   /* readings of a goroutine that keeps changing */
	STACK_BYTES_MAX = 256 << 20, /* of one goroutine's stack that is copied */
	G_GAP = 64,                  /* bytes between gs in a span, about */
	DETAIL_BYTES = 1 << 10,      /* of a goroutine's stack and what hangs on it, often */
	RESERVED_BYTES_MAX = 512 << 20,
	PAGE_MASK = 4095,
	SYSTEM_STACK_BYTES = 32 << 10, /* of a thread's scheduler or signal stack */
};
#define COPY_BYTES_MAX (16ull << 30)

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct raw_g decode_g(const struct runtime_layout *layout, uint64_t address,
			     const uint8_t *bytes)
{
	struct raw_g g = {
		.address = address,
		.goid = layout_number(layout, FIELD_g_goid, bytes),
		.status = (uint32_t)layout_number(layout, FIELD_g_atomicstatus, bytes) &
			  ~(uint32_t)G_SCAN,
		.locked = layout_number(layout, FIELD_g_lockedm, bytes) != 0,
		.running_cleanups = layout_number(layout, FIELD_g_running_cleanups, bytes) != 0,
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
		g.wait_reason_size =
		    load_u64(bytes + layout_offset(layout, FIELD_g_waitreason) + 8);
	return g;
}

static bool is_dead(const struct raw_g *g)
{
	return g->status == G_DEAD || g->status == G_IDLE || g->status == G_DEADEXTRA;
}

/* Where the stack of a goroutine that does not run begins: runtime/traceback.go: initAt. */
static uint64_t parked_sp(const struct raw_g *g)
{
	return g->syscall_sp ? g->syscall_sp : g->sched_sp;
}

static void want_stack(struct copy *copy, const struct raw_g *g, uint64_t sp, uint32_t owner)
{
	uint64_t size;

	if (sp < g->stack_lo || sp >= g->stack_hi)
		return;
	size = g->stack_hi - sp;
	copy_want(copy, sp, size < STACK_BYTES_MAX ? size : STACK_BYTES_MAX, owner);
}

/* ---- goroutines, a segment at a time ------------------------------------------------------ */

struct segment {
	struct go_runtime *runtime;
	struct collected *collected;
	const struct collect_request *request;
	const uint64_t *addresses; /* of the gs */
	size_t count;
};

static void fetch_gs(const struct segment *segment)
{
	size_t size = layout_size(&segment->runtime->layout, SIZE_g), i;
	struct copy *scratch = segment->collected->scratch;

	copy_clear(scratch);
	for (i = 0; i < segment->count; i++)
		copy_want(scratch, segment->addresses[i], size, 0);
	copy_fetch(scratch, segment->runtime->target);
}

/* One of those that were fetched; its address is 0 if it could not be read. */
static struct raw_g fetched_g(const struct segment *segment, size_t index)
{
	const struct runtime_layout *layout = &segment->runtime->layout;
	const uint8_t *bytes = copy_at(segment->collected->scratch, segment->addresses[index],
				       layout_size(layout, SIZE_g));

	return bytes ? decode_g(layout, segment->addresses[index], bytes)
		     : (struct raw_g){ .address = 0 };
}

static void read_gs(const struct segment *segment, struct raw_g *gs)
{
	size_t i;

	fetch_gs(segment);
	for (i = 0; i < segment->count; i++)
		gs[i] = fetched_g(segment, i);
}

static bool is_wanted(const struct segment *segment, const struct raw_g *g)
{
	return g->address && !is_dead(g) && g->goid <= segment->collected->last_detailed &&
	       (!segment->request->goroutine || (uint64_t)segment->request->goroutine == g->goid);
}

/* Everything that hangs on the goroutines: stacks, labels, what they wait on. */
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
			if (round == 0 && what & SPY_COLLECT_STACKS && g->status != G_RUNNING)
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
	*vector_push(&collected->copy_of) = copy;
	*vector_push(&collected->gs) = *g;
}

static bool wants_details(const struct collect_request *request)
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

/* The copy for what hangs on a segment's goroutines. One for each: what a copy holds is sorted in
 * with every round, which would take ever longer in one of a million goroutines. */
static struct copy *copy_for(struct collected *collected, size_t number)
{
	if (number == collected->copies.count)
		*vector_push(&collected->copies) = copy_new(COPY_BYTES_MAX);
	copy_set_limit(collected->copies.items[number], COPY_BYTES_MAX - collected->copied_bytes);
	return collected->copies.items[number];
}

/* All goroutines of a target that stands still. */
static void read_stopped(const struct segment *all)
{
	struct collected *collected = all->collected;
	bool some = all->request->limit, details = wants_details(all->request);
	size_t start, i;

	for (start = 0; start < all->count; start += SEGMENT) {
		struct segment segment = *all;
		size_t kept = collected->gs.count;
		struct copy *copy = copy_for(collected, some ? 0 : start / SEGMENT);

		segment.addresses += start;
		segment.count = all->count - start < SEGMENT ? all->count - start : SEGMENT;
		fetch_gs(&segment);
		for (i = 0; i < segment.count; i++) {
			struct raw_g g = fetched_g(&segment, i);

			if (!g.address)
				collected->torn++;
			else if (is_dead(&g))
				collected->dead++;
			else
				keep(collected, &g, copy);
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
		bool same = before[i].address && !torn[i] &&
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
		struct segment segment = *all;

		segment.addresses += start;
		segment.count = all->count - start < SEGMENT_NON_BLOCKING ? all->count - start
									  : SEGMENT_NON_BLOCKING;
		read_gs(&segment, gs);
		for (i = 0; i < segment.count; i++)
			if (gs[i].address && !is_dead(&gs[i]))
				*vector_push(&ids.gs) = gs[i];
	}
	choose_detailed(&ids, all->request->limit, system_goroutines(all->collected));
	all->collected->last_detailed = ids.last_detailed;
	vector_free(&ids.gs);
}

static void read_running_on(const struct segment *all)
{
	uint64_t addresses[SEGMENT_NON_BLOCKING], changed[SEGMENT_NON_BLOCKING];
	size_t start, i;

	if (all->request->limit && wants_details(all->request))
		choose_before(all);
	for (start = 0; start < all->count; start += SEGMENT_NON_BLOCKING) {
		struct segment segment = *all;
		int try;

		segment.addresses += start;
		segment.count = all->count - start < SEGMENT_NON_BLOCKING ? all->count - start
									  : SEGMENT_NON_BLOCKING;
		for (try = 1; segment.count && try <= TRIES; try++) {
			segment.count = read_moving(&segment, changed, try == TRIES);
			for (i = 0; i < segment.count; i++)
				addresses[i] = changed[i];
			segment.addresses = addresses;
		}
	}
}

/* ---- Ps and Ms ---------------------------------------------------------------------------- */

static struct spy_error *try_slice(struct go_runtime *runtime, enum global global, size_t max,
				   uint64_t **items, size_t *count, bool *moved)
{
	uint64_t address = runtime->globals[global].address, header[2], again[2];
	struct spy_error *error;
	uint64_t *read;

	TRY(target_read(runtime->target, address, header, sizeof(header)));
	if (header[1] > max)
		return spy_error_new(SPY_ERROR_DATA, "the target says that it has %llu %s",
				     (unsigned long long)header[1],
				     global == GLOBAL_allgs ? "goroutines" : "Ps");
	read = memory_zeroed(header[1], sizeof(*read));
	error = header[1] ? target_read(runtime->target, header[0], read, header[1] * sizeof(*read))
			  : NULL;
	if (!error)
		error = target_read(runtime->target, address, again, sizeof(again));
	if (error) {
		free(read);
		return error;
	}
	*moved = memcmp(header, again, sizeof(header)) != 0;
	*items = read;
	*count = header[1];
	return NULL;
}

/* The pointers of a slice. One that grows under the read is read again: its pointer and length are
 * not written at once (runtime/proc.go: allgadd). */
static struct spy_error *read_slice(struct go_runtime *runtime, enum global global, size_t max,
				    uint64_t **items, size_t *count)
{
	bool moved = true;
	int try;

	for (try = 0; moved && try < TRIES; try++) {
		free(TAKE(*items));
		TRY(try_slice(runtime, global, max, items, count, &moved));
	}
	return NULL;
}

static struct spy_error *read_ps(struct go_runtime *runtime, struct collected *collected)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_p), count, i;
	uint64_t *addresses _cleanup_free_ = NULL;
	struct copy *copy;

	TRY(read_slice(runtime, GLOBAL_allp, PS_MAX, &addresses, &count));
	copy = copy_new(COPY_BYTES_MAX);
	for (i = 0; i < count; i++)
		copy_want(copy, addresses[i], size, 0);
	copy_fetch(copy, runtime->target);
	for (i = 0; i < count; i++) {
		const uint8_t *p = copy_at(copy, addresses[i], size);

		if (!p)
			continue;
		*vector_push(&collected->ps) = (struct raw_p){
			.address = addresses[i],
			.id = layout_number(layout, FIELD_p_id, p),
			.status = layout_number(layout, FIELD_p_status, p),
			.m = layout_number(layout, FIELD_p_m, p),
			.mcache = layout_number(layout, FIELD_p_mcache, p),
			.schedtick = layout_number(layout, FIELD_p_schedtick, p),
			.syscalltick = layout_number(layout, FIELD_p_syscalltick, p),
			.run_queue = (uint32_t)(layout_number(layout, FIELD_p_runqtail, p) -
						layout_number(layout, FIELD_p_runqhead, p)) +
				     (layout_number(layout, FIELD_p_runnext, p) != 0),
		};
	}
	copy_free(copy);
	return NULL;
}

static struct raw_m decode_m(const struct runtime_layout *layout, uint64_t address,
			     const uint8_t *m)
{
	return (struct raw_m){
		.address = address,
		.id = layout_number(layout, FIELD_m_id, m),
		.thread = layout_number(layout, FIELD_m_procid, m),
		.g0 = layout_number(layout, FIELD_m_g0, m),
		.gsignal = layout_number(layout, FIELD_m_gsignal, m),
		.curg = layout_number(layout, FIELD_m_curg, m),
		.p = layout_number(layout, FIELD_m_p, m),
		.lockedg = layout_number(layout, FIELD_m_lockedg, m),
		.vdso_pc = layout_number(layout, FIELD_m_vdso_pc, m),
		.vdso_sp = layout_number(layout, FIELD_m_vdso_sp, m),
		.blocked = layout_number(layout, FIELD_m_blocked, m),
		.spinning = layout_number(layout, FIELD_m_spinning, m),
	};
}

/* The chain from runtime.allm. `guess` are its Ms as they were a moment before: read in one sweep,
 * so that only new ones cost a read each. */
static struct spy_error *read_ms(struct go_runtime *runtime, struct collected *collected,
				 const uint64_t *guess, size_t guesses)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_m), i;
	struct copy *copy = copy_new(COPY_BYTES_MAX);
	struct map seen _cleanup_(map_free) = { 0 };
	uint64_t address;
	struct spy_error *error = target_read(
	    runtime->target, runtime->globals[GLOBAL_allm].address, &address, sizeof(address));

	for (i = 0; i < guesses; i++)
		copy_want(copy, guess[i], size, 0);
	copy_fetch(copy, runtime->target);
	while (!error && address && collected->ms.count < MS_MAX) {
		const uint8_t *m = copy_at(copy, address, size);
		bool known;

		map_get(&seen, address, &known);
		if (known)
			break;
		map_put(&seen, address, 1);
		if (!m) {
			copy_want(copy, address, size, 0);
			copy_fetch(copy, runtime->target);
			m = copy_at(copy, address, size);
		}
		if (!m) {
			error = spy_error_in(spy_error_fault(address, size), "the list of Ms");
			break;
		}
		*vector_push(&collected->ms) = decode_m(layout, address, m);
		address = layout_number(layout, FIELD_m_alllink, m);
	}
	copy_free(copy);
	return error;
}

/* A part of a stack whose end is not known, page by page: what lies behind it may not be there. */
static void want_pages(struct copy *copy, uint64_t from, uint64_t size)
{
	uint64_t end = from + size;

	while (from < end) {
		uint64_t next = (from | PAGE_MASK) + 1;

		copy_want(copy, from, next - from, 0);
		from = next;
	}
}

/* Threads that run goroutines: their registers, and the stacks that they stand on. */
static void read_running(struct go_runtime *runtime, struct collected *collected,
			 const struct collect_request *request)
{
	struct map by_address _cleanup_(map_free) = { 0 };
	size_t i, k;

	if (!(request->collect & SPY_COLLECT_STACKS) || request->non_blocking)
		return;
	for (i = 0; i < collected->gs.count; i++)
		if (collected->gs.items[i].status == G_RUNNING)
			map_put(&by_address, collected->gs.items[i].address, i);
	for (i = 0; i < collected->ms.count; i++) {
		const struct raw_m *m = &collected->ms.items[i];
		bool runs;
		size_t index = map_get(&by_address, m->curg, &runs);
		const struct raw_g *g;
		struct copy *copy;

		if (!runs || !m->thread)
			continue;
		g = &collected->gs.items[index];
		copy = collected->copy_of.items[index];
		for (k = 0; k < collected->threads.count; k++) {
			const struct target_thread *thread = &collected->threads.items[k];
			uint64_t sp = thread->registers.sp, from = sp;

			if ((uint64_t)thread->target_tid != m->thread || !thread->has_registers)
				continue;
			*vector_push(&collected->running) = (struct raw_running){
				.g = m->curg, .m = *m, .registers = thread->registers
			};
			/* On the goroutine's own stack, or on the scheduler's or a handler's: then
			 * the goroutine's begins where it was left. */
			if (sp < g->stack_lo || sp >= g->stack_hi) {
				want_pages(copy, sp, SYSTEM_STACK_BYTES);
				from = g->stack_lo;
			}
			want_stack(copy, g, from, 0);
			copy_fetch(copy, runtime->target);
			break;
		}
	}
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void read_finalizer_state(struct go_runtime *runtime, struct collected *collected)
{
	uint64_t fing = runtime->globals[GLOBAL_fing_running].address;
	const uint8_t *runs = fing ? copy_at(collected->state, fing, 1) : NULL;

	collected->finalizer_runs = runs && *runs & runtime->layout.traits->finalizer_running_mask;
}

static struct spy_error *read_all(struct go_runtime *runtime, const struct collect_request *request,
				  struct collected *collected, const uint64_t *ms, size_t m_count)
{
	uint64_t *addresses _cleanup_free_ = NULL;
	struct segment all = { .runtime = runtime, .collected = collected, .request = request };

	collected->taken_at = now_ns(CLOCK_REALTIME);
	collected->monotonic_ns = now_ns(CLOCK_MONOTONIC);
	TRY(read_ps(runtime, collected));
	TRY(read_ms(runtime, collected, ms, m_count));
	want_state(runtime, collected->state);
	copy_fetch(collected->state, runtime->target);
	TRY(read_slice(runtime, GLOBAL_allgs, GS_MAX, &addresses, &all.count));
	all.addresses = addresses;
	if (request->non_blocking)
		read_running_on(&all);
	else
		read_stopped(&all);
	read_running(runtime, collected, request);
	if (request->collect & SPY_COLLECT_WAITS)
		collect_semaphores(runtime, collected);
	collected->memory_fits =
	    memory_state_read(collected->memory,
			      request->collect & SPY_COLLECT_MEMORY ? MEMORY_ALL : MEMORY_VARIABLES,
			      request->non_blocking ? MEMORY_TRIES : 1);
	read_finalizer_state(runtime, collected);
	return NULL;
}

/* The Ms as they are now, while the target runs: where to look for them when it does not. */
static size_t guess_ms(struct go_runtime *runtime, uint64_t **ret)
{
	struct collected before = { 0 };
	size_t i, count;

	(void)spy_error_caught(read_ms(runtime, &before, NULL, 0));
	count = before.ms.count;
	*ret = memory_new(count, sizeof(**ret));
	for (i = 0; i < count; i++)
		(*ret)[i] = before.ms.items[i].address;
	vector_free(&before.ms);
	return count;
}

/* Room in the list of goroutines, its pages made. */
static void reserve_list(struct collected *collected, size_t count)
{
	count += count / 8 + 64;
	collected->gs.items = memory_new(count, sizeof(*collected->gs.items));
	collected->gs.capacity = count;
	memset(collected->gs.items, 0, count * sizeof(*collected->gs.items));
	collected->copy_of.items = memory_new(count, sizeof(*collected->copy_of.items));
	collected->copy_of.capacity = count;
	memset(collected->copy_of.items, 0, count * sizeof(*collected->copy_of.items));
}

/* Makes room for what will probably be copied: a page of new memory costs more to make than to
 * fill, and the target would stand still meanwhile. */
static void reserve(struct go_runtime *runtime, const struct collect_request *request,
		    struct collected *collected)
{
	uint64_t allgs[2] = { 0 }, count, segment, done, reserved = 0;
	size_t g = layout_size(&runtime->layout, SIZE_g) + G_GAP;

	(void)spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allgs].address,
					   allgs, sizeof(allgs)));
	count = allgs[1] < GS_MAX ? allgs[1] : GS_MAX;
	segment = request->non_blocking ? SEGMENT_NON_BLOCKING : SEGMENT;
	copy_reserve(collected->scratch, (count < segment ? count : segment) * g);
	reserve_list(collected, count);
	if (request->non_blocking)
		return;
	if (!wants_details(request) || request->goroutine || request->limit)
		return;
	for (done = 0; done < count && reserved < RESERVED_BYTES_MAX; done += SEGMENT) {
		uint64_t bytes = (count - done < SEGMENT ? count - done : SEGMENT) * DETAIL_BYTES;

		copy_reserve(copy_for(collected, done / SEGMENT), bytes);
		reserved += bytes;
	}
}

static struct spy_error *stop_and_read(struct go_runtime *runtime,
				       const struct collect_request *request,
				       struct collected *collected, const uint64_t *ms,
				       size_t m_count)
{
	struct spy_error *error;

	if (!request->non_blocking)
		TRY(target_pause(runtime->target));
	error = target_threads(runtime->target, &collected->arena, &collected->threads);
	if (!error)
		error = read_all(runtime, request, collected, ms, m_count);
	if (!request->non_blocking)
		collected->paused_ns = target_resume(runtime->target);
	return error;
}

struct spy_error *collect(struct go_runtime *runtime, const struct collect_request *request,
			  struct collected *ret)
{
	struct collected collected = { .last_detailed = UINT64_MAX,
				       .scratch = copy_new(COPY_BYTES_MAX),
				       .state = copy_new(COPY_BYTES_MAX),
				       .memory = memory_state_new(runtime) };
	uint64_t *ms _cleanup_free_ = NULL;
	size_t m_count = guess_ms(runtime, &ms);
	struct spy_error *error;

	reserve(runtime, request, &collected);
	memory_state_prepare(collected.memory);
	error = stop_and_read(runtime, request, &collected, ms, m_count);

	/* What could not be read of a target that ended says nothing about the target. */
	if (error || collected.torn) {
		struct spy_error *ended = target_ended(runtime->target);

		if (ended) {
			spy_error_free(error);
			error = ended;
		}
	}
	if (error) {
		collected_free(&collected);
		return error;
	}
	*ret = collected;
	return NULL;
}

void collected_free(struct collected *collected)
{
	size_t i;

	for (i = 0; i < collected->copies.count; i++)
		copy_free(collected->copies.items[i]);
	vector_free(&collected->copies);
	copy_free(collected->state);
	memory_state_free(collected->memory);
	copy_free(collected->scratch);
	vector_free(&collected->gs);
	vector_free(&collected->ms);
	vector_free(&collected->ps);
	vector_free(&collected->running);
	vector_free(&collected->copy_of);
	map_free(&collected->sema_waits);
	arena_free(&collected->arena);
}

struct spy_error *collect_ps(struct go_runtime *runtime, struct collected *collected)
{
	return read_ps(runtime, collected);
}

struct spy_error *collect_ms(struct go_runtime *runtime, struct collected *collected,
			     const uint64_t *guess, size_t guesses)
{
	return read_ms(runtime, collected, guess, guesses);
}

size_t collect_guess_ms(struct go_runtime *runtime, uint64_t **ret)
{
	return guess_ms(runtime, ret);
}
