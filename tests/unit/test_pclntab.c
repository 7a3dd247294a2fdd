/* SPDX-License-Identifier: MIT
 *
 * What the function table says of the program of pclntab_image.h, in every format; and that no
 * damage makes it read where nothing is.
 */
#include "unit/pclntab_image.h"

#include "unit/unit.h"

static struct pclntab *opened(struct image *image, struct memory *memory, int variant)
{
	struct spy_error *error;
	struct pclntab *tab = NULL;

	image_build(image, variant);
	error = image_load(image, memory, &tab);
	ck_assert_msg(!error, "%s: %s", image_variants[variant].name, error ? error->message : "");
	return tab;
}

/* ---- what is in it ------------------------------------------------------------------------ */

START_TEST(test_find)
{
	static const struct {
		uint64_t pc;
		const char *name;
		uint64_t entry, end;
	} rows[] = {
		{ .pc = 0 },
		{ .pc = TEXT - 1 },
		{ .pc = TEXT, .name = "main.alpha", .entry = TEXT, .end = TEXT + 0x300 },
		{ .pc = TEXT + 0x2ff, .name = "main.alpha", .entry = TEXT, .end = TEXT + 0x300 },
		{ .pc = TEXT + 0x300,
		  .name = "main.beta",
		  .entry = TEXT + 0x300,
		  .end = TEXT + 0x340 },
		{ .pc = TEXT + 0x33f,
		  .name = "main.beta",
		  .entry = TEXT + 0x300,
		  .end = TEXT + 0x340 },
		{ .pc = TEXT + 0x340 },
		{ .pc = TEXT + 0x350 },
		{ .pc = UINT64_MAX },
	};
	struct image image;
	struct memory memory;
	struct pclntab *tab = opened(&image, &memory, _i);
	struct pclntab_func func;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		func = (struct pclntab_func){ .name = "untouched" };
		ck_assert_int_eq(pclntab_find(tab, rows[i].pc, &func), rows[i].name != NULL);
		ck_assert_str_eq(func.name, rows[i].name ? rows[i].name : "untouched");
		ck_assert_uint_eq(func.entry, rows[i].entry);
		ck_assert_uint_eq(func.end, rows[i].end);
	}
	ck_assert_uint_eq(pclntab_function_count(tab), 3);
	ck_assert(pclntab_function(tab, 1, &func));
	ck_assert_str_eq(func.name, "main.empty");
	ck_assert_uint_eq(func.end, func.entry);
	ck_assert(!pclntab_function(tab, 3, &func));
	ck_assert(pclntab_named(tab, "main.beta", &func));
	ck_assert_uint_eq(func.index, 2);
	ck_assert_int_eq(func.args, 48);
	ck_assert_uint_eq(func.func_id, 9);
	ck_assert_uint_eq(func.flags,
			  image.variant->format.func_flag_offset ? PCLNTAB_SP_WRITE : 0);
	ck_assert(!pclntab_named(tab, "main.inner", &func));
	pclntab_close(tab);
	free(memory.bytes);
}
END_TEST

