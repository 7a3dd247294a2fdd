/* SPDX-License-Identifier: MIT
 *
 * What is always true of the variables of memory and of the collector (runtime/mstats.go, mheap.go,
 * mgcpacer.go, sizeclasses.go).
 */
#include "base/cursor.h"
#include "discover/fits.h"
#include "discover/specimens.h"

enum {
	LOOKS = 4,   /* at a structure that does not fit: it may be changing */
	PAGE = 8192, /* malloc.go: pageSize */
	SYSTEM_PAGE = 4096,
	PAUSES = 256,          /* mstats.go: mstats.pause_ns */
	RING = 3,              /* mstats.go: consistentHeapStats.stats */
	LARGEST_CLASS = 32768, /* sizeclasses.go: _MaxSmallSize */
	CLASSES_MIN = 60,      /* 67 in 1.10, 68 since 1.15 */
	CLASSES_MAX = 80,
	LARGE_UNIT = 128, /* mksizeclasses.go: largeSizeDiv */
	CLASS_PAGES_MAX = 10,
	NPAGES_MAX = 16, /* 10 in 1.10 to 1.27 */
	ONE_PAGE_CLASSES = 20,
	CENTRAL_BYTES_MAX = 1 << 18,
	SPAN_STATE_MAX = 3, /* mheap.go: mSpanState */
};

/* A size that no process reaches. */
#define BYTES_END   (1ull << 46)
#define UNIX_NS_MIN 1000000000000000000 /* 2001 */
#define UNIX_NS_MAX (1ll << 62)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Whether those members that there are hold sizes, multiples of `unit`. */
static bool are_sizes(const struct runtime_layout *layout, const uint8_t *bytes,
		      const enum layout_slot *slots, size_t count, uint64_t unit)
{
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t value = layout_number(layout, slots[i], bytes);

		if (value >= BYTES_END || value % unit)
			return false;
	}
	return true;
}

/* ---- memstats ----------------------------------------------------------------------------- */

/* numgc, when the last was, and how long they took: 0 or none of them is. */
static bool collections_fit(const struct runtime_layout *layout, const uint8_t *stats)
{
	uint64_t cycles = layout_number(layout, FIELD_mstats_numgc, stats);
	uint64_t last = layout_number(layout, FIELD_mstats_last_gc_unix, stats);
	uint64_t total = layout_number(layout, FIELD_mstats_pause_total_ns, stats), sum = 0;
	const uint8_t *pauses = stats + layout_offset(layout, FIELD_mstats_pause_total_ns) + 8;
	uint64_t bits = layout_number(layout, FIELD_mstats_gc_cpu_fraction, stats);
	double fraction;
	size_t i;

	memcpy(&fraction, &bits, sizeof(fraction));
	/* mgc.go: gcMarkTermination fills pause_ns, the next member, and adds to the total. */
	for (i = 0; i < PAUSES; i++)
		sum += load_u64(pauses + i * 8);
	if (cycles <= PAUSES ? sum != total : sum > total)
		return false;
	if (!cycles)
		return !last && !total && !fraction;
	return total && last >= UNIX_NS_MIN && last <= UNIX_NS_MAX && fraction >= 0 &&
	       fraction <= 1 && layout_number(layout, FIELD_mstats_numforcedgc, stats) <= cycles;
}

/* What the runtime needs for itself is never 0, once it has started. */
static bool system_bytes_fit(const struct runtime_layout *layout, const uint8_t *stats)
{
	static const enum layout_slot needed[] = { FIELD_mstats_mspan_sys, FIELD_mstats_mcache_sys,
						   FIELD_mstats_gc_sys, FIELD_mstats_other_sys };
	static const enum layout_slot pages[] = { FIELD_mstats_heap_sys, FIELD_mstats_heap_inuse,
						  FIELD_mstats_heap_released,
						  FIELD_mstats_stacks_inuse,
						  FIELD_mstats_stacks_sys };
	static const enum layout_slot sizes[] = { FIELD_mstats_buckhash_sys,
						  FIELD_mstats_heap_live };
	size_t i;

	for (i = 0; i < COUNT(needed); i++)
		if (layout_has(layout, needed[i]) && !layout_number(layout, needed[i], stats))
			return false;
	/* A runtime.MemStats that the program fills is as mstats up to there (to 1.15). */
	if (layout_has(layout, FIELD_mstats_heap_live) &&
	    !layout_number(layout, FIELD_mstats_heap_live, stats))
		return false;
	if (layout_has(layout, FIELD_mstats_heap_sys) &&
	    (!layout_number(layout, FIELD_mstats_heap_sys, stats) ||
	     layout_number(layout, FIELD_mstats_heap_inuse, stats) >
		 layout_number(layout, FIELD_mstats_heap_sys, stats)))
		return false;
	return are_sizes(layout, stats, needed, COUNT(needed), 1) &&
	       are_sizes(layout, stats, pages, COUNT(pages), SYSTEM_PAGE) &&
	       are_sizes(layout, stats, sizes, COUNT(sizes), 1);
}

