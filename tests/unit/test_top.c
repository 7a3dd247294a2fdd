/* SPDX-License-Identifier: MIT
 *
 * Rows of goroutines, over the snapshot written by hand: 1 runs main.main; 18, 19, 20 wait in
 * main.(*Server[...]).work, created by main.main; 21 is in a system call of the same function, and
 * nothing says who created it.
 */
#include <malloc.h>
#include <math.h>
#include <string.h>

#include "render/top.h"
#include "unit/fake_snapshot.h"
#include "unit/unit.h"

static struct top_rows *rows_of(enum top_group group, const char *words,
				const struct top_samples *samples, const struct top_rows *before)
{
	struct top_options options = { .group = group, .filter = top_filter_new(words) };
	struct top_rows *rows = top_rows_new(fake_snapshot(FAKE_USUAL), samples, &options, before);

	top_rows_sort(rows, top_column_named("count"), true);
	top_filter_free(options.filter);
	return rows;
}

/* "key:count key:count" in the order of the rows. */
static void check_rows(enum top_group group, const char *words, const char *wanted)
{
	struct top_rows *rows = rows_of(group, words, NULL, NULL);
	struct text got = { 0 };
	size_t i, k;

	for (i = 0; i < rows->items.count; i++) {
		const struct top_row *row = &rows->items.items[i];

		text_printf(&got, "%s%s:%lld", i ? "|" : "", row->key, (long long)row->count);
		ck_assert_int_eq((int64_t)row->member_count, row->count);
		for (k = 1; k < row->member_count; k++)
			ck_assert_int_lt(row->members[k - 1]->id, row->members[k]->id);
		ck_assert(isnan(row->on_cpu_percent));
		ck_assert_int_eq(row->change, SPY_UNKNOWN);
	}
	ck_assert_str_eq(got.bytes ? got.bytes : "", wanted);
	ck_assert_int_eq(rows->shown + rows->hidden, 5);
	text_free(&got);
	top_rows_free(rows);
}

START_TEST(goroutines_stand_with_their_like)
{
	check_rows(TOP_FUNCTION, "", "main.(*Server[...]).work:4|main.main:1");
	check_rows(TOP_STACK, "",
		   "main.(*Server[...]).work;main.helper;runtime.gopark:3|main.main:1|"
		   "goroutine running on other thread; stack unavailable:1");
	check_rows(TOP_CREATOR, "", "main.main /src/main.go:12:3|(none):2");
	check_rows(TOP_WAIT_REASON, "", "select:2|running:1|chan receive:1|syscall:1");
	check_rows(TOP_LABEL, "", "(none):4|tenant=acme, a key=say \"hi\":1");
	check_rows(TOP_GOROUTINE, "", "1:1|18:1|19:1|20:1|21:1");
}
END_TEST

START_TEST(a_row_says_what_its_goroutines_agree_on)
{
	struct top_rows *rows = rows_of(TOP_FUNCTION, "", NULL, NULL);
	const struct top_row *row = &rows->items.items[0];

	ck_assert_int_eq(row->by_status[SPY_STATUS_WAITING], 3);
	ck_assert_int_eq(row->by_status[SPY_STATUS_SYSCALL], 1);
	ck_assert_int_eq(row->longest_wait_ns, 300000000001);
	ck_assert_str_eq(row->function, "main.(*Server[...]).work");
	ck_assert_str_eq(row->file, "/src/main.go");
	ck_assert_int_eq(row->line, 24);
	ck_assert_ptr_null(row->created_by); /* of 21 it is not known */
	ck_assert_ptr_null(row->wait_reason);
	ck_assert_int_eq(rows->items.items[1].longest_wait_ns, SPY_UNKNOWN);
	top_rows_free(rows);

	rows = rows_of(TOP_WAIT_REASON, "", NULL, NULL);
	ck_assert_str_eq(rows->items.items[0].created_by, "main.main");
	ck_assert_str_eq(rows->items.items[0].function, "main.(*Server[...]).work");
	top_rows_free(rows);

	/* of a stack the innermost frame that is not the runtime's */
	rows = rows_of(TOP_STACK, "", NULL, NULL);
	ck_assert_str_eq(rows->items.items[0].function, "main.helper");
	ck_assert_int_eq(rows->items.items[0].line, 7);
	top_rows_free(rows);
}
END_TEST

