/* SPDX-License-Identifier: MIT
 *
 * Inside the room: the bytes of an ELF file, and struct binary.
 *
 * Whoever can write to a file can shorten it or change it while we look: then a mapping of it kills
 * the reader with SIGBUS, or shows one value to the check and another to the use. So what this room
 * parses is copied first, with pread(); reading through a symbol table in steps that stay in the
 * cache is as fast as the page faults of a mapping. The large parts that are handed out (function
 * table, text, debug information) are copied as well, once, when they are first asked for: 10 MB
 * take some 4 ms. Only if nobody but root and ourselves can write to the file it is mapped instead,
 * which costs nothing; as programs are installed, that is the usual case.
 *
 * The headers are read without libelf, which reserves and fills as many section records as section
 * 0 claims there are before a caller can object: a sparse file makes it take all memory.
 */
#ifndef ELF_IMAGE_H
#define ELF_IMAGE_H

#include <elf.h>

#include "elf/binary.h"

struct image;

enum {
	IMAGE_HEAD_BYTES = 4096,             /* read at once: ELF and program headers, notes */
	IMAGE_BYTES_MAX = 512 * 1024 * 1024, /* kept in memory of one file, all parts together */
	IMAGE_STREAM_BYTES = 64 * 1024,      /* a buffer for reading through a large part */
};

/* Takes a copy of the descriptor. DATA if it is no regular file. */
struct spy_error *image_open(int fd, const char *name, struct image **ret) MUST_CHECK;
void image_close(struct image *image);
uint64_t image_size(const struct image *image);

/* [offset, offset + size) of the file, valid until image_close(); NULL if the file has no such
 * bytes, or too many have been asked for. Does not end with a NUL. */
const uint8_t *image_bytes(struct image *image, uint64_t offset, uint64_t size);
/* Copies them without keeping them; false if the file has no such bytes. */
bool image_read(const struct image *image, uint64_t offset, void *buffer, size_t size);

struct binary {
	char *name;
	struct image *image;
	Elf64_Ehdr header;
	Elf64_Phdr *programs;
	size_t program_count;
	Elf64_Shdr *sections; /* none if the table is not there or broken */
	size_t section_count;
	char *section_names; /* ends with a NUL */
	size_t section_names_size;
	struct binary_segment *segments;
	size_t segment_count;
	char *go_build_id, *gnu_build_id;
};

/* The header of a section by name or by type (SHT_…); NULL if there is none. */
const Elf64_Shdr *section_by_name(const struct binary *binary, const char *name);
const Elf64_Shdr *section_by_type(const struct binary *binary, uint32_t type);

/* Finds the build ids among the notes. */
void notes_read(struct binary *binary);

/* The link-time address of the Go build info, from its section or by its magic; 0 if none. */
uint64_t build_info_address(const struct binary *binary);

#endif
