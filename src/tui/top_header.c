/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "render/units.h"
#include "tui/top_screen.h"

enum {
	WIDE = 120,       /* columns from which on figures stand beside the bars */
	LOW = 16,         /* lines below which there is only the title and one more */
	LABEL_WIDTH = 11, /* of "Goroutines " */
};
/* A goal beyond this is none: the collector waits for a limit that nobody has set. */
#define NEVER_BYTES (1ll << 60)

/* A part of the screen that lines are added to. */
struct area {
	int row, column, width;
};

/* ---- title -------------------------------------------------------------------------------- */

void header_title(const struct top *top)
{
	const struct spy_snapshot *snapshot = top->reading ? top->reading->snapshot : NULL;
	struct text left = { 0 }, right = { 0 };
	char buffer[UNITS_MAX];
	int columns = screen_columns(), used;

	draw_fill(0, 0, columns, STYLE_BAR, ' ');
	if (!snapshot) {
		draw_text(0, 1, columns, STYLE_BAR, "spy top: reading ...");
		return;
	}
	text_add(&right, "  ");
	text_add(&right, units_duration(top->wanted.interval_ns, buffer));
	text_add(&right, "  ");
	/* the time of day is enough */
	if (strlen(units_moment(snapshot->taken_at, buffer)) > 11)
		text_add(&right, buffer + 11);
	text_add(&right, " ");
	used = (int)right.length;
	text_printf(&left, "pid %lld  %s  up %s", (long long)snapshot->pid,
		    snapshot->go_version ? snapshot->go_version : "-", "");
	text_add(&left, units_duration(snapshot->uptime_ns, buffer));
	if (columns > used)
		draw_bytes(0, columns - used, used, STYLE_BAR, right.bytes, right.length, FIT_CUT);
	used = columns - used - (int)left.length - 3;
	if (used > 8)
		used = draw_bytes(0, 1, used, STYLE_BAR, snapshot->exe ? snapshot->exe : "-",
				  strlen(snapshot->exe ? snapshot->exe : "-"), FIT_CUT_START) +
		       2;
	else
		used = 0;
	draw_bytes(0, 1 + used, columns - used - 1 - (int)right.length, STYLE_BAR, left.bytes,
		   left.length, FIT_CUT);
	text_free(&left);
	text_free(&right);
}

/* ---- bars --------------------------------------------------------------------------------- */

static void labelled_bar(struct area *area, const char *label, const struct bar_part *parts,
			 size_t count, int64_t total, const char *text)
{
	draw_text(area->row, area->column, LABEL_WIDTH, STYLE_BOLD, label);
	draw_bar(area->row, area->column + LABEL_WIDTH, area->width - LABEL_WIDTH, parts, count,
		 total, text);
	area->row++;
}

static const struct {
	enum spy_status status;
	const char *name;
	enum style style;
	char letter;
} states[] = {
	{ .status = SPY_STATUS_RUNNING, .name = "running", .style = STYLE_SERIES, .letter = 'R' },
	{ .status = SPY_STATUS_RUNNABLE,
	  .name = "runnable",
	  .style = STYLE_SERIES + 2,
	  .letter = 'r' },
	{ .status = SPY_STATUS_SYSCALL,
	  .name = "syscall",
	  .style = STYLE_SERIES + 3,
	  .letter = 's' },
	{ .status = SPY_STATUS_LEAKED, .name = "leaked", .style = STYLE_SERIES + 5, .letter = 'l' },
	{ .status = SPY_STATUS_WAITING,
	  .name = "waiting",
	  .style = STYLE_SERIES + 1,
	  .letter = 'w' },
};
enum { STATES = sizeof(states) / sizeof(states[0]) };

static void goroutines_bar(struct area *area, const struct spy_snapshot *snapshot)
{
	const struct spy_goroutine_counts *counts = &snapshot->goroutine_counts;
	struct bar_part parts[STATES];
	char text[32], buffer[UNITS_MAX];
	size_t i;

	for (i = 0; i < STATES; i++)
		parts[i] = (struct bar_part){ .value = counts->by_status[states[i].status],
					      .style = states[i].style,
					      .letter = states[i].letter };
	snprintf(text, sizeof(text), "%s", units_count(counts->count, buffer));
	labelled_bar(area, "Goroutines", parts, STATES, counts->count, text);
}

static void ps_bar(struct area *area, const struct spy_snapshot *snapshot)
{
	static const struct {
		const char *status;
		enum style style;
		char letter;
	} kinds[] = {
		{ .status = "running", .style = STYLE_SERIES, .letter = 'R' },
		{ .status = "gcstop", .style = STYLE_SERIES + 5, .letter = 'g' },
		{ .status = "syscall", .style = STYLE_SERIES + 3, .letter = 's' },
	};
	struct bar_part parts[3] = { 0 };
	int64_t procs = 0;
	char text[48];
	size_t i, k;

	for (k = 0; k < 3; k++)
		parts[k] = (struct bar_part){ .style = kinds[k].style, .letter = kinds[k].letter };
	for (i = 0; i < snapshot->p_count; i++) {
		if (strcmp(snapshot->ps[i].status, "dead") != 0)
			procs++;
		for (k = 0; k < 3; k++)
			parts[k].value += !strcmp(snapshot->ps[i].status, kinds[k].status);
	}
	snprintf(text, sizeof(text), "%lld of %lld", (long long)parts[0].value, (long long)procs);
	labelled_bar(area, "Ps running", parts, 3, procs, text);
}

