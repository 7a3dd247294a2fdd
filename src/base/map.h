/* SPDX-License-Identifier: MIT
 *
 * A hash map from 64-bit keys (addresses, pcs) to pointers or numbers; open addressing, grows.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t count, capacity;
};

/* The value of a key; *found tells whether it is there. 0 otherwise. */
uint64_t map_get(const struct map *map, uint64_t key, bool *found);
void map_put(struct map *map, uint64_t key, uint64_t value);
void map_free(struct map *map);

#endif
