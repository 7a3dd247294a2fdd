/* SPDX-License-Identifier: MIT
 *
 * What versions of Go call one and the same variable of the runtime, and of what type those are
 * that spy knows without symbols.
 */
#ifndef RUNTIME_LAYOUTS_RENAMES_H
#define RUNTIME_LAYOUTS_RENAMES_H

#include <stddef.h>

#include "runtime_layouts/globals.h"

/*
 * Where a name of `length` bytes is that of another version: what the version calls it. NULL where
 * it is called the same, or nothing is known of it. "runtime.ncpu" is "runtime.numCPUStartup" in
 * "go1.25.3", and the other way round in "go1.24".
 */
const char *variable_renamed(const char *name, size_t length, const char *version);

/* The names that variable_renamed() knows; NULL past the last. */
const char *variable_renamed_at(size_t index);

/* The name of a variable in a version; its length, since others may follow it. */
const char *global_name_in(enum global global, const char *version, size_t *length);

/* Its type where that has been the same predeclared one in all versions, "int32"; else NULL. */
const char *global_type(enum global global);

#endif
