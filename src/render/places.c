/* SPDX-License-Identifier: MIT */
#include "render/places.h"

const struct place *places_get(struct places *places, const struct spy_location *location)
{
	uint64_t key = (uint64_t)(uintptr_t)location;
	bool found;
	uint64_t index = map_get(&places->indexes, key, &found);
	struct place *place;

	if (found)
		return &places->items.items[index];
	map_put(&places->indexes, key, places->items.count);
	place = vector_push(&places->items);
	place->offset = places->text.length;
	place->split = places->render(&places->text, location);
	place->end = places->text.length;
	return place;
}

void places_free(struct places *places)
{
	text_free(&places->text);
	vector_free(&places->items);
	map_free(&places->indexes);
}
