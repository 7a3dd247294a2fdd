/* SPDX-License-Identifier: MIT
 *
 * A process at a glance: spy summary, for somebody who is woken at three in the morning.
 */
#include <inttypes.h>
#include <string.h>

#include "render/fields.h"
#include "render/render.h"
#include "render/table.h"
#include "render/units.h"

#define LABEL_WIDTH   12 /* "GOMAXPROCS: " */
#define BAR_WIDTH     30
#define REASONS_SHOWN 20
#define NEVER_BYTES   (1ll << 60)

/* Begins a line: its label, aligned. */
static struct text *line(struct output *output, const char *label)
{
	text_printf(&output->text, "%s%-*s%s", output_colour(output, COLOUR_BOLD), LABEL_WIDTH,
		    label, output_colour(output, COLOUR_NONE));
	return &output->text;
}

/* "name value, " of a number in one of the units. */
static void item(struct text *text, const char *name, const char *value)
{
	text_printf(text, ", %s %s", name, value);
}

/* What the names come from, where it is not the target itself; and what would tell more. */
static void symbols_line(struct output *output, const struct spy_snapshot *snapshot)
{
	struct text *text;

	if (snapshot->symbols_from == SPY_SYMBOLS_TARGET)
		return;
	text = line(output, "Symbols:");
	if (snapshot->symbols_from == SPY_SYMBOLS_CODE)
		text_add(text, "none; the runtime's code told where its variables are "
			       "(an unstripped build with --bin FILE has those of the program)");
	else
		put_string(text, snapshot->symbols_file);
	text_add(text, "\n");
}

static void header(struct output *output, const struct spy_snapshot *snapshot)
{
	static const char *const layouts[] = {
		[SPY_LAYOUT_DWARF] = "layout from the target's own DWARF",
		[SPY_LAYOUT_BIN] = "layout from the file given by --bin",
		[SPY_LAYOUT_TABLE] = "layout from the table of its Go version",
	};
	const struct spy_build *build = &snapshot->build;
	char buffer[UNITS_MAX];
	struct text *text;

	text = line(output, "Binary:");
	put_string(text, snapshot->exe);
	text_add(text, "\n");
	text = line(output, "Module:");
	put_string(text, build->module ? build->module : build->path);
	if (build->version) {
		text_add(text, " ");
		put_string(text, build->version);
	}
	text_add(text, "\n");
	text = line(output, "Go:");
	put_string(text, snapshot->go_version);
	text_printf(text, ", %s, %s",
		    snapshot->debug_info == SPY_DEBUG_DWARF     ? "DWARF"
		    : snapshot->debug_info == SPY_DEBUG_SYMBOLS ? "symbols, no DWARF"
								: "stripped",
		    layouts[snapshot->layout_from]);
	text_add(text, "\n");
	symbols_line(output, snapshot);
	text = line(output, "Process:");
	put_number(text, snapshot->pid);
	text_printf(text, ", up %s", units_duration(snapshot->uptime_ns, buffer));
	text_printf(text, " since %s", units_moment(snapshot->started_at, buffer));
	text_add(text, "\n");
	text = line(output, "GOMAXPROCS:");
	put_number(text, snapshot->scheduler.gomaxprocs);
	text_add(text, " of ");
	put_number(text, snapshot->scheduler.ncpu);
	text_add(text, " CPUs");
	text_add(text, "\n");
	text = line(output, "Paused for:");
	text_add(text,
		 snapshot->paused_ns ? units_duration(snapshot->paused_ns, buffer) : "not at all");
	text_add(text, "\n\n");
}

static void scheduler(struct output *output, const struct spy_scheduler *scheduler)
{
	char b[UNITS_MAX];
	struct text *text = line(output, "Sched:");

	text_printf(text, "%s runnable in the global queue",
		    units_count(scheduler->global_run_queue, b));
	item(text, "idle Ps", units_count(scheduler->idle_ps, b));
	item(text, "idle Ms", units_count(scheduler->idle_ms, b));
	item(text, "spinning Ms", units_count(scheduler->spinning_ms, b));
	item(text, "freed Ms", units_count(scheduler->freed_ms, b));
	text_add(text, "\n");
}

