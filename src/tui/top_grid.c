/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tui/top_screen.h"

enum {
	GAP = 1,
	TEXT_MIN = 18,    /* a column of text narrower than that says nothing */
	TEXT_WANTS = 200, /* nor is one ever wider */
};

static bool is_text(const struct field *field)
{
	return field->unit == UNIT_STRING || field->unit == UNIT_PLACE;
}

static bool is_right(const struct field *field)
{
	return field->unit <= UNIT_CHANGE;
}

/* Text that is drawn is escaped where it is drawn: field_text() would do it a first time. */
void grid_cell(struct text *text, const struct field *field, const void *entity)
{
	const char *string;
	int64_t line;

	if (!is_text(field)) {
		field_text(text, field, entity);
		return;
	}
	memcpy((void *)&string, (const char *)entity + field->offset, sizeof(string));
	text_add(text, string ? string : "-");
	if (!string || field->unit != UNIT_PLACE)
		return;
	memcpy(&line, (const char *)entity + field->count_offset, sizeof(line));
	text_add(text, ":");
	put_number(text, line);
}

static void choose_columns(struct top_grid *grid, enum top_group group)
{
	const struct top_column *column;

	if (grid->count && grid->group == group)
		return;
	grid->group = group;
	grid->count = 0;
	grid->skipped = 0;
	for (column = top_columns; column->field.help; column++) {
		if (!(column->groups & 1u << group) || grid->count == GRID_COLUMNS_MAX)
			continue;
		grid->natural[grid->count] = (int)strlen(column->field.title) + 1;
		grid->columns[grid->count++] = column;
	}
}

/* Columns grow with what was in sight and never shrink: a table whose columns move about as one
 * scrolls cannot be read. */
static void measure(struct top_grid *grid, const struct top_rows *rows)
{
	struct text text = { 0 };
	size_t i, k;

	for (i = grid->first; i < grid->first + (size_t)grid->rows && i < rows->items.count; i++) {
		for (k = 0; k < grid->count; k++) {
			int width;

			text.length = 0;
			grid_cell(&text, &grid->columns[k]->field, &rows->items.items[i]);
			width = (int)fit_width(text.bytes, text.length, screen_unicode());
			if (width > TEXT_WANTS)
				width = TEXT_WANTS;
			if (width > grid->natural[k])
				grid->natural[k] = width;
		}
	}
	text_free(&text);
}

/* What is left for the columns of text when the others have what they want. */
static int room_for_text(const struct top_grid *grid, size_t texts)
{
	int room = screen_columns();
	size_t i;

	for (i = 0; i < grid->count; i++)
		if (!is_text(&grid->columns[i]->field))
			room -= grid->natural[i] + GAP;
	return room - (int)(texts ? texts - 1 : 0) * GAP;
}

/* Each of `texts` columns gets what it wants, or an equal share of what those leave over that want
 * less than that. */
static int share_of(const int *wanted, size_t texts, int room)
{
	size_t left = texts, i;
	int share = texts ? room / (int)texts : 0, before;

	do {
		int rest = room;

		before = share;
		left = texts;
		for (i = 0; i < texts; i++) {
			if (wanted[i] <= share) {
				rest -= wanted[i];
				left--;
			}
		}
		if (left)
			share = rest / (int)left;
	} while (left && share > before);
	return left ? share : TEXT_WANTS;
}

static void lay_out(struct top_grid *grid)
{
	int wanted[GRID_COLUMNS_MAX], share, x = 0;
	size_t texts = 0, skip = grid->skipped, shown = 0, i;

	for (i = 0; i < grid->count; i++) {
		if (!is_text(&grid->columns[i]->field))
			continue;
		if (skip)
			skip--;
		else
			wanted[texts++] = grid->natural[i];
	}
	/* what cannot be read is left out, from the right */
	while (texts > 1 && room_for_text(grid, texts) / (int)texts < TEXT_MIN)
		texts--;
	share = share_of(wanted, texts, room_for_text(grid, texts));
	for (skip = grid->skipped, i = 0; i < grid->count; i++) {
		grid->x[i] = x;
		grid->width[i] = grid->natural[i];
		if (is_text(&grid->columns[i]->field)) {
			if (skip || shown == texts) {
				skip -= skip > 0;
				grid->width[i] = 0;
				continue;
			}
			if (grid->width[i] > share)
				grid->width[i] = share > 0 ? share : 0;
			if (++shown == texts) /* the last has all that is left */
				grid->width[i] = screen_columns();
		}
		x += grid->width[i] + GAP;
	}
}

