/* SPDX-License-Identifier: MIT */
#include "tui/overlay.h"

#include <string.h>

enum { BORDER = 2, GAP = 2, WIDTH_MAX = 100 };

static const char footer[] = "arrows scroll, any other key closes";

static void free_lines(struct overlay *overlay)
{
	size_t i;

	for (i = 0; i < overlay->lines.count; i++) {
		free(overlay->lines.items[i].key);
		free(overlay->lines.items[i].text);
	}
	overlay->lines.count = 0;
}

void overlay_open(struct overlay *overlay, const char *title)
{
	free_lines(overlay);
	overlay->title = title;
	overlay->top = 0;
	overlay->open = true;
}

void overlay_add(struct overlay *overlay, const char *key, const char *text)
{
	struct overlay_line *line = vector_push(&overlay->lines);

	line->key = key ? memory_string(key) : NULL;
	line->text = memory_string(text);
}

void overlay_free(struct overlay *overlay)
{
	free_lines(overlay);
	vector_free(&overlay->lines);
	overlay->open = false;
}

static int height(const struct overlay *overlay)
{
	int wanted = (int)overlay->lines.count + BORDER, most = screen_rows();

	return wanted < most ? wanted : most;
}

static void scroll(struct overlay *overlay, int by)
{
	int most = (int)overlay->lines.count - (height(overlay) - BORDER);

	overlay->top += by;
	if (overlay->top > most)
		overlay->top = most;
	if (overlay->top < 0)
		overlay->top = 0;
}

static void key(struct overlay *overlay, int pressed)
{
	int page = height(overlay) - BORDER, all = (int)overlay->lines.count;

	switch (pressed) {
	case SCREEN_KEY_UP:
	case 'k':
		scroll(overlay, -1);
		break;
	case SCREEN_KEY_DOWN:
	case 'j':
		scroll(overlay, 1);
		break;
	case SCREEN_KEY_PAGE_UP:
		scroll(overlay, -page);
		break;
	case SCREEN_KEY_PAGE_DOWN:
	case ' ':
		scroll(overlay, page);
		break;
	case SCREEN_KEY_HOME:
	case 'g':
		scroll(overlay, -all);
		break;
	case SCREEN_KEY_END:
	case 'G':
		scroll(overlay, all);
		break;
	default:
		overlay->open = false;
	}
}

bool overlay_event(struct overlay *overlay, const struct event *event)
{
	if (!overlay->open)
		return false;
	switch (event->kind) {
	case EVENT_KEY:
		key(overlay, event->key);
		return true;
	case EVENT_PRESS:
	case EVENT_TWICE:
		overlay->open = false;
		return true;
	case EVENT_WHEEL_UP:
		scroll(overlay, -3);
		return true;
	case EVENT_WHEEL_DOWN:
		scroll(overlay, 3);
		return true;
	case EVENT_SIZE:
	case EVENT_WOKEN:
	case EVENT_TIME:
	case EVENT_END:
		break;
	}
	return false;
}

/* Columns of the widest key, and of the widest line. */
static void measure(const struct overlay *overlay, int *keys, int *width)
{
	size_t i;

	*keys = 0;
	for (i = 0; i < overlay->lines.count; i++) {
		const char *name = overlay->lines.items[i].key;
		int used = name ? (int)fit_width(name, strlen(name), screen_unicode()) : 0;

		*keys = used > *keys ? used : *keys;
	}
	*width = (int)sizeof(footer);
	if ((int)strlen(overlay->title) > *width)
		*width = (int)strlen(overlay->title);
	for (i = 0; i < overlay->lines.count; i++) {
		const struct overlay_line *line = &overlay->lines.items[i];
		int used = (int)fit_width(line->text, strlen(line->text), screen_unicode()) +
			   (line->key ? *keys + GAP : 0);

		*width = used > *width ? used : *width;
	}
	if (*width > WIDTH_MAX)
		*width = WIDTH_MAX;
	if (*width > screen_columns() - 2 * GAP)
		*width = screen_columns() - 2 * GAP;
}

static void draw_line(const struct overlay_line *line, int row, int column, int keys, int width)
{
	draw_fill(row, column, width, STYLE_PLAIN, ' ');
	if (!line->key) {
		draw_text(row, column, width, STYLE_BOLD, line->text);
		return;
	}
	draw_text(row, column, keys < width ? keys : width, STYLE_KEY, line->key);
	draw_text(row, column + keys + GAP, width - keys - GAP, STYLE_PLAIN, line->text);
}

static void draw_frame(const struct overlay *overlay, int row, int column, int rows, int width)
{
	bool below = overlay->top + rows - BORDER < (int)overlay->lines.count;
	int i;

	draw_fill(row, column, width + 2 * GAP, STYLE_BAR, ' ');
	draw_text(row, column + GAP, width, STYLE_BAR, overlay->title);
	for (i = 1; i < rows - 1; i++)
		draw_fill(row + i, column, width + 2 * GAP, STYLE_PLAIN, ' ');
	draw_fill(row + rows - 1, column, width + 2 * GAP, STYLE_BAR, ' ');
	draw_text(row + rows - 1, column + GAP, width, STYLE_BAR,
		  below || overlay->top ? footer : "any key closes");
}

void overlay_draw(struct overlay *overlay)
{
	int rows = height(overlay), keys, width, row, column, i;

	if (!overlay->open)
		return;
	scroll(overlay, 0);
	measure(overlay, &keys, &width);
	row = (screen_rows() - rows) / 2;
	column = (screen_columns() - width - 2 * GAP) / 2;
	if (column < 0)
		column = 0;
	draw_frame(overlay, row, column, rows, width);
	for (i = 0; i < rows - BORDER; i++)
		draw_line(&overlay->lines.items[overlay->top + i], row + 1 + i, column + GAP, keys,
			  width);
}
