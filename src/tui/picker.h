/* SPDX-License-Identifier: MIT
 *
 * A list of the Go processes, of which the user chooses some.
 */
#ifndef TUI_PICKER_H
#define TUI_PICKER_H

#include "tui/draw.h"
#include "tui/prompt.h"

struct picker {
	struct spy_process_list *list; /* NULL before it was read */
	bool *marked;                  /* of each of its processes */
	size_t *shown, shown_count;    /* indices of those that match the filter */
	size_t selected, top;          /* of those that are shown */
	struct prompt filter;
	bool open;
	char *trouble;
};

enum picker_answer {
	PICKER_STAYS,
	PICKER_CHOSEN, /* picker_pids() tells which */
	PICKER_CANCELLED,
};

/* Reads the list and opens it; `wanted`, or NULL, is what it is filtered by at first. */
void picker_open(struct picker *picker, const char *wanted);
enum picker_answer picker_event(struct picker *picker, const struct event *event);
void picker_draw(struct picker *picker);
/* Those that are marked, or the selected one; returns how many, at most `most`. */
size_t picker_pids(const struct picker *picker, int64_t *pids, size_t most);
void picker_free(struct picker *picker);

#endif
