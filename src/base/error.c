/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>

#include "base/memory.h"
#include "base/text.h"

/* Formats, and escapes what bytes of the target would do to a terminal. */
static char *format_line(const char *format, va_list arguments)
{
	struct text raw = { 0 }, line = { 0 };

	text_vprintf(&raw, format, arguments);
	if (raw.bytes)
		text_add_escaped(&line, raw.bytes, raw.length);
	text_free(&raw);
	return text_take(&line);
}

struct spy_error *spy_error_new(enum spy_error_code code, const char *format, ...)
{
	struct spy_error *error = memory_zeroed(1, sizeof(*error));
	va_list arguments;

	error->code = code;
	va_start(arguments, format);
	error->message = format_line(format, arguments);
	va_end(arguments);
	return error;
}

struct spy_error *spy_error_fault(uint64_t address, size_t size)
{
	struct spy_error *error =
	    spy_error_new(SPY_ERROR_DATA, "cannot read %zu bytes of the target at 0x%llx", size,
			  (unsigned long long)address);

	error->address = address;
	error->has_address = true;
	return error;
}

struct spy_error *spy_error_with_hint(struct spy_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	free(error->hint);
	error->hint = format_line(format, arguments);
	va_end(arguments);
	return error;
}

struct spy_error *spy_error_in(struct spy_error *error, const char *format, ...)
{
	struct text text = { 0 };
	va_list arguments;
	char *prefix;

	va_start(arguments, format);
	prefix = format_line(format, arguments);
	va_end(arguments);
	text_printf(&text, "%s: %s", prefix, error->message);
	free(prefix);
	free(error->message);
	error->message = text_take(&text);
	return error;
}

bool spy_error_caught(struct spy_error *error)
{
	bool caught = error;

	spy_error_free(error);
	return caught;
}

void spy_error_free(struct spy_error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error->hint);
	free(error);
}
