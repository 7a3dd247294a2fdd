/* SPDX-License-Identifier: MIT
 *
 * Opening and reading a live target, copies of its memory, the list of processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procmem/copy.h"
#include "procmem/processes.h"
#include "unit/children.h"
#include "unit/unit.h"

enum { PAGE = 4096 };

/* ---- refusals ----------------------------------------------------------------------------- */

static void as_nobody(void)
{
	struct target *target;
	struct spy_error *error;

	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		_exit(2);
	error = target_open_live(victim, &target);
	if (error && error->code == SPY_ERROR_PERMISSION && error->hint &&
	    strstr(error->hint, "runs as user root: use sudo spy"))
		shared->done = 1;
	spy_error_free(error);
}

START_TEST(another_user_is_refused_with_a_hint)
{
	pid_t pid;

	if (geteuid() != 0)
		return;
	victim = start(sleeper);
	wait_until(shared->ready);
	pid = start(as_nobody);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(shared->done, 1);
	end(victim);
}
END_TEST

START_TEST(what_is_no_program_is_refused)
{
	struct target *target = NULL;
	struct stat status;
	pid_t pid = start(sleeper), thread;
	FILE *comm;
	char name[16] = "";

	must_fail(target_open_live(0, &target), SPY_ERROR_NO_PROCESS, "no process 0");
	must_fail(target_open_live(-1, &target), SPY_ERROR_NO_PROCESS, "no process -1");
	must_fail(target_open_live(1LL << 40, &target), SPY_ERROR_NO_PROCESS, "no process");
	kill(pid, SIGKILL);
	wait_until(state_of(pid, pid) == 'Z');
	must_fail(target_open_live(pid, &target), SPY_ERROR_NO_PROCESS, "has ended (zombie)");
	waitpid(pid, NULL, 0);
	must_fail(target_open_live(pid, &target), SPY_ERROR_NO_PROCESS, "no process");
	comm = fopen("/proc/2/comm", "r");
	if (comm && fgets(name, sizeof(name), comm) && strcmp(name, "kthreadd\n") == 0)
		must_fail(target_open_live(2, &target), SPY_ERROR_NOT_GO, "kernel thread");
	if (comm)
		fclose(comm);
	victim = start(leaderless);
	wait_until(shared->ready && state_of(victim, victim) == 'Z');
	for (thread = victim + 1; thread < victim + 100; thread++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/task/%d", victim, thread);
		if (stat(path, &status) == 0)
			break;
	}
	must_fail(target_open_live(thread, &target), SPY_ERROR_NO_PROCESS,
		  "is a thread of process");
	end(victim);
	target = open_target(getpid());
	must_fail(target_pause(target), SPY_ERROR_USAGE, "stop itself");
	target_close(target);
}
END_TEST

/* ---- what the kernel may lack ------------------------------------------------------------- */

static char known[3 * PAGE] __attribute__((aligned(PAGE)));

static void guarded(void)
{
	memset(known, 'k', sizeof(known));
	mprotect(known + PAGE, PAGE, PROT_NONE);
	sleeper();
}

static void reader_without_readv(void)
{
	struct target *target;
	char bytes[PAGE + 1];
	struct target_range ranges[] = {
		{ .address = (uintptr_t)known, .buffer = bytes, .size = PAGE },
		{ .address = (uintptr_t)known + PAGE, .buffer = bytes, .size = 1 },
		{ .address = (uintptr_t)known + 2 * PAGE, .buffer = bytes, .size = PAGE },
	};
	struct spy_error *error;

	forbid(SYS_process_vm_readv, -1, EPERM);
	error = target_open_live(victim, &target);
	if (error)
		_exit(3);
	target_readv(target, ranges, 3);
	error = target_read(target, (uintptr_t)known, bytes, PAGE + 1);
	shared->done = ranges[0].ok && !ranges[1].ok && ranges[2].ok && bytes[0] == 'k' && error &&
		       error->code == SPY_ERROR_DATA;
	spy_error_free(error);
	target_close(target);
}

