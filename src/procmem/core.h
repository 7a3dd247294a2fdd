/* SPDX-License-Identifier: MIT
 *
 * What an ELF core file says of itself, as core.c and core_notes.c share it.
 */
#ifndef PROCMEM_CORE_H
#define PROCMEM_CORE_H

#include "base/vector.h"
#include "procmem/target.h"

/* A PT_LOAD: memory that was dumped, at least in part. */
struct core_segment {
	uint64_t address, end;
	uint64_t offset, bytes; /* of its dumped start in the core file */
	bool readable, writable, executable;
};

/* An entry of NT_FILE: a file that was mapped. */
struct core_mapped {
	uint64_t start, end, file_offset;
	size_t path; /* index of core.paths */
};

struct core_path {
	const char *path; /* owned by core.arena */
	int fd;           /* CORE_NOT_TRIED, CORE_ABSENT, or open */
};
enum { CORE_NOT_TRIED = -2, CORE_ABSENT = -1 };

/* A stretch of the address space with one origin. */
struct core_piece {
	uint64_t start, end;
	const struct core_segment *segment; /* or NULL */
	const struct core_mapped *mapped;   /* or NULL */
};

struct core {
	struct target target;
	char *exe_file; /* in place of the executable where that is not to be had, or NULL */
	int file;
	uint64_t file_bytes;
	struct arena arena;
	VECTOR(struct core_segment) segments; /* by address, none overlaps another */
	VECTOR(struct core_mapped) mapped;    /* the same */
	VECTOR(struct core_path) paths;
	VECTOR(struct core_piece) pieces; /* by address */
	VECTOR(struct target_thread) threads;
	uint64_t entry; /* AT_ENTRY, or 0 */
	size_t opened;  /* files of `paths` */
};

static inline struct core *core_of(struct target *target)
{
	return (struct core *)target;
}

/* Reads `size` bytes of the core file. */
struct spy_error *core_pread(const struct core *core, uint64_t offset, void *buffer,
			     size_t size) MUST_CHECK;

/* core_notes.c: takes in the notes of one PT_NOTE. *left bounds the notes of the whole file. */
struct spy_error *core_read_notes(struct core *core, uint64_t offset, uint64_t size,
				  size_t *left) MUST_CHECK;

#endif
