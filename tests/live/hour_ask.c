/* SPDX-License-Identifier: MIT
 *
 * An hour of `spy top` and `spy watch` at once, as fast as it goes: what they ask of the library,
 * in the same order, and how much memory that takes after a twentieth of it and at its end.
 *
 * usage: hour_ask PID
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spy.h"

/* A reading each two seconds; of 100 looks between two of them a few. */
enum { READINGS = 1800, LOOKS = 20, EARLY = READINGS / 20 };

static int fail(struct spy_error *error)
{
	fprintf(stderr, "%s\n", error->message);
	spy_error_free(error);
	return EXIT_FAILURE;
}

static long resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%*d %ld", &pages) != 1)
		pages = -1;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static struct spy_error *read_once(struct spy *spy, int reading)
{
	/* as rows by function, by stack, by label are changed for each other */
	static const unsigned collect[] = {
		SPY_COLLECT_GOROUTINES,
		SPY_COLLECT_GOROUTINES | SPY_COLLECT_STACKS,
		SPY_COLLECT_GOROUTINES | SPY_COLLECT_LABELS | SPY_COLLECT_WAITS,
	};
	struct spy_request request = { .collect = collect[reading % 3],
				       .system_goroutines = true,
				       .non_blocking = reading % 2 };
	struct spy_running_list running;
	struct spy_snapshot *snapshot;
	struct spy_stats stats;
	struct spy_error *error;
	int i;

	for (i = 0; i < LOOKS; i++) {
		error = spy_running_read(spy, &running);
		if (error)
			return error;
	}
	error = spy_snapshot_take(spy, &request, &snapshot);
	if (error)
		return error;
	spy_snapshot_free(snapshot);
	return spy_stats_read(spy, false, &stats);
}

int main(int argc, char **argv)
{
	struct spy_options options = { .pid = argc > 1 ? strtol(argv[1], NULL, 10) : 0 };
	struct spy *spy;
	struct spy_error *error = spy_open(&options, &spy);
	long early = 0;
	int i;

	if (error)
		return fail(error);
	for (i = 0; i < READINGS && !error; i++) {
		error = read_once(spy, i);
		if (i == EARLY)
			early = resident_bytes();
	}
	spy_close(spy);
	if (error)
		return fail(error);
	printf("{\"readings\":%d,\"early_bytes\":%ld,\"late_bytes\":%ld}\n", i, early,
	       resident_bytes());
	return EXIT_SUCCESS;
}
