/* SPDX-License-Identifier: MIT
 *
 * dwarf_types_ask BINARY: prints all package variables of a Go program, and the types whose offsets
 * in .debug_info stand in the lines of stdin, in the form of dwarf_types_truth.go.
 */
#include <inttypes.h>
#include <stdio.h>

#include "dwarf/go_types.h"
#include "dwarf/variables.h"

static void die(const struct spy_error *error)
{
	fprintf(stderr, "dwarf_types_ask: %s\n", error->message);
	exit(1);
}

static const struct debug_type *type_at(struct debug_info *info, uint64_t offset)
{
	const struct debug_type *type = NULL;
	struct spy_error *error = debug_type_get(info, offset, &type);

	if (error)
		die(error);
	return type;
}

static uint64_t whole(struct debug_info *info, uint64_t offset)
{
	return offset ? type_at(info, offset)->offset : 0;
}

/* What the type's names and descriptor lead to, "-" where it is not this type. */
static void print_found(struct debug_info *info, const struct debug_type *type)
{
	uint64_t by_name = 0, by_raw_name = 0, by_descriptor = 0;
	bool ambiguous = false;
	struct spy_error *error = debug_type_find(info, type->name, &by_name, &ambiguous);

	if (!error && !ambiguous)
		error = debug_type_find(info, type->raw_name, &by_raw_name, &ambiguous);
	if (!error)
		error = debug_type_of_descriptor(info, type->runtime_type, &by_descriptor);
	if (error)
		die(error);
	printf("\t%s", ambiguous                                                ? "ambiguous"
		       : by_name == type->offset && by_raw_name == type->offset ? "found"
										: "-");
	printf("\t%s", type->runtime_type == 0                                       ? "none"
		       : by_descriptor && whole(info, by_descriptor) == type->offset ? "found"
										     : "-");
}

static void print_type(struct debug_info *info, uint64_t offset)
{
	const struct debug_type *type = type_at(info, offset);
	size_t i;

	printf("type\t%" PRIu64 "\t%" PRIu64 "\t%s\t%u\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64
	       "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64,
	       offset, type->offset, type->raw_name, type->kind, type->size,
	       whole(info, type->elem), whole(info, type->key), type->count, type->inside,
	       type->runtime_type);
	print_found(info, type);
	putchar('\n');
	for (i = 0; i < type->member_count; i++)
		printf("member\t%s\t%" PRIu64 "\t%" PRIu64 "\t%d\n", type->members[i].name,
		       type->members[i].offset, whole(info, type->members[i].type),
		       type->members[i].embedded);
}

static void print_variables(struct debug_info *info)
{
	const struct debug_variable *variables;
	struct spy_error *error;
	size_t count = 0, i;

	error = debug_variables(info, &variables, &count);
	if (error)
		die(error);
	for (i = 0; i < count; i++)
		printf("variable\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\n", variables[i].package,
		       variables[i].name, variables[i].address, whole(info, variables[i].type));
}

int main(int argc, char **argv)
{
	struct debug_info *info = NULL;
	struct binary *binary = NULL;
	struct spy_error *error;
	char line[64];

	if (argc != 2)
		return 2;
	error = binary_open(argv[1], &binary);
	if (!error)
		error = debug_info_open(binary, &info);
	if (error)
		die(error);
	print_variables(info);
	while (fgets(line, sizeof(line), stdin))
		print_type(info, strtoull(line, NULL, 10));
	debug_info_close(info);
	binary_close(binary);
	return 0;
}
