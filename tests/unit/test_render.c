/* SPDX-License-Identifier: MIT
 *
 * The room render, over snapshots written by hand. What is expected stands here in full, or is
 * asked of a JSON parser that is not ours.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>

#include "base/error.h"
#include "base/memory.h"
#include "render/json.h"
#include "render/render.h"
#include "render/table.h"
#include "render/units.h"
#include "unit/fake_heap.h"
#include "unit/fake_snapshot.h"
#include "unit/unit.h"

/* Everything that renders, so that a test can go through all of it. */
static void ps_text(struct output *output, enum fake kind)
{
	render_processes_text(output, fake_processes(kind));
}

static void ps_json(struct output *output, enum fake kind)
{
	render_processes_json(output, fake_processes(kind));
}

static void summary_text(struct output *output, enum fake kind)
{
	struct summary_options options = { 0 };

	for (; options.place <= PLACE_CURRENT; options.place++)
		render_summary_text(output, fake_snapshot(kind), &options);
}

static void summary_json(struct output *output, enum fake kind)
{
	render_summary_json(output, fake_snapshot(kind));
}

static void dump_text(struct output *output, enum fake kind)
{
	struct dump_options options = { .labels = true };

	render_dump_text(output, fake_snapshot(kind), &options);
	options.group = true;
	render_dump_text(output, fake_snapshot(kind), &options);
}

static void dump_json(struct output *output, enum fake kind)
{
	struct dump_options options = { .group = true };

	render_dump_json(output, fake_snapshot(kind), &options);
}

static void heap_text(struct output *output, enum fake kind)
{
	render_heap_text(output, fake_heap(kind), false);
	render_heap_text(output, fake_heap(kind), true);
}

static void heap_json(struct output *output, enum fake kind)
{
	render_heap_json(output, fake_heap(kind));
}

static void metrics_text(struct output *output, enum fake kind)
{
	struct metrics_options options = { .buckets = true };

	render_metrics_text(output, fake_metrics(kind), &options);
}

static void metrics_json(struct output *output, enum fake kind)
{
	struct metrics_options options = { 0 };

	render_metrics_json(output, fake_metrics(kind), &options);
}

static const struct {
	void (*render)(struct output *output, enum fake kind);
	bool json;
} renderers[] = {
	{ .render = ps_text },      { .render = ps_json, .json = true },
	{ .render = summary_text }, { .render = summary_json, .json = true },
	{ .render = dump_text },    { .render = dump_json, .json = true },
	{ .render = heap_text },    { .render = heap_json, .json = true },
	{ .render = metrics_text }, { .render = metrics_json, .json = true },
};

static char *rendered(void (*render)(struct output *output, enum fake kind), enum fake kind)
{
	struct output output = output_to_memory();

	render(&output, kind);
	return text_take(&output.text);
}

static bool parses(const char *json)
{
	yajl_handle parser = yajl_alloc(NULL, NULL, NULL);
	bool good =
	    yajl_parse(parser, (const unsigned char *)json, strlen(json)) == yajl_status_ok &&
	    yajl_complete_parse(parser) == yajl_status_ok;

	yajl_free(parser);
	return good;
}

/* yajl_parse checks UTF-8, escapes and structure. */
START_TEST(json_is_json)
{
	size_t i;
	int kind;

	for (i = 0; i < sizeof(renderers) / sizeof(*renderers); i++) {
		for (kind = 0; renderers[i].json && kind < FAKE_COUNT; kind++) {
			char *json _cleanup_free_ = rendered(renderers[i].render, (enum fake)kind);

			ck_assert_msg(parses(json), "renderer %zu, fake %d: %s", i, kind, json);
		}
	}
}
END_TEST

