/* SPDX-License-Identifier: MIT
 *
 * Values as Go-like text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "render/value.h"

/* How far parts are indented. */
enum { STEP = 4 };

/* Values in each other, beyond which the stack of ours would end: 300 bytes for each. */
enum { NESTING_MAX = 5000 };

struct writer {
	struct text *text;
	struct output *output; /* that the text belongs to: written out now and then; or NULL */
	size_t width;          /* 0: no end to a line */
	size_t end;            /* of the text, beyond which a line is too long; SIZE_MAX */
	bool over;             /* it was */
	unsigned nesting;
};

static void put_flat(struct writer *writer, const struct spy_value *value, bool inner);

/* ---- on one line -------------------------------------------------------------------------- */

static bool is_over(struct writer *writer)
{
	writer->over = writer->over || writer->text->length > writer->end;
	return writer->over;
}

/* What may still be added. */
static size_t room(const struct writer *writer)
{
	return writer->text->length < writer->end ? writer->end - writer->text->length : 0;
}

static void put_escaped(struct text *text, const char *string)
{
	text_add_escaped(text, string, strlen(string));
}

/* 1,234,567 */
static void put_grouped(struct text *text, int64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRId64, number), i;

	for (i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0 && digits[i - 1] != '-')
			text_add(text, ",");
		text_add_bytes(text, &digits[i], 1);
	}
}

void put_rest(struct text *text, size_t kept, int64_t length)
{
	text_add(text, "… ");
	if (length == SPY_UNKNOWN || length <= (int64_t)kept) {
		text_add(text, "more");
		return;
	}
	put_grouped(text, length - (int64_t)kept);
	text_add(text, " more of ");
	put_grouped(text, length);
}

static void put_go_string(struct writer *writer, const struct spy_value *value)
{
	/* At least a column for each of its characters. */
	if (value->string.kept / 4 > room(writer)) {
		writer->over = true;
		return;
	}
	text_add_quoted(writer->text, value->string.bytes, value->string.kept);
	if (value->cut)
		put_rest(writer->text, value->string.kept, value->string.length);
}

/* Text in quotes where it is one, else 0x0a0bff. */
static void put_go_bytes(struct writer *writer, const struct spy_value *value)
{
	struct text bytes = { 0 };
	size_t i, length;
	bool is_text = true;

	if (value->list.kept / 4 > room(writer)) {
		writer->over = true;
		return;
	}
	add_list_bytes(value, &bytes);
	for (i = 0; i < bytes.length && is_text; i += length) {
		unsigned point;

		length = text_utf8(bytes.bytes + i, bytes.length - i, &point);
		/* What a limit cut may end in the middle of a character. */
		if (!length && value->cut && i + 4 > bytes.length)
			break;
		is_text = length &&
			  (point >= 0x20 || point == '\n' || point == '\t' || point == '\r') &&
			  point != 0x7f;
	}
	if (is_text) {
		text_add_quoted(writer->text, bytes.bytes, bytes.length);
	} else {
		text_add(writer->text, "0x");
		for (i = 0; i < bytes.length; i++)
			text_printf(writer->text, "%02x", (unsigned char)bytes.bytes[i]);
	}
	if (value->cut)
		put_rest(writer->text, value->list.kept, value->list.length);
	text_free(&bytes);
}

static void put_complex(struct text *text, const struct spy_value *value)
{
	bool is_float32 = value->type->size_bytes == 8;
	struct text imaginary = { 0 };

	put_float(&imaginary, value->real[1], is_float32);
	text_add(text, "(");
	put_float(text, value->real[0], is_float32);
	if (imaginary.bytes[0] != '-' && imaginary.bytes[0] != '+')
		text_add(text, "+");
	text_add_bytes(text, imaginary.bytes, imaginary.length);
	text_add(text, "i)");
	text_free(&imaginary);
}

static bool is_list(const struct spy_value *value)
{
	return value->type->kind == SPY_VALUE_ARRAY || value->type->kind == SPY_VALUE_SLICE;
}

/* Types that a value without any shows by itself. */
static bool is_plain(const struct spy_type *type)
{
	static const char *const plain[] = { "bool", "int", "float64", "string" };
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (!strcmp(type->name, plain[i]))
			return true;
	return false;
}

