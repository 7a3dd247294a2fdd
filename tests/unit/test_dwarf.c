/* SPDX-License-Identifier: MIT
 *
 * DWARF written by hand in the forms that Go's linker writes it. Whole Go programs of all versions
 * are held against Go's own debug/dwarf by tests/live/test_dwarf.
 */
#include "unit/unit.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "dwarf/constants.h"
#include "dwarf/debug_info.h"

/* ---- writing DWARF ------------------------------------------------------------------------- */

/* The codes of the abbreviations below. */
enum code {
	UNIT = 1, /* of Go 1.13 and later: with DW_AT_go_package_name */
	OLD_UNIT,
	VARIABLE,
	CONSTANT,
	TYPEDEF,
	STRUCT,
	MEMBER,
	BASE,
	ARRAY,
	SUBRANGE,
	POINTER,
	SUBPROGRAM,
	BLOCK,
	C_UNIT,
	CODES,
};

static const struct {
	unsigned tag, children;
	struct {
		unsigned name, form;
	} attributes[8];
} abbrevs[CODES] = {
	[UNIT] = { .tag = DW_TAG_COMPILE_UNIT,
		   .children = 1,
		   .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				   { .name = DW_AT_LANGUAGE, .form = DW_FORM_DATA1 },
				   { .name = DW_AT_GO_PACKAGE_NAME, .form = DW_FORM_STRING } } },
	[OLD_UNIT] = { .tag = DW_TAG_COMPILE_UNIT,
		       .children = 1,
		       .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				       { .name = DW_AT_LANGUAGE, .form = DW_FORM_DATA1 } } },
	[VARIABLE] = { .tag = DW_TAG_VARIABLE,
		       .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				       { .name = DW_AT_LOCATION, .form = DW_FORM_BLOCK1 },
				       { .name = DW_AT_TYPE, .form = DW_FORM_REF_ADDR } } },
	[CONSTANT] = { .tag = DW_TAG_CONSTANT,
		       .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				       { .name = DW_AT_CONST_VALUE, .form = DW_FORM_SDATA } } },
	[TYPEDEF] = { .tag = DW_TAG_TYPEDEF,
		      .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				      { .name = DW_AT_TYPE, .form = DW_FORM_REF_ADDR } } },
	[STRUCT] = { .tag = DW_TAG_STRUCTURE_TYPE,
		     .children = 1,
		     .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				     { .name = DW_AT_BYTE_SIZE, .form = DW_FORM_UDATA } } },
	[MEMBER] = { .tag = DW_TAG_MEMBER,
		     .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				     { .name = DW_AT_DATA_MEMBER_LOCATION, .form = DW_FORM_UDATA },
				     { .name = DW_AT_TYPE, .form = DW_FORM_REF_ADDR },
				     { .name = DW_AT_GO_EMBEDDED_FIELD, .form = DW_FORM_FLAG } } },
	[BASE] = { .tag = DW_TAG_BASE_TYPE,
		   .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				   { .name = DW_AT_BYTE_SIZE, .form = DW_FORM_DATA1 } } },
	[ARRAY] = { .tag = DW_TAG_ARRAY_TYPE,
		    .children = 1,
		    .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING },
				    { .name = DW_AT_BYTE_SIZE, .form = DW_FORM_UDATA } } },
	[SUBRANGE] = { .tag = DW_TAG_SUBRANGE_TYPE,
		       .attributes = { { .name = DW_AT_COUNT, .form = DW_FORM_UDATA } } },
	[POINTER] = { .tag = DW_TAG_POINTER_TYPE,
		      .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING } } },
	[SUBPROGRAM] = { .tag = DW_TAG_SUBPROGRAM,
			 .children = 1,
			 .attributes = { { .name = DW_AT_NAME, .form = DW_FORM_STRING } } },
	[BLOCK] = { .tag = 0x0b, .children = 1 },
	[C_UNIT] = { .tag = DW_TAG_COMPILE_UNIT,
		     .children = 1,
		     .attributes = { { .name = 0x25, .form = DW_FORM_STRP },
				     { .name = DW_AT_LANGUAGE, .form = DW_FORM_DATA1 },
				     { .name = DW_AT_NAME, .form = DW_FORM_LINE_STRP },
				     { .name = 0x2001, .form = DW_FORM_DATA16 },
				     { .name = 0x2002, .form = DW_FORM_EXPRLOC },
				     { .name = 0x11, .form = DW_FORM_ADDRX } } },
};

