/* SPDX-License-Identifier: MIT
 *
 * The last collection, as GODEBUG=gctrace=1 would have told it (runtime/mgc.go: gcMarkTermination).
 * The numbers stay where the runtime puts them together for that line, whether it prints it or not,
 * until the next collection begins.
 */
#include "base/cursor.h"
#include "session/session.h"

/* Copies of the variables, each twice: what is the same both times was not being changed. */
struct gc_copy {
	const uint8_t *memstats, *controller, *work;
	uint64_t init_time;
	uint32_t phase;
};

struct gc_variable {
	enum global global;
	enum layout_slot size;
};
static const struct gc_variable variables[] = {
	{ .global = GLOBAL_memstats, .size = SIZE_mstats },
	{ .global = GLOBAL_gc_controller, .size = SIZE_gc_controller },
	{ .global = GLOBAL_work, .size = SIZE_work },
};
enum { VARIABLES = sizeof(variables) / sizeof(variables[0]) };

static struct spy_error *missing(const struct spy *spy, const char *what)
{
	return spy_error_new(SPY_ERROR_DATA, "%s of pid %lld cannot be found", what,
			     (long long)spy->target->pid);
}

/* Why something that was there before could not be read: a process that is ending has no memory
 * some time before it has ended. */
static struct spy_error *failed(struct spy *spy, uint64_t address, size_t size)
{
	uint8_t byte;

	TRY(target_ended(spy->target));
	TRY(target_read(spy->target, address, &byte, sizeof(byte)));
	return spy_error_fault(address, size);
}

struct spy_error *spy_gc_count(struct spy *spy, int64_t *ret)
{
	const struct runtime_layout *layout = &spy->runtime.layout;
	uint64_t memstats = spy->runtime.globals[GLOBAL_memstats].address;
	uint64_t work = spy->runtime.globals[GLOBAL_work].address;
	uint32_t count = 0;
	uint8_t finds_leaks = 0;
	struct target_range ranges[] = {
		{ .address = memstats + layout_offset(layout, FIELD_mstats_numgc),
		  .buffer = &count,
		  .size = sizeof(count) },
		{ .address = work + layout_offset(layout, FIELD_work_goroutine_leak_enabled),
		  .buffer = &finds_leaks,
		  .size = sizeof(finds_leaks) },
	};
	bool may = work && layout_has(layout, FIELD_work_goroutine_leak_enabled);

	if (!memstats || !layout_has(layout, FIELD_mstats_numgc))
		return missing(spy, "runtime.memstats.numgc");
	target_readv(spy->target, ranges, may ? 2 : 1);
	if (!ranges[0].ok)
		return failed(spy, ranges[0].address, ranges[0].size);
	/* The runtime forgets it before the collection is counted (1.26+). */
	if (finds_leaks)
		spy->readings.gc_finding_leaks = (int64_t)count + 1;
	*ret = count;
	return NULL;
}

static struct spy_error *read_copies(struct spy *spy, struct gc_copy copies[static 2])
{
	const struct runtime_layout *layout = &spy->runtime.layout;
	const struct go_global *globals = spy->runtime.globals;
	struct target_range ranges[2 * (VARIABLES + 2)];
	const uint8_t *bytes[2][VARIABLES];
	size_t room = 0, count = 0, copy, i;
	uint8_t *next;

	for (i = 0; i < VARIABLES; i++) {
		if (!globals[variables[i].global].address)
			return missing(spy, global_names(variables[i].global));
		room += layout_size(layout, variables[i].size);
	}
	if (!globals[GLOBAL_runtime_init_time].address || !globals[GLOBAL_gcphase].address)
		return missing(spy, "runtime.runtimeInitTime or runtime.gcphase");
	if (!spy->readings.gc_work)
		spy->readings.gc_work = memory_zeroed(2, room + 8);
	next = spy->readings.gc_work;
	for (copy = 0; copy < 2; copy++) {
		for (i = 0; i < VARIABLES; i++) {
			size_t size = layout_size(layout, variables[i].size);

			bytes[copy][i] = next;
			ranges[count++] =
			    (struct target_range){ .address = globals[variables[i].global].address,
						   .buffer = next,
						   .size = size };
			next += size;
		}
		ranges[count++] =
		    (struct target_range){ .address = globals[GLOBAL_runtime_init_time].address,
					   .buffer = &copies[copy].init_time,
					   .size = sizeof(copies[copy].init_time) };
		ranges[count++] = (struct target_range){ .address = globals[GLOBAL_gcphase].address,
							 .buffer = &copies[copy].phase,
							 .size = sizeof(copies[copy].phase) };
	}
	target_readv(spy->target, ranges, count);
	for (i = 0; i < count; i++)
		if (!ranges[i].ok)
			return failed(spy, ranges[i].address, ranges[i].size);
	for (copy = 0; copy < 2; copy++) {
		copies[copy].memstats = bytes[copy][0];
		copies[copy].controller = bytes[copy][1];
		copies[copy].work = bytes[copy][2];
	}
	return NULL;
}

/* What the line says of stacks. The member that it is taken from changed twice. */
static enum layout_slot stacks_slot(const struct runtime_layout *layout)
{
	if (layout_has(layout, FIELD_gcc_stack_scan))
		return FIELD_gcc_stack_scan;
	return layout->traits->gctrace_tells_max_stack_scan ? FIELD_gcc_max_stack_scan
							    : FIELD_gcc_last_stack_scan;
}

static int64_t known(const struct runtime_layout *layout, enum layout_slot slot,
		     const uint8_t *bytes)
{
	return layout_has(layout, slot) ? (int64_t)layout_number(layout, slot, bytes) : SPY_UNKNOWN;
}

