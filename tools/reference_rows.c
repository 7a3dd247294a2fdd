/* SPDX-License-Identifier: MIT
 *
 * reference_rows list VERSION BINARY: prints every reference of the Go runtime's functions to
 * variables of the program, as lines "function shape variable offset position", apart by tabs; the
 * variable is "-" if it is none that spy reads. Called by tools/references.
 *
 * reference_rows check VERSION BINARY, or check PID of a process that runs one: holds the votes of
 * the code against the symbol table, a line for each variable: "variable right|wrong|missing|absent
 * votes-for-the-winner all-votes".
 */
#include <inttypes.h>
#include <stdio.h>

#include "discover/open.h"
#include "discover/references.h"

static const char *const slots[GLOBALS] = {
#define GLOBAL(slot, names, required) [GLOBAL_##slot] = #slot,
#include "runtime_layouts/globals.def"
#undef GLOBAL
};

static const uint8_t *bytes_at(void *binary, uint64_t address, size_t *available)
{
	bool relocated;

	return binary_at(binary, address, available, &relocated);
}

static uint64_t lowest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The module that moduledata describes. In the file of a PIE, too, the addresses stand in their
 * places, not only in the relocations: Go's linker and GNU ld write both. */
static struct spy_error *add_module(struct go_runtime *runtime, const uint8_t *moduledata)
{
	const struct runtime_layout *layout = &runtime->layout;
	struct go_module module = {
		.text = layout_number(layout, FIELD_md_text, moduledata),
		.etext = layout_number(layout, FIELD_md_etext, moduledata),
		.data = lowest(layout_number(layout, FIELD_md_noptrdata, moduledata),
			       layout_number(layout, FIELD_md_data, moduledata)),
		.data_end = layout_number(layout, FIELD_md_enoptrbss, moduledata),
	};
	enum layout_slot table =
	    layout_has(layout, FIELD_md_pc_header) ? FIELD_md_pc_header : FIELD_md_pclntable;
	struct pclntab_source source = { .address = layout_number(layout, table, moduledata),
					 .text = module.text,
					 .etext = module.etext,
					 .at = bytes_at,
					 .context = runtime->program.binary,
					 .format = layout->traits->pclntab };
	struct pclntab *tab;

	TRY(pclntab_open(&source, &tab));
	code_add(runtime->code, tab, module.text, module.etext);
	*vector_push(&runtime->modules) = module;
	return NULL;
}

/* A runtime as its file has it, loaded nowhere. */
static struct spy_error *open_file(const char *version, const char *path,
				   struct go_runtime *runtime)
{
	struct binary_symbol symbols[GLOBALS];
	bool found[GLOBALS];
	const char *names[GLOBALS];
	const uint8_t *moduledata;
	size_t available, i;
	bool relocated;

	TRY(binary_open(path, &runtime->program.binary));
	for (i = 0; i < GLOBALS; i++)
		names[i] = global_names(i);
	TRY(binary_find_symbols(runtime->program.binary, names, GLOBALS, symbols, found));
	for (i = 0; i < GLOBALS; i++)
		if (found[i])
			runtime->globals[i] = (struct go_global){ .address = symbols[i].address,
								  .size = symbols[i].size };
	if (!layout_from_table(version, &runtime->layout))
		return spy_error_new(SPY_ERROR_DATA, "no layout of %s: run tools/layouts first",
				     version);
	moduledata =
	    binary_at(runtime->program.binary, runtime->globals[GLOBAL_firstmoduledata].address,
		      &available, &relocated);
	if (!moduledata || available < layout_size(&runtime->layout, SIZE_moduledata))
		return spy_error_new(SPY_ERROR_DATA, "no runtime.firstmoduledata");
	return add_module(runtime, moduledata);
}

/* The variable of those that we want that an address lies in; GLOBALS if in none. */
static size_t global_at(const struct go_runtime *runtime, uint64_t address)
{
	size_t i;

	for (i = 0; i < GLOBALS; i++) {
		const struct go_global *global = &runtime->globals[i];

		if (global->address && address - global->address < global->size)
			break;
	}
	return i;
}

