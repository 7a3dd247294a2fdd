/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdio.h>

#include "base/memory.h"

static char *reserve(struct text *text, size_t more)
{
	if (text->capacity - text->length <= more) {
		size_t capacity = text->capacity ? text->capacity * 2 : 64;

		while (capacity - text->length <= more)
			capacity *= 2;
		text->bytes = memory_resize(text->bytes, capacity, 1);
		text->capacity = capacity;
	}
	return text->bytes + text->length;
}

void text_add_bytes(struct text *text, const char *bytes, size_t size)
{
	char *end = reserve(text, size);

	if (size)
		memcpy(end, bytes, size);
	text->length += size;
	text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_vprintf(struct text *text, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return;
	vsnprintf(reserve(text, (size_t)length), (size_t)length + 1, format, arguments);
	text->length += (size_t)length;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(text, format, arguments);
	va_end(arguments);
}

size_t text_utf8(const char *bytes, size_t size, unsigned *code_point)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)bytes;
	size_t length, i;
	unsigned point;

	if (!size)
		return 0;
	if (b[0] < 0x80) {
		*code_point = b[0];
		return 1;
	}
	length = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (b[0] < 0xc2 || b[0] > 0xf4 || length > size)
		return 0;
	point = b[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (b[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*code_point = point;
	return length;
}

/* Characters that draw nothing or redirect what is drawn: C0 and C1 controls, soft hyphen, the
 * bidirectional and invisible format characters, the byte order mark, private use, tags. */
bool text_is_unsafe(unsigned point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
	       point == 0x180e || (point >= 0x200b && point <= 0x200f) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) ||
	       (point >= 0xe000 && point <= 0xf8ff) || point == 0xfeff ||
	       (point >= 0xfff0 && point <= 0xfffb) || point >= 0xe0000;
}

static void add_escaped_byte(struct text *text, unsigned char byte)
{
	switch (byte) {
	case '\n':
		text_add(text, "\\n");
		break;
	case '\t':
		text_add(text, "\\t");
		break;
	case '\r':
		text_add(text, "\\r");
		break;
	default:
		text_printf(text, "\\x%02x", byte);
	}
}

void text_add_escaped(struct text *text, const char *bytes, size_t size)
{
	size_t plain = 0, i = 0, j;

	while (i < size) {
		unsigned point;
		size_t length = text_utf8(bytes + i, size - i, &point);

		if (length && !text_is_unsafe(point) && point != '\\') {
			i += length;
			continue;
		}
		text_add_bytes(text, bytes + plain, i - plain);
		if (length == 1 && point == '\\') {
			text_add(text, "\\\\");
		} else {
			if (!length)
				length = 1;
			for (j = 0; j < length; j++)
				add_escaped_byte(text, (unsigned char)bytes[i + j]);
		}
		i += length;
		plain = i;
	}
	text_add_bytes(text, bytes + plain, size - plain);
}

/* Blanks that are none of the keyboard: Go escapes them in quotes, as one takes them for the other
 * (strconv.IsPrint). */
static bool is_odd_blank(unsigned point)
{
	return point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
	       point == 0x202f || point == 0x205f || point == 0x3000;
}

/* strconv.Quote of Go; what we hold to be unsafe is more than what Go does not hold to be printable
 * by little: the private and the invisible. */
static void add_quoted(struct text *text, const char *bytes, size_t length, unsigned point)
{
	static const char letters[] = "abtnvfr";

	if (!length)
		text_printf(text, "\\x%02x", (unsigned char)*bytes);
	else if (point == '"' || point == '\\')
		text_printf(text, "\\%c", (int)point);
	else if (point >= '\a' && point <= '\r')
		text_printf(text, "\\%c", letters[point - '\a']);
	else if (point < 0x80)
		text_printf(text, "\\x%02x", point);
	else if (point < 0x10000)
		text_printf(text, "\\u%04x", point);
	else
		text_printf(text, "\\U%08x", point);
}

void text_add_quoted(struct text *text, const char *bytes, size_t size)
{
	size_t plain = 0, i = 0;

	text_add(text, "\"");
	while (i < size) {
		unsigned point = 0;
		size_t length = text_utf8(bytes + i, size - i, &point);

		if (length && !text_is_unsafe(point) && !is_odd_blank(point) && point != '\\' &&
		    point != '"') {
			i += length;
			continue;
		}
		text_add_bytes(text, bytes + plain, i - plain);
		add_quoted(text, bytes + i, length, point);
		i += length ? length : 1;
		plain = i;
	}
	text_add_bytes(text, bytes + plain, size - plain);
	text_add(text, "\"");
}

void text_add_rune(struct text *text, unsigned code_point)
{
	/* The first byte says by its high bits how many follow. */
	static const unsigned first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t length = code_point < 0x80      ? 1
			: code_point < 0x800   ? 2
			: code_point < 0x10000 ? 3
					       : 4;
	char bytes[4];
	size_t i;

	if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff)) {
		text_add_rune(text, 0xfffd);
		return;
	}
	for (i = length; i-- > 1; code_point >>= 6)
		bytes[i] = (char)(0x80 | (code_point & 0x3f));
	bytes[0] = (char)(length == 1 ? code_point : first[length] | code_point);
	text_add_bytes(text, bytes, length);
}

char *text_take(struct text *text)
{
	char *bytes;

	text_add_bytes(text, "", 0);
	bytes = text->bytes;
	*text = (struct text){ 0 };
	return bytes;
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}
