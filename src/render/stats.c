/* SPDX-License-Identifier: MIT */
#include "render/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "render/units.h"

#define SECOND      1e9
#define NEVER_BYTES (1ll << 60)

/* The member that a field of the contract shows. */
#define ROW(field_name, field_unit, member)                                                        \
	{                                                                                          \
		.name = (field_name), .unit = (field_unit),                                        \
		.offset = offsetof(struct stats_row, member)                                       \
	}
#define STAT(field_name, field_unit, member)                                                       \
	{                                                                                          \
		.name = (field_name), .unit = (field_unit),                                        \
		.offset = offsetof(struct spy_memstats, member)                                    \
	}

const struct field stats_row_fields[] = {
	ROW("time", UNIT_MOMENT, time),
	ROW("pid", UNIT_ID, pid),
	ROW("paused_ns", UNIT_DURATION, paused_ns),
	ROW("NumGoroutine", UNIT_COUNT, goroutines),
	ROW("LiveObjects", UNIT_COUNT, live_objects),
	ROW("CPUPercent", UNIT_FRACTION, cpu_percent),
	ROW("RSS", UNIT_BYTES, rss),
	ROW("Threads", UNIT_COUNT, threads),
	ROW("CPUUserNs", UNIT_DURATION, cpu_user_ns),
	ROW("CPUSystemNs", UNIT_DURATION, cpu_system_ns),
	ROW("interval_ns", UNIT_DURATION, interval_ns),
	ROW("late_ns", UNIT_DURATION, late_ns),
	ROW("missed", UNIT_COUNT, missed),
	ROW("reading_ns", UNIT_DURATION, reading_ns),
	ROW("repeated", UNIT_COUNT, repeated),
	ROW("AllocBytesPerSecond", UNIT_FRACTION, allocated_per_second),
	ROW("MallocsPerSecond", UNIT_FRACTION, mallocs_per_second),
	ROW("GCPerSecond", UNIT_FRACTION, collections_per_second),
	ROW("PausePercent", UNIT_FRACTION, pause_percent),
	ROW("CPUUserPercent", UNIT_FRACTION, cpu_user_percent),
	ROW("CPUSystemPercent", UNIT_FRACTION, cpu_system_percent),
	ROW("GoroutinesRunning", UNIT_COUNT, states.running),
	ROW("GoroutinesRunnable", UNIT_COUNT, states.runnable),
	ROW("GoroutinesInSyscall", UNIT_COUNT, states.in_syscall),
	ROW("GoroutinesWaiting", UNIT_COUNT, states.waiting),
	ROW("SchedLatencies", UNIT_COUNT, latencies.count),
	ROW("SchedLatencyP50Ns", UNIT_DURATION, latencies.p50_ns),
	ROW("SchedLatencyP99Ns", UNIT_DURATION, latencies.p99_ns),
	ROW("SchedLatencyMaxNs", UNIT_DURATION, latencies.max_ns),
	{ .name = NULL },
};

const struct field memstats_fields[] = {
	STAT("Alloc", UNIT_BYTES, alloc_bytes),
	STAT("TotalAlloc", UNIT_BYTES, total_alloc_bytes),
	STAT("Sys", UNIT_BYTES, sys_bytes),
	STAT("Lookups", UNIT_COUNT, lookups),
	STAT("Mallocs", UNIT_COUNT, mallocs),
	STAT("Frees", UNIT_COUNT, frees),
	STAT("HeapAlloc", UNIT_BYTES, heap_alloc_bytes),
	STAT("HeapSys", UNIT_BYTES, heap_sys_bytes),
	STAT("HeapIdle", UNIT_BYTES, heap_idle_bytes),
	STAT("HeapInuse", UNIT_BYTES, heap_inuse_bytes),
	STAT("HeapReleased", UNIT_BYTES, heap_released_bytes),
	STAT("HeapObjects", UNIT_COUNT, heap_objects),
	STAT("StackInuse", UNIT_BYTES, stack_inuse_bytes),
	STAT("StackSys", UNIT_BYTES, stack_sys_bytes),
	STAT("MSpanInuse", UNIT_BYTES, mspan_inuse_bytes),
	STAT("MSpanSys", UNIT_BYTES, mspan_sys_bytes),
	STAT("MCacheInuse", UNIT_BYTES, mcache_inuse_bytes),
	STAT("MCacheSys", UNIT_BYTES, mcache_sys_bytes),
	STAT("BuckHashSys", UNIT_BYTES, buckhash_sys_bytes),
	STAT("GCSys", UNIT_BYTES, gc_sys_bytes),
	STAT("OtherSys", UNIT_BYTES, other_sys_bytes),
	STAT("NextGC", UNIT_GOAL, next_gc_bytes),
	STAT("LastGC", UNIT_MOMENT, last_gc_at),
	STAT("PauseTotalNs", UNIT_DURATION, pause_total_ns),
	STAT("NumGC", UNIT_COUNT, num_gc),
	STAT("NumForcedGC", UNIT_COUNT, num_forced_gc),
	STAT("GCCPUFraction", UNIT_FRACTION, gc_cpu_fraction),
	STAT("EnableGC", UNIT_BOOL, enable_gc),
	STAT("DebugGC", UNIT_BOOL, debug_gc),
	{ .name = NULL },
};

