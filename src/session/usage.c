/* SPDX-License-Identifier: MIT */
#include "session/usage.h"

#include <time.h>
#include <unistd.h>

#include "procmem/procfs.h"

/* The clock of a process's processor time (clock_getcpuclockid(3)): finer than the ticks of
 * /proc/PID/stat, which are 10 ms. */
static int64_t cpu_clock(int64_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid((pid_t)pid, &clock) || clock_gettime(clock, &time))
		return SPY_UNKNOWN;
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

struct usage usage_of(const struct target *target, int *directory)
{
	struct usage usage = { .user_ns = SPY_UNKNOWN,
			       .system_ns = SPY_UNKNOWN,
			       .cpu_ns = SPY_UNKNOWN,
			       .threads = SPY_UNKNOWN,
			       .rss_bytes = SPY_UNKNOWN };
	int64_t tick_ns = 1000000000LL / sysconf(_SC_CLK_TCK), cpu_ns;
	struct procfs_stat stat;

	if (!target->is_live)
		return usage;
	if (*directory < 0)
		*directory = procfs_open(target->pid);
	if (*directory < 0)
		return usage;
	cpu_ns = cpu_clock(target->pid);
	/* After the clock: the directory is that of our process, so was the pid then. */
	if (!procfs_stat(*directory, "stat", &stat))
		return usage;
	usage.user_ns = (int64_t)stat.user_ticks * tick_ns;
	usage.system_ns = (int64_t)stat.system_ticks * tick_ns;
	usage.cpu_ns = cpu_ns == SPY_UNKNOWN ? usage.user_ns + usage.system_ns : cpu_ns;
	usage.threads = stat.threads;
	usage.rss_bytes = (int64_t)stat.rss_pages * sysconf(_SC_PAGESIZE);
	return usage;
}
