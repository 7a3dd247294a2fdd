/* SPDX-License-Identifier: MIT
 *
 * What `spy watch` is made of: curves in a grid, scales, histories, the places of panes,
 * recordings.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/error.h"
#include "base/memory.h"
#include "tui/layout.h"
#include "tui/recording.h"
#include "unit/unit.h"

#define SECOND 1000000000ll

/* ---- plots -------------------------------------------------------------------------------- */

static struct plot_bin point(float value)
{
	return (struct plot_bin){ value, value, value, value };
}

static void encode(struct text *text, uint32_t point)
{
	char bytes[4] = { (char)(0xe0 | point >> 12), (char)(0x80 | (point >> 6 & 0x3f)),
			  (char)(0x80 | (point & 0x3f)) };

	if (point < 0x80)
		text_printf(text, "%c", (char)point);
	else
		text_add(text, bytes);
}

static void shows(const struct plot *plot, const char *wanted)
{
	struct text text = { 0 };
	int i;

	for (i = 0; i < plot->columns * plot->rows; i++) {
		encode(&text, plot->cells[i].point);
		if ((i + 1) % plot->columns == 0)
			text_add(&text, "\n");
	}
	ck_assert_str_eq(text.bytes, wanted);
	text_free(&text);
}

/* A curve through these values, one for each column of dots, from 0 to 8. */
static void draw(struct plot *plot, enum glyphs glyphs, int rows, enum plot_form form,
		 const float *values, size_t count)
{
	struct plot_bin *bins _cleanup_free_ = memory_new(count, sizeof(*bins));
	struct plot_curve curve = { .bins = bins, .form = form, .style = 3, .letter = 'x' };
	size_t wide = plot_dots(glyphs, 1), i;

	for (i = 0; i < count; i++)
		bins[i] = point(values[i]);
	plot_begin(plot, glyphs, (int)(count / wide), rows);
	plot->top = glyphs == GLYPHS_BRAILLE && rows == 2 ? 7 : 8;
	plot->gap = 2;
	plot_curve(plot, &curve);
}

