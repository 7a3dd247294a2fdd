/* SPDX-License-Identifier: MIT */
#include "discover/open.h"

#include <string.h>

#include "base/cursor.h"
#include "discover/globals.h"
#include "discover/tables.h"
#include "elf/debug_file.h"
#include "runtime/modules.h"
#include "runtime/types.h"

enum {
	VERSION_BYTES_MAX = 256,
	MODINFO_BYTES_MAX = 1 << 20,
};

/* runtime.buildVersion, as the process has it; NULL if it cannot be read or is empty. */
static const char *build_version(struct go_runtime *runtime)
{
	uint64_t address = runtime->globals[GLOBAL_build_version].address;
	uint8_t header[16];
	const char *version;

	if (!address ||
	    spy_error_caught(target_read(runtime->target, address, header, sizeof(header))))
		return NULL;
	version = go_string_at(runtime, header, VERSION_BYTES_MAX, &runtime->arena);
	return version && version[0] ? version : NULL;
}

static struct spy_error *read_version(struct go_runtime *runtime)
{
	runtime->version = build_version(runtime);
	if (!runtime->version)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA, "runtime.buildVersion of pid %lld is empty",
				  (long long)runtime->target->pid),
		    "the program has only just started, or the symbols are of another build");
	return go_version_check(runtime->version);
}

/* The layout from DWARF, or the row of the version. */
static struct spy_error *find_layout(struct go_runtime *runtime, struct debug_info *info,
				     struct spy_error *dwarf_error)
{
	struct spy_error *error = dwarf_error;

	if (!error && info)
		error = layout_from_dwarf(info, runtime->version, &runtime->layout);
	if (!error && info) {
		if (runtime->program.symbols && !runtime->has_debug_file)
			runtime->layout.source = SPY_LAYOUT_BIN;
		return NULL;
	}
	if (layout_from_table(runtime->version, &runtime->layout)) {
		if (runtime->layout.nearest)
			*vector_push(&runtime->warnings) = arena_printf(
			    &runtime->arena,
			    "no layout is known of %s itself: that of its nearest release is used",
			    runtime->version);
		if (error)
			*vector_push(&runtime->warnings) =
			    arena_printf(&runtime->arena, "the layout is that of %s in general: %s",
					 runtime->version, error->message);
		spy_error_free(error);
		return NULL;
	}
	if (error)
		return error;
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_DATA,
			  "the layout of %s is not known, and %s has no DWARF to tell it",
			  runtime->version, binary_name(program_symbols(&runtime->program))),
	    "give a build of the same program with DWARF (without -ldflags=-w) with --bin FILE");
}

/* What `go version -m` tells: from the file, else (no .go.buildinfo before 1.13) from the variable
 * that runtime/debug.ReadBuildInfo reads. */
static struct spy_error *read_build_info(struct go_runtime *runtime)
{
	uint8_t header[16];
	const char *modinfo;
	uint64_t address = runtime->globals[GLOBAL_modinfo].address;

	TRY(binary_build_info(runtime->program.binary, &runtime->arena, &runtime->build));
	if (runtime->build.path || !address ||
	    spy_error_caught(target_read(runtime->target, address, header, sizeof(header))))
		return NULL;
	modinfo = go_string_at(runtime, header, MODINFO_BYTES_MAX, &runtime->arena);
	if (modinfo && modinfo[0])
		build_info_parse(modinfo, load_u64(header + 8), &runtime->arena, &runtime->build);
	return NULL;
}

/* Variables without which some figures are unknown, where this version should have them. */
static void warn_of_missing(struct go_runtime *runtime)
{
	const struct runtime_layout *layout = &runtime->layout;
	bool controller_has_percent = layout_has(layout, FIELD_gcc_gc_percent);
	const struct {
		enum global global;
		bool expected;
	} wanted[] = {
		{ .global = GLOBAL_ncpu, .expected = true },
		{ .global = GLOBAL_memstats, .expected = true },
		{ .global = GLOBAL_gcphase, .expected = true },
		{ .global = GLOBAL_class_to_size, .expected = true },
		{ .global = GLOBAL_fing_running, .expected = true },
		{ .global = GLOBAL_semtable, .expected = true },
		{ .global = GLOBAL_gc_controller, .expected = controller_has_percent },
		{ .global = GLOBAL_gcpercent, .expected = !controller_has_percent },
		{ .global = GLOBAL_mheap, .expected = layout_has(layout, FIELD_mcentral_nmalloc) },
		{ .global = GLOBAL_span_set_block_pool,
		  .expected = layout_has(layout, FIELD_mcentral_partial) &&
			      layout_has(layout, SIZE_span_set_block) },
		{ .global = GLOBAL_wait_reason_strings,
		  .expected = layout_size(layout, FIELD_g_waitreason) == 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i].expected && !runtime->globals[wanted[i].global].address)
			*vector_push(&runtime->warnings) = arena_printf(
			    &runtime->arena, "there is no %s: what it tells is unknown",
			    global_names(wanted[i].global));
}

