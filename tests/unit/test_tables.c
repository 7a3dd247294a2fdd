/* SPDX-License-Identifier: MIT
 *
 * Finding function table and module data: of programs without sections, built for each row of the
 * layouts, with a function table of unit/pclntab_image.h.
 */
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cursor.h"
#include "discover/tables.h"
#include "unit/pclntab_image.h"
#include "unit/unit.h"

enum {
	DATA = 0x710000,
	DATA_BYTES = 0x3000, /* in the file */
	BSS = DATA + DATA_BYTES,
	BSS_BYTES = 0x1000,
	TEXT_BYTES = 0x350,
	PLACE = 0x220, /* of the moduledata in the data */
	SEGMENTS = 3,
};

/* A process: what the file has, as it is in memory. */
struct fake {
	struct target target;
	struct image image;
	uint8_t data[DATA_BYTES + BSS_BYTES];
	struct go_runtime runtime;
	struct runtime_layout layout;
	struct go_tables tables;
	size_t reads;
};

static struct spy_error *fake_read(struct target *target, uint64_t address, void *buffer,
				   size_t size)
{
	struct fake *fake = (struct fake *)target;
	struct {
		uint64_t start, size;
		const uint8_t *bytes;
	} parts[] = { { BASE, sizeof(fake->image.all.at), fake->image.all.at },
		      { DATA, sizeof(fake->data), fake->data } };
	size_t i;

	fake->reads++;
	for (i = 0; i < 2; i++) {
		uint64_t offset = address - parts[i].start;

		if (offset >= parts[i].size || size > parts[i].size - offset)
			continue;
		memcpy(buffer, parts[i].bytes + offset, size);
		return NULL;
	}
	return spy_error_fault(address, size);
}

static struct spy_error *fake_ended(struct target *target)
{
	(void)target;
	return NULL;
}

static const struct target_ops fake_ops = { .read = fake_read, .ended = fake_ended };

/* The table of the row's format. Go 1.16 has that of 1.17 but for a flag. */
static int variant_of(const struct pclntab_format *format)
{
	int i;

	for (i = IMAGE_VARIANTS; i-- > 0;) {
		const struct variant *variant = &image_variants[i];

		if (variant->format.func_size == format->func_size &&
		    variant->joint == (format->form == PCLNTAB_JOINT) &&
		    (variant->entry_size == 4) == (format->form == PCLNTAB_PARTS_TEXT))
			return i;
	}
	ck_abort_msg("no variant");
}

static void put(struct fake *fake, uint8_t *moduledata, enum layout_slot slot, size_t word,
		uint64_t value)
{
	if (layout_has(&fake->layout, slot))
		memcpy(moduledata + layout_offset(&fake->layout, slot) + 8 * word, &value, 8);
}

static void put_slice(struct fake *fake, uint8_t *moduledata, enum layout_slot slot, uint64_t start,
		      uint64_t count)
{
	put(fake, moduledata, slot, 0, start);
	put(fake, moduledata, slot, 1, count);
	put(fake, moduledata, slot, 2, count);
}

static void put_table(struct fake *fake, uint8_t *at)
{
	struct pclntab_header header;

	ck_assert(pclntab_header_read(fake->image.all.at, sizeof(fake->image.all.at),
				      fake->layout.traits->pclntab.form, &header));
	put(fake, at, FIELD_md_pc_header, 0, BASE);
	if (header.form == PCLNTAB_JOINT) {
		put_slice(fake, at, FIELD_md_pclntable, BASE, fake->image.all.size);
		put_slice(fake, at, FIELD_md_filetab, BASE + 0x100, 3);
	} else {
		put_slice(fake, at, FIELD_md_funcnametab, BASE + header.names,
			  header.files - header.names);
		put_slice(fake, at, FIELD_md_cutab, BASE + header.files, 1);
		put_slice(fake, at, FIELD_md_filetab, BASE + header.file_names,
			  header.values - header.file_names);
		put_slice(fake, at, FIELD_md_pctab, BASE + header.values,
			  header.functab - header.values);
		put_slice(fake, at, FIELD_md_pclntable, BASE + header.functab,
			  fake->image.all.size - header.functab);
	}
	put_slice(fake, at, FIELD_md_ftab, BASE + header.functab, header.functions + 1);
}

