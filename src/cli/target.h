/* SPDX-License-Identifier: MIT
 *
 * From the arguments of a command to a snapshot of what they name.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "cli/command.h"

/* Of a command that takes several bare arguments: the first `targets` of them (0 or 1) is the
 * target, unless one is given by an option; the rest is told. */
void target_split_operands(struct target_arguments *arguments, size_t targets, char *const **rest,
			   size_t *count);
/* Opens the target that was asked for. */
SPY_MUST_CHECK struct spy_error *target_open(const struct target_arguments *arguments,
					     struct spy **ret);
/* Closes it at the end of a scope. */
void cleanup_spy(struct spy **spy);

/* Opens the target that was asked for, takes a snapshot, and lets go of it again. */
SPY_MUST_CHECK struct spy_error *target_snapshot(const struct target_arguments *arguments,
						 const struct spy_request *request,
						 struct spy_snapshot **ret);

/* Frees a snapshot at the end of a scope. */
void cleanup_snapshot(struct spy_snapshot **snapshot);

/* "spy: warning: …" on standard error for each, behind what went to the output. */
void print_warnings(struct output *output, const char *const *warnings, size_t count);

#endif
