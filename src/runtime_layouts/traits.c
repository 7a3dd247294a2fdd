/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/layouts.h"

/* runtime/runtime2.go: _func; runtime/symtab.go or symtabinl.go: inlinedCall; cmd/internal/objabi
 * (later internal/abi) for the numbers of the tables. */
#define FORMAT_1_10                                                                                \
	{                                                                                          \
		.form = PCLNTAB_JOINT, .func_size = 40, .func_id_offset = 16,                      \
		.nfuncdata_offset = 36, .inline_call_size = 16, .inline_call_has_line = true,      \
		.pcdata_inline_index = 1, .funcdata_inline = 2                                     \
	}
#define FORMAT_1_12                                                                                \
	{                                                                                          \
		.form = PCLNTAB_JOINT, .func_size = 40, .func_id_offset = 36,                      \
		.nfuncdata_offset = 39, .inline_call_size = 20, .pcdata_inline_index = 1,          \
		.funcdata_inline = 2                                                               \
	}
#define FORMAT_1_13                                                                                \
	{                                                                                          \
		.form = PCLNTAB_JOINT, .func_size = 40, .func_id_offset = 36,                      \
		.nfuncdata_offset = 39, .inline_call_size = 20, .pcdata_inline_index = 2,          \
		.funcdata_inline = 4                                                               \
	}
#define FORMAT_1_16                                                                                \
	{                                                                                          \
		.form = PCLNTAB_PARTS, .func_size = 44, .func_id_offset = 40,                      \
		.nfuncdata_offset = 43, .inline_call_size = 20, .pcdata_inline_index = 2,          \
		.funcdata_inline = 3                                                               \
	}
#define FORMAT_1_17                                                                                \
	{                                                                                          \
		.form = PCLNTAB_PARTS, .func_size = 44, .func_id_offset = 40,                      \
		.func_flag_offset = 41, .nfuncdata_offset = 43, .inline_call_size = 20,            \
		.pcdata_inline_index = 2, .funcdata_inline = 3, .funcdata_arg_info = 5             \
	}
#define FORMAT_1_18                                                                                \
	{                                                                                          \
		.form = PCLNTAB_PARTS_TEXT, .func_size = 40, .func_id_offset = 36,                 \
		.func_flag_offset = 37, .nfuncdata_offset = 39, .inline_call_size = 20,            \
		.pcdata_inline_index = 2, .funcdata_inline = 3, .funcdata_arg_info = 5,            \
		.pcdata_arg_live = 3, .funcdata_arg_live = 6                                       \
	}
#define FORMAT_1_20                                                                                \
	{                                                                                          \
		.form = PCLNTAB_PARTS_TEXT, .func_size = 44, .func_id_offset = 40,                 \
		.func_flag_offset = 41, .nfuncdata_offset = 43, .inline_call_size = 16,            \
		.pcdata_inline_index = 2, .funcdata_inline = 3, .funcdata_arg_info = 5,            \
		.pcdata_arg_live = 3, .funcdata_arg_live = 6                                       \
	}

/* runtime/traceback.go (showframe, isSystemGoroutine, printfuncname), runtime/symtab.go or
 * internal/abi/symtab.go (funcIDs) of each version named. Only versions where something changes. */
static const struct runtime_traits rows[] = {
	{ .minor = 10,
	  .pclntab = FORMAT_1_10,
	  .wrappers = WRAPPERS_BY_FILE,
	  .named_system_goroutines = true,
	  .labels_min_top_hash = 4,
	  .finalizer_running_mask = 1 },
	{ .minor = 11,
	  .pclntab = FORMAT_1_10,
	  .wrappers = WRAPPERS_BY_FILE,
	  .labels_min_top_hash = 4,
	  .finalizer_running_mask = 1 },
	{ .minor = 12,
	  .pclntab = FORMAT_1_12,
	  .wrapper_func_id = 20,
	  .wrappers = WRAPPERS_BY_PHYSICAL,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1 },
	{ .minor = 13,
	  .pclntab = FORMAT_1_13,
	  .wrapper_func_id = 20,
	  .wrappers = WRAPPERS_BY_PHYSICAL,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1 },
	{ .minor = 14,
	  .pclntab = FORMAT_1_13,
	  .wrapper_func_id = 22,
	  .wrappers = WRAPPERS_BY_PHYSICAL,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1 },
	{ .minor = 16,
	  .pclntab = FORMAT_1_16,
	  .wrapper_func_id = 22,
	  .wrappers = WRAPPERS_BY_CALL,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1 },
	{ .minor = 17,
	  .pclntab = FORMAT_1_17,
	  .wrapper_func_id = 22,
	  .wrappers = WRAPPERS_BY_CALL,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .arguments_follow_inlining = true,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1 },
	{ .minor = 18,
	  .pclntab = FORMAT_1_18,
	  .wrapper_func_id = 21,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .arguments_follow_inlining = true,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1 },
	{ .minor = 19,
	  .pclntab = FORMAT_1_18,
	  .wrapper_func_id = 21,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .arguments_follow_inlining = true,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 1,
	  .gctrace_tells_max_stack_scan = true },
	{ .minor = 20,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 21,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .arguments_follow_inlining = true,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 2 },
	{ .minor = 21,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 21,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .injected_calls_are_exact = true,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 2,
	  .heap_limit_headroom_percent = 3 },
	{ .minor = 22,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 22,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .injected_calls_are_exact = true,
	  .labels_min_top_hash = 5,
	  .finalizer_running_mask = 2,
	  .heap_limit_headroom_percent = 3 },
	{ .minor = 23,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 22,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .injected_calls_are_exact = true,
	  .exported_by_receiver = true,
	  .labels_min_top_hash = 5,
	  .frame_slots_are_shared = true,
	  .finalizer_running_mask = 2,
	  .heap_limit_headroom_percent = 3 },
	{ .minor = 24,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 22,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .gc_masks_on_demand = true,
	  .injected_calls_are_exact = true,
	  .exported_by_receiver = true,
	  .frame_slots_are_shared = true,
	  .finalizer_running_mask = 2,
	  .heap_limit_headroom_percent = 3 },
	{ .minor = 25,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 23,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_ONE,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .gc_masks_on_demand = true,
	  .injected_calls_are_exact = true,
	  .exported_by_receiver = true,
	  .shows_finalizer_frames = true,
	  .frame_slots_are_shared = true,
	  .finalizer_running_mask = 2,
	  .heap_limit_headroom_percent = 3 },
	{ .minor = 27,
	  .pclntab = FORMAT_1_20,
	  .wrapper_func_id = 23,
	  .wrappers = WRAPPERS_BY_CALL,
	  .type_arguments = TYPE_ARGUMENTS_TWO,
	  .arguments = ARGUMENTS_DESCRIBED,
	  .flags_end_stacks = true,
	  .type_names_have_varint = true,
	  .gc_masks_on_demand = true,
	  .injected_calls_are_exact = true,
	  .exported_by_receiver = true,
	  .shows_finalizer_frames = true,
	  .frame_slots_are_shared = true,
	  .finalizer_running_mask = 2,
	  .heap_limit_headroom_percent = 3 },
};

const struct runtime_traits *runtime_traits_of(const char *version)
{
	size_t count = sizeof(rows) / sizeof(rows[0]), i;
	int minor = go_version_parse(version).minor;

	if (minor < 0)
		return &rows[count - 1];
	for (i = count; i-- > 1;)
		if (minor >= rows[i].minor)
			return &rows[i];
	return &rows[0];
}
