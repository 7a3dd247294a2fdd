/* SPDX-License-Identifier: MIT */
#include "tui/history.h"

#include <math.h>

void history_begin(struct history *history)
{
	*history = (struct history){ .empty = true };
}

void history_free(struct history *history)
{
	size_t i;

	for (i = 0; i < HISTORY_LEVELS; i++)
		free(TAKE(history->levels[i].slots));
	free(TAKE(history->pauses));
	history_begin(history);
}

static const struct history_slot *slot_at(const struct history_level *level, size_t index)
{
	return &level->slots[(level->start + index) % level->capacity];
}

/* ---- adding ------------------------------------------------------------------------------- */

/* The ring has not turned as long as it grows. */
static void grow(struct history_level *level)
{
	if (level->count < level->capacity || level->capacity == HISTORY_SLOTS)
		return;
	level->capacity = level->capacity ? level->capacity * 2 : 64;
	level->slots = memory_resize(level->slots, level->capacity, sizeof(*level->slots));
}

static void push(struct history_level *level, const struct history_slot *slot)
{
	grow(level);
	if (level->count < level->capacity) {
		level->slots[level->count++] = *slot;
		return;
	}
	level->slots[level->start] = *slot;
	level->start = (level->start + 1) % level->capacity;
}

static void merge(struct history_level *level, const struct history_slot *slot)
{
	size_t i;

	if (!level->merged++) {
		level->merging = *slot;
		return;
	}
	level->merging.to = slot->to;
	for (i = 0; i < SERIES_COUNT; i++)
		plot_bin_add(&level->merging.values[i], slot->values[i].low, slot->values[i].high,
			     slot->values[i].first, slot->values[i].last);
}

void history_add(struct history *history, const struct sample *sample)
{
	struct history_slot slot = { .from = sample->at, .to = sample->at };
	size_t i;

	if (!history->empty && sample->at <= history->last.at)
		return;
	history->empty = false;
	history->last = *sample;
	for (i = 0; i < SERIES_COUNT; i++)
		slot.values[i] = (struct plot_bin){ .low = sample->values[i],
						    .high = sample->values[i],
						    .first = sample->values[i],
						    .last = sample->values[i] };
	for (i = 0; i < HISTORY_LEVELS; i++) {
		struct history_level *level = &history->levels[i];

		push(level, &slot);
		if (i + 1 == HISTORY_LEVELS)
			break;
		merge(level, &slot);
		if (level->merged < HISTORY_MERGED)
			break;
		level->merged = 0;
		slot = level->merging;
	}
}

void history_add_pause(struct history *history, int64_t at, int64_t ns)
{
	struct history_pause pause = { .at = at, .ns = ns };

	if (!history->pauses)
		history->pauses = memory_new(HISTORY_PAUSES, sizeof(*history->pauses));
	if (history->pause_count < HISTORY_PAUSES) {
		history->pauses[history->pause_count++] = pause;
		return;
	}
	history->pauses[history->pause_start] = pause;
	history->pause_start = (history->pause_start + 1) % HISTORY_PAUSES;
}

/* ---- asking ------------------------------------------------------------------------------- */

