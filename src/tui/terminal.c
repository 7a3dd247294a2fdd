/* SPDX-License-Identifier: MIT */
#include "tui/terminal.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"

enum { RESET_BYTES_MAX = 512, SIGNAL_STACK_BYTES = 64 << 10 };

/* How the terminal was, for a handler: everything it needs is here. */
static struct {
	struct termios before;
	bool known;
	char reset[RESET_BYTES_MAX];
	size_t reset_size;
	volatile sig_atomic_t taken;
} kept;

static volatile sig_atomic_t ends, stops, resumed, resized;
static volatile sig_atomic_t wake = -1;

/* Signals that end a program, most of them for a mistake of its own: SIGKILL cannot be caught. */
static const int fatal[] = { SIGSEGV, SIGBUS,    SIGILL,  SIGFPE,  SIGABRT, SIGTRAP,
			     SIGSYS,  SIGQUIT,   SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU,
			     SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSTKFLT };
enum { FATAL = sizeof(fatal) / sizeof(fatal[0]) };
static const int noted[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH };
enum { NOTED = sizeof(noted) / sizeof(noted[0]) };

static struct sigaction fatal_before[FATAL], noted_before[NOTED];
static stack_t stack_before;
static char *signal_stack;

void terminal_keep(const char *reset, size_t size)
{
	kept.known = !tcgetattr(STDIN_FILENO, &kept.before);
	kept.reset_size = size < RESET_BYTES_MAX ? size : 0;
	memcpy(kept.reset, reset, kept.reset_size);
}

/* Only what a handler may call. */
static void give_back(void)
{
	sigset_t output, before;

	if (!kept.taken)
		return;
	kept.taken = 0;
	/* from the background this would stop the program */
	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &output, &before);
	if (kept.known)
		tcsetattr(STDIN_FILENO, TCSANOW, &kept.before);
	if (write(STDOUT_FILENO, kept.reset, kept.reset_size) < 0)
		kept.taken = 0; /* a terminal that is gone needs nothing */
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The default action follows: the signal waits until the handler has returned. */
static void end_at_once(int number)
{
	give_back();
	raise(number);
}

static void note(int number)
{
	static const uint64_t one = 1;

	if (number == SIGTSTP)
		stops = 1;
	else if (number == SIGCONT)
		resumed = 1;
	else if (number == SIGWINCH)
		resized = 1;
	else
		ends = 1;
	if (wake >= 0 && write((int)wake, &one, sizeof(one)) < 0)
		return; /* it is full: the loop is awake */
}

/* What the parent had ignored (nohup) stays ignored. */
static void catch_unless_ignored(int number, const struct sigaction *action,
				 struct sigaction *before)
{
	sigaction(number, NULL, before);
	if (before->sa_handler != SIG_IGN)
		sigaction(number, action, NULL);
}

void terminal_catch_signals(int wake_fd)
{
	struct sigaction end = { .sa_handler = end_at_once,
				 .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK) };
	struct sigaction notice = { .sa_handler = note, .sa_flags = SA_RESTART };
	stack_t stack = { .ss_size = SIGNAL_STACK_BYTES };
	size_t i;

	wake = wake_fd;
	ends = stops = resumed = resized = 0;
	kept.taken = 1;
	/* A stack that has run over has no room for a handler. */
	signal_stack = memory_new(1, SIGNAL_STACK_BYTES);
	stack.ss_sp = signal_stack;
	sigaltstack(&stack, &stack_before);
	sigfillset(&end.sa_mask);
	sigfillset(&notice.sa_mask);
	for (i = 0; i < FATAL; i++)
		catch_unless_ignored(fatal[i], &end, &fatal_before[i]);
	for (i = 0; i < NOTED; i++)
		catch_unless_ignored(noted[i], &notice, &noted_before[i]);
	memory_before_end(give_back);
}

void terminal_release_signals(void)
{
	size_t i;

	kept.taken = 0;
	memory_before_end(NULL);
	for (i = 0; i < NOTED; i++)
		sigaction(noted[i], &noted_before[i], NULL);
	for (i = 0; i < FATAL; i++)
		sigaction(fatal[i], &fatal_before[i], NULL);
	sigaltstack(&stack_before, NULL);
	free(TAKE(signal_stack));
	wake = -1;
}

static bool take(volatile sig_atomic_t *flag)
{
	bool was = *flag;

	*flag = 0;
	return was;
}

bool terminal_wants_end(void)
{
	return ends;
}

bool terminal_wants_stop(void)
{
	return take(&stops);
}

bool terminal_was_resumed(void)
{
	return take(&resumed);
}

bool terminal_was_resized(void)
{
	return take(&resized);
}

void terminal_stop(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, ours;

	kept.taken = 0;
	sigemptyset(&usual.sa_mask);
	sigaction(SIGTSTP, &usual, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	kept.taken = 1;
}
