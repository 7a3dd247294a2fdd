/* SPDX-License-Identifier: MIT
 *
 * Goroutines in rows, by what they have in common: what `spy top` shows, on a screen, as a table,
 * as JSON.
 */
#ifndef RENDER_TOP_H
#define RENDER_TOP_H

#include "base/map.h"
#include "render/fields.h"
#include "render/select.h"

/* ---- what runs, added up ------------------------------------------------------------------ */

/* How often a goroutine was met on a processor. */
struct top_sample {
	int64_t goroutine, count;
	const struct spy_location *start, *caller;
};

struct top_samples {
	VECTOR(struct top_sample) items;
	struct map indexes;     /* id → index into items */
	int64_t readings;       /* of spy_running_read() */
	int64_t total;          /* goroutines that were met, all readings together */
	int64_t looked, unread; /* Ps that were looked at; of them, what ran could not be told */
};

void top_samples_add(struct top_samples *samples, const struct spy_running_list *running);
void top_samples_free(struct top_samples *samples);

/* ---- which goroutines --------------------------------------------------------------------- */

/*
 * A filter in words: "chan main." lets those pass that have each word, in whatever case, in the
 * name of a function, the state, what they wait for, a label, or as their id. "fn:", "state:",
 * "wait:", "label:", "id:" before a word look there only, "!" lets those pass that have it not.
 */
struct top_filter;

/* Of an empty string, or NULL: everything passes. */
struct top_filter *top_filter_new(const char *words);
void top_filter_free(struct top_filter *filter);
bool top_filter_passes(struct top_filter *filter, const struct spy_goroutine *goroutine);
/* Locations of another snapshot follow: what is remembered of those before is forgotten. */
void top_filter_forget(struct top_filter *filter);
/* What must have been collected for it, beside the list of goroutines (enum spy_collect). */
unsigned top_filter_needs(const struct top_filter *filter);

/* ---- rows --------------------------------------------------------------------------------- */

enum top_group {
	TOP_FUNCTION, /* the function that the go statement called */
	TOP_STACK,
	TOP_CREATOR, /* the go statement */
	TOP_WAIT_REASON,
	TOP_LABEL,
	TOP_GOROUTINE,
	TOP_GROUPS,
};
/* "function", "wait_reason": the words of the contract; NULL past the last. */
const char *top_group_name(size_t index);

struct top_row {
	const char *key; /* what its goroutines have in common, in words; never NULL */
	int64_t id;      /* of the one, in TOP_GOROUTINE */
	int64_t count;
	int64_t change; /* since the rows before; SPY_UNKNOWN if there are none */
	int64_t by_status[SPY_STATUS_COUNT];
	int64_t samples;
	double on_cpu_percent; /* of what ran on the Ps; NaN if nobody looked */
	int64_t longest_wait_ns;
	/* These are NULL where its goroutines do not agree. */
	const char *function, *file;
	int64_t line;
	const char *created_by; /* a function */
	const char *wait_reason;
	const char *labels;           /* "key=value, …"; of TOP_GOROUTINE */
	const goroutine_ref *members; /* by id; none for what ended before it was listed */
	size_t member_count;
};

struct top_options {
	enum top_group group;
	const char *label;         /* TOP_LABEL: by the value of this one; NULL: by all of them */
	struct top_filter *filter; /* or NULL */
	bool system;               /* the runtime's own goroutines, too */
};

struct top_rows {
	struct top_options options;
	VECTOR(struct top_row) items;
	struct map by_key;
	goroutine_ref *members;
	struct arena arena;
	int64_t shown, hidden; /* goroutines that passed, and not */
};

/* Needs of a snapshot what top_needs() says. The rows point into it; `samples` may be NULL.
 * `before` are rows of the snapshot before, by the same options, or NULL. */
struct top_rows *top_rows_new(const struct spy_snapshot *snapshot,
			      const struct top_samples *samples, const struct top_options *options,
			      const struct top_rows *before);
void top_rows_free(struct top_rows *rows);
/* enum spy_collect; all with request.system_goroutines. */
unsigned top_needs(const struct top_options *options);

/* ---- columns ------------------------------------------------------------------------------ */

struct top_column {
	const char *name;   /* for --sort; NULL: only JSON has it */
	struct field field; /* without a name: JSON has it otherwise */
	unsigned groups;    /* a bit 1 << enum top_group for each that it is a column of */
};

/* Ends with a column whose field has no help. */
extern const struct top_column top_columns[];
/* The n-th column that can be sorted by; NULL past the last. */
const char *top_sort_name(size_t index);
const struct top_column *top_column_named(const char *name);
/* Whether the largest, or the first in the alphabet, is wanted on top. */
bool top_column_falls(const struct top_column *column);

/* Stable in what is equal: the most first, then by id. */
void top_rows_sort(struct top_rows *rows, const struct top_column *column, bool falls);

/* ---- shown at once ------------------------------------------------------------------------ */

struct top_view {
	const struct spy_snapshot *snapshot;
	const struct top_rows *rows;
	const struct top_samples *samples;
	const char *const *warnings; /* beside those of the snapshot */
	size_t warning_count;
	size_t limit; /* rows at most, 0: all */
};

void render_top_text(struct output *output, const struct top_view *view);
void render_top_json(struct output *output, const struct top_view *view);

#endif
