/* SPDX-License-Identifier: MIT */
#include "tui/draw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/error.h"
#include "base/memory.h"
#include "tui/curses.h"
#include "tui/styles.h"

/* What of [column, column + width) is on the screen. */
static int clip(int row, int column, int width)
{
	if (row < 0 || row >= LINES || column < 0 || column >= COLS || width <= 0)
		return 0;
	return width < COLS - column ? width : COLS - column;
}

static void use_style(enum style style)
{
	attr_set(style_attributes(style), style_pair(style), NULL);
}

/* A picture's last cell cannot be written without a scroll on some terminals; curses knows, but
 * says ERR: nothing is lost. */
static void put(int row, int column, enum style style, const char *bytes, size_t size)
{
	use_style(style);
	mvaddnstr(row, column, bytes, (int)size);
	use_style(STYLE_PLAIN);
}

int draw_bytes(int row, int column, int width, enum style style, const char *bytes, size_t size,
	       enum fit fit)
{
	struct text text = { 0 };
	size_t used;

	width = clip(row, column, width);
	if (!width || !size)
		return 0;
	used = fit_add(&text, bytes, size, (size_t)width, fit, screen_unicode());
	put(row, column, style, text.bytes, text.length);
	text_free(&text);
	return (int)used;
}

int draw_text(int row, int column, int width, enum style style, const char *string)
{
	return draw_bytes(row, column, width, style, string, strlen(string), FIT_CUT);
}

int draw_right(int row, int column, int width, enum style style, const char *string)
{
	size_t size = strlen(string), used = fit_width(string, size, screen_unicode());
	int spare = used < (size_t)width ? width - (int)used : 0;

	return spare + draw_text(row, column + spare, width - spare, style, string);
}

int draw_format(int row, int column, int width, enum style style, const char *format, ...)
{
	struct text text = { 0 };
	va_list arguments;
	int used;

	va_start(arguments, format);
	text_vprintf(&text, format, arguments);
	va_end(arguments);
	used = draw_bytes(row, column, width, style, text.bytes, text.length, FIT_CUT);
	text_free(&text);
	return used;
}

void draw_fill(int row, int column, int width, enum style style, char character)
{
	width = clip(row, column, width);
	if (!width)
		return;
	use_style(style);
	mvhline(row, column,
		(chtype)(unsigned char)character | style_attributes(style) |
		    (chtype)COLOR_PAIR(style_pair(style)),
		width);
	use_style(STYLE_PLAIN);
}

void draw_glyph(int row, int column, enum style style, uint32_t point)
{
	const wchar_t string[] = { (wchar_t)point, L'\0' };
	cchar_t cell;

	if (!clip(row, column, 1))
		return;
	setcchar(&cell, string, style_attributes(style), style_pair(style), NULL);
	mvadd_wch(row, column, &cell);
}

void draw_restyle(int row, int column, int width, enum style style)
{
	width = clip(row, column, width);
	if (width)
		mvchgat(row, column, width, style_attributes(style), style_pair(style), NULL);
}

void draw_cursor(int row, int column)
{
	if (!clip(row, column, 1))
		return;
	move(row, column);
	curs_set(1);
}

/* ---- bars --------------------------------------------------------------------------------- */

/* The column where the sum up to a value ends; the largest values stay within 64 bits. */
static int edge(int64_t sum, int64_t total, int width)
{
	if (total <= 0 || sum <= 0)
		return 0;
	if (sum >= total)
		return width;
	return (int)((double)sum / (double)total * width + 0.5);
}

void draw_bar(int row, int column, int width, const struct bar_part *parts, size_t count,
	      int64_t total, const char *text)
{
	int inside = width - 2, from = 0, length = (int)fit_width(text, strlen(text), true);
	int64_t sum = 0;
	size_t i;

	if (inside < 1)
		return;
	draw_fill(row, column, 1, STYLE_BOLD, '[');
	draw_fill(row, column + width - 1, 1, STYLE_BOLD, ']');
	for (i = 0; i < count; i++) {
		int64_t value = parts[i].value > 0 ? parts[i].value : 0;
		int to;

		sum = value > INT64_MAX - sum ? INT64_MAX : sum + value;
		to = edge(sum, total, inside);
		/* what is there at all is seen */
		if (value && to == from && from < inside)
			to = from + 1;
		draw_fill(row, column + 1 + from, to - from, parts[i].style,
			  screen_coloured() ? '|' : parts[i].letter);
		from = to > from ? to : from;
	}
	if (length < inside)
		draw_text(row, column + 1 + inside - length, length, STYLE_BOLD, text);
}

/* ---- saving ------------------------------------------------------------------------------- */

static void add_row(struct text *text, int row)
{
	cchar_t *cells _cleanup_free_ = memory_zeroed((size_t)COLS + 1, sizeof(*cells));
	size_t start = text->length;
	int i;

	if (mvin_wchnstr(row, 0, cells, COLS) == ERR)
		return;
	for (i = 0; i < COLS; i++) {
		wchar_t characters[CCHARW_MAX + 1] = { 0 };
		char bytes[(CCHARW_MAX + 1) * 8];
		attr_t attributes;
		short pair;
		size_t size;

		if (getcchar(&cells[i], characters, &attributes, &pair, NULL) == ERR)
			continue;
		size = wcstombs(bytes, characters, sizeof(bytes));
		if (size != (size_t)-1)
			text_add_bytes(text, bytes, size);
	}
	while (text->length > start && text->bytes[text->length - 1] == ' ')
		text->length--;
	text_add(text, "\n");
}

struct spy_error *draw_save(const char *path)
{
	int file _cleanup_close_ = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct text text = { 0 };
	struct spy_error *error = NULL;
	int i;

	if (file < 0)
		return spy_error_new(SPY_ERROR_DATA, "%s: %s", path, strerror(errno));
	for (i = 0; i < LINES; i++)
		add_row(&text, i);
	if (write(file, text.bytes, text.length) != (ssize_t)text.length)
		error = spy_error_new(SPY_ERROR_DATA, "%s: %s", path, strerror(errno));
	text_free(&text);
	return error;
}