/* Early refusal by what the file says, before the variables are looked for. */
static struct spy_error *check_file_version(struct go_runtime *runtime)
{
	struct binary_build_info info = { 0 };

	TRY(binary_build_info(runtime->program.binary, &runtime->arena, &info));
	return info.go_version ? go_version_check(info.go_version) : NULL;
}

/* A program that says where its variables are: in its symbol table, or in DWARF. */
static struct spy_error *open_named(struct go_runtime *runtime, struct debug_info *info,
				    struct spy_error *dwarf_error,
				    const struct go_runtime_options *options)
{
	struct spy_error *error = read_version(runtime);

	if (error) {
		spy_error_free(dwarf_error);
		return error;
	}
	if (options->table_first && layout_from_table(runtime->version, &runtime->layout))
		spy_error_free(dwarf_error);
	else
		TRY(find_layout(runtime, info, dwarf_error));
	if (runtime->layout.source == SPY_LAYOUT_TABLE)
		TRY(go_runtime_check_layout(runtime));
	return modules_read(runtime, !options->without_code);
}

/* The version of a program without symbols: what its build info says, else what its code and its
 * tables tell; then there may be several to try. */
static struct spy_error *find_versions(struct go_runtime *runtime, const struct go_tables *tables,
				       struct go_tables_version *ret)
{
	struct binary_build_info info = { 0 };

	TRY(binary_build_info(runtime->program.binary, &runtime->arena, &info));
	/* Garbled programs say "unknown". */
	if (!info.go_version || go_version_parse(info.go_version).minor < 0)
		return go_tables_version(runtime, tables, ret);
	*ret = (struct go_tables_version){ .names = { info.go_version }, .count = 1 };
	return NULL;
}

/* The process has the last word on its version: a patched one may have a suffix that the file does
 * not tell. Another minor version than the layout's is a contradiction. */
static struct spy_error *confirm_version(struct go_runtime *runtime)
{
	const char *own = build_version(runtime);

	if (!own || go_version_parse(own).minor < 0)
		return NULL;
	if (go_version_parse(own).minor != go_version_parse(runtime->version).minor)
		return spy_error_new(SPY_ERROR_DATA, "pid %lld says that it is %s, its file %s",
				     (long long)runtime->target->pid, own, runtime->version);
	runtime->version = own;
	return NULL;
}

/* Without names that can be right, types have none. */
static void forget_wrong_types(struct go_runtime *runtime)
{
	size_t i;

	if (go_types_fit(runtime))
		return;
	for (i = 0; i < runtime->modules.count; i++)
		runtime->modules.items[i].types = runtime->modules.items[i].etypes = 0;
	*vector_push(&runtime->warnings) = arena_printf(
	    &runtime->arena, "the types of %s are not where it says: their names are unknown",
	    binary_name(runtime->program.binary));
}

/* Everything of a stripped program, if it is of this version. */
static struct spy_error *try_version(struct go_runtime *runtime, const struct go_tables *tables,
				     const char *version)
{
	code_free(runtime->code);
	runtime->code = code_new();
	runtime->modules.count = 0;
	runtime->pointers_unknown = false;
	memset(runtime->globals, 0, sizeof(runtime->globals));
	runtime->globals[GLOBAL_firstmoduledata].address = tables->moduledata;
	runtime->version = version;
	TRY(go_version_check(version));
	TRY(find_layout(runtime, NULL, NULL));
	TRY(go_tables_check(runtime, tables, &runtime->layout));
	TRY(modules_read(runtime, true));
	if (!pclntab_inlining_fits(code_table(runtime->code, 0)))
		return spy_error_new(SPY_ERROR_DATA,
				     "the inlined calls of %s are not where it says",
				     binary_name(runtime->program.binary));
	TRY(globals_by_content(runtime));
	TRY(confirm_version(runtime));
	TRY(go_runtime_check_layout(runtime));
	forget_wrong_types(runtime);
	return NULL;
}

/* Leaves of the layout what it has in common with those of other versions that fit as well. */
static struct spy_error *have_in_common(struct go_runtime *runtime,
					const struct go_tables_version *fitting)
{
	size_t i;

	for (i = 0; i < fitting->count; i++)
		if (!layout_have_in_common(&runtime->layout, runtime->version, fitting->names[i]))
			return spy_error_with_hint(
			    spy_error_new(SPY_ERROR_DATA,
					  "%s does not tell its Go version, and the layouts of %s "
					  "and %s fit it",
					  binary_name(runtime->program.binary), fitting->names[i],
					  runtime->version),
			    "give the unstripped file of the same build with --bin FILE");
	return NULL;
}

