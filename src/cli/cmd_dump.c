/* SPDX-License-Identifier: MIT
 *
 * spy dump: the stack of every goroutine.
 */
#include "cli/command.h"
#include "cli/target.h"
#include "render/render.h"

#include "base/error.h"

struct dump_arguments {
	struct target_arguments target;
	bool user, system, group, labels, locals;
	int64_t goroutine, limit;
	unsigned statuses; /* a bit for each that is wanted */
	const char *wait_reason, *function, *label;
};

static const char *status_name(size_t index)
{
	return index < SPY_STATUS_COUNT ? spy_status_name((enum spy_status)index) : NULL;
}

static const struct option options[] = {
	{ .name = "user",
	  .letter = 'u',
	  .kind = OPTION_FLAG,
	  .help = "just what runtime.Stack prints: no frames of the runtime",
	  .offset = offsetof(struct dump_arguments, user) },
	{ .name = "system",
	  .letter = 's',
	  .kind = OPTION_FLAG,
	  .help = "the goroutines of the runtime itself, too",
	  .offset = offsetof(struct dump_arguments, system) },
	{ .name = "goroutine",
	  .letter = 'g',
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "ID",
	  .help = "this goroutine only",
	  .offset = offsetof(struct dump_arguments, goroutine) },
	{ .name = "status",
	  .kind = OPTION_SET,
	  .value = "STATUS",
	  .choices = status_name,
	  .help = "those in this state; may be a list with commas",
	  .offset = offsetof(struct dump_arguments, statuses) },
	{ .name = "wait-reason",
	  .letter = 'w',
	  .kind = OPTION_TEXT,
	  .value = "TEXT",
	  .help = "those that wait for a reason with TEXT in it, like \"chan\"",
	  .offset = offsetof(struct dump_arguments, wait_reason) },
	{ .name = "function",
	  .letter = 'f',
	  .kind = OPTION_TEXT,
	  .value = "NAME",
	  .help = "those with a call to a function that has NAME in it, or matches it as a glob",
	  .offset = offsetof(struct dump_arguments, function) },
	{ .name = "label",
	  .letter = 'l',
	  .kind = OPTION_TEXT,
	  .value = "KEY[=VALUE]",
	  .help = "those with this profiler label",
	  .offset = offsetof(struct dump_arguments, label) },
	{ .name = "group",
	  .kind = OPTION_FLAG,
	  .help = "goroutines with the same stack together, the most first",
	  .offset = offsetof(struct dump_arguments, group) },
	{ .name = "labels",
	  .kind = OPTION_FLAG,
	  .help = "print profiler labels behind the state, as Go 1.27 does",
	  .offset = offsetof(struct dump_arguments, labels) },
	{ .name = "locals",
	  .kind = OPTION_FLAG,
	  .help = "print the variables of each frame as well, as far as DWARF tells where they are",
	  .offset = offsetof(struct dump_arguments, locals) },
	{ .name = "limit",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .value = "N",
	  .help = "at most N goroutines; 0 is all",
	  .offset = offsetof(struct dump_arguments, limit) },
	{ .name = NULL },
};

/* Only what is going to be shown is collected: each part costs standstill of the target. */
static struct spy_request request_for(const struct dump_arguments *arguments)
{
	struct spy_request request = {
		.collect = SPY_COLLECT_GOROUTINES | SPY_COLLECT_STACKS,
		.view = arguments->user ? SPY_VIEW_USER : SPY_VIEW_TRACEBACK,
		.system_goroutines = arguments->system,
		.goroutine = arguments->goroutine,
	};
	bool json = arguments->target.common.json;

	if (json)
		request.collect |= SPY_COLLECT_WAITS;
	if (json || arguments->label || arguments->labels)
		request.collect |= SPY_COLLECT_LABELS;
	if (!json && !arguments->group)
		request.collect |= SPY_COLLECT_ARGUMENTS;
	if (arguments->locals)
		request.collect |= SPY_COLLECT_LOCALS;
	return request;
}

static struct spy_error *run(const void *data, struct output *output)
{
	const struct dump_arguments *arguments = data;
	const struct dump_options shown = {
		.filter = {
			.statuses = arguments->statuses,
			.wait_reason = arguments->wait_reason,
			.function = arguments->function,
			.label = arguments->label,
			.limit = arguments->limit,
		},
		.group = arguments->group,
		.labels = arguments->labels,
		.locals = arguments->locals,
	};
	struct spy_request request = request_for(arguments);
	struct spy_snapshot *snapshot _cleanup_(cleanup_snapshot) = NULL;

	if (arguments->user && arguments->system)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "--user and --system contradict each other"),
		    "runtime.Stack prints no goroutines of the runtime");
	if (arguments->locals && arguments->group)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "--locals and --group contradict each other"),
		    "goroutines with the same stack have variables of their own");
	TRY(target_snapshot(&arguments->target, &request, &snapshot));
	if (arguments->goroutine && !snapshot->goroutine_count)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA, "there is no goroutine %lld",
				  (long long)arguments->goroutine),
		    "it may have ended%s",
		    arguments->system ? "" : ", or is one of the runtime's own (--system)");
	if (arguments->target.common.json) {
		render_dump_json(output, snapshot, &shown);
		return NULL;
	}
	render_dump_text(output, snapshot, &shown);
	print_warnings(output, snapshot->warnings, snapshot->warning_count);
	return NULL;
}

const struct command command_dump = {
	.name = "dump",
	.summary = "print the stack of every goroutine, as a Go traceback",
	.description =
	    "Prints the stacks as the process itself would on SIGQUIT with GOTRACEBACK=system,\n"
	    "so that tools that read Go tracebacks read this one. Options that choose goroutines\n"
	    "may be combined: only those are printed that all of them let pass.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.arguments_size = sizeof(struct dump_arguments),
	.run = run,
};
