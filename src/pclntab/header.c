/* SPDX-License-Identifier: MIT
 *
 * The header of the function table, and where its parts are.
 */
#include "pclntab/table.h"

#include <inttypes.h>

/* The word that tells the format (internal/abi/symtab.go), and what changed with it. */
static const struct header_kind {
	uint32_t magic;
	uint8_t entry_size;
	uint8_t offsets; /* where the offsets of the parts stand; 0: the parts have no borders */
} header_kinds[] = {
	/* Go 1.2-1.15: golang.org/s/go12symtab. */
	{ .magic = 0xfffffffb, .entry_size = 8, .offsets = 0 },
	/* Go 1.16-1.17: runtime/symtab.go, pcHeader. */
	{ .magic = 0xfffffffa, .entry_size = 8, .offsets = 24 },
	/* Go 1.18-1.19: + textStart, which stays unread: since Go 1.26 it is 0. */
	{ .magic = 0xfffffff0, .entry_size = 4, .offsets = 32 },
	/* Go 1.20 and later: as before. */
	{ .magic = 0xfffffff1, .entry_size = 4, .offsets = 32 },
};

enum { HEADER_COUNT = 8 }; /* of functions: offset in every header */

static struct spy_error *broken(const struct pclntab *tab, const char *what)
{
	return spy_error_new(SPY_ERROR_DATA, "function table at 0x%" PRIx64 ": %s",
			     tab->source.address, what);
}

static const struct header_kind *header_kind_of(struct cursor table)
{
	uint32_t magic = cursor_u32(&table);
	/* Two zero bytes, the size of an instruction's unit, the size of a pointer. */
	bool amd64 = cursor_u16(&table) == 0 && cursor_u8(&table) == 1 && cursor_u8(&table) == 8;
	size_t i;

	for (i = 0; amd64 && i < sizeof(header_kinds) / sizeof(header_kinds[0]); i++)
		if (header_kinds[i].magic == magic)
			return &header_kinds[i];
	return NULL;
}

/* The part of a table between two offsets; failed where there is none. */
static struct cursor part_of(const struct cursor *table, uint64_t from, uint64_t to)
{
	if (from > to || to > table->size)
		return (struct cursor){ .failed = true };
	return cursor_of(table->bytes + from, to - from);
}

/* Size of functab: the pairs and the end pc behind them. The count is bounded. */
static size_t functab_size(const struct pclntab *tab)
{
	return (2 * tab->function_count + 1) * tab->entry_size;
}

/* Go 1.2-1.15: functab follows the header, the offset of the file table follows functab, all
 * offsets are from the start of the table (cmd/link/internal/ld/pcln.go, pclntab). */
static void read_joint_parts(struct pclntab *tab, const struct cursor *table)
{
	const size_t functab = 16;
	struct cursor at = *table;
	uint32_t files, file_count;

	cursor_seek(&at, functab + functab_size(tab));
	files = cursor_u32(&at);
	cursor_seek(&at, files);
	/* The count of the file table stands in the place of file 0, and counts itself. */
	file_count = cursor_u32(&at);
	tab->functab = part_of(table, functab, table->size);
	tab->files = part_of(table, files, files + (uint64_t)file_count * sizeof(uint32_t));
	tab->functions = tab->names = tab->values = tab->file_names = *table;
	tab->files.failed |= at.failed;
}

/* Go 1.16 and later: the header has the offsets of the parts, which follow each other in the order
 * of the header (cmd/link/internal/ld/pcln.go, generatePCHeader). */
static void read_parts(struct pclntab *tab, const struct cursor *table, size_t offsets)
{
	struct cursor at = *table;
	uint64_t names, files, file_names, values, functions;

	cursor_seek(&at, offsets);
	names = cursor_u64(&at);
	files = cursor_u64(&at);
	file_names = cursor_u64(&at);
	values = cursor_u64(&at);
	functions = cursor_u64(&at);
	tab->names = part_of(table, names, files);
	tab->files = part_of(table, files, file_names);
	tab->file_names = part_of(table, file_names, values);
	tab->values = part_of(table, values, functions);
	tab->functab = tab->functions = part_of(table, functions, table->size);
	tab->files.failed |= at.failed;
}

static struct spy_error *check_parts(const struct pclntab *tab, const struct cursor *table)
{
	const struct pclntab_source *source = &tab->source;
	uint64_t first, end;

	if (tab->names.failed || tab->files.failed || tab->file_names.failed ||
	    tab->values.failed || tab->functions.failed || tab->functab.size < functab_size(tab))
		return broken(tab, "its parts lie outside of it");
	/* Pointers in _func are aligned by address (runtime/symtab.go, funcdata). */
	if (source->address % 8 || (size_t)(tab->functions.bytes - table->bytes) % tab->entry_size)
		return broken(tab, "its parts are not aligned");
	first = functab_pc(tab, 0);
	end = functab_pc(tab, tab->function_count);
	if (source->text > first || first >= end || end > source->etext)
		return broken(tab, "its functions lie outside of the text");
	return NULL;
}

struct spy_error *pclntab_open(const struct pclntab_source *source, struct pclntab **ret)
{
	struct pclntab *tab _cleanup_free_ = memory_zeroed(1, sizeof(*tab));
	const struct header_kind *kind;
	struct cursor table, count;
	const uint8_t *bytes;
	size_t size = 0;

	tab->source = *source;
	bytes = source->at(source->context, source->address, &size);
	table = cursor_of(bytes, bytes ? size : 0);
	kind = header_kind_of(table);
	if (!kind)
		return broken(tab, "it does not start as one of Go's");
	tab->entry_size = kind->entry_size;
	tab->files_by_unit = kind->offsets != 0;
	tab->inline_layout = inline_layout_of(&source->format);

	count = table;
	cursor_seek(&count, HEADER_COUNT);
	tab->function_count = cursor_u64(&count);
	if (tab->function_count == 0 || tab->function_count > size / (2 * tab->entry_size))
		return broken(tab, "its number of functions cannot be");
	if (kind->offsets)
		read_parts(tab, &table, kind->offsets);
	else
		read_joint_parts(tab, &table);
	TRY(check_parts(tab, &table));
	*ret = TAKE(tab);
	return NULL;
}

void pclntab_close(struct pclntab *tab)
{
	free(tab);
}

size_t pclntab_function_count(const struct pclntab *tab)
{
	return tab->function_count;
}
