/* SPDX-License-Identifier: MIT
 *
 * An engine without targets: spy.h over the snapshots written by hand, so that the program can be
 * tested where nothing runs. The pid or name of the target chooses what happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "unit/fake_heap.h"
#include "unit/fake_snapshot.h"

struct spy {
	enum fake kind;
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
