/* SPDX-License-Identifier: MIT
 *
 * An ELF file of any bytes, asked for what stands in Go programs. A corpus is best made of small
 * programs with -ldflags=-compressdwarf=false, where a changed byte is one of the DWARF.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "dwarf/debug_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct debug_query questions[] = {
	{ .kind = DEBUG_MEMBER, .type = "runtime.g", .path = "" },
	{ .kind = DEBUG_MEMBER, .type = "runtime.g", .path = "sched.sp|stack.hi" },
	{ .kind = DEBUG_MEMBER, .type = "runtime.m", .path = "mOS.nothing|nothing" },
	{ .kind = DEBUG_MEMBER, .type = "runtime.p", .path = "runq" },
	{ .kind = DEBUG_MEMBER, .type = "runtime.mstats", .path = "heapStats.stats" },
	{ .kind = DEBUG_VARIABLE, .type = "runtime.allglen" },
	{ .kind = DEBUG_VARIABLE, .type = "runtime.waitReasonStrings" },
	{ .kind = DEBUG_VARIABLE, .type = "runtime.ncpu|runtime.numCPUStartup" },
	{ .kind = DEBUG_CONSTANT, .type = "runtime._Gdead" },
};

enum { COUNT = sizeof(questions) / sizeof(questions[0]) };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct debug_query queries[COUNT];
	struct spy_error *error = NULL;
	struct debug_info *info = NULL;
	struct binary *binary = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		close(fd);
		return 0;
	}
	memcpy(queries, questions, sizeof(queries));
	error = binary_open_fd(fd, "fuzz", &binary);
	if (!error)
		error = debug_info_open(binary, &info);
	if (!error)
		error = debug_info_lookup(info, queries, COUNT);
	spy_error_free(error);
	debug_info_close(info);
	binary_close(binary);
	close(fd);
	return 0;
}
