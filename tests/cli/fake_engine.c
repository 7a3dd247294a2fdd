/* SPDX-License-Identifier: MIT
 *
 * An engine without targets: spy.h over the snapshots written by hand, so that the program can be
 * tested where nothing runs. The pid or name of the target chooses what happens.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "unit/fake_heap.h"
#include "unit/fake_snapshot.h"
#include "unit/fake_value.h"

struct spy {
	enum fake kind;
	int64_t pid;
	int64_t readings;
};

static const char *const kinds[FAKE_COUNT] = {
	[FAKE_USUAL] = "usual",
	[FAKE_HOSTILE] = "hostile",
	[FAKE_UNKNOWN] = "unknown",
	[FAKE_EMPTY] = "empty",
};

/* Which fake the environment asks `spy ps` for. */
static enum fake wanted(const char *name)
{
	int i;

	for (i = 0; name && i < FAKE_COUNT; i++) {
		if (!strcmp(name, kinds[i]))
			return (enum fake)i;
	}
	return FAKE_USUAL;
}

struct spy_error *spy_open(const struct spy_options *options, struct spy **ret)
{
	switch (options->pid) {
	case 11:
		return spy_error_new(SPY_ERROR_DATA, "cannot read the ELF header");
	case 13:
		return spy_error_new(SPY_ERROR_NO_PROCESS, "no process 13");
	case 14:
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_PERMISSION, "not permitted to read process 14"),
		    "run spy as root");
	case 15:
		return spy_error_new(SPY_ERROR_NOT_GO, "a\033[31m is not a Go program");
	}
	*ret = memory_zeroed(1, sizeof(**ret));
	(*ret)->kind = wanted(options->name);
	(*ret)->pid = options->pid;
	return NULL;
}

void spy_close(struct spy *spy)
{
	free(spy);
}

/* Tells on standard error what was asked for: "collect=0x3 view=0 system=0 goroutine=0". */
struct spy_error *spy_snapshot_take(struct spy *spy, const struct spy_request *request,
				    struct spy_snapshot **ret)
{
	if (getenv("FAKE_TELL"))
		fprintf(stderr, "collect=%#x view=%d system=%d goroutine=%lld\n", request->collect,
			request->view, request->system_goroutines, (long long)request->goroutine);
	*ret = memory_new(1, sizeof(**ret));
	**ret = *fake_snapshot(spy->kind);
	if (request->goroutine > 1000)
		(*ret)->goroutine_count = 0;
	if (request->limit && request->limit < (*ret)->goroutine_count) {
		(*ret)->goroutines_left_out = (*ret)->goroutine_count - request->limit;
		(*ret)->goroutine_count = request->limit;
	}
	return NULL;
}

void spy_snapshot_free(struct spy_snapshot *snapshot)
{
	free(snapshot);
}

struct spy_error *spy_heap_take(struct spy *spy, struct spy_heap **ret)
{
	*ret = memory_new(1, sizeof(**ret));
	**ret = *fake_heap(spy->kind);
	return NULL;
}

void spy_heap_free(struct spy_heap *heap)
{
	free(heap);
}

struct spy_error *spy_metrics_take(struct spy *spy, struct spy_metrics **ret)
{
	*ret = memory_new(1, sizeof(**ret));
	**ret = *fake_metrics(spy->kind);
	return NULL;
}

void spy_metrics_free(struct spy_metrics *metrics)
{
	free(metrics);
}

/* Pid 17 ends after three readings. Each reading is a second after the one before, and so much more
 * has happened. */
struct spy_error *spy_stats_read(struct spy *spy, bool stop, struct spy_stats *ret)
{
	static const char *const warnings[] = { "nothing could be read" };
	int64_t second = 1000000000, n = ++spy->readings;

	if (spy->pid == 17 && n > 3)
		return spy_error_new(SPY_ERROR_NO_PROCESS, "process 17 has ended");
	*ret = (struct spy_stats){ .pid = 4242,
				   .taken_at = (1000 + n) * second,
				   .started_at = 1000 * second,
				   .paused_ns = stop ? 200000 : 0,
				   .goroutines = 7,
				   .threads = 5,
				   .rss_bytes = 1 << 20,
				   .cpu_ns = n * second / 2,
				   .cpu_user_ns = n * second / 4,
				   .cpu_system_ns = n * second / 4,
				   .memstats = { .total_alloc_bytes = n * 4096,
						 .mallocs = n * 64,
						 .heap_objects = 9,
						 .next_gc_bytes = -1,
						 .pause_total_ns = n * 1000000,
						 .num_gc = n * 2,
						 .enable_gc = true } };
	if (spy->kind == FAKE_UNKNOWN) {
		ret->goroutines = ret->memstats.next_gc_bytes = SPY_UNKNOWN;
		ret->memstats.total_alloc_bytes = ret->memstats.heap_objects = SPY_UNKNOWN;
		ret->memstats.gc_cpu_fraction = NAN;
		ret->repeated = 3;
		ret->warnings = warnings;
		ret->warning_count = 1;
	}
	return NULL;
}

/* The first goroutine runs in each reading; of the second P nothing can be told. Pid 17 ends after
 * three readings. */
struct spy_error *spy_running_read(struct spy *spy, struct spy_running_list *ret)
{
	static struct spy_running first;
	const struct spy_snapshot *snapshot = fake_snapshot(spy->kind);

