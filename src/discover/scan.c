/* SPDX-License-Identifier: MIT
 *
 * Two sieves: what a variable's own bytes must be like, read once for all; then what they point at,
 * read for all that is left together. What passes is held against all invariants (fits.h).
 */
#include "discover/scan.h"

#include "base/cursor.h"
#include "discover/fits.h"
#include "discover/specimens.h"

enum {
	IMAGE_BYTES_MAX = 64 << 20,
	PIECE_BYTES = 1 << 20,  /* read and found missing together */
	POSSIBLE_MAX = 1 << 14, /* places of one kind that are looked into */
	FOUND_MAX = 16,
	BATCH = 512,
	SCHED_TRIES = 3,
	MASK_BYTES_MAX = 1 << 20,
	LOWEST_ADDRESS = 4096, /* internal/abi: MinLegalPointer; vm.mmap_min_addr */
	SEMTABLE_ROOTS = 251,  /* sema.go: semTabSize, 1.10 to 1.27 */
	SEMTABLE_WORDS = 8,    /* of a root, with its padding */
	VERSION_BYTES_MAX = 256,
	MODINFO_BYTES_MIN = 32,
	MODINFO_BYTES_MAX = 1 << 20,
	FIRST_WAIT_REASON_BYTES = 17, /* "GC assist marking" */
};
#define SLICE_MAX (1ull << 30)

/* A place that may be a variable, and what it points at. */
struct possible {
	uint64_t address, target;
};
struct found {
	uint64_t addresses[FOUND_MAX];
	size_t count;
};

struct scan {
	struct go_runtime *runtime;
	const struct runtime_layout *layout;
	uint64_t start, size;        /* of all variables */
	uint64_t bss_start, bss_end; /* of those with pointers that begin as 0 */
	uint8_t *image, *mask;
	struct pointer_mask pointers; /* bits 0: not known */
	uint64_t m0;                  /* 0: not found */
	struct found found[GLOBALS];
};

static void note(struct scan *scan, enum global global, uint64_t address)
{
	struct found *found = &scan->found[global];

	if (found->count < FOUND_MAX)
		found->addresses[found->count] = address;
	found->count++;
}

static void note_if_strong(struct scan *scan, enum global global, uint64_t address)
{
	if (scan->found[global].count < FOUND_MAX &&
	    global_fits(scan->runtime, global, address) == FIT_STRONG)
		note(scan, global, address);
}

/* ---- the image ---------------------------------------------------------------------------- */

/* What is not there (a core may lack it) is 0. */
static void read_image(struct scan *scan)
{
	struct target_range ranges[IMAGE_BYTES_MAX / PIECE_BYTES];
	size_t count = (scan->size + PIECE_BYTES - 1) / PIECE_BYTES, i;

	scan->image = memory_zeroed(scan->size + 1, 1);
	for (i = 0; i < count; i++) {
		uint64_t offset = (uint64_t)i * PIECE_BYTES, left = scan->size - offset;

		ranges[i] =
		    (struct target_range){ .address = scan->start + offset,
					   .buffer = scan->image + offset,
					   .size = left < PIECE_BYTES ? left : PIECE_BYTES };
	}
	target_readv(scan->runtime->target, ranges, count);
	for (i = 0; i < count; i++)
		if (!ranges[i].ok)
			memset(ranges[i].buffer, 0, ranges[i].size);
}

static void read_again(struct scan *scan, uint64_t address, uint64_t size)
{
	(void)spy_error_caught(target_read(scan->runtime->target, address,
					   scan->image + (address - scan->start), size));
}

/* Whether what the collector takes for pointers are addresses: the mask of another place soon takes
 * a length for one. */
static bool mask_fits(const struct scan *scan)
{
	uint64_t i;

	for (i = 0; i < scan->pointers.bits; i++) {
		uint64_t offset = scan->bss_start - scan->start + i * 8, word;

		if (!(scan->mask[i / 8] >> (i % 8) & 1) || offset + 8 > scan->size)
			continue;
		word = load_u64(scan->image + offset);
		if (word && (word < LOWEST_ADDRESS || word >= ADDRESS_END))
			return false;
	}
	return true;
}

