/* SPDX-License-Identifier: MIT
 *
 * Copying goroutines: the gs, and the stacks, labels and channels that hang on them. Inside the
 * room.
 */
#ifndef RUNTIME_GOROUTINES_H
#define RUNTIME_GOROUTINES_H

#include "runtime/collect.h"

struct ahead;

enum {
	/* Goroutines that are read at once: their gs stay in the processor's cache. */
	SEGMENT = 2048,
	/* … while they run on: a short window tears little. */
	SEGMENT_NON_BLOCKING = 256,
};
/* What all copies of a snapshot hold together, at most. */
#define COPY_BYTES_MAX (16ull << 30)

/* Gs to be read, and for what. */
struct segment {
	struct go_runtime *runtime;
	struct collected *collected;
	const struct collect_request *request;
	const uint64_t *addresses;
	size_t count;
};

/* At most SEGMENT of them, from the index `start` on. */
struct segment segment_at(const struct segment *all, size_t start);

/* Copies the gs of at most SEGMENT; decodes them one by one. The address is 0 of one that could
 * not be read. */
void fetch_gs(const struct segment *segment);
void fetched_g(const struct segment *segment, size_t index, struct raw_g *ret);

/* Where the stack of a goroutine that does not run begins. */
uint64_t parked_sp(const struct raw_g *g);
/* Wants the stack from sp on. */
void want_stack(struct copy *copy, const struct raw_g *g, uint64_t sp, uint32_t owner);

/* The copy for what hangs on the goroutines of a segment. One for each: what a copy holds is sorted
 * in with every round, which would take ever longer in one of a million goroutines. */
struct copy *copy_for(struct collected *collected, size_t segment);
bool wants_details(const struct collect_request *request);

/* All goroutines of a target that stands still. What was copied `ahead` and still holds is taken
 * from there; it may be NULL. */
void read_stopped(const struct segment *all, const struct ahead *ahead);
/* All goroutines of a target that runs on. */
void read_running_on(const struct segment *all);

#endif
