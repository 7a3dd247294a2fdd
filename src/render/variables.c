/* SPDX-License-Identifier: MIT
 *
 * Lists of package variables as text and as JSON: spy vars.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "render/json.h"
#include "render/render.h"
#include "render/table.h"

/* A pattern without a wildcard is a part of the text. Types have brackets of their own, so both are
 * tried always. */
static bool matches(const char *text, const char *pattern)
{
	return text && (strstr(text, pattern) || !fnmatch(pattern, text, 0));
}

/* A package is named by its whole path, by the last elements of it, or by a glob. */
static bool is_package(const char *package, const char *wanted)
{
	size_t length = strlen(package), wanted_length = strlen(wanted);

	if (!fnmatch(wanted, package, 0))
		return true;
	return length > wanted_length && package[length - wanted_length - 1] == '/' &&
	       !strcmp(package + length - wanted_length, wanted);
}

static bool passes(const struct spy_variable *variable, const struct variable_filter *filter)
{
	bool named = filter->pattern_count == 0;
	size_t i;

	for (i = 0; i < filter->pattern_count && !named; i++)
		named = matches(variable->name, filter->patterns[i]);
	return named && (!filter->package || is_package(variable->package, filter->package)) &&
	       (!filter->type || matches(variable->type, filter->type));
}

/* The largest first; the list is by name, which decides among equals. */
static int by_size(const void *a, const void *b)
{
	const struct spy_variable *x = *(const struct spy_variable *const *)a,
				  *y = *(const struct spy_variable *const *)b;

	if (x->size_bytes != y->size_bytes)
		return x->size_bytes < y->size_bytes ? 1 : -1;
	return x < y ? -1 : x > y;
}

const struct spy_variable **variables_select(const struct spy_variable_list *list,
					     const struct variable_filter *filter, size_t *count,
					     size_t *left_out)
{
	const struct spy_variable **variables = memory_new(list->count, sizeof(*variables));
	size_t kept = 0, i;

	for (i = 0; i < list->count; i++)
		if (passes(&list->variables[i], filter))
			variables[kept++] = &list->variables[i];
	if (filter->order == VARIABLES_BY_SIZE && kept > 1)
		qsort(variables, kept, sizeof(const struct spy_variable *), by_size);
	*count = filter->limit && (size_t)filter->limit < kept ? (size_t)filter->limit : kept;
	*left_out = kept - *count;
	return variables;
}

void render_variables_text(struct output *output, const struct spy_variable *const *variables,
			   size_t count)
{
	static const struct table_column columns[] = {
		{ .title = "SIZE", .right = true },
		{ .title = "ADDRESS", .right = true },
		{ .title = "NAME" },
		{ .title = "TYPE" },
	};
	struct table table = { .columns = columns,
			       .column_count = sizeof(columns) / sizeof(*columns) };
	size_t i;

	for (i = 0; i < count; i++) {
		put_number(&table.text, variables[i]->size_bytes);
		table_cell(&table, COLOUR_NONE);
		put_hex(&table.text, variables[i]->address);
		table_cell(&table, COLOUR_DIM);
		put_string(&table.text, variables[i]->name);
		table_cell(&table, COLOUR_BOLD);
		put_string(&table.text, variables[i]->type);
		table_cell(&table, COLOUR_NONE);
	}
	table_print(&table, output, 0);
	table_free(&table);
}

void render_variables_json(struct output *output, const struct spy_variable_list *list,
			   const struct spy_variable *const *variables, size_t count)
{
	struct json json;
	size_t i;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_number(&json, "pid", list->pid);
	json_string(&json, "go_version", list->go_version);
	json_open_array(&json, "variables");
	for (i = 0; i < count; i++) {
		json_open_object(&json, NULL);
		json_string(&json, "name", variables[i]->name);
		json_string(&json, "package", variables[i]->package);
		json_string(&json, "type", variables[i]->type);
		json_address(&json, "address", variables[i]->address);
		json_number(&json, "size", variables[i]->size_bytes);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_strings(&json, "warnings", list->warnings, list->warning_count);
	json_close_object(&json);
	json_end(&json);
}
