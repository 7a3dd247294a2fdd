/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/layouts.h"
#include "unit/unit.h"

/* Answers as the DWARF of a program would give them: g has 440 bytes. */
static struct runtime_layout layout_with(int64_t goid_offset, int64_t goid_size)
{
	static struct debug_query queries[LAYOUT_SLOTS];
	struct runtime_layout layout;

	layout_queries(queries);
	queries[SIZE_g].found = true;
	queries[SIZE_g].size = 440;
	queries[FIELD_g_goid].found = true;
	queries[FIELD_g_goid].value = goid_offset;
	queries[FIELD_g_goid].size = goid_size;
	layout_from_queries(queries, &layout);
	return layout;
}

START_TEST(a_member_lies_in_its_structure)
{
	struct runtime_layout layout = layout_with(152, 8);

	ck_assert_int_eq(layout.fields[FIELD_g_goid].offset, 152);
	layout = layout_with(432, 8);
	ck_assert(layout_has(&layout, FIELD_g_goid));
	/* One byte beyond; far beyond; before; of a size that is read as eight bytes. */
	layout = layout_with(433, 8);
	ck_assert(!layout_has(&layout, FIELD_g_goid));
	layout = layout_with(INT64_MAX, 8);
	ck_assert(!layout_has(&layout, FIELD_g_goid));
	layout = layout_with(-8, 8);
	ck_assert(!layout_has(&layout, FIELD_g_goid));
	layout = layout_with(437, 3);
	ck_assert(!layout_has(&layout, FIELD_g_goid));
	layout = layout_with(0, INT64_MAX);
	ck_assert(!layout_has(&layout, FIELD_g_goid));
	/* A structure that was not found has no members. */
	ck_assert(!layout_has(&layout, FIELD_m_procid));
}
END_TEST

START_TEST(versions_are_told_apart)
{
	struct go_version version = go_version_parse("go1.22.12");
	struct spy_error *error;

	ck_assert_int_eq(version.minor, 22);
	ck_assert_int_eq(version.patch, 12);
	ck_assert(version.exact);
	ck_assert(!go_version_parse("go1.26.1 X:nogreenteagc").exact);
	ck_assert(!go_version_parse("go1.26rc1").exact);
	ck_assert_int_eq(go_version_parse("devel +abc").minor, -1);
	ck_assert_int_eq(go_version_parse("go1.").minor, -1);
	error = go_version_check("go1.9.7");
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, SPY_ERROR_NOT_GO);
	spy_error_free(error);
	ck_assert_ptr_null(go_version_check("go1.10"));
}
END_TEST

Suite *layouts_suite(void)
{
	Suite *suite = suite_create("layouts");
	TCase *cases = tcase_create("layouts");

	tcase_add_test(cases, a_member_lies_in_its_structure);
	tcase_add_test(cases, versions_are_told_apart);
	suite_add_tcase(suite, cases);
	return suite;
}
