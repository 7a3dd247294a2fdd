/* SPDX-License-Identifier: MIT
 *
 * Whether a row of the table is of this process. Each structure is held against what the runtime
 * keeps true of it, so that a member that lies elsewhere shows: a GOEXPERIMENT or a patched runtime
 * moves them, and the rows of neighbouring versions differ by as little as eight bytes.
 *
 * Not everything can be seen at any time: g.labels where there are none, g.waiting where no
 * goroutine waits on a channel, m.vdsoSP outside the vDSO, the second and third of
 * memstats.heapStats.stats before the first collection. They stand between members that are
 * checked, and Go's compiler lays them out in order; what differs in nothing else are patch
 * releases of one minor version (1.16.3 and 1.16.4, 1.18.2 and 1.18.4), which the version tells
 * apart.
 */
#include <time.h>

#include "base/cursor.h"
#include "discover/fits.h"
#include "discover/open.h"
#include "discover/specimens.h"
#include "runtime/collect.h"

enum {
	LOOKS = 5, /* at what does not fit: the target runs, and it may be changing */
	PS = 4,
	SPECIMENS = 12, /* of each kind, how many are looked at */
	MS_COUNTED = 128,
	PLUGINS_MAX = 256,
	MS_IN_FLIGHT = 16,
	STRUCTURE_MAX = 1 << 16,
	THREAD_ID_MAX = 1 << 22, /* linux/threads.h: PID_MAX_LIMIT */
	RUN_QUEUE = 256,         /* runtime2.go: p.runq */
	P_GFREE_MAX = 64,        /* proc.go: gfput */
	WAIT_REASON_MAX = 80,
	WAIT_REASON_BYTES_MAX = 64,
	FUNCTION_ALIGNMENT = 16, /* cmd/link: funcAlign; 32 from 1.16 on */
	SPAN_CLASSES_MAX = 160,
	CALLERS_MIN = 4, /* that they are all aligned is no accident */
	WAITS = 4,       /* before a live process is refused: 15 ms in all */
	FIRST_WAIT_NS = 1000000,
};

struct check {
	struct go_runtime *runtime;
	const struct runtime_layout *layout;
	uint64_t text, etext, types, etypes; /* of the first module; 0: not known */
};

typedef bool check_fn(const struct check *check);

static bool nil_or_aligned(uint64_t pointer)
{
	return !(pointer & 7) && pointer < ADDRESS_END;
}

static bool in_text(const struct check *check, uint64_t pc)
{
	return !check->etext || (pc >= check->text && pc < check->etext);
}

/* ---- moduledata --------------------------------------------------------------------------- */

static bool check_module(struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t address = runtime->globals[GLOBAL_firstmoduledata].address, rodata, gofunc;

	if (!address)
		return true;
	if (global_fits(runtime, GLOBAL_firstmoduledata, address) != FIT_STRONG ||
	    !read_member(runtime, address, FIELD_md_text, &check->text) ||
	    !read_member(runtime, address, FIELD_md_etext, &check->etext) ||
	    !read_member(runtime, address, FIELD_md_types, &check->types) ||
	    !read_member(runtime, address, FIELD_md_etypes, &check->etypes))
		return false;
	if (!layout_has(check->layout, FIELD_md_gofunc))
		return true;
	return read_member(runtime, address, FIELD_md_rodata, &rodata) &&
	       read_member(runtime, address, FIELD_md_gofunc, &gofunc) && rodata >= check->etext &&
	       rodata <= check->types && gofunc >= rodata && gofunc < ADDRESS_END;
}

/* Whether a plugin has this code; moduledata.next leads to it. */
static bool in_plugin(const struct check *check, uint64_t pc)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t module = runtime->globals[GLOBAL_firstmoduledata].address, text, etext;
	size_t count;

	for (count = 0; count < PLUGINS_MAX; count++) {
		if (!read_member(runtime, module, FIELD_md_next, &module) || !module ||
		    !read_member(runtime, module, FIELD_md_text, &text) ||
		    !read_member(runtime, module, FIELD_md_etext, &etext))
			return false;
		if (pc >= text && pc < etext)
			return true;
	}
	return false;
}

/* ---- goroutines --------------------------------------------------------------------------- */

