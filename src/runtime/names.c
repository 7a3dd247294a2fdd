/* SPDX-License-Identifier: MIT */
#include "runtime/runtime.h"

enum {
	WAIT_REASONS_MAX = 1024,
	WAIT_REASON_BYTES_MAX = 256,
};

const char *go_wait_reason(struct go_runtime *runtime, uint64_t reason, struct arena *arena)
{
	const struct go_global *strings = &runtime->globals[GLOBAL_wait_reason_strings];
	uint64_t count = strings->size ? strings->size / 16 : 0;
	uint8_t header[16];

	if (!strings->address || reason >= count || reason >= WAIT_REASONS_MAX ||
	    spy_error_caught(target_read(runtime->target, strings->address + reason * 16, header,
					 sizeof(header))))
		return NULL;
	return go_string_at(runtime, header, WAIT_REASON_BYTES_MAX, arena);
}
