/* SPDX-License-Identifier: MIT
 *
 * What an expression says: its type and value, or its bytes.
 */
#include <inttypes.h>
#include <string.h>

#include "render/json.h"
#include "render/units.h"
#include "render/value.h"

/* Of a line, where the output is no terminal. */
enum { WIDTH_USUAL = 100 };

/* "type: []int, len: 3, cap: 4, value: " */
static void put_head(struct text *text, const struct spy_value *value)
{
	text_add(text, "type: ");
	put_string(text, value->type->name);
	if (!value->error && !value->nil) {
		if (value->type->kind == SPY_VALUE_SLICE)
			text_printf(text, ", len: %" PRId64 ", cap: %" PRId64, value->list.length,
				    value->list.capacity);
		if (value->type->kind == SPY_VALUE_MAP)
			text_printf(text, ", len: %" PRId64, value->map.length);
		if (meaning_within(value))
			text_printf(text, ", meaning: %s", meaning_within(value));
	}
	text_add(text, ", value: ");
}

static void put_time(struct text *text, int64_t taken_at)
{
	char buffer[UNITS_MAX];

	text_printf(text, "%s.%03d ", units_moment(taken_at, buffer),
		    (int)(taken_at / 1000000 % 1000));
}

static bool is_printable(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

/* As hexdump -C, with the addresses that the bytes have in the target. */
static void put_raw(struct output *output, const struct spy_value_reading *reading)
{
	enum { ROW = 16 };
	uint64_t address = reading->value.address;
	size_t row, i;

	for (row = 0; row < reading->raw_bytes; row += ROW) {
		size_t count = reading->raw_bytes - row < ROW ? reading->raw_bytes - row : ROW;

		text_printf(&output->text, "%012" PRIx64 " ", address + row);
		for (i = 0; i < ROW; i++) {
			text_add(&output->text, i == ROW / 2 ? "  " : " ");
			if (i < count)
				text_printf(&output->text, "%02x", reading->raw[row + i]);
			else
				text_add(&output->text, "  ");
		}
		text_add(&output->text, "  |");
		for (i = 0; i < count; i++) {
			char byte = (char)reading->raw[row + i];

			text_add_bytes(&output->text,
				       is_printable(reading->raw[row + i]) ? &byte : ".", 1);
		}
		text_add(&output->text, "|\n");
		output_drain(output);
	}
	if ((int64_t)reading->raw_bytes < reading->value.type->size_bytes) {
		put_rest(&output->text, reading->raw_bytes, reading->value.type->size_bytes);
		text_add(&output->text, "\n");
	}
}

void render_value_text(struct output *output, const struct spy_value_reading *reading,
		       const struct value_options *options)
{
	struct text *text = &output->text;
	size_t mark = text->length;
	struct value_layout layout = { 0 };

	if (!options->one_line)
		layout.width = output->width ? output->width : WIDTH_USUAL;
	if (options->timed)
		put_time(text, reading->taken_at);
	if (options->named || (options->asked && strcmp(options->asked, reading->name) != 0)) {
		text_printf(text, "%sname: ", output_colour(output, COLOUR_BOLD));
		put_string(text, reading->name);
		text_printf(text, "%s%s", output_colour(output, COLOUR_NONE),
			    options->one_line ? ", " : "\n");
		mark = text->length;
	}
	if (options->raw && !reading->value.error) {
		if (reading->raw)
			put_raw(output, reading);
		else
			text_add(text, "(it lies in no memory)\n");
		return;
	}
	put_head(text, &reading->value);
	layout.column = text->length - mark;
	output_value(output, &reading->value, &layout);
	text_add(text, "\n");
	output_drain(output);
}

static void warnings_json(struct json *json, const struct spy_value_reading *reading,
			  const struct value_notes *notes)
{
	struct text line = { 0 };
	size_t i;

	json_open_array(json, "warnings");
	for (i = 0; i < reading->warning_count; i++)
		json_string(json, NULL, reading->warnings[i]);
	for (i = 0; i < notes->errors.count; i++) {
		line.length = 0;
		text_printf(&line, "%s%s: %s", reading->name, notes->errors.items[i].path,
			    notes->errors.items[i].text);
		json_string(json, NULL, line.bytes);
	}
	if (notes->unnoted_errors) {
		line.length = 0;
		text_printf(&line, "%zu more values could not be read", notes->unnoted_errors);
		json_string(json, NULL, line.bytes);
	}
	json_close_array(json);
	text_free(&line);
}

static void raw_json(struct json *json, const struct spy_value_reading *reading)
{
	struct text hex = { 0 };
	size_t i;

	for (i = 0; i < reading->raw_bytes; i++)
		text_printf(&hex, "%02x", reading->raw[i]);
	json_string(json, "raw", reading->raw ? hex.bytes : NULL);
	text_free(&hex);
}

void render_value_json(struct output *output, const struct spy_value_reading *reading,
		       const struct value_options *options)
{
	struct value_notes notes = { 0 };
	struct json json;
	size_t i;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_string(&json, "name", reading->name);
	json_value(&json, &reading->value, &notes);
	if (notes.meanings.count) {
		json_open_object(&json, "meanings");
		for (i = 0; i < notes.meanings.count; i++)
			json_string(&json, notes.meanings.items[i].path,
				    notes.meanings.items[i].text);
		json_close_object(&json);
	}
	if (options->raw)
		raw_json(&json, reading);
	if (options->asked)
		json_string(&json, "expression", options->asked);
	json_number(&json, "pid", reading->pid);
	json_string(&json, "go_version", reading->go_version);
	json_number(&json, "paused_ns", reading->paused_ns);
	json_number(&json, "time", reading->taken_at);
	warnings_json(&json, reading, &notes);
	json_close_object(&json);
	json_end(&json);
	value_notes_free(&notes);
}

void render_value_error(struct output *output, const char *why, int64_t at, bool as_json,
			const struct value_options *options)
{
	struct json json;

	if (!as_json) {
		if (options->timed)
			put_time(&output->text, at);
		put_string(&output->text, options->asked);
		text_add(&output->text, ": ");
		put_string(&output->text, why);
		text_add(&output->text, "\n");
		return;
	}
	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_string(&json, "name", options->asked);
	json_null(&json, "type");
	json_null(&json, "kind");
	json_null(&json, "address");
	json_null(&json, "size");
	json_null(&json, "value");
	json_string(&json, "error", why);
	json_string(&json, "expression", options->asked);
	json_number(&json, "time", at);
	json_strings(&json, "warnings", &why, 1);
	json_close_object(&json);
	json_end(&json);
}
