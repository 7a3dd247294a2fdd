/* SPDX-License-Identifier: MIT
 *
 * scan_ask fits PID     holds every variable of a process with symbols against its invariants, and
 *                       counts at how many other addresses they hold as well
 * scan_ask scan PID     what a scan finds, and whether it is right
 * scan_ask rows PID     which rows of the table of layouts fit the process, and in what they differ
 *                       from its own
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "discover/fits.h"
#include "discover/open.h"
#include "discover/scan.h"

static const char *const fit_names[] = { "no", "weak", "strong" };

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void ask_fits(struct go_runtime *runtime)
{
	const struct go_module *module = &runtime->modules.items[0];
	size_t global;

	for (global = 0; global < GLOBALS; global++) {
		uint64_t truth = runtime->globals[global].address, address, step;
		size_t counts[3] = { 0 };
		double start;
		enum fit fit, true_fit;

		if (!truth)
			continue;
		start = now_ms();
		true_fit = global_fits(runtime, global, truth);
		start = now_ms() - start;
		step = global_names(global) && runtime->globals[global].size <= 4 ? 4 : 8;
		for (address = module->data; address < module->data_end; address += step)
			if (address != truth) {
				fit = global_fits(runtime, global, address);
				if (fit == FIT_STRONG && counts[fit] < 4)
					printf("also\t%s\t%" PRIx64 "\n", global_names(global),
					       address);
				counts[fit]++;
			}
		printf("fits\t%s\t%" PRIx64 "\t%s\t%.3f\t%zu\t%zu\t%zu\t%" PRIu64 "\t%" PRIu64 "\n",
		       global_names(global), truth, fit_names[true_fit], start, counts[0],
		       counts[1], counts[2], runtime->globals[global].size,
		       global_measure(runtime, global, truth));
	}
}

static void ask_scan(struct go_runtime *runtime)
{
	struct go_candidates candidates[GLOBALS] = { 0 };
	double best = 1e9, start, took;
	size_t global, i;
	int round;

	/* The machine may be busy: the quickest of a few. */
	for (round = 0; round < 5; round++) {
		memset(candidates, 0, sizeof(candidates));
		start = now_ms();
		scan_vote(runtime, candidates);
		took = now_ms() - start;
		best = took < best ? took : best;
	}
	for (global = 0; global < GLOBALS; global++) {
		const struct go_candidates *found = &candidates[global];
		uint64_t truth = runtime->globals[global].address;
		bool right = found->count == 1 && found->items[0].address == truth;

		printf("scan\t%s\t%" PRIx64 "\t%s", global_names(global), truth,
		       right          ? "right"
		       : found->count ? "WRONG"
				      : "-");
		for (i = 0; !right && i < found->count; i++)
			printf("\t%" PRIx64, found->items[i].address);
		printf("\n");
	}
	printf("scan\ttime\t%.3f ms\n", best);
}

static size_t print_differences(const struct runtime_layout *a, const struct runtime_layout *b)
{
	size_t count = 0, i;

	for (i = 0; i < LAYOUT_SLOTS; i++) {
		if (a->fields[i].offset == b->fields[i].offset &&
		    (a->fields[i].offset < 0 || a->fields[i].size == b->fields[i].size))
			continue;
		if (count++ < 40)
			printf(" %s", layout_slot_name(i));
	}
	return count;
}

/* Which rows of the table the process is taken for. */
static void ask_rows(struct go_runtime *runtime)
{
	struct runtime_layout own = runtime->layout;
	size_t i;

	for (i = 0; i < layout_row_count(); i++) {
		const char *version = layout_row(i, &runtime->layout);
		double start = now_ms();
		struct spy_error *error = go_runtime_check_layout(runtime);

		start = now_ms() - start;
		printf("rows\t%s\t%s\t%s\t%.3f\t", runtime->version, version,
		       error ? "refused" : "accepted", start);
		if (!error)
			printf(" %zu", print_differences(&own, &runtime->layout));
		printf("\n");
		spy_error_free(error);
	}
	runtime->layout = own;
}

int main(int argc, char **argv)
{
	struct go_runtime_options options = { 0 };
	struct go_runtime runtime;
	struct spy_error *error;
	struct target *target;

	if (argc != 3)
		return 2;
	/* Rows are held against DWARF, which tells of experiments too. */
	options.table_first = strcmp(argv[1], "rows") != 0;
	error = target_open_live(strtoll(argv[2], NULL, 10), &target);
	if (!error)
		error = go_runtime_open(target, &options, &runtime);
	if (error) {
		fprintf(stderr, "scan_ask: %s\n", error->message);
		return 1;
	}
	if (strcmp(argv[1], "fits") == 0)
		ask_fits(&runtime);
	else if (strcmp(argv[1], "scan") == 0)
		ask_scan(&runtime);
	else if (strcmp(argv[1], "rows") == 0)
		ask_rows(&runtime);
	go_runtime_close(&runtime);
	target_close(target);
	return 0;
}
