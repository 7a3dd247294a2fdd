/* SPDX-License-Identifier: MIT
 *
 * Inside the room: asks a debuginfod server for a debug file, through libdebuginfod. The library
 * and what it needs (libcurl, TLS) are loaded when a server is to be asked, and only then.
 */
#ifndef ELF_DEBUGINFOD_H
#define ELF_DEBUGINFOD_H

#include "elf/debug_file.h"

/* The file of a program's GNU build ID, unchecked; NULL if DEBUGINFOD_URLS is not set, if the
 * program has no such ID, if no server has it. *warning, which the caller frees, tells what went
 * wrong. */
struct binary *debuginfod_find(const struct binary *program, const struct debug_search *search,
			       char **warning);

#endif
