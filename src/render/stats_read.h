/* SPDX-License-Identifier: MIT
 *
 * Rows of statistics read back from the JSON lines that render_stats_row() wrote.
 */
#ifndef RENDER_STATS_READ_H
#define RENDER_STATS_READ_H

#include "render/stats.h"

/* Longer lines are none: the longest that we write is a tenth of it. */
enum { STATS_LINE_MAX = 1 << 20 };

/* One line. What it does not tell, or tells to be null, is unknown. Must stay where it is: the row
 * points to its other members. */
struct stats_record {
	struct stats_row row; /* row.stats is below */
	struct spy_stats stats;
	char exe[256], go_version[64];
};

/* DATA if it is no such line: not JSON, or without the time and pid that every one has. */
SPY_MUST_CHECK struct spy_error *stats_record_read(const char *line, size_t size,
						   struct stats_record *ret);

#endif