/* runtime2.go: g.waitreason: a string (1.10), an index since. A goroutine that waits has one. */
static bool wait_reason_fits(const struct check *check, const uint8_t *g)
{
	const struct runtime_layout *layout = check->layout;
	const uint8_t *reason = g + layout_offset(layout, FIELD_g_waitreason);
	char text[WAIT_REASON_BYTES_MAX];
	uint64_t size, i;

	if (layout_size(layout, FIELD_g_waitreason) != 16)
		return *reason && *reason < WAIT_REASON_MAX;
	size = load_u64(reason + 8);
	if (!size || size > sizeof(text) ||
	    spy_error_caught(target_read(check->runtime->target, load_u64(reason), text, size)))
		return false;
	for (i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

/* chan.go: what a goroutine waits on; its elements have a type of that size. */
static bool channel_fits(const struct check *check, uint64_t channel)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t count, room, size, type, type_size;

	if (!channel)
		return true;
	if (!read_member(runtime, channel, FIELD_hchan_qcount, &count) ||
	    !read_member(runtime, channel, FIELD_hchan_dataqsiz, &room) ||
	    !read_member(runtime, channel, FIELD_hchan_elemsize, &size) ||
	    !read_member(runtime, channel, FIELD_hchan_elemtype, &type) || count > room)
		return false;
	return read_member(runtime, type, FIELD_type_size, &type_size) && size == type_size;
}

/* What a goroutine waits with. Those of a select are all its own. Of one that waits for a semaphore
 * (which g.waiting tells since 1.26: sema.go: semacquire1) the next is another's. */
static bool sudog_fits(const struct check *check, uint64_t sudog, uint64_t g)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t elem, next, prev, link, channel;

	if (!sudog)
		return true;
	return member_is(runtime, sudog, FIELD_sudog_g, g) &&
	       read_member(runtime, sudog, FIELD_sudog_elem, &elem) && elem < ADDRESS_END &&
	       read_member(runtime, sudog, FIELD_sudog_next, &next) && nil_or_aligned(next) &&
	       read_member(runtime, sudog, FIELD_sudog_prev, &prev) && nil_or_aligned(prev) &&
	       read_member(runtime, sudog, FIELD_sudog_waitlink, &link) && nil_or_aligned(link) &&
	       read_member(runtime, sudog, FIELD_sudog_c, &channel) &&
	       (!link || !channel || member_is(runtime, link, FIELD_sudog_g, g)) &&
	       channel_fits(check, channel);
}

/* What stands still while a goroutine waits or is ready to run. */
static bool parked_g_fits(const struct check *check, const uint8_t *g, uint64_t address,
			  uint64_t status)
{
	const struct runtime_layout *layout = check->layout;
	uint64_t sp = layout_number(layout, FIELD_g_sched_sp, g);

	if (sp <= layout_number(layout, FIELD_g_stack_lo, g) ||
	    sp > layout_number(layout, FIELD_g_stack_hi, g) ||
	    !layout_number(layout, FIELD_g_sched_pc, g))
		return false;
	return status != G_WAITING ||
	       (wait_reason_fits(check, g) &&
		sudog_fits(check, layout_number(layout, FIELD_g_waiting, g), address));
}

/* What was set when it was made. The first goroutine has no parent. */
static bool birth_of_g_fits(const struct check *check, const uint8_t *g, uint64_t goid)
{
	const struct runtime_layout *layout = check->layout;
	uint64_t gopc = layout_number(layout, FIELD_g_gopc, g);
	uint64_t startpc = layout_number(layout, FIELD_g_startpc, g);
	uint64_t parent = layout_number(layout, FIELD_g_parent_goid, g);

	if (goid == 1 && (!gopc || !startpc || !in_text(check, gopc) || !in_text(check, startpc)))
		return false;
	if (goid == 1 && parent)
		return false;
	return gopc < ADDRESS_END && startpc < ADDRESS_END && startpc % FUNCTION_ALIGNMENT == 0;
}

static bool links_of_g_fit(const struct check *check, const uint8_t *g, uint64_t address,
			   uint64_t status)
{
	const struct runtime_layout *layout = check->layout;
	uint64_t m = layout_number(layout, FIELD_g_m, g);
	uint64_t locked = layout_number(layout, FIELD_g_lockedm, g);
	uint64_t sp = layout_number(layout, FIELD_g_syscallsp, g);
	uint64_t lo = layout_number(layout, FIELD_g_stack_lo, g);

	if ((status == G_RUNNING || status == G_SYSCALL) &&
	    (!m || !member_is(check->runtime, m, FIELD_m_curg, address)))
		return false;
	if (status == G_SYSCALL && (!sp || !layout_number(layout, FIELD_g_syscallpc, g)))
		return false;
	return (!locked || member_is(check->runtime, locked, FIELD_m_lockedg, address)) &&
	       (!sp || (sp >= lo && sp <= layout_number(layout, FIELD_g_stack_hi, g))) &&
	       nil_or_aligned(layout_number(layout, FIELD_g_labels, g)) &&
	       layout_number(layout, FIELD_g_running_cleanups, g) <= 1 &&
	       (int64_t)layout_number(layout, FIELD_g_waitsince, g) >= 0;
}