static uint64_t ring_sum(const struct runtime_layout *layout, enum layout_slot slot,
			 const uint8_t *stats)
{
	const uint8_t *ring = stats + layout_offset(layout, FIELD_mstats_heap_stats);
	size_t stride = layout_size(layout, SIZE_heap_stats_delta), i;
	uint64_t sum = 0;

	for (i = 0; i < RING; i++)
		sum += layout_number(layout, slot, ring + i * stride);
	return sum;
}

/* Objects of all size classes. */
static uint64_t ring_objects(const struct runtime_layout *layout, enum layout_slot slot,
			     const uint8_t *stats)
{
	const uint8_t *ring = stats + layout_offset(layout, FIELD_mstats_heap_stats);
	size_t stride = layout_size(layout, SIZE_heap_stats_delta), i, class;
	uint64_t sum = 0;

	for (i = 0; i < RING; i++)
		for (class = 0; class < layout_size(layout, slot) / 8; class ++)
			sum +=
			    load_u64(ring + i * stride + layout_offset(layout, slot) + class * 8);
	return sum;
}

/* mstats.go: heapStatsDelta: sums of what was added and taken away; spans come and go by pages. */
static bool heap_stats_fit(const struct runtime_layout *layout, const uint8_t *stats)
{
	static const enum layout_slot sizes[] = { FIELD_hsd_in_heap, FIELD_hsd_in_stacks,
						  FIELD_hsd_in_work_bufs,
						  FIELD_hsd_in_ptr_scalar_bits };
	uint64_t small = ring_objects(layout, FIELD_hsd_small_alloc_count, stats);
	uint64_t committed = ring_sum(layout, FIELD_hsd_committed, stats);
	uint64_t in_use = 0;
	size_t i;

	for (i = 0; i < COUNT(sizes); i++) {
		uint64_t sum = ring_sum(layout, sizes[i], stats);

		if (sum >= BYTES_END || sum % PAGE)
			return false;
		in_use += sum;
	}
	return in_use && committed < BYTES_END && committed % SYSTEM_PAGE == 0 &&
	       committed >= in_use && small < BYTES_END &&
	       ring_sum(layout, FIELD_hsd_released, stats) % SYSTEM_PAGE == 0 &&
	       ring_sum(layout, FIELD_hsd_released, stats) < BYTES_END &&
	       small >= ring_objects(layout, FIELD_hsd_small_free_count, stats) &&
	       ring_sum(layout, FIELD_hsd_large_alloc, stats) >=
		   ring_sum(layout, FIELD_hsd_large_free, stats) &&
	       ring_sum(layout, FIELD_hsd_large_alloc_count, stats) >=
		   ring_sum(layout, FIELD_hsd_large_free_count, stats) &&
	       ring_sum(layout, FIELD_hsd_tiny_alloc_count, stats) < BYTES_END;
}

/* Whether the parts of the structure are within what was read of it: a layout may come from the
 * DWARF of a hostile file. */
static bool parts_of_memstats_fit(const struct runtime_layout *layout, size_t size)
{
	static const enum layout_slot delta[] = {
		FIELD_hsd_committed,         FIELD_hsd_released,     FIELD_hsd_in_heap,
		FIELD_hsd_in_stacks,         FIELD_hsd_in_work_bufs, FIELD_hsd_in_ptr_scalar_bits,
		FIELD_hsd_tiny_alloc_count,  FIELD_hsd_large_alloc,  FIELD_hsd_large_alloc_count,
		FIELD_hsd_small_alloc_count, FIELD_hsd_large_free,   FIELD_hsd_large_free_count,
		FIELD_hsd_small_free_count
	};
	size_t extent = layout_extent(layout, delta, COUNT(delta));
	size_t stride = layout_size(layout, SIZE_heap_stats_delta);

	return layout_offset(layout, FIELD_mstats_pause_total_ns) + 8 + PAUSES * 8ul <= size &&
	       (!layout_has(layout, FIELD_mstats_heap_stats) ||
		(extent && extent <= stride &&
		 stride * RING <= layout_size(layout, FIELD_mstats_heap_stats)));
}

