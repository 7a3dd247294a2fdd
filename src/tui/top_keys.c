/* SPDX-License-Identifier: MIT
 *
 * What the keys and the mouse do in `spy top`.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "render/units.h"
#include "tui/top_screen.h"

#define SECOND 1000000000ll

enum { WHEEL = 3 };
/* What can be chosen; finer steps are typed. */
static const int64_t intervals[] = { SECOND / 10, SECOND / 5,  SECOND / 2,  SECOND,
				     2 * SECOND,  5 * SECOND,  10 * SECOND, 30 * SECOND,
				     60 * SECOND, 300 * SECOND };
enum { INTERVALS = sizeof(intervals) / sizeof(intervals[0]) };

static const struct {
	const char *key, *text;
} help[] = {
	{ .text = "What is shown" },
	{ .key = "1 … 6",
	  .text = "by function, stack, creator, wait reason, label, each goroutine" },
	{ .key = "g, Tab", .text = "the next of these" },
	{ .key = "L", .text = "by label: by the next label alone, or by all of them" },
	{ .key = "/, f, F4",
	  .text = "filter as you type: words that a function, state, wait reason," },
	{ .key = "",
	  .text = "label or id must have; fn: state: wait: label: id: look there only," },
	{ .key = "", .text = "!word leaves out what has it; Escape takes the filter away" },
	{ .key = "H, K", .text = "show or hide the runtime's own goroutines" },
	{ .key = "<, >, F6", .text = "sort by another column; or click on its title" },
	{ .key = "I", .text = "sort the other way round" },
	{ .key = "", .text = "" },
	{ .text = "Moving about" },
	{ .key = "arrows, j, k",
	  .text = "select a row; left and right bring other columns into sight" },
	{ .key = "PgUp, PgDn",
	  .text = "a page; Home, End: the first, the last; the wheel turns, too" },
	{ .key = "Enter",
	  .text = "the goroutines of a row, and the stack of each; Escape leads back" },
	{ .key = "F3, ^F", .text = "search; n and N: the next, the one before" },
	{ .key = "", .text = "" },
	{ .text = "Readings" },
	{ .key = "r, ^L", .text = "read now" },
	{ .key = "s, Space, Z", .text = "freeze, and resume" },
	{ .key = "+, -", .text = "longer, shorter interval; d: type it" },
	{ .key = "w", .text = "write what is on the screen to a file" },
	{ .key = "q, F10, ^C", .text = "quit" },
	{ .key = "", .text = "" },
	{ .text = "In the look at a row" },
	{ .key = "up, down", .text = "another goroutine; PgUp, PgDn: scroll its stack" },
	{ .key = "u", .text = "with or without the frames of the runtime" },
	{ .key = "l", .text = "with or without the variables of the frames" },
	{ .key = "", .text = "" },
	{ .text = "CPU% is the share of what was met running on the Ps, looked at each 20 ms." },
	{ .text = "WAIT is what the collector noted: unknown until a collection saw it wait." },
};