START_TEST(test_values)
{
	static const struct {
		uint32_t offset;
		int32_t delta;
		const char *file;
		int64_t line;
	} rows[] = {
		{ .offset = 0, .delta = 0, .file = "/src/a.go", .line = 10 },
		{ .offset = 3, .delta = 0, .file = "/src/a.go", .line = 10 },
		{ .offset = 4, .delta = 24, .file = "/src/a.go", .line = 900 },
		{ .offset = 0x203, .delta = 24, .file = "/src/a.go", .line = 900 },
		{ .offset = 0x204, .delta = 24, .file = "/src/a.go", .line = 11 },
		{ .offset = 0x2fb, .delta = 24, .file = "/src/a.go", .line = 11 },
		{ .offset = 0x2fc, .delta = 0, .file = "/src/a.go", .line = 11 },
		{ .offset = 0x2ff, .delta = 0, .file = "/src/a.go", .line = 11 },
	};
	struct image image;
	struct memory memory;
	struct pclntab *tab = opened(&image, &memory, _i);
	struct pclntab_func func;
	const char *file;
	int64_t line;
	int32_t delta = 77;
	size_t i;

	ck_assert(pclntab_find(tab, TEXT, &func));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(pclntab_sp_delta(tab, &func, TEXT + rows[i].offset, &delta));
		ck_assert_int_eq(delta, rows[i].delta);
		pclntab_line(tab, &func, TEXT + rows[i].offset, &file, &line);
		ck_assert_str_eq(file, rows[i].file);
		ck_assert_int_eq(line, rows[i].line);
	}
	delta = 77;
	ck_assert(!pclntab_sp_delta(tab, &func, TEXT - 1, &delta));
	ck_assert(!pclntab_sp_delta(tab, &func, TEXT + 0x300, &delta));
	/* A function without tables. */
	ck_assert(pclntab_function(tab, 1, &func));
	ck_assert(!pclntab_sp_delta(tab, &func, func.entry, &delta));
	ck_assert_int_eq(delta, 77);
	pclntab_line(tab, &func, func.entry, &file, &line);
	ck_assert_str_eq(file, "?");
	ck_assert_int_eq(line, 0);
	ck_assert_int_eq(pclntab_pcdata(tab, &func, 0, func.entry, -7), -7);
	pclntab_close(tab);
	free(memory.bytes);
}
END_TEST

static void expect_call(const struct pclntab_call *call, const char *function, const char *file,
			int64_t line, bool inlined)
{
	ck_assert_str_eq(call->function, function);
	ck_assert_str_eq(call->file, file);
	ck_assert_int_eq(call->line, line);
	ck_assert_int_eq(call->inlined, inlined);
}

START_TEST(test_calls)
{
	struct image image;
	struct memory memory;
	struct pclntab *tab = opened(&image, &memory, _i);
	bool has_ids = !image.variant->format.inline_call_has_line;
	struct pclntab_func func;
	struct pclntab_call calls[8];

	ck_assert(pclntab_find(tab, TEXT + 0x300, &func));
	ck_assert_uint_eq(pclntab_calls(tab, &func, func.entry, calls, 8), 1);
	expect_call(&calls[0], "main.beta", "/src/b.go", 20, false);
	ck_assert_uint_eq(pclntab_calls(tab, &func, func.entry + 8, calls, 8), 2);
	expect_call(&calls[0], "main.middle", "/src/b.go", 30, true);
	expect_call(&calls[1], "main.beta", "/src/b.go", 20, false);
	ck_assert_uint_eq(pclntab_calls(tab, &func, func.entry + 0x1f, calls, 8), 3);
	expect_call(&calls[0], "main.inner", "/src/a.go", 40, true);
	expect_call(&calls[1], "main.middle", "/src/b.go", 30, true);
	expect_call(&calls[2], "main.beta", "/src/b.go", 20, false);
	ck_assert_uint_eq(calls[0].func_id, has_ids ? 6 : 0);
	ck_assert_uint_eq(calls[1].func_id, has_ids ? 5 : 0);
	ck_assert_uint_eq(calls[2].func_id, 9);
	ck_assert_uint_eq(pclntab_calls(tab, &func, func.entry + 0x20, calls, 8), 2);
	expect_call(&calls[0], "main.middle", "/src/b.go", 31, true);
	/* No room: the physical function is there in any case. */
	ck_assert_uint_eq(pclntab_calls(tab, &func, func.entry + 0x10, calls, 2), 2);
	expect_call(&calls[0], "main.inner", "/src/a.go", 40, true);
	ck_assert_str_eq(calls[1].function, "main.beta");
	ck_assert(!calls[1].inlined);
	ck_assert_uint_eq(pclntab_calls(tab, &func, func.entry + 0x10, calls, 1), 1);
	expect_call(&calls[0], "main.beta", "/src/a.go", 40, false);
	pclntab_close(tab);
	free(memory.bytes);
}
END_TEST

