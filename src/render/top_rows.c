/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "render/top_groups.h"

/* ---- samples ------------------------------------------------------------------------------ */

void top_samples_add(struct top_samples *samples, const struct spy_running_list *running)
{
	size_t i;

	samples->readings++;
	samples->looked += running->ps;
	samples->unread += running->unread;
	samples->total += (int64_t)running->count;
	for (i = 0; i < running->count; i++) {
		const struct spy_running *item = &running->items[i];
		bool found;
		size_t index = map_get(&samples->indexes, (uint64_t)item->goroutine, &found);

		if (!found) {
			index = samples->items.count;
			map_put(&samples->indexes, (uint64_t)item->goroutine, index);
			*vector_push(&samples->items) =
			    (struct top_sample){ .goroutine = item->goroutine,
						 .start = item->start,
						 .caller = item->caller };
		}
		samples->items.items[index].count++;
	}
}

void top_samples_free(struct top_samples *samples)
{
	vector_free(&samples->items);
	map_free(&samples->indexes);
	*samples = (struct top_samples){ 0 };
}

/* The words as a string: NUL, which a label may hold, becomes U+FFFD. */
static const char *string_of(struct arena *arena, struct text *text)
{
	struct text clean = { 0 };
	const char *ret;
	size_t i;

	if (text->length && memchr(text->bytes, '\0', text->length)) {
		for (i = 0; i < text->length; i++) {
			if (text->bytes[i])
				text_add_bytes(&clean, &text->bytes[i], 1);
			else
				text_add(&clean, "\xef\xbf\xbd");
		}
		ret = arena_bytes(arena, clean.bytes, clean.length);
	} else {
		ret = arena_bytes(arena, text->bytes ? text->bytes : "", text->length);
	}
	text_free(&clean);
	text->length = 0;
	return ret;
}

/* ---- making rows -------------------------------------------------------------------------- */

struct making {
	struct top_rows *rows;
	const struct top_samples *samples;
	VECTOR(const struct spy_goroutine *) firsts; /* of each row */
	struct arena ended; /* goroutines that were sampled and are not in the snapshot */
	struct text text;
};

/* The frame that says most about a stack: the innermost that is not the runtime's. */
static const struct spy_location *telling_frame(const struct spy_goroutine *goroutine)
{
	size_t i;

	for (i = 0; i < goroutine->frame_count; i++) {
		const struct spy_location *location = goroutine->frames[i].location;

		if (location->function && strncmp(location->function, "runtime.", 8) != 0 &&
		    strncmp(location->function, "internal/", 9) != 0)
			return location;
	}
	return goroutine->frame_count ? goroutine->frames[0].location : NULL;
}

static const struct spy_location *place_of(const struct top_options *options,
					   const struct spy_goroutine *goroutine)
{
	if (options->group == TOP_STACK)
		return telling_frame(goroutine);
	return options->group == TOP_CREATOR ? goroutine->caller : goroutine->start;
}

static const char *creator_of(const struct spy_goroutine *goroutine)
{
	return goroutine->caller ? goroutine->caller->function : NULL;
}

static struct top_row *new_row(struct making *making, const struct spy_goroutine *goroutine)
{
	struct top_rows *rows = making->rows;
	const struct spy_location *place = place_of(&rows->options, goroutine);
	struct top_row *row = vector_push(&rows->items);

	*vector_push(&making->firsts) = goroutine;
	top_add_key(&making->text, &rows->options, goroutine);
	row->key = string_of(&rows->arena, &making->text);
	row->id = rows->options.group == TOP_GOROUTINE ? goroutine->id : SPY_UNKNOWN;
	row->change = row->longest_wait_ns = SPY_UNKNOWN;
	row->function = place ? place->function : NULL;
	row->file = place ? place->file : NULL;
	row->line = place ? place->line : SPY_UNKNOWN;
	row->created_by = creator_of(goroutine);
	row->wait_reason = goroutine->wait_reason;
	if (rows->options.group == TOP_GOROUTINE && goroutine->label_count) {
		top_add_labels(&making->text, goroutine);
		row->labels = string_of(&rows->arena, &making->text);
	}
	return row;
}

