/* SPDX-License-Identifier: MIT
 *
 * One of the processes that `spy watch` shows: read by a worker of its own, or out of a recording.
 */
#ifndef TUI_SUBJECT_H
#define TUI_SUBJECT_H

#include "tui/history.h"
#include "tui/worker.h"

enum subject_state {
	SUBJECT_AWAITED, /* no process of that name is running */
	SUBJECT_READ,
	SUBJECT_ENDED,
	SUBJECT_RECORDED, /* out of a recording: nothing comes any more */
};

/* What is marked in the picture. */
struct subject_mark {
	int64_t at;
	bool ended; /* else another process of the name began there */
};
enum { SUBJECT_MARKS = 64 };

struct subject {
	char *name; /* base name of its executable; not escaped */
	char go_version[64];
	int64_t pid;         /* SPY_UNKNOWN before there is one */
	int64_t interval_ns; /* between two samples, about */
	enum subject_state state;
	struct history history;
	struct subject_mark marks[SUBJECT_MARKS]; /* the last of them, in the order of time */
	size_t mark_count;
	char *trouble; /* why nothing could be read the last time; or NULL */
	struct reader *reader;
};

/* How a process is read. */
struct subject_options {
	struct spy *spy;  /* open; belongs to the subject from now on; NULL: it is awaited */
	const char *name; /* the base name under which it is followed when it ends, or NULL */
	const char *bin;  /* as struct spy_options has it */
	int64_t interval_ns;
	bool lines; /* each row is kept as its JSON line as well */
};

/* DATA if no thread can be started. */
SPY_MUST_CHECK struct spy_error *subject_start(const struct subject_options *options,
					       struct subject **ret);
/* One without a process, to be filled by subject_add_row(). */
struct subject *subject_new(const char *name) __attribute__((returns_nonnull));
void subject_free(struct subject *subject);

/* Takes what its worker has read since; true if there was something. `line` is called with each
 * JSON line, where they are wanted. */
bool subject_update(struct subject *subject, void (*line)(void *context, const char *line),
		    void *context);

/* Adds a row out of a recording. */
void subject_add_row(struct subject *subject, const struct stats_row *row);

/* The clock of the pictures: Unix nanoseconds, that go on evenly when the time is set. */
int64_t subject_clock(void);

/* The last of its samples, marks included. */
int64_t subject_last(const struct subject *subject);

#endif