START_TEST(text_leaves_the_terminal_alone)
{
	size_t i;
	int kind;

	for (i = 0; i < sizeof(renderers) / sizeof(*renderers); i++) {
		for (kind = 0; kind < FAKE_COUNT; kind++) {
			char *text _cleanup_free_ = rendered(renderers[i].render, (enum fake)kind);
			const char *c;

			for (c = text; *c; c++)
				ck_assert_msg((unsigned char)*c >= 0x20 || strchr("\n\t", *c),
					      "renderer %zu, fake %d: byte %02x", i, kind, *c);
			if (!renderers[i].json) { /* no bidirectional override, no broken UTF-8 */
				ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
				ck_assert_ptr_null(strchr(text, '\xff'));
			}
		}
	}
}
END_TEST

START_TEST(a_hostile_name_cannot_forge_a_line)
{
	char *text _cleanup_free_ = rendered(dump_text, FAKE_HOSTILE);

	ck_assert_ptr_null(strstr(text, "\nc\\xe2"));
	ck_assert_ptr_nonnull(
	    strstr(text, "a\\x1b]0;owned\\x07b\\nc\\xe2\\x80\\xaed\\xff\\xc3(e\"f\\\\g"));
}
END_TEST

START_TEST(a_dump_is_a_go_traceback)
{
	struct output output = output_to_memory();
	struct dump_options options = { 0 };

	render_dump_text(&output, fake_snapshot(FAKE_USUAL), &options);
	ck_assert_str_eq(output.text.bytes,
			 "goroutine 1 [running]:\n"
			 "main.main()\n"
			 "\t/src/main.go:10\n"
			 "\n"
			 "goroutine 18 [chan receive, 5 minutes, locked to thread]:\n"
			 "runtime.gopark(0x0?, {0xc000012345, 0x3})\n"
			 "\t/go/src/runtime/proc.go:398 +0xce\n"
			 "main.helper(...)\n"
			 "\t/src/helper.go:7\n"
			 "main.(*Server[...]).work(...)\n"
			 "\t/src/main.go:24 +0x36\n"
			 "created by main.main in goroutine 1\n"
			 "\t/src/main.go:12 +0xa5\n"
			 "\n"
			 "goroutine 19 [select]:\n"
			 "runtime.gopark(0x0?, {0xc000012345, 0x3})\n"
			 "\t/go/src/runtime/proc.go:398 +0xce\n"
			 "main.helper(...)\n"
			 "\t/src/helper.go:7\n"
			 "main.(*Server[...]).work(...)\n"
			 "\t/src/main.go:24 +0x36\n"
			 "created by main.main\n"
			 "\t/src/main.go:12 +0xa5\n"
			 "\n"
			 "goroutine 20 [select]:\n"
			 "runtime.gopark(0x0?, {0xc000012345, 0x3})\n"
			 "\t/go/src/runtime/proc.go:398 +0xce\n"
			 "main.helper(...)\n"
			 "\t/src/helper.go:7\n"
			 "main.(*Server[...]).work(...)\n"
			 "\t/src/main.go:24 +0x36\n"
			 "created by main.main\n"
			 "\t/src/main.go:12 +0xa5\n"
			 "\n"
			 "goroutine 21 [syscall, 2 minutes]:\n"
			 "\tgoroutine running on other thread; stack unavailable\n"
			 "created by main.main in goroutine 1\n"
			 "\t/src/main.go:12 +0xa5\n");
	text_free(&output.text);
}
END_TEST

START_TEST(metrics_have_their_units)
{
	struct output output = output_to_memory();
	struct metrics_options options = { .pattern = NULL };

	render_metrics_text(&output, fake_metrics(FAKE_USUAL), &options);
	ck_assert_str_eq(
	    output.text.bytes,
	    "METRIC                         VALUE                                          "
	    "  MEANING\n"
	    "/cpu/classes/user:cpu-seconds  1.5s                                           "
	    "  the program's own code\n"
	    "/gc/gogc:percent               off                                            "
	    "  GOGC\n"
	    "/gc/gomemlimit:bytes           none                                           "
	    "  GOMEMLIMIT\n"
	    "/gc/heap/live:bytes            3.0 MiB                                        "
	    "  alive\n"
	    "/sched/goroutines:goroutines   -                                              "
	    "  goroutines\n"
	    "/sched/latencies:seconds       100, p50 64ns, p90 64ns, p99 128ns, max > 128ns"
	    "  waiting to run\n");
	text_free(&output.text);
}
END_TEST

