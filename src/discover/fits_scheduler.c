/* SPDX-License-Identifier: MIT
 *
 * What is always true of the scheduler's variables (runtime/proc.go, runtime2.go, sema.go).
 */
#include "base/cursor.h"
#include "discover/fits.h"
#include "discover/specimens.h"
#include "runtime/collect.h"

enum {
	LOOKS = 4,     /* at a structure that does not fit: it may be changing */
	IDLE_MAX = 64, /* of a list of idle ones that are walked */
	PS_MAX = 1 << 16,
	P_STATUS_MAX = 4, /* runtime2.go: _Pdead */
	P_IDLE = 0,
	CACHE_SPANS = 8, /* of a P's that are looked at */
	GS_MAX = 1 << 30,
	SEMA_ROOTS = 251,  /* sema.go: semTabSize, 1.10 to 1.27 */
	SEMA_STRIDE = 64,  /* each on a cache line of its own */
	DEFAULT_MS = 10000 /* proc.go: schedinit: sched.maxmcount */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- allgs -------------------------------------------------------------------------------- */

/* Statuses at which a g may not be set up (runtime2.go: _Gidle, _Gdead, _Gdeadextra). */
static bool may_be_blank(uint64_t status)
{
	return status == G_IDLE || status == G_DEAD || status == G_DEADEXTRA;
}

static enum fit g_fits(const struct runtime_layout *layout, const uint8_t *g, uint64_t address)
{
	uint64_t status = layout_number(layout, FIELD_g_atomicstatus, g) & ~(uint64_t)G_SCAN;
	uint64_t self = layout_number(layout, FIELD_g_sched_g, g);
	uint64_t lo = layout_number(layout, FIELD_g_stack_lo, g);
	uint64_t hi = layout_number(layout, FIELD_g_stack_hi, g);
	uint64_t goid = layout_number(layout, FIELD_g_goid, g);

	if (status > G_DEADEXTRA || goid >> 62 || hi >= ADDRESS_END || lo > hi)
		return FIT_NO;
	/* One that has never run, or has no stack any more. */
	if (may_be_blank(status) && (!self || !goid || lo == hi))
		return !self || self == address ? FIT_WEAK : FIT_NO;
	/* An id of 0 has a thread's g0, which is not in allgs, but hangs on idle Ms. */
	return self == address && lo < hi && goid ? FIT_STRONG : FIT_NO;
}

static enum fit sampled_gs_fit(struct go_runtime *runtime, struct specimens *gs)
{
	bool any = false;
	size_t i;

	for (i = 0; i < gs->count; i++) {
		enum fit fit = FIT_NO;
		int looks = 0;

		while (fit == FIT_NO && looks < LOOKS && (looks || gs->ok[i])) {
			if (looks++ && !specimens_again(runtime, gs, i))
				return FIT_NO;
			fit = g_fits(&runtime->layout, specimen(gs, i), gs->addresses[i]);
		}
		if (fit == FIT_NO)
			return FIT_NO;
		any |= fit == FIT_STRONG;
	}
	/* The first of them, the main goroutine's, is set up before anybody can look. */
	return any ? FIT_STRONG : FIT_NO;
}

enum fit allgs_fits(struct go_runtime *runtime, uint64_t address)
{
	static const enum layout_slot slots[] = { FIELD_g_stack_hi, FIELD_g_sched_g,
						  FIELD_g_atomicstatus, FIELD_g_goid };
	size_t size = layout_extent(&runtime->layout, slots, COUNT(slots));
	struct specimens gs _cleanup_(specimens_free) = { 0 };
	struct pointer_slice slice;

	if (!size || !is_pointer_variable(runtime, address) ||
	    !slice_read(runtime, address, &slice) || slice.length > GS_MAX ||
	    !specimens_of_slice(runtime, &slice, SPECIMENS_MAX, size, &gs))
		return FIT_NO;
	return sampled_gs_fit(runtime, &gs);
}

/* proc.go: allgadd: allgptr and allglen are what allgs has, for readers without its lock. */
enum fit allgptr_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t allgs = runtime->globals[GLOBAL_allgs].address, array;
	struct pointer_slice slice;

