/* SPDX-License-Identifier: MIT */
#include "fuzz/answer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char unknown[] = "-";

static uint64_t hash_of(const char *string)
{
	uint64_t hash = 14695981039346656037ull; /* FNV-1a */

	for (; *string; string++)
		hash = (hash ^ (uint8_t)*string) * 1099511628211ull;
	return hash;
}

/* Begins a statement; what is added to the text until the next is its value. */
static void begin(struct answer *answer, enum answer_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void begin(struct answer *answer, enum answer_kind kind, const char *format, ...)
{
	struct statement *statement = vector_push(&answer->statements);
	va_list arguments;

	statement->kind = kind;
	statement->key = answer->text.length;
	va_start(arguments, format);
	text_vprintf(&answer->text, format, arguments);
	va_end(arguments);
	text_add_bytes(&answer->text, "", 1);
	statement->value = answer->text.length;
	answer->count[kind]++;
}

static void end(struct answer *answer)
{
	text_add_bytes(&answer->text, "", 1);
}

static void put_number(struct answer *answer, int64_t number)
{
	if (number == SPY_UNKNOWN)
		text_add(&answer->text, unknown);
	else
		text_printf(&answer->text, "%" PRId64, number);
	end(answer);
}

static void put_string(struct answer *answer, const char *string)
{
	text_add(&answer->text, string && strcmp(string, "?") != 0 ? string : unknown);
	end(answer);
}

/* A function, a file, and where in them: each may be unknown by itself. */
static void add_place(struct answer *answer, const struct spy_location *location,
		      const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add_place(struct answer *answer, const struct spy_location *location,
		      const char *format, ...)
{
	char name[64];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	begin(answer, ANSWER_NAMES, "%s", name);
	put_string(answer, location ? location->function : NULL);
	begin(answer, ANSWER_NAMES, "%s file", name);
	put_string(answer, location ? location->file : NULL);
	begin(answer, ANSWER_NAMES, "%s line", name);
	put_number(answer, location && location->line ? location->line : SPY_UNKNOWN);
	begin(answer, ANSWER_NAMES, "%s offset", name);
	put_number(answer, location ? (int64_t)location->pc_offset : SPY_UNKNOWN);
	begin(answer, ANSWER_NAMES, "%s inlined", name);
	put_number(answer, location ? location->inlined : SPY_UNKNOWN);
}

static void put_numbers(struct answer *answer, enum answer_kind kind, const char *of,
			const int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		begin(answer, kind, "%s %zu", of, i);
		put_number(answer, numbers[i]);
	}
}

static void add_process(struct answer *answer, const struct spy_snapshot *snapshot)
{
	const struct spy_gc *gc = &snapshot->gc;
	int64_t collector[] = { gc->cycles,          gc->forced,  gc->last_at,
				gc->next_heap_bytes, gc->percent, gc->memory_limit_bytes,
				gc->pause_total_ns };
	int64_t memory[sizeof(snapshot->memory) / sizeof(int64_t)];
	int64_t scheduler[sizeof(snapshot->scheduler) / sizeof(int64_t)];

	memcpy(memory, &snapshot->memory, sizeof(memory));
	memcpy(scheduler, &snapshot->scheduler, sizeof(scheduler));
	put_numbers(answer, ANSWER_STATE, "gc", collector, sizeof(collector) / sizeof(*collector));
	put_numbers(answer, ANSWER_STATE, "memory", memory, sizeof(memory) / sizeof(*memory));
	put_numbers(answer, ANSWER_STATE, "scheduler", scheduler,
		    sizeof(scheduler) / sizeof(*scheduler));
	/* Without the runtime's own, which the names of their functions tell. */
	put_numbers(answer, ANSWER_SYSTEM, "by status", snapshot->goroutine_counts.by_status,
		    SPY_STATUS_COUNT);
	begin(answer, ANSWER_STATE, "dead");
	put_number(answer, snapshot->goroutine_counts.dead);
	begin(answer, ANSWER_STATE, "gc phase");
	put_string(answer, gc->phase);
	begin(answer, ANSWER_STATE, "gc cpu");
	if (isnan(gc->cpu_fraction))
		text_add(&answer->text, unknown);
	else
		text_printf(&answer->text, "%.6g", gc->cpu_fraction);
	end(answer);
	begin(answer, ANSWER_IDENTITY, "go version");
	put_string(answer, snapshot->go_version);
	begin(answer, ANSWER_IDENTITY, "path");
	put_string(answer, snapshot->build.path);
}

static void add_scheduler(struct answer *answer, const struct spy_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->p_count; i++) {
		const struct spy_p *p = &snapshot->ps[i];
		int64_t numbers[] = { p->run_queue, p->m, p->goroutine, p->scheduler_ticks,
				      p->syscall_ticks };
		char name[32];

		snprintf(name, sizeof(name), "p%" PRId64, p->id);
		put_numbers(answer, ANSWER_STATE, name, numbers,
			    sizeof(numbers) / sizeof(*numbers));
		begin(answer, ANSWER_STATE, "%s status", name);
		put_string(answer, p->status);
	}
	for (size_t i = 0; i < snapshot->m_count; i++) {
		const struct spy_m *m = &snapshot->ms[i];
		int64_t numbers[] = { m->thread,           m->p,       m->goroutine,
				      m->locked_goroutine, m->blocked, m->spinning };
		char name[32];

		snprintf(name, sizeof(name), "m%" PRId64, m->id);
		put_numbers(answer, ANSWER_STATE, name, numbers,
			    sizeof(numbers) / sizeof(*numbers));
	}
}

