/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/references.h"

#include "runtime_layouts/globals.h"
#include "runtime_layouts/layouts.h"

static const struct row {
	int minor;
	const struct reference_witness *items; /* ends with one that has no function */
} rows[] = {
#define ROW(minor_version)                                                                         \
	{                                                                                          \
		.minor = (minor_version), .items = (const struct reference_witness[])              \
		{
#define ROW_END                                                                                    \
	{                                                                                          \
		.function = NULL                                                                   \
	}                                                                                          \
	}                                                                                          \
	}                                                                                          \
	,
#define WITNESS(in, like, of, at)                                                                  \
	{ .function = (in), .shape = (like), .global = GLOBAL_##of, .offset = (at) },
/* clang-format off */
#include "runtime_layouts/references.def"
	/* clang-format on */
};

static int distance(const struct row *row, int minor)
{
	return row->minor > minor ? row->minor - minor : minor - row->minor;
}

struct reference_witnesses reference_witnesses_of(const char *version)
{
	struct go_version wanted = go_version_parse(version);
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	const struct row *best = &rows[count - 1];
	struct reference_witnesses ret;
	size_t i;

	/* What is no version is most likely a development version: the newest. */
	for (i = 0; wanted.minor >= 0 && i < count; i++)
		if (distance(&rows[i], wanted.minor) < distance(best, wanted.minor))
			best = &rows[i];
	ret = (struct reference_witnesses){ .items = best->items, .minor = best->minor };
	while (ret.items[ret.count].function)
		ret.count++;
	return ret;
}
