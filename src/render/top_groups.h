/* SPDX-License-Identifier: MIT
 *
 * What goroutines have in common, and the words for it: inside top.h.
 */
#ifndef RENDER_TOP_GROUPS_H
#define RENDER_TOP_GROUPS_H

#include "render/top.h"

/* Goroutines that are the same have the same hash. */
uint64_t top_hash(const struct top_options *options, const struct spy_goroutine *goroutine);
bool top_same(const struct top_options *options, const struct spy_goroutine *a,
	      const struct spy_goroutine *b);
/* Never nothing; may hold NUL. */
void top_add_key(struct text *text, const struct top_options *options,
		 const struct spy_goroutine *goroutine);
/* "key=value, key=value" */
void top_add_labels(struct text *text, const struct spy_goroutine *goroutine);

/* Hashes begin with it: no target can know it. */
uint64_t top_seed(void);
uint64_t top_mix_string(uint64_t hash, const char *string);
bool top_same_text(const char *a, const char *b);

#endif
