/* SPDX-License-Identifier: MIT
 *
 * Children of a test that are read, stopped and let go. What they are is told by /proc and by
 * memory that they share with the test.
 */
#ifndef UNIT_CHILDREN_H
#define UNIT_CHILDREN_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "procmem/target.h"

struct shared {
	volatile long ticks, signals, ready, go, done;
};
extern struct shared *shared;
extern pid_t victim; /* of those bodies that look into another child */

/* Makes `shared`: the fixture of every case. */
void children_setup(void);

/* Runs `body` in a child that is killed when we end. */
pid_t start(void (*body)(void));
void end(pid_t pid);

/* Bodies. All but tick_thread() set shared->ready. */
void sleeper(void);
void runner(void);             /* counts shared->ticks */
void *tick_thread(void *none); /* the same */
void on_signal(int number);    /* counts shared->signals */
void counter_of_signals(void); /* of SIGRTMIN; runs */
void leaderless(void);         /* its main thread has ended */

void nap_us(long us);
int64_t now_ns(clockid_t clock);

/* The state as the kernel tells it, '!' if there is no such thread. */
char state_of(pid_t pid, pid_t tid);
/* Whether one of its threads is in one of these states. */
bool any_thread_in(pid_t pid, const char *states);

/* Lets system call `number` fail from now on, if its first argument is `argument` or that is -1. */
void forbid(unsigned number, int argument, unsigned why);

struct target *open_target(pid_t pid);
void must(struct spy_error *error);
/* Checks an error, its message or hint, and frees it. */
void must_fail(struct spy_error *error, enum spy_error_code code, const char *says);

/* Waits until a child has come so far. */
#define wait_until(condition)                                                                      \
	do {                                                                                       \
		for (int wait_ = 0; wait_ < 5000 && !(condition); wait_++)                         \
			nap_us(1000);                                                              \
		ck_assert_msg(condition, "waited in vain: %s", #condition);                        \
	} while (0)

/* Parts of the suite procmem. */
TCase *procmem_pause_case(void);
TCase *procmem_core_case(void);

#endif
