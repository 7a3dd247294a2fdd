/* SPDX-License-Identifier: MIT
 *
 * Curves over time in a grid of cells, several dots to a cell where the terminal has characters for
 * that. Knows no terminal: what it makes is a grid, which pane.c shows.
 */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tui/screen.h"

/* What a curve does within a column of dots. */
struct plot_bin {
	float low, high;   /* NaN: nothing is known of it */
	float first, last; /* in time */
};
extern const struct plot_bin plot_bin_empty;

/* Adds a value; NaN adds none. */
void plot_bin_add(struct plot_bin *bin, float low, float high, float first, float last);

enum plot_form {
	PLOT_LINE,
	PLOT_AREA,     /* filled down to the lower edge */
	PLOT_IMPULSES, /* a line from the lower edge up, for each value by itself */
};

struct plot_curve {
	const struct plot_bin *bins; /* plot_dots() of them */
	enum plot_form form;
	uint8_t style;
	char letter; /* marks it where there are no colours; 0: it is not marked */
};

struct plot_cell {
	uint32_t point; /* ' ': nothing is there */
	uint8_t style;  /* of the curve that was drawn there last */
};

struct plot {
	enum glyphs glyphs;
	int columns, rows; /* cells */
	double top;        /* the value at the upper edge; the lower is 0, or `bottom` */
	double bottom;     /* above 0 where the scale is logarithmic */
	bool logarithmic;
	bool letters;            /* mark curves by their letters */
	size_t gap;              /* points that lie more dots apart are not connected; at least 1 */
	struct plot_cell *cells; /* rows * columns, the uppermost first */
	uint8_t *dots;
};

/* Empties it and gives it its size; to be zeroed before the first time. */
void plot_begin(struct plot *plot, enum glyphs glyphs, int columns, int rows);
void plot_free(struct plot *plot);

/* Columns of dots in so many columns of cells. */
size_t plot_dots(enum glyphs glyphs, int columns);

/* Draws over what is there. */
void plot_curve(struct plot *plot, const struct plot_curve *curve);

/* The row of cells that a value lies in; -1 above, `rows` below what is shown. */
int plot_row(const struct plot *plot, double value);

/* ---- scales ------------------------------------------------------------------------------- */

enum plot_unit { PLOT_COUNT, PLOT_BYTES, PLOT_BYTES_PER_SECOND, PLOT_DURATION, PLOT_PERCENT };

/* Round numbers up to which a scale can go, and how far its lines lie apart. */
struct plot_scale {
	double top, step;
};

/* For values up to `high`, with at most `lines` lines above 0. */
struct plot_scale plot_scale_for(double high, enum plot_unit unit, int lines);
/* Powers of ten around values of `low` to `high`, at least two of them. */
void plot_decades(double low, double high, double *bottom, double *top);

enum { PLOT_LABEL_MAX = 16 };
/* "1.5G", "250%", "20ms", "3k": at most 6 columns for what plot_scale_for() gives. */
const char *plot_label(double value, enum plot_unit unit, char buffer[PLOT_LABEL_MAX]);
/* The same as it stands beside a curve's name: "1.53 GiB", "2.0 MiB/s". */
enum { PLOT_VALUE_MAX = 64 };
const char *plot_value(double value, enum plot_unit unit, char buffer[PLOT_VALUE_MAX]);

/* The same in three digits: "1.53G", "-". */
const char *plot_least(double value, enum plot_unit unit, char buffer[PLOT_VALUE_MAX]);

/* Seconds between the marks of a time axis over so many: the least round number of them that is at
 * least `least`. */
int64_t plot_time_step(int64_t least_seconds);

#endif
