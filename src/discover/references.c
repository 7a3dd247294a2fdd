/* SPDX-License-Identifier: MIT */
#include "discover/references.h"

void function_references(const struct go_runtime *runtime, const struct pclntab_func *func,
			 size_t max, struct code_references *ret)
{
	const struct go_module *module = &runtime->modules.items[0];
	size_t size = func->end - func->entry;
	uint8_t code[CODE_BYTES_MAX];

	if (size > sizeof(code))
		size = sizeof(code);
	if (!binary_read(runtime->program.binary, func->entry - runtime->program.bias, code, size))
		size = 0;
	code_references(code, size, func->entry, module->data, module->data_end, max, ret);
}

/* How many witnesses from here on are of one function. */
static size_t group_size(const struct reference_witness *items, size_t count)
{
	size_t size = 1;

	while (size < count && strcmp(items[size].function, items[0].function) == 0)
		size++;
	return size;
}

/* Which reference ends what has the shape of a witness; -1 if none does, or more than one. */
static int matching(const struct code_references *references, const char *shape)
{
	size_t length = strlen(shape), i;
	int found = -1;

	if (shape[0] == '^')
		return strncmp(references->shape, shape + 1, length - 1) == 0
			   ? (int)(length / REFERENCE_LETTERS) - 1
			   : -1;
	for (i = 0; i + length <= references->count * REFERENCE_LETTERS; i += REFERENCE_LETTERS) {
		if (memcmp(references->shape + i, shape, length) != 0)
			continue;
		if (found >= 0)
			return -1;
		found = (int)((i + length) / REFERENCE_LETTERS) - 1;
	}
	return found;
}

/* How many references have to be known for a witness: all, if it may be anywhere. */
static size_t references_needed(const char *shape)
{
	return shape[0] == '^' ? strlen(shape) / REFERENCE_LETTERS : CODE_REFERENCES_MAX;
}

/* The votes of one function, whose witnesses these are. */
static void vote(const struct go_runtime *runtime, const struct pclntab_func *func,
		 const struct reference_witness *items, size_t count,
		 struct go_candidates ret[static GLOBALS])
{
	struct code_references references;
	bool voted[GLOBALS] = { false };
	size_t needed = 0, i;

	for (i = 0; i < count; i++)
		if (references_needed(items[i].shape) > needed)
			needed = references_needed(items[i].shape);
	function_references(runtime, func, needed, &references);
	for (i = 0; i < count; i++) {
		enum global global = items[i].global;
		int last = voted[global] ? -1 : matching(&references, items[i].shape);

		if (last < 0)
			continue;
		voted[global] = true;
		candidates_vote(&ret[global], references.addresses[last] - items[i].offset);
	}
}

void references_vote(const struct go_runtime *runtime, const char *version,
		     struct go_candidates ret[static GLOBALS])
{
	struct reference_witnesses witnesses = reference_witnesses_of(version);
	const struct pclntab *tab = code_table(runtime->code, 0);
	const char **names _cleanup_free_ = memory_new(witnesses.count, sizeof(*names));
	struct pclntab_func *funcs _cleanup_free_ = memory_new(witnesses.count, sizeof(*funcs));
	size_t count = 0, i, size;

	memset(ret, 0, GLOBALS * sizeof(*ret));
	if (!tab || !runtime->modules.count)
		return;
	for (i = 0; i < witnesses.count; i += group_size(&witnesses.items[i], witnesses.count - i))
		names[count++] = witnesses.items[i].function;
	pclntab_named_all(tab, "runtime.", names, count, funcs);
	for (i = 0, count = 0; i < witnesses.count; i += size, count++) {
		size = group_size(&witnesses.items[i], witnesses.count - i);
		if (funcs[count].name)
			vote(runtime, &funcs[count], &witnesses.items[i], size, ret);
	}
}
