/* SPDX-License-Identifier: MIT
 *
 * Types, package variables and variables of frames in DWARF written by hand, as Go's linker writes
 * it. Whole Go programs are held against Go's debug/dwarf by tests/live/test_layouts, and against
 * what they themselves say by tests/live/test_locals.
 */
#include "unit/unit.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dwarf/constants.h"
#include "dwarf/go_types.h"
#include "dwarf/locals.h"
#include "dwarf/names.h"
#include "dwarf/variables.h"

/* ---- writing DWARF ------------------------------------------------------------------------- */

enum section { ABBREV, INFO, ADDR, RANGES, RNGLISTS, LOC, LOCLISTS, SECTIONS };

static const char *const section_names[SECTIONS] = {
	".debug_abbrev",   ".debug_info", ".debug_addr",     ".debug_ranges",
	".debug_rnglists", ".debug_loc",  ".debug_loclists",
};

struct image {
	struct text sections[SECTIONS];
	unsigned version, codes;
	size_t unit;
};

struct value {
	unsigned name, form;
	uint64_t number;
	const char *bytes; /* of a string, or a block of `number` bytes */
};

static void bytes_of(struct text *text, uint64_t value, size_t bytes)
{
	text_add_bytes(text, (const char *)&value, bytes);
}

static void uleb(struct text *text, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		bytes_of(text, (value & 0x7f) | 0x80, 1);
	bytes_of(text, value, 1);
}

static void write_value(struct text *info, const struct value *value)
{
	switch (value->form) {
	case DW_FORM_STRING:
		text_add_bytes(info, value->bytes, strlen(value->bytes) + 1);
		break;
	case DW_FORM_BLOCK1:
		bytes_of(info, value->number, 1);
		text_add_bytes(info, value->bytes, value->number);
		break;
	case DW_FORM_UDATA:
	case DW_FORM_ADDRX:
		uleb(info, value->number);
		break;
	case DW_FORM_DATA1:
	case DW_FORM_FLAG:
		bytes_of(info, value->number, 1);
		break;
	case DW_FORM_ADDR:
		bytes_of(info, value->number, 8);
		break;
	default: /* references, offsets */
		bytes_of(info, value->number, 4);
	}
}

/* Writes a DIE with an abbreviation of its own. Returns its offset. */
static uint32_t entry(struct image *image, unsigned tag, bool children, const struct value *values)
{
	struct text *abbrev = &image->sections[ABBREV], *info = &image->sections[INFO];
	uint32_t offset = (uint32_t)info->length;

	uleb(abbrev, ++image->codes);
	uleb(abbrev, tag);
	bytes_of(abbrev, children, 1);
	uleb(info, image->codes);
	for (; values->name; values++) {
		uleb(abbrev, values->name);
		uleb(abbrev, values->form);
		write_value(info, values);
	}
	bytes_of(abbrev, 0, 2);
	return offset;
}
#define ENTRY(image, tag, children, ...)                                                           \
	entry(image, tag, children, (const struct value[]){ __VA_ARGS__, { 0 } })
#define ATTRIBUTE(at, as, value)                                                                   \
	{                                                                                          \
		.name = (at), .form = (as), .number = (value)                                      \
	}
#define NAME(text)                                                                                 \
	{                                                                                          \
		.name = DW_AT_NAME, .form = DW_FORM_STRING, .bytes = (text)                        \
	}
#define TYPE(offset)       ATTRIBUTE(DW_AT_TYPE, DW_FORM_REF_ADDR, offset)
#define ELEM(offset)       ATTRIBUTE(DW_AT_GO_ELEM, DW_FORM_REF_ADDR, offset)
#define KEY(offset)        ATTRIBUTE(DW_AT_GO_KEY, DW_FORM_REF_ADDR, offset)
#define KIND(kind)         ATTRIBUTE(DW_AT_GO_KIND, DW_FORM_DATA1, kind)
#define BYTES(size)        ATTRIBUTE(DW_AT_BYTE_SIZE, DW_FORM_UDATA, size)
#define DESCRIPTOR(offset) ATTRIBUTE(DW_AT_GO_RUNTIME_TYPE, DW_FORM_ADDR, offset)
#define LINE(line)         ATTRIBUTE(DW_AT_DECL_LINE, DW_FORM_UDATA, line)
#define ORIGIN(offset)     ATTRIBUTE(DW_AT_ABSTRACT_ORIGIN, DW_FORM_REF_ADDR, offset)
#define LIST(offset)       ATTRIBUTE(DW_AT_LOCATION, DW_FORM_SEC_OFFSET, offset)
#define BLOCK(at, text)                                                                            \
	{                                                                                          \
		.name = (at), .form = DW_FORM_BLOCK1, .number = sizeof(text) - 1, .bytes = (text)  \
	}

static void end_children(struct image *image)
{
	bytes_of(&image->sections[INFO], 0, 1);
}

static void begin_unit(struct image *image, unsigned version)
{
	struct text *info = &image->sections[INFO];

	image->version = version;
	image->unit = info->length;
	bytes_of(info, 0, 4);
	bytes_of(info, version, 2);
	if (version >= 5)
		bytes_of(info, DW_UT_COMPILE | 8 << 8, 2);
	bytes_of(info, 0, 4);
	if (version < 5)
		bytes_of(info, 8, 1);
}

