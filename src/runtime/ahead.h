/* SPDX-License-Identifier: MIT
 *
 * Stacks that are copied before the target is stopped.
 *
 * To copy a goroutine's stack takes the kernel most of a microsecond, and in most programs nearly
 * all goroutines sleep. So their stacks are copied while the target runs, and when it stands still
 * only the gs are read once more: a goroutine that provably did not run since has the same stack as
 * before.
 */
#ifndef RUNTIME_AHEAD_H
#define RUNTIME_AHEAD_H

#include "runtime/goroutines.h"

struct ahead;

/* Copies the stacks of goroutines that sleep, of those that runtime.allgs lists (`all`), while the
 * target runs. NULL if nothing of it could be proved later. */
struct ahead *ahead_copy(const struct segment *all);
void ahead_free(struct ahead *ahead);

/* Bytes of the stacks of one segment of goroutines that will probably have to be copied again. */
uint64_t ahead_lacks(const struct ahead *ahead, size_t segment);

/* To be called when the target stands still, before any goroutine is read: runtime.sched as it is
 * now. */
void ahead_judge(struct ahead *ahead, const void *sched);
/* Where the stack of a goroutine of the stopped target was copied to, by its index in
 * runtime.allgs; NULL if it may have changed since. */
struct copy *ahead_stack(const struct ahead *ahead, size_t index, const struct raw_g *g);

#endif
