/* SPDX-License-Identifier: MIT */
#include "runtime/modules.h"

enum { MODULES_MAX = 256 };

static uint64_t lowest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Of the sections of variables, either may be the first: .noptrdata as Go's linker lays them out,
 * .data as GNU ld does (its own name comes before those that it does not know). */
struct spy_error *modules_add(struct go_runtime *runtime, const uint8_t *moduledata, bool with_code)
{
	const struct runtime_layout *layout = &runtime->layout;
	enum layout_slot table =
	    layout_has(layout, FIELD_md_pc_header) ? FIELD_md_pc_header : FIELD_md_pclntable;
	struct go_module module = {
		.text = layout_number(layout, FIELD_md_text, moduledata),
		.etext = layout_number(layout, FIELD_md_etext, moduledata),
		.types = layout_number(layout, FIELD_md_types, moduledata),
		.etypes = layout_number(layout, FIELD_md_etypes, moduledata),
		.data = lowest(layout_number(layout, FIELD_md_noptrdata, moduledata),
			       layout_number(layout, FIELD_md_data, moduledata)),
		.data_end = layout_number(layout, FIELD_md_enoptrbss, moduledata),
		.bss = layout_number(layout, FIELD_md_bss, moduledata),
		.ebss = layout_number(layout, FIELD_md_ebss, moduledata),
	};
	struct pclntab_source source = { .address = layout_number(layout, table, moduledata),
					 .text = module.text,
					 .etext = module.etext,
					 .gofunc =
					     layout_number(layout, FIELD_md_gofunc, moduledata),
					 .at = program_at,
					 .context = &runtime->program,
					 .format = layout->traits->pclntab };
	struct pclntab *tab;

	*vector_push(&runtime->modules) = module;
	if (!with_code)
		return NULL;
	TRY(pclntab_open(&source, &tab));
	code_add(runtime->code, tab, module.text, module.etext);
	return NULL;
}

struct spy_error *modules_read(struct go_runtime *runtime, bool with_code)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_moduledata), count;
	uint64_t address = runtime->globals[GLOBAL_firstmoduledata].address;
	uint8_t *moduledata _cleanup_free_ = memory_new(size, 1);

	for (count = 0; address && count < MODULES_MAX; count++) {
		struct spy_error *error = target_read(runtime->target, address, moduledata, size);

		if (!error)
			error = modules_add(runtime, moduledata, with_code);
		if (error && !count)
			return error;
		if (error) {
			*vector_push(&runtime->warnings) =
			    arena_printf(&runtime->arena, "functions of a plugin have no names: %s",
					 error->message);
			spy_error_free(error);
			return NULL;
		}
		address = layout_number(layout, FIELD_md_next, moduledata);
	}
	return NULL;
}
