/* SPDX-License-Identifier: MIT
 *
 * Help, made from the rows of the commands.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* All commands, one line each. */
void help_overview(struct output *output);
/* One command with its options. */
void help_command(struct output *output, const struct command *command);
/* "there is no command …", with the nearest. */
SPY_MUST_CHECK struct spy_error *help_unknown_command(const char *name);

#endif
