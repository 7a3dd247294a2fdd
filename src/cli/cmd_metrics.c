/* SPDX-License-Identifier: MIT
 *
 * spy metrics: what runtime/metrics would tell inside.
 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/target.h"
#include "render/render.h"

struct metrics_arguments {
	struct target_arguments target;
	const char *name;
	bool buckets;
};

static const struct option options[] = {
	{ .name = "name",
	  .letter = 'n',
	  .kind = OPTION_TEXT,
	  .value = "PATTERN",
	  .help = "only metrics whose names contain PATTERN, or match it where it has a wildcard",
	  .offset = offsetof(struct metrics_arguments, name) },
	{ .name = "buckets",
	  .kind = OPTION_FLAG,
	  .help = "list the buckets of histograms that are not empty",
	  .offset = offsetof(struct metrics_arguments, buckets) },
	{ .name = NULL },
};

static void cleanup_metrics(struct spy_metrics **metrics)
{
	spy_metrics_free(*metrics);
}

static struct spy_error *run(const void *data, struct output *output)
{
	const struct metrics_arguments *arguments = data;
	const struct metrics_options shown = { .pattern = arguments->name,
					       .buckets = arguments->buckets };
	struct spy *spy _cleanup_(cleanup_spy) = NULL;
	struct spy_metrics *metrics _cleanup_(cleanup_metrics) = NULL;

	TRY(target_open(&arguments->target, &spy));
	TRY(spy_metrics_take(spy, &metrics));
	if (arguments->name && !metrics_matching(metrics, arguments->name))
		return spy_error_with_hint(spy_error_new(SPY_ERROR_USAGE,
							 "%s has no metric like %s",
							 metrics->go_version, arguments->name),
					   "\"spy metrics\" without --name lists all of them");
	if (arguments->target.common.json) {
		render_metrics_json(output, metrics, &shown);
		return NULL;
	}
	render_metrics_text(output, metrics, &shown);
	print_warnings(output, metrics->warnings, metrics->warning_count);
	return NULL;
}

const struct command command_metrics = {
	.name = "metrics",
	.summary = "show what runtime/metrics tells inside the process",
	.description =
	    "Shows all metrics of runtime/metrics that the target's version of Go has, with their\n"
	    "values; of a histogram how many values there are, and the bounds below which half,\n"
	    "90 %, 99 % and all of them are. The metrics /godebug/... are left out. Before\n"
	    "Go 1.16 there are none.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.arguments_size = sizeof(struct metrics_arguments),
	.run = run,
};