const char *meaning_within(const struct spy_value *value)
{
	for (;;) {
		const struct spy_value *next = NULL;

		if (value->error || value->nil)
			return NULL;
		if (value->meaning)
			return value->type->kind < SPY_VALUE_STRING ? NULL : value->meaning;
		if (value->type->kind == SPY_VALUE_POINTER)
			next = value->pointer.pointee;
		else if (value->type->kind == SPY_VALUE_INTERFACE)
			next = value->interface.value;
		if (!next)
			return NULL;
		value = next;
	}
}

/* Where the value of an interface, written behind its type, needs no parentheses: main.T{…},
 * &main.T{…}, map[string]int["a": 1]. */
static const struct spy_value *as_literal(const struct spy_value *value, bool inner)
{
	if (value->error || value->nil || value->cut || value->cycle ||
	    (inner && meaning_within(value)))
		return NULL;
	if (value->type->kind == SPY_VALUE_STRUCT || value->type->kind == SPY_VALUE_MAP)
		return value;
	if (value->type->kind != SPY_VALUE_POINTER || value->type->name[0] != '*' ||
	    !value->pointer.pointee)
		return NULL;
	value = value->pointer.pointee;
	return value->type->kind == SPY_VALUE_STRUCT && !value->error && !value->cut ? value : NULL;
}

/* What stands before the value of an interface. Returns what is to be written behind it, and what
 * has to close it. */
static const struct spy_value *put_dynamic_type(struct text *text, const struct spy_value *held,
						bool inner, const char **end)
{
	const struct spy_value *literal = as_literal(held, inner);

	*end = "";
	if (is_plain(held->type) && !held->error)
		return held;
	if (literal) {
		text_add(text, literal == held ? "" : "&");
		put_escaped(text, held->type->name + (literal != held));
		return literal;
	}
	put_escaped(text, held->type->name);
	text_add(text, "(");
	*end = ")";
	return held;
}

/* The brackets of a value with parts, where `held` says that its type was written before it. */
static const char *opening(const struct spy_value *value, bool typed)
{
	if (is_list(value))
		return "[";
	if (value->type->kind == SPY_VALUE_MAP)
		return typed ? "[" : "map[";
	return "{";
}

static const char *closing(const struct spy_value *value)
{
	return is_list(value) || value->type->kind == SPY_VALUE_MAP ? "]" : "}";
}

/* The parts of a value, one after the other; `part` is called for each. */
struct part {
	const char *name; /* of a field; or NULL */
	const struct spy_value *key;
	const struct spy_value *value; /* NULL: there is only `word` */
	const char *word;
};
typedef void part_fn(struct writer *writer, const struct part *part, void *context);

static void each_field(struct writer *writer, const struct spy_value_field *fields, size_t count,
		       part_fn *callback, void *context)
{
	size_t i;

	for (i = 0; i < count && !writer->over; i++) {
		struct part part = { .name = fields[i].name, .value = &fields[i].value };

		if (strcmp(fields[i].name, "_") != 0)
			callback(writer, &part, context);
	}
}

static void each_item(struct writer *writer, const struct spy_value *items, size_t count,
		      part_fn *callback, void *context)
{
	size_t i;

	for (i = 0; i < count && !writer->over; i++)
		callback(writer, &(struct part){ .value = &items[i] }, context);
}

static void each_entry(struct writer *writer, const struct spy_value *map, part_fn *callback,
		       void *context)
{
	const struct spy_value_entry **entries _cleanup_free_ = NULL;
	size_t i;

	/* To sort them is not worth while for a line that they cannot be in. */
	if (map->map.kept > room(writer)) {
		writer->over = true;
		return;
	}
	entries = sorted_entries(map);
	for (i = 0; i < map->map.kept && !writer->over; i++) {
		struct part part = { .key = &entries[i]->key, .value = &entries[i]->value };

		callback(writer, &part, context);
	}
}

static void word_part(struct writer *writer, part_fn *callback, void *context, const char *name,
		      int64_t number)
{
	char word[24];

	snprintf(word, sizeof(word), "%" PRId64, number);
	callback(writer, &(struct part){ .name = name, .word = word }, context);
}

