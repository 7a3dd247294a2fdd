/* SPDX-License-Identifier: MIT
 *
 * The look at a row: its goroutines, and the stack of the one that is selected.
 */
#include <stdio.h>
#include <string.h>

#include "render/locals.h"
#include "render/units.h"
#include "tui/top_screen.h"

enum {
	TOP_LINES = 3, /* title, key, titles of the list */
	ID_WIDTH = 11,
	STATE_WIDTH = 10,
	WAIT_WIDTH = 8,
	REASON_WIDTH = 24,
	WHEEL = 3,
};

/* ---- what is looked at -------------------------------------------------------------------- */

const struct top_row *look_row(const struct top *top)
{
	size_t i;

	for (i = 0; top->rows && top->look.key && i < top->rows->items.count; i++)
		if (!strcmp(top->rows->items.items[i].key, top->look.key))
			return &top->rows->items.items[i];
	return NULL;
}

/* Wants the stack of the goroutine that is selected. */
static void choose(struct top *top, const struct top_row *row, size_t index)
{
	int64_t id;

	if (!row || !row->member_count)
		return;
	top->look.selected = index < row->member_count ? index : row->member_count - 1;
	id = row->members[top->look.selected]->id;
	if (id != top->look.id)
		top->look.scrolled = 0;
	top->look.id = id;
	if (top->wanted.goroutine == id && top->wanted.view == top->look.view &&
	    top->wanted.locals == top->look.locals)
		return;
	top->wanted.goroutine = id;
	top->wanted.view = top->look.view;
	top->wanted.locals = top->look.locals;
	top_want(top, false);
}

void look_open(struct top *top)
{
	const struct top_row *row;

	if (!top->rows || top->grid.selected >= top->rows->items.count)
		return;
	row = &top->rows->items.items[top->grid.selected];
	free(top->look.key);
	top->look.key = memory_string(row->key);
	top->look.open = true;
	top->look.first = 0;
	top->look.id = 0;
	choose(top, row, 0);
	if (!row->member_count)
		top_say(top, false, "its goroutines have ended");
}

void look_close(struct top *top)
{
	top->look.open = false;
	free(TAKE(top->look.key));
	top_detail_free(TAKE(top->look.detail));
	top->wanted.goroutine = 0;
	top_want(top, false);
}

/* The same goroutine stays selected as long as it is there. */
void look_update(struct top *top)
{
	const struct top_row *row = look_row(top);
	size_t i;

	for (i = 0; row && i < row->member_count; i++) {
		if (row->members[i]->id == top->look.id) {
			top->look.selected = i;
			return;
		}
	}
	choose(top, row, top->look.selected);
}

/* ---- the list ----------------------------------------------------------------------------- */

static void draw_goroutine(const struct top *top, int line, const struct spy_goroutine *goroutine,
			   bool selected)
{
	enum style style = selected ? STYLE_SELECTED : STYLE_PLAIN;
	const char *reason = goroutine->wait_reason ? goroutine->wait_reason : "";
	char buffer[UNITS_MAX];
	struct text labels = { 0 };
	int x = 0, columns = screen_columns();
	size_t i;

	draw_fill(line, 0, columns, style, ' ');
	draw_right(line, x, ID_WIDTH - 1, style, units_count(goroutine->id, buffer));
	draw_text(line, x += ID_WIDTH, STATE_WIDTH - 1, style, spy_status_name(goroutine->status));
	if (goroutine->wait_ns != SPY_UNKNOWN)
		draw_right(line, x + STATE_WIDTH, WAIT_WIDTH - 1, style,
			   units_duration(goroutine->wait_ns, buffer));
	x += STATE_WIDTH + WAIT_WIDTH;
	draw_text(line, x, REASON_WIDTH - 1, style, reason);
	for (i = 0; i < goroutine->label_count; i++) {
		text_add(&labels, i ? ", " : "");
		text_add_bytes(&labels, goroutine->labels[i].key, goroutine->labels[i].key_bytes);
		text_add(&labels, "=");
		text_add_bytes(&labels, goroutine->labels[i].value,
			       goroutine->labels[i].value_bytes);
	}
	x += REASON_WIDTH;
	if (labels.length)
		draw_bytes(line, x, columns - x, style, labels.bytes, labels.length, FIT_CUT);
	else if (goroutine->start && goroutine->start->function)
		draw_bytes(line, x, columns - x, style, goroutine->start->function,
			   strlen(goroutine->start->function), FIT_MIDDLE);
	text_free(&labels);
	(void)top;
}

