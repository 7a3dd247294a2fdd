/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "session/session.h"

static const char *const status_names[SPY_STATUS_COUNT] = {
	[SPY_STATUS_IDLE] = "idle",           [SPY_STATUS_RUNNABLE] = "runnable",
	[SPY_STATUS_RUNNING] = "running",     [SPY_STATUS_SYSCALL] = "syscall",
	[SPY_STATUS_WAITING] = "waiting",     [SPY_STATUS_DEAD] = "dead",
	[SPY_STATUS_COPYSTACK] = "copystack", [SPY_STATUS_PREEMPTED] = "preempted",
	[SPY_STATUS_LEAKED] = "leaked",
};

const char *spy_status_name(enum spy_status status)
{
	return (unsigned)status < SPY_STATUS_COUNT ? status_names[status] : "?";
}

static bool status_of(uint32_t raw, enum spy_status *ret)
{
	static const struct {
		uint32_t raw;
		enum spy_status status;
	} known[] = {
		{ .raw = G_IDLE, .status = SPY_STATUS_IDLE },
		{ .raw = G_RUNNABLE, .status = SPY_STATUS_RUNNABLE },
		{ .raw = G_RUNNING, .status = SPY_STATUS_RUNNING },
		{ .raw = G_SYSCALL, .status = SPY_STATUS_SYSCALL },
		{ .raw = G_WAITING, .status = SPY_STATUS_WAITING },
		{ .raw = G_COPYSTACK, .status = SPY_STATUS_COPYSTACK },
		{ .raw = G_PREEMPTED, .status = SPY_STATUS_PREEMPTED },
		{ .raw = G_LEAKED, .status = SPY_STATUS_LEAKED },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].raw == raw) {
			*ret = known[i].status;
			return true;
		}
	return false;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof(names[0]))

/* What kind of goroutine a function starts: runtime/traceback.go: isSystemGoroutine. */
static enum start_kind start_kind(const struct making *making, const char *name)
{
	static const char *const users[] = { "runtime.main", "runtime.corostart",
					     "runtime.handleAsyncEvent" };
	static const char *const finalizers[] = { "runtime.runfinq", "runtime.runFinalizers" };
	static const char *const named[] = { "runtime.bgsweep", "runtime.forcegchelper",
					     "runtime.timerproc", "runtime.gcBgMarkWorker" };
	bool system;

	if (!name)
		return START_USER;
	/* garble -tiny leaves "", or "runtime.?". */
	if (!*name || strcmp(name, "runtime.?") == 0)
		return START_NAMELESS;
	if (IS_ONE_OF(name, finalizers))
		return START_FINALIZERS;
	if (strcmp(name, "runtime.runCleanups") == 0)
		return START_CLEANUPS;
	if (making->spy->runtime.layout.traits->named_system_goroutines)
		system = IS_ONE_OF(name, named);
	else
		system = strncmp(name, "runtime.", 8) == 0 && !IS_ONE_OF(name, users);
	return system ? START_SYSTEM : START_USER;
}

/* A goroutine that runs finalizers or cleanups is the runtime's but while it is in the user's code;
 * `now` false asks what it was when it was created, as sched.ngsys and so runtime.NumGoroutine
 * count it. */
static bool is_system(struct making *making, const struct raw_g *raw, bool now)
{
	if (!making->last_start_known || making->last_start != raw->startpc) {
		making->last_start_kind =
		    start_kind(making, unwinder_function(making->unwinder, raw->startpc));
		making->last_start = raw->startpc;
		making->last_start_known = true;
	}
	switch (making->last_start_kind) {
	case START_FINALIZERS:
		return !now || !making->collected->finalizer_runs;
	case START_CLEANUPS:
		return !now || !raw->running_cleanups;
	case START_SYSTEM:
		return true;
	case START_USER:
	case START_NAMELESS:
		break;
	}
	return false;
}

/* The runtime's words for why a goroutine waits, one copy each. */
static const char *wait_reason(struct making *making, const struct raw_g *raw)
{
	struct go_runtime *runtime = &making->spy->runtime;
	struct arena *arena = &making->snapshot->arena;
	const char *reason;
	uint64_t known;
	bool found;

	if (raw->wait_reason == making->last_reason && raw->status == G_WAITING)
		return making->last_reason_words;
	if ((raw->status != G_WAITING && raw->status != G_LEAKED) || !raw->wait_reason)
		return NULL;
	known = map_get(&making->wait_reasons, raw->wait_reason, &found);
	if (found) {
		making->last_reason = raw->wait_reason;
		making->last_reason_words = (const char *)(uintptr_t)known;
		return making->last_reason_words;
	}
	if (raw->wait_reason_size) {
		uint64_t header[2] = { raw->wait_reason, raw->wait_reason_size };

		reason = go_string_at(runtime, header, 256, arena);
	} else {
		reason = go_wait_reason(runtime, raw->wait_reason, arena);
	}
	if (!reason)
		making_warn(making, "the name of wait reason %llu could not be read",
			    (unsigned long long)raw->wait_reason);
	map_put(&making->wait_reasons, raw->wait_reason, (uintptr_t)reason);
	return reason;
}