static void add_stack(struct answer *answer, const struct spy_goroutine *g)
{
	for (size_t i = 0; i < g->frame_count; i++)
		add_place(answer, g->frames[i].location, "g%" PRId64 " frame %zu", g->id, i);
	add_place(answer, g->start, "g%" PRId64 " start", g->id);
	add_place(answer, g->caller, "g%" PRId64 " caller", g->id);
	/* What the runtime's own goroutines are is told by the names of their functions. */
	begin(answer, ANSWER_SYSTEM, "g%" PRId64 " system", g->id);
	put_number(answer, g->system);
	answer->warnings += g->stack_note != NULL;
}

static void add_goroutine(struct answer *answer, const struct spy_goroutine *g)
{
	int64_t numbers[] = { (int64_t)g->address, g->locked_to_thread, g->thread, g->m,
			      g->wait_ns };
	int64_t waits[] = { (int64_t)g->wait.address, g->wait.capacity, g->wait.length,
			    g->wait.cases, g->wait.element_bytes };
	char name[32];

	snprintf(name, sizeof(name), "g%" PRId64, g->id);
	put_numbers(answer, ANSWER_STATE, name, numbers, sizeof(numbers) / sizeof(*numbers));
	begin(answer, ANSWER_STATE, "%s status", name);
	put_string(answer, spy_status_name(g->status));
	/* The words stand in the program, and tell what it is that it waits on. */
	begin(answer, ANSWER_NAMES, "%s wait reason", name);
	put_string(answer, g->wait_reason);
	snprintf(name, sizeof(name), "g%" PRId64 " wait", g->id);
	put_numbers(answer, ANSWER_NAMES, name, waits, sizeof(waits) / sizeof(*waits));
	snprintf(name, sizeof(name), "g%" PRId64, g->id);
	begin(answer, ANSWER_NAMES, "%s element type", name);
	put_string(answer, g->wait.element_type);
	for (size_t i = 0; i < g->label_count; i++) { /* most stand in the program, too */
		begin(answer, ANSWER_NAMES, "%s label %s", name, g->labels[i].key);
		put_string(answer, g->labels[i].value);
	}
	add_stack(answer, g);
}

void answer_make(const struct spy_snapshot *snapshot, struct answer *ret)
{
	*ret = (struct answer){ .warnings = snapshot->warning_count };
	add_process(ret, snapshot);
	add_scheduler(ret, snapshot);
	for (size_t i = 0; i < snapshot->goroutine_count; i++)
		add_goroutine(ret, &snapshot->goroutines[i]);
}

void answer_free(struct answer *answer)
{
	text_free(&answer->text);
	vector_free(&answer->statements);
	map_free(&answer->by_key);
}

/* Which statement of the truth has the key of this one; NULL if none. Most often it stands at the
 * same place. */
static const struct statement *find(const struct answer *truth, const struct answer *seen,
				    size_t at)
{
	const char *key = seen->text.bytes + seen->statements.items[at].key;
	bool found;
	size_t i;

	if (at < truth->statements.count &&
	    strcmp(truth->text.bytes + truth->statements.items[at].key, key) == 0)
		return &truth->statements.items[at];
	i = (size_t)map_get(&truth->by_key, hash_of(key), &found);
	return found ? &truth->statements.items[i] : NULL;
}

static void index_keys(struct answer *truth)
{
	for (size_t i = 0; i < truth->statements.count; i++)
		map_put(&truth->by_key, hash_of(truth->text.bytes + truth->statements.items[i].key),
			i);
}

char *answer_lie(const struct answer *truth, const struct answer *seen, unsigned kinds)
{
	struct text lie = { 0 };

	if (truth->text.length == seen->text.length &&
	    memcmp(truth->text.bytes, seen->text.bytes, seen->text.length) == 0)
		return NULL;
	if (seen->warnings > truth->warnings)
		kinds &= ~(1u << ANSWER_SYSTEM);
	if (!truth->by_key.count)
		index_keys((struct answer *)truth);
	for (size_t i = 0; i < seen->statements.count; i++) {
		const struct statement *said = &seen->statements.items[i], *want;
		const char *value = seen->text.bytes + said->value;

		if (!(kinds & (1u << said->kind)) || strcmp(value, unknown) == 0)
			continue;
		want = find(truth, seen, i);
		if (want && strcmp(truth->text.bytes + want->value, value) == 0)
			continue;
		text_printf(&lie, "%s is %s, should be %s", seen->text.bytes + said->key, value,
			    want ? truth->text.bytes + want->value : "absent");
		return text_take(&lie);
	}
	for (int kind = 0; kind < ANSWER_KINDS; kind++)
		if (kinds & (1u << kind) && seen->count[kind] < truth->count[kind] &&
		    seen->warnings <= truth->warnings) {
			text_printf(&lie,
				    "%zu statements of kind %d, should be %zu, and no warning",
				    seen->count[kind], kind, truth->count[kind]);
			return text_take(&lie);
		}
	return NULL;
}
