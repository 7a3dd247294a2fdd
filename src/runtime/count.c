/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "runtime/runtime.h"

enum { PS_MAX = 1 << 16 };

/* Free goroutines that the Ps keep; -1 if they could not be read. */
static int64_t free_in_ps(struct go_runtime *runtime)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_p), i;
	uint64_t header[2], *addresses _cleanup_free_ = NULL;
	uint8_t *p _cleanup_free_ = memory_new(size, 1);
	int64_t sum = 0;

	if (spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allp].address,
					 header, sizeof(header))) ||
	    header[1] > PS_MAX)
		return -1;
	addresses = memory_new(header[1], sizeof(*addresses));
	if (header[1] && spy_error_caught(target_read(runtime->target, header[0], addresses,
						      header[1] * sizeof(*addresses))))
		return -1;
	for (i = 0; i < header[1]; i++) {
		if (!addresses[i])
			continue;
		if (spy_error_caught(target_read(runtime->target, addresses[i], p, size)))
			return -1;
		sum += (int64_t)layout_number(layout, FIELD_p_gfree_count, p);
	}
	return sum;
}

/* runtime/proc.go: gcount. */
int64_t go_runtime_goroutine_count(struct go_runtime *runtime)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_sched);
	uint8_t *sched _cleanup_free_ = memory_new(size, 1);
	uint64_t allgs[2];
	int64_t free_gs = free_in_ps(runtime), count;

	if (free_gs < 0 ||
	    spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_sched].address,
					 sched, size)) ||
	    spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allgs].address,
					 allgs, sizeof(allgs))))
		return SPY_UNKNOWN;
	count = (int64_t)allgs[1] - free_gs -
		(int64_t)layout_number(layout, FIELD_sched_gfree_count, sched) -
		(int64_t)layout_number(layout, FIELD_sched_gfree_stack_count, sched) -
		(int64_t)layout_number(layout, FIELD_sched_gfree_nostack_count, sched) -
		(int64_t)layout_number(layout, FIELD_sched_ngsys, sched);
	return count < 1 ? 1 : count;
}
