/* SPDX-License-Identifier: MIT
 *
 * Finding the variable that an expression begins with.
 */
#include "base/nearest.h"
#include "base/vector.h"
#include "dwarf/variables.h"
#include "runtime_layouts/renames.h"
#include "values/evaluate.h"

enum {
	DOTS_MAX = 64, /* of a name behind its last slash, beyond which they are not looked at */
	NAMED_MAX = 5, /* variables that a message names */
	MEANINGS_MAX = 64,
};

/* One way to read a word: the first `length` bytes are the variable, the rest are fields. */
struct candidate {
	const char *name;   /* of the variable */
	const char *fields; /* ".Server.Port", or "" */
};

struct search {
	const struct variable_source *source;
	struct arena *arena;
	const char *word;
	VECTOR(struct candidate) candidates; /* the first is the most wanted */
};

/* ---- candidates --------------------------------------------------------------------------- */

/* The beginning of the package's last element: dots before it belong to its path. */
static const char *last_element(const char *word)
{
	const char *slash = strrchr(word, '/');

	return slash ? slash + 1 : word;
}

/* All ways to read a word, the longest variable first. */
static void add_candidates(struct search *search, const char *word)
{
	size_t length = strlen(word), least = (size_t)(last_element(word) - word), dots = 0;
	const char *package_end = strchr(word + least, '.');

	if (!package_end)
		return;
	for (;; length--) {
		if (word[length] && word[length] != '.')
			continue;
		if (word + length <= package_end || dots++ == DOTS_MAX)
			return;
		*vector_push(&search->candidates) =
		    (struct candidate){ .name = arena_bytes(search->arena, word, length),
					.fields = word + length };
	}
}

/* Names of other versions, which this one does not have or which mean something else here. */
static void add_renamed(struct search *search)
{
	const char *version = search->source->runtime->version, *word = search->word;
	size_t length;

	for (length = strlen(word); length; length--) {
		const char *name;

		if (word[length] && word[length] != '.')
			continue;
		name = variable_renamed(word, length, version);
		if (name) {
			add_candidates(search,
				       arena_printf(search->arena, "%s%s", name, word + length));
			return;
		}
	}
}

static bool is_named(const char *name, const char *candidate)
{
	size_t length = strlen(name), wanted = strlen(candidate);

	return length >= wanted && !strcmp(name + length - wanted, candidate) &&
	       (length == wanted || name[length - wanted - 1] == '/');
}

/* Which of them was found: in full if any is, else by the end of its import path. */
static const struct candidate *candidate_of(const struct search *search, const char *name)
{
	size_t i;

	for (i = 0; i < search->candidates.count; i++)
		if (!strcmp(search->candidates.items[i].name, name))
			return &search->candidates.items[i];
	for (i = 0; i < search->candidates.count; i++)
		if (is_named(name, search->candidates.items[i].name))
			return &search->candidates.items[i];
	return NULL;
}

/* ---- errors ------------------------------------------------------------------------------- */

/* "db.pool" of "example.com/db.pool". */
static const char *brief(const char *name)
{
	return last_element(name);
}

/* The variable that is meant, were it there: with as few fields as can be. */
static const char *shortest(const struct search *search)
{
	const char *name = search->word;
	size_t i;

	for (i = 0; i < search->candidates.count; i++) {
		const char *candidate = search->candidates.items[i].name;

		if (strlen(candidate) < strlen(name) &&
		    !strncmp(candidate, search->word, strlen(candidate)))
			name = candidate;
	}
	return name;
}

/* The names that other versions have serve as well. */
static void offer_renamed(const struct search *search, struct nearest *nearest)
{
	const char *version = search->source->runtime->version, *name;
	size_t i;

	for (i = 0; (name = variable_renamed_at(i)); i++)
		if (variable_renamed(name, strlen(name), version))
			nearest_offer_as(nearest, name, strchr(last_element(name), '.') + 1);
}

static void offer_all(const struct search *search, struct nearest *nearest, bool without_package)
{
	const struct debug_variable *variables;
	size_t count, i;

	offer_renamed(search, nearest);
	if (spy_error_caught(debug_variables(search->source->info, &variables, &count)))
		return;
	for (i = 0; i < count; i++) {
		const char *name = brief(variables[i].name), *dot = strchr(name, '.');

		if (without_package && dot)
			name = dot + 1;
		nearest_offer_as(nearest, variables[i].name, name);
	}
}

