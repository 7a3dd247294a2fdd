/* SPDX-License-Identifier: MIT */
#include "tui/worker.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/memory.h"

#define SECOND 1000000000ll

struct worker {
	pthread_t thread;
	pthread_mutex_t shared;
	pthread_cond_t call; /* with `gate` */
	bool asked, ends;
	void (*run)(struct worker *worker, void *argument);
	void *argument;
	struct worker *next;
};

/* Who works and who rests, of all workers: one gate that can be closed. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came_to_rest = PTHREAD_COND_INITIALIZER;
static struct worker *all;
static unsigned at_work;
static bool held;

static void leave_work(void)
{
	at_work--;
	pthread_cond_broadcast(&came_to_rest);
}

static void *main_of_worker(void *argument)
{
	struct worker *worker = argument;

	worker->run(worker, worker->argument);
	pthread_mutex_lock(&gate);
	leave_work();
	pthread_mutex_unlock(&gate);
	return NULL;
}

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void unlink_worker(const struct worker *worker)
{
	struct worker **link;

	pthread_mutex_lock(&gate);
	for (link = &all; *link; link = &(*link)->next) {
		if (*link == worker) {
			*link = worker->next;
			break;
		}
	}
	pthread_mutex_unlock(&gate);
}

static void destroy(struct worker *worker)
{
	unlink_worker(worker);
	pthread_cond_destroy(&worker->call);
	pthread_mutex_destroy(&worker->shared);
	free(worker);
}

struct worker *worker_start(void (*run)(struct worker *worker, void *argument), void *argument)
{
	struct worker *worker = memory_zeroed(1, sizeof(*worker));
	sigset_t every, before;
	int failed;

	worker->run = run;
	worker->argument = argument;
	pthread_mutex_init(&worker->shared, NULL);
	init_condition(&worker->call);
	pthread_mutex_lock(&gate);
	worker->next = all;
	all = worker;
	at_work++;
	pthread_mutex_unlock(&gate);
	/* Signals are for the thread that has the screen. */
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	failed = pthread_create(&worker->thread, NULL, main_of_worker, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		return worker;
	pthread_mutex_lock(&gate);
	leave_work();
	pthread_mutex_unlock(&gate);
	destroy(worker);
	return NULL;
}

/* Whether the moment has come; waits for it, a call, or the end of the hold. */
static bool wait_for(struct worker *worker, int64_t until_ns)
{
	struct timespec until = { .tv_sec = until_ns / SECOND, .tv_nsec = until_ns % SECOND };

	if (until_ns == INT64_MAX || held)
		return pthread_cond_wait(&worker->call, &gate) != 0;
	return pthread_cond_timedwait(&worker->call, &gate, &until) != 0;
}

bool worker_rest(struct worker *worker, int64_t until_ns)
{
	bool due = false, ends;

	pthread_mutex_lock(&gate);
	leave_work();
	while (!worker->ends && (held || !(worker->asked || due)))
		due = wait_for(worker, until_ns) || due;
	worker->asked = false;
	ends = worker->ends;
	at_work++;
	pthread_mutex_unlock(&gate);
	return !ends;
}

void worker_ask(struct worker *worker)
{
	pthread_mutex_lock(&gate);
	worker->asked = true;
	pthread_cond_signal(&worker->call);
	pthread_mutex_unlock(&gate);
}

void worker_stop(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&gate);
	worker->ends = true;
	pthread_cond_signal(&worker->call);
	pthread_mutex_unlock(&gate);
	pthread_join(worker->thread, NULL);
	destroy(worker);
}

void worker_lock(struct worker *worker)
{
	pthread_mutex_lock(&worker->shared);
}

void worker_unlock(struct worker *worker)
{
	pthread_mutex_unlock(&worker->shared);
}

void workers_hold(void)
{
	pthread_mutex_lock(&gate);
	held = true;
	while (at_work)
		pthread_cond_wait(&came_to_rest, &gate);
	pthread_mutex_unlock(&gate);
}

void workers_release(void)
{
	struct worker *worker;

	pthread_mutex_lock(&gate);
	held = false;
	for (worker = all; worker; worker = worker->next)
		pthread_cond_signal(&worker->call);
	pthread_mutex_unlock(&gate);
}
