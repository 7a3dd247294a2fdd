/* SPDX-License-Identifier: MIT */
#include "tui/plot.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

const struct plot_bin plot_bin_empty = { .low = NAN, .high = NAN, .first = NAN, .last = NAN };

/* The dots of a cell, the uppermost left one first, column by column. */
struct dots {
	int wide, high;
};

static struct dots dots_of(enum glyphs glyphs)
{
	return glyphs == GLYPHS_BRAILLE ? (struct dots){ .wide = 2, .high = 4 }
					: (struct dots){ .wide = 1, .high = 2 };
}

size_t plot_dots(enum glyphs glyphs, int columns)
{
	return columns > 0 ? (size_t)columns * (size_t)dots_of(glyphs).wide : 0;
}

void plot_bin_add(struct plot_bin *bin, float low, float high, float first, float last)
{
	if (isnan(low) || isnan(high))
		return;
	if (isnan(bin->low)) {
		*bin = (struct plot_bin){ .low = low, .high = high, .first = first, .last = last };
		return;
	}
	bin->low = low < bin->low ? low : bin->low;
	bin->high = high > bin->high ? high : bin->high;
	bin->last = last;
}

void plot_begin(struct plot *plot, enum glyphs glyphs, int columns, int rows)
{
	size_t cells, i;

	plot->glyphs = glyphs;
	plot->columns = columns > 0 ? columns : 0;
	plot->rows = rows > 0 ? rows : 0;
	plot->bottom = 0;
	plot->logarithmic = false;
	plot->gap = 1;
	cells = (size_t)plot->columns * (size_t)plot->rows;
	plot->cells = memory_resize(plot->cells, cells + 1, sizeof(*plot->cells));
	plot->dots = memory_resize(plot->dots, cells + 1, sizeof(*plot->dots));
	memset(plot->dots, 0, cells);
	for (i = 0; i < cells; i++)
		plot->cells[i] = (struct plot_cell){ .point = ' ' };
}

void plot_free(struct plot *plot)
{
	free(TAKE(plot->cells));
	free(TAKE(plot->dots));
}

/* ---- dots --------------------------------------------------------------------------------- */

/* How far up a value lies, from 0 to 1; less or more where it is off the scale. */
static double height_of(const struct plot *plot, double value)
{
	if (plot->logarithmic)
		return value > 0 ? log(value / plot->bottom) / log(plot->top / plot->bottom) : -1;
	return plot->top > plot->bottom ? (value - plot->bottom) / (plot->top - plot->bottom) : 0;
}

/* The row of dots, counted from below, that a value lies in; those off the scale at its edges. */
static int dot_of(const struct plot *plot, double value)
{
	int most = plot->rows * dots_of(plot->glyphs).high - 1;
	double height = height_of(plot, value);

	if (!(height > 0))
		return 0;
	return height >= 1 ? most : (int)(height * most + 0.5);
}

int plot_row(const struct plot *plot, double value)
{
	double height = height_of(plot, value);

	if (height > 1.0001)
		return -1;
	if (height < -0.0001)
		return plot->rows;
	return plot->rows - 1 - dot_of(plot, value) / dots_of(plot->glyphs).high;
}

/* Braille patterns: U+2800 and a bit for each dot (Unicode, block "Braille Patterns"). */
static uint32_t braille(unsigned dots)
{
	static const uint8_t bits[8] = { 0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80 };
	uint32_t point = 0x2800;
	size_t i;

	for (i = 0; i < 8; i++)
		if (dots & 1u << i)
			point += bits[i];
	return point;
}

static uint32_t point_of(const struct plot *plot, unsigned dots)
{
	static const uint32_t blocks[4] = { ' ', 0x2580, 0x2584, 0x2588 };
	static const char ascii[4] = { ' ', '\'', '.', ':' };

	switch (plot->glyphs) {
	case GLYPHS_BRAILLE:
		return braille(dots);
	case GLYPHS_BLOCKS:
		return blocks[dots];
	case GLYPHS_ASCII:
		break;
	}
	return (unsigned char)ascii[dots];
}

/* Sets the dots of a column from one row to another, both included. */
static void set_dots(struct plot *plot, size_t column, int from, int to, uint8_t style)
{
	struct dots dots = dots_of(plot->glyphs);
	int low = from < to ? from : to, high = from < to ? to : from, row;

	for (row = low; row <= high; row++) {
		int below = row / dots.high;
		size_t cell = (size_t)(plot->rows - 1 - below) * (size_t)plot->columns +
			      column / (size_t)dots.wide;
		int in_cell = (int)(column % (size_t)dots.wide) * dots.high +
			      (dots.high - 1 - row % dots.high);

		plot->dots[cell] |= (uint8_t)(1u << in_cell);
		plot->cells[cell].point = point_of(plot, plot->dots[cell]);
		plot->cells[cell].style = style;
	}
}

/* ---- curves ------------------------------------------------------------------------------- */

static void draw_column(struct plot *plot, const struct plot_curve *curve, size_t column, int low,
			int high)
{
	set_dots(plot, column, curve->form == PLOT_LINE ? low : 0, high, curve->style);
}

/* Between two points: each column has the part of the line that lies in it. */
static void connect(struct plot *plot, const struct plot_curve *curve, size_t from, size_t to)
{
	double start = dot_of(plot, curve->bins[from].last);
	double slope = (dot_of(plot, curve->bins[to].first) - start) / (double)(to - from);
	size_t i;

	for (i = from; i <= to; i++) {
		double here = start + slope * (double)(i - from);
		double half = curve->form == PLOT_LINE ? slope / 2 : 0;
		double before = i > from ? here - half : here;
		double after = i < to ? here + half : here;
		double low = before < after ? before : after,
		       high = before < after ? after : before;

		draw_column(plot, curve, i, (int)(low + 0.5), (int)ceil(high - 0.5));
	}
}

/* Where there are no colours: a letter now and then, of each curve in other columns. */
static void mark(struct plot *plot, const struct plot_curve *curve)
{
	enum { APART = 12 };
	int dots = dots_of(plot->glyphs).wide, column;

	for (column = curve->letter * 5 % APART; column < plot->columns; column += APART) {
		const struct plot_bin *bin = &curve->bins[column * dots];
		int row = isnan(bin->last) ? -1 : plot_row(plot, bin->last);

		if (row >= 0 && row < plot->rows)
			plot->cells[row * plot->columns + column] =
			    (struct plot_cell){ .point = (unsigned char)curve->letter,
						.style = curve->style };
	}
}

void plot_curve(struct plot *plot, const struct plot_curve *curve)
{
	size_t count = plot_dots(plot->glyphs, plot->columns), last = count, i;

	if (!plot->rows)
		return;
	for (i = 0; i < count; i++) {
		const struct plot_bin *bin = &curve->bins[i];

		if (isnan(bin->low))
			continue;
		draw_column(plot, curve, i, dot_of(plot, bin->low), dot_of(plot, bin->high));
		if (last < i && i - last <= plot->gap && curve->form != PLOT_IMPULSES)
			connect(plot, curve, last, i);
		last = i;
	}
	if (plot->letters && curve->letter && curve->form != PLOT_IMPULSES)
		mark(plot, curve);
}