static void begin_package(struct image *image, unsigned version, const char *name)
{
	begin_unit(image, version);
	ENTRY(image, DW_TAG_COMPILE_UNIT, true, NAME(name),
	      ATTRIBUTE(DW_AT_LANGUAGE, DW_FORM_DATA1, DW_LANG_GO),
	      { .name = DW_AT_GO_PACKAGE_NAME, .form = DW_FORM_STRING, .bytes = "package" });
}

static void end_unit(struct image *image)
{
	uint32_t length;

	end_children(image);
	length = (uint32_t)(image->sections[INFO].length - image->unit - 4);
	memcpy(image->sections[INFO].bytes + image->unit, &length, sizeof(length));
}

static void image_free(struct image *image)
{
	size_t i;

	for (i = 0; i < SECTIONS; i++)
		text_free(&image->sections[i]);
}

/* An ELF file of the sections. */
static struct binary *open_image(const struct image *image)
{
	Elf64_Shdr headers[SECTIONS + 2] = { 0 };
	Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					   ELFDATA2LSB, EV_CURRENT },
			      .e_type = ET_EXEC,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_ehsize = sizeof(Elf64_Ehdr),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_shentsize = sizeof(Elf64_Shdr),
			      .e_shnum = SECTIONS + 2,
			      .e_shstrndx = SECTIONS + 1 };
	struct text file = { 0 }, names = { 0 };
	struct binary *binary = NULL;
	int fd = memfd_create("dwarf", MFD_CLOEXEC);
	size_t i;

	bytes_of(&names, 0, 1);
	text_add_bytes(&file, (const char *)&header, sizeof(header));
	for (i = 0; i < SECTIONS; i++) {
		headers[i + 1] = (Elf64_Shdr){ .sh_name = (uint32_t)names.length,
					       .sh_type = SHT_PROGBITS,
					       .sh_addralign = 1,
					       .sh_offset = file.length,
					       .sh_size = image->sections[i].length };
		text_add_bytes(&names, section_names[i], strlen(section_names[i]) + 1);
		if (image->sections[i].length)
			text_add_bytes(&file, image->sections[i].bytes, image->sections[i].length);
	}
	headers[SECTIONS + 1] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
					      .sh_addralign = 1,
					      .sh_offset = file.length,
					      .sh_size = names.length };
	text_add_bytes(&file, names.bytes, names.length);
	while (file.length % 8 != 0)
		bytes_of(&file, 0, 1);
	((Elf64_Ehdr *)file.bytes)->e_shoff = file.length;
	text_add_bytes(&file, (const char *)headers, sizeof(headers));
	ck_assert_int_eq(write(fd, file.bytes, file.length), (ssize_t)file.length);
	ck_assert_ptr_null(binary_open_fd(fd, "made", &binary));
	close(fd);
	text_free(&file);
	text_free(&names);
	return binary;
}

struct opened {
	struct binary *binary;
	struct debug_info *info;
};

static struct opened open_dwarf(struct image *image)
{
	struct opened opened = { 0 };

	uleb(&image->sections[ABBREV], 0);
	opened.binary = open_image(image);
	ck_assert_ptr_null(debug_info_open(opened.binary, &opened.info));
	return opened;
}

static void close_dwarf(struct opened *opened)
{
	debug_info_close(opened->info);
	binary_close(opened->binary);
}

/* ---- names --------------------------------------------------------------------------------- */

START_TEST(names)
{
	static const struct {
		const char *name, *full, *brief;
		size_t package;
	} cases[] = {
		{ "main.T", "main.T", "main.T", 4 },
		{ "gopkg.in/yaml%2ev3.Node", "gopkg.in/yaml.v3.Node", "yaml.v3.Node", 18 },
		{ "*example.com/a/db.Pool", "*example.com/a/db.Pool", "*db.Pool", 17 },
		{ "map[a/b.K][]c/d.V", "map[a/b.K][]c/d.V", "map[b.K][]d.V", 0 },
		{ "func(...a/b.T) c/d.U", "func(...a/b.T) c/d.U", "func(...b.T) d.U", 0 },
		{ "main.pair[int,a/b.T]", "main.pair[int,a/b.T]", "main.pair[int,b.T]", 4 },
		{ "struct { A int \"x/y:\\\"%2e\\\"\" }", "struct { A int \"x/y:\\\"%2e\\\"\" }",
		  "struct { A int \"x/y:\\\"%2e\\\"\" }", 0 },
		{ "100%", "100%", "100%", 0 },
		{ "", "", "", 0 },
	};
	const char *name = cases[_i].name;
	struct text full = { 0 }, brief = { 0 };

	text_add(&full, "");
	text_add(&brief, "");
	name_add(&full, name, strlen(name), false);
	name_add(&brief, name, strlen(name), true);
	ck_assert_str_eq(full.bytes ? full.bytes : "", cases[_i].full);
	ck_assert_str_eq(brief.bytes ? brief.bytes : "", cases[_i].brief);
	if (cases[_i].package)
		ck_assert_uint_eq(name_package_length(name, strlen(name)), cases[_i].package);
	text_free(&full);
	text_free(&brief);
}
END_TEST

/* ---- types --------------------------------------------------------------------------------- */

struct made_types {
	uint32_t word, text, user, named_user, pointer, slice, map, chan, eface, any, array, bare;
	uint32_t function, twin, loop, constant;
};