static bool g_fits(const struct check *check, const uint8_t *g, uint64_t address)
{
	const struct runtime_layout *layout = check->layout;
	uint64_t status = layout_number(layout, FIELD_g_atomicstatus, g) & ~(uint64_t)G_SCAN;
	uint64_t goid = layout_number(layout, FIELD_g_goid, g);

	/* One that has never run, or runs no more, or whose stack is being moved. */
	if (status == G_IDLE || status == G_DEAD || status == G_DEADEXTRA || status == G_COPYSTACK)
		return true;
	if (layout_number(layout, FIELD_g_sched_g, g) != address ||
	    layout_number(layout, FIELD_g_stack_lo, g) >=
		layout_number(layout, FIELD_g_stack_hi, g))
		return false;
	if ((status == G_WAITING || status == G_RUNNABLE) &&
	    !parked_g_fits(check, g, address, status))
		return false;
	return birth_of_g_fits(check, g, goid) && links_of_g_fit(check, g, address, status);
}

/* A return address is seldom where a function could begin: gopc is not taken for startpc. And most
 * goroutines have a parent. */
static bool callers_fit(const struct check *check, const struct specimens *gs)
{
	size_t callers = 0, unaligned = 0, parents = 0, i;

	for (i = 0; i < gs->count; i++) {
		uint64_t pc = layout_number(check->layout, FIELD_g_gopc, specimen(gs, i));

		callers += pc != 0;
		unaligned += pc % FUNCTION_ALIGNMENT != 0;
		parents += layout_number(check->layout, FIELD_g_parent_goid, specimen(gs, i)) != 0;
	}
	return callers < CALLERS_MIN ||
	       (unaligned && (parents || !layout_has(check->layout, FIELD_g_parent_goid)));
}

static bool check_gs(const struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	size_t size = layout_size(check->layout, SIZE_g), i;
	struct specimens gs _cleanup_(specimens_free) = { 0 };
	struct pointer_slice slice;

	if (size > STRUCTURE_MAX ||
	    global_fits(runtime, GLOBAL_allgs, runtime->globals[GLOBAL_allgs].address) !=
		FIT_STRONG ||
	    !slice_read(runtime, runtime->globals[GLOBAL_allgs].address, &slice) ||
	    !specimens_of_slice(runtime, &slice, SPECIMENS, size, &gs))
		return false;
	for (i = 0; i < gs.count; i++) {
		int looks = 0;

		while (!gs.ok[i] || !g_fits(check, specimen(&gs, i), gs.addresses[i]))
			if (++looks == LOOKS || !specimens_again(runtime, &gs, i))
				return false;
	}
	return callers_fit(check, &gs);
}

/* ---- threads ------------------------------------------------------------------------------ */

/* An M in a system call may still name a P that another M has by now (1.10, 1.11). */
static bool is_p(const struct check *check, uint64_t p)
{
	struct go_runtime *runtime = check->runtime;
	struct pointer_slice slice;
	uint64_t id, own;

	return read_member(runtime, p, FIELD_p_id, &id) &&
	       slice_read(runtime, runtime->globals[GLOBAL_allp].address, &slice) &&
	       id < slice.length &&
	       !spy_error_caught(
		   target_read(runtime->target, slice.array + id * 8, &own, sizeof(own))) &&
	       own == p;
}

static bool m_fits(const struct check *check, const uint8_t *m, uint64_t address)
{
	const struct runtime_layout *layout = check->layout;
	struct go_runtime *runtime = check->runtime;
	uint64_t g0 = layout_number(layout, FIELD_m_g0, m);
	uint64_t signal = layout_number(layout, FIELD_m_gsignal, m);
	uint64_t curg = layout_number(layout, FIELD_m_curg, m);
	uint64_t p = layout_number(layout, FIELD_m_p, m);
	uint64_t locked = layout_number(layout, FIELD_m_lockedg, m);
	uint64_t next = layout_number(layout, FIELD_m_alllink, m);
	uint64_t pc = layout_number(layout, FIELD_m_vdso_pc, m);

	return member_is(runtime, g0, FIELD_g_m, address) &&
	       (!signal || member_is(runtime, signal, FIELD_g_m, address)) &&
	       (!curg || member_is(runtime, curg, FIELD_g_m, address)) && (!p || is_p(check, p)) &&
	       (!locked || member_is(runtime, locked, FIELD_g_lockedm, address)) &&
	       layout_number(layout, FIELD_m_procid, m) <= THREAD_ID_MAX &&
	       layout_number(layout, FIELD_m_spinning, m) <= 1 &&
	       layout_number(layout, FIELD_m_blocked, m) <= 1 &&
	       nil_or_aligned(layout_number(layout, FIELD_m_schedlink, m)) &&
	       nil_or_aligned(layout_number(layout, FIELD_m_vdso_sp, m)) &&
	       /* Where the thread last asked for the time, which may be in a plugin. */
	       (!pc || in_text(check, pc) || in_plugin(check, pc)) &&
	       /* The first M is number 0 and the end of the list. */
	       !layout_number(layout, FIELD_m_id, m) == !next;
}