static void fill_creator(struct making *making, const struct raw_g *raw, struct spy_goroutine *g)
{
	bool has_parent = layout_has(&making->spy->runtime.layout, FIELD_g_parent_goid);
	const struct spy_location *location;
	struct spy_created_by *created_by;

	g->start = unwinder_locate(making->unwinder, raw->startpc, true);
	if (g->id != 1)
		g->caller = unwinder_locate(making->unwinder, raw->gopc, false);
	location = g->id == 1
		       ? NULL
		       : unwinder_creator(making->unwinder, raw->gopc, making->request->view);
	if (!location)
		return;
	created_by = arena_alloc(&making->snapshot->arena, 1, sizeof(*created_by));
	created_by->location = location;
	created_by->goroutine = has_parent && raw->parent ? (int64_t)raw->parent : SPY_UNKNOWN;
	g->created_by = created_by;
}

static void fill_goroutine(struct making *making, const struct raw_g *raw, enum spy_status status,
			   struct spy_goroutine *g)
{
	unsigned what = making->request->collect;
	bool waits = raw->status == G_WAITING || raw->status == G_SYSCALL;

	*g = (struct spy_goroutine){ .id = (int64_t)raw->goid,
				     .address = raw->address,
				     .status = status,
				     .wait_reason = wait_reason(making, raw),
				     .wait_ns = SPY_UNKNOWN,
				     .system = is_system(making, raw, true),
				     .locked_to_thread = raw->locked,
				     .thread = m_thread(making, raw->m),
				     .m = m_id(making, raw->m) };
	if (waits && raw->wait_since > 0 && raw->wait_since <= making->collected->monotonic_ns)
		g->wait_ns = making->collected->monotonic_ns - raw->wait_since;
	fill_creator(making, raw, g);
	g->current = unwinder_locate(making->unwinder,
				     raw->syscall_sp ? raw->syscall_pc : raw->sched_pc, false);
	if (what & SPY_COLLECT_LABELS && raw->labels)
		making->labels_unread +=
		    collected_labels(&making->spy->runtime, raw->copy, raw->labels,
				     &making->snapshot->arena, &g->labels, &g->label_count);
	if (what & SPY_COLLECT_WAITS)
		g->wait = collected_wait(&making->spy->runtime, making->collected, raw->copy, raw,
					 g->wait_reason, &making->types, &making->snapshot->arena);
	if (what & SPY_COLLECT_STACKS)
		fill_stack(making, raw, g);
}

static int most_first(const void *a, const void *b)
{
	const struct spy_wait_count *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->reason, y->reason);
}

/* Wait reasons with their counts. */
struct reason_counts {
	struct map index; /* pointer to the words → place in items */
	VECTOR(struct spy_wait_count) items;
};

static void count_reason(struct reason_counts *counts, const char *reason)
{
	bool found;
	uint64_t place = map_get(&counts->index, (uintptr_t)reason, &found);

	if (found && place < counts->items.count) {
		counts->items.items[place].count++;
		return;
	}
	map_put(&counts->index, (uintptr_t)reason, counts->items.count);
	*vector_push(&counts->items) = (struct spy_wait_count){ .reason = reason, .count = 1 };
}

static int by_words(const void *a, const void *b)
{
	const struct spy_wait_count *x = a, *y = b;

	return strcmp(x->reason, y->reason);
}

/* The same words may stand in several places: each module of a Go 1.10 program has its own. */
static void merge_same_words(struct reason_counts *counts)
{
	struct spy_wait_count *items = counts->items.items;
	size_t kept = 0, i;

	qsort(items, counts->items.count, sizeof(*items), by_words);
	for (i = 1; i < counts->items.count; i++) {
		if (strcmp(items[i].reason, items[kept].reason) == 0)
			items[kept].count += items[i].count;
		else
			items[++kept] = items[i];
	}
	counts->items.count = kept + 1;
}

static void fill_reasons(struct making *making, struct reason_counts *counts)
{
	struct spy_goroutine_counts *ret = &making->snapshot->public.goroutine_counts;
	struct spy_wait_count *items;

	if (counts->items.count) {
		merge_same_words(counts);
		qsort(counts->items.items, counts->items.count, sizeof(*items), most_first);
		items = arena_alloc(&making->snapshot->arena, counts->items.count, sizeof(*items));
		memcpy(items, counts->items.items, counts->items.count * sizeof(*items));
		ret->by_wait_reason = items;
	}
	ret->wait_reason_count = counts->items.count;
	map_free(&counts->index);
	vector_free(&counts->items);
}

