/* SPDX-License-Identifier: MIT
 *
 * Go types by their DWARF (cmd/link/internal/ld/dwarf.go, newtype and synthesize*types; the same in
 * Go 1.10 to 1.27 where nothing else is said).
 *
 * How the linker writes a value's inside:
 * - string: a structure { str *uint8, len int }; slice: { array *T, len int, cap int }.
 * - map: a pointer to the structure "hash<K,V>" (runtime.hmap with typed buckets: "bucket<K,V>" has
 *   tophash, keys, values, overflow), or to "map<K,V>" (internal/runtime/maps.Map, Go 1.24 and
 *   later, with "table<K,V>", "groupReference<K,V>" and the group itself).
 * - channel: a pointer to "hchan<T>" (with "waitq<T>" and "sudog<T>"; buf is untyped).
 * - interface: the structure runtime.eface or runtime.iface.
 * - function: a pointer to a structure whose first word is the pc; captured variables follow, but
 * no type tells of them. Types that only an interface's dynamic value has may be missing: see
 * runtime/types.h for those.
 */
#ifndef DWARF_GO_TYPES_H
#define DWARF_GO_TYPES_H

#include "dwarf/debug_info.h"

struct debug_member {
	const char *name; /* of an embedded field its type's, without the package */
	uint64_t offset;  /* bytes from the start of the structure */
	uint64_t type;
	bool embedded;
};

/* A type. References to others are offsets for debug_type_get(); 0 where there is none. */
struct debug_type {
	uint64_t offset;  /* of its DIE, behind the typedefs: the same for the same type */
	const char *name; /* with import paths, unescaped: "map[string]*example.com/db.user"; "" if
			     it has none */
	const char *raw_name; /* as DWARF has it: "gopkg.in/yaml%2ev3.Node" */
	unsigned kind;        /* reflect.Kind (enum go_kind of runtime/types.h); 0 if unknown */
	int64_t size;         /* bytes of a value; -1 if unknown */
	uint64_t elem;        /* of arrays, channels, maps, pointers, slices */
	uint64_t key;         /* of maps */
	int64_t count;        /* elements of an array; -1 if unknown */
	uint64_t inside;      /* of maps and channels: the structure that a value points to; of
				 interfaces: the structure that a value is */
	/*
	 * Where its descriptor lies: bytes from the start of the section that has the descriptors,
	 * which is moduledata.types. 0: it has none (the linker made it up or dropped it), or
	 * none is told: of uintptr, and in Go 1.10.
	 */
	uint64_t runtime_type;
	int64_t dictionary_index; /* within a generic function: which entry of its dictionary is the
				     real type (Go 1.18 and later); -1 if there is none */
	const struct debug_member *members; /* of structures, strings and slices, as declared */
	size_t member_count;
};

/* The type at an offset. Lives until debug_info_close(). Errors: DATA if the DWARF is corrupt, or
 * the offset is that of no type. */
struct spy_error *debug_type_get(struct debug_info *info, uint64_t offset,
				 const struct debug_type **ret) MUST_CHECK;

/*
 * The type of a name, "*main.T": with import paths, escaped or not, or without their directories,
 * where no two types share that. *type is 0 if there is none, and also if *ambiguous. The first
 * call of this or the next function reads all types: some ms, of a program of 100 MB some ten.
 */
struct spy_error *debug_type_find(struct debug_info *info, const char *name, uint64_t *type,
				  bool *ambiguous) MUST_CHECK;

/* The type whose descriptor lies at an offset from moduledata.types; *type is 0 if DWARF has none,
 * as always in Go 1.10. */
struct spy_error *debug_type_of_descriptor(struct debug_info *info, uint64_t runtime_type,
					   uint64_t *type) MUST_CHECK;

#endif
