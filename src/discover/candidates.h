/* SPDX-License-Identifier: MIT
 *
 * Where a variable of a stripped program may be, and how many witnesses say so.
 */
#ifndef DISCOVER_CANDIDATES_H
#define DISCOVER_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

/* More places than this for one variable are not worth a check. */
enum { CANDIDATES_MAX = 8 };

struct go_candidate {
	uint64_t address; /* at run time */
	unsigned votes;
};

/* In the order in which they were first named. */
struct go_candidates {
	struct go_candidate items[CANDIDATES_MAX];
	size_t count;
};

/* One more witness for an address. */
void candidates_vote(struct go_candidates *candidates, uint64_t address);

#endif
