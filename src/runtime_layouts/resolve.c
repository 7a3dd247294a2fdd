/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/layouts.h"

/* Without these there is nothing to show; all others may be absent. */
static const enum layout_slot required[] = {
	SIZE_g,
	FIELD_g_stack_lo,
	FIELD_g_stack_hi,
	FIELD_g_m,
	FIELD_g_sched_sp,
	FIELD_g_sched_pc,
	FIELD_g_sched_g,
	FIELD_g_syscallsp,
	FIELD_g_syscallpc,
	FIELD_g_atomicstatus,
	FIELD_g_goid,
	FIELD_g_gopc,
	FIELD_g_startpc,
	FIELD_g_waitreason,
	SIZE_m,
	FIELD_m_g0,
	FIELD_m_procid,
	FIELD_m_curg,
	FIELD_m_p,
	FIELD_m_id,
	FIELD_m_alllink,
	SIZE_p,
	FIELD_p_id,
	FIELD_p_status,
	FIELD_p_m,
	SIZE_sched,
	SIZE_moduledata,
	FIELD_md_pclntable,
	FIELD_md_text,
	FIELD_md_etext,
	FIELD_md_next,
};

struct spy_error *layout_from_dwarf(struct debug_info *info, const char *version,
				    struct runtime_layout *ret)
{
	struct debug_query queries[LAYOUT_SLOTS];
	struct runtime_layout layout = { .source = SPY_LAYOUT_DWARF,
					 .traits = runtime_traits_of(version) };
	size_t i;

	layout_queries(queries);
	TRY(debug_info_lookup(info, queries, LAYOUT_SLOTS));
	layout_from_queries(queries, &layout);
	for (i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (!layout_has(&layout, required[i]))
			return spy_error_new(SPY_ERROR_DATA, "DWARF has no %s",
					     layout_slot_name(required[i]));
	*ret = layout;
	return NULL;
}
