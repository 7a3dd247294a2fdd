/* SPDX-License-Identifier: MIT */
#include "render/fields.h"

#include <math.h>

#include "render/table.h"
#include "render/units.h"

/* Of a command line, in text: compilers have some of 100 KB. */
#define STRINGS_SHOWN 160

#define AT(type, member) .offset = offsetof(struct type, member)

const struct field process_fields[] = {
	{ .name = "pid", .title = "PID", .help = "process", .unit = UNIT_ID, AT(spy_process, pid) },
	{ .name = "go_version",
	  .title = "GO",
	  .help = "Go version it was built with",
	  .unit = UNIT_STRING,
	  AT(spy_process, go_version) },
	{ .name = "user",
	  .title = "USER",
	  .help = "user it runs as",
	  .unit = UNIT_STRING,
	  AT(spy_process, user) },
	{ .name = "rss",
	  .title = "RSS",
	  .help = "resident memory",
	  .unit = UNIT_BYTES,
	  AT(spy_process, rss_bytes) },
	{ .name = "goroutines",
	  .title = "GOROUTINES",
	  .help = "what runtime.NumGoroutine() would return",
	  .unit = UNIT_COUNT,
	  AT(spy_process, goroutines) },
	{ .name = "debug_info",
	  .title = "DEBUG",
	  .help = "dwarf, symbols (a symbol table only) or none (stripped)",
	  .unit = UNIT_DEBUG_INFO,
	  AT(spy_process, debug_info) },
	{ .name = "module",
	  .title = "MODULE",
	  .help = "main module",
	  .unit = UNIT_STRING,
	  AT(spy_process, module) },
	{ .name = "module_version",
	  .title = "VERSION",
	  .help = "version of the main module",
	  .unit = UNIT_STRING,
	  AT(spy_process, module_version) },
	{ .name = "command",
	  .title = "COMMAND",
	  .help = "command line",
	  .unit = UNIT_STRINGS,
	  AT(spy_process, command),
	  .count_offset = offsetof(struct spy_process, command_count) },
	{ .name = "exe", .unit = UNIT_STRING, AT(spy_process, exe) },
	{ .name = "started_at", .unit = UNIT_MOMENT, AT(spy_process, started_at) },
	{ .name = "unreadable", .unit = UNIT_STRING, AT(spy_process, unreadable) },
	{ .name = NULL },
};

const struct field p_fields[] = {
	{ .name = "id", .title = "P", .help = "its number", .unit = UNIT_ID, AT(spy_p, id) },
	{ .name = "status",
	  .title = "STATUS",
	  .help = "idle, running, syscall, gcstop or dead",
	  .unit = UNIT_STRING,
	  AT(spy_p, status) },
	{ .name = "m",
	  .title = "M",
	  .help = "M (thread) that it runs on",
	  .unit = UNIT_ID,
	  AT(spy_p, m) },
	{ .name = "goroutine",
	  .title = "GOROUTINE",
	  .help = "goroutine that runs on it",
	  .unit = UNIT_ID,
	  AT(spy_p, goroutine) },
	{ .name = "run_queue",
	  .title = "QUEUE",
	  .help = "goroutines that wait in its run queue",
	  .unit = UNIT_COUNT,
	  AT(spy_p, run_queue) },
	{ .name = "scheduler_ticks",
	  .title = "SCHED-TICKS",
	  .help = "goroutines it has scheduled so far",
	  .unit = UNIT_COUNT,
	  AT(spy_p, scheduler_ticks) },
	{ .name = "syscall_ticks",
	  .title = "SYSCALL-TICKS",
	  .help = "system calls it has seen so far",
	  .unit = UNIT_COUNT,
	  AT(spy_p, syscall_ticks) },
	{ .name = NULL },
};

