/* SPDX-License-Identifier: MIT
 *
 * Rows of statistics: what happened between two readings, and rows read back from their JSON.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "render/stats_read.h"
#include "unit/unit.h"

#define SECOND 1000000000ll

/* Readings a second apart, of which every member is known. */
static void readings(struct spy_stats *before, struct spy_stats *now)
{
	const struct field *field;
	int64_t number = 1000, i;

	*before = (struct spy_stats){ .pid = 7,
				      .taken_at = 100 * SECOND,
				      .started_at = 90 * SECOND,
				      .cpu_user_ns = 5 * SECOND,
				      .cpu_system_ns = 1 * SECOND,
				      .cpu_ns = 6 * SECOND + 3 };
	for (field = memstats_fields; field->name; field++, number++)
		if (field->unit != UNIT_BOOL && field->unit != UNIT_FRACTION)
			memcpy((char *)&before->memstats + field->offset, &number, sizeof(number));
	before->memstats.gc_cpu_fraction = 0.0125;
	before->memstats.num_gc = 300;
	*now = *before;
	now->taken_at += SECOND;
	now->exe = "/bin/a\"\n\xff program";
	now->go_version = "go1.27.4";
	now->goroutines = 11;
	now->states = (struct spy_goroutine_states){ 1, 2, 3, 4 };
	now->latencies = (struct spy_latencies){ 10, 128, 256, SPY_UNKNOWN };
	now->threads = 9;
	now->rss_bytes = 1 << 20;
	now->cpu_user_ns += SECOND / 2;
	now->cpu_system_ns += SECOND / 4;
	now->cpu_ns += SECOND * 3 / 4;
	now->memstats.total_alloc_bytes += 4096;
	now->memstats.next_gc_bytes = -1;
	now->memstats.num_gc += 2;
	for (i = 1; i <= now->memstats.num_gc; i++) {
		now->memstats.pause_ns[(i + 255) % 256] = i * 10;
		now->memstats.pause_end_at[(i + 255) % 256] = 50 * SECOND + i;
	}
}

START_TEST(a_row_tells_what_happened_since)
{
	struct spy_stats before, now;
	struct stats_row row;

	readings(&before, &now);
	row = stats_row_of(&before, &now);
	ck_assert_double_eq_tol(row.cpu_percent, 75, 1e-9);
	ck_assert_double_eq_tol(row.cpu_user_percent, 50, 1e-9);
	ck_assert_double_eq_tol(row.cpu_system_percent, 25, 1e-9);
	ck_assert_double_eq_tol(row.allocated_per_second, 4096, 1e-9);
	ck_assert_uint_eq(row.pause_count, 2);
	ck_assert_int_eq(row.pauses[0].ns, 3010);
	ck_assert_int_eq(row.pauses[1].ended_at, 50 * SECOND + 302);
	/* The first row has no pauses; one that missed a thousand has the last of them. */
	row = stats_row_of(NULL, &now);
	ck_assert_uint_eq(row.pause_count, 0);
	ck_assert_double_eq_tol(row.cpu_user_percent + row.cpu_system_percent, row.cpu_percent,
				1e-9);
	before.memstats.num_gc = 2;
	row = stats_row_of(&before, &now);
	ck_assert_uint_eq(row.pause_count, SPY_PAUSES);
	ck_assert_int_eq(row.pauses[0].ns, 470);
	ck_assert_int_eq(row.pauses[255].ns, 3020);
	/* Less than a tick passed: the parts are as they are since the start. */
	before = now;
	now.taken_at += SECOND;
	now.cpu_ns += SECOND / 1000;
	row = stats_row_of(&before, &now);
	ck_assert_double_eq_tol(row.cpu_percent, 0.1, 1e-9);
	ck_assert_double_gt(row.cpu_user_percent, 0.07);
	now.cpu_user_ns = SPY_UNKNOWN;
	ck_assert(isnan(stats_row_of(&before, &now).cpu_user_percent));
}
END_TEST

static char *line_of(const struct stats_row *row)
{
	struct output output = output_to_memory();
	struct stats_view view = { .form = STATS_JSON };

	render_stats_row(&output, &view, row);
	return text_take(&output.text);
}

static void same(const struct field *fields, const void *got, const void *wanted)
{
	const struct field *field;

	for (field = fields; field->name; field++) {
		const void *a = (const char *)got + field->offset;
		const void *b = (const char *)wanted + field->offset;

		if (field->unit != UNIT_BOOL)
			ck_assert_msg(memcmp(a, b, 8) == 0, "%s", field->name);
	}
}