START_TEST(test_circle)
{
	struct image image;
	struct memory memory;
	struct pclntab *tab;
	struct pclntab_func func;
	struct pclntab_call calls[PCLNTAB_CALLS_MAX];

	image_build(&image, _i);
	if (image.variant->format.inline_call_has_line)
		image_put(&image, image.tree_entry[0], 1, 4); /* parent: the other way round */
	else
		image_put(&image,
			  image.tree_entry[0] +
			      (image.variant->format.inline_call_size == 20 ? 16 : 8),
			  0x10, 4);
	ck_assert(!image_load(&image, &memory, &tab));
	ck_assert(pclntab_find(tab, TEXT + 0x310, &func));
	ck_assert_uint_eq(pclntab_calls(tab, &func, TEXT + 0x310, calls, PCLNTAB_CALLS_MAX),
			  PCLNTAB_CALLS_MAX);
	ck_assert(calls[PCLNTAB_CALLS_MAX - 2].inlined);
	ck_assert(!calls[PCLNTAB_CALLS_MAX - 1].inlined);
	pclntab_close(tab);
	free(memory.bytes);
}
END_TEST

START_TEST(test_arguments)
{
	struct image image;
	struct memory memory;
	struct pclntab *tab = opened(&image, &memory, _i);
	const struct pclntab_format *format = &image.variant->format;
	bool has_live = format->funcdata_arg_live != 0;
	struct pclntab_func func;
	const uint8_t *info;
	size_t available = 0;
	uint64_t pc;

	ck_assert(pclntab_find(tab, TEXT, &func));
	ck_assert(!pclntab_arg_info(tab, &func, &available));
	ck_assert(pclntab_arg_is_live(tab, &func, TEXT, 16, 2));
	ck_assert(pclntab_find(tab, TEXT + 0x300, &func));
	info = pclntab_arg_info(tab, &func, &available);
	ck_assert_int_eq(info != NULL, format->funcdata_arg_info != 0);
	if (info) {
		ck_assert_uint_ge(available, 5);
		ck_assert_int_eq(memcmp(info, "\x00\x08\x08\x08\xff", 5), 0);
	}
	pc = func.entry + 8;
	ck_assert(pclntab_arg_is_live(tab, &func, pc, 0, 0)); /* before the first that may die */
	ck_assert(pclntab_arg_is_live(tab, &func, pc, 8, 1));
	ck_assert_int_eq(pclntab_arg_is_live(tab, &func, pc, 16, 2), !has_live);
	ck_assert(pclntab_arg_is_live(tab, &func, func.entry, 16, 2)); /* no bits there */
	ck_assert_uint_eq(pclntab_funcdata(tab, &func, format->funcdata_inline), BASE + image.tree);
	ck_assert_uint_eq(pclntab_funcdata(tab, &func, 0), 0);
	ck_assert_uint_eq(pclntab_funcdata(tab, &func, 7), 0);
	ck_assert_int_eq(pclntab_pcdata(tab, &func, format->pcdata_inline_index, pc, -9), 0);
	ck_assert_int_eq(pclntab_pcdata(tab, &func, 0, pc, -9), -9);
	ck_assert_int_eq(pclntab_pcdata(tab, &func, 4, pc, -9), -9);
	pclntab_close(tab);
	free(memory.bytes);
}
END_TEST

/* ---- what is broken ----------------------------------------------------------------------- */

static void expect_refused(const struct image *image, const char *what)
{
	struct memory memory;
	struct pclntab *tab = (struct pclntab *)&memory;
	struct spy_error *error = image_load(image, &memory, &tab);

	ck_assert_msg(error != NULL, "%s", what);
	ck_assert_int_eq(error->code, SPY_ERROR_DATA);
	ck_assert_ptr_eq(tab, (struct pclntab *)&memory);
	spy_error_free(error);
	free(memory.bytes);
}

