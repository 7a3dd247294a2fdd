/* SPDX-License-Identifier: MIT
 *
 * The heap as text: spy heap. Totals first, then the classes, then the Ps.
 */
#include <string.h>

#include "render/heap_fields.h"
#include "render/render.h"
#include "render/table.h"
#include "render/units.h"

#define LABEL_WIDTH 12
#define BAR_WIDTH   20
#define NEVER_BYTES (1ll << 60)

/* Begins a line: its label, aligned. */
static struct text *line(struct output *output, const char *label)
{
	text_printf(&output->text, "%s%-*s%s", output_colour(output, COLOUR_BOLD), LABEL_WIDTH,
		    label, output_colour(output, COLOUR_NONE));
	return &output->text;
}

static void add_bytes(struct text *text, int64_t bytes)
{
	char buffer[UNITS_MAX];

	text_add(text, units_bytes(bytes, buffer));
}

/* ", 12.3 MiB words" */
static void part(struct text *text, int64_t bytes, const char *words)
{
	text_add(text, ", ");
	add_bytes(text, bytes);
	text_add(text, " ");
	text_add(text, words);
}

static void add_count(struct text *text, int64_t count)
{
	char buffer[UNITS_MAX];

	text_add(text, units_count(count, buffer));
}

static void add_percent(struct text *text, int64_t some, int64_t whole)
{
	if (some != SPY_UNKNOWN && whole != SPY_UNKNOWN && whole > 0)
		text_printf(text, " (%.1f%%)", (double)some * 100 / (double)whole);
}

/* What is unknown makes unknown; so does what is out of all bounds. */
static int64_t difference(int64_t a, int64_t b)
{
	int64_t result;

	if (a == SPY_UNKNOWN || b == SPY_UNKNOWN || __builtin_sub_overflow(a, b, &result))
		return SPY_UNKNOWN;
	return result;
}

static int64_t product(int64_t a, int64_t b)
{
	int64_t result;

	if (a == SPY_UNKNOWN || b == SPY_UNKNOWN || __builtin_mul_overflow(a, b, &result))
		return SPY_UNKNOWN;
	return result;
}

static void add_to(int64_t *sum, int64_t value)
{
	if (*sum == SPY_UNKNOWN || value == SPY_UNKNOWN || __builtin_add_overflow(*sum, value, sum))
		*sum = SPY_UNKNOWN;
}

static void totals(struct output *output, const struct spy_heap *heap)
{
	const struct spy_memstats *memstats = heap->memstats;
	struct text *text = line(output, "Heap:");

	add_bytes(text, memstats->heap_alloc_bytes);
	text_add(text, " in ");
	add_count(text, memstats->heap_objects);
	text_add(text, " objects, in spans of ");
	add_bytes(text, memstats->heap_inuse_bytes);
	part(text, heap->unused_bytes, "of them unused");
	add_percent(text, heap->unused_bytes, memstats->heap_inuse_bytes);
	text_add(text, "\n");
	text = line(output, "Idle:");
	add_bytes(text, heap->free_bytes);
	text_add(text, " kept");
	part(text, heap->released_bytes, "given back to the system");
	part(text, heap->arena_bytes, "of address space in ");
	add_count(text, heap->arenas);
	text_add(text, heap->arenas == 1 ? " arena\n" : " arenas\n");
}

/* Where the bytes of spans in use are that no object has; and those within objects. */
static void waste(struct output *output, const struct spy_heap *heap)
{
	const struct spy_heap_class *total = &heap->total;
	int64_t tails = total->tail_bytes;
	int64_t slots = difference(difference(total->reserved_bytes, total->in_use_bytes), tails);
	struct text *text = line(output, "Unused:");

	add_bytes(text, slots);
	text_add(text, " in free slots");
	part(text, tails, "at the ends of spans; within objects at most ");
	add_bytes(text, total->waste_bytes);
	text_add(text, "\n");
}

static void sweep(struct output *output, const struct spy_heap *heap)
{
	struct text *text = line(output, "Sweep:");

	text_add(text, heap->sweep_done == SPY_UNKNOWN ? "-"
		       : heap->sweep_done              ? "done"
						       : "not done");
	text_add(text, ", generation ");
	add_count(text, heap->sweep_generation);
	text_add(text, ", ");
	add_count(text, heap->pages_swept);
	text_add(text, " pages swept, ");
	add_count(text, heap->pages_in_use);
	text_add(text, " in use");
	if (heap->total.unswept_spans > 0) {
		text_add(text, ", ");
		add_count(text, heap->total.unswept_spans);
		text_add(text, " spans to go with ");
		add_bytes(text, heap->unswept_dead_bytes);
		text_add(text, " that nothing points at");
	}
	text_add(text, "\n");
}

