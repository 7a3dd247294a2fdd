/* SPDX-License-Identifier: MIT
 *
 * Values as the contract's JSON. Where Go's value is an object or array of JSON, there is no place
 * in it for what is to be told about it: what a limit cut, and bytes that are no UTF-8, are wrapped
 * in an object {"value": …} with that beside; meanings and errors of parts stand under their paths
 * at the top.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "render/value.h"

enum {
	LEVELS_MAX = 64, /* that one generator has open: yajl's YAJL_MAX_DEPTH is 128 */
	NESTING_MAX = 2000,
	NOTED_MAX = 1000, /* meanings, and errors */
};

/* The way from the value that was asked for to one of its parts. */
struct trail {
	const struct trail *above; /* NULL: it is the value that was asked for */
	const char *field;         /* one of the three, or a pointee */
	const struct spy_value *key;
	size_t index;
	bool indexed;
	const char *dynamic_type;
	unsigned nesting;
};

struct walk {
	struct json *json;
	struct value_notes *notes;
	unsigned levels; /* open in this generator */
};

static void put_json(struct walk *walk, const char *key, const struct spy_value *value,
		     const struct trail *trail);

/* ---- notes -------------------------------------------------------------------------------- */

static void put_trail(struct text *text, const struct trail *trail)
{
	const struct trail *way[NESTING_MAX + 2];
	struct value_layout layout = { .inner = true };
	size_t count = 0;

	for (; trail->above && count < sizeof(way) / sizeof(*way); trail = trail->above)
		way[count++] = trail;
	while (count--) {
		const struct trail *step = way[count];

		if (step->field) {
			text_add(text, ".");
			text_add(text, step->field);
		} else if (step->key) {
			text_add(text, "[");
			put_value(text, step->key, &layout);
			text_add(text, "]");
		} else if (step->indexed) {
			text_printf(text, "[%zu]", step->index);
		} else if (step->dynamic_type) {
			text_printf(text, ".(%s)", step->dynamic_type);
		}
	}
}

static char *trail_of(const struct trail *trail)
{
	struct text text = { 0 };

	put_trail(&text, trail);
	return text_take(&text);
}

static void note_meaning(struct walk *walk, const struct spy_value *value,
			 const struct trail *trail)
{
	if (!walk->notes || !value->meaning || !trail->above ||
	    walk->notes->meanings.count == NOTED_MAX)
		return;
	*vector_push(&walk->notes->meanings) =
	    (struct value_note){ .path = trail_of(trail), .text = memory_string(value->meaning) };
}

static void note_error(struct walk *walk, const char *error, const struct trail *trail)
{
	if (!walk->notes)
		return;
	if (walk->notes->errors.count == NOTED_MAX) {
		walk->notes->unnoted_errors++;
		return;
	}
	*vector_push(&walk->notes->errors) =
	    (struct value_note){ .path = trail_of(trail), .text = memory_string(error) };
}

void value_notes_free(struct value_notes *notes)
{
	size_t i;

	for (i = 0; i < notes->meanings.count; i++) {
		free(notes->meanings.items[i].path);
		free(notes->meanings.items[i].text);
	}
	for (i = 0; i < notes->errors.count; i++) {
		free(notes->errors.items[i].path);
		free(notes->errors.items[i].text);
	}
	vector_free(&notes->meanings);
	vector_free(&notes->errors);
}

/* ---- leaves ------------------------------------------------------------------------------- */

static void json_float(struct json *json, const char *key, double number, bool is_float32)
{
	struct text text = { 0 };

	put_float(&text, number, is_float32);
	if (!isfinite(number)) {
		json_string(json, key, text.bytes);
	} else {
		if (!strpbrk(text.bytes, ".e"))
			text_add(&text, ".0");
		json_raw(json, key, text.bytes, text.length);
	}
	text_free(&text);
}

static void json_complex(struct json *json, const char *key, const struct spy_value *value)
{
	bool is_float32 = value->type->size_bytes == 8;

	json_open_object(json, key);
	json_float(json, "real", value->real[0], is_float32);
	json_float(json, "imag", value->real[1], is_float32);
	json_close_object(json);
}

