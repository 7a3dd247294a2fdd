/* SPDX-License-Identifier: MIT
 *
 * Bytes copied out of a target, to be read after it runs again.
 *
 * One collects in rounds: copy_want() what the next round needs, copy_fetch() it in one sweep that
 * sorts and merges the ranges into spans, look into it with copy_at(), want more. Ranges that could
 * not be read are holes: copy_at() gives NULL for them.
 *
 * Without stopping the target a copy is checked by reading it again: copy_verify() compares, and
 * names the owners of the ranges that changed meanwhile.
 */
#ifndef PROCMEM_COPY_H
#define PROCMEM_COPY_H

#include "base/error.h"
#include "procmem/target.h"

struct copy;

/* At most `limit` bytes are ever held; what would go over it becomes a hole and is counted. */
struct copy *copy_new(uint64_t limit_bytes);
void copy_free(struct copy *copy);

/* Makes room for so many bytes (at most the limit), and touches it: what is known before the target
 * is stopped need not be paid for while it stands still. More than that is found as it goes. */
void copy_reserve(struct copy *copy, uint64_t bytes);
/* Another limit from now on. */
void copy_set_limit(struct copy *copy, uint64_t limit_bytes);
/* Forgets all that was copied; what was reserved is there again. */
void copy_clear(struct copy *copy);

/* Wants [address, address + size). Owner is any number of the caller's, for copy_verify(). */
void copy_want(struct copy *copy, uint64_t address, uint64_t size, uint32_t owner);

/* Reads what was wanted since the last fetch. Never fails: what is unreadable is a hole; a target
 * that ended is told by target_ended(). */
void copy_fetch(struct copy *copy, struct target *target);

/* The copied bytes of [address, address + size), NULL unless all of them were copied by one fetch
 * (ranges that were wanted separately may lie in one span). Valid until copy_free(). */
const void *copy_at(const struct copy *copy, uint64_t address, size_t size);
/* The same, and how many bytes follow in the same span. */
const void *copy_span(const struct copy *copy, uint64_t address, size_t *available);

/* Reads everything again and compares. changed[owner] becomes true for each owner (< owners) with a
 * range that differs or has become unreadable. */
void copy_verify(const struct copy *copy, struct target *target, bool *changed, size_t owners);

/* Bytes held; ranges that became holes: unreadable, or over the limit. */
uint64_t copy_bytes(const struct copy *copy);
uint64_t copy_holes(const struct copy *copy);

#endif
