/* SPDX-License-Identifier: MIT
 *
 * The heap, and runtime/metrics, of an open target.
 */
#include "runtime/heap.h"
#include <time.h>

#include "procmem/residents.h"
#include "runtime_layouts/metrics.h"
#include "session/session.h"

typedef VECTOR(const char *) warning_list;

static void copy_warnings(const struct go_runtime *runtime, struct arena *arena, warning_list *list)
{
	size_t i;

	for (i = 0; i < runtime->warnings.count; i++)
		*vector_push(list) = arena_string(arena, runtime->warnings.items[i]);
}

/* The list as an array of the arena. */
static const char *const *take_warnings(struct arena *arena, warning_list *list, size_t *count)
{
	const char **warnings = arena_alloc(arena, list->count, sizeof(*warnings));
	size_t i;

	for (i = 0; i < list->count; i++)
		warnings[i] = list->items[i];
	*count = list->count;
	vector_free(list);
	return warnings;
}

static void warn_of_torn(const struct heap_image *image, warning_list *list)
{
	if (!image->collected.memory_fits)
		*vector_push(list) = "the counters changed whenever they were read: what is made "
				     "of them is unknown";
}

static bool fits(const struct heap_image *image, unsigned parts)
{
	return parts & HEAP_SPANS ? heap_agrees(image) : !image->collected.memory->torn;
}

/* Stops a target again that was stopped in the middle of counting. */
static struct spy_error *collect_what_fits(struct spy *spy, unsigned parts, struct heap_image *ret)
{
	enum { STOPS_MAX = 5 };
	struct timespec apart = { .tv_nsec = 2000000 }; /* it has to get on meanwhile */
	int64_t paused_ns = 0;
	int stops;

	for (stops = 1;; stops++) {
		TRY(heap_collect(&spy->runtime, parts, spy->non_blocking, ret));
		paused_ns += ret->collected.paused_ns;
		if (spy->non_blocking || !spy->target->is_live || stops == STOPS_MAX ||
		    fits(ret, parts))
			break;
		heap_image_free(ret);
		nanosleep(&apart, NULL);
		apart.tv_nsec *= 2;
	}
	ret->collected.paused_ns = paused_ns;
	return NULL;
}

/* ---- where it is resident ----------------------------------------------------------------- */

struct resident_sums {
	const struct heap_image *image;
	struct spy_residents *residents;
};

static void add_resident(void *context, uint64_t start, uint64_t end, enum resident_kind kind,
			 int64_t bytes)
{
	const struct resident_sums *sums = context;
	struct spy_residents *residents = sums->residents;

	if (bytes <= 0)
		return;
	residents->rss_bytes += bytes;
	switch (kind) {
	case RESIDENT_ANONYMOUS:
		if (heap_has(sums->image, start, end))
			residents->arenas_bytes += bytes;
		else
			residents->anonymous_bytes += bytes;
		break;
	case RESIDENT_FILE:
		residents->files_bytes += bytes;
		break;
	case RESIDENT_STACK:
		residents->stack_bytes += bytes;
		break;
	case RESIDENT_KERNEL:
		residents->other_bytes += bytes;
		break;
	}
}

static struct spy_residents residents_of(const struct spy *spy, const struct heap_image *image,
					 struct arena *arena, warning_list *warnings)
{
	struct spy_residents residents = { 0 };
	struct resident_sums sums = { .image = image, .residents = &residents };
	struct spy_error *error = NULL;

	if (spy->target->is_live)
		error = residents_each(spy->target->pid, add_resident, &sums);
	if (error)
		*vector_push(warnings) =
		    arena_printf(arena, "where memory is resident is unknown: %s", error->message);
	if (error || !spy->target->is_live)
		residents = (struct spy_residents){ .rss_bytes = SPY_UNKNOWN,
						    .arenas_bytes = SPY_UNKNOWN,
						    .anonymous_bytes = SPY_UNKNOWN,
						    .files_bytes = SPY_UNKNOWN,
						    .stack_bytes = SPY_UNKNOWN,
						    .other_bytes = SPY_UNKNOWN };
	spy_error_free(error);
	return residents;
}

/* ---- the heap ----------------------------------------------------------------------------- */

struct whole_heap {
	struct spy_heap public;
	struct arena arena;
};