static void draw_list(struct top *top, const struct top_row *row)
{
	struct top_look *look = &top->look;
	size_t count = row ? row->member_count : 0, height = (size_t)look->list_rows;
	int i;

	draw_fill(look->list_row - 1, 0, screen_columns(), STYLE_BAR, ' ');
	draw_format(look->list_row - 1, 0, screen_columns(), STYLE_BAR, "%*s %-*s%*s %-*s%s",
		    ID_WIDTH - 1, "ID", STATE_WIDTH, "STATE", WAIT_WIDTH - 1, "WAIT", REASON_WIDTH,
		    "FOR", "LABELS, OR START");
	if (look->selected < look->first)
		look->first = look->selected;
	if (height && look->selected >= look->first + height)
		look->first = look->selected - height + 1;
	if (look->first + height > count)
		look->first = count > height ? count - height : 0;
	for (i = 0; i < look->list_rows && look->first + (size_t)i < count; i++)
		draw_goroutine(top, look->list_row + i, row->members[look->first + (size_t)i],
			       look->first + (size_t)i == look->selected);
}

/* ---- the stack ---------------------------------------------------------------------------- */

/* Lines one after the other, of which those in sight are drawn. */
struct lines {
	int row, rows;
	size_t scrolled, count;
	bool told; /* why there are no variables */
};

static void line(struct lines *lines, enum style style, int indent, const char *bytes, size_t size,
		 enum fit fit)
{
	size_t at = lines->count++;

	if (at < lines->scrolled || at - lines->scrolled >= (size_t)lines->rows)
		return;
	draw_bytes(lines->row + (int)(at - lines->scrolled), indent, screen_columns() - indent,
		   style, bytes, size, fit);
}

/* "name = value", which may be several lines; put_locals() has made all safe. Why a frame has none
 * is said once. */
static void local_lines(struct lines *lines, const struct spy_frame *frame, struct text *text)
{
	const char *from, *end;

	if (frame->locals_note && lines->told)
		return;
	lines->told = lines->told || frame->locals_note;
	text->length = 0;
	put_locals(text, frame);
	if (!text->length)
		return;
	for (from = text->bytes; (end = strchr(from, '\n')); from = end + 1)
		line(lines, STYLE_SERIES + 1, 8, from, (size_t)(end - from), FIT_ESCAPED);
}

static void frame_lines(struct lines *lines, const struct spy_frame *frame, struct text *text)
{
	const struct spy_location *location = frame->location;

	text->length = 0;
	text_printf(text, "%s(%s)", location->function ? location->function : "?",
		    frame->arguments ? frame->arguments : "");
	line(lines, STYLE_PLAIN, 0, text->bytes, text->length, FIT_CUT);
	text->length = 0;
	text_printf(text, "%s:%lld", location->file ? location->file : "?",
		    (long long)location->line);
	if (location->pc_offset)
		text_printf(text, " +%#llx", (unsigned long long)location->pc_offset);
	line(lines, STYLE_DIM, 8, text->bytes, text->length, FIT_CUT_START);
}

static void creator_lines(struct lines *lines, const struct spy_goroutine *goroutine,
			  struct text *text)
{
	const struct spy_created_by *by = goroutine->created_by;

	if (!by || !by->location)
		return;
	text->length = 0;
	text_printf(text, "created by %s", by->location->function ? by->location->function : "?");
	if (by->goroutine != SPY_UNKNOWN)
		text_printf(text, " in goroutine %lld", (long long)by->goroutine);
	line(lines, STYLE_PLAIN, 0, text->bytes, text->length, FIT_CUT);
	text->length = 0;
	text_printf(text, "%s:%lld", by->location->file ? by->location->file : "?",
		    (long long)by->location->line);
	line(lines, STYLE_DIM, 8, text->bytes, text->length, FIT_CUT_START);
}

/* What it waits on, where that is an object. */
static void wait_line(struct lines *lines, const struct spy_wait *wait, struct text *text)
{
	const char *type = wait->element_type ? wait->element_type : "?";

	text->length = 0;
	switch (wait->kind) {
	case SPY_WAIT_NONE:
		return;
	case SPY_WAIT_LOCK:
		text_printf(text, "waits on the lock at %#llx", (unsigned long long)wait->address);
		break;
	case SPY_WAIT_RECEIVE:
	case SPY_WAIT_SEND:
	case SPY_WAIT_SELECT:
		text_printf(text, "waits on a chan %s at %#llx", type,
			    (unsigned long long)wait->address);
		if (wait->length != SPY_UNKNOWN && wait->capacity != SPY_UNKNOWN)
			text_printf(text, ", %lld of %lld in it", (long long)wait->length,
				    (long long)wait->capacity);
		if (wait->cases > 1)
			text_printf(text, ", the first of %lld", (long long)wait->cases);
		break;
	}
	line(lines, STYLE_WARN, 0, text->bytes, text->length, FIT_CUT);
}

static void stack_lines(struct lines *lines, const struct top_detail *detail,
			const struct spy_goroutine *goroutine)
{
	struct text text = { 0 };
	size_t i;

	wait_line(lines, &goroutine->wait, &text);
	for (i = 0; i < goroutine->frame_count; i++) {
		frame_lines(lines, &goroutine->frames[i], &text);
		local_lines(lines, &goroutine->frames[i], &text);
	}
	if (goroutine->stack_note)
		line(lines, STYLE_WARN, 0, goroutine->stack_note, strlen(goroutine->stack_note),
		     FIT_CUT);
	creator_lines(lines, goroutine, &text);
	if (detail->note) {
		text.length = 0;
		text_printf(&text, "no variables: %s", detail->note);
		line(lines, STYLE_DIM, 0, text.bytes, text.length, FIT_ESCAPED);
	}
	text_free(&text);
}

