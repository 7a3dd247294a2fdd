/* SPDX-License-Identifier: MIT
 *
 * What of the terminal needs no terminal: fitting text, editing a line, threads beside the screen.
 */
#include <locale.h>
#include <pthread.h>
#include <string.h>

#include "tui/fit.h"
#include "tui/prompt.h"
#include "tui/worker.h"
#include "unit/unit.h"

#include "base/memory.h"

static void check_fit(const char *bytes, size_t size, size_t width, enum fit fit, bool unicode,
		      const char *wanted, size_t columns)
{
	struct text text = { 0 };

	ck_assert_uint_eq(fit_add(&text, bytes, size, width, fit, unicode), columns);
	ck_assert_str_eq(text.bytes ? text.bytes : "", wanted);
	text_free(&text);
}
#define FITS(string, width, fit, unicode, wanted, columns)                                         \
	check_fit(string, sizeof(string) - 1, width, fit, unicode, wanted, columns)

START_TEST(plain_text_is_cut_where_it_is_asked_for)
{
	FITS("main.run", 8, FIT_CUT, true, "main.run", 8);
	FITS("", 8, FIT_CUT, true, "", 0);
	FITS("main.runner", 8, FIT_CUT, false, "main.r..", 8);
	FITS("/src/a/server.go:12", 10, FIT_CUT_START, false, "..er.go:12", 10);
	FITS("github.com/a/b/server.go", 11, FIT_MIDDLE, false, "git..ver.go", 11);
	FITS("main.runner", 2, FIT_CUT, false, "ma", 2);
	FITS("main.runner", 0, FIT_CUT, false, "", 0);
}
END_TEST

START_TEST(hostile_text_stays_in_its_columns)
{
	static const char nul[] = "a\0b";

	setlocale(LC_CTYPE, "C.UTF-8");
	FITS("a\033[2Jb", 20, FIT_CUT, true, "a\\x1b[2Jb", 9);
	FITS("a\033[2Jb", 4, FIT_CUT, true, "a\xe2\x80\xa6", 2); /* no half of an escape */
	FITS("\xff\xfe", 20, FIT_CUT, true, "\\xff\\xfe", 8);
	FITS("a\xe2\x80\xae"
	     "b", /* U+202E, from right to left */
	     20, FIT_CUT, true, "a\\xe2\\x80\\xaeb", 14);
	FITS("\xe6\x97\xa5\xe6\x9c\xac", 3, FIT_CUT, true, "\xe6\x97\xa5\xe2\x80\xa6", 3);
	FITS("\xe6\x97\xa5\xe6\x9c\xac", 4, FIT_CUT, true, "\xe6\x97\xa5\xe6\x9c\xac", 4);
	FITS("\xe6\x97\xa5\xe6\x9c\xac", 30, FIT_CUT, false, "\\xe6\\x97\\xa5\\xe6\\x9c\\xac", 24);
	/* marks belong to their character; one without any, and a tower of them, are shown */
	FITS("e\xcc\x81x", 2, FIT_CUT, true, "e\xcc\x81x", 2);
	FITS("\xcc\x81x", 20, FIT_CUT, true, "\\xcc\\x81x", 9);
	FITS("e\xcc\x81\xcc\x81\xcc\x81", 20, FIT_CUT, true, "e\xcc\x81\xcc\x81\\xcc\\x81", 9);
	check_fit(nul, 3, 20, FIT_CUT, true, "a\\x00b", 6);
	FITS("a\\nb", 20, FIT_CUT, true, "a\\\\nb", 5);
	FITS("a\\nb\n", 20, FIT_ESCAPED, true, "a\\nb\\n", 6);
	ck_assert_uint_eq(fit_width("\xe6\x97\xa5\033", 4, true), 6);
}
END_TEST