static void show_help(struct top *top)
{
	size_t i;

	overlay_open(&top->overlay, "spy top: keys");
	for (i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		overlay_add(&top->overlay,
			    help[i].key && !strcmp(help[i].key, "1 … 6") && !screen_unicode()
				? "1 - 6"
				: help[i].key,
			    help[i].text);
}

/* ---- what is shown ------------------------------------------------------------------------ */

/* Goroutines one by one have no count: those that run come first. */
static const struct top_column *column_in(enum top_group group, const struct top_column *wanted)
{
	unsigned bit = 1u << group;

	if (wanted->groups & bit)
		return wanted;
	wanted = top_column_named("count");
	return wanted->groups & bit ? wanted : top_column_named("cpu");
}

static void set_group(struct top *top, enum top_group group)
{
	const struct top_column *before = top->column;

	if (group == top->options.group)
		return;
	top->options.group = group;
	top->column = column_in(group, top->chosen);
	if (top->column != before)
		top->falls = top_column_falls(top->column);
	free(TAKE(top->selected_key));
	top->grid.selected = top->grid.first = 0;
	top_regroup(top);
}

/* The column to the right or left of the one that is sorted by. */
static void next_column(struct top *top, int step)
{
	const struct top_grid *grid = &top->grid;
	size_t at = 0, i;

	for (i = 0; i < grid->count; i++)
		if (grid->columns[i] == top->column)
			at = i;
	for (i = 0; i < grid->count; i++) {
		at = (at + grid->count + (size_t)step) % grid->count;
		if (grid->columns[at]->name)
			break;
	}
	if (!grid->count)
		return;
	top->column = top->chosen = grid->columns[at];
	top->falls = top_column_falls(top->column);
	top_resort(top);
}

static void sort_by(struct top *top, const struct top_column *column)
{
	if (!column)
		return;
	top->falls = column == top->column ? !top->falls : top_column_falls(column);
	top->column = top->chosen = column;
	top_resort(top);
}

/* The first label behind this one, in their order, that any goroutine has; NULL if there is none.
 */
static const struct spy_label *label_behind(const struct top *top, const char *name)
{
	const struct spy_snapshot *snapshot = top->reading->snapshot;
	const struct spy_label *best = NULL;
	size_t i, k;

	for (i = 0; i < snapshot->goroutine_count; i++) {
		for (k = 0; k < snapshot->goroutines[i].label_count; k++) {
			const struct spy_label *label = &snapshot->goroutines[i].labels[k];

			if (strcmp(label->key, name) > 0 &&
			    (!best || strcmp(label->key, best->key) < 0))
				best = label;
		}
	}
	return best;
}

static void next_label(struct top *top)
{
	const struct spy_label *label;

	if (!top->reading || top->options.group != TOP_LABEL) {
		set_group(top, TOP_LABEL);
		return;
	}
	label = label_behind(top, top->label);
	free(top->label);
	top->label = memory_string(label ? label->key : "");
	top->options.label = *top->label ? top->label : NULL;
	top_regroup(top);
}

static void set_filter(struct top *top, const char *words)
{
	free(top->filter);
	top->filter = memory_string(words);
	top_filter_free(top->options.filter);
	top->options.filter = *words ? top_filter_new(words) : NULL;
	top_regroup(top);
}

/* ---- readings ----------------------------------------------------------------------------- */

static void freeze(struct top *top)
{
	top->wanted.frozen = !top->wanted.frozen;
	top_want(top, false);
}

static void set_interval(struct top *top, int64_t interval_ns)
{
	char buffer[UNITS_MAX];

	top->wanted.interval_ns = interval_ns;
	top_want(top, false);
	top_say(top, false, "a reading each %s", units_duration(interval_ns, buffer));
}

static void next_interval(struct top *top, bool longer)
{
	int64_t now = top->wanted.interval_ns, wanted = now;
	size_t i;

	for (i = 0; i < INTERVALS; i++) {
		if (longer && intervals[i] > now) {
			wanted = intervals[i];
			break;
		}
		if (!longer && intervals[i] < now)
			wanted = intervals[i];
	}
	set_interval(top, wanted);
}

/* "2", "0.5", "250ms", "1.5s", "2m" */
static bool parse_interval(const char *words, int64_t *ret)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { .unit = "", .ns = 1e9 },
		      { .unit = "s", .ns = 1e9 },
		      { .unit = "ms", .ns = 1e6 },
		      { .unit = "m", .ns = 60e9 } };
	char *end;
	double number = strtod(words, &end);
	size_t i;

	for (i = 0; end != words && i < sizeof(units) / sizeof(units[0]); i++) {
		double ns = number * units[i].ns;

		if (!strcmp(end, units[i].unit) && ns >= 1e8 && ns <= 3600e9) {
			*ret = (int64_t)ns;
			return true;
		}
	}
	return false;
}

/* ---- searching ---------------------------------------------------------------------------- */

static bool row_has(const struct top_row *row, const char *words)
{
	return strcasestr(row->key, words) || (row->function && strcasestr(row->function, words)) ||
	       (row->file && strcasestr(row->file, words)) ||
	       (row->created_by && strcasestr(row->created_by, words)) ||
	       (row->wait_reason && strcasestr(row->wait_reason, words)) ||
	       (row->labels && strcasestr(row->labels, words));
}

/* From the selected row on: it included, or the next, or the one before. */
static void search(struct top *top, int step)
{
	size_t count = top->rows ? top->rows->items.count : 0, at = top->grid.selected, i;

	if (!*top->search || !count)
		return;
	if (step)
		at = (at + count + (size_t)step) % count;
	for (i = 0; i < count; i++) {
		if (row_has(&top->rows->items.items[at], top->search)) {
			top_select(top, at);
			return;
		}
		at = (at + count + (size_t)(step < 0 ? -1 : 1)) % count;
	}
	top_say(top, true, "nothing has \"%s\"", top->search);
}

