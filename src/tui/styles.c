/* SPDX-License-Identifier: MIT */
#include "tui/styles.h"

struct look {
	short foreground, background; /* -1: the terminal's own */
	attr_t coloured;              /* attributes beside the colours */
	attr_t plain;                 /* … and without any */
};

/* Eight colours are all that a terminal has for certain. */
static const struct look looks[STYLE_COUNT] = {
	[STYLE_PLAIN] = { .foreground = -1, .background = -1 },
	[STYLE_BOLD] = { .foreground = -1, .background = -1, .coloured = A_BOLD, .plain = A_BOLD },
	[STYLE_DIM] = { .foreground = -1, .background = -1, .coloured = A_DIM, .plain = A_DIM },
	[STYLE_BAR] = { .foreground = COLOR_BLACK, .background = COLOR_GREEN, .plain = A_REVERSE },
	[STYLE_BAR_MARK] = { .foreground = COLOR_BLACK,
			     .background = COLOR_CYAN,
			     .plain = A_REVERSE | A_BOLD | A_UNDERLINE },
	[STYLE_SELECTED] = { .foreground = COLOR_BLACK,
			     .background = COLOR_CYAN,
			     .plain = A_REVERSE },
	[STYLE_FOUND] = { .foreground = COLOR_BLACK,
			  .background = COLOR_YELLOW,
			  .plain = A_UNDERLINE },
	[STYLE_GOOD] = { .foreground = COLOR_GREEN, .background = -1 },
	[STYLE_WARN] = { .foreground = COLOR_YELLOW, .background = -1, .plain = A_BOLD },
	[STYLE_BAD] = { .foreground = COLOR_RED,
			.background = -1,
			.coloured = A_BOLD,
			.plain = A_BOLD },
	[STYLE_KEY] = { .foreground = COLOR_CYAN,
			.background = -1,
			.coloured = A_BOLD,
			.plain = A_BOLD },
	[STYLE_SERIES] = { .foreground = COLOR_GREEN, .background = -1 },
	[STYLE_SERIES + 1] = { .foreground = COLOR_CYAN, .background = -1 },
	[STYLE_SERIES + 2] = { .foreground = COLOR_YELLOW, .background = -1 },
	[STYLE_SERIES + 3] = { .foreground = COLOR_MAGENTA, .background = -1 },
	[STYLE_SERIES + 4] = { .foreground = COLOR_BLUE, .background = -1, .coloured = A_BOLD },
	[STYLE_SERIES + 5] = { .foreground = COLOR_RED, .background = -1 },
	[STYLE_SERIES + 6] = { .foreground = COLOR_WHITE, .background = -1, .coloured = A_BOLD },
	[STYLE_SERIES + 7] = { .foreground = COLOR_GREEN, .background = -1, .coloured = A_BOLD },
};

static bool has_colours;

void styles_set_up(bool coloured)
{
	short own_foreground = -1, own_background = -1;
	size_t i;

	has_colours = coloured;
	if (!coloured)
		return;
	start_color();
	if (use_default_colors() == ERR) {
		own_foreground = COLOR_WHITE;
		own_background = COLOR_BLACK;
	}
	for (i = 1; i < STYLE_COUNT; i++) {
		short foreground = looks[i].foreground, background = looks[i].background;

		init_pair((short)i, foreground < 0 ? own_foreground : foreground,
			  background < 0 ? own_background : background);
	}
}

attr_t style_attributes(enum style style)
{
	return has_colours ? looks[style].coloured : looks[style].plain;
}

short style_pair(enum style style)
{
	const struct look *look = &looks[style];

	if (!has_colours || (look->foreground < 0 && look->background < 0))
		return 0;
	return (short)style;
}
