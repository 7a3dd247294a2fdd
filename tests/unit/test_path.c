/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"
#include "values/path.h"

/* What a path says, put together again; or what is wrong with it. */
static char *read_back(const char *text)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct path path;
	struct text printed = { 0 };
	struct spy_error *error = path_parse(text, &arena, &path);

	if (error) {
		ck_assert_int_eq(error->code, SPY_ERROR_USAGE);
		ck_assert(error->hint || strlen(text) > PATH_BYTES_MAX);
		text_add(&printed, error->message);
		spy_error_free(error);
	} else {
		path_print(&printed, path.word, path.steps, path.step_count);
	}
	return text_take(&printed);
}

static void expect(const char *text, const char *wanted)
{
	char *got _cleanup_free_ = read_back(text);

	ck_assert_str_eq(got, wanted);
}

static void expect_wrong(const char *text, const char *what)
{
	char *got _cleanup_free_ = read_back(text);

	ck_assert_msg(strstr(got, what) != NULL, "\"%s\" gives: %s", text, got);
	ck_assert_msg(strstr(got, "cannot be read") != NULL, "\"%s\" gives: %s", text, got);
}

START_TEST(paths_are_read_as_go_writes_them)
{
	static const char *const same[] = {
		"main.counter",
		"main.cfg.Server.Port",
		"main.users[\"bob\"].Tags[2]",
		"main.table[3:7]",
		"main.table[:7]",
		"main.table[3:]",
		"main.table[:]",
		"*main.ptr",
		"**main.ptr",
		"(*main.ptr).x",
		"(**main.ptr)[1].x",
		"*main.ptrs[1].p",
		"main.iface.(*example.com/app.v2.T).field",
		"main.iface.(func(int) (string, error))",
		"main.iface.(struct { X int \"json:\\\"x)\\\"\" })",
		"main.cache.(*main.pair[string,main.list[int]]).left",
		"len(main.queue)",
		"cap(main.table[3:7])",
		"len((*main.ptr).items)",
		"len(*main.ptr)",
		"github.com/some-one/dash-ed.v3/db.pool.conns[0]",
		"main.größe.ähnlich",
		"main.lencap.len",
		"main.m[-5]",
		"main.m[18446744073709551615]",
		"main.m[true]",
		"main.m[false].x",
		"main.m[2.5]",
		"main.m[\"\\x00\\n\\\"\\\\\\u202e\"]",
	};
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		expect(same[i], same[i]);
}
END_TEST

START_TEST(paths_may_be_written_otherwise)
{
	expect(" * ( main.ptr ) . x ", "*main.ptr.x");
	expect("((main.cfg)).Port", "main.cfg.Port");
	expect("( * main.ptr ) . x", "(*main.ptr).x");
	expect("gopkg.in/yaml%2ev3.Table[0x1F]", "gopkg.in/yaml.v3.Table[31]");
	expect("main.iface.( *gopkg.in/yaml%2ev3.Node )", "main.iface.(*gopkg.in/yaml.v3.Node)");
	expect("main.odd%zz%2", "main.odd%zz%2");
	expect("main.m[0b101][0o17][017][1_000][+3]", "main.m[5][15][15][1000][3]");
	expect("main.m['a']['\\n']['\\u00e4']['ä']['\\x7f']['\\377']",
	       "main.m[97][10][228][228][127][255]");
	expect("main.m[\"\\u00e4\\U0001f600\\101\\x41\"]", "main.m[\"ä😀AA\"]");
	expect("main.m[`a\"b\\n`]", "main.m[\"a\\\"b\\\\n\"]");
	expect("main.m[1e3][.5][0x1p-2][-1.5]", "main.m[1000][0.5][0.25][-1.5]");
	expect("len(main.x).y", "len(main.x).y"); /* no value has it, which is not for us to say */
}
END_TEST

