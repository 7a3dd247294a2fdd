/* SPDX-License-Identifier: MIT */
#include "tui/watch_view.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "render/units.h"
#include "tui/draw.h"

#define SECOND 1000000000ll

enum {
	HEADER = 1,
	FOOTER = 1,
	MORE_WIDTH = 22,
	AXIS_FROM = 8 /* rows of a pane, from which on it has its own time */
};

static const int64_t ranges[] = { 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400 };
enum { RANGES = sizeof(ranges) / sizeof(ranges[0]) };

void watch_view_begin(struct watch_view *view)
{
	size_t i;

	*view =
	    (struct watch_view){ .range_ns = 60 * SECOND, .cursor = INT64_MIN, .follows = true };
	for (i = 0; i < PANES; i++)
		view->logarithmic[i] = pane_kinds[i].logarithmic;
}

void watch_view_free(struct watch_view *view)
{
	plot_free(&view->plot);
}

/* ---- time --------------------------------------------------------------------------------- */

int64_t watch_view_newest(const struct watch_view *view, const subject_list *subjects)
{
	int64_t newest = INT64_MIN;
	bool ended = true;
	size_t i;

	for (i = 0; i < subjects->count; i++) {
		int64_t last = subject_last(subjects->items[i]);

		newest = last > newest ? last : newest;
		ended = ended && subjects->items[i]->state == SUBJECT_ENDED;
	}
	if (newest == INT64_MIN)
		return subject_clock();
	/* Its end is not to stand at the very edge. */
	return ended ? newest + view->range_ns / 20 : newest;
}

static int64_t oldest(const subject_list *subjects)
{
	int64_t begins = INT64_MAX;
	size_t i;

	for (i = 0; i < subjects->count; i++) {
		const struct history *history = &subjects->items[i]->history;

		if (!history->empty && history_begins(history) < begins)
			begins = history_begins(history);
	}
	return begins;
}

static struct picture picture_of(const struct watch_view *view, const subject_list *subjects)
{
	return (struct picture){ .end =
				     view->follows ? watch_view_newest(view, subjects) : view->end,
				 .range_ns = view->range_ns,
				 .cursor = view->cursor,
				 .newest = view->follows,
				 .letters = !screen_coloured(),
				 .marks = view->marks };
}

int64_t watch_view_range(int64_t ns)
{
	size_t i;

	for (i = 0; i + 1 < RANGES; i++)
		if (ranges[i] * SECOND >= ns)
			break;
	return ranges[i] * SECOND;
}

void watch_view_pan(struct watch_view *view, const subject_list *subjects, int64_t by_ns)
{
	int64_t newest = watch_view_newest(view, subjects), begins = oldest(subjects);
	int64_t end = (view->follows ? newest : view->end) + by_ns;

	/* Something of it stays in sight. */
	if (begins != INT64_MAX && end < begins + view->range_ns / 4)
		end = begins + view->range_ns / 4;
	view->follows = end >= newest;
	view->end = end;
}

void watch_view_zoom(struct watch_view *view, const subject_list *subjects, bool in)
{
	int64_t range = in ? ranges[0] * SECOND : ranges[RANGES - 1] * SECOND;
	struct picture picture = picture_of(view, subjects);
	size_t i;

	for (i = 0; i < RANGES; i++) {
		int64_t one = ranges[i] * SECOND;

		if (in ? one < view->range_ns && one > range : one > view->range_ns && one < range)
			range = one;
	}
	if (view->cursor != INT64_MIN && view->cursor > picture.end - picture.range_ns &&
	    view->cursor <= picture.end) {
		double part = (double)(picture.end - view->cursor) / (double)picture.range_ns;

		view->end = view->cursor + (int64_t)(part * (double)range);
		view->follows = false;
	}
	view->range_ns = range;
	watch_view_pan(view, subjects, 0);
}

/* ---- which panes there are ---------------------------------------------------------------- */

/* Side by side each process has a column of panes. */
static bool side_by_side(const struct watch_view *view, const subject_list *subjects)
{
	return subjects->count > 1 && !view->overlay &&
	       screen_columns() / (int)subjects->count >= LAYOUT_WIDTH_LEAST;
}

static void arrange(struct watch_view *view, const subject_list *subjects)
{
	int width = screen_columns(), height = screen_rows() - HEADER - FOOTER, rows, focus_row;
	bool beside = side_by_side(view, subjects);
	size_t panes = view->full ? 1 : PANES;

	view->columns = beside ? (int)subjects->count : 0;
	if (beside)
		panes *= subjects->count;
	view->layout = layout_for(width, height > 1 ? height : 1, panes, view->columns);
	rows = (int)((panes + (size_t)view->layout.columns - 1) / (size_t)view->layout.columns);
	/* The pane that is selected is shown. */
	focus_row = view->full ? 0
		    : beside   ? (int)view->focus
			       : (int)view->focus / view->layout.columns;
	if (focus_row < view->scroll)
		view->scroll = focus_row;
	if (focus_row >= view->scroll + view->layout.rows)
		view->scroll = focus_row - view->layout.rows + 1;
	if (view->scroll > rows - view->layout.rows)
		view->scroll = rows - view->layout.rows;
	if (view->scroll < 0)
		view->scroll = 0;
}