static struct spy_error *not_there(const struct search *search)
{
	bool without_package = !strchr(last_element(search->word), '.');
	const char *wanted = shortest(search);
	const char *dot = strrchr(wanted, '.');
	/* Package names are rarely mistyped, and rarely short. */
	struct nearest nearest = { .word = wanted,
				   .allowed = (strlen(dot ? dot : wanted) + 2) / 3 };
	struct text text = { 0 };
	struct spy_error *error = spy_error_new(SPY_ERROR_USAGE, "there is no variable %s", wanted);

	if (search->source->info)
		offer_all(search, &nearest, without_package);
	nearest_print(&nearest, &text);
	if (nearest.count)
		error = spy_error_with_hint(error, "nearest: %s", text.bytes);
	else if (without_package)
		error = spy_error_with_hint(error,
					    "a variable is named with its package, as in "
					    "main.%s",
					    search->word);
	else
		error = spy_error_with_hint(error, "\"spy vars\" lists those that there are");
	text_free(&text);
	return error;
}

static struct spy_error *several(const struct search *search,
				 const struct debug_variable *variables, size_t count)
{
	struct text text = { 0 };
	struct spy_error *error;
	size_t i;

	for (i = 0; i < count && i < NAMED_MAX; i++)
		text_printf(&text, "%s%s", i ? ", " : "", variables[i].name);
	error = spy_error_with_hint(
	    spy_error_new(SPY_ERROR_USAGE, "%s may be several variables", search->word), "%s%s",
	    text.bytes, count > NAMED_MAX ? ", …" : "");
	text_free(&text);
	return error;
}

static struct spy_error *with_file_hint(struct spy_error *error)
{
	return spy_error_with_hint(error, "give an unstripped build of the same program, without "
					  "-ldflags=\"-s -w\", with --bin FILE");
}

/* ---- with DWARF --------------------------------------------------------------------------- */

/* What is declared by another package than its name says (reflect makes runtime.zeroVal, by
 * go:linkname), or by none (_cgo_init): among all variables. */
static bool find_anywhere(struct search *search, struct debug_variable *ret)
{
	const struct debug_variable *variables;
	size_t count, i, j;

	if (!search->candidates.count)
		*vector_push(&search->candidates) =
		    (struct candidate){ .name = search->word, .fields = "" };
	if (spy_error_caught(debug_variables(search->source->info, &variables, &count)))
		return false;
	for (j = 0; j < search->candidates.count; j++)
		for (i = 0; i < count; i++)
			if (!strcmp(variables[i].name, search->candidates.items[j].name)) {
				*ret = variables[i];
				return true;
			}
	return false;
}

static struct spy_error *find_in_dwarf(struct search *search, struct value_place *place,
				       const struct candidate **which, const char **name)
{
	const struct variable_source *source = search->source;
	struct debug_variable found[MEANINGS_MAX];
	const char **names = arena_alloc(search->arena, search->candidates.count, sizeof(*names));
	size_t count = 0, i;

	for (i = 0; i < search->candidates.count; i++)
		names[i] = search->candidates.items[i].name;
	if (search->candidates.count)
		TRY(debug_variable_find(source->info, names, search->candidates.count, found,
					MEANINGS_MAX, &count));
	if (count > 1)
		return several(search, found, count);
	if (!count && find_anywhere(search, &found[0]))
		count = 1;
	*which = count ? candidate_of(search, found[0].name) : NULL;
	if (!*which)
		return not_there(search);
	*place = value_place_at(source->reader, found[0].address + source->runtime->program.bias,
				found[0].type);
	if (!place->type)
		return spy_error_new(SPY_ERROR_DATA, "the type of %s is not known", found[0].name);
	*name = found[0].name;
	return NULL;
}

/* ---- without ------------------------------------------------------------------------------ */

