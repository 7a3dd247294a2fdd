/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/nearest.h"

/* The arguments that are being read, and where they go. */
struct parser {
	const struct command *command;
	char **argv;
	int argc, next;
	int operands; /* at the beginning of argv, where they are moved to */
	char *arguments;
};

#define MEMBER(parser, option, type) ((type *)(void *)((parser)->arguments + (option)->offset))

static const char *help_of(const struct command *command)
{
	return command->name ? command->name : "";
}

static struct spy_error *usage(const struct command *command, struct spy_error *error)
{
	return spy_error_with_hint(error, "\"spy help%s%s\" tells what there is",
				   command->name ? " " : "", help_of(command));
}

bool options_number(const char *string, int64_t *ret)
{
	char *end;
	long long number;

	if (!(*string >= '0' && *string <= '9') && *string != '-')
		return false;
	errno = 0;
	number = strtoll(string, &end, 10);
	if (errno || *end || end == string)
		return false;
	*ret = number;
	return true;
}

bool options_duration(const char *string, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ .name = "", .ns = 1e9 },    { .name = "ns", .ns = 1 },
		{ .name = "us", .ns = 1e3 },  { .name = "ms", .ns = 1e6 },
		{ .name = "s", .ns = 1e9 },   { .name = "m", .ns = 6e10 },
		{ .name = "h", .ns = 36e11 },
	};
	char *unit;
	double number;
	size_t i;

	if (!(*string >= '0' && *string <= '9') && *string != '.')
		return false;
	number = strtod(string, &unit);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name) && number * units[i].ns < 1e18) {
			*ret_ns = (int64_t)(number * units[i].ns + 0.5);
			return true;
		}
	return false;
}

static const struct option *find_long(const struct command *command, const char *name,
				      size_t length)
{
	const struct option *option;
	size_t i;

	for (i = 0; (option = command_option(command, i)); i++) {
		if (strlen(option->name) == length && !memcmp(option->name, name, length))
			return option;
	}
	return NULL;
}

static const struct option *find_short(const struct command *command, char letter)
{
	const struct option *option;
	size_t i;

	for (i = 0; (option = command_option(command, i)); i++) {
		if (letter && option->letter == letter)
			return option;
	}
	return NULL;
}

static struct spy_error *unknown_option(const struct command *command, const char *name,
					size_t length)
{
	char *word _cleanup_free_ = strndup(name, length);
	struct spy_error *error;
	struct nearest nearest = { .word = word };
	const struct option *option;
	size_t i;

	for (i = 0; (option = command_option(command, i)); i++)
		nearest_offer(&nearest, option->name);
	if (command->name)
		error = spy_error_new(SPY_ERROR_USAGE, "spy %s has no option --%s", command->name,
				      word);
	else
		error = spy_error_new(SPY_ERROR_USAGE, "there is no option --%s", word);
	if (nearest.count)
		return spy_error_with_hint(error, "did you mean --%s?", nearest.best[0]);
	return usage(command, error);
}

static struct spy_error *bad_choice(const struct option *option, const char *word)
{
	struct text names = { 0 };
	struct spy_error *error;
	size_t i;

	for (i = 0; option->choices(i); i++)
		text_printf(&names, "%s%s", i ? ", " : "", option->choices(i));
	error = spy_error_with_hint(
	    spy_error_new(SPY_ERROR_USAGE, "--%s cannot be \"%s\"", option->name, word),
	    "it is one of %s", names.bytes);
	text_free(&names);
	return error;
}