	if (address == allgs || !is_pointer_variable(runtime, address) ||
	    spy_error_caught(target_read(runtime->target, address, &array, sizeof(array))))
		return FIT_NO;
	if (allgs && slice_read(runtime, allgs, &slice))
		return slice.array == array ? FIT_STRONG : FIT_NO;
	return array && !(array & 7) && array < ADDRESS_END ? FIT_WEAK : FIT_NO;
}

enum fit allglen_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t allgs = runtime->globals[GLOBAL_allgs].address, length;
	struct pointer_slice slice;
	int looks;

	for (looks = 0; looks < LOOKS; looks++) {
		if (spy_error_caught(
			target_read(runtime->target, address, &length, sizeof(length))))
			return FIT_NO;
		if (!allgs)
			return length - 1 < GS_MAX ? FIT_WEAK : FIT_NO;
		if (slice_read(runtime, allgs, &slice) && slice.length == length &&
		    address != allgs + 8)
			return FIT_WEAK;
	}
	return FIT_NO;
}

/* ---- allp --------------------------------------------------------------------------------- */

/* mcache.go: mcache.alloc never holds nil: what is no span is emptymspan. */
static bool cache_fits(struct go_runtime *runtime, uint64_t cache)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t spans[CACHE_SPANS];
	size_t i;

	if (!cache || cache & 7 || layout_size(layout, FIELD_mcache_alloc) < sizeof(spans) ||
	    spy_error_caught(target_read(runtime->target,
					 cache + layout_offset(layout, FIELD_mcache_alloc), spans,
					 sizeof(spans))))
		return false;
	for (i = 0; i < CACHE_SPANS; i++)
		if (!spans[i] || spans[i] & 7 || spans[i] >= ADDRESS_END)
			return false;
	return true;
}

/* m.p and p.m are set one after the other. */
static bool p_fits(struct go_runtime *runtime, const uint8_t *p, uint64_t address, uint64_t index)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t m = layout_number(layout, FIELD_p_m, p);
	uint64_t cache = layout_number(layout, FIELD_p_mcache, p);

	return layout_number(layout, FIELD_p_id, p) == index &&
	       layout_number(layout, FIELD_p_status, p) <= P_STATUS_MAX &&
	       cache_fits(runtime, cache) && !(cache & 7) && cache < ADDRESS_END &&
	       (!m || member_is(runtime, m, FIELD_m_p, address));
}

static bool is_in_m0(const struct go_runtime *runtime, uint64_t address)
{
	uint64_t m0 = runtime->globals[GLOBAL_m0].address;

	return m0 && address - m0 < layout_size(&runtime->layout, SIZE_m);
}

enum fit allp_fits(struct go_runtime *runtime, uint64_t address)
{
	static const enum layout_slot slots[] = { FIELD_p_id, FIELD_p_status, FIELD_p_m,
						  FIELD_p_mcache };
	size_t size = layout_extent(&runtime->layout, slots, COUNT(slots)), i;
	struct specimens ps _cleanup_(specimens_free) = { 0 };
	struct pointer_slice slice;

	/* m.allpSnapshot is a copy. */
	if (!size || !is_pointer_variable(runtime, address) || is_in_m0(runtime, address) ||
	    !slice_read(runtime, address, &slice) || slice.capacity > 2 * PS_MAX ||
	    !specimens_of_slice(runtime, &slice, SPECIMENS_MAX, size, &ps))
		return FIT_NO;
	for (i = 0; i < ps.count; i++) {
		int looks = 0;

		while (!ps.ok[i] ||
		       !p_fits(runtime, specimen(&ps, i), ps.addresses[i], ps.indexes[i]))
			if (++looks == LOOKS || !specimens_again(runtime, &ps, i))
				return FIT_NO;
	}
	return FIT_STRONG;
}

