/* SPDX-License-Identifier: MIT */
#include "runtime_layouts/globals.h"

static const struct {
	const char *names;
	bool required;
} globals[GLOBALS] = {
#define GLOBAL(slot, name_list, is_required)                                                       \
	[GLOBAL_##slot] = { .names = (name_list), .required = (is_required) },
#include "runtime_layouts/globals.def"
#undef GLOBAL
};

const char *global_names(enum global global)
{
	return globals[global].names;
}

bool global_is_required(enum global global)
{
	return globals[global].required;
}
