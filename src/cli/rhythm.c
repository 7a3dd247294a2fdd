/* SPDX-License-Identifier: MIT */
#include "cli/rhythm.h"

#include <signal.h>
#include <time.h>

#define SECOND 1000000000ll

static volatile sig_atomic_t wants_to_end;

static void note_signal(int number)
{
	(void)number;
	wants_to_end = 1;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

void rhythm_start(struct rhythm *rhythm, int64_t interval_ns)
{
	/* Interrupts what waits; a second one ends the program wherever it is. */
	struct sigaction action = { .sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	*rhythm = (struct rhythm){ .interval_ns = interval_ns, .due_ns = now_ns() };
}

static bool wait_until(int64_t ns)
{
	struct timespec time = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };

	while (!wants_to_end && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL))
		;
	return !wants_to_end;
}

bool rhythm_wait(struct rhythm *rhythm)
{
	int64_t now;

	rhythm->due_ns += rhythm->interval_ns;
	now = now_ns();
	rhythm->missed = 0;
	if (now >= rhythm->due_ns + rhythm->interval_ns) {
		rhythm->missed = (now - rhythm->due_ns) / rhythm->interval_ns;
		rhythm->due_ns += rhythm->missed * rhythm->interval_ns;
	}
	if (!wait_until(rhythm->due_ns))
		return false;
	rhythm->late_ns = now_ns() - rhythm->due_ns;
	return true;
}

bool rhythm_pause(int64_t ns)
{
	return wait_until(now_ns() + ns);
}