static uint32_t member(struct image *image, const char *name, unsigned offset, uint32_t type,
		       bool embedded)
{
	return ENTRY(image, DW_TAG_MEMBER, false, NAME(name),
		     ATTRIBUTE(DW_AT_DATA_MEMBER_LOCATION, DW_FORM_UDATA, offset), TYPE(type),
		     ATTRIBUTE(DW_AT_GO_EMBEDDED_FIELD, DW_FORM_FLAG, embedded));
}

static uint32_t structure(struct image *image, const char *name, unsigned size)
{
	return ENTRY(image, DW_TAG_STRUCTURE_TYPE, true, NAME(name), BYTES(size), KIND(25),
		     DESCRIPTOR(0));
}

static void write_composed(struct image *image, struct made_types *made)
{
	uint32_t hash, hchan, pointer;

	hash = structure(image, "hash<int,string>", 48);
	member(image, "count", 0, made->word, false);
	end_children(image);
	pointer = ENTRY(image, DW_TAG_POINTER_TYPE, false, NAME("*hash<int,string>"), TYPE(hash));
	made->map = ENTRY(image, DW_TAG_TYPEDEF, false, NAME("map[int]string"), TYPE(pointer),
			  KIND(21), KEY(made->word), ELEM(made->text));
	hchan = structure(image, "hchan<int>", 96);
	end_children(image);
	pointer = ENTRY(image, DW_TAG_POINTER_TYPE, false, NAME("*hchan<int>"), TYPE(hchan));
	made->chan = ENTRY(image, DW_TAG_TYPEDEF, false, NAME("chan int"), TYPE(pointer), KIND(18),
			   ELEM(made->word));
	made->eface = structure(image, "runtime.eface", 16);
	end_children(image);
	made->any =
	    ENTRY(image, DW_TAG_TYPEDEF, false, NAME("interface {}"), TYPE(made->eface), KIND(20));
	made->array = ENTRY(image, DW_TAG_ARRAY_TYPE, true, NAME("[5]int"), TYPE(made->word),
			    BYTES(40), KIND(17));
	ENTRY(image, DW_TAG_SUBRANGE_TYPE, false, TYPE(made->word),
	      ATTRIBUTE(DW_AT_COUNT, DW_FORM_UDATA, 5));
	end_children(image);
	made->bare = ENTRY(image, DW_TAG_POINTER_TYPE, false, NAME("unsafe.Pointer"));
	made->function =
	    ENTRY(image, DW_TAG_SUBROUTINE_TYPE, true, NAME("func(int)"), BYTES(8), KIND(19));
	end_children(image);
}

static void write_types(struct image *image, struct made_types *made)
{
	made->word = ENTRY(image, DW_TAG_BASE_TYPE, false, NAME("int"), BYTES(8), KIND(2),
			   DESCRIPTOR(0x100));
	made->text = structure(image, "string", 16);
	end_children(image);
	made->user = structure(image, "example.com/db%2ev2.user", 24);
	member(image, "id", 0, made->word, false);
	member(image, "Text", 8, made->text, true);
	end_children(image);
	made->named_user =
	    ENTRY(image, DW_TAG_TYPEDEF, false, NAME("example.com/db%2ev2.user"), TYPE(made->user));
	made->pointer = ENTRY(image, DW_TAG_POINTER_TYPE, false, NAME("*example.com/db%2ev2.user"),
			      TYPE(made->named_user), KIND(22), DESCRIPTOR(0x200));
	made->slice = ENTRY(image, DW_TAG_STRUCTURE_TYPE, true, NAME("[]int"), BYTES(24), KIND(23),
			    ELEM(made->word));
	end_children(image);
	write_composed(image, made);
	/* Two that are the same but for their directories. */
	structure(image, "a/x.twin", 8);
	end_children(image);
	made->twin = structure(image, "b/x.twin", 8);
	end_children(image);
	made->constant = ENTRY(image, DW_TAG_CONSTANT, false, NAME("runtime.c"));
	made->loop = (uint32_t)image->sections[INFO].length;
	ENTRY(image, DW_TAG_TYPEDEF, false, NAME("loop"), TYPE(made->loop));
}

static const struct debug_type *get(struct debug_info *info, uint64_t offset)
{
	const struct debug_type *type = NULL;

	ck_assert_ptr_null(debug_type_get(info, offset, &type));
	return type;
}

