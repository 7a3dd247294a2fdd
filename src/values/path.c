/* SPDX-License-Identifier: MIT */
#include "values/path.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "base/vector.h"

/* Steps of one path, and parentheses in each other: more than anybody types. */
enum { STEPS_MAX = 1000, NESTING_MAX = 64, NUMBER_MAX = 64 };

struct parser {
	const char *text;
	const char *at;
	struct arena *arena;
	const char *word; /* NULL before it was seen */
	VECTOR(struct path_step) steps;
	unsigned nesting;
};

static struct spy_error *wrong(const struct parser *parser, const char *what)
{
	struct spy_error *error;

	if (*parser->at)
		error = spy_error_new(SPY_ERROR_USAGE, "\"%s\" cannot be read: %s before \"%s\"",
				      parser->text, what, parser->at);
	else
		error = spy_error_new(SPY_ERROR_USAGE, "\"%s\" cannot be read: %s at its end",
				      parser->text, what);
	return spy_error_with_hint(error, "an expression is like main.cfg.Port, "
					  "main.users[\"bob\"].Tags[2], main.table[3:7], "
					  "*main.ptr, main.err.(*pkg.T).Code, len(main.queue)");
}

static void skip_spaces(struct parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t')
		parser->at++;
}

/* Takes a character, behind spaces, if it is the next one. */
static bool take(struct parser *parser, char character)
{
	skip_spaces(parser);
	if (*parser->at != character)
		return false;
	parser->at++;
	return true;
}

static struct spy_error *add_step(struct parser *parser, struct path_step step)
{
	if (parser->steps.count == STEPS_MAX)
		return wrong(parser, "there are too many steps");
	*vector_push(&parser->steps) = step;
	return NULL;
}

/* ---- names -------------------------------------------------------------------------------- */

static bool is_identifier_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

/* Those of import paths (golang.org/x/mod/module: importPathOK), of what symbols write in their
 * place (cmd/internal/objabi: PathToPrefix), and of the compiler's own names. */
