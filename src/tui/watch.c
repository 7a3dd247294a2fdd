/* SPDX-License-Identifier: MIT */
#include "tui/watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "tui/overlay.h"
#include "tui/picker.h"
#include "tui/prompt.h"
#include "tui/watch_view.h"

#define SECOND    1000000000ll
#define REDRAW_NS (SECOND / 20)

struct watch {
	const struct watch_options *options;
	subject_list subjects;
	struct watch_view view;
	struct overlay help;
	struct prompt prompt; /* the name of a file for the screen */
	struct picker picker;
	int file;         /* of the recording; -1 */
	size_t processes; /* of the options, that are subjects */
	bool ends;
};

static void __attribute__((format(printf, 3, 4)))
say(struct watch *watch, enum style style, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(watch->view.message, sizeof(watch->view.message), format, arguments);
	va_end(arguments);
	watch->view.message_style = style;
}

/* ---- processes ---------------------------------------------------------------------------- */

static struct spy_error *add_process(struct watch *watch, struct spy *spy)
{
	const struct watch_options *options = watch->options;
	struct subject_options how = { .spy = spy,
				       .name = options->follow,
				       .bin = options->bin,
				       .interval_ns = options->interval_ns,
				       .lines = options->record != NULL };
	struct subject *subject;

	TRY(subject_start(&how, &subject));
	*vector_push(&watch->subjects) = subject;
	return NULL;
}

static void free_subjects(struct watch *watch)
{
	size_t i;

	for (i = 0; i < watch->subjects.count; i++)
		subject_free(watch->subjects.items[i]);
	watch->subjects.count = 0;
}

/* Those that stay keep their histories. */
static void choose(struct watch *watch, const int64_t *pids, size_t count)
{
	size_t kept = 0, i, k;

	for (i = 0; i < watch->subjects.count; i++) {
		struct subject *subject = watch->subjects.items[i];

		for (k = 0; k < count && subject->pid != pids[k]; k++)
			;
		if (k < count && subject->state == SUBJECT_READ)
			watch->subjects.items[kept++] = subject;
		else
			subject_free(subject);
	}
	watch->subjects.count = kept;
	for (k = 0; k < count; k++) {
		struct spy_options options = { .pid = pids[k],
					       .bin = watch->options->bin,
					       .non_blocking = true };
		struct spy_error *error;
		struct spy *spy;

		for (i = 0; i < kept && watch->subjects.items[i]->pid != pids[k]; i++)
			;
		if (i < kept)
			continue;
		error = spy_open(&options, &spy);
		if (!error)
			error = add_process(watch, spy);
		if (error)
			say(watch, STYLE_BAD, "%s", error->message);
		spy_error_free(error);
	}
}

static void record_line(void *context, const char *line)
{
	struct watch *watch = context;
	struct spy_error *error;

	if (watch->file < 0)
		return;
	error = recording_write(watch->file, watch->options->record, line);
	if (!error)
		return;
	say(watch, STYLE_BAD, "the recording ends here: %s", error->message);
	spy_error_free(error);
	close(watch->file);
	watch->file = -1;
	watch->view.recording = NULL;
}

/* True if there is something new to be seen. */
static bool update(struct watch *watch)
{
	bool fresh = false;
	size_t i;

	for (i = 0; i < watch->subjects.count; i++)
		fresh = subject_update(watch->subjects.items[i], record_line, watch) || fresh;
	return fresh;
}

/* ---- keys --------------------------------------------------------------------------------- */

