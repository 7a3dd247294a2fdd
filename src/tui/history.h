/* SPDX-License-Identifier: MIT
 *
 * The samples of one process: the last of them as they came, older ones merged, eight and eight
 * again, each with the least and the greatest that it was. Its memory is bounded, whatever the
 * interval and however long it goes on: at ten readings a second the last hour is all there, at a
 * hundred the last five hours.
 */
#ifndef TUI_HISTORY_H
#define TUI_HISTORY_H

#include "base/vector.h"
#include "tui/plot.h"
#include "tui/sample.h"

enum {
	HISTORY_LEVELS = 4,
	HISTORY_SLOTS = 4096, /* of each level */
	HISTORY_MERGED = 8,   /* slots that make one of the level above */
	HISTORY_PAUSES = 8192,
};

struct history_slot {
	int64_t from, to; /* moments of its first and last sample */
	struct plot_bin values[SERIES_COUNT];
};

struct history_level {
	struct history_slot *slots; /* a ring, which grows up to HISTORY_SLOTS */
	size_t count, capacity, start;
	struct history_slot merging; /* for the level above */
	size_t merged;
};

struct history_pause {
	int64_t at, ns; /* when a collection ended, and how long it stopped the program */
};

struct history {
	struct history_level levels[HISTORY_LEVELS];
	struct history_pause *pauses; /* a ring */
	size_t pause_count, pause_start;
	struct sample last;
	bool empty; /* set by history_begin() */
};

void history_begin(struct history *history);
void history_free(struct history *history);

/* Samples come in the order of time; one that is not later than the last is not taken. */
void history_add(struct history *history, const struct sample *sample);
void history_add_pause(struct history *history, int64_t at, int64_t ns);

/* The moment of the oldest sample that there is, merged or not. */
int64_t history_begins(const struct history *history);

/* What a series was from one moment to another, in `count` bins of equal width. Returns how many
 * samples were merged into what lies furthest back: so many intervals lie between two points. */
int64_t history_bins(const struct history *history, enum series series, int64_t from, int64_t to,
		     struct plot_bin *bins, size_t count);
/* The pauses of collections in the same way. */
void history_pause_bins(const struct history *history, int64_t from, int64_t to,
			struct plot_bin *bins, size_t count);

/* What stood at a moment: the last sample up to it, if that is not older than `within`. */
bool history_at(const struct history *history, int64_t at, int64_t within, struct sample *ret);

/* How long the last collection up to a moment stopped the program; SPY_UNKNOWN. */
int64_t history_last_pause(const struct history *history, int64_t at);

/* Bytes that it takes. */
size_t history_bytes(const struct history *history);

#endif