START_TEST(test_refused)
{
	struct image image;
	size_t i;

	for (i = 0; i < 8; i++) {
		image_build(&image, _i);
		image.all.at[i] ^= 0x40;
		expect_refused(&image, "a header that is none of Go's");
	}
	image_build(&image, _i);
	image_put(&image, 8, 0, 8);
	expect_refused(&image, "no functions");
	image_put(&image, 8, UINT64_MAX / 2, 8);
	expect_refused(&image, "more functions than bytes");
	for (i = 0; !image_variants[_i].joint && i < 5; i++) {
		image_build(&image, _i);
		image_put(&image, (image_variants[_i].entry_size == 4 ? 32 : 24) + 8 * i, 1 << 20,
			  8);
		expect_refused(&image, "a part outside of the table");
	}
	image_build(&image, _i);
	image.source.address++;
	expect_refused(&image, "the middle of a table");
	image_build(&image, _i);
	image.source.etext = TEXT + 0x33f;
	expect_refused(&image, "functions behind the text");
	image_build(&image, _i);
	image.source.address = 0;
	expect_refused(&image, "no memory");
}
END_TEST

/* Everything that can be asked; what counts is that it returns, and that strings end. False where
 * an answer breaks a promise of the header. */
static bool ask_all(const struct pclntab *tab)
{
	struct pclntab_call calls[16];
	struct pclntab_func func;
	size_t i, n, available, letters = 0;
	int32_t delta;
	uint64_t pc;

	for (i = 0; i < pclntab_function_count(tab) && i < 8; i++)
		if (pclntab_function(tab, i, &func))
			letters += strlen(func.name);
	for (pc = TEXT; pc < TEXT + 0x350; pc += 11) {
		if (!pclntab_find(tab, pc, &func))
			continue;
		(void)pclntab_sp_delta(tab, &func, pc, &delta);
		n = pclntab_calls(tab, &func, pc, calls, 16);
		if (pc < func.entry || pc >= func.end || n < 1 || n > 16 || calls[n - 1].inlined)
			return false;
		for (i = 0; i < n; i++)
			letters += strlen(calls[i].function) + strlen(calls[i].file);
		(void)pclntab_arg_info(tab, &func, &available);
		(void)pclntab_arg_is_live(tab, &func, pc, 8, 255);
	}
	(void)pclntab_named(tab, "", &func);
	return letters < 1 << 30;
}

static void ask_if_opened(const struct image *image)
{
	struct memory memory;
	struct pclntab *tab = NULL;
	struct spy_error *error = image_load(image, &memory, &tab);

	ck_assert(error || ask_all(tab));
	spy_error_free(error);
	pclntab_close(tab);
	free(memory.bytes);
}

START_TEST(test_damaged)
{
	static const uint8_t damage[] = { 0x01, 0x80, 0xff };
	struct image image;
	size_t i, j;

	image_build(&image, _i);
	for (i = 0; i < image.all.size; i++) {
		for (j = 0; j < sizeof(damage); j++) {
			image.all.at[i] ^= damage[j];
			ask_if_opened(&image);
			image.all.at[i] ^= damage[j];
		}
	}
	while (image.all.size > 1) {
		image.all.size--;
		ask_if_opened(&image);
	}
}
END_TEST

Suite *pclntab_suite(void)
{
	Suite *suite = suite_create("pclntab");
	TCase *content = tcase_create("content"), *broken = tcase_create("broken");

	tcase_add_loop_test(content, test_find, 0, IMAGE_VARIANTS);
	tcase_add_loop_test(content, test_values, 0, IMAGE_VARIANTS);
	tcase_add_loop_test(content, test_calls, 0, IMAGE_VARIANTS);
	tcase_add_loop_test(content, test_arguments, 0, IMAGE_VARIANTS);
	suite_add_tcase(suite, content);
	tcase_add_loop_test(broken, test_circle, 0, IMAGE_VARIANTS);
	tcase_add_loop_test(broken, test_refused, 0, IMAGE_VARIANTS);
	tcase_add_loop_test(broken, test_damaged, 0, IMAGE_VARIANTS);
	tcase_set_timeout(broken, 60);
	suite_add_tcase(suite, broken);
	return suite;
}