const struct field m_fields[] = {
	{ .name = "id", .unit = UNIT_ID, AT(spy_m, id) },
	{ .name = "thread", .unit = UNIT_ID, AT(spy_m, thread) },
	{ .name = "p", .unit = UNIT_ID, AT(spy_m, p) },
	{ .name = "goroutine", .unit = UNIT_ID, AT(spy_m, goroutine) },
	{ .name = "locked_goroutine", .unit = UNIT_ID, AT(spy_m, locked_goroutine) },
	{ .name = "blocked", .unit = UNIT_BOOL, AT(spy_m, blocked) },
	{ .name = "spinning", .unit = UNIT_BOOL, AT(spy_m, spinning) },
	{ .name = NULL },
};

const struct field scheduler_fields[] = {
	{ .name = "global_run_queue", .unit = UNIT_COUNT, AT(spy_scheduler, global_run_queue) },
	{ .name = "idle_ps", .unit = UNIT_COUNT, AT(spy_scheduler, idle_ps) },
	{ .name = "idle_ms", .unit = UNIT_COUNT, AT(spy_scheduler, idle_ms) },
	{ .name = "spinning_ms", .unit = UNIT_COUNT, AT(spy_scheduler, spinning_ms) },
	{ .name = "freed_ms", .unit = UNIT_COUNT, AT(spy_scheduler, freed_ms) },
	{ .name = "system_goroutines", .unit = UNIT_COUNT, AT(spy_scheduler, system_goroutines) },
	{ .name = NULL },
};

const struct field gc_fields[] = {
	{ .name = "phase", .unit = UNIT_STRING, AT(spy_gc, phase) },
	{ .name = "cycles", .unit = UNIT_COUNT, AT(spy_gc, cycles) },
	{ .name = "forced", .unit = UNIT_COUNT, AT(spy_gc, forced) },
	{ .name = "last_at", .unit = UNIT_MOMENT, AT(spy_gc, last_at) },
	{ .name = "next_heap", .unit = UNIT_GOAL, AT(spy_gc, next_heap_bytes) },
	{ .name = "pause_total_ns", .unit = UNIT_DURATION, AT(spy_gc, pause_total_ns) },
	{ .name = "percent", .unit = UNIT_COUNT, AT(spy_gc, percent) },
	{ .name = "memory_limit", .unit = UNIT_BYTES, AT(spy_gc, memory_limit_bytes) },
	{ .name = "cpu_fraction", .unit = UNIT_FRACTION, AT(spy_gc, cpu_fraction) },
	{ .name = NULL },
};

const struct field memory_fields[] = {
	{ .name = "heap_alloc", .unit = UNIT_BYTES, AT(spy_memory, heap_alloc_bytes) },
	{ .name = "heap_inuse", .unit = UNIT_BYTES, AT(spy_memory, heap_inuse_bytes) },
	{ .name = "heap_sys", .unit = UNIT_BYTES, AT(spy_memory, heap_sys_bytes) },
	{ .name = "heap_live", .unit = UNIT_BYTES, AT(spy_memory, heap_live_bytes) },
	{ .name = "heap_objects", .unit = UNIT_COUNT, AT(spy_memory, heap_objects) },
	{ .name = "mallocs", .unit = UNIT_COUNT, AT(spy_memory, mallocs) },
	{ .name = "frees", .unit = UNIT_COUNT, AT(spy_memory, frees) },
	{ .name = "stack_inuse", .unit = UNIT_BYTES, AT(spy_memory, stack_inuse_bytes) },
	{ .name = "sys", .unit = UNIT_BYTES, AT(spy_memory, sys_bytes) },
	{ .name = "rss", .unit = UNIT_BYTES, AT(spy_memory, rss_bytes) },
	{ .name = NULL },
};

const struct field thread_state_fields[] = {
	{ .name = "running", .unit = UNIT_COUNT, AT(spy_thread_states, running) },
	{ .name = "sleeping", .unit = UNIT_COUNT, AT(spy_thread_states, sleeping) },
	{ .name = "disk_sleep", .unit = UNIT_COUNT, AT(spy_thread_states, disk_sleep) },
	{ .name = "stopped", .unit = UNIT_COUNT, AT(spy_thread_states, stopped) },
	{ .name = "zombie", .unit = UNIT_COUNT, AT(spy_thread_states, zombie) },
	{ .name = "other", .unit = UNIT_COUNT, AT(spy_thread_states, other) },
	{ .name = NULL },
};