static bool check_ms(const struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	size_t size = layout_size(check->layout, SIZE_m), count = 0, threads = 0, signals = 0;
	uint8_t *m _cleanup_free_ = memory_new(size && size <= STRUCTURE_MAX ? size : 1, 1);
	uint64_t address;

	if (!size || size > STRUCTURE_MAX ||
	    spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allm].address,
					 &address, sizeof(address))))
		return false;
	for (; address && count < SPECIMENS; count++) {
		int looks = 0;

		do {
			if (looks++ == LOOKS ||
			    spy_error_caught(target_read(runtime->target, address, m, size)))
				return false;
		} while (!m_fits(check, m, address));
		threads += layout_number(check->layout, FIELD_m_procid, m) != 0;
		signals += layout_number(check->layout, FIELD_m_gsignal, m) != 0;
		address = layout_number(check->layout, FIELD_m_alllink, m);
	}
	return threads && signals;
}

/* An M that idles sleeps, and says so (lock_futex.go: notesleep), but for a moment before. */
static bool check_idle_m(const struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t m, blocked = 0, count;

	if (!read_member(runtime, runtime->globals[GLOBAL_sched].address, FIELD_sched_midle, &m))
		return false;
	if (!m || (read_member(runtime, m, FIELD_m_blocked, &blocked) && blocked))
		return true;
	if (spy_error_caught(
		target_read(runtime->target, runtime->globals[GLOBAL_allm].address, &m, sizeof(m))))
		return false;
	for (count = 0; m && count < SPECIMENS && !blocked; count++)
		if (!read_member(runtime, m, FIELD_m_blocked, &blocked) ||
		    !read_member(runtime, m, FIELD_m_alllink, &m))
			return false;
	return blocked;
}

/* ---- scheduler ---------------------------------------------------------------------------- */

/* mcount() runs ahead of the list of Ms while threads start, and behind it while they end. */
static bool counts_of_ms_fit(const struct check *check, uint64_t sched)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t next, freed, first;
	struct m_chain chain;
	int64_t difference;

	if (!read_member(runtime, sched, FIELD_sched_mnext, &next) ||
	    !read_member(runtime, sched, FIELD_sched_nmfreed, &freed) ||
	    spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allm].address,
					 &first, sizeof(first))) ||
	    !follow_ms(runtime, first, MS_COUNTED, &chain))
		return false;
	difference = (int64_t)(next - freed - chain.count);
	return (!chain.complete || difference <= MS_IN_FLIGHT) && difference >= -MS_IN_FLIGHT;
}

static bool check_sched(const struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	uint64_t sched = runtime->globals[GLOBAL_sched].address, system;

	/* sched.ngsys: the runtime has some goroutines of its own from the start. */
	return global_fits(runtime, GLOBAL_sched, sched) != FIT_NO &&
	       read_member(runtime, sched, FIELD_sched_ngsys, &system) && system &&
	       counts_of_ms_fit(check, sched);
}

static bool p_fits(const struct check *check, const uint8_t *p)
{
	const struct runtime_layout *layout = check->layout;
	uint32_t queued = (uint32_t)(layout_number(layout, FIELD_p_runqtail, p) -
				     layout_number(layout, FIELD_p_runqhead, p));
	uint64_t next = layout_number(layout, FIELD_p_runnext, p);

	return queued <= RUN_QUEUE &&
	       layout_number(layout, FIELD_p_gfree_count, p) <= P_GFREE_MAX &&
	       (!next || member_is(check->runtime, next, FIELD_g_sched_g, next));
}