static void u8(struct text *text, unsigned value)
{
	text_add_bytes(text, (const char[]){ (char)value }, 1);
}

static void number(struct text *text, uint64_t value, size_t bytes)
{
	text_add_bytes(text, (const char *)&value, bytes);
}

static void uleb(struct text *text, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		u8(text, (value & 0x7f) | 0x80);
	u8(text, (unsigned)value);
}

static void string(struct text *text, const char *value)
{
	text_add_bytes(text, value, strlen(value) + 1);
}

static void patch(struct text *text, size_t position, uint32_t value)
{
	memcpy(text->bytes + position, &value, sizeof(value));
}

static void write_abbrevs(struct text *text)
{
	unsigned code, i;

	for (code = 1; code < CODES; code++) {
		uleb(text, code);
		uleb(text, abbrevs[code].tag);
		u8(text, abbrevs[code].children);
		for (i = 0; abbrevs[code].attributes[i].name; i++) {
			uleb(text, abbrevs[code].attributes[i].name);
			uleb(text, abbrevs[code].attributes[i].form);
		}
		uleb(text, 0);
		uleb(text, 0);
	}
	uleb(text, 0);
}

/* Returns where the unit starts: for end_unit(). */
static size_t begin_header(struct text *info, unsigned version)
{
	size_t start = info->length;

	number(info, 0, 4);
	number(info, version, 2);
	if (version >= 5) {
		u8(info, DW_UT_COMPILE);
		u8(info, 8);
		number(info, 0, 4);
	} else {
		number(info, 0, 4);
		u8(info, 8);
	}
	return start;
}

static size_t begin_unit(struct text *info, unsigned version, enum code code, const char *name)
{
	size_t start = begin_header(info, version);

	uleb(info, code);
	string(info, name);
	u8(info, DW_LANG_GO);
	if (code == UNIT)
		string(info, "package");
	return start;
}

static void end_unit(struct text *info, size_t start)
{
	u8(info, 0);
	patch(info, start, (uint32_t)(info->length - start - 4));
}

/* Writes the start of a DIE and returns its offset. */
static uint32_t die(struct text *info, enum code code, const char *name)
{
	uint32_t offset = (uint32_t)info->length;

	uleb(info, code);
	string(info, name);
	return offset;
}

static void variable(struct text *info, const char *name, uint64_t address, uint32_t type)
{
	die(info, VARIABLE, name);
	u8(info, 9);
	u8(info, DW_OP_ADDR);
	number(info, address, 8);
	number(info, type, 4);
}

/* A constant from -64 to 63. */
static void constant(struct text *info, const char *name, int value)
{
	die(info, CONSTANT, name);
	u8(info, (unsigned)value & 0x7f);
}

static uint32_t typedef_of(struct text *info, const char *name, uint32_t type)
{
	uint32_t offset = die(info, TYPEDEF, name);

	number(info, type, 4);
	return offset;
}

static uint32_t base(struct text *info, const char *name, unsigned size)
{
	uint32_t offset = die(info, BASE, name);

	u8(info, size);
	return offset;
}

static uint32_t array(struct text *info, const char *name, unsigned size, unsigned count)
{
	uint32_t offset = die(info, ARRAY, name);

	uleb(info, size);
	uleb(info, SUBRANGE);
	uleb(info, count);
	u8(info, 0);
	return offset;
}

static uint32_t structure(struct text *info, const char *name, unsigned size)
{
	uint32_t offset = die(info, STRUCT, name);

	uleb(info, size);
	return offset;
}

static void member(struct text *info, const char *name, unsigned offset, uint32_t type)
{
	die(info, MEMBER, name);
	uleb(info, offset);
	number(info, type, 4);
	u8(info, 0);
}

static void embedded(struct text *info, const char *name, unsigned offset, uint32_t type)
{
	member(info, name, offset, type);
	info->bytes[info->length - 1] = 1;
}

