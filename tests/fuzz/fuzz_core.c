/* SPDX-License-Identifier: MIT
 *
 * A core file of any bytes: opened, listed, read.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "procmem/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_ends(struct target *core, const struct target_mapping *mapping)
{
	uint8_t bytes[64];

	spy_error_free(target_read(core, mapping->start, bytes, sizeof(bytes)));
	spy_error_free(target_read(core, mapping->end - sizeof(bytes), bytes, sizeof(bytes)));
	spy_error_free(target_read(core, mapping->end - 1, bytes, sizeof(bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file _cleanup_close_ = memfd_create("core", MFD_CLOEXEC);
	struct target *core = NULL;
	struct target_mappings mappings;
	struct target_threads threads;
	struct arena arena = { 0 };
	char path[32];

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (spy_error_caught(target_open_core(path, NULL, &core)))
		return 0;
	spy_error_free(target_threads(core, &arena, &threads));
	if (!spy_error_caught(target_mappings(core, &arena, &mappings)))
		for (size_t i = 0; i < mappings.count && i < 256; i++)
			read_ends(core, &mappings.items[i]);
	arena_free(&arena);
	target_close(core);
	return 0;
}
