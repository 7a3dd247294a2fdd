/* SPDX-License-Identifier: MIT */
#include "tui/picker.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/memory.h"
#include "render/fields.h"

enum {
	HEADER = 2, /* rows above the list: title, names of columns */
	FOOTER = 1,
	COLUMNS_MAX = 16,
	WIDTH_MAX = 28, /* of a column, but the last */
};

/* ---- what is in the list ------------------------------------------------------------------ */

static void add_cell(struct text *text, const struct field *field,
		     const struct spy_process *process)
{
	field_text(text, field, process);
	text_add(text, " ");
}

/* Whether what is typed stands anywhere in its row. */
static bool matches(const struct picker *picker, const struct spy_process *process)
{
	const char *wanted = prompt_line(&picker->filter);
	const struct field *field;
	struct text text = { 0 };
	bool found;

	if (!*wanted)
		return true;
	for (field = process_fields; field->name; field++)
		if (field->title)
			add_cell(&text, field, process);
	found = text.bytes && strcasestr(text.bytes, wanted);
	text_free(&text);
	return found;
}

static void filter(struct picker *picker)
{
	size_t before = picker->shown_count ? picker->shown[picker->selected] : 0, i;

	picker->shown_count = picker->selected = 0;
	for (i = 0; picker->list && i < picker->list->count; i++) {
		if (!matches(picker, &picker->list->processes[i]))
			continue;
		if (i == before)
			picker->selected = picker->shown_count;
		picker->shown[picker->shown_count++] = i;
	}
}

void picker_open(struct picker *picker, const char *wanted)
{
	struct spy_error *error;

	picker_free(picker);
	picker->open = true;
	prompt_open(&picker->filter, "Filter: ", wanted ? wanted : "");
	error = spy_process_list(&picker->list);
	if (error)
		picker->trouble = memory_string(error->message);
	spy_error_free(error);
	if (!picker->list)
		return;
	picker->marked = memory_zeroed(picker->list->count + 1, sizeof(*picker->marked));
	picker->shown = memory_zeroed(picker->list->count + 1, sizeof(*picker->shown));
	filter(picker);
}

void picker_free(struct picker *picker)
{
	spy_process_list_free(TAKE(picker->list));
	free(TAKE(picker->marked));
	free(TAKE(picker->shown));
	free(TAKE(picker->trouble));
	prompt_free(&picker->filter);
	picker->shown_count = picker->selected = picker->top = 0;
	picker->open = false;
}

size_t picker_pids(const struct picker *picker, int64_t *pids, size_t most)
{
	size_t count = 0, i;

	if (!picker->list)
		return 0;
	for (i = 0; i < picker->list->count && count < most; i++)
		if (picker->marked[i])
			pids[count++] = picker->list->processes[i].pid;
	if (!count && picker->shown_count && most)
		pids[count++] = picker->list->processes[picker->shown[picker->selected]].pid;
	return count;
}

/* ---- keys --------------------------------------------------------------------------------- */

static void move_to(struct picker *picker, long by)
{
	long to = (long)picker->selected + by;

	if (!picker->shown_count)
		return;
	if (to >= (long)picker->shown_count)
		to = (long)picker->shown_count - 1;
	picker->selected = to < 0 ? 0 : (size_t)to;
}

static int page(void)
{
	int rows = screen_rows() - HEADER - FOOTER;

	return rows > 1 ? rows : 1;
}

/* Keys of the list; false for those that edit the filter. */
static bool list_key(struct picker *picker, int key)
{
	switch (key) {
	case SCREEN_KEY_UP:
		move_to(picker, -1);
		return true;
	case SCREEN_KEY_DOWN:
		move_to(picker, 1);
		return true;
	case SCREEN_KEY_PAGE_UP:
		move_to(picker, -page());
		return true;
	case SCREEN_KEY_PAGE_DOWN:
		move_to(picker, page());
		return true;
	case '\t':
		if (picker->shown_count) {
			bool *marked = &picker->marked[picker->shown[picker->selected]];

			*marked = !*marked;
			move_to(picker, 1);
		}
		return true;
	default:
		return false;
	}
}