static void subprogram(struct text *info, const char *name)
{
	die(info, SUBPROGRAM, name);
	uleb(info, BLOCK);
	constant(info, "runtime.inside", 5);
	u8(info, 0);
	u8(info, 0);
}

/* The types that the tests ask for. */
static void write_types(struct text *info)
{
	uint32_t word = base(info, "uint64", 8), pointer = die(info, POINTER, "*runtime.m");
	uint32_t stack = structure(info, "runtime.stack", 16), list, names, all;
	size_t forward;

	member(info, "lo", 0, word);
	member(info, "hi", 8, word);
	u8(info, 0);
	stack = typedef_of(info, "runtime.stack", stack);
	list = structure(info, "runtime.gList", 16);
	member(info, "head", 0, word);
	member(info, "n", 8, word);
	u8(info, 0);
	names = array(info, "[37]string", 592, 37);
	all = structure(info, "runtime.g", 1000);
	member(info, "_panic", 32, pointer);
	forward = info->length;
	member(info, "stack", 64, 0);
	embedded(info, "gList", 300, list);
	member(info, "names", 400, names);
	member(info, "odd", 992, 0);
	u8(info, 0);
	/* A reference forward: behind code, name and a location of one byte. */
	patch(info, forward + 1 + sizeof("stack") + 1, stack);
	typedef_of(info, "runtime.g", all);
}

/* ---- a file around it ------------------------------------------------------------------------ */

enum packing { PLAIN, COMPRESSED, ZDEBUG };

/* What of the written sections is damaged. */
struct damage {
	size_t claimed; /* inflated size to claim in place of the true one */
	size_t cut;     /* bytes to take from the end of the packed section */
};

static struct text pack(const struct text *section, enum packing packing,
			const struct damage *damage)
{
	uLongf size = compressBound(section->length);
	Bytef *bytes _cleanup_free_ = memory_new(size, 1);
	uint64_t claimed = damage->claimed ? damage->claimed : section->length;
	struct text ret = { 0 };

	if (packing == PLAIN) {
		text_add_bytes(&ret, section->bytes, section->length - damage->cut);
		return ret;
	}
	ck_assert_int_eq(compress(bytes, &size, (const Bytef *)section->bytes, section->length),
			 Z_OK);
	if (packing == COMPRESSED) {
		Elf64_Chdr header = { .ch_type = ELFCOMPRESS_ZLIB,
				      .ch_size = claimed,
				      .ch_addralign = 1 };

		text_add_bytes(&ret, (const char *)&header, sizeof(header));
	} else {
		text_add_bytes(&ret, "ZLIB", 4);
		number(&ret, __builtin_bswap64(claimed), 8);
	}
	text_add_bytes(&ret, (const char *)bytes, size - damage->cut);
	return ret;
}

/* An ELF file of the two sections. */
static struct binary *open_file(const struct text *info, const struct text *abbrev,
				enum packing packing, const struct damage *damage)
{
	static const char names[] = "\0.debug_info\0.debug_abbrev\0.zdebug_info\0.shstrtab";
	enum { INFO_NAME = 1, ABBREV_NAME = 13, ZINFO_NAME = 27, NAMES_NAME = 40 };
	struct text packed = pack(info, packing, damage), file = { 0 };
	Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					   ELFDATA2LSB, EV_CURRENT },
			      .e_type = ET_EXEC,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_ehsize = sizeof(Elf64_Ehdr),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_shentsize = sizeof(Elf64_Shdr),
			      .e_shnum = 4,
			      .e_shstrndx = 3 };
	Elf64_Shdr sections[4] = {
		[1] = { .sh_name = packing == ZDEBUG ? ZINFO_NAME : INFO_NAME,
			.sh_type = SHT_PROGBITS,
			.sh_flags = packing == COMPRESSED ? SHF_COMPRESSED : 0,
			.sh_addralign = 1,
			.sh_offset = sizeof(header),
			.sh_size = packed.length },
		[2] = { .sh_name = ABBREV_NAME,
			.sh_type = SHT_PROGBITS,
			.sh_addralign = 1,
			.sh_offset = sizeof(header) + packed.length,
			.sh_size = abbrev->length },
		[3] = { .sh_name = NAMES_NAME,
			.sh_type = SHT_STRTAB,
			.sh_addralign = 1,
			.sh_offset = sizeof(header) + packed.length + abbrev->length,
			.sh_size = sizeof(names) },
	};
	struct binary *binary = NULL;
	int fd = memfd_create("dwarf", MFD_CLOEXEC);

	while ((sections[3].sh_offset + sizeof(names)) % 8 != 0)
		sections[3].sh_offset++;
	header.e_shoff = sections[3].sh_offset + sizeof(names);
	text_add_bytes(&file, (const char *)&header, sizeof(header));
	text_add_bytes(&file, packed.bytes, packed.length);
	text_add_bytes(&file, abbrev->bytes, abbrev->length);
	while (file.length < sections[3].sh_offset)
		u8(&file, 0);
	text_add_bytes(&file, names, sizeof(names));
	text_add_bytes(&file, (const char *)sections, sizeof(sections));
	ck_assert_int_eq(write(fd, file.bytes, file.length), (ssize_t)file.length);
	ck_assert_ptr_null(binary_open_fd(fd, "made", &binary));
	close(fd);
	text_free(&packed);
	text_free(&file);
	return binary;
}

