/* SPDX-License-Identifier: MIT
 *
 * Package variables of an open target: which there are, and what they hold.
 */
#include <time.h>

#include "dwarf/variables.h"
#include "runtime_layouts/renames.h"
#include "session/session.h"
#include "values/evaluate.h"

enum {
	RAW_MAX = 16 << 20, /* bytes of one value */
	REHEARSED_MAX = 16, /* elements of each part: their types are those of the others, mostly */
};

/* An expression that was asked for before. */
struct known_expression {
	const char *text;
	struct expression expression;
};

struct values {
	struct debug_info *info;   /* NULL: none, */
	struct spy_error *no_info; /* for this reason; NULL: there is no DWARF */
	struct value_reader *reader;
	struct arena arena;
	VECTOR(struct known_expression *) known;
};

/* ---- what is kept ------------------------------------------------------------------------- */

struct values *values_of(struct spy *spy)
{
	const struct binary *symbols = program_symbols(&spy->runtime.program);
	struct values *values = spy->values;

	if (values)
		return values;
	values = memory_zeroed(1, sizeof(*values));
	if (binary_has_dwarf(symbols))
		values->no_info = debug_info_open(symbols, &values->info);
	values->reader = value_reader_new(&spy->runtime, values->info);
	spy->values = values;
	return values;
}

struct debug_info *values_debug_info(const struct values *values)
{
	return values->info;
}

struct value_reader *values_reader(const struct values *values)
{
	return values->reader;
}

void values_free(struct values *values)
{
	if (!values)
		return;
	value_reader_free(values->reader);
	debug_info_close(values->info);
	spy_error_free(values->no_info);
	arena_free(&values->arena);
	vector_free(&values->known);
	free(values);
}

/* ---- the list ----------------------------------------------------------------------------- */

struct whole_list {
	struct spy_variable_list public;
	struct arena arena;
};

/* What the compiler and the linker made: initial values ("main..stmp_1"), method tables
 * ("go.itab.*os.File,io.Reader", up to Go 1.11), what cgo declares for others. */
static bool is_made_up(const struct debug_variable *variable)
{
	return !*variable->package || strstr(variable->name, "..") ||
	       !strncmp(variable->name, "go.", 3) || !strncmp(variable->name, "go:", 3);
}

static void list_from_dwarf(struct spy *spy, const struct debug_variable *variables, size_t count,
			    struct whole_list *list)
{
	struct values *values = spy->values;
	struct spy_variable *items = arena_alloc(&list->arena, count, sizeof(*items));
	size_t kept = 0, i;

	for (i = 0; i < count; i++) {
		uint64_t address = variables[i].address + spy->runtime.program.bias;
		struct value_place place;

		if (is_made_up(&variables[i]))
			continue;
		place = value_place_at(values->reader, address, variables[i].type);
		items[kept++] = (struct spy_variable){
			.name = arena_string(&list->arena, variables[i].name),
			.package = arena_string(&list->arena, variables[i].package),
			.type =
			    place.type ? arena_string(&list->arena, place.type->told.name) : NULL,
			.address = address,
			.size_bytes = place.type ? place.type->told.size_bytes : SPY_UNKNOWN,
		};
	}
	list->public.variables = items;
	list->public.count = kept;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct spy_variable *)a)->name,
		      ((const struct spy_variable *)b)->name);
}

/* The runtime's own, which were found without names. */
static void list_from_runtime(const struct spy *spy, struct whole_list *list)
{
	struct spy_variable *items = arena_alloc(&list->arena, GLOBALS, sizeof(*items));
	size_t count = 0, i, length;

	for (i = 0; i < GLOBALS; i++) {
		const struct go_global *global = &spy->runtime.globals[i];
		const char *name = global_name_in(i, spy->runtime.version, &length);
		char *own;

		if (!global->address)
			continue;
		own = arena_bytes(&list->arena, name, length);
		items[count++] = (struct spy_variable){
			.name = own,
			.package =
			    arena_bytes(&list->arena, own, (size_t)(strrchr(own, '.') - own)),
			.type = global_type(i),
			.address = global->address,
			.size_bytes = global->size ? (int64_t)global->size : SPY_UNKNOWN,
		};
	}
	qsort(items, count, sizeof(*items), by_name);
	list->public.variables = items;
	list->public.count = count;
}