static void put_moduledata(struct fake *fake, size_t place)
{
	static const struct {
		enum layout_slot slot;
		uint64_t value;
	} words[] = {
		{ FIELD_md_minpc, TEXT },
		{ FIELD_md_maxpc, TEXT + 0x340 },
		{ FIELD_md_text, TEXT },
		{ FIELD_md_etext, TEXT + TEXT_BYTES },
		{ FIELD_md_noptrdata, DATA },
		{ FIELD_md_enoptrdata, DATA + 0x1000 },
		{ FIELD_md_data, DATA + 0x1000 },
		{ FIELD_md_edata, DATA + 0x2000 },
		{ FIELD_md_bss, BSS },
		{ FIELD_md_ebss, BSS + 0x800 },
		{ FIELD_md_noptrbss, BSS + 0x800 },
		{ FIELD_md_enoptrbss, BSS + BSS_BYTES },
		{ FIELD_md_end, BSS + BSS_BYTES },
		{ FIELD_md_types, BASE + 16 },
		{ FIELD_md_etypes, BASE + 0x200 },
		{ FIELD_md_gofunc, BASE + 8 },
		{ FIELD_md_rodata, BASE },
	};
	uint8_t *at = fake->data + place;
	size_t i;

	put_table(fake, at);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		put(fake, at, words[i].slot, 0, words[i].value);
	put_slice(fake, at, FIELD_md_typelinks, BASE + 32, 4);
	put_slice(fake, at, FIELD_md_itablinks, BASE + 64, 2);
	put(fake, at, FIELD_md_gcbssmask, 0, 0x800 / 8);
	put(fake, at, FIELD_md_gcbssmask, 1, 0xc000010000);
}

static struct binary *file_of(const struct fake *fake)
{
	const Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = SEGMENTS,
	};
	const Elf64_Phdr programs[SEGMENTS] = {
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_X,
		  .p_vaddr = TEXT,
		  .p_offset = 0x1000,
		  .p_filesz = 0x1000,
		  .p_memsz = 0x1000 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R,
		  .p_vaddr = BASE,
		  .p_offset = 0x2000,
		  .p_filesz = 0x1000,
		  .p_memsz = 0x1000 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_W,
		  .p_vaddr = DATA,
		  .p_offset = 0x3000,
		  .p_filesz = DATA_BYTES,
		  .p_memsz = DATA_BYTES + BSS_BYTES },
	};
	struct binary *binary;
	int fd = memfd_create("program", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 0x3000 + DATA_BYTES), 0);
	ck_assert_int_gt(pwrite(fd, &header, sizeof(header), 0), 0);
	ck_assert_int_gt(pwrite(fd, programs, sizeof(programs), sizeof(header)), 0);
	ck_assert_int_gt(pwrite(fd, fake->image.all.at, sizeof(fake->image.all.at), 0x2000), 0);
	ck_assert_int_gt(pwrite(fd, fake->data, DATA_BYTES, 0x3000), 0);
	ck_assert_ptr_null(binary_open_fd(fd, "program", &binary));
	close(fd);
	return binary;
}

/* A process of the row, with its moduledata at PLACE. */
static void fake_make(struct fake *fake, size_t row)
{
	memset(fake, 0, sizeof(*fake));
	fake->target.ops = &fake_ops;
	layout_row(row, &fake->layout);
	image_build(&fake->image, variant_of(&fake->layout.traits->pclntab));
	put_moduledata(fake, PLACE);
	fake->runtime.target = fake->runtime.program.target = &fake->target;
}

/* The code of the error, or -1. */
static int fake_find(struct fake *fake)
{
	struct spy_error *error;
	int code = -1;

	fake->reads = 0;
	fake->runtime.program.binary = file_of(fake);
	error = go_tables_find(&fake->runtime, &fake->tables);
	if (error)
		code = (int)error->code;
	spy_error_free(error);
	return code;
}

static void fake_free(struct fake *fake)
{
	program_close(&fake->runtime.program);
	arena_free(&fake->runtime.arena);
}

START_TEST(tables_of_every_row_are_found)
{
	struct fake fake;

	fake_make(&fake, (size_t)_i);
	ck_assert_int_eq(fake_find(&fake), -1);
	ck_assert_uint_eq(fake.tables.moduledata, DATA + PLACE);
	ck_assert_uint_eq(fake.tables.pclntab, BASE);
	ck_assert(fake.tables.rows >> _i & 1);
	ck_assert_int_eq(binary_language(fake.runtime.program.binary), BINARY_GO);
	ck_assert_ptr_null(go_tables_check(&fake.runtime, &fake.tables, &fake.layout));
	fake_free(&fake);
}
END_TEST

/* As garble does it. */
START_TEST(any_magic_will_do)
{
	struct fake fake;

	fake_make(&fake, (size_t)_i);
	image_put(&fake.image, 0, 0x12345678, 4);
	ck_assert_int_eq(fake_find(&fake), -1);
	ck_assert_uint_eq(fake.tables.magic, 0x12345678);
	ck_assert(fake.tables.rows >> _i & 1);
	fake_free(&fake);
}
END_TEST

