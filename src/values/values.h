/* SPDX-License-Identifier: MIT
 *
 * Any Go value as a tree: a reader that knows a program's types and looks into its memory.
 *
 * A reading goes so:
 *
 *     value_reader_begin(reader, watch);    what was read before is forgotten
 *     value_…(reader, place, …)             from a variable to what is wanted
 *     value_read(reader, &place, …)         the tree
 *
 * It is done while the target stands still. What it learns of types is kept, so that the same steps
 * once before the stop make them short: types, names and function tables are read from files then.
 * Where the target is not stopped, `watch` makes the reader look twice: what changed meanwhile is
 * read anew some times, and then has an error in place of a value.
 *
 * All that comes from the target is held to be hostile: lengths, counts and chains are bounded, and
 * what makes no sense has an error in its place in the tree.
 */
#ifndef VALUES_VALUES_H
#define VALUES_VALUES_H

#include "values/value_types.h"

struct value_reader;

/* Of a runtime and its DWARF (NULL: there is none), which outlive it. */
struct value_reader *value_reader_new(struct go_runtime *runtime, struct debug_info *info);
void value_reader_free(struct value_reader *reader);
struct value_types *value_reader_types(struct value_reader *reader);

/* Forgets the memory that was read so far; keeps the types. */
void value_reader_begin(struct value_reader *reader, bool watch);

/* Values that changed while they were read, and are missing for it, since value_reader_begin(). */
size_t value_reader_torn(const struct value_reader *reader);

/*
 * Where a value is: in memory at `address`, or in `bytes`, type->size of them: what lies in no
 * memory (a register, len(x), the header of x[2:5]). Bytes live until value_reader_begin(), or as
 * long as the caller says who made them.
 */
struct value_place {
	const struct value_type *type;
	uint64_t address;
	const uint8_t *bytes; /* NULL: in memory */
};

/* The place of a variable: a run-time address, and the DIE of its type. Its type is NULL where the
 * DIE is 0. */
struct value_place value_place_at(struct value_reader *reader, uint64_t address, uint64_t die);

/*
 * Steps. They follow pointers as Go does: of a pointer to a struct one takes a field, of a pointer
 * to an array an element, a range, the length. Errors: USAGE where a value of this type has no such
 * thing, or this value has none (an index out of range, a key that is not there, an interface that
 * holds another type, a nil pointer); DATA where it could not be read. *ret is untouched on errors.
 */

/* x.name, promoted through embedded structs and pointers to them as in Go; of an interface, that of
 * the value that it holds. */
struct spy_error *value_field(struct value_reader *reader, const struct value_place *from,
			      const char *name, struct value_place *ret) MUST_CHECK;
/* Calls back for the name of each field that value_field() finds. */
typedef void value_name_fn(void *context, const char *name);
void value_field_names(struct value_reader *reader, const struct value_place *from,
		       value_name_fn *callback, void *context);

/* x[index] of arrays, slices, strings. */
struct spy_error *value_index(struct value_reader *reader, const struct value_place *from,
			      int64_t index, struct value_place *ret) MUST_CHECK;

/* A literal that a map is asked for. */
struct value_key {
	enum { VALUE_KEY_INTEGER, VALUE_KEY_REAL, VALUE_KEY_STRING, VALUE_KEY_BOOL } kind;
	bool negative;     /* an INTEGER below 0, whose amount is natural */
	uint64_t natural;  /* INTEGER; BOOL: 0, 1 */
	double real;       /* REAL */
	const char *bytes; /* STRING, of `length` bytes */
	size_t length;
};
/* x[key] of a map; keys of interface types are compared with what they hold. USAGE with *has_key
 * false where the map lacks the key, which is no fault of the expression. */
struct spy_error *value_lookup(struct value_reader *reader, const struct value_place *from,
			       const struct value_key *key, struct value_place *ret,
			       bool *has_key) MUST_CHECK;
/* Calls back for the keys of a map of strings, some hundred at most: for naming the nearest. */
void value_key_names(struct value_reader *reader, const struct value_place *from,
		     value_name_fn *callback, void *context);

/* x[low:high] of arrays, slices and strings; high INT64_MAX is the length. */
struct spy_error *value_slice(struct value_reader *reader, const struct value_place *from,
			      int64_t low, int64_t high, struct value_place *ret) MUST_CHECK;

/* *x */
struct spy_error *value_deref(struct value_reader *reader, const struct value_place *from,
			      struct value_place *ret) MUST_CHECK;

/* x.(name): what an interface holds, whose type must be of that name, "*example.com/app.T" or
 * "*app.T"; with NULL whatever it holds. */
struct spy_error *value_assert(struct value_reader *reader, const struct value_place *from,
			       const char *name, struct value_place *ret) MUST_CHECK;

/* len(x), cap(x) */
struct spy_error *value_length(struct value_reader *reader, const struct value_place *from,
			       int64_t *ret) MUST_CHECK;
struct spy_error *value_capacity(struct value_reader *reader, const struct value_place *from,
				 int64_t *ret) MUST_CHECK;
/* An int that lies in no memory, for showing what the two say. */
struct value_place value_place_of_int(struct value_reader *reader, int64_t number);

/* The first `max` bytes of the value itself: how many, which live until value_reader_begin(); NULL
 * if they cannot be read. */
const uint8_t *value_own_bytes(struct value_reader *reader, const struct value_place *place,
			       size_t max, size_t *size);

/* Reads the value at a place as a tree, all of which is of the arena, and of the reader. Never
 * fails: what cannot be read has an error. `limits` as spy.h has them. */
void value_read(struct value_reader *reader, const struct value_place *place,
		const struct spy_value_limits *limits, struct arena *arena, struct spy_value *ret);

#endif
