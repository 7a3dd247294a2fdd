/* SPDX-License-Identifier: MIT
 *
 * One pane: a title with the values, a scale, curves, and the time below.
 */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include "tui/layout.h"
#include "tui/panes.h"
#include "tui/subject.h"

/* What all panes of a picture have in common. */
struct picture {
	int64_t end, range_ns; /* the moment at its right edge, how much it shows */
	int64_t cursor;        /* a moment, or INT64_MIN */
	bool newest;           /* its right edge is the present */
	bool letters;          /* curves are told apart by letters: there are no colours */
	bool marks;            /* collections are marked in every pane */
};

struct pane {
	const struct pane_kind *kind;
	struct subject *const *subjects; /* of more than one the main series, over each other */
	size_t count;
	bool logarithmic, selected;
	bool time_axis;
	bool named; /* its title begins with the name of the process */
	bool pids;  /* processes are told by their pids: some have the same name */
};

/* `plot` is room to work in. */
void pane_draw(const struct pane *pane, const struct picture *picture, const struct place *place,
	       struct plot *plot);

/* The moments that a pane at that place shows: from the beginning of its first column of cells to
 * the end of the last, and how many columns there are. */
struct pane_span {
	int64_t from, to;
	int column, columns;
};
struct pane_span pane_span(const struct picture *picture, const struct place *place);

#endif
