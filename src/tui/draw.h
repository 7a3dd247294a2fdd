/* SPDX-License-Identifier: MIT
 *
 * Drawing into the picture that screen_show() shows. Rows and columns count from 0; what lies
 * outside the screen is not drawn, whatever is asked for.
 */
#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include <stdint.h>

#include "tui/fit.h"
#include "tui/screen.h"

/* How something looks; without colours what matters is told apart by bold, reverse, underline. */
enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_BAR,      /* titles of columns, and the like: a bar over the whole width */
	STYLE_BAR_MARK, /* what matters in such a bar */
	STYLE_SELECTED,
	STYLE_FOUND, /* what a search found */
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_KEY, /* a key that can be pressed */
	/* Things of equal rank: curves, parts of a bar. */
	STYLE_SERIES,
	STYLE_SERIES_LAST = STYLE_SERIES + 7,
	STYLE_COUNT,
};

enum { SERIES = STYLE_SERIES_LAST - STYLE_SERIES + 1 };

/* A string, safe and cut to `width` columns, from `column` on; returns the columns it took. */
int draw_text(int row, int column, int width, enum style style, const char *string);
int draw_bytes(int row, int column, int width, enum style style, const char *bytes, size_t size,
	       enum fit fit);
/* The same, ending with the last of the `width` columns. */
int draw_right(int row, int column, int width, enum style style, const char *string);
int draw_format(int row, int column, int width, enum style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Fills columns with a character of ASCII. */
void draw_fill(int row, int column, int width, enum style style, char character);
/* One character of width 1 by its code point; only what screen_glyphs() says. */
void draw_glyph(int row, int column, enum style style, uint32_t point);
/* Changes how what is drawn looks, from `column` on. */
void draw_restyle(int row, int column, int width, enum style style);
/* Shows the cursor there, until the next screen_begin(). */
void draw_cursor(int row, int column);

struct bar_part {
	int64_t value;
	enum style style;
	char letter; /* what it is filled with where there are no colours */
};

/* "[||||||rr     text]" over `width` columns: parts of `total`, in their order, and a text at its
 * right end. Values below 0 (unknown) count as 0. */
void draw_bar(int row, int column, int width, const struct bar_part *parts, size_t count,
	      int64_t total, const char *text);

/* All that is on the screen as text, into a new file; refuses one that is there. DATA. */
SPY_MUST_CHECK struct spy_error *draw_save(const char *path);

#endif