static void read_mask(struct scan *scan)
{
	struct pointer_mask mask;
	size_t size;

	if (!read_pointer_mask(scan->runtime, &mask))
		return;
	size = (mask.bits + 7) / 8;
	if (!size || size > MASK_BYTES_MAX)
		return;
	scan->mask = memory_new(size, 1);
	if (!spy_error_caught(target_read(scan->runtime->target, mask.bytes, scan->mask, size)))
		scan->pointers = mask;
	if (!mask_fits(scan)) {
		scan->pointers.bits = 0;
		scan->runtime->pointers_unknown = true;
	}
}

static bool start_scan(struct scan *scan, struct go_runtime *runtime)
{
	const struct go_module *module = runtime->modules.items;

	*scan = (struct scan){ .runtime = runtime, .layout = &runtime->layout };
	if (!runtime->modules.count || module->data >= module->data_end || module->data & 7)
		return false;
	scan->start = module->data;
	scan->size = module->data_end - module->data;
	if (scan->size > IMAGE_BYTES_MAX)
		scan->size = IMAGE_BYTES_MAX;
	scan->size &= ~7ull;
	if (module->bss < scan->start || module->ebss > scan->start + scan->size ||
	    module->bss > module->ebss || module->bss & 7)
		return false;
	scan->bss_start = module->bss;
	scan->bss_end = module->ebss & ~7ull;
	read_image(scan);
	read_mask(scan);
	return true;
}

static void end_scan(const struct scan *scan)
{
	free(scan->image);
	free(scan->mask);
}

/* The bytes at an address of the image, if there are so many. */
static const uint8_t *at(const struct scan *scan, uint64_t address, size_t size)
{
	uint64_t offset = address - scan->start;

	return offset < scan->size && size <= scan->size - offset ? scan->image + offset : NULL;
}

static uint64_t word_at(const struct scan *scan, uint64_t address)
{
	const uint8_t *bytes = at(scan, address, 8);

	return bytes ? load_u64(bytes) : 0;
}

/* Whether the collector takes a word of bss for a pointer; `unknown` where that is not known. */
static bool is_pointer(const struct scan *scan, uint64_t address, bool unknown)
{
	uint64_t index = (address - scan->bss_start) / 8;

	return index < scan->pointers.bits ? scan->mask[index / 8] >> (index % 8) & 1 : unknown;
}

/* By the mappings of when the program was opened. */
static bool is_readable(const struct scan *scan, uint64_t address)
{
	const struct target_mappings *all = &scan->runtime->program.mappings;
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < all->count && all->items[low].start <= address && all->items[low].readable;
}

/* ---- what slices point at: allgs, allp, mheap_.allspans ------------------------------------- */

/* Reads a word at target + offset for each, keeps those where it could be read, and makes that word
 * the target. */
static size_t follow(struct scan *scan, struct possible *all, size_t count, uint64_t offset)
{
	struct target_range ranges[BATCH];
	uint64_t words[BATCH];
	size_t kept = 0, i, k;

	for (i = 0; i < count; i += BATCH) {
		size_t size = count - i < BATCH ? count - i : BATCH;

		for (k = 0; k < size; k++)
			ranges[k] = (struct target_range){ .address = all[i + k].target + offset,
							   .buffer = &words[k],
							   .size = 8 };
		target_readv(scan->runtime->target, ranges, size);
		for (k = 0; k < size; k++)
			if (ranges[k].ok && words[k] && !(words[k] & 7) &&
			    is_readable(scan, words[k]))
				all[kept++] = (struct possible){ .address = all[i + k].address,
								 .target = words[k] };
	}
	return kept;
}

static size_t find_slices(const struct scan *scan, struct possible *ret)
{
	size_t count = 0;
	uint64_t address;

	for (address = scan->start;
	     address + 24 <= scan->start + scan->size && count < POSSIBLE_MAX; address += 8) {
		const uint8_t *bytes = scan->image + (address - scan->start);
		uint64_t array = load_u64(bytes), length = load_u64(bytes + 8);
		uint64_t capacity = load_u64(bytes + 16);

		if (array && !(array & 7) && length && length <= capacity &&
		    capacity <= SLICE_MAX && is_readable(scan, array))
			ret[count++] = (struct possible){ .address = address, .target = array };
	}
	return count;
}

