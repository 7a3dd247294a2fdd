/* SPDX-License-Identifier: MIT
 *
 * `spy top` on a screen.
 */
#ifndef TUI_TOP_H
#define TUI_TOP_H

#include "render/output.h"
#include "render/top.h"

/* What it begins with. */
struct top_settings {
	int64_t interval_ns;
	enum top_group group;
	const char *label, *filter;      /* or NULL */
	const struct top_column *column; /* to sort by */
	bool falls;
	bool system;
	bool changes;      /* it is a live process, not a core */
	bool non_blocking; /* it was opened so: there are no variables of frames */
	enum colour_mode colour;
};

/* Shows it until the user has seen enough. NO_PROCESS where the process ended meanwhile. */
SPY_MUST_CHECK struct spy_error *top_show(struct spy *spy, const struct top_settings *settings);

#endif
