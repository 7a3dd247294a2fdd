/* SPDX-License-Identifier: MIT
 *
 * tables_ask PID [TIMES]: prints where go_tables_find() sees the tables of the program, what fits
 * them, and what it took.
 */
#include <stdio.h>
#include <time.h>

#include "discover/tables.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	struct go_runtime runtime = { 0 };
	struct runtime_layout layout;
	struct go_tables_version version;
	struct spy_error *error;
	struct go_tables tables;
	double start, found;
	size_t i;

	if (argc < 2)
		return 2;
	error = target_open_live(strtol(argv[1], NULL, 10), &runtime.target);
	start = now();
	if (!error)
		error = program_open(runtime.target, NULL, &runtime.program);
	found = now();
	if (!error)
		error = go_tables_find(&runtime, &tables);
	if (error) {
		printf("error %s\n", error->message);
		return 1;
	}
	printf("bias 0x%llx\nmoduledata 0x%llx\npclntab 0x%llx\nmagic 0x%x\n",
	       (unsigned long long)runtime.program.bias, (unsigned long long)tables.moduledata,
	       (unsigned long long)tables.pclntab, tables.magic);
	printf("ms %.2f %.2f\nrows", found - start, now() - found);
	for (i = 0; i < layout_row_count(); i++)
		if (tables.rows >> i & 1)
			printf(" %s", layout_row(i, &layout));
	printf("\n");
	start = now();
	error = go_tables_version(&runtime, &tables, &version);
	if (error)
		printf("version error %s", error->message);
	else
		printf("version %s", version.inferred ? "inferred" : "told");
	for (i = 0; !error && i < version.count; i++)
		printf(" %s", version.names[i]);
	printf("\nversion_ms %.2f\n", now() - start);
	spy_error_free(error);
	arena_free(&runtime.arena);
	program_close(&runtime.program);
	target_close(runtime.target);
	return 0;
}