size_t extent_of_memstats(const struct runtime_layout *layout)
{
	static const enum layout_slot slots[] = { SIZE_mstats,
						  FIELD_mstats_heap_sys,
						  FIELD_mstats_heap_inuse,
						  FIELD_mstats_heap_released,
						  FIELD_mstats_stacks_inuse,
						  FIELD_mstats_stacks_sys,
						  FIELD_mstats_mspan_sys,
						  FIELD_mstats_mcache_sys,
						  FIELD_mstats_buckhash_sys,
						  FIELD_mstats_gc_sys,
						  FIELD_mstats_other_sys,
						  FIELD_mstats_last_gc_unix,
						  FIELD_mstats_pause_total_ns,
						  FIELD_mstats_numgc,
						  FIELD_mstats_numforcedgc,
						  FIELD_mstats_gc_cpu_fraction,
						  FIELD_mstats_enablegc,
						  FIELD_mstats_heap_live,
						  FIELD_mstats_heap_stats };
	size_t size = layout_extent(layout, slots, COUNT(slots));

	return parts_of_memstats_fit(layout, size) ? size : 0;
}

/* enablegc is set once, before the first line of the program runs (mgc.go: gcenable). */
bool memstats_may_be(const struct runtime_layout *layout, const uint8_t *stats)
{
	return layout_number(layout, FIELD_mstats_enablegc, stats) == 1 &&
	       system_bytes_fit(layout, stats);
}

static enum fit memstats_fits_now(struct go_runtime *runtime, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = extent_of_memstats(layout);
	uint8_t *stats _cleanup_free_ = memory_new(size ? size : 1, 1);

	if (!size || !is_variable(runtime, address, size) ||
	    spy_error_caught(target_read(runtime->target, address, stats, size)) ||
	    !memstats_may_be(layout, stats) || !collections_fit(layout, stats) ||
	    (layout_has(layout, FIELD_mstats_heap_stats) && !heap_stats_fit(layout, stats)))
		return FIT_NO;
	return FIT_STRONG;
}

static enum fit look_again(struct go_runtime *runtime, uint64_t address, global_check_fn *check)
{
	enum fit fit = FIT_NO;
	int looks;

	for (looks = 0; looks < LOOKS && fit == FIT_NO; looks++)
		fit = check(runtime, address);
	return fit;
}

enum fit memstats_fits(struct go_runtime *runtime, uint64_t address)
{
	return look_again(runtime, address, memstats_fits_now);
}

/* ---- mheap_ ------------------------------------------------------------------------------- */

static enum fit span_fits(const struct runtime_layout *layout, const uint8_t *span)
{
	uint64_t start = layout_number(layout, FIELD_mspan_start_addr, span);
	uint64_t bytes = layout_number(layout, FIELD_mspan_npages, span) * PAGE;
	uint64_t count = layout_number(layout, FIELD_mspan_nelems, span);
	uint64_t size = layout_number(layout, FIELD_mspan_elemsize, span);
	uint64_t state = layout_number(layout, FIELD_mspan_state, span);

	if (state > SPAN_STATE_MAX)
		return FIT_NO;
	/* Not in use: what stands there is old. */
	if (state != 1)
		return FIT_WEAK;
	if (!start || start % PAGE || start >= ADDRESS_END || !bytes || bytes >= BYTES_END ||
	    !size || size > bytes || !count || count > bytes / size ||
	    layout_number(layout, FIELD_mspan_alloc_count, span) > count)
		return FIT_NO;
	return FIT_STRONG;
}

static bool spans_fit(struct go_runtime *runtime, struct specimens *spans)
{
	bool any = false;
	size_t i;

	for (i = 0; i < spans->count; i++) {
		enum fit fit = FIT_NO;
		int looks = 0;

		while (fit == FIT_NO && looks < LOOKS && (looks || spans->ok[i])) {
			if (looks++ && !specimens_again(runtime, spans, i))
				return false;
			fit = span_fits(&runtime->layout, specimen(spans, i));
		}
		if (fit == FIT_NO)
			return false;
		any |= fit == FIT_STRONG;
	}
	return any;
}

/* mcentral.go: mcentral.spanclass, the first member, up to 1.15 (when they count) behind a lock:
 * each entry of mheap_.central names its own place. */
static bool central_fits(struct go_runtime *runtime, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, FIELD_mheap_central), class;
	size_t classes = layout_size(layout, FIELD_mcache_alloc) / 8;
	size_t at = layout_has(layout, FIELD_mcentral_nmalloc) ? 8 : 0;
	size_t stride = classes ? size / classes : 0;
	uint8_t *central _cleanup_free_ = NULL;

	if (stride <= at || size > CENTRAL_BYTES_MAX)
		return false;
	central = memory_new(size, 1);
	if (spy_error_caught(target_read(runtime->target,
					 address + layout_offset(layout, FIELD_mheap_central),
					 central, size)))
		return false;
	for (class = 0; class < classes; class ++)
		if (central[class * stride + at] != class)
			return false;
	return true;
}