static bool is_utf8(const char *bytes, size_t size)
{
	size_t i = 0;

	while (i < size) {
		unsigned point;
		size_t length = text_utf8(bytes + i, size - i, &point);

		if (!length)
			return false;
		i += length;
	}
	return true;
}

static void json_base64(struct json *json, const char *key, const char *bytes, size_t size)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text text = { 0 };
	size_t i, j;

	for (i = 0; i < size; i += 3) {
		size_t count = size - i < 3 ? size - i : 3;
		unsigned bits = 0;

		for (j = 0; j < 3; j++)
			bits = bits << 8 | (j < count ? (unsigned char)bytes[i + j] : 0);
		for (j = 0; j < 4; j++)
			text_add_bytes(&text, j <= count ? &digits[bits >> (18 - 6 * j) & 63] : "=",
				       1);
	}
	json_string(json, key, text.bytes ? text.bytes : "");
	text_free(&text);
}

/* What is left of a string where the limit cut the last character into pieces. */
static size_t whole_characters(const struct spy_value *value)
{
	const char *bytes = value->string.bytes;
	size_t size = value->string.kept, back, length;
	unsigned point;

	for (back = 1; value->cut && back < 4 && back <= size; back++) {
		unsigned char byte = (unsigned char)bytes[size - back];

		if ((byte & 0xc0) == 0x80)
			continue;
		length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
		return length > back && !text_utf8(bytes + size - back, back, &point) ? size - back
										      : size;
	}
	return size;
}

static void json_go_string(struct json *json, const char *key, const struct spy_value *value)
{
	json_string_bytes(json, key, value->string.bytes, whole_characters(value));
}

/* ---- values with parts -------------------------------------------------------------------- */

static void open_object(struct walk *walk, const char *key)
{
	json_open_object(walk->json, key);
	walk->levels++;
}

static void close_object(struct walk *walk)
{
	json_close_object(walk->json);
	walk->levels--;
}

static void put_fields(struct walk *walk, const char *key, const struct spy_value_field *fields,
		       size_t count, const struct trail *trail)
{
	size_t i;

	open_object(walk, key);
	for (i = 0; i < count; i++) {
		struct trail step = { .above = trail,
				      .field = fields[i].name,
				      .nesting = trail->nesting + 1 };

		/* Nobody can name it, and there may be several. */
		if (strcmp(fields[i].name, "_") != 0)
			put_json(walk, fields[i].name, &fields[i].value, &step);
	}
	close_object(walk);
}

static void put_items(struct walk *walk, const char *key, const struct spy_value *items,
		      size_t count, const struct trail *trail)
{
	size_t i;

	json_open_array(walk->json, key);
	walk->levels++;
	for (i = 0; i < count; i++) {
		struct trail step = {
			.above = trail, .indexed = true, .index = i, .nesting = trail->nesting + 1
		};

		put_json(walk, NULL, &items[i], &step);
	}
	json_close_array(walk->json);
	walk->levels--;
}

static void put_map(struct walk *walk, const char *key, const struct spy_value *value,
		    const struct trail *trail)
{
	const struct spy_value_entry **entries _cleanup_free_ = sorted_entries(value);
	size_t i;

	open_object(walk, key);
	json_number(walk->json, "len", value->map.length);
	if (value->cut)
		json_bool(walk->json, "truncated", true);
	json_open_array(walk->json, "entries");
	for (i = 0; i < value->map.kept; i++) {
		struct trail step = { .above = trail,
				      .key = &entries[i]->key,
				      .nesting = trail->nesting + 1 };

		open_object(walk, NULL);
		put_json(walk, "key", &entries[i]->key, &step);
		put_json(walk, "value", &entries[i]->value, &step);
		close_object(walk);
	}
	json_close_array(walk->json);
	close_object(walk);
}

