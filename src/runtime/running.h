/* SPDX-License-Identifier: MIT
 *
 * Which goroutine runs on each P at a moment, read again and again while the target runs: a few
 * system calls and some hundred bytes a reading, and no allocation once the Ps are known.
 */
#ifndef RUNTIME_RUNNING_H
#define RUNTIME_RUNNING_H

#include "runtime/runtime.h"

struct on_p {
	uint64_t p; /* its id */
	uint64_t goid, startpc, gopc;
};

struct running_state;

/* DATA if what leads from a P to its goroutine is laid out like nothing one would read. */
struct spy_error *running_state_new(struct go_runtime *runtime,
				    struct running_state **ret) MUST_CHECK;
void running_state_free(struct running_state *state);

/* Reads. Goroutines on a processor are on_p[0 … count), valid until the next reading; `unsettled`
 * are Ps that changed whenever they were looked at. A goroutine in a system call is on none. */
struct spy_error *running_state_read(struct running_state *state, const struct on_p **on_p,
				     size_t *count, size_t *ps, size_t *unsettled) MUST_CHECK;

#endif