static struct spy_error *lookup_in(const struct binary *binary, struct debug_query *queries,
				   size_t count)
{
	struct debug_info *info = NULL;
	struct spy_error *error = debug_info_open(binary, &info);

	if (!error)
		error = debug_info_lookup(info, queries, count);
	debug_info_close(info);
	return error;
}

static struct spy_error *lookup(const struct text *info, enum packing packing,
				const struct damage *damage, struct debug_query *queries,
				size_t count)
{
	struct text abbrev = { 0 };
	struct spy_error *error;
	struct binary *binary;

	write_abbrevs(&abbrev);
	binary = open_file(info, &abbrev, packing, damage);
	error = lookup_in(binary, queries, count);
	binary_close(binary);
	text_free(&abbrev);
	return error;
}

/* The answer to one question. */
static struct debug_query ask(const struct text *info, enum debug_query_kind kind, const char *type,
			      const char *path)
{
	struct debug_query query = { .kind = kind, .type = type, .path = path };

	ck_assert_ptr_null(lookup(info, PLAIN, &(struct damage){ 0 }, &query, 1));
	return query;
}

static void assert_error(struct spy_error *error, const char *part)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, SPY_ERROR_DATA);
	ck_assert_msg(strstr(error->message, part), "%s", error->message);
	spy_error_free(error);
}

/* A program as Go 1.14 and later make it. */
static struct text modern(unsigned version)
{
	struct text info = { 0 };
	size_t unit = begin_unit(&info, version, UNIT, "first");

	constant(&info, "first.c", 1);
	variable(&info, "runtime.stray", 0x1, 0);
	end_unit(&info, unit);
	unit = begin_unit(&info, version, UNIT, "runtime");
	subprogram(&info, "runtime.main");
	variable(&info, "runtime.allglen", 0x401000, 0);
	constant(&info, "runtime._Gdead", 6);
	constant(&info, "runtime.minus", -3);
	end_unit(&info, unit);
	unit = begin_unit(&info, version, UNIT, "runtime");
	subprogram(&info, "runtime.asm");
	write_types(&info);
	end_unit(&info, unit);
	unit = begin_unit(&info, version, UNIT, "gopkg.in/yaml.v3");
	variable(&info, "gopkg.in/yaml%2ev3.V", 0x402000, 0);
	end_unit(&info, unit);
	return info;
}

/* ---- tests ----------------------------------------------------------------------------------- */

