/* SPDX-License-Identifier: MIT
 *
 * Inside the room: a reader, and the tree that it is making.
 */
#ifndef VALUES_READER_H
#define VALUES_READER_H

#include "values/value_memory.h"
#include "values/values.h"

enum {
	WORD = 8,
	HEADER_BYTES_MAX = 24, /* of a slice: the longest of what refers to other memory */
	LOAD_BYTES_MAX = 64 << 10,
	CHUNK_BYTES = 256 << 10,
};

/* Package variables that tell values from others which look the same. */
enum reader_variable {
	READER_CONTEXT_BACKGROUND,
	READER_CONTEXT_TODO,
	READER_NETIP_Z4,
	READER_VARIABLES,
};

struct value_reader {
	struct go_runtime *runtime;
	struct debug_info *info; /* or NULL */
	struct value_types *types;
	struct value_memory memory;
	struct {
		bool looked_for;
		uint64_t address; /* 0: it is not there */
	} variables[READER_VARIABLES];
	struct map itabs;     /* address → descriptor of the dynamic type */
	struct arena scratch; /* until value_reader_begin() */
	size_t torn;
	unsigned retries_left;
	/* Steps along chains and trees of the target that no length bounds, until
	 * value_reader_begin(). */
	uint64_t steps_left;
};

/* Whether one more may be made. */
static inline bool take_step(struct value_reader *reader)
{
	if (!reader->steps_left)
		return false;
	reader->steps_left--;
	return true;
}

/* A value that is being read: what lies in it may lead back to it. */
struct open_value {
	const struct open_value *above;
	const struct value_type *type;
	uint64_t address;
};

enum { OPEN_BUCKETS = 4096 };

struct reading {
	struct value_reader *reader;
	struct arena *arena;
	uint64_t depth_max, elements_max, string_max, nodes_left;
	size_t arena_bytes_max;
	const struct open_value *open;
	uint16_t open_at[OPEN_BUCKETS]; /* how many of them are at an address, by its low bits */
};

/* The value at a place, whose type and address `ret` gets. */
void read_value(struct reading *reading, const struct value_place *place, uint64_t depth,
		struct spy_value *ret);

/* Takes up to `wanted` nodes of what the tree may have: how many there were. */
uint64_t take_nodes(struct reading *reading, uint64_t wanted);

/* Says why there is no value; the text of `format` must be fit to be printed. */
void value_fails(struct reading *reading, struct spy_value *ret, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Asks for what a value refers to, whose bytes are known. */
void prefetch_value(struct reading *reading, const struct value_type *type, const uint8_t *bytes,
		    uint64_t depth);

/* `length` elements in a row, the first of which is at `place`. `noted`: a change of theirs matters
 * to the whole. Says in *unreadable whether it ended because some could not be read. */
const struct spy_value *read_items(struct reading *reading, const struct value_place *place,
				   uint64_t length, uint64_t depth, bool noted, size_t *kept,
				   bool *unreadable);

/* Enters a value; false if it is one of those that are open. */
bool open_value(struct reading *reading, struct open_value *value, const struct value_type *type,
		uint64_t address);
void close_value(struct reading *reading, const struct open_value *value);

/* A bool, a number, a word: what stands there itself, in the bytes of the place. */
void value_number(const struct value_place *place, struct spy_value *ret);

/* Of each kind: the bytes of the value are those of the place. */
void read_map(struct reading *reading, const struct value_place *place, uint64_t depth,
	      struct spy_value *ret);
void read_interface(struct reading *reading, const struct value_place *place, uint64_t depth,
		    struct spy_value *ret);
void read_func(struct reading *reading, const struct value_place *place, uint64_t depth,
	       struct spy_value *ret);
void read_chan(struct reading *reading, const struct value_place *place, uint64_t depth,
	       struct spy_value *ret);

/* What an interface holds; its type is NULL where it is nil. The bytes are those of `words`.
 * Returns why it is not known, or NULL. */
const char *interface_holds(struct value_reader *reader, const struct value_place *words,
			    struct value_place *ret);

/* The header of a slice or string. */
struct value_span {
	uint64_t data;
	int64_t length, capacity;
};
/* Returns what is wrong with it, or NULL. */
const char *span_of(struct value_reader *reader, const struct value_type *type,
		    const uint8_t *bytes, struct value_span *ret);

/* A channel by its hchan. */
struct value_channel {
	uint64_t length, capacity, buffer, first;
	bool closed;
	int64_t receivers, senders; /* SPY_UNKNOWN if their list makes no sense */
};
const char *channel_at(struct value_reader *reader, const struct value_type *type, uint64_t address,
		       struct value_channel *ret);

#endif
