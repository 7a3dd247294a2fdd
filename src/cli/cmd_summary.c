/* SPDX-License-Identifier: MIT
 *
 * spy summary: a process at a glance.
 */
#include "cli/command.h"
#include "cli/target.h"
#include "render/render.h"

#include "base/error.h"

#define DEFAULT_LIMIT 40 /* rows: the whole is about two screens */

struct summary_arguments {
	struct target_arguments target;
	unsigned place; /* enum goroutine_place */
	int64_t limit;  /* 0: DEFAULT_LIMIT */
	bool all;
};

static const char *place_name(size_t index)
{
	static const char *const names[] = {
		[PLACE_START] = "start",
		[PLACE_CALLER] = "caller",
		[PLACE_CURRENT] = "current",
	};

	return index < sizeof(names) / sizeof(*names) ? names[index] : NULL;
}

static const struct option options[] = {
	{ .name = "pc",
	  .kind = OPTION_CHOICE,
	  .value = "PLACE",
	  .choices = place_name,
	  .help = "show of each goroutine the function it started with, the go statement that "
		  "started it, or where it is now",
	  .offset = offsetof(struct summary_arguments, place) },
	{ .name = "limit",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "N",
	  .help = "list N goroutines in place of 40",
	  .offset = offsetof(struct summary_arguments, limit) },
	{ .name = "all",
	  .letter = 'a',
	  .kind = OPTION_FLAG,
	  .help = "list all goroutines",
	  .offset = offsetof(struct summary_arguments, all) },
	{ .name = NULL },
};

static struct spy_error *run(const void *data, struct output *output)
{
	const struct summary_arguments *arguments = data;
	const struct summary_options shown = {
		.place = (enum goroutine_place)arguments->place,
	};
	struct spy_request request = { .collect = SPY_COLLECT_MEMORY };
	struct spy_snapshot *snapshot _cleanup_(cleanup_snapshot) = NULL;

	if (!arguments->target.common.json) {
		request.collect |= SPY_COLLECT_GOROUTINES | SPY_COLLECT_WAITS;
		request.limit = arguments->all     ? 0
				: arguments->limit ? (size_t)arguments->limit
						   : DEFAULT_LIMIT;
	}
	TRY(target_snapshot(&arguments->target, &request, &snapshot));
	if (arguments->target.common.json) {
		render_summary_json(output, snapshot);
		return NULL;
	}
	render_summary_text(output, snapshot, &shown);
	print_warnings(output, snapshot->warnings, snapshot->warning_count);
	return NULL;
}

const struct command command_summary = {
	.name = "summary",
	.summary = "show what a process is doing, at a glance",
	.description =
	    "Shows binary and version, scheduler, heap, garbage collector, threads, and the\n"
	    "goroutines: how many in which state, what they wait for, and a row for each.\n"
	    "A channel is shown as it was made: \"<- make(chan T, 8)\" receives from it,\n"
	    "\"-> make(chan T, 8)\" sends to it.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.arguments_size = sizeof(struct summary_arguments),
	.run = run,
};
