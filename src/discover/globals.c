/* SPDX-License-Identifier: MIT */
#include "discover/globals.h"

#include <string.h>

#include "discover/candidates.h"
#include "discover/fits.h"
#include "discover/references.h"
#include "discover/scan.h"
#include "runtime_layouts/references.h"

static struct spy_error *from_symbols(struct go_runtime *runtime)
{
	const char *names[GLOBALS];
	struct binary_symbol symbols[GLOBALS];
	bool found[GLOBALS] = { false };
	size_t i;

	for (i = 0; i < GLOBALS; i++)
		names[i] = global_names(i);
	TRY(binary_find_symbols(program_symbols(&runtime->program), names, GLOBALS, symbols,
				found));
	for (i = 0; i < GLOBALS; i++)
		if (found[i])
			runtime->globals[i] = (struct go_global){ .address = symbols[i].address +
									     runtime->program.bias,
								  .size = symbols[i].size };
	return NULL;
}

static struct spy_error *from_dwarf(struct go_runtime *runtime, struct debug_info *info)
{
	struct debug_query queries[GLOBALS] = { 0 };
	size_t i;

	for (i = 0; i < GLOBALS; i++)
		queries[i] =
		    (struct debug_query){ .kind = DEBUG_VARIABLE, .type = global_names(i) };
	TRY(debug_info_lookup(info, queries, GLOBALS));
	for (i = 0; i < GLOBALS; i++)
		if (queries[i].found)
			runtime->globals[i] = (struct go_global){
				.address = (uint64_t)queries[i].value + runtime->program.bias,
				.size = queries[i].size > 0 ? (uint64_t)queries[i].size : 0
			};
	return NULL;
}

/* The first variable without which nothing works that is not there; GLOBALS if all are. */
static enum global first_missing(const struct go_runtime *runtime)
{
	size_t i;

	for (i = 0; i < GLOBALS; i++)
		if (global_is_required(i) && !runtime->globals[i].address)
			break;
	return i;
}

struct spy_error *globals_by_name(struct go_runtime *runtime, struct debug_info *info,
				  bool *complete)
{
	/* The symbol table first: 0.1 ms against 10 ms. */
	if (binary_has_symbols(program_symbols(&runtime->program)))
		TRY(from_symbols(runtime));
	else if (info)
		TRY(from_dwarf(runtime, info));
	*complete = first_missing(runtime) == GLOBALS;
	if (runtime->program.symbols) {
		runtime->symbols_from =
		    runtime->has_debug_file ? SPY_SYMBOLS_DEBUG_FILE : SPY_SYMBOLS_BIN;
		runtime->symbols_file = binary_name(runtime->program.symbols);
	}
	return NULL;
}

/* ---- by content ---------------------------------------------------------------------------- */

/* A variable whose content proves little must be named by as many functions, or by all that are
 * known to name it. */
enum { VOTES_OF_WEAK = 2 };

/* How many functions are known to name each variable. */
static void count_witnesses(const char *version, unsigned counts[static GLOBALS])
{
	const char *last[GLOBALS] = { NULL };
	struct reference_witnesses witnesses = reference_witnesses_of(version);
	size_t i;

	for (i = 0; i < witnesses.count; i++) {
		const struct reference_witness *witness = &witnesses.items[i];

		if (last[witness->global] && strcmp(last[witness->global], witness->function) == 0)
			continue;
		last[witness->global] = witness->function;
		counts[witness->global]++;
	}
}

/* Of the candidates that hold what they must, the one with the most votes; 0 if there is none or
 * two have as many. */
static uint64_t best_of(struct go_runtime *runtime, enum global global,
			const struct go_candidates *candidates, unsigned witnesses)
{
	unsigned enough = witnesses < VOTES_OF_WEAK ? witnesses : VOTES_OF_WEAK;
	struct go_candidate best = { 0 };
	bool tied = false;
	size_t i;

	for (i = 0; i < candidates->count; i++) {
		const struct go_candidate *candidate = &candidates->items[i];
		enum fit fit;

		if (candidate->votes < best.votes)
			continue;
		fit = global_fits(runtime, global, candidate->address);
		if (fit == FIT_NO || (fit == FIT_WEAK && candidate->votes < enough))
			continue;
		tied = candidate->votes == best.votes;
		best = *candidate;
	}
	return tied ? 0 : best.address;
}

/* Two strategies are held against each other; where only one has an answer, that is it. */
static uint64_t agreed(struct go_runtime *runtime, enum global global,
		       const struct go_candidates *code, unsigned witnesses,
		       const struct go_candidates *memory)
{
	uint64_t by_code = best_of(runtime, global, code, witnesses);
	uint64_t by_memory = best_of(runtime, global, memory, VOTES_OF_WEAK);

	if (by_code && by_memory && by_code != by_memory) {
		*vector_push(&runtime->warnings) = arena_printf(
		    &runtime->arena,
		    "%s: the runtime's code and the content of memory tell two places: not used",
		    global_names(global));
		return 0;
	}
	return by_code ? by_code : by_memory;
}

struct spy_error *globals_by_content(struct go_runtime *runtime)
{
	struct go_candidates code[GLOBALS] = { 0 }, memory[GLOBALS] = { 0 };
	unsigned witnesses[GLOBALS] = { 0 };
	enum global missing;
	size_t i;

	count_witnesses(runtime->version, witnesses);
	runtime->symbols_from = SPY_SYMBOLS_CODE;
	runtime->symbols_file = NULL;
	references_vote(runtime, runtime->version, code);
	scan_vote(runtime, memory);
	/* In the order of the list: what is found helps to check what follows. */
	for (i = 0; i < GLOBALS; i++) {
		uint64_t address;

		if (runtime->globals[i].address)
			continue;
		address = agreed(runtime, i, &code[i], witnesses[i], &memory[i]);
		runtime->globals[i] = (struct go_global){
			.address = address,
			.size = address ? global_measure(runtime, i, address) : 0,
		};
	}
	missing = first_missing(runtime);
	if (missing == GLOBALS)
		return NULL;
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_DATA, "%s is stripped, and its %s was not found",
			  binary_name(program_symbols(&runtime->program)), global_names(missing)),
	    "give the unstripped file of the same build with --bin FILE");
}
