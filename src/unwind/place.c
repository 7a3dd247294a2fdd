/* SPDX-License-Identifier: MIT */
#include "unwind/place.h"

#include <string.h>

static const struct {
	const char *name;
	enum role role;
} roles[] = {
	/* runtime/traceback.go: topofstack (to 1.16), and what is flagged TOPFRAME since */
	{ .name = "goexit", .role = ROLE_TOP },
	{ .name = "mstart", .role = ROLE_TOP },
	{ .name = "rt0_go", .role = ROLE_TOP },
	{ .name = "externalthreadhandler", .role = ROLE_TOP },
	{ .name = "gopanic", .role = ROLE_GOPANIC },
	{ .name = "sigpanic", .role = ROLE_SIGPANIC },
	{ .name = "panicwrap", .role = ROLE_PANICWRAP },
	{ .name = "asyncPreempt", .role = ROLE_INJECTED },
	{ .name = "debugCallV2", .role = ROLE_INJECTED },
	{ .name = "cgocallback", .role = ROLE_CGOCALLBACK },
	{ .name = "cgocallback_gofunc", .role = ROLE_CGOCALLBACK },
	{ .name = "systemstack", .role = ROLE_SYSTEMSTACK },
	{ .name = "mcall", .role = ROLE_SYSTEMSTACK },
	{ .name = "morestack", .role = ROLE_MORESTACK },
	{ .name = "sigtramp", .role = ROLE_SIGTRAMP },
	{ .name = "cgoSigtramp", .role = ROLE_SIGTRAMP },
	{ .name = "runFinalizers", .role = ROLE_FINALIZERS },
	{ .name = "runCleanups", .role = ROLE_FINALIZERS },
};

static const char runtime_prefix[] = "runtime.";

static enum role role_of(const char *name)
{
	size_t i;

	if (strncmp(name, runtime_prefix, sizeof(runtime_prefix) - 1) != 0)
		return ROLE_NORMAL;
	name += sizeof(runtime_prefix) - 1;
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(name, roles[i].name) == 0)
			return roles[i].role;
	return ROLE_NORMAL;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* runtime/traceback.go: isExportedRuntime. Up to 1.22 the first letter after "runtime." decides,
 * and a method's is its "(". */
static bool is_exported_runtime(const char *name, bool by_receiver)
{
	const char *method, *receiver = name + sizeof(runtime_prefix) - 1;

	if (!by_receiver)
		return is_upper(receiver[0]);
	method = strrchr(receiver, '.');
	if (!method)
		return is_upper(receiver[0]);
	if (receiver[0] == '(' && receiver[1] == '*' && method - receiver >= 3 && method[-1] == ')')
		receiver += 2;
	return is_upper(method[1]) && (receiver == method || is_upper(receiver[0]));
}

/* runtime/traceback.go: showfuncinfo, the part about the name. */
static bool is_user_name(const char *name, const struct runtime_traits *traits)
{
	if (!strchr(name, '.'))
		return false;
	return strncmp(name, runtime_prefix, sizeof(runtime_prefix) - 1) != 0 ||
	       is_exported_runtime(name, traits->exported_by_receiver);
}

/* Where the type arguments of a method begin again after those of its receiver: the "].name["
 * between two pairs of brackets at depth 0 (1.27: runtime/traceback.go: funcNamePiecesForPrint). */
static bool second_arguments(const char *inner, size_t size, size_t *close, size_t *open)
{
	bool closed = false;
	int depth = 1;
	size_t i;

	for (i = 0; i < size; i++) {
		if (inner[i] == '[' && ++depth == 1) {
			*open = i;
			return closed;
		}
		if (inner[i] == ']' && --depth == 0) {
			*close = i;
			closed = true;
		}
		if (depth < 0)
			return false;
	}
	return false;
}

/* The name as a traceback prints it. */
static const char *print_name(struct unwinder *unwinder, const char *name)
{
	enum traceback_type_arguments how = unwinder->traits->type_arguments;
	const char *first = strchr(name, '['), *last = strrchr(name, ']');
	size_t close = 0, open = 0;

	if (strcmp(name, "runtime.gopanic") == 0)
		return "panic";
	if (how == TYPE_ARGUMENTS_AS_IS || !first || !last || last <= first)
		return arena_string(unwinder->arena, name);
	if (how == TYPE_ARGUMENTS_TWO &&
	    second_arguments(first + 1, (size_t)(last - first) - 1, &close, &open))
		return arena_printf(unwinder->arena, "%.*s[...]%.*s[...]%s", (int)(first - name),
				    name, (int)(open - close - 1), first + 1 + close + 1, last + 1);
	return arena_printf(unwinder->arena, "%.*s[...]%s", (int)(first - name), name, last + 1);
}

