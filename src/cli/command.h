/* SPDX-License-Identifier: MIT
 *
 * A command of spy is one file with one row of this kind (docs/ADD-A-COMMAND.md). Parsing, help,
 * shell completion and the check of the manual page are made from the rows.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "render/fields.h"
#include "render/output.h"
#include "spy.h"

/* The words that an option or operand takes: the index-th, or NULL past the last. */
typedef const char *choice_name(size_t index);

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* const char * */
	OPTION_FILE,     /* const char * */
	OPTION_NUMBER,   /* int64_t, at least `minimum` */
	OPTION_PID,      /* int64_t, at least 1; a struct pid_list where it may be repeated */
	OPTION_DURATION, /* int64_t, nanoseconds, at least `minimum` */
	OPTION_CHOICE,   /* unsigned: index of the choice */
	OPTION_SET,      /* unsigned: a bit for each choice; may be repeated */
};

struct option {
	const char *name; /* without the two dashes */
	char letter;      /* of the short form, or 0 */
	enum option_kind kind;
	const char *value; /* what help calls its value; NULL for a flag */
	const char *help;
	choice_name *choices;
	int64_t minimum;
	int64_t zero;  /* what a NUMBER of 0 is stored as: what tells it from none given */
	bool repeated; /* OPTION_PID: may be given several times */
	size_t offset; /* of its member in the arguments of the command */
};

struct pid_list {
	int64_t items[16];
	size_t count;
};

/* What every command has; the first member of its arguments. */
struct arguments {
	bool help, json;
	unsigned colour;       /* enum colour_mode */
	const char *operand;   /* the bare argument, or NULL */
	char *const *operands; /* all of them, where the command takes several */
	size_t operand_count;
};

struct target_arguments {
	struct arguments common;
	int64_t pid;
	const char *bin, *core;
	bool non_blocking;
};

enum command_flag {
	COMMAND_JSON = 1 << 0,     /* has --json */
	COMMAND_TARGET = 1 << 1,   /* has the options that choose a target: arguments begin with a
				      struct target_arguments, the operand is a pid or name */
	COMMAND_OPERANDS = 1 << 2, /* takes several; which is the target it says itself */
};

struct command {
	const char *name;
	const char *summary;     /* half a line for the list of commands */
	const char *description; /* for its own help; whole lines */
	const char *operand;     /* what help calls the bare argument; NULL: takes none */
	choice_name *operand_choices;
	unsigned flags;               /* of enum command_flag */
	const struct option *options; /* its own, ended by one without a name; or NULL */
	const struct field *columns;  /* of its table, for help; or NULL */
	size_t arguments_size;        /* of the struct that `run` gets */
	struct spy_error *(*run)(const void *arguments, struct output *output);
};

extern const struct command command_ps, command_summary, command_dump, command_top, command_stats,
    command_gctrace, command_heap, command_metrics, command_var, command_vars, command_watch,
    command_version, command_help, command_completion;

/* What `spy` itself takes before a command, or without one. */
extern const struct command command_none;

/* All commands in the order of help; NULL past the last. */
const struct command *command_at(size_t index);
const struct command *command_named(const char *name);
choice_name command_name_at;

/* Every option of a command, those shared with others last, but for those that it has itself under
 * the same name; NULL past the last. */
const struct option *command_option(const struct command *command, size_t index);

#endif