START_TEST(curves_in_braille)
{
	static const float rise[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static const float step[] = { 0, 0, 8, 8 };
	static const float edges[] = { -5, 100 };
	struct plot plot = { 0 };

	draw(&plot, GLYPHS_BRAILLE, 2, PLOT_LINE, rise, 8);
	shows(&plot, "  \u2860\u280a\n\u2860\u280a  \n");
	draw(&plot, GLYPHS_BRAILLE, 2, PLOT_AREA, rise, 8);
	shows(&plot, "  \u28e0\u28fe\n\u28e0\u28fe\u28ff\u28ff\n");
	draw(&plot, GLYPHS_BRAILLE, 1, PLOT_LINE, step, 4);
	shows(&plot, "\u28e0\u280b\n");
	/* What is off the scale stands at its edge. */
	draw(&plot, GLYPHS_BRAILLE, 1, PLOT_IMPULSES, edges, 2);
	shows(&plot, "\u28f8\n");
	ck_assert_uint_eq(plot.cells[0].style, 3);
	plot_free(&plot);
}
END_TEST

START_TEST(curves_in_blocks_and_ascii)
{
	static const float rise[] = { 0, 2, 4, 8 };
	struct plot plot = { 0 };

	draw(&plot, GLYPHS_BLOCKS, 2, PLOT_AREA, rise, 4);
	shows(&plot, "  \u2584\u2588\n\u2584\u2588\u2588\u2588\n");
	draw(&plot, GLYPHS_ASCII, 2, PLOT_LINE, rise, 4);
	shows(&plot, "  .'\n.'  \n");
	plot_free(&plot);
}
END_TEST

START_TEST(gaps_stay_open)
{
	static const float values[] = { 4, NAN, 4, NAN, NAN, NAN, NAN, 4 };
	struct plot plot = { 0 };

	draw(&plot, GLYPHS_ASCII, 1, PLOT_LINE, values, 8);
	shows(&plot, "'''    '\n");
	draw(&plot, GLYPHS_ASCII, 1, PLOT_IMPULSES, values, 8);
	shows(&plot, ": :    :\n");
	plot_free(&plot);
}
END_TEST

START_TEST(letters_tell_curves_apart)
{
	float values[48];
	struct plot_curve curve = { .form = PLOT_LINE, .letter = 'a' };
	struct plot_bin bins[48];
	struct plot plot = { .letters = true };
	size_t i, found = 0;

	for (i = 0; i < 48; i++) {
		values[i] = 1;
		bins[i] = point(values[i]);
	}
	curve.bins = bins;
	plot_begin(&plot, GLYPHS_ASCII, 48, 1);
	plot.top = 8;
	plot_curve(&plot, &curve);
	for (i = 0; i < 48; i++)
		found += plot.cells[i].point == 'a';
	ck_assert_uint_eq(found, 4);
	plot_free(&plot);
}
END_TEST

START_TEST(logarithmic_scales)
{
	struct plot plot = { 0 };

	plot_begin(&plot, GLYPHS_BRAILLE, 1, 4);
	plot.logarithmic = true;
	plot_decades(130, 5e6, &plot.bottom, &plot.top);
	ck_assert_double_eq_tol(plot.bottom, 100, 1e-6);
	ck_assert_double_eq_tol(plot.top, 1e7, 1e-3);
	ck_assert_int_eq(plot_row(&plot, 100), 3);
	ck_assert_int_eq(plot_row(&plot, 1e7), 0);
	ck_assert_int_eq(plot_row(&plot, 0), 4);
	ck_assert_int_eq(plot_row(&plot, 1e9), -1);
	plot_decades(7, 7, &plot.bottom, &plot.top);
	ck_assert_double_eq_tol(plot.top / plot.bottom, 100, 1e-9);
	plot_free(&plot);
}
END_TEST

static void check_scale(double high, enum plot_unit unit, int lines, double top, double step)
{
	struct plot_scale scale = plot_scale_for(high, unit, lines);

	ck_assert_msg(fabs(scale.top - top) < top * 1e-9 && fabs(scale.step - step) < step * 1e-9,
		      "of %g in %d lines: %g by %g", high, lines, scale.top, scale.step);
}

START_TEST(scales_are_round)
{
	double high;
	int lines;

	check_scale(83, PLOT_PERCENT, 2, 100, 50);
	check_scale(100, PLOT_PERCENT, 5, 100, 20);
	check_scale(1400, PLOT_PERCENT, 4, 1500, 500);
	check_scale(0, PLOT_PERCENT, 4, 1, 0.5);
	check_scale(3, PLOT_COUNT, 6, 3, 1);
	check_scale(100003, PLOT_COUNT, 4, 150000, 50000);
	check_scale(3 << 20, PLOT_BYTES, 4, 3 << 20, 1 << 20);
	check_scale(700, PLOT_BYTES, 1, 1024, 1024);
	check_scale((double)NAN, PLOT_DURATION, 2, 1000, 500);
	for (high = 1; high < 1e15; high *= 1.37)
		for (lines = 1; lines < 8; lines++) {
			struct plot_scale scale = plot_scale_for(high, PLOT_COUNT, lines);

			ck_assert_double_ge(scale.top, high * 0.99999);
			ck_assert_double_le(scale.top / scale.step, lines + 0.001);
		}
}
END_TEST

static void check_words(double value, enum plot_unit unit, const char *label, const char *words,
			const char *least)
{
	char buffer[PLOT_VALUE_MAX], short_buffer[PLOT_LABEL_MAX];

	ck_assert_str_eq(plot_label(value, unit, short_buffer), label);
	ck_assert_str_eq(plot_value(value, unit, buffer), words);
	ck_assert_str_eq(plot_least(value, unit, buffer), least);
}

START_TEST(values_have_their_units)
{
	char buffer[PLOT_VALUE_MAX];

	check_words(0, PLOT_BYTES, "0", "0 B", "0");
	check_words(1536, PLOT_BYTES, "1.5K", "1.5 KiB", "1.5K");
	check_words(1023.0 * 1024 * 1024, PLOT_BYTES, "1023M", "1023.0 MiB", "1023M");
	check_words(512 << 20, PLOT_BYTES_PER_SECOND, "512M", "512.0 MiB/s", "512M");
	check_words(2500000, PLOT_DURATION, "2.5ms", "2.5ms", "2.5ms");
	check_words(12800, PLOT_PERCENT, "12800%", "12800.0%", "12800%");
	check_words(100003, PLOT_COUNT, "100k", "100003", "100k");
	ck_assert_str_eq(plot_value((double)NAN, PLOT_BYTES_PER_SECOND, buffer), "-");
	ck_assert_str_eq(plot_value((double)NAN, PLOT_PERCENT, buffer), "-");
	ck_assert_str_eq(plot_least((double)NAN, PLOT_COUNT, buffer), "-");
	ck_assert_int_eq(plot_time_step(1), 1);
	ck_assert_int_eq(plot_time_step(11), 15);
	ck_assert_int_eq(plot_time_step(99999), 7200);
}
END_TEST

/* ---- histories ---------------------------------------------------------------------------- */

static void add(struct history *history, int64_t at, float value)
{
	struct sample sample = { .at = at };
	size_t i;

	for (i = 0; i < SERIES_COUNT; i++)
		sample.values[i] = value;
	history_add(history, &sample);
}

START_TEST(a_history_tells_what_was)
{
	struct plot_bin bins[10];
	struct history history;
	struct sample sample;
	int64_t i;

	history_begin(&history);
	ck_assert(!history_at(&history, 5, INT64_MAX, &sample));
	ck_assert_int_eq(history_bins(&history, SERIES_RSS, 0, 10, bins, 10), 1);
	ck_assert(isnan(bins[0].low));
	for (i = 1; i <= 100; i++)
		add(&history, i * SECOND, (float)i);
	add(&history, 50 * SECOND, 1e9F); /* not later than the last: not taken */
	history_bins(&history, SERIES_RSS, 90 * SECOND, 100 * SECOND, bins, 10);
	ck_assert_float_eq(bins[0].low, 91);
	ck_assert_float_eq(bins[8].first, 99);
	ck_assert_float_eq(bins[9].last, 100);
	history_bins(&history, SERIES_RSS, 0, 100 * SECOND, bins, 10);
	ck_assert_float_eq(bins[4].low, 41);
	ck_assert_float_eq(bins[4].high, 50);
	ck_assert(history_at(&history, 70 * SECOND + 5, SECOND, &sample));
	ck_assert_int_eq(sample.at, 70 * SECOND);
	ck_assert_float_eq(sample.values[SERIES_CPU], 70);
	ck_assert(!history_at(&history, 200 * SECOND, SECOND, &sample));
	ck_assert_int_eq(history_begins(&history), SECOND);
	history_free(&history);
}
END_TEST

/* A month passes: memory is what it was after three weeks, the last hour is there second by second,
 * and of the last day every peak. */
START_TEST(a_history_is_bounded)
{
	const int64_t full = (int64_t)HISTORY_SLOTS * 512, all = 30 * 24 * 3600, peak = all - 7200;
	struct plot_bin bins[720];
	struct history history;
	size_t bytes = 0, i, peaks = 0;
	int64_t second;

	history_begin(&history);
	for (second = 1; second <= all; second++) {
		add(&history, second * SECOND, second == peak ? 1000 : 1);
		history_add_pause(&history, second * SECOND, 5);
		if (second == full)
			bytes = history_bytes(&history);
	}
	ck_assert_uint_gt(bytes, 0);
	ck_assert_uint_eq(history_bytes(&history), bytes);
	ck_assert_uint_le(bytes, 6 << 20);
	ck_assert_int_eq(
	    history_bins(&history, SERIES_RSS, (all - 3600) * SECOND, all * SECOND, bins, 720), 1);
	for (i = 0; i < 720; i++)
		ck_assert_float_eq(bins[i].high, 1);
	ck_assert_int_gt(
	    history_bins(&history, SERIES_RSS, (all - 86400) * SECOND, all * SECOND, bins, 720), 1);
	for (i = 0; i < 720; i++) {
		ck_assert_float_eq(bins[i].low, 1);
		peaks += bins[i].high == 1000;
	}
	ck_assert_uint_eq(peaks, 1);
	ck_assert_float_eq(bins[660 - 1].high > 1 ? bins[659].high : bins[660].high, 1000);
	history_pause_bins(&history, 0, all * SECOND, bins, 10);
	ck_assert_float_ge(bins[9].high, 5);
	ck_assert_int_lt(history_begins(&history), (all - 14 * 86400) * SECOND);
	history_free(&history);
}
END_TEST

START_TEST(pauses_stand_where_they_were)
{
	struct plot_bin bins[10];
	struct history history;
	int64_t i;

	history_begin(&history);
	ck_assert_int_eq(history_last_pause(&history, INT64_MAX), SPY_UNKNOWN);
	for (i = 1; i <= 10; i++)
		add(&history, i * SECOND, 1);
	history_add_pause(&history, 5 * SECOND / 2, 300);
	history_add_pause(&history, 5 * SECOND / 2 + 1, 700);
	history_add_pause(&history, 9 * SECOND, SPY_UNKNOWN);
	history_pause_bins(&history, 0, 10 * SECOND, bins, 10);
	ck_assert(isnan(bins[1].low));
	ck_assert_float_eq(bins[2].low, 300);
	ck_assert_float_eq(bins[2].high, 700);
	ck_assert(isnan(bins[9].low));
	ck_assert_int_eq(history_last_pause(&history, 3 * SECOND), 700);
	ck_assert_int_eq(history_last_pause(&history, SECOND), SPY_UNKNOWN);
	history_free(&history);
}
END_TEST

/* ---- layout ------------------------------------------------------------------------------- */

/* Places stand next to each other, within the room, and are large enough. */
static void check_layout(int width, int height, size_t panes, int columns)
{
	struct layout layout = layout_for(width, height, panes, columns);
	size_t i, k;

	ck_assert_uint_le(layout.shown, panes);
	ck_assert_uint_gt(layout.shown, 0);
	for (i = 0; i < layout.shown; i++) {
		struct place a = layout_place(&layout, i);

		ck_assert_int_ge(a.row, 0);
		ck_assert_int_ge(a.column, 0);
		ck_assert_int_le(a.row + a.height, height);
		ck_assert_int_le(a.column + a.width, width);
		if (height >= LAYOUT_HEIGHT_LEAST)
			ck_assert_int_ge(a.height, LAYOUT_HEIGHT_LEAST);
		for (k = i + 1; k < layout.shown; k++) {
			struct place b = layout_place(&layout, k);

			ck_assert(a.row + a.height <= b.row || b.row + b.height <= a.row ||
				  a.column + a.width <= b.column || b.column + b.width <= a.column);
		}
	}
}

START_TEST(panes_have_their_places)
{
	struct layout layout;
	int width, height;

	for (width = 1; width < 300; width += 7)
		for (height = 1; height < 100; height += 3) {
			check_layout(width, height, 8, 0);
			check_layout(width, height, 1, 0);
			check_layout(width, height, 24, 3);
		}
	layout = layout_for(80, 22, 8, 0);
	ck_assert_int_eq(layout.columns, 2);
	ck_assert_uint_eq(layout.shown, 8);
	layout = layout_for(250, 78, 8, 0);
	ck_assert_int_ge(layout.columns, 2);
	ck_assert_uint_eq(layout.shown, 8);
	layout = layout_for(200, 22, 8, 0);
	ck_assert_int_eq(layout.columns, 4);
}
END_TEST

/* ---- recordings --------------------------------------------------------------------------- */

static char *written(const char *content)
{
	char path[] = "/tmp/spy-recording-XXXXXX";
	int file = mkstemp(path);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, content, strlen(content)), (ssize_t)strlen(content));
	close(file);
	return memory_string(path);
}