static void collector(struct output *output, const struct spy_heap *heap)
{
	struct text *text = line(output, "Collector:");

	add_bytes(text, heap->heap_live_bytes);
	text_add(text, " live, next at ");
	if (heap->heap_goal_bytes == -1 || heap->heap_goal_bytes > NEVER_BYTES)
		text_add(text, "never");
	else
		add_bytes(text, heap->heap_goal_bytes);
	text_add(text, ", GOGC ");
	if (heap->percent == -1)
		text_add(text, "off");
	else
		add_count(text, heap->percent);
	text_add(text, ", limit ");
	if (heap->memory_limit_bytes == INT64_MAX) /* math.MaxInt64 is Go's word for none */
		text_add(text, "none");
	else
		add_bytes(text, heap->memory_limit_bytes);
	text_add(text, "\n");
}

static void large(struct output *output, const struct spy_heap *heap)
{
	struct text *text = line(output, "Large:");

	add_count(text, heap->large.objects_in_use);
	text_add(text, " objects");
	part(text, heap->large.in_use_bytes, "in use; ");
	add_count(text, heap->large_allocs);
	text_add(text, " allocated");
	part(text, heap->large_alloc_bytes, "together, ");
	add_count(text, heap->large_frees);
	text_add(text, " freed");
	part(text, heap->large_free_bytes, "\n");
	text->length -= 2; /* the blank before the end of line, and that */
	text_add(text, "\n");
}

static void metadata(struct output *output, const struct spy_heap *heap)
{
	const struct spy_memstats *memstats = heap->memstats;
	int64_t threads = difference(memstats->stack_sys_bytes, memstats->stack_inuse_bytes);
	struct text *text = line(output, "Runtime:");

	add_bytes(text, memstats->stack_inuse_bytes);
	text_add(text, " stacks");
	if (threads > 0)
		part(text, threads, "stacks of threads");
	part(text, memstats->mspan_sys_bytes, "spans");
	part(text, memstats->mcache_sys_bytes, "caches");
	part(text, memstats->gc_sys_bytes, "collector");
	part(text, memstats->buckhash_sys_bytes, "profiles");
	part(text, memstats->other_sys_bytes, "other\n");
	text = line(output, "Together:");
	add_bytes(text, memstats->sys_bytes);
	text_add(text, " from the system");
	part(text, difference(memstats->sys_bytes, heap->released_bytes),
	     "without what was given back\n");
}

static void residents(struct output *output, const struct spy_heap *heap)
{
	const struct spy_residents *residents = &heap->residents;
	struct text *text;

	if (residents->rss_bytes == SPY_UNKNOWN) /* a core */
		return;
	text = line(output, "Resident:");
	add_bytes(text, residents->rss_bytes);
	text_add(text, ": ");
	add_bytes(text, residents->arenas_bytes);
	text_add(text, " heap and stacks");
	part(text, residents->anonymous_bytes, "runtime and C");
	part(text, residents->files_bytes, "program and files");
	part(text, residents->stack_bytes, "first stack");
	if (residents->other_bytes > 0)
		part(text, residents->other_bytes, "of the kernel");
	text_add(text, "\n");
}

static void states(struct output *output, const struct spy_heap *heap)
{
	struct text *text = line(output, "Spans:");
	size_t i;

	add_count(text, heap->spans);
	for (i = 0; i < heap->state_count; i++) {
		const struct spy_span_state *state = &heap->states[i];

		text_add(text, i ? ", " : ": ");
		add_count(text, state->spans);
		text_add(text, " ");
		put_string(text, strcmp(state->name, "in_use") == 0 ? "in use" : state->name);
		if (state->pages) {
			text_add(text, " of ");
			add_bytes(text, product(state->pages, heap->page_bytes));
		}
	}
	text_add(text, "\n\n");
}

/* How full the spans of a class are: "######----" */
static int bar_length(int64_t part, int64_t largest)
{
	double length = (double)part / (double)largest * BAR_WIDTH + 0.5;

	return length > BAR_WIDTH ? BAR_WIDTH : (int)length;
}

static void add_bar(struct text *text, int64_t some, int64_t whole, int64_t largest)
{
	static const char full[] = "####################", room[] = "....................";
	int length, filled;

	if (some < 0 || whole <= 0 || largest <= 0)
		return;
	length = bar_length(whole, largest);
	filled = bar_length(some < whole ? some : whole, largest);
	text_printf(text, "%.*s%.*s", filled, full, length - filled, room);
}

static void class_row(struct table *table, const struct spy_heap_class *class, int64_t largest)
{
	const struct field *field;
	struct text *text = &table->text;

	for (field = heap_class_fields; field->name; field++) {
		if (!field->title)
			continue;
		if (class->number == 0 && field->offset == offsetof(struct spy_heap_class, number))
			text_add(text, "large");
		else if (class->number == 0 &&
			 field->offset == offsetof(struct spy_heap_class, size_bytes))
			text_add(text, "-");
		else
			field_text(text, field, class);
		table_cell(table, COLOUR_NONE);
	}
	add_bar(text, class->in_use_bytes, class->reserved_bytes, largest);
	table_cell(table, COLOUR_GREEN);
}

static bool is_shown(const struct spy_heap_class *class, bool all)
{
	return all || class->spans > 0;
}

