/* SPDX-License-Identifier: MIT
 *
 * Goroutines by what they do, without reading each of them: those that run or are in a system call
 * are found at the Ms, those that could run in the queues, and the others wait. So a hundred
 * thousand of them cost no more than ten.
 */
#ifndef RUNTIME_STATES_H
#define RUNTIME_STATES_H

#include "runtime/memory_state.h"

struct states_reader;

struct states_reader *states_reader_new(struct go_runtime *runtime)
    __attribute__((returns_nonnull));
void states_reader_free(struct states_reader *reader);

/* The runtime's own goroutines are counted as well, as runtime/metrics does from 1.26 on. Of a
 * target that runs on, a goroutine may be counted in the state that it has just left. All
 * SPY_UNKNOWN where the scheduler could not be read. `memory`: read just before. */
void states_read(struct states_reader *reader, const struct memory_state *memory,
		 struct spy_goroutine_states *ret);

#endif
