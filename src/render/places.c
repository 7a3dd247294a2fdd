/* SPDX-License-Identifier: MIT */
#include "render/places.h"

static size_t find_place(struct places *places, const struct spy_location *location)
{
	uint64_t key = (uint64_t)(uintptr_t)location;
	bool found;
	uint64_t index = map_get(&places->indexes, key, &found);
	struct place *place;

	if (found)
		return index;
	index = places->items.count;
	map_put(&places->indexes, key, index);
	place = vector_push(&places->items);
	place->offset = places->text.length;
	place->split = places->render(&places->text, location);
	place->end = places->text.length;
	return index;
}

const struct place *places_get(struct places *places, const struct spy_location *location)
{
	size_t slot = (uintptr_t)location / sizeof(*location) % RECENT_PLACES;

	if (places->recent[slot].location != location) {
		places->recent[slot].index = find_place(places, location);
		places->recent[slot].location = location;
	}
	return &places->items.items[places->recent[slot].index];
}

void places_free(struct places *places)
{
	text_free(&places->text);
	vector_free(&places->items);
	map_free(&places->indexes);
}