/* The index of the row of a goroutine: the map leads from its hash, or from one of the next where
 * that is taken by others, to it. */
static size_t row_of(struct making *making, const struct spy_goroutine *goroutine)
{
	struct top_rows *rows = making->rows;
	uint64_t key = top_hash(&rows->options, goroutine);

	for (;; key++) {
		bool found;
		size_t index = map_get(&rows->by_key, key, &found);

		if (!found || index >= making->firsts.count) {
			map_put(&rows->by_key, key, rows->items.count);
			new_row(making, goroutine);
			return rows->items.count - 1;
		}
		if (top_same(&rows->options, making->firsts.items[index], goroutine))
			return index;
	}
}

/* Takes away what is not true of this one as well. */
static void agree(struct top_row *row, const struct top_options *options,
		  const struct spy_goroutine *goroutine)
{
	const struct spy_location *place = place_of(options, goroutine);

	if (row->function && !top_same_text(row->function, place ? place->function : NULL))
		row->function = row->file = NULL;
	if (row->file &&
	    (!place || place->line != row->line || !top_same_text(place->file, row->file)))
		row->file = NULL;
	if (!row->file)
		row->line = SPY_UNKNOWN;
	if (!top_same_text(row->created_by, creator_of(goroutine)))
		row->created_by = NULL;
	if (!top_same_text(row->wait_reason, goroutine->wait_reason))
		row->wait_reason = NULL;
}

static void add_samples(struct making *making, struct top_row *row, int64_t id)
{
	bool found;
	size_t index;

	if (!making->samples)
		return;
	index = map_get(&making->samples->indexes, (uint64_t)id, &found);
	if (found)
		row->samples += making->samples->items.items[index].count;
}

static void add_goroutine(struct making *making, struct top_row *row,
			  const struct spy_goroutine *goroutine)
{
	row->count++;
	row->by_status[goroutine->status]++;
	if (goroutine->wait_ns > row->longest_wait_ns)
		row->longest_wait_ns = goroutine->wait_ns;
	agree(row, &making->rows->options, goroutine);
	add_samples(making, row, goroutine->id);
}

static bool passes(const struct top_options *options, const struct spy_goroutine *goroutine)
{
	return (options->system || !goroutine->system) &&
	       top_filter_passes(options->filter, goroutine);
}

/* The rows, and of each goroutine the index of its row; UINT32_MAX where it is not shown. */
static void sort_in(struct making *making, const struct spy_snapshot *snapshot, uint32_t *indexes)
{
	struct top_rows *rows = making->rows;
	size_t i;

	for (i = 0; i < snapshot->goroutine_count; i++) {
		const struct spy_goroutine *goroutine = &snapshot->goroutines[i];

		if (!passes(&rows->options, goroutine)) {
			indexes[i] = UINT32_MAX;
			rows->hidden++;
			continue;
		}
		rows->shown++;
		indexes[i] = (uint32_t)row_of(making, goroutine);
		add_goroutine(making, &rows->items.items[indexes[i]], goroutine);
	}
}

static void fill_members(struct top_rows *rows, const struct spy_snapshot *snapshot,
			 const uint32_t *indexes)
{
	goroutine_ref *next;
	size_t i;

	rows->members = next = memory_new((size_t)rows->shown, sizeof(*next));
	for (i = 0; i < rows->items.count; i++) {
		rows->items.items[i].members = next;
		next += rows->items.items[i].count;
	}
	for (i = 0; i < snapshot->goroutine_count; i++) {
		struct top_row *row;

		if (indexes[i] == UINT32_MAX)
			continue;
		row = &rows->items.items[indexes[i]];
		rows->members[(size_t)(row->members - rows->members) + row->member_count++] =
		    &snapshot->goroutines[i];
	}
}

/* Goroutines that ran and had ended when the others were listed: what is short-lived may be what
 * takes the time. Of them function and go statement are known. */