enum fit gomaxprocs_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t allp = runtime->globals[GLOBAL_allp].address;
	struct pointer_slice slice;
	uint8_t bytes[4];

	if (spy_error_caught(target_read(runtime->target, address, bytes, sizeof(bytes))))
		return FIT_NO;
	/* proc.go: procresize makes allp as long as gomaxprocs. */
	if (allp && slice_read(runtime, allp, &slice))
		return load_u32(bytes) == slice.length ? FIT_WEAK : FIT_NO;
	return load_u32(bytes) - 1 < PS_MAX ? FIT_WEAK : FIT_NO;
}

/* ---- allm --------------------------------------------------------------------------------- */

/* Each M has a g0 that knows it; one that is being made is linked before it has (proc.go: allocm).
 */
bool follow_ms(struct go_runtime *runtime, uint64_t first, size_t limit, struct m_chain *ret)
{
	static const enum layout_slot slots[] = { FIELD_m_g0, FIELD_m_alllink };
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_extent(layout, slots, COUNT(slots));
	uint8_t *m _cleanup_free_ = memory_new(size ? size : 1, 1);
	uint64_t address = first, g0;

	*ret = (struct m_chain){ 0 };
	while (size && address && ret->count < limit) {
		if (address & 7 || spy_error_caught(target_read(runtime->target, address, m, size)))
			return false;
		g0 = layout_number(layout, FIELD_m_g0, m);
		if (g0 && !member_is(runtime, g0, FIELD_g_m, address))
			return false;
		ret->blank += !g0;
		ret->count++;
		ret->last = address;
		address = layout_number(layout, FIELD_m_alllink, m);
	}
	ret->complete = !address;
	return ret->count > ret->blank;
}

/* proc.go: mcount; what runs out of step for a moment while a thread starts. */
static bool read_mcount(struct go_runtime *runtime, uint64_t sched, uint64_t *ret)
{
	uint64_t next, freed;

	if (!sched || !read_member(runtime, sched, FIELD_sched_mnext, &next) ||
	    !read_member(runtime, sched, FIELD_sched_nmfreed, &freed))
		return false;
	*ret = next - freed;
	return true;
}

static enum fit chain_fits(struct go_runtime *runtime, uint64_t address)
{
	struct m_chain chain;
	uint64_t first, count;

	/* sched.midle is no pointer to the collector, allm is. */
	if (!is_pointer_variable(runtime, address) ||
	    spy_error_caught(target_read(runtime->target, address, &first, sizeof(first))) ||
	    !follow_ms(runtime, first, M_CHAIN_MAX, &chain))
		return FIT_NO;
	/* The first M, the last of the list, is the variable m0. */
	if (chain.complete && !is_variable(runtime, chain.last, 8))
		return FIT_NO;
	/* Every M begins such a chain: the one that has them all is meant. */
	if (!chain.complete ||
	    !read_mcount(runtime, runtime->globals[GLOBAL_sched].address, &count))
		return FIT_WEAK;
	return count == chain.count ? FIT_STRONG : FIT_WEAK;
}

enum fit allm_fits(struct go_runtime *runtime, uint64_t address)
{
	enum fit best = FIT_NO;
	int looks;

	for (looks = 0; looks < LOOKS && best != FIT_STRONG; looks++) {
		enum fit fit = chain_fits(runtime, address);

		best = fit > best ? fit : best;
	}
	return best;
}

/* The first M, which nothing was linked before. */
enum fit m0_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t g0, next;

	return read_member(runtime, address, FIELD_m_g0, &g0) &&
		       member_is(runtime, g0, FIELD_g_m, address) && is_variable(runtime, g0, 8) &&
		       read_member(runtime, address, FIELD_m_alllink, &next) && !next
		   ? FIT_STRONG
		   : FIT_NO;
}

enum fit g0_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t m;

	return read_member(runtime, address, FIELD_g_m, &m) &&
		       member_is(runtime, m, FIELD_m_g0, address) && m0_fits(runtime, m) != FIT_NO
		   ? FIT_STRONG
		   : FIT_NO;
}

