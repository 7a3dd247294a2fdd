/* SPDX-License-Identifier: MIT
 *
 * Looks names up in a symbol table of 100,000 entries, without an index: both tables are streamed
 * through once. Most symbols are passed over by the first two bytes of their name, the rest are
 * asked for in a hash table of the wanted names, by length and last bytes.
 */
#include <elf.h>

#include "base/cursor.h"
#include "base/vector.h"
#include "elf/image.h"

enum {
	WANTED_BYTES_MAX = 255, /* of a name that is looked for; a longer one is not found */
	TABLE_BYTES_MAX = 256 * 1024 * 1024, /* 11 million symbols */
	SYMBOLS_AT_A_TIME = IMAGE_STREAM_BYTES / sizeof(Elf64_Sym),
	BUCKETS = 256,
};

/* ---- names of symbols --------------------------------------------------------------------- */

/* Linkers write names in the order of the symbols, mostly: a window moves along the string table.
 * Where the order is another one, so that the window would move for each name, it is opened to the
 * whole table. */
struct strings {
	const struct image *image;
	uint64_t offset, size; /* of the table in the file */
	char *window;
	uint64_t start, length; /* of the window in the table */
	uint64_t moves_left;
};

static bool open_window(struct strings *strings, uint64_t start, uint64_t length)
{
	strings->window = memory_resize(strings->window, length + 2, 1);
	strings->start = start;
	strings->length = 0;
	if (!image_read(strings->image, strings->offset + start, strings->window, length)) {
		strings->size = 0; /* the file has become shorter: there are no more names */
		return false;
	}
	strings->length = length;
	strings->window[length] = strings->window[length + 1] = '\0';
	return true;
}

static bool move_window(struct strings *strings, uint64_t name)
{
	enum { BACK = IMAGE_STREAM_BYTES / 8 }; /* some names stand shortly before */
	uint64_t start = name > BACK ? name - BACK : 0, left = strings->size - start;

	if (!strings->moves_left)
		return open_window(strings, 0, strings->size);
	strings->moves_left--;
	return open_window(strings, start, left < IMAGE_STREAM_BYTES ? left : IMAGE_STREAM_BYTES);
}

/* Whether the window holds all of the name that matters: to its NUL, or more than any wanted name
 * has. */
static bool in_window(const struct strings *strings, uint64_t name)
{
	uint64_t end = strings->start + strings->length;

	return name >= strings->start && name < end &&
	       (end == strings->size || end - name > WANTED_BYTES_MAX);
}

/* A NUL ends the name, or the window does, behind which there are two. */
static const char *name_at(struct strings *strings, uint64_t name, size_t *left)
{
	if (name >= strings->size)
		return NULL;
	if (!in_window(strings, name) && (!move_window(strings, name) || !in_window(strings, name)))
		return NULL;
	*left = strings->length - (name - strings->start);
	return strings->window + (name - strings->start);
}

/* ---- wanted names ------------------------------------------------------------------------- */

struct wanted { /* one alternative of one name */
	const char *name;
	size_t length;
	size_t index;        /* of the name that it is an alternative of */
	size_t rank;         /* among its alternatives: 0 is the best */
	struct wanted *next; /* in the bucket */
};

struct search {
	uint64_t first_bytes[65536 / 64]; /* bit set: a wanted name begins with these two */
	struct wanted *buckets[BUCKETS];
	struct wanted *wanted;
	size_t wanted_count;
	size_t count;  /* of names */
	size_t *ranks; /* of what was found for each name; SIZE_MAX for nothing */
	struct binary_symbol *symbols;
	size_t best_count; /* names for which nothing better can be found */
};

static void search_cleanup(struct search *search)
{
	free(search->wanted);
	free(search->ranks);
	free(search->symbols);
}

static unsigned bucket_of(const char *name, size_t length)
{
	uint32_t tail = 0;
	size_t size = length < sizeof(tail) ? length : sizeof(tail);

	memcpy(&tail, name + length - size, size);
	return ((tail ^ (uint32_t)length << 16) * 0x9e3779b1u) >> 24;
}

