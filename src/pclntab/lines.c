/* SPDX-License-Identifier: MIT
 *
 * Names, files and lines (runtime/symtab.go: funcName, funcfile, funcline1).
 */
#include "pclntab/table.h"

enum {
	/* A name that does not end within so many bytes is broken. The longest of the compilers and
	 * of net/http of Go 1.10 to 1.27 has 1366: types without a name are written out. */
	STRING_MAX = 1 << 16,
	PATH_BYTES_MAX = 1024,
	FILES_MAX = 1 << 18,
};

static const char *string_within(const struct cursor *part, size_t offset, size_t max)
{
	struct cursor at = *part;
	size_t length;

	cursor_seek(&at, offset);
	if (cursor_left(&at) > max)
		at.size = at.position + max;
	return cursor_string(&at, &length);
}

static const char *string_at(const struct cursor *part, uint32_t offset)
{
	return string_within(part, offset, STRING_MAX);
}

/* A string of a part that holds nothing else, since Go 1.16: it begins where another one ended. */
static const char *whole_string_at(const struct pclntab *tab, const struct cursor *part,
				   uint32_t offset)
{
	if (tab->files_by_unit && offset && offset <= part->size && part->bytes[offset - 1])
		return NULL;
	return string_at(part, offset);
}

const char *table_name(const struct pclntab *tab, uint32_t offset)
{
	const char *name = offset ? whole_string_at(tab, &tab->names, offset) : NULL;

	return name ? name : "";
}

bool table_is_name(const struct pclntab *tab, uint32_t offset)
{
	return !offset || whole_string_at(tab, &tab->names, offset);
}

/* Up to Go 1.15 the number counts in one table of the program, later in the part of the function's
 * compilation unit, where all ones (outside of every part) is none. */
const char *table_file(const struct pclntab *tab, const struct pclntab_func *func, int32_t number)
{
	uint32_t first = tab->files_by_unit ? func_u32(tab, func, FUNC_CU) : 0;
	struct cursor file = tab->files;
	const char *name;
	uint32_t offset;

	cursor_seek(&file, (size_t)(first + (uint32_t)number) * sizeof(uint32_t));
	offset = cursor_u32(&file);
	name = file.failed ? NULL : whole_string_at(tab, &tab->file_names, offset);
	return name ? name : "?";
}

void pclntab_line(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		  const char **file, int64_t *line)
{
	int32_t file_number, line_number;

	*file = "?";
	*line = 0;
	if (!table_value(tab, func, func_u32(tab, func, FUNC_PCFILE), pc, &file_number) ||
	    !table_value(tab, func, func_u32(tab, func, FUNC_PCLN), pc, &line_number) ||
	    file_number == -1 || line_number == -1)
		return;
	*file = table_file(tab, func, file_number);
	*line = line_number;
}

const char *pclntab_next_file(const struct pclntab *tab, struct pclntab_files *files)
{
	const char *name;

	if (files->count++ == FILES_MAX)
		return NULL;
	if (tab->files_by_unit) {
		if (files->position >= tab->file_names.size)
			return NULL;
		name = string_within(&tab->file_names, files->position, PATH_BYTES_MAX);
		files->position += name ? strlen(name) + 1 : PATH_BYTES_MAX;
	} else {
		struct cursor file = tab->files;

		cursor_seek(&file, files->position);
		files->position += sizeof(uint32_t);
		name = string_within(&tab->file_names, cursor_u32(&file), PATH_BYTES_MAX);
		if (file.failed)
			return NULL;
	}
	return name ? name : "";
}
