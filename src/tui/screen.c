/* SPDX-License-Identifier: MIT */
#include "tui/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "tui/curses.h"
#include "tui/styles.h"
#include "tui/terminal.h"
#include "tui/worker.h"

#define SECOND   1000000000ll
#define TWICE_NS 400000000ll /* between the two clicks of a double one */

enum {
	ESCAPE_MS = 25, /* after which Escape is the key, not the beginning of another */
	MS_NS = 1000000,
	SIDE_MAX = 10000, /* rows or columns: a terminal that says more lies */
};

static struct {
	SCREEN *curses;
	WINDOW *keys; /* a pad: reading from it shows nothing, as reading from stdscr would */
	int wake;     /* eventfd */
	bool coloured, unicode;
	enum glyphs glyphs;
	struct event press; /* the last of the mouse, for double clicks */
	int64_t press_ns;
} screen = { .wake = -1 };

int64_t screen_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

bool screen_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* ---- taking and giving back --------------------------------------------------------------- */

/* Many machines are asked for a locale that they do not have ("en_US.UTF-8" over ssh): what was
 * meant is UTF-8. */
static void choose_locale(void)
{
	const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	size_t i;

	if (setlocale(LC_CTYPE, ""))
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !(value && *value); i++)
		value = getenv(names[i]);
	if (value && (strcasestr(value, "utf-8") || strcasestr(value, "utf8")))
		setlocale(LC_CTYPE, "C.UTF-8");
}

static enum glyphs choose_glyphs(const char *terminal)
{
	/* Terminals that were built before Unicode; and one whose font has 512 characters. */
	static const char *const old[] = { "vt52", "vt100", "vt102", "vt220", "ansi", "sun" };
	size_t i;

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return GLYPHS_ASCII;
	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (!strcmp(terminal, old[i]))
			return GLYPHS_ASCII;
	return !strcmp(terminal, "linux") ? GLYPHS_BLOCKS : GLYPHS_BRAILLE;
}

static struct spy_error *check_terminal(const char *terminal)
{
	int status;

	if (setupterm(terminal, STDOUT_FILENO, &status) == OK && tigetstr("cup") &&
	    tigetstr("cup") != (char *)-1)
		return NULL;
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_USAGE, "the terminal \"%s\" cannot show a screen", terminal),
	    "set TERM to what it is, \"xterm-256color\" for most; or use --json");
}

/* A capability without the "$<5>" that tell how long a terminal of 1980 takes for it. */
static void add_capability(struct text *text, const char *name)
{
	const char *string = tigetstr(name);

	if (!string || string == (const char *)-1)
		return;
	while (*string) {
		const char *end = string[0] == '$' && string[1] == '<' ? strchr(string, '>') : NULL;

		if (end)
			string = end + 1;
		else
			text_add_bytes(text, string++, 1);
	}
}

/* What a handler writes when there is no time for curses. */
static void keep_terminal(bool mouse)
{
	static const char *const names[] = { "sgr0", "op", "rmkx", "cnorm", "rmcup" };
	struct text reset = { 0 };
	size_t i;

	if (mouse)
		text_add(&reset, "\033[?1006l\033[?1000l");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_capability(&reset, names[i]);
	text_add(&reset, "\r\n");
	terminal_keep(reset.bytes, reset.length);
	text_free(&reset);
}

static bool wants_colour(enum colour_mode mode)
{
	const char *no_colour = getenv("NO_COLOR");

	return mode == COLOUR_ALWAYS || (mode == COLOUR_AUTO && !(no_colour && *no_colour));
}

