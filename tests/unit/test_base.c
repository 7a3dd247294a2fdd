/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/map.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/vector.h"
#include "unit/unit.h"

static void expect_escaped(const char *bytes, size_t size, const char *expected)
{
	struct text text = { 0 };
	char *escaped;

	text_add_escaped(&text, bytes, size);
	escaped = text_take(&text);
	ck_assert_str_eq(escaped, expected);
	free(escaped);
}

START_TEST(escapes_what_a_terminal_obeys)
{
	expect_escaped("plain, größer, 世界", strlen("plain, größer, 世界"), "plain, größer, 世界");
	expect_escaped("\x1b[31mred\a", 9, "\\x1b[31mred\\x07");
	expect_escaped("a\nb\tc\r", 6, "a\\nb\\tc\\r");
	expect_escaped("back\\slash", 10, "back\\\\slash");
	expect_escaped("nul\0in", 6, "nul\\x00in");
	/* C1 control (U+009B is CSI), right-to-left override, zero-width space, byte order mark */
	expect_escaped("\xc2\x9b", 2, "\\xc2\\x9b");
	expect_escaped("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	expect_escaped("\xe2\x80\x8b", 3, "\\xe2\\x80\\x8b");
	expect_escaped("\xef\xbb\xbf", 3, "\\xef\\xbb\\xbf");
	/* truncated, overlong, surrogate, beyond Unicode */
	expect_escaped("\xe4\xb8", 2, "\\xe4\\xb8");
	expect_escaped("\xc0\xaf", 2, "\\xc0\\xaf");
	expect_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
	expect_escaped("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
}
END_TEST

static void expect_quoted(const char *bytes, size_t size, const char *expected)
{
	struct text text = { 0 };
	char *quoted;

	text_add_quoted(&text, bytes, size);
	quoted = text_take(&text);
	ck_assert_str_eq(quoted, expected);
	free(quoted);
}

START_TEST(quotes_as_go_does)
{
	expect_quoted("", 0, "\"\"");
	expect_quoted("größer, 世界 😀", strlen("größer, 世界 😀"), "\"größer, 世界 😀\"");
	expect_quoted("\a\b\f\n\r\t\v\\\"'", 10, "\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"'\"");
	expect_quoted("\x1b[31m\x7f\0", 7, "\"\\x1b[31m\\x7f\\x00\"");
	expect_quoted("\xc2\x9b\xe2\x80\xae\xef\xbb\xbf", 8, "\"\\u009b\\u202e\\ufeff\"");
	expect_quoted("\xf3\xa0\x80\x81", 4, "\"\\U000e0001\"");
	expect_quoted("a\xff\xed\xa0\x80z", 6, "\"a\\xff\\xed\\xa0\\x80z\"");
}
END_TEST

START_TEST(runes_become_utf8)
{
	static const unsigned points[] = {
		'a', 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff
	};
	struct text text = { 0 };
	size_t i, length;
	unsigned point;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		text.length = 0;
		text_add_rune(&text, points[i]);
		length = text_utf8(text.bytes, text.length, &point);
		ck_assert_uint_eq(length, text.length);
		ck_assert_uint_eq(point, points[i]);
	}
	text.length = 0;
	text_add_rune(&text, 0xd800);
	text_add_rune(&text, 0x110000);
	ck_assert_str_eq(text.bytes, "\xef\xbf\xbd\xef\xbf\xbd");
	text_free(&text);
}
END_TEST

START_TEST(near_words_are_found)
{
	struct nearest nearest = { .word = "main.confg", .allowed = 2 };
	struct nearest pool = { .word = "db.pol" };
	struct text text = { 0 };

	nearest_offer(&nearest, "main.other");
	nearest_offer(&nearest, "main.conf");
	nearest_offer(&nearest, "main.confi");
	nearest_offer(&nearest, "main.config");
	nearest_offer(&nearest, "main.confgs");
	nearest_offer(&nearest, "main.cfg");
	nearest_print(&nearest, &text);
	ck_assert_str_eq(text.bytes, "main.conf, main.confi, main.config, main.confgs");
	text.length = 0;
	nearest_offer_as(&pool, "example.com/app/db.pool", "db.pool");
	nearest_offer_as(&pool, "example.com/app/db.other", "db.other");
	nearest_print(&pool, &text);
	ck_assert_str_eq(text.bytes, "example.com/app/db.pool");
	text_free(&text);
}
END_TEST

START_TEST(escapes_nothing_as_nothing)
{
	expect_escaped("", 0, "");
}
END_TEST

START_TEST(cursor_stays_in_its_bytes)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct cursor cursor = cursor_of(bytes, sizeof(bytes));

	ck_assert_uint_eq(cursor_u8(&cursor), 1);
	ck_assert_uint_eq(cursor_u16(&cursor), 0x0302);
	ck_assert_uint_eq(cursor_u32(&cursor), 0x07060504);
	ck_assert(!cursor.failed);
	ck_assert_uint_eq(cursor_u8(&cursor), 0);
	ck_assert(cursor.failed);
	/* It stays failed, also where there would be bytes. */
	cursor_seek(&cursor, 0);
	ck_assert_uint_eq(cursor_u8(&cursor), 0);
}
END_TEST

START_TEST(cursor_takes_no_size_that_wraps)
{
	static const uint8_t bytes[4] = { 0 };
	struct cursor cursor = cursor_of(bytes, sizeof(bytes));

	ck_assert_uint_eq(cursor_u8(&cursor), 0);
	ck_assert_ptr_null(cursor_take(&cursor, SIZE_MAX));
	ck_assert(cursor.failed);
}
END_TEST

START_TEST(cursor_reads_varints)
{
	static const uint8_t good[] = { 0xac, 0x02 };
	uint8_t endless[16];
	struct cursor cursor = cursor_of(good, sizeof(good));

	ck_assert_uint_eq(cursor_uvarint(&cursor), 300);
	memset(endless, 0x80, sizeof(endless));
	cursor = cursor_of(endless, sizeof(endless));
	ck_assert_uint_eq(cursor_uvarint(&cursor), 0);
	ck_assert(cursor.failed);
}
END_TEST

START_TEST(cursor_wants_the_end_of_a_string)
{
	size_t length = 0;
	struct cursor cursor = cursor_of("ab\0cd", 5);

	ck_assert_str_eq(cursor_string(&cursor, &length), "ab");
	ck_assert_uint_eq(length, 2);
	ck_assert_ptr_null(cursor_string(&cursor, &length));
	ck_assert(cursor.failed);
}
END_TEST

START_TEST(map_keeps_what_it_is_given)
{
	struct map map = { 0 };
	bool found;
	uint64_t i;

	map_get(&map, 0, &found);
	ck_assert(!found);
	for (i = 0; i < 10000; i++)
		map_put(&map, i * 4096, i);
	map_put(&map, 0, 77);
	ck_assert_uint_eq(map.count, 10000);
	for (i = 1; i < 10000; i++) {
		ck_assert_uint_eq(map_get(&map, i * 4096, &found), i);
		ck_assert(found);
	}
	ck_assert_uint_eq(map_get(&map, 0, &found), 77);
	map_get(&map, 1, &found);
	ck_assert(!found);
	map_free(&map);
}
END_TEST

START_TEST(vector_gives_zeroed_items)
{
	VECTOR(uint64_t) numbers = { 0 };
	uint64_t i;

	for (i = 0; i < 1000; i++) {
		uint64_t *item = vector_push(&numbers);

		ck_assert_uint_eq(*item, 0);
		*item = i;
	}
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(numbers.items[i], i);
	vector_free(&numbers);
	ck_assert_uint_eq(numbers.count, 0);
}
END_TEST

START_TEST(arena_hands_out_zeroed_memory)
{
	struct arena arena = { 0 };
	size_t sizes[] = { 1, 7, 4096, 65536, 1 << 20, 3 }, i, k;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *bytes = arena_alloc(&arena, sizes[i], 1);

		ck_assert_uint_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
		for (k = 0; k < sizes[i]; k++)
			ck_assert_int_eq(bytes[k], 0);
		memset(bytes, 0xff, sizes[i]);
	}
	ck_assert_str_eq(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	ck_assert_str_eq(arena_bytes(&arena, "abcdef", 3), "abc");
	arena_free(&arena);
}
END_TEST

START_TEST(error_escapes_and_prefixes)
{
	struct spy_error *error = spy_error_new(SPY_ERROR_DATA, "bad name %s", "\x1b[2J");

	error = spy_error_in(error, "/bin/%s", "x");
	error = spy_error_with_hint(error, "try %d", 1);
	ck_assert_str_eq(error->message, "/bin/x: bad name \\x1b[2J");
	ck_assert_str_eq(error->hint, "try 1");
	ck_assert(spy_error_caught(error));
	ck_assert(!spy_error_caught(NULL));
	error = spy_error_fault(0x1000, 16);
	ck_assert(error->has_address);
	ck_assert_uint_eq(error->address, 0x1000);
	spy_error_free(error);
}
END_TEST

Suite *base_suite(void)
{
	Suite *suite = suite_create("base");
	TCase *cases = tcase_create("base");

	tcase_add_test(cases, escapes_what_a_terminal_obeys);
	tcase_add_test(cases, escapes_nothing_as_nothing);
	tcase_add_test(cases, quotes_as_go_does);
	tcase_add_test(cases, near_words_are_found);
	tcase_add_test(cases, runes_become_utf8);
	tcase_add_test(cases, cursor_stays_in_its_bytes);
	tcase_add_test(cases, cursor_takes_no_size_that_wraps);
	tcase_add_test(cases, cursor_reads_varints);
	tcase_add_test(cases, cursor_wants_the_end_of_a_string);
	tcase_add_test(cases, map_keeps_what_it_is_given);
	tcase_add_test(cases, vector_gives_zeroed_items);
	tcase_add_test(cases, arena_hands_out_zeroed_memory);
	tcase_add_test(cases, error_escapes_and_prefixes);
	suite_add_tcase(suite, cases);
	return suite;
}
