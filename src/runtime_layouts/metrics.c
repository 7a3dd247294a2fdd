/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/metrics.h"

#include <math.h>
#include <stdint.h>

#include "runtime_layouts/layouts.h"

static const struct {
	const char *name, *help;
	enum spy_metric_kind kind;
	int first;
} metrics[METRICS] = {
#define METRIC(slot, metric, kind_of, version, words)                                              \
	[METRIC_##slot] = { .name = (metric),                                                      \
			    .help = (words),                                                       \
			    .kind = SPY_METRIC_##kind_of,                                          \
			    .first = (version) },
#include "runtime_layouts/metrics.def"
#undef METRIC
};

const char *metric_name(enum metric metric)
{
	return metrics[metric].name;
}

const char *metric_help(enum metric metric)
{
	return metrics[metric].help;
}

enum spy_metric_kind metric_kind(enum metric metric)
{
	return metrics[metric].kind;
}

bool metric_is_in(enum metric metric, const char *version)
{
	int minor = go_version_parse(version).minor;

	return minor < 0 || minor >= metrics[metric].first;
}

bool metrics_are_in(const char *version)
{
	int minor = go_version_parse(version).minor;

	return minor < 0 || minor >= 16;
}

enum { OLD_BUCKETS = 45, OLD_SUB_BITS = 4, NEW_FIRST_BIT = 9, NEW_END_BIT = 48, NEW_SUB_BITS = 2 };

/* runtime/histogram.go of 1.16 to 1.19: 45 buckets, one for each highest bit, of 16 parts. */
static size_t old_bounds(bool wrong_shift, double *bounds)
{
	const uint64_t parts = 1 << OLD_SUB_BITS;
	size_t count = 0;
	uint64_t bucket, part;

	bounds[count++] = -(double)INFINITY;
	for (bucket = 0; bucket < OLD_BUCKETS; bucket++) {
		uint64_t base = bucket ? 1ull << (bucket - 1 + OLD_SUB_BITS) : 0;
		uint64_t shift = bucket ? bucket - 1 : 0;

		/* Before 1.16.15 and 1.17.8 (golang.org/issue/50732) the parts were told half as
		 * wide as they are. */
		if (wrong_shift && shift)
			shift--;
		for (part = 0; part < parts; part++)
			bounds[count++] = (double)(base + (part << shift)) / 1e9;
	}
	bounds[count++] = (double)INFINITY;
	return count;
}

/* From 1.20 on: 40 buckets of 4 parts, the first of all below 256 ns, and one for what is longer
 * than all. */
static size_t new_bounds(double *bounds)
{
	const uint64_t parts = 1 << NEW_SUB_BITS;
	size_t count = 0;
	uint64_t bit, part;

	bounds[count++] = -(double)INFINITY;
	for (part = 0; part < parts; part++)
		bounds[count++] = (double)(part << (NEW_FIRST_BIT - 1 - NEW_SUB_BITS)) / 1e9;
	for (bit = NEW_FIRST_BIT; bit < NEW_END_BIT; bit++)
		for (part = 0; part < parts; part++)
			bounds[count++] =
			    (double)((1ull << (bit - 1)) | part << (bit - 1 - NEW_SUB_BITS)) / 1e9;
	bounds[count++] = (double)(1ull << (NEW_END_BIT - 1)) / 1e9;
	bounds[count++] = (double)INFINITY;
	return count;
}

size_t time_histogram_bounds(const char *version, size_t counters, double *bounds, size_t max)
{
	struct go_version parsed = go_version_parse(version);
	const size_t old = (size_t)OLD_BUCKETS << OLD_SUB_BITS;
	const size_t new = (size_t)(NEW_END_BIT - NEW_FIRST_BIT + 1) << NEW_SUB_BITS;
	bool wrong =
	    (parsed.minor == 16 && parsed.patch < 15) || (parsed.minor == 17 && parsed.patch < 8);

	if (counters == old && max >= old + 2)
		return old_bounds(wrong, bounds);
	if (counters == new &&max >= new + 3)
		return new_bounds(bounds);
	return 0;
}
