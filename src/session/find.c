/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "procmem/processes.h"
#include "session/session.h"

/* Candidates that an error message names. */
enum { NAMED_MAX = 10 };

struct candidates {
	VECTOR(int64_t) pids;
	struct text names; /* "123 (prometheus), 456 (etcd)" */
	bool denied;
};

static bool is_go(int64_t pid, bool *denied)
{
	struct binary *binary _cleanup_(binary_cleanup) = NULL;
	struct spy_error *error = process_open_exe(pid, &binary);

	if (error) {
		*denied = *denied || error->code == SPY_ERROR_PERMISSION;
		spy_error_free(error);
		return false;
	}
	return binary_language(binary) == BINARY_GO;
}

static void add_candidate(struct candidates *candidates, int64_t pid, const char *name)
{
	if (candidates->pids.count < NAMED_MAX)
		text_printf(&candidates->names, "%s%lld (%s)", candidates->pids.count ? ", " : "",
			    (long long)pid, name);
	else if (candidates->pids.count == NAMED_MAX)
		text_add(&candidates->names, ", …");
	*vector_push(&candidates->pids) = pid;
}

/* The Go processes whose executable has that base name; all of them for NULL. */
static struct spy_error *find_candidates(const char *name, struct candidates *candidates)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct process_list list;
	size_t i;

	TRY(process_list(&arena, &list));
	for (i = 0; i < list.count; i++) {
		struct process_facts facts;
		const char *base;

		if (spy_error_caught(process_facts(list.pids[i], &arena, &facts)))
			continue;
		base = facts.exe ? process_base_name(facts.exe, &arena) : "?";
		if (name && strcmp(base, name) != 0)
			continue;
		if (is_go(list.pids[i], &candidates->denied))
			add_candidate(candidates, list.pids[i], base);
	}
	return NULL;
}

static struct spy_error *choose(const struct candidates *candidates, const char *name, int64_t *pid)
{
	if (candidates->pids.count == 1) {
		*pid = candidates->pids.items[0];
		return NULL;
	}
	if (candidates->pids.count)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_USAGE, "there are %zu Go processes%s%s: %s",
				  candidates->pids.count, name ? " named " : "", name ? name : "",
				  candidates->names.bytes),
		    "choose one with --pid N");
	if (candidates->denied)
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_PERMISSION,
				  "no Go process%s%s that this user may look at",
				  name ? " named " : "", name ? name : ""),
		    "try again with sudo");
	return spy_error_with_hint(spy_error_new(SPY_ERROR_NO_PROCESS,
						 "no Go process%s%s is running",
						 name ? " named " : "", name ? name : ""),
				   "`spy ps` lists the Go processes");
}

struct spy_error *find_target(const struct spy_options *options, struct target **ret)
{
	struct candidates candidates = { 0 };
	int64_t pid = options->pid;
	struct spy_error *error = NULL;

	if (options->core)
		return target_open_core(options->core, options->bin, ret);
	if (!pid) {
		error = find_candidates(options->name, &candidates);
		if (!error)
			error = choose(&candidates, options->name, &pid);
		vector_free(&candidates.pids);
		text_free(&candidates.names);
	}
	return error ? error : target_open_live(pid, ret);
}
