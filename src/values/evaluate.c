/* SPDX-License-Identifier: MIT
 *
 * Taking the steps of an expression.
 */
#include "values/evaluate.h"

#include "base/nearest.h"

/* ---- what is near ------------------------------------------------------------------------- */

struct names {
	struct nearest nearest;
	struct arena *arena;
	bool is_there; /* the very name: it is not its spelling that was wrong */
};

static void offer(void *context, const char *name)
{
	struct names *names = context;

	names->is_there = names->is_there || strcmp(name, names->nearest.word) == 0;
	nearest_offer(&names->nearest, arena_string(names->arena, name));
}

static struct spy_error *with_nearest(struct spy_error *error, const struct names *names)
{
	struct text text = { 0 };

	if (names->is_there || !names->nearest.count || error->code != SPY_ERROR_USAGE)
		return error;
	nearest_print(&names->nearest, &text);
	error = spy_error_with_hint(error, "nearest: %s", text.bytes);
	text_free(&text);
	return error;
}

/* ---- steps -------------------------------------------------------------------------------- */

static struct spy_error *take_field(struct value_reader *reader, const struct value_place *from,
				    const struct path_step *step, struct value_place *ret)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct names names = { .nearest = { .word = step->name }, .arena = &arena };
	struct spy_error *error = value_field(reader, from, step->name, ret);

	if (!error || error->code != SPY_ERROR_USAGE)
		return error;
	value_field_names(reader, from, offer, &names);
	return with_nearest(error, &names);
}

/* A key is known by what it is written like, a string without its quotes. */
static struct spy_error *take_key(struct value_reader *reader, const struct value_place *from,
				  const struct value_key *key, struct value_place *ret)
{
	struct arena arena _cleanup_(arena_free) = { 0 };
	struct names names = { .nearest = { .word = key->bytes }, .arena = &arena };
	bool has_key;
	struct spy_error *error = value_lookup(reader, from, key, ret, &has_key);

	if (!error || error->code != SPY_ERROR_USAGE || key->kind != VALUE_KEY_STRING)
		return error;
	value_key_names(reader, from, offer, &names);
	return with_nearest(error, &names);
}

static struct spy_error *take_index(struct value_reader *reader, const struct value_place *from,
				    const struct value_key *key, struct value_place *ret)
{
	if (from->type->kind == GO_KIND_MAP)
		return take_key(reader, from, key, ret);
	if (key->kind == VALUE_KEY_INTEGER && !key->negative && key->natural <= INT64_MAX)
		return value_index(reader, from, (int64_t)key->natural, ret);
	return spy_error_new(SPY_ERROR_USAGE,
			     "an index of a value of type %s is a whole number "
			     "from 0",
			     from->type->told.name);
}

static struct spy_error *measure(struct value_reader *reader, const struct value_place *from,
				 bool capacity, struct value_place *ret)
{
	int64_t number;

	if (capacity)
		TRY(value_capacity(reader, from, &number));
	else
		TRY(value_length(reader, from, &number));
	*ret = value_place_of_int(reader, number);
	return NULL;
}

static struct spy_error *take_step(struct value_reader *reader, const struct value_place *from,
				   const struct path_step *step, struct value_place *ret)
{
	switch (step->kind) {
	case PATH_FIELD:
		return take_field(reader, from, step, ret);
	case PATH_INDEX:
		return take_index(reader, from, &step->key, ret);
	case PATH_SLICE:
		return value_slice(reader, from, step->low, step->has_high ? step->high : INT64_MAX,
				   ret);
	case PATH_ASSERT:
		return value_assert(reader, from, step->name, ret);
	case PATH_DEREFERENCE:
		return value_deref(reader, from, ret);
	case PATH_LENGTH:
	case PATH_CAPACITY:
		return measure(reader, from, step->kind == PATH_CAPACITY, ret);
	}
	return spy_error_new(SPY_ERROR_USAGE, "there is no such step");
}

struct spy_error *expression_follow(struct value_reader *reader,
				    const struct expression *expression, struct value_place *ret)
{
	struct value_place place = expression->place, next;
	size_t i;

	for (i = 0; i < expression->step_count; i++) {
		struct spy_error *error = take_step(reader, &place, &expression->steps[i], &next);

		if (error) {
			struct text text = { 0 };

			path_print(&text, expression->variable, expression->steps, i);
			error = spy_error_in(error, "%s", text.bytes);
			text_free(&text);
			return error;
		}
		place = next;
	}
	*ret = place;
	return NULL;
}