static void show_help(struct watch *watch)
{
	static const struct {
		const char *key, *text;
	} lines[] = {
		{ .key = NULL, .text = "Time" },
		{ .key = "+ -", .text = "zoom: 10 s to 4 h; the wheel does it, too" },
		{ .key = "< >", .text = "pan: the history goes back further than the picture" },
		{ .key = "Home End", .text = "the oldest sample; the present" },
		{ .key = "Space", .text = "freeze the picture, and let it go on" },
		{ .key = "Left Right",
		  .text = "a cursor: titles show the values there; { } in leaps" },
		{ .key = "Esc", .text = "no cursor any more" },
		{ .key = NULL, .text = "" },
		{ .key = NULL, .text = "Panes" },
		{ .key = "Up Down Tab", .text = "select a pane" },
		{ .key = "Enter, 1-8", .text = "one pane on the whole screen, and back" },
		{ .key = "l", .text = "the scale of the selected pane: linear, logarithmic" },
		{ .key = "g", .text = "mark collections in every pane" },
		{ .key = NULL, .text = "" },
		{ .key = NULL, .text = "Processes" },
		{ .key = "p", .text = "choose processes out of a list" },
		{ .key = "o", .text = "several of them over each other, or side by side" },
		{ .key = "w", .text = "write what is on the screen to a file" },
		{ .key = "^L", .text = "draw all of it again" },
		{ .key = "q", .text = "quit" },
		{ .key = NULL, .text = "" },
		{ .key = NULL, .text = "What is shown" },
		{ .key = "a w s q r",
		  .text = "letters stand for names that have no room: all, waiting, syscall, "
			  "queue, running" },
	};
	size_t i;

	overlay_open(&watch->help, "spy watch");
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		overlay_add(&watch->help, lines[i].key, lines[i].text);
	for (i = 0; i < PANES; i++)
		overlay_add(&watch->help, pane_kinds[i].title, pane_kinds[i].help);
}

static void focus(struct watch *watch, int by)
{
	watch->view.focus = (watch->view.focus + (size_t)(PANES + by % PANES)) % PANES;
}

/* Up and down a column of panes, where there are several. */
static void focus_down(struct watch *watch, int by)
{
	const struct watch_view *view = &watch->view;
	int step = view->columns || view->full ? 1 : view->layout.columns;
	int to = (int)view->focus + by * (step > 0 ? step : 1);

	if (to >= 0 && to < PANES)
		watch->view.focus = (size_t)to;
}

static void freeze(struct watch *watch)
{
	struct watch_view *view = &watch->view;

	if (view->follows) {
		view->end = watch_view_newest(view, &watch->subjects);
		view->follows = false;
	} else {
		view->follows = true;
	}
}

static bool time_key(struct watch *watch, int key)
{
	struct watch_view *view = &watch->view;
	const subject_list *subjects = &watch->subjects;
	enum { LEAP = 10 };

	switch (key) {
	case '+':
	case '=':
	case '-':
	case '_':
		watch_view_zoom(view, subjects, key == '+' || key == '=');
		return true;
	case '<':
	case ',':
	case '[':
		watch_view_pan(view, subjects, -view->range_ns / 4);
		return true;
	case '>':
	case '.':
	case ']':
		watch_view_pan(view, subjects, view->range_ns / 4);
		return true;
	case SCREEN_KEY_HOME:
		watch_view_pan(view, subjects, INT64_MIN / 4);
		return true;
	case SCREEN_KEY_END:
		view->follows = true;
		view->cursor = INT64_MIN;
		return true;
	case ' ':
		freeze(watch);
		return true;
	case SCREEN_KEY_LEFT:
	case SCREEN_KEY_RIGHT:
		watch_view_move(view, subjects, key == SCREEN_KEY_LEFT ? -1 : 1);
		return true;
	case '{':
	case '}':
		watch_view_move(view, subjects, key == '{' ? -LEAP : LEAP);
		return true;
	case KEY_ESCAPE:
		view->cursor = INT64_MIN;
		return true;
	default:
		return false;
	}
}

