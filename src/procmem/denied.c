/* SPDX-License-Identifier: MIT
 *
 * The order of the questions is that of the kernel (Linux, kernel/ptrace.c:__ptrace_may_access and
 * security/yama/yama_lsm.c): user ids, dumpable, security modules; a missing capability shows at
 * each of them.
 */
#include "procmem/denied.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procmem/procfs.h"

enum { SECCOMP_STATUS_FILTER = 2 }; /* proc(5), "Seccomp" */

void user_name(uint64_t uid, char name[USER_NAME_BYTES])
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r((uid_t)uid, &entry, buffer, sizeof(buffer), &found) == 0 && found &&
	    strlen(found->pw_name) < USER_NAME_BYTES)
		snprintf(name, USER_NAME_BYTES, "%s", found->pw_name);
	else
		snprintf(name, USER_NAME_BYTES, "%llu", (unsigned long long)uid);
}

/* 0 where Yama is not built in. */
static int yama_scope(void)
{
	char text[16];

	if (procfs_read(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) <= 0)
		return 0;
	return atoi(text);
}

/* Whether all of real, effective and saved id are `id`. */
static bool ids_are(const char *status, const char *field, uint64_t id)
{
	const char *ids = procfs_field(status, field);
	unsigned long long real, effective, saved;

	return ids && sscanf(ids, "%llu %llu %llu", &real, &effective, &saved) == 3 && real == id &&
	       effective == id && saved == id;
}

/* The files in /proc/PID of a process that is not dumpable belong to root (proc(5)). */
static bool is_dumpable(int directory)
{
	struct stat file;

	return fstatat(directory, "maps", &file, 0) != 0 || file.st_uid == geteuid();
}

/* We hold CAP_SYS_PTRACE and were refused all the same. */
static struct spy_error *denied_in_spite(struct spy_error *error, const char *own_status)
{
	if (yama_scope() == 3)
		return spy_error_with_hint(error, "kernel.yama.ptrace_scope is 3: nobody may, "
						  "until the next boot");
	if (procfs_number(own_status, "Seccomp", 10) == SECCOMP_STATUS_FILTER)
		return spy_error_with_hint(
		    error, "a seccomp filter forbids it: in a container, use docker run "
			   "--cap-add SYS_PTRACE --security-opt seccomp=unconfined");
	return spy_error_with_hint(error,
				   "a security module (SELinux, AppArmor) forbids it, or the "
				   "process belongs to another user namespace");
}

/* Root without the capability: the usual state of a container. */
static struct spy_error *denied_to_bare_root(struct spy_error *error)
{
	return spy_error_with_hint(error,
				   "root has no CAP_SYS_PTRACE here: start the container with "
				   "docker run --cap-add SYS_PTRACE");
}

struct spy_error *denied(int directory, int64_t pid, const char *action)
{
	char own[PROCFS_FILE_BYTES] = "", status[PROCFS_FILE_BYTES] = "", owner[USER_NAME_BYTES];
	struct spy_error *error = spy_error_new(
	    SPY_ERROR_PERMISSION, "not permitted to %s process %lld", action, (long long)pid);
	uint64_t capabilities;

	procfs_read(AT_FDCWD, "/proc/self/status", own, sizeof(own));
	procfs_read(directory, "status", status, sizeof(status));
	capabilities = procfs_number(own, "CapEff", 16);
	if (capabilities & (1ULL << CAP_SYS_PTRACE))
		return denied_in_spite(error, own);
	if (geteuid() == 0)
		return denied_to_bare_root(error);
	if (!ids_are(status, "Uid", getuid()) || !ids_are(status, "Gid", getgid())) {
		user_name(procfs_number(status, "Uid", 10), owner);
		return spy_error_with_hint(error, "it runs as user %s: use sudo spy …", owner);
	}
	if (!is_dumpable(directory))
		return spy_error_with_hint(error,
					   "it is not dumpable (setuid, file capabilities or "
					   "prctl): use sudo spy …");
	switch (yama_scope()) {
	case 0:
		break;
	case 1:
		return spy_error_with_hint(error,
					   "kernel.yama.ptrace_scope is 1: use sudo spy …, or "
					   "sysctl kernel.yama.ptrace_scope=0");
	case 2:
		return spy_error_with_hint(error, "kernel.yama.ptrace_scope is 2: use sudo spy …");
	default:
		return spy_error_with_hint(error, "kernel.yama.ptrace_scope is 3: nobody may, "
						  "until the next boot");
	}
	if (procfs_number(own, "Seccomp", 10) == SECCOMP_STATUS_FILTER)
		return spy_error_with_hint(error,
					   "a seccomp filter forbids it: in a container, use "
					   "docker run --cap-add SYS_PTRACE");
	return spy_error_with_hint(error, "use sudo spy …");
}

struct spy_error *denied_by_tracer(int directory, int64_t pid, int64_t tid)
{
	char path[64], status[PROCFS_FILE_BYTES], name[64] = "";
	struct spy_error *error;
	int64_t tracer;

	snprintf(path, sizeof(path), "task/%lld/status", (long long)tid);
	if (procfs_read(directory, path, status, sizeof(status)) < 0)
		return NULL;
	tracer = (int64_t)procfs_number(status, "TracerPid", 10);
	if (!tracer)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)tracer);
	procfs_read(AT_FDCWD, path, name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	error =
	    spy_error_new(SPY_ERROR_PERMISSION, "process %lld is already traced by %s (pid %lld)",
			  (long long)pid, *name ? name : "another process", (long long)tracer);
	return spy_error_with_hint(
	    error, "a process has one tracer at a time: end that one, or do not stop the target");
}
