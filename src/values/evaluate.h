/* SPDX-License-Identifier: MIT
 *
 * From an expression to the place of what it names.
 */
#ifndef VALUES_EVALUATE_H
#define VALUES_EVALUATE_H

#include "values/path.h"

/* Of a program, where its variables are looked for; all outlive what is made of it. */
struct variable_source {
	struct go_runtime *runtime;
	struct debug_info *info; /* NULL: it has no DWARF */
	struct value_reader *reader;
};

/* An expression whose variable was found: what does not change while the program runs. */
struct expression {
	const char *name;              /* of the whole, with what this program calls the variable */
	const char *variable;          /* by itself */
	struct value_place place;      /* of the variable; lives as long as the reader */
	const struct path_step *steps; /* from there */
	size_t step_count;
};

/*
 * Takes an expression apart, and finds the variable with the longest name that it can begin with:
 * "main.a.b" may be the variable main.a and its field b, or the variable b of a package "main.a".
 * Variables of the runtime are found by the names that other versions of Go gave them. Strings
 * belong to the arena, or to the DWARF. Errors: USAGE: it is no expression, or there is no such
 * variable (the hint names the nearest), or several; DATA: its type is not known, with a hint what
 * helps.
 */
struct spy_error *expression_find(const struct variable_source *source, const char *text,
				  struct arena *arena, struct expression *ret) MUST_CHECK;

/* Where it leads to now. Errors as of the steps, values.h; of a field or key that is not there the
 * hint names the nearest. */
struct spy_error *expression_follow(struct value_reader *reader,
				    const struct expression *expression,
				    struct value_place *ret) MUST_CHECK;

#endif
