/* SPDX-License-Identifier: MIT
 *
 * runtime/symtab.go: moduledata, pcHeader; cmd/link/internal/ld/symtab.go (symtab) and pcln.go
 * write them.
 */
#include "discover/tables.h"

#include "base/cursor.h"

enum {
	STEP_BYTES = 256 * 1024,
	MODULEDATA_BYTES_MAX = 1024,
	SHAPES_MAX = 8,
	LOOKALIKES_MAX = 1 << 16, /* slices in a row, as the tables of package unicode have them */
	EXAMINED_MAX = 256,       /* of these, those that point at a header; one is right */
	FOUND_MAX = 8,            /* module data that is looked at; one is right */
	FUNCTIONS_MAX = 1 << 26,  /* that a table can claim */
	NAME_BYTES_MAX = 4096,    /* of a module or a plugin */
	DATA_BYTES_MAX = 256 << 20, /* of variables that are searched */
	FUNCTION_SAMPLE = 128,      /* functions whose records are looked at */
	SAMPLE_BYTES = 16 * 1024,   /* that their records can take */
	NPCDATA = 24,               /* where a record has it, behind the entry */
	RECORD_BYTES_MAX = 64,      /* of a record before its lists */
};

/* The slices of the function table in a moduledata, in the order of its parts. */
static const enum layout_slot table_slices[] = {
	FIELD_md_funcnametab, FIELD_md_cutab,     FIELD_md_filetab,
	FIELD_md_pctab,       FIELD_md_pclntable, FIELD_md_ftab,
};
enum { TABLE_SLICES = sizeof(table_slices) / sizeof(table_slices[0]) };

/* Where a moduledata has what it is recognised by; all versions have one of two such shapes. */
struct shape {
	uint32_t table; /* offset of the pointer to the function table */
	uint32_t slices[TABLE_SLICES];
	uint32_t slice_count;
	uint32_t bytes; /* up to the end of the last slice */
};

struct range {
	uint64_t start, end;
};

struct search {
	struct go_runtime *runtime;
	struct range image; /* of the program, at run time */
	struct shape shapes[SHAPES_MAX];
	size_t shape_count;
	uint64_t bytes_left;
	uint64_t looked_at; /* moduledata that was examined last: shapes overlap */
	size_t lookalikes, examined;
	struct go_tables found[FOUND_MAX];
	size_t found_count;
};

static bool read_at(const struct search *search, uint64_t address, void *buffer, size_t size)
{
	return !spy_error_caught(target_read(search->runtime->target, address, buffer, size));
}

/* ---- does a layout fit? ------------------------------------------------------------------- */

/* A moduledata as a layout has it. */
struct candidate {
	const struct search *search;
	const struct runtime_layout *layout;
	const uint8_t *bytes;
	struct pclntab_header header;
};

struct slice {
	uint64_t start, count, capacity;
};

static uint64_t number(const struct candidate *candidate, enum layout_slot slot)
{
	return layout_number(candidate->layout, slot, candidate->bytes);
}

static bool has(const struct candidate *candidate, enum layout_slot slot)
{
	return layout_has(candidate->layout, slot);
}

static struct slice slice_at(const uint8_t *bytes)
{
	return (struct slice){ load_u64(bytes), load_u64(bytes + 8), load_u64(bytes + 16) };
}

static struct slice slice_of(const struct candidate *candidate, enum layout_slot slot)
{
	return slice_at(candidate->bytes + layout_offset(candidate->layout, slot));
}

enum layout_slot moduledata_table(const struct runtime_layout *layout)
{
	return layout_has(layout, FIELD_md_pc_header) ? FIELD_md_pc_header : FIELD_md_pclntable;
}

static uint64_t table_address(const struct candidate *candidate)
{
	return number(candidate, moduledata_table(candidate->layout));
}

/* Whether [start, end) lies in one segment of the file that is (or is not) writable and executable.
 */
static bool in_segment(const struct search *search, uint64_t start, uint64_t end, bool writable,
		       bool executable)
{
	const struct program *program = &search->runtime->program;
	const struct binary_segment *segments;
	size_t count = binary_segments(program->binary, &segments), i;

	for (i = 0; i < count; i++) {
		uint64_t from = segments[i].address + program->bias;

		if (segments[i].writable == writable && segments[i].executable == executable &&
		    start >= from && start <= end && end - from <= segments[i].memory_bytes)
			return true;
	}
	return false;
}