START_TEST(members)
{
	static const struct {
		const char *type, *path;
		int64_t value, size, elements;
		bool found, type_found;
	} cases[] = {
		{ "runtime.g", "", 0, 1000, -1, true, true },
		{ "runtime.g", "_panic", 32, 8, -1, true, true },
		{ "runtime.g", "stack", 64, 16, -1, true, true },
		{ "runtime.g", "stack.lo", 64, 8, -1, true, true },
		{ "runtime.g", "stack.hi", 72, 8, -1, true, true },
		{ "runtime.g", "gList.n", 308, 8, -1, true, true },
		{ "runtime.g", "n", 308, 8, -1, true, true },
		{ "runtime.g", "names", 400, 592, 37, true, true },
		{ "runtime.g", "odd", 992, -1, -1, true, true },
		{ "runtime.g", "free|gList.free|stack.hi|stack.lo", 72, 8, -1, true, true },
		{ "runtime.old|runtime.g", "hi|stack.hi", 72, 8, -1, true, true },
		{ "uint64", "", 0, 8, -1, true, true },
		{ "[37]string", "", 0, 592, 37, true, true },
		{ "runtime.g", "stack.middle", 0, -1, -1, false, true },
		{ "runtime.g", "stack.lo.bits", 0, -1, -1, false, true },
		{ "runtime.g", "_panic.lo", 0, -1, -1, false, true },
		{ "runtime.g", ".", 0, -1, -1, false, true },
		{ "runtime.absent", "lo", 0, -1, -1, false, false },
		{ "runtime.g|", "lo", 0, -1, -1, false, true },
		{ "", "", 0, -1, -1, false, false },
	};
	struct text info = modern(_i);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct debug_query query = ask(&info, DEBUG_MEMBER, cases[i].type, cases[i].path);

		ck_assert_msg(query.found == cases[i].found &&
				  query.type_found == cases[i].type_found,
			      "%s.%s", cases[i].type, cases[i].path);
		ck_assert_int_eq(query.value, cases[i].value);
		ck_assert_int_eq(query.size, cases[i].size);
		ck_assert_int_eq(query.elements, cases[i].elements);
	}
	text_free(&info);
}
END_TEST

START_TEST(variables_and_constants)
{
	struct text info = modern(_i);

	ck_assert_int_eq(ask(&info, DEBUG_VARIABLE, "runtime.allglen", NULL).value, 0x401000);
	ck_assert_int_eq(ask(&info, DEBUG_VARIABLE, "runtime.x|runtime.allglen", NULL).value,
			 0x401000);
	ck_assert_int_eq(ask(&info, DEBUG_VARIABLE, "gopkg.in/yaml%2ev3.V", NULL).value, 0x402000);
	ck_assert_int_eq(ask(&info, DEBUG_CONSTANT, "runtime._Gdead", NULL).value, 6);
	ck_assert_int_eq(ask(&info, DEBUG_CONSTANT, "runtime.minus", NULL).value, -3);
	/* One kind is not another, and what stands in a function is no package's. */
	ck_assert(!ask(&info, DEBUG_VARIABLE, "runtime._Gdead", NULL).found);
	ck_assert(!ask(&info, DEBUG_CONSTANT, "runtime.allglen", NULL).found);
	ck_assert(!ask(&info, DEBUG_CONSTANT, "runtime.inside", NULL).found);
	/* From Go 1.13 on the first unit holds nothing for others. */
	ck_assert(!ask(&info, DEBUG_VARIABLE, "runtime.stray", NULL).found);
	text_free(&info);
}
END_TEST

/* Go 1.10 and 1.11: variables and types in the first unit, constants in their package's. */
START_TEST(first_unit_of_old_go)
{
	struct debug_query queries[] = {
		{ .kind = DEBUG_MEMBER, .type = "runtime.g", .path = "stack.hi" },
		{ .kind = DEBUG_VARIABLE, .type = "runtime.allglen" },
		{ .kind = DEBUG_CONSTANT, .type = "runtime._Gdead" },
		{ .kind = DEBUG_CONSTANT, .type = "runtime._Gleaked" },
	};
	struct text info = { 0 };
	size_t unit = begin_unit(&info, 4, OLD_UNIT, "sync/atomic");

	write_types(&info);
	variable(&info, "runtime.allglen", 0x401000, 0);
	end_unit(&info, unit);
	unit = begin_unit(&info, 4, OLD_UNIT, "runtime");
	constant(&info, "runtime._Gdead", 6);
	end_unit(&info, unit);
	ck_assert_ptr_null(lookup(&info, PLAIN, &(struct damage){ 0 }, queries, 4));
	ck_assert_int_eq(queries[0].value, 72);
	ck_assert_int_eq(queries[1].value, 0x401000);
	ck_assert_int_eq(queries[2].value, 6);
	ck_assert(!queries[3].found);
	text_free(&info);
}
END_TEST