/* The first slot that ends later than a moment. */
static size_t first_after(const struct history_level *level, int64_t moment)
{
	size_t low = 0, high = level->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (slot_at(level, middle)->to > moment)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int64_t history_begins(const struct history *history)
{
	int64_t oldest = history->last.at;
	size_t i;

	for (i = 0; i < HISTORY_LEVELS; i++)
		if (history->levels[i].count && slot_at(&history->levels[i], 0)->from < oldest)
			oldest = slot_at(&history->levels[i], 0)->from;
	return oldest;
}

/* The finest level that still has all from a moment on, or the one that goes back furthest; of
 * more slots than are worth looking at, the level above. */
static size_t level_for(const struct history *history, int64_t from, size_t bins)
{
	enum { SLOTS_A_BIN = 8 * HISTORY_MERGED }; /* above, too, there are several to a bin */
	size_t i, best = 0;

	for (i = 0; i < HISTORY_LEVELS; i++) {
		const struct history_level *level = &history->levels[i];
		bool all, few;

		if (!level->count)
			break;
		best = i;
		all = level->count < HISTORY_SLOTS || slot_at(level, 0)->from <= from;
		few = level->count - first_after(level, from) <= bins * SLOTS_A_BIN;
		if (all && few)
			break;
	}
	return best;
}

/* A sample tells of what was before it: one that stands between two bins is of the first. */
static size_t bin_of(int64_t at, int64_t from, int64_t to, size_t count)
{
	size_t bin = (size_t)((double)(at - from - 1) / (double)(to - from) * (double)count);

	return bin < count ? bin : count - 1;
}

int64_t history_bins(const struct history *history, enum series series, int64_t from, int64_t to,
		     struct plot_bin *bins, size_t count)
{
	int64_t done = from, merged = 1;
	size_t level, most = 0, i;

	for (i = 0; i < count; i++)
		bins[i] = plot_bin_empty;
	if (history->empty || to <= from || !count)
		return merged;
	/* What is not yet merged is taken from the levels below. */
	for (level = level_for(history, from, count) + 1; level-- > 0;) {
		const struct history_level *slots = &history->levels[level];

		for (i = first_after(slots, done); i < slots->count; i++) {
			const struct history_slot *slot = slot_at(slots, i);
			const struct plot_bin *value = &slot->values[series];

			if (slot->to > to)
				break;
			plot_bin_add(&bins[bin_of(slot->to, from, to, count)], value->low,
				     value->high, value->first, value->last);
			done = slot->to;
			most = level > most ? level : most;
		}
	}
	while (most--)
		merged *= HISTORY_MERGED;
	return merged;
}

void history_pause_bins(const struct history *history, int64_t from, int64_t to,
			struct plot_bin *bins, size_t count)
{
	int64_t oldest = history->pause_count == HISTORY_PAUSES
			     ? history->pauses[history->pause_start].at
			     : INT64_MIN;
	size_t i;

	/* Of those that were forgotten, each sample knows the longest. */
	if (oldest > from)
		(void)history_bins(history, SERIES_GC_PAUSE, from, to, bins, count);
	else
		for (i = 0; i < count; i++)
			bins[i] = plot_bin_empty;
	for (i = 0; i < history->pause_count; i++) {
		const struct history_pause *pause = &history->pauses[i];
		float ns = pause->ns == SPY_UNKNOWN ? NAN : (float)pause->ns;

		if (pause->at > from && pause->at <= to && to > from && count)
			plot_bin_add(&bins[bin_of(pause->at, from, to, count)], ns, ns, ns, ns);
	}
}

bool history_at(const struct history *history, int64_t at, int64_t within, struct sample *ret)
{
	size_t level, i;

	for (level = 0; level < HISTORY_LEVELS && !history->empty; level++) {
		const struct history_level *slots = &history->levels[level];
		size_t after = first_after(slots, at);
		const struct history_slot *slot;

		if (!after)
			continue;
		slot = slot_at(slots, after - 1);
		/* Merged ones lie further apart. */
		if (at - slot->to > within + (slot->to - slot->from))
			return false;
		ret->at = slot->to;
		for (i = 0; i < SERIES_COUNT; i++)
			ret->values[i] = slot->values[i].last;
		return true;
	}
	return false;
}

int64_t history_last_pause(const struct history *history, int64_t at)
{
	size_t i;

	for (i = history->pause_count; i-- > 0;) {
		const struct history_pause *pause =
		    &history->pauses[(history->pause_start + i) % HISTORY_PAUSES];

		if (pause->at <= at)
			return pause->ns;
	}
	return SPY_UNKNOWN;
}

size_t history_bytes(const struct history *history)
{
	size_t bytes = sizeof(*history), i;

	for (i = 0; i < HISTORY_LEVELS; i++)
		bytes += history->levels[i].capacity * sizeof(struct history_slot);
	return bytes + (history->pauses ? HISTORY_PAUSES * sizeof(*history->pauses) : 0);
}
