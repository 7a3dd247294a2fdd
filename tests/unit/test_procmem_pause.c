/* SPDX-License-Identifier: MIT
 *
 * Stopping a live target and leaving it as it was found.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/children.h"

/* ---- bodies of children ------------------------------------------------------------------- */

static void *short_thread(void *argument)
{
	__atomic_add_fetch(&shared->ticks, 1, __ATOMIC_RELAXED);
	return argument;
}

static void *churn_thread(void *argument)
{
	for (;;) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, short_thread, NULL) == 0)
			pthread_join(thread, NULL);
	}
	return argument;
}

static void churner(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, churn_thread, NULL);
	shared->ready = 1;
	for (;;)
		pause();
}

static void blocker(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	shared->ready = 1;
	while (!shared->go)
		nap_us(500);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	shared->done = 1;
	for (;;)
		pause();
}

static void vforker(void)
{
	shared->ready = 1;
	if (vfork() == 0) {
		struct timespec time = { .tv_sec = 1 };

		syscall(SYS_nanosleep, &time, NULL);
		_exit(0);
	}
	shared->done = 1;
	for (;;)
		pause();
}

/* ---- stopping ----------------------------------------------------------------------------- */

START_TEST(pause_stops_and_leaves_as_found)
{
	struct {
		void (*body)(void);
		char state;
	} cases[] = { { sleeper, 'S' }, { runner, 'R' } };

	for (size_t i = 0; i < 2; i++) {
		struct target_threads threads;
		struct arena arena = { 0 };
		struct target *target;
		pid_t pid;
		long ticks;

		shared->ready = 0;
		pid = start(cases[i].body);
		wait_until(shared->ready && state_of(pid, pid) == cases[i].state);
		target = open_target(pid);
		must(target_pause(target));
		ck_assert_int_eq(state_of(pid, pid), 't');
		ticks = shared->ticks;
		must(target_threads(target, &arena, &threads));
		ck_assert_uint_eq(threads.count, 1);
		ck_assert_int_eq(threads.items[0].tid, pid);
		ck_assert_int_eq(threads.items[0].target_tid, pid);
		ck_assert_int_eq(threads.items[0].state, cases[i].state);
		ck_assert(threads.items[0].has_registers);
		/* A child has the stack of the fork. */
		ck_assert_uint_lt(threads.items[0].registers.sp, (uintptr_t)&arena + 1);
		nap_us(2000);
		ck_assert_int_eq(ticks, shared->ticks);
		ck_assert_int_gt(target_resume(target), 2000 * 1000);
		ck_assert_int_eq(target_resume(target), 0);
		wait_until(state_of(pid, pid) == cases[i].state);
		if (cases[i].state == 'R')
			wait_until(shared->ticks > ticks);
		target_close(target);
		arena_free(&arena);
		end(pid);
	}
}
END_TEST

struct two_looks {
	struct target *target;
	pid_t pid;
	long lead[2], help[2]; /* the target's ticks, before and after a while */
	int faults[2];
	struct target_threads threads;
	struct arena arena;
};

static void look_twice(struct two_looks *looks, long ticks[2], int *faults)
{
	uint64_t address = (uintptr_t)&shared->ticks;
	uint8_t byte;

	must(target_read(looks->target, address, &ticks[0], sizeof(ticks[0])));
	for (int i = 0; i < 100; i++) {
		struct target_range range = { .address = 1, .buffer = &byte, .size = 1 };

		target_readv(looks->target, &range, 1);
		*faults += !range.ok && spy_error_caught(target_read(looks->target, 1, &byte, 1));
	}
	nap_us(2000);
	must(target_read(looks->target, address, &ticks[1], sizeof(ticks[1])));
}

static void lead_look(void *argument)
{
	struct two_looks *looks = argument;

	ck_assert_int_eq(state_of(looks->pid, looks->pid), 't');
	must(target_threads(looks->target, &looks->arena, &looks->threads));
	look_twice(looks, looks->lead, &looks->faults[0]);
	nap_us(2000);
}

static void help_look(void *argument)
{
	struct two_looks *looks = argument;

	look_twice(looks, looks->help, &looks->faults[1]);
}