/* Units that are not Go's are passed over, also those that cannot be read. */
START_TEST(foreign_units)
{
	struct text info = { 0 };
	size_t unit = begin_header(&info, 5);
	struct debug_query query;

	uleb(&info, C_UNIT);
	number(&info, 1, 4);
	u8(&info, 0x1d);
	number(&info, 2, 4);
	number(&info, 0, 8);
	number(&info, 0, 8);
	uleb(&info, 3);
	number(&info, 0, 3);
	uleb(&info, 200);
	variable(&info, "runtime.allglen", 0x1, 0);
	end_unit(&info, unit);
	/* DWARF64 */
	number(&info, 0xffffffff, 4);
	number(&info, 20, 8);
	number(&info, 5, 2);
	number(&info, 0, 8);
	number(&info, 0, 8);
	number(&info, 0, 2);
	/* a type unit, and a version to come */
	unit = begin_header(&info, 5);
	info.bytes[unit + 6] = 2;
	number(&info, 0, 8);
	end_unit(&info, unit);
	unit = begin_header(&info, 5);
	info.bytes[unit + 4] = 6;
	u8(&info, 0x7f);
	end_unit(&info, unit);
	/* Without a type, since the references of modern() are from the start of the section. */
	unit = begin_unit(&info, 4, UNIT, "runtime");
	variable(&info, "runtime.allglen", 0x401000, 0);
	end_unit(&info, unit);
	query = ask(&info, DEBUG_VARIABLE, "runtime.allglen", NULL);
	ck_assert_int_eq(query.value, 0x401000);
	text_free(&info);
}
END_TEST

/* A program whose types come far behind, so that inflating goes on in the middle of a DIE. */
START_TEST(packed)
{
	struct debug_query query = { .kind = DEBUG_MEMBER,
				     .type = "runtime.g",
				     .path = "stack.hi" };
	char *noise _cleanup_free_ = memory_zeroed(1 << 18, 1);
	struct text info = { 0 };
	size_t unit = begin_unit(&info, 4, UNIT, "runtime"), i;
	unsigned seed = 1;

	for (i = 0; i < (1 << 18) - 1; i++)
		noise[i] = (char)('a' + (seed = seed * 1103515245 + 12345) / 65536 % 26);
	subprogram(&info, noise);
	for (i = 0; i < 3000; i++)
		subprogram(&info, noise + (1 << 18) - 40);
	write_types(&info);
	end_unit(&info, unit);
	ck_assert_ptr_null(lookup(&info, _i, &(struct damage){ 0 }, &query, 1));
	ck_assert_int_eq(query.value, 72);
	text_free(&info);
}
END_TEST

START_TEST(packed_and_damaged)
{
	struct debug_query query = { .kind = DEBUG_MEMBER, .type = "runtime.no", .path = "no" };
	struct text info = modern(4);

	assert_error(lookup(&info, _i, &(struct damage){ .cut = 20 }, &query, 1), "corrupt");
	assert_error(lookup(&info, _i, &(struct damage){ .claimed = info.length + 1 }, &query, 1),
		     "before its size");
	assert_error(
	    lookup(&info, _i, &(struct damage){ .claimed = info.length * 2000 }, &query, 1),
	    "cannot inflate");
	assert_error(lookup(&info, _i, &(struct damage){ .claimed = UINT64_C(1) << 50 }, &query, 1),
		     "larger than");
	text_free(&info);
}
END_TEST

