/* SPDX-License-Identifier: MIT
 *
 * The symbols and the debug information that were taken out of a program, where they are kept
 * apart: in the folders of the distribution, beside the program, or with a server (debuginfod).
 */
#ifndef ELF_DEBUG_FILE_H
#define ELF_DEBUG_FILE_H

#include "elf/binary.h"

struct debug_search {
	/* The root directory of the one who runs the program, "/proc/1234/root"; "" is ours. Its
	 * owner may be anybody: nothing in it leads out of it, and only regular files are opened.
	 */
	const char *root;
	const char *path; /* of the program, below that root */
	/* Whether a server may be asked, where the user has named one in DEBUGINFOD_URLS. It is
	 * given 10 seconds for all, or as long as DEBUGINFOD_TIMEOUT and DEBUGINFOD_MAXTIME allow
	 * where one of them is set. */
	bool ask_server;
	/* Called some times a second while a server answers, with the time since it was asked;
	 * false gives up. May be NULL. */
	bool (*waiting)(void *context, int64_t waited_ns);
	void *context;
};

struct debug_file {
	struct binary *binary; /* the caller's to close; NULL if there is none */
	char *warning;         /* what kept it from being found, or NULL; the caller's to free */
};

/*
 * Looks for the debug file of a program, first by its GNU build ID, then by the name and the
 * checksum in its .gnu_debuglink, both below the target's root and below ours, then at the server.
 * What is found is of the same build, and has symbols of Go's runtime or DWARF. That there is none
 * is no error.
 *
 * A program of Go before 1.24 has a GNU build ID only if it was linked externally (cgo).
 */
struct debug_file debug_file_find(const struct binary *program, const struct debug_search *search);

/* Whether a file has the symbols of this very build: build IDs and samples of the code are the
 * same. Of a file that has no code (objcopy --only-keep-debug, eu-strip -f) an ID alone must do. */
bool binary_is_same_build(const struct binary *program, const struct binary *other);

#endif
