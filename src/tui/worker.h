/* SPDX-License-Identifier: MIT
 *
 * Threads beside the one that has the screen: they read the target, which may take its time, while
 * the screen answers at once. What both sides touch is touched under worker_lock().
 */
#ifndef TUI_WORKER_H
#define TUI_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* Starts a thread; NULL if there can be none. `run` returns when worker_rest() says so. */
struct worker *worker_start(void (*run)(struct worker *worker, void *argument), void *argument);

/* In the thread: rests until that moment (CLOCK_MONOTONIC ns; INT64_MAX: for ever) or until it is
 * asked. False: it is to end. Only while it rests the program may be suspended: a target that is
 * stopped would stay so. The lock must not be held. */
bool worker_rest(struct worker *worker, int64_t until_ns);

/* In the other: makes it go on. */
void worker_ask(struct worker *worker);
/* Makes it end and waits for that; frees it. NULL is ignored. */
void worker_stop(struct worker *worker);

void worker_lock(struct worker *worker);
void worker_unlock(struct worker *worker);

/* Waits until all rest, and keeps them so. */
void workers_hold(void);
void workers_release(void);

#endif