	if (spy->pid == 17 && ++spy->readings > 3)
		return spy_error_new(SPY_ERROR_NO_PROCESS, "process 17 has ended");
	*ret = (struct spy_running_list){ .taken_at = 1, .ps = 2, .items = &first, .unread = 1 };
	if (snapshot->goroutine_count) {
		first = (struct spy_running){ .goroutine = snapshot->goroutines[0].id,
					      .start = snapshot->goroutines[0].start,
					      .caller = snapshot->goroutines[0].caller };
		ret->count = 1;
	}
	return NULL;
}

/* Three collections end between two looks at the third. */
struct spy_error *spy_gc_count(struct spy *spy, int64_t *ret)
{
	spy->readings++;
	if (spy->pid == 17 && spy->readings > 5)
		return spy_error_new(SPY_ERROR_NO_PROCESS, "process 17 has ended");
	*ret = spy->readings < 3 ? spy->readings : spy->readings + 2;
	return NULL;
}

/* The line of a collection of Go 1.27. */
struct spy_error *spy_gc_cycle_read(struct spy *spy, struct spy_gc_cycle *ret, bool *complete)
{
	*ret = (struct spy_gc_cycle){
		.pid = 4242,
		.ended_at = 1000000000000000000,
		.number = spy->readings < 3 ? spy->readings : spy->readings + 2,
		.start_ns = 1234567890,
		.cpu_percent = 3,
		.sweep_termination_ns = 45678,
		.mark_ns = 1234567,
		.mark_termination_ns = 999,
		.sweep_termination_cpu_ns = 91356,
		.assist_cpu_ns = 0,
		.worker_cpu_ns = 10000000,
		.idle_cpu_ns = 9999999,
		.mark_termination_cpu_ns = 1998,
		.heap_start_bytes = (4 << 20) + 1,
		.heap_end_bytes = (5 << 20) - 1,
		.heap_marked_bytes = 2 << 20,
		.heap_goal_bytes = 8 << 20,
		.stacks_bytes = 0,
		.globals_bytes = spy->kind == FAKE_UNKNOWN ? SPY_UNKNOWN : 1 << 20,
		.procs = 2,
		.forced = true,
	};
	*complete = true;
	return NULL;
}

struct spy_error *spy_variable_list(struct spy *spy, struct spy_variable_list **ret)
{
	*ret = memory_new(1, sizeof(**ret));
	**ret = *fake_variables(spy->kind);
	return NULL;
}

void spy_variable_list_free(struct spy_variable_list *list)
{
	free(list);
}

/* A counter that goes up at every second reading; main.cfg is the value with everything in it. Pid
 * 17 ends after five readings. Tells on standard error what was asked for. */
struct spy_error *spy_value_read(struct spy *spy, const char *expression,
				 const struct spy_value_limits *limits,
				 struct spy_value_reading **ret)
{
	int64_t n = spy->readings++;

	if (getenv("FAKE_TELL"))
		fprintf(stderr, "read %s depth=%lld elements=%lld string_bytes=%lld\n", expression,
			(long long)limits->depth, (long long)limits->elements,
			(long long)limits->string_bytes);
	if (!strcmp(expression, "main.typo"))
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "there is no variable main.typo"),
		    "nearest: main.type");
	if (spy->pid == 17 && n >= 5)
		return spy_error_new(SPY_ERROR_NO_PROCESS, "process 17 has ended");
	if (!strcmp(expression, "*main.sometimes") && n == 1)
		return spy_error_new(SPY_ERROR_USAGE, "main.sometimes is nil");
	*ret = memory_new(1, sizeof(**ret));
	**ret = *fake_reading(spy->kind);
	if (!strcmp(expression, "main.cfg"))
		return NULL;
	**ret = (struct spy_value_reading){
		.pid = 4242,
		.go_version = "go1.27.4",
		.paused_ns = 20000,
		.taken_at = (1000 + n) * 1000000000,
		.name =
		    strcmp(expression, "runtime.ncpu") != 0 ? expression : "runtime.numCPUStartup",
		.value = { .type = &fake_int32, .address = 0x5a0300, .integer = n / 2 }
	};
	return NULL;
}

void spy_value_reading_free(struct spy_value_reading *reading)
{
	free(reading);
}

struct spy_error *spy_process_list(struct spy_process_list **ret)
{
	*ret = memory_new(1, sizeof(**ret));
	**ret = *fake_processes(wanted(getenv("FAKE")));
	return NULL;
}

void spy_process_list_free(struct spy_process_list *list)
{
	free(list);
}

const char *spy_status_name(enum spy_status status)
{
	static const char *const names[SPY_STATUS_COUNT] = {
		[SPY_STATUS_IDLE] = "idle",           [SPY_STATUS_RUNNABLE] = "runnable",
		[SPY_STATUS_RUNNING] = "running",     [SPY_STATUS_SYSCALL] = "syscall",
		[SPY_STATUS_WAITING] = "waiting",     [SPY_STATUS_DEAD] = "dead",
		[SPY_STATUS_COPYSTACK] = "copystack", [SPY_STATUS_PREEMPTED] = "preempted",
		[SPY_STATUS_LEAKED] = "leaked",
	};

	return names[status];
}

const char *spy_version(void)
{
	return "0.0-fake";
}