/* What terminals send that are not what TERM says, tmux and the Linux console first of all. */
static void add_usual_keys(void)
{
	static const struct {
		const char *sent;
		int code;
	} keys[] = {
		{ .sent = "\033[1~", .code = KEY_HOME },  { .sent = "\033[4~", .code = KEY_END },
		{ .sent = "\033[H", .code = KEY_HOME },   { .sent = "\033[F", .code = KEY_END },
		{ .sent = "\033OH", .code = KEY_HOME },   { .sent = "\033OF", .code = KEY_END },
		{ .sent = "\033[A", .code = KEY_UP },     { .sent = "\033[B", .code = KEY_DOWN },
		{ .sent = "\033[C", .code = KEY_RIGHT },  { .sent = "\033[D", .code = KEY_LEFT },
		{ .sent = "\033OA", .code = KEY_UP },     { .sent = "\033OB", .code = KEY_DOWN },
		{ .sent = "\033OC", .code = KEY_RIGHT },  { .sent = "\033OD", .code = KEY_LEFT },
		{ .sent = "\033[5~", .code = KEY_PPAGE }, { .sent = "\033[6~", .code = KEY_NPAGE },
		{ .sent = "\033[3~", .code = KEY_DC },    { .sent = "\033[Z", .code = KEY_BTAB },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (key_defined(keys[i].sent) <= 0)
			define_key(keys[i].sent, keys[i].code);
}

static void set_up_keys(void)
{
	screen.keys = newpad(1, 1);
	keypad(screen.keys, TRUE);
	add_usual_keys();
	nodelay(screen.keys, TRUE);
	set_escdelay(ESCAPE_MS);
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
}

struct spy_error *screen_start(enum colour_mode colour)
{
	const char *terminal = getenv("TERM"), *mouse;
	TERMINAL *checked;

	if (!terminal)
		terminal = "";
	TRY(check_terminal(terminal));
	choose_locale();
	screen.glyphs = choose_glyphs(terminal);
	screen.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* Never closed: a worker may want to wake a screen that has ended. */
	if (screen.wake < 0)
		screen.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (screen.wake < 0)
		return spy_error_new(SPY_ERROR_DATA, "no descriptor for events: %s",
				     strerror(errno));
	/* The size is what the terminal says, whatever LINES and COLUMNS say. */
	use_env(FALSE);
	use_tioctl(TRUE);
	mouse = tigetstr("kmous");
	keep_terminal(mouse && mouse != (const char *)-1);
	terminal_catch_signals(screen.wake);
	checked = cur_term;
	screen.curses = newterm(NULL, stdout, stdin); /* which has its own */
	if (checked != cur_term)
		del_curterm(checked);
	if (!screen.curses) {
		terminal_release_signals();
		return spy_error_new(SPY_ERROR_DATA, "the terminal could not be set up");
	}
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	screen.coloured = wants_colour(colour) && has_colors();
	styles_set_up(screen.coloured);
	set_up_keys();
	return NULL;
}

void screen_end(void)
{
	if (!screen.curses)
		return;
	endwin();
	terminal_release_signals();
	delwin(screen.keys);
	delscreen(screen.curses);
	screen.curses = NULL;
	screen.keys = NULL;
}

int screen_rows(void)
{
	return LINES;
}

int screen_columns(void)
{
	return COLS;
}

enum glyphs screen_glyphs(void)
{
	return screen.glyphs;
}

bool screen_unicode(void)
{
	return screen.unicode;
}

bool screen_coloured(void)
{
	return screen.coloured;
}

void screen_begin(void)
{
	erase();
	curs_set(0);
}

void screen_show(void)
{
	refresh();
}

void screen_repaint(void)
{
	clearok(curscr, TRUE);
}

/* ---- events ------------------------------------------------------------------------------- */

void screen_wake(void)
{
	static const uint64_t one = 1;

	if (screen.wake >= 0 && write(screen.wake, &one, sizeof(one)) < 0)
		return; /* full: it is awake */
}

static void take_new_size(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	    size.ws_row < SIDE_MAX && size.ws_col < SIDE_MAX)
		resizeterm(size.ws_row, size.ws_col);
}

/* The terminal as it is while a screen is shown, after somebody else had it. */
static void take_back(void)
{
	reset_prog_mode();
	take_new_size();
	screen_repaint();
	refresh();
}

static void suspend(void)
{
	workers_hold();
	endwin();
	terminal_stop();
	terminal_was_resumed();
	take_back();
	workers_release();
}

/* What a signal asked for, if any; drains the eventfd first, so that none is lost. */
static bool signal_event(struct event *event)
{
	uint64_t count;
	bool woken = read(screen.wake, &count, sizeof(count)) == sizeof(count);

	event->kind = EVENT_SIZE;
	if (terminal_wants_end()) {
		event->kind = EVENT_END;
		return true;
	}
	if (terminal_wants_stop()) {
		suspend();
		return true;
	}
	if (terminal_was_resumed()) { /* from a SIGSTOP that nobody could catch */
		take_back();
		return true;
	}
	if (terminal_was_resized()) {
		take_new_size();
		return true;
	}
	event->kind = EVENT_WOKEN;
	return woken;
}