START_TEST(work_is_done_while_paused)
{
	struct two_looks looks = { .pid = start(runner) };
	struct paused_work work = { .lead = lead_look, .help = help_look, .argument = &looks };
	int64_t paused_ns = 0;

	wait_until(shared->ready && shared->ticks);
	looks.target = open_target(looks.pid);
	for (int i = 0; i < 20; i++) {
		looks.faults[0] = looks.faults[1] = 0;
		must(target_while_paused(looks.target, &work, &paused_ns));
		ck_assert_int_gt(paused_ns, 4000 * 1000);
		ck_assert_int_eq(looks.lead[0], looks.lead[1]);
		ck_assert_int_eq(looks.faults[0], 100);
		ck_assert_int_eq(looks.faults[1], 100);
		ck_assert_uint_eq(looks.threads.count, 1);
		ck_assert(looks.threads.items[0].has_registers);
		ck_assert_int_gt(looks.help[0], 0);
	}
	wait_until(state_of(looks.pid, looks.pid) == 'R' && shared->ticks > looks.lead[1]);
	ck_assert_int_eq(target_resume(looks.target), 0);
	end(looks.pid);
	must_fail(target_while_paused(looks.target, &work, &paused_ns), SPY_ERROR_NO_PROCESS,
		  "ended");
	target_close(looks.target);
	arena_free(&looks.arena);
}
END_TEST

START_TEST(close_lets_go)
{
	pid_t pid = start(runner);
	struct target *target;

	wait_until(shared->ready);
	target = open_target(pid);
	must(target_pause(target));
	must(target_pause(target));
	target_close(target);
	wait_until(state_of(pid, pid) == 'R');
	end(pid);
}
END_TEST

START_TEST(pause_leaves_the_stopped_stopped)
{
	pid_t pid = start(runner);
	struct target *target;
	long ticks;

	wait_until(shared->ready);
	kill(pid, SIGSTOP);
	wait_until(state_of(pid, pid) == 'T');
	target = open_target(pid);
	for (int i = 0; i < 20; i++) {
		must(target_pause(target));
		ck_assert_int_eq(state_of(pid, pid), 't');
		target_resume(target);
		wait_until(state_of(pid, pid) == 'T');
	}
	ticks = shared->ticks;
	nap_us(5000);
	ck_assert_int_eq(shared->ticks, ticks);
	kill(pid, SIGCONT);
	wait_until(shared->ticks > ticks);
	target_close(target);
	end(pid);
}
END_TEST

START_TEST(pause_keeps_blocked_signals)
{
	pid_t pid = start(blocker);
	struct target *target;

	wait_until(shared->ready);
	target = open_target(pid);
	kill(pid, SIGUSR1);
	for (int i = 0; i < 10; i++) {
		must(target_pause(target));
		target_resume(target);
	}
	ck_assert_int_eq(shared->signals, 0);
	shared->go = 1;
	wait_until(shared->done);
	ck_assert_int_eq(shared->signals, 1);
	target_close(target);
	end(pid);
}
END_TEST

/* Real-time signals are queued, so that each that is lost shows. */
static long send_signals(pid_t pid)
{
	long sent = 0;

	for (int i = 0; i < 20; i++)
		sent += sigqueue(pid, SIGRTMIN, (union sigval){ .sival_int = i }) == 0;
	return sent;
}

START_TEST(pause_loses_no_signal)
{
	pid_t pid = start(counter_of_signals);
	struct target *target;
	long sent = 0;

	wait_until(shared->ready);
	target = open_target(pid);
	for (int i = 0; i < 200; i++) {
		sent += send_signals(pid);
		must(target_pause(target));
		target_resume(target);
	}
	wait_until(shared->signals >= sent);
	ck_assert_int_eq(shared->signals, sent);
	target_close(target);
	end(pid);
}
END_TEST

START_TEST(pause_stops_threads_that_come_and_go)
{
	pid_t pid = start(churner);
	struct target *target;

	wait_until(shared->ready);
	target = open_target(pid);
	for (int i = 0; i < 300; i++) {
		long ticks;

		must(target_pause(target));
		ticks = shared->ticks;
		if (i % 10 == 0) {
			ck_assert(!any_thread_in(pid, "RSD"));
			nap_us(300);
		}
		ck_assert_int_eq(ticks, shared->ticks);
		target_resume(target);
	}
	wait_until(!any_thread_in(pid, "tT"));
	target_close(target);
	end(pid);
}
END_TEST