static void add_wanted(struct search *search, struct wanted wanted)
{
	struct wanted *place = &search->wanted[search->wanted_count++];
	unsigned bucket = bucket_of(wanted.name, wanted.length);
	char first[2] = { wanted.name[0], wanted.length > 1 ? wanted.name[1] : '\0' };

	wanted.next = search->buckets[bucket];
	search->buckets[bucket] = place;
	search->first_bytes[load_u16(first) / 64] |= 1ull << load_u16(first) % 64;
	*place = wanted;
}

static size_t alternatives(const char *name)
{
	size_t count = 1;

	for (; *name; name++)
		count += *name == '|';
	return count;
}

static void search_init(struct search *search, const char *const *names, size_t count)
{
	size_t i, total = 0;

	for (i = 0; i < count; i++)
		total += alternatives(names[i]);
	search->wanted = memory_new(total, sizeof(*search->wanted));
	search->ranks = memory_new(count, sizeof(*search->ranks));
	search->symbols = memory_zeroed(count, sizeof(*search->symbols));
	search->count = count;
	for (i = 0; i < count; i++) {
		const char *name = names[i];
		size_t rank, length;

		search->ranks[i] = SIZE_MAX;
		for (rank = 0; *name; rank++, name += length + (name[length] == '|')) {
			length = strcspn(name, "|");
			if (length && length <= WANTED_BYTES_MAX)
				add_wanted(search, (struct wanted){ .name = name,
								    .length = length,
								    .index = i,
								    .rank = rank });
		}
	}
}

static void take_symbol(struct search *search, const Elf64_Sym *symbol, const char *name,
			size_t length)
{
	const struct wanted *wanted = search->buckets[bucket_of(name, length)];

	for (; wanted; wanted = wanted->next) {
		if (wanted->length != length || memcmp(wanted->name, name, length) != 0 ||
		    wanted->rank >= search->ranks[wanted->index])
			continue;
		search->ranks[wanted->index] = wanted->rank;
		search->best_count += wanted->rank == 0;
		search->symbols[wanted->index] =
		    (struct binary_symbol){ .address = symbol->st_value, .size = symbol->st_size };
	}
}

/* ---- the table ---------------------------------------------------------------------------- */

struct symbol_table {
	const struct image *image;
	uint64_t offset, count; /* of its entries in the file */
	struct strings strings;
	Elf64_Sym *chunk;
};

static void symbol_table_cleanup(struct symbol_table *table)
{
	free(table->strings.window);
	free(table->chunk);
}

/* Whether a section is one that can be searched: not too large, and in the file. */
static bool is_table(const struct binary *binary, const Elf64_Shdr *section)
{
	uint64_t size = image_size(binary->image);

	return section->sh_size <= TABLE_BYTES_MAX && section->sh_offset <= size &&
	       section->sh_size <= size - section->sh_offset;
}

static struct spy_error *symbol_table_open(const struct binary *binary, const Elf64_Shdr *section,
					   struct symbol_table *table)
{
	const Elf64_Shdr *strings = NULL;

	if (section->sh_link < binary->section_count)
		strings = &binary->sections[section->sh_link];
	if (section->sh_entsize != sizeof(Elf64_Sym) || !is_table(binary, section) || !strings ||
	    strings->sh_type != SHT_STRTAB || !is_table(binary, strings))
		return spy_error_new(SPY_ERROR_DATA, "%s is corrupt: its symbol table is broken",
				     binary->name);
	table->image = table->strings.image = binary->image;
	table->offset = section->sh_offset;
	table->count = section->sh_size / sizeof(Elf64_Sym);
	table->strings.offset = strings->sh_offset;
	table->strings.size = strings->sh_size;
	table->strings.moves_left = 2 * (strings->sh_size / IMAGE_STREAM_BYTES) + 8;
	table->chunk = memory_new(SYMBOLS_AT_A_TIME, sizeof(Elf64_Sym));
	return NULL;
}