static void list_function(const struct go_runtime *runtime, const struct pclntab_func *func)
{
	struct code_references references;
	size_t i;

	function_references(runtime, func, CODE_REFERENCES_MAX, &references);
	for (i = 0; i < references.count; i++) {
		size_t global = global_at(runtime, references.addresses[i]);
		uint64_t offset = 0;

		if (global < GLOBALS)
			offset = references.addresses[i] - runtime->globals[global].address;
		printf("%s\t%.*s\t%s\t%" PRIu64 "\t%" PRIu32 "\n", func->name,
		       (int)(i + 1) * REFERENCE_LETTERS, references.shape,
		       global < GLOBALS ? slots[global] : "-", offset, references.positions[i]);
	}
}

static void list(const struct go_runtime *runtime)
{
	const struct pclntab *tab = code_table(runtime->code, 0);
	size_t count = pclntab_function_count(tab), i;
	const char **names = memory_new(count, sizeof(*names));
	struct pclntab_func *funcs = memory_new(count, sizeof(*funcs));

	for (i = 0; i < count; i++)
		names[i] = pclntab_function(tab, i, &funcs[0]) ? funcs[0].name : "";
	pclntab_named_all(tab, "runtime.", names, count, funcs);
	for (i = 0; i < count; i++)
		if (funcs[i].name)
			list_function(runtime, &funcs[i]);
	free(names);
	free(funcs);
}

static void check(const struct go_runtime *runtime, const char *version)
{
	struct go_candidates candidates[GLOBALS];
	size_t i, k;

	references_vote(runtime, version, candidates);
	for (i = 0; i < GLOBALS; i++) {
		const struct go_candidates *of = &candidates[i];
		const struct go_candidate *best = &of->items[0];
		unsigned votes = 0;
		const char *result = "missing";

		for (k = 0; k < of->count; k++) {
			votes += of->items[k].votes;
			if (of->items[k].votes > best->votes)
				best = &of->items[k];
		}
		if (of->count)
			result = best->address == runtime->globals[i].address ? "right" : "wrong";
		else if (!runtime->globals[i].address)
			result = "absent";
		printf("%s\t%s\t%u\t%u\n", slots[i], result, of->count ? best->votes : 0, votes);
	}
}

static void target_cleanup(struct target **target)
{
	target_close(*target);
}

static struct spy_error *check_process(int64_t pid)
{
	_cleanup_(target_cleanup) struct target *target = NULL;
	struct go_runtime_options options = { 0 };
	struct go_runtime runtime;

	TRY(target_open_live(pid, &target));
	TRY(go_runtime_open(target, &options, &runtime));
	check(&runtime, runtime.version);
	go_runtime_close(&runtime);
	return NULL;
}

static struct spy_error *run_file(const char *version, const char *path, bool only_list)
{
	struct go_runtime runtime = { .code = code_new() };
	struct spy_error *error = open_file(version, path, &runtime);

	if (!error && only_list)
		list(&runtime);
	else if (!error)
		check(&runtime, version);
	code_free(runtime.code);
	vector_free(&runtime.modules);
	binary_close(runtime.program.binary);
	return error;
}

int main(int argc, char **argv)
{
	bool lists = argc == 4 && strcmp(argv[1], "list") == 0;
	bool checks = (argc == 3 || argc == 4) && strcmp(argv[1], "check") == 0;
	struct spy_error *error;
	int status = 0;

	if (!lists && !checks) {
		fprintf(stderr, "usage: reference_rows list|check VERSION BINARY\n"
				"       reference_rows check PID\n");
		return SPY_ERROR_USAGE;
	}
	error = argc == 3 ? check_process(strtoll(argv[2], NULL, 10))
			  : run_file(argv[2], argv[3], lists);
	if (error) {
		fprintf(stderr, "reference_rows: %s: %s\n", argv[argc - 1], error->message);
		status = (int)error->code;
		spy_error_free(error);
	}
	return status;
}