static void warn_of_heap(const struct spy *spy, const struct heap_image *image,
			 const struct spy_heap *heap, struct arena *arena, warning_list *warnings)
{
	warn_of_torn(image, warnings);
	if (image->collected.memory_fits && image->spans_known && !heap_agrees(image))
		*vector_push(warnings) =
		    spy->non_blocking
			? "spans and counters are of different moments: the program ran on"
			: "a thread was stopped while it counted: the classes' objects are not "
			  "quite their mallocs less their frees";
	if (!image->spans_known)
		*vector_push(warnings) = "the list of spans could not be read: what they hold is "
					 "unknown";
	if (image->torn_spans)
		*vector_push(warnings) = arena_printf(
		    arena, "%llu of %llu spans changed whenever they were read and are left out",
		    (unsigned long long)image->torn_spans, (unsigned long long)image->spans);
	if (heap->sweep_done == SPY_UNKNOWN)
		*vector_push(warnings) = "there is no runtime.sweep: whether the sweep is done is "
					 "unknown";
	if (image->spans_known && !image->unswept_known)
		*vector_push(warnings) = "mark bits could not be read: what the sweep will free is "
					 "unknown";
	if (heap->p_count && heap->ps[0].flush_generation == SPY_UNKNOWN)
		*vector_push(warnings) =
		    "this version of Go has no flush generation: it came with Go 1.12";
	if (heap->memory_limit_bytes == SPY_UNKNOWN)
		*vector_push(warnings) =
		    "this version of Go has no memory limit: it came with Go 1.19";
}

struct spy_error *spy_heap_take(struct spy *spy, struct spy_heap **ret)
{
	struct heap_image image;
	struct whole_heap *whole;
	warning_list warnings = { 0 };

	TRY(collect_what_fits(spy, HEAP_SPANS, &image));
	whole = memory_zeroed(1, sizeof(*whole));
	heap_make(&spy->runtime, &image, &whole->arena, &whole->public);
	copy_warnings(&spy->runtime, &whole->arena, &warnings);
	warn_of_heap(spy, &image, &whole->public, &whole->arena, &warnings);
	whole->public.pid = spy->target->pid;
	whole->public.go_version = arena_string(&whole->arena, spy->runtime.version);
	whole->public.residents = residents_of(spy, &image, &whole->arena, &warnings);
	whole->public.memory.rss_bytes = whole->public.residents.rss_bytes;
	whole->public.warnings =
	    take_warnings(&whole->arena, &warnings, &whole->public.warning_count);
	heap_image_free(&image);
	*ret = &whole->public;
	return NULL;
}

void spy_heap_free(struct spy_heap *heap)
{
	struct whole_heap *whole = (struct whole_heap *)heap;

	if (!whole)
		return;
	arena_free(&whole->arena);
	free(whole);
}

/* ---- metrics ------------------------------------------------------------------------------ */

struct whole_metrics {
	struct spy_metrics public;
	struct arena arena;
};

static void warn_of_metrics(const struct spy_metrics *metrics, struct arena *arena,
			    warning_list *warnings)
{
	size_t i;

	for (i = 0; i < metrics->count; i++)
		if (!metrics->metrics[i].known)
			*vector_push(warnings) =
			    arena_printf(arena, "%s could not be read", metrics->metrics[i].name);
}

struct spy_error *spy_metrics_take(struct spy *spy, struct spy_metrics **ret)
{
	struct heap_image image;
	struct whole_metrics *whole;
	warning_list warnings = { 0 };

	if (!metrics_are_in(spy->runtime.version))
		return spy_error_with_hint(
		    spy_error_new(SPY_ERROR_DATA,
				  "pid %lld runs %s: runtime/metrics came with Go 1.16",
				  (long long)spy->target->pid, spy->runtime.version),
		    "\"spy stats\" and \"spy heap\" read the memory statistics of any version");
	TRY(collect_what_fits(spy, HEAP_METRICS, &image));
	whole = memory_zeroed(1, sizeof(*whole));
	metrics_make(&spy->runtime, &image, &whole->arena, &whole->public);
	copy_warnings(&spy->runtime, &whole->arena, &warnings);
	if (!image.collected.memory_fits && image.collected.memory->torn)
		warn_of_torn(&image, &warnings);
	warn_of_metrics(&whole->public, &whole->arena, &warnings);
	whole->public.pid = spy->target->pid;
	whole->public.go_version = arena_string(&whole->arena, spy->runtime.version);
	whole->public.warnings =
	    take_warnings(&whole->arena, &warnings, &whole->public.warning_count);
	heap_image_free(&image);
	*ret = &whole->public;
	return NULL;
}

void spy_metrics_free(struct spy_metrics *metrics)
{
	struct whole_metrics *whole = (struct whole_metrics *)metrics;

	if (!whole)
		return;
	arena_free(&whole->arena);
	free(whole);
}
