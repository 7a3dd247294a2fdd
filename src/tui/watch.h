/* SPDX-License-Identifier: MIT
 *
 * `spy watch`: the life of processes as curves.
 */
#ifndef TUI_WATCH_H
#define TUI_WATCH_H

#include "render/output.h"
#include "spy.h"

enum { WATCH_PROCESSES_MAX = 16 };

struct watch_options {
	struct spy *processes[WATCH_PROCESSES_MAX]; /* open; belong to watch_run() from then on */
	size_t process_count;
	const char *follow; /* a name under which a process is followed when it ends, or NULL */
	const char *bin;    /* as struct spy_options has it */
	const char *record; /* the file to be written, or NULL */
	const char *replay; /* the file to be shown in place of processes, or NULL */
	int64_t interval_ns;
	int64_t range_ns;   /* shown at first; 0: what suits */
	bool overlay;       /* several processes over each other, not side by side */
	bool choose;        /* let the user choose processes */
	const char *filter; /* what the list is filtered by at first, or NULL */
	enum colour_mode colour;
};

/* Takes the terminal until the user ends it. */
SPY_MUST_CHECK struct spy_error *watch_run(const struct watch_options *options);

#endif
