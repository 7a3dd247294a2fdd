/* SPDX-License-Identifier: MIT */
#include "discover/open.h"
#include "session/session.h"

struct spy_error *spy_open(const struct spy_options *options, struct spy **ret)
{
	struct go_runtime_options wanted = { .bin = options->bin,
					     .waiting = options->waiting,
					     .waiting_context = options->waiting_context };
	struct spy *spy = memory_zeroed(1, sizeof(*spy));
	struct spy_error *error = find_target(options, &spy->target);

	spy->non_blocking = options->non_blocking;
	spy->readings.directory = -1;
	if (!error)
		error = go_runtime_open(spy->target, &wanted, &spy->runtime);
	if (error && spy->target) {
		/* What could not be read of a process that ended says nothing of its binary. */
		struct spy_error *ended = target_ended(spy->target);

		if (ended) {
			spy_error_free(error);
			error = ended;
		}
	}
	if (error) {
		target_close(spy->target);
		free(spy);
		return error;
	}
	*ret = spy;
	return NULL;
}

void spy_close(struct spy *spy)
{
	if (!spy)
		return;
	values_free(spy->values);
	readings_free(&spy->readings);
	running_readings_free(spy->running);
	go_runtime_close(&spy->runtime);
	target_close(spy->target);
	free(spy);
}

const char *spy_version(void)
{
	return SPY_VERSION;
}
