/* SPDX-License-Identifier: MIT
 *
 * Where the runtime's variables are: by name (symbol table, DWARF), and in a program that has
 * neither by what refers to them and by what they hold.
 */
#ifndef DISCOVER_GLOBALS_H
#define DISCOVER_GLOBALS_H

#include "runtime/runtime.h"

/* Fills runtime->globals from the symbol table, else from DWARF (`info`, or NULL). `*complete` is
 * false if the program has neither, or they lack a variable without which nothing works. */
struct spy_error *globals_by_name(struct go_runtime *runtime, struct debug_info *info,
				  bool *complete) MUST_CHECK;

/* Fills what is missing in runtime->globals by the references in the runtime's code and by the
 * content of memory. Needs the version, the layout and the modules with their code. What two
 * witnesses see differently, or what does not hold what it must, is left out, with a warning; DATA
 * if that is one without which nothing works. */
struct spy_error *globals_by_content(struct go_runtime *runtime) MUST_CHECK;

#endif