static uint64_t round_up(uint64_t size)
{
	return (size + 7) & ~7ull;
}

static bool in_image(const struct search *search, uint64_t address)
{
	return address >= search->image.start && address < search->image.end;
}

/* The slices of the table lie where its header tells, one behind the other. */
static bool parts_fit(const struct candidate *candidate)
{
	const struct pclntab_header *header = &candidate->header;
	const uint64_t offsets[TABLE_SLICES] = { header->names,      header->files,
						 header->file_names, header->values,
						 header->functab,    header->functab };
	uint64_t table = table_address(candidate);
	size_t i;

	if (header->form == PCLNTAB_JOINT)
		return slice_of(candidate, FIELD_md_ftab).start == table + header->functab;
	for (i = 0; i < TABLE_SLICES; i++) {
		struct slice slice = slice_of(candidate, table_slices[i]);

		if (slice.start != table + offsets[i])
			return false;
		if (i + 2 < TABLE_SLICES &&
		    (offsets[i] > offsets[i + 1] || slice.count > offsets[i + 1] - offsets[i]))
			return false;
	}
	return true;
}

/* The code: where functions are, and between which the table has them. */
static bool text_fits(const struct candidate *candidate)
{
	uint64_t text = number(candidate, FIELD_md_text), etext = number(candidate, FIELD_md_etext);
	uint64_t minpc = number(candidate, FIELD_md_minpc);
	uint64_t maxpc = number(candidate, FIELD_md_maxpc);

	return text <= minpc && minpc < maxpc && maxpc <= etext &&
	       in_segment(candidate->search, text, etext, false, true);
}

/* functab has so many entries as the header tells, begins at minpc and ends at maxpc
 * (runtime/symtab.go: moduledataverify1). */
static bool functab_fits(const struct candidate *candidate)
{
	const struct pclntab_header *header = &candidate->header;
	struct slice ftab = slice_of(candidate, FIELD_md_ftab);
	struct slice table = slice_of(candidate, FIELD_md_pclntable);
	uint64_t size = header->functions * 2 * header->entry_size, first = 0, last = 0;
	uint64_t base = header->entry_size < 8 ? number(candidate, FIELD_md_text) : 0;

	if (!header->functions || header->functions > FUNCTIONS_MAX ||
	    ftab.count != header->functions + 1 || ftab.start + size < table.start ||
	    ftab.start - table.start > table.count ||
	    size + header->entry_size > table.count - (ftab.start - table.start))
		return false;
	return read_at(candidate->search, ftab.start, &first, header->entry_size) &&
	       read_at(candidate->search, ftab.start + size, &last, header->entry_size) &&
	       base + first == number(candidate, FIELD_md_minpc) &&
	       base + last == number(candidate, FIELD_md_maxpc);
}

static bool is_range(const struct candidate *candidate, enum layout_slot start,
		     enum layout_slot end, bool writable)
{
	uint64_t from = number(candidate, start), to = number(candidate, end);

	if (!writable)
		return from < to && in_image(candidate->search, from) &&
		       in_image(candidate->search, to - 1);
	return in_segment(candidate->search, from, to, true, false);
}

/* In which order they lie is the linker's choice. */
static bool variables_fit(const struct candidate *candidate)
{
	return is_range(candidate, FIELD_md_noptrdata, FIELD_md_enoptrdata, true) &&
	       is_range(candidate, FIELD_md_data, FIELD_md_edata, true) &&
	       is_range(candidate, FIELD_md_bss, FIELD_md_ebss, true) &&
	       is_range(candidate, FIELD_md_noptrbss, FIELD_md_enoptrbss, true) &&
	       is_range(candidate, FIELD_md_end, FIELD_md_end, true);
}

/* A slice of the linker, which may be empty. */
static bool is_constant_slice(const struct candidate *candidate, enum layout_slot slot)
{
	struct slice slice = slice_of(candidate, slot);

	if (!has(candidate, slot))
		return true;
	return slice.count == slice.capacity && slice.count <= FUNCTIONS_MAX &&
	       (!slice.count || in_image(candidate->search, slice.start));
}

/* A string of the linker, most often empty. */
static bool is_name(const struct candidate *candidate, enum layout_slot slot)
{
	const uint8_t *string = candidate->bytes + layout_offset(candidate->layout, slot);
	uint64_t size = load_u64(string + 8);

	return !size || (size <= NAME_BYTES_MAX && in_image(candidate->search, load_u64(string)));
}

