/* SPDX-License-Identifier: MIT
 *
 * The variables of the Go runtime that spy reads, by the names that versions gave them.
 */
#ifndef RUNTIME_LAYOUTS_GLOBALS_H
#define RUNTIME_LAYOUTS_GLOBALS_H

#include <stdbool.h>

enum global {
#define GLOBAL(slot, names, required) GLOBAL_##slot,
#include "runtime_layouts/globals.def"
#undef GLOBAL
	GLOBALS,
};

/* Its names, alternatives apart by '|': "runtime.ncpu|runtime.numCPUStartup". */
const char *global_names(enum global global);
/* Whether nothing works without it. */
bool global_is_required(enum global global);

#endif