START_TEST(metrics_are_chosen_by_name)
{
	const struct spy_metrics *metrics = fake_metrics(FAKE_USUAL);

	ck_assert_uint_eq(metrics_matching(metrics, NULL), 6);
	ck_assert_uint_eq(metrics_matching(metrics, "/gc/"), 3);
	ck_assert_uint_eq(metrics_matching(metrics, "*:bytes"), 2);
	ck_assert_uint_eq(metrics_matching(metrics, "/gc"), 3);
	ck_assert_uint_eq(metrics_matching(metrics, "gc*"), 0);
}
END_TEST

START_TEST(labels_are_quoted_as_go_does)
{
	char *text _cleanup_free_ = rendered(dump_text, FAKE_USUAL);

	ck_assert_ptr_nonnull(strstr(text, "[chan receive, 5 minutes, locked to thread] "
					   "{tenant: acme, \"a key\": \"say \\\"hi\\\"\"}:\n"));
}
END_TEST

START_TEST(groups_are_the_same_stacks)
{
	struct output output = output_to_memory();
	struct dump_options options = { .group = true };

	render_dump_text(&output, fake_snapshot(FAKE_USUAL), &options);
	ck_assert_ptr_eq(strstr(output.text.bytes, "2 goroutines [select] 19, 20:\n"
						   "runtime.gopark(...)\n"),
			 output.text.bytes);
	ck_assert_ptr_nonnull(
	    strstr(output.text.bytes, "\n1 goroutine [chan receive, locked to thread] 18:\n"));
	text_free(&output.text);
}
END_TEST

static size_t selected(struct goroutine_filter filter)
{
	struct goroutine_list list = { 0 };
	size_t count;

	goroutines_select(fake_snapshot(FAKE_USUAL), &filter, &list);
	count = list.refs.count;
	goroutine_list_free(&list);
	return count;
}

START_TEST(filters)
{
	struct goroutine_filter filter = { 0 };

	ck_assert_uint_eq(selected(filter), 5);
	filter.statuses = 1 << SPY_STATUS_WAITING | 1 << SPY_STATUS_SYSCALL;
	ck_assert_uint_eq(selected(filter), 4);
	filter.wait_reason = "sel";
	ck_assert_uint_eq(selected(filter), 2);
	filter.function = "Server[...]";
	ck_assert_uint_eq(selected(filter), 2);
	filter.limit = 1;
	ck_assert_uint_eq(selected(filter), 1);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .function = "main.(*Server*" }), 3);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .function = "main.h*r" }), 3);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .function = "main.h*t" }), 0);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .label = "tenant" }), 1);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .label = "tenant=acme" }), 1);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .label = "tenant=ac" }), 0);
	ck_assert_uint_eq(selected((struct goroutine_filter){ .label = "ten" }), 0);
}
END_TEST

START_TEST(units)
{
	char b[UNITS_MAX];

	ck_assert_str_eq(units_bytes(0, b), "0 B");
	ck_assert_str_eq(units_bytes(1023, b), "1023 B");
	ck_assert_str_eq(units_bytes(1258291, b), "1.2 MiB");
	ck_assert_str_eq(units_bytes(1048575, b), "1.0 MiB");
	ck_assert_str_eq(units_bytes(INT64_MAX, b), "8.0 EiB");
	ck_assert_str_eq(units_bytes(SPY_UNKNOWN, b), "-");
	ck_assert_str_eq(units_duration(0, b), "0ns");
	ck_assert_str_eq(units_duration(999, b), "999ns");
	ck_assert_str_eq(units_duration(1500000, b), "1.5ms");
	ck_assert_str_eq(units_duration(999999, b), "999.9us");
	ck_assert_str_eq(units_duration(59999999999, b), "59.9s");
	ck_assert_str_eq(units_duration(200000000000, b), "3m20s");
	ck_assert_str_eq(units_duration(3600000000000, b), "1h");
	ck_assert_str_eq(units_duration(356400000000000, b), "4d3h");
	ck_assert_str_eq(units_duration(INT64_MAX, b), "106751d23h");
	ck_assert_str_eq(units_duration(-5, b), "0ns");
	ck_assert_str_eq(units_duration(SPY_UNKNOWN, b), "-");
	ck_assert_str_eq(units_percent(0.0005, b), "0.05%");
	ck_assert_str_eq(units_percent(NAN, b), "-");
	ck_assert_str_eq(units_moment(SPY_UNKNOWN, b), "-");
	ck_assert_str_eq(units_count(-7, b), "-7");
}
END_TEST

