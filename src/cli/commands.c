/* SPDX-License-Identifier: MIT
 *
 * The table of commands, and the options that they share.
 */
#include <string.h>

#include "cli/command.h"

static const struct command *const commands[] = {
	&command_ps,      &command_summary, &command_dump,    &command_top,        &command_stats,
	&command_gctrace, &command_heap,    &command_metrics, &command_var,        &command_vars,
	&command_watch,   &command_version, &command_help,    &command_completion,
};

static const struct option target_options[] = {
	{ .name = "pid",
	  .letter = 'p',
	  .kind = OPTION_PID,
	  .value = "PID",
	  .help = "look into this process",
	  .offset = offsetof(struct target_arguments, pid) },
	{ .name = "bin",
	  .letter = 'b',
	  .kind = OPTION_FILE,
	  .value = "FILE",
	  .help = "take symbols and debug info from FILE, an unstripped build of the target",
	  .offset = offsetof(struct target_arguments, bin) },
	{ .name = "core",
	  .kind = OPTION_FILE,
	  .value = "FILE",
	  .help = "read an ELF core file in place of a process",
	  .offset = offsetof(struct target_arguments, core) },
	{ .name = "non-blocking",
	  .kind = OPTION_FLAG,
	  .help = "never stop the target; what changed under the reading is left out and counted",
	  .offset = offsetof(struct target_arguments, non_blocking) },
	{ .name = NULL },
};

static const struct option json_options[] = {
	{ .name = "json",
	  .letter = 'j',
	  .kind = OPTION_FLAG,
	  .help = "print one JSON object, for programs",
	  .offset = offsetof(struct arguments, json) },
	{ .name = NULL },
};

static const char *colour_mode_name(size_t index)
{
	static const char *const names[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};

	return index < sizeof(names) / sizeof(*names) ? names[index] : NULL;
}

static const struct option common_options[] = {
	{ .name = "color",
	  .kind = OPTION_CHOICE,
	  .value = "WHEN",
	  .choices = colour_mode_name,
	  .help = "colour the text; auto: on a terminal, unless NO_COLOR is set",
	  .offset = offsetof(struct arguments, colour) },
	{ .name = "help",
	  .letter = 'h',
	  .kind = OPTION_FLAG,
	  .help = "print what the command does and takes",
	  .offset = offsetof(struct arguments, help) },
	{ .name = NULL },
};

const struct command *command_at(size_t index)
{
	return index < sizeof(commands) / sizeof(*commands) ? commands[index] : NULL;
}

const char *command_name_at(size_t index)
{
	const struct command *command = command_at(index);

	return command ? command->name : NULL;
}

const struct command *command_named(const char *name)
{
	size_t i;

	for (i = 0; command_at(i); i++) {
		if (!strcmp(command_at(i)->name, name))
			return command_at(i);
	}
	return NULL;
}

static bool has_own(const struct command *command, const char *name)
{
	const struct option *option;

	for (option = command->options; option && option->name; option++)
		if (!strcmp(option->name, name))
			return true;
	return false;
}

const struct option *command_option(const struct command *command, size_t index)
{
	const struct option *groups[] = {
		command->options,
		command->flags & COMMAND_TARGET ? target_options : NULL,
		command->flags & COMMAND_JSON ? json_options : NULL,
		common_options,
	};
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		const struct option *option;

		for (option = groups[i]; option && option->name; option++) {
			if (i && has_own(command, option->name))
				continue;
			if (!index--)
				return option;
		}
	}
	return NULL;
}
