/* SPDX-License-Identifier: MIT
 *
 * Where panes stand on a screen of any size.
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout {
	int columns, rows; /* of panes */
	int width, height; /* of what they stand in */
	size_t shown;      /* panes that there is room for; others are scrolled to */
};

struct place {
	int row, column, width, height;
};

enum {
	LAYOUT_WIDTH_LEAST = 36, /* of a pane that can be read */
	LAYOUT_HEIGHT_LEAST = 5,
};

/* So many panes, in so much room, in the shape that suits curves best. `columns` above 0: in so
 * many columns. */
struct layout layout_for(int width, int height, size_t panes, int columns);
/* The place of the index-th of those that are shown, row by row; the room is used to the last
 * cell. */
struct place layout_place(const struct layout *layout, size_t index);

#endif
