/* SPDX-License-Identifier: MIT */
#include "session/session.h"

static const struct raw_m *find_m(const struct making *making, uint64_t address)
{
	size_t i;

	for (i = 0; address && i < making->collected->ms.count; i++)
		if (making->collected->ms.items[i].address == address)
			return &making->collected->ms.items[i];
	return NULL;
}

int64_t m_id(const struct making *making, uint64_t address)
{
	const struct raw_m *m = find_m(making, address);

	return m ? (int64_t)m->id : SPY_UNKNOWN;
}

/* m.procid is a thread of the target's PID namespace. */
static int64_t our_thread(const struct making *making, uint64_t procid)
{
	const struct target_threads *threads = &making->collected->threads;
	size_t i;

	for (i = 0; procid && i < threads->count; i++)
		if ((uint64_t)threads->items[i].target_tid == procid)
			return threads->items[i].tid;
	return SPY_UNKNOWN;
}

int64_t m_thread(const struct making *making, uint64_t address)
{
	const struct raw_m *m = find_m(making, address);

	return m ? our_thread(making, m->thread) : SPY_UNKNOWN;
}

static int64_t p_id(const struct making *making, uint64_t address)
{
	size_t i;

	for (i = 0; address && i < making->collected->ps.count; i++)
		if (making->collected->ps.items[i].address == address)
			return (int64_t)making->collected->ps.items[i].id;
	return SPY_UNKNOWN;
}

/* runtime/runtime2.go: _Pidle … _Pdead. 2 is unused since 1.26, where no P is in a system call. */
static const char *p_status(uint64_t status)
{
	static const char *const names[] = { "idle", "running", "syscall", "gcstop", "dead" };

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "?";
}

/* What no goroutine has as its id. */
#define NO_ID UINT64_MAX

struct g_ids {
	struct map by_address;
};

static int64_t g_id(const struct g_ids *ids, uint64_t address)
{
	bool found;
	uint64_t id = map_get(&ids->by_address, address, &found);

	return address && found && id != NO_ID ? (int64_t)id : SPY_UNKNOWN;
}

static void fill_ps(struct making *making, const struct g_ids *ids)
{
	const struct collected *collected = making->collected;
	struct spy_p *ps = arena_alloc(&making->snapshot->arena, collected->ps.count, sizeof(*ps));
	size_t i;

	for (i = 0; i < collected->ps.count; i++) {
		const struct raw_p *raw = &collected->ps.items[i];
		const struct raw_m *m = find_m(making, raw->m);

		ps[i] = (struct spy_p){ .id = (int64_t)raw->id,
					.status = p_status(raw->status),
					.run_queue = (int64_t)raw->run_queue,
					.m = m ? (int64_t)m->id : SPY_UNKNOWN,
					.goroutine = m ? g_id(ids, m->curg) : SPY_UNKNOWN,
					.scheduler_ticks = (int64_t)raw->schedtick,
					.syscall_ticks = (int64_t)raw->syscalltick };
	}
	making->snapshot->public.ps = ps;
	making->snapshot->public.p_count = collected->ps.count;
}

static int by_id(const void *a, const void *b)
{
	const struct spy_m *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void fill_ms(struct making *making, const struct g_ids *ids)
{
	const struct collected *collected = making->collected;
	struct spy_m *ms = arena_alloc(&making->snapshot->arena, collected->ms.count, sizeof(*ms));
	size_t i;

	for (i = 0; i < collected->ms.count; i++) {
		const struct raw_m *raw = &collected->ms.items[i];

		ms[i] = (struct spy_m){ .id = (int64_t)raw->id,
					.thread = our_thread(making, raw->thread),
					.p = p_id(making, raw->p),
					.goroutine = g_id(ids, raw->curg),
					.locked_goroutine = g_id(ids, raw->lockedg),
					.blocked = raw->blocked,
					.spinning = raw->spinning };
	}
	if (collected->ms.count)
		qsort(ms, collected->ms.count, sizeof(*ms), by_id);
	making->snapshot->public.ms = ms;
	making->snapshot->public.m_count = collected->ms.count;
}

static void fill_threads(struct making *making)
{
	const struct target_threads *threads = &making->collected->threads;
	struct spy_thread_states *states = &making->snapshot->public.threads;
	size_t i;

	states->total = (int64_t)threads->count;
	for (i = 0; i < threads->count; i++) {
		switch (threads->items[i].state) {
		case 'R':
			states->running++;
			break;
		case 'S':
			states->sleeping++;
			break;
		case 'D':
			states->disk_sleep++;
			break;
		case 'T':
		case 't':
			states->stopped++;
			break;
		case 'Z':
		case 'X':
			states->zombie++;
			break;
		default:
			states->other++;
		}
	}
}

void make_scheduler(struct making *making)
{
	const struct collected *collected = making->collected;
	struct g_ids ids = { 0 };
	size_t i;

	/* The gs that Ms name, of a million perhaps. */
	for (i = 0; i < collected->ms.count; i++) {
		map_put(&ids.by_address, collected->ms.items[i].curg, NO_ID);
		map_put(&ids.by_address, collected->ms.items[i].lockedg, NO_ID);
	}
	for (i = 0; i < collected->gs.count; i++) {
		bool named;

		map_get(&ids.by_address, collected->gs.items[i].address, &named);
		if (named)
			map_put(&ids.by_address, collected->gs.items[i].address,
				collected->gs.items[i].goid);
	}
	collected_scheduler(&making->spy->runtime, collected, &making->snapshot->public.scheduler);
	fill_ps(making, &ids);
	fill_ms(making, &ids);
	fill_threads(making);
	map_free(&ids.by_address);
}
