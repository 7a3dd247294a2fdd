/* SPDX-License-Identifier: MIT
 *
 * Trees that outlive the reader that made them.
 */
#ifndef VALUES_OWN_H
#define VALUES_OWN_H

#include "base/map.h"
#include "base/memory.h"
#include "spy.h"

/*
 * Copies what a tree names of its reader, types and names, into the arena that the tree itself is
 * of. `copies` remembers what was copied already: it begins as 0 and serves all trees of one arena.
 */
void value_own(const struct spy_value *value, struct arena *arena, struct map *copies);

#endif