/* Those of the target, and one of the reading itself, or NULL. */
static void add_warnings(const struct spy *spy, struct arena *arena, const char *more,
			 const char *const **ret, size_t *count)
{
	size_t own = spy->runtime.warnings.count, i;
	const char **warnings = arena_alloc(arena, own + 1, sizeof(*warnings));

	for (i = 0; i < own; i++)
		warnings[i] = arena_string(arena, spy->runtime.warnings.items[i]);
	if (more)
		warnings[i++] = more;
	*ret = warnings;
	*count = i;
}

/* Why there are no others than the runtime's own, and what helps. */
static const char *warn_of_no_others(const struct spy *spy, struct arena *arena)
{
	const struct spy_error *why = spy->values->no_info;
	const char *file = binary_name(program_symbols(&spy->runtime.program));

	if (why)
		return arena_printf(arena, "only variables of the runtime are known: %s",
				    why->message);
	return arena_printf(arena,
			    "only variables of the runtime are known, since %s has no DWARF: give "
			    "an unstripped build of the same program with --bin FILE",
			    file);
}

struct spy_error *spy_variable_list(struct spy *spy, struct spy_variable_list **ret)
{
	const struct debug_variable *variables = NULL;
	struct values *values = values_of(spy);
	struct whole_list *list;
	const char *warning = NULL;
	size_t count = 0;

	if (values->info)
		TRY(debug_variables(values->info, &variables, &count));
	list = memory_zeroed(1, sizeof(*list));
	if (values->info) {
		list_from_dwarf(spy, variables, count, list);
	} else {
		list_from_runtime(spy, list);
		warning = warn_of_no_others(spy, &list->arena);
	}
	list->public.pid = spy->target->pid;
	list->public.go_version = arena_string(&list->arena, spy->runtime.version);
	add_warnings(spy, &list->arena, warning, &list->public.warnings,
		     &list->public.warning_count);
	*ret = &list->public;
	return NULL;
}

void spy_variable_list_free(struct spy_variable_list *public)
{
	struct whole_list *list = (struct whole_list *)public;

	if (!list)
		return;
	arena_free(&list->arena);
	free(list);
}

/* ---- what an expression says -------------------------------------------------------------- */

struct whole_reading {
	struct spy_value_reading public;
	struct arena arena;
};

/* What is done while the target stands still, or runs. */
struct value_job {
	struct value_reader *reader;
	const struct expression *expression;
	struct spy_value_limits limits;
	bool watch;
	struct arena *arena;
	struct spy_value value;
	const uint8_t *raw;
	size_t raw_bytes;
	int64_t taken_at;
	struct spy_error *error;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void read_value(void *argument)
{
	struct value_job *job = argument;
	struct value_place place;
	const uint8_t *bytes;
	size_t size;

