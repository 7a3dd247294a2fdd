/* SPDX-License-Identifier: MIT
 *
 * Where `spy top` has its readings from: a thread that reads the target at its rhythm, and looks
 * what runs in between. It alone uses the struct spy.
 */
#ifndef TUI_TOP_READER_H
#define TUI_TOP_READER_H

#include "render/top.h"

/* Between two looks at what runs on the Ps. */
#define TOP_LOOK_NS 20000000ll

/* What a table is made of; one owner at a time. */
struct top_reading {
	struct spy_snapshot *snapshot;
	unsigned collected; /* enum spy_collect */
	struct spy_stats stats;
	bool has_stats;
	struct top_samples samples; /* since the reading before */
	int64_t
	    spared_ns; /* it was not stopped, for it stood still so long the last time; else 0 */
};
void top_reading_free(struct top_reading *reading);

/* One goroutine with its stack, for the look at a row. */
struct top_detail {
	int64_t goroutine;
	struct spy_snapshot *snapshot; /* of it alone; nothing in it if it has ended */
	char *note; /* why there are no variables, where some were wanted; or NULL */
};
void top_detail_free(struct top_detail *detail);

struct top_wanted {
	int64_t interval_ns;
	unsigned collect; /* enum spy_collect */
	bool frozen;
	int64_t goroutine;  /* whose stack is shown; 0: none */
	enum spy_view view; /* … with which frames */
	bool locals;        /* … and with their variables */
};

/* Takes a reading, with the samples that were added up before. */
SPY_MUST_CHECK struct spy_error *top_reading_take(struct spy *spy, unsigned collect,
						  bool non_blocking, struct top_samples *samples,
						  struct top_reading **ret);

struct top_reader;

/* Begins to read; `changes`: not a core, which is read once. NULL if there can be no thread. */
struct top_reader *top_reader_start(struct spy *spy, bool changes, const struct top_wanted *wanted);
/* Ends; the struct spy is the caller's again. NULL is ignored. */
void top_reader_stop(struct top_reader *reader);

/* From now on; `at_once`: with a reading now. */
void top_reader_want(struct top_reader *reader, const struct top_wanted *wanted, bool at_once);

/* What is new since it was asked for last, or NULL; the caller frees it. screen_wake() tells when
 * to ask. An error comes once; NO_PROCESS is the last. */
struct top_reading *top_reader_reading(struct top_reader *reader);
struct top_detail *top_reader_detail(struct top_reader *reader);
struct spy_error *top_reader_error(struct top_reader *reader);
/* Whether a reading is under way that was asked for. */
bool top_reader_busy(struct top_reader *reader);

#endif
