/* SPDX-License-Identifier: MIT
 *
 * A box over the screen with lines that can be scrolled: help, and what else is only to be read.
 */
#ifndef TUI_OVERLAY_H
#define TUI_OVERLAY_H

#include "base/vector.h"
#include "tui/draw.h"

struct overlay_line {
	char *key;  /* in a column of its own; NULL: the line is a heading, or empty */
	char *text; /* not escaped */
};

struct overlay {
	const char *title;
	VECTOR(struct overlay_line) lines;
	int top; /* the first line that is shown */
	bool open;
};

/* Opens it, empty. */
void overlay_open(struct overlay *overlay, const char *title);
/* Strings are copied. */
void overlay_add(struct overlay *overlay, const char *key, const char *text);
/* Scrolls or closes it; false if it is not open. An open one takes all keys and the mouse. */
bool overlay_event(struct overlay *overlay, const struct event *event);
void overlay_draw(struct overlay *overlay);
void overlay_free(struct overlay *overlay);

#endif
