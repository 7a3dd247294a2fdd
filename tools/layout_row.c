/* SPDX-License-Identifier: MIT
 *
 * layout_row BINARY: prints the row of src/runtime_layouts/rows that the DWARF of a Go program
 * gives. Called by tools/layouts.
 */
#include <stdio.h>

#include "base/cursor.h"
#include "runtime_layouts/layouts.h"

static void debug_info_cleanup(struct debug_info **info)
{
	debug_info_close(*info);
}

/* runtime.buildVersion as it stands in the file: Go before 1.13 has no build info. */
static struct spy_error *read_version(const struct binary *binary, struct debug_info *info,
				      struct arena *arena, const char **ret)
{
	enum { LENGTH_MAX = 100 };
	struct debug_query query = { .kind = DEBUG_VARIABLE, .type = "runtime.buildVersion" };
	const uint8_t *header, *bytes;
	size_t available, length;
	bool relocated;

	TRY(debug_info_lookup(info, &query, 1));
	header =
	    query.found ? binary_at(binary, (uint64_t)query.value, &available, &relocated) : NULL;
	if (!header || available < 16)
		return spy_error_new(SPY_ERROR_DATA, "no runtime.buildVersion");
	length = load_u64(header + 8);
	bytes = binary_at(binary, load_u64(header), &available, &relocated);
	if (!bytes || length > available || length > LENGTH_MAX)
		return spy_error_new(SPY_ERROR_DATA, "no text in runtime.buildVersion");
	*ret = arena_bytes(arena, bytes, length);
	return NULL;
}

static void print_row(const char *version, const struct runtime_layout *layout)
{
	static const char *const slots[LAYOUT_SLOTS] = {
#define SIZE(slot, type)        [SIZE_##slot] = "SIZE_" #slot,
#define FIELD(slot, type, path) [FIELD_##slot] = "FIELD_" #slot,
#include "runtime_layouts/fields.def"
#undef SIZE
#undef FIELD
	};
	size_t i;

	printf("/* SPDX-License-Identifier: MIT\n *\n"
	       " * From the DWARF of a program of %s, by tools/layouts. Not edited by hand.\n */\n",
	       version);
	for (i = 0; i < LAYOUT_SLOTS; i++) {
		const struct layout_field *field = &layout->fields[i];

		if (field->offset < 0)
			printf("[%s] = { .offset = -1 },\n", slots[i]);
		else
			printf("[%s] = { .offset = %d, .size = %d },\n", slots[i], field->offset,
			       field->size);
	}
}

static struct spy_error *run(const char *path, struct arena *arena)
{
	_cleanup_(binary_cleanup) struct binary *binary = NULL;
	_cleanup_(debug_info_cleanup) struct debug_info *info = NULL;
	struct runtime_layout layout;
	const char *version = NULL;

	TRY(binary_open(path, &binary));
	TRY(debug_info_open(binary, &info));
	TRY(read_version(binary, info, arena, &version));
	TRY(layout_from_dwarf(info, version, &layout));
	print_row(version, &layout);
	return NULL;
}

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct spy_error *error;
	int status = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: layout_row BINARY\n");
		return SPY_ERROR_USAGE;
	}
	error = run(argv[1], &arena);
	if (error) {
		fprintf(stderr, "layout_row: %s: %s\n", argv[1], error->message);
		status = (int)error->code;
		spy_error_free(error);
	}
	arena_free(&arena);
	return status;
}
