/* SPDX-License-Identifier: MIT
 *
 * Where the Go runtime keeps what: offsets and sizes of structure members by Go version, and the
 * traits of a version that are no offsets. The only room that knows version numbers.
 *
 * Offsets come from the target's own DWARF, or from the row of its Go version, which spy generated
 * from DWARF (docs/ADD-A-GO-VERSION.md). A member that a version does not have is absent: offset
 * -1.
 */
#ifndef RUNTIME_LAYOUTS_LAYOUTS_H
#define RUNTIME_LAYOUTS_LAYOUTS_H

#include "base/cursor.h"
#include "base/error.h"
#include "dwarf/debug_info.h"
#include "runtime_layouts/traits.h"

enum layout_slot {
#define SIZE(slot, type)        SIZE_##slot,
#define FIELD(slot, type, path) FIELD_##slot,
#include "runtime_layouts/fields.def"
#undef SIZE
#undef FIELD
	LAYOUT_SLOTS,
};

/* Of a FIELD: where it is and how many bytes it has. Of a SIZE: offset 0 and the size of the type.
 * Absent: offset -1. */
struct layout_field {
	int32_t offset, size;
};

/* "runtime.g.stack.lo": for messages. The type alone for a SIZE. */
const char *layout_slot_name(enum layout_slot slot);

struct runtime_layout {
	struct layout_field fields[LAYOUT_SLOTS];
	const struct runtime_traits *traits;
	enum spy_layout_source source;
	bool nearest; /* from the row of another release of the same minor version */
};

static inline bool layout_has(const struct runtime_layout *layout, enum layout_slot slot)
{
	return layout->fields[slot].offset >= 0;
}
static inline size_t layout_size(const struct runtime_layout *layout, enum layout_slot slot)
{
	return layout_has(layout, slot) ? (size_t)layout->fields[slot].size : 0;
}
static inline size_t layout_offset(const struct runtime_layout *layout, enum layout_slot slot)
{
	return layout_has(layout, slot) ? (size_t)layout->fields[slot].offset : 0;
}
/* The unsigned number in a member (1, 2, 4 or 8 bytes; of a larger one its first 8) of a structure
 * that starts at bytes. 0 where it is absent: ask layout_has() first where that matters. */
static inline uint64_t layout_number(const struct runtime_layout *layout, enum layout_slot slot,
				     const void *structure)
{
	const struct layout_field *field = &layout->fields[slot];
	const uint8_t *bytes = (const uint8_t *)structure + field->offset;

	if (field->offset < 0)
		return 0;
	switch (field->size) {
	case 1:
		return bytes[0];
	case 2:
		return load_u16(bytes);
	case 4:
		return load_u32(bytes);
	default:
		return load_u64(bytes);
	}
}

/* A Go version, "go1.22.12" → 22, 12. minor -1 for what is no release ("devel …"). */
struct go_version {
	int minor, patch;
	bool exact; /* nothing follows the number: no GOEXPERIMENT (" X:…"), no "-custom", no rc */
	bool experimental; /* a GOEXPERIMENT that may change layouts */
};
struct go_version go_version_parse(const char *version);

/* NOT_GO with a clear message for versions before Go 1.10. */
struct spy_error *go_version_check(const char *version) MUST_CHECK;

/* Traits by version; those of the newest known for newer ones and for devel. */
const struct runtime_traits *runtime_traits_of(const char *version);

/* The layout from DWARF. DATA if a member without which nothing works is not there. */
struct spy_error *layout_from_dwarf(struct debug_info *info, const char *version,
				    struct runtime_layout *ret) MUST_CHECK;
/* The row of this version. Of a patch release that no row names, and of a version with something
 * behind the number (a harmless GOEXPERIMENT, a release candidate, a vendor's build), the row of
 * the nearest release, marked as such: it is to be tried, and believed when it fits the process.
 * Layouts changed within a minor version, eleven times in 18 versions. False if there is no row for
 * the minor version. */
bool layout_from_table(const char *version, struct runtime_layout *ret);
/* The rows, oldest first, for trying which of them fits a program that does not tell its version.
 * The version is the last patch release that a row was made from, "go1.13.15". */
size_t layout_row_count(void);
const char *layout_row(size_t index, struct runtime_layout *ret);

/* Leaves of the row of a version what it has in common with that of another, where both fit a
 * program that does not tell which it is. False, and nothing changed, where the minor versions
 * differ, or what figures are made of. */
bool layout_have_in_common(struct runtime_layout *layout, const char *version, const char *other);

/* Which minor versions a program can be of, by the source files of its runtime: the names that
 * stand in its function table in the directory of the runtime, without the directory. */
struct version_files {
	uint32_t seen; /* bit i: the i-th file that tells a version */
};
void version_files_add(struct version_files *files, const char *name);
/* False if no version has such files. */
bool version_files_minors(const struct version_files *files, int *first, int *last);

/* The questions that layout_from_dwarf asks, one per slot. */
void layout_queries(struct debug_query queries[static LAYOUT_SLOTS]);
/* The layout that their answers make. */
void layout_from_queries(const struct debug_query queries[static LAYOUT_SLOTS],
			 struct runtime_layout *ret);

#endif
