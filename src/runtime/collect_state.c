/* SPDX-License-Identifier: MIT
 *
 * What a snapshot has of the runtime's variables beside goroutines.
 */
#include "base/cursor.h"
#include "runtime/collect.h"
#include "runtime/memory.h"

static const uint8_t *global_bytes(const struct go_runtime *runtime, const struct copy *copy,
				   enum global global, size_t size)
{
	uint64_t address = runtime->globals[global].address;

	return address && size ? copy_at(copy, address, size) : NULL;
}

static void want_global(struct go_runtime *runtime, struct copy *copy, enum global global,
			uint64_t size)
{
	if (runtime->globals[global].address && size)
		copy_want(copy, runtime->globals[global].address, size, 0);
}

void want_state(struct go_runtime *runtime, struct copy *state)
{
	const struct runtime_layout *layout = &runtime->layout;

	want_global(runtime, state, GLOBAL_sched, layout_size(layout, SIZE_sched));
	want_global(runtime, state, GLOBAL_gomaxprocs, 4);
	want_global(runtime, state, GLOBAL_ncpu, 4);
	want_global(runtime, state, GLOBAL_fing_running, 4);
}

void collected_memory(const struct collected *collected, struct spy_memory *memory,
		      struct spy_memstats *memstats, struct spy_gc *gc)
{
	memory_statistics(collected->memory, memstats);
	memory_collector(collected->memory, memstats, gc);
	*memory = (struct spy_memory){ .heap_alloc_bytes = memstats->heap_alloc_bytes,
				       .heap_inuse_bytes = memstats->heap_inuse_bytes,
				       .heap_sys_bytes = memstats->heap_sys_bytes,
				       .heap_live_bytes = memory_heap_live(collected->memory),
				       .heap_objects = memstats->heap_objects,
				       .mallocs = memstats->mallocs,
				       .frees = memstats->frees,
				       .stack_inuse_bytes = memstats->stack_inuse_bytes,
				       .sys_bytes = memstats->sys_bytes,
				       .rss_bytes = SPY_UNKNOWN };
}

void collected_scheduler(struct go_runtime *runtime, const struct collected *collected,
			 struct spy_scheduler *ret)
{
	const struct runtime_layout *layout = &runtime->layout;
	const struct copy *copy = collected->state;
	const uint8_t *sched =
	    global_bytes(runtime, copy, GLOBAL_sched, layout_size(layout, SIZE_sched));
	const uint8_t *procs = global_bytes(runtime, copy, GLOBAL_gomaxprocs, 4);
	const uint8_t *ncpu = global_bytes(runtime, copy, GLOBAL_ncpu, 4);
	const struct {
		enum layout_slot slot;
		int64_t *value;
	} numbers[] = {
		{ .slot = FIELD_sched_runqsize, .value = &ret->global_run_queue },
		{ .slot = FIELD_sched_npidle, .value = &ret->idle_ps },
		{ .slot = FIELD_sched_nmidle, .value = &ret->idle_ms },
		{ .slot = FIELD_sched_nmspinning, .value = &ret->spinning_ms },
		{ .slot = FIELD_sched_nmfreed, .value = &ret->freed_ms },
		{ .slot = FIELD_sched_ngsys, .value = &ret->system_goroutines },
	};
	size_t i;

	/* Without the variable: allp has as many (proc.go: procresize). */
	*ret = (struct spy_scheduler){ .gomaxprocs = procs ? (int32_t)load_u32(procs)
							   : (int64_t)collected->ps.count,
				       .ncpu = ncpu ? (int32_t)load_u32(ncpu) : SPY_UNKNOWN };
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i].value = sched && layout_has(layout, numbers[i].slot)
					? (int64_t)layout_number(layout, numbers[i].slot, sched)
					: SPY_UNKNOWN;
}
