/* SPDX-License-Identifier: MIT
 *
 * The one parser of options: it fills the arguments of a command from its rows.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command.h"

/* Parses argv[0…argc) (no program name in it) into `arguments`, which is zeroed and of the size
 * that the command says. Strings in it point into argv, whose beginning becomes the list of bare
 * arguments. */
SPY_MUST_CHECK struct spy_error *options_parse(const struct command *command, int argc, char **argv,
					       void *arguments);

/* The index of the first bare argument, -1 where there is none: where the name of the command is.
 * Options before it are taken for those of command_none. */
int options_find_operand(int argc, char **argv);

/* A whole number in decimal, all of the string; false where it is none. */
bool options_number(const char *string, int64_t *ret);

/* "250ms", "1.5s", "2m", "1h"; without a unit seconds. False if it is none, or too long. */
bool options_duration(const char *string, int64_t *ret_ns);

#endif