static void add_ended(struct making *making, const struct spy_snapshot *snapshot)
{
	struct top_rows *rows = making->rows;
	struct map listed = { 0 };
	size_t i;

	if (!making->samples ||
	    (rows->options.group != TOP_FUNCTION && rows->options.group != TOP_CREATOR))
		return;
	for (i = 0; i < snapshot->goroutine_count; i++)
		map_put(&listed, (uint64_t)snapshot->goroutines[i].id, 1);
	for (i = 0; i < making->samples->items.count; i++) {
		const struct top_sample *sample = &making->samples->items.items[i];
		struct spy_goroutine *ended;
		size_t index;
		bool found;

		map_get(&listed, (uint64_t)sample->goroutine, &found);
		if (found)
			continue;
		ended = arena_alloc(&making->ended, 1, sizeof(*ended));
		*ended = (struct spy_goroutine){ .id = sample->goroutine,
						 .status = SPY_STATUS_DEAD,
						 .start = sample->start,
						 .caller = sample->caller };
		if (!passes(&rows->options, ended))
			continue;
		index = row_of(making, ended); /* which may move the rows */
		rows->items.items[index].samples += sample->count;
	}
	map_free(&listed);
}

static void fill_shares(struct making *making)
{
	const struct top_samples *samples = making->samples;
	size_t i;

	for (i = 0; i < making->rows->items.count; i++) {
		struct top_row *row = &making->rows->items.items[i];

		if (!samples || !samples->readings)
			row->on_cpu_percent = NAN;
		else if (samples->total)
			row->on_cpu_percent = (double)row->samples * 100 / (double)samples->total;
	}
}

/* A row that had the same key; SIZE_MAX if there is none. */
static size_t find_key(const struct top_rows *rows, const struct map *by_words, const char *key)
{
	uint64_t hash = top_mix_string(top_seed(), key);

	for (;; hash++) {
		bool found;
		size_t index = map_get(by_words, hash, &found);

		if (!found)
			return SIZE_MAX;
		if (!strcmp(rows->items.items[index].key, key))
			return index;
	}
}

static void fill_changes(struct top_rows *rows, const struct top_rows *before)
{
	struct map by_words = { 0 };
	size_t i;

	if (!before || rows->options.group == TOP_GOROUTINE)
		return;
	for (i = 0; i < before->items.count; i++) {
		uint64_t hash = top_mix_string(top_seed(), before->items.items[i].key);
		bool taken = true;

		for (; taken; hash++) {
			map_get(&by_words, hash, &taken);
			if (!taken) {
				map_put(&by_words, hash, i);
				break;
			}
		}
	}
	for (i = 0; i < rows->items.count; i++) {
		struct top_row *row = &rows->items.items[i];
		size_t index = find_key(before, &by_words, row->key);

		row->change =
		    row->count - (index == SIZE_MAX ? 0 : before->items.items[index].count);
	}
	map_free(&by_words);
}

struct top_rows *top_rows_new(const struct spy_snapshot *snapshot,
			      const struct top_samples *samples, const struct top_options *options,
			      const struct top_rows *before)
{
	struct top_rows *rows = memory_zeroed(1, sizeof(*rows));
	struct making making = { .rows = rows, .samples = samples };
	uint32_t *indexes _cleanup_free_ = memory_new(snapshot->goroutine_count, sizeof(*indexes));

	rows->options = *options;
	top_filter_forget(options->filter);
	sort_in(&making, snapshot, indexes);
	fill_members(rows, snapshot, indexes);
	add_ended(&making, snapshot);
	fill_shares(&making);
	fill_changes(rows, before);
	map_free(&rows->by_key);
	vector_free(&making.firsts);
	text_free(&making.text);
	arena_free(&making.ended);
	return rows;
}

void top_rows_free(struct top_rows *rows)
{
	if (!rows)
		return;
	vector_free(&rows->items);
	free(rows->members);
	arena_free(&rows->arena);
	free(rows);
}

unsigned top_needs(const struct top_options *options)
{
	unsigned needs = SPY_COLLECT_GOROUTINES | top_filter_needs(options->filter);

	if (options->group == TOP_STACK)
		needs |= SPY_COLLECT_STACKS;
	if (options->group == TOP_LABEL || options->group == TOP_GOROUTINE)
		needs |= SPY_COLLECT_LABELS;
	return needs;
}