static void each_of_channel(struct writer *writer, const struct spy_value *value, part_fn *callback,
			    void *context)
{
	struct spy_type buffer_type = { .name = "", .kind = SPY_VALUE_SLICE, .kind_name = "slice" };
	struct spy_value buffer = { .type = &buffer_type,
				    .cut = value->cut,
				    .list = { .items = value->channel.items,
					      .kept = value->channel.kept,
					      .length = value->channel.length } };
	struct part part = { .name = "buffer", .value = &buffer };

	word_part(writer, callback, context, "len", value->channel.length);
	word_part(writer, callback, context, "cap", value->channel.capacity);
	if (value->channel.closed)
		callback(writer, &(struct part){ .name = "closed", .word = "true" }, context);
	if (value->channel.receivers)
		word_part(writer, callback, context, "receivers", value->channel.receivers);
	if (value->channel.senders)
		word_part(writer, callback, context, "senders", value->channel.senders);
	if (value->channel.length)
		callback(writer, &part, context);
}

/* All parts; a last one says what was cut off. */
static void each_part(struct writer *writer, const struct spy_value *value, part_fn *callback,
		      void *context)
{
	struct text rest = { 0 };

	switch (value->type->kind) {
	case SPY_VALUE_STRUCT:
		each_field(writer, value->structure.fields, value->structure.count, callback,
			   context);
		if (value->cut)
			text_add(&rest, "…");
		break;
	case SPY_VALUE_ARRAY:
	case SPY_VALUE_SLICE:
		each_item(writer, value->list.items, value->list.kept, callback, context);
		if (value->cut)
			put_rest(&rest, value->list.kept, value->list.length);
		break;
	case SPY_VALUE_MAP:
		each_entry(writer, value, callback, context);
		if (value->cut)
			put_rest(&rest, value->map.kept, value->map.length);
		break;
	case SPY_VALUE_FUNC:
		each_field(writer, value->function.captured, value->function.captured_count,
			   callback, context);
		break;
	default:
		each_of_channel(writer, value, callback, context);
	}
	if (rest.length && !writer->over)
		callback(writer, &(struct part){ .word = rest.bytes }, context);
	text_free(&rest);
}

/* "name: ", "key: " */
static void put_part_name(struct writer *writer, const struct part *part)
{
	if (part->name)
		put_escaped(writer->text, part->name);
	if (part->key)
		put_flat(writer, part->key, true);
	if (part->name || part->key)
		text_add(writer->text, ": ");
}

static void put_flat_part(struct writer *writer, const struct part *part, void *context)
{
	bool *first = context;

	text_add(writer->text, *first ? "" : ", ");
	*first = false;
	put_part_name(writer, part);
	if (part->value)
		put_flat(writer, part->value, true);
	else
		text_add(writer->text, part->word);
	is_over(writer);
}

static void put_flat_parts(struct writer *writer, const struct spy_value *value, bool typed)
{
	bool first = true;

	text_add(writer->text, opening(value, typed));
	each_part(writer, value, put_flat_part, &first);
	text_add(writer->text, closing(value));
}

/* "main.serve (/src/main.go:12)" */
static void put_function(struct text *text, const struct spy_value *value)
{
	if (value->function.name)
		put_escaped(text, value->function.name);
	else
		put_hex(text, value->function.pc);
	if (value->function.file) {
		text_add(text, " (");
		put_escaped(text, value->function.file);
		text_printf(text, ":%" PRId64 ")", value->function.line);
	}
}

static void put_pointer(struct writer *writer, const struct spy_value *value, bool inner)
{
	if (value->cycle || !value->pointer.pointee) {
		text_add(writer->text, value->cycle ? "<cycle to " : "");
		put_hex(writer->text, value->pointer.to);
		text_add(writer->text, value->cycle ? ">" : value->cut ? " …" : "");
		return;
	}
	text_add(writer->text, "&");
	put_flat(writer, value->pointer.pointee, inner);
}