static const struct value_type *type_of(const struct variable_source *source, enum global global)
{
	static const struct {
		const char *name;
		enum go_kind kind;
	} kinds[] = {
		{ .name = "int32", .kind = GO_KIND_INT32 },
		{ .name = "int64", .kind = GO_KIND_INT64 },
		{ .name = "uint32", .kind = GO_KIND_UINT32 },
		{ .name = "uint64", .kind = GO_KIND_UINT64 },
		{ .name = "uintptr", .kind = GO_KIND_UINTPTR },
		{ .name = "string", .kind = GO_KIND_STRING },
	};
	const char *name = global_type(global);
	size_t i;

	for (i = 0; name && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return value_types_basic(value_reader_types(source->reader), kinds[i].kind);
	return NULL;
}

static bool find_global(const struct search *search, enum global *ret,
			const struct candidate **which)
{
	const struct go_runtime *runtime = search->source->runtime;
	size_t i, j, length;

	for (i = 0; i < search->candidates.count; i++) {
		const char *wanted = search->candidates.items[i].name;

		for (j = 0; j < GLOBALS; j++) {
			const char *name = global_name_in(j, runtime->version, &length);

			if (runtime->globals[j].address && strlen(wanted) == length &&
			    !memcmp(name, wanted, length)) {
				*ret = j;
				*which = &search->candidates.items[i];
				return true;
			}
		}
	}
	return false;
}

/* Whether the symbol table has it, whose names are escaped: cmd/internal/objabi, PathToPrefix. */
static bool has_symbol(const struct search *search, const struct candidate *candidate)
{
	const char *element = last_element(candidate->name), *dot = strrchr(element, '.'), *at;
	struct text text = { 0 };
	struct binary_symbol symbol;
	const char *name;
	bool found = false;

	text_add_bytes(&text, candidate->name, (size_t)(element - candidate->name));
	for (at = element; at < dot; at++)
		if (*at == '.')
			text_add(&text, "%2e");
		else
			text_add_bytes(&text, at, 1);
	text_add(&text, dot);
	name = text.bytes;
	if (spy_error_caught(binary_find_symbols(program_symbols(&search->source->runtime->program),
						 &name, 1, &symbol, &found)))
		found = false;
	text_free(&text);
	return found;
}

static struct spy_error *find_without_dwarf(struct search *search, struct value_place *place,
					    const struct candidate **which, const char **name)
{
	const struct go_runtime *runtime = search->source->runtime;
	const char *file = binary_name(program_symbols(&runtime->program));
	enum global global;
	size_t i;

	if (find_global(search, &global, which)) {
		place->type = type_of(search->source, global);
		place->address = runtime->globals[global].address;
		*name = arena_string(search->arena, (*which)->name);
		if (place->type)
			return NULL;
		return with_file_hint(spy_error_new(
		    SPY_ERROR_DATA, "the type of %s is not known: %s has no DWARF", *name, file));
	}
	for (i = 0; i < search->candidates.count; i++)
		if (has_symbol(search, &search->candidates.items[i]))
			return with_file_hint(spy_error_new(
			    SPY_ERROR_DATA, "the type of %s is not known: %s has no DWARF",
			    search->candidates.items[i].name, file));
	if (binary_has_symbols(program_symbols(&runtime->program)))
		return not_there(search);
	return with_file_hint(spy_error_new(
	    SPY_ERROR_DATA, "where %s is, is not known: %s is stripped", shortest(search), file));
}

/* ---- altogether --------------------------------------------------------------------------- */

/* The fields behind the variable, and the steps of the path. */
static void add_fields(struct arena *arena, const char *fields, const struct path *path,
		       struct expression *ret)
{
	struct path_step *steps;
	size_t count = 0, i;
	const char *at;

	for (at = fields; *at; at++)
		count += *at == '.';
	steps = arena_alloc(arena, count + path->step_count, sizeof(*steps));
	for (i = 0, at = fields; i < count; i++) {
		size_t length = strcspn(at + 1, ".");

		steps[i] = (struct path_step){ .kind = PATH_FIELD,
					       .name = arena_bytes(arena, at + 1, length) };
		at += 1 + length;
	}
	if (path->step_count)
		memcpy(steps + count, path->steps, path->step_count * sizeof(*steps));
	ret->steps = steps;
	ret->step_count = count + path->step_count;
}

static struct spy_error *find(struct search *search, struct value_place *place,
			      const struct candidate **which, const char **name)
{
	/* First by what this version calls it: the name of another may mean another thing here. */
	add_renamed(search);
	add_candidates(search, search->word);
	if (search->source->info)
		return find_in_dwarf(search, place, which, name);
	return find_without_dwarf(search, place, which, name);
}

struct spy_error *expression_find(const struct variable_source *source, const char *text,
				  struct arena *arena, struct expression *ret)
{
	struct search search = { .source = source, .arena = arena };
	struct expression expression = { 0 };
	const struct candidate *which = NULL;
	struct text printed = { 0 };
	struct path path;
	struct spy_error *error;

	TRY(path_parse(text, arena, &path));
	search.word = path.word;
	error = find(&search, &expression.place, &which, &expression.variable);
	if (!error && which) {
		add_fields(arena, which->fields, &path, &expression);
		path_print(&printed, expression.variable, expression.steps, expression.step_count);
		expression.name = arena_bytes(arena, printed.bytes, printed.length);
		*ret = expression;
	}
	text_free(&printed);
	vector_free(&search.candidates);
	return error;
}