static bool types_fit(const struct candidate *candidate)
{
	uint64_t size = number(candidate, FIELD_md_etypes) - number(candidate, FIELD_md_types);

	return is_range(candidate, FIELD_md_types, FIELD_md_etypes, false) &&
	       number(candidate, FIELD_md_typedesclen) <= size &&
	       number(candidate, FIELD_md_itaboffset) <= size &&
	       number(candidate, FIELD_md_itabsize) <= size &&
	       is_constant_slice(candidate, FIELD_md_typelinks) &&
	       is_constant_slice(candidate, FIELD_md_itablinks) &&
	       (!has(candidate, FIELD_md_gofunc) ||
		in_image(candidate->search, number(candidate, FIELD_md_gofunc)));
}

/* The mask of the pointers in .bss, which the runtime makes as it starts: how many bits, and where
 * (runtime/stack.go: bitvector; symtab.go or what was before it: progToPointerMask). */
static uint64_t mask_of(const struct candidate *candidate)
{
	return load_u64(candidate->bytes + layout_offset(candidate->layout, FIELD_md_gcbssmask) +
			8);
}

/* The end of the structure. */
static bool end_fits(const struct candidate *candidate)
{
	uint64_t words = (number(candidate, FIELD_md_ebss) - number(candidate, FIELD_md_bss)) / 8;
	uint32_t bits =
	    load_u32(candidate->bytes + layout_offset(candidate->layout, FIELD_md_gcbssmask));

	return is_name(candidate, FIELD_md_pluginpath) && is_name(candidate, FIELD_md_modulename) &&
	       number(candidate, FIELD_md_next) % 8 == 0 && (!mask_of(candidate) || bits == words);
}

/* The index-th number of functab. */
static uint64_t functab_number(const struct candidate *candidate, const uint8_t *functab,
			       size_t index)
{
	const uint8_t *bytes = functab + index * candidate->header.entry_size;

	return candidate->header.entry_size == 8 ? load_u64(bytes) : load_u32(bytes);
}

/* The size of a function's record (runtime/runtime2.go: _func), as the format tells. Its funcdata
 * are pointers to Go 1.17. */
static uint64_t record_size(const struct candidate *candidate, const uint8_t *record)
{
	const struct pclntab_format *format = &candidate->layout->traits->pclntab;
	size_t entry = candidate->header.entry_size;
	uint64_t size = format->func_size + 4ull * load_u32(record + entry + NPCDATA);

	if (entry == 8)
		size = round_up(size);
	return round_up(size + entry * record[format->nfuncdata_offset]);
}

/* Whether the records of the first functions have the size that the format tells: since Go 1.16
 * they follow each other behind functab (cmd/link/internal/ld/pcln.go). */
static bool records_fit(const struct candidate *candidate)
{
	const struct pclntab_header *header = &candidate->header;
	uint8_t functab[2 * FUNCTION_SAMPLE * 8], records[SAMPLE_BYTES];
	struct slice part = slice_of(candidate, FIELD_md_pclntable); /* functab and records */
	size_t count = header->functions < FUNCTION_SAMPLE ? header->functions : FUNCTION_SAMPLE, i;
	uint64_t first, size;

	if (header->form == PCLNTAB_JOINT)
		return true;
	if (!read_at(candidate->search, part.start, functab, 2 * count * header->entry_size))
		return false;
	first = functab_number(candidate, functab, 1);
	if (first > part.count)
		return false;
	size = part.count - first < SAMPLE_BYTES ? part.count - first : SAMPLE_BYTES;
	if (!read_at(candidate->search, part.start + first, records, size))
		return false;
	for (i = 0; i + 1 < count; i++) {
		uint64_t here = functab_number(candidate, functab, 2 * i + 1) - first;
		uint64_t next = functab_number(candidate, functab, 2 * i + 3) - first;

		if (here > size || size - here < RECORD_BYTES_MAX)
			return i > 0;
		if (next - here != record_size(candidate, records + here))
			return false;
	}
	return true;
}

/* What a layout that fits makes of a moduledata. */
struct reading {
	uint64_t pclntab;
	uint32_t magic;
	bool has_mask; /* where the layout has the mask of .bss, there is one */
};

