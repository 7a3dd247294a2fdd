/* SPDX-License-Identifier: MIT
 *
 * The header of the function table, and where its parts are.
 */
#include "pclntab/table.h"

#include <inttypes.h>

enum { HEADER_COUNT = 8 }; /* of functions: offset in every header */

/* Where things stand in each form of header. */
static const struct form {
	uint8_t entry_size;
	uint8_t offsets; /* where the offsets of the parts stand; 0: the parts have no borders */
} forms[PCLNTAB_FORMS] = {
	/* golang.org/s/go12symtab. */
	[PCLNTAB_JOINT] = { .entry_size = 8, .offsets = 0 },
	/* runtime/symtab.go, pcHeader. */
	[PCLNTAB_PARTS] = { .entry_size = 8, .offsets = 24 },
	/* + textStart, which stays unread: since Go 1.26 it is 0. */
	[PCLNTAB_PARTS_TEXT] = { .entry_size = 4, .offsets = 32 },
};

/* The word that tells the form (internal/abi/symtab.go). */
static enum pclntab_form form_of_magic(uint32_t magic)
{
	switch (magic) {
	case 0xfffffffb: /* Go 1.2 */
		return PCLNTAB_JOINT;
	case 0xfffffffa: /* Go 1.16 */
		return PCLNTAB_PARTS;
	case 0xfffffff0: /* Go 1.18 */
	case 0xfffffff1: /* Go 1.20 */
		return PCLNTAB_PARTS_TEXT;
	default:
		return PCLNTAB_BY_MAGIC;
	}
}

bool pclntab_header_read(const void *bytes, size_t size, enum pclntab_form form,
			 struct pclntab_header *ret)
{
	struct cursor at = cursor_of(bytes, size);
	struct pclntab_header header = { .magic = cursor_u32(&at) };
	/* Two zero bytes, the size of an instruction's unit, the size of a pointer. */
	bool amd64 = cursor_u16(&at) == 0 && cursor_u8(&at) == 1 && cursor_u8(&at) == 8;
	enum pclntab_form known = form_of_magic(header.magic);

	if (form == PCLNTAB_BY_MAGIC)
		form = known;
	if (!amd64 || form == PCLNTAB_BY_MAGIC || (known != PCLNTAB_BY_MAGIC && known != form))
		return false;
	header.form = form;
	header.entry_size = forms[form].entry_size;
	cursor_seek(&at, HEADER_COUNT);
	header.functions = cursor_u64(&at);
	header.functab = HEADER_COUNT + sizeof(uint64_t);
	if (forms[form].offsets) {
		cursor_seek(&at, forms[form].offsets);
		header.names = cursor_u64(&at);
		header.files = cursor_u64(&at);
		header.file_names = cursor_u64(&at);
		header.values = cursor_u64(&at);
		header.functab = cursor_u64(&at);
	}
	if (at.failed)
		return false;
	*ret = header;
	return true;
}

static struct spy_error *broken(const struct pclntab *tab, const char *what)
{
	return spy_error_new(SPY_ERROR_DATA, "function table at 0x%" PRIx64 ": %s",
			     tab->source.address, what);
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
static void read_joint_parts(struct pclntab *tab, const struct cursor *table,
			     const struct pclntab_header *header)
{
	struct cursor at = *table;
	uint32_t files, file_count;

	cursor_seek(&at, header->functab + functab_size(tab));
	files = cursor_u32(&at);
	cursor_seek(&at, files);
	/* The count of the file table stands in the place of file 0, and counts itself. */
	file_count = cursor_u32(&at);
	tab->functab = part_of(table, header->functab, table->size);
	tab->files = part_of(table, files, files + (uint64_t)file_count * sizeof(uint32_t));
	tab->functions = tab->names = tab->values = tab->file_names = *table;
	tab->files.failed |= at.failed;
}

/* Go 1.16 and later: the header has the offsets of the parts, which follow each other in the order
 * of the header (cmd/link/internal/ld/pcln.go, generatePCHeader). */
static void read_parts(struct pclntab *tab, const struct cursor *table,
		       const struct pclntab_header *header)
{
	tab->names = part_of(table, header->names, header->files);
	tab->files = part_of(table, header->files, header->file_names);
	tab->file_names = part_of(table, header->file_names, header->values);
	tab->values = part_of(table, header->values, header->functab);
	tab->functab = tab->functions = part_of(table, header->functab, table->size);
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
	struct pclntab_header header;
	struct cursor table;
	const uint8_t *bytes;
	size_t size = 0;

	tab->source = *source;
	bytes = source->at(source->context, source->address, &size);
	table = cursor_of(bytes, bytes ? size : 0);
	if (!pclntab_header_read(table.bytes, table.size, PCLNTAB_BY_MAGIC, &header) &&
	    !pclntab_header_read(table.bytes, table.size, source->format.form, &header))
		return broken(tab, "it does not start as one of Go's");
	tab->entry_size = header.entry_size;
	tab->files_by_unit = header.form != PCLNTAB_JOINT;
	tab->inline_layout = inline_layout_of(&source->format);
	tab->function_count = header.functions;
	if (tab->function_count == 0 || tab->function_count > size / (2 * tab->entry_size))
		return broken(tab, "its number of functions cannot be");
	if (tab->files_by_unit)
		read_parts(tab, &table, &header);
	else
		read_joint_parts(tab, &table, &header);
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
