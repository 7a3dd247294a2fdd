/* SPDX-License-Identifier: MIT
 *
 * Locations as they were rendered: there are far fewer places than frames that stand at them, and
 * escaping their names is most of the work of a dump.
 */
#ifndef RENDER_PLACES_H
#define RENDER_PLACES_H

#include "base/map.h"
#include "base/text.h"
#include "base/vector.h"
#include "spy.h"

/* A location's text: [offset, split) and [split, end) of places.text. */
struct place {
	size_t offset, split, end;
};

enum { RECENT_PLACES = 256 };

struct places {
	struct text text;
	VECTOR(struct place) items;
	struct map indexes; /* address of a location -> index into items */
	/* The same of recent ones, by bits of the address: the usual case is a matter of
	 * nanoseconds. */
	struct {
		const struct spy_location *location;
		size_t index;
	} recent[RECENT_PLACES];
	/* Adds a location's text; returns where its second part begins. */
	size_t (*render)(struct text *text, const struct spy_location *location);
};

/* The place of a location, rendered now or before; valid until the next call. */
const struct place *places_get(struct places *places, const struct spy_location *location);
void places_free(struct places *places);

#endif
