/* SPDX-License-Identifier: MIT */
#include "discover/candidates.h"

void candidates_vote(struct go_candidates *candidates, uint64_t address)
{
	size_t i;

	for (i = 0; i < candidates->count; i++) {
		if (candidates->items[i].address == address) {
			candidates->items[i].votes++;
			return;
		}
	}
	if (candidates->count < CANDIDATES_MAX)
		candidates->items[candidates->count++] =
		    (struct go_candidate){ .address = address, .votes = 1 };
}
