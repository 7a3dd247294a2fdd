/* SPDX-License-Identifier: MIT
 *
 * What values of well-known types say to a reader: a time.Time its date, a sync.Mutex whether it is
 * locked. Types are known by their names, and read by the names of their fields, so that one that
 * looks otherwise than all versions of Go have it says nothing.
 */
#ifndef VALUES_MEANINGS_H
#define VALUES_MEANINGS_H

#include "values/values.h"

/* Of the type of a name; NULL if there is none. */
const struct value_meaning *value_meaning_of(const char *name, enum go_kind kind);

/* What the value at a place says, fit to be printed; NULL if it could not be read. */
const char *value_meaning(struct value_reader *reader, const struct value_meaning *meaning,
			  const struct value_place *place, struct arena *arena);

#endif
