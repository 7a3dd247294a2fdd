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
#include "render/locals.h"
#include "render/render.h"
#include "render/table.h"
#include "render/top.h"
#include "render/units.h"
#include "render/value.h"
#include "unit/fake_heap.h"
#include "unit/fake_snapshot.h"
#include "unit/fake_value.h"
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

static void value_text(struct output *output, enum fake kind)
{
	struct value_options options = { .named = true, .timed = true };

	render_value_text(output, fake_reading(kind), &options);
	options.one_line = true;
	render_value_text(output, fake_reading(kind), &options);
	options.raw = true;
	render_value_text(output, fake_reading(kind), &options);
	render_value_error(output, fake_reading(kind)->name, 0, false, &options);
}

static void value_json(struct output *output, enum fake kind)
{
	struct value_options options = { .raw = true, .asked = fake_reading(kind)->name };

	render_value_json(output, fake_reading(kind), &options);
}

static void value_error_json(struct output *output, enum fake kind)
{
	struct value_options options = { .asked = fake_reading(kind)->name };

	render_value_error(output, fake_reading(kind)->name, 0, true, &options);
}

static void variables(struct output *output, enum fake kind, bool json)
{
	const struct spy_variable_list *list = fake_variables(kind);
	struct variable_filter filter = { .order = VARIABLES_BY_SIZE };
	const struct spy_variable **chosen _cleanup_free_ = NULL;
	size_t count, left_out;

	chosen = variables_select(list, &filter, &count, &left_out);
	if (json)
		render_variables_json(output, list, chosen, count);
	else
		render_variables_text(output, chosen, count);
}

static void variables_text(struct output *output, enum fake kind)
{
	variables(output, kind, false);
}

static void variables_json(struct output *output, enum fake kind)
{
	variables(output, kind, true);
}

/* In all groups, with something that ran. */
static void top(struct output *output, enum fake kind,
		void (*render)(struct output *output, const struct top_view *view))
{
	const struct spy_snapshot *snapshot = fake_snapshot(kind);
	const struct spy_goroutine *first = snapshot->goroutines;
	const struct spy_running item = { .goroutine = -7,
					  .start = first ? first->start : NULL,
					  .caller = first ? first->caller : NULL };
	const struct spy_running_list running = { .ps = INT32_MAX, .items = &item, .count = 1 };
	struct top_samples samples = { 0 };
	int group;

	top_samples_add(&samples, &running);
	for (group = 0; group < TOP_GROUPS; group++) {
		const struct top_options options = { .group = (enum top_group)group,
						     .system = true };
		struct top_rows *rows = top_rows_new(snapshot, &samples, &options, NULL);
		const struct top_view view = { .snapshot = snapshot,
					       .rows = rows,
					       .samples = &samples };

		top_rows_sort(rows, top_column_named("count"), true);
		render(output, &view);
		top_rows_free(rows);
	}
	top_samples_free(&samples);
}

static void top_text(struct output *output, enum fake kind)
{
	top(output, kind, render_top_text);
}

/* Lines of JSON as one document. */
static void top_json(struct output *output, enum fake kind)
{
	size_t i;

	text_add(&output->text, "[");
	top(output, kind, render_top_json);
	for (i = 0; i < output->text.length; i++)
		if (output->text.bytes[i] == '\n')
			output->text.bytes[i] = ',';
	output->text.bytes[output->text.length - 1] = ']';
}