static bool fits(const struct search *search, const struct runtime_layout *layout,
		 const uint8_t *moduledata, struct reading *ret)
{
	struct candidate candidate = { .search = search, .layout = layout, .bytes = moduledata };
	uint8_t bytes[PCLNTAB_HEADER_BYTES];
	uint64_t table = table_address(&candidate);

	if (!in_image(search, table) || !read_at(search, table, bytes, sizeof(bytes)) ||
	    !pclntab_header_read(bytes, sizeof(bytes), layout->traits->pclntab.form,
				 &candidate.header))
		return false;
	*ret = (struct reading){ .pclntab = table,
				 .magic = candidate.header.magic,
				 .has_mask = mask_of(&candidate) != 0 };
	return parts_fit(&candidate) && text_fits(&candidate) && functab_fits(&candidate) &&
	       variables_fit(&candidate) && types_fit(&candidate) && end_fits(&candidate) &&
	       records_fit(&candidate);
}

/* ---- search ------------------------------------------------------------------------------- */

static struct shape shape_of(const struct runtime_layout *layout)
{
	struct shape shape = { .table = layout->fields[moduledata_table(layout)].offset };
	size_t i;

	for (i = 0; i < TABLE_SLICES; i++) {
		/* Before Go 1.16 the table of files was one, and counted otherwise. */
		if (!layout_has(layout, table_slices[i]))
			continue;
		shape.slices[shape.slice_count] = layout->fields[table_slices[i]].offset;
		if (shape.slices[shape.slice_count] + sizeof(struct slice) > shape.bytes)
			shape.bytes = shape.slices[shape.slice_count] + sizeof(struct slice);
		shape.slice_count++;
	}
	return shape;
}

static void find_shapes(struct search *search)
{
	struct runtime_layout layout;
	size_t i, k;

	for (i = 0; i < layout_row_count(); i++) {
		struct shape shape;

		layout_row(i, &layout);
		shape = shape_of(&layout);
		for (k = 0; k < search->shape_count; k++)
			if (memcmp(&search->shapes[k], &shape, sizeof(shape)) == 0)
				break;
		if (k == search->shape_count && k < SHAPES_MAX)
			search->shapes[search->shape_count++] = shape;
	}
}

/* Whether this may be a moduledata: a pointer into the program, and slices with as much room as
 * elements, of parts that begin behind where it points, each somewhere else (but the last, which is
 * a part of the one before). A table of equal pointers is none. */
static bool looks_like(const struct search *search, const struct shape *shape, const uint8_t *bytes)
{
	uint64_t table = load_u64(bytes + shape->table), before = 0;
	uint64_t size = search->image.end - search->image.start;
	size_t i;

	if (table - search->image.start >= size || table % 8)
		return false;
	for (i = 0; i < shape->slice_count; i++) {
		struct slice slice = slice_at(bytes + shape->slices[i]);

		if (slice.count != slice.capacity || !slice.count || slice.count > size ||
		    slice.start < table || slice.start >= search->image.end ||
		    (slice.start == before && i + 1 < shape->slice_count))
			return false;
		before = slice.start;
	}
	return true;
}

/* What every function table begins with, whatever its magic (debug/gosym/pclntab.go: go12PclnTab):
 * two zeros, the instruction size quantum and the size of a pointer of this machine. */
static bool points_at_header(const struct search *search, uint64_t table)
{
	static const uint8_t tail[] = { 0, 0, 1, 8 };
	uint8_t bytes[4 + sizeof(tail)];

	return read_at(search, table, bytes, sizeof(bytes)) &&
	       memcmp(bytes + 4, tail, sizeof(tail)) == 0;
}

/* Whether there was more to look at than any program has. */
static bool gave_up(const struct search *search)
{
	return search->lookalikes == LOOKALIKES_MAX || search->examined == EXAMINED_MAX;
}

/* Looks closer at what may be a moduledata whose function table is at `table`. */
static void examine(struct search *search, uint64_t address, uint64_t table)
{
	uint8_t bytes[MODULEDATA_BYTES_MAX];
	struct go_tables tables = { .moduledata = address };
	struct runtime_layout layout;
	bool any_mask = false;
	size_t i;

	if (address == search->looked_at || search->found_count == FOUND_MAX || gave_up(search))
		return;
	search->looked_at = address;
	search->lookalikes++;
	if (!points_at_header(search, table))
		return;
	search->examined++;
	for (i = 0; i < layout_row_count() && i < 64; i++) {
		struct reading reading;
		size_t size;

		layout_row(i, &layout);
		size = layout_size(&layout, SIZE_moduledata);
		if (size > sizeof(bytes) || !read_at(search, address, bytes, size) ||
		    !fits(search, &layout, bytes, &reading))
			continue;
		/* A layout that looks for the mask where there is nothing fits only a program that
		 * is about to start. */
		if (reading.has_mask && !any_mask)
			tables.rows = 0;
		any_mask |= reading.has_mask;
		if (reading.has_mask == any_mask)
			tables.rows |= 1ull << i;
		tables.magic = reading.magic;
		tables.pclntab = reading.pclntab;
	}
	if (tables.rows)
		search->found[search->found_count++] = tables;
}