/* ---- sched -------------------------------------------------------------------------------- */

static int64_t signed_in(const struct runtime_layout *layout, enum layout_slot slot,
			 const uint8_t *bytes)
{
	uint64_t number = layout_number(layout, slot, bytes);

	return layout_size(layout, slot) == 4 ? (int32_t)number : (int64_t)number;
}

size_t extent_of_sched(const struct runtime_layout *layout)
{
	static const enum layout_slot slots[] = { FIELD_sched_midle,
						  FIELD_sched_nmidle,
						  FIELD_sched_mnext,
						  FIELD_sched_nmfreed,
						  FIELD_sched_maxmcount,
						  FIELD_sched_ngsys,
						  FIELD_sched_pidle,
						  FIELD_sched_npidle,
						  FIELD_sched_nmspinning,
						  FIELD_sched_runqsize,
						  FIELD_sched_gfree_count,
						  FIELD_sched_gfree_stack_count,
						  FIELD_sched_gfree_nostack_count };

	return layout_extent(layout, slots, COUNT(slots));
}

bool numbers_of_sched_fit(const struct runtime_layout *layout, const uint8_t *sched)
{
	int64_t next = signed_in(layout, FIELD_sched_mnext, sched);
	int64_t freed = signed_in(layout, FIELD_sched_nmfreed, sched);
	int64_t max = signed_in(layout, FIELD_sched_maxmcount, sched);
	int64_t idle_ms = signed_in(layout, FIELD_sched_nmidle, sched);
	int64_t idle_ps = signed_in(layout, FIELD_sched_npidle, sched);
	int64_t spinning = signed_in(layout, FIELD_sched_nmspinning, sched);
	static const enum layout_slot counts[] = { FIELD_sched_ngsys, FIELD_sched_runqsize,
						   FIELD_sched_gfree_count,
						   FIELD_sched_gfree_stack_count,
						   FIELD_sched_gfree_nostack_count };
	size_t i;

	/* debug.SetMaxThreads may set any limit; the runtime ends the program that is over it. */
	if (next < 1 || freed < 0 || freed >= next || next - freed > M_CHAIN_MAX * 64LL ||
	    max < next - freed || idle_ms < 0 || idle_ms > next - freed || idle_ps < 0 ||
	    idle_ps > PS_MAX || spinning < 0 || spinning > next - freed)
		return false;
	if (!idle_ms != !layout_number(layout, FIELD_sched_midle, sched) ||
	    !idle_ps != !layout_number(layout, FIELD_sched_pidle, sched))
		return false;
	for (i = 0; i < COUNT(counts); i++)
		if (layout_has(layout, counts[i]) && (signed_in(layout, counts[i], sched) < 0 ||
						      signed_in(layout, counts[i], sched) > GS_MAX))
			return false;
	return true;
}

/* The idle Ps hang together by p.link, the idle Ms by m.schedlink (1.26 on by a node of their own,
 * of which the first is looked at). */
static bool idle_ps_fit(struct go_runtime *runtime, const uint8_t *sched)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t p = layout_number(layout, FIELD_sched_pidle, sched), status = 0;
	uint64_t count = layout_number(layout, FIELD_sched_npidle, sched), seen = 0;

	for (; p && seen < IDLE_MAX; seen++)
		if (p & 7 || !read_member(runtime, p, FIELD_p_status, &status) ||
		    (uint32_t)status != P_IDLE || !read_member(runtime, p, FIELD_p_link, &p))
			return false;
	return p ? seen < count : seen == count;
}

static bool idle_ms_fit(struct go_runtime *runtime, const uint8_t *sched)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t m = layout_number(layout, FIELD_sched_midle, sched), g0;
	uint64_t count = layout_number(layout, FIELD_sched_nmidle, sched), seen = 0;
	bool chained = layout_size(layout, FIELD_sched_midle) == 8;

	for (; m && seen < IDLE_MAX; seen++) {
		if (m & 7 || !read_member(runtime, m, FIELD_m_g0, &g0) ||
		    !member_is(runtime, g0, FIELD_g_m, m))
			return false;
		if (!chained)
			return true;
		if (!read_member(runtime, m, FIELD_m_schedlink, &m))
			return false;
	}
	return m ? seen < count : seen == count;
}

