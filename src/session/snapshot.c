/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "procmem/processes.h"
#include "session/session.h"

void making_warn(struct making *making, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	*vector_push(&making->warnings) = arena_string(&making->snapshot->arena, line);
}

static const char *copy_string(struct arena *arena, const char *string)
{
	return string ? arena_string(arena, string) : NULL;
}

static struct spy_build copy_build(struct arena *arena, const struct binary_build_info *build)
{
	struct spy_setting *settings = arena_alloc(arena, build->setting_count, sizeof(*settings));
	size_t i;

	for (i = 0; i < build->setting_count; i++)
		settings[i] =
		    (struct spy_setting){ .key = copy_string(arena, build->settings[i].key),
					  .value = copy_string(arena, build->settings[i].value) };
	return (struct spy_build){ .path = copy_string(arena, build->path),
				   .module = copy_string(arena, build->module),
				   .version = copy_string(arena, build->module_version),
				   .settings = settings,
				   .setting_count = build->setting_count };
}

static void fill_identity(struct making *making)
{
	const struct spy *spy = making->spy;
	struct arena *arena = &making->snapshot->arena;
	struct spy_snapshot *public = &making->snapshot->public;

	public->pid = spy->target->pid;
	public->exe = copy_string(arena, spy->target->exe);
	public->go_version = copy_string(arena, spy->runtime.version);
	public->build = copy_build(arena, &spy->runtime.build);
	public->debug_info = spy->runtime.debug_info;
	public->layout_from = spy->runtime.layout.source;
	public->symbols_from = spy->runtime.symbols_from;
	public->symbols_file = copy_string(arena, spy->runtime.symbols_file);
	public->paused_ns = making->collected->paused_ns;
	public->taken_at = making->collected->taken_at;
	public->started_at = spy->target->started_at;
	public->uptime_ns =
	    public->started_at == SPY_UNKNOWN ? SPY_UNKNOWN : public->taken_at - public->started_at;
}

/* RSS is the kernel's figure, of a live process only. */
static void fill_rss(struct making *making)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct process_facts facts;

	making->snapshot->public.memory.rss_bytes = SPY_UNKNOWN;
	if (!making->spy->target->is_live ||
	    spy_error_caught(process_facts(making->spy->target->pid, &arena, &facts)))
		return;
	making->snapshot->public.memory.rss_bytes = facts.rss_bytes;
}

static void fill_memory(struct making *making)
{
	struct spy_snapshot *public = &making->snapshot->public;
	struct spy_memstats *memstats = arena_alloc(&making->snapshot->arena, 1, sizeof(*memstats));

	collected_memory(making->collected, &public->memory, memstats, &public->gc);
	if (!(making->request->collect & SPY_COLLECT_MEMORY))
		return;
	public->memstats = memstats;
	if (!making->collected->memory->complete)
		making_warn(making, "the memory statistics could not be read");
	else if (!making->collected->memory_fits && making->collected->memory->still)
		making_warn(making,
			    "a thread was just changing the memory statistics: they may be off "
			    "by the objects of a span");
	else if (!making->collected->memory_fits)
		making_warn(making,
			    "the memory statistics changed whenever they were read: what they "
			    "add up to is unknown");
}

static void make(struct making *making)
{
	struct spy_snapshot *public = &making->snapshot->public;
	struct go_runtime *runtime = &making->spy->runtime;
	const char **warnings;
	size_t i;

	for (i = 0; i < runtime->warnings.count; i++)
		making_warn(making, "%s", runtime->warnings.items[i]);
	fill_identity(making);
	fill_memory(making);
	fill_rss(making);
	make_scheduler(making);
	make_goroutines(making);
	warnings = arena_alloc(&making->snapshot->arena, making->warnings.count, sizeof(*warnings));
	for (i = 0; i < making->warnings.count; i++)
		warnings[i] = making->warnings.items[i];
	public->warnings = warnings;
	public->warning_count = making->warnings.count;
}

/* With the variables of the frames, which are read before the target runs on. What DWARF says of
 * them is looked up before it is stopped, by the stacks as they are then. */
static struct spy_error *collect_with_locals(struct making *making, struct collect_request *wanted,
					     struct collected *ret)
{
	struct collect_request before = *wanted;
	struct locals *locals = NULL;
	struct collected collected;
	struct spy_error *error;

	TRY(locals_new(making, &locals));
	before.non_blocking = true;
	if (making->spy->target->is_live &&
	    !spy_error_caught(collect(&making->spy->runtime, &before, &collected))) {
		locals_rehearse(locals, &collected);
		collected_free(&collected);
	}
	wanted->more = locals_read;
	wanted->context = locals;
	error = collect(&making->spy->runtime, wanted, ret);
	if (!error)
		locals_finish(locals);
	locals_free(locals);
	return error;
}

struct spy_error *spy_snapshot_take(struct spy *spy, const struct spy_request *request,
				    struct spy_snapshot **ret)
{
	struct collect_request wanted = { .collect = request->collect,
					  .goroutine = request->goroutine,
					  .limit = request->limit,
					  .non_blocking =
					      spy->non_blocking || request->non_blocking };
	struct collected collected;
	struct making making = { .spy = spy, .request = request, .collected = &collected };
	struct spy_error *error;

	making.snapshot = memory_zeroed(1, sizeof(*making.snapshot));
	making.unwinder =
	    unwinder_new(spy->runtime.code, spy->runtime.layout.traits, &making.snapshot->arena);
	if (request->collect & SPY_COLLECT_LOCALS)
		error = collect_with_locals(&making, &wanted, &collected);
	else
		error = collect(&spy->runtime, &wanted, &collected);
	if (!error) {
		make(&making);
		collected_free(&collected);
		*ret = &making.snapshot->public;
	} else {
		spy_snapshot_free(&making.snapshot->public);
	}
	unwinder_free(making.unwinder);
	map_free(&making.wait_reasons);
	map_free(&making.types);
	map_free(&making.stacks);
	vector_free(&making.warnings);
	return error;
}

void spy_snapshot_free(struct spy_snapshot *public)
{
	struct snapshot *snapshot = (struct snapshot *)public;

	if (!snapshot)
		return;
	arena_free(&snapshot->arena);
	free(snapshot);
}