/* Where functions have no names, the runtime's own goroutines cannot be told from the others; how
 * many there are sched.ngsys tells. */
static void count_nameless(struct making *making, size_t nameless)
{
	struct spy_goroutine_counts *ret = &making->snapshot->public.goroutine_counts;
	int64_t system = making->snapshot->public.scheduler.system_goroutines;
	int64_t unknown = system - ret->system;

	if (!nameless || system == SPY_UNKNOWN || unknown <= 0 || unknown > ret->count)
		return;
	ret->system = system;
	ret->count -= unknown;
	making_warn(
	    making,
	    "functions have no names: %lld of the goroutines that are counted by status and "
	    "wait reason, and listed, are the runtime's own",
	    (long long)unknown);
}

/* Counts as runtime.NumGoroutine counts. */
static void count_goroutines(struct making *making)
{
	const struct collected *collected = making->collected;
	struct spy_goroutine_counts *ret = &making->snapshot->public.goroutine_counts;
	struct reason_counts reasons = { 0 };
	size_t nameless = 0, i;

	ret->dead = collected->dead;
	for (i = 0; i < collected->gs.count; i++) {
		const struct raw_g *raw = &collected->gs.items[i];
		enum spy_status status;
		const char *reason;

		if (!status_of(raw->status, &status))
			continue;
		if (is_system(making, raw, false)) {
			ret->system++;
			continue;
		}
		nameless += making->last_start_kind == START_NAMELESS;
		ret->count++;
		ret->by_status[status]++;
		reason = wait_reason(making, raw);
		if (reason)
			count_reason(&reasons, reason);
	}
	fill_reasons(making, &reasons);
	count_nameless(making, nameless);
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = (*(const struct raw_g *const *)a)->goid,
		 y = (*(const struct raw_g *const *)b)->goid;

	return x < y ? -1 : x > y;
}

bool is_listed(struct making *making, const struct raw_g *raw)
{
	const struct spy_request *request = making->request;

	return raw->copy && raw->goid <= making->collected->last_detailed &&
	       (!request->goroutine || (int64_t)raw->goid == request->goroutine) &&
	       (request->system_goroutines || !is_system(making, raw, true));
}

static size_t choose_listed(struct making *making, const struct raw_g **list)
{
	const struct collected *collected = making->collected;
	const struct spy_request *request = making->request;
	size_t count = 0, i;
	bool sorted = true;

	for (i = 0; i < collected->gs.count; i++) {
		const struct raw_g *raw = &collected->gs.items[i];

		if (!is_listed(making, raw))
			continue;
		sorted = sorted && (!count || list[count - 1]->goid < raw->goid);
		list[count++] = raw;
	}
	if (!sorted)
		qsort(list, count, sizeof(*list), by_id);
	return request->limit && request->limit < count ? request->limit : count;
}

static void list_goroutines(struct making *making)
{
	struct spy_snapshot *public = &making->snapshot->public;
	const struct raw_g **list _cleanup_free_ =
	    memory_new(making->collected->gs.count, sizeof(*list));
	size_t count = choose_listed(making, list), made = 0, i;
	struct spy_goroutine *goroutines =
	    arena_alloc(&making->snapshot->arena, count, sizeof(*goroutines));

	for (i = 0; i < count; i++) {
		enum spy_status status;

		if (status_of(list[i]->status, &status))
			fill_goroutine(making, list[i], status, &goroutines[made++]);
	}
	public->goroutines = goroutines;
	public->goroutine_count = made;
	if (making->request->limit && public->goroutine_counts.count > (int64_t)made)
	public->goroutines_left_out = (size_t) public->goroutine_counts.count - made;
}

void make_goroutines(struct making *making)
{
	count_goroutines(making);
	if (making->request->collect & SPY_COLLECT_GOROUTINES)
		list_goroutines(making);
	making->snapshot->public.goroutines_torn = making->collected->torn;
	if (making->collected->torn)
		making_warn(making,
			    "%lld goroutines changed whenever they were read and are left out",
			    (long long)making->collected->torn);
	if (making->labels_unread)
		making_warn(making, "%zu labels could not be read", making->labels_unread);
	if (making->running_unread)
		making_warn(making, "%zu running goroutines have no stack here%s",
			    making->running_unread,
			    making->spy->non_blocking || making->request->non_blocking
				? ": the target would have to be stopped for it"
				: ": their threads stand where no way leads back");
}
