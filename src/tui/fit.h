/* SPDX-License-Identifier: MIT
 *
 * Text of a known width out of bytes that somebody else chose: what would move the cursor, draw
 * nothing or redirect what is drawn is escaped as text_add_escaped() does, so that columns stay
 * columns. Knows no terminal; widths are wcwidth(3)'s, by the locale that is set.
 */
#ifndef TUI_FIT_H
#define TUI_FIT_H

#include "base/text.h"

enum fit {
	FIT_CUT,       /* the end is cut where it does not fit */
	FIT_CUT_START, /* the beginning: of a path its end says most */
	FIT_MIDDLE,    /* both stay: "github.com/…/server.go" */
	FIT_ESCAPED,   /* as FIT_CUT, of what was escaped before: a backslash stays one */
};

/* Columns that it takes when nothing is cut. `unicode` false: everything but ASCII is escaped. */
size_t fit_width(const char *bytes, size_t size, bool unicode);

/* Adds it in at most `width` columns, with a mark where something is missing ("…", or ".." in
 * ASCII); returns how many it took. */
size_t fit_add(struct text *text, const char *bytes, size_t size, size_t width, enum fit fit,
	       bool unicode);

#endif
