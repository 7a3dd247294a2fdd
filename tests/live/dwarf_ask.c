/* SPDX-License-Identifier: MIT
 *
 * dwarf_ask BINARY: reads questions from stdin, "kind TAB name TAB path TAB …" in each line, and
 * prints them with the answers that debug_info_lookup gives, in the form of dwarf_truth.go.
 */
#include <stdio.h>

#include "base/vector.h"
#include "dwarf/debug_info.h"

static const char *const kinds[] = {
	[DEBUG_MEMBER] = "member",
	[DEBUG_VARIABLE] = "variable",
	[DEBUG_CONSTANT] = "constant",
};

static char *take_word(char **line)
{
	return strsep(line, "\t\n");
}

static bool read_query(FILE *stream, struct debug_query *ret)
{
	char *line = NULL, *rest;
	const char *kind;
	size_t size = 0;

	/* The line is kept: the query points into it. */
	if (getline(&line, &size, stream) < 0) {
		free(line);
		return false;
	}
	rest = line;
	kind = take_word(&rest);
	ret->type = take_word(&rest);
	ret->path = take_word(&rest);
	while (strcmp(kinds[ret->kind], kind) != 0)
		ret->kind++;
	return true;
}

int main(int argc, char **argv)
{
	VECTOR(struct debug_query) queries = { 0 };
	struct debug_query query = { 0 };
	struct spy_error *error;
	struct debug_info *info;
	struct binary *binary;
	size_t i;

	if (argc != 2)
		return 2;
	while (read_query(stdin, &query)) {
		*(struct debug_query *)vector_push(&queries) = query;
		query = (struct debug_query){ 0 };
	}
	error = binary_open(argv[1], &binary);
	if (!error)
		error = debug_info_open(binary, &info);
	if (!error)
		error = debug_info_lookup(info, queries.items, queries.count);
	if (error) {
		fprintf(stderr, "dwarf_ask: %s\n", error->message);
		return 1;
	}
	for (i = 0; i < queries.count; i++) {
		const struct debug_query *answer = &queries.items[i];

		printf("%s\t%s\t%s\t", kinds[answer->kind], answer->type, answer->path);
		if (answer->found)
			printf("%lld\t%lld\t%lld\n", (long long)answer->value,
			       (long long)answer->size, (long long)answer->elements);
		else
			printf("-\n");
	}
	return 0;
}
