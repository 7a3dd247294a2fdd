/* SPDX-License-Identifier: MIT
 *
 * Doing something again and again at fixed moments, until the user ends it. The moments are
 * absolute, so that what each turn costs does not add up.
 */
#ifndef CLI_RHYTHM_H
#define CLI_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

struct rhythm {
	int64_t interval_ns;
	int64_t due_ns;  /* CLOCK_MONOTONIC of the turn that is next */
	int64_t late_ns; /* how late this turn is */
	int64_t missed;  /* turns that were due before this one and did not take place */
};

/* Begins now; from then on SIGINT and SIGTERM end the waiting in place of the program. */
void rhythm_start(struct rhythm *rhythm, int64_t interval_ns);
/* Waits for the next turn. False if the user wants to end it. */
bool rhythm_wait(struct rhythm *rhythm);
/* Waits so long, off the rhythm; false if the user wants to end it. */
bool rhythm_pause(int64_t ns);

#endif
