/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "runtime/runtime.h"

/* How many of each kind are looked at. */
enum { SAMPLE = 32 };

/* Statuses at which a g may not be set up (runtime2.go: _Gidle, _Gdead, _Gdeadextra). */
static bool may_be_blank(uint64_t status)
{
	return status == 0 || status == 6 || status == 11;
}

static bool read_structure(struct go_runtime *runtime, uint64_t address, enum layout_slot size,
			   uint8_t *bytes)
{
	return address && !spy_error_caught(target_read(runtime->target, address, bytes,
							layout_size(&runtime->layout, size)));
}

static bool check_gs(struct go_runtime *runtime, uint8_t *g)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t slice[2], addresses[SAMPLE];
	size_t count, i;

	if (spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allgs].address,
					 slice, sizeof(slice))))
		return false;
	count = slice[1] < SAMPLE ? slice[1] : SAMPLE;
	if (!count || spy_error_caught(target_read(runtime->target, slice[0], addresses,
						   count * sizeof(*addresses))))
		return false;
	for (i = 0; i < count; i++) {
		if (!read_structure(runtime, addresses[i], SIZE_g, g))
			return false;
		if (may_be_blank(layout_number(layout, FIELD_g_atomicstatus, g) & 0xfff))
			continue;
		if (layout_number(layout, FIELD_g_sched_g, g) != addresses[i] ||
		    layout_number(layout, FIELD_g_stack_lo, g) >=
			layout_number(layout, FIELD_g_stack_hi, g))
			return false;
	}
	return true;
}

static bool check_ms(struct go_runtime *runtime, uint8_t *g)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint8_t *m _cleanup_free_ = memory_new(layout_size(layout, SIZE_m), 1);
	uint64_t address;
	size_t count = 0;

	if (spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allm].address,
					 &address, sizeof(address))))
		return false;
	for (; address && count < SAMPLE; count++) {
		uint64_t g0;

		if (!read_structure(runtime, address, SIZE_m, m))
			return false;
		g0 = layout_number(layout, FIELD_m_g0, m);
		if (!read_structure(runtime, g0, SIZE_g, g) ||
		    layout_number(layout, FIELD_g_m, g) != address)
			return false;
		address = layout_number(layout, FIELD_m_alllink, m);
	}
	return count;
}

static bool check_ps(struct go_runtime *runtime)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint8_t *p _cleanup_free_ = memory_new(layout_size(layout, SIZE_p), 1);
	uint64_t slice[2], addresses[SAMPLE];
	size_t count, i;

	if (spy_error_caught(target_read(runtime->target, runtime->globals[GLOBAL_allp].address,
					 slice, sizeof(slice))))
		return false;
	count = slice[1] < SAMPLE ? slice[1] : SAMPLE;
	if (!count || spy_error_caught(target_read(runtime->target, slice[0], addresses,
						   count * sizeof(*addresses))))
		return false;
	for (i = 0; i < count; i++)
		if (!read_structure(runtime, addresses[i], SIZE_p, p) ||
		    layout_number(layout, FIELD_p_id, p) != i)
			return false;
	return true;
}

struct spy_error *go_runtime_check_layout(struct go_runtime *runtime)
{
	uint8_t *g _cleanup_free_ = memory_new(layout_size(&runtime->layout, SIZE_g), 1);
	int tries;

	/* The target runs meanwhile: what was just being made may look wrong once. */
	for (tries = 0; tries < 3; tries++)
		if (check_gs(runtime, g) && check_ms(runtime, g) && check_ps(runtime))
			return NULL;
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_DATA, "the known layout of %s does not fit pid %lld",
			  runtime->version, (long long)runtime->target->pid),
	    "a patched or experimental runtime needs a build with DWARF, with --bin FILE");
}