/* The index-th place: its pane's kind, and which process is shown there (all of them: -1). False
 * if it stays empty. */
static bool pane_at(const struct watch_view *view, size_t index, size_t *kind, int *subject)
{
	size_t pane = index + (size_t)(view->scroll * view->layout.columns);

	*subject = view->columns ? (int)pane % view->columns : -1;
	*kind = view->columns ? pane / (size_t)view->columns : pane;
	if (view->full)
		*kind = view->focus;
	return *kind < PANES;
}

static struct place place_of(const struct watch_view *view, size_t index)
{
	struct place place = layout_place(&view->layout, index);

	place.row += HEADER;
	return place;
}

static bool same_names(const subject_list *subjects)
{
	size_t i, k;

	for (i = 0; i < subjects->count; i++)
		for (k = 0; k < i; k++)
			if (!strcmp(subjects->items[i]->name, subjects->items[k]->name))
				return true;
	return false;
}

static void draw_pane(struct watch_view *view, const subject_list *subjects,
		      const struct picture *picture, size_t index)
{
	struct place place = place_of(view, index);
	struct pane pane = { .subjects = subjects->items,
			     .count = subjects->count,
			     .pids = same_names(subjects) };
	int subject;
	size_t kind;

	if (!pane_at(view, index, &kind, &subject))
		return;
	if (subject >= 0) {
		pane.subjects = &subjects->items[subject];
		pane.count = 1;
		pane.named = true;
	}
	pane.kind = &pane_kinds[kind];
	pane.selected = kind == view->focus && !view->full;
	pane.logarithmic = view->logarithmic[kind];
	pane.time_axis =
	    place.height >= AXIS_FROM || index + (size_t)view->layout.columns >= view->layout.shown;
	pane_draw(&pane, picture, &place, &view->plot);
}

/* ---- header and footer -------------------------------------------------------------------- */

static const char *range_text(int64_t ns, char buffer[UNITS_MAX])
{
	int64_t seconds = ns / SECOND;

	if (seconds % 3600 == 0)
		snprintf(buffer, UNITS_MAX, "%lldh", (long long)seconds / 3600);
	else if (seconds % 60 == 0)
		snprintf(buffer, UNITS_MAX, "%lldm", (long long)seconds / 60);
	else
		snprintf(buffer, UNITS_MAX, "%llds", (long long)seconds);
	return buffer;
}

/* "every 1s", "every 250ms" */
static const char *every_text(int64_t ns, char buffer[UNITS_MAX])
{
	if (ns < SECOND)
		snprintf(buffer, UNITS_MAX, "every %gms", (double)ns / 1e6);
	else
		snprintf(buffer, UNITS_MAX, "every %gs", (double)ns / 1e9);
	return buffer;
}

static const char *clock_text(int64_t at, const char *format, char buffer[UNITS_MAX])
{
	time_t seconds = at / SECOND;
	struct tm local;

	if (!localtime_r(&seconds, &local) || !strftime(buffer, UNITS_MAX, format, &local))
		snprintf(buffer, UNITS_MAX, "-");
	return buffer;
}

static void add_subject(struct text *text, const struct subject *subject)
{
	char ended[UNITS_MAX];

	text_add(text, subject->name);
	if (subject->pid != SPY_UNKNOWN)
		text_printf(text, " %lld", (long long)subject->pid);
	if (subject->go_version[0])
		text_printf(text, " %s", subject->go_version);
	if (subject->state == SUBJECT_AWAITED)
		text_add(text, " (awaited)");
	if (subject->state == SUBJECT_ENDED && subject->mark_count)
		text_printf(
		    text, " ended %s",
		    clock_text(subject->marks[subject->mark_count - 1].at, "%H:%M:%S", ended));
}

