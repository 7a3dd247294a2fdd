/* SPDX-License-Identifier: MIT
 *
 * The Go version of a program whose build info is not there (before Go 1.13), or does not tell it
 * (garble writes "unknown").
 */
#include "base/cursor.h"
#include "discover/references.h"
#include "discover/tables.h"
#include "runtime/modules.h"

enum { VERSION_BYTES_MAX = 256 };

/* ---- the tables as a row has them ---------------------------------------------------------- */

/* The parts of a runtime that a row gives to it for a while, and what they were before. */
struct trial {
	struct go_runtime *runtime;
	struct runtime_layout layout;
	struct code *code;
	__typeof__(((struct go_runtime *)NULL)->modules) modules;
};

static void trial_end(struct trial *trial)
{
	struct go_runtime *runtime = trial->runtime;

	code_free(runtime->code);
	vector_free(&runtime->modules);
	runtime->layout = trial->layout;
	runtime->code = trial->code;
	runtime->modules = trial->modules;
}

static struct trial trial_begin(struct go_runtime *runtime, size_t row)
{
	struct trial trial = { .runtime = runtime,
			       .layout = runtime->layout,
			       .code = runtime->code,
			       .modules = runtime->modules };

	layout_row(row, &runtime->layout);
	runtime->code = code_new();
	memset(&runtime->modules, 0, sizeof(runtime->modules));
	return trial;
}

/* Gives the program's own module and its function table to the runtime, as its layout has them. */
static struct spy_error *open_module(struct go_runtime *runtime, const struct go_tables *tables)
{
	size_t size = layout_size(&runtime->layout, SIZE_moduledata);
	uint8_t *moduledata _cleanup_free_ = memory_new(size, 1);

	TRY(target_read(runtime->target, tables->moduledata, moduledata, size));
	return modules_add(runtime, moduledata, true);
}

/* ---- what the program says ----------------------------------------------------------------- */

/* The string variable at an address, if it is a version. */
static const char *version_at(struct go_runtime *runtime, uint64_t address)
{
	uint8_t header[16];
	const char *version;

	if (spy_error_caught(target_read(runtime->target, address, header, sizeof(header))))
		return NULL;
	version = go_string_at(runtime, header, VERSION_BYTES_MAX, &runtime->arena);
	return version && go_version_parse(version).minor >= 0 ? version : NULL;
}

/* runtime.buildVersion as the code of one version uses it. */
static const char *version_by_code(struct go_runtime *runtime, const char *version)
{
	struct go_candidates candidates[GLOBALS];
	const struct go_candidates *found = &candidates[GLOBAL_build_version];
	const char *best = NULL;
	unsigned votes = 0;
	size_t i;

	references_vote(runtime, version, candidates);
	for (i = 0; i < found->count; i++) {
		const char *told = found->items[i].votes > votes
				       ? version_at(runtime, found->items[i].address)
				       : NULL;

		if (!told)
			continue;
		best = told;
		votes = found->items[i].votes;
	}
	return best;
}

/* ---- what fits ----------------------------------------------------------------------------- */

/* The directory of a path up to its last '/', and the name behind it. */
static const char *name_of(const char *path, size_t *directory)
{
	const char *slash = strrchr(path, '/');

	*directory = slash ? (size_t)(slash - path) + 1 : 0;
	return path + *directory;
}

/* The file of the runtime by which its directory is found: there is none with that name elsewhere
 * in the standard library. */
static const char *runtime_file(const struct pclntab *tab)
{
	struct pclntab_files files = { 0 };
	const char *path, *found = NULL;
	size_t directory;

	while ((path = pclntab_next_file(tab, &files))) {
		if (strcmp(name_of(path, &directory), "mgcmark.go") != 0)
			continue;
		/* One of the program with that name, in another directory: which? */
		if (found && strcmp(found, path) != 0)
			return NULL;
		found = path;
	}
	return found;
}

