/* SPDX-License-Identifier: MIT
 *
 * Types as the reader of values needs them, from whichever tells them: the DWARF of the program, or
 * the descriptors that the program has for reflection (runtime/types.h). Each is made once, when it
 * is first asked for; what a type is made of is found when that is asked for, so that nothing
 * follows a type that leads to itself.
 */
#ifndef VALUES_VALUE_TYPES_H
#define VALUES_VALUE_TYPES_H

#include "dwarf/debug_info.h"
#include "runtime/types.h"

struct value_type;
struct value_meaning;

struct value_type_field {
	const char *name;              /* never NULL */
	const struct value_type *type; /* never NULL */
	uint64_t offset;
	bool embedded;
};

/* How the entries of a map lie in its buckets or groups. */
struct value_map_layout {
	bool known;
	bool key_is_pointer, elem_is_pointer; /* those above 128 bytes are stored apart */
	uint64_t group_bytes;
	uint64_t key_offset, key_stride; /* of the first key in a group, to the next one */
	uint64_t elem_offset, elem_stride;
};

/* Lives as long as its struct value_types; equal pointers are the same type. */
struct value_type {
	struct spy_type told; /* first: what a struct spy_value names */
	enum go_kind kind;    /* GO_KIND_INVALID: not understood */
	uint64_t size;        /* of a value; at most 1 PiB */
	uint64_t length;      /* of an array */
	bool has_methods;     /* of an interface: its values begin with an itab */
	/* Where it comes from; 0: not from there. */
	uint64_t die;                        /* offset in .debug_info */
	uint64_t descriptor;                 /* run-time address */
	const struct value_meaning *meaning; /* values/meanings.h; NULL: it says it itself */
};

struct value_types;

/* Of a runtime and its DWARF (NULL: there is none), which outlive it. */
struct value_types *value_types_new(struct go_runtime *runtime, struct debug_info *info);
void value_types_free(struct value_types *types);

/* The type of a DIE; NULL where it is 0. One that cannot be read is of GO_KIND_INVALID. */
const struct value_type *value_types_by_die(struct value_types *types, uint64_t die);
/* The type of a descriptor; NULL where there is none at the address. Where the DWARF of the same
 * type was read before, it is that. */
const struct value_type *value_types_by_descriptor(struct value_types *types, uint64_t address);
/* The descriptor at an address; NULL where there is none. */
const struct go_type *value_types_descriptor(struct value_types *types, uint64_t address);
/* Whether a type is that of a name, as value_types_named() takes it. */
bool value_type_is_named(const struct value_type *type, const char *name);
/* The type of a name, "*example.com/app.T" or "*app.T"; NULL if the program has none, or does not
 * keep it. */
const struct value_type *value_types_named(struct value_types *types, const char *name);
/* Types that are made of others, as Go would: *T, []T. */
const struct value_type *value_types_pointer_to(struct value_types *types,
						const struct value_type *elem);
const struct value_type *value_types_slice_of(struct value_types *types,
					      const struct value_type *elem);
/* A predeclared type: "int", "uint8", "string", … */
const struct value_type *value_types_basic(struct value_types *types, enum go_kind kind);

/* What arrays, channels, maps, pointers and slices are made of; never NULL for them, else NULL. */
const struct value_type *value_type_elem(struct value_types *types, const struct value_type *type);
const struct value_type *value_type_key(struct value_types *types, const struct value_type *type);
/* The fields of a struct; 0 where it is none. False if they cannot be read. */
bool value_type_fields(struct value_types *types, const struct value_type *type,
		       const struct value_type_field **ret, size_t *count);
/* Of a map; known is false where nothing tells it. */
const struct value_map_layout *value_type_map_layout(struct value_types *types,
						     const struct value_type *type);

#endif