const char *debug_info_name(enum spy_debug_info debug_info)
{
	static const char *const names[] = {
		[SPY_DEBUG_NONE] = "none",
		[SPY_DEBUG_SYMBOLS] = "symbols",
		[SPY_DEBUG_DWARF] = "dwarf",
	};

	return names[debug_info];
}

const char *layout_source_name(enum spy_layout_source source)
{
	static const char *const names[] = {
		[SPY_LAYOUT_DWARF] = "dwarf",
		[SPY_LAYOUT_BIN] = "bin",
		[SPY_LAYOUT_TABLE] = "table",
	};

	return names[source];
}

const char *symbols_source_name(enum spy_symbols_source source)
{
	static const char *const names[] = {
		[SPY_SYMBOLS_TARGET] = "target",
		[SPY_SYMBOLS_BIN] = "bin",
		[SPY_SYMBOLS_DEBUG_FILE] = "debug_file",
		[SPY_SYMBOLS_CODE] = "code",
	};

	return names[source];
}

/* The member of an entity that a field describes, as the type that its unit implies. */
#define VALUE(field, entity, type) (*(type const *)((const char *)(entity) + (field)->offset))

int64_t field_number(const struct field *field, const void *entity)
{
	return VALUE(field, entity, int64_t);
}

static size_t strings_count(const struct field *field, const void *entity)
{
	return *(const size_t *)((const char *)entity + field->count_offset);
}

static void strings_text(struct text *text, const char *const *strings, size_t count)
{
	size_t i;

	struct text line = { 0 };

	for (i = 0; i < count && line.length < STRINGS_SHOWN; i++) {
		if (i)
			text_add(&line, " ");
		put_string(&line, strings[i]);
	}
	if (!count)
		put_string(&line, NULL);
	if (line.length > STRINGS_SHOWN) {
		line.length = STRINGS_SHOWN;
		while ((line.bytes[line.length] & 0xc0) == 0x80) /* not within a character */
			line.length--;
		text_add(&line, "...");
	}
	text_add_bytes(text, line.bytes, line.length);
	text_free(&line);
}

/* "2 run, 40 wait"; what is all in one state by its whole name. */
static void statuses_text(struct text *text, const int64_t *by_status)
{
	static const struct {
		enum spy_status status;
		const char *word;
	} words[] = {
		{ .status = SPY_STATUS_RUNNING, .word = "run" },
		{ .status = SPY_STATUS_RUNNABLE, .word = "ready" },
		{ .status = SPY_STATUS_SYSCALL, .word = "sys" },
		{ .status = SPY_STATUS_WAITING, .word = "wait" },
		{ .status = SPY_STATUS_COPYSTACK, .word = "copy" },
		{ .status = SPY_STATUS_PREEMPTED, .word = "preempt" },
		{ .status = SPY_STATUS_LEAKED, .word = "leak" },
		{ .status = SPY_STATUS_IDLE, .word = "idle" },
		{ .status = SPY_STATUS_DEAD, .word = "dead" },
	};
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	size_t kinds = 0, last = 0, start = text->length, i;

	for (i = 0; i < WORDS; i++) {
		if (!by_status[words[i].status])
			continue;
		kinds++;
		last = i;
	}
	if (kinds == 1) {
		text_add(text, spy_status_name(words[last].status));
		return;
	}
	for (i = 0; i < WORDS; i++) {
		if (!by_status[words[i].status])
			continue;
		text_add(text, text->length > start ? ", " : "");
		put_number(text, by_status[words[i].status]);
		text_add(text, " ");
		text_add(text, words[i].word);
	}
	if (!kinds)
		text_add(text, "ended");
}

static void place_text(struct text *text, const char *file, int64_t line)
{
	put_string(text, file);
	if (!file)
		return;
	text_add(text, ":");
	put_number(text, line);
}

static void percent_text(struct text *text, double percent)
{
	if (isfinite(percent))
		text_printf(text, "%.1f", percent);
	else
		text_add(text, "-");
}