START_TEST(json_values)
{
	struct output output = output_to_memory();
	struct json json;

	json_begin(&json, &output);
	json_open_object(&json, NULL);
	json_number(&json, "unknown", SPY_UNKNOWN);
	json_number(&json, "most", INT64_MAX);
	json_double(&json, "nan", NAN);
	json_string(&json, "none", NULL);
	json_string(&json, "broken",
		    "\xff"
		    "a\xc3");
	json_string(&json, "surrogate", "\xed\xa0\x80");
	json_string(&json, "good", "\xc3\xa4\"\\\n\x01");
	json_address(&json, "address", UINT64_MAX);
	json_raw(&json, "raw", "{\"a\":1}", 7);
	json_close_object(&json);
	json_end(&json);
	ck_assert_str_eq(
	    output.text.bytes,
	    "{\"unknown\":null,\"most\":9223372036854775807,\"nan\":null,\"none\":null,"
	    "\"broken\":\"\xef\xbf\xbd"
	    "a\xef\xbf\xbd\","
	    "\"surrogate\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
	    "\"good\":\"\xc3\xa4\\\"\\\\\\n\\u0001\","
	    "\"address\":\"0xffffffffffffffff\",\"raw\":{\"a\":1}}\n");
	text_free(&output.text);
}
END_TEST

START_TEST(rows_fit_the_terminal)
{
	static const struct table_column columns[] = { { .title = "A", .right = true },
						       { .title = "PLACE", .keep_end = true } };
	struct table table = { .columns = columns, .column_count = 2 };
	struct output output = output_to_memory();

	text_add(&table.text, "1");
	table_cell(&table, COLOUR_NONE);
	text_add(&table.text, "/a/very/long/\xc3\xa4/path/file.go:12");
	table_cell(&table, COLOUR_NONE);
	text_add(&table.text, "22");
	table_cell(&table, COLOUR_NONE);
	text_add(&table.text, "short");
	table_cell(&table, COLOUR_NONE);
	output.width = 20;
	table_print(&table, &output, 0);
	ck_assert_str_eq(output.text.bytes, " A  PLACE\n"
					    " 1  ...th/file.go:12\n"
					    "22  short\n");
	table_free(&table);
	text_free(&output.text);
}
END_TEST

START_TEST(a_full_disk_is_an_error_a_gone_reader_is_not)
{
	struct output output = output_to(open("/dev/full", O_WRONLY | O_CLOEXEC), COLOUR_AUTO);
	struct spy_error *error;
	int ends[2];

	text_add(&output.text, "text");
	error = output_close(&output);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, SPY_ERROR_DATA);
	spy_error_free(error);
	close(output.fd);

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	output = output_to(ends[1], COLOUR_AUTO);
	text_add(&output.text, "text");
	ck_assert_ptr_null(output_close(&output));
	close(ends[1]);
}
END_TEST

Suite *render_suite(void)
{
	const TTest *const tests[] = {
		json_is_json,
		text_leaves_the_terminal_alone,
		a_hostile_name_cannot_forge_a_line,
		a_dump_is_a_go_traceback,
		metrics_have_their_units,
		metrics_are_chosen_by_name,
		labels_are_quoted_as_go_does,
		groups_are_the_same_stacks,
		filters,
		units,
		json_values,
		rows_fit_the_terminal,
		a_full_disk_is_an_error_a_gone_reader_is_not,
	};
	Suite *suite = suite_create("render");
	TCase *tcase = tcase_create("render");
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}
