/* SPDX-License-Identifier: MIT
 *
 * What the faces of spy have in common: snapshots as text for people and as JSON for programs.
 *
 * The JSON is a contract: names are kept, new ones may be added beside them (docs/spy.1). The text
 * may change, but for that of a dump, which is a Go traceback.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include "render/output.h"
#include "render/select.h"
#include "spy.h"

/* What a list could not tell, and why: a line each, not escaped. */
struct notes {
	VECTOR(char *) lines;
};
void notes_of_processes(const struct spy_process_list *list, struct notes *notes);
void notes_free(struct notes *notes);

void render_processes_text(struct output *output, const struct spy_process_list *list);
/* With the notes as its warnings. */
void render_processes_json(struct output *output, const struct spy_process_list *list);

/* Which place of a goroutine its row shows. */
enum goroutine_place {
	PLACE_START,   /* the function that the go statement called */
	PLACE_CALLER,  /* the go statement */
	PLACE_CURRENT, /* where it stands */
};

struct summary_options {
	enum goroutine_place place;
};

void render_summary_text(struct output *output, const struct spy_snapshot *snapshot,
			 const struct summary_options *options);
void render_summary_json(struct output *output, const struct spy_snapshot *snapshot);

struct dump_options {
	struct goroutine_filter filter;
	bool group;  /* goroutines with the same stack together */
	bool labels; /* labels in the header of each, in text; JSON has them always */
	bool locals; /* the variables of each frame */
};

void render_dump_text(struct output *output, const struct spy_snapshot *snapshot,
		      const struct dump_options *options);
void render_dump_json(struct output *output, const struct spy_snapshot *snapshot,
		      const struct dump_options *options);

/* With size classes that have no span, and each cached span, where `all` is set. */
void render_heap_text(struct output *output, const struct spy_heap *heap, bool all);
void render_heap_json(struct output *output, const struct spy_heap *heap);

struct metrics_options {
	const char *pattern; /* of names: a part of one, or a glob(7); NULL for all */
	bool buckets;        /* of histograms, in text */
};

/* How many metrics the pattern matches. */
size_t metrics_matching(const struct spy_metrics *metrics, const char *pattern);
void render_metrics_text(struct output *output, const struct spy_metrics *metrics,
			 const struct metrics_options *options);
void render_metrics_json(struct output *output, const struct spy_metrics *metrics,
			 const struct metrics_options *options);

/* Which variables, and in which order. */
enum variable_order { VARIABLES_BY_NAME, VARIABLES_BY_SIZE };
struct variable_filter {
	char *const *patterns;      /* of names: a part of one, or a glob(7); one has to match */
	size_t pattern_count;       /* 0: all */
	const char *package, *type; /* the same of those; NULL for all */
	enum variable_order order;
	int64_t limit; /* 0: none */
};

/* Those that the filter lets pass, which the caller frees; *left_out are beyond its limit. */
const struct spy_variable **variables_select(const struct spy_variable_list *list,
					     const struct variable_filter *filter, size_t *count,
					     size_t *left_out);
void render_variables_text(struct output *output, const struct spy_variable *const *variables,
			   size_t count);
void render_variables_json(struct output *output, const struct spy_variable_list *list,
			   const struct spy_variable *const *variables, size_t count);

#endif