static bool minors_by_files(const struct pclntab *tab, int *first, int *last)
{
	struct pclntab_files files = { 0 };
	struct version_files seen = { 0 };
	const char *path, *own = runtime_file(tab);
	size_t directory, length;

	if (!own)
		return false;
	name_of(own, &directory);
	while ((path = pclntab_next_file(tab, &files))) {
		const char *name = name_of(path, &length);

		if (length == directory && memcmp(path, own, length) == 0)
			version_files_add(&seen, name);
	}
	return version_files_minors(&seen, first, last);
}

/* ---- both ---------------------------------------------------------------------------------- */

struct answer {
	const char *told;  /* by the program, of the version that was tried */
	const char *other; /* of a version that no row is of */
	bool has_files;
	int first, last; /* minor versions that its files can be of */
};

static bool has_row(int minor)
{
	struct runtime_layout layout;
	size_t i;

	for (i = 0; i < layout_row_count(); i++)
		if (go_version_parse(layout_row(i, &layout)).minor == minor)
			return true;
	return false;
}

/* What the program tells if it is taken for one of this version. */
static struct spy_error *ask(struct go_runtime *runtime, const struct go_tables *tables,
			     const char *version, struct answer *answer)
{
	const char *told;
	int minor;

	TRY(open_module(runtime, tables));
	if (!answer->has_files)
		answer->has_files =
		    minors_by_files(code_table(runtime->code, 0), &answer->first, &answer->last);
	told = version_by_code(runtime, version);
	if (!told)
		return NULL;
	minor = go_version_parse(told).minor;
	if (minor == go_version_parse(version).minor)
		answer->told = told;
	else if (!has_row(minor))
		answer->other = told;
	return NULL;
}

/* Asks once for each minor version whose rows fit. */
static struct spy_error *ask_rows(struct go_runtime *runtime, const struct go_tables *tables,
				  struct answer *answer)
{
	struct spy_error *error = NULL;
	int asked = -1;
	size_t i;

	for (i = 0; i < layout_row_count() && !answer->told && !error; i++) {
		struct runtime_layout layout;
		const char *version = layout_row(i, &layout);
		int minor = go_version_parse(version).minor;
		struct trial trial;

		if (!(tables->rows >> i & 1) || minor == asked)
			continue;
		asked = minor;
		trial = trial_begin(runtime, i);
		error = ask(runtime, tables, version, answer);
		trial_end(&trial);
	}
	return error;
}

/* The rows that fit the tables and the files. */
static void infer(const struct go_tables *tables, const struct answer *answer,
		  struct go_tables_version *ret)
{
	struct runtime_layout layout;
	size_t i;

	for (i = 0; i < layout_row_count(); i++) {
		const char *version = layout_row(i, &layout);
		int minor = go_version_parse(version).minor;

		if (!(tables->rows >> i & 1) || minor < answer->first || minor > answer->last)
			continue;
		if (ret->count < GO_VERSIONS_MAX)
			ret->names[ret->count] = version;
		ret->count++;
	}
}

struct spy_error *go_tables_version(struct go_runtime *runtime, const struct go_tables *tables,
				    struct go_tables_version *ret)
{
	struct go_tables_version version = { .count = 1 };
	struct answer answer = { 0 };

	TRY(ask_rows(runtime, tables, &answer));
	version.names[0] = answer.told ? answer.told : answer.other;
	if (!version.names[0]) {
		version = (struct go_tables_version){ .inferred = true };
		if (answer.has_files)
			infer(tables, &answer, &version);
	}
	if (!version.count || version.count > GO_VERSIONS_MAX)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA,
				  "%s does not tell its Go version, and what there is of it fits "
				  "%s",
				  binary_name(runtime->program.binary),
				  version.count ? "several" : "none that is known"),
		    "give the file that the running program was stripped from with --bin FILE");
	*ret = version;
	return NULL;
}
