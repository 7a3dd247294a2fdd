/* SPDX-License-Identifier: MIT */
#include "render/table.h"

#include <string.h>

#define GAP 2 /* spaces between columns */

/* Columns that UTF-8 text takes: one per character, as for nearly all that Go programs name. */
static size_t width_of(const char *bytes, size_t size)
{
	size_t width = 0, i;

	for (i = 0; i < size; i++)
		width += ((unsigned char)bytes[i] & 0xc0) != 0x80;
	return width;
}

void table_cell(struct table *table, enum colour colour)
{
	size_t previous = table->cells.count;
	struct table_cell *cell = vector_push(&table->cells);

	if (previous)
		cell->offset = cell[-1].offset + cell[-1].length;
	cell->length = table->text.length - cell->offset;
	if (cell->length)
		cell->width = width_of(table->text.bytes + cell->offset, cell->length);
	cell->colour = colour;
}

static void add_spaces(struct text *text, size_t count)
{
	static const char spaces[] = "                                ";

	for (; count > sizeof(spaces) - 1; count -= sizeof(spaces) - 1)
		text_add_bytes(text, spaces, sizeof(spaces) - 1);
	text_add_bytes(text, spaces, count);
}

/* The bytes of the first `width` characters. */
static size_t prefix_length(const char *bytes, size_t size, size_t width)
{
	size_t i = 0;

	while (i < size) {
		if (((unsigned char)bytes[i] & 0xc0) != 0x80 && !width--)
			break;
		i++;
	}
	return i;
}

/* A cell cut to `room` columns, with dots where something is missing. */
static void add_cut(struct text *text, const char *bytes, const struct table_cell *cell,
		    size_t room, bool keep_end)
{
	size_t skipped;

	if (cell->width <= room) {
		text_add_bytes(text, bytes, cell->length);
	} else if (room < 8) { /* nothing that could be read would be left */
		text_add_bytes(text, "...", room < 3 ? room : 3);
	} else if (keep_end) {
		skipped = prefix_length(bytes, cell->length, cell->width - (room - 3));
		text_add(text, "...");
		text_add_bytes(text, bytes + skipped, cell->length - skipped);
	} else {
		text_add_bytes(text, bytes, prefix_length(bytes, cell->length, room - 3));
		text_add(text, "...");
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void print_row(const struct table *table, struct output *output, const char *bytes,
		      const struct table_cell *cells, const size_t *widths, unsigned indent)
{
	struct text *text = &output->text;
	size_t room = output->width ? output->width : SIZE_MAX, start = text->length, i;

	add_spaces(text, indent);
	room -= least(room, indent);
	for (i = 0; i < table->column_count && room; i++) {
		const struct table_cell *cell = &cells[i];
		const struct table_column *column = &table->columns[i];
		size_t padding = widths[i] - cell->width;
		size_t before = column->right ? least(padding, room) : 0;

		add_spaces(text, before);
		if (cell->colour)
			text_add(text, output_colour(output, cell->colour));
		add_cut(text, bytes + cell->offset, cell, room - before, column->keep_end);
		if (cell->colour)
			text_add(text, output_colour(output, COLOUR_NONE));
		room -= least(room, widths[i]);
		/* where nothing follows, these are taken away again */
		add_spaces(text, (column->right ? 0 : padding) + least(room, GAP));
		room -= least(room, GAP);
	}
	while (text->length > start && text->bytes[text->length - 1] == ' ')
		text->length--;
	text_add(text, "\n");
	output_drain(output);
}

/* The row of titles has cells like any other, with a text of its own. */
static void print_titles(const struct table *table, struct output *output, const size_t *widths,
			 unsigned indent)
{
	struct table titles = { .columns = table->columns, .column_count = table->column_count };
	size_t i;

	for (i = 0; i < table->column_count; i++) {
		text_add(&titles.text, table->columns[i].title);
		table_cell(&titles, COLOUR_BOLD);
	}
	print_row(&titles, output, titles.text.bytes, titles.cells.items, widths, indent);
	table_free(&titles);
}

void table_print(const struct table *table, struct output *output, unsigned indent)
{
	size_t columns = table->column_count, i;
	size_t *widths _cleanup_free_ = memory_zeroed(columns, sizeof(*widths));

	if (!columns)
		return;
	for (i = 0; i < columns; i++)
		widths[i] = strlen(table->columns[i].title);
	for (i = 0; i < table->cells.count; i++) {
		if (widths[i % columns] < table->cells.items[i].width)
			widths[i % columns] = table->cells.items[i].width;
	}
	if (!table->cells.count)
		return;
	print_titles(table, output, widths, indent);
	for (i = 0; i + columns <= table->cells.count; i += columns)
		print_row(table, output, table->text.bytes, &table->cells.items[i], widths, indent);
}

void table_free(struct table *table)
{
	vector_free(&table->cells);
	text_free(&table->text);
}