START_TEST(a_row_is_read_back)
{
	struct spy_stats before, now;
	struct stats_record record;
	struct stats_row row;
	char *line;

	readings(&before, &now);
	row = stats_row_of(&before, &now);
	row.missed = 3;
	line = line_of(&row);
	ck_assert_ptr_null(stats_record_read(line, strlen(line), &record));
	same(stats_row_fields, &record.row, &row);
	same(memstats_fields, &record.stats.memstats, &now.memstats);
	ck_assert_str_eq(record.stats.go_version, "go1.27.4");
	ck_assert_str_eq(record.stats.exe, "/bin/a\"\n\xef\xbf\xbd program");
	ck_assert_uint_eq(record.row.pause_count, 2);
	ck_assert_int_eq(record.row.pauses[1].ns, 3020);
	ck_assert_ptr_eq(record.row.stats, &record.stats);
	free(line);
}
END_TEST

START_TEST(what_is_unknown_is_read_back_as_unknown)
{
	static const char line[] = "{\"time\":5,\"pid\":7,\"RSS\":null,\"Threads\":1e3,"
				   "\"NumGoroutine\":99999999999999999999,\"CPUPercent\":null,"
				   "\"new\":{\"time\":[1,{\"pid\":2}]},\"Pauses\":[{\"ns\":1},{},7,"
				   "{\"ended_at\":9,\"ns\":null}],\"warnings\":[]}";
	struct stats_record record;

	ck_assert_ptr_null(stats_record_read(line, strlen(line), &record));
	ck_assert_int_eq(record.row.time, 5);
	ck_assert_int_eq(record.row.pid, 7);
	ck_assert_int_eq(record.row.rss, SPY_UNKNOWN);
	ck_assert_int_eq(record.row.threads, SPY_UNKNOWN);
	ck_assert_int_eq(record.row.goroutines, SPY_UNKNOWN);
	ck_assert_int_eq(record.stats.memstats.heap_alloc_bytes, SPY_UNKNOWN);
	ck_assert(isnan(record.row.cpu_percent));
	ck_assert_uint_eq(record.row.pause_count, 1);
	ck_assert_int_eq(record.row.pauses[0].ns, SPY_UNKNOWN);
	ck_assert_ptr_null(record.stats.exe);
}
END_TEST

START_TEST(other_lines_are_errors)
{
	static const char *const lines[] = {
		"",
		"x",
		"{",
		"[]",
		"{}",
		"{\"time\":5}",
		"{\"pid\":5}",
		"{\"time\":\"5\",\"pid\":7}",
		"null",
		"{\"time\":5,\"pid\":7}{",
	};
	char *deep _cleanup_free_ = memory_new(100000, 1);
	struct stats_record record;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct spy_error *error = stats_record_read(lines[i], strlen(lines[i]), &record);

		ck_assert_msg(error != NULL, "%s", lines[i]);
		ck_assert_int_eq(error->code, SPY_ERROR_DATA);
		spy_error_free(error);
	}
	memset(deep, '[', 100000);
	ck_assert(spy_error_caught(stats_record_read(deep, 100000, &record)));
	ck_assert(spy_error_caught(stats_record_read(deep, STATS_LINE_MAX + 1, &record)));
}
END_TEST

/* Damaged lines may say anything, but are read in their bounds; the sanitizers watch. */
START_TEST(damaged_lines)
{
	struct spy_stats before, now;
	struct stats_row row;
	uint32_t seed = 1;
	char *line;
	size_t size;
	int i;

	readings(&before, &now);
	row = stats_row_of(&before, &now);
	line = line_of(&row);
	size = strlen(line);
	for (i = 0; i < 3000; i++) {
		struct stats_record record;
		char *damaged _cleanup_free_ = memory_new(size, 1);
		int times;

		memcpy(damaged, line, size);
		for (times = i % 4; times >= 0; times--) {
			seed = seed * 1664525 + 1013904223;
			damaged[(seed >> 8) % size] = "{}[]\",:0-e\\u\xff\0n."[seed >> 28];
		}
		if (!spy_error_caught(stats_record_read(damaged, size - (size_t)(i % 7), &record)))
			ck_assert_uint_le(record.row.pause_count, SPY_PAUSES);
	}
	free(line);
}
END_TEST

Suite *stats_suite(void)
{
	const TTest *const tests[] = {
		a_row_tells_what_happened_since,
		a_row_is_read_back,
		what_is_unknown_is_read_back_as_unknown,
		other_lines_are_errors,
		damaged_lines,
	};
	Suite *suite = suite_create("stats");
	TCase *tcase = tcase_create("stats");
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}