static bool in_bss(const struct scan *scan, uint64_t address)
{
	return address >= scan->bss_start && address < scan->bss_end &&
	       is_pointer(scan, address, true);
}

/* What may be seen of a slice's first element. */
static size_t extent_of_elements(const struct runtime_layout *layout)
{
	static const enum layout_slot slots[] = { FIELD_g_sched_g,        FIELD_p_id,
						  FIELD_p_status,         FIELD_p_mcache,
						  FIELD_mspan_start_addr, FIELD_mspan_npages };

	return layout_extent(layout, slots, sizeof(slots) / sizeof(slots[0]));
}

static bool is_in_m0(const struct scan *scan, uint64_t address)
{
	return scan->m0 && address - scan->m0 < layout_size(scan->layout, SIZE_m);
}

/* The first element tells what a slice may be: a g that names itself, a P 0, a span. */
static void sort_slice(struct scan *scan, const struct possible *slice, const uint8_t *element)
{
	const struct runtime_layout *layout = scan->layout;
	uint64_t start = layout_number(layout, FIELD_mspan_start_addr, element);
	uint64_t pages = layout_number(layout, FIELD_mspan_npages, element);

	if (in_bss(scan, slice->address) &&
	    layout_number(layout, FIELD_g_sched_g, element) == slice->target)
		note_if_strong(scan, GLOBAL_allgs, slice->address);
	/* An M has a copy of allp (1.25 on: m.allpSnapshot). */
	if (in_bss(scan, slice->address) && !layout_number(layout, FIELD_p_id, element) &&
	    layout_number(layout, FIELD_p_status, element) < 8 && !is_in_m0(scan, slice->address))
		note_if_strong(scan, GLOBAL_allp, slice->address);
	if (start && start % 4096 == 0 && pages && pages < SLICE_MAX)
		note_if_strong(scan, GLOBAL_mheap,
			       slice->address - layout_offset(layout, FIELD_mheap_allspans));
}

static void sort_slices(struct scan *scan, const struct possible *all, size_t count)
{
	size_t extent = extent_of_elements(scan->layout), i, k;
	uint8_t *elements _cleanup_free_ = memory_new(BATCH, extent ? extent : 1);
	struct target_range ranges[BATCH];

	for (i = 0; extent && i < count; i += BATCH) {
		size_t size = count - i < BATCH ? count - i : BATCH;

		for (k = 0; k < size; k++)
			ranges[k] = (struct target_range){ .address = all[i + k].target,
							   .buffer = elements + k * extent,
							   .size = extent };
		target_readv(scan->runtime->target, ranges, size);
		for (k = 0; k < size; k++)
			if (ranges[k].ok)
				sort_slice(scan, &all[i + k], elements + k * extent);
	}
}

/* ---- Ms: m0, g0, allm --------------------------------------------------------------------- */

/* m0 and g0 are variables that point at each other. */
static void find_m0(struct scan *scan)
{
	uint64_t g0_at = layout_offset(scan->layout, FIELD_m_g0);
	uint64_t m_at = layout_offset(scan->layout, FIELD_g_m), m, g0;

	for (m = scan->bss_start; m < scan->bss_end; m += 8) {
		g0 = word_at(scan, m + g0_at);
		if (g0 - scan->start >= scan->size || word_at(scan, g0 + m_at) != m)
			continue;
		note_if_strong(scan, GLOBAL_m0, m);
		note_if_strong(scan, GLOBAL_g0, g0);
	}
	if (scan->found[GLOBAL_m0].count == 1)
		scan->m0 = scan->found[GLOBAL_m0].addresses[0];
}

static size_t find_pointers(const struct scan *scan, struct possible *ret)
{
	size_t count = 0;
	uint64_t address;

	for (address = scan->bss_start; address < scan->bss_end && count < POSSIBLE_MAX;
	     address += 8) {
		uint64_t word = word_at(scan, address);

		if (word && !(word & 7) && is_pointer(scan, address, true) &&
		    is_readable(scan, word))
			ret[count++] = (struct possible){ .address = address, .target = word };
	}
	return count;
}

