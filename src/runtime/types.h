/* SPDX-License-Identifier: MIT
 *
 * Go types by their descriptors (runtime._type, later internal/abi.Type): what reflect knows of a
 * type, without DWARF. Descriptors are the program's own and never change; reflect makes others in
 * the heap.
 *
 * Types refer to each other by address, and nothing follows such a reference unasked: a descriptor
 * that points at itself is as good as any. Counts are bounded, and what cannot be read or is not as
 * a compiler makes it is unknown.
 */
#ifndef RUNTIME_TYPES_H
#define RUNTIME_TYPES_H

#include "runtime/runtime.h"

/* internal/abi/type.go: Kind; the numbers are reflect's, and the same since Go 1.0. */
enum go_kind {
	GO_KIND_INVALID, /* of the frames that reflect lays out for a call: size and pointers only
			  */
	GO_KIND_BOOL,
	GO_KIND_INT,
	GO_KIND_INT8,
	GO_KIND_INT16,
	GO_KIND_INT32,
	GO_KIND_INT64,
	GO_KIND_UINT,
	GO_KIND_UINT8,
	GO_KIND_UINT16,
	GO_KIND_UINT32,
	GO_KIND_UINT64,
	GO_KIND_UINTPTR,
	GO_KIND_FLOAT32,
	GO_KIND_FLOAT64,
	GO_KIND_COMPLEX64,
	GO_KIND_COMPLEX128,
	GO_KIND_ARRAY,
	GO_KIND_CHAN,
	GO_KIND_FUNC,
	GO_KIND_INTERFACE,
	GO_KIND_MAP,
	GO_KIND_POINTER,
	GO_KIND_SLICE,
	GO_KIND_STRING,
	GO_KIND_STRUCT,
	GO_KIND_UNSAFE_POINTER,
	GO_KINDS,
};

/* Bits of a channel's direction (internal/abi/type.go: ChanDir). */
enum { GO_CHAN_RECEIVES = 1, GO_CHAN_SENDS = 2 };

/* A type. References to others are addresses of descriptors; 0 where the kind has none. */
struct go_type {
	uint64_t address;
	const char *name;    /* as reflect's Type.String(), "main.job"; NULL if unknown */
	const char *package; /* import path of a named type, "" where it has none */
	enum go_kind kind;
	bool named;                   /* by a type declaration, or predeclared */
	bool direct;                  /* an interface holds the value itself, not its address */
	bool variadic;                /* a function whose last parameter is "..." */
	uint8_t direction;            /* of a channel: GO_CHAN_… */
	uint32_t hash;                /* as the runtime compares types by */
	uint64_t size;                /* bytes of a value */
	uint64_t pointer_bytes;       /* the first bytes of a value, all that may hold pointers */
	uint64_t elem;                /* of arrays, channels, maps, pointers, slices */
	uint64_t key;                 /* of maps */
	uint64_t length;              /* of arrays */
	uint64_t pointer_to;          /* the type *T, where the program has it at hand */
	uint32_t in_count, out_count; /* parameters and results of functions */
	uint32_t field_count;         /* of structs */
	/* Of an interface all that it asks for; else all that the type declares, exported or not,
	 * called anywhere or not. */
	uint32_t method_count;
};

struct go_type_field {
	const char *name; /* NULL if it cannot be read */
	const char *tag;  /* "" where there is none */
	uint64_t type, offset;
	bool embedded, exported;
};

struct go_type_method {   /* of an interface */
	const char *name; /* NULL if it cannot be read */
	uint64_t type;    /* a function without the receiver; 0 where the program dropped it */
	bool exported;
};

/* The types of a runtime, which stays open meanwhile; each is decoded once. All that the functions
 * below give lives until go_types_free(). */
struct go_types;
struct go_types *go_types_new(struct go_runtime *runtime);
void go_types_free(struct go_types *types);
static inline void go_types_cleanup(struct go_types **types)
{
	go_types_free(*types);
}

/* The type whose descriptor stands at an address; NULL if none does. */
const struct go_type *go_types_get(struct go_types *types, uint64_t address);

/* The field_count fields of a struct, the method_count methods of an interface, the parameters and
 * then the results of a function. False if they cannot be read. */
bool go_types_fields(struct go_types *types, const struct go_type *type,
		     const struct go_type_field **ret);
bool go_types_methods(struct go_types *types, const struct go_type *type,
		      const struct go_type_method **ret);
bool go_types_parameters(struct go_types *types, const struct go_type *type, const uint64_t **ret);

/* Which of a value's first pointer_bytes / 8 words hold pointers, as the garbage collector sees
 * it: one bit each, the lowest of a byte first. False if it is unknown: a type of more than 128
 * MiB, or one that is not as a compiler makes it. */
bool go_types_pointers(struct go_types *types, const struct go_type *type, const uint8_t **ret);

/* What an interface value holds. */
struct go_interface {
	uint64_t type; /* 0: it is nil */
	uint64_t data; /* address of the value; where type->direct, the value */
};
/* Of the two words of a value: {type, data} where the interface has no methods, else {itab, data}.
 * False if the itab cannot be read. */
bool go_types_interface(struct go_types *types, const void *words, bool has_methods,
			struct go_interface *ret);

/*
 * Calls back for each type of the program's modules, until the callback says false: those that
 * reflect must be able to find (typelinks up to Go 1.26, a row of descriptors since: the unnamed
 * ones), those in the tables of interfaces, and all that these lead to. A type that nothing of this
 * leads to is not visited. Returns false if some could not be read.
 */
typedef bool go_types_fn(void *context, const struct go_type *type);
bool go_types_each(struct go_types *types, go_types_fn *callback, void *context);

/* Whether the first types of the program are as the names of their kinds say: that
 * moduledata.types, which addresses of types and their names are counted from, is what it should
 * be. */
bool go_types_fit(struct go_runtime *runtime);

/* The first type of a name, in the order of go_types_each(); NULL if there is none. */
const struct go_type *go_types_find(struct go_types *types, const char *name);

#endif
