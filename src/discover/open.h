/* SPDX-License-Identifier: MIT
 *
 * Finding the Go runtime in a target: its version, its variables, its layout, its code.
 */
#ifndef DISCOVER_OPEN_H
#define DISCOVER_OPEN_H

#include "runtime/runtime.h"

struct go_runtime_options {
	const char *bin; /* or NULL */
	/* While a server is waited for (struct debug_search), or NULL. */
	bool (*waiting)(void *context, int64_t waited_ns);
	void *waiting_context;
	bool table_first;  /* take the row of the version without reading DWARF: quick, for lists */
	bool without_code; /* no function tables: nothing will be symbolised */
};

/* Opens the runtime of a target, which stays the caller's. Reads, stops nothing. */
struct spy_error *go_runtime_open(struct target *target, const struct go_runtime_options *options,
				  struct go_runtime *ret) MUST_CHECK;

/* Whether the layout fits the process: g.sched.g points at its g, g0.m of an M's g0 at the M,
 * allp[i] has the id i. A GOEXPERIMENT or a patched runtime moves members within a version. DATA if
 * not. */
struct spy_error *go_runtime_check_layout(struct go_runtime *runtime) MUST_CHECK;

#endif
