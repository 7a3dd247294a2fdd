/* SPDX-License-Identifier: MIT
 *
 * spy stats: memory statistics, a row an interval.
 */
#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/rhythm.h"
#include "cli/target.h"
#include "render/render.h"
#include "render/stats.h"

#include <stdio.h>

#define DEFAULT_INTERVAL_NS 1000000000ll
#define LEAST_INTERVAL_NS   1000000ll /* a reading takes a tenth of it */

/* From so many missed rows on that are more than a quarter of all, the user is told. */
enum { MISSED_TOLD = 10 };

struct stats_arguments {
	struct target_arguments target;
	int64_t interval_ns, count;
	bool csv, blocking, whole;
};

static const struct option options[] = {
	{ .name = "interval",
	  .letter = 'i',
	  .kind = OPTION_DURATION,
	  .value = "TIME",
	  .minimum = LEAST_INTERVAL_NS,
	  .help = "a row each TIME (250ms, 1s, 2m) in place of 1s",
	  .offset = offsetof(struct stats_arguments, interval_ns) },
	{ .name = "count",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "N",
	  .help = "end after N rows; the first comes at once",
	  .offset = offsetof(struct stats_arguments, count) },
	{ .name = "csv",
	  .kind = OPTION_FLAG,
	  .help = "print rows of values between commas, with a row of their names first",
	  .offset = offsetof(struct stats_arguments, csv) },
	{ .name = "blocking",
	  .kind = OPTION_FLAG,
	  .help = "stop the target for each reading: exact to the byte",
	  .offset = offsetof(struct stats_arguments, blocking) },
	{ .name = "whole",
	  .kind = OPTION_FLAG,
	  .help = "with --json: PauseNs, PauseEnd and BySize as well",
	  .offset = offsetof(struct stats_arguments, whole) },
	{ .name = NULL },
};

static struct spy_error *check(const struct stats_arguments *arguments)
{
	if (arguments->csv && arguments->target.common.json)
		return spy_error_new(SPY_ERROR_USAGE, "--csv and --json exclude each other");
	if (arguments->blocking && arguments->target.non_blocking)
		return spy_error_new(SPY_ERROR_USAGE,
				     "--blocking and --non-blocking exclude each other");
	if (arguments->whole && !arguments->target.common.json)
		return spy_error_new(SPY_ERROR_USAGE, "--whole goes with --json");
	return NULL;
}

/* The last word of a process that ended. */
static struct spy_error *last_word(struct spy_error *error, const struct stats_view *view)
{
	if (error->code != SPY_ERROR_NO_PROCESS || !view->rows)
		return error;
	return spy_error_with_hint(error, "%zu row%s before that", view->rows,
				   view->rows == 1 ? "" : "s");
}

/* Over all rows. */
struct told {
	int64_t missed, torn;
};

/* What the rows themselves cannot say: in JSON each has its warnings. */
static void tell(struct output *output, const struct stats_view *view,
		 const struct spy_stats *stats, const struct told *told, int64_t interval_ns)
{
	int64_t missed = told->missed;

	if (view->form != STATS_JSON)
		print_warnings(output, stats->warnings, stats->warning_count);
	if (view->form != STATS_JSON && told->torn)
		fprintf(stderr, "spy: warning: torn readings were taken again: %lld\n",
			(long long)told->torn);
	if (missed >= MISSED_TOLD && missed * 4 > (int64_t)view->rows + missed)
		fprintf(stderr,
			"spy: warning: an interval of %gms could not be kept: %lld of %lld "
			"rows were missed\n",
			(double)interval_ns / 1e6, (long long)missed,
			(long long)view->rows + (long long)missed);
}

static struct spy_error *follow(const struct stats_arguments *arguments, struct spy *spy,
				struct output *output)
{
	/* A core file does not change. */
	int64_t count = arguments->target.core ? 1 : arguments->count;
	int64_t interval_ns = arguments->interval_ns ? arguments->interval_ns : DEFAULT_INTERVAL_NS;
	struct stats_view view = { .form = arguments->target.common.json ? STATS_JSON
					   : arguments->csv              ? STATS_CSV
									 : STATS_TEXT,
				   .whole = arguments->whole,
				   .blocking = arguments->blocking };
	struct spy_stats readings[2];
	struct told told = { 0 };
	struct rhythm rhythm;
	size_t i = 0;

	rhythm_start(&rhythm, interval_ns);
	do {
		const struct spy_stats *before = view.rows ? &readings[!i] : NULL;
		struct spy_error *error = spy_stats_read(spy, arguments->blocking, &readings[i]);
		struct stats_row row;

		if (error)
			return last_word(error, &view);
		row = stats_row_of(before, &readings[i]);
		row.late_ns = rhythm.late_ns;
		row.missed = rhythm.missed;
		told.missed += rhythm.missed;
		told.torn += readings[i].repeated;
		render_stats_row(output, &view, &row);
		i = !i;
	} while (!output->failure && (int64_t)view.rows != count && rhythm_wait(&rhythm));
	if (!output->failure)
		tell(output, &view, &readings[!i], &told, interval_ns);
	return NULL;
}

static struct spy_error *run(const void *data, struct output *output)
{
	const struct stats_arguments *arguments = data;
	struct spy *spy _cleanup_(cleanup_spy) = NULL;

	TRY(check(arguments));
	TRY(target_open(&arguments->target, &spy));
	return follow(arguments, spy, output);
}

const struct command command_stats = {
	.name = "stats",
	.summary = "show memory and collector statistics, a row an interval",
	.description =
	    "Shows what runtime.ReadMemStats would say, a row each second, with rates since the\n"
	    "row before; of the first row, since the process started. CPU is of one processor.\n"
	    "The target is not stopped: what changed under the reading is noticed and read\n"
	    "again. Ends with the target (status 3), after --count rows, or at an interrupt.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.arguments_size = sizeof(struct stats_arguments),
	.run = run,
};
