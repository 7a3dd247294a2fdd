/* SPDX-License-Identifier: MIT */
#include "pclntab/code.h"

#include "base/vector.h"

struct module {
	struct pclntab *tab;
	uint64_t text, etext;
};

struct code {
	VECTOR(struct module) modules;
};

struct code *code_new(void)
{
	return memory_zeroed(1, sizeof(struct code));
}

void code_free(struct code *code)
{
	size_t i;

	if (!code)
		return;
	for (i = 0; i < code->modules.count; i++)
		pclntab_close(code->modules.items[i].tab);
	vector_free(&code->modules);
	free(code);
}

void code_add(struct code *code, struct pclntab *tab, uint64_t text, uint64_t etext)
{
	*vector_push(&code->modules) = (struct module){ .tab = tab, .text = text, .etext = etext };
}

const struct pclntab *code_table(const struct code *code, size_t index)
{
	return index < code->modules.count ? code->modules.items[index].tab : NULL;
}

bool code_find(const struct code *code, uint64_t pc, const struct pclntab **tab,
	       struct pclntab_func *func)
{
	size_t i;

	for (i = 0; i < code->modules.count; i++) {
		const struct module *module = &code->modules.items[i];

		if (pc < module->text || pc >= module->etext)
			continue;
		if (!pclntab_find(module->tab, pc, func))
			return false;
		*tab = module->tab;
		return true;
	}
	return false;
}
