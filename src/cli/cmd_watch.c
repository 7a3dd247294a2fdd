/* SPDX-License-Identifier: MIT
 *
 * spy watch: the life of processes as curves.
 */
#include "tui/watch.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/rhythm.h"
#include "cli/target.h"
#include "render/stats.h"
#include "tui/screen.h"

#define SECOND              1000000000ll
#define DEFAULT_INTERVAL_NS SECOND
#define LEAST_INTERVAL_NS   10000000ll
#define LEAST_RANGE_NS      (10 * SECOND)
#define LONGEST_RANGE_NS    (4 * 3600 * SECOND)

struct watch_arguments {
	struct target_arguments target;
	struct pid_list pids;
	const char *follow, *record, *replay;
	int64_t interval_ns, range_ns, count;
	bool overlay;
};

static const struct option options[] = {
	{ .name = "pid",
	  .letter = 'p',
	  .kind = OPTION_PID,
	  .repeated = true,
	  .value = "PID",
	  .help = "watch this process; several, where it is repeated",
	  .offset = offsetof(struct watch_arguments, pids) },
	{ .name = "follow",
	  .letter = 'f',
	  .kind = OPTION_TEXT,
	  .value = "NAME",
	  .help = "watch the process of this name, and when it ends the next one that has it",
	  .offset = offsetof(struct watch_arguments, follow) },
	{ .name = "interval",
	  .letter = 'i',
	  .kind = OPTION_DURATION,
	  .value = "TIME",
	  .minimum = LEAST_INTERVAL_NS,
	  .help = "read each TIME (250ms, 1s, 2m) in place of 1s",
	  .offset = offsetof(struct watch_arguments, interval_ns) },
	{ .name = "range",
	  .kind = OPTION_DURATION,
	  .value = "TIME",
	  .minimum = LEAST_RANGE_NS,
	  .help = "show so much time at first (1m, 10m, 1h)",
	  .offset = offsetof(struct watch_arguments, range_ns) },
	{ .name = "overlay",
	  .kind = OPTION_FLAG,
	  .help = "several processes over each other, not side by side",
	  .offset = offsetof(struct watch_arguments, overlay) },
	{ .name = "record",
	  .kind = OPTION_FILE,
	  .value = "FILE",
	  .help = "write what is read into a new file as well, as lines of \"stats --json\"",
	  .offset = offsetof(struct watch_arguments, record) },
	{ .name = "replay",
	  .kind = OPTION_FILE,
	  .value = "FILE",
	  .help = "show a recording",
	  .offset = offsetof(struct watch_arguments, replay) },
	{ .name = "count",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "N",
	  .help = "with --json: end after N rows of each process",
	  .offset = offsetof(struct watch_arguments, count) },
	{ .name = NULL },
};

/* "HOST:PORT" */
static bool is_server(const char *operand)
{
	const char *colon = operand ? strrchr(operand, ':') : NULL;

	return colon && colon != operand && colon[1] &&
	       strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static struct spy_error *excluded(const char *one, const char *other)
{
	return spy_error_new(SPY_ERROR_USAGE, "%s and %s exclude each other", one, other);
}

static struct spy_error *check(const struct watch_arguments *arguments)
{
	const struct target_arguments *target = &arguments->target;
	bool named = target->common.operand || arguments->pids.count;
	size_t i;

	for (i = 0; i < target->common.operand_count; i++)
		if (is_server(target->common.operands[i]))
			return spy_error_with_hint(
			    spy_error_new(SPY_ERROR_USAGE,
					  "%s: to watch a remote process needs a server, which "
					  "this version does not have yet",
					  target->common.operands[i]),
			    "run spy where the process runs, over ssh for example");
	if (target->core)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "a core file does not change"),
		    "\"spy summary --core\" and \"spy stats --core\" tell what it holds");
	if (arguments->replay && (named || arguments->follow))
		return excluded("--replay", arguments->follow ? "--follow" : "a process");
	if (arguments->replay && (arguments->record || target->common.json))
		return excluded("--replay", arguments->record ? "--record" : "--json");
	if (arguments->follow && named)
		return excluded("--follow", "a process");
	if (target->common.json && (arguments->record || arguments->follow))
		return excluded("--json", arguments->record ? "--record" : "--follow");
	if (arguments->count && !target->common.json)
		return spy_error_new(SPY_ERROR_USAGE, "--count goes with --json");
	if (arguments->range_ns > LONGEST_RANGE_NS)
		return spy_error_new(SPY_ERROR_USAGE, "--range can be 4h at most");
	return NULL;
}

/* ---- processes ---------------------------------------------------------------------------- */

struct processes {
	struct spy *items[WATCH_PROCESSES_MAX];
	size_t count;
};

static void cleanup_processes(struct processes *processes)
{
	while (processes->count)
		spy_close(processes->items[--processes->count]);
}

static struct spy_error *open_one(const struct target_arguments *target, struct processes *ret)
{
	TRY(target_open(target, &ret->items[ret->count]));
	ret->count++;
	return NULL;
}

/* Those that are named; the only one there is, if none is. */
static struct spy_error *open_processes(const struct watch_arguments *arguments,
					struct processes *ret)
{
	const struct arguments *common = &arguments->target.common;
	struct target_arguments target = arguments->target;
	size_t i;

