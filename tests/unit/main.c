/* SPDX-License-Identifier: MIT
 *
 * Runs the suites of the rooms. An argument names one of them; --list lists their names.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

static const struct {
	const char *name;
	Suite *(*suite)(void);
} suites[] = {
	{ .name = "base", .suite = base_suite },
	{ .name = "elf", .suite = elf_suite },
	{ .name = "debug_file", .suite = debug_file_suite },
	{ .name = "procmem", .suite = procmem_suite },
	{ .name = "dwarf", .suite = dwarf_suite },
	{ .name = "go_dwarf", .suite = go_dwarf_suite },
	{ .name = "pclntab", .suite = pclntab_suite },
	{ .name = "layouts", .suite = layouts_suite },
	{ .name = "references", .suite = references_suite },
	{ .name = "types", .suite = types_suite },
	{ .name = "tables", .suite = tables_suite },
	{ .name = "scan", .suite = scan_suite },
	{ .name = "path", .suite = path_suite },
	{ .name = "values", .suite = values_suite },
	{ .name = "render", .suite = render_suite },
	{ .name = "top", .suite = top_suite },
	{ .name = "tui", .suite = tui_suite },
	{ .name = "stats", .suite = stats_suite },
	{ .name = "watch", .suite = watch_suite },
};

int main(int argc, char **argv)
{
	int failed = 0, run = 0;
	bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
	size_t i;

	for (i = 0; list && i < sizeof(suites) / sizeof(suites[0]); i++)
		puts(suites[i].name);
	if (list)
		return EXIT_SUCCESS;
	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		SRunner *runner;

		if (argc > 1 && strcmp(argv[1], suites[i].name) != 0)
			continue;
		runner = srunner_create(suites[i].suite());
		srunner_run_all(runner, CK_NORMAL);
		failed += srunner_ntests_failed(runner);
		run += srunner_ntests_run(runner);
		srunner_free(runner);
	}
	printf("%d passed, %d failed, 0 skipped\n", run - failed, failed);
	return failed || !run ? EXIT_FAILURE : EXIT_SUCCESS;
}
