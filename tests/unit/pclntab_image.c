/* SPDX-License-Identifier: MIT */
#include "unit/pclntab_image.h"

#include "unit/unit.h"

const struct variant image_variants[IMAGE_VARIANTS] = {
	{ .name = "Go 1.10-1.11",
	  .magic = 0xfffffffb,
	  .entry_size = 8,
	  .joint = true,
	  .format = { .func_size = 40,
		      .func_id_offset = 16,
		      .nfuncdata_offset = 36,
		      .inline_call_size = 16,
		      .inline_call_has_line = true,
		      .pcdata_inline_index = 1,
		      .funcdata_inline = 2 } },
	{ .name = "Go 1.12",
	  .magic = 0xfffffffb,
	  .entry_size = 8,
	  .joint = true,
	  .format = { .func_size = 40,
		      .func_id_offset = 36,
		      .nfuncdata_offset = 39,
		      .inline_call_size = 20,
		      .pcdata_inline_index = 1,
		      .funcdata_inline = 2 } },
	{ .name = "Go 1.13-1.15",
	  .magic = 0xfffffffb,
	  .entry_size = 8,
	  .joint = true,
	  .format = { .func_size = 40,
		      .func_id_offset = 36,
		      .nfuncdata_offset = 39,
		      .inline_call_size = 20,
		      .pcdata_inline_index = 2,
		      .funcdata_inline = 4 } },
	{ .name = "Go 1.17",
	  .magic = 0xfffffffa,
	  .entry_size = 8,
	  .has_unit = true,
	  .format = { .func_size = 44,
		      .func_id_offset = 40,
		      .func_flag_offset = 41,
		      .nfuncdata_offset = 43,
		      .inline_call_size = 20,
		      .pcdata_inline_index = 2,
		      .funcdata_inline = 3,
		      .funcdata_arg_info = 5 } },
	{ .name = "Go 1.18-1.19",
	  .magic = 0xfffffff0,
	  .entry_size = 4,
	  .has_unit = true,
	  .format = { .func_size = 40,
		      .func_id_offset = 36,
		      .func_flag_offset = 37,
		      .nfuncdata_offset = 39,
		      .inline_call_size = 20,
		      .pcdata_inline_index = 2,
		      .pcdata_arg_live = 3,
		      .funcdata_inline = 3,
		      .funcdata_arg_info = 5,
		      .funcdata_arg_live = 6 } },
	{ .name = "Go 1.20 and later",
	  .magic = 0xfffffff1,
	  .entry_size = 4,
	  .has_unit = true,
	  .has_start_line = true,
	  .format = { .func_size = 44,
		      .func_id_offset = 40,
		      .func_flag_offset = 41,
		      .nfuncdata_offset = 43,
		      .inline_call_size = 16,
		      .pcdata_inline_index = 2,
		      .pcdata_arg_live = 3,
		      .funcdata_inline = 3,
		      .funcdata_arg_info = 5,
		      .funcdata_arg_live = 6 } },
};

/* ---- bytes -------------------------------------------------------------------------------- */

static size_t put(struct bytes *bytes, const void *data, size_t size)
{
	size_t position = bytes->size;

	ck_assert_uint_le(position + size, sizeof(bytes->at));
	memcpy(bytes->at + position, data, size);
	bytes->size += size;
	return position;
}

static size_t put_number(struct bytes *bytes, uint64_t value, size_t size)
{
	return put(bytes, &value, size);
}

static void put_at(struct bytes *bytes, size_t position, uint64_t value, size_t size)
{
	ck_assert_uint_le(position + size, bytes->size);
	memcpy(bytes->at + position, &value, size);
}

static void align(struct bytes *bytes, size_t to)
{
	while (bytes->size % to)
		put_number(bytes, 0, 1);
}

static void put_varint(struct bytes *bytes, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_number(bytes, (value & 0x7f) | 0x80, 1);
	put_number(bytes, value, 1);
}

/* A pc-value table of runs {value, bytes of code}, ended by a run of 0 bytes. */
struct run {
	int32_t value;
	uint32_t length;
};

static size_t put_values(struct bytes *bytes, const struct run *runs)
{
	size_t position = bytes->size;
	int32_t before = -1;

	for (; runs->length; runs++) {
		int32_t change = runs->value - before;

		put_varint(bytes, change < 0 ? (uint32_t)~change << 1 | 1 : (uint32_t)change << 1);
		put_varint(bytes, runs->length);
		before = runs->value;
	}
	put_number(bytes, 0, 1);
	return position;
}

