/* SPDX-License-Identifier: MIT
 *
 * What goroutines wait on: channels by g.waiting (runtime/chan.go, select.go), semaphores by the
 * table of waiters (runtime/sema.go).
 */
#include <string.h>

#include "base/cursor.h"
#include "runtime/collect.h"

enum {
	CASES_MAX = WAIT_ROUNDS - 2, /* of a select that are counted */
	SEMA_ROOTS = 251,            /* runtime/sema.go: semTabSize, 1.10 to 1.27 */
	SEMA_WAITERS_MAX = 1 << 20,
	SEMA_ROUNDS_MAX = 256, /* reads one after the other: the target stands still meanwhile */
};

/* Round 0 wants the first sudog, round n the channel of the first and the n-th sudog. */
bool want_wait(struct go_runtime *runtime, struct copy *copy, const struct raw_g *g, uint32_t owner,
	       int round)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_sudog);
	uint64_t address = g->waiting;
	const uint8_t *sudog;
	int i;

	if (!size)
		return false;
	if (round == 0) {
		copy_want(copy, address, size, owner);
		return true;
	}
	sudog = copy_at(copy, address, size);
	if (sudog && round == 1)
		copy_want(copy, layout_number(layout, FIELD_sudog_c, sudog),
			  layout_size(layout, SIZE_hchan), owner);
	for (i = 1; sudog && i < round; i++) {
		address = layout_number(layout, FIELD_sudog_waitlink, sudog);
		sudog = address ? copy_at(copy, address, size) : NULL;
	}
	address = sudog ? layout_number(layout, FIELD_sudog_waitlink, sudog) : 0;
	if (!address)
		return round == 1;
	copy_want(copy, address, size, owner);
	return true;
}

static int64_t count_cases(const struct runtime_layout *layout, const struct copy *copy,
			   uint64_t address)
{
	size_t size = layout_size(layout, SIZE_sudog);
	int64_t cases = 0;

	while (address && cases < CASES_MAX) {
		const uint8_t *sudog = copy_at(copy, address, size);

		if (!sudog)
			break;
		cases++;
		address = layout_number(layout, FIELD_sudog_waitlink, sudog);
	}
	return cases;
}

static enum spy_wait_kind kind_of(const char *wait_reason)
{
	if (strncmp(wait_reason, "chan receive", 12) == 0)
		return SPY_WAIT_RECEIVE;
	if (strncmp(wait_reason, "chan send", 9) == 0)
		return SPY_WAIT_SEND;
	if (strncmp(wait_reason, "select", 6) == 0)
		return SPY_WAIT_SELECT;
	return SPY_WAIT_NONE;
}

static const char *type_name(struct go_runtime *runtime, uint64_t type, struct map *types,
			     struct arena *arena)
{
	bool found;
	uint64_t name = map_get(types, type, &found);

	if (!found) {
		name = (uintptr_t)go_type_name(runtime, type, arena);
		map_put(types, type, name);
	}
	return (const char *)(uintptr_t)name;
}

static struct spy_wait channel_wait(struct go_runtime *runtime, const struct copy *copy,
				    const struct raw_g *g, enum spy_wait_kind kind,
				    struct map *types, struct arena *arena)
{
	const struct runtime_layout *layout = &runtime->layout;
	struct spy_wait wait = { .kind = kind,
				 .element_bytes = SPY_UNKNOWN,
				 .capacity = SPY_UNKNOWN,
				 .length = SPY_UNKNOWN,
				 .cases = 1 };
	const uint8_t *sudog = copy_at(copy, g->waiting, layout_size(layout, SIZE_sudog));
	const uint8_t *channel;

	if (!sudog)
		return (struct spy_wait){ .kind = SPY_WAIT_NONE };
	if (kind == SPY_WAIT_SELECT)
		wait.cases = count_cases(layout, copy, g->waiting);
	wait.address = layout_number(layout, FIELD_sudog_c, sudog);
	channel = copy_at(copy, wait.address, layout_size(layout, SIZE_hchan));
	if (!channel)
		return wait;
	wait.length = (int64_t)layout_number(layout, FIELD_hchan_qcount, channel);
	wait.capacity = (int64_t)layout_number(layout, FIELD_hchan_dataqsiz, channel);
	wait.element_bytes = (int64_t)layout_number(layout, FIELD_hchan_elemsize, channel);
	wait.element_type =
	    type_name(runtime, layout_number(layout, FIELD_hchan_elemtype, channel), types, arena);
	return wait;
}