static bool check_ps(const struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	size_t size = layout_size(check->layout, SIZE_p), i;
	struct specimens ps _cleanup_(specimens_free) = { 0 };
	struct pointer_slice slice;

	if (size > STRUCTURE_MAX ||
	    global_fits(runtime, GLOBAL_allp, runtime->globals[GLOBAL_allp].address) == FIT_NO ||
	    !slice_read(runtime, runtime->globals[GLOBAL_allp].address, &slice))
		return false;
	if (!specimens_of_slice(runtime, &slice, PS, size, &ps))
		return false;
	for (i = 0; i < ps.count; i++) {
		int looks = 0;

		while (!ps.ok[i] || !p_fits(check, specimen(&ps, i)))
			if (++looks == LOOKS || !specimens_again(runtime, &ps, i))
				return false;
	}
	return true;
}

/* ---- memory ------------------------------------------------------------------------------- */

/* mcache.go: alloc[i] is a span of class i, or emptymspan. */
static bool cached_spans_fit(const struct check *check, uint64_t cache)
{
	const struct runtime_layout *layout = check->layout;
	size_t classes = layout_size(layout, FIELD_mcache_alloc) / 8, class, looked = 0;
	size_t size = layout_size(layout, SIZE_mspan);
	uint8_t *span _cleanup_free_ = memory_new(size && size <= STRUCTURE_MAX ? size : 1, 1);
	uint64_t spans[SPAN_CLASSES_MAX];

	if (!classes || classes > SPAN_CLASSES_MAX || !size || size > STRUCTURE_MAX ||
	    spy_error_caught(target_read(check->runtime->target,
					 cache + layout_offset(layout, FIELD_mcache_alloc), spans,
					 classes * 8)))
		return false;
	for (class = 1; class < classes && looked < SPECIMENS; class ++) {
		if (spy_error_caught(target_read(check->runtime->target, spans[class], span, size)))
			return false;
		if (!layout_number(layout, FIELD_mspan_nelems, span))
			continue;
		looked++;
		if (layout_number(layout, FIELD_mspan_spanclass, span) != class ||
		    layout_number(layout, FIELD_mspan_state, span) != 1 ||
		    layout_number(layout, FIELD_mspan_elemsize, span) *
			    layout_number(layout, FIELD_mspan_nelems, span) >
			layout_number(layout, FIELD_mspan_npages, span) * 8192)
			return false;
	}
	return true;
}

static bool check_caches(const struct check *check)
{
	struct go_runtime *runtime = check->runtime;
	struct pointer_slice slice;
	uint64_t p, cache, i;

	if (!slice_read(runtime, runtime->globals[GLOBAL_allp].address, &slice))
		return false;
	for (i = 0; i < slice.length && i < 2; i++)
		if (spy_error_caught(
			target_read(runtime->target, slice.array + i * 8, &p, sizeof(p))) ||
		    !read_member(runtime, p, FIELD_p_mcache, &cache) ||
		    !cached_spans_fit(check, cache))
			return false;
	return true;
}

static bool fits_if_known(const struct check *check, enum global global)
{
	uint64_t address = check->runtime->globals[global].address;

	return !address || global_fits(check->runtime, global, address) != FIT_NO;
}

static bool check_memory(const struct check *check)
{
	return fits_if_known(check, GLOBAL_mheap) && fits_if_known(check, GLOBAL_memstats) &&
	       fits_if_known(check, GLOBAL_gc_controller) && fits_if_known(check, GLOBAL_semtable);
}

/* ---- all ---------------------------------------------------------------------------------- */

static bool layout_fits(struct go_runtime *runtime)
{
	static check_fn *const checks[] = { check_gs, check_ms,     check_sched, check_idle_m,
					    check_ps, check_caches, check_memory };
	struct check check = { .runtime = runtime, .layout = &runtime->layout };
	size_t i;

	if (!check_module(&check))
		return false;
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int looks = 0;

		while (!checks[i](&check))
			if (++looks == LOOKS)
				return false;
	}
	return true;
}

struct spy_error *go_runtime_check_layout(struct go_runtime *runtime)
{
	struct timespec pause = { .tv_nsec = FIRST_WAIT_NS };
	int waits;

	/* A thread that the kernel took off its processor between two steps leaves things half done
	 * for some milliseconds; and a process that has only just begun is not set up yet. */
	for (waits = 0;; waits++) {
		if (layout_fits(runtime))
			return NULL;
		if (!runtime->target->is_live || waits == WAITS)
			break;
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_DATA, "the known layout of %s does not fit pid %lld",
			  runtime->version, (long long)runtime->target->pid),
	    "a patched or experimental runtime needs a build with DWARF, with --bin FILE");
}
