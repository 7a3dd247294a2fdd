/* SPDX-License-Identifier: MIT
 *
 * A line that the user types, with the keys of readline.
 */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "base/text.h"
#include "tui/draw.h"

struct prompt {
	const char *label; /* before the line: "Filter: " */
	struct text line;
	size_t cursor; /* a byte of it */
	bool open;
};

enum prompt_answer {
	PROMPT_IGNORED, /* the key is for somebody else */
	PROMPT_EDITED,
	PROMPT_DONE,      /* Enter; the line is what it is, the prompt closed */
	PROMPT_CANCELLED, /* Escape, ^C, ^G */
};

/* Opens it with a line that is there. */
void prompt_open(struct prompt *prompt, const char *label, const char *line);
enum prompt_answer prompt_key(struct prompt *prompt, int key);
/* The whole row, with the cursor. */
void prompt_draw(const struct prompt *prompt, int row, int column, int width);
/* The line; never NULL. */
const char *prompt_line(const struct prompt *prompt);
void prompt_free(struct prompt *prompt);

#endif
