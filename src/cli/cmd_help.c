/* SPDX-License-Identifier: MIT
 *
 * spy help, and --help of each command.
 */
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/help.h"

#define OPTION_WIDTH 26 /* "  -p, --pid PID", and where its help begins */
#define LINE_WIDTH   80

/* Adds words, from column `at` on, in lines that begin at OPTION_WIDTH. */
static void wrap(struct text *text, size_t at, const char *words)
{
	if (at >= OPTION_WIDTH) {
		text_add(text, "\n");
		at = 0;
	}
	text_printf(text, "%*s", (int)(OPTION_WIDTH - at), "");
	at = OPTION_WIDTH;
	while (*words) {
		size_t length = strcspn(words, " ");

		if (at > OPTION_WIDTH && at + 1 + length > LINE_WIDTH) {
			text_printf(text, "\n%*s", OPTION_WIDTH, "");
			at = OPTION_WIDTH;
		} else if (at > OPTION_WIDTH) {
			text_add(text, " ");
			at++;
		}
		text_add_bytes(text, words, length);
		at += length;
		words += length;
		words += strspn(words, " ");
	}
	text_add(text, "\n");
}

static void option_help(struct text *text, const struct option *option)
{
	struct text words = { 0 };
	size_t start = text->length, i;

	if (option->letter)
		text_printf(text, "  -%c, --%s", option->letter, option->name);
	else
		text_printf(text, "      --%s", option->name);
	if (option->value)
		text_printf(text, "%s%s", option->kind == OPTION_CHOICE ? "=" : " ", option->value);
	text_add(&words, option->help);
	for (i = 0; option->choices && option->choices(i); i++)
		text_printf(&words, "%s%s", i ? ", " : ": ", option->choices(i));
	wrap(text, text->length - start, words.bytes);
	text_free(&words);
}

static void option_list(struct text *text, const struct command *command)
{
	const struct option *option;
	size_t i;

	for (i = 0; (option = command_option(command, i)); i++)
		option_help(text, option);
}

void help_command(struct output *output, const struct command *command)
{
	struct text *text = &output->text;
	const struct field *field;

	text_printf(text, "Usage: spy %s [OPTIONS]%s%s\n\n%s\nOptions:\n", command->name,
		    command->operand ? " " : "", command->operand ? command->operand : "",
		    command->description);
	option_list(text, command);
	if (command->columns)
		text_add(text, "\nColumns:\n");
	for (field = command->columns; field && field->name; field++) {
		if (field->title) {
			text_printf(text, "  %s", field->title);
			wrap(text, strlen(field->title) + 2, field->help);
		}
	}
	if (command->flags & COMMAND_TARGET)
		text_add(text, "\nWithout PID, NAME or --core, the only Go process there is.\n");
}

void help_overview(struct output *output)
{
	struct text *text = &output->text;
	const struct command *command;
	size_t i;

	text_add(text, "spy looks into a running Go process from outside.\n\n"
		       "Usage: spy COMMAND [OPTIONS] [PID|NAME]\n\nCommands:\n");
	for (i = 0; (command = command_at(i)); i++)
		text_printf(text, "  %-12s %s\n", command->name, command->summary);
	text_add(text, "\nOptions:\n");
	option_list(text, &command_none);
	text_add(text, "\n\"spy help COMMAND\" tells all about one, \"man spy\" about everything.\n"
		       "To read a process of another user, run spy as root.\n");
}

struct spy_error *help_unknown_command(const char *name)
{
	struct spy_error *error =
	    spy_error_new(SPY_ERROR_USAGE, "there is no command \"%s\"", name);
	struct nearest nearest = { .word = name };
	size_t i;

	for (i = 0; command_at(i); i++)
		nearest_offer(&nearest, command_at(i)->name);
	if (nearest.count)
		return spy_error_with_hint(error, "did you mean \"spy %s\"?", nearest.best[0]);
	return spy_error_with_hint(error, "\"spy help\" lists them");
}

static struct spy_error *run(const void *arguments, struct output *output)
{
	const struct arguments *common = arguments;
	const struct command *command;

	if (!common->operand) {
		help_overview(output);
		return NULL;
	}
	command = command_named(common->operand);
	if (!command)
		return help_unknown_command(common->operand);
	help_command(output, command);
	return NULL;
}

const struct command command_help = {
	.name = "help",
	.summary = "tell what spy, or one of its commands, does and takes",
	.description = "Tells what there is: all commands, or all of one command.\n",
	.operand = "[COMMAND]",
	.operand_choices = command_name_at,
	.arguments_size = sizeof(struct arguments),
	.run = run,
};