/* Looks for what begins in [address, address + size); `bytes` has `more` bytes beyond it. */
static void search_bytes(struct search *search, uint64_t address, const uint8_t *bytes, size_t size,
			 size_t more)
{
	size_t i, k;

	for (i = -address & 7; i < size; i += 8)
		for (k = 0; k < search->shape_count; k++)
			if (i + search->shapes[k].bytes <= size + more &&
			    looks_like(search, &search->shapes[k], bytes + i))
				examine(search, address + i,
					load_u64(bytes + i + search->shapes[k].table));
}

static void search_range(struct search *search, struct range range)
{
	uint8_t *buffer _cleanup_free_ = memory_new(STEP_BYTES + MODULEDATA_BYTES_MAX, 1);
	uint64_t at = range.start;

	while (at < range.end && search->bytes_left && search->found_count < FOUND_MAX) {
		uint64_t left = range.end - at;
		size_t size = left < STEP_BYTES ? left : STEP_BYTES;
		/* What begins in this step may end in the next. */
		size_t more =
		    left - size < MODULEDATA_BYTES_MAX ? left - size : MODULEDATA_BYTES_MAX;

		if (read_at(search, at, buffer, size + more))
			search_bytes(search, at, buffer, size, more);
		at += size;
		search->bytes_left -= size < search->bytes_left ? size : search->bytes_left;
	}
}

/* The variables that the file initialises; what becomes read-only when it is relocated, which holds
 * the function table of a PIE up to Go 1.25, holds no module data. */
static void search_variables(struct search *search)
{
	const struct program *program = &search->runtime->program;
	const struct binary_segment *segments;
	size_t count = binary_segments(program->binary, &segments), i;
	struct range relro = { 0, 0 };

	binary_relro(program->binary, &relro.start, &relro.end);
	for (i = 0; i < count; i++) {
		struct range range = { segments[i].address,
				       segments[i].address + segments[i].file_bytes };

		if (!segments[i].writable)
			continue;
		if (range.start >= relro.start && range.start < relro.end)
			range.start = relro.end;
		if (range.start >= range.end)
			continue;
		range.start += program->bias;
		range.end += program->bias;
		search_range(search, range);
	}
}

static struct range image_of(const struct program *program)
{
	const struct binary_segment *segments;
	size_t count = binary_segments(program->binary, &segments), i;
	struct range image = { UINT64_MAX, 0 };

	for (i = 0; i < count; i++) {
		uint64_t start = segments[i].address + program->bias;
		uint64_t end = start + segments[i].memory_bytes;

		image.start = start < image.start ? start : image.start;
		image.end = end > image.end ? end : image.end;
	}
	return image;
}

struct spy_error *go_tables_find(struct go_runtime *runtime, struct go_tables *ret)
{
	struct search search = { .runtime = runtime,
				 .image = image_of(&runtime->program),
				 .bytes_left = DATA_BYTES_MAX };

	find_shapes(&search);
	search_variables(&search);
	if (search.found_count == 1 && !gave_up(&search)) {
		*ret = search.found[0];
		return NULL;
	}
	TRY(target_ended(runtime->target));
	return spy_error_new(SPY_ERROR_DATA, "%s has %s: the function table of Go was not found",
			     binary_name(runtime->program.binary),
			     search.found_count
				 ? "several tables that look like that of its modules"
				 : "no table of its modules that is known");
}

struct spy_error *go_tables_check(struct go_runtime *runtime, const struct go_tables *tables,
				  const struct runtime_layout *layout)
{
	struct search search = { .runtime = runtime, .image = image_of(&runtime->program) };
	size_t size = layout_size(layout, SIZE_moduledata);
	uint8_t bytes[MODULEDATA_BYTES_MAX];
	struct reading reading;

	if (size <= sizeof(bytes) && read_at(&search, tables->moduledata, bytes, size) &&
	    fits(&search, layout, bytes, &reading))
		return NULL;
	return spy_error_new(SPY_ERROR_DATA,
			     "the tables of %s are not those of the Go version that it tells",
			     binary_name(runtime->program.binary));
}
