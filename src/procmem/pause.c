/* SPDX-License-Identifier: MIT
 *
 * Stopping a live process and letting it go as it was found. All ptrace but the registers is here.
 *
 * One pause is the life of one thread of ours, the tracer. The kernel ties tracees to the thread
 * that seized them and lets go of them when it ends, whatever they are doing (Linux,
 * kernel/ptrace.c:exit_ptrace), which also withdraws a PTRACE_INTERRUPT that has not taken effect.
 * That is the only way to let go of a thread that does not stop, because PTRACE_DETACH wants a
 * stopped one: without it a thread that hangs in the kernel (a dead NFS server, a vfork() whose
 * child does not exec) would stay ours, and stop for good when it comes back. It also makes a spy
 * that is killed harmless.
 *
 * Such a thread counts as stopped: it runs no code of its own, and the trap that awaits it on its
 * way out of the kernel holds it until we let go. Only its registers are unknown.
 *
 * What is read of the stopped target is read by the tracer itself: to wake another thread, and to
 * be woken by it, takes longer than to stop a thread.
 *
 * A stop is looked at and not taken (WNOWAIT), so that a signal whose delivery we interrupted is
 * still the kernel's to deliver when we are killed before we could pass it on.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "procmem/denied.h"
#include "procmem/live.h"
#include "procmem/procfs.h"

enum {
	STOP_LIMIT_MS = 1000, /* for all threads together; a busy machine needs some 10 ms */
	SLEEP_GRACE_MS = 10,  /* a page from disk and most vfork()s are done by then */
	REAP_MS = 5,          /* see wait_for_tracer() */
	YIELD_US = 300,       /* 15 threads have usually stopped by then: worth no sleep */
	NAP_US = 50,
	LONG_NAP_US = 500,
};

enum tracee_state {
	TRACEE_SEIZED,      /* ours, running */
	TRACEE_INTERRUPTED, /* told to stop */
	TRACEE_STOPPED,
	TRACEE_ASLEEP, /* in the kernel, will stop before it returns from there */
	TRACEE_GONE,   /* ended, or nothing of ours */
};

struct tracee {
	enum tracee_state state;
	int signal; /* to pass on when it is let go */
};

struct tracer {
	struct live *live;
	pthread_t thread;
	pid_t tid; /* of our thread */
	sem_t stopped, resume;
	const struct paused_work *work; /* NULL: to wait for `resume` */
	struct spy_error *error;

	thread_vector threads;
	VECTOR(struct tracee) tracees; /* of the same index */
	struct map known;              /* tid -> index of both */
	int64_t began_at, ended_at;    /* of the pause; CLOCK_MONOTONIC */
	bool attaches;                 /* by PTRACE_ATTACH: there is no PTRACE_SEIZE */
	bool leaves_some;              /* to the kernel to let go */
};

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void nap(long microseconds)
{
	struct timespec time = { .tv_nsec = microseconds * 1000 };

	nanosleep(&time, NULL);
}

static char thread_state(const struct tracer *tracer, size_t i)
{
	struct procfs_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "task/%lld/stat", (long long)tracer->threads.items[i].tid);
	return procfs_stat(tracer->live->directory, path, &stat) ? stat.state : 'X';
}

/* ---- one thread --------------------------------------------------------------------------- */

static long trace(const struct tracer *tracer, size_t i, enum __ptrace_request request, long data)
{
	return ptrace(request, (pid_t)tracer->threads.items[i].tid, NULL, data);
}

static struct spy_error *seize_refused(struct tracer *tracer, size_t i)
{
	const struct live *live = tracer->live;
	struct spy_error *error;

	/* EPERM is also what the kernel says of a thread that has ended but is still listed, as a
	 * main thread is that left the others behind (kernel/ptrace.c:ptrace_attach). When it is
	 * over, the id may be that of a thread that called exec(). */
	if (procfs_state_ended(thread_state(tracer, i)))
		return NULL;
	if (trace(tracer, i, PTRACE_SEIZE, 0) == 0) {
		tracer->tracees.items[i].state = TRACEE_SEIZED;
		return NULL;
	}
	error = denied_by_tracer(live->directory, live->target.pid, tracer->threads.items[i].tid);
	return error ? error : denied(live->directory, live->target.pid, "stop");
}

static struct spy_error *seize(struct tracer *tracer, size_t i)
{
	struct tracee *tracee = &tracer->tracees.items[i];

