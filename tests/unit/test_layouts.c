/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "runtime_layouts/layouts.h"
#include "runtime_layouts/metrics.h"
#include "runtime_layouts/renames.h"
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

START_TEST(rows_in_common)
{
	struct runtime_layout layout, other;

	/* 1.16.15 has a shorter p than 1.16.4, 1.16.3 the members of m for the vDSO elsewhere. */
	ck_assert(layout_from_table("go1.16.15", &layout));
	ck_assert(layout_from_table("go1.16.3", &other));
	ck_assert(layout_have_in_common(&layout, "go1.16.15", "go1.16.4"));
	ck_assert(layout_has(&layout, FIELD_m_vdso_sp));
	ck_assert(layout_have_in_common(&layout, "go1.16.15", "go1.16.3"));
	ck_assert(!layout_has(&layout, FIELD_m_vdso_sp));
	ck_assert(!layout_has(&layout, FIELD_m_vdso_pc));
	ck_assert_uint_le(layout_size(&layout, SIZE_m), layout_size(&other, SIZE_m));
	ck_assert_uint_eq(layout_size(&layout, SIZE_g), layout_size(&other, SIZE_g));
	ck_assert(layout_from_table("go1.19.13", &layout));
	ck_assert_uint_eq(layout_size(&layout, SIZE_mspan), 144);
	ck_assert(layout_have_in_common(&layout, "go1.19.13", "go1.19.2"));
	ck_assert_uint_eq(layout_size(&layout, SIZE_mspan), 136);
	ck_assert(!layout_have_in_common(&layout, "go1.19.13", "go1.20.14"));
	/* Statistics lie elsewhere: no figure may come from one of two places. */
	ck_assert(layout_from_table("go1.18.10", &layout));
	ck_assert(!layout_have_in_common(&layout, "go1.18.10", "go1.18.2"));
	ck_assert(layout_have_in_common(&layout, "go1.18.10", "go1.18.8"));
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
	ck_assert(go_version_parse("go1.26.1 X:nogreenteagc").experimental);
	ck_assert(!go_version_parse("go1.26.1 X:nofieldtrack other").experimental);
	ck_assert(!go_version_parse("go1.26rc1").exact);
	ck_assert(!go_version_parse("devel go1.28-0123456789 Mon Feb 2 2026").exact);
	ck_assert_int_eq(go_version_parse("devel +abc").minor, -1);
	ck_assert_int_eq(go_version_parse("unknown").minor, -1);
	ck_assert_int_eq(go_version_parse("go1.").minor, -1);
	error = go_version_check("go1.9.7");
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, SPY_ERROR_NOT_GO);
	spy_error_free(error);
	ck_assert_ptr_null(go_version_check("go1.10"));
}
END_TEST

/* Whether there is a row for a version, and whether it is another release's. */
static void check_row(const char *version, bool known, bool nearest)
{
	struct runtime_layout layout = { 0 };

	ck_assert_msg(layout_from_table(version, &layout) == known, "%s", version);
	ck_assert_msg(layout.nearest == nearest, "%s", version);
}

START_TEST(rows_are_of_releases)
{
	check_row("go1.10.8", true, false);
	check_row("go1.27.0", true, false);
	check_row("go1.22.99", true, true);
	/* To be tried: the layout may be another. */
	check_row("go1.22.5 X:boringcrypto", true, true);
	check_row("go1.27rc1", true, true);
	check_row("go1.21.5-google", true, true);
	check_row("devel go1.26-0123456789 Mon Feb 2 2026", true, true);
	check_row("go1.26.8-X:jsonv2,nodwarf5", true, true);
	check_row("go1.26.8-X:jsonv2,staticlockranking", false, false);
	check_row("go1.24.1 X:nospinbitmutex", false, false);
	check_row("go1.24.1 X:", false, false);
	check_row("go1.9.7", false, false);
	check_row("go1.99.1", false, false);
	check_row("devel +0123456789", false, false);
	check_row("unknown", false, false);
}
END_TEST