/* Copies of names and files that stand in the tables, one each. */
static const char *shared_name(struct unwinder *unwinder, const char *name)
{
	bool found;
	uint64_t copy = map_get(&unwinder->strings, (uintptr_t)name, &found);

	if (!found) {
		copy = (uintptr_t)print_name(unwinder, name);
		map_put(&unwinder->strings, (uintptr_t)name, copy);
	}
	return (const char *)(uintptr_t)copy;
}

static const char *shared_file(struct unwinder *unwinder, const char *file)
{
	bool found;
	uint64_t copy = map_get(&unwinder->strings, (uintptr_t)file, &found);

	if (!found) {
		copy = (uintptr_t)arena_string(unwinder->arena, file);
		map_put(&unwinder->strings, (uintptr_t)file, copy);
	}
	return (const char *)(uintptr_t)copy;
}

static const struct spy_location *new_location(struct unwinder *unwinder, const struct place *place,
					       const struct pclntab_call *call)
{
	struct spy_location *location = arena_alloc(unwinder->arena, 1, sizeof(*location));

	*location = (struct spy_location){ .function = shared_name(unwinder, call->function),
					   .file = shared_file(unwinder, call->file),
					   .line = call->line,
					   .pc = place->pc,
					   .pc_offset = place->pc - place->func.entry,
					   .inlined = call->inlined };
	return location;
}

static void find_function(struct unwinder *unwinder, struct place *place)
{
	const struct runtime_traits *traits = unwinder->traits;
	const char *file;
	int64_t line;

	place->in_code = code_find(unwinder->code, place->pc, &place->tab, &place->func);
	if (!place->in_code)
		return;
	place->role = role_of(place->func.name);
	place->has_delta = pclntab_sp_delta(place->tab, &place->func, place->pc, &place->delta) &&
			   place->delta >= 0;
	if (traits->flags_end_stacks) {
		place->ends = place->func.flags & PCLNTAB_TOP_FRAME;
		place->sp_write =
		    place->func.flags & PCLNTAB_SP_WRITE && place->role != ROLE_CGOCALLBACK;
	} else {
		place->ends = place->role == ROLE_TOP || place->role == ROLE_MORESTACK ||
			      strcmp(place->func.name, "runtime.mcall") == 0;
	}
	if (traits->wrappers == WRAPPERS_BY_FILE) {
		pclntab_line(place->tab, &place->func, place->func.entry, &file, &line);
		place->autogenerated = strcmp(file, "<autogenerated>") == 0;
	}
}

static struct place *find_place(struct unwinder *unwinder, uint64_t pc)
{
	bool found;
	uint64_t known = map_get(&unwinder->places, pc, &found);
	struct place *place;

	if (found)
		return (struct place *)(uintptr_t)known;
	place = arena_alloc(unwinder->arena, 1, sizeof(*place));
	place->pc = pc;
	find_function(unwinder, place);
	map_put(&unwinder->places, pc, (uintptr_t)place);
	return place;
}

struct place *place_of(struct unwinder *unwinder, uint64_t pc)
{
	struct place **recent = &unwinder->recent[pc % RECENT_PLACES];

	if (!*recent || (*recent)->pc != pc)
		*recent = find_place(unwinder, pc);
	return *recent;
}

static void symbolise(struct unwinder *unwinder, const struct place *place, uint64_t pc,
		      struct calls *ret)
{
	struct pclntab_call calls[PCLNTAB_CALLS_MAX];
	size_t count = pclntab_calls(place->tab, &place->func, pc, calls, PCLNTAB_CALLS_MAX), i;

	ret->known = true;
	ret->count = count;
	/* Up to 1.20 the walk through the inlined calls moves the pc that the arguments' liveness
	 * is asked for (runtime/traceback.go: gentraceback: tracepc). */
	ret->argument_pc = unwinder->traits->arguments_follow_inlining ? calls[count - 1].pc : pc;
	ret->items = arena_alloc(unwinder->arena, count, sizeof(*ret->items));
	for (i = 0; i < count; i++)
		ret->items[i] =
		    (struct call){ .location = new_location(unwinder, place, &calls[i]),
				   .role = role_of(calls[i].function),
				   .wrapper = unwinder->traits->wrapper_func_id &&
					      calls[i].func_id == unwinder->traits->wrapper_func_id,
				   .user = is_user_name(calls[i].function, unwinder->traits) };
}

struct calls *place_calls(struct unwinder *unwinder, struct place *place, bool exact)
{
	/* A place at a function's entry has no call before it: runtime.funcline's tracepc. */
	bool at = exact || place->pc == place->func.entry;
	struct calls *calls = at ? &place->at : &place->before;

	if (!calls->known)
		symbolise(unwinder, place, at ? place->pc : place->pc - 1, calls);
	return calls;
}

struct unwinder *unwinder_new(const struct code *code, const struct runtime_traits *traits,
			      struct arena *arena)
{
	struct unwinder *unwinder = memory_zeroed(1, sizeof(*unwinder));