static enum fit sched_fits_now(struct go_runtime *runtime, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = extent_of_sched(layout);
	uint8_t *sched _cleanup_free_ = memory_zeroed(size ? size : 1, 1);
	uint64_t allm = runtime->globals[GLOBAL_allm].address, first;
	struct m_chain chain;

	if (!size || spy_error_caught(target_read(runtime->target, address, sched, size)) ||
	    !numbers_of_sched_fit(layout, sched) || !idle_ps_fit(runtime, sched) ||
	    !idle_ms_fit(runtime, sched))
		return FIT_NO;
	if (layout_number(layout, FIELD_sched_midle, sched) ||
	    layout_number(layout, FIELD_sched_pidle, sched) ||
	    layout_number(layout, FIELD_sched_maxmcount, sched) == DEFAULT_MS)
		return FIT_STRONG;
	/* Nothing is idle, and there is another limit. */
	if (!allm || spy_error_caught(target_read(runtime->target, allm, &first, sizeof(first))) ||
	    !follow_ms(runtime, first, M_CHAIN_MAX, &chain) || !chain.complete)
		return FIT_WEAK;
	return chain.count == layout_number(layout, FIELD_sched_mnext, sched) -
				  layout_number(layout, FIELD_sched_nmfreed, sched)
		   ? FIT_STRONG
		   : FIT_NO;
}

enum fit sched_fits(struct go_runtime *runtime, uint64_t address)
{
	enum fit fit = FIT_NO;
	int looks;

	for (looks = 0; looks < LOOKS && fit == FIT_NO; looks++)
		fit = sched_fits_now(runtime, address);
	return fit;
}

/* ---- semtable ----------------------------------------------------------------------------- */

/* sema.go: semtable.rootFor: a waiter stands at the root that its semaphore's address names. */
static bool waiter_fits(struct go_runtime *runtime, uint64_t sudog, uint64_t root)
{
	uint64_t g, elem, goid;

	return !(sudog & 7) && read_member(runtime, sudog, FIELD_sudog_g, &g) &&
	       read_member(runtime, sudog, FIELD_sudog_elem, &elem) &&
	       (elem >> 3) % SEMA_ROOTS == root && g && member_is(runtime, g, FIELD_g_sched_g, g) &&
	       read_member(runtime, g, FIELD_g_goid, &goid) && goid;
}

static enum fit semtable_fits_now(struct go_runtime *runtime, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t offset = layout_offset(layout, FIELD_sema_root_treap), i, waiters = 0;
	uint8_t table[SEMA_ROOTS * SEMA_STRIDE];

	if (!layout_has(layout, FIELD_sema_root_treap) || offset + 12 > SEMA_STRIDE ||
	    spy_error_caught(target_read(runtime->target, address, table, sizeof(table))))
		return FIT_NO;
	for (i = 0; i < SEMA_ROOTS; i++) {
		const uint8_t *root = table + i * SEMA_STRIDE;
		uint64_t sudog = load_u64(root + offset);

		/* Behind treap: nwait. */
		if (!sudog && load_u32(root + offset + 8))
			return FIT_NO;
		if (!sudog)
			continue;
		if (!load_u32(root + offset + 8) || !waiter_fits(runtime, sudog, i))
			return FIT_NO;
		waiters++;
	}
	return waiters ? FIT_STRONG : FIT_WEAK;
}

enum fit semtable_fits(struct go_runtime *runtime, uint64_t address)
{
	enum fit fit = FIT_NO;
	int looks;

	for (looks = 0; looks < LOOKS && fit == FIT_NO; looks++)
		fit = semtable_fits_now(runtime, address);
	return fit;
}
