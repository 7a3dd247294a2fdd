/* SPDX-License-Identifier: MIT */
#include "procmem/processes.h"
#include "discover/open.h"

#include "session/session.h"

struct process_box {
	struct spy_process_list public;
	struct arena arena;
};

/* What only the process itself can tell: its version where the file does not, its goroutines. */
static void look_inside(struct spy_process *process, struct arena *arena)
{
	struct go_runtime_options options = { .table_first = true, .without_code = true };
	struct target *target;
	struct go_runtime runtime;
	struct spy_error *error = target_open_live(process->pid, &target);

	if (error) {
		process->unreadable = arena_string(arena, error->message);
		spy_error_free(error);
		return;
	}
	error = go_runtime_open(target, &options, &runtime);
	if (error) {
		process->unreadable = arena_string(arena, error->message);
		spy_error_free(error);
	} else {
		process->go_version = arena_string(arena, runtime.version);
		process->goroutines = go_runtime_goroutine_count(&runtime);
		go_runtime_close(&runtime);
	}
	target_close(target);
}

static void fill_process(struct spy_process *process, const struct binary *binary,
			 const struct process_facts *facts, int64_t pid, struct arena *arena)
{
	struct binary_build_info build = { 0 };

	(void)spy_error_caught(binary_build_info(binary, arena, &build));
	*process = (struct spy_process){ .pid = pid,
					 .exe = facts->exe,
					 .command = facts->command,
					 .command_count = facts->command_count,
					 .user = facts->user,
					 .go_version = build.go_version,
					 .module = build.module,
					 .module_version = build.module_version,
					 .debug_info = debug_info_of(binary),
					 .goroutines = SPY_UNKNOWN,
					 .rss_bytes = facts->rss_bytes,
					 .started_at = facts->started_at };
	look_inside(process, arena);
}

struct spy_error *spy_process_list(struct spy_process_list **ret)
{
	struct process_box *box = memory_zeroed(1, sizeof(*box));
	VECTOR(struct spy_process) processes = { 0 };
	struct process_list list;
	struct spy_process *items;
	struct spy_error *error = process_list(&box->arena, &list);
	size_t i;

	if (error) {
		free(box);
		return error;
	}
	for (i = 0; i < list.count; i++) {
		struct binary *binary _cleanup_(binary_cleanup) = NULL;
		struct process_facts facts;

		error = process_open_exe(list.pids[i], &binary);
		if (error) {
			box->public.unreadable += error->code == SPY_ERROR_PERMISSION;
			spy_error_free(error);
			continue;
		}
		if (binary_language(binary) != BINARY_GO ||
		    spy_error_caught(process_facts(list.pids[i], &box->arena, &facts)))
			continue;
		fill_process(vector_push(&processes), binary, &facts, list.pids[i], &box->arena);
	}
	items = arena_alloc(&box->arena, processes.count, sizeof(*items));
	if (processes.count)
		memcpy(items, processes.items, processes.count * sizeof(*items));
	box->public.processes = items;
	box->public.count = processes.count;
	vector_free(&processes);
	*ret = &box->public;
	return NULL;
}

void spy_process_list_free(struct spy_process_list *list)
{
	struct process_box *box = (struct process_box *)list;

	if (!box)
		return;
	arena_free(&box->arena);
	free(box);
}