enum picker_answer picker_event(struct picker *picker, const struct event *event)
{
	switch (event->kind) {
	case EVENT_KEY:
		if (list_key(picker, event->key))
			return PICKER_STAYS;
		switch (prompt_key(&picker->filter, event->key)) {
		case PROMPT_CANCELLED:
			return PICKER_CANCELLED;
		case PROMPT_DONE:
			if (picker->shown_count)
				return PICKER_CHOSEN;
			prompt_open(&picker->filter, "Filter: ", "");
			/* fall through */
		case PROMPT_EDITED:
			filter(picker);
			break;
		case PROMPT_IGNORED:
			break;
		}
		break;
	case EVENT_PRESS:
	case EVENT_TWICE:
		if (event->row < HEADER || event->row - HEADER + picker->top >= picker->shown_count)
			break;
		picker->selected = (size_t)(event->row - HEADER) + picker->top;
		if (event->kind == EVENT_TWICE)
			return PICKER_CHOSEN;
		break;
	case EVENT_WHEEL_UP:
		move_to(picker, -3);
		break;
	case EVENT_WHEEL_DOWN:
		move_to(picker, 3);
		break;
	case EVENT_SIZE:
	case EVENT_WOKEN:
	case EVENT_TIME:
	case EVENT_END:
		break;
	}
	return PICKER_STAYS;
}

/* ---- drawing ------------------------------------------------------------------------------ */

struct table_column {
	const struct field *field;
	int width;
};

static size_t list_columns(const struct picker *picker, struct table_column *columns)
{
	const struct field *field;
	size_t count = 0, i;

	for (field = process_fields; field->name && count < COLUMNS_MAX; field++) {
		struct table_column *column = &columns[count];

		if (!field->title)
			continue;
		*column =
		    (struct table_column){ .field = field, .width = (int)strlen(field->title) };
		for (i = 0; i < picker->list->count; i++) {
			struct text text = { 0 };
			int width;

			field_text(&text, field, &picker->list->processes[i]);
			width = (int)fit_width(text.bytes, text.length, screen_unicode());
			column->width = width > column->width ? width : column->width;
			text_free(&text);
		}
		if (column->width > WIDTH_MAX)
			column->width = WIDTH_MAX;
		count++;
	}
	return count;
}

static bool is_number(const struct field *field)
{
	return field->unit == UNIT_ID || field->unit == UNIT_COUNT || field->unit == UNIT_BYTES;
}

static void draw_cell(int row, int column, int width, enum style style, const struct field *field,
		      const struct text *text)
{
	if (is_number(field))
		draw_right(row, column, width, style, text->bytes);
	else
		draw_bytes(row, column, width, style, text->bytes, text->length, FIT_CUT);
}

static void draw_row(const struct picker *picker, const struct table_column *columns, size_t count,
		     int row, size_t index)
{
	size_t process = picker->shown[index], i;
	bool marked = picker->marked[process];
	enum style style = index == picker->selected ? STYLE_SELECTED
			   : marked                  ? STYLE_BOLD
						     : STYLE_PLAIN;
	int column = 2, width = screen_columns();

	draw_fill(row, 0, width, style, ' ');
	draw_text(row, 0, 1, style, marked ? "*" : " ");
	for (i = 0; i < count && column < width; i++) {
		struct text text = { 0 };
		int wide = i + 1 == count ? width - column : columns[i].width;

		field_text(&text, columns[i].field, &picker->list->processes[process]);
		draw_cell(row, column, wide, style, columns[i].field, &text);
		text_free(&text);
		column += wide + 2;
	}
}

static void draw_titles(const struct table_column *columns, size_t count)
{
	int column = 2;
	size_t i;

	draw_fill(1, 0, screen_columns(), STYLE_BAR, ' ');
	for (i = 0; i < count; i++) {
		if (is_number(columns[i].field))
			draw_right(1, column, columns[i].width, STYLE_BAR, columns[i].field->title);
		else
			draw_text(1, column, columns[i].width, STYLE_BAR, columns[i].field->title);
		column += columns[i].width + 2;
	}
}

static void draw_list(struct picker *picker)
{
	struct table_column columns[COLUMNS_MAX];
	size_t count = list_columns(picker, columns), i, rows = (size_t)page();

	if (picker->selected < picker->top)
		picker->top = picker->selected;
	if (picker->selected >= picker->top + rows)
		picker->top = picker->selected - rows + 1;
	draw_titles(columns, count);
	for (i = picker->top; i < picker->shown_count && i < picker->top + rows; i++)
		draw_row(picker, columns, count, HEADER + (int)(i - picker->top), i);
	if (!picker->shown_count)
		draw_text(HEADER, 2, screen_columns() - 2, STYLE_WARN,
			  picker->list->count ? "no process matches" : "no Go process is running");
}

void picker_draw(struct picker *picker)
{
	int width = screen_columns();

	draw_text(
	    0, 0, width, STYLE_BOLD,
	    "Which processes?  Type to filter, Tab marks several, Enter watches, Escape leaves");
	if (picker->list)
		draw_list(picker);
	else
		draw_text(HEADER, 2, width - 2, STYLE_BAD, picker->trouble ? picker->trouble : "");
	prompt_draw(&picker->filter, screen_rows() - 1, 0, width);
}
