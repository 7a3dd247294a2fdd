/* SPDX-License-Identifier: MIT */
#include "runtime/collect.h"

#include <time.h>

#include "base/cursor.h"
#include "runtime/ahead.h"
#include "runtime/goroutines.h"

enum {
	GS_MAX = 64 << 20, /* goroutines; a Go program of that many has 128 GiB of stacks */
	PS_MAX = 1 << 16,
	MS_MAX = 1 << 20,
	TRIES = 6,              /* readings of a slice that keeps changing */
	G_GAP = 64,             /* bytes between gs in a span, about */
	DETAIL_BYTES = 1 << 10, /* of a goroutine's stack and what hangs on it, often */
	SPARE_BYTES = 64 << 10, /* stacks of goroutines that come awake */
	RESERVED_BYTES_MAX = 512 << 20,
	STATE_BYTES = 64 << 10, /* of the numbers of the scheduler; about */
	TOUCHED_MAX = 1 << 18,  /* goroutines: what the kernel knows of their pages fits a cache */
	PAGE_MASK = 4095,
	SYSTEM_STACK_BYTES = 32 << 10, /* of a thread's scheduler or signal stack */
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- Ps and Ms ---------------------------------------------------------------------------- */

typedef VECTOR(uint64_t) word_vector;

static void free_words(word_vector *words)
{
	vector_free(words);
}

static void reserve_words(word_vector *words, size_t count)
{
	if (words->capacity >= count)
		return;
	words->items = memory_resize(words->items, count, sizeof(*words->items));
	words->capacity = count;
}

static struct spy_error *try_slice(struct go_runtime *runtime, enum global global, size_t max,
				   word_vector *words, bool *moved)
{
	uint64_t address = runtime->globals[global].address, header[2], again[2];

	TRY(target_read(runtime->target, address, header, sizeof(header)));
	if (header[1] > max)
		return spy_error_new(SPY_ERROR_DATA, "the target says that it has %llu %s",
				     (unsigned long long)header[1],
				     global == GLOBAL_allgs ? "goroutines" : "Ps");
	reserve_words(words, header[1]);
	if (header[1])
		TRY(target_read(runtime->target, header[0], words->items,
				header[1] * sizeof(*words->items)));
	TRY(target_read(runtime->target, address, again, sizeof(again)));
	*moved = memcmp(header, again, sizeof(header)) != 0;
	words->count = header[1];
	return NULL;
}

/* The pointers of a slice. One that grows under the read is read again: its pointer and length are
 * not written at once (runtime/proc.go: allgadd). */
static struct spy_error *read_slice(struct go_runtime *runtime, enum global global, size_t max,
				    word_vector *words)
{
	bool moved = true;
	int try;

	for (try = 0; moved && try < TRIES; try++)
		TRY(try_slice(runtime, global, max, words, &moved));
	return NULL;
}

static struct spy_error *read_ps(struct go_runtime *runtime, struct collected *collected)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_p), i;
	word_vector addresses _cleanup_(free_words) = { 0 };
	struct copy *copy;

	TRY(read_slice(runtime, GLOBAL_allp, PS_MAX, &addresses));
	copy = copy_new(COPY_BYTES_MAX);
	for (i = 0; i < addresses.count; i++)
		copy_want(copy, addresses.items[i], size, 0);
	copy_fetch(copy, runtime->target);
	for (i = 0; i < addresses.count; i++) {
		const uint8_t *p = copy_at(copy, addresses.items[i], size);

		if (!p)
			continue;
		*vector_push(&collected->ps) = (struct raw_p){
			.address = addresses.items[i],
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

	if (!(request->collect & SPY_COLLECT_STACKS))
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
		copy = g->stack;
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

/* runtime.sched as it was copied; NULL if it could not be. */
static const void *scheduler_bytes(const struct go_runtime *runtime,
				   const struct collected *collected)
{
	return copy_at(collected->state, runtime->globals[GLOBAL_sched].address,
		       layout_size(&runtime->layout, SIZE_sched));
}

/* What is read, and where to. */
struct reading {
	struct go_runtime *runtime;
	const struct collect_request *request;
	struct collected *collected;
	word_vector gs, ms; /* where they were a moment before */
	struct gs_reading both;
	struct spy_error *error;
};

static struct segment all_gs(const struct reading *reading)
{
	return (struct segment){ .runtime = reading->runtime,
				 .collected = reading->collected,
				 .request = reading->request,
				 .addresses = reading->gs.items,
				 .count = reading->gs.count,
				 .scratch = reading->collected->scratch };
}

static void read_memory(const struct reading *reading)
{
	const struct collect_request *request = reading->request;
	struct collected *collected = reading->collected;

	collected->memory_fits =
	    memory_state_read(collected->memory,
			      request->collect & SPY_COLLECT_MEMORY ? MEMORY_ALL : MEMORY_VARIABLES,
			      request->non_blocking ? MEMORY_TRIES : 1);
}

static struct spy_error *read_all(struct reading *reading)
{
	struct go_runtime *runtime = reading->runtime;
	struct collected *collected = reading->collected;
	struct segment all;

	collected->taken_at = now_ns(CLOCK_REALTIME);
	collected->monotonic_ns = now_ns(CLOCK_MONOTONIC);
	TRY(read_ps(runtime, collected));
	TRY(read_ms(runtime, collected, reading->ms.items, reading->ms.count));
	want_state(runtime, collected->state);
	copy_fetch(collected->state, runtime->target);
	if (collected->ahead)
		ahead_judge(collected->ahead, scheduler_bytes(runtime, collected));
	TRY(read_slice(runtime, GLOBAL_allgs, GS_MAX, &reading->gs));
	all = all_gs(reading);
	if (reading->request->non_blocking) {
		read_running_on(&all);
	} else {
		gs_begin(&reading->both, &all, collected->ahead);
		read_memory(reading); /* while the other thread begins with the gs */
		gs_finish(&reading->both);
		read_stopped_details(&all);
		read_running(runtime, collected, reading->request);
	}
	if (reading->request->collect & SPY_COLLECT_WAITS)
		collect_semaphores(runtime, collected);
	if (reading->request->non_blocking)
		read_memory(reading);
	read_finalizer_state(runtime, collected);
	return NULL;
}

/* The Ms as they are now, while the target runs: where to look for them when it does not. */
static void guess_ms(struct go_runtime *runtime, word_vector *ret)
{
	struct collected before = { 0 };
	size_t i;

	(void)spy_error_caught(read_ms(runtime, &before, NULL, 0));
	for (i = 0; i < before.ms.count; i++)
		*vector_push(ret) = before.ms.items[i].address;
	vector_free(&before.ms);
}

/* Room in the lists of goroutines, its pages made. */
static void reserve_lists(struct reading *reading)
{
	struct collected *collected = reading->collected;
	size_t count = reading->gs.count + reading->gs.count / 8 + 64;

	gs_reserve(collected, count);
	memset(collected->gs.items, 0, count * sizeof(*collected->gs.items));
	memset(collected->ids, 0, count * sizeof(*collected->ids));
	reserve_words(&reading->gs, count);
	memset(reading->gs.items + reading->gs.count, 0,
	       (count - reading->gs.count) * sizeof(*reading->gs.items));
}

/* Makes room for what will probably hang on the goroutines: a page of new memory costs more to make
 * than to fill, and the target would stand still meanwhile. */
static void reserve_details(const struct segment *all)
{
	struct collected *collected = all->collected;
	bool others = all->request->collect & (SPY_COLLECT_LABELS | SPY_COLLECT_WAITS);
	uint64_t reserved = 0;
	size_t start;

	for (start = 0; start < all->count && reserved < RESERVED_BYTES_MAX; start += SEGMENT) {
		uint64_t bytes = 0;

		if (others || !collected->ahead)
			bytes += segment_at(all, start).count * DETAIL_BYTES;
		if (collected->ahead)
			bytes += ahead_lacks(collected->ahead, start / SEGMENT) + SPARE_BYTES;
		copy_reserve(copy_for(collected, start / SEGMENT), bytes);
		reserved += bytes;
	}
}

static bool stacks_ahead(const struct reading *reading)
{
	const struct collect_request *request = reading->request;

	return request->collect & SPY_COLLECT_STACKS && !request->non_blocking &&
	       !request->goroutine && !request->limit && reading->runtime->target->is_live;
}

/* What can be done before the target is stopped. */
static void prepare(struct reading *reading)
{
	const struct collect_request *request = reading->request;
	struct collected *collected = reading->collected;
	size_t g = layout_size(&reading->runtime->layout, SIZE_g) + G_GAP, largest;
	struct segment all;

	guess_ms(reading->runtime, &reading->ms);
	if (spy_error_caught(read_slice(reading->runtime, GLOBAL_allgs, GS_MAX, &reading->gs)))
		return; /* will be told when the target is read in earnest */
	largest = request->non_blocking ? SEGMENT_NON_BLOCKING : CHUNK;
	if (stacks_ahead(reading))
		largest = SEGMENT;
	copy_reserve(collected->scratch,
		     (reading->gs.count < largest ? reading->gs.count : largest) * g);
	reserve_lists(reading);
	if (request->non_blocking || !reading->runtime->target->is_live)
		return;
	copy_reserve(reading->both.scratch,
		     (reading->gs.count < CHUNK ? reading->gs.count : CHUNK) * g);
	copy_reserve(collected->state, STATE_BYTES);
	all = all_gs(reading);
	if (stacks_ahead(reading))
		collected->ahead = ahead_copy(&all);
	if (wants_details(request) && !request->goroutine && !request->limit)
		reserve_details(&all);
	if (!collected->ahead && all.count <= TOUCHED_MAX)
		gs_touch(&all);
}

static void lead(void *argument)
{
	struct reading *reading = argument;
	struct collected *collected = reading->collected;

	reading->error =
	    target_threads(reading->runtime->target, &collected->arena, &collected->threads);
	if (!reading->error)
		reading->error = read_all(reading);
	if (!reading->error && reading->request->more)
		reading->request->more(reading->request->context, collected);
	gs_end(&reading->both);
}

static void help(void *argument)
{
	gs_help(&((struct reading *)argument)->both);
}

static struct spy_error *stop_and_read(struct reading *reading)
{
	struct paused_work work = { .lead = lead, .help = help, .argument = reading };
	struct collected *collected = reading->collected;

	if (reading->request->non_blocking)
		lead(reading);
	else
		TRY(target_while_paused(reading->runtime->target, &work, &collected->paused_ns));
	if (!reading->error && !reading->request->non_blocking)
		gs_settle(collected);
	return reading->error;
}

struct spy_error *collect(struct go_runtime *runtime, const struct collect_request *request,
			  struct collected *ret)
{
	struct collected collected = { .last_detailed = UINT64_MAX,
				       .scratch = copy_new(COPY_BYTES_MAX),
				       .state = copy_new(COPY_BYTES_MAX),
				       .memory = memory_state_new(runtime) };
	struct reading reading = { .runtime = runtime,
				   .request = request,
				   .collected = &collected,
				   .both.scratch = copy_new(COPY_BYTES_MAX) };
	struct spy_error *error;

	prepare(&reading);
	memory_state_prepare(collected.memory);
	error = stop_and_read(&reading);
	copy_free(reading.both.scratch);
	vector_free(&reading.gs);
	vector_free(&reading.ms);

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
	ahead_free(collected->ahead);
	copy_free(collected->state);
	memory_state_free(collected->memory);
	copy_free(collected->scratch);
	vector_free(&collected->gs);
	free(collected->ids);
	vector_free(&collected->ms);
	vector_free(&collected->ps);
	vector_free(&collected->running);
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
	word_vector ms = { 0 };

	guess_ms(runtime, &ms);
	*ret = ms.items;
	return ms.count;
}
