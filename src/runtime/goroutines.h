/* SPDX-License-Identifier: MIT
 *
 * Copying goroutines: the gs, and the stacks, labels and channels that hang on them. Inside the
 * room.
 */
#ifndef RUNTIME_GOROUTINES_H
#define RUNTIME_GOROUTINES_H

#include <stdatomic.h>

#include "runtime/collect.h"

struct ahead;

enum {
	/* Goroutines that are read at once: their gs stay in the processor's cache. */
	SEGMENT = 2048,
	/* … that one of two threads reads at once: the other one waits for the last of them. */
	CHUNK = 512,
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
	struct copy *scratch; /* of the gs */
};

/* At most SEGMENT of them, or `largest`, from the index `start` on. */
struct segment segment_at(const struct segment *all, size_t start);
struct segment part_of(const struct segment *all, size_t start, size_t largest);

/* Copies gs, at most SEGMENT; decodes them one by one. The address is 0 of one that could
 * not be read. */
void fetch_gs(const struct segment *segment);
void fetched_g(const struct segment *segment, size_t index, struct raw_g *ret);

bool is_dead(const struct raw_g *g);
/* Where the stack of a goroutine that does not run begins. */
uint64_t parked_sp(const struct raw_g *g);
/* Wants the stack from sp on. */
void want_stack(struct copy *copy, const struct raw_g *g, uint64_t sp, uint32_t owner);

/* The copy for what hangs on the goroutines of a segment. One for each: what a copy holds is sorted
 * in with every round, which would take ever longer in one of a million goroutines. */
struct copy *copy_for(struct collected *collected, size_t segment);
bool wants_details(const struct collect_request *request);

/* The gs of a target that stands still, as two threads read them at once. */
struct gs_reading {
	struct segment all;
	const struct ahead *ahead;
	struct copy *scratch;      /* the second thread's */
	_Atomic size_t next, done; /* of all.count */
	_Atomic enum { GS_COMING, GS_WANTED, GS_READ } state;
};

/* Room for so many in collected->gs and collected->ids. */
void gs_reserve(struct collected *collected, size_t count);
/* From now on the second thread may read them, if there is one; what was copied `ahead` and still
 * holds is taken from there, which may be NULL. */
void gs_begin(struct gs_reading *reading, const struct segment *all, const struct ahead *ahead);
/* Reads them: then all of runtime.allgs are in collected->gs, by their index there, the dead ones
 * as well; address 0: could not be read. */
void gs_finish(struct gs_reading *reading);
/* Lets go of the second thread, whether or not it came so far. */
void gs_end(struct gs_reading *reading);
/* What the second thread does: returns after gs_finish() or gs_end(). */
void gs_help(struct gs_reading *reading);
/* Reads a byte of each page of the gs. The kernel copies a page in three quarters of the time when
 * what it knows of the page is in the processor's cache, where it stays when it was used a second
 * time. */
void gs_touch(const struct segment *all);
/* Counts dead and lost ones and takes them out of collected->gs. */
void gs_settle(struct collected *collected);

/* What hangs on the goroutines that gs_finish() has read. */
void read_stopped_details(const struct segment *all);
/* All goroutines of a target that runs on. */
void read_running_on(const struct segment *all);

#endif
