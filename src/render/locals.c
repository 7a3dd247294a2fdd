/* SPDX-License-Identifier: MIT */
#include "render/locals.h"

#include "render/output.h"
#include "render/value.h"

enum { INDENT = 4, WIDTH = 100 };

static void put_local(struct text *text, const struct spy_local *local)
{
	struct value_layout layout = { .width = WIDTH, .indent = INDENT };
	size_t start = text->length;

	text_printf(text, "%*s", INDENT, "");
	put_string(text, local->name);
	text_add(text, " = ");
	layout.column = text->length - start;
	if (local->value)
		put_value(text, local->value, &layout);
	else
		text_printf(text, "- (%s)", local->note);
	text_add(text, "\n");
}

void put_locals(struct text *text, const struct spy_frame *frame)
{
	size_t i;

	for (i = 0; i < frame->local_count; i++)
		put_local(text, &frame->locals[i]);
	if (frame->locals_note)
		text_printf(text, "%*s(%s)\n", INDENT, "", frame->locals_note);
}

static void local_json(struct json *json, const struct spy_local *local)
{
	json_open_object(json, NULL);
	json_string(json, "name", local->name);
	json_bool(json, "argument", local->argument);
	if (local->value) {
		json_value(json, local->value, NULL);
	} else {
		json_string(json, "type", local->type);
		json_null(json, "value");
	}
	json_string(json, "note", local->note);
	json_close_object(json);
}

void locals_json(struct json *json, const struct spy_frame *frame)
{
	size_t i;

	json_open_array(json, "locals");
	for (i = 0; i < frame->local_count; i++)
		local_json(json, &frame->locals[i]);
	json_close_array(json);
	json_string(json, "locals_note", frame->locals_note);
}
