/* SPDX-License-Identifier: MIT
 *
 * scan_ask fits PID     holds every variable of a process with symbols against its invariants, and
 *                       counts at how many other addresses they hold as well
 * scan_ask scan PID     what a scan finds, and whether it is right
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "runtime/fits.h"
#include "runtime/scan.h"

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

int main(int argc, char **argv)
{
	struct go_runtime_options options = { .table_first = true };
	struct go_runtime runtime;
	struct spy_error *error;
	struct target *target;

	if (argc != 3)
		return 2;
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
	go_runtime_close(&runtime);
	target_close(target);
	return 0;
}
