/* SPDX-License-Identifier: MIT */
#include "unit/children.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared *shared;
pid_t victim;

void children_setup(void)
{
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

void nap_us(long us)
{
	nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 },
		  NULL);
}

int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

pid_t start(void (*body)(void))
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			body();
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

char state_of(pid_t pid, pid_t tid)
{
	char path[64], line[512] = "";
	FILE *file;
	char *rest;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	file = fopen(path, "r");
	if (!file)
		return '!';
	rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return rest ? rest[2] : '!';
}

struct target *open_target(pid_t pid)
{
	struct target *target = NULL;
	struct spy_error *error = target_open_live(pid, &target);

	ck_assert_msg(!error, "%s", error ? error->message : "");
	return target;
}

void must(struct spy_error *error)
{
	ck_assert_msg(!error, "%s", error ? error->message : "");
}

void must_fail(struct spy_error *error, enum spy_error_code code, const char *says)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(error->code == code, "code %d: %s", error->code, error->message);
	ck_assert_msg(strstr(error->message, says) || (error->hint && strstr(error->hint, says)),
		      "\"%s\" (%s) says nothing of \"%s\"", error->message,
		      error->hint ? error->hint : "", says);
	spy_error_free(error);
}

bool any_thread_in(pid_t pid, const char *states)
{
	struct target *target = open_target(pid);
	struct target_threads threads;
	struct arena arena = { 0 };
	bool found = false;

	must(target_threads(target, &arena, &threads));
	for (size_t i = 0; i < threads.count; i++)
		found = found || strchr(states, state_of(pid, (pid_t)threads.items[i].tid));
	arena_free(&arena);
	target_close(target);
	return found;
}

void sleeper(void)
{
	shared->ready = 1;
	for (;;)
		pause();
}

void runner(void)
{
	shared->ready = 1;
	for (;;)
		shared->ticks++;
}

void *tick_thread(void *argument)
{
	for (;;)
		__atomic_add_fetch(&shared->ticks, 1, __ATOMIC_RELAXED);
	return argument;
}

void on_signal(int number)
{
	(void)number;
	__atomic_add_fetch(&shared->signals, 1, __ATOMIC_RELAXED);
}

void counter_of_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGRTMIN, &action, NULL);
	shared->ready = 1;
	for (;;)
		shared->ticks++;
}

static void *leaderless_thread(void *argument)
{
	shared->ready = 1;
	tick_thread(NULL);
	return argument;
}

void leaderless(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, leaderless_thread, NULL);
	pthread_exit(NULL);
}

/* Lets system call `number` fail, if its first argument is `argument` or that is -1. */
void forbid(unsigned number, int argument, unsigned why)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)argument, 0, argument == -1 ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | why),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 6, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
		_exit(2);
}
