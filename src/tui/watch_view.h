/* SPDX-License-Identifier: MIT
 *
 * The picture of `spy watch`: which part of time it shows, of which processes, and how.
 */
#ifndef TUI_WATCH_VIEW_H
#define TUI_WATCH_VIEW_H

#include "tui/draw.h"
#include "tui/pane.h"
#include "tui/recording.h"

struct watch_view {
	int64_t range_ns;
	int64_t end;    /* the moment at the right edge, where it does not follow the present */
	int64_t cursor; /* a moment; INT64_MIN: there is none */
	bool follows;   /* the right edge is the last sample */
	bool overlay, marks;
	bool full;    /* one pane has the whole screen */
	size_t focus; /* index of a pane's kind */
	int scroll;   /* rows of panes above the first that is shown */
	bool logarithmic[PANES];
	struct plot plot;
	/* What is said in the bottom row; "" for the keys. */
	char message[256];
	enum style message_style;
	const char *recording; /* the file that is written, or NULL */
	int64_t interval_ns;
	/* Where the panes were drawn last. */
	struct layout layout;
	int columns; /* of panes, that belong to one process each; 0: all to the same */
};

void watch_view_begin(struct watch_view *view);
void watch_view_free(struct watch_view *view);

void watch_view_draw(struct watch_view *view, const subject_list *subjects);

/* The last moment that any of them has a sample or a mark of. */
int64_t watch_view_newest(const struct watch_view *view, const subject_list *subjects);

/* What is drawn there: the pane's kind in *kind, and the moment; false if nothing is. */
bool watch_view_at(const struct watch_view *view, const subject_list *subjects, int row, int column,
		   size_t *kind, int64_t *moment);

/* Moves the cursor by so many of its columns. */
void watch_view_move(struct watch_view *view, const subject_list *subjects, int columns);
/* Another range: the next longer one, or the next shorter; the cursor, or the right edge, stays. */
void watch_view_zoom(struct watch_view *view, const subject_list *subjects, bool in);
/* Another part of time; what lies before the oldest sample and behind the newest is not shown. */
void watch_view_pan(struct watch_view *view, const subject_list *subjects, int64_t by_ns);

/* The least range that shows so much. */
int64_t watch_view_range(int64_t ns);

#endif
