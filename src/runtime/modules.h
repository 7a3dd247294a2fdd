/* SPDX-License-Identifier: MIT
 *
 * The modules of a Go program (runtime/symtab.go: moduledata): the program itself, and the plugins
 * that it loaded.
 */
#ifndef RUNTIME_MODULES_H
#define RUNTIME_MODULES_H

#include "runtime/runtime.h"

/* Adds the module of this moduledata, layout_size(SIZE_moduledata) bytes, to runtime->modules, and
 * its function table, if that is wanted, to runtime->code. DATA if the table is broken. */
struct spy_error *modules_add(struct go_runtime *runtime, const uint8_t *moduledata,
			      bool with_code) MUST_CHECK;

/* Adds firstmoduledata and what is linked to it. A module that was loaded later and cannot be read
 * costs its functions' names and a warning, not the rest. */
struct spy_error *modules_read(struct go_runtime *runtime, bool with_code) MUST_CHECK;

#endif