/* The heap that is in use against the size at which the next collection begins. */
static void heap_bar(struct area *area, const struct top *top)
{
	const struct spy_memstats *memstats = &top->reading->stats.memstats;
	int64_t used = top->reading->has_stats ? memstats->heap_alloc_bytes : SPY_UNKNOWN;
	int64_t goal = top->reading->has_stats ? memstats->next_gc_bytes : SPY_UNKNOWN;
	char a[UNITS_MAX], b[UNITS_MAX], text[2 * UNITS_MAX + 8];
	struct bar_part part = { .value = used, .style = STYLE_SERIES, .letter = 'h' };

	if (goal == -1 || goal > NEVER_BYTES) {
		goal = 0;
		snprintf(text, sizeof(text), "%s, no goal", units_bytes(used, a));
	} else {
		snprintf(text, sizeof(text), "%s of %s", units_bytes(used, a),
			 units_bytes(goal, b));
	}
	labelled_bar(area, "Heap", &part, 1, goal > 0 ? goal : 0, text);
}

/* ---- figures ------------------------------------------------------------------------------ */

/* "label value" one after the other, with two columns between them. */
static void figure(struct area *area, int *x, const char *label, const char *value,
		   enum style style)
{
	int left = area->width - *x;

	if (*x)
		*x += 2;
	if ((int)(strlen(label) + strlen(value)) + 1 > left - 2 && *x)
		return; /* half a figure is worse than none */
	*x += draw_text(area->row, area->column + *x, left, STYLE_DIM, label);
	*x += draw_format(area->row, area->column + *x, area->width - *x, style, " %s", value);
}

static void states_line(struct area *area, const struct spy_snapshot *snapshot)
{
	const struct spy_goroutine_counts *counts = &snapshot->goroutine_counts;
	char buffer[UNITS_MAX];
	int x = 0;
	size_t i;

	for (i = 0; i < STATES; i++) {
		int64_t count = counts->by_status[states[i].status];

		if (states[i].status == SPY_STATUS_LEAKED && !count)
			continue;
		figure(area, &x, states[i].name, units_count(count, buffer),
		       count ? states[i].style : STYLE_PLAIN);
	}
	figure(area, &x, "system", units_count(counts->system, buffer), STYLE_PLAIN);
	area->row++;
}

static int64_t queued(const struct spy_snapshot *snapshot)
{
	int64_t sum = snapshot->scheduler.global_run_queue;
	size_t i;

	for (i = 0; i < snapshot->p_count && sum != SPY_UNKNOWN; i++)
		if (__builtin_add_overflow(sum, snapshot->ps[i].run_queue, &sum))
			return SPY_UNKNOWN;
	return sum;
}

static void process_line(struct area *area, const struct top *top)
{
	const struct top_reading *reading = top->reading;
	char buffer[UNITS_MAX], percent[UNITS_MAX];
	int x = 0;

	if (reading->has_stats && isfinite(top->stats.cpu_percent))
		snprintf(percent, sizeof(percent), "%.1f%%", top->stats.cpu_percent);
	else
		snprintf(percent, sizeof(percent), "-");
	figure(area, &x, "CPU", percent, STYLE_BOLD);
	figure(area, &x, "RSS",
	       units_bytes(reading->has_stats ? reading->stats.rss_bytes : SPY_UNKNOWN, buffer),
	       STYLE_BOLD);
	figure(area, &x, "threads", units_count(reading->snapshot->threads.total, buffer),
	       STYLE_PLAIN);
	figure(area, &x, "GOMAXPROCS", units_count(reading->snapshot->scheduler.gomaxprocs, buffer),
	       STYLE_PLAIN);
	figure(area, &x, "queued", units_count(queued(reading->snapshot), buffer), STYLE_PLAIN);
	area->row++;
}

static int64_t last_pause(const struct spy_memstats *memstats)
{
	/* runtime/mstats.go: PauseNs, the last is at (NumGC + 255) % 256 */
	if (memstats->num_gc == SPY_UNKNOWN || memstats->num_gc <= 0)
		return SPY_UNKNOWN;
	return memstats->pause_ns[(memstats->num_gc + SPY_PAUSES - 1) % SPY_PAUSES];
}