	tracee->state = TRACEE_GONE;
	if (procfs_state_ended(tracer->threads.items[i].state))
		return NULL;
	if (!tracer->attaches) {
		if (trace(tracer, i, PTRACE_SEIZE, 0) == 0) {
			tracee->state = TRACEE_SEIZED;
			return NULL;
		}
		/* Before Linux 3.4, and where ptrace is emulated. */
		tracer->attaches = errno == EIO || errno == EINVAL;
	}
	if (tracer->attaches && trace(tracer, i, PTRACE_ATTACH, 0) == 0) {
		tracee->state = TRACEE_SEIZED;
		return NULL;
	}
	return errno == ESRCH ? NULL : seize_refused(tracer, i);
}

static void interrupt(struct tracer *tracer, size_t i)
{
	struct tracee *tracee = &tracer->tracees.items[i];

	if (tracee->state != TRACEE_SEIZED)
		return;
	tracee->state = TRACEE_INTERRUPTED;
	/* One that ends meanwhile is found out by waiting for it. An attached one stops anyway. */
	if (!tracer->attaches)
		trace(tracer, i, PTRACE_INTERRUPT, 0);
}

/* The status of a stop is signal | event << 8 (ptrace(2)). */
static void note_stop(struct tracer *tracer, size_t i, int status)
{
	struct target_thread *thread = &tracer->threads.items[i];
	struct tracee *tracee = &tracer->tracees.items[i];
	int signal = status & 0x7f;

	if (status >> 8) {
		signal = 0; /* our own stop, or a group stop, which outlasts us by itself */
	} else if (tracer->attaches) {
		/* Every other signal goes its way until the SIGSTOP of PTRACE_ATTACH is there. */
		if (signal != SIGSTOP) {
			trace(tracer, i, PTRACE_CONT, signal);
			return;
		}
		signal = 0;
	}
	tracee->state = TRACEE_STOPPED;
	tracee->signal = signal;
	thread->has_registers = pause_registers((pid_t)thread->tid, &thread->registers);
}

/* Takes note of the end of a thread, if it has ended: an exec() by another one waits for that. But
 * the end of the process itself is its parent's to know, who may be our caller. */
