/* SPDX-License-Identifier: MIT
 *
 * Many functions by their names, in one pass over the table.
 */
#include "pclntab/table.h"

/* The functions of a package stand together, as the linker writes package after package, but for
 * instances of generic ones. So after so many others in a row there are no more of them: a program
 * of 100 MB has 200,000 functions, and its runtime's are among the first 3,000. */
enum { OTHERS_MAX = 2048 };

/* A hash set of the names: indices + 1, open addressing. */
struct wanted {
	const char *const *names;
	uint32_t *slots;
	size_t mask;
};

/* FNV-1a; the names of the target may be of any length, those that are looked for are short. */
static uint32_t hash_of(const char *name)
{
	enum { BYTES_MAX = 128 };
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < BYTES_MAX && name[i]; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash;
}

/* The slot of a name, or the free one where it belongs. */
static uint32_t *slot_of(const struct wanted *wanted, const char *name)
{
	size_t at = hash_of(name) & wanted->mask;

	while (wanted->slots[at] && strcmp(wanted->names[wanted->slots[at] - 1], name) != 0)
		at = (at + 1) & wanted->mask;
	return &wanted->slots[at];
}

static struct wanted wanted_of(const char *const *names, size_t count)
{
	struct wanted wanted = { .names = names, .mask = 15 };
	size_t i;

	while (wanted.mask < 4 * count)
		wanted.mask = 2 * wanted.mask + 1;
	wanted.slots = memory_zeroed(wanted.mask + 1, sizeof(*wanted.slots));
	for (i = 0; i < count; i++)
		*slot_of(&wanted, names[i]) = (uint32_t)i + 1;
	return wanted;
}

void pclntab_named_all(const struct pclntab *tab, const char *prefix, const char *const *names,
		       size_t count, struct pclntab_func *ret)
{
	struct wanted wanted = wanted_of(names, count);
	size_t length = strlen(prefix), others = 0, i;
	bool any = false;

	memset(ret, 0, count * sizeof(*ret));
	for (i = 0; i < tab->function_count && (!any || others < OTHERS_MAX); i++) {
		struct pclntab_func func, *known;
		uint32_t slot;

		others++;
		if (!pclntab_function(tab, i, &func) || strncmp(func.name, prefix, length) != 0)
			continue;
		others = 0;
		any = true;
		slot = *slot_of(&wanted, func.name);
		if (!slot)
			continue;
		known = &ret[slot - 1];
		if (!known->name || known->end - known->entry < func.end - func.entry)
			*known = func;
	}
	free(wanted.slots);
}
