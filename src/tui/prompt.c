/* SPDX-License-Identifier: MIT */
#include "tui/prompt.h"

#include <string.h>

enum { LINE_BYTES_MAX = 4096 };

void prompt_open(struct prompt *prompt, const char *label, const char *line)
{
	prompt->label = label;
	prompt->line.length = 0;
	text_add(&prompt->line, line);
	prompt->cursor = prompt->line.length;
	prompt->open = true;
}

const char *prompt_line(const struct prompt *prompt)
{
	return prompt->line.bytes ? prompt->line.bytes : "";
}

void prompt_free(struct prompt *prompt)
{
	text_free(&prompt->line);
	prompt->open = false;
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t before(const struct prompt *prompt, size_t at)
{
	while (at && continues(prompt->line.bytes[--at]))
		;
	return at;
}

static size_t after(const struct prompt *prompt, size_t at)
{
	if (at >= prompt->line.length)
		return at;
	while (++at < prompt->line.length && continues(prompt->line.bytes[at]))
		;
	return at;
}

static size_t word_before(const struct prompt *prompt, size_t at)
{
	while (at && prompt->line.bytes[at - 1] == ' ')
		at--;
	while (at && prompt->line.bytes[at - 1] != ' ')
		at--;
	return at;
}

static void cut(struct prompt *prompt, size_t from, size_t to)
{
	struct text *line = &prompt->line;

	memmove(line->bytes + from, line->bytes + to, line->length - to + 1);
	line->length -= to - from;
	prompt->cursor = from;
}

static size_t encode(unsigned point, char bytes[4])
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4, i;

	if (length == 1) {
		bytes[0] = (char)point;
		return 1;
	}
	for (i = length - 1; i; i--, point >>= 6)
		bytes[i] = (char)(0x80 | (point & 0x3f));
	bytes[0] = (char)(lead[length] | point);
	return length;
}

static void insert(struct prompt *prompt, unsigned point)
{
	struct text rest = { 0 };
	char bytes[4];
	size_t length = encode(point, bytes);

	if (prompt->line.length + length > LINE_BYTES_MAX)
		return;
	text_add(&rest, prompt->line.bytes + prompt->cursor);
	prompt->line.length = prompt->cursor;
	text_add_bytes(&prompt->line, bytes, length);
	text_add_bytes(&prompt->line, rest.bytes, rest.length);
	prompt->cursor += length;
	text_free(&rest);
}

/* Keys that move the cursor: where it goes; SIZE_MAX for others. */
static size_t moved(const struct prompt *prompt, int key)
{
	switch (key) {
	case SCREEN_KEY_LEFT:
	case CONTROL('b'):
		return before(prompt, prompt->cursor);
	case SCREEN_KEY_RIGHT:
	case CONTROL('f'):
		return after(prompt, prompt->cursor);
	case SCREEN_KEY_HOME:
	case CONTROL('a'):
		return 0;
	case SCREEN_KEY_END:
	case CONTROL('e'):
		return prompt->line.length;
	default:
		return SIZE_MAX;
	}
}

static bool deletes(struct prompt *prompt, int key)
{
	switch (key) {
	case SCREEN_KEY_BACKSPACE:
		cut(prompt, before(prompt, prompt->cursor), prompt->cursor);
		return true;
	case SCREEN_KEY_DELETE:
	case CONTROL('d'):
		cut(prompt, prompt->cursor, after(prompt, prompt->cursor));
		return true;
	case CONTROL('u'):
		cut(prompt, 0, prompt->cursor);
		return true;
	case CONTROL('k'):
		cut(prompt, prompt->cursor, prompt->line.length);
		return true;
	case CONTROL('w'):
		cut(prompt, word_before(prompt, prompt->cursor), prompt->cursor);
		return true;
	default:
		return false;
	}
}

enum prompt_answer prompt_key(struct prompt *prompt, int key)
{
	size_t to;

	if (key == '\n' || key == KEY_ESCAPE || key == CONTROL('g') || key == CONTROL('c')) {
		prompt->open = false;
		return key == '\n' ? PROMPT_DONE : PROMPT_CANCELLED;
	}
	to = moved(prompt, key);
	if (to != SIZE_MAX) {
		prompt->cursor = to;
		return PROMPT_EDITED;
	}
	if (deletes(prompt, key))
		return PROMPT_EDITED;
	if (key < ' ' || key >= SCREEN_KEY_UP)
		return PROMPT_IGNORED;
	insert(prompt, (unsigned)key);
	return PROMPT_EDITED;
}

void prompt_draw(const struct prompt *prompt, int row, int column, int width)
{
	int label, at;
	size_t left;

	draw_fill(row, column, width, STYLE_PLAIN, ' ');
	label = draw_text(row, column, width, STYLE_KEY, prompt->label);
	column += label;
	width -= label;
	/* what stands before the cursor stays in sight */
	at = (int)fit_width(prompt->line.bytes, prompt->cursor, screen_unicode());
	if (at < width) {
		draw_bytes(row, column, width, STYLE_PLAIN, prompt->line.bytes, prompt->line.length,
			   FIT_CUT);
	} else {
		left = prompt->cursor;
		draw_bytes(row, column, width - 1, STYLE_PLAIN, prompt->line.bytes, left,
			   FIT_CUT_START);
		at = width - 1;
	}
	draw_cursor(row, column + at);
}
