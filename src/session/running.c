/* SPDX-License-Identifier: MIT
 *
 * What runs on the Ps, one reading after the other.
 */
#include <time.h>

#include "runtime/running.h"
#include "session/session.h"

/* Places that are remembered; a program has not so many go statements. */
enum { PLACES_MAX = 1 << 17 };

struct running_readings {
	struct running_state *state;
	struct arena arena; /* of the locations */
	struct unwinder *unwinder;
	struct map places[2]; /* pc → location: of starts, of go statements */
	VECTOR(struct spy_running) items;
};

void running_readings_free(struct running_readings *readings)
{
	if (!readings)
		return;
	running_state_free(readings->state);
	unwinder_free(readings->unwinder);
	map_free(&readings->places[0]);
	map_free(&readings->places[1]);
	vector_free(&readings->items);
	arena_free(&readings->arena);
	free(readings);
}

static struct spy_error *begin(struct spy *spy)
{
	struct running_readings *readings;
	struct running_state *state;

	TRY(running_state_new(&spy->runtime, &state));
	readings = memory_zeroed(1, sizeof(*readings));
	readings->state = state;
	readings->unwinder =
	    unwinder_new(spy->runtime.code, spy->runtime.layout.traits, &readings->arena);
	spy->running = readings;
	return NULL;
}

/* `exact`: it is where a function begins, not where one returns to. */
static const struct spy_location *place(struct running_readings *readings, uint64_t pc, bool exact)
{
	struct map *map = &readings->places[exact];
	bool found;
	uint64_t known = map_get(map, pc, &found);
	const struct spy_location *location;

	if (found)
		return (const struct spy_location *)(uintptr_t)known;
	if (!pc || map->count >= PLACES_MAX)
		return NULL;
	location = unwinder_locate(readings->unwinder, pc, exact);
	map_put(map, pc, (uintptr_t)location);
	return location;
}

struct spy_error *spy_running_read(struct spy *spy, struct spy_running_list *ret)
{
	struct running_readings *readings;
	const struct on_p *on_p;
	size_t count, ps, unread, i;
	struct spy_error *error;
	struct timespec now;

	if (!spy->running)
		TRY(begin(spy));
	readings = spy->running;
	error = running_state_read(readings->state, &on_p, &count, &ps, &unread);
	if (error || unread) {
		/* What could not be read of a process that ended says nothing about it. */
		struct spy_error *ended = target_ended(spy->target);

		if (ended) {
			spy_error_free(error);
			return ended;
		}
	}
	if (error)
		return error;
	clock_gettime(CLOCK_REALTIME, &now);
	readings->items.count = 0;
	for (i = 0; i < count; i++)
		*vector_push(&readings->items) = (struct spy_running){
			.p = (int64_t)on_p[i].p,
			.goroutine = (int64_t)on_p[i].goid,
			.start = place(readings, on_p[i].startpc, true),
			.caller = on_p[i].goid == 1 ? NULL : place(readings, on_p[i].gopc, false),
		};
	*ret = (struct spy_running_list){ .taken_at = now.tv_sec * 1000000000LL + now.tv_nsec,
					  .ps = (int64_t)ps,
					  .items = readings->items.items,
					  .count = count,
					  .unread = (int64_t)unread };
	return NULL;
}
