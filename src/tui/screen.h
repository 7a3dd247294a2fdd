/* SPDX-License-Identifier: MIT
 *
 * The terminal: taking it, giving it back however the program ends, and what comes from it.
 *
 * There is one terminal, and one thread uses it: only screen_wake() may be called by any. Nothing
 * here shows curses to the others of the room; they draw with draw.h, and what is drawn appears
 * with screen_show(), which writes the cells that differ from what the terminal shows.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "render/output.h"

/* Whether standard input and output are a terminal that a screen can be shown on. */
bool screen_possible(void);

/*
 * Takes the terminal, until screen_end(). From then on it is given back when the program is ended
 * by a signal or for want of memory as well; SIGINT, SIGTERM, SIGHUP become EVENT_END, SIGTSTP
 * stops the program as soon as no worker is in the middle of a reading. COLOUR_AUTO: colours where
 * the terminal has some, unless NO_COLOR is set and not empty. USAGE: TERM is unknown, or a
 * terminal that cannot move its cursor.
 */
SPY_MUST_CHECK struct spy_error *screen_start(enum colour_mode colour);
/* Gives it back; from now on a signal ends the program as it would any other. */
void screen_end(void);

int screen_rows(void);
int screen_columns(void);

/* What it can draw beside ASCII: by the locale and TERM. */
enum glyphs {
	GLYPHS_ASCII,
	GLYPHS_BLOCKS,  /* block elements, box drawing, arrows: the Linux console */
	GLYPHS_BRAILLE, /* all of Unicode */
};
enum glyphs screen_glyphs(void);
/* Text may have characters beside ASCII. */
bool screen_unicode(void);
bool screen_coloured(void);

/* Empties the picture that is drawn next; then draw; then shows what it has become. */
void screen_begin(void);
void screen_show(void);
/* Writes every cell anew with the next screen_show(): somebody else wrote to the terminal. */
void screen_repaint(void);

/* ---- events ------------------------------------------------------------------------------- */

/* Keys that are no characters; the others are Unicode code points, control characters as they are
 * ('\n' for Enter, '\t', 27 for Escape, 'L' & 31 for ^L). */
enum screen_key {
	SCREEN_KEY_UP = 0x200000,
	SCREEN_KEY_DOWN,
	SCREEN_KEY_LEFT,
	SCREEN_KEY_RIGHT,
	SCREEN_KEY_HOME,
	SCREEN_KEY_END,
	SCREEN_KEY_PAGE_UP,
	SCREEN_KEY_PAGE_DOWN,
	SCREEN_KEY_BACKSPACE,
	SCREEN_KEY_DELETE,
	SCREEN_KEY_BACK_TAB,
	SCREEN_KEY_F1, /* F2 … F12 follow */
	SCREEN_KEY_F12 = SCREEN_KEY_F1 + 11,
	SCREEN_KEY_OTHER,
};
enum { KEY_ESCAPE = 27 };
#define CONTROL(letter) ((letter)&31)

enum event_kind {
	EVENT_KEY,
	EVENT_PRESS, /* the mouse's first button */
	EVENT_TWICE, /* the second time in the same place, at once */
	EVENT_WHEEL_UP,
	EVENT_WHEEL_DOWN,
	EVENT_SIZE,  /* the size changed, or all must be drawn again */
	EVENT_WOKEN, /* screen_wake() */
	EVENT_TIME,  /* the moment has come that was waited for */
	EVENT_END,   /* a signal, or the terminal is gone: to end */
};

struct event {
	enum event_kind kind;
	int key;         /* of EVENT_KEY */
	int row, column; /* of the mouse */
};

/* Waits for what comes next, at most until that moment (of screen_now(); INT64_MAX: for ever). */
struct event screen_event(int64_t until_ns);
/* CLOCK_MONOTONIC, ns */
int64_t screen_now(void);
/* Makes screen_event() return EVENT_WOKEN; many at once are one. From any thread. */
void screen_wake(void);

#endif
