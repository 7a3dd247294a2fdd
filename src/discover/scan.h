/* SPDX-License-Identifier: MIT
 *
 * Where the runtime's variables are, by nothing but what they hold: for programs without symbols,
 * and as a second witness for what was found another way.
 */
#ifndef DISCOVER_SCAN_H
#define DISCOVER_SCAN_H

#include "discover/candidates.h"
#include "runtime/runtime.h"

/*
 * Reads the variables of the first module in one sweep (at most 64 MB) and votes (twice) for what
 * is like a variable of the runtime at one place only: allgs, allgptr, allp, allm, m0, g0, sched,
 * mheap, memstats, gc_controller, semtable, build_version, modinfo, wait_reason_strings,
 * class_to_size, class_to_npages. The others cannot be told from any other number: no candidates.
 * Needs the layout and modules.items[0]; takes firstmoduledata and version where they are known.
 * Stops nothing; one or two milliseconds for the usual half a megabyte.
 */
void scan_vote(struct go_runtime *runtime, struct go_candidates ret[static GLOBALS]);

#endif
