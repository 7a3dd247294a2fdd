/* SPDX-License-Identifier: MIT
 *
 * spy top: goroutines in rows, live.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/rhythm.h"
#include "cli/target.h"
#include "tui/screen.h"
#include "tui/top.h"
#include "tui/top_reader.h"

#include "base/error.h"
#include "base/memory.h"

#define DEFAULT_INTERVAL_NS 2000000000ll
#define LEAST_INTERVAL_NS   100000000ll
/* How long it is looked what runs before a single table is printed. */
#define LOOKING_NS 500000000ll

struct top_arguments {
	struct target_arguments target;
	int64_t interval_ns, count, limit;
	unsigned group;
	unsigned sort;
	const char *filter, *label;
	bool reverse, system, once;
};

/* "count" first: what is not asked for is the first of a choice. */
static const char *sort_name(size_t index)
{
	size_t i;

	if (!index)
		return "count";
	for (i = 0; top_sort_name(i); i++)
		if (strcmp(top_sort_name(i), "count") != 0 && !--index)
			return top_sort_name(i);
	return NULL;
}

static const struct option options[] = {
	{ .name = "group",
	  .letter = 'g',
	  .kind = OPTION_CHOICE,
	  .value = "BY",
	  .choices = top_group_name,
	  .help = "rows by function, stack, creator, wait_reason, label, or each goroutine",
	  .offset = offsetof(struct top_arguments, group) },
	{ .name = "label",
	  .kind = OPTION_TEXT,
	  .value = "KEY",
	  .help = "rows by the values of this profiler label",
	  .offset = offsetof(struct top_arguments, label) },
	{ .name = "filter",
	  .letter = 'f',
	  .kind = OPTION_TEXT,
	  .value = "WORDS",
	  .help = "those that have each word in a function, state, wait reason, label or as id",
	  .offset = offsetof(struct top_arguments, filter) },
	{ .name = "sort",
	  .kind = OPTION_CHOICE,
	  .value = "COLUMN",
	  .choices = sort_name,
	  .help = "sort by this column in place of count",
	  .offset = offsetof(struct top_arguments, sort) },
	{ .name = "reverse",
	  .kind = OPTION_FLAG,
	  .help = "sort the other way round",
	  .offset = offsetof(struct top_arguments, reverse) },
	{ .name = "system",
	  .letter = 's',
	  .kind = OPTION_FLAG,
	  .help = "the goroutines of the runtime itself, too",
	  .offset = offsetof(struct top_arguments, system) },
	{ .name = "interval",
	  .letter = 'i',
	  .kind = OPTION_DURATION,
	  .value = "TIME",
	  .minimum = LEAST_INTERVAL_NS,
	  .help = "read again each TIME (500ms, 2s, 1m) in place of 2s",
	  .offset = offsetof(struct top_arguments, interval_ns) },
	{ .name = "once",
	  .kind = OPTION_FLAG,
	  .help = "print one table, as where the output is no terminal",
	  .offset = offsetof(struct top_arguments, once) },
	{ .name = "count",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "N",
	  .help = "print N tables, one an interval",
	  .offset = offsetof(struct top_arguments, count) },
	{ .name = "limit",
	  .kind = OPTION_NUMBER,
	  .minimum = 0,
	  .value = "N",
	  .help = "print at most N rows of each; 0 is all",
	  .offset = offsetof(struct top_arguments, limit) },
	{ .name = NULL },
};

/* ---- tables ------------------------------------------------------------------------------- */

/* What goes from one table to the next. */
struct printing {
	const struct top_arguments *arguments;
	struct spy *spy;
	struct output *output;
	struct top_options options;
	const struct top_column *column;
	bool falls;
	struct top_samples samples;
	struct top_reading *reading;
	struct top_rows *rows;
	int64_t printed;
};

static void print_table(struct printing *printing)
{
	const struct top_view view = { .snapshot = printing->reading->snapshot,
				       .rows = printing->rows,
				       .samples = &printing->reading->samples,
				       .limit = (size_t)printing->arguments->limit };

	if (printing->arguments->target.common.json) {
		render_top_json(printing->output, &view);
		output_flush(printing->output);
		return;
	}
	if (printing->printed)
		text_add(&printing->output->text, "\n");
	render_top_text(printing->output, &view);
	output_flush(printing->output);
	print_warnings(printing->output, view.snapshot->warnings, view.snapshot->warning_count);
}

/* Looks what runs for so long. False if the user wants to end it. */
static bool look_for(struct printing *printing, int64_t ns, struct spy_error **error)
{
	int64_t end = screen_now() + ns;

	do {
		struct spy_running_list running;

		*error = spy_running_read(printing->spy, &running);
		if (*error && (*error)->code == SPY_ERROR_NO_PROCESS)
			return true;
		if (!spy_error_caught(*error))
			top_samples_add(&printing->samples, &running);
		*error = NULL;
		if (printing->arguments->target.core) /* which does not change */
			return true;
		if (!rhythm_pause(TOP_LOOK_NS))
			return false;
	} while (screen_now() < end);
	return true;
}