static void memory(struct output *output, const struct spy_memory *memory)
{
	char b[UNITS_MAX];
	struct text *text = line(output, "Heap:");

	text_printf(text, "%s in use", units_bytes(memory->heap_inuse_bytes, b));
	item(text, "allocated", units_bytes(memory->heap_alloc_bytes, b));
	item(text, "live", units_bytes(memory->heap_live_bytes, b));
	item(text, "system", units_bytes(memory->heap_sys_bytes, b));
	item(text, "objects", units_count(memory->heap_objects, b));
	item(text, "mallocs", units_count(memory->mallocs, b));
	item(text, "frees", units_count(memory->frees, b));
	text_add(text, "\n");
	text = line(output, "Memory:");
	text_printf(text, "%s resident", units_bytes(memory->rss_bytes, b));
	item(text, "from the system", units_bytes(memory->sys_bytes, b));
	item(text, "stacks", units_bytes(memory->stack_inuse_bytes, b));
	text_add(text, "\n");
}

static void collector(struct output *output, const struct spy_snapshot *snapshot)
{
	const struct spy_gc *gc = &snapshot->gc;
	char b[UNITS_MAX];
	int64_t age;
	struct text *text = line(output, "GC:");

	put_string(text, gc->phase);
	item(text, "cycles", units_count(gc->cycles, b));
	item(text, "forced", units_count(gc->forced, b));
	text_add(text, ", last ");
	if (gc->last_at == SPY_UNKNOWN || snapshot->taken_at == SPY_UNKNOWN ||
	    __builtin_sub_overflow(snapshot->taken_at, gc->last_at, &age))
		text_add(text, "-");
	else
		text_printf(text, "%s ago", units_duration(age, b));
	/* -1 where the collector is off; a goal that no machine has memory for is as good as none
	 */
	if (gc->next_heap_bytes == -1 || gc->next_heap_bytes > NEVER_BYTES)
		text_add(text, ", next never");
	else
		item(text, "next at", units_bytes(gc->next_heap_bytes, b));
	item(text, "pauses", units_duration(gc->pause_total_ns, b));
	item(text, "CPU", units_percent(gc->cpu_fraction, b));
	item(text, "GOGC", gc->percent == -1 ? "off" : units_count(gc->percent, b));
	/* math.MaxInt64 is Go's word for no limit (runtime/mgcpacer.go) */
	item(text, "limit",
	     gc->memory_limit_bytes == INT64_MAX ? "none" : units_bytes(gc->memory_limit_bytes, b));
	text_add(text, "\n");
}

static void threads(struct output *output, const struct spy_thread_states *states)
{
	const struct field *field;
	struct text *text = line(output, "Threads:");

	put_number(text, states->total);
	for (field = thread_state_fields; field->name; field++) {
		int64_t count = field_number(field, states);

		if (!count)
			continue;
		text_add(text, ", ");
		put_number(text, count);
		text_printf(text, " %s", field->name);
	}
	text_add(text, "\n\n");
}

static enum colour status_colour(enum spy_status status)
{
	static const enum colour colours[SPY_STATUS_COUNT] = {
		[SPY_STATUS_RUNNABLE] = COLOUR_GREEN, [SPY_STATUS_RUNNING] = COLOUR_GREEN,
		[SPY_STATUS_SYSCALL] = COLOUR_BLUE,   [SPY_STATUS_WAITING] = COLOUR_YELLOW,
		[SPY_STATUS_LEAKED] = COLOUR_RED,
	};

	return colours[status];
}

/* "  chan receive  120  ########" */
static void bar_row(struct output *output, const char *name, enum colour colour, int64_t count,
		    int64_t total)
{
	static const char bar[BAR_WIDTH + 1] = "##############################";
	struct text *text = &output->text;
	int64_t length =
	    total > 0 && count > 0 ? (int64_t)((double)count / (double)total * BAR_WIDTH + 0.5) : 0;
	struct text label = { 0 };

	put_string(&label, name);
	text_printf(text, "  %s%-24s%s %9" PRId64, output_colour(output, colour), label.bytes,
		    output_colour(output, COLOUR_NONE), count);
	if (length > 0)
		text_printf(text, "  %.*s", (int)(length > BAR_WIDTH ? BAR_WIDTH : length), bar);
	text_add(text, "\n");
	text_free(&label);
}

static void counts(struct output *output, const struct spy_goroutine_counts *counts)
{
	char b[UNITS_MAX];
	struct text *text = line(output, "Goroutines:");
	size_t i;

	text_add(text, units_count(counts->count, b));
	text_printf(text, ", besides %s of the runtime", units_count(counts->system, b));
	text_printf(text, " and %s dead\n", units_count(counts->dead, b));
	for (i = 0; i < SPY_STATUS_COUNT; i++) {
		if (counts->by_status[i] > 0)
			bar_row(output, spy_status_name((enum spy_status)i),
				status_colour((enum spy_status)i), counts->by_status[i],
				counts->count);
	}
	if (counts->wait_reason_count)
		text_add(text, "Waiting for:\n");
	for (i = 0; i < counts->wait_reason_count && i < REASONS_SHOWN; i++)
		bar_row(output, counts->by_wait_reason[i].reason, COLOUR_NONE,
			counts->by_wait_reason[i].count, counts->count);
	if (i < counts->wait_reason_count)
		text_printf(text, "  and %zu more reasons\n", counts->wait_reason_count - i);
	text_add(text, "\n");
}

