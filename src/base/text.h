/* SPDX-License-Identifier: MIT
 *
 * A string builder, and the escaping of bytes that somebody else chose.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* NUL-terminated once something was added, else NULL */
	size_t length, capacity;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t size);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Bytes that are safe on a terminal: valid UTF-8 without control, format and private characters
 * stays, everything else becomes \n, \t, \\ or \xNN (so the result can be told from the input). */
void text_add_escaped(struct text *text, const char *bytes, size_t size);
/* The same as Go's %q has it: between double quotes, with \n, \xNN for bytes that are no UTF-8 and
 * \uNNNN for characters that are not shown. */
void text_add_quoted(struct text *text, const char *bytes, size_t size);
/* A character as UTF-8; U+FFFD for what is none. */
void text_add_rune(struct text *text, unsigned code_point);
/* The string, owned by the caller; the builder is empty afterwards. Never NULL. */
char *text_take(struct text *text) __attribute__((returns_nonnull));
void text_free(struct text *text);

/* Characters that draw nothing or redirect what is drawn: controls, what changes the direction of
 * text, the invisible, the private. */
bool text_is_unsafe(unsigned code_point);

/* Length of the valid UTF-8 sequence at the start of bytes (1..4), and its code point; 0 where
 * there is none (truncated, overlong, surrogate, above U+10FFFF). */
size_t text_utf8(const char *bytes, size_t size, unsigned *code_point);

#endif
