/* SPDX-License-Identifier: MIT
 *
 * Memory: allocation that does not fail, scope cleanup, arenas.
 *
 * Sizes that come from a target are bounded before they get here; what remains is a machine that is
 * out of memory, where the process ends with a message (a stopped target runs on: the kernel lets
 * go of it, see procmem/pause.h). So no caller tests for NULL.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Like malloc & co., for `count` elements of `size`; the product is checked. Ends the process when
 * there is no memory. Zero elements give a pointer that can be freed. */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *memory_zeroed(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *memory_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *memory_string(const char *string) __attribute__((malloc, returns_nonnull));
/* What is done before the process ends for want of memory: for a program that has changed the
 * terminal. NULL: nothing. */
void memory_before_end(void (*action)(void));

/* Scope cleanup: `char *line _cleanup_free_ = NULL;` */
static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}
void cleanup_close(const int *fd);
#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_      _cleanup_(cleanup_free)
#define _cleanup_close_     _cleanup_(cleanup_close)

/* Takes a pointer out of a variable, which becomes NULL: for returning what a cleanup would free.
 */
#define TAKE(variable)                                                                             \
	__extension__({                                                                            \
		__typeof__(variable) take_ = (variable);                                           \
		(variable) = NULL;                                                                 \
		take_;                                                                             \
	})

/* An arena: many small allocations of one lifetime, freed by one call. */
struct arena_block;
struct arena {
	struct arena_block *block;
	size_t used;
	size_t total_bytes; /* handed out so far */
};

/* Memory of the arena: zeroed, aligned for any type, valid until arena_free(). */
void *arena_alloc(struct arena *arena, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));
/* `size` bytes copied and a NUL added. */
char *arena_bytes(struct arena *arena, const void *bytes, size_t size)
    __attribute__((returns_nonnull));
char *arena_string(struct arena *arena, const char *string) __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 2, 3)));
void arena_free(struct arena *arena);

#endif
