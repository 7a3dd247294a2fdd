/* SPDX-License-Identifier: MIT
 *
 * What runtime/metrics has in each version of Go.
 */
#ifndef RUNTIME_LAYOUTS_METRICS_H
#define RUNTIME_LAYOUTS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "spy.h"

enum metric {
#define METRIC(slot, name, kind, first, help) METRIC_##slot,
#include "runtime_layouts/metrics.def"
#undef METRIC
	METRICS,
};

const char *metric_name(enum metric metric);
const char *metric_help(enum metric metric);
enum spy_metric_kind metric_kind(enum metric metric);

/* Whether this version of Go ("go1.22.12") has the metric; all of them for a newer one. */
bool metric_is_in(enum metric metric, const char *version);

/* Whether it has any: runtime/metrics came with Go 1.16. */
bool metrics_are_in(const char *version);

/* The bounds, in seconds, of a runtime.timeHistogram with so many counters: counters + 2 of them,
 * and one more where there is an overflow counter. Returns how many bounds; 0: no version has such
 * a histogram. */
size_t time_histogram_bounds(const char *version, size_t counters, double *bounds, size_t max);

#endif