/* ---- what happened since ------------------------------------------------------------------ */

/* NaN where either is unknown, and where nothing can have happened. */
static double per_second(int64_t before, int64_t now, int64_t interval_ns)
{
	if (before == SPY_UNKNOWN || now == SPY_UNKNOWN || interval_ns <= 0)
		return NAN;
	return (double)(now - before) * SECOND / (double)interval_ns;
}

/* The kernel counts user and system time by sampling and in ticks, and their sum to the nanosecond:
 * the parts of the sum are as the ticks are to each other; before the first tick, as ever since the
 * start. */
static void split_cpu(const struct spy_stats *since, const struct spy_stats *stats,
		      struct stats_row *row)
{
	int64_t user = stats->cpu_user_ns, system = stats->cpu_system_ns;

	row->cpu_user_percent = row->cpu_system_percent = NAN;
	if (user == SPY_UNKNOWN || system == SPY_UNKNOWN || since->cpu_user_ns == SPY_UNKNOWN ||
	    since->cpu_system_ns == SPY_UNKNOWN)
		return;
	if (user + system > since->cpu_user_ns + since->cpu_system_ns) {
		user -= since->cpu_user_ns;
		system -= since->cpu_system_ns;
	}
	/* The kernel lets neither of them shrink (kernel/sched/cputime.c: cputime_adjust). */
	if (user < 0 || system < 0)
		return;
	row->cpu_user_percent = user + system
				    ? row->cpu_percent * (double)user / (double)(user + system)
				    : row->cpu_percent;
	row->cpu_system_percent = row->cpu_percent - row->cpu_user_percent;
}

/* Out of the rings of MemStats: collection n stands at [(n + 255) % 256]. */
static void list_pauses(const struct spy_stats *before, const struct spy_stats *stats,
			struct stats_row *row)
{
	const struct spy_memstats *memstats = &stats->memstats;
	int64_t first, number;

	if (!before || before->memstats.num_gc == SPY_UNKNOWN || memstats->num_gc == SPY_UNKNOWN)
		return;
	first = before->memstats.num_gc + 1;
	if (first + SPY_PAUSES <= memstats->num_gc)
		first = memstats->num_gc - SPY_PAUSES + 1;
	for (number = first; number > 0 && number <= memstats->num_gc; number++) {
		size_t at = (size_t)(number + SPY_PAUSES - 1) % SPY_PAUSES;

		row->pauses[row->pause_count++] =
		    (struct stats_pause){ .ended_at = memstats->pause_end_at[at],
					  .ns = memstats->pause_ns[at] };
	}
}

struct stats_row stats_row_of(const struct spy_stats *before, const struct spy_stats *stats)
{
	static const struct spy_stats start;
	const struct spy_stats *since = before ? before : &start;
	const struct spy_memstats *memstats = &stats->memstats;
	int64_t begin = before ? before->taken_at : stats->started_at;
	int64_t interval = begin == SPY_UNKNOWN ? SPY_UNKNOWN : stats->taken_at - begin;

	struct stats_row row = {
		.stats = stats,
		.time = stats->taken_at,
		.pid = stats->pid,
		.paused_ns = stats->paused_ns,
		.reading_ns = stats->reading_ns,
		.goroutines = stats->goroutines,
		.live_objects = memstats->heap_objects,
		.rss = stats->rss_bytes,
		.threads = stats->threads,
		.interval_ns = interval,
		.repeated = stats->repeated,
		.cpu_user_ns = stats->cpu_user_ns,
		.cpu_system_ns = stats->cpu_system_ns,
		.states = stats->states,
		.latencies = stats->latencies,
		.cpu_percent = per_second(since->cpu_ns, stats->cpu_ns, interval) * 100 / SECOND,
		.allocated_per_second = per_second(since->memstats.total_alloc_bytes,
						   memstats->total_alloc_bytes, interval),
		.mallocs_per_second =
		    per_second(since->memstats.mallocs, memstats->mallocs, interval),
		.collections_per_second =
		    per_second(since->memstats.num_gc, memstats->num_gc, interval),
		.pause_percent =
		    per_second(since->memstats.pause_total_ns, memstats->pause_total_ns, interval) *
		    100 / SECOND,
	};