static bool is_word_byte(char byte)
{
	return is_identifier_byte(byte) || (byte && strchr("./-~%+@$", byte));
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* `size` bytes with %xx taken back. */
static const char *unescaped(struct parser *parser, const char *bytes, size_t size)
{
	char *word = arena_bytes(parser->arena, bytes, size);
	size_t from, to = 0;

	for (from = 0; from < size; from++) {
		int high = word[from] == '%' && from + 2 < size ? hex_digit(word[from + 1]) : -1;
		int low = high >= 0 ? hex_digit(word[from + 2]) : -1;

		if (low >= 0 && (high || low)) {
			word[to++] = (char)(high << 4 | low);
			from += 2;
		} else {
			word[to++] = word[from];
		}
	}
	word[to] = '\0';
	return word;
}

static struct spy_error *take_identifier(struct parser *parser, const char **ret)
{
	const char *start;

	skip_spaces(parser);
	start = parser->at;
	if (isdigit((unsigned char)*start))
		return wrong(parser, "a name is missing");
	while (is_identifier_byte(*parser->at))
		parser->at++;
	if (parser->at == start)
		return wrong(parser, "a name is missing");
	*ret = arena_bytes(parser->arena, start, (size_t)(parser->at - start));
	return NULL;
}

/* ---- constants ---------------------------------------------------------------------------- */

/* So many digits of a base; false where there are not so many. */
static bool take_digits(struct parser *parser, int count, int base, uint32_t *ret)
{
	uint32_t number = 0;

	while (count--) {
		int digit = hex_digit(*parser->at);

		if (digit < 0 || digit >= base)
			return false;
		number = number * (uint32_t)base + (uint32_t)digit;
		parser->at++;
	}
	*ret = number;
	return true;
}

/* What follows a backslash (Go specification, "Rune literals"). *is_byte: the number is one byte of
 * a string, not a character. */
static struct spy_error *take_escape(struct parser *parser, uint32_t *ret, bool *is_byte)
{
	static const char names[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
	const char *name = *parser->at ? strchr(names, *parser->at) : NULL;
	bool ok;

	*is_byte = false;
	if (name) {
		*ret = (unsigned char)meanings[name - names];
		parser->at++;
		return NULL;
	}
	switch (*parser->at) {
	case 'x':
		parser->at++;
		*is_byte = true;
		ok = take_digits(parser, 2, 16, ret);
		break;
	case 'u':
		parser->at++;
		ok = take_digits(parser, 4, 16, ret);
		break;
	case 'U':
		parser->at++;
		ok = take_digits(parser, 8, 16, ret);
		break;
	default:
		*is_byte = true;
		ok = take_digits(parser, 3, 8, ret) && *ret <= 0xff;
	}
	if (!ok || (!*is_byte && (*ret > 0x10ffff || (*ret >= 0xd800 && *ret <= 0xdfff))))
		return wrong(parser, "there is no such escape");
	return NULL;
}

/* A string between double quotes, whose first is taken. */
static struct spy_error *take_string(struct parser *parser, struct text *text)
{
	for (;;) {
		uint32_t point = 0;
		bool is_byte = false;

		if (!*parser->at)
			return wrong(parser, "a \" is missing");
		if (*parser->at == '"') {
			parser->at++;
			return NULL;
		}
		if (*parser->at != '\\') {
			text_add_bytes(text, parser->at++, 1);
			continue;
		}
		parser->at++;
		TRY(take_escape(parser, &point, &is_byte));
		if (is_byte)
			text_add_bytes(text, &(char){ (char)point }, 1);
		else
			text_add_rune(text, point);
	}
}

static struct spy_error *take_string_key(struct parser *parser, struct value_key *key)
{
	struct text text = { 0 };
	struct spy_error *error = take_string(parser, &text);

	if (!error) {
		key->kind = VALUE_KEY_STRING;
		key->bytes = arena_bytes(parser->arena, text.bytes ? text.bytes : "", text.length);
		key->length = text.length;
	}
	text_free(&text);
	return error;
}

static struct spy_error *take_raw_string_key(struct parser *parser, struct value_key *key)
{
	const char *end = strchr(parser->at, '`');

	if (!end) {
		parser->at += strlen(parser->at);
		return wrong(parser, "a ` is missing");
	}
	key->kind = VALUE_KEY_STRING;
	key->length = (size_t)(end - parser->at);
	key->bytes = arena_bytes(parser->arena, parser->at, key->length);
	parser->at = end + 1;
	return NULL;
}

static struct spy_error *take_rune_key(struct parser *parser, struct value_key *key)
{
	uint32_t point = 0;
	bool is_byte = false;

	if (*parser->at == '\\') {
		parser->at++;
		TRY(take_escape(parser, &point, &is_byte));
	} else {
		size_t length = text_utf8(parser->at, strlen(parser->at), &point);

		if (!length || point == '\'')
			return wrong(parser, "a character is missing");
		parser->at += length;
	}
	if (*parser->at != '\'')
		return wrong(parser, "a ' is missing");
	parser->at++;
	key->kind = VALUE_KEY_INTEGER;
	key->natural = point;
	return NULL;
}

/* The bytes of a number, without the _ that may stand between digits; its sign is taken. */
static struct spy_error *number_word(struct parser *parser, char word[NUMBER_MAX])
{
	bool hex = parser->at[0] == '0' && (parser->at[1] | 0x20) == 'x';
	size_t length = 0;

	for (; *parser->at; parser->at++) {
		char before = length ? (char)(word[length - 1] | 0x20) : '\0', byte = *parser->at;
		bool sign = (byte == '-' || byte == '+') && before == (hex ? 'p' : 'e');

		if (byte == '_')
			continue;
		if (!isalnum((unsigned char)byte) && byte != '.' && !sign)
			break;
		if (length + 1 == NUMBER_MAX)
			return wrong(parser, "a number is too long");
		word[length++] = byte;
	}
	word[length] = '\0';
	return length ? NULL : wrong(parser, "a number is missing");
}

static bool is_float(const char *word)
{
	bool hex = word[0] == '0' && (word[1] | 0x20) == 'x';

	return strpbrk(word, hex ? ".pP" : ".eE") != NULL;
}

static struct spy_error *take_number_key(struct parser *parser, struct value_key *key)
{
	const char *start = parser->at, *digits;
	char word[NUMBER_MAX], *end;
	int base = 10;

	key->negative = *parser->at == '-';
	if (*parser->at == '-' || *parser->at == '+')
		parser->at++;
	TRY(number_word(parser, word));
	errno = 0;
	digits = word;
	if (is_float(word)) {
		key->kind = VALUE_KEY_REAL;
		key->real = strtod(word, &end) * (key->negative ? -1 : 1);
	} else {
		char letter = word[0] == '0' ? (char)(word[1] | 0x20) : '\0';

		key->kind = VALUE_KEY_INTEGER;
		if (letter == 'x' || letter == 'o' || letter == 'b') {
			base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
			digits += 2;
		} else if (word[0] == '0') {
			base = 8;
		}
		key->natural = strtoull(digits, &end, base);
		/* strtoull() takes a second prefix, too. */
		if (strspn(digits, "0123456789abcdefABCDEF") != strlen(digits))
			end = word;
	}
	if (*end || end == digits || errno) {
		parser->at = start;
		return wrong(parser, "there is no such number");
	}
	return NULL;
}

static struct spy_error *take_key(struct parser *parser, struct value_key *key)
{
	const char *start;

	skip_spaces(parser);
	start = parser->at;
	*key = (struct value_key){ 0 };
	if (take(parser, '"'))
		return take_string_key(parser, key);
	if (take(parser, '`'))
		return take_raw_string_key(parser, key);
	if (take(parser, '\''))
		return take_rune_key(parser, key);
	if (isdigit((unsigned char)*start) || (*start && strchr("+-.", *start)))
		return take_number_key(parser, key);
	while (is_identifier_byte(*parser->at))
		parser->at++;
	key->kind = VALUE_KEY_BOOL;
	key->natural = parser->at - start == 4 && !memcmp(start, "true", 4);
	if (key->natural || (parser->at - start == 5 && !memcmp(start, "false", 5)))
		return NULL;
	if (parser->at == start)
		return wrong(parser, "an index is missing");
	parser->at = start;
	return wrong(parser, "an index is a number, true, false, or a string in quotes: there is "
			     "none");
}

/* ---- steps -------------------------------------------------------------------------------- */

/* A bound of a slice: a whole number from 0. */
static struct spy_error *take_bound(struct parser *parser, struct value_key *key, int64_t *ret)
{
	if (key->kind != VALUE_KEY_INTEGER || key->negative || key->natural > INT64_MAX)
		return wrong(parser, "the bounds of a slice are whole numbers from 0: one is not");
	*ret = (int64_t)key->natural;
	return NULL;
}

/* Behind "[". */
static struct spy_error *take_index(struct parser *parser)
{
	struct path_step step = { .kind = PATH_INDEX };
	struct value_key high;

	skip_spaces(parser);
	if (*parser->at != ':') {
		TRY(take_key(parser, &step.key));
		step.has_low = true;
	}
	if (take(parser, ':')) {
		step.kind = PATH_SLICE;
		if (step.has_low)
			TRY(take_bound(parser, &step.key, &step.low));
		skip_spaces(parser);
		step.has_high = *parser->at != ']';
		if (step.has_high) {
			TRY(take_key(parser, &high));
			TRY(take_bound(parser, &high, &step.high));
		}
	}
	if (!take(parser, ']'))
		return wrong(parser, "a ] is missing");
	return add_step(parser, step);
}

/* Behind ".(": a type up to the parenthesis that closes it. Types may hold parentheses ("func()"),
 * and strings (the tags of fields). */
static struct spy_error *take_assertion(struct parser *parser)
{
	const char *start, *end;
	int open = 0;

	skip_spaces(parser);
	start = parser->at;
	for (; *parser->at && (open || *parser->at != ')'); parser->at++) {
		if (*parser->at == '"') {
			do
				parser->at += *parser->at == '\\' && parser->at[1] ? 2 : 1;
			while (*parser->at && *parser->at != '"');
			if (!*parser->at)
				break;
		} else if (strchr("([{", *parser->at)) {
			open++;
		} else if (strchr(")]}", *parser->at)) {
			open--;
		}
	}
	if (*parser->at != ')')
		return wrong(parser, "a ) is missing");
	for (end = parser->at++; end > start && end[-1] == ' '; end--)
		;
	if (end == start)
		return wrong(parser, "a type is missing");
	return add_step(
	    parser, (struct path_step){ .kind = PATH_ASSERT,
					.name = unescaped(parser, start, (size_t)(end - start)) });
}

static struct spy_error *take_steps(struct parser *parser)
{
	for (;;) {
		struct path_step step = { .kind = PATH_FIELD };

		if (take(parser, '[')) {
			TRY(take_index(parser));
		} else if (!take(parser, '.')) {
			return NULL;
		} else if (take(parser, '(')) {
			TRY(take_assertion(parser));
		} else {
			TRY(take_identifier(parser, &step.name));
			TRY(add_step(parser, step));
		}
	}
}

static struct spy_error *take_expression(struct parser *parser);

/* Behind a parenthesis. */
static struct spy_error *take_nested(struct parser *parser)
{
	if (++parser->nesting > NESTING_MAX)
		return wrong(parser, "there are too many parentheses");
	TRY(take_expression(parser));
	parser->nesting--;
	if (!take(parser, ')'))
		return wrong(parser, "a ) is missing");
	return NULL;
}

static struct spy_error *take_word(struct parser *parser)
{
	const char *start = parser->at;
	size_t length;

	while (is_word_byte(*parser->at))
		parser->at++;
	length = (size_t)(parser->at - start);
	if (length == 3 && *parser->at == '(' &&
	    (!memcmp(start, "len", 3) || !memcmp(start, "cap", 3))) {
		parser->at++;
		TRY(take_nested(parser));
		return add_step(parser, (struct path_step){
					    .kind = *start == 'l' ? PATH_LENGTH : PATH_CAPACITY });
	}
	/* The dot belongs to the assertion behind it. */
	if (length && *parser->at == '(' && start[length - 1] == '.') {
		parser->at--;
		length--;
	}
	if (!length)
		return wrong(parser, "a name is missing");
	if (start[length - 1] == '.' || start[length - 1] == '/')
		return wrong(parser, "a name is missing");
	parser->word = unescaped(parser, start, length);
	return NULL;
}

static struct spy_error *take_expression(struct parser *parser)
{
	size_t stars = 0;

	while (take(parser, '*'))
		stars++;
	if (stars > STEPS_MAX)
		return wrong(parser, "there are too many steps");
	if (take(parser, '('))
		TRY(take_nested(parser));
	else
		TRY(take_word(parser));
	TRY(take_steps(parser));
	while (stars--)
		TRY(add_step(parser, (struct path_step){ .kind = PATH_DEREFERENCE }));
	return NULL;
}

static struct spy_error *parse(struct parser *parser)
{
	TRY(take_expression(parser));
	skip_spaces(parser);
	return *parser->at ? wrong(parser, "nothing more is understood") : NULL;
}

struct spy_error *path_parse(const char *text, struct arena *arena, struct path *ret)
{
	struct parser parser = { .text = text, .at = text, .arena = arena };
	struct path_step *steps;
	struct spy_error *error;

	if (strlen(text) > PATH_BYTES_MAX)
		return spy_error_new(SPY_ERROR_USAGE, "the expression is longer than %d bytes",
				     PATH_BYTES_MAX);
	error = parse(&parser);
	if (!error) {
		steps = arena_alloc(arena, parser.steps.count, sizeof(*steps));
		if (parser.steps.count)
			memcpy(steps, parser.steps.items, parser.steps.count * sizeof(*steps));
		*ret = (struct path){ .word = parser.word,
				      .steps = steps,
				      .step_count = parser.steps.count };
	}
	vector_free(&parser.steps);
	return error;
}

/* ---- printing ----------------------------------------------------------------------------- */

void path_print_key(struct text *text, const struct value_key *key)
{
	switch (key->kind) {
	case VALUE_KEY_INTEGER:
		text_printf(text, "%s%" PRIu64, key->negative ? "-" : "", key->natural);
		break;
	case VALUE_KEY_REAL:
		text_printf(text, "%.17g", key->real);
		break;
	case VALUE_KEY_STRING:
		text_add_quoted(text, key->bytes, key->length);
		break;
	case VALUE_KEY_BOOL:
		text_add(text, key->natural ? "true" : "false");
		break;
	}
}

static void print_slice(struct text *text, const struct path_step *step)
{
	text_add(text, "[");
	if (step->has_low)
		text_printf(text, "%" PRId64, step->low);
	text_add(text, ":");
	if (step->has_high)
		text_printf(text, "%" PRId64, step->high);
	text_add(text, "]");
}

/* A step that stands behind what it is taken from. */
static void print_behind(struct text *text, const struct path_step *step)
{
	switch (step->kind) {
	case PATH_FIELD:
		text_printf(text, ".%s", step->name);
		break;
	case PATH_INDEX:
		text_add(text, "[");
		path_print_key(text, &step->key);
		text_add(text, "]");
		break;
	case PATH_SLICE:
		print_slice(text, step);
		break;
	case PATH_ASSERT:
		text_printf(text, ".(%s)", step->name);
		break;
	case PATH_DEREFERENCE:
	case PATH_LENGTH:
	case PATH_CAPACITY:
		break;
	}
}

void path_print(struct text *text, const char *name, const struct path_step *steps, size_t count)
{
	struct text behind = { 0 };
	size_t i;

	/* What stands in front is written from the outermost step inwards, the rest the other way.
	 */
	for (i = count; i-- > 0;) {
		bool starred = steps[i].kind == PATH_DEREFERENCE;

		if (steps[i].kind == PATH_LENGTH || steps[i].kind == PATH_CAPACITY)
			text_add(text, steps[i].kind == PATH_LENGTH ? "len(" : "cap(");
		/* A star in front would be taken of the whole. */
		if (starred && i + 1 < count && steps[i + 1].kind < PATH_DEREFERENCE)
			text_add(text, "(");
		if (starred)
			text_add(text, "*");
	}
	for (i = 0; i < count; i++) {
		print_behind(&behind, &steps[i]);
		if (steps[i].kind == PATH_LENGTH || steps[i].kind == PATH_CAPACITY ||
		    (steps[i].kind == PATH_DEREFERENCE && i + 1 < count &&
		     steps[i + 1].kind < PATH_DEREFERENCE))
			text_add(&behind, ")");
	}
	text_add(text, name);
	text_add_bytes(text, behind.bytes ? behind.bytes : "", behind.length);
	text_free(&behind);
}
