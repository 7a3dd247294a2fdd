/* SPDX-License-Identifier: MIT
 *
 * The rows that tools/layouts generated: one for a Go minor version, or one for each range of its
 * patch releases within which the layout stayed.
 */
#include "runtime_layouts/layouts.h"

struct row {
	const char *version; /* the last patch release that it was made from */
	int minor, first_patch, last_patch;
	struct layout_field fields[LAYOUT_SLOTS];
};

#define ROW(minor_version, first, last)                                                            \
	{                                                                                          \
		.version = "go1." #minor_version "." #last, .minor = (minor_version),              \
		.first_patch = (first), .last_patch = (last), .fields = {
#define ROW_END                                                                                    \
	}                                                                                          \
	}                                                                                          \
	,

/* clang-format off */
static const struct row rows[] = {
#include "runtime_layouts/rows.def"
};
/* clang-format on */

/* How far a patch release is from those that a row was made from. */
static int distance(const struct row *row, int patch)
{
	if (patch < row->first_patch)
		return row->first_patch - patch;
	return patch > row->last_patch ? patch - row->last_patch : 0;
}

static void take_row(const struct row *row, struct runtime_layout *ret)
{
	size_t i;

	*ret = (struct runtime_layout){ .traits = runtime_traits_of(row->version),
					.source = SPY_LAYOUT_TABLE };
	for (i = 0; i < LAYOUT_SLOTS; i++) {
		ret->fields[i] = row->fields[i];
		/* A slot that is newer than the row: absent, not at offset 0. */
		if (!row->fields[i].size)
			ret->fields[i].offset = -1;
	}
}

bool layout_from_table(const char *version, struct runtime_layout *ret)
{
	struct go_version wanted = go_version_parse(version);
	const struct row *best = NULL;
	size_t i;

	for (i = 0; !wanted.experimental && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].minor == wanted.minor &&
		    (!best || distance(&rows[i], wanted.patch) < distance(best, wanted.patch)))
			best = &rows[i];
	if (!best)
		return false;
	take_row(best, ret);
	ret->nearest = !wanted.exact || distance(best, wanted.patch) > 0;
	return true;
}

/* What patch releases of a minor version may differ in and still be read alike: the end of
 * structures that pointers lead to, behind all members that are read; and where a thread in the
 * vDSO came from, without which its stack is unknown. */
static bool may_differ(size_t slot)
{
	return slot == SIZE_m || slot == SIZE_p || slot == SIZE_mspan || slot == FIELD_m_vdso_sp ||
	       slot == FIELD_m_vdso_pc;
}

static bool is_same(const struct layout_field *one, const struct layout_field *other)
{
	return one->offset == other->offset && one->size == other->size;
}

bool layout_have_in_common(struct runtime_layout *layout, const char *version, const char *other)
{
	struct runtime_layout row;
	size_t i;

	if (go_version_parse(version).minor != go_version_parse(other).minor ||
	    !layout_from_table(other, &row))
		return false;
	for (i = 0; i < LAYOUT_SLOTS; i++)
		if (!is_same(&layout->fields[i], &row.fields[i]) && !may_differ(i))
			return false;
	for (i = 0; i < LAYOUT_SLOTS; i++) {
		struct layout_field *field = &layout->fields[i];

		if (is_same(field, &row.fields[i]))
			continue;
		if (i == FIELD_m_vdso_sp || i == FIELD_m_vdso_pc)
			field->offset = -1;
		else if (row.fields[i].size < field->size)
			field->size = row.fields[i].size;
	}
	return true;
}

size_t layout_row_count(void)
{
	return sizeof(rows) / sizeof(rows[0]);
}

const char *layout_row(size_t index, struct runtime_layout *ret)
{
	take_row(&rows[index], ret);
	return rows[index].version;
}
