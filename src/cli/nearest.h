/* SPDX-License-Identifier: MIT
 *
 * "Did you mean …?": the candidate nearest to a word that was mistyped.
 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word;
	const char *best; /* the nearest so far, or NULL where none is near */
	size_t distance;  /* of the best */
};

void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