void field_text(struct text *text, const struct field *field, const void *entity)
{
	char buffer[UNITS_MAX];

	switch (field->unit) {
	case UNIT_COUNT:
	case UNIT_ID:
		put_number(text, VALUE(field, entity, int64_t));
		break;
	case UNIT_BYTES:
	case UNIT_GOAL:
		text_add(text, units_bytes(VALUE(field, entity, int64_t), buffer));
		break;
	case UNIT_DURATION:
		text_add(text, units_duration(VALUE(field, entity, int64_t), buffer));
		break;
	case UNIT_MOMENT:
		text_add(text, units_moment(VALUE(field, entity, int64_t), buffer));
		break;
	case UNIT_FRACTION:
		text_add(text, units_percent(VALUE(field, entity, double), buffer));
		break;
	case UNIT_BOOL:
		text_add(text, VALUE(field, entity, bool) ? "yes" : "no");
		break;
	case UNIT_STRING:
		put_string(text, VALUE(field, entity, char *));
		break;
	case UNIT_STRINGS:
		strings_text(text, VALUE(field, entity, const char *const *),
			     strings_count(field, entity));
		break;
	case UNIT_PERCENT:
		percent_text(text, VALUE(field, entity, double));
		break;
	case UNIT_CHANGE:
		if (VALUE(field, entity, int64_t) > 0)
			text_add(text, "+");
		put_number(text, VALUE(field, entity, int64_t));
		break;
	case UNIT_STATUSES:
		statuses_text(text, (const int64_t *)((const char *)entity + field->offset));
		break;
	case UNIT_PLACE:
		place_text(text, VALUE(field, entity, char *),
			   *(const int64_t *)((const char *)entity + field->count_offset));
		break;
	case UNIT_DEBUG_INFO:
		text_add(text, debug_info_name(VALUE(field, entity, enum spy_debug_info)));
		break;
	}
}

void field_json(struct json *json, const struct field *field, const void *entity)
{
	switch (field->unit) {
	case UNIT_COUNT:
	case UNIT_ID:
	case UNIT_BYTES:
	case UNIT_DURATION:
	case UNIT_MOMENT:
	case UNIT_CHANGE:
		json_number(json, field->name, VALUE(field, entity, int64_t));
		break;
	case UNIT_GOAL:
		json_goal(json, field->name, VALUE(field, entity, int64_t));
		break;
	case UNIT_FRACTION:
	case UNIT_PERCENT:
		json_double(json, field->name, VALUE(field, entity, double));
		break;
	case UNIT_BOOL:
		json_bool(json, field->name, VALUE(field, entity, bool));
		break;
	case UNIT_STRING:
		json_string(json, field->name, VALUE(field, entity, char *));
		break;
	case UNIT_STRINGS:
		json_strings(json, field->name, VALUE(field, entity, const char *const *),
			     strings_count(field, entity));
		break;
	case UNIT_DEBUG_INFO:
		json_string(json, field->name,
			    debug_info_name(VALUE(field, entity, enum spy_debug_info)));
		break;
	case UNIT_STATUSES:
	case UNIT_PLACE:
		break;
	}
}

void fields_json(struct json *json, const struct field *fields, const void *entity)
{
	for (; fields->name; fields++)
		field_json(json, fields, entity);
}

static bool is_number(enum unit unit)
{
	return unit <= UNIT_CHANGE;
}

void fields_table(struct output *output, const struct field *fields, const void *entities,
		  size_t count, size_t size, unsigned indent)
{
	VECTOR(struct table_column) columns = { 0 };
	struct table table = { 0 };
	const struct field *field;
	size_t i;

	for (field = fields; field->name; field++) {
		if (field->title)
			*vector_push(&columns) = (struct table_column){
				.title = field->title,
				.right = is_number(field->unit),
			};
	}
	table.columns = columns.items;
	table.column_count = columns.count;
	for (i = 0; i < count; i++) {
		for (field = fields; field->name; field++) {
			if (!field->title)
				continue;
			field_text(&table.text, field, (const char *)entities + i * size);
			table_cell(&table, COLOUR_NONE);
		}
	}
	table_print(&table, output, indent);
	table_free(&table);
	vector_free(&columns);
}