/* The index of a choice, by its whole name. */
static bool find_choice(const struct option *option, const char *word, size_t length, unsigned *ret)
{
	unsigned i;

	for (i = 0; option->choices(i); i++) {
		if (strlen(option->choices(i)) == length &&
		    !memcmp(option->choices(i), word, length)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* "waiting,running" */
static struct spy_error *store_set(struct parser *parser, const struct option *option,
				   const char *value)
{
	for (;;) {
		size_t length = strcspn(value, ",");
		unsigned index;

		if (!find_choice(option, value, length, &index))
			return bad_choice(option, value);
		*MEMBER(parser, option, unsigned) |= 1u << index;
		if (!value[length])
			return NULL;
		value += length + 1;
	}
}

static struct spy_error *store_duration(struct parser *parser, const struct option *option,
					const char *value)
{
	int64_t *member = MEMBER(parser, option, int64_t);
	int64_t duration;

	if (!options_duration(value, &duration))
		return spy_error_with_hint(spy_error_new(SPY_ERROR_USAGE,
							 "--%s cannot be \"%s\": it is a time",
							 option->name, value),
					   "for example 250ms, 1s or 2m");
	if (duration < option->minimum)
		return spy_error_new(SPY_ERROR_USAGE,
				     "--%s cannot be \"%s\": the least that can be kept is %lldms",
				     option->name, value, (long long)option->minimum / 1000000);
	*member = duration;
	return NULL;
}

static struct spy_error *store_pid(struct parser *parser, const struct option *option, int64_t pid)
{
	struct pid_list *list = MEMBER(parser, option, struct pid_list);

	if (!option->repeated) {
		*MEMBER(parser, option, int64_t) = pid;
		return NULL;
	}
	if (list->count == sizeof(list->items) / sizeof(list->items[0]))
		return spy_error_new(SPY_ERROR_USAGE, "--%s may be given %zu times at most",
				     option->name, list->count);
	list->items[list->count++] = pid;
	return NULL;
}

static struct spy_error *store(struct parser *parser, const struct option *option,
			       const char *value)
{
	int64_t least = option->kind == OPTION_PID ? 1 : option->minimum, number;

	switch (option->kind) {
	case OPTION_FLAG:
		*MEMBER(parser, option, bool) = true;
		break;
	case OPTION_TEXT:
	case OPTION_FILE:
		if (!*value)
			return spy_error_new(SPY_ERROR_USAGE, "--%s is empty: it takes a %s",
					     option->name, option->value);
		*MEMBER(parser, option, const char *) = value;
		break;
	case OPTION_NUMBER:
	case OPTION_PID:
		if (!options_number(value, &number) || number < least)
			return spy_error_new(
			    SPY_ERROR_USAGE,
			    "--%s cannot be \"%s\": it is a whole number from %lld", option->name,
			    value, (long long)least);
		if (option->kind == OPTION_PID)
			return store_pid(parser, option, number);
		*MEMBER(parser, option, int64_t) = number ? number : option->zero;
		break;
	case OPTION_DURATION:
		return store_duration(parser, option, value);
	case OPTION_CHOICE:
		if (!find_choice(option, value, strlen(value), MEMBER(parser, option, unsigned)))
			return bad_choice(option, value);
		break;
	case OPTION_SET:
		return store_set(parser, option, value);
	}
	return NULL;
}

/* An option whose value, if any, stands behind it (`attached`) or is the next argument. */
static struct spy_error *take_option(struct parser *parser, const struct option *option,
				     const char *attached)
{
	if (option->kind != OPTION_FLAG && !attached) {
		if (parser->next == parser->argc)
			return usage(parser->command,
				     spy_error_new(SPY_ERROR_USAGE, "--%s lacks its %s",
						   option->name, option->value));
		attached = parser->argv[parser->next++];
	}
	return store(parser, option, attached);
}

/* "--name", "--name=value" */
static struct spy_error *take_long(struct parser *parser, const char *argument)
{
	const char *name = argument + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *option = find_long(parser->command, name, length);

	if (!option)
		return unknown_option(parser->command, name, length);
	if (equals && option->kind == OPTION_FLAG)
		return spy_error_new(SPY_ERROR_USAGE, "--%s takes no value", option->name);
	return take_option(parser, option, equals ? equals + 1 : NULL);
}

/* "-j", "-jp 12", "-p12" */
static struct spy_error *take_short(struct parser *parser, const char *argument)
{
	const char *letter;

	for (letter = argument + 1; *letter; letter++) {
		const struct option *option = find_short(parser->command, *letter);

		if (!option)
			return usage(
			    parser->command,
			    spy_error_new(SPY_ERROR_USAGE, "there is no option -%c", *letter));
		if (option->kind != OPTION_FLAG)
			return take_option(parser, option, letter[1] ? letter + 1 : NULL);
		TRY(store(parser, option, NULL));
	}
	return NULL;
}

static struct spy_error *take_operand(struct parser *parser, char *argument)
{
	struct arguments *common = (void *)parser->arguments;

	if (!parser->command->operand)
		return usage(parser->command,
			     spy_error_new(SPY_ERROR_USAGE,
					   "spy %s takes no argument, but got \"%s\"",
					   help_of(parser->command), argument));
	if (common->operand && !(parser->command->flags & COMMAND_OPERANDS))
		return usage(parser->command,
			     spy_error_new(SPY_ERROR_USAGE, "one %s too many: \"%s\"",
					   parser->command->operand, argument));
	parser->argv[parser->operands++] = argument;
	common->operand = parser->argv[0];
	common->operands = parser->argv;
	common->operand_count = (size_t)parser->operands;
	return NULL;
}

struct spy_error *options_parse(const struct command *command, int argc, char **argv,
				void *arguments)
{
	struct parser parser = {
		.command = command,
		.argc = argc,
		.argv = argv,
		.arguments = arguments,
	};
	bool only_operands = false;

	while (parser.next < argc) {
		char *argument = argv[parser.next++];

		if (only_operands || argument[0] != '-' || !argument[1])
			TRY(take_operand(&parser, argument));
		else if (!strcmp(argument, "--"))
			only_operands = true;
		else if (argument[1] == '-')
			TRY(take_long(&parser, argument));
		else
			TRY(take_short(&parser, argument));
	}
	return NULL;
}

int options_find_operand(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		const char *argument = argv[i];
		const struct option *option;

		if (argument[0] != '-' || !argument[1])
			return i;
		if (argument[1] == '-')
			option = find_long(&command_none, argument + 2, strlen(argument + 2));
		else
			option = find_short(&command_none, argument[strlen(argument) - 1]);
		if (option && option->kind != OPTION_FLAG)
			i++; /* its value */
	}
	return -1;
}