static bool pane_key(struct watch *watch, int key)
{
	struct watch_view *view = &watch->view;

	if (key >= '1' && key < '1' + PANES) {
		size_t kind = (size_t)(key - '1');

		view->full = !(view->full && view->focus == kind);
		view->focus = kind;
		return true;
	}
	switch (key) {
	case SCREEN_KEY_UP:
	case SCREEN_KEY_DOWN:
		focus_down(watch, key == SCREEN_KEY_UP ? -1 : 1);
		return true;
	case '\t':
	case SCREEN_KEY_BACK_TAB:
		focus(watch, key == '\t' ? 1 : -1);
		return true;
	case SCREEN_KEY_PAGE_UP:
	case SCREEN_KEY_PAGE_DOWN:
		focus_down(watch, (key == SCREEN_KEY_PAGE_UP ? -1 : 1) *
				      (view->layout.rows > 1 ? view->layout.rows - 1 : 1));
		return true;
	case '\n':
	case 'z':
		view->full = !view->full;
		return true;
	case 'l':
		view->logarithmic[view->focus] = !view->logarithmic[view->focus];
		return true;
	case 'g':
		view->marks = !view->marks;
		return true;
	case 'o':
		view->overlay = !view->overlay;
		if (watch->subjects.count < 2)
			say(watch, STYLE_WARN, "there is only one process; p chooses others");
		return true;
	default:
		return false;
	}
}

static void open_picker(struct watch *watch)
{
	if (watch->options->replay)
		say(watch, STYLE_WARN, "a recording is shown, no process");
	else if (watch->options->follow)
		say(watch, STYLE_WARN, "the name \"%s\" is followed", watch->options->follow);
	else
		picker_open(&watch->picker, NULL);
}

static void other_key(struct watch *watch, int key)
{
	switch (key) {
	case 'q':
	case 'Q':
	case SCREEN_KEY_F1 + 9:
	case CONTROL('c'):
		watch->ends = true;
		break;
	case '?':
	case 'h':
	case SCREEN_KEY_F1:
		show_help(watch);
		break;
	case 'p':
		open_picker(watch);
		break;
	case 'w':
		prompt_open(&watch->prompt, "Write the screen to: ", "spy-watch.txt");
		break;
	case CONTROL('l'):
		screen_repaint();
		break;
	default:
		break;
	}
}

/* The file gets the picture as it stands, without the line that asked for its name. */
static void draw(struct watch *watch);
static void save(struct watch *watch)
{
	struct spy_error *error;

	screen_begin();
	draw(watch);
	error = draw_save(prompt_line(&watch->prompt));
	if (error)
		say(watch, STYLE_BAD, "%s", error->message);
	else
		say(watch, STYLE_GOOD, "written to %s", prompt_line(&watch->prompt));
	spy_error_free(error);
}

static void key(struct watch *watch, int pressed)
{
	if (watch->prompt.open) {
		if (prompt_key(&watch->prompt, pressed) == PROMPT_DONE)
			save(watch);
		return;
	}
	watch->view.message[0] = '\0';
	if (!time_key(watch, pressed) && !pane_key(watch, pressed))
		other_key(watch, pressed);
}

static void press(struct watch *watch, const struct event *event)
{
	struct watch_view *view = &watch->view;
	int64_t moment;
	size_t kind;

	if (!watch_view_at(view, &watch->subjects, event->row, event->column, &kind, &moment))
		return;
	view->focus = kind;
	view->cursor = moment;
	if (event->kind == EVENT_TWICE)
		view->full = !view->full;
}

static void pick(struct watch *watch, const struct event *event)
{
	int64_t pids[WATCH_PROCESSES_MAX];
	size_t count;

	switch (picker_event(&watch->picker, event)) {
	case PICKER_STAYS:
		break;
	case PICKER_CHOSEN:
		count = picker_pids(&watch->picker, pids, WATCH_PROCESSES_MAX);
		picker_free(&watch->picker);
		choose(watch, pids, count);
		break;
	case PICKER_CANCELLED:
		picker_free(&watch->picker);
		watch->ends = !watch->subjects.count;
		break;
	}
}

