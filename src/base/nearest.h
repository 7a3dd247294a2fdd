/* SPDX-License-Identifier: MIT
 *
 * "Did you mean …?": the candidates nearest to a word that was mistyped.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

#include "base/text.h"

enum { NEAREST_MAX = 4 };

struct nearest {
	const char *word;
	size_t allowed;                /* edits; 0: a third of the word's length */
	const char *best[NEAREST_MAX]; /* the nearest first; none where none is near */
	size_t distances[NEAREST_MAX];
	size_t count;
};

/* The candidate must stay where it is as long as `best` is used. */
void nearest_offer(struct nearest *nearest, const char *candidate);
/* A candidate that is called `alias` as well: as near as the nearer of the two. */
void nearest_offer_as(struct nearest *nearest, const char *candidate, const char *alias);
/* "main.config, main.conf" */
void nearest_print(const struct nearest *nearest, struct text *text);

#endif