START_TEST(every_row_is_that_of_its_version)
{
	struct runtime_layout row, layout;
	size_t i;

	for (i = 0; i < layout_row_count(); i++) {
		const char *version = layout_row(i, &row);

		ck_assert_msg(layout_from_table(version, &layout), "%s", version);
		ck_assert_msg(memcmp(&row, &layout, sizeof(row)) == 0, "%s", version);
	}
}
END_TEST

static void check_files(const char *const *names, bool fits, int first, int last)
{
	struct version_files files = { 0 };
	int from = 0, to = 0;

	for (; *names; names++)
		version_files_add(&files, *names);
	ck_assert(version_files_minors(&files, &from, &to) == fits);
	ck_assert_int_eq(from, first);
	if (last)
		ck_assert_int_eq(to, last);
}

START_TEST(files_of_the_runtime_tell_its_version)
{
	const char *const none[] = { "proc.go", NULL };
	const char *const go12[] = { "proc.go", "debugcall.go", "mgcstack.go", NULL };
	const char *const go17[] = { "debugcall.go",  "mgcstack.go", "mgcscavenge.go",
				     "mpagealloc.go", "mspanset.go", "mcheckmark.go",
				     "mgcpacer.go",   "mgcpacer.go", NULL };
	/* One that is missing in between: no version is like that. */
	const char *const hole[] = { "debugcall.go", "mgcscavenge.go", NULL };

	check_files(none, true, 10, 10);
	check_files(go12, true, 12, 12);
	check_files(go17, true, 17, 18);
	check_files(hole, false, 0, 0);
}
END_TEST

static size_t metrics_in(const char *version)
{
	size_t count = 0, i;

	for (i = 0; i < METRICS; i++)
		count += metric_is_in(i, version);
	return count;
}

START_TEST(metrics_of_versions)
{
	size_t i;

	/* As many as runtime/metrics.All() has there, without /godebug. */
	ck_assert_uint_eq(metrics_in("go1.16"), 23);
	ck_assert_uint_eq(metrics_in("go1.17.13"), 29);
	ck_assert_uint_eq(metrics_in("go1.19.13"), 33);
	ck_assert_uint_eq(metrics_in("go1.20"), 45);
	ck_assert_uint_eq(metrics_in("go1.21.0"), 52);
	ck_assert_uint_eq(metrics_in("go1.22.12"), 56);
	ck_assert_uint_eq(metrics_in("go1.27.4"), METRICS);
	ck_assert_uint_eq(metrics_in("devel +abc"), METRICS);
	ck_assert(!metrics_are_in("go1.15.15"));
	ck_assert(metrics_are_in("go1.16"));
	/* In the order that runtime/metrics lists them in; each with a unit and a word about it. */
	for (i = 0; i < METRICS; i++) {
		ck_assert(!i || strcmp(metric_name(i - 1), metric_name(i)) < 0);
		ck_assert_ptr_nonnull(strchr(metric_name(i), ':'));
		ck_assert(*metric_help(i));
	}
}
END_TEST

static size_t check_bounds(const char *version, size_t counters, double *bounds, size_t max)
{
	size_t count = time_histogram_bounds(version, counters, bounds, max), i;

	for (i = 1; i < count; i++)
		ck_assert(bounds[i - 1] < bounds[i]);
	ck_assert(!count || (isinf(bounds[0]) && isinf(bounds[count - 1])));
	return count;
}

START_TEST(bounds_of_time_histograms)
{
	double bounds[1024];

	ck_assert_uint_eq(check_bounds("go1.27.4", 160, bounds, 1024), 163);
	ck_assert(bounds[1] == 0 && bounds[2] == 64e-9);
	ck_assert(bounds[5] == 256e-9 && bounds[161] == 140737.488355328);
	ck_assert_uint_eq(check_bounds("go1.16.15", 720, bounds, 1024), 722);
	ck_assert(bounds[17] == 16e-9 && bounds[33] == 32e-9 && bounds[34] == 34e-9);
	/* golang.org/issue/50732 */
	ck_assert_uint_eq(time_histogram_bounds("go1.16.14", 720, bounds, 1024), 722);
	ck_assert(bounds[33] == 32e-9 && bounds[34] == 33e-9);
	ck_assert_uint_eq(time_histogram_bounds("go1.17.7", 720, bounds, 1024), 722);
	ck_assert(bounds[34] == 33e-9);
	ck_assert_uint_eq(time_histogram_bounds("go1.17.8", 720, bounds, 1024), 722);
	ck_assert(bounds[34] == 34e-9);
	ck_assert_uint_eq(time_histogram_bounds("go1.27.4", 160, bounds, 162), 0);
	ck_assert_uint_eq(time_histogram_bounds("go1.27.4", 161, bounds, 1024), 0);
}
END_TEST

