/* SPDX-License-Identifier: MIT */
#include "tui/top.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tui/top_screen.h"

void top_say(struct top *top, bool bad, const char *format, ...)
{
	struct text text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&text, format, arguments);
	va_end(arguments);
	free(top->status);
	top->status = text_take(&text);
	top->status_is_bad = bad;
}

void top_want(struct top *top, bool at_once)
{
	top->wanted.collect = top_needs(&top->options);
	top_reader_want(top->reader, &top->wanted, at_once);
}

void top_select(struct top *top, size_t index)
{
	top->grid.selected = index;
	free(top->selected_key);
	top->selected_key = memory_string(top->rows->items.items[index].key);
}

/* The row that was selected, wherever it is now; where it is gone, the line stays. */
static void follow_selection(struct top *top)
{
	size_t i;

	for (i = 0; top->selected_key && i < top->rows->items.count; i++) {
		if (!strcmp(top->rows->items.items[i].key, top->selected_key)) {
			top->grid.selected = i;
			return;
		}
	}
	grid_settle(&top->grid, top->rows->items.count);
}

static bool has_what_is_needed(const struct top *top)
{
	unsigned needs = top_needs(&top->options);

	return top->reading && (top->reading->collected & needs) == needs;
}

/* Changes are told where the rows before were made in the same way. */
static void set_rows(struct top *top)
{
	struct top_rows *rows = top_rows_new(top->reading->snapshot, &top->reading->samples,
					     &top->options, top->comparable ? top->rows : NULL);

	top_rows_sort(rows, top->column, top->falls);
	top_rows_free(top->rows);
	top->rows = rows;
	top->comparable = true;
	follow_selection(top);
	if (top->look.open)
		look_update(top);
}

void top_resort(struct top *top)
{
	if (!top->rows)
		return;
	top_rows_sort(top->rows, top->column, top->falls);
	follow_selection(top);
}

void top_regroup(struct top *top)
{
	top->comparable = false;
	if (has_what_is_needed(top)) {
		set_rows(top);
		top_want(top, false);
	} else {
		top_want(top, true);
	}
}

/* ---- what the reader has ------------------------------------------------------------------ */

static void take_reading(struct top *top, struct top_reading *reading)
{
	struct top_reading *old = top->reading;

	top->reading = reading;
	if (reading->has_stats) {
		top->stats =
		    stats_row_of(old && old->has_stats ? &old->stats : NULL, &reading->stats);
		top->stats.stats = &reading->stats;
	}
	/* what was asked for while it was read comes with the next one */
	if (has_what_is_needed(top)) {
		set_rows(top);
		top_reading_free(old);
		return;
	}
	if (top->rows) /* they point into the snapshot that goes */
		top_rows_free(TAKE(top->rows));
	top_reading_free(old);
	top_want(top, true);
}

static void take_error(struct top *top, struct spy_error *error)
{
	spy_error_free(top->error);
	top->error = error;
	top_say(top, true, "%s", error->message);
}

static void take_news(struct top *top)
{
	struct top_reading *reading = top_reader_reading(top->reader);
	struct top_detail *detail = top_reader_detail(top->reader);
	struct spy_error *error = top_reader_error(top->reader);

	if (reading)
		take_reading(top, reading);
	if (detail && top->look.open) {
		top_detail_free(top->look.detail);
		top->look.detail = TAKE(detail);
	}
	top_detail_free(detail);
	if (error)
		take_error(top, error);
}

/* ---- the picture -------------------------------------------------------------------------- */

static void draw_bottom(const struct top *top)
{
	static const char *const keys[] = { "?",      "help",   "g",    "group", "/",
					    "filter", "<>",     "sort", "Enter", "look",
					    "s",      "freeze", "q",    "quit" };
	int row = screen_rows() - 1, x = 0, columns = screen_columns();
	size_t i;

	if (top->prompt.open) {
		prompt_draw(&top->prompt, row, 0, columns);
		return;
	}
	if (top->status) {
		draw_text(row, 0, columns, top->status_is_bad ? STYLE_BAD : STYLE_GOOD,
			  top->status);
		return;
	}
	for (i = 0; i + 1 < sizeof(keys) / sizeof(keys[0]) && x < columns; i += 2) {
		x += draw_text(row, x, columns - x, STYLE_KEY, keys[i]) + 1;
		x += draw_text(row, x, columns - x, STYLE_PLAIN, keys[i + 1]) + 2;
	}
}

static void draw(struct top *top)
{
	int used;

	screen_begin();
	if (top->look.open) {
		header_title(top);
		look_draw(top);
	} else {
		used = header_draw(top);
		grid_draw(top, used, screen_rows() - 1 - used);
	}
	draw_bottom(top);
	overlay_draw(&top->overlay);
	screen_show();
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void set_up(struct top *top, const struct top_settings *settings)
{
	*top = (struct top){
		.wanted = { .interval_ns = settings->interval_ns, .view = SPY_VIEW_USER },
		.options = { .group = settings->group, .system = settings->system },
		.filter = memory_string(settings->filter ? settings->filter : ""),
		.search = memory_string(""),
		.label = memory_string(settings->label ? settings->label : ""),
		.column = settings->column,
		.chosen = settings->column,
		.falls = settings->falls,
		.changes = settings->changes,
		.look = { .view = SPY_VIEW_USER, .locals = !settings->non_blocking },
		.has_locals = !settings->non_blocking,
	};
	if (*top->filter)
		top->options.filter = top_filter_new(top->filter);
	if (*top->label)
		top->options.label = top->label;
	top->wanted.collect = top_needs(&top->options);
}

static void tear_down(struct top *top)
{
	top_reader_stop(top->reader);
	top_rows_free(top->rows);
	top_reading_free(top->reading);
	top_detail_free(top->look.detail);
	top_filter_free(top->options.filter);
	prompt_free(&top->prompt);
	overlay_free(&top->overlay);
	spy_error_free(top->error);
	free(top->filter);
	free(top->search);
	free(top->label);
	free(top->selected_key);
	free(top->look.key);
	free(top->status);
}

static void loop(struct top *top)
{
	while (!top->ends) {
		struct event event;

		draw(top);
		event = screen_event(INT64_MAX);
		top_event(top, &event);
		take_news(top);
	}
}

struct spy_error *top_show(struct spy *spy, const struct top_settings *settings)
{
	struct spy_error *error = NULL;
	struct top top;

	TRY(screen_start(settings->colour));
	set_up(&top, settings);
	top.reader = top_reader_start(spy, settings->changes, &top.wanted);
	if (top.reader)
		loop(&top);
	else
		error = spy_error_new(SPY_ERROR_DATA, "no thread could be started");
	/* before the reader is waited for: it may be in the middle of a long reading */
	screen_end();
	if (!error && top.error && top.error->code == SPY_ERROR_NO_PROCESS)
		error = TAKE(top.error);
	tear_down(&top);
	return error;
}