static struct spy_error *table(struct printing *printing)
{
	struct top_reading *reading;
	struct top_rows *rows;

	TRY(top_reading_take(printing->spy, top_needs(&printing->options), false,
			     &printing->samples, &reading));
	rows =
	    top_rows_new(reading->snapshot, &reading->samples, &printing->options, printing->rows);
	top_rows_sort(rows, printing->column, printing->falls);
	top_rows_free(printing->rows);
	top_reading_free(printing->reading);
	printing->rows = rows;
	printing->reading = reading;
	print_table(printing);
	printing->printed++;
	return NULL;
}

static struct spy_error *tables(struct printing *printing, int64_t count, int64_t interval_ns)
{
	/* only one table, or the first: not longer than it takes to know what runs */
	int64_t first_ns =
	    printing->arguments->interval_ns || interval_ns < LOOKING_NS ? interval_ns : LOOKING_NS;
	struct spy_error *error;
	struct rhythm rhythm;

	rhythm_start(&rhythm, interval_ns);
	if (!look_for(printing, first_ns, &error))
		return NULL;
	if (error)
		return error;
	TRY(table(printing));
	while (printing->printed < count && !printing->output->failure) {
		if (!look_for(printing, interval_ns, &error))
			return NULL;
		if (error)
			return error;
		TRY(table(printing));
	}
	return NULL;
}

static struct spy_error *print(const struct top_arguments *arguments, struct spy *spy,
			       const struct top_settings *settings, struct output *output)
{
	struct printing printing = {
		.arguments = arguments,
		.spy = spy,
		.output = output,
		.options = { .group = settings->group,
			     .label = settings->label,
			     .system = settings->system },
		.column = settings->column,
		.falls = settings->falls,
	};
	int64_t count = arguments->count && !arguments->once ? arguments->count : 1;
	struct spy_error *error;

	if (settings->filter)
		printing.options.filter = top_filter_new(settings->filter);
	error = tables(&printing, arguments->target.core ? 1 : count, settings->interval_ns);
	top_rows_free(printing.rows);
	top_reading_free(printing.reading);
	top_samples_free(&printing.samples);
	top_filter_free(printing.options.filter);
	return error;
}

/* ---- the command -------------------------------------------------------------------------- */

static struct spy_error *check(const struct top_arguments *arguments)
{
	if (arguments->once && arguments->count > 1)
		return spy_error_new(SPY_ERROR_USAGE, "--once and --count exclude each other");
	if (arguments->label && arguments->group && arguments->group != TOP_LABEL)
		return spy_error_new(SPY_ERROR_USAGE, "--label goes with --group label");
	return NULL;
}

static struct spy_error *settings_of(const struct top_arguments *arguments,
				     struct top_settings *ret)
{
	struct top_settings settings = {
		.interval_ns =
		    arguments->interval_ns ? arguments->interval_ns : DEFAULT_INTERVAL_NS,
		.group = arguments->label ? TOP_LABEL : (enum top_group)arguments->group,
		.label = arguments->label,
		.filter = arguments->filter,
		.column = top_column_named(sort_name(arguments->sort)),
		.system = arguments->system,
		.changes = !arguments->target.core,
		.non_blocking = arguments->target.non_blocking,
		.colour = (enum colour_mode)arguments->target.common.colour,
	};

	if (!(settings.column->groups & 1u << settings.group)) {
		if (arguments->sort)
			return spy_error_new(
			    SPY_ERROR_USAGE, "rows by %s have no column %s to sort by",
			    top_group_name(settings.group), sort_name(arguments->sort));
		settings.column = top_column_named("cpu"); /* each is one */
	}
	settings.falls = top_column_falls(settings.column) != arguments->reverse;
	*ret = settings;
	return NULL;
}

static struct spy_error *run(const void *data, struct output *output)
{
	const struct top_arguments *arguments = data;
	struct spy *spy _cleanup_(cleanup_spy) = NULL;
	struct top_settings settings = { 0 };

	TRY(check(arguments));
	TRY(settings_of(arguments, &settings));
	TRY(target_open(&arguments->target, &spy));
	if (arguments->once || arguments->count || arguments->target.common.json ||
	    !screen_possible())
		return print(arguments, spy, &settings, output);
	return top_show(spy, &settings);
}

const struct command command_top = {
	.name = "top",
	.summary = "show goroutines in rows by what they have in common, live",
	.description =
	    "Shows how many goroutines were started with which function, stand in the same\n"
	    "stack, were created by the same go statement, wait for the same, have the same\n"
	    "labels; how many more they are than before, and which of them run. In the terminal\n"
	    "it stays and reads again; ? tells the keys, Enter shows the stacks of a row. Without\n"
	    "a terminal, with --once, --count or --json it prints tables. Words of a filter may\n"
	    "begin with fn:, state:, wait:, label:, id: to look there only, and with ! for\n"
	    "what has them not.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.arguments_size = sizeof(struct top_arguments),
	.run = run,
};