START_TEST(types_by_offset)
{
	struct image image = { 0 };
	struct made_types made;
	struct opened dwarf;
	const struct debug_type *type;

	begin_package(&image, (unsigned)_i, "runtime");
	write_types(&image, &made);
	end_unit(&image);
	dwarf = open_dwarf(&image);
	type = get(dwarf.info, made.named_user);
	ck_assert_uint_eq(type->offset, made.user);
	ck_assert_str_eq(type->name, "example.com/db.v2.user");
	ck_assert_str_eq(type->raw_name, "example.com/db%2ev2.user");
	ck_assert_uint_eq(type->kind, 25);
	ck_assert_int_eq(type->size, 24);
	ck_assert_uint_eq(type->member_count, 2);
	ck_assert_str_eq(type->members[1].name, "Text");
	ck_assert_uint_eq(type->members[1].offset, 8);
	ck_assert_uint_eq(type->members[1].type, made.text);
	ck_assert(type->members[1].embedded && !type->members[0].embedded);
	type = get(dwarf.info, made.map);
	ck_assert_int_eq(type->size, 8);
	ck_assert_uint_eq(type->key, made.word);
	ck_assert_uint_eq(type->elem, made.text);
	ck_assert_str_eq(get(dwarf.info, type->inside)->name, "hash<int,string>");
	ck_assert_str_eq(get(dwarf.info, get(dwarf.info, made.chan)->inside)->name, "hchan<int>");
	type = get(dwarf.info, made.any);
	ck_assert_uint_eq(type->inside, made.eface);
	ck_assert_int_eq(type->size, 16);
	type = get(dwarf.info, made.array);
	ck_assert_int_eq(type->count, 5);
	ck_assert_uint_eq(type->elem, made.word);
	ck_assert_uint_eq(get(dwarf.info, made.pointer)->elem, made.named_user);
	ck_assert_uint_eq(get(dwarf.info, made.slice)->elem, made.word);
	ck_assert_uint_eq(get(dwarf.info, made.bare)->kind, 26);
	ck_assert_uint_eq(get(dwarf.info, made.function)->kind, 19);
	/* What was read once is the same again. */
	ck_assert_ptr_eq(get(dwarf.info, made.map), get(dwarf.info, made.map));
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

START_TEST(types_that_are_none)
{
	struct image image = { 0 };
	struct made_types made;
	struct opened dwarf;
	const struct debug_type *type;
	uint64_t offsets[] = { 0, 3, 1 << 30, 0, 0 };
	size_t i, pass;

	begin_package(&image, 4, "runtime");
	write_types(&image, &made);
	end_unit(&image);
	dwarf = open_dwarf(&image);
	offsets[3] = made.loop;
	offsets[4] = made.constant;
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
			struct spy_error *error = debug_type_get(dwarf.info, offsets[i], &type);

			ck_assert_ptr_nonnull(error);
			ck_assert_int_eq(error->code, SPY_ERROR_DATA);
			spy_error_free(error);
		}
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

START_TEST(types_by_name)
{
	struct image image = { 0 };
	struct made_types made;
	struct opened dwarf;
	uint64_t type;
	bool ambiguous;
	size_t i;

	begin_package(&image, 4, "main");
	end_unit(&image);
	begin_package(&image, 4, "runtime");
	write_types(&image, &made);
	end_unit(&image);
	dwarf = open_dwarf(&image);
	const struct {
		const char *name;
		uint64_t type;
		bool ambiguous;
	} cases[] = {
		{ "int", made.word, false },
		{ "example.com/db%2ev2.user", made.user, false },
		{ "example.com/db.v2.user", made.user, false },
		{ "db.v2.user", made.user, false },
		{ "*db.v2.user", made.pointer, false },
		{ "map[int]string", made.map, false },
		{ "b/x.twin", made.twin, false },
		{ "x.twin", 0, true },
		{ "loop", 0, false },
		{ "runtime.c", 0, false },
		{ "main.none", 0, false },
		{ "", 0, false },
	};
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_ptr_null(debug_type_find(dwarf.info, cases[i].name, &type, &ambiguous));
		ck_assert_msg(type == cases[i].type, "%s", cases[i].name);
		ck_assert_msg(ambiguous == cases[i].ambiguous, "%s", cases[i].name);
	}
	ck_assert_ptr_null(debug_type_of_descriptor(dwarf.info, 0x200, &type));
	ck_assert_uint_eq(type, made.pointer);
	ck_assert_ptr_null(debug_type_of_descriptor(dwarf.info, 0x300, &type));
	ck_assert_uint_eq(type, 0);
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

/* ---- package variables --------------------------------------------------------------------- */

static void variable(struct image *image, const char *name, uint64_t address, uint32_t type)
{
	char location[9] = { DW_OP_ADDR };

	memcpy(location + 1, &address, 8);
	ENTRY(image, DW_TAG_VARIABLE, false, NAME(name),
	      { .name = DW_AT_LOCATION,
		.form = DW_FORM_BLOCK1,
		.number = sizeof(location),
		.bytes = location },
	      TYPE(type));
}

static void write_variables(struct image *image)
{
	uint32_t type;

	begin_package(image, 4, "runtime");
	type = ENTRY(image, DW_TAG_BASE_TYPE, false, NAME("int"), BYTES(8), KIND(2));
	variable(image, "runtime.ncpu", 0x1000, type);
	ENTRY(image, DW_TAG_SUBPROGRAM, true, NAME("runtime.main"));
	variable(image, "runtime.inner", 0x1008, type);
	ENTRY(image, DW_TAG_VARIABLE, false, NAME("local"), BLOCK(DW_AT_LOCATION, "\x91\x10"),
	      TYPE(type));
	end_children(image);
	end_unit(image);
	begin_package(image, 4, "example.com/app.v2/db.pool");
	variable(image, "example.com/app.v2/db%2epool.size", 0x2000, type);
	end_unit(image);
	begin_package(image, 4, "a/x");
	variable(image, "a/x.same", 0x3000, type);
	end_unit(image);
	begin_package(image, 4, "b/x");
	variable(image, "b/x.same", 0x4000, 0);
	variable(image, "b/x.same", 0x4000, 0);
	variable(image, "_cgo_mmap", 0x4008, 0);
	end_unit(image);
}

START_TEST(all_variables)
{
	struct image image = { 0 };
	const struct debug_variable *list;
	struct opened dwarf;
	size_t count = 0;

	write_variables(&image);
	dwarf = open_dwarf(&image);
	ck_assert_ptr_null(debug_variables(dwarf.info, &list, &count));
	ck_assert_uint_eq(count, 5);
	ck_assert_str_eq(list[0].name, "_cgo_mmap");
	ck_assert_str_eq(list[0].package, "");
	ck_assert_str_eq(list[1].name, "a/x.same");
	ck_assert_str_eq(list[3].name, "example.com/app.v2/db.pool.size");
	ck_assert_str_eq(list[3].package, "example.com/app.v2/db.pool");
	ck_assert_uint_eq(list[3].address, 0x2000);
	ck_assert_int_eq(get(dwarf.info, list[4].type)->size, 8);
	ck_assert_uint_eq(list[2].type, 0);
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

START_TEST(variables_by_name)
{
	static const struct {
		const char *names[2];
		size_t found;
		uint64_t address;
	} cases[] = {
		{ { "runtime.ncpu" }, 1, 0x1000 },
		{ { "runtime.none", "runtime.ncpu" }, 1, 0x1000 },
		{ { "example.com/app.v2/db.pool.size" }, 1, 0x2000 },
		{ { "example.com/app.v2/db%2epool.size" }, 1, 0x2000 },
		{ { "db.pool.size" }, 1, 0x2000 },
		{ { "pool.size" }, 0, 0 },
		{ { "x.same" }, 2, 0x3000 },
		{ { "b/x.same" }, 1, 0x4000 },
		{ { "_cgo_mmap" }, 1, 0x4008 },
		{ { "runtime.inner" }, 0, 0 },
		{ { "" }, 0, 0 },
	};
	struct image image = { 0 };
	struct opened dwarf;
	size_t i, pass;

	write_variables(&image);
	dwarf = open_dwarf(&image);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct debug_variable found[4];
			size_t count = 9;

			ck_assert_ptr_null(debug_variable_find(dwarf.info, cases[i].names,
							       cases[i].names[1] ? 2 : 1, found, 4,
							       &count));
			ck_assert_msg(count == cases[i].found, "%s: %zu", cases[i].names[0], count);
			if (count)
				ck_assert_uint_eq(found[0].address, cases[i].address);
		}
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

/* ---- expressions --------------------------------------------------------------------------- */

static bool word_at(void *context, uint64_t address, uint64_t *ret)
{
	(void)context;
	*ret = address + 0x500;
	return address < 0x10000;
}

#define EXPRESSION(text) (const uint8_t *)(text), sizeof(text) - 1

START_TEST(expressions)
{
	static const struct debug_frame frame = { .cfa = 0x2000, .word = word_at };
	static const struct {
		const uint8_t *bytes;
		size_t length;
		size_t count; /* 0: it is none */
		struct debug_piece pieces[2];
	} cases[] = {
		{ EXPRESSION(""), 1, { { DEBUG_PIECE_NOWHERE, 0, 0 } } },
		{ EXPRESSION("\x9c"), 1, { { DEBUG_PIECE_MEMORY, 0x2000, 0 } } },
		{ EXPRESSION("\x91\x70"), 1, { { DEBUG_PIECE_MEMORY, 0x1ff0, 0 } } },
		{ EXPRESSION("\x53"), 1, { { DEBUG_PIECE_REGISTER, 3, 0 } } },
		{ EXPRESSION("\x90\x11"), 1, { { DEBUG_PIECE_REGISTER, 17, 0 } } },
		{ EXPRESSION("\x9c\x23\x08"), 1, { { DEBUG_PIECE_MEMORY, 0x2008, 0 } } },
		{ EXPRESSION("\x9c\x34\x22"), 1, { { DEBUG_PIECE_MEMORY, 0x2004, 0 } } },
		{ EXPRESSION("\x91\x70\x06"), 1, { { DEBUG_PIECE_MEMORY, 0x24f0, 0 } } },
		{ EXPRESSION("\x08\x2a\x9f"), 1, { { DEBUG_PIECE_VALUE, 42, 0 } } },
		{ EXPRESSION("\x11\x7f\x9f"), 1, { { DEBUG_PIECE_VALUE, UINT64_MAX, 0 } } },
		{ EXPRESSION("\x91\x08\x93\x08\x50\x93\x08"),
		  2,
		  { { DEBUG_PIECE_MEMORY, 0x2008, 8 }, { DEBUG_PIECE_REGISTER, 0, 8 } } },
		{ EXPRESSION("\x93\x08\x9c\x93\x10"),
		  2,
		  { { DEBUG_PIECE_NOWHERE, 0, 8 }, { DEBUG_PIECE_MEMORY, 0x2000, 16 } } },
		{ EXPRESSION("\x9c\x93\x08\x9c"), 0, { { 0 } } }, /* a rest without its length */
		{ EXPRESSION("\x9c\x93\x00"), 0, { { 0 } } },     /* a piece of nothing */
		{ EXPRESSION("\x9c\x9c"), 0, { { 0 } } },         /* one too many */
		{ EXPRESSION("\x50\x23\x08"), 0, { { 0 } } },     /* reckons with a register */
		{ EXPRESSION("\x06"), 0, { { 0 } } },             /* nothing to dereference */
		{ EXPRESSION("\x03\0\0\0\0\0\0\0\0"), 0, { { 0 } } }, /* no local variable */
		{ EXPRESSION("\x91"), 0, { { 0 } } },
		{ EXPRESSION("\x91\x80"), 0, { { 0 } } },
		{ EXPRESSION("\xff"), 0, { { 0 } } },
		{ EXPRESSION("\x0e\0\0\1\0\0\0\0\0\x06"), 0, { { 0 } } }, /* unreadable */
		{ EXPRESSION("\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x9c"), 0, { { 0 } } },
	};
	size_t i, j, count;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct debug_piece pieces[DEBUG_PIECES_MAX];
		bool known = debug_locate(cases[i].bytes, cases[i].length, &frame, pieces, &count);

		ck_assert_msg(known == (cases[i].count > 0), "expression %zu", i);
		if (!known)
			continue;
		ck_assert_msg(count == cases[i].count, "expression %zu", i);
		for (j = 0; j < count; j++)
			ck_assert_msg(pieces[j].kind == cases[i].pieces[j].kind &&
					  pieces[j].value == cases[i].pieces[j].value &&
					  pieces[j].bytes == cases[i].pieces[j].bytes,
				      "piece %zu of expression %zu", j, i);
	}
}
END_TEST

START_TEST(expressions_too_long)
{
	static const struct debug_frame frame = { .cfa = 0x2000 };
	struct debug_piece pieces[DEBUG_PIECES_MAX];
	struct text text = { 0 };
	size_t count, i;

	for (i = 0; i <= DEBUG_PIECES_MAX; i++)
		text_add_bytes(&text, "\x9c\x93\x08", 3);
	ck_assert(!debug_locate((const uint8_t *)text.bytes, text.length, &frame, pieces, &count));
	text.length = 3 * DEBUG_PIECES_MAX;
	ck_assert(debug_locate((const uint8_t *)text.bytes, text.length, &frame, pieces, &count));
	ck_assert_uint_eq(count, DEBUG_PIECES_MAX);
	text_free(&text);
}
END_TEST

/* ---- variables of frames ------------------------------------------------------------------- */

enum { CODE = 0x400000 };

static void end_list(const struct image *image, struct text *text)
{
	bytes_of(text, 0, image->version >= 5 ? 1 : 8);
	if (image->version < 5)
		bytes_of(text, 0, 8);
}

/* A location list with two entries: [0, 0x10) in a register, [0x10, 0x40) at the cfa - 16, and
 * where `moves` a third, [0x40, 0x80) at the cfa - 32. Returns its offset. */
static uint32_t location_list(struct image *image, bool moves)
{
	struct text *text = &image->sections[image->version >= 5 ? LOCLISTS : LOC];
	static const struct {
		unsigned low, high;
		const char *bytes;
		size_t length;
	} entries[] = { { 0, 0x10, "\x50", 1 },
			{ 0x10, 0x40, "\x91\x70", 2 },
			{ 0x40, 0x80, "\x91\x60", 2 } };
	uint32_t offset = (uint32_t)text->length;
	size_t i;

	if (image->version >= 5) {
		bytes_of(text, DW_LLE_BASE_ADDRESSX, 1);
		uleb(text, 1);
	} else {
		bytes_of(text, UINT64_MAX, 8);
		bytes_of(text, CODE, 8);
	}
	for (i = 0; i < 2u + moves; i++) {
		if (image->version >= 5) {
			bytes_of(text, DW_LLE_OFFSET_PAIR, 1);
			uleb(text, entries[i].low);
			uleb(text, entries[i].high);
			uleb(text, entries[i].length);
		} else {
			bytes_of(text, entries[i].low, 8);
			bytes_of(text, entries[i].high, 8);
			bytes_of(text, entries[i].length, 2);
		}
		text_add_bytes(text, entries[i].bytes, entries[i].length);
	}
	end_list(image, text);
	return offset;
}

/* [0x20, 0x28) and [0x30, 0x38) of the code. */
static uint32_t range_list(struct image *image)
{
	struct text *text = &image->sections[image->version >= 5 ? RNGLISTS : RANGES];
	uint32_t offset;
	unsigned low;

	bytes_of(text, 0, 4); /* so that no list begins at 0 */
	offset = (uint32_t)text->length;
	for (low = 0x20; low <= 0x30; low += 0x10) {
		if (image->version >= 5) {
			bytes_of(text, DW_RLE_STARTX_LENGTH, 1);
			uleb(text, 1);
			/* The second one is told from the base on. */
			if (low == 0x30) {
				text->length -= 2;
				bytes_of(text, DW_RLE_BASE_ADDRESSX, 1);
				uleb(text, 1);
				bytes_of(text, DW_RLE_OFFSET_PAIR, 1);
				uleb(text, low);
				uleb(text, low + 8);
				continue;
			}
			text->length -= 2;
			bytes_of(text, DW_RLE_START_END, 1);
			bytes_of(text, CODE + low, 8);
			bytes_of(text, CODE + low + 8, 8);
		} else {
			bytes_of(text, low, 8); /* from the unit's low_pc on */
			bytes_of(text, low + 8, 8);
		}
	}
	end_list(image, text);
	return offset;
}

static void low_high(struct image *image, unsigned low, unsigned high, struct value *ret)
{
	ret[0] = (struct value)ATTRIBUTE(DW_AT_LOW_PC, DW_FORM_ADDR, CODE + low);
	ret[1] = (struct value)ATTRIBUTE(DW_AT_HIGH_PC, DW_FORM_ADDR, CODE + high);
	if (image->version >= 5 && low == 0) {
		ret[0] = (struct value)ATTRIBUTE(DW_AT_LOW_PC, DW_FORM_ADDRX, 1);
		ret[1] = (struct value)ATTRIBUTE(DW_AT_HIGH_PC, DW_FORM_UDATA, high);
	}
}

static void write_block(struct image *image, uint32_t type)
{
	ENTRY(image, DW_TAG_LEXICAL_BLOCK, true,
	      ATTRIBUTE(DW_AT_RANGES, DW_FORM_SEC_OFFSET, range_list(image)));
	ENTRY(image, DW_TAG_VARIABLE, false, NAME("inner"), LINE(15), TYPE(type),
	      BLOCK(DW_AT_LOCATION, "\x91\x48"));
	end_children(image);
}

/* main.f at [0, 0x80) of the code, into which main.g is inlined at [0x30, 0x38); the abstract copy
 * of main.g. */
static void write_functions(struct image *image, unsigned version, const char *producer)
{
	uint32_t type, g, g_argument, g_dropped;
	struct value pcs[2];

	bytes_of(&image->sections[ADDR], 0, 8); /* the header */
	bytes_of(&image->sections[ADDR], 0x1234, 8);
	bytes_of(&image->sections[ADDR], CODE, 8);
	begin_unit(image, version);
	image->version = version;
	low_high(image, 0, 0x100, pcs);
	if (version >= 5)
		pcs[0] = (struct value)ATTRIBUTE(DW_AT_LOW_PC, DW_FORM_ADDR, CODE);
	ENTRY(image, DW_TAG_COMPILE_UNIT, true, NAME("main"),
	      ATTRIBUTE(DW_AT_LANGUAGE, DW_FORM_DATA1, DW_LANG_GO), pcs[0], pcs[1],
	      { .name = DW_AT_PRODUCER, .form = DW_FORM_STRING, .bytes = producer },
	      ATTRIBUTE(DW_AT_ADDR_BASE, DW_FORM_SEC_OFFSET, 8));
	type = ENTRY(image, DW_TAG_BASE_TYPE, false, NAME("int"), BYTES(8), KIND(2));
	g = ENTRY(image, DW_TAG_SUBPROGRAM, true, NAME("main.g%2e"));
	g_argument = ENTRY(image, DW_TAG_FORMAL_PARAMETER, false, NAME("k"), TYPE(type), LINE(5));
	g_dropped = ENTRY(image, DW_TAG_FORMAL_PARAMETER, false, NAME("gone"), TYPE(type));
	end_children(image);
	low_high(image, 0, 0x80, pcs);
	ENTRY(image, DW_TAG_SUBPROGRAM, true, NAME("main.f"), pcs[0], pcs[1],
	      BLOCK(DW_AT_FRAME_BASE, "\x9c"));
	ENTRY(image, DW_TAG_FORMAL_PARAMETER, false, NAME("a"), TYPE(type), LINE(10),
	      BLOCK(DW_AT_LOCATION, "\x9c"));
	ENTRY(image, DW_TAG_FORMAL_PARAMETER, false, NAME("res"), TYPE(type),
	      ATTRIBUTE(DW_AT_VARIABLE_PARAMETER, DW_FORM_FLAG, 1), BLOCK(DW_AT_LOCATION, ""));
	ENTRY(image, DW_TAG_FORMAL_PARAMETER, false, NAME("~r1"), TYPE(type));
	ENTRY(image, DW_TAG_VARIABLE, false, NAME("&x"), TYPE(type), LINE(11),
	      LIST(location_list(image, false)));
	ENTRY(image, DW_TAG_VARIABLE, false, NAME("moved"), TYPE(type),
	      LIST(location_list(image, true)));
	ENTRY(image, DW_TAG_VARIABLE, false, NAME("s.len"), TYPE(type));
	write_block(image, type);
	low_high(image, 0x30, 0x38, pcs);
	ENTRY(image, DW_TAG_INLINED_SUBROUTINE, true, ORIGIN(g), pcs[0], pcs[1]);
	ENTRY(image, DW_TAG_FORMAL_PARAMETER, false, ORIGIN(g_argument),
	      BLOCK(DW_AT_LOCATION, "\x91\x40"));
	end_children(image);
	end_children(image);
	end_unit(image);
	(void)g_dropped;
}

static const struct debug_calls *calls_at(struct debug_info *info, unsigned offset)
{
	const struct debug_calls *calls = NULL;

	ck_assert_ptr_null(debug_calls_at(info, CODE + offset, &calls));
	return calls;
}

static const struct debug_local *local(const struct debug_call *call, const char *name)
{
	size_t i;

	for (i = 0; i < call->count; i++)
		if (strcmp(call->locals[i].name, name) == 0)
			return &call->locals[i];
	return NULL;
}

START_TEST(calls)
{
	struct image image = { 0 };
	const struct debug_calls *at;
	const struct debug_local *one;
	struct opened dwarf;

	write_functions(&image, (unsigned)_i, "Go cmd/compile go1.27.4; regabi");
	dwarf = open_dwarf(&image);
	at = calls_at(dwarf.info, 0x14);
	ck_assert_uint_eq(at->count, 1);
	ck_assert(at->optimised && at->has_lists);
	ck_assert_str_eq(at->items[0].function, "main.f");
	ck_assert_uint_eq(at->items[0].count, 4); /* a, res, x, moved */
	one = local(&at->items[0], "a");
	ck_assert(one->argument && !one->result && !one->listed);
	ck_assert_int_eq(one->line, 10);
	ck_assert_uint_eq(one->expression_length, 1);
	one = local(&at->items[0], "res");
	ck_assert(!one->argument && one->result && one->expression_length == 0);
	one = local(&at->items[0], "x");
	ck_assert(one->in_heap && one->listed && !one->moves);
	ck_assert_uint_eq(one->expression_length, 2);
	ck_assert_uint_eq(one->expression[1], 0x70);
	ck_assert(local(&at->items[0], "moved")->moves);
	ck_assert_ptr_null(local(&at->items[0], "inner"));
	/* Another pc: another place, or none; a block. */
	one = local(&calls_at(dwarf.info, 0x8)->items[0], "x");
	ck_assert_uint_eq(one->expression_length, 1);
	one = local(&calls_at(dwarf.info, 0x7f)->items[0], "x");
	ck_assert_uint_eq(one->expression_length, 0);
	ck_assert_ptr_nonnull(local(&calls_at(dwarf.info, 0x20)->items[0], "inner"));
	ck_assert_ptr_null(local(&calls_at(dwarf.info, 0x28)->items[0], "inner"));
	/* An inlined call. */
	at = calls_at(dwarf.info, 0x37);
	ck_assert_uint_eq(at->count, 2);
	ck_assert_str_eq(at->items[0].function, "main.g.");
	ck_assert_str_eq(at->items[1].function, "main.f");
	one = local(&at->items[0], "k");
	ck_assert(one->argument && one->line == 5 && one->expression_length == 2);
	one = local(&at->items[0], "gone");
	ck_assert(one->argument && one->expression_length == 0);
	ck_assert_ptr_nonnull(local(&at->items[1], "inner"));
	/* Outside. */
	ck_assert_uint_eq(calls_at(dwarf.info, 0x80)->count, 0);
	ck_assert_uint_eq(calls_at(dwarf.info, 0x100)->count, 0);
	ck_assert_ptr_eq(calls_at(dwarf.info, 0x37), at);
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

START_TEST(unoptimised)
{
	static const struct {
		const char *producer;
		bool optimised;
	} cases[] = {
		{ "Go cmd/compile go1.27.4; -N -l regabi", false },
		{ "Go cmd/compile go1.10.8; -N", false },
		{ "Go cmd/compile go1.10.8; -Nothing", true },
		{ "Go cmd/compile go1.10.8", true },
		{ "-N", true },
	};
	struct image image = { 0 };
	struct opened dwarf;

	write_functions(&image, 4, cases[_i].producer);
	dwarf = open_dwarf(&image);
	ck_assert_int_eq(calls_at(dwarf.info, 0x14)->optimised, cases[_i].optimised);
	close_dwarf(&dwarf);
	image_free(&image);
}
END_TEST

/* ---- broken bytes -------------------------------------------------------------------------- */

static void ask_everything(const struct image *image)
{
	struct binary *binary = open_image(image);
	const struct debug_variable *variables;
	struct debug_variable some[2];
	const char *name = "main.x";
	const struct debug_calls *at;
	struct debug_info *info;
	size_t count;
	unsigned offset;
	uint64_t type;
	bool ambiguous;

	if (!spy_error_caught(debug_info_open(binary, &info))) {
		spy_error_free(debug_variables(info, &variables, &count));
		spy_error_free(debug_variable_find(info, &name, 1, some, 2, &count));
		spy_error_free(debug_type_find(info, "int", &type, &ambiguous));
		spy_error_free(debug_type_of_descriptor(info, 0x100, &type));
		for (offset = 0; offset < 0x80; offset += 0x14)
			spy_error_free(debug_calls_at(info, CODE + offset, &at));
		debug_info_close(info);
	}
	binary_close(binary);
}

/* Nothing is asserted of the answers: under the sanitizers, that there is an end is enough. */
START_TEST(every_byte)
{
	struct image image = { 0 };
	struct made_types made;
	size_t section, i;

	write_functions(&image, (unsigned)_i, "Go cmd/compile go1.27.4; regabi");
	begin_package(&image, (unsigned)_i, "runtime");
	write_types(&image, &made);
	end_unit(&image);
	uleb(&image.sections[ABBREV], 0);
	for (section = 0; section < SECTIONS; section++)
		for (i = 0; i < image.sections[section].length; i++) {
			static const uint8_t changes[] = { 0x01, 0x10, 0x80, 0xff };
			char *byte = &image.sections[section].bytes[i], old = *byte;
			size_t change;

			for (change = 0; change < sizeof(changes); change++) {
				*byte = (char)(old ^ (char)changes[change]);
				ask_everything(&image);
			}
			*byte = old;
		}
	image_free(&image);
}
END_TEST

Suite *go_dwarf_suite(void)
{
	Suite *suite = suite_create("go_dwarf");
	TCase *tests = tcase_create("go_dwarf");

	tcase_add_loop_test(tests, names, 0, 9);
	tcase_add_loop_test(tests, types_by_offset, 4, 6);
	tcase_add_test(tests, types_that_are_none);
	tcase_add_test(tests, types_by_name);
	tcase_add_test(tests, all_variables);
	tcase_add_test(tests, variables_by_name);
	tcase_add_test(tests, expressions);
	tcase_add_test(tests, expressions_too_long);
	tcase_add_loop_test(tests, calls, 4, 6);
	tcase_add_loop_test(tests, unoptimised, 0, 5);
	tcase_add_loop_test(tests, every_byte, 4, 6);
	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	return suite;
}
