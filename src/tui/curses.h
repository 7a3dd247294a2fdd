/* SPDX-License-Identifier: MIT
 *
 * curses as this room uses it: with wide characters, without the macros that are named like
 * ordinary words.
 */
#ifndef TUI_CURSES_H
#define TUI_CURSES_H

#define NCURSES_NOMACROS       1
#define NCURSES_WIDECHAR       1
#define _XOPEN_SOURCE_EXTENDED 1
#include <curses.h>
#include <term.h>

/* term.h has macros for all capabilities. */
#undef lines
#undef columns
#undef tab
#undef bell

#endif