static enum fit mheap_fits_now(struct go_runtime *runtime, uint64_t address)
{
	static const enum layout_slot slots[] = { FIELD_mspan_start_addr,  FIELD_mspan_npages,
						  FIELD_mspan_nelems,      FIELD_mspan_elemsize,
						  FIELD_mspan_alloc_count, FIELD_mspan_state };
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_extent(layout, slots, COUNT(slots));
	struct specimens spans _cleanup_(specimens_free) = { 0 };
	struct pointer_slice slice;
	uint8_t sweepgen[4];

	if (!size || !is_variable(runtime, address, layout_size(layout, SIZE_mheap)) ||
	    !slice_read(runtime, address + layout_offset(layout, FIELD_mheap_allspans), &slice) ||
	    spy_error_caught(target_read(runtime->target,
					 address + layout_offset(layout, FIELD_mheap_sweepgen),
					 sweepgen, sizeof(sweepgen))) ||
	    /* mheap.go: increased by 2 after every GC. */
	    load_u32(sweepgen) % 2 ||
	    !specimens_of_slice(runtime, &slice, SPECIMENS_MAX, size, &spans))
		return FIT_NO;
	return spans_fit(runtime, &spans) && central_fits(runtime, address) ? FIT_STRONG : FIT_NO;
}

enum fit mheap_fits(struct go_runtime *runtime, uint64_t address)
{
	return look_again(runtime, address, mheap_fits_now);
}

/* ---- gcController ------------------------------------------------------------------------- */

/* mgcpacer.go: setGCPercent: heapMinimum, which follows, is defaultHeapMinimum * percent / 100; and
 * there is no goal where the percentage is off. */
static bool percents_fit(const struct runtime_layout *layout, const uint8_t *controller)
{
	static const uint64_t minimums[] = { 4 << 20,
					     512 << 10 /* GOEXPERIMENT heapminimum512kib */ };
	int64_t percent = (int32_t)layout_number(layout, FIELD_gcc_gc_percent, controller);
	enum layout_slot before = layout_has(layout, FIELD_gcc_memory_limit)
				      ? FIELD_gcc_memory_limit
				      : FIELD_gcc_gc_percent;
	uint64_t minimum = load_u64(controller + layout_offset(layout, before) + 8), goal, i;

	goal =
	    layout_number(layout,
			  layout_has(layout, FIELD_gcc_heap_goal) ? FIELD_gcc_heap_goal
								  : FIELD_gcc_gc_percent_heap_goal,
			  controller);
	for (i = 0; i < COUNT(minimums); i++)
		if (minimum == minimums[i] * (uint64_t)percent / 100)
			return percent >= -1 && goal && (percent < 0) == (goal == UINT64_MAX);
	return false;
}

size_t extent_of_controller(const struct runtime_layout *layout)
{
	static const enum layout_slot slots[] = { SIZE_gc_controller,
						  FIELD_gcc_gc_percent,
						  FIELD_gcc_memory_limit,
						  FIELD_gcc_heap_live,
						  FIELD_gcc_heap_marked,
						  FIELD_gcc_heap_goal,
						  FIELD_gcc_gc_percent_heap_goal,
						  FIELD_gcc_sweep_dist_min_trigger,
						  FIELD_gcc_triggered,
						  FIELD_gcc_mapped_ready,
						  FIELD_gcc_heap_in_use,
						  FIELD_gcc_heap_released,
						  FIELD_gcc_heap_free,
						  FIELD_gcc_total_alloc,
						  FIELD_gcc_total_free };
	size_t size = layout_extent(layout, slots, COUNT(slots));

	return layout_offset(layout, FIELD_gcc_gc_percent) + 16 <= size &&
		       layout_offset(layout, FIELD_gcc_memory_limit) + 16 <= size
		   ? size
		   : 0;
}

enum fit controller_bytes_fit(const struct runtime_layout *layout, const uint8_t *bytes)
{
	static const enum layout_slot sizes[] = { FIELD_gcc_heap_live, FIELD_gcc_heap_marked,
						  FIELD_gcc_mapped_ready };
	static const enum layout_slot pages[] = { FIELD_gcc_heap_in_use, FIELD_gcc_heap_released,
						  FIELD_gcc_heap_free };

