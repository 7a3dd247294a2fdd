/* SPDX-License-Identifier: MIT
 *
 * A snapshot as a list of statements, "g17 status" is "waiting", so that what is said of a
 * corrupted program can be held against the truth: a statement may be missing or unknown, never
 * another.
 */
#ifndef FUZZ_ANSWER_H
#define FUZZ_ANSWER_H

#include "base/map.h"
#include "base/text.h"
#include "base/vector.h"
#include "spy.h"

enum answer_kind {
	ANSWER_STATE,    /* what goroutines, Ps, Ms, the heap are doing */
	ANSWER_IDENTITY, /* the version and build info */
	ANSWER_NAMES,    /* of functions, files, types: what the tables say */
	ANSWER_SYSTEM,   /* which goroutines are the runtime's: with a warning, this may be wrong */
	ANSWER_KINDS,
};

struct statement {
	enum answer_kind kind;
	size_t key, value; /* where in text */
};

struct answer {
	struct text text;
	VECTOR(struct statement) statements;
	struct map by_key; /* hash of the key → its index */
	size_t count[ANSWER_KINDS];
	size_t warnings; /* and notes of stacks */
};

void answer_make(const struct spy_snapshot *snapshot, struct answer *ret);
void answer_free(struct answer *answer);

/* The first lie of `seen` about something of `kinds` (bit 1 << kind), or NULL: a statement that the
 * truth has otherwise or not at all, or statements that are missing without any warning. The text
 * is the caller's. */
char *answer_lie(const struct answer *truth, const struct answer *seen, unsigned kinds);

#endif