START_TEST(memory_is_read_without_process_vm_readv)
{
	pid_t pid;

	victim = start(guarded);
	wait_until(shared->ready);
	pid = start(reader_without_readv);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(shared->done, 1);
	end(victim);
}
END_TEST

static void in_new_namespace(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		_exit(2);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sleeper();
	}
	shared->go = pid;
	for (;;)
		pause();
}

START_TEST(ids_are_told_in_the_target_s_namespace)
{
	struct target_threads threads;
	struct arena arena = { 0 };
	struct target *target;
	pid_t parent;

	if (geteuid() != 0)
		return;
	parent = start(in_new_namespace);
	wait_until(shared->go && shared->ready);
	target = open_target((pid_t)shared->go);
	must(target_threads(target, &arena, &threads));
	ck_assert_int_eq(threads.items[0].tid, shared->go);
	ck_assert_int_eq(threads.items[0].target_tid, 1);
	target_close(target);
	arena_free(&arena);
	end(parent);
}
END_TEST

/* ---- reading ------------------------------------------------------------------------------ */

START_TEST(read_is_all_or_nothing)
{
	pid_t pid = start(guarded);
	struct target *target;
	char bytes[3 * PAGE] = "";
	struct target_range ranges[1500];
	struct spy_error *error;

	wait_until(shared->ready);
	target = open_target(pid);
	must(target_read(target, (uintptr_t)known, bytes, PAGE));
	ck_assert_int_eq(bytes[PAGE - 1], 'k');
	error = target_read(target, (uintptr_t)known + 10, bytes, PAGE);
	ck_assert(error && error->has_address);
	ck_assert_uint_eq(error->address, (uintptr_t)known + PAGE);
	must_fail(error, SPY_ERROR_DATA, "cannot read");
	must_fail(target_read(target, UINT64_MAX - 4, bytes, 16), SPY_ERROR_DATA, "cannot read");
	for (size_t i = 0; i < 1500; i++)
		ranges[i] = (struct target_range){ .address = (uintptr_t)known + i * 8,
						   .buffer = bytes + i * 8,
						   .size = 8,
						   .ok = i % 2 };
	memset(bytes, 0, sizeof(bytes));
	target_readv(target, ranges, 1500);
	for (size_t i = 0; i < 1500; i++) {
		bool readable = i < PAGE / 8 || i >= 2 * PAGE / 8;

		ck_assert_int_eq(ranges[i].ok, readable);
		ck_assert_int_eq(bytes[i * 8], readable ? 'k' : 0);
	}
	target_close(target);
	end(pid);
}
END_TEST

START_TEST(mappings_and_their_files)
{
	char path[] = "/tmp/spy-unit-XXXXXX", source[PAGE];
	struct target_mappings mappings;
	struct arena arena = { 0 };
	struct binary *binary = NULL;
	struct target *target;
	struct stat status;
	int from = open("/bin/sleep", O_RDONLY), to = mkstemp(path);
	ssize_t size;
	pid_t pid;

	while ((size = read(from, source, sizeof(source))) > 0)
		ck_assert_int_eq(write(to, source, (size_t)size), size);
	fchmod(to, 0755);
	fstat(to, &status);
	close(from);
	close(to);
	pid = fork();
	if (pid == 0) {
		execl(path, "sleep", "100", NULL);
		_exit(1);
	}
	wait_until(state_of(pid, pid) == 'S');
	unlink(path);
	target = open_target(pid);
	ck_assert_ptr_nonnull(strstr(target->exe, " (deleted)"));
	must(target_mappings(target, &arena, &mappings));
	for (size_t i = 0; i + 1 < mappings.count; i++)
		ck_assert_uint_le(mappings.items[i].end, mappings.items[i + 1].start);
	ck_assert_uint_eq(mappings.items[0].inode, status.st_ino);
	ck_assert_str_eq(mappings.items[0].path, target->exe);
	ck_assert(mappings.items[0].readable && !mappings.items[0].writable);
	must(target_open_mapping(target, &mappings.items[0], &binary));
	ck_assert_uint_eq(binary_file_bytes(binary), (uint64_t)status.st_size);
	binary_close(binary);
	for (size_t i = 0; i < mappings.count; i++)
		if (strcmp(mappings.items[i].path, "[stack]") == 0)
			must_fail(target_open_mapping(target, &mappings.items[i], &binary),
				  SPY_ERROR_DATA, "no file is mapped");
	target_close(target);
	arena_free(&arena);
	end(pid);
}
END_TEST