static void put_interface(struct writer *writer, const struct spy_value *value, bool inner)
{
	const struct spy_value *held = value->interface.value;
	const char *end = "";

	if (!held) {
		text_add(writer->text, value->cut ? "…" : "nil");
		return;
	}
	held = put_dynamic_type(writer->text, held, inner, &end);
	if (*end || held->type->kind < SPY_VALUE_STRUCT)
		put_flat(writer, held, inner);
	else
		put_flat_parts(writer, held, true);
	text_add(writer->text, end);
}

/* Numbers and the like; false if the value is none. */
static bool put_scalar(struct text *text, const struct spy_value *value)
{
	switch (value->type->kind) {
	case SPY_VALUE_BOOL:
		text_add(text, value->boolean ? "true" : "false");
		return true;
	case SPY_VALUE_INT:
		text_printf(text, "%" PRId64, value->integer);
		return true;
	case SPY_VALUE_UINT:
		text_printf(text, "%" PRIu64, value->natural);
		return true;
	case SPY_VALUE_FLOAT:
		put_float(text, value->real[0], value->type->size_bytes == 4);
		return true;
	case SPY_VALUE_COMPLEX:
		put_complex(text, value);
		return true;
	case SPY_VALUE_UNSAFE_POINTER:
		put_hex(text, value->natural);
		return true;
	default:
		return false;
	}
}

static bool has_parts(const struct spy_value *value)
{
	switch (value->type->kind) {
	case SPY_VALUE_STRUCT:
	case SPY_VALUE_ARRAY:
	case SPY_VALUE_SLICE:
	case SPY_VALUE_MAP:
	case SPY_VALUE_CHAN:
		return true;
	default:
		return false;
	}
}

/* What is short and has no parts: errors, nil, meanings, scalars, functions that captured nothing.
 */
static bool put_simple(struct writer *writer, const struct spy_value *value, bool inner)
{
	struct text *text = writer->text;

	if (value->error) {
		text_add(text, "<unreadable: ");
		put_escaped(text, value->error);
		text_add(text, ">");
	} else if (value->type->kind == SPY_VALUE_UNKNOWN) {
		text_add(text, "<unreadable>");
	} else if (value->nil) {
		text_add(text, "nil");
	} else if (put_scalar(text, value)) {
		if (value->meaning)
			text_printf(text, " (%s)", value->meaning);
	} else if (inner && value->type->kind != SPY_VALUE_INTERFACE && meaning_within(value)) {
		text_add(text, meaning_within(value));
	} else if (writer->nesting > NESTING_MAX) {
		text_add(text, "…");
	} else {
		return false;
	}
	return true;
}

static void put_flat(struct writer *writer, const struct spy_value *value, bool inner)
{
	if (is_over(writer) || put_simple(writer, value, inner))
		return;
	writer->nesting++;
	if (value->type->kind == SPY_VALUE_STRING)
		put_go_string(writer, value);
	else if (value->type->kind == SPY_VALUE_POINTER)
		put_pointer(writer, value, inner);
	else if (value->type->kind == SPY_VALUE_INTERFACE)
		put_interface(writer, value, inner);
	else if (is_byte_list(value))
		put_go_bytes(writer, value);
	else if (has_parts(value))
		put_flat_parts(writer, value, false);
	else
		put_function(writer->text, value);
	if (value->type->kind == SPY_VALUE_FUNC && value->function.captured_count) {
		text_add(writer->text, " ");
		put_flat_parts(writer, value, false);
	}
	writer->nesting--;
	is_over(writer);
}

/* ---- on several lines --------------------------------------------------------------------- */

static void put_lines(struct writer *writer, const struct spy_value *value, size_t column,
		      size_t indent, bool inner);

static void new_line(struct writer *writer, size_t indent)
{
	text_printf(writer->text, "\n%*s", (int)indent, "");
}

struct lines {
	size_t indent; /* of the parts */
	size_t column; /* where numbers that stand side by side have come to */
};

static bool is_short(const struct spy_value *value)
{
	return value->type->kind < SPY_VALUE_STRING && !value->error && !value->meaning;
}

/* Whether it could stand in what is left of the line: then it does. */
static bool put_beside(struct writer *writer, const struct part *part, struct lines *lines)
{
	size_t mark = writer->text->length;

	if (part->name || part->key || !part->value || !is_short(part->value))
		return false;
	text_add(writer->text, " ");
	put_flat(writer, part->value, true);
	lines->column += writer->text->length - mark + 1;
	if (lines->column <= writer->width) {
		text_add(writer->text, ",");
		return true;
	}
	writer->text->length = mark;
	return false;
}