/* Of all that points at an M, allm has the whole list behind it. */
static void find_allm(struct scan *scan, struct possible *possible)
{
	size_t count = find_pointers(scan, possible), i, looks = 0;
	struct m_chain chain;
	uint64_t longest = 0;

	count = follow(scan, possible, count, layout_offset(scan->layout, FIELD_m_g0));
	count = follow(scan, possible, count, layout_offset(scan->layout, FIELD_g_m));
	for (i = 0; i < count && looks < FOUND_MAX; i++) {
		uint64_t address = possible[i].address, m = word_at(scan, address);

		/* The target is by now what the g0 has as its M. */
		if (possible[i].target != m || m == scan->m0)
			continue;
		looks++;
		if (!follow_ms(scan->runtime, m, M_CHAIN_MAX, &chain) ||
		    (chain.complete && scan->m0 && chain.last != scan->m0) || chain.count < longest)
			continue;
		if (chain.count > longest)
			scan->found[GLOBAL_allm].count = 0;
		longest = chain.count;
		note(scan, GLOBAL_allm, address);
	}
}

/* ---- structures that are known by their own bytes ------------------------------------------- */

/* nil, or there is something. */
static bool may_point(const struct scan *scan, uint64_t pointer)
{
	return !pointer || (!(pointer & 7) && is_readable(scan, pointer));
}

static bool may_be_sched(const struct scan *scan, const uint8_t *bytes)
{
	const struct runtime_layout *layout = scan->layout;

	return numbers_of_sched_fit(layout, bytes) &&
	       may_point(scan, layout_number(layout, FIELD_sched_midle, bytes)) &&
	       may_point(scan, layout_number(layout, FIELD_sched_pidle, bytes));
}

/* It changes while it is read: once more, if need be. */
static void find_sched(struct scan *scan)
{
	size_t size = extent_of_sched(scan->layout);
	const uint8_t *bytes;
	uint64_t address;
	int tries;

	for (tries = 0; tries < SCHED_TRIES && !scan->found[GLOBAL_sched].count; tries++) {
		if (tries)
			read_again(scan, scan->bss_start, scan->bss_end - scan->bss_start);
		for (address = scan->bss_start; size && address < scan->bss_end; address += 8) {
			bytes = at(scan, address, size);
			if (bytes && may_be_sched(scan, bytes))
				note_if_strong(scan, GLOBAL_sched, address);
		}
	}
}

static void find_memstats(struct scan *scan)
{
	size_t size = extent_of_memstats(scan->layout);
	const uint8_t *bytes;
	uint64_t address;

	for (address = scan->bss_start; size; address += 8) {
		bytes = at(scan, address, size);
		if (!bytes)
			break;
		if (memstats_may_be(scan->layout, bytes))
			note_if_strong(scan, GLOBAL_memstats, address);
	}
}

static void find_controller(struct scan *scan)
{
	size_t size = extent_of_controller(scan->layout);
	const uint8_t *bytes;
	uint64_t address;

	if (!layout_has(scan->layout, FIELD_gcc_gc_percent))
		return;
	for (address = scan->start; size; address += 8) {
		bytes = at(scan, address, size);
		if (!bytes)
			break;
		if (controller_bytes_fit(scan->layout, bytes) == FIT_STRONG)
			note_if_strong(scan, GLOBAL_gc_controller, address);
	}
}

/* A run of words that are pointers, one in eight. What stands before or behind may look as if it
 * belonged to it. */
struct run {
	uint64_t last;
	size_t count;
};

static void end_run(struct scan *scan, struct run run)
{
	const uint64_t root = SEMTABLE_WORDS * 8;
	size_t extra;

	for (extra = 0; run.count >= SEMTABLE_ROOTS + extra && extra < 3; extra++) {
		uint64_t table = run.last - (run.count - 1 - extra) * root -
				 layout_offset(scan->layout, FIELD_sema_root_treap);

		if (run.count < SEMTABLE_ROOTS + 3 &&
		    global_fits(scan->runtime, GLOBAL_semtable, table) != FIT_NO)
			note(scan, GLOBAL_semtable, table);
	}
}

/* sema.go: of each root the collector follows one word in eight: a pattern that only semtable has.
 */