	target.non_blocking = true;
	if (!common->operand_count && !arguments->pids.count)
		return open_one(&target, ret);
	if (common->operand_count + arguments->pids.count > WATCH_PROCESSES_MAX)
		return spy_error_new(SPY_ERROR_USAGE, "more than %d processes",
				     WATCH_PROCESSES_MAX);
	for (i = 0; i < common->operand_count; i++) {
		target.common.operand = common->operands[i];
		TRY(open_one(&target, ret));
	}
	target.common.operand = NULL;
	for (i = 0; i < arguments->pids.count; i++) {
		target.pid = arguments->pids.items[i];
		TRY(open_one(&target, ret));
	}
	return NULL;
}

/* Whether the user is to choose: nothing is named, or one name that several have. */
static bool is_open_question(const struct watch_arguments *arguments, const struct spy_error *error)
{
	const struct arguments *common = &arguments->target.common;

	if (!error || error->code != SPY_ERROR_USAGE || arguments->pids.count)
		return false;
	return !common->operand_count ||
	       (common->operand_count == 1 && *common->operand &&
		strspn(common->operand, "0123456789") != strlen(common->operand));
}

/* ---- lines -------------------------------------------------------------------------------- */

/* One that ended is no longer read; when all have, the error of the last is told. */
static struct spy_error *print_lines(const struct watch_arguments *arguments,
				     struct processes *processes, struct output *output)
{
	struct spy_stats(*readings)[2] _cleanup_free_ =
	    memory_zeroed(WATCH_PROCESSES_MAX, sizeof(*readings));
	struct stats_view view = { .form = STATS_JSON };
	bool ended[WATCH_PROCESSES_MAX] = { false };
	size_t left = processes->count, i;
	int64_t turn = 0;
	struct rhythm rhythm;

	rhythm_start(&rhythm, arguments->interval_ns);
	do {
		for (i = 0; i < processes->count; i++) {
			struct spy_stats *stats = &readings[i][turn % 2];
			struct spy_error *error;
			struct stats_row row;

			if (ended[i])
				continue;
			error = spy_stats_read(processes->items[i], false, stats);
			if (error && (error->code != SPY_ERROR_NO_PROCESS || !--left))
				return error;
			ended[i] = spy_error_caught(error);
			if (ended[i])
				continue;
			row = stats_row_of(turn ? &readings[i][(turn + 1) % 2] : NULL, stats);
			row.late_ns = rhythm.late_ns;
			row.missed = rhythm.missed;
			render_stats_row(output, &view, &row);
		}
		turn++;
	} while (!output->failure && turn != arguments->count && rhythm_wait(&rhythm));
	return NULL;
}

/* ---- the command -------------------------------------------------------------------------- */

static struct spy_error *watch(const struct watch_arguments *arguments, struct processes *processes,
			       bool choose)
{
	struct watch_options how = {
		.process_count = processes->count,
		.follow = arguments->follow,
		.bin = arguments->target.bin,
		.record = arguments->record,
		.replay = arguments->replay,
		.interval_ns = arguments->interval_ns,
		.range_ns = arguments->range_ns,
		.overlay = arguments->overlay,
		.choose = choose,
		.filter = arguments->target.common.operand,
		.colour = (enum colour_mode)arguments->target.common.colour,
	};

	memcpy(how.processes, processes->items, sizeof(how.processes));
	processes->count = 0; /* they belong to the screen */
	return watch_run(&how);
}

static struct spy_error *run(const void *data, struct output *output)
{
	struct watch_arguments arguments = *(const struct watch_arguments *)data;
	struct processes processes _cleanup_(cleanup_processes) = { .count = 0 };
	struct spy_error *error = NULL;
	bool choose;

	TRY(check(&arguments));
	if (!arguments.interval_ns)
		arguments.interval_ns = DEFAULT_INTERVAL_NS;
	if (!arguments.target.common.json && !screen_possible())
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "there is no terminal to draw on"),
		    "--json prints lines in place of curves");
	if (!arguments.replay && !arguments.follow)
		error = open_processes(&arguments, &processes);
	if (arguments.target.common.json)
		return error ? error : print_lines(&arguments, &processes, output);
	choose = is_open_question(&arguments, error);
	if (error && !choose)
		return error;
	spy_error_free(error);
	return watch(&arguments, &processes, choose);
}

const struct command command_watch = {
	.name = "watch",
	.summary = "show the life of processes as curves, on the terminal",
	.description =
	    "Shows processor time, goroutines by state, heap, resident memory, allocation,\n"
	    "collections with their pauses, scheduler latency and threads over time, without\n"
	    "ever stopping the process: zoom, pan, a cursor with the values, several processes\n"
	    "side by side or over each other. ? tells the keys. Where several processes run and\n"
	    "none is named, lets one choose.\n",
	.operand = "[PID|NAME]...",
	.flags = COMMAND_JSON | COMMAND_TARGET | COMMAND_OPERANDS,
	.options = options,
	.arguments_size = sizeof(struct watch_arguments),
	.run = run,
};
