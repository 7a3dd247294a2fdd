/* SPDX-License-Identifier: MIT
 *
 * A function table of any bytes: the first byte picks the format, the rest is what the target has
 * at BASE. Funcdata points into the same bytes.
 */
#include "pclntab/pclntab.h"

#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BASE = 0x700000, TEXT = 0x401000, TEXT_SIZE = 0x1000 };

static const struct pclntab_format formats[] = {
	/* Go 1.10 */
	{ .func_size = 40,
	  .func_id_offset = 16,
	  .nfuncdata_offset = 36,
	  .inline_call_size = 16,
	  .inline_call_has_line = true,
	  .pcdata_inline_index = 1,
	  .funcdata_inline = 2 },
	/* Go 1.13 */
	{ .func_size = 40,
	  .func_id_offset = 36,
	  .nfuncdata_offset = 39,
	  .inline_call_size = 20,
	  .pcdata_inline_index = 2,
	  .funcdata_inline = 4 },
	/* Go 1.17 */
	{ .func_size = 44,
	  .func_id_offset = 40,
	  .func_flag_offset = 41,
	  .nfuncdata_offset = 43,
	  .inline_call_size = 20,
	  .pcdata_inline_index = 2,
	  .funcdata_inline = 3,
	  .funcdata_arg_info = 5 },
	/* Go 1.20 */
	{ .func_size = 44,
	  .func_id_offset = 40,
	  .func_flag_offset = 41,
	  .nfuncdata_offset = 43,
	  .inline_call_size = 16,
	  .pcdata_inline_index = 2,
	  .pcdata_arg_live = 3,
	  .funcdata_inline = 3,
	  .funcdata_arg_info = 5,
	  .funcdata_arg_live = 6 },
};

static const uint8_t *at(void *context, uint64_t address, size_t *available)
{
	const struct cursor *memory = context;

	if (address < BASE || address - BASE >= memory->size)
		return NULL;
	*available = memory->size - (address - BASE);
	return memory->bytes + (address - BASE);
}

static void ask(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc)
{
	struct pclntab_call calls[8];
	size_t available, letters = strlen(func->name), count, i;
	const uint8_t *info;
	int32_t delta;

	if (pc < func->entry || pc >= func->end)
		abort();
	(void)pclntab_sp_delta(tab, func, pc, &delta);
	count = pclntab_calls(tab, func, pc, calls, 8);
	for (i = 0; i < count; i++)
		letters += strlen(calls[i].function) + strlen(calls[i].file);
	info = pclntab_arg_info(tab, func, &available);
	if (info && available)
		letters += info[available - 1];
	(void)pclntab_arg_is_live(tab, func, pc, 255, 255);
	if (count == 0 || calls[count - 1].inlined || letters == SIZE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor memory = cursor_of(data + 1, size ? size - 1 : 0);
	struct pclntab_source source = {
		.address = BASE,
		.text = TEXT,
		.etext = TEXT + TEXT_SIZE,
		.gofunc = BASE,
		.at = at,
		.context = &memory,
	};
	static const char *const names[] = { "main.main", "main.alpha", "main.beta" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	struct pclntab_func func, funcs[NAMES];
	struct pclntab *tab;
	uint64_t pc;
	size_t i;

	if (size == 0)
		return 0;
	source.format = formats[data[0] % (sizeof(formats) / sizeof(formats[0]))];
	if (spy_error_caught(pclntab_open(&source, &tab)))
		return 0;
	for (pc = TEXT - 1; pc <= TEXT + TEXT_SIZE; pc += 13)
		if (pclntab_find(tab, pc, &func))
			ask(tab, &func, pc);
	if (pclntab_named(tab, "main.main", &func) && strcmp(func.name, "main.main") != 0)
		abort();
	pclntab_named_all(tab, "main.", names, NAMES, funcs);
	for (i = 0; i < NAMES; i++)
		if (funcs[i].name &&
		    (strcmp(funcs[i].name, names[i]) != 0 || funcs[i].end < funcs[i].entry))
			abort();
	pclntab_close(tab);
	return 0;
}