START_TEST(one_label_may_make_the_rows)
{
	struct top_options options = { .group = TOP_LABEL, .label = "tenant" };
	struct top_rows *rows = top_rows_new(fake_snapshot(FAKE_USUAL), NULL, &options, NULL);

	top_rows_sort(rows, top_column_named("key"), false);
	ck_assert_uint_eq(rows->items.count, 2);
	ck_assert_str_eq(rows->items.items[0].key, "(none)");
	ck_assert_str_eq(rows->items.items[1].key, "acme");
	top_rows_free(rows);
}
END_TEST

START_TEST(filters_look_where_they_are_told)
{
	static const struct {
		const char *words, *rows;
	} cases[] = {
		{ .words = "WORK", .rows = "18:1|19:1|20:1|21:1" },
		{ .words = "work select", .rows = "19:1|20:1" },
		{ .words = "!select", .rows = "1:1|18:1|21:1" },
		{ .words = "state:running", .rows = "1:1" },
		{ .words = "run", .rows = "1:1|18:1|19:1|20:1" }, /* runtime.gopark */
		{ .words = "fn:helper", .rows = "18:1|19:1|20:1" },
		{ .words = "wait:chan", .rows = "18:1" },
		{ .words = "wait:helper", .rows = "" },
		{ .words = "label:tenant=ac", .rows = "18:1" },
		{ .words = "acme", .rows = "18:1" },
		{ .words = "id:19", .rows = "19:1" },
		{ .words = "19", .rows = "19:1" },
		{ .words = "id:9", .rows = "" },
		{ .words = "  ", .rows = "1:1|18:1|19:1|20:1|21:1" },
		{ .words = "state: !", .rows = "" }, /* "state:" says nothing yet, "!" is a word */
		{ .words = "state:", .rows = "1:1|18:1|19:1|20:1|21:1" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_rows(TOP_GOROUTINE, cases[i].words, cases[i].rows);
}
END_TEST

START_TEST(filters_see_behind_a_nul_of_a_label)
{
	struct top_filter *filter = top_filter_new("label:in=");

	ck_assert(top_filter_passes(filter, &fake_snapshot(FAKE_HOSTILE)->goroutines[0]));
	ck_assert_uint_eq(top_filter_needs(filter), SPY_COLLECT_LABELS);
	top_filter_free(filter);
	filter = top_filter_new("fn:x state:y");
	ck_assert_uint_eq(top_filter_needs(filter), 0);
	top_filter_free(filter);
}
END_TEST

/* Goroutine 1 runs in each reading, 99 in one of them, which had ended when they were listed. */
static struct top_samples some_samples(void)
{
	const struct spy_goroutine *worker = &fake_snapshot(FAKE_USUAL)->goroutines[1];
	const struct spy_running items[] = {
		{ .p = 0, .goroutine = 1 },
		{ .p = 1, .goroutine = 99, .start = worker->start, .caller = worker->caller },
	};
	struct top_samples samples = { 0 };
	struct spy_running_list list = { .ps = 2, .items = items, .count = 1 };

	top_samples_add(&samples, &list);
	top_samples_add(&samples, &list);
	list.count = 2;
	top_samples_add(&samples, &list);
	list.count = 0;
	list.unread = 1;
	top_samples_add(&samples, &list);
	return samples;
}

START_TEST(what_runs_is_shared_out)
{
	struct top_samples samples = some_samples();
	struct top_rows *rows;

	ck_assert_int_eq(samples.readings, 4);
	ck_assert_int_eq(samples.looked, 8);
	ck_assert_int_eq(samples.unread, 1);
	rows = rows_of(TOP_FUNCTION, "", &samples, NULL);
	ck_assert_uint_eq(rows->items.count, 2);
	ck_assert_double_eq(rows->items.items[0].on_cpu_percent, 25);
	ck_assert_double_eq(rows->items.items[1].on_cpu_percent, 75);
	top_rows_free(rows);
	/* of what ended a row of its own, where there is no other */
	rows = rows_of(TOP_CREATOR, "!chan !select", &samples, NULL);
	ck_assert_uint_eq(rows->items.count, 2);
	ck_assert_str_eq(rows->items.items[1].key, "main.main /src/main.go:12");
	ck_assert_int_eq(rows->items.items[1].count, 0);
	ck_assert_uint_eq(rows->items.items[1].member_count, 0);
	ck_assert_double_eq(rows->items.items[1].on_cpu_percent, 25);
	top_rows_free(rows);
	rows = rows_of(TOP_GOROUTINE, "", &samples, NULL);
	ck_assert_uint_eq(rows->items.count, 5);
	ck_assert_double_eq(rows->items.items[0].on_cpu_percent, 75);
	top_rows_free(rows);
	top_samples_free(&samples);
}
END_TEST

START_TEST(nothing_that_runs_is_no_share_at_all)
{
	const struct spy_running_list idle = { .ps = 2 };
	struct top_samples samples = { 0 };
	struct top_rows *rows;

	top_samples_add(&samples, &idle);
	rows = rows_of(TOP_FUNCTION, "", &samples, NULL);
	ck_assert_double_eq(rows->items.items[0].on_cpu_percent, 0);
	top_rows_free(rows);
	top_samples_free(&samples);
}
END_TEST

START_TEST(changes_are_since_the_rows_before)
{
	struct top_rows *before = rows_of(TOP_FUNCTION, "!19 !20 fn:work", NULL, NULL);
	struct top_rows *rows = rows_of(TOP_FUNCTION, "", NULL, before);

	ck_assert_int_eq(before->items.items[0].count, 2);
	ck_assert_int_eq(rows->items.items[0].change, 2);
	ck_assert_int_eq(rows->items.items[1].change, 1);
	top_rows_free(before);
	before = rows_of(TOP_FUNCTION, "", NULL, rows);
	ck_assert_int_eq(before->items.items[0].change, 0);
	top_rows_free(before);
	top_rows_free(rows);
}
END_TEST

/* Sorted by any column in either direction, all rows are there, and what is unknown comes last. */
START_TEST(rows_are_sorted_by_any_column)
{
	struct top_rows *rows = rows_of(TOP_GOROUTINE, "", NULL, NULL);
	int64_t ids = 0;
	size_t i, k;

	for (i = 0; top_sort_name(i); i++) {
		const struct top_column *column = top_column_named(top_sort_name(i));

		ck_assert_ptr_nonnull(column);
		top_rows_sort(rows, column, true);
		top_rows_sort(rows, column, false);
		for (ids = 0, k = 0; k < rows->items.count; k++)
			ids += rows->items.items[k].id;
		ck_assert_int_eq(ids, 1 + 18 + 19 + 20 + 21);
	}
	ck_assert_ptr_null(top_column_named("colour"));
	top_rows_sort(rows, top_column_named("wait"), true);
	ck_assert_int_eq(rows->items.items[0].id, 18);
	ck_assert_int_eq(rows->items.items[1].id, 21);
	ck_assert_int_eq(rows->items.items[4].longest_wait_ns, SPY_UNKNOWN);
	top_rows_sort(rows, top_column_named("wait"), false);
	ck_assert_int_eq(rows->items.items[0].id, 19);
	ck_assert_int_eq(rows->items.items[4].longest_wait_ns, SPY_UNKNOWN);
	top_rows_sort(rows, top_column_named("reason"), false);
	ck_assert_str_eq(rows->items.items[0].wait_reason, "chan receive");
	ck_assert_ptr_null(rows->items.items[4].wait_reason);
	top_rows_sort(rows, top_column_named("state"), true);
	ck_assert_int_eq(rows->items.items[0].id, 1);
	ck_assert_int_eq(rows->items.items[1].id, 21);
	top_rows_free(rows);
}
END_TEST

/* An hour of readings, one made after the other, leaves nothing behind. */
START_TEST(rows_come_and_go)
{
	struct top_samples samples = some_samples();
	struct top_rows *before = NULL;
	size_t first = 0;
	int i;

	for (i = 0; i < 1800; i++) {
		struct top_rows *rows = rows_of((enum top_group)(i / 4 % TOP_GROUPS), "!none",
						&samples, i % 4 ? before : NULL);

		top_rows_free(before);
		before = rows;
		if (i == 4 * TOP_GROUPS)
			first = mallinfo2().uordblks;
	}
	top_rows_free(before);
	ck_assert_uint_le(mallinfo2().uordblks, first);
	top_samples_free(&samples);
}
END_TEST

Suite *top_suite(void)
{
	Suite *suite = suite_create("top");
	TCase *tests = tcase_create("top");

	tcase_add_test(tests, goroutines_stand_with_their_like);
	tcase_add_test(tests, a_row_says_what_its_goroutines_agree_on);
	tcase_add_test(tests, one_label_may_make_the_rows);
	tcase_add_test(tests, filters_look_where_they_are_told);
	tcase_add_test(tests, filters_see_behind_a_nul_of_a_label);
	tcase_add_test(tests, what_runs_is_shared_out);
	tcase_add_test(tests, nothing_that_runs_is_no_share_at_all);
	tcase_add_test(tests, changes_are_since_the_rows_before);
	tcase_add_test(tests, rows_are_sorted_by_any_column);
	tcase_add_test(tests, rows_come_and_go);
	suite_add_tcase(suite, tests);
	return suite;
}