/* ---- the program -------------------------------------------------------------------------- */

static const struct run alpha_sp[] = { { 0, 4 }, { 24, 0x2f8 }, { 0, 4 }, { 0 } };
static const struct run alpha_file[] = { { 1, 0x300 }, { 0 } };
static const struct run alpha_line[] = { { 10, 4 }, { 900, 0x200 }, { 11, 0xfc }, { 0 } };
static const struct run beta_sp[] = { { 0, 0x40 }, { 0 } };
static const struct run beta_file[] = { { 2, 0x10 }, { 1, 0x10 }, { 2, 0x20 }, { 0 } };
static const struct run beta_line[] = { { 20, 8 }, { 30, 8 },    { 40, 0x10 },
					{ 31, 8 }, { 21, 0x18 }, { 0 } };
static const struct run beta_tree[] = { { -1, 8 }, { 0, 8 },     { 1, 0x10 },
					{ 0, 8 },  { -1, 0x18 }, { 0 } };
static const struct run beta_live[] = { { -1, 8 }, { 1, 0x38 }, { 0 } };

enum { ALPHA, EMPTY, BETA, FUNCTIONS };

struct names {
	size_t function[FUNCTIONS], middle, inner;
};

static size_t put_string(struct bytes *bytes, const char *string)
{
	return put(bytes, string, strlen(string) + 1);
}

/* One _func with its pcdata[]; the funcdata[] come behind it. Positions of values are in `base`. */
static size_t put_func(struct image *image, uint64_t entry, size_t name, const size_t values[3],
		       size_t npcdata, size_t nfuncdata)
{
	const struct variant *variant = image->variant;
	const struct pclntab_format *format = &variant->format;
	struct bytes *out = &image->functions;
	size_t position, i;

	align(out, 8);
	position = put_number(out, entry, variant->entry_size);
	put_number(out, name, 4);
	put_number(out, 48, 4); /* args */
	put_number(out, 0, 4);  /* deferreturn, or funcID */
	for (i = 0; i < 3; i++)
		put_number(out, values[i], 4);
	put_number(out, npcdata, 4);
	if (variant->has_unit)
		put_number(out, 3, 4); /* cuOffset */
	if (variant->has_start_line)
		put_number(out, 7, 4);
	put_number(out, 0, 4); /* funcID, flag, pad, nfuncdata */
	ck_assert_uint_eq(out->size - position, format->func_size);
	put_at(out, position + format->func_id_offset, 9, 1);
	if (format->func_flag_offset)
		put_at(out, position + format->func_flag_offset, PCLNTAB_SP_WRITE, 1);
	put_at(out, position + format->nfuncdata_offset, nfuncdata, 1);
	return position;
}

static void put_pcdata(struct image *image, size_t tree, size_t live)
{
	const struct pclntab_format *format = &image->variant->format;
	unsigned i;

	for (i = 0; i < 4; i++)
		put_number(&image->functions,
			   i == format->pcdata_inline_index                          ? tree
			   : format->pcdata_arg_live && i == format->pcdata_arg_live ? live
										     : 0,
			   4);
}

static void put_funcdata(struct image *image)
{
	const struct pclntab_format *format = &image->variant->format;
	bool offsets = image->variant->entry_size == 4;
	unsigned i;

	if (!offsets)
		align(&image->functions, 8);
	for (i = 0; i < 7; i++) {
		size_t at =
		    i == format->funcdata_inline                                  ? image->tree
		    : format->funcdata_arg_info && i == format->funcdata_arg_info ? image->arg_info
		    : format->funcdata_arg_live && i == format->funcdata_arg_live ? image->arg_live
										  : 0;

		put_number(&image->functions,
			   offsets ? (at ? at : UINT32_MAX) : (at ? BASE + at : 0),
			   image->variant->entry_size);
	}
}

/* The inline tree: entry 0 is middle, called at 0x04, line 20; entry 1 is inner, called at 0x0c in
 * middle, line 30. */