	split_cpu(since, stats, &row);
	list_pauses(before, stats, &row);
	return row;
}

/* ---- JSON and CSV ------------------------------------------------------------------------- */

void render_memstats_json(struct json *json, const struct spy_memstats *memstats, bool whole)
{
	size_t i;

	fields_json(json, memstats_fields, memstats);
	if (!whole)
		return;
	json_open_array(json, "PauseNs");
	for (i = 0; i < SPY_PAUSES; i++)
		json_number(json, NULL, memstats->pause_ns[i]);
	json_close_array(json);
	json_open_array(json, "PauseEnd");
	for (i = 0; i < SPY_PAUSES; i++)
		json_number(json, NULL, memstats->pause_end_at[i]);
	json_close_array(json);
	json_open_array(json, "BySize");
	for (i = 0; i < SPY_SIZE_CLASSES; i++) {
		json_open_object(json, NULL);
		json_number(json, "Size", memstats->by_size[i].size_bytes);
		json_number(json, "Mallocs", memstats->by_size[i].mallocs);
		json_number(json, "Frees", memstats->by_size[i].frees);
		json_close_object(json);
	}
	json_close_array(json);
}

/* Readings that were torn and taken again are counted in the warnings, as the contract says. */
static void warnings_json(struct json *json, const struct spy_stats *stats)
{
	char repeated[64];
	size_t i;

	json_open_array(json, "warnings");
	for (i = 0; i < stats->warning_count; i++)
		json_string(json, NULL, stats->warnings[i]);
	if (stats->repeated) {
		snprintf(repeated, sizeof(repeated), "%lld torn reading%s taken again",
			 (long long)stats->repeated, stats->repeated == 1 ? " was" : "s were");
		json_string(json, NULL, repeated);
	}
	json_close_array(json);
}

static void pauses_json(struct json *json, const struct stats_row *row)
{
	size_t i;

	json_open_array(json, "Pauses");
	for (i = 0; i < row->pause_count; i++) {
		json_open_object(json, NULL);
		json_number(json, "ended_at", row->pauses[i].ended_at);
		json_number(json, "ns", row->pauses[i].ns);
		json_close_object(json);
	}
	json_close_array(json);
}

static void row_json(struct output *output, const struct stats_view *view,
		     const struct stats_row *row)
{
	struct json json;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	fields_json(&json, stats_row_fields, row);
	render_memstats_json(&json, &row->stats->memstats, view->whole);
	json_string(&json, "exe", row->stats->exe);
	json_string(&json, "go_version", row->stats->go_version);
	pauses_json(&json, row);
	warnings_json(&json, row->stats);
	json_close_object(&json);
	json_end(&json);
}

/* Numbers as in JSON; what is unknown is empty. */
static void value_csv(struct text *text, const struct field *field, const void *entity)
{
	double real;

	switch (field->unit) {
	case UNIT_FRACTION:
		memcpy(&real, (const char *)entity + field->offset, sizeof(real));
		if (!isnan(real))
			text_printf(text, "%.17g", real);
		break;
	case UNIT_BOOL:
		text_add(text, *((const char *)entity + field->offset) ? "true" : "false");
		break;
	case UNIT_GOAL:
		if (field_number(field, entity) == -1)
			text_add(text, "18446744073709551615");
		else if (field_number(field, entity) != SPY_UNKNOWN)
			put_number(text, field_number(field, entity));
		break;
	default:
		if (field_number(field, entity) != SPY_UNKNOWN)
			put_number(text, field_number(field, entity));
	}
}

static void row_csv(struct output *output, const struct stats_view *view,
		    const struct stats_row *row)
{
	const struct field *const tables[] = { stats_row_fields, memstats_fields };
	const void *const entities[] = { row, &row->stats->memstats };
	const struct field *field;
	bool titles = !view->rows;
	size_t i;

	do {
		for (i = 0; i < 2; i++)
			for (field = tables[i]; field->name; field++) {
				if (i || field != tables[0])
					text_add(&output->text, ",");
				if (titles)
					text_add(&output->text, field->name);
				else
					value_csv(&output->text, field, entities[i]);
			}
		text_add(&output->text, "\n");
		titles = !titles;
	} while (!titles);
}