	/* To 1.16: pacing alone, nothing that is read. */
	if (!layout_has(layout, FIELD_gcc_gc_percent))
		return FIT_WEAK;
	if (!percents_fit(layout, bytes) || !are_sizes(layout, bytes, sizes, COUNT(sizes), 1) ||
	    !are_sizes(layout, bytes, pages, COUNT(pages), SYSTEM_PAGE) ||
	    !layout_number(layout, FIELD_gcc_heap_live, bytes))
		return FIT_NO;
	if (!layout_has(layout, FIELD_gcc_memory_limit))
		/* With GOGC=0 there is little in it that is not 0 (1.17, 1.18). */
		return layout_number(layout, FIELD_gcc_gc_percent, bytes) &&
			       layout_number(layout, FIELD_gcc_heap_marked, bytes)
			   ? FIT_STRONG
			   : FIT_WEAK;
	if ((int64_t)layout_number(layout, FIELD_gcc_memory_limit, bytes) < 0 ||
	    !layout_number(layout, FIELD_gcc_heap_in_use, bytes) ||
	    layout_number(layout, FIELD_gcc_mapped_ready, bytes) <
		layout_number(layout, FIELD_gcc_heap_in_use, bytes) ||
	    layout_number(layout, FIELD_gcc_total_alloc, bytes) <
		layout_number(layout, FIELD_gcc_total_free, bytes))
		return FIT_NO;
	/* Hardly anybody sets it to 0; it begins as the largest number. */
	return layout_number(layout, FIELD_gcc_memory_limit, bytes) ? FIT_STRONG : FIT_WEAK;
}

static enum fit gc_controller_fits_now(struct go_runtime *runtime, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = extent_of_controller(layout);
	uint8_t *bytes _cleanup_free_ = memory_new(size ? size : 1, 1);

	if (!size || !is_variable(runtime, address, size) ||
	    spy_error_caught(target_read(runtime->target, address, bytes, size)))
		return FIT_NO;
	return controller_bytes_fit(layout, bytes);
}

enum fit gc_controller_fits(struct go_runtime *runtime, uint64_t address)
{
	return look_again(runtime, address, gc_controller_fits_now);
}

/* ---- size classes ------------------------------------------------------------------------- */

/* mksizeclasses.go: up to 1 KB a class is a multiple of an eighth of the power of two below it;
 * above, as many objects of it as there are fill their pages, but for less than 128 bytes each. */
static bool is_class_size(uint64_t size)
{
	uint64_t unit = size > 32 ? 16 : 8, pages;

	while (unit < LARGE_UNIT && unit * 16 < size)
		unit *= 2;
	if (size <= 1024 || size % unit)
		return size % unit == 0;
	for (pages = 1; pages <= CLASS_PAGES_MAX; pages++) {
		uint64_t objects = pages * PAGE / size;

		if (objects && pages * PAGE / objects / LARGE_UNIT * LARGE_UNIT == size)
			return true;
	}
	return false;
}

/* 0, 8, 16, … up to 32768; how many there are, 0 if it is another table. */
size_t count_size_classes(struct go_runtime *runtime, uint64_t address)
{
	uint8_t bytes[CLASSES_MAX * 2];
	size_t i;

	if (spy_error_caught(target_read(runtime->target, address, bytes, sizeof(bytes))) ||
	    load_u16(bytes) || load_u16(bytes + 2) != 8 || load_u16(bytes + 4) != 16)
		return 0;
	for (i = 1; i < CLASSES_MAX; i++) {
		if (load_u16(bytes + i * 2) <= load_u16(bytes + i * 2 - 2) ||
		    !is_class_size(load_u16(bytes + i * 2)))
			return 0;
		if (load_u16(bytes + i * 2) == LARGEST_CLASS)
			return i >= CLASSES_MIN ? i + 1 : 0;
	}
	return 0;
}

/* sizeclasses.go: class_to_allocnpages: as many entries, none of more pages than the largest class
 * fills twice; classes of up to 1 KB have one page. */
enum fit class_to_npages_fits(struct go_runtime *runtime, uint64_t address)
{
	uint8_t pages[CLASSES_MIN];
	size_t i;

	if (spy_error_caught(target_read(runtime->target, address, pages, sizeof(pages))) ||
	    pages[0])
		return FIT_NO;
	for (i = 1; i < CLASSES_MIN; i++)
		if (!pages[i] || pages[i] > NPAGES_MAX || (i < ONE_PAGE_CLASSES && pages[i] != 1))
			return FIT_NO;
	return FIT_STRONG;
}

enum fit class_to_size_fits(struct go_runtime *runtime, uint64_t address)
{
	return count_size_classes(runtime, address) ? FIT_STRONG : FIT_NO;
}