static void add_line(struct text *text, int64_t time, int64_t pid, const char *name)
{
	text_printf(text,
		    "{\"time\":%lld,\"pid\":%lld,\"RSS\":4096,\"exe\":\"/bin/%s\",\"Pauses\":[{"
		    "\"ended_at\":%lld,\"ns\":77}]}\n",
		    (long long)time, (long long)pid, name, (long long)time);
}

static void free_list(subject_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		subject_free(list->items[i]);
	vector_free(list);
}

START_TEST(a_recording_is_read)
{
	struct text text = { 0 };
	subject_list list = { 0 };
	char *path _cleanup_free_ = NULL;
	struct spy_error *error;

	/* a and b at the same time; a ends, and another a begins; the last line is cut off */
	add_line(&text, 1 * SECOND, 7, "a");
	add_line(&text, 1 * SECOND + 5, 8, "b");
	add_line(&text, 2 * SECOND, 7, "a");
	text_add(&text, "\n");
	add_line(&text, 5 * SECOND, 9, "a");
	add_line(&text, 6 * SECOND, 8, "b");
	add_line(&text, 6 * SECOND + 5, 9, "a");
	text_add(&text, "{\"time\":7000000000,\"pid\":9,\"RS");
	path = written(text.bytes);
	error = recording_read(path, &list);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0]->name, "a");
	ck_assert_int_eq(list.items[0]->pid, 9);
	ck_assert_uint_eq(list.items[0]->mark_count, 2);
	ck_assert_int_eq(list.items[0]->marks[0].at, 2 * SECOND);
	ck_assert(list.items[0]->marks[0].ended);
	ck_assert_int_eq(list.items[0]->marks[1].at, 5 * SECOND);
	ck_assert_str_eq(list.items[1]->name, "b");
	ck_assert_int_eq(subject_last(list.items[1]), 6 * SECOND);
	ck_assert_uint_eq(list.items[1]->history.pause_count, 2);
	unlink(path);
	text_free(&text);
	free_list(&list);
}
END_TEST