/* Pauses as fast as it can until it is killed. */
static void pauser(void)
{
	struct target *target;

	if (target_open_live(victim, &target))
		_exit(1);
	for (;;) {
		if (target_pause(target))
			_exit(1);
		nap_us(200);
		target_resume(target);
	}
}

static void kill_tracer(pid_t tracer)
{
	int status;

	kill(tracer, SIGKILL);
	ck_assert_int_eq(waitpid(tracer, &status, 0), tracer);
	ck_assert_msg(WIFSIGNALED(status), "the tracer gave up");
	wait_until(!any_thread_in(victim, "tT"));
}

START_TEST(killed_tracer_leaves_target_running)
{
	victim = start(churner);
	wait_until(shared->ready);
	for (int i = 0; i < 200; i++) {
		pid_t tracer = start(pauser);

		nap_us(1000 + random() % 4000);
		kill_tracer(tracer);
	}
	end(victim);
}
END_TEST

static void crowd(void)
{
	pthread_t thread;

	for (int i = 0; i < 30; i++)
		pthread_create(&thread, NULL, tick_thread, NULL);
	counter_of_signals();
}

/* A signal is in the tracer's hands when it was about to be delivered to a thread that was seized
 * and not yet stopped. With 30 threads and a steady stream this is so in one of ten kills. */
START_TEST(killed_tracer_loses_no_signal)
{
	long sent = 0;

	victim = start(crowd);
	wait_until(shared->ready);
	for (int i = 0; i < 50; i++) {
		pid_t tracer = start(pauser);
		int64_t until = now_ns(CLOCK_MONOTONIC) + 2000000 + random() % 4000000;

		while (now_ns(CLOCK_MONOTONIC) < until)
			if (sent - shared->signals < 500)
				sent += sigqueue(victim, SIGRTMIN, (union sigval){ 0 }) == 0;
		kill_tracer(tracer);
	}
	wait_until(shared->signals >= sent);
	ck_assert_int_eq(shared->signals, sent);
	end(victim);
}
END_TEST

START_TEST(pause_of_a_process_without_main_thread)
{
	pid_t pid = start(leaderless);
	struct target_threads threads;
	struct arena arena = { 0 };
	struct target *target;
	long there;

	wait_until(shared->ready && state_of(pid, pid) == 'Z');
	target = open_target(pid);
	must(target_pause(target));
	must(target_read(target, (uintptr_t)&shared->ready, &there, sizeof(there)));
	ck_assert_int_eq(there, 1);
	must(target_threads(target, &arena, &threads));
	ck_assert_uint_eq(threads.count, 2);
	ck_assert_int_eq(threads.items[0].state, 'Z');
	ck_assert(!threads.items[0].has_registers);
	ck_assert(threads.items[1].has_registers);
	/* The main thread tells its end last, so that nobody may wait for it. */
	ck_assert_int_lt(target_resume(target), 500 * 1000 * 1000);
	must(target_ended(target));
	arena_free(&arena);
	target_close(target);
	end(pid);
}
END_TEST

START_TEST(pause_of_a_thread_that_hangs_in_the_kernel)
{
	pid_t pid = start(vforker);
	struct target *target;
	struct target_threads threads;
	struct arena arena = { 0 };

	wait_until(shared->ready && state_of(pid, pid) == 'D');
	target = open_target(pid);
	for (int i = 0; i < 5; i++) {
		must(target_pause(target));
		must(target_threads(target, &arena, &threads));
		ck_assert_int_eq(threads.items[0].state, 'D');
		ck_assert(!threads.items[0].has_registers);
		ck_assert_int_lt(target_resume(target), 200 * 1000 * 1000);
		ck_assert_int_eq(state_of(pid, pid), 'D');
	}
	/* Nothing of the interrupts is left when it comes back. */
	wait_until(shared->done);
	wait_until(state_of(pid, pid) == 'S');
	arena_free(&arena);
	target_close(target);
	end(pid);
}
END_TEST

START_TEST(target_dies_while_paused)
{
	pid_t pid = start(churner);
	struct target *target;
	long word;

	wait_until(shared->ready);
	target = open_target(pid);
	must(target_pause(target));
	kill(pid, SIGKILL);
	wait_until(spy_error_caught(target_ended(target)));
	must_fail(target_read(target, (uintptr_t)&shared->ready, &word, sizeof(word)),
		  SPY_ERROR_NO_PROCESS, "ended while it was read");
	must_fail(target_ended(target), SPY_ERROR_NO_PROCESS, "ended");
	target_resume(target);
	must_fail(target_pause(target), SPY_ERROR_NO_PROCESS, "ended");
	target_close(target);
	end(pid);
}
END_TEST

