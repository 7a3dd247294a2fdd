/* SPDX-License-Identifier: MIT */
#include "render/gctrace.h"

#include "render/fields.h"

enum { MIB_SHIFT = 20 };

/* runtime/mgc.go: itoaDiv. A number with its last `decimals` digits behind a point. */
static void put_decimal(struct text *text, uint64_t value, unsigned decimals)
{
	static const uint64_t powers[] = { 1, 10, 100, 1000 };

	text_printf(text, "%llu", (unsigned long long)(value / powers[decimals]));
	if (decimals)
		text_printf(text, ".%0*llu", (int)decimals,
			    (unsigned long long)(value % powers[decimals]));
}

/* runtime/mgc.go: fmtNSAsMS. Two digits, cut off, or whole milliseconds. */
static void put_ms(struct text *text, int64_t ns)
{
	uint64_t value = (uint64_t)ns;
	unsigned decimals = 3;

	if (value >= 10000000) {
		put_decimal(text, value / 1000000, 0);
		return;
	}
	value /= 1000;
	if (!value) {
		text_add(text, "0");
		return;
	}
	while (value >= 100) {
		value /= 10;
		decimals--;
	}
	put_decimal(text, value, decimals);
}

static void put_all_ms(struct text *text, const int64_t *ns, const char *const *between,
		       size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i)
			text_add(text, between[i - 1]);
		put_ms(text, ns[i]);
	}
}

static void put_mib(struct text *text, int64_t bytes, const char *after)
{
	if (bytes == SPY_UNKNOWN)
		text_printf(text, "?%s", after);
	else
		text_printf(text, "%llu%s", (unsigned long long)bytes >> MIB_SHIFT, after);
}

void gctrace_line(struct text *text, const struct spy_gc_cycle *cycle)
{
	const int64_t clock[] = { cycle->sweep_termination_ns, cycle->mark_ns,
				  cycle->mark_termination_ns };
	const int64_t cpu[] = { cycle->sweep_termination_cpu_ns, cycle->assist_cpu_ns,
				cycle->worker_cpu_ns, cycle->idle_cpu_ns,
				cycle->mark_termination_cpu_ns };
	static const char *const between_clock[] = { "+", "+" };
	static const char *const between_cpu[] = { "+", "/", "/", "+" };

	text_printf(text, "gc %lld @", (long long)cycle->number);
	put_decimal(text, (uint64_t)cycle->start_ns / 1000000, 3);
	text_printf(text, "s %lld%%%s: ", (long long)cycle->cpu_percent,
		    cycle->finds_leaks ? " (checking for goroutine leaks)" : "");
	put_all_ms(text, clock, between_clock, 3);
	text_add(text, " ms clock, ");
	put_all_ms(text, cpu, between_cpu, 5);
	text_add(text, " ms cpu, ");
	put_mib(text, cycle->heap_start_bytes, "->");
	put_mib(text, cycle->heap_end_bytes, "->");
	put_mib(text, cycle->heap_marked_bytes, " MB, ");
	put_mib(text, cycle->heap_goal_bytes, " MB goal, ");
	if (cycle->globals_bytes != SPY_UNKNOWN) {
		put_mib(text, cycle->stacks_bytes, " MB stacks, ");
		put_mib(text, cycle->globals_bytes, " MB globals, ");
	}
	text_printf(text, "%lld P%s", (long long)cycle->procs, cycle->forced ? " (forced)" : "");
}

#define FIELD(field_name, field_unit, member)                                                      \
	{                                                                                          \
		.name = (field_name), .unit = (field_unit),                                        \
		.offset = offsetof(struct spy_gc_cycle, member)                                    \
	}

static const struct field cycle_fields[] = {
	FIELD("pid", UNIT_ID, pid),
	FIELD("ended_at", UNIT_MOMENT, ended_at),
	FIELD("gc", UNIT_COUNT, number),
	FIELD("start_ns", UNIT_DURATION, start_ns),
	FIELD("cpu_percent", UNIT_COUNT, cpu_percent),
	FIELD("sweep_termination_ns", UNIT_DURATION, sweep_termination_ns),
	FIELD("mark_ns", UNIT_DURATION, mark_ns),
	FIELD("mark_termination_ns", UNIT_DURATION, mark_termination_ns),
	FIELD("sweep_termination_cpu_ns", UNIT_DURATION, sweep_termination_cpu_ns),
	FIELD("assist_cpu_ns", UNIT_DURATION, assist_cpu_ns),
	FIELD("worker_cpu_ns", UNIT_DURATION, worker_cpu_ns),
	FIELD("idle_cpu_ns", UNIT_DURATION, idle_cpu_ns),
	FIELD("mark_termination_cpu_ns", UNIT_DURATION, mark_termination_cpu_ns),
	FIELD("heap_start", UNIT_BYTES, heap_start_bytes),
	FIELD("heap_end", UNIT_BYTES, heap_end_bytes),
	FIELD("heap_marked", UNIT_BYTES, heap_marked_bytes),
	FIELD("heap_goal", UNIT_BYTES, heap_goal_bytes),
	FIELD("stacks", UNIT_BYTES, stacks_bytes),
	FIELD("globals", UNIT_BYTES, globals_bytes),
	FIELD("procs", UNIT_COUNT, procs),
	FIELD("forced", UNIT_BOOL, forced),
	{ .name = NULL },
};

void gctrace_json(struct output *output, const struct spy_gc_cycle *cycle)
{
	struct text line = { 0 };
	struct json json;

	gctrace_line(&line, cycle);
	json_begin(&json, output);
	json_open_object(&json, NULL);
	fields_json(&json, cycle_fields, cycle);
	json_string(&json, "line", line.bytes);
	json_strings(&json, "warnings", NULL, 0);
	json_close_object(&json);
	json_end(&json);
	text_free(&line);
}
