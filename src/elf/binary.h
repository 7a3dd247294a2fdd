/* SPDX-License-Identifier: MIT
 *
 * An ELF file: sections, segments, symbols, build ids, Go build info. ELF is parsed here and
 * nowhere else. The file is untrusted: every offset and count is checked, corrupt tables give
 * errors.
 *
 * Addresses are link-time addresses (as in the file); the caller adds the load bias.
 */
#ifndef ELF_BINARY_H
#define ELF_BINARY_H

#include "base/error.h"
#include "base/memory.h"

struct binary;

/* Opens an ELF file. `fd` stays the caller's; `name` is for messages. Errors: NOT_GO if it is no
 * ELF file, or one of another class or machine (32-bit, arm64: the message says which), DATA if it
 * is corrupt.
 *
 * A file that others can write to is not mapped: what is asked for is copied once and kept until
 * binary_close(), so that changing or shortening it meanwhile neither kills us (SIGBUS) nor changes
 * what has been checked. A function below that gives a pointer then costs a copy of the section or
 * segment the first time (10 MB: some 4 ms). */
struct spy_error *binary_open_fd(int fd, const char *name, struct binary **ret) MUST_CHECK;
/* The same by path; DATA or PERMISSION if it cannot be opened. */
struct spy_error *binary_open(const char *path, struct binary **ret) MUST_CHECK;
void binary_close(struct binary *binary);
static inline void binary_cleanup(struct binary **binary)
{
	binary_close(*binary);
}

const char *binary_name(const struct binary *binary);
uint64_t binary_file_bytes(const struct binary *binary);
uint64_t binary_entry(const struct binary *binary);
/* ET_DYN: PIE or shared object, so that it has a load bias. */
bool binary_is_relocatable(const struct binary *binary);

struct binary_segment { /* a PT_LOAD */
	uint64_t address, file_offset, file_bytes, memory_bytes;
	bool readable, writable, executable;
	bool cut; /* file_bytes is less than the program header says: the file ends before */
};
size_t binary_segments(const struct binary *binary, const struct binary_segment **ret);

/* [start, end) of what the dynamic loader relocates and then makes read-only (PT_GNU_RELRO); empty
 * where there is none. */
void binary_relro(const struct binary *binary, uint64_t *start, uint64_t *end);

struct binary_section {
	const char *name;
	uint64_t address;
	const uint8_t *bytes; /* as they stand in the file; NULL for SHT_NOBITS */
	uint64_t size;        /* in the file; in memory for SHT_NOBITS */
	uint64_t flags;       /* SHF_… */
};
/* False if there is none, or if the file does not have its bytes. */
bool binary_section(const struct binary *binary, const char *name, struct binary_section *ret);

/* The file's bytes of a link-time address inside a PT_LOAD; *available is how many follow it in
 * that segment's file part. NULL where the file has none (.bss, holes, outside). `relocated` tells
 * that the running process may hold other bytes there: the segment is writable or the address lies
 * in PT_GNU_RELRO. */
const uint8_t *binary_at(const struct binary *binary, uint64_t address, size_t *available,
			 bool *relocated);
/* Copies `size` bytes from there, without reading the segment: for a function or a variable. False
 * if the file does not have all of them. */
bool binary_read(const struct binary *binary, uint64_t address, void *buffer, size_t size);

struct binary_symbol {
	uint64_t address, size;
};
/* Looks up names in .symtab (.dynsym as well where there is no .symtab), all in one pass over the
 * table: found[i] and symbols[i] for names[i]; duplicates: the first that is defined wins. A name
 * may hold alternatives, "runtime.ncpu|runtime.numCPUStartup": the first that is there wins. */
struct spy_error *binary_find_symbols(const struct binary *binary, const char *const *names,
				      size_t count, struct binary_symbol *symbols,
				      bool *found) MUST_CHECK;
/* Whether there is a .symtab with symbols of Go's runtime. */
bool binary_has_symbols(const struct binary *binary);
/* Whether there is DWARF with compile units: .debug_info or .zdebug_info that is not empty. */
bool binary_has_dwarf(const struct binary *binary);

/* A debug section, inflated if it was compressed (SHF_COMPRESSED zlib, or .zdebug_*), read as a
 * stream so that only what is needed is inflated. `name` is "debug_info", "debug_abbrev", …
 * Errors: DATA if it is absent or corrupt, or compressed in another way (zstd). */
struct section_stream;
struct spy_error *section_stream_open(const struct binary *binary, const char *name,
				      struct section_stream **ret) MUST_CHECK;
void section_stream_close(struct section_stream *stream);
/* Size when inflated. */
uint64_t section_stream_size(const struct section_stream *stream);
/* Address of the inflated section: `section_stream_size` bytes that stay where they are until
 * close. Only the first section_stream_need() bytes are filled; the rest reads as zero. */
const uint8_t *section_stream_bytes(const struct section_stream *stream);
/* Makes the bytes [0, end) valid; end is clamped to the size. */
struct spy_error *section_stream_need(struct section_stream *stream, uint64_t end) MUST_CHECK;

/* Identity. NULL where there is no such note. Owned by the binary; text in Go's form and in hex. */
const char *binary_go_build_id(const struct binary *binary);
const char *binary_gnu_build_id(const struct binary *binary);

/* What the linker wrote for `go version -m`. Strings are owned by the arena. */
struct binary_build_info {
	const char *go_version; /* "go1.22.12", NULL if not there */
	const char *path;       /* of the main package */
	const char *module;     /* of the main module */
	const char *module_version;
	struct spy_setting *settings;
	size_t setting_count;
};
/* Reads .go.buildinfo (or its magic in the first writable segment), both forms: Go 1.13-1.17 with
 * pointers, Go 1.18+ inline. *ret is all NULL where there is none; never an error for its absence.
 */
struct spy_error *binary_build_info(const struct binary *binary, struct arena *arena,
				    struct binary_build_info *ret) MUST_CHECK;
/* The same from a modinfo string as runtime.modinfo holds it (16 bytes of framing either side). */
void build_info_parse(const char *modinfo, size_t size, struct arena *arena,
		      struct binary_build_info *ret);

enum binary_language {
	BINARY_NOT_GO,
	BINARY_GO,    /* made by Go's own linker, perhaps with an external one */
	BINARY_GCCGO, /* Go by gccgo: another runtime */
};
/* Quick: looks at section names, notes, build info, and for a file without section headers at the
 * magic of the build info and of the pclntab. */
enum binary_language binary_language(const struct binary *binary);

#endif