static void put_tree(struct image *image, const struct names *names)
{
	const struct pclntab_format *format = &image->variant->format;
	const size_t name[2] = { names->middle, names->inner };
	const int32_t parent_pc[2] = { 4, 12 }, line[2] = { 20, 30 };
	struct bytes *out = &image->all;
	int i;

	align(out, 8);
	image->tree = out->size;
	for (i = 0; i < 2; i++) {
		image->tree_entry[i] = out->size;
		if (format->inline_call_size == 16 && !format->inline_call_has_line) {
			put_number(out, (unsigned)(5 + i), 4); /* funcID */
			put_number(out, name[i], 4);
			put_number(out, (uint32_t)parent_pc[i], 4);
			put_number(out, 1, 4); /* startLine */
			continue;
		}
		if (format->inline_call_has_line) {
			put_number(out, (uint32_t)(i - 1), 4); /* parent */
		} else {
			put_number(out, (uint16_t)(i - 1), 2);
			put_number(out, (unsigned)(5 + i), 2); /* funcID */
		}
		put_number(out, 2, 4); /* file */
		put_number(out, (uint32_t)line[i], 4);
		put_number(out, name[i], 4);
		if (!format->inline_call_has_line)
			put_number(out, (uint32_t)parent_pc[i], 4);
	}
}

static void put_arguments(struct image *image)
{
	static const uint8_t info[] = { 0, 8, 8, 8, 0xff };
	/* Arguments from offset 8 on may die; at 1 stand the bits: slot 1 is live, slot 2 not. */
	static const uint8_t live[] = { 8, 0x02 };

	image->arg_info = put(&image->all, info, sizeof(info));
	image->arg_live = put(&image->all, live, sizeof(live));
}

/* Where the parts come to stand, and with it what the offsets into them start from. */
struct bases {
	size_t names, values, file_names, functions;
};

static void put_functions(struct image *image, const struct names *names, const struct bases *bases,
			  size_t positions[FUNCTIONS])
{
	static const struct run *const runs[][3] = {
		[ALPHA] = { alpha_sp, alpha_file, alpha_line },
		[BETA] = { beta_sp, beta_file, beta_line },
	};
	static const uint64_t entries[FUNCTIONS] = { 0, 0x300, 0x300 };
	uint64_t text = image->variant->entry_size == 8 ? TEXT : 0;
	size_t tree = bases->values + put_values(&image->values, beta_tree);
	size_t live = bases->values + put_values(&image->values, beta_live);
	size_t values[3], i, f;

	for (f = 0; f < FUNCTIONS; f++) {
		for (i = 0; i < 3; i++)
			values[i] =
			    runs[f][i] ? bases->values + put_values(&image->values, runs[f][i]) : 0;
		positions[f] = put_func(image, text + entries[f], names->function[f], values,
					f == BETA ? 4 : 0, f == BETA ? 7 : 0);
		if (f == BETA) {
			put_pcdata(image, tree, live);
			put_funcdata(image);
		}
	}
}

static void put_functab(struct bytes *out, const struct variant *variant,
			const size_t positions[FUNCTIONS])
{
	static const uint64_t entries[FUNCTIONS + 1] = { 0, 0x300, 0x300, 0x340 };
	uint64_t text = variant->entry_size == 8 ? TEXT : 0;
	size_t f;

	for (f = 0; f <= FUNCTIONS; f++) {
		put_number(out, text + entries[f], variant->entry_size);
		if (f < FUNCTIONS)
			put_number(out, positions[f], variant->entry_size);
	}
}

static void put_header(struct bytes *out, const struct variant *variant)
{
	put_number(out, variant->magic, 4);
	put_number(out, 0x08010000, 4); /* 0, 0, quantum 1, pointers of 8 bytes */
	put_number(out, FUNCTIONS, 8);
}

static size_t append(struct bytes *out, const struct bytes *part)
{
	size_t position;

	align(out, 8);
	position = out->size;
	put(out, part->at, part->size);
	return position;
}

static void put_names(struct image *image, struct names *names, size_t base)
{
	put_string(&image->names, "");
	names->function[ALPHA] = base + put_string(&image->names, "main.alpha");
	names->function[EMPTY] = base + put_string(&image->names, "main.empty");
	names->function[BETA] = base + put_string(&image->names, "main.beta");
	names->middle = base + put_string(&image->names, "main.middle");
	names->inner = base + put_string(&image->names, "main.inner");
	put_number(&image->values, 0, 1); /* offset 0 is "no table" */
}