START_TEST(a_megabyte_is_cut_without_looking_at_it_all)
{
	size_t size = 64 << 20;
	char *bytes _cleanup_free_ = memory_new(size, 1);
	struct text text = { 0 };
	int i;

	memset(bytes, '\033', size);
	bytes[size - 1] = 'z';
	for (i = 0; i < 100; i++) {
		text.length = 0;
		ck_assert_uint_le(fit_add(&text, bytes, size, 40, FIT_CUT_START, false), 40);
	}
	ck_assert_uint_eq(text.bytes[text.length - 1], 'z');
	text_free(&text);
}
END_TEST

static void type(struct prompt *prompt, const char *keys)
{
	for (; *keys; keys++)
		prompt_key(prompt, (unsigned char)*keys);
}

START_TEST(a_line_is_edited_as_in_readline)
{
	struct prompt prompt = { 0 };

	prompt_open(&prompt, "Filter: ", "abc");
	type(&prompt, " def");
	ck_assert_str_eq(prompt_line(&prompt), "abc def");
	prompt_key(&prompt, CONTROL('w'));
	ck_assert_str_eq(prompt_line(&prompt), "abc ");
	prompt_key(&prompt, CONTROL('a'));
	prompt_key(&prompt, 0xe9);
	prompt_key(&prompt, 0x65e5);
	prompt_key(&prompt, 0x1f600);
	ck_assert_str_eq(prompt_line(&prompt), "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"
					       "abc ");
	prompt_key(&prompt, SCREEN_KEY_BACKSPACE);
	prompt_key(&prompt, SCREEN_KEY_LEFT);
	prompt_key(&prompt, SCREEN_KEY_DELETE);
	ck_assert_str_eq(prompt_line(&prompt), "\xc3\xa9"
					       "abc ");
	prompt_key(&prompt, SCREEN_KEY_RIGHT);
	prompt_key(&prompt, CONTROL('k'));
	ck_assert_str_eq(prompt_line(&prompt), "\xc3\xa9"
					       "a");
	prompt_key(&prompt, CONTROL('u'));
	ck_assert_str_eq(prompt_line(&prompt), "");
	prompt_key(&prompt, SCREEN_KEY_BACKSPACE);
	prompt_key(&prompt, SCREEN_KEY_DELETE);
	prompt_key(&prompt, SCREEN_KEY_LEFT);
	ck_assert_int_eq(prompt_key(&prompt, SCREEN_KEY_UP), PROMPT_IGNORED);
	ck_assert_int_eq(prompt_key(&prompt, '\n'), PROMPT_DONE);
	ck_assert(!prompt.open);
	prompt_free(&prompt);
}
END_TEST

struct turns {
	int turns;
	bool working;
};

static void take_turns(struct worker *worker, void *argument)
{
	struct turns *turns = argument;

	while (worker_rest(worker, INT64_MAX)) {
		worker_lock(worker);
		turns->turns++;
		worker_unlock(worker);
	}
}

static int turns_of(struct worker *worker, const struct turns *turns)
{
	int count;

	worker_lock(worker);
	count = turns->turns;
	worker_unlock(worker);
	return count;
}

/* A worker that is held rests whatever it is asked, and goes on afterwards. */
START_TEST(workers_rest_while_they_are_held)
{
	struct turns turns = { 0 };
	struct worker *worker = worker_start(take_turns, &turns);
	int i;

	ck_assert_ptr_nonnull(worker);
	workers_hold();
	for (i = 0; i < 100; i++)
		worker_ask(worker);
	ck_assert_int_eq(turns_of(worker, &turns), 0);
	workers_release();
	while (!turns_of(worker, &turns))
		;
	worker_stop(worker);
	ck_assert_int_eq(turns.turns, 1);
	worker_stop(NULL);
}
END_TEST

Suite *tui_suite(void)
{
	Suite *suite = suite_create("tui");
	TCase *tests = tcase_create("tui");

	tcase_add_test(tests, plain_text_is_cut_where_it_is_asked_for);
	tcase_add_test(tests, hostile_text_stays_in_its_columns);
	tcase_add_test(tests, a_megabyte_is_cut_without_looking_at_it_all);
	tcase_add_test(tests, a_line_is_edited_as_in_readline);
	tcase_add_test(tests, workers_rest_while_they_are_held);
	suite_add_tcase(suite, tests);
	return suite;
}