static void draw_stack(struct top *top, int row, int rows)
{
	const struct top_detail *detail = top->look.detail;
	const struct spy_goroutine *goroutine =
	    detail && detail->snapshot->goroutine_count ? &detail->snapshot->goroutines[0] : NULL;
	struct lines count = { 0 }, lines = { .row = row + 1, .rows = rows > 1 ? rows - 1 : 0 };
	size_t last;

	draw_fill(row, 0, screen_columns(), STYLE_BAR, ' ');
	if (!top->look.id)
		return;
	draw_format(row, 0, screen_columns(), STYLE_BAR, "goroutine %lld: %s",
		    (long long)top->look.id,
		    !detail || detail->goroutine != top->look.id ? "reading ..."
		    : !goroutine                                 ? "it has ended"
		    : goroutine->wait_reason                     ? goroutine->wait_reason
					     : spy_status_name(goroutine->status));
	if (!goroutine || detail->goroutine != top->look.id)
		return;
	/* counted first: the last screenful is as far as it goes */
	stack_lines(&count, detail, goroutine);
	last = count.count > (size_t)lines.rows ? count.count - (size_t)lines.rows : 0;
	if (top->look.scrolled > last)
		top->look.scrolled = last;
	lines.scrolled = top->look.scrolled;
	stack_lines(&lines, detail, goroutine);
}

void look_draw(struct top *top)
{
	const struct top_row *row = look_row(top);
	struct top_look *look = &top->look;
	int left = screen_rows() - TOP_LINES - 1, members = row ? (int)row->member_count : 0;

	look->list_row = TOP_LINES;
	look->list_rows = left / 3 > 1 ? left / 3 : 1;
	if (members < look->list_rows)
		look->list_rows = members > 1 ? members : 1;
	look->stack_rows = left - look->list_rows;
	draw_bytes(1, 0, screen_columns() - 18, STYLE_BOLD, look->key, strlen(look->key),
		   FIT_MIDDLE);
	draw_format(1, screen_columns() - 17, 17, STYLE_DIM, " %d goroutine%s", members,
		    members == 1 ? "" : "s");
	draw_list(top, row);
	draw_stack(top, look->list_row + look->list_rows, look->stack_rows);
}

/* ---- keys --------------------------------------------------------------------------------- */

static void scroll(struct top_look *look, int by)
{
	if (by < 0 && look->scrolled < (size_t)-by)
		look->scrolled = 0;
	else
		look->scrolled += (size_t)by;
}

static bool key(struct top *top, const struct top_row *row, int pressed)
{
	struct top_look *look = &top->look;
	size_t last = row && row->member_count ? row->member_count - 1 : 0;

	switch (pressed) {
	case KEY_ESCAPE:
	case SCREEN_KEY_BACKSPACE:
	case SCREEN_KEY_LEFT:
	case '\n':
		look_close(top);
		return true;
	case SCREEN_KEY_UP:
	case 'k':
		choose(top, row, look->selected ? look->selected - 1 : 0);
		return true;
	case SCREEN_KEY_DOWN:
	case 'j':
		choose(top, row, look->selected + 1);
		return true;
	case SCREEN_KEY_HOME:
		choose(top, row, 0);
		return true;
	case SCREEN_KEY_END:
		choose(top, row, last);
		return true;
	case SCREEN_KEY_PAGE_UP:
		scroll(look, -(look->stack_rows - 2));
		return true;
	case SCREEN_KEY_PAGE_DOWN:
	case ' ':
		scroll(look, look->stack_rows - 2);
		return true;
	case 'l':
		look->locals = !look->locals && top->has_locals;
		if (!top->has_locals)
			top_say(top, true,
				"variables cannot be read while the process runs: "
				"start it without --non-blocking");
		choose(top, row, look->selected);
		return true;
	case 'u':
		look->view = look->view == SPY_VIEW_USER ? SPY_VIEW_TRACEBACK : SPY_VIEW_USER;
		choose(top, row, look->selected);
		return true;
	default:
		return false;
	}
}

bool look_event(struct top *top, const struct event *event)
{
	const struct top_row *row = look_row(top);
	struct top_look *look = &top->look;
	int at = event->row - look->list_row;

	if (!look->open)
		return false;
	switch (event->kind) {
	case EVENT_KEY:
		return key(top, row, event->key);
	case EVENT_PRESS:
	case EVENT_TWICE:
		if (at >= 0 && at < look->list_rows)
			choose(top, row, look->first + (size_t)at);
		return true;
	case EVENT_WHEEL_UP:
		scroll(look, -WHEEL);
		return true;
	case EVENT_WHEEL_DOWN:
		scroll(look, WHEEL);
		return true;
	case EVENT_SIZE:
	case EVENT_WOKEN:
	case EVENT_TIME:
	case EVENT_END:
		break;
	}
	return false;
}