START_TEST(keys_keep_their_bytes)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct path path;

	ck_assert_ptr_null(path_parse("main.m[\"a\\x00\\xff\"]", &arena, &path));
	ck_assert_uint_eq(path.step_count, 1);
	ck_assert_int_eq(path.steps[0].key.kind, VALUE_KEY_STRING);
	ck_assert_uint_eq(path.steps[0].key.length, 3);
	ck_assert_mem_eq(path.steps[0].key.bytes, "a\0\xff", 4);
	ck_assert_ptr_null(path_parse("main.m[-0x8000000000000000]", &arena, &path));
	ck_assert(path.steps[0].key.negative);
	ck_assert_uint_eq(path.steps[0].key.natural, 1ull << 63);
	ck_assert_ptr_null(path_parse("main.m[-2.5e-3]", &arena, &path));
	ck_assert_int_eq(path.steps[0].key.kind, VALUE_KEY_REAL);
	ck_assert_double_eq(path.steps[0].key.real, -2.5e-3);
}
END_TEST

START_TEST(what_is_no_path_is_told)
{
	expect_wrong("", "a name is missing at its end");
	expect_wrong("main.", "a name is missing");
	expect_wrong("*", "a name is missing");
	expect_wrong("[1]", "a name is missing");
	expect_wrong("main.x[", "an index is missing");
	expect_wrong("main.x[]", "an index is missing");
	expect_wrong("main.x[1", "a ] is missing");
	expect_wrong("main.x[1:2", "a ] is missing");
	expect_wrong("main.x[1:2:3]", "a ] is missing");
	expect_wrong("main.x[bob]", "a string in quotes");
	expect_wrong("main.x[\"bob]", "a \" is missing");
	expect_wrong("main.x[`bob]", "a ` is missing");
	expect_wrong("main.x['ab']", "a ' is missing");
	expect_wrong("main.x['']", "a character is missing");
	expect_wrong("main.x[\"\\q\"]", "no such escape");
	expect_wrong("main.x[\"\\400\"]", "no such escape");
	expect_wrong("main.x[\"\\ud800\"]", "no such escape");
	expect_wrong("main.x[\"\\U00110000\"]", "no such escape");
	expect_wrong("main.x[12z]", "no such number");
	expect_wrong("main.x[0x]", "no such number");
	expect_wrong("main.x[0x-5]", "no such number");
	expect_wrong("main.x[0x0x5]", "no such number");
	expect_wrong("main.x[+inf]", "no such number");
	expect_wrong("main.x[09]", "no such number");
	expect_wrong("main.x[-]", "a number is missing");
	expect_wrong("main.x[18446744073709551616]", "no such number");
	expect_wrong("main.x[\"a\":2]", "whole numbers");
	expect_wrong("main.x[-1:2]", "whole numbers");
	expect_wrong("main.x.[1]", "a name is missing");
	expect_wrong("main.x[0].1", "a name is missing");
	expect_wrong("main.x.(", "a ) is missing");
	expect_wrong("main.x.()", "a type is missing");
	expect_wrong("main.x.(struct { X int \"a", "a ) is missing");
	expect_wrong("(main.x", "a ) is missing");
	expect_wrong("main.x)", "nothing more is understood");
	expect_wrong("main.x main.y", "nothing more is understood");
	expect_wrong("len(main.x", "a ) is missing");
	expect_wrong("len()", "a name is missing");
	expect_wrong("main.f(1)", "nothing more is understood");
}
END_TEST

START_TEST(long_paths_are_refused)
{
	char *text _cleanup_free_ = memory_zeroed(PATH_BYTES_MAX + 2, 1);
	char *got;
	size_t i;

	memset(text, 'a', PATH_BYTES_MAX + 1);
	got = read_back(text);
	ck_assert_ptr_nonnull(strstr(got, "longer than"));
	free(got);
	memset(text, '*', PATH_BYTES_MAX);
	text[PATH_BYTES_MAX - 1] = 'x';
	text[PATH_BYTES_MAX] = '\0';
	expect_wrong(text, "too many steps");
	memset(text, '(', PATH_BYTES_MAX);
	expect_wrong(text, "too many parentheses");
	for (i = 0; i < PATH_BYTES_MAX - 3; i += 3)
		memcpy(text + i, i ? "[0]" : "xyz", 4);
	expect_wrong(text, "too many steps");
}
END_TEST

Suite *path_suite(void)
{
	Suite *suite = suite_create("path");
	TCase *tcase = tcase_create("path");

	tcase_add_test(tcase, paths_are_read_as_go_writes_them);
	tcase_add_test(tcase, paths_may_be_written_otherwise);
	tcase_add_test(tcase, keys_keep_their_bytes);
	tcase_add_test(tcase, what_is_no_path_is_told);
	tcase_add_test(tcase, long_paths_are_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