	unwinder->code = code;
	unwinder->traits = traits;
	unwinder->arena = arena;
	return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	map_free(&unwinder->places);
	map_free(&unwinder->strings);
	vector_free(&unwinder->frames);
	vector_free(&unwinder->in_stack);
	map_free(&unwinder->stores);
	free(unwinder);
}

const struct spy_location *unwinder_locate(struct unwinder *unwinder, uint64_t pc, bool exact)
{
	struct place *place = place_of(unwinder, pc);

	return place->in_code ? place_calls(unwinder, place, exact)->items[0].location : NULL;
}

static const struct spy_location *new_creator(struct unwinder *unwinder, const struct place *place)
{
	struct pclntab_call line = { .function = place->func.name };
	uint64_t pc = place->pc > place->func.entry ? place->pc - 1 : place->pc;

	pclntab_line(place->tab, &place->func, pc, &line.file, &line.line);
	return new_location(unwinder, place, &line);
}

const struct spy_location *unwinder_creator(struct unwinder *unwinder, uint64_t pc,
					    enum spy_view view)
{
	struct place *place = place_of(unwinder, pc);
	const struct call *call;
	const struct calls *calls;

	if (!place->in_code)
		return NULL;
	calls = place_calls(unwinder, place, false);
	call = &calls->items[calls->count - 1];
	/* showframe(f, gp, false, normal, normal) */
	if (view == SPY_VIEW_USER && (call->wrapper || !(call->user || call->role == ROLE_GOPANIC)))
		return NULL;
	if (!place->creator)
		place->creator = new_creator(unwinder, place);
	return place->creator;
}

const char *unwinder_function(struct unwinder *unwinder, uint64_t pc)
{
	const struct place *place = place_of(unwinder, pc);

	return place->in_code ? place->func.name : NULL;
}

const struct unwind_place *unwinder_places(const struct unwinder *unwinder, size_t *count)
{
	*count = unwinder->in_stack.count;
	return unwinder->in_stack.items;
}

uint64_t unwinder_entry(struct unwinder *unwinder, const struct unwind_place *place)
{
	const struct place *code = place_of(unwinder, place->pc);

	return code->in_code ? code->func.entry : 0;
}

int64_t unwinder_first_line(struct unwinder *unwinder, const struct unwind_place *place)
{
	const struct place *code = place_of(unwinder, place->pc);
	const char *file;
	int64_t line = 0;

	if (code->in_code)
		pclntab_line(code->tab, &code->func, code->func.entry, &file, &line);
	return line;
}

static const struct frame_stores *stores_of(struct unwinder *unwinder, const struct place *at,
					    const uint8_t *code, size_t size)
{
	bool found;
	uint64_t known = map_get(&unwinder->stores, at->func.entry, &found);
	struct frame_stores *stores;

	if (found)
		return (const struct frame_stores *)(uintptr_t)known;
	stores = arena_alloc(unwinder->arena, 1, sizeof(*stores));
	frame_stores_find(at->tab, &at->func, code, size, unwinder->arena, stores);
	map_put(&unwinder->stores, at->func.entry, (uintptr_t)stores);
	return stores;
}

bool unwinder_was_set(struct unwinder *unwinder, const struct unwind_place *place,
		      const uint8_t *code, size_t size, int64_t low, int64_t high, int64_t line)
{
	const struct place *at = place_of(unwinder, place->pc);
	const struct frame_stores *stores;
	bool before = false, of_line = false;
	size_t i;

	if (!at->in_code)
		return false;
	stores = stores_of(unwinder, at, code, size);
	for (i = 0; i < stores->count; i++) {
		struct frame_store *store = &stores->items[i];
		const char *file;

		if (store->low >= high || store->high <= low)
			continue;
		before |= store->pc < place->pc;
		if (line < 0)
			continue;
		if (store->line < 0)
			pclntab_line(at->tab, &at->func, store->pc, &file, &store->line);
		if (store->line == line && store->pc < place->pc)
			return true;
		of_line |= store->line == line;
	}
	return before && !of_line;
}

bool unwinder_is_used(struct unwinder *unwinder, const struct unwind_place *place,
		      uint64_t variable, const uint64_t *words, size_t count)
{
	enum { RETURN_BYTES = 8, FRAME_POINTER_BYTES = 8 };
	const struct place *at = place_of(unwinder, place->pc);
	bool has_frame = at->delta > 0;
	int64_t start = (int64_t)(variable - place->cfa);
	size_t i;

	/* The maps are those of calls. */
	if (!at->in_code || place->exact)
		return true;
	if (start < 0)
		start += RETURN_BYTES + (has_frame ? FRAME_POINTER_BYTES : 0);
	if (pclntab_has_stack_object(at->tab, &at->func, start))
		return true;
	for (i = 0; i < count; i++)
		if (pclntab_word_is_live(at->tab, &at->func, place->pc,
					 (int64_t)(words[i] - place->cfa),
					 has_frame) == PCLNTAB_DEAD)
			return false;
	return true;
}