static void classes(struct output *output, const struct spy_heap *heap, bool all)
{
	struct table_column columns[16];
	struct table table = { .columns = columns };
	int64_t largest = heap->large.reserved_bytes;
	const struct field *field;
	size_t i;

	for (field = heap_class_fields; field->name; field++)
		if (field->title)
			columns[table.column_count++] =
			    (struct table_column){ .title = field->title, .right = true };
	columns[table.column_count++] = (struct table_column){ .title = "USED" };
	for (i = 0; i < heap->class_count; i++)
		if (heap->classes[i].reserved_bytes > largest)
			largest = heap->classes[i].reserved_bytes;
	for (i = 0; i < heap->class_count; i++)
		if (is_shown(&heap->classes[i], all))
			class_row(&table, &heap->classes[i], largest);
	if (is_shown(&heap->large, all))
		class_row(&table, &heap->large, largest);
	table_print(&table, output, 0);
	table_free(&table);
	text_add(&output->text, "\n");
}

static void ps(struct output *output, const struct spy_heap *heap)
{
	static const struct table_column columns[] = {
		{ .title = "P", .right = true },           { .title = "FLUSHED", .right = true },
		{ .title = "TINY-ALLOCS", .right = true }, { .title = "TINY-USED", .right = true },
		{ .title = "SPANS", .right = true },       { .title = "OBJECTS", .right = true },
		{ .title = "FREE-SLOTS", .right = true },  { .title = "FREE", .right = true },
	};
	struct table table = { .columns = columns,
			       .column_count = sizeof(columns) / sizeof(*columns) };
	size_t i, k;

	for (i = 0; i < heap->p_count; i++) {
		const struct spy_heap_p *p = &heap->ps[i];
		int64_t allocated = 0, slots = 0, bytes = 0;
		const int64_t cells[] = { p->id, p->flush_generation, p->tiny_allocs,
					  p->tiny_used_bytes, (int64_t)p->span_count };

		for (k = 0; k < p->span_count; k++) {
			int64_t left = difference(p->spans[k].capacity, p->spans[k].allocated);

			add_to(&allocated, p->spans[k].allocated);
			add_to(&slots, left);
			add_to(&bytes, product(left, p->spans[k].size_bytes));
		}
		for (k = 0; k < sizeof(cells) / sizeof(*cells); k++) {
			add_count(&table.text, cells[k]);
			table_cell(&table, COLOUR_NONE);
		}
		add_count(&table.text, allocated);
		table_cell(&table, COLOUR_NONE);
		add_count(&table.text, slots);
		table_cell(&table, COLOUR_NONE);
		add_bytes(&table.text, bytes);
		table_cell(&table, COLOUR_NONE);
	}
	table_print(&table, output, 0);
	table_free(&table);
}

/* The spans that the Ps allocate from, each. */
static void cached_spans(struct output *output, const struct spy_heap *heap)
{
	static const struct table_column columns[] = {
		{ .title = "P", .right = true },        { .title = "CLASS", .right = true },
		{ .title = "SIZE", .right = true },     { .title = "POINTERS" },
		{ .title = "PAGES", .right = true },    { .title = "ALLOCATED", .right = true },
		{ .title = "CAPACITY", .right = true },
	};
	struct table table = { .columns = columns,
			       .column_count = sizeof(columns) / sizeof(*columns) };
	size_t i, k;

	for (i = 0; i < heap->p_count; i++)
		for (k = 0; k < heap->ps[i].span_count; k++) {
			const struct spy_cached_span *span = &heap->ps[i].spans[k];

			add_count(&table.text, heap->ps[i].id);
			table_cell(&table, COLOUR_NONE);
			add_count(&table.text, span->class_number);
			table_cell(&table, COLOUR_NONE);
			add_count(&table.text, span->size_bytes);
			table_cell(&table, COLOUR_NONE);
			text_add(&table.text, span->noscan ? "no" : "yes");
			table_cell(&table, COLOUR_NONE);
			add_count(&table.text, span->pages);
			table_cell(&table, COLOUR_NONE);
			add_count(&table.text, span->allocated);
			table_cell(&table, COLOUR_NONE);
			add_count(&table.text, span->capacity);
			table_cell(&table, COLOUR_NONE);
		}
	text_add(&output->text, "\n");
	table_print(&table, output, 0);
	table_free(&table);
}

void render_heap_text(struct output *output, const struct spy_heap *heap, bool all)
{
	char buffer[UNITS_MAX];
	struct text *text = line(output, "Process:");

	put_number(text, heap->pid);
	text_add(text, ", ");
	put_string(text, heap->go_version);
	text_printf(text, ", paused for %s\n",
		    heap->paused_ns ? units_duration(heap->paused_ns, buffer) : "nothing");
	totals(output, heap);
	waste(output, heap);
	sweep(output, heap);
	collector(output, heap);
	large(output, heap);
	metadata(output, heap);
	residents(output, heap);
	states(output, heap);
	classes(output, heap, all);
	ps(output, heap);
	if (all)
		cached_spans(output, heap);
}
