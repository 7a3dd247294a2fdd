/* SPDX-License-Identifier: MIT
 *
 * How long goroutines that could run waited for a processor, between one reading and the next:
 * sched.timeToRun, a histogram that only grows (1.17+).
 */
#ifndef RUNTIME_LATENCIES_H
#define RUNTIME_LATENCIES_H

#include "runtime/memory_state.h"

/* What is kept from one reading to the next; zeroed before the first. */
struct latencies {
	uint64_t *before; /* counters: underflow, those of the buckets, overflow */
	double *bounds;   /* in seconds; counter i is of what lies below bounds[i + 1] */
	size_t count;     /* of counters */
};

void latencies_free(struct latencies *latencies);

/* Since the reading before; the first time since the process started. All SPY_UNKNOWN where the
 * version has no such histogram, or it could not be read. */
void latencies_read(struct latencies *latencies, const struct memory_state *memory,
		    struct spy_latencies *ret);

#endif
