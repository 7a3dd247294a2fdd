/* SPDX-License-Identifier: MIT
 *
 * Package math/big.
 */
#include "values/meaning.h"

enum { WORDS_MAX = 512, DIGITS_OF_PART = 18 };

/* Decimal digits of a number of words, the least first, which is used up. */
static void add_decimal(struct text *text, uint64_t *words, size_t count)
{
	static const uint64_t part = 1000000000000000000;
	uint64_t parts[WORDS_MAX * 20 / DIGITS_OF_PART + 2];
	size_t part_count = 0;

	while (count && !words[count - 1])
		count--;
	while (count) {
		unsigned __int128 rest = 0;

		for (size_t i = count; i-- > 0;) {
			rest = rest << 64 | words[i];
			words[i] = (uint64_t)(rest / part);
			rest %= part;
		}
		parts[part_count++] = (uint64_t)rest;
		while (count && !words[count - 1])
			count--;
	}
	if (!part_count)
		parts[part_count++] = 0;
	text_printf(text, "%llu", (unsigned long long)parts[--part_count]);
	while (part_count)
		text_printf(text, "%018llu", (unsigned long long)parts[--part_count]);
}

static bool add_int(struct value_reader *reader, const struct value_place *place, struct text *text)
{
	struct value_place at;
	uint64_t words[WORDS_MAX];
	const uint8_t *bytes;
	int64_t negative, count;

	if (!meaning_field_number(reader, place, "neg", &negative) ||
	    !meaning_field(reader, place, "abs", &at) || at.type->kind != GO_KIND_SLICE ||
	    value_type_elem(reader->types, at.type)->size != WORD)
		return false;
	bytes = meaning_bytes(reader, &at, sizeof(words), &count);
	if (!bytes)
		return false;
	if (count > WORDS_MAX) {
		text_printf(text, "%s number of %lld words", negative ? "negative" : "positive",
			    (long long)count);
		return true;
	}
	memcpy(words, bytes, (size_t)count * WORD);
	if (negative)
		text_add(text, "-");
	add_decimal(text, words, (size_t)count);
	return true;
}

bool meaning_big_int(struct value_reader *reader, const struct value_place *place,
		     struct text *text, unsigned depth)
{
	(void)depth;
	return add_int(reader, place, text);
}

/* math/big/rat.go: a denominator without words is 1. */
bool meaning_big_rat(struct value_reader *reader, const struct value_place *place,
		     struct text *text, unsigned depth)
{
	struct value_place at;
	int64_t count;

	(void)depth;
	if (!meaning_field(reader, place, "a", &at) || !add_int(reader, &at, text) ||
	    !meaning_field(reader, place, "b", &at))
		return false;
	text_add(text, "/");
	if (!meaning_field(reader, &at, "abs", &at) ||
	    spy_error_caught(value_length(reader, &at, &count)))
		return false;
	if (!count) {
		text_add(text, "1");
		return true;
	}
	return meaning_field(reader, place, "b", &at) && add_int(reader, &at, text);
}
