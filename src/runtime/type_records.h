/* SPDX-License-Identifier: MIT
 *
 * Inside the room: type descriptors as they are kept, and how their bytes and names are read.
 */
#ifndef RUNTIME_TYPE_RECORDS_H
#define RUNTIME_TYPE_RECORDS_H

#include "base/map.h"
#include "runtime/types.h"

/* internal/abi/type.go: TFlag, Kind; runtime/type.go and typekind.go up to Go 1.20. */
enum {
	TFLAG_UNCOMMON = 1 << 0,
	TFLAG_EXTRA_STAR = 1 << 1, /* the name stands behind the "*" of the pointer type's */
	TFLAG_NAMED = 1 << 2,
	TFLAG_GC_MASK_ON_DEMAND = 1 << 4, /* with the trait gc_masks_on_demand */
	TFLAG_DIRECT_IFACE = 1 << 5, /* 1.26+, before in the kind; neither had another meaning */
	KIND_MASK = (1 << 5) - 1,
	KIND_DIRECT_IFACE = 1 << 5,
	KIND_GC_PROGRAM = 1 << 6, /* up to 1.23 */
};

enum {
	TYPE_NAME_BYTES_MAX = 64 << 10,
	TYPE_ITEMS_MAX = 1 << 16, /* fields of a struct, methods of an interface */
	TYPE_DEPTH_MAX = 64,      /* of names and bitmaps that are put together from others */
};

struct type_record {
	struct go_type type; /* first: what is handed out */
	uint64_t gcdata;
	uint64_t items; /* where fields, methods, parameters stand */
	uint8_t tflag, kind_bits;
	uint16_t declared_count; /* methods in the uncommon part, of interfaces as well */
	bool pointers_busy;
	struct go_type_field *fields;
	struct go_type_method *methods;
	uint64_t *parameters;
	uint8_t *pointers;
};

struct go_types {
	struct go_runtime *runtime;
	struct arena arena;
	struct map records; /* address → struct type_record, or 0 where there is no type */
};

static inline struct type_record *type_record_of(const struct go_type *type)
{
	return (struct type_record *)(uintptr_t)type;
}

/* The module whose type descriptors and names an address lies among; NULL: made by reflect. */
const struct go_module *type_module_at(const struct go_runtime *runtime, uint64_t address);
/* Bytes of the program that do not change, or of memory, which go to the buffer. NULL if there are
 * none. */
const uint8_t *type_bytes_at(struct go_runtime *runtime, uint64_t address, size_t size,
			     void *buffer);
/* The address of a name or type by its offset, of a type at `from`; 0 if there is none. */
uint64_t type_offset_at(const struct go_runtime *runtime, uint64_t from, uint64_t offset);

/* runtime/type.go: name; internal/abi/type.go: Name. */
struct type_name {
	const char *text, *tag;
	bool exported, embedded;
};
bool type_name_at(struct go_runtime *runtime, uint64_t address, bool skip_star, struct arena *arena,
		  struct type_name *ret);

/* Type.String() of a type that reflect made, put together from others as reflect does. */
const char *type_name_composed(struct go_types *types, const struct type_record *record,
			       unsigned depth);

/* go_types_get() for names and bitmaps that are being put together. */
struct type_record *type_record_get(struct go_types *types, uint64_t address, unsigned depth);

#endif
