/* SPDX-License-Identifier: MIT */
#include "cli/nearest.h"

#include <string.h>

#define WORD_MAX 32 /* longer ones are not typing errors of ours */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (one character put in, left out, changed, or two swapped) from one word to the other. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], i, j;
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (j = 0; j <= strlen(b); j++)
		above[j] = j;
	for (i = 1; i <= strlen(a); i++) {
		size_t *oldest = before;

		row[0] = i;
		for (j = 1; j <= strlen(b); j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[strlen(b)];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t length = strlen(nearest->word), edits;

	if (!length || length > WORD_MAX || strlen(candidate) > WORD_MAX)
		return;
	/* what was not typed to its end is near as well */
	edits = strncmp(candidate, nearest->word, length) ? distance(nearest->word, candidate) : 1;
	if (edits <= (length + 2) / 3 && (!nearest->best || edits < nearest->distance)) {
		nearest->best = candidate;
		nearest->distance = edits;
	}
}