START_TEST(copy_holds_what_was_wanted)
{
	pid_t pid = start(guarded);
	struct copy *copy = copy_new(2 * PAGE);
	struct target *target;
	size_t available;
	bool changed[3] = { false };
	uint64_t at = (uintptr_t)known;

	wait_until(shared->ready);
	target = open_target(pid);
	copy_want(copy, at + 2 * PAGE, 16, 1);
	copy_want(copy, at + 10, 20, 0);
	copy_want(copy, at + 100, 50, 0);
	copy_want(copy, at + PAGE - 8, 16, 0); /* half of it is not readable */
	copy_want(copy, at + PAGE - 64, 8, 0); /* merged with it, and is */
	copy_want(copy, UINT64_MAX - 3, 8, 0);
	ck_assert_ptr_null(copy_at(copy, at + 10, 1));
	copy_fetch(copy, target);
	ck_assert_mem_eq(copy_at(copy, at + 10, 20), "kkkkkkkkkkkkkkkkkkkk", 20);
	ck_assert_ptr_nonnull(copy_at(copy, at + 149, 1));
	ck_assert_ptr_null(copy_at(copy, at + 149, 2));
	ck_assert_ptr_nonnull(copy_at(copy, at + PAGE - 64, 8));
	ck_assert_ptr_null(copy_at(copy, at + PAGE - 8, 16));
	ck_assert_ptr_null(copy_at(copy, at + PAGE, 1));
	ck_assert_ptr_nonnull(copy_span(copy, at + 2 * PAGE + 8, &available));
	ck_assert_uint_eq(available, 8);
	copy_want(copy, at, PAGE, 2); /* holds older spans */
	copy_want(copy, at + 2 * PAGE, PAGE, 2);
	copy_fetch(copy, target);
	ck_assert_ptr_nonnull(copy_at(copy, at + 1, PAGE - 1));
	ck_assert_uint_eq(copy_holes(copy), 3); /* the last one is over the limit */
	ck_assert_uint_le(copy_bytes(copy), 2 * PAGE);
	copy_verify(copy, target, changed, 3);
	ck_assert(!changed[0] && !changed[1] && !changed[2]);
	end(pid);
	copy_verify(copy, target, changed, 2);
	ck_assert(changed[0] && changed[1] && !changed[2]);
	target_close(target);
	copy_free(copy);
}
END_TEST

START_TEST(copy_verify_names_what_changed)
{
	struct target *target = open_target(getpid());
	struct copy *copy = copy_new(1 << 20);
	bool changed[8] = { false };

	for (uint32_t i = 0; i < 8; i++)
		copy_want(copy, (uintptr_t)known + (7 - i) * 512, 32, i);
	copy_fetch(copy, target);
	known[3 * 512 + 31]++;
	known[2 * 512 + 32]++;
	copy_verify(copy, target, changed, 8);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_int_eq(changed[i], i == 4);
	copy_free(copy);
	target_close(target);
}
END_TEST