/* ---- text --------------------------------------------------------------------------------- */

struct column {
	const char *title;
	int width;
};
static const struct column columns[] = {
	{ .title = "TIME", .width = 8 },     { .title = "GOROUTINES", .width = 10 },
	{ .title = "THREADS", .width = 7 },  { .title = "CPU", .width = 7 },
	{ .title = "RSS", .width = 9 },      { .title = "HEAP", .width = 9 },
	{ .title = "OBJECTS", .width = 10 }, { .title = "NEXT GC", .width = 9 },
	{ .title = "ALLOC/s", .width = 9 },  { .title = "GC", .width = 7 },
	{ .title = "GC/s", .width = 6 },     { .title = "PAUSED", .width = 7 },
	{ .title = "STOPPED", .width = 8 },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), COLUMN_STOPPED = COLUMNS - 1 };

/* Rows of the terminal; 0 where it is none. */
static size_t screenful(const struct output *output)
{
	struct winsize size;

	if (output->fd < 0 || ioctl(output->fd, TIOCGWINSZ, &size) || size.ws_row < 4)
		return 0;
	return (size_t)size.ws_row - 2;
}

static void titles(struct output *output, const struct stats_view *view)
{
	size_t i, count = view->blocking ? COLUMNS : COLUMN_STOPPED;

	text_add(&output->text, output_colour(output, COLOUR_BOLD));
	for (i = 0; i < count; i++)
		text_printf(&output->text, "%s%*s", i ? "  " : "", columns[i].width,
			    columns[i].title);
	text_add(&output->text, output_colour(output, COLOUR_NONE));
	text_add(&output->text, "\n");
}

static const char *real_text(double value, const char *format, char buffer[UNITS_MAX])
{
	if (isnan(value))
		snprintf(buffer, UNITS_MAX, "-");
	else
		snprintf(buffer, UNITS_MAX, format, value);
	return buffer;
}

static const char *clock_text(int64_t at, char buffer[UNITS_MAX])
{
	time_t seconds = at / 1000000000;
	struct tm local;

	if (at == SPY_UNKNOWN || !localtime_r(&seconds, &local))
		snprintf(buffer, UNITS_MAX, "-");
	else
		strftime(buffer, UNITS_MAX, "%H:%M:%S", &local);
	return buffer;
}

static int64_t whole(double value)
{
	return isnan(value) || fabs(value) > 9e18 ? SPY_UNKNOWN : (int64_t)value;
}

static void row_text(struct output *output, const struct stats_view *view,
		     const struct stats_row *row)
{
	const struct spy_memstats *memstats = &row->stats->memstats;
	char cells[COLUMNS][UNITS_MAX];
	size_t i, count = view->blocking ? COLUMNS : COLUMN_STOPPED;
	size_t screen = screenful(output);

	if (!view->rows || (screen && view->rows % screen == 0))
		titles(output, view);
	clock_text(row->time, cells[0]);
	units_count(row->goroutines, cells[1]);
	units_count(row->threads, cells[2]);
	real_text(row->cpu_percent, "%.1f%%", cells[3]);
	units_bytes(row->rss, cells[4]);
	units_bytes(memstats->heap_alloc_bytes, cells[5]);
	units_count(row->live_objects, cells[6]);
	/* -1, or (with a memory limit, 1.19+) hardly less than the highest limit */
	if (memstats->next_gc_bytes == -1 || memstats->next_gc_bytes > NEVER_BYTES)
		snprintf(cells[7], UNITS_MAX, "never");
	else
		units_bytes(memstats->next_gc_bytes, cells[7]);
	units_bytes(whole(row->allocated_per_second), cells[8]);
	units_count(memstats->num_gc, cells[9]);
	real_text(row->collections_per_second, "%.1f", cells[10]);
	real_text(row->pause_percent, "%.3f%%", cells[11]);
	units_duration(row->paused_ns, cells[12]);
	for (i = 0; i < count; i++)
		text_printf(&output->text, "%s%*s", i ? "  " : "", columns[i].width, cells[i]);
	if (row->missed)
		text_printf(&output->text, "  (%lld missed)", (long long)row->missed);
	text_add(&output->text, "\n");
}

void render_stats_row(struct output *output, struct stats_view *view, const struct stats_row *row)
{
	switch (view->form) {
	case STATS_TEXT:
		row_text(output, view, row);
		break;
	case STATS_JSON:
		row_json(output, view, row);
		break;
	case STATS_CSV:
		row_csv(output, view, row);
		break;
	}
	view->rows++;
	output_flush(output);
}