static void refused(const char *content, const char *part)
{
	char *path _cleanup_free_ = written(content);
	subject_list list = { 0 };
	struct spy_error *error = recording_read(path, &list);

	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, SPY_ERROR_DATA);
	ck_assert_msg(strstr(error->message, part) != NULL, "%s", error->message);
	spy_error_free(error);
	unlink(path);
	free_list(&list);
}

START_TEST(what_is_no_recording_is_refused)
{
	subject_list list = { 0 };
	int file;

	refused("", "there is nothing in it");
	refused("{\"time\":1,\"pid\":2}\nfoo\n", ":2: not JSON");
	refused("{}\n", ":1: no line of");
	ck_assert(spy_error_caught(recording_read("/nonexistent", &list)));
	ck_assert(spy_error_caught(recording_read("/dev/null", &list)));
	ck_assert(spy_error_caught(recording_create("/dev/null", &file)));
}
END_TEST

Suite *watch_suite(void)
{
	const TTest *const tests[] = {
		curves_in_braille,
		curves_in_blocks_and_ascii,
		gaps_stay_open,
		letters_tell_curves_apart,
		logarithmic_scales,
		scales_are_round,
		values_have_their_units,
		a_history_tells_what_was,
		a_history_is_bounded,
		pauses_stand_where_they_were,
		panes_have_their_places,
		a_recording_is_read,
		what_is_no_recording_is_refused,
	};
	Suite *suite = suite_create("watch");
	TCase *tcase = tcase_create("watch");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}
