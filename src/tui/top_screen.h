/* SPDX-License-Identifier: MIT
 *
 * What the parts of `spy top` on a screen share. Inside the room.
 */
#ifndef TUI_TOP_SCREEN_H
#define TUI_TOP_SCREEN_H

#include "render/stats.h"
#include "tui/draw.h"
#include "tui/overlay.h"
#include "tui/prompt.h"
#include "tui/top.h"
#include "tui/top_reader.h"

/* What a prompt at the bottom is for. */
enum top_asking {
	ASKING_NOTHING,
	ASKING_FILTER,
	ASKING_SEARCH,
	ASKING_INTERVAL,
	ASKING_FILE,
};

enum { GRID_COLUMNS_MAX = 16 };

/* The table: where its columns are, and which rows are in sight. */
struct top_grid {
	enum top_group group; /* that the widths belong to */
	const struct top_column *columns[GRID_COLUMNS_MAX];
	int natural[GRID_COLUMNS_MAX]; /* widths that the columns wanted so far */
	int x[GRID_COLUMNS_MAX], width[GRID_COLUMNS_MAX]; /* on the screen; width 0: not shown */
	size_t count;
	size_t skipped;  /* columns with text that were scrolled away to the left */
	size_t first;    /* row in the first line */
	size_t selected; /* row */
	int row, rows;   /* lines of the screen that it has, without its titles */
};

/* The look at a row. */
struct top_look {
	bool open;
	char *key;       /* of the row */
	size_t selected; /* of its goroutines */
	int64_t id;      /* that goroutine */
	size_t first;    /* goroutine in the first line */
	size_t scrolled; /* lines of the stack that are above its part of the screen */
	enum spy_view view;
	bool locals;                         /* with the variables of the frames */
	struct top_detail *detail;           /* the newest, of this goroutine or one before */
	int list_row, list_rows, stack_rows; /* where they were drawn */
};

struct top {
	struct top_wanted wanted;
	struct top_options options;
	char *filter, *search, *label; /* "" where there is none */
	const struct top_column *column;
	const struct top_column *chosen; /* by the user; rows that do not have it are sorted by
					    what is usual */
	bool falls;
	bool changes, has_locals; /* see struct top_settings */
	struct top_reader *reader;
	struct top_reading *reading;
	struct top_rows *rows;
	bool comparable;    /* the next rows will be made as these were */
	char *selected_key; /* follow it; NULL: stay at the top */
	struct stats_row stats;
	struct top_grid grid;
	struct top_look look;
	struct prompt prompt;
	enum top_asking asking;
	struct overlay overlay;
	char *status; /* a line for the user, until the next key */
	bool status_is_bad;
	struct spy_error *error; /* the last */
	bool ends;
};

/* top_grid.c */
/* Lays the columns out and draws titles and rows from line `row` on, `rows` lines in all. */
void grid_draw(struct top *top, int row, int rows);
/* Keeps selection and scroll in their bounds. */
void grid_settle(struct top_grid *grid, size_t rows);
/* The sorted column that stands there in the line of titles, or NULL. */
const struct top_column *grid_column_at(const struct top_grid *grid, int column);
/* A cell as text, not escaped. */
void grid_cell(struct text *text, const struct field *field, const void *entity);

/* top_header.c: the title in the first line; the whole, which returns how many lines it took. */
void header_title(const struct top *top);
int header_draw(const struct top *top);

/* top_look.c */
void look_open(struct top *top);
void look_close(struct top *top);
/* The row that is looked at, NULL if it is gone. */
const struct top_row *look_row(const struct top *top);
/* Other rows or another detail have come. */
void look_update(struct top *top);
void look_draw(struct top *top);
/* False if it is for somebody else. */
bool look_event(struct top *top, const struct event *event);

/* top_keys.c */
void top_event(struct top *top, const struct event *event);

/* top.c */
void top_say(struct top *top, bool bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Rows anew from the reading that is there. */
void top_regroup(struct top *top);
/* The same rows in another order. */
void top_resort(struct top *top);
/* Tells the reader what is wanted now. */
void top_want(struct top *top, bool at_once);
void top_select(struct top *top, size_t index);

#endif
