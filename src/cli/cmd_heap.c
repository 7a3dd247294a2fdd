/* SPDX-License-Identifier: MIT
 *
 * spy heap: what the heap of a process holds, by size class.
 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/target.h"
#include "render/heap_fields.h"
#include "render/render.h"

struct heap_arguments {
	struct target_arguments target;
	bool all;
};

static const struct option options[] = {
	{ .name = "all",
	  .letter = 'a',
	  .kind = OPTION_FLAG,
	  .help = "list size classes without a span as well, and each span that a P allocates from",
	  .offset = offsetof(struct heap_arguments, all) },
	{ .name = NULL },
};

static void cleanup_heap(struct spy_heap **heap)
{
	spy_heap_free(*heap);
}

static struct spy_error *run(const void *data, struct output *output)
{
	const struct heap_arguments *arguments = data;
	struct spy *spy _cleanup_(cleanup_spy) = NULL;
	struct spy_heap *heap _cleanup_(cleanup_heap) = NULL;

	TRY(target_open(&arguments->target, &spy));
	TRY(spy_heap_take(spy, &heap));
	if (arguments->target.common.json) {
		render_heap_json(output, heap);
		return NULL;
	}
	render_heap_text(output, heap, arguments->all);
	print_warnings(output, heap->warnings, heap->warning_count);
	return NULL;
}

const struct command command_heap = {
	.name = "heap",
	.summary = "show what the heap holds, by size class",
	.description =
	    "Shows what is allocated, idle and given back, the sweep, the collector's goal, what\n"
	    "the runtime keeps for itself and where it is resident; then the size classes with\n"
	    "what their spans hold and have room for, and the caches of the Ps. Objects that are\n"
	    "dead and not yet swept count as allocated, as in runtime.MemStats.\n",
	.operand = "[PID|NAME]",
	.flags = COMMAND_JSON | COMMAND_TARGET,
	.options = options,
	.columns = heap_class_fields,
	.arguments_size = sizeof(struct heap_arguments),
	.run = run,
};
