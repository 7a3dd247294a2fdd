/* SPDX-License-Identifier: MIT
 *
 * What the panes of `spy watch` show, as data.
 */
#ifndef TUI_PANES_H
#define TUI_PANES_H

#include "tui/plot.h"
#include "tui/sample.h"

enum { PANE_CURVES = 5, PANES = 8 };

struct pane_curve {
	const char *name, *brief; /* brief: where there is little room */
	enum series series;       /* whose value stands beside the name */
	enum series drawn;        /* what is drawn: with another one below it, their sum */
	enum plot_form form;
	uint8_t colour; /* of STYLE_SERIES */
	char letter;    /* unique within the pane */
};

struct pane_kind {
	const char *title;
	const char *help; /* half a line */
	enum plot_unit unit;
	bool logarithmic;
	bool marks;       /* collections are marked in it */
	enum series main; /* what is compared where several processes are laid over each other */
	struct pane_curve curves[PANE_CURVES]; /* in the order of drawing; ended by one without a
						  name */
};

extern const struct pane_kind pane_kinds[PANES];

#endif