/* Reads the symbols from `index` on: those of a chunk. */
static struct spy_error *read_chunk(const struct binary *binary, struct symbol_table *table,
				    uint64_t index, size_t *ret)
{
	uint64_t left = table->count - index;
	size_t count = left < SYMBOLS_AT_A_TIME ? left : SYMBOLS_AT_A_TIME;

	if (!image_read(table->image, table->offset + index * sizeof(Elf64_Sym), table->chunk,
			count * sizeof(Elf64_Sym)))
		return spy_error_new(SPY_ERROR_DATA, "%s is corrupt: its symbol table is cut short",
				     binary->name);
	*ret = count;
	return NULL;
}

/* The name of a symbol that is defined here and is no section or file; else NULL. */
static const char *defined_name(struct symbol_table *table, const Elf64_Sym *symbol, size_t *left)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || type == STT_SECTION || type == STT_FILE)
		return NULL;
	return name_at(&table->strings, symbol->st_name, left);
}

static void look_at(struct search *search, struct symbol_table *table, const Elf64_Sym *symbol)
{
	size_t left, most = WANTED_BYTES_MAX + 1;
	const char *name = defined_name(table, symbol, &left);
	uint16_t first;

	if (!name)
		return;
	first = load_u16(name);
	if (search->first_bytes[first / 64] >> first % 64 & 1)
		take_symbol(search, symbol, name, strnlen(name, left < most ? left : most));
}

static struct spy_error *search_table(const struct binary *binary, struct symbol_table *table,
				      struct search *search)
{
	uint64_t index;
	size_t count = 0, i;

	for (index = 0; index < table->count; index += count) {
		TRY(read_chunk(binary, table, index, &count));
		for (i = 0; i < count; i++)
			look_at(search, table, &table->chunk[i]);
		if (search->best_count == search->count)
			return NULL;
	}
	return NULL;
}

struct spy_error *binary_find_symbols(const struct binary *binary, const char *const *names,
				      size_t count, struct binary_symbol *symbols, bool *found)
{
	struct search search _cleanup_(search_cleanup) = { 0 };
	struct symbol_table table _cleanup_(symbol_table_cleanup) = { 0 };
	const Elf64_Shdr *section = section_by_type(binary, SHT_SYMTAB);
	size_t i;

	if (!section)
		section = section_by_type(binary, SHT_DYNSYM);
	search_init(&search, names, count);
	if (section) {
		TRY(symbol_table_open(binary, section, &table));
		TRY(search_table(binary, &table, &search));
	}
	for (i = 0; i < count; i++) {
		found[i] = search.ranks[i] != SIZE_MAX;
		symbols[i] = search.symbols[i];
	}
	return NULL;
}

/* Any symbol of the runtime will do; Go's linker begins the table with its text symbols. */
bool binary_has_symbols(const struct binary *binary)
{
	static const char prefix[] = "runtime.";
	struct symbol_table table _cleanup_(symbol_table_cleanup) = { 0 };
	const Elf64_Shdr *section = section_by_type(binary, SHT_SYMTAB);
	uint64_t index;
	size_t count = 0, i, left;

	if (!section || spy_error_caught(symbol_table_open(binary, section, &table)))
		return false;
	for (index = 0; index < table.count; index += count) {
		if (spy_error_caught(read_chunk(binary, &table, index, &count)))
			return false;
		for (i = 0; i < count; i++) {
			const char *name = defined_name(&table, &table.chunk[i], &left);

			if (name && left >= sizeof(prefix) &&
			    memcmp(name, prefix, sizeof(prefix) - 1) == 0)
				return true;
		}
	}
	return false;
}

bool binary_has_dwarf(const struct binary *binary)
{
	const Elf64_Shdr *section = section_by_name(binary, ".debug_info");

	if (!section)
		section = section_by_name(binary, ".zdebug_info");
	return section && section->sh_type != SHT_NOBITS && section->sh_size;
}
