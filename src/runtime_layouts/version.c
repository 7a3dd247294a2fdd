/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime_layouts/layouts.h"

enum { OLDEST_MINOR = 10, NUMBER_MAX = 10000 };

/* A number at *at, moved past; -1 if there is none. */
static int number(const char **at)
{
	long value = 0;
	const char *start = *at;

	while (**at >= '0' && **at <= '9' && value < NUMBER_MAX)
		value = value * 10 + (*(*at)++ - '0');
	return *at == start ? -1 : (int)value;
}

/* Experiments that change the compiler, the linker, other packages, or the code of the runtime, but
 * no structure of it (internal/goexperiment/flags.go and its uses in the runtime, Go 1.10-1.27).
 * Others do: staticlockranking makes every lock larger. */
static const char *const harmless[] = {
	"aliastypeparams",
	"arenas",
	"boringcrypto",
	"cacheprog",
	"cgocheck2",
	"coverageredesign",
	"dwarf5",
	"fieldtrack",
	"framepointer",
	"jsonv2",
	"heapminimum512kib",
	"loopvar",
	"newinliner",
	"preemptibleloops",
	"randomizedheapbase64",
	"rangefunc",
	"regabi",
	"regabiargs",
	"regabidefer",
	"regabig",
	"regabireflect",
	"regabiwrappers",
	"synchashtriemap",
	"synctest",
	"unified",
};

static bool is_harmless(const char *name, size_t length)
{
	size_t i;

	if (length > 2 && strncmp(name, "no", 2) == 0) {
		name += 2;
		length -= 2;
	}
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strlen(harmless[i]) == length && strncmp(harmless[i], name, length) == 0)
			return true;
	return false;
}

/* Whether what follows a version's number names an experiment that may change a layout: "X:" and
 * their names, behind a blank or, since Go 1.26, a dash (cmd/link/internal/ld/main.go). */
static bool has_experiment(const char *rest)
{
	const char *names = strstr(rest, "X:");

	if (!names)
		return false;
	for (names += 2;; names++) {
		size_t length = strcspn(names, ", ");

		if (!is_harmless(names, length))
			return true;
		names += length;
		if (*names != ',')
			return false;
	}
}

/* "go1.22.12", "go1.20", "go1.26rc1", "go1.24.1 X:nospinbitmutex", "go1.26.8-X:jsonv2",
 * "go1.19.8-custom",
 * "devel go1.28-abcdef Mon …". */
struct go_version go_version_parse(const char *version)
{
	struct go_version none = { .minor = -1, .patch = -1 }, ret = { .patch = 0 };
	bool devel = strncmp(version, "devel ", 6) == 0;
	const char *at = devel ? version + 6 : version;

	if (strncmp(at, "go1.", 4) != 0)
		return none;
	at += 4;
	ret.minor = number(&at);
	if (ret.minor < 0)
		return none;
	if (at[0] == '.') {
		at++;
		ret.patch = number(&at);
		if (ret.patch < 0)
			return none;
	}
	ret.exact = !devel && *at == '\0';
	ret.experimental = has_experiment(at);
	return ret;
}

struct spy_error *go_version_check(const char *version)
{
	struct go_version parsed = go_version_parse(version);

	if (parsed.minor < 0 || parsed.minor >= OLDEST_MINOR)
		return NULL;
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_NOT_GO, "the target was built by %s: too old", version),
	    "spy reads programs of Go 1.%d and newer", OLDEST_MINOR);
}

/* Files that came to the runtime's directory with a version, stayed, have code that every program
 * runs, and are there whatever GOEXPERIMENT says. A program that garble made has them as well. */
static const struct {
	int minor;
	const char *file;
} marks[] = {
	{ .minor = 11, .file = "debugcall.go" },
	{ .minor = 12, .file = "mgcstack.go" },
	{ .minor = 13, .file = "mgcscavenge.go" },
	{ .minor = 14, .file = "mpagealloc.go" },
	{ .minor = 15, .file = "mspanset.go" },
	{ .minor = 16, .file = "mcheckmark.go" },
	{ .minor = 17, .file = "mgcpacer.go" },
	/* None in 1.18. */
	{ .minor = 19, .file = "mgclimit.go" },
	{ .minor = 20, .file = "stkframe.go" },
	{ .minor = 21, .file = "symtabinl.go" },
	{ .minor = 22, .file = "rand.go" },
	{ .minor = 23, .file = "tracetype.go" },
	{ .minor = 24, .file = "vgetrandom_linux.go" },
	{ .minor = 25, .file = "cgroup_linux.go" },
	{ .minor = 26, .file = "list_manual.go" },
};
enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

void version_files_add(struct version_files *files, const char *name)
{
	size_t i;

	for (i = 0; i < MARKS; i++)
		if (strcmp(marks[i].file, name) == 0)
			files->seen |= 1u << i;
}

bool version_files_minors(const struct version_files *files, int *first, int *last)
{
	size_t known = 0;

	while (known < MARKS && files->seen >> known & 1)
		known++;
	/* All of the older ones and none of the newer ones. */
	if (files->seen >> known)
		return false;
	*first = known ? marks[known - 1].minor : OLDEST_MINOR;
	*last = known < MARKS ? marks[known].minor - 1 : INT_MAX;
	return true;
}
