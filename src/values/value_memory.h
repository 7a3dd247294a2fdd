/* SPDX-License-Identifier: MIT
 *
 * The target's memory for the time of one reading: pages that were read once are not read again,
 * and what is going to be needed is read with few system calls.
 *
 * Where the target is not stopped, what was looked at can be held against what stands there now:
 * see memory_unchanged().
 */
#ifndef VALUES_VALUE_MEMORY_H
#define VALUES_VALUE_MEMORY_H

#include "base/map.h"
#include "base/vector.h"
#include "procmem/target.h"

enum { MEMORY_PAGE_BYTES = 4096 };

struct memory_record {
	uint64_t address, size, hash;
};

struct value_memory {
	struct target *target;
	struct map pages; /* number + 1 of the page → its bytes; of one that is unreadable 0 */
	VECTOR(uint8_t *) buffers;
	uint64_t held;           /* bytes of the buffers */
	uint64_t read_left;      /* bytes that may still be read before memory_begin() */
	VECTOR(uint64_t) wanted; /* numbers of pages */
	uint64_t last_page;      /* number + 1, or 0 */
	const uint8_t *last_bytes;
	bool watching;
	VECTOR(struct memory_record) records;
};

void memory_open(struct value_memory *memory, struct target *target);
void memory_close(struct value_memory *memory);

/* Forgets everything; `watch`: keeps note of what is looked at from now on. */
void memory_begin(struct value_memory *memory, bool watch);

/* Copies bytes of the target. False if they are unreadable, or as much has been read as a reading
 * may. What is long is read past the pages. */
bool memory_read(struct value_memory *memory, uint64_t address, void *buffer, size_t size);

/* The same without a note: what is true whenever it was read, as a number is. */
bool memory_load(struct value_memory *memory, uint64_t address, void *buffer, size_t size);

/* The number at an address; notes it. False as memory_read(). */
bool memory_word(struct value_memory *memory, uint64_t address, uint64_t *ret);

/* Asks for bytes that will be looked at; memory_fetch() reads all that was asked for at once. */
void memory_want(struct value_memory *memory, uint64_t address, uint64_t size);
void memory_fetch(struct value_memory *memory);

/*
 * Where one is in the notes, and whether everything that was noted since stands there as it did.
 * The notes since then are dropped. If something changed, the pages are forgotten, so that one can
 * look anew. Always true unless memory is watched.
 */
size_t memory_mark(const struct value_memory *memory);
bool memory_unchanged(struct value_memory *memory, size_t mark);
void memory_forget_notes(struct value_memory *memory, size_t mark);
/* Forgets the pages, so that one looks anew. */
void memory_forget(struct value_memory *memory);

#endif
