/* SPDX-License-Identifier: MIT
 *
 * A target that is a copy of another in our own memory, with a copy of its executable: both can be
 * changed at will, and reading costs no system call.
 */
#ifndef FUZZ_COPIED_TARGET_H
#define FUZZ_COPIED_TARGET_H

#include "base/vector.h"
#include "procmem/target.h"

/* Memory that can be read, without a hole. */
struct copied_part {
	uint64_t start, size;
	bool writable;
	uint8_t *bytes;
};

struct copied_target {
	struct target target;
	struct target *original;
	VECTOR(struct copied_part) parts; /* by address */
	int file;                         /* the copy of the executable */
	uint8_t *file_bytes;              /* mapped: what is written here stands in the file */
	size_t file_size;
};

/* Copies `original`, which stays open and becomes the copy's; `exe` is its executable. Ends the
 * process where that cannot be done. */
struct copied_target *copied_target_new(struct target *original, const char *exe);
void copied_target_free(struct copied_target *copy);

/* The part that holds an address, or NULL. */
const struct copied_part *copied_part_at(const struct copied_target *copy, uint64_t address);

#endif
