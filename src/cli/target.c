/* SPDX-License-Identifier: MIT */
#include "cli/target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/options.h"

#define WARNINGS_SHOWN 8

void cleanup_spy(struct spy **spy)
{
	spy_close(*spy);
}

void cleanup_snapshot(struct spy_snapshot **snapshot)
{
	spy_snapshot_free(*snapshot);
}

/* A bare argument is a pid where it is a number, else the name of an executable. */
static struct spy_error *target_options(const struct target_arguments *arguments,
					struct spy_options *options)
{
	const char *operand = arguments->common.operand;

	*options = (struct spy_options){
		.pid = arguments->pid,
		.core = arguments->core,
		.bin = arguments->bin,
		.non_blocking = arguments->non_blocking,
	};
	if (!!operand + !!arguments->pid + !!arguments->core > 1)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "more than one target given"),
		    "give one of a pid, a name and --core");
	if (!operand)
		return NULL;
	if (!*operand)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "the name of the process is empty"),
		    "\"spy ps\" lists the Go processes");
	if (strspn(operand, "0123456789") != strlen(operand))
		options->name = operand;
	else if (!options_number(operand, &options->pid) || !options->pid)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "%s is not a process id", operand),
		    "\"spy ps\" lists the Go processes");
	return NULL;
}

void target_split_operands(struct target_arguments *arguments, size_t targets, char *const **rest,
			   size_t *count)
{
	struct arguments *common = &arguments->common;

	if (arguments->pid || arguments->core || !common->operand_count)
		targets = 0;
	if (!targets)
		common->operand = NULL;
	*rest = common->operand_count ? common->operands + targets : NULL;
	*count = common->operand_count - targets;
}

#define WAITING_LINE "spy: asking debuginfod, %2lld s "

/* Who looks at a terminal is told why nothing comes; what is answered at once is not told. */
static bool show_waiting(void *context, int64_t waited_ns)
{
	bool *shown = context;

	if (waited_ns < 500 * 1000 * 1000)
		return true;
	*shown = true;
	fprintf(stderr, "\r" WAITING_LINE, (long long)(waited_ns / (1000 * 1000 * 1000)));
	return true;
}

struct spy_error *target_open(const struct target_arguments *arguments, struct spy **ret)
{
	struct spy_options options;
	struct spy_error *error;
	bool shown = false;

	TRY(target_options(arguments, &options));
	if (isatty(STDERR_FILENO)) {
		options.waiting = show_waiting;
		options.waiting_context = &shown;
	}
	error = spy_open(&options, ret);
	if (shown)
		fprintf(stderr, "\r%*s\r", (int)sizeof(WAITING_LINE), "");
	return error;
}

struct spy_error *target_snapshot(const struct target_arguments *arguments,
				  const struct spy_request *request, struct spy_snapshot **ret)
{
	struct spy *spy _cleanup_(cleanup_spy) = NULL;

	TRY(target_open(arguments, &spy));
	return spy_snapshot_take(spy, request, ret);
}

void print_warnings(struct output *output, const char *const *warnings, size_t count)
{
	struct text line = { 0 };
	size_t i;

	if (count)
		output_flush(output);
	for (i = 0; i < count && i < WARNINGS_SHOWN; i++) {
		text_add_escaped(&line, warnings[i], strlen(warnings[i]));
		fprintf(stderr, "spy: warning: %s\n", line.bytes ? line.bytes : "");
		line.length = 0;
	}
	if (i < count)
		fprintf(stderr, "spy: warning: and %zu more, which --json tells\n", count - i);
	text_free(&line);
}