static int64_t percent(const struct runtime_layout *layout, const uint8_t *memstats)
{
	uint64_t bits = layout_number(layout, FIELD_mstats_gc_cpu_fraction, memstats);
	double fraction;

	memcpy(&fraction, &bits, sizeof(fraction));
	return fraction >= 0 && fraction < 1e6 ? (int64_t)(fraction * 100) : 0;
}

static void fill(const struct runtime_layout *layout, const struct gc_copy *copy,
		 struct spy_gc_cycle *ret)
{
	const uint8_t *work = copy->work, *controller = copy->controller;
	int64_t sweep_term = (int64_t)layout_number(layout, FIELD_work_t_sweep_term, work);
	int64_t mark = (int64_t)layout_number(layout, FIELD_work_t_mark, work);
	int64_t mark_term = (int64_t)layout_number(layout, FIELD_work_t_mark_term, work);
	int64_t end = (int64_t)layout_number(layout, FIELD_work_t_end, work);
	int64_t stopped = (int32_t)layout_number(layout, FIELD_work_stw_procs, work);
	bool in_work = layout_has(layout, FIELD_work_heap_goal);

	*ret = (struct spy_gc_cycle){
		.ended_at =
		    (int64_t)layout_number(layout, FIELD_mstats_last_gc_unix, copy->memstats),
		.number = (int64_t)layout_number(layout, FIELD_mstats_numgc, copy->memstats),
		.start_ns = sweep_term - (int64_t)copy->init_time,
		.cpu_percent = percent(layout, copy->memstats),
		.sweep_termination_ns = mark - sweep_term,
		.mark_ns = mark_term - mark,
		.mark_termination_ns = end - mark_term,
		.sweep_termination_cpu_ns = stopped * (mark - sweep_term),
		.assist_cpu_ns = (int64_t)layout_number(layout, FIELD_gcc_assist_time, controller),
		.worker_cpu_ns =
		    (int64_t)(layout_number(layout, FIELD_gcc_dedicated_mark_time, controller) +
			      layout_number(layout, FIELD_gcc_fractional_mark_time, controller)),
		.idle_cpu_ns = (int64_t)layout_number(layout, FIELD_gcc_idle_mark_time, controller),
		.mark_termination_cpu_ns = stopped * (end - mark_term),
		.heap_start_bytes = (int64_t)layout_number(layout, FIELD_work_heap0, work),
		.heap_end_bytes = (int64_t)layout_number(layout, FIELD_work_heap1, work),
		.heap_marked_bytes = (int64_t)layout_number(layout, FIELD_work_heap2, work),
		.heap_goal_bytes = in_work ? known(layout, FIELD_work_heap_goal, work)
					   : known(layout, FIELD_gcc_last_heap_goal, controller),
		.stacks_bytes = known(layout, stacks_slot(layout), controller),
		.globals_bytes = known(layout, FIELD_gcc_globals_scan, controller),
		.procs = (int32_t)layout_number(layout, FIELD_work_max_procs, work),
		.forced = layout_number(layout, FIELD_work_user_forced, work) != 0,
		.finds_leaks = layout_number(layout, FIELD_work_goroutine_leak_done, work) != 0,
	};
	if (!layout_has(layout, FIELD_gcc_globals_scan))
		ret->stacks_bytes = SPY_UNKNOWN;
}

/* Whether all that is told is of one and the same collection, which is over: the next would have
 * written its own start into work.tSweepTerm, and cleared what its workers do. */
static bool is_of_one(const struct spy_gc_cycle *first, const struct spy_gc_cycle *second,
		      const struct gc_copy *copy)
{
	return first->number == second->number && first->start_ns == second->start_ns &&
	       first->heap_start_bytes == second->heap_start_bytes &&
	       first->forced == second->forced && first->assist_cpu_ns == second->assist_cpu_ns &&
	       first->mark_termination_ns == second->mark_termination_ns &&
	       first->sweep_termination_ns >= 0 && first->mark_ns >= 0 &&
	       first->mark_termination_ns >= 0 && !copy->phase;
}

/* work.userForced is the first that the next collection writes. How many were forced so far tells
 * the same, if the one before was seen. */
static void correct_forced(struct spy *spy, const struct gc_copy *copy, struct spy_gc_cycle *cycle)
{
	struct spy_readings *readings = &spy->readings;
	int64_t forced =
	    (int64_t)layout_number(&spy->runtime.layout, FIELD_mstats_numforcedgc, copy->memstats);

	if (cycle->number == readings->gc_number + 1)
		cycle->forced = forced != readings->gc_forced;
	readings->gc_number = cycle->number;
	readings->gc_forced = forced;
}

struct spy_error *spy_gc_cycle_read(struct spy *spy, struct spy_gc_cycle *ret, bool *complete)
{
	const struct runtime_layout *layout = &spy->runtime.layout;
	struct spy_gc_cycle first;
	struct gc_copy copies[2] = { 0 };
	size_t i;

	TRY(read_copies(spy, copies));
	for (i = 0; i < 2; i++)
		if (!copies[i].memstats || !copies[i].controller || !copies[i].work)
			return missing(spy, "runtime.work");
	fill(layout, &copies[0], &first);
	fill(layout, &copies[1], ret);
	ret->pid = spy->target->pid;
	*complete = is_of_one(&first, ret, &copies[0]) && ret->number;
	if (!*complete)
		return NULL;
	correct_forced(spy, &copies[1], ret);
	ret->finds_leaks = ret->finds_leaks || ret->number == spy->readings.gc_finding_leaks;
	return NULL;
}
