/* SPDX-License-Identifier: MIT
 *
 * Any text as an expression. What is one, put together again, is read as the same.
 */
#include <stdlib.h>

#include "values/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *read_back(const char *expression)
{
	struct arena arena = { 0 };
	struct text text = { 0 };
	struct path path;
	char *printed = NULL;

	if (!spy_error_caught(path_parse(expression, &arena, &path))) {
		path_print(&text, path.word, path.steps, path.step_count);
		printed = text_take(&text);
	}
	arena_free(&arena);
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *expression = memory_new(size + 1, 1);
	char *once, *twice;

	memcpy(expression, data, size);
	expression[size] = '\0';
	once = read_back(expression);
	twice = once ? read_back(once) : NULL;
	/* What stands behind a % may be any character, which is not escaped again. */
	if (once && !strchr(expression, '%') && (!twice || strcmp(once, twice) != 0))
		abort();
	free(once);
	free(twice);
	free(expression);
	return 0;
}