static void collector_line(struct area *area, const struct top *top)
{
	const struct top_reading *reading = top->reading;
	const struct spy_memstats *memstats = &reading->stats.memstats;
	const struct spy_gc *gc = &reading->snapshot->gc;
	char buffer[UNITS_MAX];
	int64_t ago;
	int x = 0;

	figure(area, &x, "GC", gc->phase ? gc->phase : "-",
	       gc->phase && strcmp(gc->phase, "off") != 0 ? STYLE_WARN : STYLE_PLAIN);
	figure(area, &x, "cycles", units_count(gc->cycles, buffer), STYLE_PLAIN);
	figure(area, &x, "last pause",
	       units_duration(reading->has_stats ? last_pause(memstats) : SPY_UNKNOWN, buffer),
	       STYLE_PLAIN);
	if (gc->last_at == SPY_UNKNOWN ||
	    __builtin_sub_overflow(reading->snapshot->taken_at, gc->last_at, &ago))
		ago = SPY_UNKNOWN;
	figure(area, &x, "ago", units_duration(ago, buffer), STYLE_PLAIN);
	area->row++;
}

/* What of all that was looked at could not be told: goroutines and looks at Ps together. */
static void error_rate(const struct top_reading *reading, char text[UNITS_MAX])
{
	double looked = (double)reading->snapshot->goroutine_count +
			(double)reading->snapshot->goroutines_torn +
			(double)reading->samples.looked;
	double unread =
	    (double)reading->snapshot->goroutines_torn + (double)reading->samples.unread;

	units_percent(looked > 0 ? unread / looked : 0, text);
}

static void costs_line(struct area *area, const struct top *top)
{
	const struct top_reading *reading = top->reading;
	char buffer[UNITS_MAX];
	int x = 0;

	if (reading->snapshot->paused_ns)
		figure(area, &x, "stopped", units_duration(reading->snapshot->paused_ns, buffer),
		       STYLE_PLAIN);
	else
		figure(area, &x, "not", "stopped", STYLE_PLAIN);
	if (reading->spared_ns)
		figure(area, &x, "(it took", units_duration(reading->spared_ns, buffer),
		       STYLE_PLAIN);
	if (reading->spared_ns)
		x += draw_text(area->row, area->column + x, 1, STYLE_DIM, ")");
	error_rate(reading, buffer);
	figure(area, &x, "unread", buffer, STYLE_PLAIN);
	figure(area, &x, "looks", units_count(reading->samples.readings, buffer), STYLE_PLAIN);
	area->row++;
}

/* ---- the line over the table -------------------------------------------------------------- */

static const char *group_words(const struct top *top)
{
	static const char *const words[TOP_GROUPS] = {
		[TOP_FUNCTION] = "by function", [TOP_STACK] = "by stack",
		[TOP_CREATOR] = "by creator",   [TOP_WAIT_REASON] = "by wait reason",
		[TOP_LABEL] = "by labels",      [TOP_GOROUTINE] = "goroutines",
	};

	return words[top->options.group];
}

static void view_line(struct area *area, const struct top *top)
{
	const struct top_rows *rows = top->rows;
	int x = 0, width = area->width;

	x += draw_text(area->row, 0, width, STYLE_BOLD, group_words(top));
	if (top->options.group == TOP_LABEL && *top->label)
		x += draw_format(area->row, x, width - x, STYLE_BOLD, " %s", top->label);
	if (rows)
		x += draw_format(area->row, x, width - x, STYLE_PLAIN,
				 "  %zu rows, %lld of %lld goroutines", rows->items.count,
				 (long long)rows->shown,
				 (long long)rows->shown + (long long)rows->hidden);
	if (*top->filter)
		x += draw_format(area->row, x, width - x, STYLE_WARN, "  filter: %s", top->filter);
	if (top->wanted.frozen)
		x += draw_text(area->row, x, width - x, STYLE_BAD, "  FROZEN");
	if (top->error && top->error->code == SPY_ERROR_NO_PROCESS)
		x += draw_text(area->row, x, width - x, STYLE_BAD, "  ENDED");
	if (rows && rows->options.group != top->options.group)
		draw_text(area->row, x, width - x, STYLE_WARN, "  reading ...");
	area->row++;
}

int header_draw(const struct top *top)
{
	struct area area = { .row = 1, .width = screen_columns() }, right;
	bool wide = screen_columns() >= WIDE;

	header_title(top);
	if (!top->reading)
		return area.row;
	if (screen_rows() < LOW) {
		states_line(&area, top->reading->snapshot);
		view_line(&area, top);
		return area.row;
	}
	right = area;
	if (wide) {
		area.width = area.width / 2 - 1;
		right.column = area.width + 2;
		right.width = screen_columns() - right.column;
	}
	goroutines_bar(&area, top->reading->snapshot);
	if (!wide)
		states_line(&area, top->reading->snapshot);
	ps_bar(&area, top->reading->snapshot);
	heap_bar(&area, top);
	if (!wide) {
		right = area;
	} else {
		states_line(&right, top->reading->snapshot);
	}
	process_line(&right, top);
	collector_line(&right, top);
	costs_line(&right, top);
	area.row = right.row > area.row ? right.row : area.row;
	area.width = screen_columns();
	view_line(&area, top);
	return area.row;
}
