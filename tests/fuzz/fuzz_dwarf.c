/* SPDX-License-Identifier: MIT
 *
 * An ELF file of any bytes, asked for what stands in Go programs. A corpus is best made of small
 * programs with -ldflags=-compressdwarf=false, where a changed byte is one of the DWARF.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "dwarf/debug_info.h"
#include "dwarf/go_types.h"
#include "dwarf/locals.h"
#include "dwarf/variables.h"

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

enum { COUNT = sizeof(questions) / sizeof(questions[0]), PLACES = 64 };

/* All types of variables, and the calls at places all over the code. */
static void ask_values(const struct binary *binary, struct debug_info *info)
{
	const struct debug_variable *variables;
	const struct debug_type *type;
	const struct binary_segment *segments;
	const struct debug_calls *calls;
	size_t count = 0, i, segment_count = binary_segments(binary, &segments);
	uint64_t found;
	bool ambiguous;

	if (!spy_error_caught(debug_variables(info, &variables, &count)))
		for (i = 0; i < count; i++)
			if (variables[i].type)
				spy_error_free(debug_type_get(info, variables[i].type, &type));
	spy_error_free(debug_type_find(info, "runtime.g", &found, &ambiguous));
	for (i = 0; i < PLACES && segment_count; i++)
		spy_error_free(debug_calls_at(
		    info, segments[0].address + segments[0].memory_bytes / PLACES * i, &calls));
}

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
	if (info)
		ask_values(binary, info);
	spy_error_free(error);
	debug_info_close(info);
	binary_close(binary);
	close(fd);
	return 0;
}
