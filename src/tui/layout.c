/* SPDX-License-Identifier: MIT */
#include "tui/layout.h"

#include <math.h>

static int rows_for(size_t panes, int columns)
{
	return (int)((panes + (size_t)columns - 1) / (size_t)columns);
}

/* How far a shape is from the best: a curve is five times as wide as high in cells; places that
 * stay empty are a waste. */
static double badness(int width, int height, size_t panes, int columns)
{
	const double best = 5;
	int rows = rows_for(panes, columns);
	double shape = ((double)width / columns) / ((double)height / rows);
	double empty = (double)((size_t)columns * (size_t)rows - panes);

	return fabs(log(shape / best)) + empty / 8;
}

static bool fits(int width, int height, size_t panes, int columns)
{
	return width / columns >= LAYOUT_WIDTH_LEAST &&
	       height / rows_for(panes, columns) >= LAYOUT_HEIGHT_LEAST;
}

/* The best of those that have room for all; else as many columns as there is room for. */
static int choose(int width, int height, size_t panes)
{
	int most = width / LAYOUT_WIDTH_LEAST, best = 0, columns;

	for (columns = 1; columns <= most && (size_t)columns <= panes; columns++)
		if (fits(width, height, panes, columns) &&
		    (!best ||
		     badness(width, height, panes, columns) < badness(width, height, panes, best)))
			best = columns;
	if (best)
		return best;
	return most < 1 ? 1 : (size_t)most < panes ? most : (int)panes;
}

struct layout layout_for(int width, int height, size_t panes, int columns)
{
	struct layout layout = { .width = width, .height = height };
	int most = height / LAYOUT_HEIGHT_LEAST;

	if (!panes)
		return layout;
	layout.columns = columns > 0 ? columns : choose(width, height, panes);
	layout.rows = rows_for(panes, layout.columns);
	if (layout.rows > most)
		layout.rows = most < 1 ? 1 : most;
	layout.shown = (size_t)layout.rows * (size_t)layout.columns;
	if (layout.shown > panes)
		layout.shown = panes;
	return layout;
}

/* Where the index-th of `count` parts of a length begins. */
static int part(int length, int count, int index)
{
	return (int)((long long)length * index / count);
}

struct place layout_place(const struct layout *layout, size_t index)
{
	int row = (int)index / layout->columns, column = (int)index % layout->columns;
	struct place place = { .row = part(layout->height, layout->rows, row),
			       .column = part(layout->width, layout->columns, column) };

	place.height = part(layout->height, layout->rows, row + 1) - place.row;
	place.width = part(layout->width, layout->columns, column + 1) - place.column;
	return place;
}
