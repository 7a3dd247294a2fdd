/* SPDX-License-Identifier: MIT
 *
 * types_ask PID [BIN]: reads questions from stdin, words apart by TAB, and prints the answers of
 * runtime/types.h as lines of words apart by TAB, each text in hexadecimal digits, "-" where it is
 * unknown.
 *
 *	type ADDRESS         the type, and a line for each field, method and parameter
 *	value ADDRESS 0|1    what the interface there holds; 1: it has methods
 *	all                  the address and name of each type of the modules
 *	find NAME            the address of the type of that name, in hexadecimal digits
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discover/open.h"
#include "runtime/types.h"

static void print_text(const char *text)
{
	putchar('\t');
	if (!text)
		putchar('-');
	else
		putchar('"');
	for (; text && *text; text++)
		printf("%02x", (unsigned char)*text);
}

static void print_fields(struct go_types *types, const struct go_type *type)
{
	const struct go_type_field *fields;
	size_t i;

	if (!go_types_fields(types, type, &fields))
		return;
	for (i = 0; i < type->field_count; i++) {
		printf("field\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d", fields[i].type, fields[i].offset,
		       fields[i].embedded, fields[i].exported);
		print_text(fields[i].name);
		print_text(fields[i].tag);
		putchar('\n');
	}
}

static void print_methods(struct go_types *types, const struct go_type *type)
{
	const struct go_type_method *methods;
	size_t i;

	if (!go_types_methods(types, type, &methods))
		return;
	for (i = 0; i < type->method_count; i++) {
		printf("method\t%" PRIu64 "\t%d", methods[i].type, methods[i].exported);
		print_text(methods[i].name);
		putchar('\n');
	}
}

static void print_parameters(struct go_types *types, const struct go_type *type)
{
	const uint64_t *parameters;
	size_t i;

	if (!go_types_parameters(types, type, &parameters))
		return;
	for (i = 0; i < (size_t)type->in_count + type->out_count; i++)
		printf("%s\t%" PRIu64 "\n", i < type->in_count ? "in" : "out", parameters[i]);
}

static void print_pointers(struct go_types *types, const struct go_type *type)
{
	const uint8_t *bits;
	uint64_t words = type->pointer_bytes / 8, i;

	if (!go_types_pointers(types, type, &bits))
		return;
	printf("pointers\t");
	for (i = 0; i < words; i += 4)
		printf("%x", bits[i / 8] >> i % 8 & 15);
	putchar('\n');
}

static void print_type(struct go_types *types, uint64_t address)
{
	const struct go_type *type = go_types_get(types, address);

	if (type) {
		printf("type\t%d\t%d\t%d\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		       "\t%" PRIu64 "\t%u",
		       type->kind, type->named, type->variadic, type->direction, type->size,
		       type->elem, type->key, type->length, type->pointer_bytes,
		       type->method_count);
		print_text(type->name);
		print_text(type->package);
		putchar('\n');
		print_fields(types, type);
		print_methods(types, type);
		print_parameters(types, type);
		print_pointers(types, type);
	}
	printf("end\n");
}

static void print_value(struct go_runtime *runtime, struct go_types *types, uint64_t address,
			bool has_methods)
{
	struct go_interface value;
	uint64_t words[2];

	if (spy_error_caught(target_read(runtime->target, address, words, sizeof(words))) ||
	    !go_types_interface(types, words, has_methods, &value))
		printf("value\t-\nend\n");
	else
		printf("value\t%" PRIu64 "\t%" PRIu64 "\nend\n", value.type, value.data);
}

static bool print_one(void *context, const struct go_type *type)
{
	(void)context;
	printf("one\t%" PRIu64, type->address);
	print_text(type->name);
	putchar('\n');
	return true;
}

static void answer(struct go_runtime *runtime, struct go_types *types, char *line)
{
	const char *what = strsep(&line, "\t\n");
	const char *word = line ? strsep(&line, "\t\n") : NULL;
	const char *more = line ? strsep(&line, "\t\n") : NULL;
	const struct go_type *type;

	if (strcmp(what, "type") == 0 && word) {
		print_type(types, strtoull(word, NULL, 10));
	} else if (strcmp(what, "value") == 0 && word && more) {
		print_value(runtime, types, strtoull(word, NULL, 10), more[0] == '1');
	} else if (strcmp(what, "all") == 0) {
		printf("complete\t%d\nend\n", go_types_each(types, print_one, NULL));
	} else if (strcmp(what, "find") == 0 && word) {
		type = go_types_find(types, word);
		printf("found\t%" PRIu64 "\nend\n", type ? type->address : 0);
	}
}

int main(int argc, char **argv)
{
	struct go_runtime_options options = { .bin = argc > 2 ? argv[2] : NULL,
					      .without_code = true };
	struct target *target = NULL;
	struct go_runtime runtime;
	struct go_types *types;
	struct spy_error *error;
	char *line = NULL;
	size_t size = 0;

	if (argc < 2)
		return 2;
	error = target_open_live(strtoll(argv[1], NULL, 10), &target);
	if (!error)
		error = go_runtime_open(target, &options, &runtime);
	if (error) {
		fprintf(stderr, "types_ask: %s\n", error->message);
		return 1;
	}
	types = go_types_new(&runtime);
	while (getline(&line, &size, stdin) > 0)
		answer(&runtime, types, line);
	go_types_free(types);
	go_runtime_close(&runtime);
	target_close(target);
	free(line);
	return 0;
}
