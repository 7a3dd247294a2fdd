/* SPDX-License-Identifier: MIT
 *
 * Inside the room: the entries of a map, of either kind.
 */
#ifndef VALUES_MAPS_H
#define VALUES_MAPS_H

#include "values/reader.h"

struct map_entry {
	struct value_place key, elem;
};

/* Some entries, whose bytes live until it returns; false: no more are wanted. */
typedef bool map_entries_fn(void *context, const struct map_entry *entries, size_t count);

struct map_walk {
	struct value_reader *reader;
	const struct value_type *type;
	map_entries_fn *callback;
	void *context;
	uint64_t few;    /* so many will be enough: reads less at first */
	uint64_t length; /* out: what len() says */
	uint64_t found;  /* out */
	/* Inside. */
	const struct value_map_layout *layout;
	const struct value_type *key, *elem;
	bool enough;
	VECTOR(struct map_entry) entries; /* of the groups at hand */
};

/* The number of entries, of a map whose header stands at an address that is not 0. Returns what is
 * wrong with it, or NULL. */
const char *map_length(struct value_reader *reader, uint64_t header, uint64_t *ret);

/* Walks over the entries. Returns what is wrong, or NULL; what was found until then has been given
 * to the callback. */
const char *map_walk(struct map_walk *walk, uint64_t header);

#endif