static void put_pointer(struct walk *walk, const char *key, const struct spy_value *value,
			const struct trail *trail)
{
	struct trail step = { .above = trail, .nesting = trail->nesting + 1 };

	open_object(walk, key);
	json_address(walk->json, "address", value->pointer.to);
	if (value->cycle)
		json_bool(walk->json, "cycle", true);
	if (value->cut && !value->pointer.pointee)
		json_bool(walk->json, "truncated", true);
	if (value->pointer.pointee)
		put_json(walk, "pointee", value->pointer.pointee, &step);
	else
		json_null(walk->json, "pointee");
	close_object(walk);
}

static void put_interface(struct walk *walk, const char *key, const struct spy_value *value,
			  const struct trail *trail)
{
	const struct spy_value *held = value->interface.value;
	struct trail step = { .above = trail,
			      .dynamic_type = held ? held->type->name : NULL,
			      .nesting = trail->nesting + 1 };

	open_object(walk, key);
	json_string(walk->json, "dynamic_type", held ? held->type->name : NULL);
	if (value->cut && !held)
		json_bool(walk->json, "truncated", true);
	if (held)
		put_json(walk, "value", held, &step);
	else
		json_null(walk->json, "value");
	close_object(walk);
}

static void put_function(struct walk *walk, const char *key, const struct spy_value *value,
			 const struct trail *trail)
{
	open_object(walk, key);
	json_string(walk->json, "function", value->function.name);
	json_string(walk->json, "file", value->function.file);
	if (value->function.file)
		json_number(walk->json, "line", value->function.line);
	else
		json_null(walk->json, "line");
	json_address(walk->json, "pc", value->function.pc);
	if (value->function.captured_count)
		put_fields(walk, "captured", value->function.captured,
			   value->function.captured_count, trail);
	close_object(walk);
}

static void put_channel(struct walk *walk, const char *key, const struct spy_value *value,
			const struct trail *trail)
{
	open_object(walk, key);
	json_number(walk->json, "len", value->channel.length);
	json_number(walk->json, "cap", value->channel.capacity);
	json_bool(walk->json, "closed", value->channel.closed);
	if (value->cut)
		json_bool(walk->json, "truncated", true);
	put_items(walk, "buffered", value->channel.items, value->channel.kept, trail);
	json_number(walk->json, "receivers", value->channel.receivers);
	json_number(walk->json, "senders", value->channel.senders);
	close_object(walk);
}

/* ---- any value ---------------------------------------------------------------------------- */

/* The value itself, without what is to be told beside it. */
static void put_bare(struct walk *walk, const char *key, const struct spy_value *value,
		     const struct trail *trail)
{
	switch (value->type->kind) {
	case SPY_VALUE_BOOL:
		json_bool(walk->json, key, value->boolean);
		break;
	case SPY_VALUE_INT:
		/* INT64_MIN is a number like any other here */
		if (value->integer == SPY_UNKNOWN)
			json_raw(walk->json, key, "-9223372036854775808", 20);
		else
			json_number(walk->json, key, value->integer);
		break;
	case SPY_VALUE_UINT:
		json_unsigned(walk->json, key, value->natural);
		break;
	case SPY_VALUE_FLOAT:
		json_float(walk->json, key, value->real[0], value->type->size_bytes == 4);
		break;
	case SPY_VALUE_COMPLEX:
		json_complex(walk->json, key, value);
		break;
	case SPY_VALUE_STRING:
		json_go_string(walk->json, key, value);
		break;
	case SPY_VALUE_UNSAFE_POINTER:
		json_address(walk->json, key, value->natural);
		break;
	case SPY_VALUE_STRUCT:
		put_fields(walk, key, value->structure.fields, value->structure.count, trail);
		break;
	case SPY_VALUE_ARRAY:
	case SPY_VALUE_SLICE:
		put_items(walk, key, value->list.items, value->list.kept, trail);
		break;
	case SPY_VALUE_MAP:
		put_map(walk, key, value, trail);
		break;
	case SPY_VALUE_POINTER:
		put_pointer(walk, key, value, trail);
		break;
	case SPY_VALUE_INTERFACE:
		put_interface(walk, key, value, trail);
		break;
	case SPY_VALUE_FUNC:
		put_function(walk, key, value, trail);
		break;
	case SPY_VALUE_CHAN:
		put_channel(walk, key, value, trail);
		break;
	default:
		json_null(walk->json, key);
	}
}