void grid_settle(struct top_grid *grid, size_t rows)
{
	size_t height = grid->rows > 0 ? (size_t)grid->rows : 1;

	if (grid->selected >= rows)
		grid->selected = rows ? rows - 1 : 0;
	if (grid->selected < grid->first)
		grid->first = grid->selected;
	if (grid->selected >= grid->first + height)
		grid->first = grid->selected - height + 1;
	if (grid->first + height > rows)
		grid->first = rows > height ? rows - height : 0;
}

const struct top_column *grid_column_at(const struct top_grid *grid, int column)
{
	size_t i;

	for (i = 0; i < grid->count; i++)
		if (grid->columns[i]->name && column >= grid->x[i] &&
		    column < grid->x[i] + grid->width[i] + GAP)
			return grid->columns[i];
	return NULL;
}

static enum fit fit_of(const struct field *field)
{
	if (field->unit == UNIT_PLACE)
		return FIT_CUT_START;
	/* of a name with its import path both ends say something */
	return field->offset == offsetof(struct top_row, function) ||
		       field->offset == offsetof(struct top_row, created_by)
		   ? FIT_MIDDLE
		   : FIT_CUT;
}

static void draw_titles(const struct top *top, int row)
{
	const struct top_grid *grid = &top->grid;
	char title[64];
	size_t i;

	draw_fill(row, 0, screen_columns(), STYLE_BAR, ' ');
	for (i = 0; i < grid->count; i++) {
		const struct top_column *column = grid->columns[i];
		bool sorted = column == top->column;

		if (!grid->width[i])
			continue;
		snprintf(title, sizeof(title), "%s%s", column->field.title,
			 !sorted      ? ""
			 : top->falls ? "v"
				      : "^");
		if (is_right(&column->field))
			draw_right(row, grid->x[i], grid->width[i],
				   sorted ? STYLE_BAR_MARK : STYLE_BAR, title);
		else
			draw_text(row, grid->x[i], grid->width[i],
				  sorted ? STYLE_BAR_MARK : STYLE_BAR, title);
	}
}

static enum style style_of(const struct field *field, const struct top_row *row)
{
	if (field->unit == UNIT_CHANGE && row->change != SPY_UNKNOWN && row->change)
		return row->change > 0 ? STYLE_WARN : STYLE_GOOD;
	if (field->unit == UNIT_PERCENT && row->on_cpu_percent >= 10)
		return STYLE_GOOD;
	if (field->unit == UNIT_STATUSES && row->by_status[SPY_STATUS_LEAKED])
		return STYLE_BAD;
	if (field->unit == UNIT_STATUSES && row->by_status[SPY_STATUS_RUNNING])
		return STYLE_GOOD;
	return field->unit == UNIT_PLACE ? STYLE_DIM : STYLE_PLAIN;
}

static void draw_row(const struct top *top, int line, size_t index)
{
	const struct top_grid *grid = &top->grid;
	const struct top_row *row = &top->rows->items.items[index];
	bool selected = index == grid->selected;
	struct text text = { 0 };
	size_t i;

	if (selected)
		draw_fill(line, 0, screen_columns(), STYLE_SELECTED, ' ');
	for (i = 0; i < grid->count; i++) {
		const struct field *field = &grid->columns[i]->field;
		enum style style = selected ? STYLE_SELECTED : style_of(field, row);

		if (!grid->width[i])
			continue;
		text.length = 0;
		grid_cell(&text, field, row);
		if (is_right(field))
			draw_right(line, grid->x[i], grid->width[i], style, text.bytes);
		else
			draw_bytes(line, grid->x[i], grid->width[i], style, text.bytes, text.length,
				   fit_of(field));
	}
	text_free(&text);
}

void grid_draw(struct top *top, int row, int rows)
{
	struct top_grid *grid = &top->grid;
	size_t count = top->rows ? top->rows->items.count : 0;
	int i;

	grid->row = row + 1;
	grid->rows = rows - 1;
	if (!top->rows || rows < 1)
		return;
	choose_columns(grid, top->rows->options.group);
	grid_settle(grid, count);
	measure(grid, top->rows);
	lay_out(grid);
	draw_titles(top, row);
	for (i = 0; i < grid->rows && grid->first + (size_t)i < count; i++)
		draw_row(top, grid->row + i, grid->first + (size_t)i);
}