/* ---- prompts ------------------------------------------------------------------------------ */

static void ask(struct top *top, enum top_asking asking)
{
	char line[64] = "", when[32];
	time_t now = time(NULL);
	struct tm local;

	top->asking = asking;
	switch (asking) {
	case ASKING_FILTER:
		prompt_open(&top->prompt, "Filter: ", top->filter);
		break;
	case ASKING_SEARCH:
		prompt_open(&top->prompt, "Search: ", "");
		break;
	case ASKING_INTERVAL:
		prompt_open(&top->prompt, "Interval (250ms, 2s): ", "");
		break;
	case ASKING_FILE:
		if (localtime_r(&now, &local) &&
		    strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &local))
			snprintf(line, sizeof(line), "spy-top-%s.txt", when);
		prompt_open(&top->prompt, "Write to: ", line);
		break;
	case ASKING_NOTHING:
		break;
	}
}

static void save(struct top *top, const char *path)
{
	struct spy_error *error = draw_save(path);

	if (error)
		top_say(top, true, "%s", error->message);
	else
		top_say(top, false, "written to %s", path);
	spy_error_free(error);
}

static void answer(struct top *top, const char *line)
{
	int64_t interval_ns;

	switch (top->asking) {
	case ASKING_INTERVAL:
		if (parse_interval(line, &interval_ns))
			set_interval(top, interval_ns);
		else if (*line)
			top_say(top, true, "100ms to 1h, like 250ms, 2s, 1m");
		break;
	case ASKING_FILE:
		if (*line)
			save(top, line);
		break;
	case ASKING_SEARCH:
		search(top, 0); /* to say so where there is nothing */
		break;
	case ASKING_FILTER:
	case ASKING_NOTHING:
		break;
	}
	top->asking = ASKING_NOTHING;
}

static void prompt_event(struct top *top, const struct event *event)
{
	enum prompt_answer got;
	bool changed;

	if (event->kind != EVENT_KEY)
		return;
	got = prompt_key(&top->prompt, event->key);
	changed = got == PROMPT_EDITED;
	if (top->asking == ASKING_FILTER && got == PROMPT_CANCELLED)
		set_filter(top, "");
	else if (top->asking == ASKING_FILTER && changed &&
		 strcmp(prompt_line(&top->prompt), top->filter) != 0)
		set_filter(top, prompt_line(&top->prompt));
	if (top->asking == ASKING_SEARCH && changed) {
		free(top->search);
		top->search = memory_string(prompt_line(&top->prompt));
		search(top, 0);
	}
	if (got == PROMPT_CANCELLED)
		top->asking = ASKING_NOTHING;
	if (got == PROMPT_DONE)
		answer(top, prompt_line(&top->prompt));
}

/* ---- moving ------------------------------------------------------------------------------- */

static void move(struct top *top, int64_t by)
{
	size_t count = top->rows ? top->rows->items.count : 0;
	int64_t to = (int64_t)top->grid.selected + by;

	if (!count)
		return;
	if (to < 0)
		to = 0;
	top_select(top, (size_t)to < count ? (size_t)to : count - 1);
}

static bool moving_key(struct top *top, int key)
{
	int page = top->grid.rows > 1 ? top->grid.rows - 1 : 1;

	switch (key) {
	case SCREEN_KEY_UP:
	case 'k':
		move(top, -1);
		break;
	case SCREEN_KEY_DOWN:
	case 'j':
		move(top, 1);
		break;
	case SCREEN_KEY_PAGE_UP:
		move(top, -page);
		break;
	case SCREEN_KEY_PAGE_DOWN:
		move(top, page);
		break;
	case SCREEN_KEY_HOME:
		move(top, -INT32_MAX);
		break;
	case SCREEN_KEY_END:
		move(top, INT32_MAX);
		break;
	case SCREEN_KEY_RIGHT:
		if (top->grid.skipped < 4)
			top->grid.skipped++;
		break;
	case SCREEN_KEY_LEFT:
		top->grid.skipped -= top->grid.skipped > 0;
		break;
	default:
		return false;
	}
	return true;
}