START_TEST(streams)
{
	static const struct damage none;
	struct section_stream *stream = NULL;
	struct text info = { 0 }, abbrev = { 0 };
	struct binary *binary;
	size_t i;

	for (i = 0; i < 50000; i++)
		number(&info, i * 2654435761u, 8);
	u8(&abbrev, 0);
	binary = open_file(&info, &abbrev, _i, &none);
	assert_error(section_stream_open(binary, "debug_line", &stream), "no section .debug_line");
	ck_assert_ptr_null(section_stream_open(binary, "debug_info", &stream));
	ck_assert_uint_eq(section_stream_size(stream), info.length);
	ck_assert_ptr_null(section_stream_need(stream, 100));
	ck_assert_mem_eq(section_stream_bytes(stream), info.bytes, 100);
	if (_i != PLAIN)
		ck_assert_int_eq(section_stream_bytes(stream)[info.length - 2], 0);
	ck_assert_ptr_null(section_stream_need(stream, 100001));
	ck_assert_mem_eq(section_stream_bytes(stream), info.bytes, 100001);
	ck_assert_ptr_null(section_stream_need(stream, UINT64_MAX));
	ck_assert_mem_eq(section_stream_bytes(stream), info.bytes, info.length);
	section_stream_close(stream);
	binary_close(binary);
	text_free(&info);
	text_free(&abbrev);
}
END_TEST

START_TEST(corrupt)
{
	struct debug_query query = { .kind = DEBUG_MEMBER, .type = "runtime.g", .path = "lo" };
	struct damage none = { 0 };
	struct text info = { 0 };
	uint32_t self;
	size_t unit = begin_unit(&info, 4, UNIT, "runtime");

	self = typedef_of(&info, "runtime.g", (uint32_t)info.length);
	ck_assert_uint_ne(self, 0);
	end_unit(&info, unit);
	assert_error(lookup(&info, PLAIN, &none, &query, 1), "typedefs");

	patch(&info, info.length - 5, 0xfffffff0);
	assert_error(lookup(&info, PLAIN, &none, &query, 1), "outside of the Go units");
	patch(&info, info.length - 5, 3);
	assert_error(lookup(&info, PLAIN, &none, &query, 1), "outside of the Go units");

	query.type = "runtime.none";
	info.bytes[info.length - 1] = 0x70;
	assert_error(lookup(&info, PLAIN, &none, &query, 1), "unknown code");
	info.bytes[info.length - 1] = CONSTANT;
	assert_error(lookup(&info, PLAIN, &none, &query, 1), "beyond its unit");
	patch(&info, unit, 1 << 20);
	assert_error(lookup(&info, PLAIN, &none, &query, 1), "longer than the section");
	ck_assert(!query.found);
	text_free(&info);
}
END_TEST

/* Whatever is changed or cut, it ends, with an answer or an error. */
START_TEST(every_byte)
{
	struct text info = modern(_i);
	struct damage none = { 0 };
	size_t i;

	for (i = 0; i < info.length; i++) {
		struct debug_query queries[] = {
			{ .kind = DEBUG_MEMBER, .type = "runtime.g", .path = "stack.hi|names" },
			{ .kind = DEBUG_VARIABLE, .type = "runtime.allglen" },
			{ .kind = DEBUG_CONSTANT, .type = "runtime.none" },
		};
		char old = info.bytes[i];
		unsigned change;

		for (change = 1; change < 256; change *= 2) {
			info.bytes[i] = (char)(old ^ (char)change);
			spy_error_free(lookup(&info, PLAIN, &none, queries, 3));
		}
		info.bytes[i] = old;
		spy_error_free(lookup(&info, PLAIN, &(struct damage){ .cut = i }, queries, 3));
	}
	text_free(&info);
}
END_TEST

Suite *dwarf_suite(void)
{
	Suite *suite = suite_create("dwarf");
	TCase *tests = tcase_create("dwarf");

	tcase_add_loop_test(tests, members, 4, 6);
	tcase_add_loop_test(tests, variables_and_constants, 4, 6);
	tcase_add_test(tests, first_unit_of_old_go);
	tcase_add_test(tests, foreign_units);
	tcase_add_loop_test(tests, packed, PLAIN, ZDEBUG + 1);
	tcase_add_loop_test(tests, packed_and_damaged, COMPRESSED, ZDEBUG + 1);
	tcase_add_loop_test(tests, streams, PLAIN, ZDEBUG + 1);
	tcase_add_test(tests, corrupt);
	tcase_add_loop_test(tests, every_byte, 4, 6);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}
