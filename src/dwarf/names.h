/* SPDX-License-Identifier: MIT
 *
 * Names as Go's linker writes them into symbols and DWARF.
 *
 * In the import path that a name begins with, what stands after the last slash has its dots
 * escaped, and everywhere '%', '"', control characters and bytes beyond ASCII: "%2e"
 * (cmd/internal/objabi/path.go, PathToPrefix; the same in Go 1.10 to 1.27). So the first dot behind
 * the last slash ends the path. The names of units are not escaped.
 */
#ifndef DWARF_NAMES_H
#define DWARF_NAMES_H

#include <stdbool.h>

#include "base/text.h"

/* Length of the import path of an escaped name, "internal/runtime/gc" of
 * "internal/runtime/gc.SizeClassToSize"; 0 if there is none. */
size_t name_package_length(const char *name, size_t length);

/*
 * Adds a name without its escapes; field tags, which stand in quotes, are left as they are. `brief`
 * leaves out the directories of each import path as well, "*map[string]db.Pool" of
 * "*map[string]example.com/db.Pool": so types call themselves, if their packages are called as
 * their directories.
 */
void name_add(struct text *text, const char *name, size_t length, bool brief);

#endif