START_TEST(one_and_no_other)
{
	struct fake fake;

	fake_make(&fake, (size_t)_i);
	put_moduledata(&fake, 0x1400);
	ck_assert_int_eq(fake_find(&fake), SPY_ERROR_DATA);
	fake_free(&fake);
	fake_make(&fake, (size_t)_i);
	memset(fake.data, 0, sizeof(fake.data));
	ck_assert_int_eq(fake_find(&fake), SPY_ERROR_DATA);
	ck_assert_int_lt(fake.reads, 10);
	fake_free(&fake);
}
END_TEST

/* Layouts that look for the mask of .bss elsewhere are not believed. */
START_TEST(the_mask_tells_rows_apart)
{
	struct runtime_layout other;
	struct fake fake;
	size_t i;

	fake_make(&fake, (size_t)_i);
	ck_assert_int_eq(fake_find(&fake), -1);
	for (i = 0; i < layout_row_count(); i++) {
		layout_row(i, &other);
		if (fake.tables.rows >> i & 1)
			ck_assert_uint_eq(layout_offset(&other, FIELD_md_gcbssmask),
					  layout_offset(&fake.layout, FIELD_md_gcbssmask));
	}
	fake_free(&fake);
}
END_TEST

/* Every word of the moduledata, and of the header, with numbers that parsers stumble over: never a
 * crash, and what is found is where it is. */
START_TEST(numbers_of_any_size)
{
	static const uint64_t odd[] = { 0,          1,          8,
					INT32_MAX,  UINT32_MAX, 1ull << 62,
					1ull << 63, UINT64_MAX, UINT64_MAX - 7,
					DATA,       BASE };
	struct fake fake;
	size_t size, word, i;

	fake_make(&fake, (size_t)_i);
	size = layout_size(&fake.layout, SIZE_moduledata) / 8;
	for (word = 0; word < size + 9; word++) {
		for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
			struct fake other = fake;

			other.runtime.target = other.runtime.program.target = &other.target;
			if (word < size)
				memcpy(other.data + PLACE + 8 * word, &odd[i], 8);
			else
				memcpy(other.image.all.at + 8 * (word - size), &odd[i], 8);
			if (fake_find(&other) == -1) {
				ck_assert_uint_eq(other.tables.moduledata, DATA + PLACE);
				ck_assert_uint_eq(other.tables.pclntab, BASE);
			}
			(void)binary_language(other.runtime.program.binary);
			fake_free(&other);
		}
	}
}
END_TEST

/* What looks like module data wherever one looks. */
START_TEST(a_trap_does_not_take_long)
{
	struct fake fake;
	uint64_t word = BASE;
	size_t i;

	fake_make(&fake, 0);
	for (i = 0; i + 8 <= DATA_BYTES; i += 8)
		memcpy(fake.data + i, &word, 8);
	ck_assert_int_eq(fake_find(&fake), SPY_ERROR_DATA);
	ck_assert_int_lt(fake.reads, 10);
	fake_free(&fake);
	fake_make(&fake, layout_row_count() - 1);
	for (i = 0; i + 0x98 <= DATA_BYTES; i += 0x98) {
		put_moduledata(&fake, i);
		memset(fake.data + i + 0x98, 0, 16);
	}
	ck_assert_int_eq(fake_find(&fake), SPY_ERROR_DATA);
	ck_assert_int_lt(fake.reads, 20000);
	fake_free(&fake);
}
END_TEST

/* No build info, no code that is known, none of the runtime's files. */
START_TEST(a_version_is_not_guessed)
{
	struct go_tables_version version;
	struct spy_error *error;
	struct fake fake;

	fake_make(&fake, (size_t)_i);
	ck_assert_int_eq(fake_find(&fake), -1);
	error = go_tables_version(&fake.runtime, &fake.tables, &version);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, SPY_ERROR_DATA);
	ck_assert_ptr_null(fake.runtime.code);
	ck_assert_uint_eq(fake.runtime.modules.count, 0);
	spy_error_free(error);
	fake_free(&fake);
}
END_TEST

Suite *tables_suite(void)
{
	Suite *suite = suite_create("tables");
	TCase *cases = tcase_create("tables");
	int rows = (int)layout_row_count();

	tcase_add_loop_test(cases, tables_of_every_row_are_found, 0, rows);
	tcase_add_loop_test(cases, any_magic_will_do, 0, rows);
	tcase_add_loop_test(cases, one_and_no_other, 0, rows);
	tcase_add_loop_test(cases, the_mask_tells_rows_apart, 0, rows);
	tcase_add_loop_test(cases, a_version_is_not_guessed, 0, rows);
	tcase_add_loop_test(cases, numbers_of_any_size, rows - 1, rows);
	tcase_add_loop_test(cases, numbers_of_any_size, 0, 1);
	tcase_add_test(cases, a_trap_does_not_take_long);
	suite_add_tcase(suite, cases);
	return suite;
}