struct spy_wait collected_wait(struct go_runtime *runtime, const struct collected *collected,
			       const struct copy *copy, const struct raw_g *g,
			       const char *wait_reason, struct map *types, struct arena *arena)
{
	enum spy_wait_kind kind = wait_reason ? kind_of(wait_reason) : SPY_WAIT_NONE;
	uint64_t semaphore;
	bool found;

	if (kind != SPY_WAIT_NONE && g->waiting && copy)
		return channel_wait(runtime, copy, g, kind, types, arena);
	semaphore = map_get(&collected->sema_waits, g->address, &found);
	if (found && g->status == G_WAITING)
		return (struct spy_wait){ .kind = SPY_WAIT_LOCK,
					  .address = semaphore,
					  .element_bytes = SPY_UNKNOWN,
					  .capacity = SPY_UNKNOWN,
					  .length = SPY_UNKNOWN,
					  .cases = 1 };
	return (struct spy_wait){ .kind = SPY_WAIT_NONE };
}

/* One level of all treaps: notes the waiters, returns where they lead. */
struct sema_level {
	VECTOR(uint64_t) nodes;
};

static void push_node(struct sema_level *level, struct map *seen, uint64_t address)
{
	bool known;

	if (!address || seen->count >= SEMA_WAITERS_MAX)
		return;
	map_get(seen, address, &known);
	if (known)
		return;
	map_put(seen, address, 1);
	*vector_push(&level->nodes) = address;
}

static void sema_roots(struct go_runtime *runtime, struct sema_level *level, struct map *seen)
{
	const struct go_global *table = &runtime->globals[GLOBAL_semtable];
	size_t stride = table->size / SEMA_ROOTS, i;
	uint8_t *bytes _cleanup_free_ = NULL;

	if (!table->address || !layout_has(&runtime->layout, FIELD_sema_root_treap) ||
	    stride < layout_offset(&runtime->layout, FIELD_sema_root_treap) + 8 || stride > 4096)
		return;
	bytes = memory_new(table->size, 1);
	if (spy_error_caught(target_read(runtime->target, table->address, bytes, table->size)))
		return;
	for (i = 0; i < SEMA_ROOTS; i++)
		push_node(
		    level, seen,
		    layout_number(&runtime->layout, FIELD_sema_root_treap, bytes + i * stride));
}

void collect_semaphores(struct go_runtime *runtime, struct collected *collected)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_sudog), i;
	struct copy *copy = copy_new(1ull << 30);
	struct map seen _cleanup_(map_free) = { 0 };
	struct sema_level level = { 0 };
	int depth;

	sema_roots(runtime, &level, &seen);
	/* The list of those that wait on one semaphore is followed link by link; who stands behind
	 * SEMA_ROUNDS_MAX others is not told what it waits on. */
	for (depth = 0; level.nodes.count && depth < SEMA_ROUNDS_MAX; depth++) {
		struct sema_level next = { 0 };

		for (i = 0; i < level.nodes.count; i++)
			copy_want(copy, level.nodes.items[i], size, 0);
		copy_fetch(copy, runtime->target);
		for (i = 0; i < level.nodes.count; i++) {
			const uint8_t *sudog = copy_at(copy, level.nodes.items[i], size);

			if (!sudog)
				continue;
			map_put(&collected->sema_waits, layout_number(layout, FIELD_sudog_g, sudog),
				layout_number(layout, FIELD_sudog_elem, sudog));
			push_node(&next, &seen, layout_number(layout, FIELD_sudog_prev, sudog));
			push_node(&next, &seen, layout_number(layout, FIELD_sudog_next, sudog));
			push_node(&next, &seen, layout_number(layout, FIELD_sudog_waitlink, sudog));
		}
		vector_free(&level.nodes);
		level = next;
	}
	vector_free(&level.nodes);
	copy_free(copy);
}
