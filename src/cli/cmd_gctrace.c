/* SPDX-License-Identifier: MIT
 *
 * spy gctrace: the collections of a process as they end.
 */
#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/rhythm.h"
#include "cli/target.h"
#include "render/gctrace.h"

#include <inttypes.h>
#include <stdio.h>

/* Between two looks at the number of collections. The numbers of one are there until the next
 * begins, so that a process that collects often is looked at more often. */
#define LOOK_NS       1000000ll
#define LOOK_LEAST_NS 200000ll
#define LOOK_MOST_NS  2000000ll

/* How often one that is being changed is read again before it is given up. */
enum { READ_TRIES = 20 };

struct gctrace_arguments {
	struct target_arguments target;
	int64_t count;
};

static const struct option options[] = {
	{ .name = "count",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "N",
	  .help = "end after N collections",
	  .offset = offsetof(struct gctrace_arguments, count) },
	{ .name = NULL },
};

struct following {
	struct spy *spy;
	struct output *output;
	bool json;
	int64_t seen;         /* the last collection that was told, or told to be missed */
	int64_t shown;        /* lines */
	int64_t seen_at_look; /* looks since the last collection */
	int64_t look_ns;
};

static void tell_missed(int64_t first, int64_t last)
{
	if (first == last)
		fprintf(stderr, "spy: warning: gc %" PRId64 " was missed\n", first);
	else if (first < last)
		fprintf(stderr, "spy: warning: gc %" PRId64 "-%" PRId64 " were missed\n", first,
			last);
}

static void show(struct following *following, const struct spy_gc_cycle *cycle)
{
	if (following->json) {
		gctrace_json(following->output, cycle);
	} else {
		gctrace_line(&following->output->text, cycle);
		text_add(&following->output->text, "\n");
	}
	output_flush(following->output);
	following->shown++;
}

/* The collection that ended just now, and those before it that were not seen. */
static struct spy_error *take(struct following *following, int64_t count)
{
	struct spy_gc_cycle cycle;
	bool complete = false;
	int try;

	for (try = 0; try < READ_TRIES && !complete; try++)
		TRY(spy_gc_cycle_read(following->spy, &cycle, &complete));
	if (!complete || cycle.number <= following->seen) {
		tell_missed(following->seen + 1, count);
		following->seen = count;
		return NULL;
	}
	tell_missed(following->seen + 1, cycle.number - 1);
	show(following, &cycle);
	following->seen = cycle.number;
	return NULL;
}

/* Looks often at what collects often, ten times in a cycle. */
static void adapt(struct following *following, bool collected)
{
	following->seen_at_look++;
	if (!collected)
		return;
	following->look_ns = following->look_ns * following->seen_at_look / 10;
	if (following->look_ns < LOOK_LEAST_NS)
		following->look_ns = LOOK_LEAST_NS;
	if (following->look_ns > LOOK_MOST_NS)
		following->look_ns = LOOK_MOST_NS;
	following->seen_at_look = 0;
}

static struct spy_error *run(const void *data, struct output *output)
{
	const struct gctrace_arguments *arguments = data;
	struct spy *spy _cleanup_(cleanup_spy) = NULL;
	struct following following = { .output = output,
				       .json = arguments->target.common.json,
				       .look_ns = LOOK_NS };
	struct rhythm rhythm;
	int64_t count;

	if (arguments->target.core)
		return spy_error_new(SPY_ERROR_USAGE, "a core file does not go on collecting");
	TRY(target_open(&arguments->target, &spy));
	following.spy = spy;
	rhythm_start(&rhythm, LOOK_NS);
	TRY(spy_gc_count(spy, &following.seen));
	while (rhythm_pause(following.look_ns)) {
		TRY(spy_gc_count(spy, &count));
		adapt(&following, count != following.seen);
		if (count != following.seen)
			TRY(take(&following, count));
		if (output->failure || (arguments->count && following.shown >= arguments->count))
			break;
	}
	return NULL;
}

const struct command command_gctrace = {
	.name = "gctrace",
	.summary = "print a line for each garbage collection, as GODEBUG=gctrace=1",
	.description =
	    "Follows a process and prints, for each collection that ends, the line that the Go\n"
	    "runtime prints of itself where it was started with GODEBUG=gctrace=1. The target\n"
	    "is not stopped. A collection that the next one overtook is told to be missed.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.arguments_size = sizeof(struct gctrace_arguments),
	.run = run,
};