/* "make(chan main.job, 8)" */
static void channel(struct text *text, const struct spy_wait *wait)
{
	text_add(text, "make(chan ");
	put_string(text, wait->element_type ? wait->element_type : "?");
	if (wait->capacity) {
		text_add(text, ", ");
		put_number(text, wait->capacity);
	}
	text_add(text, ")");
	if (wait->capacity && wait->length != SPY_UNKNOWN) {
		text_add(text, " len ");
		put_number(text, wait->length);
	}
}

/* What it waits on: the channel, else the runtime's reason. */
static void waits_on(struct text *text, const struct spy_goroutine *goroutine)
{
	const struct spy_wait *wait = &goroutine->wait;

	switch (wait->kind) {
	case SPY_WAIT_NONE:
		put_string(text, goroutine->wait_reason);
		return;
	case SPY_WAIT_RECEIVE:
		text_add(text, "<- ");
		break;
	case SPY_WAIT_SEND:
		text_add(text, "-> ");
		break;
	case SPY_WAIT_SELECT:
		text_add(text, "select ");
		if (wait->cases > 1) {
			text_add(text, "of ");
			put_number(text, wait->cases);
			text_add(text, ", ");
		}
		break;
	case SPY_WAIT_LOCK:
		put_string(text, goroutine->wait_reason);
		text_add(text, " ");
		put_hex(text, wait->address);
		return;
	}
	channel(text, wait);
}

static void goroutine_row(struct table *table, const struct spy_goroutine *goroutine,
			  enum goroutine_place place)
{
	const struct spy_location *const places[] = {
		[PLACE_START] = goroutine->start,
		[PLACE_CALLER] = goroutine->caller,
		[PLACE_CURRENT] = goroutine->current,
	};
	const struct spy_location *location = places[place];
	struct text *text = &table->text;
	char b[UNITS_MAX];

	put_number(text, goroutine->id);
	if (goroutine->m != SPY_UNKNOWN) {
		text_add(text, "(M ");
		put_number(text, goroutine->m);
		text_add(text, ")");
	}
	table_cell(table, COLOUR_NONE);
	text_add(text, spy_status_name(goroutine->status));
	table_cell(table, status_colour(goroutine->status));
	text_add(text, units_duration(goroutine->wait_ns, b));
	table_cell(table, COLOUR_NONE);
	waits_on(text, goroutine);
	table_cell(table, COLOUR_NONE);
	put_string(text, location ? location->function : NULL);
	table_cell(table, COLOUR_NONE);
	put_string(text, location ? location->file : NULL);
	if (location && location->line > 0) {
		text_add(text, ":");
		put_number(text, location->line);
	}
	table_cell(table, COLOUR_NONE);
}

static void goroutines(struct output *output, const struct spy_snapshot *snapshot,
		       const struct summary_options *options)
{
	static const struct table_column columns[] = {
		{ .title = "GOROUTINE" },          { .title = "STATUS" },
		{ .title = "FOR", .right = true }, { .title = "WAITS ON" },
		{ .title = "FUNCTION" },           { .title = "PLACE", .keep_end = true },
	};
	struct table table = {
		.columns = columns,
		.column_count = sizeof(columns) / sizeof(*columns),
	};
	size_t i;

	for (i = 0; i < snapshot->goroutine_count; i++)
		goroutine_row(&table, &snapshot->goroutines[i], options->place);
	table_print(&table, output, 0);
	if (snapshot->goroutines_left_out)
		text_printf(&output->text,
			    "and %zu more: --all lists them, `spy dump --group` shows where they "
			    "stand\n",
			    snapshot->goroutines_left_out);
	table_free(&table);
}

void render_summary_text(struct output *output, const struct spy_snapshot *snapshot,
			 const struct summary_options *options)
{
	header(output, snapshot);
	scheduler(output, &snapshot->scheduler);
	memory(output, &snapshot->memory);
	collector(output, snapshot);
	threads(output, &snapshot->threads);
	fields_table(output, p_fields, snapshot->ps, snapshot->p_count, sizeof(*snapshot->ps), 0);
	if (snapshot->p_count)
		text_add(&output->text, "\n");
	counts(output, &snapshot->goroutine_counts);
	goroutines(output, snapshot, options);
}
