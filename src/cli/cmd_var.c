/* SPDX-License-Identifier: MIT
 *
 * spy var: what variables hold.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/rhythm.h"
#include "cli/target.h"
#include "render/value.h"

#define LEAST_INTERVAL_NS 1000000ll

struct var_arguments {
	struct target_arguments target;
	const char *name;
	int64_t depth, elements, string_bytes;
	int64_t interval_ns, count;
	bool every, one_line, raw;
};

static const struct option options[] = {
	{ .name = "name",
	  .kind = OPTION_TEXT,
	  .value = "EXPRESSION",
	  .help = "the variable, or a path into it; the same as a bare argument",
	  .offset = offsetof(struct var_arguments, name) },
	{ .name = "depth",
	  .kind = OPTION_NUMBER,
	  .value = "N",
	  .zero = -1,
	  .help = "follow pointers, fields and elements N deep; 0 is all the way",
	  .offset = offsetof(struct var_arguments, depth) },
	{ .name = "elements",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .value = "N",
	  .zero = -1,
	  .help = "at most N elements of each array, slice, map, channel; 0 is all",
	  .offset = offsetof(struct var_arguments, elements) },
	{ .name = "string-bytes",
	  .kind = OPTION_NUMBER,
	  .value = "N",
	  .zero = -1,
	  .help = "at most N bytes of each string; 0 is all",
	  .offset = offsetof(struct var_arguments, string_bytes) },
	{ .name = "one-line",
	  .letter = '1',
	  .kind = OPTION_FLAG,
	  .help = "one line for each value, however long",
	  .offset = offsetof(struct var_arguments, one_line) },
	{ .name = "raw",
	  .kind = OPTION_FLAG,
	  .help = "print the bytes of the value itself, in hexadecimal",
	  .offset = offsetof(struct var_arguments, raw) },
	{ .name = "interval",
	  .letter = 'i',
	  .kind = OPTION_DURATION,
	  .value = "TIME",
	  .minimum = LEAST_INTERVAL_NS,
	  .help = "look again each TIME (250ms, 1s, 2m), and print what has changed",
	  .offset = offsetof(struct var_arguments, interval_ns) },
	{ .name = "every",
	  .kind = OPTION_FLAG,
	  .help = "with --interval: print each time, changed or not",
	  .offset = offsetof(struct var_arguments, every) },
	{ .name = "count",
	  .kind = OPTION_NUMBER,
	  .minimum = 1,
	  .value = "N",
	  .help = "with --interval: end after N values",
	  .offset = offsetof(struct var_arguments, count) },
	{ .name = NULL },
};

/* One of the expressions, and what it said last. */
struct watched {
	const char *expression;
	struct text state; /* empty before the first time */
	bool failed;       /* the last time */
};

struct watching {
	const struct var_arguments *arguments;
	struct spy *spy;
	struct output *output;
	struct watched *watched;
	size_t count;
	size_t printed;
	struct value_options options;
};

static void cleanup_reading(struct spy_value_reading **reading)
{
	spy_value_reading_free(*reading);
}

static void show(const struct watching *watching, const struct spy_value_reading *reading)
{
	if (watching->arguments->target.common.json) {
		render_value_json(watching->output, reading, &watching->options);
		return;
	}
	render_value_text(watching->output, reading, &watching->options);
	print_warnings(watching->output, reading->warnings, reading->warning_count);
}

/* Whether it says something else than the last time. */
static bool has_changed(struct watched *watched, const char *state, size_t size)
{
	bool same = watched->state.length == size && !memcmp(watched->state.bytes, state, size);

	if (same)
		return false;
	watched->state.length = 0;
	text_add_bytes(&watched->state, state, size);
	return true;
}

/* An expression that led somewhere once may lead nowhere now: a nil pointer, a key that is gone. */
static void show_failure(struct watching *watching, struct watched *watched,
			 const struct spy_error *error)
{
	bool changed = has_changed(watched, error->message, strlen(error->message));
	struct timespec now;

	if (!changed && !watching->arguments->every)
		return;
	watching->printed++;
	clock_gettime(CLOCK_REALTIME, &now);
	watching->options.asked = watched->expression;
	render_value_error(watching->output, error->message,
			   now.tv_sec * 1000000000ll + now.tv_nsec,
			   watching->arguments->target.common.json, &watching->options);
}

static struct spy_error *look(struct watching *watching, struct watched *watched)
{
	const struct var_arguments *arguments = watching->arguments;
	struct spy_value_limits limits = { .depth = arguments->depth,
					   .elements = arguments->elements,
					   .string_bytes = arguments->string_bytes };
	struct spy_value_reading *reading _cleanup_(cleanup_reading) = NULL;
	struct spy_error *error =
	    spy_value_read(watching->spy, watched->expression, &limits, &reading);
	bool first = !watched->state.length;
	struct text state = { 0 };