static int key_of(int code)
{
	static const struct {
		int code, key;
	} keys[] = {
		{ .code = KEY_UP, .key = SCREEN_KEY_UP },
		{ .code = KEY_DOWN, .key = SCREEN_KEY_DOWN },
		{ .code = KEY_LEFT, .key = SCREEN_KEY_LEFT },
		{ .code = KEY_RIGHT, .key = SCREEN_KEY_RIGHT },
		{ .code = KEY_HOME, .key = SCREEN_KEY_HOME },
		{ .code = KEY_FIND, .key = SCREEN_KEY_HOME }, /* vt220, rxvt */
		{ .code = KEY_A1, .key = SCREEN_KEY_HOME },
		{ .code = KEY_END, .key = SCREEN_KEY_END },
		{ .code = KEY_LL, .key = SCREEN_KEY_END },
		{ .code = KEY_SELECT, .key = SCREEN_KEY_END },
		{ .code = KEY_C1, .key = SCREEN_KEY_END },
		{ .code = KEY_PPAGE, .key = SCREEN_KEY_PAGE_UP },
		{ .code = KEY_A3, .key = SCREEN_KEY_PAGE_UP },
		{ .code = KEY_NPAGE, .key = SCREEN_KEY_PAGE_DOWN },
		{ .code = KEY_C3, .key = SCREEN_KEY_PAGE_DOWN },
		{ .code = KEY_BACKSPACE, .key = SCREEN_KEY_BACKSPACE },
		{ .code = KEY_DC, .key = SCREEN_KEY_DELETE },
		{ .code = KEY_BTAB, .key = SCREEN_KEY_BACK_TAB },
		{ .code = KEY_ENTER, .key = '\n' },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return SCREEN_KEY_F1 + (code - KEY_F(1));
	return SCREEN_KEY_OTHER;
}

static bool mouse_event(struct event *event)
{
	MEVENT mouse;

	if (getmouse(&mouse) != OK)
		return false;
	event->row = mouse.y;
	event->column = mouse.x;
	if (mouse.bstate & BUTTON4_PRESSED) {
		event->kind = EVENT_WHEEL_UP;
		return true;
	}
	if (mouse.bstate & BUTTON5_PRESSED) {
		event->kind = EVENT_WHEEL_DOWN;
		return true;
	}
	if (!(mouse.bstate & BUTTON1_PRESSED))
		return false;
	event->kind = EVENT_PRESS;
	if (screen.press.row == event->row && screen.press.column == event->column &&
	    screen_now() - screen.press_ns < TWICE_NS)
		event->kind = EVENT_TWICE;
	screen.press = *event;
	screen.press_ns = event->kind == EVENT_PRESS ? screen_now() : 0;
	return true;
}

/* A key or something of the mouse, if there is any. */
static bool input_event(struct event *event)
{
	wint_t character;
	int kind;

	while ((kind = wget_wch(screen.keys, &character)) != ERR) {
		if (kind == KEY_CODE_YES && character == KEY_MOUSE) {
			if (mouse_event(event))
				return true;
			continue;
		}
		if (kind == KEY_CODE_YES && character == KEY_RESIZE)
			continue; /* we notice ourselves */
		event->kind = EVENT_KEY;
		event->key = kind == KEY_CODE_YES ? key_of((int)character) : (int)character;
		if (event->key == '\r')
			event->key = '\n';
		if (event->key == 127 || event->key == CONTROL('h'))
			event->key = SCREEN_KEY_BACKSPACE;
		return true;
	}
	return false;
}

/* Whether nothing will ever come again from where keys come from. */
static bool input_ended(short events)
{
	int waiting;

	if (events & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return events & POLLIN && (ioctl(STDIN_FILENO, FIONREAD, &waiting) || !waiting);
}

static int wait_ms(int64_t until_ns)
{
	int64_t ns = until_ns == INT64_MAX ? -1 : until_ns - screen_now();

	if (until_ns == INT64_MAX)
		return -1;
	if (ns <= 0)
		return 0;
	return ns / MS_NS >= INT32_MAX ? INT32_MAX : (int)((ns + MS_NS - 1) / MS_NS);
}

struct event screen_event(int64_t until_ns)
{
	struct event event = { 0 };

	for (;;) {
		struct pollfd from[] = { { .fd = STDIN_FILENO, .events = POLLIN },
					 { .fd = screen.wake, .events = POLLIN } };
		int ready;

		if (signal_event(&event) || input_event(&event))
			return event;
		ready = poll(from, 2, wait_ms(until_ns));
		if (!ready && screen_now() >= until_ns) {
			event.kind = EVENT_TIME;
			return event;
		}
		if (ready > 0 && input_ended(from[0].revents)) {
			event.kind = EVENT_END;
			return event;
		}
	}
}