static void execer(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, tick_thread, NULL);
	nap_us(random() % 3000);
	execl("/bin/sleep", "sleep", "100", NULL);
}

/* Both in the midst of a pause: whatever comes of it, it comes soon and leaves nothing stopped. */
START_TEST(target_execs_or_exits_meanwhile)
{
	for (int i = 0; i < 60; i++) {
		pid_t pid = start(execer);
		struct target *target = NULL;
		int64_t began = now_ns(CLOCK_MONOTONIC);

		if (spy_error_caught(target_open_live(pid, &target)))
			continue;
		for (int j = 0; j < 30; j++) {
			if (j == 25 && i % 2)
				kill(pid, SIGKILL);
			spy_error_free(target_pause(target));
			target_resume(target);
		}
		ck_assert_int_lt(now_ns(CLOCK_MONOTONIC) - began, 3000000000LL);
		if (i % 2 == 0)
			wait_until(!strchr("tT", state_of(pid, pid)));
		target_close(target);
		end(pid);
	}
}
END_TEST

static void other_tracer(void)
{
	if (ptrace(PTRACE_SEIZE, victim, 0, 0) == 0)
		shared->go = 1;
	for (;;)
		pause();
}

START_TEST(another_tracer_is_named)
{
	struct target *target;
	pid_t tracer;
	char pid[32];

	victim = start(sleeper);
	wait_until(shared->ready);
	tracer = start(other_tracer);
	wait_until(shared->go);
	target = open_target(victim);
	snprintf(pid, sizeof(pid), "(pid %d)", tracer);
	must_fail(target_pause(target), SPY_ERROR_PERMISSION, pid);
	ck_assert_int_eq(state_of(victim, victim), 'S');
	target_close(target);
	end(tracer);
	end(victim);
}
END_TEST

static void pauser_without_seize(void)
{
	struct target *target;

	forbid(SYS_ptrace, 0x4206 /* PTRACE_SEIZE */, EIO);
	if (target_open_live(victim, &target))
		_exit(3);
	for (int i = 0; i < 50; i++) {
		if (target_pause(target))
			_exit(4);
		if (any_thread_in(victim, "RSD"))
			_exit(5);
		target_resume(target);
		sigqueue(victim, SIGRTMIN, (union sigval){ .sival_int = i });
	}
	target_close(target);
	shared->done = 1;
}

START_TEST(threads_are_attached_to_without_seize)
{
	pid_t pid;
	int status;

	victim = start(counter_of_signals);
	wait_until(shared->ready);
	pid = start(pauser_without_seize);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(shared->done, 1);
	wait_until(shared->signals == 50);
	ck_assert_int_eq(state_of(victim, victim), 'R');
	end(victim);
}
END_TEST

TCase *procmem_pause_case(void)
{
	TCase *stopping = tcase_create("pause");

	tcase_set_timeout(stopping, 120);
	tcase_add_checked_fixture(stopping, children_setup, NULL);
	tcase_add_test(stopping, pause_stops_and_leaves_as_found);
	tcase_add_test(stopping, work_is_done_while_paused);
	tcase_add_test(stopping, close_lets_go);
	tcase_add_test(stopping, pause_leaves_the_stopped_stopped);
	tcase_add_test(stopping, pause_keeps_blocked_signals);
	tcase_add_test(stopping, pause_loses_no_signal);
	tcase_add_test(stopping, pause_stops_threads_that_come_and_go);
	tcase_add_test(stopping, killed_tracer_leaves_target_running);
	tcase_add_test(stopping, killed_tracer_loses_no_signal);
	tcase_add_test(stopping, pause_of_a_process_without_main_thread);
	tcase_add_test(stopping, pause_of_a_thread_that_hangs_in_the_kernel);
	tcase_add_test(stopping, target_dies_while_paused);
	tcase_add_test(stopping, target_execs_or_exits_meanwhile);
	tcase_add_test(stopping, another_tracer_is_named);
	tcase_add_test(stopping, threads_are_attached_to_without_seize);
	return stopping;
}