	value_reader_begin(job->reader, job->watch);
	job->taken_at = now_ns();
	job->error = expression_follow(job->reader, job->expression, &place);
	if (job->error)
		return;
	value_read(job->reader, &place, &job->limits, job->arena, &job->value);
	if (place.bytes)
		return;
	bytes = value_own_bytes(job->reader, &place, RAW_MAX, &size);
	if (!bytes)
		return;
	job->raw = (const uint8_t *)arena_bytes(job->arena, bytes, size);
	job->raw_bytes = size;
}

static void no_help(void *argument)
{
	(void)argument;
}

static struct spy_error *find_expression(struct spy *spy, const char *text,
					 const struct expression **ret, bool *first_time)
{
	struct values *values = values_of(spy);
	struct variable_source source = { .runtime = &spy->runtime,
					  .info = values->info,
					  .reader = values->reader };
	struct known_expression *known;
	size_t i;

	*first_time = false;
	for (i = 0; i < values->known.count; i++) {
		if (!strcmp(values->known.items[i]->text, text)) {
			*ret = &values->known.items[i]->expression;
			return NULL;
		}
	}
	known = arena_alloc(&values->arena, 1, sizeof(*known));
	known->text = arena_string(&values->arena, text);
	TRY(expression_find(&source, text, &values->arena, &known->expression));
	*vector_push(&values->known) = known;
	*ret = &known->expression;
	*first_time = true;
	return NULL;
}

static int64_t least(int64_t limit, int64_t most)
{
	return limit <= 0 || limit > most ? most : limit;
}

/* Does before the target is stopped what takes longest: types, names and tables are read from
 * files once and then known. */
static void rehearse(const struct value_job *job)
{
	struct arena arena = { 0 };
	struct value_job rehearsal = { .reader = job->reader,
				       .expression = job->expression,
				       .limits = { .depth = job->limits.depth,
						   .elements =
						       least(job->limits.elements, REHEARSED_MAX),
						   .string_bytes = REHEARSED_MAX },
				       .arena = &arena };

	read_value(&rehearsal);
	spy_error_free(rehearsal.error);
	arena_free(&arena);
}

/* What could not be read of a process that ended says nothing about it. */
static struct spy_error *check_ended(struct spy *spy, const struct value_job *job)
{
	uint8_t byte;
	struct spy_error *error;

	if (!job->error && !job->value.error)
		return NULL;
	error = target_ended(spy->target);
	if (!error)
		error = target_read(spy->target, job->expression->place.address, &byte, 1);
	if (error && error->code == SPY_ERROR_NO_PROCESS)
		return error;
	spy_error_free(error);
	return NULL;
}

static struct spy_error *run_job(struct spy *spy, struct value_job *job, bool first_time,
				 int64_t *paused_ns)
{
	struct paused_work work = { .lead = read_value, .help = no_help, .argument = job };
	struct spy_error *ended;

	job->watch = spy->non_blocking && spy->target->is_live;
	if (job->watch) {
		read_value(job);
	} else {
		if (first_time && spy->target->is_live)
			rehearse(job);
		TRY(target_while_paused(spy->target, &work, paused_ns));
	}
	ended = check_ended(spy, job);
	if (ended) {
		spy_error_free(job->error);
		return ended;
	}
	return job->error;
}

struct spy_error *spy_value_read(struct spy *spy, const char *expression,
				 const struct spy_value_limits *limits,
				 struct spy_value_reading **ret)
{
	struct whole_reading *reading;
	struct value_job job = { 0 };
	struct spy_error *error;
	const char *warning = NULL;
	int64_t paused_ns = 0;
	bool first_time;
	size_t torn;

	TRY(find_expression(spy, expression, &job.expression, &first_time));
	reading = memory_zeroed(1, sizeof(*reading));
	job.reader = spy->values->reader;
	job.limits = limits ? *limits : (struct spy_value_limits){ 0 };
	job.arena = &reading->arena;
	error = run_job(spy, &job, first_time, &paused_ns);
	if (error) {
		spy_value_reading_free(&reading->public);
		return error;
	}
	torn = value_reader_torn(job.reader);
	if (torn)
		warning = arena_printf(
		    &reading->arena, "%zu values changed whenever they were read, and are missing",
		    torn);
	reading->public = (struct spy_value_reading){
		.pid = spy->target->pid,
		.go_version = arena_string(&reading->arena, spy->runtime.version),
		.paused_ns = paused_ns,
		.taken_at = job.taken_at,
		.name = arena_string(&reading->arena, job.expression->name),
		.value = job.value,
		.raw = job.raw,
		.raw_bytes = job.raw_bytes,
	};
	add_warnings(spy, &reading->arena, warning, &reading->public.warnings,
		     &reading->public.warning_count);
	*ret = &reading->public;
	return NULL;
}

void spy_value_reading_free(struct spy_value_reading *public)
{
	struct whole_reading *reading = (struct whole_reading *)public;

	if (!reading)
		return;
	arena_free(&reading->arena);
	free(reading);
}
