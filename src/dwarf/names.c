/* SPDX-License-Identifier: MIT */
#include "dwarf/names.h"

#include <string.h>

size_t name_package_length(const char *name, size_t length)
{
	/* "main.cache[example.com/db.Key]" is of main. */
	const char *bracket = memchr(name, '[', length);
	size_t head = bracket ? (size_t)(bracket - name) : length;
	const char *slash = memrchr(name, '/', head);
	const char *start = slash ? slash : name;
	const char *dot = memchr(start, '.', head - (size_t)(start - name));

	return dot ? (size_t)(dot - name) : 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte that the escape at name[at] stands for, or -1. */
static int escape_at(const char *name, size_t length, size_t at)
{
	int high, low;

	if (name[at] != '%' || length - at < 3)
		return -1;
	high = digit_of(name[at + 1]);
	low = digit_of(name[at + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Length of the Go string at name[at]: with both quotes. */
static size_t quoted_length(const char *name, size_t length, size_t at)
{
	size_t i = at + 1;

	while (i < length && name[i] != '"')
		i += name[i] == '\\' ? 2 : 1;
	return (i < length ? i + 1 : length) - at;
}

static bool ends_with_dots(const struct text *text, size_t start)
{
	return text->length - start >= 3 && memcmp(&text->bytes[text->length - 3], "...", 3) == 0;
}

void name_add(struct text *text, const char *name, size_t length, bool brief)
{
	/* What cannot be in an import path (golang.org/x/mod/module, importPathOK) ends one. */
	static const char ends[] = "[]{}()<>,;* ";
	size_t start = text->length, i = 0;

	while (i < length) {
		int escaped = escape_at(name, length, i);
		char c = escaped >= 0 ? (char)escaped : name[i];

		if (escaped < 0 && c == '"') {
			size_t quoted = quoted_length(name, length, i);

			text_add_bytes(text, &name[i], quoted);
			start = text->length;
			i += quoted;
			continue;
		}
		i += escaped >= 0 ? 3 : 1;
		if (brief && escaped < 0 && c == '/' && text->bytes) {
			text->length = start;
			text->bytes[start] = '\0';
			continue;
		}
		text_add_bytes(text, &c, 1);
		if (escaped < 0 &&
		    (memchr(ends, c, sizeof(ends) - 1) || ends_with_dots(text, start)))
			start = text->length;
	}
}
