/* SPDX-License-Identifier: MIT
 *
 * An expression that names a value, taken apart: a name, and steps from it into the value, in the
 * order in which they are taken. Every operation that spy knows has one operand, so that what Go
 * writes as a tree is a list here: `(*main.ptr).x` and `main.ptr.x` are the name, dereferenced, and
 * its field x.
 *
 * Where in `main.cfg.Server.Port` the package ends, and where the variable, is not for the parser
 * to know: it depends on what variables there are (see evaluate.h).
 */
#ifndef VALUES_PATH_H
#define VALUES_PATH_H

#include "base/text.h"
#include "values/values.h"

enum path_step_kind {
	PATH_FIELD,       /* .name */
	PATH_INDEX,       /* [key] */
	PATH_SLICE,       /* [low:high] */
	PATH_ASSERT,      /* .(type) */
	PATH_DEREFERENCE, /* * in front */
	PATH_LENGTH,      /* len() around */
	PATH_CAPACITY,    /* cap() around */
};

struct path_step {
	enum path_step_kind kind;
	const char *name; /* of the field or type */
	struct value_key key;
	bool has_low, has_high;
	int64_t low, high;
};

struct path {
	/* A variable with its package, and perhaps fields behind it, "example.com/db.pool.size":
	 * %xx of symbol names are taken back. */
	const char *word;
	const struct path_step *steps;
	size_t step_count;
};

enum { PATH_BYTES_MAX = 1 << 16 };

/* What `text` says; strings belong to the arena. USAGE, with a word on what is wrong where. */
struct spy_error *path_parse(const char *text, struct arena *arena, struct path *ret) MUST_CHECK;

/* Writes `name` with steps as Go writes them: "(*main.ptr).x". */
void path_print(struct text *text, const char *name, const struct path_step *steps, size_t count);
void path_print_key(struct text *text, const struct value_key *key);

#endif
