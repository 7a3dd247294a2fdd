/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include "base/memory.h"

struct map_slot {
	uint64_t key, value;
	bool used;
};

/* The finaliser of MurmurHash3: spreads the low bits that addresses share. */
static uint64_t mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdull;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ull;
	return key ^ key >> 33;
}

static struct map_slot *slot_of(const struct map *map, uint64_t key)
{
	size_t i = mix(key) & (map->capacity - 1);

	while (map->slots[i].used && map->slots[i].key != key)
		i = (i + 1) & (map->capacity - 1);
	return &map->slots[i];
}

uint64_t map_get(const struct map *map, uint64_t key, bool *found)
{
	const struct map_slot *slot;

	*found = false;
	if (!map->capacity)
		return 0;
	slot = slot_of(map, key);
	*found = slot->used;
	return slot->used ? slot->value : 0;
}

static void grow(struct map *map)
{
	struct map old = *map;
	size_t i;

	map->capacity = old.capacity ? old.capacity * 2 : 64;
	map->slots = memory_zeroed(map->capacity, sizeof(*map->slots));
	for (i = 0; i < old.capacity; i++)
		if (old.slots[i].used)
			*slot_of(map, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void map_put(struct map *map, uint64_t key, uint64_t value)
{
	struct map_slot *slot;

	if ((map->count + 1) * 2 > map->capacity)
		grow(map);
	slot = slot_of(map, key);
	map->count += !slot->used;
	*slot = (struct map_slot){ .key = key, .value = value, .used = true };
}

void map_free(struct map *map)
{
	free(map->slots);
	*map = (struct map){ 0 };
}