/* Of several versions the one that fits; of two only what they have in common. */
static struct spy_error *try_versions(struct go_runtime *runtime, const struct go_tables *tables,
				      const struct go_tables_version *versions)
{
	struct go_tables_version fitting = { .count = 0 };
	size_t warnings = runtime->warnings.count, i;
	struct spy_error *error = NULL;
	const char *last;

	for (i = 0; i < versions->count; i++) {
		spy_error_free(error);
		runtime->warnings.count = warnings;
		error = try_version(runtime, tables, versions->names[i]);
		if (!error)
			fitting.names[fitting.count++] = versions->names[i];
	}
	if (fitting.count == 0)
		return error;
	spy_error_free(error);
	last = fitting.names[--fitting.count];
	if (last != versions->names[versions->count - 1]) {
		runtime->warnings.count = warnings;
		TRY(try_version(runtime, tables, last));
	}
	return have_in_common(runtime, &fitting);
}

/* A program without symbols and DWARF, or whose DWARF cannot be read. */
static struct spy_error *open_stripped(struct go_runtime *runtime,
				       const struct spy_error *dwarf_error)
{
	struct go_tables_version versions;
	struct go_tables tables;

	if (dwarf_error)
		*vector_push(&runtime->warnings) =
		    arena_printf(&runtime->arena, "treated as stripped: %s", dwarf_error->message);
	TRY(go_tables_find(runtime, &tables));
	TRY(find_versions(runtime, &tables, &versions));
	TRY(try_versions(runtime, &tables, &versions));
	if (versions.inferred)
		*vector_push(&runtime->warnings) = arena_printf(
		    &runtime->arena,
		    "the program does not tell its Go version: it is of the kind of %s",
		    runtime->version);
	return NULL;
}

static struct spy_error *open_parts(struct go_runtime *runtime, struct debug_info *info,
				    struct spy_error *dwarf_error,
				    const struct go_runtime_options *options)
{
	bool named = false;
	struct spy_error *error = globals_by_name(runtime, info, &named);

	if (!error && named)
		error = open_named(runtime, info, TAKE(dwarf_error), options);
	else if (!error)
		error = open_stripped(runtime, dwarf_error);
	spy_error_free(dwarf_error);
	TRY(error);
	warn_of_missing(runtime);
	return read_build_info(runtime);
}

/* Symbols and DWARF that a distribution took out of the program count as its own. Not for lists,
 * where they would be looked for at every one. */
static void find_debug_file(struct go_runtime *runtime, const struct go_runtime_options *options)
{
	struct debug_search search = { .ask_server = true,
				       .waiting = options->waiting,
				       .context = options->waiting_context };
	char *warning _cleanup_free_ = program_find_debug_file(&runtime->program, &search);

	if (warning)
		*vector_push(&runtime->warnings) = arena_string(&runtime->arena, warning);
	if (!runtime->program.symbols)
		return;
	runtime->has_debug_file = true;
	runtime->debug_info = debug_info_of(runtime->program.symbols);
}

static struct spy_error *open_program(struct go_runtime *runtime,
				      const struct go_runtime_options *options, bool alone)
{
	const struct binary *symbols;
	struct debug_info *info = NULL;
	struct spy_error *error, *dwarf_error = NULL;

	TRY(program_open(runtime->target, options->bin, &runtime->program));
	TRY(check_file_version(runtime));
	runtime->debug_info = debug_info_of(runtime->program.binary);
	if (runtime->debug_info == SPY_DEBUG_NONE && !runtime->program.symbols && !alone &&
	    !options->table_first)
		find_debug_file(runtime, options);
	symbols = program_symbols(&runtime->program);
	if (binary_has_dwarf(symbols) && !options->table_first)
		dwarf_error = debug_info_open(symbols, &info);
	error = open_parts(runtime, info, dwarf_error, options);
	debug_info_close(info);
	return error;
}

/* A debug file that leads nowhere is not what the program depends on. */
static struct spy_error *open_without(struct go_runtime *runtime,
				      const struct go_runtime_options *options,
				      struct spy_error *why)
{
	struct target *target = runtime->target;
	char *file _cleanup_free_ = memory_string(binary_name(runtime->program.symbols));
	struct spy_error *error;

	go_runtime_close(runtime);
	*runtime = (struct go_runtime){ .target = target, .code = code_new() };
	error = open_program(runtime, options, true);
	if (!error)
		*vector_push(&runtime->warnings) =
		    arena_printf(&runtime->arena, "%s is not used: %s", file, why->message);
	spy_error_free(why);
	return error;
}

struct spy_error *go_runtime_open(struct target *target, const struct go_runtime_options *options,
				  struct go_runtime *ret)
{
	struct spy_error *error;

	*ret = (struct go_runtime){ .target = target, .code = code_new() };
	error = open_program(ret, options, false);
	if (error && ret->has_debug_file && error->code == SPY_ERROR_DATA)
		error = open_without(ret, options, error);
	if (error)
		go_runtime_close(ret);
	return error;
}
