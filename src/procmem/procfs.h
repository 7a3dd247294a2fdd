/* SPDX-License-Identifier: MIT
 *
 * Small files of /proc, read relative to an open /proc/PID.
 *
 * Such a directory names one process for ever: once that has ended, every look-up in it fails, also
 * when its pid belongs to another process by then (Linux, fs/proc/base.c: the inode holds the
 * struct pid). So paths are never put together from a pid twice.
 */
#ifndef PROCMEM_PROCFS_H
#define PROCMEM_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* "status" is some 1.5 KB; its lists (Groups, Cpus_allowed, Mems_allowed) can make it longer, but
 * what is asked for stands before them or soon after. */
enum { PROCFS_FILE_BYTES = 16 * 1024 };

/* Opens /proc/PID for look-ups: a descriptor, or -1 where there is no such process. */
int procfs_open(int64_t pid);

/* Reads at most size - 1 bytes of a file and adds a NUL: the number of bytes, or -1 with errno. */
ssize_t procfs_read(int directory, const char *name, char *buffer, size_t size);
/* Reads a symbolic link in the same way. */
ssize_t procfs_link(int directory, const char *name, char *buffer, size_t size);

/* The value of a line "name:\tvalue" of a status file, NULL where there is none. */
const char *procfs_field(const char *status, const char *name);
/* Its first number in that base, 0 where there is none. */
uint64_t procfs_number(const char *status, const char *name, int base);
/* The last number of its NSpid line: the id in the innermost PID namespace; 0 where there is none
 * (before Linux 4.1). *nested tells whether it is not the outermost one. */
int64_t procfs_innermost_id(const char *status, bool *nested);

struct procfs_stat {
	char state;
	bool kernel_thread;
	int64_t threads;
	uint64_t start_ticks; /* since boot */
	uint64_t user_ticks, system_ticks;
	uint64_t rss_pages;
};
/* Reads "stat" of a process or thread (proc(5)). False if it is gone, with errno. */
bool procfs_stat(int directory, const char *name, struct procfs_stat *ret);

/* start_ticks as Unix nanoseconds, as precise as a tick (10 ms). */
int64_t procfs_started_at(uint64_t start_ticks);

/* Ended, as far as anything can be read of it: zombie or dead. */
static inline bool procfs_state_ended(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

#endif
