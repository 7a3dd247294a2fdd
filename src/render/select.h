/* SPDX-License-Identifier: MIT
 *
 * Which goroutines of a snapshot are shown, and which of them stand in the same place.
 */
#ifndef RENDER_SELECT_H
#define RENDER_SELECT_H

#include "base/vector.h"
#include "spy.h"

typedef const struct spy_goroutine *goroutine_ref;

struct goroutine_filter {
	unsigned statuses;       /* a bit 1 << enum spy_status for each that is wanted; 0: all */
	const char *wait_reason; /* a part of it */
	const char *function;    /* a part of a frame's function, or a glob for all of it */
	const char *label;       /* "key=value", or "key" for any value */
	int64_t limit;           /* how many at most; 0: all */
};

struct goroutine_list {
	VECTOR(goroutine_ref) refs; /* in the order of the snapshot: by id */
	size_t left_out;            /* that matched, but for the limit */
};

void goroutines_select(const struct spy_snapshot *snapshot, const struct goroutine_filter *filter,
		       struct goroutine_list *list);
void goroutine_list_free(struct goroutine_list *list);

/* Goroutines with the same stack, state and creator. */
struct goroutine_group {
	VECTOR(goroutine_ref) members;
};

struct goroutine_groups {
	VECTOR(struct goroutine_group) items; /* the largest first */
};

void goroutines_group(const struct goroutine_list *list, struct goroutine_groups *groups);
void goroutine_groups_free(struct goroutine_groups *groups);

#endif
