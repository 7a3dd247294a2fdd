/* SPDX-License-Identifier: MIT
 *
 * spy: look into a running Go process from outside.
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"

struct none_arguments {
	struct target_arguments target;
	bool version;
};

static const struct option none_options[] = {
	{ .name = "version",
	  .kind = OPTION_FLAG,
	  .help = "print the version of spy",
	  .offset = offsetof(struct none_arguments, version) },
	{ .name = NULL },
};

static struct spy_error *run_none(const void *data, struct output *output)
{
	const struct none_arguments *arguments = data;

	if (arguments->version)
		return command_version.run(&arguments->target.common, output);
	return spy_error_with_hint(spy_error_new(SPY_ERROR_USAGE, "no command given"),
				   "\"spy summary\" looks into a process, \"spy ps\" lists them, "
				   "\"spy help\" tells the rest");
}

const struct command command_none = {
	.flags = COMMAND_TARGET | COMMAND_JSON,
	.options = none_options,
	.arguments_size = sizeof(struct none_arguments),
	.run = run_none,
};

/* A closed standard descriptor would be taken by the next file that is opened: what is printed
 * would go into the memory of the target. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int report(struct spy_error *error)
{
	int status = error ? (int)error->code : 0;

	if (error && error->hint)
		fprintf(stderr, "spy: %s: %s\n", error->message, error->hint);
	else if (error)
		fprintf(stderr, "spy: %s\n", error->message);
	spy_error_free(error);
	return status;
}

static struct spy_error *help(struct output *output, const struct command *command)
{
	if (command->name)
		help_command(output, command);
	else
		help_overview(output);
	return NULL;
}

/* Runs a command with the arguments that are left. */
static struct spy_error *run(const struct command *command, int argc, char **argv)
{
	void *arguments _cleanup_free_ = memory_zeroed(1, command->arguments_size);
	const struct arguments *common = arguments;
	struct spy_error *error, *unwritten;
	struct output output;

	TRY(options_parse(command, argc, argv, arguments));
	output = output_to(STDOUT_FILENO, (enum colour_mode)common->colour);
	error = common->help ? help(&output, command) : command->run(arguments, &output);
	unwritten = output_close(&output);
	if (!error)
		return unwritten;
	spy_error_free(unwritten);
	return error;
}

/* The command may stand anywhere among the options; it is taken out of them. */
static struct spy_error *run_program(int argc, char **argv)
{
	int at = options_find_operand(argc, argv);
	const struct command *command;

	if (at < 0)
		return run(&command_none, argc, argv);
	command = command_named(argv[at]);
	if (!command)
		return help_unknown_command(argv[at]);
	memmove(&argv[at], &argv[at + 1], (size_t)(argc - at - 1) * sizeof(*argv));
	return run(command, argc - 1, argv);
}

/* Lets the heap grow in one piece, of pages of 2 MB where the system has them: a dump of ten
 * thousand goroutines fills 15 MB once, and to make 4,000 small pages takes a tenth of its time. */
static void prefer_large_pages(void)
{
	enum { HEAP_BYTES = 64 << 20, PAGE_BYTES = 4096, ALL_BUT_HUGE = 32 << 20 };
	uintptr_t start;
	void *heap;

	mallopt(M_MMAP_THRESHOLD, ALL_BUT_HUGE);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP_BYTES);
	mallopt(M_TOP_PAD, HEAP_BYTES);
	mallopt(M_ARENA_MAX, 1); /* for the thread that copies a stopped target as well */
	heap = malloc(1);        /* memory is only counted when it is written to */
	start = ((uintptr_t)heap + PAGE_BYTES) & ~(uintptr_t)(PAGE_BYTES - 1);
	if (heap)
		madvise((void *)start, HEAP_BYTES - PAGE_BYTES, MADV_HUGEPAGE);
	free(heap);
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	prefer_large_pages();
	/* a reader that went away is an error of write(), and none to speak of */
	signal(SIGPIPE, SIG_IGN);
	return report(run_program(argc ? argc - 1 : 0, argv + 1));
}