static const struct {
	void (*render)(struct output *output, enum fake kind);
	bool json;
} renderers[] = {
	{ .render = ps_text },
	{ .render = ps_json, .json = true },
	{ .render = summary_text },
	{ .render = summary_json, .json = true },
	{ .render = dump_text },
	{ .render = dump_json, .json = true },
	{ .render = heap_text },
	{ .render = heap_json, .json = true },
	{ .render = metrics_text },
	{ .render = metrics_json, .json = true },
	{ .render = value_text },
	{ .render = value_json, .json = true },
	{ .render = value_error_json, .json = true },
	{ .render = variables_text },
	{ .render = variables_json, .json = true },
	{ .render = ps_text },
	{ .render = ps_json, .json = true },
	{ .render = summary_text },
	{ .render = summary_json, .json = true },
	{ .render = dump_text },
	{ .render = dump_json, .json = true },
	{ .render = heap_text },
	{ .render = heap_json, .json = true },
	{ .render = metrics_text },
	{ .render = metrics_json, .json = true },
	{ .render = top_text },
	{ .render = top_json, .json = true },
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
				ck_assert_msg(((unsigned char)*c >= 0x20 && *c != 0x7f) ||
						  strchr("\n\t", *c),
					      "renderer %zu, fake %d: byte %02x", i, kind, *c);
			/* no bidirectional override, no broken UTF-8 */
			ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
			ck_assert_ptr_null(strchr(text, '\xff'));
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

START_TEST(variables_of_a_frame)
{
	static const struct spy_value seven = { .type = &fake_int, .address = 0x10, .integer = 7 };
	static const struct spy_value text = {
		.type = &fake_string, .string = { .bytes = "\033[2J", .kept = 4, .length = 4 }
	};
	static const struct spy_local locals[] = {
		{ .name = "a", .type = "int", .argument = true, .value = &seven },
		{ .name = "s\033", .type = "string", .value = &text },
		{ .name = "gone", .type = "main.T", .note = "optimised out" },
	};
	static const struct spy_frame frame = { .locals = locals,
						.local_count = 3,
						.locals_note = "optimised code" };
	struct text shown = { 0 }, written = { 0 };
	struct json json;

	put_locals(&shown, &frame);
	ck_assert_str_eq(shown.bytes, "    a = 7\n"
				      "    s\\x1b = \"\\x1b[2J\"\n"
				      "    gone = - (optimised out)\n"
				      "    (optimised code)\n");
	json_begin_text(&json, &written);
	json_open_object(&json, NULL);
	locals_json(&json, &frame);
	json_close_object(&json);
	json_end(&json);
	ck_assert_ptr_nonnull(strstr(written.bytes, "{\"name\":\"a\",\"argument\":true,\"type\":"
						    "\"int\",\"kind\":\"int\",\"address\":\"0x10\","
						    "\"size\":8,\"value\":7,\"note\":null}"));
	ck_assert_ptr_nonnull(strstr(written.bytes,
				     "{\"name\":\"gone\",\"argument\":false,\"type\":"
				     "\"main.T\",\"value\":null,\"note\":"
				     "\"optimised out\"}],\"locals_note\":"
				     "\"optimised code\"}"));
	text_free(&shown);
	text_free(&written);
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

static char *shown(const struct spy_value *value, size_t width, bool inner)
{
	struct text text = { 0 };
	struct value_layout layout = { .width = width, .inner = inner };

	put_value(&text, value, &layout);
	return text_take(&text);
}

static void expect_value(const struct spy_value *value, size_t width, const char *wanted)
{
	char *got _cleanup_free_ = shown(value, width, false);

	ck_assert_str_eq(got, wanted);
}

START_TEST(a_value_fits_its_lines)
{
	struct output output = output_to_memory();
	struct value_options options = { .asked = "main.cfg" };

	output.width = 60;
	render_value_text(&output, fake_reading(FAKE_USUAL), &options);
	ck_assert_str_eq(output.text.bytes,
			 "type: main.config, value: {\n"
			 "    Debug: true,\n"
			 "    Port: 8080,\n"
			 "    Mask: 18446744073709551615,\n"
			 "    Ratio: 0.1,\n"
			 "    Single: 0.1,\n"
			 "    Not: NaN,\n"
			 "    Phase: (1.5-2i),\n"
			 "    Name: \"größer\\n\",\n"
			 "    Long: \"abc\"… 1,000 more of 1,003,\n"
			 "    Broken: \"a\\xff\",\n"
			 "    Timeout: 1500000000 (1.5s),\n"
			 "    Started: 2026-11-21T18:46:26Z,\n"
			 "    Body: \"hi\\n\",\n"
			 "    Digest: 0x00ff0a… 29 more of 32,\n"
			 "    Some: [\n"
			 "        1, -2, -9223372036854775808,\n"
			 "        … 997 more of 1,000\n"
			 "    ],\n"
			 "    None: nil,\n"
			 "    Pair: [3, 4],\n"
			 "    Counts: map[\"a\": 1, \"b\": 2],\n"
			 "    Node: &{id: 5, next: <cycle to 0xc000010000>},\n"
			 "    Deep: 0xc000020000 …,\n"
			 "    Any: &main.node{id: 5, next: <cycle to 0xc000010000>},\n"
			 "    AnyTime: time.Duration(1500000000 (1.5s)),\n"
			 "    AnyInt: 5,\n"
			 "    Nothing: nil,\n"
			 "    Handler: main.serve.func1 (/src/main.go:12) {x: 1},\n"
			 "    Nameless: 0x48f000,\n"
			 "    Queue: {\n"
			 "        len: 2,\n"
			 "        cap: 8,\n"
			 "        closed: true,\n"
			 "        senders: 1,\n"
			 "        buffer: [1, -2],\n"
			 "    },\n"
			 "    Raw: 0xc000030000,\n"
			 "    Gone: <unreadable: cannot read 8 bytes at 0xdead>,\n"
			 "}\n");
	text_free(&output.text);
}
END_TEST

START_TEST(a_value_has_its_name_where_it_is_another)
{
	struct output output = output_to_memory();
	struct spy_value_reading reading = { .name = "runtime.numCPUStartup",
					     .value = { .type = &fake_int32, .integer = 6 } };
	struct value_options options = { .asked = "runtime.numCPUStartup" };

	render_value_text(&output, &reading, &options);
	options.asked = "runtime.ncpu";
	render_value_text(&output, &reading, &options);
	options.one_line = true;
	render_value_text(&output, &reading, &options);
	ck_assert_str_eq(output.text.bytes, "type: int32, value: 6\n"
					    "name: runtime.numCPUStartup\n"
					    "type: int32, value: 6\n"
					    "name: runtime.numCPUStartup, type: int32, value: 6\n");
	text_free(&output.text);
}
END_TEST

/* The digits of strconv.FormatFloat(x, 'g', -1, bits). */
START_TEST(floats_are_shortest)
{
	static const struct {
		double number;
		bool single;
		const char *text;
	} floats[] = {
		{ .number = 0, .text = "0" },
		{ .number = -0.0, .text = "-0" },
		{ .number = 1, .text = "1" },
		{ .number = -1.5, .text = "-1.5" },
		{ .number = 0.1, .text = "0.1" },
		{ .number = 0.3, .text = "0.3" },
		{ .number = 0.1 + 0.2, .text = "0.30000000000000004" },
		{ .number = 100, .text = "100" },
		{ .number = 123456789, .text = "123456789" },
		{ .number = 1e20, .text = "100000000000000000000" },
		{ .number = 1e21, .text = "1e+21" },
		{ .number = 0.0001, .text = "0.0001" },
		{ .number = 0.00001, .text = "1e-05" },
		{ .number = 5e-324, .text = "5e-324" },
		{ .number = 1.7976931348623157e308, .text = "1.7976931348623157e+308" },
		{ .number = 2.2250738585072014e-308, .text = "2.2250738585072014e-308" },
		{ .number = 9007199254740993, .text = "9007199254740992" },
		{ .number = (double)0.1F, .single = true, .text = "0.1" },
		{ .number = (double)3.4028235e38F, .single = true, .text = "3.4028235e+38" },
		{ .number = (double)1e-45F, .single = true, .text = "1e-45" },
		{ .number = (double)16777216.0F, .single = true, .text = "16777216" },
		{ .number = (double)INFINITY, .text = "+Inf" },
		{ .number = -(double)INFINITY, .single = true, .text = "-Inf" },
	};
	size_t i;

	for (i = 0; i < sizeof(floats) / sizeof(*floats); i++) {
		struct text text = { 0 };

		put_float(&text, floats[i].number, floats[i].single);
		ck_assert_str_eq(text.bytes, floats[i].text);
		text_free(&text);
	}
}
END_TEST

START_TEST(lists_are_marked_where_they_are_cut)
{
	struct spy_type type = { .name = "[]uint8", .kind = SPY_VALUE_SLICE };
	struct spy_value items[40] = { { 0 } };
	struct spy_value list = { .type = &type, .list = { .items = items, .length = 1234567 } };
	size_t i;

	for (i = 0; i < 40; i++)
		items[i] = (struct spy_value){ .type = &fake_int, .integer = (int64_t)i };
	list.cut = true;
	expect_value(&list, 40, "[… 1,234,567 more of 1,234,567]");
	list.list.kept = 2;
	expect_value(&list, 40, "[0, 1, … 1,234,565 more of 1,234,567]");
	list.cut = false;
	list.list.kept = list.list.length = 40;
	expect_value(&list, 40,
		     "[\n"
		     "    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,\n"
		     "    11, 12, 13, 14, 15, 16, 17, 18, 19,\n"
		     "    20, 21, 22, 23, 24, 25, 26, 27, 28,\n"
		     "    29, 30, 31, 32, 33, 34, 35, 36, 37,\n"
		     "    38, 39,\n"
		     "]");
	for (i = 0; i < 40; i++)
		items[i] = (struct spy_value){ .type = &fake_uint8, .natural = 'a' + i % 26 };
	list.list.kept = 5;
	list.list.length = 5;
	expect_value(&list, 40, "\"abcde\"");
	items[1].natural = 0xe4; /* a character of which the limit left two of three bytes */
	items[2].natural = 0xb8;
	list.list.kept = 3;
	list.cut = true;
	expect_value(&list, 40, "\"a\\xe4\\xb8\"… 2 more of 5");
	list.cut = false;
	expect_value(&list, 40, "0x61e4b8");
	items[1].error = "gone";
	expect_value(&list, 40, "[97, <unreadable: gone>, 184]");
}
END_TEST

/* A chain of pointers, as deep as memory allows. */
static struct spy_value *chain(size_t depth)
{
	static const struct spy_type type = { .name = "*main.p", .kind = SPY_VALUE_POINTER };
	struct spy_value *values = memory_zeroed(depth, sizeof(*values));
	size_t i;

	for (i = 0; i < depth; i++) {
		values[i].type = &type;
		values[i].pointer.to = i + 1;
		values[i].pointer.pointee = i + 1 < depth ? &values[i + 1] : NULL;
	}
	return values;
}

START_TEST(values_may_be_deep)
{
	enum { DEPTH = 1000000, FINE = 300 };
	struct spy_value *values _cleanup_free_ = chain(DEPTH);
	struct spy_value *fine _cleanup_free_ = chain(FINE);
	struct spy_value_reading reading = { .name = "main.p", .value = fine[0] };
	struct value_options options = { 0 };
	struct output output = output_to_memory();
	char *text = shown(values, 0, false);

	ck_assert_ptr_nonnull(strstr(text, "&&&…"));
	free(text);
	text = shown(values, 80, false);
	ck_assert_ptr_nonnull(strstr(text, "&&&…"));
	free(text);
	/* deeper than a generator of yajl's goes */
	render_value_json(&output, &reading, &options);
	ck_assert(parses(output.text.bytes));
	ck_assert_ptr_nonnull(strstr(output.text.bytes, "\"0x12c\",\"pointee\":null"));
	output.text.length = 0;
	reading.value = values[0];
	render_value_json(&output, &reading, &options);
	ck_assert(parses(output.text.bytes));
	ck_assert_ptr_nonnull(strstr(output.text.bytes, "too deep to be shown"));
	text_free(&output.text);
}
END_TEST

START_TEST(values_as_the_contract_has_them)
{
	char *json _cleanup_free_ = rendered(value_json, FAKE_USUAL);
	static const char *const parts[] = {
		"{\"name\":\"main.cfg\",\"type\":\"main.config\",\"kind\":\"struct\","
		"\"address\":\"0x5a0000\",\"size\":400,\"value\":{\"Debug\":true,\"Port\":8080,",
		"\"Mask\":18446744073709551615,\"Ratio\":0.1,\"Single\":0.1,\"Not\":\"NaN\",",
		"\"Phase\":{\"real\":1.5,\"imag\":-2.0},\"Name\":\"größer\\n\",",
		"\"Long\":{\"value\":\"abc\",\"len\":1003,\"truncated\":true},",
		"\"Broken\":{\"value\":\"a\xef\xbf\xbd\",\"len\":2,\"raw_base64\":\"Yf8=\"},",
		"\"Timeout\":1500000000,\"Started\":{\"wall\":7,\"ext\":8},\"Body\":[104,105,10],",
		"\"Digest\":{\"value\":[0,255,10],\"len\":32,\"cap\":0,\"truncated\":true},",
		"\"Some\":{\"value\":[1,-2,-9223372036854775808],\"len\":1000,\"cap\":1024,"
		"\"truncated\":true},\"None\":null,\"Pair\":[3,4],",
		"\"Counts\":{\"len\":2,\"entries\":[{\"key\":\"a\",\"value\":1},"
		"{\"key\":\"b\",\"value\":2}]},",
		"\"Node\":{\"address\":\"0xc000010000\",\"pointee\":{\"id\":5,\"next\":"
		"{\"address\":\"0xc000010000\",\"cycle\":true,\"pointee\":null}}},",
		"\"Deep\":{\"address\":\"0xc000020000\",\"truncated\":true,\"pointee\":null},",
		"\"AnyTime\":{\"dynamic_type\":\"time.Duration\",\"value\":1500000000},",
		"\"Nothing\":null,\"Handler\":{\"function\":\"main.serve.func1\","
		"\"file\":\"/src/"
		"main.go\",\"line\":12,\"pc\":\"0x48f000\",\"captured\":{\"x\":1}},",
		"\"Nameless\":{\"function\":null,\"file\":null,\"line\":null,\"pc\":\"0x48f000\"},",
		"\"Queue\":{\"len\":2,\"cap\":8,\"closed\":true,\"buffered\":[1,-2],"
		"\"receivers\":0,\"senders\":1},\"Raw\":\"0xc000030000\",\"Gone\":null}",
		"\"meanings\":{\".Timeout\":\"1.5s\",\".Started\":\"2026-11-21T18:46:26Z\","
		"\".AnyTime.(time.Duration)\":\"1.5s\"}",
		"\"warnings\":[\"main.cfg.Gone: cannot read 8 bytes at 0xdead\"]}",
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		ck_assert_msg(strstr(json, parts[i]) != NULL, "%s is not in %s", parts[i], json);
	ck_assert_ptr_null(strstr(json, "\"_\""));
}
END_TEST

START_TEST(bytes_are_dumped)
{
	struct output output = output_to_memory();
	struct value_options options = { .asked = "main.cfg", .raw = true };

	render_value_text(&output, fake_reading(FAKE_USUAL), &options);
	ck_assert_str_eq(
	    output.text.bytes,
	    "0000005a0000  01 02 61 1b 7f 06 07 08  09 0a 0b 0c 0d 0e 0f 10  |..a.............|\n"
	    "0000005a0010  11                                                |.|\n"
	    "… 383 more of 400\n");
	text_free(&output.text);
}
END_TEST

static size_t variables_chosen(struct variable_filter filter)
{
	size_t count, left_out;

	free(variables_select(fake_variables(FAKE_USUAL), &filter, &count, &left_out));
	return count * 10 + left_out;
}

START_TEST(variables_are_chosen)
{
	char *patterns[] = { "cfg", "*pool" };

	ck_assert_uint_eq(variables_chosen((struct variable_filter){ 0 }), 40);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .limit = 3 }), 31);
	ck_assert_uint_eq(
	    variables_chosen((struct variable_filter){ .patterns = patterns, .pattern_count = 1 }),
	    10);
	ck_assert_uint_eq(
	    variables_chosen((struct variable_filter){ .patterns = patterns, .pattern_count = 2 }),
	    20);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .package = "main" }), 20);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .package = "db" }), 10);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .package = "b" }), 0);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .package = "*/db" }), 10);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .type = "int32" }), 10);
	ck_assert_uint_eq(variables_chosen((struct variable_filter){ .type = "*Pool" }), 10);
}
END_TEST

START_TEST(variables_have_their_sizes)
{
	char *text _cleanup_free_ = rendered(variables_text, FAKE_USUAL);

	ck_assert_str_eq(text, "SIZE   ADDRESS  NAME                     TYPE\n"
			       " 400  0x5a0000  main.cfg                 main.config\n"
			       "   8  0x5a0100  example.com/app/db.pool  *example.com/app/db.Pool\n"
			       "   4  0x5a0300  runtime.numCPUStartup    int32\n"
			       "   -  0x5a0200  main.odd                 -\n");
}
END_TEST

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
	json_string(&json, "obeyed", "\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81");
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
	    "\"obeyed\":\"\\u007f\\u009b\\u202e\\udb40\\udc41\","
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
		variables_of_a_frame,
		groups_are_the_same_stacks,
		a_value_fits_its_lines,
		a_value_has_its_name_where_it_is_another,
		floats_are_shortest,
		lists_are_marked_where_they_are_cut,
		values_may_be_deep,
		values_as_the_contract_has_them,
		bytes_are_dumped,
		variables_are_chosen,
		variables_have_their_sizes,
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
