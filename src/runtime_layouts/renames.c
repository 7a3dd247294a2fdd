/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/renames.h"

#include <limits.h>
#include <string.h>

#include "runtime_layouts/layouts.h"

static const struct {
	const char *old, *new;
	int since;
	bool replaced;
} renames[] = {
#define RENAMED(old_name, minor, new_name)                                                         \
	{ .old = (old_name), .since = (minor), .new = (new_name) },
#define REPLACED(old_name, minor, new_name)                                                        \
	{ .old = (old_name), .since = (minor), .new = (new_name), .replaced = true },
#include "runtime_layouts/renames.def"
#undef RENAMED
#undef REPLACED
};
enum { RENAMES = sizeof(renames) / sizeof(renames[0]) };

/* runtime/runtime2.go, proc.go, mgc.go, …, Go 1.10 to 1.27. */
static const char *const types[GLOBALS] = {
	[GLOBAL_gomaxprocs] = "int32",
	[GLOBAL_build_version] = "string",
	[GLOBAL_ncpu] = "int32",
	[GLOBAL_gcphase] = "uint32",
	[GLOBAL_gcpercent] = "int32",
	[GLOBAL_modinfo] = "string",
	[GLOBAL_gc_blacken_enabled] = "uint32",
	[GLOBAL_phys_page_size] = "uintptr",
	[GLOBAL_allglen] = "uintptr",
	[GLOBAL_runtime_init_time] = "int64",
	[GLOBAL_starting_stack_size] = "uint32",
	[GLOBAL_ncgocall] = "uint64",
};

static bool is(const char *known, const char *name, size_t length)
{
	return strlen(known) == length && !memcmp(known, name, length);
}

/* Of a version that is no release, the newest. */
static int minor_of(const char *version)
{
	int minor = go_version_parse(version).minor;

	return minor < 0 ? INT_MAX : minor;
}

const char *variable_renamed(const char *name, size_t length, const char *version)
{
	const char *now = NULL, *before = NULL;
	int minor = minor_of(version);
	size_t i;

	for (i = 0; i < RENAMES; i++) {
		if (renames[i].replaced)
			continue;
		if (is(renames[i].old, name, length) && minor >= renames[i].since)
			now = renames[i].new;
		if (is(renames[i].new, name, length) && minor < renames[i].since)
			before = renames[i].old;
	}
	/* The old name may have had a name between: 1.17's of what is another since 1.18. */
	if (before && variable_renamed(before, strlen(before), version))
		before = variable_renamed(before, strlen(before), version);
	return now ? now : before;
}

const char *variable_renamed_at(size_t index)
{
	if (index / 2 >= RENAMES)
		return NULL;
	return index % 2 ? renames[index / 2].new : renames[index / 2].old;
}

const char *global_name_in(enum global global, const char *version, size_t *length)
{
	const char *name = global_names(global), *next;
	int minor = minor_of(version);
	size_t i;

	/* Names stand in the order in which they came. */
	while ((next = strchr(name, '|'))) {
		bool later = false;

		for (i = 0; i < RENAMES; i++)
			later = later || (is(renames[i].old, name, (size_t)(next - name)) &&
					  minor >= renames[i].since);
		if (!later)
			break;
		name = next + 1;
	}
	*length = strcspn(name, "|");
	return name;
}

const char *global_type(enum global global)
{
	return types[global];
}