static void reap(const struct live *live, pid_t tid)
{
	siginfo_t info = { 0 };
	int what = WEXITED | WNOHANG | __WALL;

	/* A wait for the end of a tracee takes its stop as well, unless one looks first. */
	if (tid != live->target.pid && waitid(P_PID, (id_t)tid, &info, what | WNOWAIT) == 0 &&
	    info.si_pid == tid && info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
		waitid(P_PID, (id_t)tid, &info, what);
}

/* Looks whether an interrupted thread has stopped or ended. */
static void look(struct tracer *tracer, size_t i)
{
	id_t tid = (id_t)tracer->threads.items[i].tid;
	siginfo_t info = { 0 };

	if (waitid(P_PID, tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0) {
		if (errno == ECHILD)
			tracer->tracees.items[i].state = TRACEE_GONE;
		return;
	}
	if (info.si_pid == 0)
		return;
	if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
		note_stop(tracer, i, info.si_status);
		return;
	}
	reap(tracer->live, (pid_t)tid);
	tracer->tracees.items[i].state = TRACEE_GONE;
}

/* Looks at it by way of /proc: ended without telling, or hanging in the kernel. */
static void look_closer(struct tracer *tracer, size_t i)
{
	char state = thread_state(tracer, i);

	if (procfs_state_ended(state))
		tracer->tracees.items[i].state = TRACEE_GONE; /* a main thread tells it last */
	else if (tracer->attaches)
		return;
	else if (state == 'D')
		tracer->tracees.items[i].state = TRACEE_ASLEEP;
	else /* the id may have passed to a thread that called exec() and was not told so far */
		trace(tracer, i, PTRACE_INTERRUPT, 0);
}

static void let_go(struct tracer *tracer, size_t i)
{
	struct tracee *tracee = &tracer->tracees.items[i];

	if (tracee->state == TRACEE_GONE)
		return;
	if (tracee->state != TRACEE_STOPPED)
		look(tracer, i);
	if (tracee->state != TRACEE_STOPPED || trace(tracer, i, PTRACE_DETACH, tracee->signal) != 0)
		tracer->leaves_some = tracee->state != TRACEE_GONE;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* Waits until all that were interrupted have stopped. */
static struct spy_error *wait_for_stops(struct tracer *tracer)
{
	for (;;) {
		int64_t waited_us = (monotonic_ns() - tracer->began_at) / 1000;
		size_t pending = 0, slowest = 0;

		for (size_t i = 0; i < tracer->tracees.count; i++) {
			if (tracer->tracees.items[i].state != TRACEE_INTERRUPTED)
				continue;
			look(tracer, i);
			if (tracer->tracees.items[i].state == TRACEE_INTERRUPTED &&
			    waited_us > SLEEP_GRACE_MS * 1000)
				look_closer(tracer, i);
			if (tracer->tracees.items[i].state == TRACEE_INTERRUPTED) {
				pending++;
				slowest = i;
			}
		}
		if (!pending)
			return NULL;
		if (waited_us > STOP_LIMIT_MS * 1000)
			return spy_error_new(
			    SPY_ERROR_DATA,
			    "thread %lld of process %lld did not stop within %d ms (state %c)",
			    (long long)tracer->threads.items[slowest].tid,
			    (long long)tracer->live->target.pid, STOP_LIMIT_MS,
			    thread_state(tracer, slowest));
		if (waited_us < YIELD_US)
			sched_yield();
		else
			nap(waited_us < SLEEP_GRACE_MS * 1000 ? NAP_US : LONG_NAP_US);
	}
}

/* Whether a thread is still traced by us. */
static bool is_ours(pid_t tid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0;
}

/* Seizes a thread that turned up in a sweep, unless that was done. */
static struct spy_error *seize_found(struct tracer *tracer, pid_t tid)
{
	bool known;
	char state;
	size_t i = map_get(&tracer->known, (uint64_t)tid, &known);

	if (!known) {
		i = tracer->threads.count;
		if (!live_add_thread(tracer->live, tid, &tracer->threads))
			return NULL;
		vector_push(&tracer->tracees);
		map_put(&tracer->known, (uint64_t)tid, i);
		return seize(tracer, i);
	}
	/* A thread that calls exec() goes on under the id of the main thread (execve(2)). */
	if (tracer->tracees.items[i].state != TRACEE_GONE)
		return NULL;
	state = thread_state(tracer, i);
	if (procfs_state_ended(state))
		return NULL;
	tracer->threads.items[i].state = state;
	if (!is_ours(tid))
		return seize(tracer, i);
	tracer->tracees.items[i].state = TRACEE_SEIZED;
	return NULL;
}

/* Seizes all threads that are not ours yet; *found tells whether there were any. */
static struct spy_error *sweep(struct tracer *tracer, bool *found)
{
	tid_vector tids = { 0 };
	struct spy_error *error = NULL;

	*found = false;
	live_list_threads(tracer->live, &tids);
	for (size_t i = 0; i < tids.count && !error; i++)
		error = seize_found(tracer, tids.items[i]);
	vector_free(&tids);
	for (size_t i = 0; i < tracer->tracees.count && !error; i++)
		*found = *found || tracer->tracees.items[i].state == TRACEE_SEIZED;
	return error;
}

static bool any_stopped(const struct tracer *tracer)
{
	for (size_t i = 0; i < tracer->tracees.count; i++) {
		enum tracee_state state = tracer->tracees.items[i].state;

		if (state == TRACEE_STOPPED || state == TRACEE_ASLEEP)
			return true;
	}
	return false;
}

static struct spy_error *stop_all(struct tracer *tracer)
{
	int64_t limit = monotonic_ns() + STOP_LIMIT_MS * 1000000LL;
	bool found;

	tracer->began_at = monotonic_ns();
	TRY(sweep(tracer, &found));
	if (!tracer->attaches) /* which stops at once */
		tracer->began_at = monotonic_ns();
	/* Threads that were started while we stopped the others turn up in another sweep; all that
	 * a sweep found stands still when the next begins, so that this ends. */
	while (found || !any_stopped(tracer)) {
		if (monotonic_ns() > limit)
			return spy_error_new(SPY_ERROR_DATA, "process %lld could not be stopped",
					     (long long)tracer->live->target.pid);
		for (size_t i = 0; i < tracer->tracees.count; i++)
			interrupt(tracer, i);
		TRY(wait_for_stops(tracer));
		if (!any_stopped(tracer)) {
			/* In the midst of an exec(), or of its end. */
			TRY(target_ended(&tracer->live->target));
			nap(NAP_US);
		}
		TRY(sweep(tracer, &found));
	}
	return NULL;
}

static void *tracer_main(void *argument)
{
	struct tracer *tracer = argument;

	tracer->tid = (pid_t)syscall(SYS_gettid);
	prctl(PR_SET_TIMERSLACK, 1); /* of this thread; else a nap of 50 us takes 100 */
	tracer->error = stop_all(tracer);
	sem_post(&tracer->stopped);
	if (!tracer->error && tracer->work)
		tracer->work->lead(tracer->work->argument);
	while (!tracer->error && !tracer->work && sem_wait(&tracer->resume) != 0)
		;
	for (size_t i = 0; i < tracer->tracees.count; i++)
		let_go(tracer, i);
	tracer->ended_at = monotonic_ns();
	return NULL;
}

/* Waits for the end of our thread, and for what the kernel does then. */
static void tracer_join(struct tracer *tracer)
{
	char path[64];

	pthread_join(tracer->thread, NULL);
	/* To join a thread takes less than its end: exit_ptrace comes later, but before the thread
	 * leaves /proc. The next pause would find its threads traced. */
	snprintf(path, sizeof(path), "/proc/self/task/%d", tracer->tid);
	for (int i = 0; tracer->leaves_some && i < STOP_LIMIT_MS && access(path, F_OK) == 0; i++)
		nap(i < 20 ? NAP_US : 1000);
}

static void tracer_free(struct tracer *tracer)
{
	sem_destroy(&tracer->stopped);
	sem_destroy(&tracer->resume);
	vector_free(&tracer->threads);
	vector_free(&tracer->tracees);
	map_free(&tracer->known);
	free(tracer);
}

/* Starts a thread that takes none of our caller's signals. */
static bool tracer_start(struct tracer *tracer)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&tracer->thread, NULL, tracer_main, tracer) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/*
 * Waits until the tracer has stopped the target or given up.
 *
 * A tracer can be caught in a trap: PTRACE_SEIZE waits for an exec() that is under way in the
 * target (kernel/ptrace.c:ptrace_attach, cred_guard_mutex), and that exec() waits for the threads
 * that the tracer seized before, which it killed, to be reaped (fs/exec.c:de_thread). No signal
 * ends this wait for good, but any thread of ours may reap for the tracer.
 */
static void wait_for_tracer(struct tracer *tracer)
{
	for (;;) {
		struct timespec until;
		tid_vector tids = { 0 };

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += REAP_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (sem_clockwait(&tracer->stopped, CLOCK_MONOTONIC, &until) == 0)
			return;
		live_list_threads(tracer->live, &tids);
		for (size_t i = 0; i < tids.count; i++)
			reap(tracer->live, tids.items[i]);
		vector_free(&tids);
	}
}

/* Starts a tracer, which stops the target: live->tracer. */
static struct spy_error *stop(struct target *target, const struct paused_work *work)
{
	struct live *live = live_of(target);
	struct tracer *tracer;
	struct spy_error *error;

	if (live->tracer)
		return spy_error_new(SPY_ERROR_USAGE, "process %lld is stopped already",
				     (long long)target->pid);
	if (target->pid == getpid())
		return spy_error_new(SPY_ERROR_USAGE, "process %lld cannot stop itself",
				     (long long)target->pid);
	tracer = memory_zeroed(1, sizeof(*tracer));
	tracer->live = live;
	tracer->work = work;
	sem_init(&tracer->stopped, 0, 0);
	sem_init(&tracer->resume, 0, 0);
	live->tracer = tracer;
	if (!tracer_start(tracer)) {
		live->tracer = NULL;
		tracer_free(tracer);
		return spy_error_new(SPY_ERROR_DATA, "cannot start a thread of our own");
	}
	wait_for_tracer(tracer);
	if (tracer->error) {
		tracer_join(tracer);
		error = tracer->error;
		live->tracer = NULL;
		tracer_free(tracer);
		return error;
	}
	return NULL;
}

struct spy_error *live_pause(struct target *target)
{
	return live_of(target)->tracer ? NULL : stop(target, NULL);
}

/* Waits until the target runs on; 0 if it was not stopped. */
static int64_t finish(struct target *target)
{
	struct tracer *tracer = live_of(target)->tracer;
	int64_t paused_ns;

	if (!tracer)
		return 0;
	tracer_join(tracer);
	paused_ns = tracer->ended_at - tracer->began_at;
	tracer_free(tracer);
	live_of(target)->tracer = NULL;
	return paused_ns;
}

int64_t live_resume(struct target *target)
{
	struct tracer *tracer = live_of(target)->tracer;

	if (tracer)
		sem_post(&tracer->resume);
	return finish(target);
}

struct spy_error *live_while_paused(struct target *target, const struct paused_work *work,
				    int64_t *paused_ns)
{
	TRY(stop(target, work));
	work->help(work->argument);
	*paused_ns = finish(target);
	return NULL;
}

void live_paused_threads(const struct tracer *tracer, struct arena *arena,
			 struct target_threads *ret)
{
	size_t count = 0;

	ret->items = arena_alloc(arena, tracer->threads.count, sizeof(*ret->items));
	for (size_t i = 0; i < tracer->threads.count; i++)
		if (tracer->tracees.items[i].state != TRACEE_GONE ||
		    procfs_state_ended(tracer->threads.items[i].state))
			ret->items[count++] = tracer->threads.items[i];
	ret->count = count;
}
