/* SPDX-License-Identifier: MIT */
#include "tui/fit.h"

#include <wchar.h>

#include "base/vector.h"

/* More than any screen is wide: what lies between is not looked at. */
#define BYTES_LOOKED_AT ((size_t)8 << 10)
/* Marks over one character; a terminal's cell takes a few (curses: CCHARW_MAX), people need two. */
#define MARKS_MAX 2

/* What stands or falls as one: a character with its marks, or an escape. */
struct cell {
	size_t offset, length; /* in the cleaned text */
	size_t width;
};

struct cells {
	struct text text;
	VECTOR(struct cell) items;
	size_t width;
	size_t marks;           /* of the last one */
	bool keeps_backslashes; /* they are of an escape already */
};

static void add_cell(struct cells *cells, size_t offset, size_t width)
{
	struct cell *cell = vector_push(&cells->items);

	cell->offset = offset;
	cell->length = cells->text.length - offset;
	cell->width = width;
	cells->width += width;
	cells->marks = 0;
}

/* Columns of a character that text_add_escaped() let pass, or -1. */
static int columns_of(unsigned point, bool unicode)
{
	if (point < 0x80)
		return 1;
	return unicode ? wcwidth((wchar_t)point) : -1;
}

static void add_bytes_escaped(struct cells *cells, const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		size_t offset = cells->text.length;

		text_printf(&cells->text, "\\x%02x", (unsigned char)bytes[i]);
		add_cell(cells, offset, cells->text.length - offset);
	}
}

/* One character, or one byte that is none; returns how many bytes it was. */
static size_t add_character(struct cells *cells, const char *bytes, size_t size, bool unicode)
{
	size_t offset = cells->text.length, length;
	unsigned point = 0;
	int columns;

	length = text_utf8(bytes, size, &point);
	if (!length)
		length = 1;
	if (*bytes == '\\' && cells->keeps_backslashes) {
		text_add_bytes(&cells->text, bytes, 1);
		add_cell(cells, offset, 1);
		return 1;
	}
	text_add_escaped(&cells->text, bytes, length);
	if (cells->text.length - offset != length ||
	    memcmp(cells->text.bytes + offset, bytes, length) != 0) {
		add_cell(cells, offset, cells->text.length - offset);
		return length;
	}
	columns = columns_of(point, unicode);
	if (columns > 0) {
		add_cell(cells, offset, (size_t)columns);
	} else if (!columns && cells->items.count && cells->marks < MARKS_MAX) {
		cells->items.items[cells->items.count - 1].length += length;
		cells->marks++;
	} else {
		cells->text.length = offset;
		add_bytes_escaped(cells, bytes, length);
	}
	return length;
}

static void add_all(struct cells *cells, const char *bytes, size_t size, bool unicode)
{
	size_t i = 0;

	while (i < size)
		i += add_character(cells, bytes + i, size - i, unicode);
}

static void free_cells(struct cells *cells)
{
	text_free(&cells->text);
	vector_free(&cells->items);
}

/* Plain ASCII, which is nearly everything, needs no cells. */
static bool is_plain(const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] < 0x20 || bytes[i] >= 0x7f || bytes[i] == '\\')
			return false;
	return true;
}

size_t fit_width(const char *bytes, size_t size, bool unicode)
{
	struct cells cells = { 0 };
	size_t width;

	if (size > BYTES_LOOKED_AT)
		size = BYTES_LOOKED_AT;
	if (is_plain(bytes, size))
		return size;
	add_all(&cells, bytes, size, unicode);
	width = cells.width;
	free_cells(&cells);
	return width;
}

/* How many cells from the start, or from the end, fit into so many columns. */
static size_t cells_from_start(const struct cells *cells, size_t width)
{
	size_t i, used = 0;

	for (i = 0; i < cells->items.count; i++) {
		used += cells->items.items[i].width;
		if (used > width)
			break;
	}
	return i;
}

static size_t cells_from_end(const struct cells *cells, size_t width)
{
	size_t i, used = 0;

	for (i = 0; i < cells->items.count; i++) {
		used += cells->items.items[cells->items.count - 1 - i].width;
		if (used > width)
			break;
	}
	return i;
}

static size_t add_cells(struct text *text, const struct cells *cells, size_t first, size_t count)
{
	size_t i, width = 0;

	for (i = first; i < first + count; i++) {
		const struct cell *cell = &cells->items.items[i];

		text_add_bytes(text, cells->text.bytes + cell->offset, cell->length);
		width += cell->width;
	}
	return width;
}

static size_t add_cut(struct text *text, const struct cells *cells, size_t width, enum fit fit,
		      bool unicode)
{
	const char *mark = unicode ? "\xe2\x80\xa6" : "..";
	size_t mark_width = unicode ? 1 : 2, left, start = 0, end = 0, used = 0;

	if (width <= mark_width)
		return add_cells(text, cells, 0, cells_from_start(cells, width));
	left = width - mark_width;
	if (fit == FIT_CUT || fit == FIT_ESCAPED)
		start = left;
	else if (fit == FIT_CUT_START)
		end = left;
	else
		end = left - (start = left / 3);
	used += add_cells(text, cells, 0, cells_from_start(cells, start));
	text_add(text, mark);
	used += mark_width;
	end = cells_from_end(cells, end);
	return used + add_cells(text, cells, cells->items.count - end, end);
}

size_t fit_add(struct text *text, const char *bytes, size_t size, size_t width, enum fit fit,
	       bool unicode)
{
	struct cells cells = { .keeps_backslashes = fit == FIT_ESCAPED };

	if (is_plain(bytes, size < width + 1 ? size : width + 1) && size <= width) {
		text_add_bytes(text, bytes, size);
		return size;
	}
	/* Of what is far too long only the ends are looked at: it is cut in any case. */
	if (size > 2 * BYTES_LOOKED_AT) {
		add_all(&cells, bytes, BYTES_LOOKED_AT, unicode);
		bytes += size - BYTES_LOOKED_AT;
		size = BYTES_LOOKED_AT;
	}
	add_all(&cells, bytes, size, unicode);
	if (cells.width <= width)
		width = add_cells(text, &cells, 0, cells.items.count);
	else
		width = add_cut(text, &cells, width, fit, unicode);
	free_cells(&cells);
	return width;
}