/* Go 1.10-1.15. The places of the parts are set beforehand; the tree and so on come last. */
static void build_joint(struct image *image)
{
	const struct bases bases = { .names = 0x80, .values = 0x100, .functions = 0x180 };
	size_t positions[FUNCTIONS], f;
	struct names names;
	struct bytes *all = &image->all;

	all->size = 0x380; /* of the tree: what the parts take stands before it */
	put_names(image, &names, bases.names);
	put_tree(image, &names);
	put_functions(image, &names, &bases, positions);
	for (f = 0; f < FUNCTIONS; f++)
		positions[f] += bases.functions;
	put_number(&image->files, 3, 4); /* the count, itself included */
	put_number(&image->files, bases.names + put_string(&image->names, "/src/a.go"), 4);
	put_number(&image->files, bases.names + put_string(&image->names, "/src/b.go"), 4);

	f = all->size;
	all->size = 0;
	put_header(all, image->variant);
	put_functab(all, image->variant, positions);
	put_number(all, 0x360, 4);
	ck_assert_uint_le(all->size, bases.names);
	all->size = bases.names;
	put(all, image->names.at, image->names.size);
	ck_assert_uint_le(all->size, bases.values);
	all->size = bases.values;
	put(all, image->values.at, image->values.size);
	ck_assert_uint_le(all->size, bases.functions);
	all->size = bases.functions;
	put(all, image->functions.at, image->functions.size);
	ck_assert_uint_le(all->size, 0x360);
	all->size = 0x360;
	put(all, image->files.at, image->files.size);
	all->size = f;
}

/* Go 1.16 and later. */
static void build_parts(struct image *image)
{
	const struct variant *variant = image->variant;
	size_t positions[FUNCTIONS], offsets, functab, f;
	struct bytes *all = &image->all, functions = { 0 };
	struct names names;

	put_header(all, variant);
	put_number(all, 2, 8); /* files */
	if (variant->entry_size == 4)
		put_number(all, 0, 8); /* textStart: not to be used */
	offsets = all->size;
	for (f = 0; f < 5; f++)
		put_number(all, 0, 8);
	put_names(image, &names, 0);
	put_tree(image, &names);
	put_arguments(image);
	/* Units: one of three files that is none of ours, then ours, whose file 0 has no name. */
	for (f = 0; f < 4; f++)
		put_number(&image->files, UINT32_MAX, 4);
	put_number(&image->files, put_string(&image->file_names, "/src/a.go"), 4);
	put_number(&image->files, put_string(&image->file_names, "/src/b.go"), 4);

	functab = (2 * FUNCTIONS + 1) * variant->entry_size;
	functab = (functab + 7) / 8 * 8;
	put_functions(image, &names, &(struct bases){ 0 }, positions);
	for (f = 0; f < FUNCTIONS; f++)
		positions[f] += functab;
	put_functab(&functions, variant, positions);
	align(&functions, 8);
	put(&functions, image->functions.at, image->functions.size);
	put_at(all, offsets, append(all, &image->names), 8);
	put_at(all, offsets + 8, append(all, &image->files), 8);
	put_at(all, offsets + 16, append(all, &image->file_names), 8);
	put_at(all, offsets + 24, append(all, &image->values), 8);
	put_at(all, offsets + 32, append(all, &functions), 8);
}

static const uint8_t *memory_at(void *context, uint64_t address, size_t *available)
{
	const struct memory *memory = context;

	if (address < BASE || address - BASE >= memory->size)
		return NULL;
	*available = memory->size - (address - BASE);
	return memory->bytes + (address - BASE);
}

void image_build(struct image *image, int variant)
{
	*image = (struct image){ .variant = &image_variants[variant] };
	if (image->variant->joint)
		build_joint(image);
	else
		build_parts(image);
	image->source = (struct pclntab_source){
		.address = BASE,
		.text = TEXT,
		.etext = TEXT + 0x350,
		.gofunc = image->variant->entry_size == 4 ? BASE : 0,
		.at = memory_at,
		.format = image->variant->format,
	};
}

struct spy_error *image_load(const struct image *image, struct memory *memory, struct pclntab **ret)
{
	struct pclntab_source source = image->source;

	source.context = memory;
	memory->bytes = memory_new(image->all.size, 1);
	memory->size = image->all.size;
	memcpy(memory->bytes, image->all.at, memory->size);
	return pclntab_open(&source, ret);
}

void image_put(struct image *image, size_t position, uint64_t value, size_t size)
{
	put_at(&image->all, position, value, size);
}