static void find_semtable(struct scan *scan)
{
	uint64_t end = scan->bss_start + scan->pointers.bits * 8, address;
	struct run run = { 0 };

	if (!layout_has(scan->layout, FIELD_sema_root_treap))
		return;
	for (address = scan->bss_start; address < end; address += 8) {
		if (!is_pointer(scan, address, false))
			continue;
		if (address - run.last != SEMTABLE_WORDS * 8ul) {
			end_run(scan, run);
			run.count = 0;
		}
		run.last = address;
		run.count++;
	}
	end_run(scan, run);
}

/* ---- strings and tables ------------------------------------------------------------------- */

static bool is_version(const struct scan *scan, const uint8_t *bytes, uint64_t size)
{
	const char *version = scan->runtime->version;

	if (version)
		return strlen(version) == size && memcmp(bytes, version, size) == 0;
	return size > 4 && memcmp(bytes, "go1.", 4) == 0;
}

static void look_at_string(struct scan *scan, uint64_t address, uint64_t text, uint64_t size)
{
	const char *version = scan->runtime->version;
	const uint8_t *bytes;
	size_t available;

	if (size < 5 || size > MODINFO_BYTES_MAX || !is_readable(scan, text) ||
	    (size < MODINFO_BYTES_MIN && version && strlen(version) != size))
		return;
	bytes = program_at(&scan->runtime->program, text, &available);
	if (!bytes || available < size)
		return;
	if (size <= VERSION_BYTES_MAX && is_version(scan, bytes, size))
		note(scan, GLOBAL_build_version, address);
	if (size >= MODINFO_BYTES_MIN && bytes[0] == 0x30 && bytes[1] == 0x77 && bytes[2] == 0xaf)
		note_if_strong(scan, GLOBAL_modinfo, address);
}

static void find_in_data(struct scan *scan)
{
	/* The size classes 0, 8, 16 and 24 (32 to 1.15), and the pages of the first eight. */
	static const uint64_t sizes = 0x0018001000080000, old_sizes = 0x0020001000080000;
	static const uint64_t npages = 0x0101010101010100;
	uint64_t address;

	for (address = scan->start; address < scan->bss_end; address += 8) {
		uint64_t first = word_at(scan, address), second = word_at(scan, address + 8);

		if (first == sizes || first == old_sizes)
			note_if_strong(scan, GLOBAL_class_to_size, address);
		if (first == npages)
			note_if_strong(scan, GLOBAL_class_to_npages, address);
		if (!second && word_at(scan, address + 24) == FIRST_WAIT_REASON_BYTES)
			note_if_strong(scan, GLOBAL_wait_reason_strings, address);
		if (first && second)
			look_at_string(scan, address, first, second);
	}
}

static void find_allgptr(struct scan *scan)
{
	uint64_t address, allgs, array;

	if (scan->found[GLOBAL_allgs].count != 1)
		return;
	allgs = scan->found[GLOBAL_allgs].addresses[0];
	array = word_at(scan, allgs);
	for (address = scan->bss_start; array && address < scan->bss_end; address += 8)
		if (address != allgs && word_at(scan, address) == array && in_bss(scan, address))
			note(scan, GLOBAL_allgptr, address);
}

/* ---- all ---------------------------------------------------------------------------------- */

void scan_vote(struct go_runtime *runtime, struct go_candidates ret[static GLOBALS])
{
	struct possible *possible _cleanup_free_ = NULL;
	struct scan scan _cleanup_(end_scan);
	size_t count, i;

	if (!start_scan(&scan, runtime))
		return;
	possible = memory_new(POSSIBLE_MAX, sizeof(*possible));
	find_m0(&scan);
	count = find_slices(&scan, possible);
	count = follow(&scan, possible, count, 0);
	sort_slices(&scan, possible, count);
	find_allm(&scan, possible);
	find_sched(&scan);
	find_memstats(&scan);
	find_controller(&scan);
	find_semtable(&scan);
	find_in_data(&scan);
	find_allgptr(&scan);
	/* The only place of all is worth two witnesses: each of them may be mistaken. */
	for (i = 0; i < GLOBALS; i++) {
		if (scan.found[i].count != 1)
			continue;
		candidates_vote(&ret[i], scan.found[i].addresses[0]);
		candidates_vote(&ret[i], scan.found[i].addresses[0]);
	}
}
