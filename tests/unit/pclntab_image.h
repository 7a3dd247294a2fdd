/* SPDX-License-Identifier: MIT
 *
 * Function tables, built byte by byte as the linkers of Go write them: the same three functions in
 * every format that there is, so that the expectations are the same, too.
 *
 *	text+0x00  main.alpha  a.go, 0x300 bytes
 *	text+0x300 main.empty  no bytes
 *	text+0x300 main.beta   b.go, 0x40 bytes; main.middle is inlined at 0x08-0x27, and in it
 *	                       main.inner at 0x10-0x1f
 *	text+0x340 the end; etext is 0x350
 */
#ifndef UNIT_PCLNTAB_IMAGE_H
#define UNIT_PCLNTAB_IMAGE_H

#include "pclntab/pclntab.h"

enum { BASE = 0x700000, TEXT = 0x401000 };

struct variant {
	const char *name;
	uint32_t magic;
	size_t entry_size;
	bool joint;    /* one table for all: offsets from its start */
	bool has_unit; /* cuOffset */
	bool has_start_line;
	struct pclntab_format format;
};

enum { IMAGE_VARIANTS = 6 };
extern const struct variant image_variants[IMAGE_VARIANTS];

struct bytes {
	uint8_t at[1024];
	size_t size;
};

struct image {
	const struct variant *variant;
	struct bytes names, values, files, file_names, functions; /* the parts */
	struct bytes all;
	size_t tree, arg_info, arg_live; /* in `all` */
	size_t tree_entry[2];
	struct pclntab_source source;
};

/* The table of a variant, not opened. */
void image_build(struct image *image, int variant);
/* Overwrites a number in the bytes of an image. */
void image_put(struct image *image, size_t position, uint64_t value, size_t size);

/* The bytes of an image as a target has them: exactly so many, for the sanitizer to see. */
struct memory {
	uint8_t *bytes;
	size_t size;
};
struct spy_error *image_load(const struct image *image, struct memory *memory,
			     struct pclntab **ret) MUST_CHECK;

#endif
