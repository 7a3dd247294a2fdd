/* SPDX-License-Identifier: MIT
 *
 * Goroutines in the words of a Go traceback, so that tools that read those read ours.
 */
#ifndef RENDER_TRACEBACK_H
#define RENDER_TRACEBACK_H

#include "base/text.h"
#include "render/places.h"
#include "spy.h"

/* "[chan receive, 5 minutes, locked to thread]"; without the minutes where `age` is false. */
void traceback_state(struct text *text, const struct spy_goroutine *goroutine, bool age);
/* " {key: value, "a key": value}" as Go 1.27 prints them; nothing where there are none. */
void traceback_labels(struct text *text, const struct spy_goroutine *goroutine);
/* Its frames and what created it. Arguments are "..." where `arguments` is false. The places are
 * rendered by traceback_place. */
void traceback_stack(struct text *text, const struct spy_goroutine *goroutine, bool arguments,
		     struct places *places);
/* The render function of the places. */
size_t traceback_place(struct text *text, const struct spy_location *location);

#endif