START_TEST(copy_sorts_any_order)
{
	enum { COUNT = 20000, STRIDE = 4096 };
	struct target *target = open_target(getpid());
	struct copy *copy = copy_new(1 << 28);
	uint8_t *bytes = memory_zeroed(COUNT, STRIDE);

	copy_reserve(copy, 1000);
	copy_reserve(copy, COUNT * 3);

	for (uint32_t i = 0; i < COUNT; i++)
		memcpy(bytes + (size_t)i * STRIDE, &i, sizeof(i));
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = round; i < COUNT; i += 2)
			copy_want(copy, (uintptr_t)bytes + i * 7919UL % COUNT * STRIDE, 4, i);
		copy_fetch(copy, target);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		const void *at = copy_at(copy, (uintptr_t)bytes + (size_t)i * STRIDE, 4);

		ck_assert_ptr_nonnull(at);
		ck_assert_mem_eq(at, &i, 4);
	}
	ck_assert_uint_eq(copy_bytes(copy), COUNT * 4);
	copy_free(copy);
	target_close(target);
	free(bytes);
}
END_TEST

/* ---- processes ---------------------------------------------------------------------------- */

START_TEST(processes_and_facts)
{
	struct process_list list;
	struct process_facts facts;
	struct arena arena = { 0 };
	struct binary *binary = NULL;
	int64_t before = now_ns(CLOCK_REALTIME);
	pid_t pid = fork();
	bool found = false;

	if (pid == 0) {
		_exit(1);
	}
	end(pid);
	must_fail(process_facts(pid, &arena, &facts), SPY_ERROR_NO_PROCESS, "no process");
	must_fail(process_open_exe(pid, &binary), SPY_ERROR_NO_PROCESS, "no process");
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "sleep 100; true", "", "a b", NULL);
		_exit(1);
	}
	wait_until(state_of(pid, pid) == 'S');
	must(process_list(&arena, &list));
	for (size_t i = 0; i < list.count; i++) {
		ck_assert(i == 0 || list.pids[i - 1] < list.pids[i]);
		ck_assert_int_ne(list.pids[i], getpid());
		ck_assert_int_ne(list.pids[i], 2);
		found = found || list.pids[i] == pid;
	}
	ck_assert(found);
	must(process_facts(pid, &arena, &facts));
	ck_assert_str_eq(facts.command[1], "-c");
	ck_assert_uint_ge(facts.command_count, 5);
	ck_assert_str_eq(facts.command[3], "");
	ck_assert_int_eq(facts.threads, 1);
	ck_assert_int_gt(facts.rss_bytes, 100 * 1000);
	ck_assert_int_gt(facts.started_at, before - 20000000);
	ck_assert_int_lt(facts.started_at, now_ns(CLOCK_REALTIME));
	must(process_open_exe(pid, &binary));
	binary_close(binary);
	ck_assert_str_eq(process_base_name("/a/b c (deleted)", &arena), "b c");
	ck_assert_str_eq(process_base_name("b", &arena), "b");
	arena_free(&arena);
	end(pid);
}
END_TEST

Suite *procmem_suite(void)
{
	Suite *suite = suite_create("procmem");
	TCase *reading = tcase_create("reading");

	tcase_set_timeout(reading, 30);
	tcase_add_checked_fixture(reading, children_setup, NULL);
	tcase_add_test(reading, another_user_is_refused_with_a_hint);
	tcase_add_test(reading, what_is_no_program_is_refused);
	tcase_add_test(reading, memory_is_read_without_process_vm_readv);
	tcase_add_test(reading, ids_are_told_in_the_target_s_namespace);
	tcase_add_test(reading, read_is_all_or_nothing);
	tcase_add_test(reading, mappings_and_their_files);
	tcase_add_test(reading, copy_holds_what_was_wanted);
	tcase_add_test(reading, copy_verify_names_what_changed);
	tcase_add_test(reading, copy_sorts_any_order);
	tcase_add_test(reading, processes_and_facts);
	suite_add_tcase(suite, reading);
	suite_add_tcase(suite, procmem_pause_case());
	suite_add_tcase(suite, procmem_core_case());
	return suite;
}
