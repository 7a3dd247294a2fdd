/* SPDX-License-Identifier: MIT
 *
 * The Go runtime of a target: its version, its variables, its layout, its code; and what is copied
 * out of it for a snapshot.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "pclntab/code.h"
#include "procmem/copy.h"
#include "runtime/program.h"
#include "runtime_layouts/globals.h"
#include "runtime_layouts/layouts.h"

struct go_global {
	uint64_t address; /* at run time; 0: the program does not have it */
	uint64_t size;    /* as the symbol or DWARF tells; 0: unknown */
};

struct go_module {
	uint64_t text, etext, types, etypes;
	uint64_t data, data_end; /* its variables, initialised or not, with pointers or without */
	uint64_t bss, ebss;      /* those that start as 0 and hold pointers */
};

struct go_runtime {
	struct target *target;
	struct program program;
	struct arena arena;
	const char *version;            /* runtime.buildVersion */
	enum spy_debug_info debug_info; /* of the target itself, whatever options.bin has */
	enum spy_symbols_source symbols_from;
	const char *symbols_file; /* of options.bin or the debug file, or NULL */
	bool has_debug_file;      /* program.symbols was found, not given */
	struct runtime_layout layout;
	struct go_global globals[GLOBALS];
	struct code *code;
	VECTOR(struct go_module) modules;
	bool pointers_unknown; /* moduledata.gcbssmask is not what the variables are */
	struct binary_build_info build;
	VECTOR(const char *) warnings; /* of the arena */
};

/* How much a file says of its program. */
enum spy_debug_info debug_info_of(const struct binary *binary);

/* Frees what discover/open.h opened; the target stays the caller's. */
void go_runtime_close(struct go_runtime *runtime);

/* The string whose header {pointer, length} stands at `header`, at most `max` bytes of it; read
 * from what does not change, else from memory. NULL if it is unreadable or longer. */
const char *go_string_at(struct go_runtime *runtime, const void *header, size_t max,
			 struct arena *arena);

/* runtime.NumGoroutine() by its counters, without stopping: for lists. SPY_UNKNOWN if unreadable.
 */
int64_t go_runtime_goroutine_count(struct go_runtime *runtime);

/* Name of a type by the address of its descriptor, "main.job"; NULL if it could not be read. */
const char *go_type_name(struct go_runtime *runtime, uint64_t type, struct arena *arena);

/* The runtime's words for a wait reason; NULL if there are none for it. Owned by the arena. */
const char *go_wait_reason(struct go_runtime *runtime, uint64_t reason, struct arena *arena);

#endif