static void draw_header(const struct watch_view *view, const subject_list *subjects,
			const struct picture *picture)
{
	int width = screen_columns(), right;
	char range[UNITS_MAX], moment[UNITS_MAX], interval[UNITS_MAX];
	bool at_cursor = view->cursor != INT64_MIN, recorded = true;
	struct text names = { 0 }, state = { 0 };
	size_t i;

	for (i = 0; i < subjects->count; i++) {
		text_add(&names, i ? ", " : "");
		add_subject(&names, subjects->items[i]);
		recorded = recorded && subjects->items[i]->state == SUBJECT_RECORDED;
	}
	text_printf(&state, "%s%s  %s", view->recording ? "recording  " : "",
		    range_text(view->range_ns, range),
		    recorded ? "replayed" : every_text(view->interval_ns, interval));
	text_printf(
	    &state, "  %s  %s ",
	    at_cursor       ? "at"
	    : view->follows ? recorded ? "to" : "live"
			    : "frozen",
	    clock_text(at_cursor ? view->cursor : picture->end, "%Y-%m-%d %H:%M:%S", moment));
	right = (int)state.length;
	draw_fill(0, 0, width, STYLE_BAR, ' ');
	if (right < width)
		draw_text(0, width - right, right, STYLE_BAR, state.bytes);
	draw_bytes(0, 1, width - right - 3, STYLE_BAR, names.bytes, names.length, FIT_MIDDLE);
	text_free(&names);
	text_free(&state);
}

static const char *trouble_of(const subject_list *subjects)
{
	size_t i;

	for (i = 0; i < subjects->count; i++)
		if (subjects->items[i]->trouble)
			return subjects->items[i]->trouble;
	return NULL;
}

static void draw_footer(const struct watch_view *view, const subject_list *subjects)
{
	static const struct {
		const char *key, *text;
	} keys[] = {
		{ .key = "q", .text = "quit" },
		{ .key = "?", .text = "help" },
		{ .key = "+-", .text = "zoom" },
		{ .key = "<>", .text = "pan" },
		{ .key = "arrows", .text = "cursor, pane" },
		{ .key = "Enter", .text = "full" },
		{ .key = "Space", .text = "freeze" },
		{ .key = "l", .text = "log" },
		{ .key = "o", .text = "overlay" },
		{ .key = "p", .text = "processes" },
	};
	const char *trouble = trouble_of(subjects);
	int row = screen_rows() - 1, width = screen_columns(), column = 1;
	size_t i;

	if (view->message[0] || trouble) {
		draw_text(row, column, width - 2,
			  view->message[0] ? view->message_style : STYLE_WARN,
			  view->message[0] ? view->message : trouble);
		return;
	}
	if (!view->full && view->layout.shown < PANES * (size_t)(view->columns ? view->columns : 1))
		width -= draw_right(row, width - MORE_WIDTH, MORE_WIDTH, STYLE_WARN,
				    "Up, Down: more panes ");
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int needed = (int)strlen(keys[i].key) + 1 + (int)strlen(keys[i].text);

		if (column + needed >= width)
			break;
		column += draw_text(row, column, width - column, STYLE_KEY, keys[i].key) + 1;
		column += draw_text(row, column, width - column, STYLE_PLAIN, keys[i].text) + 2;
	}
}

void watch_view_draw(struct watch_view *view, const subject_list *subjects)
{
	struct picture picture;
	size_t i;

	arrange(view, subjects);
	picture = picture_of(view, subjects);
	draw_header(view, subjects, &picture);
	for (i = 0; i < view->layout.shown; i++)
		draw_pane(view, subjects, &picture, i);
	draw_footer(view, subjects);
}

/* ---- the cursor --------------------------------------------------------------------------- */

bool watch_view_at(const struct watch_view *view, const subject_list *subjects, int row, int column,
		   size_t *kind, int64_t *moment)
{
	struct picture picture = picture_of(view, subjects);
	size_t i;

	for (i = 0; i < view->layout.shown; i++) {
		struct place place = place_of(view, i);
		struct pane_span span;
		int subject, at;

		if (row < place.row || row >= place.row + place.height || column < place.column ||
		    column >= place.column + place.width || !pane_at(view, i, kind, &subject))
			continue;
		span = pane_span(&picture, &place);
		at = column - span.column;
		at = at < 0 ? 0 : at >= span.columns ? span.columns - 1 : at;
		*moment = span.from + (int64_t)(((double)at + 1) / span.columns *
						(double)(span.to - span.from));
		return true;
	}
	return false;
}

void watch_view_move(struct watch_view *view, const subject_list *subjects, int columns)
{
	struct picture picture = picture_of(view, subjects);
	struct place place = place_of(view, 0);
	struct pane_span span = pane_span(&picture, &place);
	int64_t column_ns = (span.to - span.from) / span.columns;

	if (view->cursor == INT64_MIN)
		view->cursor = picture.end;
	else
		view->cursor += columns * column_ns;
	/* At the edges the picture moves along. */
	if (view->cursor <= picture.end - view->range_ns)
		watch_view_pan(view, subjects,
			       view->cursor - column_ns - (picture.end - view->range_ns));
	else if (view->cursor > picture.end)
		watch_view_pan(view, subjects, view->cursor - picture.end);
	picture = picture_of(view, subjects);
	if (view->cursor > picture.end)
		view->cursor = picture.end;
	if (view->cursor <= picture.end - view->range_ns)
		view->cursor = picture.end - view->range_ns + column_ns;
}