static void put_line_part(struct writer *writer, const struct part *part, void *context)
{
	struct lines *lines = context;
	size_t mark;

	if (lines->column && put_beside(writer, part, lines))
		return;
	if (writer->output)
		output_drain(writer->output);
	new_line(writer, lines->indent);
	mark = writer->text->length;
	put_part_name(writer, part);
	if (part->value)
		put_lines(writer, part->value, lines->indent + writer->text->length - mark,
			  lines->indent, true);
	else
		text_add(writer->text, part->word);
	if (part->value || part->name)
		text_add(writer->text, ",");
	lines->column = !part->name && !part->key && part->value && is_short(part->value)
			    ? lines->indent + writer->text->length - mark
			    : 0;
}

static void put_line_parts(struct writer *writer, const struct spy_value *value, size_t indent,
			   bool typed)
{
	struct lines lines = { .indent = indent + STEP };

	text_add(writer->text, opening(value, typed));
	each_part(writer, value, put_line_part, &lines);
	new_line(writer, indent);
	text_add(writer->text, closing(value));
}

/* Where it fits into the rest of the line. */
static bool put_if_it_fits(struct writer *writer, const struct spy_value *value, size_t column,
			   bool inner)
{
	size_t mark = writer->text->length;

	/* a comma, or what else closes it, has to fit as well */
	writer->end = mark + (writer->width > column + 1 ? writer->width - column - 1 : 0);
	put_flat(writer, value, inner);
	writer->end = SIZE_MAX;
	if (!writer->over)
		return true;
	writer->over = false;
	writer->text->length = mark;
	return false;
}

static void put_interface_lines(struct writer *writer, const struct spy_value *value, size_t column,
				size_t indent, bool inner)
{
	const struct spy_value *held = value->interface.value;
	size_t mark = writer->text->length;
	const char *end = "";

	if (!held) {
		put_flat(writer, value, true);
		return;
	}
	held = put_dynamic_type(writer->text, held, inner, &end);
	if (*end || held->type->kind < SPY_VALUE_STRUCT)
		put_lines(writer, held, column + writer->text->length - mark, indent, inner);
	else
		put_line_parts(writer, held, indent, true);
	text_add(writer->text, end);
}

static void put_lines(struct writer *writer, const struct spy_value *value, size_t column,
		      size_t indent, bool inner)
{
	if (!writer->width || writer->nesting > NESTING_MAX) {
		put_flat(writer, value, inner);
		return;
	}
	if (put_if_it_fits(writer, value, column, inner))
		return;
	writer->nesting++;
	if (value->type->kind == SPY_VALUE_POINTER && value->pointer.pointee && !value->error &&
	    !(inner && meaning_within(value))) {
		text_add(writer->text, "&");
		put_lines(writer, value->pointer.pointee, column + 1, indent, inner);
	} else if (value->type->kind == SPY_VALUE_INTERFACE && !value->error) {
		put_interface_lines(writer, value, column, indent, inner);
	} else if (value->error || (inner && meaning_within(value)) || is_byte_list(value)) {
		put_flat(writer, value, inner);
	} else if (has_parts(value)) {
		put_line_parts(writer, value, indent, false);
	} else if (value->type->kind == SPY_VALUE_FUNC && value->function.captured_count) {
		put_function(writer->text, value);
		text_add(writer->text, " ");
		put_line_parts(writer, value, indent, false);
	} else {
		put_flat(writer, value, inner);
	}
	writer->nesting--;
}

void put_value(struct text *text, const struct spy_value *value, const struct value_layout *layout)
{
	struct writer writer = { .text = text, .width = layout->width, .end = SIZE_MAX };

	put_lines(&writer, value, layout->column, layout->indent, layout->inner);
}

void output_value(struct output *output, const struct spy_value *value,
		  const struct value_layout *layout)
{
	struct writer writer = {
		.text = &output->text, .output = output, .width = layout->width, .end = SIZE_MAX
	};

	put_lines(&writer, value, layout->column, layout->indent, layout->inner);
}
