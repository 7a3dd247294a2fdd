/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 96 /* longer ones are not typing errors of ours */

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

static size_t allowed_edits(const struct nearest *nearest)
{
	return nearest->allowed ? nearest->allowed : (strlen(nearest->word) + 2) / 3;
}

/* Edits to a candidate, or more than are near. */
static size_t edits_to(const struct nearest *nearest, const char *candidate)
{
	const char *word = nearest->word;
	size_t length = strlen(word), other = strlen(candidate), allowed = allowed_edits(nearest);

	if (!length || length > WORD_MAX || other > WORD_MAX)
		return SIZE_MAX;
	/* what was not typed to its end is near as well */
	if (!strncmp(candidate, word, length))
		return 1;
	if (other > length + allowed || length > other + allowed)
		return SIZE_MAX;
	return distance(word, candidate);
}

void nearest_offer_as(struct nearest *nearest, const char *candidate, const char *alias)
{
	size_t edits = least(edits_to(nearest, candidate), edits_to(nearest, alias));
	size_t place = nearest->count, i;

	if (edits > allowed_edits(nearest))
		return;
	while (place && nearest->distances[place - 1] > edits)
		place--;
	if (place == NEAREST_MAX)
		return;
	if (nearest->count < NEAREST_MAX)
		nearest->count++;
	for (i = nearest->count - 1; i > place; i--) {
		nearest->best[i] = nearest->best[i - 1];
		nearest->distances[i] = nearest->distances[i - 1];
	}
	nearest->best[place] = candidate;
	nearest->distances[place] = edits;
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	nearest_offer_as(nearest, candidate, candidate);
}

void nearest_print(const struct nearest *nearest, struct text *text)
{
	size_t i;

	for (i = 0; i < nearest->count; i++)
		text_printf(text, "%s%s", i ? ", " : "", nearest->best[i]);
}
