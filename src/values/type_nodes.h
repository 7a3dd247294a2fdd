/* SPDX-License-Identifier: MIT
 *
 * Inside the room: a type as it is kept, and the two that tell of types.
 */
#ifndef VALUES_TYPE_NODES_H
#define VALUES_TYPE_NODES_H

#include "base/map.h"
#include "values/value_types.h"

enum {
	NODE_NAME_BYTES_MAX = 4096,
	NODE_NAME_DEPTH_MAX = 16, /* of names that are put together from others */
};

struct type_node {
	struct value_type type;   /* first: what is handed out */
	const struct go_type *go; /* of the descriptor, or NULL */
	/* What it is made of: DIEs, or descriptors where `go` is set. */
	uint64_t elem_from, key_from;
	uint64_t inside;                     /* DIE of what a map or channel points to */
	const struct value_type *elem, *key; /* once they were asked for */
	struct value_type_field *fields;
	size_t field_count;
	bool fields_known, fields_failed;
	struct value_map_layout map;
	bool map_known;
};

struct value_types {
	struct go_runtime *runtime;
	struct debug_info *info; /* or NULL */
	struct go_types *descriptors;
	struct arena arena;
	struct map by_die;           /* also by the DIEs of typedefs */
	struct map by_descriptor;    /* run-time address */
	struct map pointers, slices; /* made up, by the address of the element's node */
	const struct value_type *basic[GO_KINDS];
};

static inline struct type_node *node_of(const struct value_type *type)
{
	return (struct type_node *)(uintptr_t)type;
}

/* A type of a kind and name, which must live as long. */
struct type_node *type_node_new(struct value_types *types, enum go_kind kind, const char *name,
				uint64_t size);

/* By DWARF: types_dwarf.c. What fails leaves the type as it is. */
struct type_node *type_node_from_die(struct value_types *types, uint64_t die);
bool type_fields_from_die(struct value_types *types, struct type_node *node);
bool type_map_from_die(struct value_types *types, struct type_node *node);
uint64_t type_die_named(struct value_types *types, const char *name);

/* By descriptors: types_descriptors.c. */
struct type_node *type_node_from_descriptor(struct value_types *types, uint64_t address);
bool type_fields_from_descriptor(struct value_types *types, struct type_node *node);
bool type_map_from_descriptor(struct value_types *types, struct type_node *node);

#endif