static void expect_renamed(const char *name, const char *version, const char *wanted)
{
	const char *got = variable_renamed(name, strlen(name), version);

	ck_assert_msg(wanted ? got && !strcmp(got, wanted) : !got, "%s in %s is %s", name, version,
		      got ? got : "the same");
}

START_TEST(variables_are_found_by_any_name)
{
	expect_renamed("runtime.ncpu", "go1.24.13", NULL);
	expect_renamed("runtime.ncpu", "go1.25", "runtime.numCPUStartup");
	expect_renamed("runtime.ncpu", "devel go1.28-abc", "runtime.numCPUStartup");
	expect_renamed("runtime.numCPUStartup", "go1.10.8", "runtime.ncpu");
	expect_renamed("runtime.numCPUStartup", "go1.27.4", NULL);
	expect_renamed("runtime.gcpercent", "go1.16.15", NULL);
	expect_renamed("runtime.gcpercent", "go1.17", "runtime.gcController.gcPercent");
	expect_renamed("runtime.gcpercent", "go1.18", "runtime.gcController.gcPercent.value");
	expect_renamed("runtime.gcController.gcPercent", "go1.16", "runtime.gcpercent");
	expect_renamed("runtime.gcController.gcPercent", "go1.18", NULL);
	expect_renamed("runtime.gcController.gcPercent.value", "go1.17",
		       "runtime.gcController.gcPercent");
	expect_renamed("runtime.gcController.gcPercent.value", "go1.16", "runtime.gcpercent");
	expect_renamed("runtime.nothing", "go1.27.4", NULL);
	/* another thing in its place */
	expect_renamed("runtime.fingRunning", "go1.27.4", NULL);
}
END_TEST

static void expect_name(enum global global, const char *version, const char *wanted)
{
	size_t length;
	const char *name = global_name_in(global, version, &length);

	ck_assert_uint_eq(length, strlen(wanted));
	ck_assert_mem_eq(name, wanted, length);
}

START_TEST(variables_have_the_names_of_their_version)
{
	size_t i;

	expect_name(GLOBAL_ncpu, "go1.24", "runtime.ncpu");
	expect_name(GLOBAL_ncpu, "go1.25", "runtime.numCPUStartup");
	expect_name(GLOBAL_sched, "go1.25", "runtime.sched");
	expect_name(GLOBAL_fing_running, "go1.19", "runtime.fingRunning");
	expect_name(GLOBAL_fing_running, "go1.20", "runtime.fingStatus");
	expect_name(GLOBAL_class_to_size, "go1.27.4", "internal/runtime/gc.SizeClassToSize");
	for (i = 0; i < GLOBALS; i++)
		ck_assert(!strchr(global_names(i), '|') ||
			  strcmp(global_name_in(i, "go1.99", &(size_t){ 0 }), global_names(i)) !=
			      0);
}
END_TEST

Suite *layouts_suite(void)
{
	Suite *suite = suite_create("layouts");
	TCase *cases = tcase_create("layouts");

	tcase_add_test(cases, a_member_lies_in_its_structure);
	tcase_add_test(cases, versions_are_told_apart);
	tcase_add_test(cases, rows_in_common);
	tcase_add_test(cases, rows_are_of_releases);
	tcase_add_test(cases, every_row_is_that_of_its_version);
	tcase_add_test(cases, files_of_the_runtime_tell_its_version);
	tcase_add_test(cases, metrics_of_versions);
	tcase_add_test(cases, bounds_of_time_histograms);
	tcase_add_test(cases, variables_are_found_by_any_name);
	tcase_add_test(cases, variables_have_the_names_of_their_version);
	suite_add_tcase(suite, cases);
	return suite;
}