static bool view_key(struct top *top, int key)
{
	if (key >= '1' && key < '1' + TOP_GROUPS) {
		set_group(top, (enum top_group)(key - '1'));
		return true;
	}
	switch (key) {
	case 'g':
	case '\t':
		set_group(top, (top->options.group + 1) % TOP_GROUPS);
		break;
	case SCREEN_KEY_BACK_TAB:
		set_group(top, (top->options.group + TOP_GROUPS - 1) % TOP_GROUPS);
		break;
	case 'L':
		next_label(top);
		break;
	case 'H':
	case 'K':
		top->options.system = !top->options.system;
		top_regroup(top);
		break;
	case '<':
		next_column(top, -1);
		break;
	case '>':
	case SCREEN_KEY_F1 + 5:
		next_column(top, 1);
		break;
	case 'I':
		sort_by(top, top->column);
		break;
	default:
		return false;
	}
	return true;
}

static bool reading_key(struct top *top, int key)
{
	switch (key) {
	case CONTROL('l'):
		screen_repaint();
		top_want(top, true);
		break;
	case 'r':
	case SCREEN_KEY_F1 + 4:
		top_want(top, true);
		break;
	case 's':
	case 'Z':
	case ' ':
		freeze(top);
		break;
	case '+':
	case '=':
		next_interval(top, true);
		break;
	case '-':
		next_interval(top, false);
		break;
	default:
		return false;
	}
	return true;
}

static bool asking_key(struct top *top, int key)
{
	switch (key) {
	case '/':
	case 'f':
	case '\\':
	case SCREEN_KEY_F1 + 3:
		ask(top, ASKING_FILTER);
		break;
	case CONTROL('f'):
	case SCREEN_KEY_F1 + 2:
		ask(top, ASKING_SEARCH);
		break;
	case 'n':
		search(top, 1);
		break;
	case 'N':
		search(top, -1);
		break;
	case 'd':
		ask(top, ASKING_INTERVAL);
		break;
	case 'w':
		ask(top, ASKING_FILE);
		break;
	case '?':
	case 'h':
	case SCREEN_KEY_F1:
		show_help(top);
		break;
	default:
		return false;
	}
	return true;
}

static void key_event(struct top *top, int key)
{
	if (key == 'q' || key == SCREEN_KEY_F1 + 9 || key == CONTROL('c')) {
		top->ends = true;
		return;
	}
	/* in the look at a row only what does not change the table */
	if (reading_key(top, key))
		return;
	if (top->look.open) {
		if (key == 'w' || key == '?' || key == 'h' || key == SCREEN_KEY_F1 || key == 'd')
			asking_key(top, key);
		return;
	}
	if (key == '\n')
		look_open(top);
	else if (key == KEY_ESCAPE && *top->filter)
		set_filter(top, "");
	else if (!moving_key(top, key) && !view_key(top, key))
		asking_key(top, key);
}

static void press(struct top *top, const struct event *event)
{
	const struct top_grid *grid = &top->grid;
	int at = event->row - grid->row;

	if (at == -1) {
		sort_by(top, grid_column_at(grid, event->column));
		return;
	}
	if (at < 0 || at >= grid->rows || !top->rows ||
	    grid->first + (size_t)at >= top->rows->items.count)
		return;
	top_select(top, grid->first + (size_t)at);
	if (event->kind == EVENT_TWICE)
		look_open(top);
}

void top_event(struct top *top, const struct event *event)
{
	if (event->kind == EVENT_END) {
		top->ends = true;
		return;
	}
	if (event->kind == EVENT_KEY)
		free(TAKE(top->status));
	if (overlay_event(&top->overlay, event))
		return;
	if (top->prompt.open) {
		prompt_event(top, event);
		return;
	}
	if (look_event(top, event))
		return;
	switch (event->kind) {
	case EVENT_KEY:
		key_event(top, event->key);
		break;
	case EVENT_PRESS:
	case EVENT_TWICE:
		press(top, event);
		break;
	case EVENT_WHEEL_UP:
		move(top, -WHEEL);
		break;
	case EVENT_WHEEL_DOWN:
		move(top, WHEEL);
		break;
	case EVENT_SIZE:
	case EVENT_WOKEN:
	case EVENT_TIME:
	case EVENT_END:
		break;
	}
}