static void handle(struct watch *watch, const struct event *event)
{
	if (event->kind == EVENT_END) {
		watch->ends = true;
		return;
	}
	if (overlay_event(&watch->help, event))
		return;
	if (watch->picker.open) {
		pick(watch, event);
		return;
	}
	switch (event->kind) {
	case EVENT_KEY:
		key(watch, event->key);
		break;
	case EVENT_PRESS:
	case EVENT_TWICE:
		press(watch, event);
		break;
	case EVENT_WHEEL_UP:
	case EVENT_WHEEL_DOWN:
		watch_view_zoom(&watch->view, &watch->subjects, event->kind == EVENT_WHEEL_UP);
		break;
	case EVENT_SIZE:
	case EVENT_WOKEN:
	case EVENT_TIME:
	case EVENT_END:
		break;
	}
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void draw(struct watch *watch)
{
	if (watch->picker.open) {
		picker_draw(&watch->picker);
		return;
	}
	watch_view_draw(&watch->view, &watch->subjects);
	if (watch->prompt.open)
		prompt_draw(&watch->prompt, screen_rows() - 1, 0, screen_columns());
	overlay_draw(&watch->help);
}

/* Keys are answered at once; what was read, twenty times a second at most. */
static void loop(struct watch *watch)
{
	bool changed = true, urgent = true;
	int64_t due = 0;

	while (!watch->ends) {
		struct event event;

		if (changed && (urgent || screen_now() >= due)) {
			screen_begin();
			draw(watch);
			screen_show();
			due = screen_now() + REDRAW_NS;
			changed = urgent = false;
		}
		event = screen_event(changed ? due : INT64_MAX);
		changed = update(watch) || changed;
		if (event.kind != EVENT_WOKEN && event.kind != EVENT_TIME)
			changed = urgent = true;
		handle(watch, &event);
	}
}

/* The whole recording, up to an hour of it. */
static struct spy_error *begin_replay(struct watch *watch)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	size_t i;

	TRY(recording_read(watch->options->replay, &watch->subjects));
	for (i = 0; i < watch->subjects.count; i++) {
		const struct subject *subject = watch->subjects.items[i];
		int64_t begins = history_begins(&subject->history);

		first = begins < first ? begins : first;
		last = subject_last(subject) > last ? subject_last(subject) : last;
	}
	watch->view.range_ns =
	    watch_view_range(last - first < 3600 * SECOND ? last - first : 3600 * SECOND);
	return NULL;
}

static struct spy_error *begin(struct watch *watch)
{
	const struct watch_options *options = watch->options;

	watch_view_begin(&watch->view);
	watch->view.overlay = options->overlay;
	watch->view.interval_ns = options->interval_ns;
	if (options->replay)
		TRY(begin_replay(watch));
	if (options->range_ns)
		watch->view.range_ns = options->range_ns;
	if (options->record) {
		TRY(recording_create(options->record, &watch->file));
		watch->view.recording = options->record;
	}
	TRY(screen_start(options->colour));
	while (watch->processes < options->process_count)
		TRY(add_process(watch, options->processes[watch->processes++]));
	if (options->follow && !options->process_count)
		TRY(add_process(watch, NULL));
	if (options->choose)
		picker_open(&watch->picker, options->filter);
	return NULL;
}

struct spy_error *watch_run(const struct watch_options *options)
{
	struct watch watch = { .options = options, .file = -1 };
	struct spy_error *error = begin(&watch);

	if (!error)
		loop(&watch);
	free_subjects(&watch);
	for (; watch.processes < options->process_count; watch.processes++)
		spy_close(options->processes[watch.processes]);
	screen_end();
	vector_free(&watch.subjects);
	watch_view_free(&watch.view);
	overlay_free(&watch.help);
	prompt_free(&watch.prompt);
	picker_free(&watch.picker);
	if (watch.file >= 0)
		close(watch.file);
	return error;
}
