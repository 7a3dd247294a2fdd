/* SPDX-License-Identifier: MIT
 *
 * spy vars: the package variables of a program.
 */
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/target.h"
#include "render/render.h"

struct vars_arguments {
	struct target_arguments target;
	const char *package, *type;
	unsigned order; /* enum variable_order */
	int64_t limit;
};

static const char *order_name(size_t index)
{
	static const char *const names[] = {
		[VARIABLES_BY_NAME] = "name",
		[VARIABLES_BY_SIZE] = "size",
	};

	return index < sizeof(names) / sizeof(*names) ? names[index] : NULL;
}

static const struct option options[] = {
	{ .name = "package",
	  .kind = OPTION_TEXT,
	  .value = "PACKAGE",
	  .help = "those of this package: its import path, the end of it, or a glob",
	  .offset = offsetof(struct vars_arguments, package) },
	{ .name = "type",
	  .kind = OPTION_TEXT,
	  .value = "PATTERN",
	  .help = "those of a type with PATTERN in it, or that matches it as a glob",
	  .offset = offsetof(struct vars_arguments, type) },
	{ .name = "sort",
	  .kind = OPTION_CHOICE,
	  .value = "ORDER",
	  .choices = order_name,
	  .help = "by name, or by size, the largest first",
	  .offset = offsetof(struct vars_arguments, order) },
	{ .name = "limit",
	  .letter = 'n',
	  .kind = OPTION_NUMBER,
	  .value = "N",
	  .help = "at most N variables; 0 is all",
	  .offset = offsetof(struct vars_arguments, limit) },
	{ .name = NULL },
};

static void cleanup_list(struct spy_variable_list **list)
{
	spy_variable_list_free(*list);
}

static struct spy_error *none_left(const struct spy_variable_list *list)
{
	if (!list->count)
		return spy_error_new(SPY_ERROR_DATA, "the program has no variables that it tells");
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_USAGE, "no variable is what was asked for"),
	    "\"spy vars\" without a pattern lists all %zu", list->count);
}

static struct spy_error *run(const void *data, struct output *output)
{
	struct vars_arguments arguments = *(const struct vars_arguments *)data;
	struct variable_filter filter = { .package = arguments.package,
					  .type = arguments.type,
					  .order = (enum variable_order)arguments.order,
					  .limit = arguments.limit };
	struct spy *spy _cleanup_(cleanup_spy) = NULL;
	struct spy_variable_list *list _cleanup_(cleanup_list) = NULL;
	const struct spy_variable **variables _cleanup_free_ = NULL;
	size_t count, left_out;

	target_split_operands(&arguments.target, 1, &filter.patterns, &filter.pattern_count);
	TRY(target_open(&arguments.target, &spy));
	TRY(spy_variable_list(spy, &list));
	variables = variables_select(list, &filter, &count, &left_out);
	if (arguments.target.common.json) {
		render_variables_json(output, list, variables, count);
		return NULL;
	}
	render_variables_text(output, variables, count);
	print_warnings(output, list->warnings, list->warning_count);
	if (!count)
		return none_left(list);
	if (left_out) {
		output_flush(output);
		fprintf(stderr, "spy: %zu more\n", left_out);
	}
	return NULL;
}

const struct command command_vars = {
	.name = "vars",
	.summary = "list the package variables of a program",
	.description =
	    "Lists variables with their size, address, name and type. A PATTERN is a part of the\n"
	    "name, or a glob; where there are several, one has to match. The first bare argument\n"
	    "is the process, unless --pid or --core is given. Reads the program's files only.\n",
	.operand = "[PID|NAME] [PATTERN]...",
	.flags = COMMAND_JSON | COMMAND_TARGET | COMMAND_OPERANDS,
	.options = options,
	.arguments_size = sizeof(struct vars_arguments),
	.run = run,
};