static bool is_list(const struct spy_value *value)
{
	return value->type->kind == SPY_VALUE_ARRAY || value->type->kind == SPY_VALUE_SLICE;
}

static bool is_raw_string(const struct spy_value *value)
{
	return value->type->kind == SPY_VALUE_STRING &&
	       !is_utf8(value->string.bytes, whole_characters(value));
}

/* Whether something is to be told beside it that its own JSON has no place for. */
static bool has_marks(const struct spy_value *value)
{
	if (value->error || value->nil)
		return false;
	if (value->cut && (is_list(value) || value->type->kind == SPY_VALUE_STRING ||
			   value->type->kind == SPY_VALUE_STRUCT))
		return true;
	return is_raw_string(value);
}

static void put_marks(struct json *json, const struct spy_value *value)
{
	if (value->cut)
		json_bool(json, "truncated", true);
	if (is_raw_string(value))
		json_base64(json, "raw_base64", value->string.bytes, value->string.kept);
}

/* How many there are in the target, of what is shown as an array or string. */
static void put_lengths(struct json *json, const struct spy_value *value)
{
	if (is_list(value))
		json_number(json, "len", value->list.length);
	if (value->type->kind == SPY_VALUE_SLICE)
		json_number(json, "cap", value->list.capacity);
	if (value->type->kind == SPY_VALUE_STRING)
		json_number(json, "len", value->string.length);
}

/* One more generator for what is deeper than one can go. */
static void put_piece(struct walk *walk, const char *key, const struct spy_value *value,
		      const struct trail *trail)
{
	struct text text = { 0 };
	struct json json;
	struct walk piece = { .json = &json, .notes = walk->notes };

	json_begin_text(&json, &text);
	put_json(&piece, NULL, value, trail);
	json_end(&json);
	json_raw(walk->json, key, text.bytes, text.length);
	text_free(&text);
}

static void put_json(struct walk *walk, const char *key, const struct spy_value *value,
		     const struct trail *trail)
{
	note_meaning(walk, value, trail);
	if (value->error || value->nil || trail->nesting > NESTING_MAX) {
		json_null(walk->json, key);
		if (!value->nil)
			note_error(walk, value->error ? value->error : "it is too deep to be shown",
				   trail);
	} else if (walk->levels > LEVELS_MAX) {
		put_piece(walk, key, value, trail);
	} else if (has_marks(value) && trail->above) {
		open_object(walk, key);
		put_bare(walk, "value", value, trail);
		put_lengths(walk->json, value);
		put_marks(walk->json, value);
		close_object(walk);
	} else {
		put_bare(walk, key, value, trail);
	}
}

void json_value(struct json *json, const struct spy_value *value, struct value_notes *notes)
{
	static const struct trail here = { 0 };
	struct walk walk = { .json = json, .notes = notes };

	json_string(json, "type", value->type->name);
	json_string(json, "kind", value->type->kind_name);
	json_address(json, "address", value->address);
	json_number(json, "size", value->type->size_bytes);
	put_json(&walk, "value", value, &here);
	if (value->error) {
		json_string(json, "error", value->error);
		return;
	}
	if (value->nil)
		json_bool(json, "nil", true);
	else
		put_lengths(json, value);
	if (value->meaning)
		json_string(json, "meaning", value->meaning);
	if (has_marks(value))
		put_marks(json, value);
}

void put_value_state(struct text *text, const struct spy_value *value)
{
	struct json json;

	json_begin_text(&json, text);
	json_open_object(&json, NULL);
	json_value(&json, value, NULL);
	json_close_object(&json);
	json_end(&json);
}