	if (error &&
	    (first || error->code == SPY_ERROR_NO_PROCESS || error->code == SPY_ERROR_PERMISSION))
		return error;
	if (error) {
		show_failure(watching, watched, error);
		spy_error_free(error);
		return NULL;
	}
	watching->options.asked = watched->expression;
	if (arguments->interval_ns) {
		put_value_state(&state, &reading->value);
		first = has_changed(watched, state.bytes, state.length);
		text_free(&state);
	}
	if (first || arguments->every) {
		watching->printed++;
		show(watching, reading);
	}
	return NULL;
}

static struct spy_error *look_at_all(struct watching *watching)
{
	size_t i;

	for (i = 0; i < watching->count; i++)
		TRY(look(watching, &watching->watched[i]));
	return NULL;
}

static struct spy_error *watch(struct watching *watching)
{
	const struct var_arguments *arguments = watching->arguments;
	struct rhythm rhythm;
	struct spy_error *error;

	if (!arguments->interval_ns || arguments->target.core)
		return look_at_all(watching);
	watching->options.timed = true;
	rhythm_start(&rhythm, arguments->interval_ns);
	do {
		error = look_at_all(watching);
		if (error && error->code == SPY_ERROR_NO_PROCESS && watching->printed)
			return spy_error_with_hint(error, "%zu value%s before that",
						   watching->printed,
						   watching->printed == 1 ? "" : "s");
		if (error)
			return error;
		output_flush(watching->output);
	} while (!watching->output->failure &&
		 (!arguments->count || (int64_t)watching->printed < arguments->count) &&
		 rhythm_wait(&rhythm));
	return NULL;
}

static struct spy_error *check(const struct var_arguments *arguments, size_t expressions)
{
	const char *operand = arguments->target.common.operand;

	if (!expressions)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "no variable given%s%s",
				  operand ? " to read of " : "", operand ? operand : ""),
		    "for example \"spy var %s runtime.ncpu\"; \"spy vars\" lists what there is",
		    operand ? operand : "PID");
	if ((arguments->every || arguments->count) && !arguments->interval_ns)
		return spy_error_new(SPY_ERROR_USAGE, "--%s goes with --interval",
				     arguments->every ? "every" : "count");
	return NULL;
}

/* Whether a bare argument that stands alone can be nothing but a process. */
static bool is_process(const char *operand)
{
	return strspn(operand, "0123456789") == strlen(operand) || !strpbrk(operand, ".([");
}

static struct spy_error *run(const void *data, struct output *output)
{
	struct var_arguments arguments = *(const struct var_arguments *)data;
	const struct arguments *common = &arguments.target.common;
	struct spy *spy _cleanup_(cleanup_spy) = NULL;
	struct watched *watched _cleanup_free_ = NULL;
	struct watching watching = { .arguments = &arguments, .output = output };
	struct spy_error *error;
	char *const *operands;
	size_t operand_count, i;
	bool alone = common->operand_count == 1 && !arguments.name && !is_process(common->operand);

	target_split_operands(&arguments.target, alone ? 0 : 1, &operands, &operand_count);
	watching.count = operand_count + (arguments.name ? 1 : 0);
	TRY(check(&arguments, watching.count));
	watched = memory_zeroed(watching.count, sizeof(*watched));
	for (i = 0; i < operand_count; i++)
		watched[i].expression = operands[i];
	if (arguments.name)
		watched[i].expression = arguments.name;
	watching.watched = watched;
	watching.options = (struct value_options){ .named = watching.count > 1,
						   .one_line = arguments.one_line,
						   .raw = arguments.raw };
	TRY(target_open(&arguments.target, &spy));
	watching.spy = spy;
	error = watch(&watching);
	for (i = 0; i < watching.count; i++)
		text_free(&watched[i].state);
	return error;
}

const struct command command_var = {
	.name = "var",
	.summary = "show what variables hold, now or as they change",
	.description =
	    "Reads package variables, and what they lead to, of any type:\n"
	    "\n"
	    "  spy var shop runtime.ncpu\n"
	    "  spy var shop main.cfg.Server.Port 'main.users[\"bob\"].Tags[2]' 'len(main.queue)'\n"
	    "  spy var shop 'main.table[3:7]' '*main.ptr' 'main.err.(*example.com/db.Error).Code'\n"
	    "\n"
	    "Of an import path its last element will do: db.pool for example.com/app/db.pool. The\n"
	    "first bare argument is the process, unless --pid or --core is given, or there is "
	    "just\n"
	    "one and it is an expression. Variables of the runtime are found by the name that any\n"
	    "version gives them.\n",
	.operand = "[PID|NAME] EXPRESSION...",
	.flags = COMMAND_JSON | COMMAND_TARGET | COMMAND_OPERANDS,
	.options = options,
	.arguments_size = sizeof(struct var_arguments),
	.run = run,
};
